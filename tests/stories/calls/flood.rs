//! A flood of calls: bounded in memory and on disk, and it keeps nobody else out.

use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use tempfile::TempDir;

use super::story::{agreed, invited, undated};
use crate::common::host::{Host, Listening, RARELY};
use crate::common::peer::{Peer, tree};
use crate::common::static_host::{Behaviour, StaticHost};

const CALLERS: usize = 50;
const CALLS: usize = 40;
/// What the program may have in memory, in bytes; a debug build takes a quarter of it for nothing.
const MEMORY: u64 = 96 << 20;
/// What a flood may leave on disk, in bytes.
const DISK: usize = 64 << 10;

/// Hosts that make it as hard as they can.
struct Foes {
    /// Never answers.
    silent: StaticHost,
    /// Serve as much as is read, and all of it tags.
    heavy: Vec<StaticHost>,
    _folder: TempDir,
}

impl Foes {
    fn new() -> Self {
        let silent = StaticHost::bind_to("127.0.0.2:0").unwrap();
        silent.set(Behaviour::Slow(0));
        let folder = tempfile::tempdir().unwrap();
        let document = format!("<rss version=\"2.0\">{}</rss>", "<a/>".repeat(16_000));
        fs::write(folder.path().join("heavy.rss"), document).unwrap();
        let heavy = |number| StaticHost::bind_to(&format!("127.0.2.{number}:0")).unwrap();
        let heavy: Vec<StaticHost> = (1..5).map(heavy).collect();
        heavy.iter().for_each(|host| host.root(folder.path()));
        Self { silent, heavy, _folder: folder }
    }

    /// What the call of this number by this caller says: most name a host of their own.
    fn form(&self, caller: usize, number: usize) -> String {
        let feed = match number % 8 {
            0 => self.silent.url(),
            1..4 => format!("{}heavy.rss", self.heavy[caller % self.heavy.len()].url()),
            _ => format!("http://127.1.{caller}.{number}:1/"),
        };
        format!("feed={feed}?{caller}-{number}&key={feed}")
    }
}

/// Makes each of the callers call `mary`, round by round, until `enough`.
fn flood(mary: &Host, foes: &Foes, enough: &AtomicBool) {
    for round in 0.. {
        let number = round % CALLS;
        for caller in 0..CALLERS {
            if round >= CALLS && enough.load(Ordering::Relaxed) {
                return;
            }
            let form = foes.form(caller, number);
            let from = format!("X-Forwarded-For: 198.51.100.{caller}");
            let answer = mary.request(&format!(
                "POST /pleaseFollow HTTP/1.1\r\n{from}\r\nContent-Length: {}\r\n\r\n{form}",
                form.len()
            ));
            let thanks = "msg=\"Thanks for the call.\"/>\n";
            assert!(undated(&answer).ends_with(thanks), "{answer}");
        }
    }
}

/// The most memory that it ever had.
fn memory(listening: &Listening) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", listening.child.id())).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() << 10
}

fn size(host: &Host) -> usize {
    tree(&host.peer.home()).values().map(Vec::len).sum()
}

#[test]
fn a_flood_from_fifty_addresses_keeps_neither_an_honest_caller_nor_an_answer_out() {
    let (john, ann, mary) = (Peer::john(), Peer::new("Ann", &[]), Host::new("Mary"));
    mary.peer.set("trusted_proxies", "[\"127.0.0.0/8\"]");
    let foes = Foes::new();
    let at_mary = mary.listen(&[RARELY, "--timeout=2s"]);
    let before = size(&mary);
    let file = mary.peer.ok(&["handshake", "invite", &ann.address(), "--output", "-"]);

    let enough = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| flood(&mary, &foes, &enough));
        scope.spawn(|| {
            // So the flood ends even if nobody gets through.
            let _end = End(&enough);
            john.ok(&["handshake", "invite", &mary.url]);
            ann.feed(&["handshake", "accept", "-i", "-"], file).expect(0);
            invited(&mary.peer, "john");
            agreed(&mary.peer, 1);
        });
    });
    assert!(memory(&at_mary) < MEMORY, "{} bytes of memory", memory(&at_mary));
    let grown = size(&mary).saturating_sub(before);
    assert!(grown < DISK, "{grown} bytes on disk");
    assert_eq!(at_mary.end("-TERM"), Some(0));
}

struct End<'a>(&'a AtomicBool);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
