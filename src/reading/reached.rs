//! What is noted of a feed that brought no document: it is unchanged, or out of reach.

use super::gaps;
use crate::error::Result;
use crate::session::fetch::{self};
use crate::session::keys::Keys;
use crate::session::own_key;
use crate::session::talk::Talk;
use crate::store::contact::entry::Contact;
use crate::store::contact::messages::Messages;
use crate::store::contact::octets::Octets;
use crate::store::contact::pair::Pair;
use crate::store::contact::record::{About, Record};
use crate::store::identity::own::Identity;
use crate::transport::client::Failure;
use crate::writing::feed::{self, Change};
use crate::writing::retention;
use jiff::SignedDuration;
use jiff::Timestamp;

const DAY: SignedDuration = SignedDuration::from_hours(24);

/// Notes that an unchanged feed was reached, and does what time alone asks for: what was
/// acknowledged long enough ago leaves our feed, and a gap that lasts is told.
pub(super) fn reached(
    identity: &Identity,
    keys: &mut Keys,
    now: Timestamp,
    name: &str,
) -> Result<bool> {
    let contact = Contact::load(&identity.home, name)?;
    let due = is_due(identity, now, name, &contact)?;
    if !due && contact.http.failing_since.is_none() && contact.theirs.behind_since.is_none() {
        return Ok(false);
    }
    // A home that nobody unlocks can still be told that nothing is new.
    let due = due && own_key::expect_usable(keys, now).is_ok() && keys.unlock().is_ok();
    let locked = if due { keys.lock_to_sign(identity, now)? } else { identity.lock(now)? };
    let mut pair = Pair::load(&locked, name)?;
    let contact = &mut pair.contact;
    (contact.http.failing_since, contact.http.failure_told, contact.http.failure) =
        (None, None, None);
    let behind = contact.theirs.behind_since.is_some();
    let grace = locked.config.stale_grace;
    if let Some((text, healed)) = gaps::gaps(contact, behind, locked.now, grace) {
        let record = Record::notice(About::Integrity, healed, locked.now, text);
        Messages::of(&locked.home, name).append(&mut [record])?;
    }
    if due {
        return Ok(feed::rewrite(&locked, keys, &mut pair, Change::default())?);
    }
    pair.save(&locked)?;
    Ok(false)
}

/// Whether something of ours has been acknowledged for longer than it is kept.
fn is_due(identity: &Identity, now: Timestamp, name: &str, contact: &Contact) -> Result<bool> {
    let ours = &contact.ours;
    if identity.config.read_only || ours.acknowledged() == 0 {
        return Ok(false);
    }
    let items = Octets::of(&identity.home, name).items()?;
    Ok(items.iter().any(|item| retention::is_settled(item, ours, identity.config.retention, now)))
}

/// Notes that a contact could not be reached. It is a line of talk; it counts for the exit status
/// only after `unreachable_after`, and then once a day.
pub(super) fn not_reached(
    identity: &Identity,
    talk: &mut Talk,
    now: Timestamp,
    name: &str,
    failure: Failure,
) -> Result<()> {
    let counts_at_once = !failure.may_pass();
    let error = fetch::failed(&format!("the feed of `{name}`"), failure);
    let locked = identity.lock(now)?;
    let mut contact = Contact::load(&locked.home, name)?;
    let since = *contact.http.failing_since.get_or_insert(now);
    let long = now.duration_since(since) > locked.config.unreachable_after;
    let untold = contact.http.failure_told.is_none_or(|told| now.duration_since(told) >= DAY);
    contact.http.failure = error.source.as_ref().map(|source| format!("{source:#}"));
    if long && untold {
        contact.http.failure_told = Some(now);
    }
    contact.save(&locked.home, name)?;
    if counts_at_once || (long && untold) {
        talk.report(&error);
    } else {
        talk.warn(&error.to_string());
    }
    Ok(())
}
