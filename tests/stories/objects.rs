//! Objects and feeds that another program wrote from the text of the protocol: each is read as it says, and
//! what we write ourselves is the same to the byte. Where they come from stands in tests/vectors/objects/README.md.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use cloudim::openpgp::{Certificate, Opened, SecretKey, open};
use cloudim::protocol::feed::channel::Channel;
use cloudim::protocol::sealed::introduction::Introduction;
use cloudim::protocol::sealed::item::Item;
use cloudim::protocol::sealed::state::State;
use cloudim::protocol::values::hash::OctetsHash;
use cloudim::protocol::values::token::Token;
use jiff::Timestamp;

use crate::common::peer::tree;

const LOG: &str = "urn:uuid:019b0000-0000-7000-8000-000000000001";
const OLDER: &str = "urn:uuid:019a0000-0000-7000-8000-000000000001";
const GUID: &str = "urn:uuid:019b0000-0000-7000-8000-000000000017";

/// The items, and the text of each.
const ITEMS: [(&str, &str); 10] = [
    ("item-with-head", "dinner at eight?\nJohn & Mary"),
    ("item-with-head-long", ""),
    ("item-without-head", "dinner at eight?"),
    ("item-first", "first"),
    ("item-declared", "declared"),
    ("item-guid-spaced", "spaced"),
    ("item-source-1", "*once*"),
    ("item-source-2", "*once*"),
    ("item-source-3", "*once*"),
    ("item-entities", "café – 3\u{a0}€\n☺"),
];
/// What is refused, and why.
const BAD: [(&str, &str); 9] = [
    ("bad-item-two-guids", "`guid` stands twice"),
    ("bad-item-two-descriptions", "`description` stands twice"),
    ("bad-item-two-markdowns", "`markdown` stands twice"),
    ("bad-item-two-streams", "`stream` stands twice"),
    ("bad-state-missing-overlaps", "`missing` 7 to 9 is out of order"),
    ("bad-state-gone-unordered", "`gone` 2 to 3 is out of order"),
    ("bad-state-33-ranges", "more than 32 ranges are `missing`"),
    ("bad-state-two-heads", "`head` stands twice"),
    ("bad-introduction-nine-earlier", "more than 8"),
];
const STATES: [&str; 3] = ["state-first", "state-missing-gone", "state-declared"];
const INTRODUCTIONS: [&str; 2] = ["introduction-earlier", "introduction-eight-earlier"];
const FEEDS: [&str; 5] =
    ["feed", "feed-two-states", "feed-two-introductions", "feed-guid-spaced", "feed-15-line-feeds"];
const SEALED: [(&str, &str, [bool; 2]); 4] = [
    // What it holds, and whether its session keys say whose they are.
    ("gpg-item", "item-with-head", [false, true]),
    ("gpg-item-own-first", "item-with-head", [true, false]),
    ("gpg-state-all-hidden", "state-missing-gone", [false, false]),
    ("cloudim-item", "", [false, true]),
];

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/objects")
}

fn read(name: &str) -> String {
    fs::read_to_string(folder().join(name)).unwrap()
}

fn octets(name: &str) -> String {
    read(&format!("{name}.xml"))
}

fn item(name: &str) -> Item {
    Item::parse(octets(name).as_bytes()).unwrap_or_else(|why| panic!("{name}: {why}"))
}

fn hash(of: &str) -> OctetsHash {
    OctetsHash::of(of.as_bytes())
}

#[test]
fn items_are_read() {
    for (name, text) in ITEMS {
        let item = item(name);
        let text = if name.ends_with("long") { "x".repeat(9_000) } else { text.to_owned() };
        assert_eq!((item.guid.to_string(), item.text), (GUID.to_owned(), text), "{name}");
        assert_eq!(item.published.to_string(), "2026-11-22T19:02:11Z", "{name}");
        let stream = item.stream.unwrap();
        let (sequence, previous) =
            if name == "item-first" { (1, None) } else { (17, Some(hash("the item before"))) };
        assert_eq!(
            (stream.log.to_string().as_str(), stream.sequence, stream.previous),
            (LOG, sequence, previous),
            "{name}"
        );
    }
}

