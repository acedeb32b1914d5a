//! All at once, for a while: ten senders, a publish command that is slow, a host that lies, `listen`
//! beside a `poll` that comes again and again, and backups of both homes under way.
//!
//! A minute by itself; `CLOUDIM_SOAK` is another number of seconds.

use std::env;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::common::host::{Host, Listening};
use crate::common::peer::{Peer, befriend, texts};
use crate::common::sound::{arrived, feeds_are_sound};
use crate::common::static_host::Behaviour;
use crate::sample::{self, Draw};

const SENDERS: usize = 10;
/// Each sender's pause, at most, in milliseconds.
const PAUSE: usize = 1_500;

/// Rounds in which all must be there, once everybody is still.
const ROUNDS: usize = 10;

/// What happened.
#[derive(Default)]
struct Log {
    over: AtomicBool,
    /// Guid and text of what was kept.
    kept: Mutex<Vec<(String, String)>>,
    /// The texts that `poll` has printed.
    heard: Mutex<Vec<String>>,
    polls: AtomicUsize,
    backups: AtomicUsize,
    lies: AtomicUsize,
}

impl Log {
    fn goes_on(&self) -> bool {
        !self.over.load(Ordering::Relaxed)
    }
}

fn seconds() -> u64 {
    env::var("CLOUDIM_SOAK").map_or(60, |seconds| seconds.parse().expect("a number of seconds"))
}

/// Sends one message after another.
fn send(mary: &Peer, log: &Log, sender: usize, mut draw: Draw) {
    let mut number = 0;
    while log.goes_on() {
        let text = format!("{sender} {number}");
        let ran = mary.run(&["send", "john", "-m", &text]);
        // Busy is busy: then nothing was kept.
        assert!(
            matches!((ran.status, ran.stdout.is_empty()), (0 | 7, false) | (75, true)),
            "{ran:?}"
        );
        if !ran.stdout.is_empty() {
            log.kept.lock().unwrap().push((ran.stdout.trim().to_owned(), text));
        }
        number += 1;
        thread::sleep(Duration::from_millis(draw.below(PAUSE) as u64));
    }
}

/// What the host does for a moment, instead of serving.
fn lie(mary: &Peer, draw: &mut Draw) -> Behaviour {
    let feed = fs::read(mary.pair_feed()).unwrap();
    let cut = feed[..draw.below(feed.len())].to_vec();
    match draw.below(5) {
        0 => Behaviour::Status(503),
        1 => Behaviour::Stale,
        2 => Behaviour::Says(("Content-Type", "application/rss+xml"), cut),
        3 => Behaviour::Says(("Content-Type", "text/html"), b"<html>log in</html>".to_vec()),
        _ => Behaviour::Down,
    }
}

fn lies(mary: &Peer, log: &Log, mut draw: Draw) {
    while log.goes_on() {
        mary.host.set(lie(mary, &mut draw));
        log.lies.fetch_add(1, Ordering::Relaxed);
        thread::sleep(Duration::from_millis(700));
        mary.host.set(Behaviour::Normal);
        thread::sleep(Duration::from_millis(1_300));
    }
}

fn polls(john: &Peer, log: &Log) {
    while log.goes_on() {
        let ran = john.run(&["--format", "json", "poll"]);
        assert!(matches!(ran.status, 0 | 3 | 75), "{ran:?}");
        log.heard.lock().unwrap().extend(texts(&ran.stdout));
        log.polls.fetch_add(1, Ordering::Relaxed);
        thread::sleep(Duration::from_millis(900));
    }
}

/// Copies the homes as they are at each moment, and looks into the copies.
fn backups(peers: [&Peer; 2], log: &Log) {
    while log.goes_on() {
        for peer in peers {
            let copy = peer.file("backup");
            copies(&peer.home(), &copy);
            let mut looks = peer.command(&["status"]);
            let output = looks.env("CLOUDIM_HOME", &copy).output().unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            fs::remove_dir_all(&copy).unwrap();
            log.backups.fetch_add(1, Ordering::Relaxed);
        }
        thread::sleep(Duration::from_secs(2));
    }
}

