//! Declining and blocking: whoever called cannot tell.

use super::story::{call, call_of, invited, listening};
use crate::common::host::{RARELY, until};
use crate::common::peer::{Peer, tree};
use crate::handshake::story::{contacts, waiting};

/// Mary says no to John with `how`; then he calls again, and nothing comes of it.
fn refused(how: &[&str]) {
    let (john, (mary, at_mary)) = (Peer::john(), listening("Mary"));
    john.ok(&["handshake", "invite", &mary.url, "--output", "-"]);
    let fields = call_of(&john, &john.address());
    let at_first = call(&mary, &fields);
    invited(&mary.peer, "john");
    assert_eq!(at_mary.end("-TERM"), Some(0));
    let requests = john.host.requests();
    mary.peer.ok(&[&["handshake", "decline", "john"], how].concat());
    assert_eq!(john.host.requests(), requests, "John is told");
    let before = tree(&mary.peer.home().join("invitations"));

    let at_mary = mary.listen(&[RARELY]);
    let asked = john.host.requests();
    john.ok(&["handshake", "invite", &mary.url]);
    assert_eq!(call(&mary, &fields), at_first, "the answer tells");
    until("the call is followed", || john.host.requests() > asked);
    assert_eq!(at_mary.end("-TERM"), Some(0));
    assert_eq!(tree(&mary.peer.home().join("invitations")), before);
    assert!(waiting(&mary.peer).is_empty() && contacts(&mary.peer).is_empty());
    john.ok(&["poll"]);
    assert!(contacts(&john).is_empty());
}

#[test]
fn who_is_declined_learns_nothing_and_calls_in_vain() {
    refused(&[]);
}

#[test]
fn who_is_blocked_learns_nothing_and_calls_in_vain() {
    refused(&["--block"]);
}

#[test]
fn the_answer_is_the_same_for_new_known_declined_and_blocked() {
    let (mary, _at_mary) = listening("Mary");
    let peers = ["Known", "Declined", "Blocked"].map(|name| Peer::new(name, &[]));
    for peer in &peers {
        peer.ok(&["handshake", "invite", &mary.url]);
        invited(&mary.peer, &peer.name);
    }
    mary.peer.ok(&["handshake", "accept", "known"]);
    mary.peer.ok(&["handshake", "decline", "declined"]);
    mary.peer.ok(&["handshake", "decline", "blocked", "--block"]);
    let fields = peers.each_ref().map(|peer| call_of(peer, &peer.address()));
    let mut answers = fields.map(|fields| call(&mary, &fields)).to_vec();
    let nobody = "http://127.0.0.9:1/".to_owned();
    let new = [("feed", format!("{nobody}f/x.rss")), ("key", format!("{nobody}key.asc"))];
    answers.push(call(&mary, &new));
    answers.dedup();
    assert_eq!(answers.len(), 1, "{answers:?}");
    assert!(answers[0].starts_with("HTTP/1.1 200 OK\r\n") && answers[0].contains("\"true\""));
}
