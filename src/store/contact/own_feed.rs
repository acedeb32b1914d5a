//! A feed of ours: what `contact.toml` holds of it.
//!
//! [`OwnFeed`] holds what is said of the feed for any reader. [`Reader`] holds what is said of one
//! reader. The feed of a pair has one reader. The file has the keys of both in one table, which
//! only this module knows.

use std::slice;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::former_key::FormerKey;
use super::ranges::{SequenceRange, Span};
use crate::protocol::Error;
use crate::protocol::sealed::item::Stream;
use crate::protocol::sealed::state::Head;
use crate::protocol::values::fingerprint::Fingerprint;
use crate::protocol::values::guid::{Guid, LogId};
use crate::protocol::values::hash::{Hash, OctetsHash, SealedHash};
use crate::protocol::values::token::Token;

/// A feed that we write.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(try_from = "Wire", into = "Wire")]
pub struct OwnFeed {
    /// The secret part of its URL.
    pub token: Token,
    /// The log that is written.
    pub log: LogId,
    /// The introduction in the feed.
    pub introduction: Sealed,
    /// The state in the feed.
    pub state: Sealed,
    /// The newest item of the log; nothing before the first.
    pub head: Option<Head>,
    /// The hashes of the sealed items in the feed, as counted. Where the feed holds another, the file
    /// is damaged or a run died, and the item is sealed again. Nothing if a version of this program
    /// wrote it that counted none.
    pub shown: Option<Vec<SealedHash>>,
    /// The sequences of the log of which neither octets nor a sealed copy are left, lowest first: the
    /// user was told.
    pub lost: Vec<Span>,
    /// The older logs whose items are still offered, oldest first, at most 8.
    pub earlier: Vec<EarlierLog>,
    /// An item of the log that others have and this home never wrote: it was restored, or another
    /// home writes too. The next item must begin a new log.
    pub overtaken: Option<Head>,
    /// The archives still offered, oldest first.
    pub archives: Vec<Archive>,
    /// The number of the next archive; none is used twice.
    pub next_archive: u64,
    /// When we signed last.
    pub signed: Option<Timestamp>,
    /// Our former keys that have signed in this feed, the oldest first.
    pub former: Vec<FormerKey>,
    /// Whether the cloud has yet to be told of the last change.
    pub unpinged: bool,
    /// Other feeds of ours, where the reader looked for an answer: they lead to this one.
    pub answers: Vec<Token>,
    pub(super) reader: Reader,
}

/// A sealed object that stands in our feed once: the one that we have counted. Where the feed holds
/// another, a run died between counting and writing, and the object is sealed again.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sealed {
    /// Its serial; 0 before the first.
    pub serial: u64,
    /// The hash of what it says, serial and time left out; for an introduction, of its octets, which are
    /// kept. Nothing if a version of this program wrote it that noted none.
    pub says: Option<Hash>,
    /// The hash of the sealed object.
    pub sealed: Option<SealedHash>,
}

/// A reader of a feed of ours.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reader {
    /// The hash of the introduction of ours that this reader's acceptance answers.
    pub invitation: Option<OctetsHash>,
    /// The address by which this reader was invited, as the user gave it.
    pub invited: Option<String>,
    /// The sequence of the log up to which this reader has acknowledged; 0 for none.
    pub acknowledged: u64,
    /// The subkey of this reader that the feed is sealed to.
    pub sealed_to: Option<Fingerprint>,
    /// Our key by which this reader knows us; nothing while we have never had another.
    pub signed_by: Option<Fingerprint>,
    /// The items that are sealed to an older subkey of this reader alone.
    pub outdated: Vec<SequenceRange>,
    /// The items of ours that this reader's state asks for.
    pub missing: Vec<SequenceRange>,
    /// The items that were sealed again for the asking, within the last day.
    pub resealed: Vec<Resealed>,
}

