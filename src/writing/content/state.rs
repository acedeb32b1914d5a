//! Our state, which tells a contact where both sides stand (PROTOCOL §5).

use jiff::Timestamp;

use super::repair;
use crate::error::Result;
use crate::protocol::sealed::state::{Range, State};
use crate::store::contact::entry::{Contact, Reached};
use crate::store::contact::history::known::Known;
use crate::store::contact::history::messages::Messages;
use crate::store::contact::offered::octets::Filed;
use crate::store::disk::home::Home;

/// Logs that are acknowledged: the newest.
const LOGS: usize = 8;

/// What our feed offers.
#[derive(Clone, Copy, Debug, Default)]
pub struct Offered<'a> {
    /// The items in the feed and its archives, oldest log and lowest sequence first.
    pub items: &'a [Filed],
    /// Whether it also has items that nobody can open here.
    pub holds_unopened: bool,
}

/// The state that tells `contact`, called `name`, where both sides stand, with the next serial; `offered`
/// is what there is of our own items.
///
/// # Errors
/// When the contact's messages cannot be read.
pub fn state(
    home: &Home,
    name: &str,
    contact: &Contact,
    offered: Offered<'_>,
    at: Timestamp,
) -> Result<State> {
    let log = contact.ours.log;
    let Offered { items, holds_unopened } = offered;
    let floor = items.iter().filter(|item| item.log == log).map(|item| item.sequence).min();
    let acknowledged =
        contact.theirs.reached.iter().rev().filter_map(Reached::acknowledged).take(LOGS);
    let head = contact.ours.head;
    Ok(State {
        log,
        serial: contact.ours.state.serial.saturating_add(1),
        time: at,
        head,
        floor: head.and(floor),
        acknowledged: acknowledged.collect(),
        missing: missing(home, name, contact)?,
        gone: repair::gone(&contact.ours, items, holds_unopened),
    })
}

fn missing(home: &Home, name: &str, contact: &Contact) -> Result<Vec<Range>> {
    if contact.theirs.is_whole() {
        // The usual case must not cost a reading of the whole history.
        return Ok(Vec::new());
    }
    Ok(Known::load(&Messages::of(home, name))?.missing(&contact.theirs))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::sealed::state::Head;
    use crate::protocol::values::guid::Guid;
    use crate::protocol::values::hash::OctetsHash;
    use crate::store::contact::entry::LogHead;
    use crate::store::contact::history::record::{Record, What};
    use crate::store::testing::{contact, entry, folder, locked};

    fn log(last: u64) -> Guid {
        format!("urn:uuid:019b0000-0000-7000-8000-{last:012}").parse().unwrap()
    }

    fn hash(sequence: u64) -> OctetsHash {
        OctetsHash::of(&sequence.to_be_bytes())
    }

    fn reached(log: Guid, sequence: u64) -> Reached {
        let hash = (sequence > 0).then(|| hash(sequence));
        Reached { sequence, hash, ..Reached::nothing_of(log) }
    }

    fn offered(contact: &Contact, sequence: u64) -> Filed {
        Filed { log: contact.ours.log, sequence, guid: log(sequence) }
    }

    fn says(home: &Home, contact: &Contact, offered: &[Filed]) -> Result<State> {
        let offered = Offered { items: offered, holds_unopened: false };
        state(home, "mary", contact, offered, Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn each_state_has_the_next_serial_and_before_the_first_item_neither_head_nor_floor() {
        let (folder, mut contact) = (folder(), contact('A'));
        let home = Home::at(folder.path());
        contact.ours.state.serial = 6;
        let first = says(&home, &contact, &[]).unwrap();
        assert_eq!((first.serial, first.head, first.floor), (7, None, None));
        let head = Head { sequence: 4, hash: hash(4) };
        contact.ours.head = Some(head);
        let items = [3, 4].map(|sequence| offered(&contact, sequence));
        let later = says(&home, &contact, &items).unwrap();
        assert_eq!((later.head, later.floor), (Some(head), Some(3)));
    }

    #[test]
    fn of_the_logs_that_brought_something_the_eight_newest_are_acknowledged() {
        let (folder, mut contact) = (folder(), contact('A'));
        contact.theirs.reached = (1..=10).map(|number| reached(log(number), number)).collect();
        contact.theirs.reached.push(reached(log(11), 0));
        let state = says(&Home::at(folder.path()), &contact, &[]).unwrap();
        let told: Vec<_> = state.acknowledged.iter().map(|read| (read.log, read.hash)).collect();
        let expected: Vec<_> = (3..=10).rev().map(|number| (log(number), hash(number))).collect();
        assert_eq!(told, expected);
    }

    #[test]
    fn what_is_missing_below_their_head_is_asked_for() {
        let (folder, mut contact) = (folder(), contact('A'));
        let home = Home::at(folder.path());
        std::fs::create_dir_all(home.contact("mary")).unwrap();
        let record = |sequence| {
            let entry = entry(log(100 + sequence), log(1), sequence);
            Record::new(What::Message { entry, trimmed: false }, Timestamp::UNIX_EPOCH, "")
        };
        let messages = Messages::of(&home, "mary");
        let mut known = [record(1), record(3)];
        locked(&home, |locked| messages.append(locked, &mut known)).unwrap();
        contact.theirs.head = Some(LogHead { log: log(1), sequence: 5, hash: hash(5) });
        contact.theirs.reached = vec![reached(log(1), 1)];
        let missing = says(&home, &contact, &[]).unwrap().missing;
        let ranges: Vec<_> = missing.iter().map(|range| (range.from, range.to)).collect();
        assert_eq!(ranges, [(2, 2), (4, 5)]);
    }

    #[test]
    fn where_nothing_is_missing_no_history_is_read() {
        let (folder, mut contact) = (folder(), contact('A'));
        let home = Home::at(folder.path());
        std::fs::create_dir_all(home.contact("mary")).unwrap();
        std::fs::write(home.contact("mary").join("messages.jsonl"), "damaged\n").unwrap();
        contact.theirs.head = Some(LogHead { log: log(1), sequence: 5, hash: hash(5) });
        contact.theirs.reached = vec![reached(log(1), 5)];
        assert!(says(&home, &contact, &[]).unwrap().missing.is_empty());
        contact.theirs.reached = vec![reached(log(1), 4)];
        assert!(says(&home, &contact, &[]).is_err());
    }
}
