//! Who only sends, by cron or as an alarm, and never polls, looks at the contact's feed all the same.

use std::time::{Duration, Instant};

use crate::common::peer::{Peer, Ran, befriend, friends, in_hours, texts};
use crate::common::static_host::Behaviour;

const DAY: i64 = 24;

/// Sends `text` to Mary as if it were so many hours from now.
#[track_caller]
fn send(john: &Peer, hours: i64, text: &str) -> Ran {
    john.at(&in_hours(hours), &["-q", "send", "mary", "-m", text], "").expect(0)
}

/// What `peer` reads at that time, whatever the status.
fn poll(peer: &Peer, hours: i64) -> Vec<String> {
    texts(&peer.at(&in_hours(hours), &["--format", "json", "poll"], "").stdout)
}

fn status(peer: &Peer, hours: i64) -> String {
    peer.at(&in_hours(hours), &["status"], "").expect(0).stdout
}

#[test]
fn a_hundred_days_of_sending_alone_lose_nothing() {
    let (john, mary) = friends();
    for day in (0..=100).step_by(2) {
        let text = format!("day {day}");
        let sent = send(&john, day * DAY, &text);
        assert!(!sent.stderr.contains("warning"), "{}", sent.stderr);
        assert_eq!(poll(&mary, day * DAY + 1), [text]);
    }
    // The acknowledgements came as well: what was read has left, and nothing is delivered yet.
    assert!(status(&john, 100 * DAY + 2).starts_with("mary\t1 unacknowledged"));
    assert_eq!(status(&mary, 100 * DAY + 2), "john\tall well\n");
    let octets = std::fs::read_dir(john.home().join("contacts/mary/octets")).unwrap().count();
    assert!(octets < 10, "{octets} items are still offered");
}

#[test]
fn a_year_of_sending_alone_replaces_the_own_subkeys_and_the_contact_can_answer() {
    let (john, mary) = friends();
    let subkeys = |john: &Peer| std::fs::read(john.home().join("public/key.asc")).unwrap();
    let mut seen = vec![subkeys(&john)];
    for day in (0..=400).step_by(8) {
        let text = format!("day {day}");
        let sent = send(&john, day * DAY, &text);
        assert!(!sent.stderr.contains("warning"), "{}", sent.stderr);
        assert_eq!(poll(&mary, day * DAY + 1), [text]);
        let now = subkeys(&john);
        if seen.last() != Some(&now) {
            seen.push(now);
        }
    }
    assert!((10..=14).contains(&seen.len()), "the key was changed {} times", seen.len() - 1);
    let later = in_hours(400 * DAY + 2);
    mary.at(&later, &["send", "john", "-m", "the answer"], "").expect(0);
    assert_eq!(poll(&john, 400 * DAY + 3), ["the answer"]);
    assert_eq!(poll(&mary, 400 * DAY + 3), [""; 0]);
    assert_eq!(status(&mary, 400 * DAY + 4), "john\tall well\n");
}

#[test]
fn what_a_look_finds_is_stored_and_delivered_by_nothing_but_a_poll() {
    let (john, mary) = friends();
    mary.send(&john, "news");
    let sent = send(&john, 25, "hello");
    assert!(!sent.stdout.contains("news") && sent.stderr.is_empty(), "{sent:?}");
    assert!(status(&john, 25).contains("1 undelivered"));
    assert_eq!(poll(&john, 26), ["news"]);
    assert_eq!(poll(&mary, 26), ["hello"]);
    assert_eq!(status(&mary, 26), "john\tall well\n", "it was acknowledged");
}

#[test]
fn a_look_is_taken_once_a_day_and_not_again_after_a_poll() {
    let (john, mary) = friends();
    let requests = || mary.host.requests();
    let before = requests();
    send(&john, 23, "one");
    assert_eq!(requests(), before);
    send(&john, 25, "two");
    assert_eq!(requests(), before + 1);
    send(&john, 26, "three");
    assert_eq!(requests(), before + 1);
    john.at(&in_hours(48), &["poll"], "").expect(0);
    let polled = requests();
    send(&john, 49, "four");
    assert_eq!(requests(), polled);
}

#[test]
fn a_host_that_is_slow_or_gone_delays_no_message_for_long_and_is_left_for_an_hour() {
    for behaviour in [Behaviour::Slow(0), Behaviour::Down, Behaviour::Endless] {
        let (john, mary) = friends();
        mary.host.set(behaviour.clone());
        let begun = Instant::now();
        let sent = send(&john, 25, "urgent");
        assert_eq!(sent.stderr, "", "{behaviour:?}");
        assert!(begun.elapsed() < Duration::from_secs(15), "{behaviour:?}: {:?}", begun.elapsed());
        let before = mary.host.requests();
        send(&john, 25, "more");
        assert_eq!(mary.host.requests(), before, "{behaviour:?}");
        let (hour, args) = (in_hours(27), ["--timeout", "1s", "send", "mary", "-m", "again"]);
        let begun = Instant::now();
        john.at(&hour, &args, "").expect(0);
        assert!(begun.elapsed() < Duration::from_secs(8), "{behaviour:?}: {:?}", begun.elapsed());
        mary.host.set(Behaviour::Normal);
        assert_eq!(poll(&mary, 28), ["urgent", "more", "again"], "{behaviour:?}");
    }
}

