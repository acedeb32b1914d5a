//! `check --repair`: what other files of the home say is written anew.

use std::fs;
use std::path::Path;

use cloudim::protocol::feed::channel::Channel;

use super::{check, findings, the};
use crate::common::peer::{PASSPHRASE, Peer, befriend, friends};

fn guids(feed: &Path) -> Vec<Option<String>> {
    let feed = Channel::parse(&fs::read(feed).unwrap()).unwrap();
    feed.items.into_iter().map(|item| item.guid).collect()
}

#[test]
fn what_is_lost_below_public_is_rebuilt_and_published() {
    let (john, mary) = friends();
    let www = john.file("www");
    john.set("publish", &format!("\"rm -rf '{0}' && cp -r {{}} '{0}'\"", www.display()));
    john.send(&mary, "one");
    john.send(&mary, "two");
    john.host.root(&www);
    let public = john.home().join("public");
    let feed = john.pair_feed();
    let before = guids(&feed);
    check(&john, &[], 0);
    for lost in ["key.asc", "index.html", ".well-known/webfinger"] {
        fs::remove_file(public.join(lost)).unwrap();
    }
    fs::write(public.join("card.rss"), "<rss>").unwrap();
    fs::write(&feed, &fs::read(&feed).unwrap()[..900]).unwrap();
    let found = check(&john, &[], 1);
    for lost in ["key.asc", "card.rss", "index.html", ".well-known/webfinger", "mary"] {
        let hint = &the(&found, lost, "lost").hint;
        assert!(hint.starts_with("cloudim check") && hint.ends_with("--repair"), "{hint}");
    }
    let found = check(&john, &["--repair"], 0);
    for rebuilt in ["key.asc", "card.rss", "index.html", ".well-known/webfinger", "mary"] {
        the(&found, rebuilt, "rebuilt");
    }
    assert_eq!(guids(&www.join("f").join(feed.file_name().unwrap())), before);
    assert!(check(&john, &[], 0).is_empty());
    assert_eq!(mary.poll(), ["one", "two"]);
    assert!(check(&john, &["--repair"], 0).iter().all(|found| found.finding != "rebuilt"));
}

#[test]
fn cursors_that_are_damaged_begin_anew_only_if_the_user_says_so() {
    let (john, mary) = friends();
    mary.send(&john, "one");
    assert_eq!(john.poll(), ["one"]);
    mary.send(&john, "two");
    let cursors = john.home().join("contacts/mary/delivered");
    fs::write(&cursors, "?").unwrap();
    assert_eq!(
        the(&check(&john, &[], 1), "mary", "unreadable").hint,
        "cloudim check mary --repair"
    );
    let ran = john.run_unattended(&["--format", "json", "check", "mary", "--repair"]).expect(1);
    let found = findings(&ran);
    let left = the(&found, "mary", "not-repaired");
    assert_eq!(left.hint, "cloudim check mary --repair --yes");
    assert_eq!(fs::read(&cursors).unwrap(), b"?");
    the(&check(&john, &["mary", "--repair", "--yes"], 0), "mary", "rebuilt");
    assert_eq!(john.poll(), ["one", "two"]);
    assert!(john.poll().is_empty());
    assert!(john.fails(&["check", "--yes"], 2).contains("--repair"));
}

#[test]
fn verdicts_that_are_damaged_are_made_again() {
    let (john, mary) = friends();
    mary.send(&john, "one");
    fs::write(john.home().join("contacts/mary/verdicts.toml"), "?").unwrap();
    the(&check(&john, &["mary"], 1), "mary", "unreadable");
    the(&check(&john, &["mary", "--repair"], 0), "mary", "rebuilt");
    assert_eq!(john.poll(), ["one"]);
}

#[test]
fn a_locked_key_without_a_terminal_repairs_nothing_and_says_why() {
    let (john, file) = Peer::locked("John", &[]);
    let mary = Peer::mary();
    let passphrase = ["--passphrase-file", &file];
    let invitation = john.file("invitation.rss");
    let path = invitation.to_str().unwrap();
    john.ok(
        &[&passphrase[..], &["handshake", "invite", &mary.address(), "--output", path]].concat()
    );
    mary.ok(&["handshake", "accept", "--input", path]);
    john.ok(&[&passphrase[..], &["poll"]].concat());
    fs::remove_file(john.pair_feed()).unwrap();
    let said = john.run_unattended(&["check", "--repair"]).expect(1).stderr;
    assert!(said.contains("hint: "), "{said}");
    assert!(john.pair_feeds().is_empty());
    let said = john.ok(&[&passphrase[..], &["check", "--repair"]].concat());
    assert!(said.contains("note\tmary\tour feed for it was rebuilt from what was written to it\n"));
    assert!(!said.contains(PASSPHRASE));
    assert_eq!(john.pair_feeds().len(), 1);
}

#[test]
fn a_home_that_only_reads_repairs_nothing() {
    let john = Peer::john();
    let mary = Peer::mary();
    befriend(&john, &mary);
    john.set("read_only", "true");
    fs::remove_file(john.pair_feed()).unwrap();
    assert!(john.fails(&["check", "--repair"], 1).contains("this home is read-only"));
    assert!(john.pair_feeds().is_empty());
}
