//! Listening: the server's requests on the one side, on the other what they and the time ask to be
//! done.
//!
//! Each duty has threads of its own, so that a call by a stranger whose host is slow holds up no
//! message. Each thread has a session of its own, and they meet on disk as processes do.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::callers::{Callers, Errand};
pub use super::door::requests::HomeDoor;
use super::duties::{Duties, Round};
use super::end::Alarm;
pub use super::end::End;
pub use super::keyless::server::Keyless;
use crate::cloud_server::own_cloud::OwnCloud;
use crate::delivery::deliver::Target;
use crate::error::Result;
use crate::session::run::Run;
use crate::store::contact::contacts;
use crate::store::contact::history::delivered;
use crate::store::disk::home::Home;
use crate::store::identity::own::Identity;
use crate::sync::restored;
use crate::work::schedule::{Key, Schedule};

/// Threads that look after contacts: one who is slow must not keep the others waiting.
const ATTENDANTS: usize = 4;
/// Threads that register with the clouds of contacts.
const REGISTRARS: usize = 2;
/// How long the end waits for what is under way; and where that may be a hook, whose message would
/// come again.
const GRACE: Duration = Duration::from_secs(5);
const GRACE_FOR_HOOKS: Duration = Duration::from_secs(60);
/// How long it waits for each lock of those who may be writing still.
const MOMENT: Duration = Duration::from_millis(200);
const PAUSE: Duration = Duration::from_millis(5);

/// Finds the schedule of one of the duties.
type Of<K> = fn(&Duties) -> &Schedule<K>;

/// The threads that do what listening asks for.
pub struct Listening {
    duties: Arc<Duties>,
    cloud: Option<Arc<OwnCloud>>,
    threads: Vec<JoinHandle<()>>,
    ends: Sender<End>,
}

impl Listening {
    /// Begins, with a look at everybody; `cloud` is that of our feeds, `target` where messages are
    /// delivered to, `pause` the time between two looks. The reason for its end goes to `ends`.
    ///
    /// # Errors
    /// When the contacts cannot be listed.
    pub fn begin(
        run: &mut Run,
        cloud: Option<Arc<OwnCloud>>,
        target: Option<Target>,
        pause: Duration,
        ends: Sender<End>,
    ) -> Result<Self> {
        let duties = Arc::new(Duties::new(&run.identity, cloud.clone(), target, pause));
        duties.survey(run)?;
        let mut listening = Self { duties, cloud, threads: Vec::new(), ends };
        listening.employ_all(run);
        Ok(listening)
    }

    /// Starts the threads for each of the duties.
    fn employ_all(&mut self, run: &Run) {
        let rounds: Of<Round> = |duties| &duties.rounds;
        for round in [Round::Everybody, Round::Newcomers] {
            self.employ(run, rounds, |duties, run, round| {
                duties.look_around(run, *round);
            });
            self.duties.rounds.soon(round);
        }
        let calls: Of<Errand> = |duties| &duties.callers.schedule;
        for _ in 0..Callers::THREADS {
            self.employ(run, calls, Duties::follow);
        }
        let contacts: Of<String> = |duties| &duties.attention.schedule;
        for _ in 0..ATTENDANTS {
            self.employ(run, contacts, |duties, run, name| duties.look_after(run, name));
        }
        let leases: Of<String> = |duties| &duties.leases;
        for _ in 0..REGISTRARS {
            self.employ(run, leases, |duties, run, name| duties.renew(run, name));
        }
    }

    /// The door, which answers the server's requests.
    pub fn door(&self, identity: &Identity) -> HomeDoor {
        HomeDoor::new(identity, Arc::clone(&self.duties), self.cloud.clone())
    }

    /// Starts a thread that attends to one of the duties.
    fn employ<K: Key>(&mut self, run: &Run, schedule: Of<K>, attend: fn(&Duties, &mut Run, &K)) {
        let (mut run, duties) = (run.beside(), Arc::clone(&self.duties));
        let alarm = Alarm(self.ends.clone());
        self.threads.push(thread::spawn(move || {
            schedule(&duties).attend(|key| {
                // The home may have been restored meanwhile; the duty says what then fails.
                if let Err(error) = restored::catch_up(&mut run) {
                    run.talk.report_daily(&error);
                }
                attend(&duties, &mut run, &key);
                if run.output.stdout.is_broken() {
                    alarm.ring(End::Unheard);
                }
                key
            });
        }));
    }

    /// Ends, after what is under way. Work that takes too long is left where the next start finds
    /// it. So is everything if it is asked to end once more, by `again`.
    pub fn end(self, home: &Home, again: &Receiver<End>) {
        self.duties.end();
        if let Some(cloud) = &self.cloud {
            cloud.stop();
        }
        let grace = if self.duties.has_hook() { GRACE_FOR_HOOKS } else { GRACE };
        let deadline = Instant::now() + grace;
        while self.threads.iter().any(|thread| !thread.is_finished()) {
            let is_enough = again.recv_timeout(PAUSE) == Ok(End::Asked);
            if is_enough || Instant::now() >= deadline {
                return settle(home);
            }
        }
    }
}

/// Sees to it that the end of the process finds nobody writing: a writer has a lock, and another
/// that would write waits for one. The locks are kept until the end.
fn settle(home: &Home) {
    let names = contacts::list(home).unwrap_or_default();
    let wait = |name: &String| delivered::lock_within(home, name, MOMENT).ok();
    let locks: Vec<_> = names.iter().map(wait).collect();
    std::mem::forget((locks, home.lock()));
}
