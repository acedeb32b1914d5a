//! Clocks differ, and keys are dated by them.

use std::fs;

use cloudim::openpgp::Certificate;
use jiff::Timestamp;

use crate::common::peer::{Peer, befriend, friends, in_hours, texts, tree};
use crate::common::static_host::Behaviour;
use crate::crash::restored::{apart, backup, restore};

#[test]
fn somebody_whose_clock_is_ahead_is_met_all_the_same() {
    let (john, mary) = (Peer::without_identity("John"), Peer::mary());
    let (ahead, url) = (in_hours(2), john.host.url());
    let keygen = ["keygen", "--name", "John", "--base-url", &url, "--no-passphrase"];
    john.at(&ahead, &keygen, "").expect(0);
    let invitation = mary.file("invitation.rss");
    let path = invitation.to_str().unwrap();
    mary.ok(&["handshake", "invite", &john.address(), "--output", path]);
    john.at(&ahead, &["handshake", "accept", "--input", path], "").expect(0);
    john.at(&ahead, &["send", "mary", "-m", "well met"], "").expect(0);
    assert_eq!(mary.poll(), ["well met"]);
    mary.send(&john, "indeed");
    let polled = john.at(&ahead, &["--format", "json", "poll"], "").expect(0);
    assert_eq!(texts(&polled.stdout), ["indeed"]);
}

#[test]
fn a_rotation_by_a_clock_that_is_ahead_is_followed() {
    let (john, mary) = friends();
    let ahead = in_hours(2);
    mary.at(&ahead, &["key", "rotate"], "").expect(0);
    assert_eq!(john.poll(), [""; 0]);
    let later: Timestamp = in_hours(3).parse().unwrap();
    let chosen = |certificate: &[u8]| {
        Certificate::parse(certificate).unwrap().encryption_subkey(later).unwrap()
    };
    let known = john.ok(&["contact", "show", "mary", "--certificate"]);
    let published = fs::read(mary.home().join("public/key.asc")).unwrap();
    assert_eq!(chosen(known.as_bytes()), chosen(&published));
    john.send(&mary, "to the new subkey");
    let polled = mary.at(&ahead, &["--format", "json", "poll"], "").expect(0);
    assert_eq!(texts(&polled.stdout), ["to the new subkey"]);
}

#[test]
fn a_clock_that_is_days_ahead_is_not_believed() {
    let (john, mary) = (Peer::without_identity("John"), Peer::mary());
    let (ahead, url) = (in_hours(48), john.host.url());
    let keygen = ["keygen", "--name", "John", "--base-url", &url, "--no-passphrase"];
    john.at(&ahead, &keygen, "").expect(0);
    let told = mary.fails(&["handshake", "invite", &john.address()], 4);
    assert!(told.contains("is not yet valid"), "{told}");
}

/// The days by which a clock is ahead here.
const AHEAD: i64 = 24 * 400;

/// Two people who have agreed, and whose hosts say what time it is.
fn friends_with_clocks() -> (Peer, Peer) {
    let (john, mary) = friends();
    john.host.says(&in_hours(0));
    mary.host.says(&in_hours(0));
    (john, mary)
}

fn public(peer: &Peer) -> Vec<(std::path::PathBuf, Vec<u8>)> {
    tree(&peer.home().join("public")).into_iter().collect()
}

fn chosen(peer: &Peer, at: &str) -> Option<String> {
    let certificate = fs::read(peer.home().join("public/key.asc")).unwrap();
    let certificate = Certificate::parse(&certificate).unwrap();
    certificate.encryption_subkey(at.parse().unwrap()).ok().map(|key| key.to_string())
}

#[test]
fn a_clock_that_two_hosts_contradict_does_nothing_for_good_and_says_so_once() {
    let (john, mary) = friends_with_clocks();
    john.set("history", "\"7d\"");
    john.send(&mary, "read and old");
    assert_eq!(mary.poll(), ["read and old"]);
    assert_eq!(john.poll(), [""; 0]);
    mary.send(&john, "news");
    let (before, ahead) = (public(&john), in_hours(AHEAD));
    let polled = john.at(&ahead, &["--format", "json", "poll"], "").expect(0);
    assert_eq!(texts(&polled.stdout), ["news"]);
    let told = "the clock is ahead by 400 days, as hosts have it: nothing is signed";
    assert_eq!(polled.stderr.matches(told).count(), 1, "{}", polled.stderr);
    assert_eq!(john.at(&ahead, &["poll"], "").expect(0).stderr, "");
    assert!(public(&john) == before);
    assert!(john.ok(&["read"]).contains("read and old"));
    // Nor does the user, unless that is meant.
    let refused = john.at(&ahead, &["key", "rotate"], "").expect(1).stderr;
    assert!(refused.contains("cloudim key rotate --yes"), "{refused}");
    let extend = john.at(&ahead, &["key", "extend"], "").expect(1).stderr;
    assert!(extend.contains("cloudim key extend --yes"), "{extend}");
    let revoke = ["key", "revoke", "--reason", "retired"];
    john.at(&ahead, &revoke, "").expect(1);
    assert!(public(&john) == before);
    // As soon as the clock is right, all goes on.
    assert_eq!(john.run(&["poll"]).expect(0).stderr, "");
    assert!(public(&john) != before);
    mary.ok(&["poll"]);
    assert_eq!(mary.ok(&["status"]), "john\tall well\n");
}

