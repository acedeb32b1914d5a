//! Many at once.

use std::thread;

use super::agree;
use crate::common::host::{Host, RARELY, until};

const FRIENDS: usize = 20;

#[test]
fn twenty_who_write_at_once_are_all_heard_and_once() {
    let mary = Host::with_cloud("Mary");
    let at_mary = mary.listen(&[RARELY, "--print"]);
    let friends: Vec<_> = (0..FRIENDS)
        .map(|number| {
            let friend = Host::with_cloud(&format!("friend{number}"));
            let listening = friend.listen(&[RARELY]);
            let invitation = friend.peer.ok(&["handshake", "invite", &mary.url, "--output", "-"]);
            mary.peer.feed(&["handshake", "accept", "--input", "-"], invitation).expect(0);
            (friend, listening)
        })
        .collect();
    for (friend, _) in &friends {
        mary.registers_with(&friend.peer.name);
    }
    thread::scope(|scope| {
        for (friend, _) in &friends {
            scope.spawn(|| {
                (0..3).for_each(|n| {
                    friend.peer.ok(&[
                        "send",
                        "mary",
                        "-m",
                        &format!("{n} by {}", friend.peer.name),
                    ]);
                })
            });
        }
    });
    let texts = friends.iter().flat_map(|(friend, _)| {
        let name = &friend.peer.name;
        (0..3).map(move |n| format!("  {name}  {n} by {name}"))
    });
    at_mary.prints_all(texts.collect());
    for (friend, _) in &friends {
        until("it is acknowledged", || friend.peer.ok(&["status"]) == "mary\tall well\n");
    }
    let (status, rest) = at_mary.end_and_tell("-TERM");
    assert_eq!((status, rest), (Some(0), Vec::new()), "nothing comes twice");
}

#[test]
fn a_burst_by_one_is_heard_whole_and_in_order() {
    let (john, mary) = (Host::with_cloud("John"), Host::with_cloud("Mary"));
    let (_at_john, at_mary) = (john.listen(&[RARELY]), mary.listen(&[RARELY, "--print"]));
    agree(&john, &mary);
    for number in 0..30 {
        john.peer.ok(&["send", "mary", "-m", &format!("number {number}")]);
    }
    for number in 0..30 {
        at_mary.prints(&format!("  john  number {number}"));
    }
}
