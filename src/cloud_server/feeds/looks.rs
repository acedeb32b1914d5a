//! Which feeds are to be fetched since somebody pinged, and who waits for the answer.

#[cfg(test)]
mod tests;

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::time::{Duration, Instant};

use crate::cloud_server::answers::respond;
use crate::fair::tally::Tally;
use crate::protocol::calls::cloud::{self, Form};
use crate::protocol::values::url::Url;
use crate::transport::server::Promise;
use crate::work::pool::{Next, Queue};

/// Threads that fetch feeds.
pub const THREADS: usize = 8;
/// Threads among these for the feeds of one host: one that is slow must not keep the others
/// waiting.
const OF_HOST: usize = 4;
/// Feeds that are looked at, or were a moment ago.
const FEEDS: usize = 4_096;
/// Callers that wait.
const WAITING: usize = 4_096;
/// The time from one look at a feed to the next.
const PAUSE: Duration = Duration::from_secs(1);

/// One who pinged.
pub struct Caller {
    /// The form of the answer.
    pub form: Form,
    /// The answer to come.
    pub promise: Promise,
}

impl Caller {
    /// Tells what came of the ping.
    pub fn answer(self, outcome: Result<(), String>) {
        self.promise.keep(respond(cloud::ping_result(outcome, self.form)));
    }
}

/// A feed to fetch, for all who have pinged up to now.
pub struct Look {
    pub feed: Url,
    pub callers: Vec<Caller>,
}

/// Each feed has one place here at most: it waits, is being fetched, or rests for a second.
#[derive(Default)]
pub struct Looks {
    /// Whether all feeds are of one host, which then may have all threads.
    is_of_one_host: bool,
    feeds: HashMap<Url, Pinged>,
    callers: usize,
    waiting: VecDeque<Url>,
    resting: BTreeSet<(Instant, Url)>,
    running: Tally<String>,
}

struct Pinged {
    /// The callers that have pinged since it was fetched last.
    callers: Vec<Caller>,
    /// The time before which it is not fetched again.
    rests_until: Option<Instant>,
}

impl Looks {
    /// A queue with no pings yet.
    pub fn new(is_of_one_host: bool) -> Self {
        Self { is_of_one_host, ..Self::default() }
    }

    /// Takes a ping in; if there is no room the caller is dropped, which answers it.
    pub fn ping(&mut self, feed: Url, caller: Caller) {
        if self.callers >= WAITING || self.feeds.len() >= FEEDS && !self.feeds.contains_key(&feed) {
            return;
        }
        self.callers = self.callers.saturating_add(1);
        self.look(feed.clone());
        if let Some(pinged) = self.feeds.get_mut(&feed) {
            pinged.callers.push(caller);
        }
    }

    /// Has a feed fetched that is not to be already, or was a moment ago.
    pub fn look(&mut self, feed: Url) {
        if !self.feeds.contains_key(&feed) {
            self.feeds.insert(feed.clone(), Pinged { callers: Vec::new(), rests_until: None });
            self.waiting.push_back(feed);
        }
    }

    /// Queues those that have rested and were pinged since, and forgets the others.
    fn wake(&mut self, now: Instant) {
        while self.resting.first().is_some_and(|(until, _)| *until <= now) {
            let Some((_, feed)) = self.resting.pop_first() else { return };
            match self.feeds.get(&feed) {
                Some(pinged) if !pinged.callers.is_empty() => self.waiting.push_back(feed),
                _ => drop(self.feeds.remove(&feed)),
            }
        }
    }

    fn next(&self) -> Option<usize> {
        let may = |feed: &Url| self.is_of_one_host || self.running.of(feed.host()) < OF_HOST;
        self.waiting.iter().position(may)
    }
}

impl Queue for Looks {
    type Job = Look;
    type Done = Url;

    fn take(&mut self, now: Instant) -> Next<Look> {
        self.wake(now);
        let Some(feed) = self.next().and_then(|at| self.waiting.remove(at)) else {
            return Next::Wait(self.resting.first().map(|(until, _)| *until));
        };
        let callers = match self.feeds.get_mut(&feed) {
            Some(pinged) => {
                pinged.rests_until = now.checked_add(PAUSE);
                std::mem::take(&mut pinged.callers)
            }
            None => Vec::new(),
        };
        self.callers = self.callers.saturating_sub(callers.len());
        self.running.more(feed.host().to_owned());
        Next::Job(Look { feed, callers })
    }

    fn when(&self, now: Instant) -> Option<Instant> {
        let later = || self.resting.first().map(|(until, _)| now.max(*until));
        self.next().map(|_| now).or_else(later)
    }

    fn done(&mut self, feed: Url, now: Instant) {
        self.running.less(feed.host());
        let until = self.feeds.get(&feed).and_then(|pinged| pinged.rests_until);
        self.resting.insert((until.unwrap_or(now), feed));
    }
}
