//! Telling of a contact whose messages are held until its key is verified.

use super::news::news;
use super::output::Shown;
use crate::store::contact::entry::Contact;
use crate::store::contact::history::delivered::Delivered;
use crate::store::contact::history::record::{About, Record};
use jiff::Timestamp;

/// The part that was not told yet of `records`, which wait for the contact called `name`: all that
/// is no message, and how many messages wait. `cursors` stay where they are, but for what is told
/// now.
pub fn untold(
    now: Timestamp,
    name: &str,
    contact: &Contact,
    records: Vec<Record>,
    cursors: &mut Delivered,
) -> Vec<Shown> {
    let before = cursors.told;
    cursors.told = records.last().map_or(before, |last| last.number).max(before);
    let records = records.into_iter().filter(|record| record.number > before);
    let (messages, others): (Vec<_>, Vec<_>) = records.partition(Record::is_deliverable);
    let mut shown: Vec<Shown> =
        others.into_iter().filter_map(|record| news(name, contact, record)).collect();
    if let Some(last) = messages.last() {
        let many = match messages.len() {
            1 => "1 message is".to_owned(),
            several => format!("{several} messages are"),
        };
        let text = format!("{many} held until the key is verified: cloudim contact verify {name}");
        let notice = Record::notice(About::Trust, false, now, text);
        shown.push(Shown::of(
            name,
            contact,
            Record { number: last.number, ..notice.about(contact) },
        ));
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::testing::{self, Type, contact};

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    fn record(number: u64, kind: Type) -> Record {
        Record { number, ..testing::record(kind, &format!("record {number}")) }
    }

    fn told(records: &[(u64, Type)], cursors: &mut Delivered) -> Vec<String> {
        let records = records.iter().map(|(number, kind)| record(*number, *kind)).collect();
        let shown = untold(NOW, "mary", &contact('A'), records, cursors);
        shown.into_iter().map(|shown| shown.record.text).collect()
    }

    #[test]
    fn how_many_messages_wait_is_told_and_none_of_them_is_shown() {
        let mut cursors = Delivered::default();
        let hint = "held until the key is verified: cloudim contact verify mary";
        assert_eq!(told(&[(1, Type::Message)], &mut cursors), [format!("1 message is {hint}")]);
        let more = [(1, Type::Message), (2, Type::Message), (3, Type::Message)];
        assert_eq!(told(&more, &mut cursors), [format!("2 messages are {hint}")]);
    }

    #[test]
    fn what_was_told_is_not_told_again() {
        let mut cursors = Delivered::default();
        let records = [(1, Type::Message), (2, Type::Trust)];
        assert_eq!(told(&records, &mut cursors).len(), 2);
        assert!(told(&records, &mut cursors).is_empty());
        assert!(told(&[], &mut cursors).is_empty());
        assert_eq!(cursors, Delivered { told: 2, ..Delivered::default() });
    }

    #[test]
    fn what_is_no_message_is_told_as_it_is() {
        let mut cursors = Delivered::default();
        let records = [(1, Type::Trust), (2, Type::Key), (3, Type::Integrity), (4, Type::Receipt)];
        assert_eq!(told(&records, &mut cursors), ["record 1", "record 3", "record 4"]);
    }
}
