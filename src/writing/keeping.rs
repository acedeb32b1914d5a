//! Keeping a message: it is taken once, and from then on it is on its way, whatever happens.

use super::attachment;
use super::feed::{self, Change};
use super::message;
use crate::error::{Error, Kind, Result};
use crate::protocol::sealed::item::Item;
use crate::protocol::values::hash::OctetsHash;
use crate::session::keys::Keys;
use crate::store::contact::entry::{Contact, Trust};
use crate::store::contact::pair::Pair;
use crate::store::identity::own::Identity;
use crate::store::identity::own::Locked;
use jiff::Timestamp;

/// What becomes of a message.
#[derive(Clone, Copy, Debug, Default)]
pub struct Keeping {
    /// The guid was given, so an earlier run may have kept the same message.
    pub is_retry: bool,
    /// Sign even if the clock is far behind our own newest signature.
    pub despite_clock: bool,
}

/// A message that is kept.
pub struct Kept {
    /// The sequence by which it will be acknowledged; or what kept it out of the feed.
    pub sequence: Result<u64>,
    /// Whether it is the first one to a contact whose key nobody has compared.
    pub is_first_unverified: bool,
}

/// Keeps `item` for the contact called `name`.
///
/// # Errors
/// When nothing was kept.
pub fn keep(
    identity: &Identity,
    keys: &mut Keys,
    now: Timestamp,
    name: &str,
    item: Item,
    keeping: Keeping,
) -> Result<Kept> {
    let locked = identity.lock(now)?;
    let mut pair = message::writable(&locked, keys, locked.now, name)?;
    let before = match keeping.is_retry {
        true => kept_before(&locked, keys, &mut pair, &item)?,
        false => None,
    };
    let sequence = match before {
        Some(sequence) => Ok(sequence),
        None => take(&locked, keys, &mut pair, item, keeping.despite_clock)?,
    };
    let Contact { ours, trust, .. } = &pair.contact;
    Ok(Kept { sequence, is_first_unverified: ours.sequence() == 1 && *trust == Trust::FirstUse })
}

/// Takes `item` into log and feed, and returns its sequence; or what kept it out of the feed, if it
/// was counted by then: it is kept, and the next rewriting puts it there.
fn take(
    locked: &Locked<'_>,
    keys: &mut Keys,
    pair: &mut Pair,
    mut item: Item,
    despite_clock: bool,
) -> Result<Result<u64>> {
    attachment::seal_files(locked, keys, &mut item, &pair.certificate)?;
    let outgoing = message::seal(keys, locked.now, pair, item, despite_clock)?;
    let hash = OctetsHash::of(outgoing.octets.as_bytes());
    let change = Change { despite_clock, ..Change::default() };
    let Err(error) = message::take(locked, keys, pair, outgoing, change) else {
        return Ok(Ok(pair.contact.ours.sequence()));
    };
    let error = Error::from(error);
    let head = Contact::load(&locked.home, &pair.name)?.ours.head;
    let counted = head.is_some_and(|head| head.hash == hash);
    if !counted {
        return Err(error);
    }
    let hints = vec!["it is kept, do not send it again: cloudim publish".to_owned()];
    Ok(Err(Error { kind: Kind::Unpublished, hints, ..error }))
}

/// The sequence of `item` if an earlier run kept it; what that run left undone is done.
fn kept_before(
    locked: &Locked<'_>,
    keys: &mut Keys,
    pair: &mut Pair,
    item: &Item,
) -> Result<Option<u64>> {
    feed::rewrite(locked, keys, pair, Change::default())?;
    Ok(message::taken_before(&locked.home, keys, &pair.name, item)?
        .and_then(|record| record.place())
        .map(|place| place.sequence))
}
