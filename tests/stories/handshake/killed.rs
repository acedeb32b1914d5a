//! Whatever is killed, it completes when it is said again: one contact, one conversation.

use std::fs;
use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

use super::story::{accept, contacts, invitation, one_conversation, refuses, times_accepted};
use crate::common::peer::Peer;

const MANY: u32 = 25;
const SOME: u32 = 12;

/// Runs the program and kills it after `delay`; returns whether it was in time.
fn killed(peer: &Peer, args: &[&str], delay: Duration) -> bool {
    let mut command = peer.command(args);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    thread::sleep(delay);
    child.kill().unwrap();
    child.wait().unwrap().code().is_none()
}

fn time(work: impl FnOnce()) -> Duration {
    let begin = Instant::now();
    work();
    begin.elapsed()
}

#[test]
fn an_accept_that_is_killed_completes_when_it_is_said_again() {
    // One run alone may be slow for once, and then no kill would be in time.
    let mut whole = Duration::MAX;
    let mut in_time = 0;
    for round in 0..MANY {
        let (john, mary) = (Peer::john(), Peer::mary());
        let path = john.file("invitation.rss");
        fs::write(&path, invitation(&john, &[&mary.address()])).unwrap();
        let args = ["handshake", "accept", "-i", path.to_str().unwrap()];
        if round > 1 {
            in_time += usize::from(killed(&mary, &args, whole * (round - 1) / MANY));
        }
        let took = time(|| drop(mary.ok(&args)));
        if round < 2 {
            whole = whole.min(took);
        }
        assert_eq!(mary.pair_feeds().len(), 1, "round {round}");
        john.ok(&["poll"]);
        one_conversation(&john, &mary);
    }
    assert!(in_time > 0);
}

#[test]
fn an_accept_of_what_waits_completes_too() {
    let mut whole = Duration::from_millis(100);
    for round in 0..SOME {
        let (john, mary) = (Peer::john(), Peer::mary());
        mary.feed(&["handshake", "receive"], invitation(&john, &[&mary.address()])).expect(0);
        let args = ["handshake", "accept", "john"];
        if round > 0 {
            killed(&mary, &args, whole * round / SOME);
        }
        let took = time(|| drop(mary.ok(&args)));
        if round == 0 {
            whole = took;
        }
        john.ok(&["poll"]);
        one_conversation(&john, &mary);
    }
}

#[test]
fn the_poll_that_finds_the_answer_completes_with_the_next() {
    let mut whole = Duration::MAX;
    let mut in_time = 0;
    for round in 0..MANY {
        let (john, mary) = (Peer::john(), Peer::mary());
        accept(&mary, &invitation(&john, &[&mary.address()]));
        if round > 1 {
            in_time += usize::from(killed(&john, &["poll"], whole * (round - 1) / MANY));
        }
        let took = time(|| drop(john.ok(&["poll"])));
        if round < 2 {
            whole = whole.min(took);
        }
        assert_eq!(times_accepted(&john, &mary), 1, "round {round}");
        one_conversation(&john, &mary);
    }
    assert!(in_time > 0);
}

#[test]
fn a_crossing_that_is_killed_completes_for_both() {
    let mut whole = Duration::from_millis(100);
    for round in 0..SOME {
        let (john, mary) = (Peer::john(), Peer::mary());
        let path = john.file("invitation.rss");
        fs::write(&path, invitation(&john, &[&mary.address()])).unwrap();
        invitation(&mary, &[&john.address()]);
        let args = ["handshake", "accept", "-i", path.to_str().unwrap()];
        if round > 0 {
            killed(&mary, &args, whole * round / SOME);
            if round % 2 == 0 {
                mary.ok(&["poll"]);
            }
        }
        let took = time(|| drop(mary.ok(&args)));
        if round == 0 {
            whole = took;
        }
        // Only Mary imports: John finds her answer.
        john.ok(&["poll"]);
        one_conversation(&john, &mary);
    }
}

