//! Somebody whose host is the program's own: `listen`, running.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use super::peer::Peer;
use super::{ending, port};

/// Longer than anything here takes on the slowest machine.
pub const PATIENCE: Duration = Duration::from_secs(60);
/// Between two looks at what must come true.
const PAUSE: Duration = Duration::from_millis(20);
pub const OFTEN: &str = "--poll-every=100ms";
/// So that what happens is not found by polling.
pub const RARELY: &str = "--poll-every=1h";

/// Somebody whose host is the program's own.
pub struct Host {
    pub peer: Peer,
    pub url: String,
}

/// A running `listen`; it is ended when dropped.
pub struct Listening {
    pub child: Child,
    lines: Receiver<String>,
}

impl Host {
    /// With a fresh identity, at a port that is free.
    pub fn new(name: &str) -> Self {
        let host = Self::made(name, "", &[]);
        host.peer.set("bind", &format!("\"{}\"", host.authority()));
        host
    }

    /// The same, and the cloud of its own feeds.
    pub fn with_cloud(name: &str) -> Self {
        Self::made(name, "", &["--cloud", "self"])
    }

    /// The same, in a folder of its web host.
    pub fn with_cloud_in(name: &str, folder: &str) -> Self {
        Self::made(name, folder, &["--cloud", "self"])
    }

    fn made(name: &str, folder: &str, args: &[&str]) -> Self {
        let peer = Peer::without_identity(name);
        let url = format!("http://127.0.0.1:{}/{folder}", port::free());
        let keygen = ["keygen", "--name", name, "--base-url", &url, "--no-passphrase"];
        peer.ok(&[&keygen, args].concat());
        Self { peer, url }
    }

    /// What is on disk of our registration for the feed of the contact called `name`.
    pub fn lease(&self, name: &str) -> String {
        let path = self.peer.home().join("contacts").join(name).join("contact.toml");
        let text = std::fs::read_to_string(path).unwrap_or_default();
        text.split_once("[lease]\n").map(|(_, lease)| lease.to_owned()).unwrap_or_default()
    }

    /// As if it were time to register for the feed of the contact called `name`.
    pub fn lease_is_due(&self, name: &str) {
        let path = self.peer.home().join("contacts").join(name).join("contact.toml");
        let text = std::fs::read_to_string(&path).unwrap();
        let next = text.lines().find(|line| line.starts_with("next = ")).unwrap().to_owned();
        std::fs::write(&path, text.replace(&next, "next = \"2026-01-01T00:00:00Z\"")).unwrap();
    }

    /// Waits until the cloud of the contact called `name` has registered us.
    #[track_caller]
    pub fn registers_with(&self, name: &str) {
        let path = self.peer.home().join("contacts").join(name).join("contact.toml");
        let contact = || std::fs::read_to_string(&path).unwrap_or_default();
        let start = Instant::now();
        while !self.lease(name).contains("until = ") {
            assert!(start.elapsed() < PATIENCE, "no registration: {}", contact());
            thread::sleep(PAUSE);
        }
    }

    /// Starts to listen.
    pub fn listen(&self, args: &[&str]) -> Listening {
        let mut command = self.peer.command(&[&["listen"], args].concat());
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut talk = BufReader::new(child.stderr.take().unwrap());
        let mut first = String::new();
        talk.read_line(&mut first).unwrap();
        assert_eq!(first, format!("listening on http://{}/\n", self.authority()));
        let (sender, lines) = channel();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        thread::spawn(move || stdout.lines().try_for_each(|line| sender.send(line.unwrap())));
        // What it says later must find a reader.
        thread::spawn(move || talk.read_to_string(&mut String::new()));
        Listening { child, lines }
    }

    /// Host and port.
    fn authority(&self) -> &str {
        self.url.trim_start_matches("http://").split('/').next().unwrap()
    }

    /// Answers a raw request.
    pub fn request(&self, head: &str) -> String {
        let authority = self.authority();
        let mut stream = TcpStream::connect(authority).unwrap();
        let (head, body) = head.split_once("\r\n\r\n").unwrap_or((head, ""));
        write!(stream, "{head}\r\nHost: {authority}\r\nConnection: close\r\n\r\n{body}").unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        String::from_utf8_lossy(&answer).into_owned()
    }

    /// Answers a form.
    pub fn post(&self, path: &str, form: &str) -> String {
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
    pub fn prints(&self, end: &str) {
        let line = self.lines.recv_timeout(PATIENCE).unwrap();
        assert!(line.ends_with(end), "{line}");
    }

    /// The end of the next lines that it prints, in any order.
    #[track_caller]
    pub fn prints_all(&self, mut ends: Vec<String>) {
        while !ends.is_empty() {
            let line = self.lines.recv_timeout(PATIENCE).unwrap();
            let found = ends.iter().position(|end| line.ends_with(end));
            ends.remove(found.unwrap_or_else(|| panic!("{line}, not one of {ends:?}")));
        }
    }

    /// What it has printed and nobody has looked at.
    pub fn printed(&self) -> Vec<String> {
        self.lines.try_iter().collect()
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: &str) {
        ending::signal(&self.child, signal);
    }

    /// Ends it by `signal`; returns its status.
    pub fn end(self, signal: &str) -> Option<i32> {
        self.end_and_tell(signal).0
    }

    /// Ends it by `signal`; returns its status, and what it had printed.
    pub fn end_and_tell(mut self, signal: &str) -> (Option<i32>, Vec<String>) {
        let status = ending::end(&mut self.child, signal).code();
        // Its end closes the pipe, and that ends the thread that reads it.
        (status, self.lines.iter().collect())
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
pub fn until(what: &str, holds: impl Fn() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < PATIENCE, "{what}");
        thread::sleep(PAUSE);
    }
}
