//! Either side ends at any moment, by a signal or by force, and comes again.

use std::thread;
use std::time::Duration;

use super::two_who_listen;
use crate::common::ending;
use crate::common::host::{RARELY, until};

/// Finds what no notification told of, since who should have told it was killed.
const SOON: &str = "--poll-every=1s";

#[test]
fn whoever_is_killed_at_any_moment_loses_nothing() {
    let ((john, mut at_john), (mary, mut at_mary)) = two_who_listen(&[SOON, "--print"]);
    let mut heard = Vec::new();
    for round in 0..12_u64 {
        john.peer.ok(&["send", "mary", "-m", &format!("message {round:02}")]);
        thread::sleep(Duration::from_millis(3 * round));
        if round % 2 == 0 {
            let (status, printed) = at_mary.end_and_tell("-KILL");
            assert_eq!(status, None);
            heard.extend(printed);
            at_mary = mary.listen(&[SOON, "--print"]);
        } else {
            assert_eq!(at_john.end("-KILL"), None);
            at_john = john.listen(&[SOON, "--print"]);
        }
    }
    until("all is acknowledged", || john.peer.ok(&["status"]) == "mary\tall well\n");
    until("all is printed", || mary.peer.ok(&["status"]) == "john\tall well\n");
    let (status, printed) = at_mary.end_and_tell("-TERM");
    assert_eq!(status, Some(0));
    heard.extend(printed);
    let stored: Vec<_> = mary.peer.ok(&["read", "john"]).lines().map(str::to_owned).collect();
    assert_eq!(stored.len(), 12, "{stored:?}");
    for (round, line) in stored.iter().enumerate() {
        assert!(line.ends_with(&format!("  john  message {round:02}")), "{stored:?}");
        assert!(heard.contains(line), "{line} was not printed: {heard:?}");
    }
}

#[test]
fn whoever_is_asked_to_end_leaves_nothing_half_done() {
    let ((john, at_john), (mary, mut at_mary)) = two_who_listen(&[RARELY, "--print"]);
    let mut heard = Vec::new();
    for round in 0..10_u64 {
        john.peer.ok(&["send", "mary", "-m", &format!("message {round}")]);
        thread::sleep(Duration::from_millis(4 * round));
        let (status, printed) = at_mary.end_and_tell("-TERM");
        assert_eq!(status, Some(0));
        heard.extend(printed);
        at_mary = mary.listen(&[RARELY, "--print"]);
    }
    until("all is acknowledged", || john.peer.ok(&["status"]) == "mary\tall well\n");
    until("all is printed", || mary.peer.ok(&["status"]) == "john\tall well\n");
    heard.extend(at_mary.end_and_tell("-TERM").1);
    assert_eq!(heard.len(), 10, "each exactly once: {heard:?}");
    for (round, line) in heard.iter().enumerate() {
        assert!(line.ends_with(&format!("  john  message {round}")), "{heard:?}");
    }
    assert_eq!(at_john.end("-TERM"), Some(0));
}

#[test]
fn a_registration_outlives_both_sides() {
    let ((john, at_john), (mary, at_mary)) = two_who_listen(&[RARELY]);
    let lease = mary.lease("john");
    assert_eq!((at_john.end("-KILL"), at_mary.end("-KILL")), (None, None));
    let (_at_john, at_mary) = (john.listen(&[RARELY]), mary.listen(&[RARELY, "--print"]));
    until("they are there", || john.request("GET / HTTP/1.1").starts_with("HTTP/1.1 200"));
    until("they are there", || mary.request("GET / HTTP/1.1").starts_with("HTTP/1.1 200"));
    john.peer.ok(&["send", "mary", "-m", "still told"]);
    at_mary.prints("  john  still told");
    assert_eq!(mary.lease("john"), lease, "nobody had to register again");
}

#[test]
fn a_hook_under_way_is_waited_for_so_that_its_message_comes_once() {
    let ((john, _at_john), (mary, at_mary)) = two_who_listen(&[RARELY]);
    assert_eq!(at_mary.end("-TERM"), Some(0));
    let (begun, taken) = (mary.peer.file("begun"), mary.peer.file("taken"));
    let hook = format!("echo >> '{}'; sleep 1; cat >> '{}'", begun.display(), taken.display());
    let at_mary = mary.listen(&[RARELY, "--exec", &hook]);
    john.peer.ok(&["send", "mary", "-m", "once"]);
    until("the hook runs", || begun.exists());
    assert_eq!(at_mary.end("-TERM"), Some(0));
    assert_eq!(std::fs::read_to_string(&taken).unwrap(), "once", "it was waited for");
    let at_mary = mary.listen(&[RARELY, "--exec", &hook]);
    john.peer.ok(&["send", "mary", "-m", ", twice"]);
    until("the next is taken", || std::fs::read_to_string(&taken).unwrap() == "once, twice");
    assert_eq!(at_mary.end("-TERM"), Some(0));
}

#[test]
fn whoever_is_asked_twice_waits_for_no_hook() {
    let ((john, _at_john), (mary, at_mary)) = two_who_listen(&[RARELY]);
    assert_eq!(at_mary.end("-TERM"), Some(0));
    let begun = mary.peer.file("begun");
    let shown = begun.display();
    let hook = format!("echo >> '{shown}'; while [ -e '{shown}' ]; do sleep 0.1; done");
    let mut at_mary = mary.listen(&[RARELY, "--exec", &hook]);
    john.peer.ok(&["send", "mary", "-m", "again"]);
    until("the hook runs", || begun.exists());
    at_mary.signal("-TERM");
    thread::sleep(Duration::from_millis(300));
    assert_eq!(at_mary.child.try_wait().unwrap(), None, "it waits for the hook");
    at_mary.signal("-TERM");
    assert_eq!(ending::ended(&mut at_mary.child).code(), Some(0));
    std::fs::remove_file(begun).unwrap();
    assert_eq!(mary.peer.poll(), ["again"], "what no hook has taken comes again");
}
