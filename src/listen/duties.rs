//! What a home that listens has to do: each duty has a schedule, and threads that attend to it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use super::attention::Attention;
use super::callers::{Callers, Errand};
use super::directory::Directory;
use super::schedule::Schedule;
use crate::calls::Followed;
use crate::cloud_client::register;
use crate::cloud_server::own_cloud::OwnCloud;
use crate::delivery::deliver::{self, Target};
use crate::error::Result;
use crate::keys::rotation;
use crate::protocol::values::hash::Hash;
use crate::session::run::Session;
use crate::store::contact::contacts;
use crate::store::contact::delivered::Delivered;
use crate::store::contact::entry::Contact;
use crate::store::contact::messages::Messages;
use crate::sync::round;

/// How often it is seen whether another process made a contact, or renamed or removed one.
const NEWCOMERS: Duration = Duration::from_secs(1);
/// For how long after a change of the contacts' folder it is looked at again.
const SETTLING: Duration = Duration::from_secs(10);

/// Whom to look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Round {
    /// Everybody: the net under the notifications.
    Everybody,
    /// Those of whom nobody knew.
    Newcomers,
}

/// What is to be done, and what the threads that do it have to know.
pub struct Duties {
    /// Who is known by which feed and callback.
    pub directory: Directory,
    /// Whom to look after.
    pub attention: Attention,
    /// When to register with the clouds of which contacts.
    pub leases: Schedule<String>,
    /// When to look around.
    pub rounds: Schedule<Round>,
    /// Who called.
    pub callers: Callers,
    cloud: Option<Arc<OwnCloud>>,
    target: Option<Target>,
    pause: Duration,
}

impl Duties {
    /// The duties of the home of `session`, which delivers to `target`, if it is to deliver, and
    /// looks around every `pause`.
    pub fn new(
        session: &Session,
        cloud: Option<Arc<OwnCloud>>,
        target: Option<Target>,
        pause: Duration,
    ) -> Self {
        Self {
            directory: Directory::default(),
            attention: Attention::new(),
            leases: Schedule::new(),
            rounds: Schedule::new(),
            callers: Callers::new(session),
            cloud,
            target,
            pause,
        }
    }

    /// Whether messages go to a hook.
    pub fn has_hook(&self) -> bool {
        matches!(self.target, Some(Target::Hook { .. }))
    }

    /// Nothing is to be done any more.
    pub fn end(&self) {
        self.attention.schedule.end();
        self.leases.end();
        self.rounds.end();
        self.callers.schedule.end();
    }

    /// Follows the next call, as `errand` has it.
    pub fn follow(&self, session: &mut Session, errand: &Errand) {
        match self.callers.attend(session, *errand) {
            Followed::Contact(name) => self.attention.announced(name),
            Followed::Answer => self.rounds.soon(Round::Everybody),
            Followed::Nothing => {}
        }
    }

    /// Looks around.
    pub fn look_around(&self, session: &mut Session, round: Round) {
        let pause = match round {
            Round::Everybody => {
                self.look_at_everybody(session);
                self.pause
            }
            Round::Newcomers => {
                self.look_for_newcomers(session);
                NEWCOMERS
            }
        };
        self.rounds.at(round, Instant::now() + pause);
    }

    fn look_for_newcomers(&self, session: &mut Session) {
        let changed = contacts::changed(&session.home);
        if changed.is_some() && !self.directory.is_as_of(changed) {
            self.greet_newcomers(session);
        }
    }

    fn look_at_everybody(&self, session: &mut Session) {
        if let Err(error) = round::once(session, &[], None, None) {
            session.report(&error);
        }
        rotation::attend(session);
        self.greet_newcomers(session);
        if let Some(cloud) = &self.cloud {
            cloud.look();
        }
    }

    fn greet_newcomers(&self, session: &mut Session) {
        match self.survey(session) {
            Ok(newcomers) => newcomers.into_iter().for_each(|name| self.attention.look(name)),
            Err(error) => session.report(&error),
        }
    }

