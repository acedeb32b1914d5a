//! Our introduction to a contact: the one by which it knows us, and the one that follows.

use super::frame;
use crate::error::{Context, Result};
use crate::protocol::sealed::introduction::{Earlier, Introduction};
use crate::session::keys::Keys;
use crate::store::contact::entry::Contact;
use crate::store::contact::offered::octets::Octets;
use crate::store::contact::own_feed::EarlierLog;
use crate::store::identity::own::Locked;

/// The introduction by which the contact called `name` knows us.
///
/// # Errors
/// When it cannot be read.
pub fn before(locked: &Locked<'_>, name: &str, contact: &Contact) -> Result<Introduction> {
    let serial = contact.ours.introduction.serial;
    let octets = Octets::of(&locked.home, name).introduction(serial)?.unwrap_or_default();
    let introduction = Introduction::parse(octets.as_bytes());
    introduction.or_cannot(|| format!("cannot use `octets/introduction.{serial}.xml`"))
}

/// The introduction to `contact` that follows `before`, with the next serial.
///
/// # Errors
/// When this identity has no base URL, or no key.
pub fn next(
    locked: &Locked<'_>,
    keys: &Keys,
    contact: &Contact,
    before: &Introduction,
) -> Result<Introduction> {
    let ours = &contact.ours;
    let serial = ours.introduction.serial.saturating_add(1);
    let now = frame::introduction(&locked.config, keys, locked.now, &ours.token, ours.log, serial)?;
    let named = |earlier: &EarlierLog| Earlier {
        log: earlier.log,
        sequence: earlier.sequence,
        hash: earlier.hash,
    };
    Ok(Introduction {
        to: contact.card.clone().or_else(|| before.to.clone()),
        to_fingerprint: Some(contact.fingerprint.clone()),
        earlier: ours.earlier.iter().map(named).collect(),
        ..now
    })
}
