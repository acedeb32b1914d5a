#!/usr/bin/env bash
# Feedsmith indents what it puts into CDATA, so an ampersand turns Markdown into a code block and changes a guid.
#
# Package: feedsmith 3.0.1 as the writer; rss-parser 3.13.0 and commonmark 0.31.2 as a reader (npm)
# Behaviour: An element whose text has `&`, `<` or `>` is written as a line feed, spaces, a CDATA section, a line feed
#     and spaces. The white space is part of the element's text. Feedsmith cuts it off again when it reads; a reader
#     that keeps text as it is gets a first line indented by eight spaces, which is code in Markdown, and another
#     guid.
# Seen: guid: "https://example.org/?p=1"
#     guid: "\n        https://example.org/?p=1&q=2\n      "
#     markdown: <p>Bread, milk <em>and</em> tea</p>
#     markdown: <pre><code>    Bread, milk *and* tea &amp; jam
# Why one guesses otherwise: Text goes through a writer unchanged, the more so as feedsmith has a field for
#     `source:markdown`, where a leading space means something. Its own round trip shows nothing, plain words show
#     nothing, and each validator is content: only another reader, and only some items, show it.
# Specification: XML 1.0, section 2.10 (white space is passed on); CommonMark 0.31, section 4.4 (indented code).
# What to do: As a reader, take white space around a lone CDATA section for layout. As a writer, write such feeds with
#     another library, or without `&`, `<` and `>`.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts feedsmith@3.0.1 rss-parser@3.13.0 commonmark@0.31.2 >npm.log

cat >run.mjs <<'JAVASCRIPT'
import { generateRssFeed } from 'feedsmith';
import Parser from 'rss-parser';
import { HtmlRenderer, Parser as Markdown } from 'commonmark';

const item = (guid, markdown) => ({ title: 'T', guid: { value: guid }, sourceNs: { markdown } });
const xml = generateRssFeed({
  title: 'T', link: 'https://example.org/', description: 'D',
  items: [
    item('https://example.org/?p=1', 'Bread, milk *and* tea'),
    item('https://example.org/?p=1&q=2', 'Bread, milk *and* tea & jam'),
  ],
});
const feed = await new Parser({ customFields: { item: ['source:markdown'] } }).parseString(xml);
for (const { guid } of feed.items) console.log('guid: ' + JSON.stringify(guid));
for (const item of feed.items) {
  const html = new HtmlRenderer().render(new Markdown().parse(item['source:markdown']));
  console.log('markdown: ' + html.split('\n')[0]);
}
JAVASCRIPT
node run.mjs >seen

cat >expected <<'TEXT'
guid: "https://example.org/?p=1"
guid: "\n        https://example.org/?p=1&q=2\n      "
markdown: <p>Bread, milk <em>and</em> tea</p>
markdown: <pre><code>    Bread, milk *and* tea &amp; jam
TEXT
cat seen
diff expected seen || { echo "changed: feedsmith no longer behaves as stated" >&2; exit 1; }
