//! Our invitations that were answered: by whom, and what is noted of that.

use jiff::Timestamp;

use crate::error::Result;
use crate::protocol::values::hash::OctetsHash;
use crate::store::contact::contacts;
use crate::store::contact::entry::Contact;
use crate::store::contact::history::messages::Messages;
use crate::store::contact::history::record::{Record, What};
use crate::store::disk::home::Home;
use crate::store::identity::own::Locked;
use crate::store::waiting::invitations::{self, Made};

/// The contact who used up our invitation, the hash of whose introduction `is` it.
///
/// # Errors
/// When a contact cannot be read.
pub fn user_of(home: &Home, is: impl Fn(OctetsHash) -> bool) -> Result<Option<String>> {
    for name in contacts::list(home)? {
        if Contact::load(home, &name)?.reader().invitation.is_some_and(&is) {
            return Ok(Some(name));
        }
    }
    Ok(None)
}

/// Records that the contact `name` accepted our invitation `made`, which then waits no more.
///
/// # Errors
/// When it cannot be recorded or removed.
pub fn finish(locked: &Locked<'_>, name: &str, made: &Made, accepted: Timestamp) -> Result<()> {
    let contact = Contact::load(&locked.home, name)?;
    let messages = Messages::of(&locked.home, name);
    let mut recorded = false;
    messages.backwards(|record| {
        recorded = record.what == What::Accepted;
        !recorded
    })?;
    if !recorded {
        let text = "accepted your invitation";
        let record = Record::new(What::Accepted, locked.now, text);
        messages.append(locked, &mut [Record { time: accepted, ..record }.about(&contact)])?;
    }
    invitations::settle(locked, &contact.fingerprint)?;
    Ok(invitations::remove(locked, made.id)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::handshake::testing::{addressee, invite};
    use crate::session::testing::Person;
    use crate::store::testing::Type;
    use crate::writing::testing::acquainted;

    #[test]
    fn an_invitation_is_used_up_by_the_contact_that_answered_it() {
        let (mut john, mary) = acquainted();
        let made = invite(&mut john, Some(addressee(&mary)));
        let user = |john: &Person| user_of(&john.home(), |hash| made.is(hash)).unwrap();
        assert_eq!(user(&john), None);
        john.update("mary", |mary| mary.reader_mut().invitation = Some(made.hash));
        assert_eq!(user(&john).as_deref(), Some("mary"));
    }

    #[test]
    fn that_an_invitation_was_accepted_is_recorded_once() {
        let (mut john, mary) = acquainted();
        let accepted = john.now() - jiff::SignedDuration::from_hours(5);
        for _ in 0..2 {
            let made = invite(&mut john, Some(addressee(&mary)));
            let (locked, _, _) = john.hands();
            finish(&locked, "mary", &made, accepted).unwrap();
        }
        assert!(invitations::made(&john.home()).unwrap().is_empty());
        let records = john.records("mary");
        assert_eq!(records.len(), 1);
        assert_eq!((Type::of(&records[0]), records[0].time), (Type::Accepted, accepted));
    }
}
