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
        Self { peer, url }
    }

    fn listen(&self, args: &[&str]) -> Listening {
        let mut command = self.peer.command(&[&["listen", OFTEN], args].concat());
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
        write!(stream, "{head}\r\nHost: {authority}\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        String::from_utf8_lossy(&answer).into_owned()
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
    let (at_john, at_mary) = (john.listen(&["--print"]), mary.listen(&["--print"]));
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
    let (at_john, at_mary) = (john.listen(&["--print"]), mary.listen(&[]));
    agree(&john, &mary);
    assert_eq!(at_john.end("-KILL"), None);
    for text in ["one", "two", "three"] {
        mary.peer.ok(&["send", "john", "-m", text]);
    }
    let at_john = john.listen(&["--print"]);
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
    let (_at_john, _at_mary) = (john.listen(&["--exec", &hook]), mary.listen(&[]));
    agree(&john, &mary);
    mary.peer.ok(&["send", "john", "-m", "to the hook"]);
    until("the hook ran", || std::fs::read_to_string(&taken).is_ok_and(|t| t == "to the hook"));
}

#[test]
fn a_second_one_says_that_the_first_is_there() {
    let john = Host::new("John");
    let first = john.listen(&[]);
    let refused = john.peer.run(&["listen"]).expect(75);
    assert!(refused.stderr.contains("another cloudim listens for this home already"));
    assert!(refused.stderr.contains("hint: `send` and `poll` work beside it"));
    assert_eq!(first.end("-TERM"), Some(0));
    let again = john.listen(&[]);
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
    let _listening = john.listen(&[]);
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
