//! The duties of a home that listens: each has a schedule, and threads that attend to it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use super::attention::Attention;
use super::callers::{Callers, Errand};
use super::directory::Directory;
use crate::calls::Followed;
use crate::cloud_client::register;
use crate::cloud_server::own_cloud::OwnCloud;
use crate::delivery::deliver::{self, Target};
use crate::error::Result;
use crate::keys::rotation;
use crate::protocol::values::hash::{Hash, SealedHash};
use crate::reading::ask::Ask;
use crate::session::run::Run;
use crate::store::contact::contacts;
use crate::store::contact::entry::Contact;
use crate::store::contact::history::delivered::Delivered;
use crate::store::contact::history::messages::Messages;
use crate::store::disk::home::Home;
use crate::store::identity::config::Config;
use crate::store::identity::own::Identity;
use crate::sync::round;
use crate::work::schedule::Schedule;
use jiff::Timestamp;

/// How often it is seen whether another process made a contact, or renamed or removed one.
const NEWCOMERS: Duration = Duration::from_secs(1);
/// The time after a change of the contacts' folder during which it is looked at again.
const SETTLING: Duration = Duration::from_secs(10);

/// A round: the contacts to look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Round {
    /// Everybody: the net under the notifications.
    Everybody,
    /// The contacts of whom nobody knew.
    Newcomers,
}

/// The duties, and what the threads that do them have to know.
pub struct Duties {
    /// The contacts by their feeds and our callbacks.
    pub directory: Directory,
    /// The contacts to look after.
    pub attention: Attention,
    /// When to register with the clouds of which contacts.
    pub leases: Schedule<String>,
    /// When to look around.
    pub rounds: Schedule<Round>,
    /// The calls by others.
    pub callers: Callers,
    cloud: Option<Arc<OwnCloud>>,
    target: Option<Target>,
    pause: Duration,
}

impl Duties {
    /// The duties of the home of `identity`, which delivers to `target`, if it is to deliver, and
    /// looks around every `pause`.
    pub fn new(
        identity: &Identity,
        cloud: Option<Arc<OwnCloud>>,
        target: Option<Target>,
        pause: Duration,
    ) -> Self {
        Self {
            directory: Directory::default(),
            attention: Attention::new(),
            leases: Schedule::new(),
            rounds: Schedule::new(),
            callers: Callers::new(identity),
            cloud,
            target,
            pause,
        }
    }

    /// Returns whether messages go to a hook.
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
    pub fn follow(&self, run: &mut Run, errand: &Errand) {
        match self.callers.attend(run, *errand) {
            Followed::Contact(name) => self.attention.announced(name),
            Followed::Answer => self.rounds.soon(Round::Everybody),
            Followed::Nothing => {}
        }
    }

    /// Looks around.
    pub fn look_around(&self, run: &mut Run, round: Round) {
        let pause = match round {
            Round::Everybody => {
                self.look_at_everybody(run);
                self.pause
            }
            Round::Newcomers => {
                self.look_for_newcomers(run);
                NEWCOMERS
            }
        };
        self.rounds.at(round, Instant::now() + pause);
    }

    fn look_for_newcomers(&self, run: &mut Run) {
        let changed = contacts::changed(&run.identity.home);
        if changed.is_some() && !self.directory.is_as_of(changed) {
            self.greet_newcomers(run);
        }
    }

    fn look_at_everybody(&self, run: &mut Run) {
        if let Err(error) = round::once(run, &[], Ask::InTime, None, None) {
            run.talk.report_daily(&error);
        }
        rotation::attend(run);
        run.remember();
        self.greet_newcomers(run);
        if let Some(cloud) = &self.cloud {
            cloud.look();
        }
    }

    fn greet_newcomers(&self, run: &mut Run) {
        match self.survey(run) {
            Ok(newcomers) => newcomers.into_iter().for_each(|name| self.attention.look(name)),
            Err(error) => run.talk.report_daily(&error),
        }
    }