/// A log that we wrote before the present one, with items that are still offered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EarlierLog {
    /// The log.
    pub log: LogId,
    /// The highest sequence that we can name.
    pub sequence: u64,
    /// The hash of that item.
    pub hash: OctetsHash,
    /// The sequence up to which the reader has acknowledged; 0 for none.
    #[serde(default)]
    pub acknowledged: u64,
    /// Whether there are older logs with items that the reader has not acknowledged, and that are named
    /// no more.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub more: bool,
}

/// An item that was sealed again since a reader had asked for it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Resealed {
    /// Its log.
    pub log: LogId,
    /// Its sequence.
    pub sequence: u64,
    /// When it was.
    pub at: Timestamp,
    /// Its bytes in the feed.
    pub bytes: u64,
}

/// An archive of our feed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Archive {
    /// Part of its file name.
    pub number: u64,
    /// The guids of its items, newest first.
    pub items: Vec<Guid>,
    /// The hash of the file. Nothing if a version of this program wrote it that kept none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<Hash>,
}

impl OwnFeed {
    /// A feed before anything was written: at `token`, with a new `log`, for `reader`.
    pub fn new(token: Token, log: LogId, reader: Reader) -> Self {
        Self {
            token,
            log,
            introduction: Sealed { serial: 1, ..Sealed::default() },
            state: Sealed::default(),
            head: None,
            shown: None,
            lost: Vec::new(),
            earlier: Vec::new(),
            overtaken: None,
            archives: Vec::new(),
            next_archive: 1,
            signed: None,
            former: Vec::new(),
            unpinged: false,
            answers: Vec::new(),
            reader,
        }
    }

    /// All its readers.
    pub fn readers(&self) -> &[Reader] {
        slice::from_ref(&self.reader)
    }

    /// The sequence up to which all its readers have acknowledged; 0 for none.
    pub fn acknowledged(&self) -> u64 {
        self.readers().iter().map(|reader| reader.acknowledged).min().unwrap_or_default()
    }

    /// Notes that all its readers have acknowledged up to `sequence` of the log.
    pub fn set_acknowledged(&mut self, sequence: u64) {
        self.reader.acknowledged = sequence;
    }

    /// The sequence of `log` up to which all its readers have acknowledged; 0 for none. A log that is
    /// offered no more is asked for by nobody.
    pub fn acknowledged_in(&self, log: LogId) -> u64 {
        if log == self.log {
            return self.acknowledged();
        }
        let earlier = self.earlier.iter().find(|earlier| earlier.log == log);
        earlier.map_or(u64::MAX, |earlier| earlier.acknowledged)
    }

    /// The newest item of all: of the log, or of the one before while the log has none.
    pub fn newest(&self) -> Option<(LogId, u64)> {
        let head = self.head.map(|head| (self.log, head.sequence));
        head.or_else(|| self.earlier.last().map(|earlier| (earlier.log, earlier.sequence)))
    }

    /// The highest sequence of `log` that is offered; 0 if the log is not.
    pub fn highest_in(&self, log: LogId) -> u64 {
        if log == self.log {
            return self.sequence();
        }
        let earlier = self.earlier.iter().find(|earlier| earlier.log == log);
        earlier.map_or(0, |earlier| earlier.sequence)
    }

    /// The newest sequence of the log; 0 before the first.
    pub fn sequence(&self) -> u64 {
        self.head.map_or(0, |head| head.sequence)
    }

    /// The place of the next item in the log.
    pub fn next(&self) -> Stream {
        Stream {
            log: self.log,
            sequence: self.sequence().saturating_add(1),
            previous: self.head.map(|head| head.hash),
        }
    }

    /// Whether the feed `token` is this one, or leads to it.
    pub fn has_feed(&self, token: &Token) -> bool {
        self.token == *token || self.answers.contains(token)
    }

    /// Whether the feed is as it is when this was `earlier`.
    pub fn is_written_as(&self, earlier: &Self) -> bool {
        let version =
            |feed: &Self| (feed.log, feed.sequence(), feed.state.serial, feed.introduction.sealed);
        version(self) == version(earlier)
    }
}

