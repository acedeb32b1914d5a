//! A host that answers, and sends something else than the feed: that is the host's trouble. It is
//! quiet until it has lasted, is told once a day from then on, and loses nothing.

use std::fs;

use crate::common::peer::{Peer, befriend, friends, in_hours, texts};
use crate::common::static_host::Behaviour;

const HTML: (&str, &str) = ("Content-Type", "text/html; charset=utf-8");
const RSS: (&str, &str) = ("Content-Type", "application/rss+xml");
const LOGIN: &[u8] = b"<html><head><title>Log in to the hotel</title></head><body></body></html>";
const BLOG: &[u8] =
    b"<rss version=\"2.0\"><channel><title>Parked</title><link>https://a.example/</link>\
    <description>For sale</description><item><title>Buy</title></item></channel></rss>";

/// What hosts send instead of the feed of `peer`, and what is seen of that.
fn instead(peer: &Peer) -> Vec<(Behaviour, &'static str)> {
    let feed = fs::read(peer.pair_feed()).unwrap();
    let half = feed[..feed.len() / 2].to_vec();
    let coded = ("Content-Encoding", "br");
    vec![
        (Behaviour::Says(HTML, LOGIN.to_vec()), "the root element is `html` (text/html, 73 bytes)"),
        (Behaviour::Says(HTML, b"<!doctype html><p>For sale".to_vec()), "not XML"),
        (Behaviour::Says(RSS, BLOG.to_vec()), "neither a key in it nor anything"),
        (Behaviour::Says(RSS, Vec::new()), "(application/rss+xml, 0 bytes)"),
        (Behaviour::Says(RSS, half), "not XML"),
        (Behaviour::Says(coded, feed), "content coding `br`"),
        (Behaviour::Endless, "more than 5242880 bytes"),
        (Behaviour::Redirect("/again".to_owned()), "its redirects lead round in a circle"),
        (Behaviour::Redirect("http://10.0.0.1/login".to_owned()), "10.0.0.1 is not public"),
        (Behaviour::Status(403), "status 403"),
    ]
}

#[test]
fn what_is_no_feed_is_out_of_reach_whatever_it_is() {
    let (john, mary) = friends();
    john.send(&mary, "before");
    assert_eq!(mary.poll(), ["before"]);
    for (behaviour, seen) in instead(&john) {
        john.host.set(behaviour);
        let ran = mary.run(&["poll"]).expect(3);
        assert!(ran.stderr.starts_with("warning: cannot "), "{}", ran.stderr);
        assert!(ran.stderr.contains(seen), "{seen}: {}", ran.stderr);
        let status = mary.ok(&["status", "john"]);
        assert!(status.starts_with("john\tout of reach since 20"), "{status}");
        assert!(status.contains(seen), "{status}");
        let bare = mary.ok(&[]);
        assert!(bare.contains("`john` is out of reach"), "{bare}");
        let fetched = mary.run(&["fetch", "john"]);
        assert_eq!(fetched.stdout, "", "{seen}");
        assert!(fetched.stderr.starts_with("error: cannot ") && fetched.status == 3, "{seen}");
        john.host.set(Behaviour::Normal);
        assert_eq!(mary.poll(), [""; 0]);
        assert!(!mary.ok(&["status", "john"]).contains("out of reach"), "{seen}");
    }
    john.send(&mary, "after");
    assert_eq!(mary.poll(), ["after"]);
}

#[test]
fn a_quiet_poll_says_nothing_until_it_has_lasted_and_then_once_a_day() {
    let (john, mary) = friends();
    for (behaviour, seen) in instead(&john) {
        john.host.set(behaviour);
        let quiet = |hours: i64| mary.at(&in_hours(hours), &["--quiet", "poll"], "");
        for (hours, told) in [(0, 0), (1, 0), (23, 0), (25, 1), (26, 0), (48, 0), (50, 1), (51, 0)]
        {
            let ran = quiet(hours).expect(3);
            assert_eq!(ran.stdout, "");
            assert_eq!(ran.stderr.lines().filter(|line| line.contains("error: ")).count(), told);
            assert_eq!(ran.stderr.contains(seen), told == 1, "{hours} {}", ran.stderr);
            assert_eq!(ran.stderr.is_empty(), told == 0, "{hours} {}", ran.stderr);
        }
        john.host.set(Behaviour::Normal);
        mary.at(&in_hours(52), &["--quiet", "poll"], "").expect(0);
    }
    john.send(&mary, "after");
    assert_eq!(mary.poll(), ["after"]);
}

