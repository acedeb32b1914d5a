//! The content of one line of `messages.jsonl`.

#[cfg(test)]
mod tests;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::finding::{self, Finding};
use super::log_entry::{Attached, LogEntry, Place};
use crate::protocol::Error;
use crate::protocol::sealed::item::Item;
use crate::protocol::values::fingerprint::Fingerprint;
use crate::protocol::values::guid::{Guid, LogId};
use crate::protocol::values::hash::{Hash, OctetsHash, SealedHash};
use crate::store::contact::entry::Contact;

/// The way that a record went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// From the contact.
    Received,
    /// To the contact.
    Sent,
}

/// The thing that a record tells of.
#[derive(Clone, Debug, PartialEq)]
pub enum What {
    /// A message.
    Message {
        /// The item that it is.
        entry: LogEntry,
        /// Whether the text and what came with it are gone, as `history` in the settings has it.
        trimmed: bool,
    },
    /// A key in an item: it counts in the log and never shows.
    Key(LogEntry),
    /// The contact accepted, or was accepted.
    Accepted,
    /// The contact has acknowledged all up to `sequence`.
    Receipt {
        /// The sequence, in our log.
        sequence: u64,
    },
    /// Something that the user is told of.
    Notice {
        /// The matter in question.
        about: About,
        /// Whether it is the good end of what an earlier notice told of.
        healed: bool,
        /// What exactly is wrong, with [`About::Integrity`]. Absent in what earlier versions wrote.
        finding: Option<Box<Finding>>,
    },
}

/// The matter in question where something is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum About {
    /// The contact's key.
    Trust,
    /// The contact's writing: it is missing, replayed, forked or forged.
    Integrity,
}

/// The record in one line of `messages.jsonl`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Line", into = "Line")]
pub struct Record {
    /// The thing that it tells of.
    pub what: What,
    /// Its place in the order of arrival; survives trimming. Given by
    /// [`super::messages::Messages::append`].
    pub number: u64,
    /// The way that it went.
    pub direction: Direction,
    /// When it was written, by its writer's clock.
    pub time: Timestamp,
    /// When it was stored here.
    pub received: Timestamp,
    /// The text of a message; otherwise a sentence for people.
    pub text: String,
    /// The fingerprint of the writer's certificate.
    pub fingerprint: Option<Fingerprint>,
    /// How sure we were of it when this was stored.
    pub trust: Option<String>,
}

impl Record {
    /// A record of `what`, which came from the contact and says `text` to the user, at `now`.
    pub fn new(what: What, now: Timestamp, text: impl Into<String>) -> Self {
        Self {
            what,
            number: 0,
            direction: Direction::Received,
            time: now,
            received: now,
            text: text.into(),
            fingerprint: None,
            trust: None,
        }
    }

    /// A record which tells the user at `now` that something is wrong; or right again, if that is
    /// `healed`.
    pub fn notice(about: About, healed: bool, now: Timestamp, text: impl Into<String>) -> Self {
        Self::new(What::Notice { about, healed, finding: None }, now, text)
    }

    /// A record which tells the user at `now` of `finding`; or that it is right again, if that is
    /// `healed`.
    pub fn found(finding: Finding, healed: bool, now: Timestamp, text: impl Into<String>) -> Self {
        let (about, finding) = (About::Integrity, Some(Box::new(finding)));
        Self::new(What::Notice { about, healed, finding }, now, text)
    }

    /// The record of `item`, which has `place`, stored at `now`.
    pub fn of_item(item: &Item, place: Place, direction: Direction, now: Timestamp) -> Self {
        let entry = LogEntry::of(item, place);
        let is_key = item.keys || item.transition.is_some();
        let what = if is_key { What::Key(entry) } else { What::Message { entry, trimmed: false } };
        Self { direction, time: item.published, ..Self::new(what, now, item.text.clone()) }
    }

