//! What one line of `messages.jsonl` holds.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::entry::Contact;
use crate::protocol::sealed::item::{Attachment, Item};
use crate::protocol::values::fingerprint::Fingerprint;
use crate::protocol::values::guid::{Guid, LogId};
use crate::protocol::values::hash::{Hash, OctetsHash};

/// Which way a record went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// From the contact.
    Received,
    /// To the contact.
    Sent,
}

/// What a record tells of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Type {
    /// A message.
    Message,
    /// The contact accepted, or was accepted.
    Accepted,
    /// The contact has acknowledged all up to `sequence`.
    Receipt,
    /// Something about the contact's key.
    Trust,
    /// Something missing, replayed, forked or forged; or that this is over.
    Integrity,
    /// A key in an item: it counts in the log and never shows.
    Key,
}

/// An attachment, as recorded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attached {
    /// Where it lies, sealed.
    pub url: String,
    /// What the sender calls it.
    pub name: String,
    /// Its media type.
    #[serde(rename = "type")]
    pub media_type: String,
    /// Its size in bytes, as it lies there.
    pub size: u64,
    /// Of the sealed bytes.
    pub hash: Hash,
}

/// One line of `messages.jsonl`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// The version of this form.
    pub v: u8,
    /// What it tells of.
    #[serde(rename = "type")]
    pub kind: Type,
    /// Its place in the order of arrival; survives trimming. Given by
    /// [`super::messages::Messages::append`].
    pub number: u64,
    /// Which way it went.
    pub direction: Direction,
    /// The guid of the item.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub guid: Option<Guid>,
    /// The log of the item.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log: Option<LogId>,
    /// The sequence of the item in its log.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sequence: Option<u64>,
    /// The hash of the item's octets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hash: Option<OctetsHash>,
    /// The hash of the item before, as this one says it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub previous: Option<OctetsHash>,
    /// When it was written, by its writer's clock.
    pub time: Timestamp,
    /// When it was stored here.
    pub received: Timestamp,
    /// The text of a message; for other types a sentence for people.
    pub text: String,
    /// What came with it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<Attached>,
    /// The item that it answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<Guid>,
    /// The conversation it belongs to, if that is not the pair's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub conversation: Option<Guid>,
    /// The fingerprint of the writer's certificate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fingerprint: Option<Fingerprint>,
    /// How sure we were of it when this was stored.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trust: Option<String>,
    /// Whether it is the good end of an earlier record of its type.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub healed: bool,
    /// Whether the text and what came with it are gone, as `history` in the settings has it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub trimmed: bool,
}

impl Record {
    /// A record of `kind` that says `text` to the user, at `now`.
    pub fn new(kind: Type, direction: Direction, now: Timestamp, text: impl Into<String>) -> Self {
        Self {
            v: 1,
            kind,
            number: 0,
            direction,
            guid: None,
            log: None,
            sequence: None,
            hash: None,
            previous: None,
            time: now,
            received: now,
            text: text.into(),
            attachments: Vec::new(),
            reply_to: None,
            conversation: None,
            fingerprint: None,
            trust: None,
            healed: false,
            trimmed: false,
        }
    }

    /// The record of `item`, whose octets have `hash`, stored at `now`.
    pub fn of_item(item: &Item, hash: OctetsHash, direction: Direction, now: Timestamp) -> Self {
        let is_key = item.keys || item.transition.is_some();
        let kind = if is_key { Type::Key } else { Type::Message };
        let stream = item.stream.as_ref();
        Self {
            guid: Some(item.guid),
            log: stream.map(|stream| stream.log),
            sequence: stream.map(|stream| stream.sequence),
            hash: Some(hash),
            previous: stream.and_then(|stream| stream.previous),
            time: item.published,
            attachments: item.attachments.iter().map(Attached::from).collect(),
            reply_to: item.in_reply_to,
            conversation: item.conversation,
            ..Self::new(kind, direction, now, item.text.clone())
        }
    }

    /// The same, with the key of the contact it is about, and how sure we are of that.
    #[must_use]
    pub fn about(self, contact: &Contact) -> Self {
        let (fingerprint, trust) = (contact.fingerprint.clone(), contact.trust.as_str().to_owned());
        Self { fingerprint: Some(fingerprint), trust: Some(trust), ..self }
    }

    /// Whether this is a message from the contact.
    pub fn is_received_message(&self) -> bool {
        self.kind == Type::Message && self.direction == Direction::Received
    }

    /// Whether this is a message from the contact that can still be delivered.
    pub fn is_deliverable(&self) -> bool {
        self.is_received_message() && !self.trimmed
    }

    /// Lets go of the text and what came with it. All by which order and completeness are judged
    /// stays.
    pub fn trim(&mut self) {
        self.text.clear();
        self.attachments.clear();
        self.trimmed = true;
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
