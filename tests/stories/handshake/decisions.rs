//! Declining, blocking, and whom one cannot invite.

use super::story::{accept, contacts, invitation, one_conversation, refuses, waiting};
use crate::common::peer::{Peer, friends};

#[test]
fn a_declined_invitation_is_not_shown_again_but_a_new_one_is() {
    let (john, mary) = (Peer::john(), Peer::mary());
    let file = invitation(&john, &[]);
    mary.feed(&["handshake", "receive"], &file).expect(0);
    let ran = mary.run(&["handshake", "decline", "john"]).expect(0);
    assert_eq!(ran.stderr, "the invitation by `john` is declined\n");
    assert!(waiting(&mary).is_empty());
    let ran = mary.feed(&["handshake", "receive"], &file).expect(0);
    assert_eq!(ran.stderr, "this invitation by `john` was declined\n");
    assert!(waiting(&mary).is_empty());
    assert!(!mary.ok(&[]).contains("invites you"));

    let another = invitation(&john, &[]);
    mary.feed(&["handshake", "receive"], &another).expect(0);
    assert_eq!(waiting(&mary).len(), 1);
    // Having declined does not bind: the file can still be accepted, and nothing waits then.
    let answer = accept(&mary, &file);
    assert!(waiting(&mary).is_empty());
    accept(&john, &answer);
    assert_eq!(contacts(&mary).len(), 1);
}

#[test]
fn a_blocked_key_is_refused_whatever_it_sends_until_that_is_lifted() {
    let (john, mary) = (Peer::john(), Peer::mary());
    let file = invitation(&john, &[&mary.address()]);
    mary.feed(&["handshake", "receive"], &file).expect(0);
    let ran = mary.run(&["handshake", "decline", "john", "--block"]).expect(0);
    assert_eq!(ran.stderr, "the invitation by `john` is declined, and its key is blocked\n");
    for file in [&file, &invitation(&john, &[])] {
        for step in ["receive", "accept"] {
            let args: &[&str] = if step == "accept" { &["-i", "-"] } else { &[] };
            let ran = mary.feed(&[&["handshake", step], args].concat(), file).expect(1);
            assert!(ran.stderr.contains("this invitation comes from a key that you have blocked\nhint: cloudim handshake decline john, without --block, lifts that"), "{}", ran.stderr);
        }
    }
    assert!(waiting(&mary).is_empty() && contacts(&mary).is_empty());
    mary.ok(&["handshake", "decline", "john"]);
    accept(&mary, &file);
    john.ok(&["poll"]);
    john.send(&mary, "friends again?");
    assert_eq!(mary.poll(), ["friends again?"]);
}

#[test]
fn what_is_not_there_can_be_neither_accepted_nor_declined() {
    let mary = Peer::mary();
    for step in ["accept", "decline"] {
        let stderr = mary.fails(&["handshake", step, "john"], 1);
        assert!(stderr.contains("there is no invitation by `john`\nhint: cloudim handshake list"));
        let stderr = mary.fails(&["handshake", step, "../\u{1b}x"], 1);
        assert!(!stderr.contains('\u{1b}'), "{stderr:?}");
    }
    assert!(mary.fails(&["handshake", "accept"], 2).contains("required"));
    let stderr = mary.fails(&["handshake", "invite"], 2);
    assert!(stderr.contains("whom do you invite?\nhint: an ADDRESS"), "{stderr}");
}

#[test]
fn a_contact_that_is_invited_again_stays_the_same_and_nobody_invites_himself() {
    let (john, mary) = friends();
    let stderr =
        john.fails(&["handshake", "invite", &mary.address(), "--as", "anna", "-o", "-"], 1);
    let expected =
        "error: that is your contact `mary` already\nhint: cloudim contact rename mary anna\n";
    assert!(stderr.ends_with(expected), "{stderr}");
    let again = john.run(&["handshake", "invite", &mary.address(), "-o", "-"]).expect(0);
    assert!(again.stderr.contains("`mary` is your contact already"), "{}", again.stderr);
    mary.feed(&["handshake", "accept", "-i", "-"], again.stdout).expect(0);
    john.ok(&["poll"]);
    let stderr = john.fails(&["handshake", "invite", &john.address(), "-o", "-"], 1);
    assert_eq!(stderr, "error: that address is your own\n");
    assert!(waiting(&john).is_empty());
    one_conversation(&john, &mary);
}

#[test]
fn a_note_that_is_too_long_is_refused() {
    let (john, mary) = (Peer::john(), Peer::mary());
    let note = "n".repeat(2_001);
    let stderr = john.fails(&["handshake", "invite", &mary.address(), "--note", &note], 2);
    assert!(stderr.contains("the note is too long: 2000 characters at most"), "{stderr}");
    let note = "ö".repeat(2_000);
    let file = invitation(&john, &[&mary.address(), "--note", &note]);
    mary.feed(&["handshake", "receive"], &file).expect(0);
    assert_eq!(waiting(&mary)[0]["note"], note);
}

#[test]
fn what_only_reads_neither_invites_nor_accepts() {
    let (john, mary) = (Peer::john(), Peer::mary());
    let file = invitation(&john, &[&mary.address()]);
    mary.set("read_only", "true");
    let stderr = refuses(&mary, &file, 1);
    assert!(stderr.contains("this home is read-only"), "{stderr}");
    mary.fails(&["handshake", "invite", "-o", "-"], 1);
    assert!(contacts(&mary).is_empty() && mary.pair_feeds().is_empty());
}

#[test]
fn no_more_than_a_hundred_invitations_wait() {
    let mary = Peer::mary();
    let john = Peer::john();
    for _ in 0..100 {
        mary.feed(&["handshake", "receive"], invitation(&john, &[])).expect(0);
    }
    let ran = mary.feed(&["handshake", "receive"], invitation(&john, &[])).expect(0);
    assert!(ran.stderr.contains("warning: 100 invitations wait: "), "{}", ran.stderr);
    assert_eq!(waiting(&mary).len(), 100);
}