#[test]
fn who_only_sends_asks_the_hosts_as_well_before_anything_is_for_good() {
    let (john, mary) = friends_with_clocks();
    let (before, ahead) = (public(&john), in_hours(AHEAD));
    let refused = john.at(&ahead, &["send", "mary", "-m", "too soon"], "").expect(1).stderr;
    let told = "the clock is ahead by 400 days, as hosts have it: nothing is signed";
    assert!(refused.contains(told), "{refused}");
    assert!(public(&john) == before);
    john.send(&mary, "in time");
    assert_eq!(mary.poll(), ["in time"]);
    assert_eq!(john.poll(), [""; 0]);
    assert_eq!(john.ok(&["status"]), "mary\tall well\n");
    // Who is right against all hosts says so.
    john.at(&ahead, &["send", "mary", "-m", "so be it", "--yes"], "").expect(0);
}

#[test]
fn our_own_host_that_has_our_clock_says_nothing_for_it() {
    let (john, mary) = friends_with_clocks();
    let (bob, later) = (Peer::new("Bob", &[]), in_hours(24 * 31));
    befriend(&john, &bob);
    bob.host.says(&in_hours(0));
    john.host.says(&later);
    let before = chosen(&john, &later);
    let polled = john.at(&later, &["poll"], "").expect(0);
    assert!(polled.stderr.contains("the clock is ahead by"), "{}", polled.stderr);
    assert_eq!(chosen(&john, &later), before);
    // Nor does it alone make a clock right.
    drop((mary, bob));
    john.at(&later, &["key", "rotate", "--yes"], "").expect(0);
    john.host.says(&in_hours(0));
    assert!(john.fails(&["key", "rotate"], 1).contains("cloudim key rotate --yes"));
}

#[test]
fn a_host_that_was_away_by_a_clock_ahead_counts_from_today() {
    let (john, mary) = friends();
    mary.host.set(Behaviour::Down);
    let away = "cannot fetch the feed of `mary`";
    john.at(&in_hours(AHEAD), &["poll"], "").expect(3);
    let polled = john.run(&["poll"]).expect(3).stderr;
    assert!(polled.starts_with(&format!("warning: {away}")), "{polled}");
    let today = in_hours(0)[..10].to_owned();
    assert!(john.ok(&["status"]).contains(&today), "{}", john.ok(&["status"]));
    let polled = john.at(&in_hours(25), &["poll"], "").expect(3).stderr;
    assert!(polled.starts_with(&format!("error: {away}")), "{polled}");
}

#[test]
fn a_log_that_was_begun_in_the_future_is_named_and_goes_on_in_one_of_today() {
    let (john, mary) = apart();
    john.send(&mary, "one");
    let saved = backup(&john);
    john.send(&mary, "two");
    assert_eq!(mary.poll(), ["one", "two"]);
    restore(&john, &saved);
    // Nobody contradicts, and so the restored home begins a log by a clock that is ahead.
    john.at(&in_hours(AHEAD), &["send", "mary", "-m", "from the future"], "").expect(0);
    assert!(mary.fails(&["poll"], 4).contains("signed in the future"));
    let sent = john.run(&["send", "mary", "-m", "of today", "--yes"]).expect(0);
    assert!(sent.stderr.contains("cloudim check mary --repair"), "{}", sent.stderr);
    let polled = mary.run(&["--format", "json", "poll"]).expect(4);
    assert_eq!(texts(&polled.stdout), [""; 0]);
    assert!(polled.stderr.contains("its log is of the future"), "{}", polled.stderr);
    let told = john.run(&["check", "mary"]).expect(1).stdout;
    assert!(told.contains("ahead of the clock: nobody reads it"), "{told}");
    let asked = john.run_unattended(&["check", "mary", "--repair"]).stdout;
    assert!(asked.contains("ahead of the clock: nobody reads it"), "{asked}");
    let done = john.run(&["check", "mary", "--repair", "--yes"]).stdout;
    assert!(done.contains("goes on in a log of today"), "{done}");
    let polled = mary.run(&["--format", "json", "poll"]);
    assert_eq!(texts(&polled.stdout), ["from the future", "of today"], "{}", polled.stderr);
    john.ok(&["poll"]);
    assert_eq!(john.ok(&["status"]), "mary\tall well\n");
    let history = john.ok(&["read", "mary"]);
    assert_eq!(history.matches("from the future").count(), 1, "{history}");
    john.send(&mary, "and on");
    assert_eq!(mary.poll(), ["and on"]);
    assert_eq!(mary.ok(&["status"]), "john\tall well\n");
}

