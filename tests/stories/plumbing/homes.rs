//! The porcelain and the plumbing leave equal homes.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use cloudim::protocol::values::token::Token;

use super::cloud::{Cloud, ping};
use crate::common::peer::{Peer, friends, tree};

/// Every file of a home by its path, with all that chance and the clock decide taken out of both.
fn normal(peer: &Peer, other: &Peer) -> BTreeMap<String, String> {
    let mut files = BTreeMap::new();
    for path in tree(&peer.home()).into_keys() {
        let name = path.strip_prefix(peer.home()).unwrap().to_str().unwrap();
        if name != "lock" {
            let text = content(&path, [&peer.address(), &other.address()]);
            assert_eq!(files.insert(words(name), text), None, "{name}");
        }
    }
    files
}

fn content(path: &Path, addresses: [&str; 2]) -> String {
    let text = fs::read_to_string(path).unwrap();
    let text = text.replace(host(addresses[0]), "OURS").replace(host(addresses[1]), "THEIRS");
    let mut lines = Vec::new();
    let mut armored = false;
    for line in text.lines() {
        armored |= line.contains("-----BEGIN PGP");
        // What HTTP told is known to `poll` only.
        let http = ["etag", "last_modified"].iter().any(|key| line.starts_with(key));
        if !armored && !http {
            lines.push(words(line));
        }
        armored &= !line.contains("-----END PGP");
    }
    lines.join("\n")
}

/// "127.0.0.1:PORT".
fn host(address: &str) -> &str {
    address.trim_start_matches("http://").trim_end_matches('/')
}

/// `line` with its long words, its dates and its padding replaced.
fn words(line: &str) -> String {
    let line = match line.split_once("<pubDate>") {
        Some((before, rest)) => format!("{before}{}", rest.split_once("</pubDate>").unwrap().1),
        None => line.to_owned(),
    };
    let part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | ':' | '+');
    let mut normal = String::new();
    let mut rest = line.as_str();
    while let Some(c) = rest.chars().next() {
        let length = rest.find(|c| !part(c)).unwrap_or(rest.len());
        let (word, after) = rest.split_at(length.max(c.len_utf8()));
        let digits = word.chars().filter(char::is_ascii_digit).count();
        let fraction = word.ends_with('Z') && digits + 1 == word.len();
        // Four digits of a fingerprint that is written for people.
        let group = word.len() == 4 && word.chars().all(|c| matches!(c, '0'..='9' | 'A'..='F'));
        // Few tokens have next to no digit, but some have.
        let token = word.parse::<Token>().is_ok();
        let chance = word.len() >= 16 && digits > 1 || token || fraction || group;
        match c {
            ' ' if normal.ends_with(' ') => {}
            _ if chance => normal.push_str("<>"),
            _ => normal.push_str(word),
        }
        rest = after;
    }
    normal
}

/// `compose | encrypt | append && publish`; returns what `append` and `publish` said.
fn send_by_parts(from: &Peer, to: &Peer, text: &str) {
    let plain = from.feed(&["compose"], text).expect(0).stdout;
    let sealed = from.feed(&["encrypt", "--to", &to.name], plain).expect(0).stdout;
    assert_eq!(from.feed(&["append", &to.name], sealed).expect(0).stdout, "");
    from.ok(&["publish"]);
}

/// `fetch | receive`; returns what it printed.
fn poll_by_parts(peer: &Peer, from: &Peer) -> String {
    let feed = peer.command(&["fetch", &from.name]).output().unwrap();
    assert!(feed.status.success(), "{feed:?}");
    peer.feed(&["receive", &from.name], feed.stdout).expect(0).stdout
}

#[test]
fn porcelain_and_plumbing_leave_equal_homes() {
    let (john, mary) = friends();
    let (john2, mary2) = friends();
    let texts = ["dinner at eight?", " two\r\nlines\n", "]]> &amp; <b>"];
    for text in texts {
        john.feed(&["send", "mary"], text).expect(0);
        send_by_parts(&john2, &mary2, text);
        let printed = mary.ok(&["poll"]);
        assert_eq!(poll_by_parts(&mary2, &john2)[16..], printed[16..]);
        mary.send(&john, "gladly");
        send_by_parts(&mary2, &john2, "gladly");
        assert!(john.ok(&["poll"]).ends_with("  mary  gladly\n"));
        assert!(poll_by_parts(&john2, &mary2).ends_with("  mary  gladly\n"));
    }
    for (by_poll, by_parts) in [
        (normal(&john, &mary), normal(&john2, &mary2)),
        (normal(&mary, &john), normal(&mary2, &john2)),
    ] {
        let names = |home: &BTreeMap<String, String>| home.keys().cloned().collect::<Vec<_>>();
        assert_eq!(names(&by_poll), names(&by_parts));
        for (name, text) in &by_poll {
            assert_eq!(&by_parts[name], text, "{name}");
        }
    }
    assert_eq!(poll_by_parts(&mary2, &john2), "", "unchanged: an empty stdin is nothing new");
}

#[test]
fn so_they_do_with_a_cloud_that_is_there_or_not() {
    let (cloud, (john, mary), (john2, mary2)) = (Cloud::begin(), friends(), friends());
    for john in [&john, &john2] {
        john.set("cloud", &format!("{:?}", cloud.url));
        john.set("third_party_cloud", "true");
        john.ok(&["publish"]);
    }
    let name = john2.pair_feed().file_name().unwrap().to_str().unwrap().to_owned();
    let feed = format!("{}f/{name}", john2.address());
    cloud.asked();
    for (answer, status) in [((200, "<result success=\"true\"/>"), 0), ((503, ""), 3)] {
        cloud.answers(answer.0, answer.1);
        john.send(&mary, "dinner at eight?");
        assert_eq!(cloud.asked(), [ping(&john)]);
        send_by_parts(&john2, &mary2, "dinner at eight?");
        // Of the card, which `publish` may have written anew.
        cloud.asked();
        john2.run(&["cloud", "ping", &feed]).expect(status);
        assert_eq!(cloud.asked(), [ping(&john2)]);
        assert_eq!(normal(&john, &mary), normal(&john2, &mary2));
    }
}

#[test]
fn a_message_that_differs_would_show() {
    let ((john, mary), (john2, mary2)) = (friends(), friends());
    john.send(&mary, "one");
    john2.send(&mary2, "two");
    assert_ne!(normal(&john, &mary), normal(&john2, &mary2));
}
