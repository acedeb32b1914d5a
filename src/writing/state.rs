//! What our state tells a contact: where both sides stand (PROTOCOL §5).

use jiff::Timestamp;

use crate::error::Result;
use crate::protocol::sealed::state::{Range, State};
use crate::store::contact::entry::{Contact, Reached};
use crate::store::contact::known::Known;
use crate::store::contact::messages::Messages;
use crate::store::disk::home::Home;

/// Logs that are acknowledged: the newest.
const LOGS: usize = 8;

/// The state that tells `contact`, called `name`, where both sides stand, with the next serial.
///
/// # Errors
/// When the contact's messages cannot be read.
pub fn state(
    home: &Home,
    name: &str,
    contact: &Contact,
    floor: Option<u64>,
    at: Timestamp,
) -> Result<State> {
    let acknowledged =
        contact.theirs.reached.iter().rev().filter_map(Reached::acknowledged).take(LOGS);
    let head = contact.ours.head;
    Ok(State {
        log: contact.ours.log,
        serial: contact.ours.state.serial.saturating_add(1),
        time: at,
        head,
        floor: head.and(floor),
        acknowledged: acknowledged.collect(),
        missing: missing(home, name, contact)?,
        gone: Vec::new(),
    })
}

fn missing(home: &Home, name: &str, contact: &Contact) -> Result<Vec<Range>> {
    let theirs = &contact.theirs;
    let complete = theirs.head.as_ref().is_none_or(|head| {
        theirs
            .reached
            .iter()
            .any(|reached| reached.log == head.log && reached.sequence >= head.sequence)
    });
    if complete {
        // The usual case must not cost a reading of the whole history.
        return Ok(Vec::new());
    }
    Ok(Known::load(&Messages::of(home, name))?.missing(theirs))
}
