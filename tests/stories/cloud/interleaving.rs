//! Whatever the order in which people register, renew, stay away and ping, who is subscribed learns
//! of each change, and who is not any more is left alone.

use std::collections::HashMap;
use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use super::host::Host;
use super::subscriber::{Subscriber, honest};
use crate::common::host::until;

const STEPS: usize = 1_000;
const SUBSCRIBERS: usize = 600;
/// What happens at the same time.
const THREADS: usize = 64;
const LEASE: SignedDuration = SignedDuration::from_hours(25);

#[derive(Clone, Debug)]
enum Step {
    /// A subscriber registers, for the first time or again.
    Register(usize),
    /// The card changes and is pinged.
    Change,
    Hours(i64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        60 => (0..SUBSCRIBERS).prop_map(Step::Register),
        2 => Just(Step::Change),
        1 => (1_i64..5).prop_map(Step::Hours),
    ]
}

/// What a subscriber may count on.
#[derive(Clone, Copy)]
struct Promised {
    /// The lease ends between these two.
    until: (Timestamp, Timestamp),
    /// The version of the card that was there, or on its way, when it began.
    since: usize,
}

struct World {
    host: Host,
    /// The subscribers'.
    port: u16,
    card: PathBuf,
    text: String,
    /// Held while the card is written.
    writing: Mutex<()>,
    /// The version that is written, or about to be.
    begun: AtomicUsize,
    promised: Vec<Mutex<Option<Promised>>>,
    /// The newest version that each has seen when it was told.
    seen: Arc<Mutex<HashMap<String, usize>>>,
}

/// The version of the card that lies at `path`.
fn version(path: &PathBuf) -> usize {
    let text = fs::read_to_string(path).unwrap();
    let last = text.lines().last().unwrap().strip_prefix("<!-- ");
    last.map_or(0, |version| version.trim_end_matches(" -->").parse().unwrap())
}

impl World {
    /// One with a stub for all subscribers.
    fn new() -> (Self, Subscriber) {
        let host = Host::begin();
        let card = host.peer.home().join("public/card.rss");
        let seen = Arc::new(Mutex::new(HashMap::new()));
        let (sees, looks_at) = (Arc::clone(&seen), card.clone());
        // As a reader does: who is told looks.
        let subscriber = Subscriber::answering(move |call| {
            if call.is_post {
                let mut seen = sees.lock().unwrap();
                // Now and then one is not there the first time.
                if seen.is_empty() || seen.len() % 50 == 49 && !seen.contains_key(&call.path) {
                    seen.insert(call.path.clone(), 0);
                    return (503, String::new(), None);
                }
                let newest = seen.entry(call.path.clone()).or_default();
                *newest = version(&looks_at).max(*newest);
                drop(seen);
                // What changes meanwhile it does not see.
                thread::sleep(Duration::from_millis(4));
            }
            honest(call)
        });
        let text = fs::read_to_string(&card).unwrap();
        let promised = (0..SUBSCRIBERS).map(|_| Mutex::new(None)).collect();
        let (port, writing, begun) = (subscriber.port(), Mutex::new(()), AtomicUsize::new(0));
        (Self { host, port, card, text, writing, begun, promised, seen }, subscriber)
    }

    fn take(&self, step: &Step) {
        match step {
            Step::Register(number) => self.register(*number),
            Step::Change => self.change(),
            Step::Hours(hours) => self.host.hours_pass(*hours),
        }
    }

    fn register(&self, number: usize) {
        let mut promised = self.promised[number].lock().unwrap();
        let before = self.host.now();
        let caller = format!("198.51.{}.{}", number / 200, number % 200);
        let path = format!("/{number}");
        self.host.register_from(&caller, &self.host.card(), self.port, &path).worked();
        let after = self.host.now();
        let since = match *promised {
            Some(Promised { until: (surely, _), since }) if surely > after => since,
            _ => self.begun.load(Ordering::SeqCst),
        };
        *promised = Some(Promised { until: (before + LEASE, after + LEASE), since });
    }

    fn change(&self) {
        let writing = self.writing.lock().unwrap();
        let version = self.begun.fetch_add(1, Ordering::SeqCst) + 1;
        let new = self.card.with_extension("new");
        fs::write(&new, format!("{}\n<!-- {version} -->\n", self.text.trim_end())).unwrap();
        fs::rename(&new, &self.card).unwrap();
        drop(writing);
        self.host.ping(&self.host.card()).worked();
    }

    /// Those who surely are subscribed, with what they know, and those who surely are not.
    fn standing(&self) -> (Vec<(String, usize)>, Vec<String>) {
        let (now, mut live, mut expired) = (self.host.now(), Vec::new(), Vec::new());
        for (number, promised) in self.promised.iter().enumerate() {
            match *promised.lock().unwrap() {
                Some(Promised { until: (surely, _), since }) if surely > now => {
                    live.push((format!("/{number}"), since));
                }
                Some(Promised { until: (_, perhaps), .. }) if perhaps <= now => {
                    expired.push(format!("/{number}"));
                }
                _ => {}
            }
        }
        (live, expired)
    }

    /// Waits until all of `live` who are to learn of `version` have.
    fn know(&self, live: &[(String, usize)], version: usize) {
        until("all know the last version", || {
            let seen = self.seen.lock().unwrap();
            let knows = |path: &String| seen.get(path).is_some_and(|seen| *seen >= version);
            live.iter().filter(|(_, since)| *since < version).all(|(path, _)| knows(path))
        });
    }
}

fn tell(steps: Vec<Step>) {
    let ((world, _subscriber), steps) = (World::new(), Mutex::new(steps.into_iter()));
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                loop {
                    let step = steps.lock().unwrap().next();
                    let Some(step) = step else { return };
                    world.take(&step);
                }
            });
        }
    });
    let (live, expired) = world.standing();
    world.know(&live, world.begun.load(Ordering::SeqCst));
    // One more, so that nobody is on the way any more with what was told before; and two, of which
    // the first is told to the last one when all know of the second.
    let mut begun = [0; 3];
    for begun in &mut begun {
        *begun = world.begun.load(Ordering::SeqCst);
        world.change();
        world.know(&live, *begun + 1);
    }
    let [_, before, _] = begun;
    let seen = world.seen.lock().unwrap();
    let disturbed = expired.iter().find(|path| seen.get(*path).is_some_and(|seen| *seen > before));
    assert_eq!(disturbed, None, "its lease had ended");
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 2, max_shrink_iters: 0, failure_persistence: None, ..ProptestConfig::default()
    })]

    #[test]
    fn each_subscriber_learns_of_each_change_and_nobody_else(
        steps in prop::collection::vec(step(), STEPS)
    ) {
        tell(steps);
    }
}
