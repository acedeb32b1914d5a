//! The same again: said twice, it is one contact.

use std::fs;

use super::story::{accept, contacts, invitation, one_conversation, times_accepted, waiting};
use crate::common::peer::Peer;

#[test]
fn the_same_invitation_twice_is_one_contact_and_gives_the_acceptance_again() {
    let (john, mary) = (Peer::john(), Peer::mary());
    let file = invitation(&john, &[&mary.address()]);
    let first = accept(&mary, &file);
    let ran = mary.feed(&["handshake", "accept", "-i", "-", "-o", "-"], &file).expect(0);
    assert!(ran.stderr.contains("`john` is your contact already"), "{}", ran.stderr);
    assert_eq!(ran.stdout, first);
    let ran = mary.run(&["handshake", "accept", "john", "-o", "-"]).expect(0);
    assert_eq!(ran.stdout, first);
    let ran = mary.feed(&["handshake", "receive"], &file).expect(0);
    assert_eq!(ran.stderr, "this is by your contact `john`: there is nothing to decide\n");
    assert_eq!(mary.pair_feeds().len(), 1);
    for _ in 0..2 {
        accept(&john, &first);
    }
    john.ok(&["poll"]);
    assert_eq!(times_accepted(&john, &mary), 1);
    one_conversation(&john, &mary);
}

#[test]
fn the_same_invitation_received_twice_waits_once_even_at_once() {
    let (john, mary) = (Peer::john(), Peer::mary());
    let path = john.file("invitation.rss");
    fs::write(&path, invitation(&john, &[&mary.address()])).unwrap();
    let receive = || mary.command(&["handshake", "receive", path.to_str().unwrap()]).spawn();
    let children: Vec<_> = (0..4).map(|_| receive().unwrap()).collect();
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    assert_eq!(waiting(&mary).len(), 1);
    let ran = mary.run(&["handshake", "receive", path.to_str().unwrap()]).expect(0);
    assert_eq!(ran.stderr, "this invitation by `john` waits already\n");
    // What waits is what the file holds: it takes no second name, and nothing is left.
    mary.ok(&["handshake", "accept", "-i", path.to_str().unwrap()]);
    john.ok(&["poll"]);
    one_conversation(&john, &mary);
}

#[test]
fn inviting_the_same_person_twice_is_one_invitation() {
    let (john, mary) = (Peer::john(), Peer::mary());
    let first = invitation(&john, &[&mary.address()]);
    let second = invitation(&john, &[&format!("{}card.rss", mary.address())]);
    assert_eq!(first, second);
    assert_eq!((waiting(&john).len(), john.pair_feeds().len()), (1, 1));
}

#[test]
fn two_accepts_at_once_make_one_contact() {
    let (john, mary) = (Peer::john(), Peer::mary());
    let path = john.file("invitation.rss");
    fs::write(&path, invitation(&john, &[&mary.address()])).unwrap();
    let accept = || mary.command(&["handshake", "accept", "-i", path.to_str().unwrap()]).spawn();
    let children: Vec<_> = (0..3).map(|_| accept().unwrap()).collect();
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    let polls: Vec<_> = (0..3).map(|_| john.command(&["poll"]).spawn().unwrap()).collect();
    for mut child in polls {
        assert!(child.wait().unwrap().success());
    }
    assert_eq!(times_accepted(&john, &mary), 1);
    assert_eq!((mary.pair_feeds().len(), john.pair_feeds().len()), (1, 1));
    one_conversation(&john, &mary);
}

#[test]
fn who_was_removed_can_be_agreed_with_anew() {
    let (john, mary) = crate::common::peer::friends();
    john.send(&mary, "old");
    mary.poll();
    john.ok(&["contact", "remove", "mary", "--yes"]);
    mary.ok(&["contact", "remove", "john", "--yes"]);
    assert!(contacts(&john).is_empty() && john.pair_feeds().is_empty());
    accept(&mary, &invitation(&john, &[&mary.address()]));
    john.ok(&["poll"]);
    one_conversation(&john, &mary);
}

#[test]
fn who_lost_the_agreement_is_answered_anew_by_whom_it_was_with() {
    let (john, mary) = crate::common::peer::friends();
    john.send(&mary, "old");
    mary.poll();
    john.poll();
    john.ok(&["contact", "remove", "mary", "--yes"]);
    let again =
        mary.feed(&["handshake", "accept", "-i", "-"], invitation(&john, &[&mary.address()]));
    assert!(again.expect(0).stderr.contains("`john` is your contact already"));
    john.ok(&["poll"]);
    one_conversation(&john, &mary);
    assert_eq!(mary.ok(&["read", "-n", "5"]).lines().count(), 5, "the old message is still there");
}