#[test]
fn without_a_look_for_thirty_days_it_is_said() {
    let (john, mary) = friends();
    mary.host.set(Behaviour::Down);
    assert_eq!(send(&john, 29 * DAY, "one").stderr, "");
    let said = send(&john, 31 * DAY, "two").stderr;
    assert!(said.contains("the feed of `mary` has not been seen for 31 days"), "{said}");
    assert!(said.contains("cloudim poll mary"), "{said}");
    let shown = status(&john, 31 * DAY);
    assert!(shown.contains("its feed was not seen since "), "{shown}");
    let overview = john.at(&in_hours(31 * DAY), &[], "").stdout;
    assert!(overview.contains("the feed of `mary` was not seen for long"), "{overview}");
    mary.host.set(Behaviour::Normal);
    assert_eq!(send(&john, 32 * DAY, "three").stderr, "");
    assert!(!status(&john, 32 * DAY).contains("not seen"));
}

#[test]
fn what_cannot_be_opened_is_not_well_and_comes_after_the_next_look() {
    let (john, mary) = friends();
    // John does not see that Mary's subkey is replaced, and the old one is deleted in its time.
    mary.host.set(Behaviour::Down);
    for days in [31, 62, 93] {
        mary.at(&in_hours(days * DAY), &["poll"], "").expect(0);
    }
    send(&john, 94 * DAY, "sealed to what is gone");
    assert_eq!(poll(&mary, 94 * DAY + 1), [""; 0]);
    let shown = status(&mary, 94 * DAY + 1);
    assert!(shown.contains("cannot be opened (ask john to run cloudim poll"), "{shown}");
    let overview = mary.at(&in_hours(94 * DAY + 1), &[], "").stdout;
    assert!(overview.contains("by `john` cannot be opened: cloudim status john"), "{overview}");
    let json = mary.at(&in_hours(94 * DAY + 1), &["--format", "json", "status"], "").stdout;
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert!(json["unopened"].as_u64() >= Some(1), "{json}");
    mary.host.set(Behaviour::Normal);
    send(&john, 95 * DAY, "sealed to what is there");
    assert_eq!(poll(&mary, 95 * DAY + 1), ["sealed to what is gone", "sealed to what is there"]);
    poll(&mary, 95 * DAY + 2);
    assert_eq!(status(&mary, 95 * DAY + 2), "john\tall well\n");
}

#[test]
fn the_certificate_of_a_contact_counts_from_the_look_on_even_if_the_known_one_has_ended() {
    let (john, mary) = friends();
    mary.at(&in_hours(300 * DAY), &["key", "rotate"], "").expect(0);
    // John knows a subkey that ends after a year.
    send(&john, 366 * DAY, "a year later");
    assert_eq!(poll(&mary, 366 * DAY + 1), ["a year later"]);
}

#[test]
fn of_several_contacts_each_is_looked_at_and_one_that_is_gone_stops_nobody() {
    let (john, mary) = friends();
    let anna = Peer::new("Anna", &[]);
    befriend(&john, &anna);
    mary.host.set(Behaviour::Down);
    for days in [31, 62] {
        anna.at(&in_hours(days * DAY), &["poll"], "").expect(0);
    }
    let args = ["send", "mary", "anna", "-m", "to both"];
    john.at(&in_hours(80 * DAY), &args, "").expect(0);
    assert_eq!(poll(&anna, 80 * DAY + 1), ["to both"]);
}

#[test]
fn a_retry_is_sealed_to_what_the_look_has_found() {
    let (john, mary) = friends();
    let guid = john.send(&mary, "once");
    mary.at(&in_hours(31 * DAY), &["key", "rotate"], "").expect(0);
    mary.host.set(Behaviour::Normal);
    let args = ["send", "mary", "--guid", &guid, "-m", "once"];
    let again = john.at(&in_hours(70 * DAY), &args, "").expect(0).stdout;
    assert_eq!(again.trim(), guid);
    assert_eq!(poll(&mary, 70 * DAY + 1), ["once"]);
    assert_eq!(poll(&mary, 70 * DAY + 2), [""; 0]);
}

#[test]
fn encrypt_looks_as_well() {
    let (john, mary) = friends();
    for days in [31, 62] {
        mary.at(&in_hours(days * DAY), &["poll"], "").expect(0);
    }
    let time = in_hours(80 * DAY);
    let plain = john.at(&time, &["compose", "-m", "by hand"], "").expect(0).stdout;
    let sealed = john.at(&time, &["encrypt", "--to", "mary"], &plain).expect(0).stdout;
    john.at(&time, &["append", "mary"], &sealed).expect(0);
    assert_eq!(poll(&mary, 80 * DAY + 1), ["by hand"]);
}

#[test]
fn who_may_not_write_does_not_look() {
    let (john, mary) = friends();
    let before = mary.host.requests();
    john.set("read_only", "true");
    john.at(&in_hours(25), &["send", "mary", "-m", "x"], "").expect(1);
    john.set("read_only", "false");
    john.ok(&["contact", "block", "mary"]);
    john.at(&in_hours(25), &["send", "mary", "-m", "x"], "").expect(1);
    assert_eq!(mary.host.requests(), before);
}
