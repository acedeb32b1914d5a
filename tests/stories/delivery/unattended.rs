//! What cron has run by `--quiet` is told what is wrong once, and once a day while it lasts.

use std::fs;

use crate::common::peer::{Peer, friends, in_hours};

/// What a quiet run of `args` says so many hours from now, as the hosts of all `peers` have it.
fn said(peers: &[&Peer], args: &[&str], status: i32, hours: i64) -> String {
    let time = in_hours(hours);
    peers.iter().for_each(|peer| peer.host.says(&time));
    peers[0].at(&time, &[&["--quiet"], args].concat(), "").expect(status).stderr
}

/// Asserts that the first of `peers` tells a lasting trouble at the first of four runs, and after a day.
#[track_caller]
fn is_told_once_a_day(peers: &[&Peer], args: &[&str], status: i32, begin: i64, words: &str) {
    let said = [0, 1, 23, 25].map(|hours| said(peers, args, status, begin + hours));
    let told = said.each_ref().map(|said| said.contains(words));
    assert_eq!(told, [true, false, false, true], "{words}: {said:#?}");
    assert!(said[1].is_empty() && said[2].is_empty(), "{said:#?}");
}

#[test]
fn a_parked_hook_is_told_once_a_day() {
    let (john, mary) = friends();
    john.send(&mary, "stubborn");
    let poll = ["poll", "--exec", "exit 3"];
    for tries in 0..10 {
        said(&[&mary, &john], &poll, 1, 5 * tries);
    }
    let words = "is parked\nhint: cloudim poll --retry --exec CMD";
    is_told_once_a_day(&[&mary, &john], &poll, 1, 50, words);
    let again = mary.at(&in_hours(76), &poll, "").expect(1).stderr;
    assert!(again.contains("is parked"), "whoever looks on is told each time: {again}");
}

#[test]
fn a_publish_command_that_fails_is_told_once_a_day_by_poll_and_each_time_by_send() {
    let (john, mary) = friends();
    john.set("publish", "\"exit 9\"");
    mary.send(&john, "hello");
    is_told_once_a_day(
        &[&john, &mary],
        &["poll"],
        7,
        0,
        "the publish command `exit 9` failed: status 9",
    );
    for hours in [26, 27] {
        // Each is about a message of its own.
        let said = said(&[&john, &mary], &["send", "mary", "-m", "x"], 7, hours);
        assert!(said.contains("do not send it again"), "{said}");
    }
}

#[test]
fn a_damaged_contact_is_told_once_a_day_and_the_others_are_read() {
    let (john, mary) = friends();
    let anna = Peer::new("Anna", &[]);
    crate::common::peer::befriend(&john, &anna);
    fs::write(john.home().join("contacts/mary/messages.jsonl"), "damaged\n").unwrap();
    mary.send(&john, "lost for now");
    is_told_once_a_day(&[&john, &mary, &anna], &["poll"], 1, 0, "messages.jsonl");
    anna.send(&john, "hello");
    let read = john.at(&in_hours(26), &["--quiet", "poll"], "").expect(1);
    assert!(read.stdout.contains("hello") && read.stderr.is_empty(), "{read:?}");
}

#[test]
fn a_cloud_that_is_away_is_told_once_a_day() {
    let (john, mary) = friends();
    john.set("cloud", "\"http://127.0.0.1:1/pleaseNotify\"");
    john.set("third_party_cloud", "true");
    mary.send(&john, "hello");
    is_told_once_a_day(&[&john, &mary], &["poll"], 0, 0, "the cloud was not told");
    let send = ["send", "mary", "-m", "one"];
    let said = [26, 27].map(|hours| said(&[&john, &mary], &send, 0, hours));
    assert_eq!(said, ["", ""], "by whichever command");
    let words = "the cloud was not told of the card";
    is_told_once_a_day(&[&john, &mary], &["publish"], 0, 28, words);
}

#[test]
fn a_feed_that_was_not_seen_for_30_days_is_told_once_a_day_to_who_only_sends() {
    let (john, mary) = friends();
    mary.host.set(crate::common::static_host::Behaviour::Down);
    let words = "has not been seen for 31 days";
    let send = ["send", "mary", "-m", "alert"];
    let said = [0, 1, 2].map(|hours| said(&[&john], &send, 0, 24 * 31 + hours));
    assert!(said[0].contains(words) && said[1].is_empty() && said[2].is_empty(), "{said:#?}");
}
