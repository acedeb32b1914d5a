#!/usr/bin/env bash
# Of the items without a link, rss-feed-emitter hands over two, and then none ever again.
#
# Package: rss-feed-emitter 3.2.4 (npm)
# Behaviour: The first new item without `<link>` is emitted at the first request and at the second. All others without
#     one are dropped, and so are all that come later, although each has a guid of its own. Items with links all come.
# Seen: with links: 1 2 3 4 5 6 7 8 9
#     without links: 1 4
# Why one guesses otherwise: RSS 2.0 asks of an item a title or a description, and of nothing else. The library
#     compares items by guid. A second filter, by event, compares the links of what was emitted, and "no link" equals
#     "no link". There is no error, and the items that come at first make the set-up look right.
# Specification: RSS 2.0, "Elements of <item>" (all optional; at least one of title or description).
# What to do: Give each item a link of its own if programs built on this library shall read the feed.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts rss-feed-emitter@3.2.4 >npm.log

cat >read.cjs <<'JAVASCRIPT'
const http = require('http');
const Emitter = require('rss-feed-emitter');

const item = (number, link) => `<item><guid isPermaLink="false">urn:example:${number}</guid>
  <title>Item ${number}</title>${link ? `<link>https://example.org/${number}</link>` : ''}
  <pubDate>Sun, 22 Nov 2026 19:02:0${number} GMT</pubDate></item>`;
// Three items at the first request, two more at each of the next three.
const requests = {};
const server = http.createServer((request, response) => {
  requests[request.url] = (requests[request.url] || 0) + 1;
  const count = Math.min(1 + 2 * requests[request.url], 9);
  const numbers = Array.from({ length: count }, (_, index) => count - index);
  const items = numbers.map((number) => item(number, request.url === '/with')).join('');
  response.setHeader('Content-Type', 'application/rss+xml');
  response.end(`<rss version="2.0"><channel><title>T</title><link>https://example.org/</link>
    <description>D</description>${items}</channel></rss>`);
});

server.listen(0, '127.0.0.1', async () => {
  for (const kind of ['with', 'without']) {
    const emitter = new Emitter({ skipFirstLoad: false });
    const seen = [];
    emitter.on('error', (error) => seen.push(error.message));
    emitter.on(kind, (found) => seen.push(found.guid.split(':').pop()));
    emitter.add({ url: `http://127.0.0.1:${server.address().port}/${kind}`, refresh: 500, eventName: kind });
    await new Promise((resolve) => setTimeout(resolve, 4000));
    emitter.destroy();
    console.log(`${kind} links: ${seen.join(' ')}`);
  }
  process.exit();
});
JAVASCRIPT
node read.cjs >seen 2>node.log || { cat node.log >&2; exit 1; }

printf 'with links: 1 2 3 4 5 6 7 8 9\nwithout links: 1 4\n' >expected
cat seen
diff expected seen || { echo "changed: rss-feed-emitter no longer behaves as stated" >&2; exit 1; }
