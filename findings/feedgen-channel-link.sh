#!/usr/bin/env bash
# In feedgen's RSS the link to an archive becomes the address of the site, and the hub is not written at all.
#
# Package: feedgen 1.0.0 (PyPI), with lxml 5.4.0 and python-dateutil 4.0.0
# Behaviour: Of all links given to a feed, RSS output writes the last one as the channel's `<link>`, whatever its
#     `rel`, and the one with `rel="self"` as `atom:link`. Hub and previous archive are left out. Atom output has all
#     four.
# Seen: RSS <link>: https://example.org/feed.2.xml
#     RSS atom:link: self
#     Atom link: alternate hub prev-archive self
# Why one guesses otherwise: One object describes one feed for both formats, each link is given with its `rel`, and
#     RSS 2.0 carries hub and archive as `atom:link`, an element that the library writes anyway. A comment in its
#     source says that RSS takes the first link. No call fails, the feed is valid, and its reader is led to a page of
#     old XML.
# Specification: RFC 5005, section 4 (prev-archive); WebSub, section 4 (hub and self in RSS as atom:link); RSS 2.0,
#     "<link>" (the site of the channel).
# What to do: Give the site's link last, announce the hub in the HTTP `Link` header, and add archive links to the
#     written XML.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check feedgen==1.0.0 lxml==5.4.0 python-dateutil==4.0.0

env/bin/python - >seen <<'PYTHON'
from feedgen.feed import FeedGenerator
from lxml import etree

ATOM = "{http://www.w3.org/2005/Atom}link"

feed = FeedGenerator()
feed.id("urn:example:feed")
feed.title("T")
feed.description("D")
feed.link(href="https://example.org/", rel="alternate")
feed.link(href="https://example.org/feed.xml", rel="self")
feed.link(href="https://example.org/hub", rel="hub")
feed.link(href="https://example.org/feed.2.xml", rel="prev-archive")

rss, atom = etree.fromstring(feed.rss_str()), etree.fromstring(feed.atom_str())
print("RSS <link>:", rss.findtext("channel/link"))
print("RSS atom:link:", *sorted(link.get("rel") for link in rss.iter(ATOM)))
print("Atom link:", *sorted(link.get("rel") for link in atom.iter(ATOM)))
PYTHON

cat >expected <<'TEXT'
RSS <link>: https://example.org/feed.2.xml
RSS atom:link: self
Atom link: alternate hub prev-archive self
TEXT
cat seen
diff expected seen || { echo "changed: feedgen no longer behaves as stated" >&2; exit 1; }
