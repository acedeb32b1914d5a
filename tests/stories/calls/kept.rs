//! `fetch_invitations = false`: no stranger says which hosts are visited, and when.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use super::story::{agreed, call, call_of, invited};
use crate::common::host::{Host, Listening, RARELY, until};
use crate::common::peer::Peer;
use crate::handshake::story::{contacts, one_conversation, waiting};

fn careful(name: &str) -> (Host, Listening) {
    let host = Host::new(name);
    host.peer.set("fetch_invitations", "false");
    let listening = host.listen(&[RARELY]);
    (host, listening)
}

/// The calls that wait on disk.
fn kept(peer: &Peer) -> Vec<String> {
    let text = fs::read_to_string(peer.home().join("invitations/calls.jsonl"));
    let text = text.unwrap_or_default();
    text.lines().filter(|line| line.contains("\"caller\"")).map(str::to_owned).collect()
}

#[test]
fn a_call_waits_until_the_user_looks() {
    let (john, (mary, at_mary)) = (Peer::john(), careful("Mary"));
    let before = john.host.requests();
    john.ok(&["handshake", "invite", &mary.url]);
    john.ok(&["handshake", "invite", &mary.url]);
    until("the call is kept", || kept(&mary.peer).len() == 1);
    let mode = fs::metadata(mary.peer.home().join("invitations/calls.jsonl")).unwrap();
    assert_eq!(mode.permissions().mode() & 0o777, 0o600);
    assert_eq!(at_mary.end("-KILL"), None);
    assert_eq!(john.host.requests(), before, "nothing was fetched");
    let overview = mary.peer.ok(&[]);
    assert!(overview.starts_with("1 call by strangers: cloudim handshake list\n"), "{overview}");
    assert_eq!(waiting(&mary.peer)[0]["name"], "john");
    assert!(kept(&mary.peer).is_empty());
    let _at_mary = mary.listen(&[RARELY]);
    mary.peer.ok(&["handshake", "accept", "john"]);
    john.ok(&["poll"]);
    one_conversation(&john, &mary.peer);
}

#[test]
fn what_is_expected_is_followed_at_once() {
    let ((john, _at_john), mary) = (careful("John"), Peer::mary());
    let file = john.peer.ok(&["handshake", "invite", "--output", "-"]);
    let addressed = john.peer.ok(&["handshake", "invite", &mary.address(), "--output", "-"]);
    let ann = Peer::new("Ann", &[]);
    ann.feed(&["handshake", "accept", "-i", "-"], file).expect(0);
    invited(&john.peer, "ann");
    mary.feed(&["handshake", "accept", "-i", "-"], addressed).expect(0);
    agreed(&john.peer, 1);
}

#[test]
fn no_host_is_visited_more_often_however_often_the_user_looks() {
    let (john, (mary, at_mary)) = (Peer::john(), careful("Mary"));
    let url = john.address();
    let other = Peer::new("Other", &[]).address();
    for number in 0..6 {
        let feed = ("feed", format!("{url}f/{number}.rss"));
        call(&mary, &[feed, ("key", format!("{url}key.asc"))]);
    }
    call(&mary, &[("feed", format!("{other}f/x.rss")), ("key", format!("{other}key.asc"))]);
    until("the calls are kept", || kept(&mary.peer).len() == 7);
    assert_eq!(at_mary.end("-TERM"), Some(0));
    for _ in 0..3 {
        let ran = mary.peer.run(&["handshake", "list"]).expect(0);
        assert!(ran.stderr.contains("more calls wait"), "{}", ran.stderr);
    }
    // Both stand on the same host.
    assert_eq!(john.host.requests(), 3);
    assert_eq!(kept(&mary.peer).len(), 4);
    assert!(contacts(&mary.peer).is_empty());
}

#[test]
fn a_hundred_wait_and_nobody_pushes_the_others_out() {
    let (john, (mary, at_mary)) = (Peer::john(), careful("Mary"));
    mary.peer.set("trusted_proxies", "[\"127.0.0.0/8\"]");
    drop(at_mary);
    let at_mary = mary.listen(&[RARELY]);
    john.ok(&["handshake", "invite", &mary.url]);
    until("the call is kept", || kept(&mary.peer).len() == 1);
    for number in 0..400 {
        let form = format!("feed=http://127.0.0.9:1/{number}&key=http://127.0.0.9:1/key.asc");
        let from = format!("X-Forwarded-For: 198.51.100.{}", number % 5);
        mary.request(&format!(
            "POST /pleaseFollow HTTP/1.1\r\n{from}\r\nContent-Length: {}\r\n\r\n{form}",
            form.len()
        ));
    }
    until("they are kept", || kept(&mary.peer).len() == 100);
    assert_eq!(at_mary.end("-TERM"), Some(0));
    assert!(kept(&mary.peer).iter().any(|line| line.contains(&john.address())));
}

#[test]
fn a_locked_key_costs_neither_the_list_nor_the_calls() {
    let (john, ann, mary) = (Peer::john(), Peer::new("Ann", &[]), Peer::without_identity("Mary"));
    let passphrase = mary.file("passphrase");
    fs::write(&passphrase, "secret\n").unwrap();
    let unlocked = ["--passphrase-file", passphrase.to_str().unwrap()];
    let url = mary.address();
    mary.ok(&[&unlocked, &["keygen", "--name", "Mary", "--base-url", &url][..]].concat());
    let file = ann.ok(&["handshake", "invite", &url, "--output", "-"]);
    mary.feed(&[&unlocked, &["handshake", "receive"][..]].concat(), file).expect(0);
    john.ok(&["handshake", "invite", &url, "--output", "-"]);
    let [feed, key] = call_of(&john, &john.address()).map(|(_, value)| value);
    let line = format!("{{\"caller\":\"192.0.2.1\",\"feed\":\"{feed}\",\"key\":\"{key}\"}}\n");
    fs::write(mary.home().join("invitations/calls.jsonl"), line).unwrap();

    let ran = mary.run(&["handshake", "list"]).expect(1);
    assert!(ran.stdout.contains("  received  ann  "), "{}", ran.stdout);
    assert!(ran.stderr.contains("hint:"), "{}", ran.stderr);
    assert_eq!(kept(&mary).len(), 1);
    let shown = mary.ok(&[&unlocked, &["handshake", "list"][..]].concat());
    assert!(shown.contains("  received  ann  ") && shown.contains("  received  john  "), "{shown}");
    assert!(kept(&mary).is_empty());
}
