#!/usr/bin/env bash
# Where each 304 repeats Cache-Control, as it must, undici's cache downloads the feed again at every second request.
#
# Package: undici 7.30.2 (npm); 8.12.4 under Node.js 24 does the same
# Behaviour: The cache interceptor asks with the stored ETag, gets a 304, serves its copy, and then deletes the copy
#     if the 304 has a Cache-Control field. The next request is unconditional. Without that field the copy stays.
# Seen: Cache-Control in the 304 too: 200 304 200 304 200 304 200 304
#     Cache-Control in the 200 alone: 200 304 304 304 304 304 304 304
# Why one guesses otherwise: A 304 confirms the copy, a cache has to refresh it with the fields that came, and a
#     server has to send Cache-Control in a 304 if it would in the 200. The correct server is the one that pays. The
#     program sees a good answer each time; only the server's log shows that half of the polls fetch everything.
# Specification: RFC 9110, section 15.4.5 (fields that a 304 must have); RFC 9111, section 4.3.4 (freshening).
# What to do: As a poller, keep ETag and body yourself and send If-None-Match without the interceptor. As a host, do
#     not take a 200 at each second request for a change of your feed.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts undici@7.30.2 >npm.log

cat >run.mjs <<'JAVASCRIPT'
import http from 'node:http';
import { Agent, interceptors, request } from 'undici';

let statuses = [];
const server = http.createServer((asked, response) => {
  const known = asked.headers['if-none-match'] === '"1"';
  statuses.push(known ? 304 : 200);
  response.statusCode = known ? 304 : 200;
  response.setHeader('ETag', '"1"');
  if (!known || asked.url === '/both') response.setHeader('Cache-Control', 'no-cache');
  response.end(known ? undefined : '<rss version="2.0"/>');
});

server.listen(0, '127.0.0.1', async () => {
  for (const [path, name] of [['/both', 'Cache-Control in the 304 too'], ['/one', 'Cache-Control in the 200 alone']]) {
    const dispatcher = new Agent().compose(interceptors.cache());
    statuses = [];
    for (let poll = 0; poll < 8; poll += 1) {
      const { body } = await request(`http://127.0.0.1:${server.address().port}${path}`, { dispatcher });
      await body.text();
    }
    console.log(`${name}: ${statuses.join(' ')}`);
  }
  process.exit();
});
JAVASCRIPT
node run.mjs >seen

cat >expected <<'TEXT'
Cache-Control in the 304 too: 200 304 200 304 200 304 200 304
Cache-Control in the 200 alone: 200 304 304 304 304 304 304 304
TEXT
cat seen
diff expected seen || { echo "changed: undici no longer behaves as stated" >&2; exit 1; }