#[test]
fn one_host_alone_holds_nothing_back() {
    let (john, mary) = friends();
    mary.host.says(&in_hours(0));
    let (now, later) = (in_hours(0), in_hours(24 * 31));
    let before = chosen(&john, &now);
    assert_eq!(john.at(&later, &["poll"], "").expect(0).stderr, "");
    assert_ne!(chosen(&john, &later), before);
}

#[test]
fn a_key_that_was_rotated_in_the_future_is_of_use_again_by_the_command_that_is_named() {
    for (rotates, dates) in [(&["key", "rotate"][..], true), (&["key", "rotate", "--yes"], false)] {
        let (john, mary, eve) = {
            let (john, mary) = friends();
            (john, mary, Peer::new("Eve", &[]))
        };
        // Nobody contradicts.
        john.at(&in_hours(AHEAD), &["poll"], "").expect(0);
        let invite = ["handshake", "invite", &john.address(), "--output", "-"];
        eve.fails(&invite, 4);
        mary.send(&john, "to the subkey that she knows");
        let polled = john.run(&["--format", "json", "poll"]).expect(0);
        assert_eq!(texts(&polled.stdout), ["to the subkey that she knows"]);
        assert!(
            polled.stderr.contains("if it is right: cloudim key rotate\n"),
            "{}",
            polled.stderr
        );
        assert_eq!(john.run(&["poll"]).expect(0).stderr, "", "once");
        assert!(john.ok(&[]).contains("if it is right: cloudim key rotate\n"));
        if dates {
            mary.host.says(&in_hours(0));
        } else {
            assert!(john.fails(&["key", "rotate"], 1).contains("cloudim key rotate --yes"));
        }
        john.ok(rotates);
        eve.ok(&invite);
        assert!(!john.ok(&[]).contains("rotate"));
        for (from, to) in [(&john, &mary), (&mary, &john), (&john, &mary)] {
            from.run(&["send", &to.name, "-m", "well", "--yes"]).expect(0);
            assert_eq!(to.poll(), ["well"]);
        }
    }
}

#[test]
fn what_was_signed_in_the_future_is_signed_again_when_hosts_say_that_the_clock_is_right() {
    let (john, mary) = friends();
    let sent = john.at(&in_hours(AHEAD), &["send", "mary", "-m", "from the future"], "").expect(0);
    assert_eq!(sent.stderr.matches("warning").count(), 0);
    assert!(mary.fails(&["poll"], 4).contains("signed in the future"));
    let refused = john.fails(&["send", "mary", "-m", "again"], 1);
    assert!(refused.contains("send --yes"), "{refused}");
    mary.send(&john, "hello");
    // Nobody says that the clock is right: what comes is read, and the answer waits.
    let polled = john.run(&["--format", "json", "poll"]).expect(0);
    assert_eq!(texts(&polled.stdout), ["hello"]);
    assert!(polled.stderr.contains("send --yes"), "{}", polled.stderr);
    mary.host.says(&in_hours(0));
    mary.send(&john, "hello again");
    assert_eq!(john.poll(), ["hello again"]);
    assert_eq!(mary.poll(), ["from the future"]);
    john.send(&mary, "from today");
    assert_eq!(mary.poll(), ["from today"]);
}

#[test]
fn a_key_that_is_dated_up_to_a_day_ahead_is_imported_and_works_at_once() {
    let (eve, john, mary) =
        (Peer::without_identity("Eve"), Peer::without_identity("John"), Peer::mary());
    let (ahead, url) = (in_hours(20), eve.host.url());
    let keygen = ["keygen", "--name", "John", "--base-url", &url, "--no-passphrase"];
    eve.at(&ahead, &keygen, "").expect(0);
    let file = john.file("key.asc");
    let file = file.to_str().unwrap();
    eve.ok(&["key", "export", "--secret", "--no-passphrase", "--output", file]);
    let url = john.host.url();
    john.ok(&["keygen", "--import", file, "--base-url", &url, "--no-passphrase"]);
    befriend(&john, &mary);
    mary.send(&john, "so soon?");
    assert_eq!(john.poll(), ["so soon?"]);
    john.ok(&["key", "rotate"]);
    john.send(&mary, "yes");
    assert_eq!(mary.poll(), ["yes"]);
    mary.send(&john, "fine");
    assert_eq!(john.poll(), ["fine"]);
}
