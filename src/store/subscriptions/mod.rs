//! `cloud/subscriptions.jsonl`: who is told when a feed of ours changes, one JSON object a line.
//! A later line about the same feed and callback counts instead of an earlier one.

mod entry;
mod failing;
mod journal;
pub mod lease;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock};

use jiff::Timestamp;

use super::disk::home::Home;
use super::error::Result;
use crate::protocol::calls::cloud::Protocol;
use crate::protocol::values::url::Url;
pub use entry::{Failing, Subscription};
use journal::Journal;

/// Subscriptions in all.
pub const ALL: usize = 10_000;

/// How many subscriptions there may be when a new one is added, so that there is room for it.
#[derive(Clone, Copy, Debug)]
pub struct Room {
    /// Subscriptions in all, at most [`ALL`].
    pub in_all: usize,
    /// Subscriptions to its feed.
    pub of_feed: usize,
    /// Subscriptions of callbacks on its callback's host.
    pub of_host: usize,
}

/// Lines that are not worth a rewriting.
const FEW: usize = 64;

/// The subscriptions of a home, in memory and on disk. Several threads may use them at once, but
/// only one process.
#[derive(Debug)]
pub struct Subscriptions {
    // Taken before `known`: nobody who only reads waits for the disk.
    journal: Mutex<Journal>,
    known: RwLock<Known>,
}

/// The subscriptions, by feed and callback.
type Known = BTreeMap<Url, BTreeMap<Url, Lease>>;

#[derive(Debug)]
struct Lease {
    protocol: Protocol,
    until: Timestamp,
    failing: Option<Failing>,
}

impl Subscriptions {
    /// The subscriptions of `home` that are still in force at `now`. Lines that are none are passed
    /// over: the subscribers there renew within a day.
    ///
    /// # Errors
    /// When the file is there and cannot be read.
    pub fn open(home: &Home, now: Timestamp) -> Result<Self> {
        let (journal, known) = load(home)?;
        let this = Self { journal: Mutex::new(journal), known: RwLock::new(known) };
        this.tidy(&mut this.journal(), now, |_| 0);
        Ok(this)
    }

