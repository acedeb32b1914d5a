//! Trimming: the text of old messages leaves our disk, if the user wants that.

use std::collections::HashSet;

use jiff::Timestamp;

use crate::error::Result;
use crate::protocol::values::guid::Guid;
use crate::session::talk::Talk;
use crate::store;
use crate::store::contact::contacts;
use crate::store::contact::entry::Contact;
use crate::store::contact::history::delivered::Delivered;
use crate::store::contact::history::messages::Messages;
use crate::store::contact::history::record::{Direction, Record};
use crate::store::contact::history::trimmed;
use crate::store::contact::offered::octets::Octets;
use crate::store::identity::own::Identity;

/// Trims the messages of all contacts, if the settings say so and it is time. While another process
/// keeps the home to itself, a later round will do. A failure for one contact is reported.
///
/// # Errors
/// When the contacts cannot be listed, or the trimming not noted.
pub fn trim(identity: &Identity, talk: &mut Talk, now: Timestamp) -> Result<()> {
    let Some(history) = identity.config.history else { return Ok(()) };
    let Ok(end) = now.checked_sub(history) else { return Ok(()) };
    if !trimmed::is_due(&identity.home, history, now)? {
        return Ok(());
    }
    for name in contacts::list(&identity.home)? {
        match of_contact(identity, &name, end, now) {
            Err(store::Error::Busy(_)) => return Ok(()),
            Err(error) => talk.report_daily(&error.into()),
            Ok(()) => {}
        }
    }
    match identity.lock_although_copied(now) {
        Err(store::Error::Busy(_)) => Ok(()),
        locked => Ok(trimmed::note(&locked?, history)?),
    }
}

/// Trims what the contact called `name` wrote, or was sent, before `end`.
fn of_contact(
    identity: &Identity,
    name: &str,
    end: Timestamp,
    now: Timestamp,
) -> store::error::Result<()> {
    let locked = identity.lock_although_copied(now)?;
    let home = &locked.home;
    // Who was removed meanwhile has no history, and who is damaged is told of elsewhere.
    let Ok(contact) = Contact::load(home, name) else { return Ok(()) };
    let delivered = Delivered::load(home, name)?.done();
    let offered: HashSet<Guid> =
        Octets::of(home, name).items()?.iter().map(|item| item.guid).collect();
    Messages::of(home, name).trim(&locked, |record| {
        record.received < end
            && match record.direction {
                Direction::Received => record.number <= delivered,
                Direction::Sent => {
                    is_acknowledged(record, &contact)
                        && record.guid().is_some_and(|guid| !offered.contains(&guid))
                }
            }
    })
}

/// Returns whether a message of ours has arrived. Of an older log, it has if it is offered no more.
fn is_acknowledged(record: &Record, contact: &Contact) -> bool {
    let place = record.place();
    place.is_none_or(|place| place.sequence <= contact.ours.acknowledged_in(place.log))
}
