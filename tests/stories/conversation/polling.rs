//! What `poll` prints, how it ends, and what it asks of the hosts.

use crate::common::host::until;
use crate::common::peer::{Peer, befriend, friends, in_hours, texts};
use crate::common::static_host::Behaviour;

/// The texts that `poll` with `args` prints.
fn poll(peer: &Peer, args: &[&str]) -> Vec<String> {
    texts(&peer.ok(&[&["--format", "json", "poll"], args].concat()))
}

/// The statuses with which a host answered requests for a feed since `from`.
fn answers(peer: &Peer, from: usize) -> Vec<u16> {
    let log = peer.host.log();
    let feeds = log[from..].iter().filter(|(_, path, _)| path.starts_with("/f/"));
    feeds.map(|(_, _, status)| *status).collect()
}

#[test]
fn a_limit_leaves_the_rest_for_later() {
    let (john, mary) = friends();
    for text in ["1", "2", "3"] {
        john.send(&mary, text);
    }
    assert_eq!(poll(&mary, &["-n", "2"]), ["1", "2"]);
    assert!(mary.ok(&["--format", "json", "status"]).contains("\"undelivered\":1"));
    assert_eq!(poll(&mary, &["-n", "2"]), ["3"]);
    assert_eq!(poll(&mary, &["-n", "2"]), [""; 0]);
}

#[test]
fn a_glance_leaves_everything_new() {
    let (john, mary) = friends();
    john.send(&mary, "news");
    assert_eq!(poll(&mary, &["--peek"]), ["news"]);
    assert_eq!(poll(&mary, &["--peek"]), ["news"]);
    assert_eq!(poll(&mary, &[]), ["news"]);
    assert_eq!(poll(&mary, &["--peek"]), [""; 0]);
}

#[test]
fn nothing_new_is_status_0_and_6_if_so_wished() {
    let (john, mary) = friends();
    assert_eq!(mary.ok(&["poll"]), "");
    let ran = mary.run(&["poll", "--fail-empty"]).expect(6);
    assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), ("", ""));
    john.send(&mary, "news");
    assert!(mary.ok(&["poll", "--fail-empty"]).ends_with("  john  news\n"));
}

#[test]
fn poll_waits_until_there_is_something() {
    let (john, mary) = friends();
    let before = john.host.requests();
    let mut waiting = mary.command(&["poll", "--wait=60s"]);
    let waiting = waiting.stdout(std::process::Stdio::piped()).spawn().unwrap();
    until("it has looked, in vain", || john.host.requests() > before);
    john.send(&mary, "at last");
    let output = waiting.wait_with_output().unwrap();
    assert!(output.status.success());
    assert!(String::from_utf8_lossy(&output.stdout).ends_with("  john  at last\n"));
    mary.fails(&["poll", "--wait=1s", "--fail-empty"], 6);
}

#[test]
fn only_the_contacts_named_are_asked() {
    let (john, mary, anna) = (Peer::john(), Peer::mary(), Peer::new("Anna", &[]));
    befriend(&john, &mary);
    befriend(&anna, &mary);
    john.send(&mary, "by john");
    anna.send(&mary, "by anna");
    let asked = john.host.requests();
    assert_eq!(poll(&mary, &["anna"]), ["by anna"]);
    assert_eq!(john.host.requests(), asked);
    let said = mary.fails(&["poll", "jon"], 1);
    assert_eq!(said, "error: there is no contact `jon`\nhint: did you mean `john`?\n");
    assert_eq!(poll(&mary, &[]), ["by john"]);
}

#[test]
fn an_unchanged_feed_is_not_fetched_twice() {
    let (john, mary) = friends();
    john.send(&mary, "news");
    mary.poll();
    john.poll();
    mary.poll();
    let from = john.host.requests();
    mary.poll();
    mary.poll();
    assert_eq!(answers(&john, from), [304, 304]);
    john.send(&mary, "more");
    let from = john.host.requests();
    assert_eq!(mary.poll(), ["more"]);
    assert_eq!(answers(&john, from), [200]);
}

#[test]
fn nobody_hears_of_a_blocked_contact() {
    let (john, mary) = friends();
    mary.ok(&["contact", "block", "john"]);
    john.send(&mary, "hello?");
    let from = john.host.requests();
    assert_eq!(mary.poll(), [""; 0]);
    assert_eq!(john.host.requests(), from, "not even a request");
    let said = mary.fails(&["send", "john", "-m", "x"], 1);
    assert_eq!(said, "error: `john` is blocked\nhint: cloudim contact unblock john\n");
    assert_eq!(mary.ok(&["status"]), "john\tblocked\n");
    mary.ok(&["contact", "unblock", "john"]);
    assert_eq!(mary.poll(), ["hello?"]);
}

#[test]
fn a_host_that_is_down_counts_only_if_nobody_was_reached() {
    let (john, mary) = friends();
    john.host.set(Behaviour::Down);
    let ran = mary.run(&["poll"]).expect(3);
    assert!(ran.stderr.starts_with("warning: cannot fetch the feed of `john`: "), "{}", ran.stderr);
    let anna = Peer::new("Anna", &[]);
    befriend(&anna, &mary);
    anna.send(&mary, "I am here");
    let ran = mary.run(&["poll"]).expect(0);
    assert!(ran.stdout.ends_with("  anna  I am here\n"), "{}", ran.stdout);
    assert!(ran.stderr.starts_with("warning: cannot fetch the feed of `john`: "), "{}", ran.stderr);
    assert!(mary.ok(&["status", "john"]).starts_with("john\tout of reach since "));
}

#[test]
fn a_host_that_stays_down_is_reported_once_a_day() {
    let (john, mary) = friends();
    let anna = Peer::new("Anna", &[]);
    befriend(&anna, &mary);
    john.host.set(Behaviour::Status(503));
    let poll = |hours: i64| mary.at(&in_hours(hours), &["poll"], "").status;
    assert_eq!([0, 23, 25, 26, 48, 50, 51].map(poll), [0, 0, 3, 0, 0, 3, 0]);
    john.host.set(Behaviour::Normal);
    assert_eq!(poll(52), 0);
    assert_eq!(mary.ok(&["status", "john"]), "john\tall well\n");
    john.host.set(Behaviour::Down);
    assert_eq!([53, 76, 78].map(poll), [0, 0, 3]);
}
