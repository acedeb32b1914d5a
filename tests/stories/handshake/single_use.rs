//! The invitation without an address: for whoever gets the file, and is confirmed first.

use std::fs;

use super::story::{accept, contacts, invitation, one_conversation, refuses, waiting};
use crate::common::peer::Peer;

#[test]
fn the_first_that_is_confirmed_uses_it_up_and_others_are_refused_by_name() {
    let (john, mary, bob) = (Peer::john(), Peer::mary(), Peer::new("Bob", &[]));
    let file = invitation(&john, &[]);
    let (marys, bobs) = (accept(&mary, &file), accept(&bob, &file));
    let ran = john.feed(&["handshake", "accept", "-i", "-"], &marys).expect(0);
    assert!(ran.stderr.contains("`mary` is your contact now, with the key "), "{}", ran.stderr);
    let stderr = refuses(&john, &bobs, 1);
    let used = "error: `Bob` answers an invitation that `mary` has used up\nhint: an invitation without an address is for one person: make another one\n";
    assert_eq!(stderr, used);
    one_conversation(&john, &mary);
    let stderr = refuses(&john, &bobs, 1);
    assert_eq!(stderr, used);
    assert_eq!(contacts(&john).len(), 1);
}

#[test]
fn nobody_finds_it_in_the_feed() {
    let john = Peer::john();
    invitation(&john, &[]);
    let feed = fs::read_to_string(john.pair_feed()).unwrap();
    for word in ["<im:introduction>", "<im:state>", "BEGIN PGP"] {
        assert!(!feed.contains(word), "{feed}");
    }
}

#[test]
fn an_acceptance_is_confirmed_twice_without_harm() {
    let (john, mary) = (Peer::john(), Peer::mary());
    let answer = accept(&mary, &invitation(&john, &[]));
    accept(&john, &answer);
    let ran = john.feed(&["handshake", "accept", "-i", "-"], &answer).expect(0);
    assert!(ran.stderr.contains("`mary` is your contact already"), "{}", ran.stderr);
    one_conversation(&john, &mary);
}

#[test]
fn an_acceptance_may_wait_and_is_confirmed_by_name() {
    let (john, mary, bob) = (Peer::john(), Peer::mary(), Peer::new("Bob", &[]));
    let file = invitation(&john, &[]);
    for (peer, name) in [(&mary, "mary"), (&bob, "bob")] {
        let ran = john.feed(&["handshake", "receive"], accept(peer, &file)).expect(0);
        let words = format!("`{name}` answers your invitation: cloudim handshake accept {name}\n");
        assert_eq!(ran.stderr, words);
    }
    assert_eq!(waiting(&john).len(), 3, "the invitation, and two who answer it");
    assert!(john.ok(&["handshake", "list"]).contains(&mary.address()), "the card is shown");
    john.ok(&["handshake", "accept", "mary"]);
    let refused = john.fails(&["handshake", "accept", "bob"], 1);
    assert!(refused.contains("`Bob` answers an invitation that `mary` has used up"), "{refused}");
    john.ok(&["handshake", "decline", "bob"]);
    one_conversation(&john, &mary);
}

#[test]
fn the_answer_of_whom_was_invited_needs_no_decision() {
    let (john, mary) = (Peer::john(), Peer::mary());
    let answer = accept(&mary, &invitation(&john, &[&mary.address()]));
    let ran = john.feed(&["handshake", "receive"], &answer).expect(1);
    let words = "this is by whom you invited: there is nothing to decide\nhint: cloudim handshake accept --input FILE";
    assert!(ran.stderr.contains(words), "{}", ran.stderr);
    assert_eq!(waiting(&john).len(), 1);
    accept(&john, &answer);
    one_conversation(&john, &mary);
}

#[test]
fn two_of_them_make_two_contacts() {
    let (john, mary, bob) = (Peer::john(), Peer::mary(), Peer::new("Bob", &[]));
    for peer in [&mary, &bob] {
        let answer = accept(peer, &invitation(&john, &[]));
        accept(&john, &answer);
    }
    for peer in [&mary, &bob] {
        john.send(peer, "hello");
        assert_eq!(peer.poll(), ["hello"]);
        peer.send(&john, "hi");
        assert_eq!(john.poll(), ["hi"]);
    }
}
