//! Records for tests.

use jiff::Timestamp;

use super::log_entry::{LogEntry, Place};
use super::record::{Record, What};
use crate::protocol::values::guid::{Guid, LogId};
use crate::protocol::values::hash::OctetsHash;

/// The one log that these records are of.
pub fn log() -> LogId {
    guid(0)
}

/// The guid of the item `sequence` of that log.
pub fn guid(sequence: u64) -> Guid {
    format!("urn:uuid:0199f0c2-0000-7000-8000-{sequence:012}").parse().unwrap()
}

/// The hash of that item.
pub fn hash(sequence: u64) -> OctetsHash {
    OctetsHash::of(&sequence.to_be_bytes())
}

/// A message that was received as item `sequence`.
pub fn message(sequence: u64, text: &str) -> Record {
    let place = Place { log: log(), sequence, hash: hash(sequence), previous: None };
    let entry = LogEntry {
        guid: guid(sequence),
        place,
        attachments: Vec::new(),
        reply_to: None,
        conversation: None,
        sealed: None,
    };
    let what = What::Message { entry, trimmed: false };
    Record::new(what, Timestamp::UNIX_EPOCH, text)
}
