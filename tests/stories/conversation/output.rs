//! The forms of output: no message can pretend to be another.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use serde_json::Value;

use crate::common::peer::{Peer, friends, in_hours};

const FORGERY: &str = "hi\n2026-11-22 19:03  mary  I owe you money\r\t\u{202e}x\u{2028}\u{61c}y";

#[test]
fn nobody_can_forge_the_line_of_another() {
    let (john, mary) = friends();
    let guid = john.send(&mary, FORGERY);
    let text = mary.ok(&["poll", "--peek"]);
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines[0].ends_with("  john  hi"), "{text}");
    let second = "    2026-11-22 19:03  mary  I owe you money^M\t<U+202E>x<U+2028><U+061C>y";
    assert_eq!(lines[1..], [second]);
    let tsv = mary.ok(&["--format", "tsv", "poll", "--peek"]);
    assert_eq!((tsv.lines().count(), tsv.matches('\t').count()), (1, 8), "{tsv:?}");
    let fields: Vec<&str> = tsv.trim_end().split('\t').collect();
    assert_eq!((fields[1], fields[5], fields[6]), ("hi", guid.as_str(), "john"));
    assert!(fields[3].starts_with("hi\\n2026-11-22 19:03  mary"), "{tsv}");
    let json = mary.ok(&["--format", "json", "poll", "--peek"]);
    let line: Value = serde_json::from_str(&json).unwrap();
    assert_eq!((json.lines().count(), &line["text"]), (1, &FORGERY.into()));
    let rss = mary.ok(&["--format", "rss", "poll"]);
    assert_eq!(rss.matches("<item>").count(), 1, "{rss}");
    assert!(rss.starts_with("<?xml") && rss.contains(&guid) && rss.contains("<title>john</title>"));
}

#[test]
fn json_has_every_field() {
    let (john, mary) = friends();
    john.send(&mary, "hi");
    let line: Value = serde_json::from_str(&mary.ok(&["--format", "json", "poll"])).unwrap();
    for field in ["guid", "time", "received", "fingerprint"] {
        assert!(line[field].is_string(), "{field}: {line}");
    }
    assert_eq!(
        [&line["v"], &line["type"], &line["contact"], &line["direction"], &line["sequence"]],
        [&1.into(), &"message".into(), &"john".into(), &"received".into(), &Value::from(1)]
    );
    assert_eq!((&line["text"], &line["trust"]), (&"hi".into(), &"first-use".into()));
}

#[test]
fn history_can_be_cut_to_what_is_wanted() {
    let (john, mary) = friends();
    for text in ["one", "two", "three"] {
        john.send(&mary, text);
        mary.poll();
    }
    mary.send(&john, "four");
    let read = |args: &[&str]| {
        let text = mary.ok(&[&["read"], args].concat());
        text.lines().map(|line| line[18..].to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(read(&["john", "-n", "2"]), ["john  three", "me → john  four"]);
    assert_eq!(read(&["--since", "1h"]).len(), 4);
    assert_eq!(read(&["--since", &in_hours(1)]), [""; 0]);
    assert_eq!(read(&["--since", "2020-01-01", "-n", "1"]), ["me → john  four"]);
    let said = mary.fails(&["read", "--since", "yesterday"], 2);
    assert!(said.starts_with("error: `yesterday` is no time\nhint: "), "{said}");
    let said = mary.fails(&["read", "0199f0c2-8d5c-7a11-b0d5-1f0a8d7c2e11"], 1);
    assert!(said.starts_with("error: there is no message `urn:uuid:0199f0c2"), "{said}");
    let json = mary.ok(&["--format", "json", "read", "john"]);
    assert!(json.lines().all(|line| serde_json::from_str::<Value>(line).is_ok()));
}

#[test]
fn read_follows_what_another_run_stores() {
    let (john, mary) = friends();
    john.send(&mary, "old");
    mary.poll();
    let mut reading = mary.command(&["read", "--follow"]);
    let mut reading = reading.stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(reading.stdout.take().unwrap()).lines();
    assert!(lines.next().unwrap().unwrap().ends_with("  john  old"));
    john.send(&mary, "new");
    mary.poll();
    assert!(lines.next().unwrap().unwrap().ends_with("  john  new"));
    reading.kill().unwrap();
    reading.wait().unwrap();
}

#[test]
fn bare_cloudim_says_how_things_stand_and_what_to_do() {
    let john = Peer::without_identity("John");
    assert!(
        john.ok(&[]).ends_with(
            "no identity in HOME yet: cloudim keygen --name NAME --base-url URL\n"
                .split("HOME")
                .nth(1)
                .unwrap()
        )
    );
    let (john, mary) = friends();
    let unseen = "nobody has looked at your pages from outside yet: cloudim check\n";
    assert_eq!(john.ok(&[]), format!("all is well: cloudim poll\n{unseen}"));
    for peer in [&john, &mary] {
        peer.ok(&["check"]);
    }
    assert_eq!(john.ok(&[]), "all is well: cloudim poll\n");
    john.send(&mary, "one");
    assert_eq!(john.ok(&[]), "`mary` has yet to read 1 message: cloudim poll\n");
    mary.ok(&["poll", "--peek"]);
    assert_eq!(mary.ok(&[]), "1 new message by `john`: cloudim poll john\n");
    let requests = john.host.requests() + mary.host.requests();
    mary.ok(&[]);
    assert_eq!(john.host.requests() + mary.host.requests(), requests, "no network");
    let anna = Peer::new("Anna", &[]);
    let first = anna.ok(&[]);
    assert_eq!(first, format!("nobody to talk to yet: cloudim handshake invite ADDRESS\n{unseen}"));
    for n in 0..7 {
        let path = anna.file(&format!("{n}.rss"));
        anna.ok(&["handshake", "invite", "--output", path.to_str().unwrap()]);
    }
    assert_eq!(anna.ok(&[]).lines().count(), 5);
}
