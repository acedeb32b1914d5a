//! `compose`, `encrypt` and `append`.

use std::fs;

use crate::common::peer::{Peer, friends, in_hours};

/// A sealed item for Mary that nobody has appended.
fn sealed(from: &Peer, to: &Peer, text: &str) -> String {
    let plain = from.ok(&["compose", "-m", text]);
    from.feed(&["encrypt", "--to", &to.name], plain).expect(0).stdout
}

fn outbox(peer: &Peer) -> Vec<std::path::PathBuf> {
    let folder = fs::read_dir(peer.home().join("contacts/mary/outbox"));
    folder.into_iter().flatten().map(|file| file.unwrap().path()).collect()
}

#[test]
fn append_takes_an_item_once() {
    let (john, mary) = friends();
    let item = sealed(&john, &mary, "once");
    assert_eq!((mary.poll(), outbox(&john).len()), (vec![], 1));
    john.feed(&["append", "mary"], &item).expect(0);
    let feed = fs::read(john.pair_feed()).unwrap();
    john.feed(&["append", "mary"], &item).expect(0);
    assert_eq!(fs::read(john.pair_feed()).unwrap(), feed);
    assert_eq!((mary.poll(), outbox(&john).len()), (vec!["once".to_owned()], 0));
    john.feed(&["append", "mary"], &item).expect(0);
    assert_eq!(mary.poll(), [""; 0]);
}

#[test]
fn append_yields_to_whoever_took_the_sequence() {
    let (john, mary) = friends();
    let item = sealed(&john, &mary, "late");
    john.send(&mary, "first");
    let feed = fs::read(john.pair_feed()).unwrap();
    let ran = john.feed(&["append", "mary"], &item).expect(75);
    assert_eq!(
        ran.stderr,
        "error: sequence 1 is taken; the next is 2\nhint: nothing was done: seal the plain item again by cloudim encrypt\n"
    );
    assert_eq!(fs::read(john.pair_feed()).unwrap(), feed);
    let again = sealed(&john, &mary, "late");
    john.feed(&["append", "mary"], &again).expect(0);
    assert_eq!(mary.poll(), ["first", "late"]);
}

#[test]
fn what_the_outbox_has_lost_is_opened_with_our_key() {
    let (john, mary) = friends();
    let item = sealed(&john, &mary, "found again");
    fs::remove_dir_all(john.home().join("contacts/mary/outbox")).unwrap();
    john.feed(&["append", "mary"], &item).expect(0);
    assert_eq!(mary.poll(), ["found again"]);
    let guid = john.ok(&["--format", "json", "read", "mary", "-n", "1"]);
    assert!(guid.contains("\"text\":\"found again\""), "{guid}");
}

#[test]
fn the_outbox_forgets_after_a_day() {
    let (john, mary) = friends();
    sealed(&john, &mary, "never appended");
    let item = sealed(&john, &mary, "appended");
    john.at(&in_hours(23), &["append", "mary"], &item).expect(0);
    assert_eq!(outbox(&john).len(), 1);
    let item = sealed(&john, &mary, "the next");
    john.at(&in_hours(25), &["append", "mary"], &item).expect(0);
    assert_eq!(outbox(&john).len(), 0);
}

#[test]
fn append_refuses_what_is_not_ours() {
    let (john, mary) = friends();
    mary.send(&john, "by Mary");
    let feed = fs::read_to_string(mary.pair_feed()).unwrap();
    let by_mary = &feed[feed.find("<item>").unwrap()..feed.find("</channel>").unwrap()];
    let ours = sealed(&john, &mary, "x");
    let broken =
        ours.replacen("-----BEGIN PGP MESSAGE-----\n\n", "-----BEGIN PGP MESSAGE-----\n\nAAAA", 1);
    let plain = john.ok(&["compose", "-m", "plain"]);
    let before = fs::read(john.pair_feed()).unwrap();
    for (item, says) in [
        (by_mary, "error: this sealed item is none of ours: "),
        (&broken, "error: this sealed item is none of ours: "),
        (
            &plain,
            "error: stdin is no sealed item\nhint: seal it first: cloudim encrypt --to CONTACT\n",
        ),
        ("", "error: stdin is no sealed item: "),
        ("garbage", "error: stdin is no sealed item: "),
    ] {
        let ran = john.feed(&["append", "mary"], item).expect(1);
        assert!(ran.stderr.starts_with(says), "{}", ran.stderr);
    }
    let binary = john.feed(&["append", "mary"], b"\xff\xfe").expect(1);
    assert!(binary.stderr.starts_with("error: stdin is no sealed item: "), "{}", binary.stderr);
    assert_eq!(fs::read(john.pair_feed()).unwrap(), before);
    john.feed(&["append", "mary"], &ours).expect(0);
    let other = Peer::new("Other", &[]);
    let said = other.fails(&["append", "mary"], 1);
    assert!(said.starts_with("error: there is no contact `mary`"), "{said}");
}

#[test]
fn encrypt_refuses_what_is_no_item_and_takes_no_sequence() {
    let (john, mary) = friends();
    for input in ["", "text", "<item/>", "<rss/>"] {
        let ran = john.feed(&["encrypt", "--to", "mary"], input).expect(1);
        assert!(ran.stderr.starts_with("error: stdin is no plain item: "), "{}", ran.stderr);
    }
    sealed(&john, &mary, "one");
    sealed(&john, &mary, "another");
    john.send(&mary, "the only one");
    let json = mary.ok(&["--format", "json", "poll"]);
    assert!(json.contains("\"sequence\":1,") && json.lines().count() == 1, "{json}");
    let said = john.fails(&["compose", "-m", "x", "--reply-to", "last"], 2);
    assert_eq!(said, "error: --reply-to last needs a contact\nhint: give the guid\n");
}
