//! Our invitations that were answered: by whom, and what is noted of that.

use jiff::Timestamp;

use super::session::Session;
use crate::error::Result;
use crate::protocol::hash::Hash;
use crate::store::contact::Contact;
use crate::store::contacts;
use crate::store::invitations::{self, Made};
use crate::store::messages::Messages;
use crate::store::record::{Direction, Record, Type};

/// The contact who used up our invitation, the hash of whose introduction `is` it.
///
/// # Errors
/// When a contact cannot be read.
pub fn user_of(session: &Session, is: impl Fn(Hash) -> bool) -> Result<Option<String>> {
    for name in contacts::list(&session.home)? {
        if Contact::load(&session.home, &name)?.ours.invitation.is_some_and(&is) {
            return Ok(Some(name));
        }
    }
    Ok(None)
}

/// Records that the contact `name` accepted our invitation `made`, which then waits no more.
///
/// # Errors
/// When it cannot be recorded or removed.
pub fn finish(session: &Session, name: &str, made: &Made, accepted: Timestamp) -> Result<()> {
    let contact = Contact::load(&session.home, name)?;
    let messages = Messages::of(&session.home, name);
    let mut recorded = false;
    messages.backwards(|record| {
        recorded = record.kind == Type::Accepted;
        !recorded
    })?;
    if !recorded {
        let text = "accepted your invitation";
        let record = Record::new(Type::Accepted, Direction::Received, session.now(), text);
        messages.append(&mut [Record { time: accepted, ..record }.about(&contact)])?;
    }
    invitations::settle(&session.home, &contact.fingerprint)?;
    invitations::remove(&session.home, made.id)
}