    /// Finds out who is known, and who has something to be delivered. Returns the names of those
    /// who are new.
    ///
    /// # Errors
    /// When the contacts cannot be listed.
    pub fn survey(&self, run: &mut Run) -> Result<Vec<String>> {
        // Before the listing: what changes meanwhile is found the next time.
        let changed = contacts::changed(&run.identity.home).filter(is_settled);
        let mut all = BTreeMap::new();
        for name in contacts::list(&run.identity.home)? {
            match Contact::load(&run.identity.home, &name) {
                Ok(contact) => drop(all.insert(name, contact)),
                Err(error) => run.talk.report_daily(&error.into()),
            }
        }
        let newcomers = self.directory.replace(&all, changed);
        for (name, contact) in all {
            self.plan_lease(&run.identity.config, run.clock.now(), &name, &contact);
            match self.has_undelivered(&run.identity.home, run.clock.now(), &name) {
                Ok(true) => self.attention.deliver(name),
                Ok(false) => {}
                Err(error) => run.talk.report_daily(&error),
            }
        }
        Ok(newcomers)
    }

    /// Sees to it that we are registered with the cloud of `contact` in time.
    fn plan_lease(&self, config: &Config, now: Timestamp, name: &str, contact: &Contact) {
        let Some(when) = register::when(config, contact, now) else { return };
        let wait = when.duration_since(now);
        let due = Instant::now().checked_add(wait.try_into().unwrap_or_default());
        self.leases.at(name.to_owned(), due.unwrap_or_else(Instant::now));
    }

    /// Registers with the cloud of the contact called `name`, if it is time.
    pub fn renew(&self, run: &mut Run, name: &str) {
        if Contact::load(&run.identity.home, name).is_err() {
            return;
        }
        let expect = |contact: &Contact| self.directory.add(name, contact);
        match register::renew(
            &run.identity,
            &run.network,
            run.clock.now(),
            &mut run.keys.rng,
            name,
            expect,
        ) {
            // What changed before the cloud knew of us was announced to nobody.
            Ok(Some(true)) => self.attention.look(name.to_owned()),
            Ok(_) => {}
            Err(error) => run.talk.report_daily(&error),
        }
        if let Ok(contact) = Contact::load(&run.identity.home, name) {
            self.plan_lease(&run.identity.config, run.clock.now(), name, &contact);
        }
    }

    fn has_undelivered(&self, home: &Home, now: Timestamp, name: &str) -> Result<bool> {
        let delivered = Delivered::load(home, name)?;
        let cursor = match &self.target {
            None => return Ok(false),
            Some(Target::Hook { .. }) if !delivered.may_run(now) => return Ok(false),
            Some(Target::Hook { .. }) => delivered.hook_cursor(),
            Some(_) => delivered.stdout,
        };
        Ok(Messages::of(home, name).last_number()? > cursor)
    }

    /// Looks after the contact called `name`.
    pub fn look_after(&self, run: &mut Run, name: &str) {
        let Ok(before) = Contact::load(&run.identity.home, name) else {
            return self.attention.forget(name);
        };
        let names = &[name.to_owned()];
        let look = self.attention.takes_look(name);
        let done = match &self.target {
            target if look => round::once(run, names, Ask::Soon, target.as_ref(), None),
            Some(target) => deliver::deliver(
                &run.identity,
                &mut run.talk,
                run.clock.now(),
                &mut run.output,
                names,
                target,
                None,
            ),
            None => Ok(0),
        };
        if let Err(error) = done {
            run.talk.report_daily(&error);
        }
        if look && let Ok(after) = Contact::load(&run.identity.home, name) {
            self.attention.looked(name, seen(&after) != seen(&before));
            self.plan_lease(&run.identity.config, run.clock.now(), name, &after);
        }
    }
}

/// Returns whether a change at `time` is long past. A contact's folder is there before what lies in
/// it: a contact that is being made right now is to be looked for again.
fn is_settled(time: &SystemTime) -> bool {
    time.elapsed().is_ok_and(|age| age > SETTLING)
}

/// The known state of the feed of `contact`: any change there changes this.
fn seen(contact: &Contact) -> ([Option<SealedHash>; 2], Option<Hash>) {
    let theirs = &contact.theirs;
    let singles = [&theirs.introduction, &theirs.state];
    let sealed = singles.map(|seen| seen.as_ref().and_then(|seen| seen.sealed));
    (sealed, contact.key_hash)
}
