//! A new log: where our counters turn out to be old, since the home was restored, what we write next
//! must not take a place that is not free (PROTOCOL §4).

use jiff::{SignedDuration, Timestamp};

use super::content::introducing;
use crate::error::{Error, Result};
use crate::protocol::Random;
use crate::protocol::sealed::introduction::{EARLIER, Introduction};
use crate::protocol::sealed::state::Head;
use crate::protocol::values::guid::{Guid, LogId};
use crate::session::keys::Keys;
use crate::store::contact::history::record::{About, Record};
use crate::store::contact::own_feed::{EarlierLog, OwnFeed, Sealed};
use crate::store::contact::pair::Pair;
use crate::store::identity::own::Locked;

/// A home is restored once in this time. If its counters are old again, another home writes.
const ONE_RESTORE: SignedDuration = SignedDuration::from_hours(24);

/// What a new log begins with.
pub struct Renewed {
    /// The introduction that opens it.
    pub introduction: Introduction,
    /// The notice to the user.
    pub notice: Record,
}

/// Begins a new log for the contact of `pair` if others have an item of the present one that this home
/// never wrote. The contact is not saved. `is_only_home` says that the user knows of no other home that
/// writes.
///
/// # Errors
/// When the present log was begun within 24 hours for the same reason: two homes write, unless the user
/// has said otherwise. When the introduction of before cannot be read.
pub fn renew(
    locked: &Locked<'_>,
    keys: &mut Keys,
    pair: &mut Pair,
    is_only_home: bool,
) -> Result<Option<Renewed>> {
    if pair.contact.ours.overtaken.is_none() {
        return Ok(None);
    }
    if !is_only_home && is_refused(&pair.contact.ours, locked.now) {
        return Err(two_homes(&pair.name));
    }
    let before = introducing::before(locked, &pair.name, &pair.contact)?;
    begin(&mut pair.contact.ours, locked.now, &mut keys.rng);
    let introduction = introducing::next(locked, keys, &pair.contact, &before)?;
    pair.contact.ours.introduction.serial = introduction.serial;
    let text = "this home was restored: what it writes from now on is a new log";
    let notice = Record::notice(About::Integrity, true, locked.now, text).about(&pair.contact);
    Ok(Some(Renewed { introduction, notice }))
}

/// Returns whether `ours` is overtaken, and its log took the place of another within the day: that is
/// no restore, but another home that writes.
pub fn is_refused(ours: &OwnFeed, now: Timestamp) -> bool {
    let is_of_today = now.duration_since(ours.log.time()).abs() < ONE_RESTORE;
    ours.overtaken.is_some() && !ours.earlier.is_empty() && is_of_today
}

fn two_homes(name: &str) -> Error {
    Error::cannot(format!(
        "two homes write as this identity: `{name}` has a message that this home never wrote, for the second time within a day"
    ))
    .hint("write from one of them, and set read_only = true in the config.toml of the other")
    .hint(format!("if this is the only one, restored twice: cloudim check {name} --repair"))
}

/// Puts a new log in the place of the present one, which is named by the highest item that we know of.
fn begin(ours: &mut OwnFeed, now: Timestamp, rng: &mut Random) {
    let known = [ours.head, ours.overtaken.take()].into_iter().flatten();
    // A log without an item that we can name is named by none: 0 is no sequence.
    let known = known.filter(|head| head.sequence > 0);
    if let Some(Head { sequence, hash }) = known.max_by_key(|head| head.sequence) {
        let acknowledged = ours.acknowledged();
        ours.earlier.push(EarlierLog { log: ours.log, sequence, hash, acknowledged });
    }
    let surplus = ours.earlier.len().saturating_sub(EARLIER);
    ours.earlier.drain(..surplus);
    ours.log = after(ours.log, now, rng);
    ours.head = None;
    ours.lost.clear();
    ours.state = Sealed::default();
    ours.set_acknowledged(0);
}

/// A log that is later than `log`, at `now` if the clock is.
fn after(log: LogId, now: Timestamp, rng: &mut Random) -> LogId {
    let next = log.time().checked_add(SignedDuration::from_millis(1)).unwrap_or(log.time());
    Guid::new(now.max(next), rng)
}