    /// The same, with the hash of the sealed bytes that it came as, once these were verified.
    #[must_use]
    pub fn sealed_as(mut self, hash: SealedHash) -> Self {
        if let What::Message { entry, .. } | What::Key(entry) = &mut self.what {
            entry.sealed = Some(hash);
        }
        self
    }

    /// The same, with the key of the contact it is about, and how sure we are of that.
    #[must_use]
    pub fn about(self, contact: &Contact) -> Self {
        let (fingerprint, trust) = (contact.fingerprint.clone(), contact.trust.as_str().to_owned());
        Self { fingerprint: Some(fingerprint), trust: Some(trust), ..self }
    }

    /// The item that it is about: of a message or a key.
    pub fn entry(&self) -> Option<&LogEntry> {
        match &self.what {
            What::Message { entry, .. } | What::Key(entry) => Some(entry),
            What::Accepted | What::Receipt { .. } | What::Notice { .. } => None,
        }
    }

    /// The guid of that item.
    pub fn guid(&self) -> Option<Guid> {
        self.entry().map(|entry| entry.guid)
    }

    /// The place of that item.
    pub fn place(&self) -> Option<Place> {
        self.entry().map(|entry| entry.place)
    }

    /// The attachments of that item.
    pub fn attachments(&self) -> &[Attached] {
        self.entry().map_or(&[], |entry| &entry.attachments)
    }

    /// The order of records that came at once: notices first, then receipts, then items by their
    /// place.
    pub fn order(&self) -> (Option<LogId>, Option<u64>) {
        match (&self.what, self.place()) {
            (_, Some(place)) => (Some(place.log), Some(place.sequence)),
            (What::Receipt { sequence }, None) => (None, Some(*sequence)),
            (_, None) => (None, None),
        }
    }

    /// Whether this is a message.
    pub fn is_message(&self) -> bool {
        matches!(self.what, What::Message { .. })
    }

    /// Whether this is a message from the contact.
    pub fn is_received_message(&self) -> bool {
        self.is_message() && self.direction == Direction::Received
    }

    /// Whether this is a message from the contact that can still be delivered.
    pub fn is_deliverable(&self) -> bool {
        self.is_received_message() && !self.is_trimmed()
    }

    /// Whether this is a message whose text and what came with it are gone.
    pub fn is_trimmed(&self) -> bool {
        matches!(self.what, What::Message { trimmed: true, .. })
    }

    /// Lets go of the text of a message, and of what came with it. Everything by which order and
    /// completeness are judged stays.
    pub fn trim(&mut self) {
        if let What::Message { entry, trimmed } = &mut self.what {
            entry.attachments.clear();
            *trimmed = true;
            self.text.clear();
        }
    }
}

/// The word for what a line tells of.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Type {
    Message,
    Accepted,
    Receipt,
    Trust,
    Integrity,
    Key,
}

/// One line of `messages.jsonl`, and what is told of a message as JSON. `trimmed` stands last, so
/// that such lines are known without being read.
#[derive(Serialize, Deserialize)]
struct Line {
    v: u8,
    #[serde(rename = "type")]
    kind: Type,
    number: u64,
    direction: Direction,
    #[serde(skip_serializing_if = "Option::is_none")]
    guid: Option<Guid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    log: Option<LogId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sequence: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hash: Option<OctetsHash>,
    #[serde(skip_serializing_if = "Option::is_none")]
    previous: Option<OctetsHash>,
    time: Timestamp,
    received: Timestamp,
    text: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    attachments: Vec<Attached>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reply_to: Option<Guid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    conversation: Option<Guid>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sealed: Option<SealedHash>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fingerprint: Option<Fingerprint>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trust: Option<String>,
    #[serde(default, rename = "kind", skip_serializing_if = "Option::is_none")]
    finding: Option<finding::Kind>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    sequences: Vec<u64>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    hashes: Vec<Hash>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    healed: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    trimmed: bool,
}

