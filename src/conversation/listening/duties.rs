//! What a home that listens has to do: each duty has a schedule, and threads that attend to it.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::attention::Attention;
use super::directory::Directory;
use super::schedule::Schedule;
use crate::conversation::calls::{self, Calls};
use crate::conversation::deliver::{self, Target};
use crate::conversation::round;
use crate::conversation::session::Session;
use crate::error::Result;
use crate::protocol::hash::Hash;
use crate::protocol::please_follow::PleaseFollow;
use crate::store::contact::Contact;
use crate::store::contacts;
use crate::store::delivered::Delivered;
use crate::store::messages::Messages;

/// Calls that wait to be followed, at most.
const CALLS: usize = 100;

/// What is to be done, and what the threads that do it have to know.
#[derive(Debug)]
pub struct Duties {
    /// Who is known by which feed and callback.
    pub directory: Directory,
    /// Whom to look after.
    pub attention: Attention,
    /// When to look at everybody: the net under the notifications.
    pub rounds: Schedule<()>,
    /// When to follow the calls that wait.
    pub calls: Schedule<()>,
    waiting: Mutex<VecDeque<PleaseFollow>>,
    admitted: Mutex<Calls>,
    target: Option<Target>,
    pause: Duration,
}

impl Duties {
    /// The duties of a home that delivers to `target`, if it is to deliver, and looks around every
    /// `pause`.
    pub fn new(target: Option<Target>, pause: Duration) -> Self {
        Self {
            directory: Directory::default(),
            attention: Attention::new(),
            rounds: Schedule::new(),
            calls: Schedule::new(),
            waiting: Mutex::default(),
            admitted: Mutex::default(),
            target,
            pause,
        }
    }

    /// Nothing is to be done any more.
    pub fn end(&self) {
        self.attention.schedule.end();
        self.rounds.end();
        self.calls.end();
    }

    /// Somebody called. When too many wait it is lost: whoever calls can be found without, and may
    /// call again.
    pub fn call(&self, call: PleaseFollow) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.len() < CALLS {
            waiting.push_back(call);
        }
        self.calls.soon(());
    }

    /// Follows the next call.
    pub fn follow(&self, session: &mut Session) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(call) = waiting.pop_front() else { return };
        drop(waiting);
        let mut admitted = self.admitted.lock().unwrap_or_else(PoisonError::into_inner);
        match calls::follow(session, &mut admitted, &call) {
            Ok(true) => self.rounds.soon(()),
            Ok(false) => {}
            Err(error) => log::info!("a call came to nothing: {error}"),
        }
        self.calls.soon(());
    }

    /// Looks at everybody, and sees to what that brought.
    pub fn look_around(&self, session: &mut Session) {
        if let Err(error) = round::once(session, &[], None, None) {
            session.report(&error);
        }
        if let Err(error) = self.survey(session) {
            session.report(&error);
        }
        self.rounds.at((), Instant::now() + self.pause);
    }

    /// Finds out who is known, and who has something to be delivered.
    ///
    /// # Errors
    /// When the contacts cannot be listed.
    pub fn survey(&self, session: &mut Session) -> Result<()> {
        let mut all = BTreeMap::new();
        for name in contacts::list(&session.home)? {
            match Contact::load(&session.home, &name) {
                Ok(contact) => drop(all.insert(name, contact)),
                Err(error) => session.report(&error),
            }
        }
        self.directory.replace(&all);
        for name in all.into_keys() {
            match self.has_undelivered(session, &name) {
                Ok(true) => self.attention.deliver(name),
                Ok(false) => {}
                Err(error) => session.report(&error),
            }
        }
        Ok(())
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
    pub fn look_after(&self, session: &mut Session, name: &String) {
        let Ok(before) = seen(session, name) else { return self.attention.forget(name) };
        let names = std::slice::from_ref(name);
        let look = self.attention.takes_look(name);
        let done = match &self.target {
            target if look => round::once(session, names, target.as_ref(), None),
            Some(target) => deliver::deliver(session, names, target, None),
            None => Ok(0),
        };
        if let Err(error) = done {
            session.report(&error);
        }
        if look {
            let after = seen(session, name).ok();
            self.attention.looked(name, after != Some(before));
        }
    }
}

/// What is known of the feed of the contact called `name`: whatever changes there changes this.
fn seen(session: &Session, name: &str) -> Result<[Option<Hash>; 3]> {
    let contact = Contact::load(&session.home, name)?;
    let theirs = &contact.theirs;
    let singles = [&theirs.introduction, &theirs.state];
    let [introduction, state] = singles.map(|seen| seen.as_ref().map(|seen| seen.sealed));
    Ok([introduction, state, contact.key_hash])
}
