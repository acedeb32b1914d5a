//! A message is there the moment it is sent: whoever listens is told by the cloud of the feed.

mod callbacks;
mod hosts;
mod many;
mod restarts;
mod wild;

use crate::common::host::{Host, Listening, OFTEN, RARELY, until};
use crate::common::peer::Peer;

/// Lets two who listen agree, by calls, and register with each other.
fn agree(john: &Host, mary: &Host) {
    john.peer.ok(&["handshake", "invite", &mary.url]);
    until("the call is followed", || mary.peer.ok(&["handshake", "list"]).contains("john"));
    mary.peer.ok(&["handshake", "accept", "john"]);
    until("the answer is found", || john.peer.ok(&["contact", "list"]).starts_with("mary\t"));
    john.registers_with("mary");
    mary.registers_with("john");
}

/// John and Mary, who have agreed and listen with `args`.
fn two_who_listen(args: &[&str]) -> ((Host, Listening), (Host, Listening)) {
    let (john, mary) = (Host::with_cloud("John"), Host::with_cloud("Mary"));
    let (at_john, at_mary) = (john.listen(args), mary.listen(args));
    agree(&john, &mary);
    ((john, at_john), (mary, at_mary))
}

#[test]
fn two_who_listen_hear_each_other_without_polling() {
    let ((john, at_john), (mary, at_mary)) = two_who_listen(&[RARELY, "--print"]);
    for round in 0..5 {
        john.peer.ok(&["send", "mary", "-m", &format!("question {round}")]);
        at_mary.prints(&format!("  john  question {round}"));
        mary.peer.ok(&["send", "john", "-m", &format!("answer {round}")]);
        at_john.prints(&format!("  mary  answer {round}"));
    }
    until("all is acknowledged", || john.peer.ok(&["status"]) == "mary\tall well\n");
    until("all is acknowledged", || mary.peer.ok(&["status"]) == "john\tall well\n");
    assert_eq!((at_john.end("-TERM"), at_mary.end("-INT")), (Some(0), Some(0)));
}

#[test]
fn a_base_url_may_have_a_path_whether_a_proxy_takes_it_off_or_not() {
    let (john, mary) = (Host::with_cloud_in("John", "~john/im/"), Host::with_cloud("Mary"));
    let (at_john, at_mary) = (john.listen(&[RARELY, "--print"]), mary.listen(&[RARELY, "--print"]));
    agree(&john, &mary);
    john.peer.ok(&["send", "mary", "-m", "question"]);
    at_mary.prints("  john  question");
    mary.peer.ok(&["send", "john", "-m", "answer"]);
    at_john.prints("  mary  answer");
    for path in ["/~john/im/card.rss", "/card.rss"] {
        let card = john.request(&format!("GET {path} HTTP/1.1"));
        assert!(card.starts_with("HTTP/1.1 200 "), "{path}: {card}");
    }
    let other = john.request("GET /~mary/card.rss HTTP/1.1");
    assert!(other.starts_with("HTTP/1.1 404 "), "{other}");
}

#[test]
fn one_who_listens_talks_with_one_who_has_a_static_host() {
    let (john, mary) = (Host::with_cloud("John"), Peer::mary());
    let at_john = john.listen(&[OFTEN, "--print"]);
    mary.ok(&["handshake", "invite", &john.url]);
    until("the call is followed", || john.peer.ok(&["handshake", "list"]).contains("mary"));
    john.peer.ok(&["handshake", "accept", "mary"]);
    mary.ok(&["poll"]);
    for round in 0..3 {
        mary.ok(&["send", "john", "-m", &format!("question {round}")]);
        at_john.prints(&format!("  mary  question {round}"));
        john.peer.ok(&["send", "mary", "-m", &format!("answer {round}")]);
        assert_eq!(mary.poll(), [format!("answer {round}")]);
    }
    until("all is acknowledged", || john.peer.ok(&["status"]).contains("mary\tall well\n"));
    assert_eq!(john.lease("mary"), "", "a static host has no cloud");
}

#[test]
fn a_listener_that_nobody_reads_any_more_ends() {
    let ((john, at_john), (mary, at_mary)) = two_who_listen(&[RARELY]);
    assert_eq!(at_mary.end("-TERM"), Some(0));
    let shell = format!("'{}' listen --print | head -n 1", env!("CARGO_BIN_EXE_cloudim"));
    let mut pipe = std::process::Command::new("sh");
    pipe.args(["-c", &shell])
        .env("CLOUDIM_HOME", mary.peer.home())
        .env("XDG_STATE_HOME", mary.peer.file("state-home"));
    let pipe = pipe.stdin(std::process::Stdio::null()).stdout(std::process::Stdio::piped());
    let pipe = pipe.stderr(std::process::Stdio::null()).spawn().unwrap();
    john.peer.ok(&["send", "mary", "-m", "one"]);
    until("the first is delivered", || mary.peer.ok(&["status"]).contains("all well"));
    john.peer.ok(&["send", "mary", "-m", "two"]);
    let output = pipe.wait_with_output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout).lines().count(), 1);
    // The shell has waited for both: another may listen now.
    assert_eq!(mary.listen(&[RARELY]).end("-TERM"), Some(0));
    assert_eq!(mary.peer.poll(), ["two"], "what nobody read is delivered later");
    assert_eq!(at_john.end("-TERM"), Some(0));
}
