#!/usr/bin/env python3
"""Writes the vectors of this folder that are no OpenPGP: octets and feeds, as PROTOCOL says and by nothing
of the program. Run it here; it makes the same files each time."""

import hashlib
import html

IM = "urn:uuid:20782cb9-e925-402f-bc8d-87ae70dbff45"
SOURCE = "https://source.scripting.com/"
THREAD = "http://purl.org/syndication/thread/1.0"
LOG = "urn:uuid:019b0000-0000-7000-8000-000000000001"
OLDER = "urn:uuid:019a0000-0000-7000-8000-000000000001"
GUID = "urn:uuid:019b0000-0000-7000-8000-000000000017"
HEAD = "abcdefghijklmnopqrstuvwxyz"
DECLARED = '<?xml version="1.0" encoding="UTF-8"?>\n<?made by="hand"?>\n'


def sha(text):
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def padded(length):
    """Octets of an object that has `length` of them while its padding is empty."""
    if length <= 8192:
        return -(-length // 1024) * 1024
    exponent = length.bit_length() - 1
    mantissa = exponent.bit_length()
    unit = 1 << (exponent - mantissa)
    return -(-length // unit) * unit


def closed(opened, root, head=""):
    def whole(spaces):
        return f"{opened}<im:padding>{head}{' ' * spaces}</im:padding></{root}>"

    bare = len(whole(0).encode())
    return whole(padded(bare) - bare)


def item(text, *, guid=GUID, description=None, markdown=None, source=SOURCE, more="", previous=True):
    description = html.escape(text, quote=False) if description is None else description
    if markdown is None:
        markdown = f"<source:markdown>{html.escape(text, quote=False)}</source:markdown>"
    before = f' previous="{sha("the item before")}"' if previous else ""
    sequence = 17 if previous else 1
    return (
        f'<item xmlns:im="{IM}" xmlns:source="{source}" xmlns:thr="{THREAD}">'
        f'<guid isPermaLink="false">{guid}</guid>'
        "<pubDate>Sun, 22 Nov 2026 19:02:11 +0000</pubDate>"
        f"<description>{description}</description>{markdown}{more}"
        f'<im:stream log="{LOG}" sequence="{sequence}"{before}/>'
    )


def state(serial, children):
    opened = f'<im:state xmlns:im="{IM}" version="1" log="{LOG}" serial="{serial}" time="2026-11-22T19:02:11Z">'
    return closed("".join([opened, *children]), "im:state")


def span(kind, log, begin, end):
    return f'<im:{kind} log="{log}" from="{begin}" to="{end}"/>'


HEAD_17 = f'<im:head sequence="17" hash="{sha("seventeen")}"/>'
FLOOR_3 = '<im:floor sequence="3"/>'
MISSING = [span("missing", LOG, 4, 5), span("missing", LOG, 7, 7)]
GONE = [span("gone", OLDER, 2, 3), span("gone", LOG, 8, 9)]


def introduction(earlier):
    opened = (
        f'<im:introduction xmlns:im="{IM}" version="1" log="{LOG}" serial="3"'
        f' fingerprint="{"A1" * 20}" name="John" feed="https://john.example/f/{HEAD}.rss"'
        ' key="https://john.example/key.asc" card="https://john.example/card.rss"'
        f' to="https://mary.example/card.rss" toFingerprint="{"B2" * 20}" time="2026-11-22T19:00:00Z">'
    )
    return closed("".join([opened, *earlier]), "im:introduction")


def earlier(log, sequence):
    return f'<im:earlier log="{log}" sequence="{sequence}" hash="{sha(str(sequence))}"/>'


SEALED = "-----BEGIN PGP MESSAGE-----\n\nAAAA\n-----END PGP MESSAGE-----"


def feed(singles, guid=GUID, end="\n"):
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<rss version="2.0" xmlns:im="{IM}">\n  <channel>\n'
        "    <title>Private conversation</title>\n    <link>https://john.example/</link>\n"
        "    <description>Encrypted messages.</description>\n"
        f"{singles}"
        f'    <item>\n      <guid isPermaLink="false">{guid}</guid>\n'
        f"      <description>{SEALED}</description>\n    </item>\n  </channel>\n</rss>{end}"
    )


STATE = f"    <im:state>{SEALED}</im:state>\n"
TEXT = "dinner at eight?\nJohn & Mary"
SHOWN = "dinner at eight?<br/>John &amp; Mary"
SPACED = f"\n    {GUID}\t"
NOTHING = ""

FILES = {
    # §2, §12: the random head of the padding counts as octets; what is padded to Padmé.
    "item-with-head.xml": closed(item(TEXT, description=html.escape(SHOWN, quote=False)), "item", HEAD),
    "item-with-head-long.xml": closed(item("x" * 9000), "item", HEAD),
    "item-without-head.xml": closed(item("dinner at eight?"), "item"),
    "item-first.xml": closed(item("first", previous=False), "item", HEAD),
    # §2: a declaration and an instruction.
    "item-declared.xml": DECLARED + closed(item("declared"), "item", HEAD) + "\n",
    # §1: white space around a guid; the four spellings of one namespace.
    "item-guid-spaced.xml": closed(item("spaced", guid=SPACED), "item", HEAD),
    **{
        f"item-source-{number}.xml": closed(item("*once*", description="no", source=spelling), "item", HEAD)
        for number, spelling in enumerate(
            ["http://source.scripting.com", "http://source.scripting.com/", "https://source.scripting.com"], 1
        )
    },
    # §4: entities of HTML in a description, which counts without source:markdown.
    "item-entities.xml": closed(
        item("", description="caf&amp;eacute; &lt;b&gt;&amp;ndash;&lt;/b&gt; 3&amp;nbsp;&amp;euro;&lt;br/&gt;&amp;#x263A;", markdown=NOTHING),
        "item",
        HEAD,
    ),
    # §1: what stands at most once.
    "bad-item-two-guids.xml": closed(item("x", more=f"<guid>{GUID}</guid>"), "item", HEAD),
    "bad-item-two-descriptions.xml": closed(item("x", more="<description>y</description>"), "item", HEAD),
    "bad-item-two-markdowns.xml": closed(
        item("x", more='<m:markdown xmlns:m="http://source.scripting.com/">y</m:markdown>'), "item", HEAD
    ),
    "bad-item-two-streams.xml": closed(
        item("x", more=f'<im:stream log="{LOG}" sequence="1"/>'), "item", HEAD
    ),
    # §5: head and floor, acknowledged, missing and gone.
    "state-first.xml": state(1, []),
    "state-missing-gone.xml": state(
        42,
        [
            HEAD_17,
            FLOOR_3,
            f'<im:acknowledged log="{LOG}" sequence="3" hash="{sha("three")}"/>',
            f'<im:acknowledged log="{OLDER}" sequence="9" hash="{sha("nine")}"/>',
            *MISSING,
            *GONE,
        ],
    ),
    "state-declared.xml": DECLARED + state(42, [HEAD_17, FLOOR_3]),
    "bad-state-missing-overlaps.xml": state(42, [span("missing", LOG, 4, 7), span("missing", LOG, 7, 9)]),
    "bad-state-gone-unordered.xml": state(42, [HEAD_17, FLOOR_3, span("gone", LOG, 8, 9), span("gone", LOG, 2, 3)]),
    "bad-state-33-ranges.xml": state(42, [span("missing", LOG, 2 * n, 2 * n) for n in range(1, 34)]),
    "bad-state-two-heads.xml": state(42, [HEAD_17, HEAD_17, FLOOR_3]),
    # §4: the older logs that are still offered.
    "introduction-earlier.xml": introduction([earlier(OLDER, 9)]),
    "introduction-eight-earlier.xml": introduction(
        [earlier(f"urn:uuid:019a0000-0000-7000-8000-{n:012}", n) for n in range(8, 0, -1)]
    ),
    "bad-introduction-nine-earlier.xml": introduction(
        [earlier(f"urn:uuid:019a0000-0000-7000-8000-{n:012}", n) for n in range(9, 0, -1)]
    ),
    # §1: a doubled element refuses its object, not the feed; a guid; line feeds at the end.
    "feed.rss": feed(STATE),
    "feed-two-states.rss": feed(STATE + STATE),
    "feed-two-introductions.rss": feed(f"    <im:introduction>{SEALED}</im:introduction>\n" * 2 + STATE),
    "feed-guid-spaced.rss": feed(STATE, guid=SPACED),
    "feed-15-line-feeds.rss": feed(STATE, end="\n" * 15),
}

for name, text in FILES.items():
    with open(name, "w", encoding="utf-8", newline="") as file:
        file.write(text)
