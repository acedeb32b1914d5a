//! `listen`: the program itself serves the feeds, and takes what comes.

mod common;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use common::peer::Peer;

/// Longer than anything here takes on the slowest machine.
const PATIENCE: Duration = Duration::from_secs(60);
const OFTEN: &str = "--poll-every=100ms";
/// So that what happens is not found by polling.
const RARELY: &str = "--poll-every=1h";

/// Somebody whose host is the program's own.
struct Host {
    peer: Peer,
    url: String,
}

/// A running `listen`; it is ended when dropped.
struct Listening {
    child: Child,
    lines: Receiver<String>,
}

impl Host {
    fn new(name: &str) -> Self {
        let peer = Peer::without_identity(name);
        let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let url = format!("http://{free}/");
        peer.ok(&["keygen", "--name", name, "--base-url", &url, "--no-passphrase"]);
        peer.set("bind", &format!("\"{free}\""));
        Self { peer, url }
    }

    fn listen(&self, args: &[&str]) -> Listening {
        let mut command = self.peer.command(&[&["listen"], args].concat());
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut talk = BufReader::new(child.stderr.take().unwrap());
        let mut first = String::new();
        talk.read_line(&mut first).unwrap();
        assert_eq!(first, format!("listening on {}\n", self.url));
        let (sender, lines) = channel();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        thread::spawn(move || stdout.lines().try_for_each(|line| sender.send(line.unwrap())));
        // What it says later must find a reader.
        thread::spawn(move || talk.read_to_string(&mut String::new()));
        Listening { child, lines }
    }

    /// Answers a raw request.
    fn request(&self, head: &str) -> String {
        let authority = self.url.trim_start_matches("http://").trim_end_matches('/');
        let mut stream = TcpStream::connect(authority).unwrap();
        let (head, body) = head.split_once("\r\n\r\n").unwrap_or((head, ""));
        write!(stream, "{head}\r\nHost: {authority}\r\nConnection: close\r\n\r\n{body}").unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        String::from_utf8_lossy(&answer).into_owned()
    }
}

impl Host {
    /// Answers a form.
    fn post(&self, path: &str, form: &str) -> String {
        let kind = "Content-Type: application/x-www-form-urlencoded";
        let length = form.len();
        self.request(&format!(
            "POST {path} HTTP/1.1\r\n{kind}\r\nContent-Length: {length}\r\n\r\n{form}"
        ))
    }
}

impl Listening {
    /// The end of the next line that it prints.
    #[track_caller]
    fn prints(&self, end: &str) {
        let line = self.lines.recv_timeout(PATIENCE).unwrap();
        assert!(line.ends_with(end), "{line}");
    }

    /// Ends it by `signal`; returns its status.
    fn end(mut self, signal: &str) -> Option<i32> {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args([signal, &id]).status().unwrap().success());
        self.child.wait().unwrap().code()
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Waits until `holds`, which must come true by what others do.
#[track_caller]
fn until(what: &str, holds: impl Fn() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < PATIENCE, "{what}");
        thread::sleep(Duration::from_millis(50));
    }
}

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
    let fetched = john.peer.ok(&["handshake", "list"]);
    assert_eq!(fetched, "", "nothing of the flood was kept");
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
    command.args(["-c", &shell]).env("CLOUDIM_HOME", john.peer.home()).stderr(Stdio::piped());
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