#[test]
fn one_host_of_several_that_sends_no_feed_is_no_failure_before_it_has_lasted() {
    let (john, mary) = friends();
    let anna = Peer::new("Anna", &[]);
    befriend(&anna, &mary);
    john.host.set(Behaviour::Says(HTML, LOGIN.to_vec()));
    anna.send(&mary, "I am here");
    let ran = mary.run(&["--quiet", "--format", "json", "poll"]).expect(0);
    assert_eq!((texts(&ran.stdout), ran.stderr.as_str()), (vec!["I am here".to_owned()], ""));
    let poll = |hours: i64| {
        for peer in [&john, &mary, &anna] {
            peer.host.says(&in_hours(hours));
        }
        let ran = mary.at(&in_hours(hours), &["--quiet", "poll"], "");
        (ran.status, ran.stderr.lines().filter(|line| !line.starts_with("hint: ")).count())
    };
    assert_eq!([1, 23, 26, 27, 49, 51].map(poll), [(0, 0), (0, 0), (3, 1), (0, 0), (0, 0), (3, 1)]);
}

#[test]
fn a_host_that_goes_on_sending_no_feed_is_asked_less_often_but_at_once_for_who_wants_to_know() {
    let (john, mary) = friends();
    john.send(&mary, "waiting");
    john.host.set(Behaviour::Says(HTML, LOGIN.to_vec()));
    let before = john.host.requests();
    for _ in 0..12 {
        mary.run(&["--quiet", "poll"]).expect(3);
    }
    assert_eq!(john.host.requests() - before, 6);
    let said = mary.fails(&["poll"], 3);
    assert!(said.contains("the feed of `john` is asked for after 20"), "{said}");
    assert!(said.contains("hint: at once: cloudim poll john"), "{said}");
    john.host.set(Behaviour::Normal);
    assert_eq!(texts(&mary.ok(&["--format", "json", "poll", "john"])), ["waiting"]);
    assert_eq!(mary.poll(), [""; 0], "and in turn again");
}

#[test]
fn a_key_that_is_not_to_be_had_is_looked_for_again_although_the_feed_is_unchanged() {
    let (john, mary) = friends();
    mary.poll();
    john.ok(&["key", "rotate"]);
    let key = john.home().join("public/key.asc");
    let honest = fs::read(&key).unwrap();
    fs::write(&key, LOGIN).unwrap();
    let quiet = |hours: i64| mary.at(&in_hours(hours), &["--quiet", "poll"], "");
    let keys = |from: usize| {
        let log = john.host.log();
        log[from..].iter().filter(|(_, path, _)| path == "/key.asc").count()
    };
    for hours in [0, 1, 8] {
        let from = john.host.requests();
        assert_eq!(quiet(hours).expect(0).stderr, "");
        assert_eq!(quiet(hours).expect(0).stderr, "");
        assert_eq!(keys(from), 1, "once, and again after a pause");
    }
    let status = mary.ok(&["status", "john"]);
    assert!(status.contains("its key out of reach since 20"), "{status}");
    assert!(status.contains("key.asc is not the file that was announced"), "{status}");
    let told = quiet(25).expect(3).stderr;
    assert!(
        told.starts_with("error: the certificate of `john` could not be refreshed: "),
        "{told}"
    );
    assert_eq!(quiet(40).expect(0).stderr, "");
    fs::write(&key, honest).unwrap();
    assert_eq!(quiet(48).expect(0).stderr, "");
    assert!(!mary.ok(&["status", "john"]).contains("its key"));
    let pinned = fs::read_to_string(mary.home().join("contacts/john/certificate.asc")).unwrap();
    assert_eq!(pinned.trim_end(), fs::read_to_string(&key).unwrap().trim_end());
}
