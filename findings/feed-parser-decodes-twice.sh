#!/usr/bin/env bash
# What an item says about HTML becomes HTML: @rowanmanning/feed-parser decodes character references once too often.
#
# Package: @rowanmanning/feed-parser 2.1.5 (npm), with fast-xml-parser 5.12.1 and html-entities 2.6.0
# Behaviour: A description is decoded as XML and then once more as HTML text. What is to be read as `&lt;br&gt;` comes
#     as the tag `<br>`, in CDATA as well, where XML decodes nothing at all.
# Seen: written as text: A line ends with <br>, and 1 < 2.
#     written in CDATA: A line ends with <br>, and 1 < 2.
# Why one guesses otherwise: A description in RSS is HTML inside XML: one layer is the XML parser's, the other is the
#     browser's. The library calls itself well tested, and twelve other parsers held against it take off one layer.
#     Messages without `<` or `&` look the same either way.
# Specification: RSS 2.0, "Encoding & item-level descriptions" (HTML, entity-encoded or in CDATA).
# What to do: As a writer, give the text a second time (`source:markdown`), and never let a reader's HTML prove what
#     was written. As a reader, take another parser if the items are about code.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts \
    @rowanmanning/feed-parser@2.1.5 fast-xml-parser@5.12.1 html-entities@2.6.0 >npm.log

cat >run.mjs <<'JAVASCRIPT'
import { parseFeed } from '@rowanmanning/feed-parser';

const html = 'A line ends with &lt;br&gt;, and 1 &lt; 2.';
const escaped = html.replaceAll('&', '&amp;');
const item = (description) => `<item><title>T</title><description>${description}</description></item>`;
const feed = parseFeed(`<rss version="2.0"><channel><title>T</title><link>https://example.org/</link>
  <description>D</description>${item(escaped)}${item(`<![CDATA[${html}]]>`)}</channel></rss>`);
console.log('written as text: ' + feed.items[0].description);
console.log('written in CDATA: ' + feed.items[1].description);
JAVASCRIPT
node run.mjs >seen

cat >expected <<'TEXT'
written as text: A line ends with <br>, and 1 < 2.
written in CDATA: A line ends with <br>, and 1 < 2.
TEXT
cat seen
diff expected seen || { echo "changed: @rowanmanning/feed-parser no longer behaves as stated" >&2; exit 1; }
