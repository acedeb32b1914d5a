//! Trimming: the text of old messages leaves our disk, if the user wants that.

use std::collections::HashSet;

use jiff::Timestamp;

use crate::error::{Kind, Result};
use crate::protocol::values::guid::Guid;
use crate::session::run::Session;
use crate::store::contact::delivered::Delivered;
use crate::store::contact::entry::Contact;
use crate::store::contact::messages::Messages;
use crate::store::contact::octets::Octets;
use crate::store::contact::record::{Direction, Record};
use crate::store::contact::{contacts, trimmed};

/// Trims the messages of all contacts, if the settings say so and it is time. While another process
/// keeps the home to itself, a later round will do. What fails for one contact is reported.
///
/// # Errors
/// When the contacts cannot be listed, or the trimming not noted.
pub fn trim(session: &mut Session) -> Result<()> {
    let Some(history) = session.config.history else { return Ok(()) };
    let now = session.now();
    let Ok(end) = now.checked_sub(history) else { return Ok(()) };
    if !trimmed::is_due(&session.home, history, now)? {
        return Ok(());
    }
    for name in contacts::list(&session.home)? {
        match of_contact(session, &name, end) {
            Err(error) if error.kind == Kind::Busy => return Ok(()),
            Err(error) => session.report(&error),
            Ok(()) => {}
        }
    }
    trimmed::note(&session.home, history, now)
}

/// Trims what the contact called `name` wrote, or was sent, before `end`.
fn of_contact(session: &Session, name: &str, end: Timestamp) -> Result<()> {
    let _lock = session.home.lock()?;
    // Who was removed meanwhile has no history, and who is damaged is told of elsewhere.
    let Ok(contact) = Contact::load(&session.home, name) else { return Ok(()) };
    let delivered = Delivered::load(&session.home, name)?.done();
    let offered: HashSet<Guid> =
        Octets::of(&session.home, name).items()?.iter().map(|item| item.guid).collect();
    Messages::of(&session.home, name).trim(|record| {
        record.received < end
            && match record.direction {
                Direction::Received => record.number <= delivered,
                Direction::Sent => {
                    is_acknowledged(record, &contact)
                        && record.guid.is_some_and(|guid| !offered.contains(&guid))
                }
            }
    })
}

/// Whether a message of ours has arrived. Of an older log, it has if it is offered no more.
fn is_acknowledged(record: &Record, contact: &Contact) -> bool {
    record.log != Some(contact.ours.log)
        || record.sequence.is_some_and(|sequence| sequence <= contact.ours.acknowledged)
}