/// `cp -a`; what is renamed while it copies it may miss.
fn copies(home: &Path, copy: &Path) {
    let output = Command::new("cp").arg("-a").args([home, copy]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let is_gone = |line: &str| line.contains("No such file or directory");
    assert!(output.status.success() || said.lines().all(is_gone), "{said}");
}

#[test]
fn all_at_once_for_a_while_loses_nothing_and_says_nothing_twice() {
    let (seed, seconds) = (sample::seed(), seconds());
    let (john, mary) = (Host::with_cloud("John"), Peer::mary());
    let listening: Listening = john.listen(&["--poll-every=2s"]);
    befriend(&john.peer, &mary);
    let web = mary.file("web");
    let slow = format!(
        "'''sleep 0.3; rm -rf {web}.new; cp -r {{}} {web}.new && rm -rf {web}.old && (mv {web} {web}.old 2>/dev/null; mv {web}.new {web})'''",
        web = web.display()
    );
    mary.set("publish", &slow);
    mary.ok(&["publish"]);
    mary.host.root(&web);
    let log = Log::default();
    thread::scope(|scope| {
        let (mary, john, log) = (&mary, &john.peer, &log);
        for sender in 0..SENDERS {
            let draw = Draw::new(seed, &format!("sender {sender}"));
            scope.spawn(move || send(mary, log, sender, draw));
        }
        scope.spawn(|| lies(mary, log, Draw::new(seed, "lies")));
        scope.spawn(|| polls(john, log));
        scope.spawn(|| backups([john, mary], log));
        let end = Instant::now() + Duration::from_secs(seconds);
        while Instant::now() < end {
            thread::sleep(Duration::from_millis(100));
        }
        log.over.store(true, Ordering::Relaxed);
    });
    mary.host.set(Behaviour::Normal);
    comes_to_rest(&john, &mary, &log);
    assert!(listening.end("-TERM").is_some_and(|status| status == 0));
    println!(
        "{seconds} seconds, seed {seed}: {} messages, {} polls, {} lies, {} backups",
        log.kept.lock().unwrap().len(),
        log.polls.into_inner(),
        log.lies.into_inner(),
        log.backups.into_inner()
    );
}

/// Once everybody is still, all that was kept is there once, and was printed once.
fn comes_to_rest(john: &Host, mary: &Peer, log: &Log) {
    mary.ok(&["publish"]);
    // What one round has no time for, many archives after a long soak, comes by the next.
    for _ in 0..ROUNDS {
        let printed = john.peer.ok(&["--format", "json", "poll", "mary"]);
        log.heard.lock().unwrap().extend(texts(&printed));
        if arrived(&john.peer, "mary").len() >= log.kept.lock().unwrap().len() {
            break;
        }
    }
    assert_eq!(john.peer.poll(), [""; 0]);
    mary.ok(&["poll"]);
    feeds_are_sound(&john.peer);
    feeds_are_sound(mary);
    let sorted = |mut all: Vec<String>| {
        all.sort();
        all
    };
    let kept = log.kept.lock().unwrap().clone();
    let (guids, said): (Vec<_>, Vec<_>) = kept.into_iter().unzip();
    assert!(guids.len() >= SENDERS, "{guids:?}");
    let mut arrived = arrived(&john.peer, "mary");
    arrived.sort();
    let sequences: Vec<u64> = arrived.iter().map(|message| message.0).collect();
    assert_eq!(sequences, (1..=guids.len() as u64).collect::<Vec<_>>());
    assert_eq!(sorted(arrived.into_iter().map(|m| m.1).collect()), sorted(guids));
    assert_eq!(sorted(log.heard.lock().unwrap().clone()), sorted(said));
    assert_eq!(john.peer.ok(&["status"]), "mary\tall well\n");
    assert_eq!(mary.ok(&["status"]), "john\tall well\n");
}
