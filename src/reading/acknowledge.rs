//! What was read is acknowledged: our feed tells the contact how far we are.

use crate::error::{Kind, Result};
use crate::openpgp::certificate::Certificate;
use crate::session::keys::Keys;
use crate::session::own_key;
use crate::session::talk::Talk;
use crate::store::contact::entry::Contact;
use crate::store::identity::own::Locked;
use crate::writing::feed::{self, Change};
use crate::writing::{reintroduction, transition};

/// Tells the contact how far we are, where that changed, or saves what we know of it.
pub fn acknowledge(
    locked: &Locked<'_>,
    keys: &mut Keys,
    talk: &mut Talk,
    name: &str,
    contact: &mut Contact,
    certificate: &Certificate,
    succeeded: bool,
) -> Result<bool> {
    let silent = locked.config.read_only
        || contact.blocked
        || keys.secret().is_err()
        || own_key::expect_usable(keys, locked.now).is_err();
    if silent {
        contact.save(&locked.home, name)?;
        return Ok(false);
    }
    let untouched = contact.clone();
    match answer(locked, keys, name, contact, certificate, succeeded) {
        Err(error) if error.kind == Kind::Trust => {
            // What came is stored; only the acknowledgement waits for a better key.
            untouched.save(&locked.home, name)?;
            if untouched.unusable.is_none() {
                talk.report(&error);
            }
            Ok(false)
        }
        done => done,
    }
}

/// Rewrites our feed: to the key that has taken the place of the contact's, or by the one that has
/// taken the place of ours.
fn answer(
    locked: &Locked<'_>,
    keys: &mut Keys,
    name: &str,
    contact: &mut Contact,
    certificate: &Certificate,
    succeeded: bool,
) -> Result<bool> {
    let is_told =
        own_key::known_by(&locked.home, keys, contact)? == keys.certificate()?.fingerprint();
    if is_told && !succeeded {
        return feed::rewrite(locked, keys, name, contact, certificate, Change::default());
    }
    contact.save(&locked.home, name)?;
    let told = transition::bring_over(locked, keys, name)?;
    Ok(reintroduction::reintroduce(locked, keys, name)? || told)
}
