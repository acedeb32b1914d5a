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

/// What hosts have said of our clock in one look, and the verdict that follows.
pub struct Voices {
    identity: Identity,
    network: Network,
    clock: Clock,
    newest_signature: Option<Timestamp>,
    dates: BTreeMap<String, Timestamp>,
}

impl Voices {
    /// Nobody has spoken yet in this look of `run`; `newest_signature` is the newest of a contact that was
    /// verified before.
    pub fn new(run: &Run, newest_signature: Option<Timestamp>) -> Self {
        Self {
            identity: run.identity.clone(),
            network: run.network.clone(),
            clock: run.clock.clone(),
            newest_signature,
            dates: BTreeMap::new(),
        }
    }

    /// Hears what the host of `fetched` says.
    pub fn hear(&mut self, fetched: &Fetched) {
        let date = fetched.date.clone().filter(|_| self.dates.len() < VOICES);
        if let Some(HostDate { host, date }) = date {
            self.dates.insert(host, date);
            self.weigh();
        }
    }

    fn weigh(&self) {
        let now = self.clock.now();
        let verdict = judge(&self.identity, now, self.newest_signature, &self.dates);
        self.identity.attested.set(verdict);
    }

    /// Returns whether one host alone has spoken, and against our clock.
    pub fn is_in_doubt(&self) -> bool {
        let now = self.clock.now();
        self.dates.len() == 1 && self.dates.values().all(|date| clock::is_ahead_of(now, *date))
    }

    /// Asks our own host, which is a voice like others against our clock, for at most `patience`.
    pub fn ask_our_host(&mut self, patience: Duration) {
        let own =
            own_key_at(&self.identity).filter(|url| !self.dates.contains_key(&url.authority()));
        let (Some(url), Ok(client)) = (own, self.network.client()) else { return };
        let client = client.within(patience.min(PATIENCE));
        let conditions = Conditions::past_caches();
        let (_, date) = client.get_dated(&url, limits::CERTIFICATE, &conditions);
        self.dates.extend(date.map(|date| (date.host, date.date)));
        self.weigh();
    }
}

/// Judges our clock, which shows `now`, by what hosts said, as [`clock::judge`] does. Our own host may be
/// this machine, with this clock: it is no voice for it.
fn judge(
    identity: &Identity,
    now: Timestamp,
    newest_signature: Option<Timestamp>,
    dates: &BTreeMap<String, Timestamp>,
) -> Verdict {
    clock::judge(now, newest_signature, &independent(identity, now, dates.clone()))
}

/// `dates` without that of our own host, if it has the time of our clock, which shows `now`.
pub fn independent(
    identity: &Identity,
    now: Timestamp,
    mut dates: BTreeMap<String, Timestamp>,
) -> BTreeMap<String, Timestamp> {
    let own = identity.config.base_url.as_ref().map(Url::authority);
    dates.retain(|host, date| own.as_ref() != Some(host) || clock::are_apart(now, *date));
    dates
}

/// Answers as they come, and the verdict on our clock that follows from them. While the only host that
/// has spoken says that our clock is ahead, a few answers wait for another voice: what is done about them
/// may be for good.
pub struct Weighed {
    voices: Voices,
    answers: Receiver<Fetched>,
    waiting: VecDeque<Fetched>,
}

impl Weighed {
    /// The `answers` for `run`; `newest_signature` is the newest of a contact that was verified before.
    pub fn new(run: &Run, newest_signature: Option<Timestamp>, answers: Receiver<Fetched>) -> Self {
        Self { voices: Voices::new(run, newest_signature), answers, waiting: VecDeque::new() }
    }

    fn receive(&mut self) -> Option<Fetched> {
        let fetched = self.answers.recv().ok()?;
        self.voices.hear(&fetched);
        Some(fetched)
    }
}

impl Iterator for Weighed {
    type Item = Fetched;

    fn next(&mut self) -> Option<Fetched> {
        if let Some(fetched) = self.waiting.pop_front() {
            return Some(fetched);
        }
        let first = self.receive()?;
        if !self.voices.is_in_doubt() {
            return Some(first);
        }
        while self.voices.is_in_doubt() && self.waiting.len() < WAITING {
            let Some(fetched) = self.receive() else { break };
            self.waiting.push_back(fetched);
        }
        if self.voices.is_in_doubt() {
            self.voices.ask_our_host(PATIENCE);
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
    let verdict = judge(&run.identity, run.now(), newest_signature(home), &dates);
    run.identity.attested.set(verdict);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::testing::Person;

    /// The verdict on a clock when our own host and others have said that it is so many days later.
    fn verdict(own: Option<i64>, others: &[i64]) -> Verdict {
        let john = Person::called("John");
        let day = |days: i64| john.now() + SignedDuration::from_hours(24 * days);
        let mut dates: BTreeMap<String, Timestamp> = others
            .iter()
            .enumerate()
            .map(|(n, days)| (format!("{n}.example"), day(*days)))
            .collect();
        dates.extend(own.map(|days| ("john.example".to_owned(), day(days))));
        judge(&john.run.identity, john.now(), None, &dates)
    }

    #[test]
    fn our_own_host_may_have_our_clock_and_is_no_voice_for_it() {
        let ahead = Verdict::Ahead(SignedDuration::from_hours(24 * 400));
        assert_eq!(verdict(Some(0), &[]), Verdict::Unknown);
        assert_eq!(verdict(Some(0), &[-400]), Verdict::Unknown, "one host alone");
        assert_eq!(verdict(Some(0), &[-400, -400, 0]), ahead);
        assert_eq!(verdict(Some(0), &[0]), Verdict::Right);
        assert_eq!(verdict(Some(-400), &[-400]), ahead, "it has another clock");
        assert_eq!(verdict(Some(-400), &[0]), Verdict::Unknown);
    }
}
