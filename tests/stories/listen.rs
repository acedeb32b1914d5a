//! `listen`: the program itself serves the feeds, and takes what comes.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::process::{Command, Stdio};

use crate::common::host::{Host, OFTEN, RARELY, until};
use crate::common::peer::Peer;

fn agree(john: &Host, mary: &Host) {
    let invitation = john.peer.ok(&["handshake", "invite", &mary.url, "--output", "-"]);
    mary.peer.feed(&["handshake", "accept", "--input", "-"], invitation).expect(0);
    until("the answer is found", || john.peer.ok(&["contact", "list"]).starts_with("mary\t"));
}

#[test]
fn two_who_listen_talk_and_see_that_it_was_read() {
    let (john, mary) = (Host::new("John"), Host::new("Mary"));
    let (at_john, at_mary) = (john.listen(&[OFTEN, "--print"]), mary.listen(&[OFTEN, "--print"]));
    agree(&john, &mary);
    for round in ["one", "two"] {
        john.peer.ok(&["send", "mary", "-m", round]);
        at_mary.prints(&format!("  john  {round}"));
        mary.peer.ok(&["send", "john", "-m", round]);
        at_john.prints(&format!("  mary  {round}"));
    }
    until("all is acknowledged", || john.peer.ok(&["status"]) == "mary\tall well\n");
    assert_eq!(john.peer.poll(), [""; 0], "what was printed is delivered");
    assert_eq!(at_john.end("-TERM"), Some(0));
    assert_eq!(at_mary.end("-INT"), Some(0));
}

#[test]
fn what_came_while_nobody_listened_is_printed_after_a_restart_and_once() {
    let (john, mary) = (Host::new("John"), Host::new("Mary"));
    let (at_john, at_mary) = (john.listen(&[OFTEN, "--print"]), mary.listen(&[OFTEN]));
    agree(&john, &mary);
    assert_eq!(at_john.end("-KILL"), None);
    for text in ["one", "two", "three"] {
        mary.peer.ok(&["send", "john", "-m", text]);
    }
    let at_john = john.listen(&[OFTEN, "--print"]);
    for text in ["one", "two", "three"] {
        at_john.prints(text);
    }
    assert_eq!(at_john.end("-TERM"), Some(0));
    assert_eq!(at_mary.end("-TERM"), Some(0));
    assert_eq!(john.peer.ok(&["read", "mary"]).lines().count(), 3);
}

#[test]
fn a_hook_takes_what_comes() {
    let (john, mary) = (Host::new("John"), Host::new("Mary"));
    let taken = john.peer.file("taken");
    let hook = format!("cat >> '{}'", taken.display());
    let (_at_john, _at_mary) = (john.listen(&[OFTEN, "--exec", &hook]), mary.listen(&[OFTEN]));
    agree(&john, &mary);
    mary.peer.ok(&["send", "john", "-m", "to the hook"]);
    until("the hook ran", || std::fs::read_to_string(&taken).is_ok_and(|t| t == "to the hook"));
}

#[test]
fn who_listens_trims_what_the_hook_took() {
    let (john, mary) = (Host::new("John"), Host::new("Mary"));
    john.peer.set("history", "\"1s\"");
    let taken = john.peer.file("taken");
    let hook = format!("cat >> '{}'", taken.display());
    let (_at_john, _at_mary) = (john.listen(&[OFTEN, "--exec", &hook]), mary.listen(&[OFTEN]));
    agree(&john, &mary);
    mary.peer.ok(&["send", "john", "-m", "to the hook"]);
    let messages = john.peer.home().join("contacts/mary/messages.jsonl");
    let lines = || std::fs::read_to_string(&messages).unwrap_or_default();
    until("the text is gone", || lines().contains("\"trimmed\":true"));
    assert!(!lines().contains("to the hook"));
    assert_eq!(std::fs::read_to_string(&taken).unwrap(), "to the hook");
}

#[test]
fn a_second_one_says_that_the_first_is_there() {
    let john = Host::new("John");
    let first = john.listen(&[OFTEN]);
    let refused = john.peer.run(&["listen"]).expect(75);
    assert!(refused.stderr.contains("another cloudim listens for this home already"));
    assert!(refused.stderr.contains("hint: `send` and `poll` work beside it"));
    assert_eq!(first.end("-TERM"), Some(0));
    let again = john.listen(&[OFTEN]);
    assert_eq!(again.end("-TERM"), Some(0));
}

#[test]
fn an_address_that_is_taken_is_named() {
    let john = Host::new("John");
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let refused = john.peer.run(&["listen", "--bind", &address]).expect(1);
    assert!(refused.stderr.contains(&format!("cannot listen on {address}")), "{}", refused.stderr);
}

