//! The address book.

use serde_json::Value;

use crate::common::peer::{Peer, befriend, friends};

fn json(peer: &Peer, args: &[&str]) -> Value {
    let line = peer.ok(&[&["--format", "json"], args].concat());
    assert_eq!(line.lines().count(), 1, "{line}");
    serde_json::from_str(&line).unwrap()
}

/// The fingerprint of a peer's own key.
fn fingerprint(of: &Peer, as_seen_by: &Peer) -> String {
    json(as_seen_by, &["contact", "show", &of.name])["fingerprint"].as_str().unwrap().to_owned()
}

#[test]
fn a_contact_can_be_listed_and_shown() {
    let (john, mary) = friends();
    let fpr = fingerprint(&mary, &john);
    assert_eq!(fpr.len(), 40);
    let line = format!("mary\tfirst-use\t{fpr}\t{}card.rss\n", mary.address());
    assert_eq!(john.ok(&["contact", "list"]), line);
    assert_eq!(john.ok(&["contacts"]), line);
    let listed = json(&john, &["contact", "list"]);
    assert_eq!(listed, json(&john, &["contact", "show", "mary"]));
    assert_eq!((&listed["contact"], &listed["trust"]), (&"mary".into(), &"first-use".into()));
    assert_eq!((&listed["claimed_name"], &listed["blocked"]), (&"Mary".into(), &false.into()));
    let shown = john.ok(&["contact", "show", "mary"]);
    for part in ["contact      mary\n", "calls itself Mary\n", "trust        first-use\n"] {
        assert!(shown.contains(part), "{shown}");
    }
    let certificate = john.ok(&["contact", "show", "mary", "--certificate"]);
    assert!(certificate.starts_with("-----BEGIN PGP PUBLIC KEY BLOCK-----\n"), "{certificate}");
    let unknown = john.fails(&["contact", "show", "nobody"], 1);
    assert_eq!(unknown, "error: there is no contact `nobody`\nhint: cloudim contact list\n");
}

#[test]
fn a_fingerprint_is_compared_before_it_is_believed() {
    let (john, mary) = friends();
    let fpr = fingerprint(&mary, &john);
    let shown = john.ok(&["contact", "verify", "mary"]);
    assert!(shown.contains("\tmary\n") && shown.contains("\tyou\n"), "{shown}");
    let other = if fpr.starts_with('0') { "1" } else { "0" };
    let wrong = john.fails(&["contact", "verify", "mary", &format!("{other}{}", &fpr[1..])], 4);
    let usage = john.fails(&["contact", "verify", "mary", "abc"], 2);
    assert!(wrong.contains("hint: ") && usage.contains("that is no fingerprint"), "{wrong}{usage}");
    assert_eq!(json(&john, &["contact", "show", "mary"])["trust"], "first-use");
    let grouped: String = fpr.to_lowercase().chars().flat_map(|c| [c, ' ']).collect();
    john.ok(&["contact", "verify", "mary", &grouped]);
    assert_eq!(json(&john, &["contact", "show", "mary"])["trust"], "verified");
    let own = std::fs::read(john.home().join("public/key.asc")).unwrap();
    mary.feed(&["contact", "verify", "john", "-"], own).expect(0);
    john.send(&mary, "trusted?");
    assert_eq!(json(&mary, &["poll"])["trust"], "verified");
    let not = john.feed(&["contact", "verify", "mary", "-"], "no key").expect(1);
    assert!(not.stderr.starts_with("error: stdin is no certificate"), "{}", not.stderr);
}

#[test]
fn a_renamed_contact_keeps_its_conversation() {
    let (john, mary) = friends();
    mary.send(&john, "before");
    john.poll();
    john.ok(&["contact", "rename", "mary", "Zoë"]);
    mary.send(&john, "after");
    assert!(john.ok(&["poll"]).ends_with("  Zoë  after\n"));
    assert_eq!(john.ok(&["read", "Zoë"]).lines().count(), 2, "before and after");
    john.ok(&["send", "Zoë", "-m", "still me"]);
    assert_eq!(mary.poll(), ["still me"]);
    for bad in ["../x", "", "a b", ".x", "-x"] {
        let said = john.fails(&["contact", "rename", "Zoë", "--", bad], 2);
        assert!(said.contains("cannot name a contact"), "{bad}: {said}");
    }
    let anna = Peer::new("Anna", &[]);
    befriend(&anna, &john);
    let taken = john.fails(&["contact", "rename", "Zoë", "anna"], 1);
    assert_eq!(taken, "error: there is a contact `anna` already\n");
}

#[test]
fn a_removed_contact_leaves_nothing_behind() {
    let (john, mary) = friends();
    let feed = john.pair_feed();
    let said = john.fails(&["contact", "remove", "mary"], 1);
    assert_eq!(said, "error: `mary` is still there\nhint: --yes removes without asking\n");
    assert!(feed.exists());
    john.ok(&["contact", "remove", "mary", "--yes"]);
    assert!(!feed.exists() && !john.home().join("contacts/mary").exists());
    assert_eq!(std::fs::read_dir(john.home().join("contacts")).unwrap().count(), 0);
    assert_eq!(john.ok(&["contact", "list"]), "");
    let ran = mary.run(&["poll"]).expect(3);
    assert!(ran.stderr.contains("cannot fetch the feed of `john`"), "{}", ran.stderr);
    assert_eq!(john.poll(), [""; 0]);
}
