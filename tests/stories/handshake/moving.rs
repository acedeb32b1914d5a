//! Who moves or changes the name tells it, and the conversation goes on.

use std::fs;

use serde_json::Value;

use super::story::{accept, contacts, invitation, one_conversation};
use crate::common::peer::{Peer, friends};
use crate::common::static_host::{Behaviour, StaticHost};

/// Moves `peer` to a second host, and lets the first serve the same files.
fn moved(peer: &Peer) -> StaticHost {
    let host = StaticHost::serve(&peer.home().join("public"));
    peer.set("base_url", &format!("{:?}", host.url()));
    peer.set("former_base_urls", &format!("[{:?}]", peer.address()));
    peer.ok(&["publish"]);
    host
}

fn logs(peer: &Peer) -> Vec<(Value, Value)> {
    let lines = peer.ok(&["--format", "json", "read"]);
    let lines = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let messages = lines.filter(|line| line["type"] == "message");
    messages.map(|line| (line["direction"].clone(), line["sequence"].clone())).collect()
}

#[test]
fn a_contact_follows_by_the_later_introduction_and_the_log_goes_on() {
    let (john, mary) = friends();
    john.send(&mary, "from the old host");
    assert_eq!(mary.poll(), ["from the old host"]);
    let host = moved(&john);
    // Read from the old place, it leads to the new one.
    mary.ok(&["poll"]);
    let contact = &contacts(&mary)[0];
    assert!(contact["feed"].as_str().unwrap().starts_with(&host.url()), "{contact}");
    assert_eq!(contact["card"], format!("{}card.rss", host.url()));
    john.host.set(Behaviour::Down);
    john.send(&mary, "from the new host");
    assert_eq!(mary.poll(), ["from the new host"]);
    mary.send(&john, "found you");
    assert_eq!(john.poll(), ["found you"]);
    let received: Vec<Value> =
        logs(&mary).into_iter().filter(|(way, _)| way == "received").map(|(_, n)| n).collect();
    assert_eq!(received, [1, 2]);
    let feed = fs::read_to_string(john.pair_feed()).unwrap();
    assert!(!feed.contains(&john.address()), "the old host is named: {feed}");
    one_conversation(&john, &mary);
}

#[test]
fn messages_from_before_the_move_arrive_after_it() {
    let (john, mary) = friends();
    john.send(&mary, "before");
    let host = moved(&john);
    john.send(&mary, "after");
    assert_eq!(mary.poll(), ["before", "after"]);
    john.host.set(Behaviour::Down);
    john.send(&mary, "at the new place");
    assert_eq!(mary.poll(), ["at the new place"]);
    drop(host);
}

#[test]
fn a_change_of_name_is_seen_and_the_contact_keeps_the_name_it_was_given() {
    let (john, mary) = friends();
    john.set("name", "\"Johnny B\"");
    john.ok(&["publish"]);
    mary.ok(&["poll"]);
    let shown = &contacts(&mary)[0];
    assert_eq!((&shown["contact"], &shown["claimed_name"]), (&"john".into(), &"Johnny B".into()));
    one_conversation(&john, &mary);
}

#[test]
fn publishing_twice_changes_no_byte() {
    let (john, mary) = friends();
    john.send(&mary, "hello");
    let before = fs::read(john.pair_feed()).unwrap();
    john.ok(&["publish"]);
    assert_eq!(fs::read(john.pair_feed()).unwrap(), before);
}

#[test]
fn an_invitation_to_a_former_address_still_counts() {
    let (john, mary) = (Peer::john(), Peer::mary());
    let file = invitation(&john, &[&mary.address()]);
    let host = moved(&mary);
    let answer = accept(&mary, &file);
    // The old host is still there, and John looks at the agreed place.
    john.ok(&["poll"]);
    assert_eq!(contacts(&john).len(), 1);
    one_conversation(&john, &mary);
    accept(&john, &answer);
    mary.ok(&["publish"]);
    john.ok(&["poll"]);
    assert_eq!(contacts(&john)[0]["card"], format!("{}card.rss", host.url()));
    one_conversation(&john, &mary);
}

#[test]
fn an_invitation_to_an_address_that_was_never_ours_does_not_count() {
    let (john, mary) = (Peer::john(), Peer::mary());
    let file = invitation(&john, &[&mary.address()]);
    let host = moved(&mary);
    mary.set("former_base_urls", "[]");
    let stderr = super::story::refuses(&mary, &file, 1);
    assert!(stderr.contains("the introduction is addressed to a card that is not ours"));
    drop(host);
}

#[test]
fn who_moves_while_the_invitation_waits_is_followed_too() {
    let (john, mary) = (Peer::john(), Peer::mary());
    let file = invitation(&john, &[&mary.address()]);
    let host = moved(&john);
    accept(&mary, &file);
    john.ok(&["poll"]);
    mary.ok(&["poll"]);
    john.host.set(Behaviour::Down);
    assert!(contacts(&mary)[0]["feed"].as_str().unwrap().starts_with(&host.url()));
    one_conversation(&john, &mary);
}
