//! What was read is acknowledged: our feed tells the contact how far we are.

use crate::error::{Kind, Result};
use crate::openpgp::certificate::Certificate;
use crate::session::own_key;
use crate::session::run::Session;
use crate::store::contact::entry::Contact;
use crate::writing::feed::{self, Change};
use crate::writing::{reintroduction, transition};

/// Tells the contact how far we are, where that changed, or saves what we know of it.
pub fn acknowledge(
    session: &mut Session,
    name: &str,
    contact: &mut Contact,
    certificate: &Certificate,
    succeeded: bool,
) -> Result<bool> {
    let silent = session.config.read_only
        || contact.blocked
        || session.secret().is_err()
        || own_key::expect_usable(session).is_err();
    if silent {
        contact.save(&session.home, name)?;
        return Ok(false);
    }
    let untouched = contact.clone();
    match answer(session, name, contact, certificate, succeeded) {
        Err(error) if error.kind == Kind::Trust => {
            // What came is stored; only the acknowledgement waits for a better key.
            untouched.save(&session.home, name)?;
            if untouched.unusable.is_none() {
                session.report(&error);
            }
            Ok(false)
        }
        done => done,
    }
}

/// Rewrites our feed: to the key that has taken the place of the contact's, or by the one that has
/// taken the place of ours.
fn answer(
    session: &mut Session,
    name: &str,
    contact: &mut Contact,
    certificate: &Certificate,
    succeeded: bool,
) -> Result<bool> {
    let is_told = own_key::known_by(session, contact)? == session.certificate()?.fingerprint();
    if is_told && !succeeded {
        return feed::rewrite(session, name, contact, certificate, Change::default());
    }
    contact.save(&session.home, name)?;
    let told = transition::bring_over(session, name)?;
    Ok(reintroduction::reintroduce(session, name)? || told)
}