#[test]
fn a_confirmation_that_is_killed_completes_and_still_uses_the_invitation_up() {
    let mut whole = Duration::from_millis(100);
    for round in 0..SOME {
        let (john, mary) = (Peer::john(), Peer::mary());
        let path = john.file("acceptance.rss");
        fs::write(&path, accept(&mary, &invitation(&john, &[]))).unwrap();
        let args = ["handshake", "accept", "-i", path.to_str().unwrap()];
        if round > 0 {
            killed(&john, &args, whole * round / SOME);
        }
        let took = time(|| drop(john.ok(&args)));
        if round == 0 {
            whole = took;
        }
        one_conversation(&john, &mary);
    }
}

#[test]
fn an_invite_that_is_killed_is_one_invitation_when_it_is_said_again() {
    let (first, mary) = (Peer::john(), Peer::mary());
    let whole = time(|| drop(invitation(&first, &[&mary.address()])));
    for round in 0..SOME {
        let (john, mary) = (Peer::john(), Peer::mary());
        let address = mary.address();
        killed(&john, &["handshake", "invite", &address, "-o", "-"], whole * round / SOME);
        accept(&mary, &invitation(&john, &[&address]));
        john.ok(&["poll"]);
        assert_eq!(john.pair_feeds().len(), 1);
        one_conversation(&john, &mary);
    }
}

#[test]
fn what_a_dead_run_left_of_a_contact_takes_no_name() {
    let (john, mary) = (Peer::john(), Peer::mary());
    let octets = mary.home().join("contacts/john/octets");
    fs::create_dir_all(&octets).unwrap();
    fs::write(octets.join("introduction.1.xml"), "<old/>").unwrap();
    let file = invitation(&john, &[&mary.address()]);
    mary.feed(&["handshake", "accept", "-i", "-", "--as", "john"], &file).expect(0);
    john.ok(&["poll"]);
    one_conversation(&john, &mary);
}

#[test]
fn a_feed_that_a_dead_run_did_not_write_is_written_by_the_next() {
    let (john, mary) = (Peer::john(), Peer::mary());
    let file = invitation(&john, &[&mary.address()]);
    accept(&mary, &file);
    fs::remove_file(mary.pair_feed()).unwrap();
    accept(&mary, &file);
    john.ok(&["poll"]);
    one_conversation(&john, &mary);
}

/// Puts the invitations of `peer` back, as if the run that removed them had died before.
fn with_invitations_kept(peer: &Peer, work: impl FnOnce()) {
    let (kept, folder) = (peer.file("kept"), peer.home().join("invitations"));
    fs::create_dir(&kept).unwrap();
    for file in fs::read_dir(&folder).unwrap().map(|file| file.unwrap()) {
        fs::copy(file.path(), kept.join(file.file_name())).unwrap();
    }
    work();
    for file in fs::read_dir(&kept).unwrap().map(|file| file.unwrap()) {
        fs::copy(file.path(), folder.join(file.file_name())).unwrap();
    }
}

#[test]
fn an_invitation_that_was_used_up_and_not_removed_is_removed_by_the_next_poll() {
    let (john, mary) = (Peer::john(), Peer::mary());
    accept(&mary, &invitation(&john, &[&mary.address()]));
    with_invitations_kept(&john, || drop(john.ok(&["poll"])));
    john.ok(&["poll"]);
    assert_eq!(times_accepted(&john, &mary), 1);
    one_conversation(&john, &mary);
}

#[test]
fn an_invitation_that_was_used_up_and_not_removed_serves_nobody_else() {
    let (john, mary, bob) = (Peer::john(), Peer::mary(), Peer::new("Bob", &[]));
    let file = invitation(&john, &[]);
    let (marys, bobs) = (accept(&mary, &file), accept(&bob, &file));
    with_invitations_kept(&john, || drop(accept(&john, &marys)));
    let stderr = refuses(&john, &bobs, 1);
    assert!(stderr.contains("`Bob` answers an invitation that `mary` has used up"), "{stderr}");
    assert_eq!(contacts(&john).len(), 1);
    accept(&john, &marys);
    one_conversation(&john, &mary);
}