#[test]
fn public_is_served_and_nothing_else() {
    let john = Host::new("John");
    let _listening = john.listen(&[OFTEN]);
    let card = john.request("GET /card.rss HTTP/1.1");
    assert!(card.starts_with("HTTP/1.1 200 OK\r\n"), "{card}");
    assert!(card.contains("content-type: application/rss+xml"), "{card}");
    let etag = card.lines().find_map(|line| line.strip_prefix("etag: ")).unwrap();
    let again = john.request(&format!("GET /card.rss HTTP/1.1\r\nIf-None-Match: {etag}"));
    assert!(again.starts_with("HTTP/1.1 304 Not Modified\r\n"), "{again}");
    let head = john.request("HEAD /card.rss HTTP/1.1");
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n") && head.ends_with("\r\n\r\n"), "{head}");
    for outside in
        ["/secret.asc", "/../secret.asc", "/%2e%2e/secret.asc", "/config.toml", "/f/x.rss"]
    {
        let refused = john.request(&format!("GET {outside} HTTP/1.1"));
        assert!(
            refused.starts_with("HTTP/1.1 404 ") || refused.starts_with("HTTP/1.1 400 "),
            "{refused}"
        );
        assert!(!refused.contains("PGP"), "{refused}");
    }
    let post = john.request("POST /card.rss HTTP/1.1\r\nContent-Length: 0");
    assert!(post.starts_with("HTTP/1.1 405 "), "{post}");
}

#[test]
fn an_invitation_comes_by_call_and_waits_for_the_answer() {
    let (john, mary) = (Peer::john(), Host::new("Mary"));
    let _at_mary = mary.listen(&[RARELY]);
    let invited = john.run(&["handshake", "invite", &mary.url, "--note", "it's John"]).expect(0);
    assert!(invited.stderr.contains("invited `mary`; cloudim poll tells"), "{}", invited.stderr);
    until("the call is followed", || mary.peer.ok(&["handshake", "list"]).contains("it's John"));
    john.ok(&["handshake", "invite", &mary.url]);
    mary.peer.ok(&["handshake", "accept", "john"]);
    john.ok(&["poll"]);
    john.send(&mary.peer, "dinner at eight?");
    assert_eq!(mary.peer.poll(), ["dinner at eight?"]);
    assert_eq!(mary.peer.ok(&["handshake", "list"]), "");
}

#[test]
fn an_acceptance_comes_by_call_so_that_nobody_need_poll() {
    let (john, mary) = (Host::new("John"), Host::new("Mary"));
    let (_at_john, _at_mary) = (john.listen(&[RARELY]), mary.listen(&[RARELY]));
    john.peer.ok(&["handshake", "invite", &mary.url]);
    until("the call is followed", || mary.peer.ok(&["handshake", "list"]).contains("john"));
    mary.peer.ok(&["handshake", "accept", "john"]);
    until("the answer is found", || john.peer.ok(&["contact", "list"]).starts_with("mary\t"));
}

#[test]
fn a_flood_of_calls_is_bounded_and_keeps_no_answer_out() {
    let (john, mary) = (Host::new("John"), Host::new("Mary"));
    let (_at_john, _at_mary) = (john.listen(&[RARELY]), mary.listen(&[RARELY]));
    john.peer.ok(&["handshake", "invite", &mary.url]);
    until("the call is followed", || mary.peer.ok(&["handshake", "list"]).contains("john"));
    for number in 0..300 {
        let form = format!("feed={}f/{number}.rss&key={}key.asc", mary.url, mary.url);
        let answer = john.post("/pleaseFollow", &form);
        assert!(
            answer.ends_with("<handshakeResult success=\"true\" msg=\"Thanks for the call.\"/>\n"),
            "{answer}"
        );
    }
    mary.peer.ok(&["handshake", "accept", "john"]);
    until("the answer is found", || john.peer.ok(&["contact", "list"]).starts_with("mary\t"));
    until("nothing of the flood was kept", || john.peer.ok(&["handshake", "list"]).is_empty());
}

#[test]
fn the_answer_to_a_call_tells_nothing_but_what_is_wrong_with_it() {
    let john = Host::new("John");
    let _listening = john.listen(&[RARELY]);
    let missing = john.post("/pleaseFollow", "feed=https%3A%2F%2Fa.example%2Ff");
    assert!(
        missing.contains("success=\"false\"") && missing.contains("`key` is missing"),
        "{missing}"
    );
    let get = john.request("GET /pleaseFollow HTTP/1.1");
    assert!(get.starts_with("HTTP/1.1 405 "), "{get}");
    let card = john.request("GET /card.rss HTTP/1.1");
    assert!(card.contains(&format!("url=\"{}pleaseFollow\"", john.url)), "{card}");
}

#[test]
fn a_proxy_that_is_no_network_is_named() {
    let john = Host::new("John");
    john.peer.set("trusted_proxies", "[\"my proxy\"]");
    let refused = john.peer.fails(&["listen"], 1);
    assert!(refused.contains("cannot use `my proxy` in trusted_proxies: "), "{refused}");
}

#[test]
fn as_many_files_may_be_open_as_the_system_allows() {
    let john = Host::new("John");
    let shell = format!("ulimit -Sn 64; exec '{}' listen", env!("CARGO_BIN_EXE_cloudim"));
    let mut command = Command::new("sh");
    command
        .args(["-c", &shell])
        .env("CLOUDIM_HOME", john.peer.home())
        .env("XDG_STATE_HOME", john.peer.file("state-home"))
        .stderr(Stdio::piped());
    let mut child = command.stdin(Stdio::null()).spawn().unwrap();
    let mut first = String::new();
    BufReader::new(child.stderr.take().unwrap()).read_line(&mut first).unwrap();
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", child.id())).unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    let files = limits.lines().find(|line| line.starts_with("Max open files")).unwrap();
    let numbers: Vec<&str> = files.split_whitespace().skip(3).take(2).collect();
    assert_eq!(numbers[0], numbers[1], "{files}");
}
