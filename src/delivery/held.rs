//! What is told of a contact whose messages are held until its key is verified.

use super::news::news;
use super::output::Shown;
use crate::store::contact::delivered::Delivered;
use crate::store::contact::entry::Contact;
use crate::store::contact::record::{About, Record};
use jiff::Timestamp;

/// Of `records`, which wait for the contact called `name`, what was not told yet: all that is no
/// message, and how many messages wait. `cursors` stay where they are, but for what is told now.
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
