//! Witnesses: what the hosts that were asked just now say of our clock.

use std::collections::{BTreeMap, HashSet, VecDeque};
use std::sync::mpsc::Receiver;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::fetch::{self, Fetched, Wish};
use super::network::Network;
use crate::error::{Error, Result};
use crate::protocol::values::clock::{self, Verdict};
use crate::protocol::values::limits;
use crate::protocol::values::url::Url;
use crate::session::run::Run;
use crate::session::talk::Talk;
use crate::session::world::Clock;
use crate::store::contact::contacts;
use crate::store::contact::entry::Contact;
use crate::store::disk::home::Home;
use crate::store::identity::key_state::{self, KeyState};
use crate::store::identity::own::{Identity, Locked};
use crate::transport::client::{Conditions, HostDate};

/// Answers that wait until more is known of the clock.
const WAITING: usize = 4;
/// Hosts whose word is heard in one look.
const VOICES: usize = 16;
/// Hosts that are asked for the time alone.
const ASKED: usize = 5;
/// How long such a host is waited for.
const PATIENCE: Duration = Duration::from_secs(5);

/// Answers as they come, and the verdict on our clock that follows from them. While the only host that
/// has spoken says that our clock is ahead, a few answers wait for another voice: what is done about them
/// may be for good.
pub struct Weighed {
    identity: Identity,
    network: Network,
    clock: Clock,
    answers: Receiver<Fetched>,
    waiting: VecDeque<Fetched>,
    newest_signature: Option<Timestamp>,
    dates: BTreeMap<String, Timestamp>,
}

impl Weighed {
    /// The `answers` for `run`; `newest_signature` is the newest of a contact that was verified before.
    pub fn new(run: &Run, newest_signature: Option<Timestamp>, answers: Receiver<Fetched>) -> Self {
        Self {
            identity: run.identity.clone(),
            network: run.network.clone(),
            clock: run.clock.clone(),
            answers,
            waiting: VecDeque::new(),
            newest_signature,
            dates: BTreeMap::new(),
        }
    }

    fn receive(&mut self) -> Option<Fetched> {
        let fetched = self.answers.recv().ok()?;
        let date = fetched.date.clone().filter(|_| self.dates.len() < VOICES);
        if let Some(HostDate { host, date }) = date {
            self.dates.insert(host, date);
            self.weigh();
        }
        Some(fetched)
    }

    fn weigh(&self) {
        let verdict = clock::judge(self.clock.now(), self.newest_signature, &self.dates);
        self.identity.attested.set(verdict);
    }

    /// Returns whether one host alone has spoken, and against our clock.
    fn is_in_doubt(&self) -> bool {
        let now = self.clock.now();
        self.dates.len() == 1 && self.dates.values().all(|date| clock::is_ahead_of(now, *date))
    }

    /// Asks our own host, which is a voice like others.
    fn ask_our_host(&mut self) {
        let own =
            own_key_at(&self.identity).filter(|url| !self.dates.contains_key(&url.authority()));
        let (Some(url), Ok(client)) = (own, self.network.client()) else { return };
        let client = client.within(PATIENCE);
        let conditions = Conditions::past_caches();
        let (_, date) = client.get_dated(&url, limits::CERTIFICATE, &conditions);
        self.dates.extend(date.map(|date| (date.host, date.date)));
        self.weigh();
    }
}

impl Iterator for Weighed {
    type Item = Fetched;

    fn next(&mut self) -> Option<Fetched> {
        if let Some(fetched) = self.waiting.pop_front() {
            return Some(fetched);
        }
        let first = self.receive()?;
        if !self.is_in_doubt() {
            return Some(first);
        }
        while self.is_in_doubt() && self.waiting.len() < WAITING {
            let Some(fetched) = self.receive() else { break };
            self.waiting.push_back(fetched);
        }
        if self.is_in_doubt() {
            self.ask_our_host();
        }
        Some(first)
    }
}

/// Asks a few hosts for the time: ours, and those of contacts.
///
/// # Errors
/// When the settings are wrong, or the contacts cannot be listed.
pub fn ask(run: &Run) -> Result<()> {
    let (home, mut hosts, mut wishes) = (&run.identity.home, HashSet::new(), Vec::new());
    let contacts =
        contacts::list(home)?.into_iter().filter_map(|name| Contact::load(home, &name).ok());
    let feeds = contacts
        .filter(|contact| !contact.blocked)
        .map(|contact| (contact.feed, contact.http.etag));
    for (url, etag) in own_key_at(&run.identity).map(|url| (url, None)).into_iter().chain(feeds) {
        if wishes.len() < ASKED && hosts.insert(url.authority()) {
            let conditions = Conditions { etag, ..Conditions::default() };
            wishes.push(Wish { name: String::new(), url, conditions });
        }
    }
    let client = run.network.client()?.within(PATIENCE);
    let answers = fetch::all(&client, run.network.most_at_once(), wishes, limits::FEED);
    let dates = answers.into_iter().filter_map(|fetched| fetched.date);
    let dates = dates.map(|date| (date.host, date.date)).collect();
    run.identity.attested.set(clock::judge(run.now(), newest_signature(home), &dates));
    Ok(())
}

/// Asks a few hosts for the time, and refuses to go on with a clock that is ahead; not if the user says
/// `yes`, who is believed.
///
/// # Errors
/// When the clock is ahead; `cure` is the command that goes on all the same. As [`ask`].
pub fn expect_right_clock(run: &Run, yes: bool, cure: &str) -> Result<()> {
    if yes {
        run.identity.attested.set(Verdict::Right);
        return Ok(());
    }
    ask(run)?;
    match run.identity.attested.verdict() {
        Verdict::Ahead(by) => {
            Err(Error::cannot(ahead(by)).hint(format!("set the clock; if it is right: {cure}")))
        }
        Verdict::Unknown | Verdict::Right => Ok(()),
    }
}

/// Says that our clock is ahead.
pub fn ahead(by: SignedDuration) -> String {
    let days = by.as_hours() / 24;
    let days = if days == 1 { "a day".to_owned() } else { format!("{days} days") };
    format!("the clock is ahead by {days}, as hosts have it")
}

/// Says, once a day, that the clock is wrong.
///
/// # Errors
/// When it cannot be noted.
pub fn tell_once(locked: &Locked<'_>, talk: &mut Talk, what: &str) -> Result<()> {
    let state = KeyState::load(&locked.home)?;
    if key_state::is_to_be_told(state.clock_told, locked.now) {
        talk.warn(what);
        KeyState { clock_told: Some(locked.now), ..state }.save(locked)?;
    }
    Ok(())
}

/// The newest signature of a contact that was verified. What cannot be read is told elsewhere.
fn newest_signature(home: &Home) -> Option<Timestamp> {
    let names = contacts::list(home).unwrap_or_default();
    let contacts = names.into_iter().filter_map(|name| Contact::load(home, &name).ok());
    contacts.filter_map(|contact| contact.theirs.signed).max()
}

/// The URL of our own certificate, where we have put it.
fn own_key_at(identity: &Identity) -> Option<Url> {
    identity.config.base().ok()?.join("key.asc").ok()
}
