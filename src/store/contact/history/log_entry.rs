//! An item of a log, as `messages.jsonl` has it.

use serde::{Deserialize, Serialize};

use crate::protocol::sealed::item::{Attachment, Item, Stream};
use crate::protocol::values::guid::{Guid, LogId};
use crate::protocol::values::hash::{Hash, OctetsHash, SealedHash};

/// An item of a log, as recorded.
#[derive(Clone, Debug, PartialEq)]
pub struct LogEntry {
    /// Its guid.
    pub guid: Guid,
    /// Its place.
    pub place: Place,
    /// Its attachments.
    pub attachments: Vec<Attached>,
    /// The item that it answers.
    pub reply_to: Option<Guid>,
    /// The conversation it belongs to, if that is not the pair's.
    pub conversation: Option<Guid>,
    /// The hash of the sealed bytes that were verified: whoever shows these again shows this item.
    /// Absent in our own, and in what earlier versions wrote.
    pub sealed: Option<SealedHash>,
}

/// The place of an item, and the hashes by which it hangs together with its neighbours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The log.
    pub log: LogId,
    /// Its sequence there.
    pub sequence: u64,
    /// The hash of its octets.
    pub hash: OctetsHash,
    /// The hash of the item before, as this one says it.
    pub previous: Option<OctetsHash>,
}

/// An attachment, as recorded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attached {
    /// The URL at which it lies, sealed.
    pub url: String,
    /// The name that the sender gives it.
    pub name: String,
    /// Its media type.
    #[serde(rename = "type")]
    pub media_type: String,
    /// Its size in bytes, as it lies there.
    pub size: u64,
    /// The hash of the sealed bytes.
    pub hash: Hash,
}

impl LogEntry {
    /// The entry of `item`, which has `place`.
    pub fn of(item: &Item, place: Place) -> Self {
        Self {
            guid: item.guid,
            place,
            attachments: item.attachments.iter().map(Attached::from).collect(),
            reply_to: item.in_reply_to,
            conversation: item.conversation,
            sealed: None,
        }
    }
}

impl Place {
    /// The place `stream` of an item whose octets have `hash`.
    pub fn of(stream: &Stream, hash: OctetsHash) -> Self {
        let Stream { log, sequence, previous } = *stream;
        Self { log, sequence, hash, previous }
    }
}

impl From<&Attachment> for Attached {
    fn from(attachment: &Attachment) -> Self {
        Self {
            url: attachment.url.clone(),
            name: attachment.name.clone(),
            media_type: attachment.media_type.clone(),
            size: attachment.size,
            hash: attachment.hash,
        }
    }
}
