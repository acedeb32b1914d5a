//! Our introduction to a contact: the one by which it knows us, and the one that follows.

use super::frame;
use crate::error::{Error, Result};
use crate::protocol::sealed::introduction::{Earlier, Introduction};
use crate::protocol::values::hash::Hash;
use crate::session::keys::Keys;
use crate::store::contact::entry::Contact;
use crate::store::contact::offered::octets::Octets;
use crate::store::contact::own_feed::{EarlierLog, OwnFeed};
use crate::store::disk::home::Home;
use crate::store::identity::own::Locked;

/// The octets of the introduction by which the contact called `name` knows us; nothing if they are lost:
/// absent, or not as they were counted.
///
/// # Errors
/// When they are there and cannot be read now.
pub fn kept(home: &Home, name: &str, ours: &OwnFeed) -> Result<Option<String>> {
    let octets = Octets::of(home, name).introduction(ours.introduction.serial)?;
    Ok(octets.filter(|octets| is_counted(ours, octets)))
}

/// Returns whether `octets` are the ones by which the reader of `ours` knows us. Of an introduction that
/// an earlier version wrote it is told by what they say.
pub fn is_counted(ours: &OwnFeed, octets: &str) -> bool {
    if let Some(says) = ours.introduction.says {
        return says == Hash::of(octets.as_bytes());
    }
    let read = Introduction::parse(octets.as_bytes());
    read.is_ok_and(|read| (read.log, read.serial) == (ours.log, ours.introduction.serial))
}

/// The introduction by which the contact called `name` knows us; nothing if it is lost.
///
/// # Errors
/// As [`kept`].
pub fn before(locked: &Locked<'_>, name: &str, ours: &OwnFeed) -> Result<Option<Introduction>> {
    let octets = kept(&locked.home, name, ours)?;
    Ok(octets.and_then(|octets| Introduction::parse(octets.as_bytes()).ok()))
}

/// The introduction to `contact`, called `name`, that follows `before`, if that is not lost, with the next
/// serial.
///
/// # Errors
/// When this identity has no base URL, or no key; when nothing says any more whose card is meant; when what is kept cannot be listed.
pub fn next(
    locked: &Locked<'_>,
    keys: &Keys,
    name: &str,
    contact: &Contact,
    before: Option<&Introduction>,
) -> Result<Introduction> {
    let ours = &contact.ours;
    let to = contact.card.as_ref().or_else(|| before?.to.as_ref());
    let to = to.ok_or_else(|| {
        let serial = ours.introduction.serial;
        Error::cannot(format!("`octets/introduction.{serial}.xml` of `{name}` is lost or damaged"))
            .hint("put it back from a backup")
    })?;
    let serial = ours.introduction.serial.saturating_add(1);
    let now = frame::introduction(&locked.config, keys, locked.now, &ours.token, ours.log, serial)?;
    // What nobody can open here may stand in any older log, above what we can name of it.
    let holds_unopened = !Octets::of(&locked.home, name).kept()?.unopened.is_empty();
    let named = |earlier: &EarlierLog| Earlier {
        log: earlier.log,
        sequence: earlier.sequence,
        hash: earlier.hash,
        more: earlier.more || holds_unopened,
    };
    Ok(Introduction {
        to: Some(to.clone()),
        to_fingerprint: Some(contact.fingerprint.clone()),
        earlier: ours.earlier.iter().map(named).collect(),
        ..now
    })
}