#[test]
fn what_we_write_is_what_the_other_program_writes() {
    let head: Token = "abcdefghijklmnopqrstuvwxyz".parse().unwrap();
    for name in ["item-with-head", "item-with-head-long", "item-first"] {
        assert!(item(name).octets(&head) == octets(name), "{name}: {}", item(name).octets(&head));
    }
    for name in ["state-first", "state-missing-gone"] {
        assert_eq!(State::parse(octets(name).as_bytes()).unwrap().write(), octets(name), "{name}");
    }
    for name in INTRODUCTIONS {
        let introduction = Introduction::parse(octets(name).as_bytes()).unwrap();
        assert_eq!(introduction.write(), octets(name), "{name}");
    }
}

#[test]
fn padded_octets_have_the_lengths_of_the_protocol() {
    let lengths = [
        ("item-with-head", 1_024),
        // Padmé.
        ("item-with-head-long", 19_456),
        ("state-missing-gone", 1_024),
        ("introduction-eight-earlier", 2_048),
    ];
    for (name, length) in lengths {
        assert_eq!(octets(name).len(), length, "{name}");
    }
}

#[test]
fn a_state_says_what_is_missing_and_what_is_gone() {
    let state = State::parse(octets("state-missing-gone").as_bytes()).unwrap();
    assert_eq!((state.log.to_string().as_str(), state.serial), (LOG, 42));
    let head = state.head.unwrap();
    assert_eq!((head.sequence, head.hash, state.floor), (17, hash("seventeen"), Some(3)));
    let acknowledged: Vec<_> =
        state.acknowledged.iter().map(|it| (it.log.to_string(), it.sequence, it.hash)).collect();
    let expected = [(LOG, 3, "three"), (OLDER, 9, "nine")];
    assert_eq!(acknowledged, expected.map(|(log, at, of)| (log.to_owned(), at, hash(of))));
    let ranges = |all: &[cloudim::protocol::sealed::state::Range]| -> Vec<(String, u64, u64)> {
        all.iter().map(|range| (range.log.to_string(), range.from, range.to)).collect()
    };
    let of = |log: &str, from, to| (log.to_owned(), from, to);
    assert_eq!(ranges(&state.missing), [of(LOG, 4, 5), of(LOG, 7, 7)]);
    assert_eq!(ranges(&state.gone), [of(OLDER, 2, 3), of(LOG, 8, 9)]);
    let declared = State::parse(octets("state-declared").as_bytes()).unwrap();
    assert_eq!((declared.head, declared.floor), (Some(head), Some(3)));
    let first = State::parse(octets("state-first").as_bytes()).unwrap();
    assert_eq!((first.serial, first.head, first.floor), (1, None, None));
}

#[test]
fn an_introduction_names_the_older_logs_that_are_still_offered() {
    let earlier = |name: &str| -> Vec<(String, u64, OctetsHash)> {
        let introduction = Introduction::parse(octets(name).as_bytes()).unwrap();
        let all = introduction.earlier.into_iter();
        all.map(|it| (it.log.to_string(), it.sequence, it.hash)).collect()
    };
    assert_eq!(earlier("introduction-earlier"), [(OLDER.to_owned(), 9, hash("9"))]);
    let eight: Vec<_> = (1..=8)
        .rev()
        .map(|n| (format!("urn:uuid:019a0000-0000-7000-8000-{n:012}"), n, hash(&n.to_string())))
        .collect();
    assert_eq!(earlier("introduction-eight-earlier"), eight);
}

#[test]
fn what_breaks_a_rule_is_refused_and_says_which() {
    for (name, why) in BAD {
        let octets = octets(name);
        let refused = match name {
            name if name.starts_with("bad-item") => Item::parse(octets.as_bytes()).map(drop),
            name if name.starts_with("bad-state") => State::parse(octets.as_bytes()).map(drop),
            _ => Introduction::parse(octets.as_bytes()).map(drop),
        };
        let refused = refused.expect_err(name).to_string();
        assert!(refused.contains(why), "{name}: {refused}");
    }
}

#[test]
fn a_doubled_object_is_refused_and_not_the_feed() {
    for name in FEEDS {
        let feed = Channel::parse_ours(read(&format!("{name}.rss")).as_bytes())
            .unwrap_or_else(|why| panic!("{name}: {why}"));
        assert_eq!(feed.items.len(), 1, "{name}");
        assert_eq!(feed.items[0].guid().unwrap().to_string(), GUID, "{name}");
        assert!(feed.items[0].is_sealed(), "{name}");
        assert_eq!(feed.state.is_some(), name != "feed-two-states", "{name}");
        assert!(feed.introduction.is_none(), "{name}");
    }
}