    /// Adds `subscription`, or renews it, on disk before in memory. Returns false, and changes
    /// nothing, when it is new and there is no `room` for it.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn add(&self, subscription: &Subscription, room: Room, now: Timestamp) -> Result<bool> {
        let mut journal = self.journal();
        if !self.has_room(subscription, room) {
            self.forget(now);
        }
        if !self.has_room(subscription, room) {
            return Ok(false);
        }
        journal.append(subscription)?;
        self.write(|known| insert(known, subscription.clone()));
        self.tidy(&mut journal, now, |live| live.max(FEW));
        Ok(true)
    }

    /// The feeds of which somebody is to be told.
    pub fn feeds(&self) -> Vec<Url> {
        self.read(|known| known.keys().cloned().collect())
    }

    /// Whether anybody is to be told of `feed` at `now`.
    pub fn has_any(&self, feed: &Url, now: Timestamp) -> bool {
        self.read(|known| {
            known.get(feed).is_some_and(|of_feed| of_feed.values().any(|lease| lease.until > now))
        })
    }

    /// The callbacks to tell of `feed` at `now`.
    pub fn callbacks(&self, feed: &Url, now: Timestamp) -> Vec<Url> {
        self.read(|known| {
            let of_feed = known.get(feed).into_iter().flatten();
            let live = of_feed.filter(|(_, lease)| lease.until > now);
            live.map(|(callback, _)| callback.clone()).collect()
        })
    }

    /// How `callback` is to be told of `feed` at `now`; none if it is not.
    pub fn protocol(&self, feed: &Url, callback: &Url, now: Timestamp) -> Option<Protocol> {
        self.read(|known| {
            let found = known.get(feed)?.get(callback)?;
            (found.until > now).then(|| found.protocol.clone())
        })
    }

    fn has_room(&self, subscription: &Subscription, room: Room) -> bool {
        self.read(|known| {
            let of_feed = known.get(&subscription.feed);
            of_feed.is_some_and(|callbacks| callbacks.contains_key(&subscription.callback))
                || count(known) < room.in_all
                    && of_feed.map_or(0, BTreeMap::len) < room.of_feed
                    && (room.of_host >= ALL
                        || count_at(known, subscription.callback.host()) < room.of_host)
        })
    }

    /// Forgets what has ended.
    fn forget(&self, now: Timestamp) {
        self.write(|known| {
            for callbacks in known.values_mut() {
                callbacks.retain(|_, lease| lease.until > now);
            }
            known.retain(|_, callbacks| !callbacks.is_empty());
        });
    }

    /// Rewrites the file if more lines are without effect than are `tolerated` beside so many live
    /// ones.
    fn tidy(&self, journal: &mut Journal, now: Timestamp, tolerated: impl Fn(usize) -> usize) {
        let live = self.read(|known| {
            known.values().flat_map(BTreeMap::values).filter(|lease| lease.until > now).count()
        });
        if journal.lines().saturating_sub(live) <= tolerated(live) {
            return;
        }
        self.forget(now);
        if let Err(error) = journal.rewrite(&self.read(all)) {
            // The long file says the same, and the next one tries again.
            log::warn!("{error}");
        }
    }

    fn journal(&self) -> MutexGuard<'_, Journal> {
        self.journal.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read<T>(&self, look: impl FnOnce(&Known) -> T) -> T {
        look(&self.known.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn write<T>(&self, change: impl FnOnce(&mut Known) -> T) -> T {
        change(&mut self.known.write().unwrap_or_else(PoisonError::into_inner))
    }
}

/// How many are to be told of `feed` at `now`, as the file of `home` says. It only looks: another
/// process may have the subscriptions.
///
/// # Errors
/// When the file is there and cannot be read.
pub fn number(home: &Home, feed: &Url, now: Timestamp) -> Result<usize> {
    let (_, known) = load(home)?;
    let leases = known.get(feed).into_iter().flat_map(BTreeMap::values);
    Ok(leases.filter(|lease| lease.until > now).count())
}

/// The subscriptions in force at `now` whose subscribers cannot be told, as the file of `home` says.
/// It only looks: another process may have the subscriptions.
///
/// # Errors
/// When the file is there and cannot be read.
pub fn failing(home: &Home, now: Timestamp) -> Result<Vec<Subscription>> {
    let (_, known) = load(home)?;
    let fails = |one: &Subscription| one.failing.is_some() && one.until > now;
    Ok(all(&known).into_iter().filter(fails).collect())
}

fn load(home: &Home) -> Result<(Journal, Known)> {
    let (journal, read) = Journal::open(home)?;
    let mut known = Known::new();
    for subscription in read {
        insert(&mut known, subscription);
    }
    Ok((journal, known))
}

fn insert(known: &mut Known, subscription: Subscription) {
    let Subscription { feed, callback, protocol, until, failing } = subscription;
    known.entry(feed).or_default().insert(callback, Lease { protocol, until, failing });
}

fn all(known: &Known) -> Vec<Subscription> {
    let of_feed = |(feed, callbacks): (&Url, &BTreeMap<Url, Lease>)| {
        let one = |(callback, lease): (&Url, &Lease)| lease.of(feed, callback);
        callbacks.iter().map(one).collect::<Vec<_>>()
    };
    known.iter().flat_map(of_feed).collect()
}

impl Lease {
    /// The subscription that this is the rest of.
    fn of(&self, feed: &Url, callback: &Url) -> Subscription {
        let Self { protocol, until, failing } = self;
        Subscription {
            feed: feed.clone(),
            callback: callback.clone(),
            protocol: protocol.clone(),
            until: *until,
            failing: failing.clone(),
        }
    }
}

fn count_at(known: &Known, host: &str) -> usize {
    let callbacks = known.values().flat_map(BTreeMap::keys);
    callbacks.filter(|callback| callback.host() == host).count()
}

fn count(known: &Known) -> usize {
    known.values().map(BTreeMap::len).sum()
}
