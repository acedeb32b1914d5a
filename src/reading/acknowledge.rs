//! What was read is acknowledged: our feed tells the contact how far we are.

use crate::error::Result;
use crate::session::keys::Keys;
use crate::session::own_key;
use crate::session::talk::Talk;
use crate::store::contact::pair::Pair;
use crate::store::identity::own::Locked;
use crate::writing::feed::{self, Change};
use crate::writing::unwritten::{self, Unwritten};
use crate::writing::{reintroduction, transition};

/// Tells the contact how far we are, where that changed, or saves what we know of it.
pub fn acknowledge(
    locked: &Locked<'_>,
    keys: &mut Keys,
    talk: &mut Talk,
    pair: &mut Pair,
    succeeded: bool,
) -> Result<bool> {
    let silent = locked.config.read_only
        || pair.contact.blocked
        || keys.secret().is_err()
        || own_key::expect_usable(keys, locked.now).is_err();
    if silent {
        pair.save(locked)?;
        return Ok(false);
    }
    let untouched = pair.contact.clone();
    match answer(locked, keys, pair, succeeded) {
        Err(Unwritten::Waits(error)) => {
            // What came is stored; only the acknowledgement waits for a better key.
            untouched.save(&locked.home, &pair.name)?;
            if untouched.unusable.is_none() {
                talk.report(&error);
            }
            Ok(false)
        }
        Err(Unwritten::Failed(error)) => Err(error),
        Ok(is_told) => Ok(is_told),
    }
}

/// Rewrites our feed: to the key that has taken the place of the contact's, or by the one that has
/// taken the place of ours.
fn answer(
    locked: &Locked<'_>,
    keys: &mut Keys,
    pair: &mut Pair,
    succeeded: bool,
) -> unwritten::Result<bool> {
    let is_told =
        own_key::known_by(&locked.home, keys, &pair.contact)? == keys.certificate()?.fingerprint();
    if is_told && !succeeded {
        return feed::rewrite(locked, keys, pair, Change::default());
    }
    pair.save(locked)?;
    let told = transition::bring_over(locked, keys, &pair.name)?;
    Ok(reintroduction::reintroduce(locked, keys, &pair.name)? || told)
}