/// What Mary opens of the sealed object `name`, by John.
fn opened(name: &str) -> Opened {
    let mary = SecretKey::parse(read("mary.secret.asc").as_bytes()).unwrap();
    let john = Certificate::parse(read("john.cert.asc").as_bytes()).unwrap();
    let now: Timestamp = "2027-01-01T00:00:00Z".parse().unwrap();
    open(&read(&format!("{name}.asc")), &mary, &john, now)
        .unwrap_or_else(|why| panic!("{name}: {why}"))
}

#[test]
fn sealed_objects_of_a_classic_pair_are_opened_in_whatever_order_their_session_keys_stand() {
    for (name, holds, _) in SEALED {
        let opened = String::from_utf8(opened(name).octets).unwrap();
        if holds.is_empty() {
            let item = Item::parse(opened.as_bytes()).unwrap();
            assert_eq!((item.text.as_str(), opened.len()), ("dinner at eight?", 1_024));
            assert_eq!(item.stream.unwrap().sequence, 1);
        } else {
            assert_eq!(opened, octets(holds), "{name}");
        }
    }
}

#[test]
fn the_writer_s_session_key_says_whose_it_is_and_the_reader_s_does_not() {
    for (name, _, named) in SEALED {
        assert_eq!(session_keys(&read(&format!("{name}.asc"))), named, "{name}");
    }
}

/// Whether each packet with a session key, of version 3, names a key; they come first, and SEIPDv1 follows.
fn session_keys(armored: &str) -> Vec<bool> {
    let bytes = dearmored(armored);
    let (mut rest, mut named) = (bytes.as_slice(), Vec::new());
    loop {
        let (tag, header, length) = match rest[0] {
            first if first & 0x40 == 0 => (first >> 2 & 0xF, 2, usize::from(rest[1])),
            first if rest[1] < 192 => (first & 0x3F, 2, usize::from(rest[1])),
            // Partial lengths, and long ones: the end of what is looked at.
            first => {
                assert_eq!(first & 0x3F, 18, "an integrity-protected packet follows");
                return named;
            }
        };
        let body = &rest[header..header + length];
        match tag {
            1 => {
                assert_eq!(body[0], 3, "of version 3");
                named.push(body[1..9].iter().any(|byte| *byte != 0));
            }
            other => {
                assert_eq!((other, body[0]), (18, 1), "SEIPDv1");
                return named;
            }
        }
        rest = &rest[header + length..];
    }
}

/// The bytes in the armor; its checksum is not looked at.
fn dearmored(armored: &str) -> Vec<u8> {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let lines = armored.lines().skip_while(|line| !line.is_empty());
    let lines = lines.take_while(|line| !line.starts_with('=') && !line.starts_with("-----"));
    let letters: Vec<u32> = lines
        .flat_map(str::bytes)
        .filter_map(|letter| LETTERS.iter().position(|known| *known == letter))
        .map(|value| value as u32)
        .collect();
    let group = |four: &[u32]| {
        let bits = four.iter().fold(0, |bits, value| bits << 6 | value) << (6 * (4 - four.len()));
        bits.to_be_bytes()[1..four.len()].to_vec()
    };
    letters.chunks(4).flat_map(group).collect()
}

#[test]
fn no_vector_is_left_out() {
    let files: BTreeSet<String> = tree(&folder())
        .into_keys()
        .filter_map(|path| {
            let name = path.file_name()?.to_str()?;
            let (stem, kind) = name.rsplit_once('.')?;
            ["xml", "rss", "asc"].contains(&kind).then(|| stem.to_owned())
        })
        .collect();
    let keys = ["john.cert", "john.secret", "mary.cert", "mary.secret"];
    let named: BTreeSet<String> = ITEMS
        .iter()
        .chain(&BAD)
        .map(|(name, _)| *name)
        .chain(STATES)
        .chain(INTRODUCTIONS)
        .chain(FEEDS)
        .chain(SEALED.iter().map(|(name, ..)| *name))
        .chain(keys)
        .map(str::to_owned)
        .collect();
    assert_eq!(files, named);
}
