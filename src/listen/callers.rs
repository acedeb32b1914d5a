//! Calls by others: the server's threads take them, and threads of their own follow them.

use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::calls::{self, Followed, OurFeeds, Queue, Rate};
use crate::protocol::calls::please_follow::PleaseFollow;
use crate::session::run::Run;
use crate::session::setback::Setback;
use crate::store::identity::own::Identity;
use crate::store::waiting::calls::Waiting;
use crate::work::schedule::Schedule;

/// Calls by strangers that are followed at once: a host that hangs must not keep the others out.
const STRANGERS: u8 = 4;
/// How long strangers' calls wait that name a host too often, before that is looked at again.
const AGAIN: Duration = Duration::from_secs(60);
/// How long the disk has rest between two writes of calls that only wait.
const REST: Duration = Duration::from_secs(1);

/// The calls that wait, and when they are followed.
#[derive(Debug)]
pub struct Callers {
    /// The errands to do about them.
    pub schedule: Schedule<Errand>,
    queue: Queue,
    rate: Mutex<Rate>,
    ours: OurFeeds,
    /// Whether what strangers name is fetched now.
    fetch: bool,
    kept: Mutex<Option<Instant>>,
}

/// An errand about calls, done by one thread at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Errand {
    /// The calls that we expect are followed.
    Expected,
    /// Calls by strangers are followed, by one of several threads.
    Strange(u8),
    /// Calls by strangers are put on disk.
    Keep,
}

impl Callers {
    /// Threads that there must be, so that strangers never keep what we expect waiting.
    pub const THREADS: u8 = STRANGERS + 1;

    /// The callers of the home of `identity`: nobody has called yet.
    pub fn new(identity: &Identity) -> Self {
        Self {
            schedule: Schedule::new(),
            queue: Queue::default(),
            rate: Mutex::default(),
            ours: OurFeeds::new(&identity.home, &identity.config),
            fetch: identity.config.fetch_invitations,
            kept: Mutex::default(),
        }
    }

    /// Takes a call by `caller`, whose feed may be a contact's.
    pub fn take(&self, caller: IpAddr, call: PleaseFollow, by_contact: bool) {
        let expected = by_contact || self.ours.are_answered_by(&call);
        self.queue.offer(caller, call, expected);
        if expected {
            self.schedule.soon(Errand::Expected);
        } else if self.fetch {
            (0..STRANGERS).for_each(|thread| self.schedule.soon(Errand::Strange(thread)));
        } else {
            let now = Instant::now();
            let rested = self.kept().and_then(|kept| kept.checked_add(REST));
            self.schedule.at(Errand::Keep, rested.map_or(now, |rested| rested.max(now)));
        }
    }

    /// Does `errand` for the next call. Returns what came of it.
    pub fn attend(&self, run: &mut Run, errand: Errand) -> Followed {
        let followed = match errand {
            Errand::Expected => self.follow_expected(run),
            Errand::Strange(_) => self.follow_stranger(run, errand),
            Errand::Keep => {
                self.keep(run);
                Ok(Followed::Nothing)
            }
        };
        followed.unwrap_or_else(|error| {
            log::info!("a call came to nothing: {error}");
            Followed::Nothing
        })
    }

    fn follow_expected(&self, run: &Run) -> Result<Followed, Setback> {
        let Some(call) = self.queue.take_expected() else { return Ok(Followed::Nothing) };
        self.schedule.soon(Errand::Expected);
        calls::follow_expected(run, &self.rate, &call)
    }

    fn follow_stranger(&self, run: &Run, errand: Errand) -> Result<Followed, Setback> {
        let mut rate = self.rate.lock().unwrap_or_else(PoisonError::into_inner);
        let next = self.queue.take_strange(|call| rate.admit(call, run.clock.now()));
        drop(rate);
        let Some(Waiting { call, caller, .. }) = next else {
            if self.queue.has_strange() {
                self.schedule.at(errand, Instant::now() + AGAIN);
            }
            return Ok(Followed::Nothing);
        };
        self.schedule.soon(errand);
        calls::follow(run, &call, Some(caller))
    }

    fn keep(&self, run: &mut Run) {
        *self.kept.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
        if let Err(error) = calls::keep(&run.identity, run.clock.now(), &self.queue) {
            run.talk.report_daily(&error);
        }
    }

    fn kept(&self) -> Option<Instant> {
        *self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
