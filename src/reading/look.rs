//! A quick look at the feeds of contacts, before something is sealed to their keys.
//!
//! Who only writes would never see that a contact's key or feed has changed, nor what arrived. So what
//! is new is stored and acknowledged; nothing is delivered. A look that fails delays its caller by some
//! seconds at most, changes nothing, and is repeated later.

use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use rand::RngCore;

use super::certificate::refresh_certificate;
use super::intake::{self, Source};
use super::read::{answered, source_of, unchanged, wish};
use crate::error::Result;
use crate::protocol::feed::channel::Channel;
use crate::protocol::values::limits;
use crate::session::run::Run;
use crate::session::talk::Talk;
use crate::session::web::fetch::{self, Fetched, Wish};
use crate::session::web::witnesses::Voices;
use crate::session::world::Stream;
use crate::store::contact::entry::Contact;
use crate::transport::client::Document;

/// How old the last look may be before a message is sealed.
const FRESH: SignedDuration = SignedDuration::from_hours(24);
/// After which time a look that failed is repeated.
const AGAIN: SignedDuration = SignedDuration::from_hours(1);
/// The time for the looks of one run together: a host that is slow or gone must hold up no message.
const PATIENCE: Duration = Duration::from_secs(5);
/// The time that a request has at least.
const LEAST: Duration = Duration::from_millis(1);
/// How old the last look may be before the user is told.
const OLD: SignedDuration = SignedDuration::from_hours(30 * 24);

/// Returns since when the feed of `contact` has not been seen, if that is over 30 days at `now`.
pub fn unseen_since(contact: &Contact, now: Timestamp) -> Option<Timestamp> {
    let seen = contact.last_seen();
    (!contact.blocked && now.duration_since(seen) > OLD).then_some(seen)
}

/// Looks at the feeds of those of the contacts called `names` whose last look is over a day old, and
/// warns of those whose feed was not seen for 30 days. What their hosts say of the time is heard. The
/// keys have been unlocked. Returns whether any look was due.
pub fn look_if_due(run: &mut Run, names: &[String]) -> bool {
    let now = run.now();
    let contact = |name: &String| Contact::load(&run.identity.home, name).ok();
    let due: Vec<String> = names
        .iter()
        .filter(|name| contact(name).is_some_and(|it| is_due(&it, now)))
        .cloned()
        .collect();
    look(run, &due);
    for name in names {
        let contact = Contact::load(&run.identity.home, name);
        let unseen = contact.ok().and_then(|contact| unseen_since(&contact, now));
        if let Some(since) = unseen {
            let days = now.duration_since(since).as_hours() / 24;
            run.talk.warn_daily(&format!(
                "the feed of `{name}` has not been seen for {days} days: if its key has changed since, it can open this only after you have run cloudim poll {name}"
            ));
        }
    }
    !due.is_empty()
}

/// Returns whether it is time to look. A clock that was wrong once does not put it off.
fn is_due(contact: &Contact, now: Timestamp) -> bool {
    let is_past = |time: Timestamp, most: SignedDuration| now.duration_since(time).abs() >= most;
    is_past(contact.last_seen(), FRESH)
        && contact.theirs.tried.is_none_or(|tried| is_past(tried, AGAIN))
}

/// Looks at the feeds of the contacts called `names`, all together for some seconds at most. What fails
/// is left for another time.
pub fn look(run: &mut Run, names: &[String]) {
    let (end, mut guest) = (Instant::now() + PATIENCE.min(run.network.timeout()), run.beside());
    // It is no part of what the user asked for: what is found is stored, and told by a `poll`.
    guest.talk = Talk::to(Stream::to(std::io::sink()), true);
    if let Err(error) = look_until(&mut guest, names, end) {
        log::info!("no look: {error}");
    }
}

fn look_until(run: &mut Run, names: &[String], end: Instant) -> Result<()> {
    let (mut wishes, mut newest): (Vec<Wish>, _) = (Vec::new(), None);
    for name in names {
        let contact = Contact::load(&run.identity.home, name)?;
        newest = newest.max(contact.theirs.signed);
        wishes.extend((!contact.blocked).then(|| wish(name, contact)));
    }
    let asked: Vec<String> = wishes.iter().map(|wish| wish.name.clone()).collect();
    let time_left = || end.saturating_duration_since(Instant::now());
    let client = run.network.client()?.within(time_left());
    let answers = fetch::all(&client, run.network.most_at_once(), wishes, limits::FEED);
    // What is done about an answer may be for good: it waits while one host alone says that the clock is wrong.
    let (mut voices, mut waiting) = (Voices::new(run, newest), Vec::new());
    while let Ok(fetched) = answers.recv_timeout(time_left()) {
        voices.hear(&fetched);
        waiting.push(fetched);
        if !voices.is_in_doubt() {
            waiting.drain(..).try_for_each(|fetched| take(run, fetched, time_left()))?;
        }
    }
    if voices.is_in_doubt() {
        voices.ask_our_host(time_left().max(LEAST));
    }
    waiting.into_iter().try_for_each(|fetched| take(run, fetched, time_left()))?;
    asked.iter().try_for_each(|name| note_failure(run, name))
}

/// Takes in what was fetched, within the time that is left.
fn take(run: &mut Run, fetched: Fetched, time_left: Duration) -> Result<()> {
    let name = fetched.name.clone();
    run.network.hurry(time_left.max(LEAST))?;
    if let Err(error) = taken(run, fetched) {
        log::info!("no look at `{name}`: {error}");
    }
    Ok(())
}

/// Takes in what was fetched.
fn taken(run: &mut Run, Fetched { name, answer, .. }: Fetched) -> Result<()> {
    match answered(&name, answer) {
        Ok(Some((document, channel))) => take_in(run, &name, &document, &channel),
        Ok(None) => unchanged(run, &name).map(drop),
        Err(trouble) => Err(trouble.into()),
    }
}

fn take_in(run: &mut Run, name: &str, document: &Document, channel: &Channel) -> Result<()> {
    // What was not to be had before is left to a poll, which tells of it.
    let lacks_key = !refresh_certificate(run, name, channel, false)?;
    let seed = run.keys.rng.next_u64();
    let source = Source { lacks_key, seed, ..source_of(document) };
    let (now, Run { identity, keys, talk, .. }) = (run.now(), run);
    intake::take_in_chain(identity, keys, talk, now, name, &[channel], source).map(drop)
}

/// Notes that the feed of the contact called `name` was asked for in vain, if it was.
fn note_failure(run: &Run, name: &str) -> Result<()> {
    if !is_due(&Contact::load(&run.identity.home, name)?, run.now()) {
        return Ok(());
    }
    let locked = run.lock()?;
    let mut contact = Contact::load(&locked.home, name)?;
    contact.theirs.tried = Some(locked.now);
    Ok(contact.save(&locked, name)?)
}