/// The table `ours` of `contact.toml`.
#[derive(Serialize, Deserialize)]
struct Wire {
    token: Token,
    log: LogId,
    introduction: u64,
    introduction_sealed: Option<SealedHash>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    introduction_says: Option<Hash>,
    invitation: Option<OctetsHash>,
    #[serde(default)]
    invited: Option<String>,
    state: u64,
    state_says: Option<Hash>,
    state_sealed: Option<SealedHash>,
    sequence: u64,
    head: Option<OctetsHash>,
    acknowledged: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    shown: Option<Vec<SealedHash>>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    lost: Vec<Span>,
    #[serde(default)]
    archives: Vec<Archive>,
    next_archive: u64,
    signed: Option<Timestamp>,
    sealed_to: Option<Fingerprint>,
    #[serde(default)]
    signed_by: Option<Fingerprint>,
    #[serde(default)]
    former: Vec<FormerKey>,
    #[serde(default)]
    unpinged: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    answers: Vec<Token>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    earlier: Vec<EarlierLog>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    overtaken: Option<Overtaken>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    outdated: Vec<SequenceRange>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    missing: Vec<SequenceRange>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    resealed: Vec<Resealed>,
}

/// A place in the log that is named by others.
#[derive(Serialize, Deserialize)]
struct Overtaken {
    sequence: u64,
    hash: OctetsHash,
}

impl TryFrom<Wire> for OwnFeed {
    type Error = Error;

    /// # Errors
    /// When there is a newest item without a hash, or a hash of none: with either, the next item would
    /// take a place that is not free.
    fn try_from(wire: Wire) -> Result<Self, Error> {
        let head = match (wire.sequence, wire.head) {
            (0, None) => None,
            (sequence @ 1.., Some(hash)) => Some(Head { sequence, hash }),
            _ => return Err(Error::malformed("`sequence` and `head` of `ours` do not agree")),
        };
        let (serial, says) = (wire.introduction, wire.introduction_says);
        let sealed = wire.introduction_sealed;
        Ok(Self {
            token: wire.token,
            log: wire.log,
            introduction: Sealed { serial, says, sealed },
            state: Sealed { serial: wire.state, says: wire.state_says, sealed: wire.state_sealed },
            head,
            shown: wire.shown,
            lost: wire.lost,
            earlier: wire.earlier,
            overtaken: wire.overtaken.map(|Overtaken { sequence, hash }| Head { sequence, hash }),
            archives: wire.archives,
            next_archive: wire.next_archive,
            signed: wire.signed,
            former: wire.former,
            unpinged: wire.unpinged,
            answers: wire.answers,
            reader: Reader {
                invitation: wire.invitation,
                invited: wire.invited,
                acknowledged: wire.acknowledged,
                sealed_to: wire.sealed_to,
                signed_by: wire.signed_by,
                outdated: wire.outdated,
                missing: wire.missing,
                resealed: wire.resealed,
            },
        })
    }
}

impl From<OwnFeed> for Wire {
    fn from(feed: OwnFeed) -> Self {
        Self {
            sequence: feed.sequence(),
            head: feed.head.map(|head| head.hash),
            token: feed.token,
            log: feed.log,
            introduction: feed.introduction.serial,
            introduction_sealed: feed.introduction.sealed,
            introduction_says: feed.introduction.says,
            invitation: feed.reader.invitation,
            invited: feed.reader.invited,
            state: feed.state.serial,
            state_says: feed.state.says,
            state_sealed: feed.state.sealed,
            acknowledged: feed.reader.acknowledged,
            shown: feed.shown,
            lost: feed.lost,
            archives: feed.archives,
            next_archive: feed.next_archive,
            signed: feed.signed,
            sealed_to: feed.reader.sealed_to,
            signed_by: feed.reader.signed_by,
            former: feed.former,
            unpinged: feed.unpinged,
            answers: feed.answers,
            earlier: feed.earlier,
            overtaken: feed.overtaken.map(|Head { sequence, hash }| Overtaken { sequence, hash }),
            outdated: feed.reader.outdated,
            missing: feed.reader.missing,
            resealed: feed.reader.resealed,
        }
    }
}