impl TryFrom<Line> for Record {
    type Error = Error;

    /// # Errors
    /// When what belongs to its type is not there.
    fn try_from(mut line: Line) -> Result<Self, Error> {
        let finding = line.finding();
        let notice = |about| What::Notice { about, healed: line.healed, finding: None };
        let what = match line.kind {
            Type::Message => What::Message { entry: line.entry()?, trimmed: line.trimmed },
            Type::Key => What::Key(line.entry()?),
            Type::Accepted => What::Accepted,
            Type::Receipt => What::Receipt { sequence: line.sequence.ok_or_else(incomplete)? },
            Type::Trust => notice(About::Trust),
            Type::Integrity => {
                What::Notice { about: About::Integrity, healed: line.healed, finding }
            }
        };
        Ok(Self {
            what,
            number: line.number,
            direction: line.direction,
            time: line.time,
            received: line.received,
            text: line.text,
            fingerprint: line.fingerprint,
            trust: line.trust,
        })
    }
}

impl Line {
    fn finding(&mut self) -> Option<Box<Finding>> {
        let kind = self.finding?;
        let (sequences, hashes) =
            (std::mem::take(&mut self.sequences), std::mem::take(&mut self.hashes));
        Some(Box::new(Finding { kind, log: self.log, sequences, hashes }))
    }

    fn entry(&mut self) -> Result<LogEntry, Error> {
        let (Some(guid), Some(log), Some(sequence), Some(hash)) =
            (self.guid, self.log, self.sequence, self.hash)
        else {
            return Err(incomplete());
        };
        Ok(LogEntry {
            guid,
            place: Place { log, sequence, hash, previous: self.previous },
            attachments: std::mem::take(&mut self.attachments),
            reply_to: self.reply_to,
            conversation: self.conversation,
            sealed: self.sealed,
        })
    }
}

fn incomplete() -> Error {
    Error::malformed("a record lacks its guid or its place in a log")
}

impl From<Record> for Line {
    fn from(record: Record) -> Self {
        let place = record.place();
        let mut line = Self {
            v: 1,
            kind: Type::Accepted,
            number: record.number,
            direction: record.direction,
            guid: record.guid(),
            log: place.map(|place| place.log),
            sequence: place.map(|place| place.sequence),
            hash: place.map(|place| place.hash),
            previous: place.and_then(|place| place.previous),
            time: record.time,
            received: record.received,
            text: record.text,
            attachments: Vec::new(),
            reply_to: None,
            conversation: None,
            sealed: None,
            fingerprint: record.fingerprint,
            trust: record.trust,
            finding: None,
            sequences: Vec::new(),
            hashes: Vec::new(),
            healed: false,
            trimmed: false,
        };
        line.say(record.what);
        line
    }
}

impl Line {
    /// Says what it tells of.
    fn say(&mut self, what: What) {
        match what {
            What::Message { entry, trimmed } => {
                (self.kind, self.trimmed) = (Type::Message, trimmed);
                self.carry(entry);
            }
            What::Key(entry) => {
                self.kind = Type::Key;
                self.carry(entry);
            }
            What::Accepted => self.kind = Type::Accepted,
            What::Receipt { sequence } => {
                (self.kind, self.sequence) = (Type::Receipt, Some(sequence));
            }
            What::Notice { about, healed, finding } => {
                let kind = if about == About::Trust { Type::Trust } else { Type::Integrity };
                (self.kind, self.healed) = (kind, healed);
                if let Some(Finding { kind, log, sequences, hashes }) = finding.map(|found| *found)
                {
                    (self.finding, self.log) = (Some(kind), log);
                    (self.sequences, self.hashes) = (sequences, hashes);
                }
            }
        }
    }

    fn carry(&mut self, entry: LogEntry) {
        self.attachments = entry.attachments;
        (self.reply_to, self.conversation) = (entry.reply_to, entry.conversation);
        self.sealed = entry.sealed;
    }
}
