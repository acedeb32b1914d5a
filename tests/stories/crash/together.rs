//! Several runs at once.

use std::fs::File;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use super::{feeds_are_sound, stored};
use crate::common::peer::{Peer, friends, texts};

fn start(peer: &Peer, args: &[&str]) -> Child {
    let mut command = peer.command(args);
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

/// Waits for the end, which must be with 0; returns stdout.
fn end(child: Child) -> String {
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn eight_sends_at_once_all_arrive_in_one_log() {
    let (john, mary) = friends();
    for round in 0..3 {
        let sends: Vec<Child> = (0..8)
            .map(|n| start(&john, &["send", "mary", "-m", &format!("{round} {n}")]))
            .collect();
        let mut guids: Vec<String> =
            sends.into_iter().map(|send| end(send).trim().to_owned()).collect();
        feeds_are_sound(&john);
        mary.ok(&["poll"]);
        let stored = stored(&mary, "john");
        assert_eq!(stored.len(), 8 * (round + 1));
        let mut arrived: Vec<String> = stored[8 * round..].iter().map(|m| m.0.clone()).collect();
        guids.sort();
        arrived.sort();
        assert_eq!(arrived, guids);
    }
}

#[test]
fn sends_and_polls_beside_each_other_lose_nothing() {
    let (john, mary) = friends();
    for round in 0..5 {
        let text = round.to_string();
        let runs = [
            start(&john, &["send", "mary", "-m", &text]),
            start(&mary, &["send", "john", "-m", &text]),
            start(&john, &["poll"]),
            start(&mary, &["poll"]),
            start(&john, &["poll"]),
            start(&mary, &["publish"]),
            start(&john, &["send", "mary", "-m", &text]),
        ];
        runs.into_iter().for_each(|run| drop(end(run)));
        feeds_are_sound(&john);
        feeds_are_sound(&mary);
    }
    for peer in [&john, &mary, &john] {
        peer.ok(&["poll"]);
    }
    assert_eq!((stored(&mary, "john").len(), stored(&john, "mary").len()), (10, 5));
    mary.ok(&["poll"]);
    assert_eq!(john.ok(&["status"]), "mary\tall well\n");
    assert_eq!(mary.ok(&["status"]), "john\tall well\n");
}

#[test]
fn a_lock_that_stays_busy_is_status_75_and_nothing_is_done() {
    let (john, mary) = friends();
    let lock = File::open(john.home().join("lock")).unwrap();
    lock.lock().unwrap();
    let started = Instant::now();
    let ran = john.run(&["send", "mary", "-m", "x"]).expect(75);
    assert!(started.elapsed() >= Duration::from_secs(9), "{:?}", started.elapsed());
    assert!(
        ran.stderr.contains("is locked by another cloudim\nhint: nothing was done"),
        "{}",
        ran.stderr
    );
    assert_eq!(ran.stdout, "");
    drop(lock);
    assert_eq!(mary.poll(), [""; 0]);
    john.send(&mary, "now");
    assert_eq!(mary.poll(), ["now"]);
}

#[test]
fn polls_that_trim_at_once_deliver_each_message_once() {
    let (john, mary) = friends();
    mary.set("history", "\"0s\"");
    let mut printed = Vec::new();
    for round in 0..10 {
        john.send(&mary, &format!("{round} a"));
        john.send(&mary, &format!("{round} b"));
        let polls: Vec<Child> =
            (0..4).map(|_| start(&mary, &["--format", "json", "poll"])).collect();
        printed.extend(polls.into_iter().flat_map(|poll| texts(&end(poll))));
    }
    printed.extend(mary.poll());
    let sent: Vec<String> =
        (0..10).flat_map(|round| [format!("{round} a"), format!("{round} b")]).collect();
    printed.sort();
    assert_eq!(printed, sent);
    assert_eq!(stored(&mary, "john").len(), 0);
    assert_eq!(mary.ok(&["status"]), "john\tall well\n");
}