    /// Finds out who is known, and who has something to be delivered. Returns who is new.
    ///
    /// # Errors
    /// When the contacts cannot be listed.
    pub fn survey(&self, session: &mut Session) -> Result<Vec<String>> {
        // Before the listing: what changes meanwhile is found the next time.
        let changed = contacts::changed(&session.home).filter(is_settled);
        let mut all = BTreeMap::new();
        for name in contacts::list(&session.home)? {
            match Contact::load(&session.home, &name) {
                Ok(contact) => drop(all.insert(name, contact)),
                Err(error) => session.report(&error),
            }
        }
        let newcomers = self.directory.replace(&all, changed);
        for (name, contact) in all {
            self.plan_lease(session, &name, &contact);
            match self.has_undelivered(session, &name) {
                Ok(true) => self.attention.deliver(name),
                Ok(false) => {}
                Err(error) => session.report(&error),
            }
        }
        Ok(newcomers)
    }

    /// Sees to it that we are registered with the cloud of `contact` in time.
    fn plan_lease(&self, session: &Session, name: &str, contact: &Contact) {
        let now = session.now();
        let Some(when) = register::when(session, contact, now) else { return };
        let wait = when.duration_since(now);
        let due = Instant::now().checked_add(wait.try_into().unwrap_or_default());
        self.leases.at(name.to_owned(), due.unwrap_or_else(Instant::now));
    }

    /// Registers with the cloud of the contact called `name`, if it is time.
    pub fn renew(&self, session: &mut Session, name: &str) {
        if Contact::load(&session.home, name).is_err() {
            return;
        }
        let expect = |contact: &Contact| self.directory.add(name, contact);
        match register::renew(session, name, expect) {
            // What changed before the cloud knew of us was announced to nobody.
            Ok(Some(true)) => self.attention.look(name.to_owned()),
            Ok(_) => {}
            Err(error) => session.report(&error),
        }
        if let Ok(contact) = Contact::load(&session.home, name) {
            self.plan_lease(session, name, &contact);
        }
    }

    fn has_undelivered(&self, session: &Session, name: &str) -> Result<bool> {
        let delivered = Delivered::load(&session.home, name)?;
        let cursor = match &self.target {
            None => return Ok(false),
            Some(Target::Hook { .. }) if !delivered.may_run(session.now()) => return Ok(false),
            Some(Target::Hook { .. }) => delivered.hook_cursor(),
            Some(_) => delivered.stdout,
        };
        Ok(Messages::of(&session.home, name).last_number()? > cursor)
    }

    /// Looks after the contact called `name`.
    pub fn look_after(&self, session: &mut Session, name: &str) {
        let Ok(before) = Contact::load(&session.home, name) else {
            return self.attention.forget(name);
        };
        let names = &[name.to_owned()];
        let look = self.attention.takes_look(name);
        let done = match &self.target {
            target if look => round::once(session, names, target.as_ref(), None),
            Some(target) => deliver::deliver(session, names, target, None),
            None => Ok(0),
        };
        if let Err(error) = done {
            session.report(&error);
        }
        if look && let Ok(after) = Contact::load(&session.home, name) {
            self.attention.looked(name, seen(&after) != seen(&before));
            self.plan_lease(session, name, &after);
        }
    }
}

/// Whether a change at `time` is long past. A contact's folder is there before what lies in it: who
/// is being made right now is to be looked for again.
fn is_settled(time: &SystemTime) -> bool {
    time.elapsed().is_ok_and(|age| age > SETTLING)
}

/// What is known of the feed of `contact`: whatever changes there changes this.
fn seen(contact: &Contact) -> [Option<Hash>; 3] {
    let theirs = &contact.theirs;
    let singles = [&theirs.introduction, &theirs.state];
    let [introduction, state] = singles.map(|seen| seen.as_ref().map(|seen| seen.sealed));
    [introduction, state, contact.key_hash]
}
