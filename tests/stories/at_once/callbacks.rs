//! What comes to a callback that is no notification by the cloud.

use super::two_who_listen;
use crate::common::host::{Host, RARELY};

fn callback(mary: &Host) -> String {
    let lease = mary.lease("john");
    let callback = lease.lines().find_map(|line| line.strip_prefix("callback = ")).unwrap();
    callback.trim_matches('"').trim_start_matches(mary.url.trim_end_matches('/')).to_owned()
}

#[test]
fn a_challenge_is_answered_for_the_feed_of_that_contact_alone() {
    let ((john, _at_john), (mary, _at_mary)) = two_who_listen(&[RARELY]);
    let path = callback(&mary);
    let name = john.peer.pair_feed().file_name().unwrap().to_str().unwrap().to_owned();
    let feed = format!("{}f/{name}", john.url);
    let good = mary.request(&format!("GET {path}?url={feed}&challenge=abc123 HTTP/1.1"));
    assert!(good.starts_with("HTTP/1.1 200 ") && good.ends_with("\r\n\r\nabc123"), "{good}");
    assert!(good.contains("content-type: text/plain"), "{good}");
    let long = "x".repeat(600);
    for other in [
        format!("GET {path}?url={feed}x&challenge=abc123"),
        format!("GET {path}?challenge=abc123"),
        format!("GET {path}?url={feed}"),
        format!("GET {path}?url={feed}&challenge={long}"),
        format!("GET {path}x?url={feed}&challenge=abc123"),
        format!("GET /notify/?url={feed}&challenge=abc123"),
    ] {
        let refused = mary.request(&format!("{other} HTTP/1.1"));
        assert!(refused.starts_with("HTTP/1.1 404 "), "{other}: {refused}");
        assert!(!refused.contains("abc123"), "{refused}");
    }
    let unknown = mary.post(&path, "url=https%3A%2F%2Fa.example%2Ff");
    assert!(unknown.starts_with("HTTP/1.1 404 "), "{unknown}");
    let put = mary.request(&format!("PUT {path} HTTP/1.1\r\nContent-Length: 0"));
    assert!(put.starts_with("HTTP/1.1 405 "), "{put}");
}

#[test]
fn a_blocked_contact_is_listened_to_no_more() {
    let ((john, _at_john), (mary, at_mary)) = two_who_listen(&[RARELY, "--print"]);
    mary.peer.ok(&["contact", "block", "john"]);
    john.peer.ok(&["send", "mary", "-m", "unheard"]);
    assert_eq!(at_mary.end("-TERM"), Some(0));
    assert_eq!(mary.peer.ok(&["read", "john"]), "");
    let _at_mary = mary.listen(&[RARELY]);
    let path = callback(&mary);
    let name = john.peer.pair_feed().file_name().unwrap().to_str().unwrap().to_owned();
    let refused = mary.post(&path, &format!("url={}f/{name}", john.url));
    assert!(refused.starts_with("HTTP/1.1 404 "), "{refused}");
}

#[test]
fn a_contact_that_was_renamed_is_told_of_under_the_new_name() {
    let ((john, _at_john), (mary, at_mary)) = two_who_listen(&[RARELY, "--print"]);
    john.peer.ok(&["send", "mary", "-m", "before"]);
    at_mary.prints("  john  before");
    mary.peer.ok(&["contact", "rename", "john", "Jack"]);
    john.peer.ok(&["send", "mary", "-m", "after"]);
    at_mary.prints("  Jack  after");
}
