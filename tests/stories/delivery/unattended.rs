//! What cron has run by `--quiet` is told what is wrong once, and once a day while it lasts.

use std::fs;

use crate::common::peer::{Peer, friends, in_hours};

/// What a quiet run of `args` says at each of these hours from now; its status is the same each time.
fn said(peer: &Peer, args: &[&str], status: i32, hours: &[i64]) -> Vec<String> {
    let args = [&["--quiet"], args].concat();
    let run = |hour: &i64| peer.at(&in_hours(*hour), &args, "").expect(status).stderr;
    hours.iter().map(run).collect()
}

/// Asserts that a lasting trouble is told at the first of four runs, and after a day.
#[track_caller]
fn is_told_once_a_day(peer: &Peer, args: &[&str], status: i32, words: &str) {
    let said = said(peer, args, status, &[0, 1, 23, 25]);
    let told: Vec<bool> = said.iter().map(|said| said.contains(words)).collect();
    assert_eq!(told, [true, false, false, true], "{words}: {said:#?}");
    assert!(said[1].is_empty() && said[2].is_empty(), "{said:#?}");
}

#[test]
fn a_parked_hook_is_told_once_a_day() {
    let (john, mary) = friends();
    john.send(&mary, "stubborn");
    let poll = ["poll", "--exec", "exit 3"];
    for tries in 0..10 {
        mary.at(&in_hours(-100 + 5 * tries), &poll, "").expect(1);
    }
    is_told_once_a_day(&mary, &poll, 1, "is parked\nhint: cloudim poll --retry --exec CMD");
    let again = mary.run(&["poll", "--exec", "true"]).expect(1).stderr;
    assert!(again.contains("is parked"), "whoever looks on is told each time: {again}");
}

#[test]
fn a_publish_command_that_fails_is_told_once_a_day_by_poll_and_each_time_by_send() {
    let (john, mary) = friends();
    john.set("publish", "\"exit 9\"");
    mary.send(&john, "hello");
    is_told_once_a_day(&john, &["poll"], 7, "the publish command `exit 9` failed: status 9");
    for text in ["one", "two"] {
        // Each is about a message of its own.
        let said = john.run(&["--quiet", "send", "mary", "-m", text]).expect(7).stderr;
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
    is_told_once_a_day(&john, &["poll"], 1, "messages.jsonl");
    anna.send(&john, "hello");
    assert!(john.run(&["--quiet", "poll"]).expect(1).stdout.contains("hello"));
}

#[test]
fn a_cloud_that_is_away_is_told_once_a_day() {
    let (john, mary) = friends();
    john.set("cloud", "\"http://127.0.0.1:1/pleaseNotify\"");
    john.set("third_party_cloud", "true");
    mary.send(&john, "hello");
    is_told_once_a_day(&john, &["poll"], 0, "the cloud was not told");
    let send = ["send", "mary", "-m", "one"];
    let said = said(&john, &send, 0, &[26, 27]);
    assert_eq!(said, ["", ""], "by whichever command");
    is_told_once_a_day(&john, &["publish"], 0, "the cloud was not told of the card");
}

#[test]
fn a_feed_that_was_not_seen_for_30_days_is_told_once_a_day_to_who_only_sends() {
    let (john, mary) = friends();
    mary.host.set(crate::common::static_host::Behaviour::Down);
    john.host.says(&in_hours(24 * 31));
    let words = "has not been seen for 31 days";
    let at = |hours: i64| {
        let send = ["--quiet", "send", "mary", "-m", "alert"];
        john.at(&in_hours(24 * 31 + hours), &send, "").expect(0).stderr
    };
    let said = [at(0), at(1), at(2)];
    assert!(said[0].contains(words) && said[1].is_empty() && said[2].is_empty(), "{said:#?}");
}
