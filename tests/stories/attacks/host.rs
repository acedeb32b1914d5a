//! A web host that serves the feed of a contact, and has no key.

use std::fs;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use cloudim::openpgp::Certificate;
use cloudim::protocol::feed::channel::FeedItem;

use crate::common::garbage::{By, Garbage, of_children};
use crate::common::hand::Hand;
use crate::common::peer::{Peer, befriend, friends, texts};
use crate::common::raw;

/// The most of a feed that is read, but for what stands around the items.
const FEED: usize = (5 << 20) - (64 << 10);
/// The CPU time, in seconds, that such a feed may take in a debug build, in which all is some ten times
/// as slow; it took over a minute once.
const CPU: f64 = 8.0;

/// Mary's host, which knows John's certificate, and hers, as all the world does.
struct Host {
    john: Peer,
    mary: Peer,
    garbage: Garbage,
    to: Certificate,
    packets: Vec<u8>,
}

impl Host {
    fn begin(seed: u64) -> Self {
        let (john, mary) = friends();
        let (hers, mut garbage) = (Hand::of(&mary, &john), Garbage::new(seed));
        let packets = garbage.bloated_packets(By::The(&hers.key.certificate()));
        Self { to: hers.to.clone(), john, mary, garbage, packets }
    }

    /// So many bytes of items, each of which opens to a mebibyte with eight signatures by Mary, as it
    /// seems.
    fn bloated(&mut self, bytes: usize) -> Vec<FeedItem> {
        let (packets, to) = (&self.packets, &self.to);
        self.garbage.items(bytes, |garbage| garbage.sealed(packets, to))
    }

    /// Puts `items` before all that Mary's feed has.
    fn serve(&self, items: Vec<FeedItem>) {
        let hers = Hand::of(&self.mary, &self.john);
        fs::write(self.mary.pair_feed(), hers.feed_with(items).write()).unwrap();
    }
}

#[test]
fn a_host_that_fills_a_feed_with_what_is_dear_to_open_costs_next_to_nothing() {
    let mut host = Host::begin(11);
    let (honest, items) = (fs::read(host.mary.pair_feed()).unwrap(), host.bloated(FEED));
    host.serve(items);
    let before = of_children();
    let told = host.john.run(&["poll"]).expect(5);
    let spent = of_children() - before;
    assert!(spent < CPU, "{spent} s");
    let put_off = "so much in the feed comes to nothing that ";
    assert_eq!(told.stderr.matches(put_off).count(), 1, "{}", told.stderr);
    // It is told once, and nothing is lost by it.
    assert_eq!(host.john.run(&["poll"]).expect(0).stderr, "");
    fs::write(host.mary.pair_feed(), honest).unwrap();
    host.mary.send(&host.john, "after all");
    assert_eq!(host.john.poll(), ["after all"]);
}

#[test]
fn a_host_that_puts_garbage_before_a_message_keeps_it_out_for_some_rounds_at_most() {
    let mut host = Host::begin(12);
    host.mary.send(&host.john, "the real one");
    // What was tried in vain is remembered, and some of them are tried in each round.
    let items = host.bloated(100 << 10);
    let most = items.len();
    host.serve(items);
    let mut rounds = 0;
    while texts(&host.john.run(&["--format", "json", "poll"]).stdout).is_empty() {
        rounds += 1;
        assert!(rounds <= most, "it is starved");
    }
}

#[test]
fn a_host_that_keeps_a_reader_busy_holds_up_no_message_to_anybody_else() {
    let mut host = Host::begin(13);
    let bob = Peer::new("Bob", &[]);
    befriend(&host.john, &bob);
    let items = host.bloated(FEED);
    host.serve(items);
    let mut poll = host.john.command(&["poll"]);
    let mut poll = poll.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let (mut sent, mut slowest) = (0, Duration::ZERO);
    while poll.try_wait().unwrap().is_none() {
        let start = Instant::now();
        host.john.ok(&["send", "bob", "-m", "at once"]);
        slowest = slowest.max(start.elapsed());
        sent += 1;
    }
    assert!(slowest < Duration::from_secs(5), "{slowest:?}");
    assert_eq!(bob.poll().len(), sent);
}

/// How many disk waits there are under the lock of John's home while he reads `messages` of Mary's.
fn waits_under_the_lock(messages: usize) -> usize {
    let (john, mary) = friends();
    john.poll();
    (0..messages).for_each(|_| drop(mary.send(&john, "one of many")));
    let (log, poll) = (john.file("trace"), john.command(&["poll"]));
    let mut strace = Command::new("strace");
    strace.args([
        "-f",
        "-y",
        "-qq",
        "-e",
        "trace=flock,close,fsync,fdatasync",
        "-e",
        "signal=none",
    ]);
    strace.arg("-o").arg(&log).arg(poll.get_program()).args(poll.get_args());
    for (name, value) in poll.get_envs().filter_map(|(name, value)| Some((name, value?))) {
        strace.env(name, value);
    }
    let ran = strace.stdin(Stdio::null()).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&ran.stdout).lines().count(), messages);
    let lock = format!("{}>", john.home().join("lock").display());
    let (mut is_held, mut waits) = (false, 0);
    for line in fs::read_to_string(&log).unwrap().lines() {
        if line.contains(&lock) && line.contains("flock(") && line.ends_with("= 0") {
            is_held = true;
        } else if line.contains(&lock) && line.contains("close(") {
            is_held = false;
        } else if is_held && line.contains("sync(") {
            waits += 1;
        }
    }
    waits
}

#[test]
fn a_host_whose_feed_has_more_in_it_makes_nobody_wait_longer_for_the_lock() {
    let few = waits_under_the_lock(2);
    assert!(few > 0, "there is something to store");
    assert_eq!(waits_under_the_lock(12), few);
}

#[test]
fn a_host_that_used_the_alarm_up_is_heard_of_when_it_forges() {
    let (john, mary) = friends();
    let mut hers = Hand::of(&mary, &john);
    let honest = hers.feed.clone();
    let mut eve = Garbage::new(14);
    let garbage: Vec<FeedItem> = (0..300)
        .map(|number| eve.item(raw::armored(format!("garbage {number}").as_bytes())))
        .collect();
    fs::write(mary.pair_feed(), hers.feed_with(garbage.clone()).write()).unwrap();
    john.run(&["poll"]).expect(5);
    let item = hers.item("forged", 0);
    let forged = eve.forged(&item.write(), &hers.key.certificate(), &hers.to);
    let forged = FeedItem::sealed(item.guid, forged);
    // Beside the garbage, and in its place.
    for items in [[garbage, vec![forged.clone()]].concat(), vec![forged]] {
        fs::write(mary.pair_feed(), hers.feed_with(items).write()).unwrap();
        let told = john.run(&["poll"]);
        if told.status == 0 {
            // The second time it is known.
            assert!(john.run(&["check", "mary"]).stdout.contains("1 item is forged"));
            continue;
        }
        assert_eq!((told.status, told.stderr.matches("is forged").count()), (5, 1), "{told:?}");
    }
    fs::write(mary.pair_feed(), honest.write()).unwrap();
    john.run(&["poll"]);
    assert_eq!(john.ok(&["status"]), "mary\tall well\n");
}
