//! A contact: what `contact.toml` holds.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::failing::{Failing, Vain};
use super::fork::Fork;
use super::former_key::FormerKey;
use super::history::finding;
use super::own_feed::{OwnFeed, Reader};
use super::ranges::SequenceRange;
use crate::protocol::sealed::state::Acknowledged;
use crate::protocol::values::fingerprint::Fingerprint;
use crate::protocol::values::guid::LogId;
use crate::protocol::values::hash::{Hash, OctetsHash, SealedHash};
use crate::protocol::values::url::Url;
use crate::store::disk::atomic::{self, Staged};
use crate::store::error::{OrCannot, Result};
use crate::store::identity::own::Locked;
use crate::store::identity::policy::Policy;
use crate::store::subscriptions::lease::Lease;

/// How often it is noted that a feed was seen.
const NOTED: SignedDuration = SignedDuration::from_hours(12);

/// How sure we are that a key is the contact's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Trust {
    /// Pinned at the first contact, not compared by people.
    #[default]
    FirstUse,
    /// The user compared the fingerprint.
    Verified,
}

impl Trust {
    /// The word for it, in all outputs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::FirstUse => "first-use",
            Self::Verified => "verified",
        }
    }
}

/// The content of `contact.toml`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Contact {
    /// The fingerprint of the pinned certificate's primary key.
    pub fingerprint: Fingerprint,
    /// How sure we are of it.
    #[serde(default)]
    pub trust: Trust,
    /// The policy while its key is not verified, if one was decided for it.
    #[serde(default)]
    pub policy: Option<Policy>,
    /// Whether the user wants to hear of this contact no more.
    #[serde(default)]
    pub blocked: bool,
    /// The name that the contact gives itself.
    pub claimed_name: Option<String>,
    /// The time since which it has been a contact.
    pub since: Timestamp,
    /// The URL of the feed in which the contact writes to us.
    pub feed: Url,
    /// The URL at which others find the contact, as it says.
    pub card: Option<Url>,
    /// Whether the document there names itself and carries the contact's key. If not, the card may be
    /// somebody else's, and nobody is taken for the contact, or for another, by it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub card_confirmed: bool,
    /// When that was looked for in vain.
    #[serde(default)]
    pub card_asked: Option<Timestamp>,
    /// The URL at which the contact takes calls.
    pub handshake: Option<Url>,
    /// The URL at which the certificate stands.
    pub key: Url,
    /// The hash of the bytes at `key`, when they were last taken.
    pub key_hash: Option<Hash>,
    /// Why nothing can be sealed to that certificate, as it was told last.
    #[serde(default)]
    pub unusable: Option<String>,
    /// Our side: the feed that we write.
    pub ours: OwnFeed,
    /// The contact's side: what we know of the feed that we read.
    pub theirs: Theirs,
    /// The results of the last requests for that feed.
    #[serde(default)]
    pub http: Http,
    /// How the certificate at `key` is out of reach, although the feed announces another.
    #[serde(default)]
    pub key_failing: Option<Failing>,
    /// How an archive of that feed is out of reach.
    #[serde(default)]
    pub archive_failing: Option<Failing>,
    /// Our registration with the cloud that tells of changes of that feed.
    #[serde(default)]
    pub lease: Option<Lease>,
}

/// Our knowledge of the feed that a contact writes.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Theirs {
    /// The introduction in force.
    pub introduction: Option<Seen>,
    /// The state in force.
    pub state: Option<Seen>,
    /// The newest item, by that state.
    pub head: Option<LogHead>,
    /// The lowest sequence still offered, by that state.
    pub floor: Option<u64>,
    /// The ranges that will never come, by that state.
    #[serde(default)]
    pub gone: Vec<SequenceRange>,
    /// The newest item of each older log that is still offered, by the introduction in force. Items
    /// above it may come as well.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub earlier: Vec<LogHead>,
    /// The logs that introductions of this feed opened, oldest first.
    #[serde(default)]
    pub logs: Vec<LogId>,
    /// How far each log is on our disk without a gap.
    #[serde(default)]
    pub reached: Vec<Reached>,
    /// The time of the newest signature that we verified.
    pub signed: Option<Timestamp>,
    /// When its feed was last seen, together with the certificate that it names.
    #[serde(default)]
    pub looked: Option<Timestamp>,
    /// When a message was about to be written, and that was tried in vain.
    #[serde(default)]
    pub tried: Option<Timestamp>,
    /// The time since which something has been missing, or the copies have been stale.
    pub behind_since: Option<Timestamp>,
    /// Whether that was told.
    #[serde(default)]
    pub behind_told: bool,
    /// What it is: a gap, an old copy, or messages that are withheld.
    #[serde(default)]
    pub behind_as: Option<finding::Kind>,
    /// The ranges that are missing, at most 32.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<SequenceRange>,
    /// The forks of its logs that the user has not looked at yet.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub forks: Vec<Fork>,
    /// The key that the feed names instead of the pinned one, while the user has not decided.
    #[serde(default)]
    pub offered: Option<Fingerprint>,
    /// The keys that the feed named and the user rejected.
    #[serde(default)]
    pub rejected: Vec<Fingerprint>,
    /// How often in a row the archives were read back far and in vain.
    #[serde(default)]
    pub walked: Option<Vain>,
    /// The cloud that the feed names: its pleaseNotify URL.
    #[serde(default)]
    pub cloud: Option<Url>,
    /// How many objects of the feed were put off when it was last read, since so much else came to
    /// nothing.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub put_off: usize,
    /// How many refusals of what stands in it were more than is remembered then.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub dropped: usize,
    /// The contact's former keys, the oldest first.
    #[serde(default)]
    pub former: Vec<FormerKey>,
}

fn is_zero(count: &usize) -> bool {
    *count == 0
}

impl Theirs {
    /// The logs that are offered, the oldest first, each with its highest sequence as far as it is
    /// named: by the introduction those of before, by the state the present one.
    pub fn offered(&self) -> impl Iterator<Item = &LogHead> {
        let present = self.head.as_ref().map(|head| head.log);
        let earlier = self.earlier.iter().filter(move |earlier| Some(earlier.log) != present);
        earlier.chain(&self.head)
    }

    /// Whether all that is offered is here, or will never come.
    pub fn is_whole(&self) -> bool {
        self.offered().all(|head| {
            let mut reached = self.reached.iter();
            reached.any(|here| here.log == head.log && here.sequence >= head.sequence)
        })
    }
}

/// A sealed object that stands in a feed once: which one was taken last.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Seen {
    /// Its log.
    pub log: LogId,
    /// Its serial.
    pub serial: u64,
    /// The hash of its octets.
    pub hash: OctetsHash,
    /// The hash of the sealed object: the same bytes need no second opening. Absent where it is not
    /// known in which it came: then it is opened once more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sealed: Option<SealedHash>,
}

/// The newest item of a log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LogHead {
    /// The log.
    pub log: LogId,
    /// Its sequence.
    pub sequence: u64,
    /// The hash of its octets.
    pub hash: OctetsHash,
}

/// How far a log is on our disk without a gap.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reached {
    /// The log.
    pub log: LogId,
    /// The highest sequence below which nothing is missing.
    pub sequence: u64,
    /// The hash of the highest item up to there that we have.
    pub hash: Option<OctetsHash>,
    /// The sequence of that item, where it is below `sequence`: what lies between will never come.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub named: Option<u64>,
}

impl Reached {
    /// Nothing of `log` yet.
    pub fn nothing_of(log: LogId) -> Self {
        Self { log, sequence: 0, hash: None, named: None }
    }

    /// The acknowledgement, as the state says it: by the highest item that we have, never by one
    /// that will not come. Nothing before the first item.
    pub fn acknowledged(&self) -> Option<Acknowledged> {
        let (sequence, hash) = (self.named.unwrap_or(self.sequence), self.hash?);
        (sequence > 0).then_some(Acknowledged { log: self.log, sequence, hash })
    }
}

/// The results of the last requests for a contact's feed.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Http {
    /// The entity tag of the copy that was stored last.
    pub etag: Option<String>,
    /// Its date, for hosts without entity tags.
    pub last_modified: Option<String>,
    /// The time since which the feed has been out of reach.
    pub failing_since: Option<Timestamp>,
    /// When that was last reported by an exit status.
    pub failure_told: Option<Timestamp>,
    /// The reason why it is out of reach.
    pub failure: Option<String>,
    /// How often in a row something came in its place that is no feed.
    #[serde(default)]
    pub no_feed: Option<Vain>,
    /// The hash of the copy, for hosts that say nothing of it.
    #[serde(default)]
    pub copy: Option<Hash>,
    /// The hash of our keys, where something in the copy could be opened with none of them: with others
    /// it is read again.
    #[serde(default)]
    pub unopened: Option<Hash>,
    /// How often in a row the copy was read in vain: it is old, or what belongs to it was not to be
    /// had. It is read again whatever the host says of it.
    #[serde(default)]
    pub again: Option<Vain>,
}

impl Http {
    /// How the feed is out of reach, if it is.
    pub fn failing(&self) -> Option<Failing> {
        let (told, seen) = (self.failure_told, self.failure.clone().unwrap_or_default());
        Some(Failing { since: self.failing_since?, told, seen })
    }

    /// Notes how the feed is out of reach, or that it is not.
    pub fn set_failing(&mut self, failing: Option<Failing>) {
        let (since, told, seen) = match failing {
            Some(Failing { since, told, seen }) => (Some(since), told, Some(seen)),
            None => (None, None, None),
        };
        (self.failing_since, self.failure_told, self.failure) = (since, told, seen);
    }
}

impl Contact {
    /// The contact as the reader of the feed that we write for it.
    pub fn reader(&self) -> &Reader {
        &self.ours.reader
    }

    /// The same, to be changed.
    pub fn reader_mut(&mut self) -> &mut Reader {
        &mut self.ours.reader
    }

    /// When its feed was last seen, as far as that is known: an earlier version of this program noted
    /// only what was signed there.
    pub fn last_seen(&self) -> Timestamp {
        self.theirs.looked.or(self.theirs.signed).map_or(self.since, |seen| seen.max(self.since))
    }

    /// Notes that its feed was seen at `now`, unless that was noted within 12 hours: a note at each poll
    /// would be a write for each contact.
    pub fn note_seen(&mut self, now: Timestamp) {
        self.theirs.tried = None;
        if !self.is_noted_as_seen(now) {
            self.theirs.looked = Some(now);
        }
    }

    /// Whether it was noted within 12 hours of `now` that its feed was seen.
    pub fn is_noted_as_seen(&self, now: Timestamp) -> bool {
        now.duration_since(self.last_seen()).abs() < NOTED
    }

    /// The policy while its key is not verified: the one decided for it, else the `usual` one.
    pub fn policy_or(&self, usual: Policy) -> Policy {
        self.policy.unwrap_or(usual)
    }

    /// Whether its key is not verified, and `policy` says what that means.
    pub fn is_under(&self, policy: Policy, usual: Policy) -> bool {
        self.trust != Trust::Verified && self.policy_or(usual) == policy
    }

    /// Writes the contact called `name`.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn save(&self, locked: &Locked<'_>, name: &str) -> Result<()> {
        let staged = self.stage(locked, name)?;
        atomic::sync([&staged])?;
        locked.home.put(vec![staged])
    }

    /// Writes the contact called `name`, not in its place yet.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn stage(&self, locked: &Locked<'_>, name: &str) -> Result<Staged> {
        let text = toml::to_string(self).or_cannot(format!("write contact `{name}`"))?;
        let home = &locked.home;
        home.stage(&home.contact(name).join("contact.toml"), text.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_of_a_contact_reads_and_is_written_as_ever() {
        for text in [include_str!("entry/begun.toml"), include_str!("entry/long.toml")] {
            let contact: Contact = toml::from_str(text).unwrap();
            assert_eq!(toml::to_string(&contact).unwrap(), text);
        }
    }

    #[test]
    fn the_keys_of_our_feed_and_its_reader_stand_in_one_table() {
        let contact: Contact = toml::from_str(include_str!("entry/long.toml")).unwrap();
        let (ours, reader) = (&contact.ours, contact.reader());
        assert_eq!((ours.introduction.serial, ours.state.serial, ours.sequence()), (2, 17, 14));
        assert_eq!((ours.next().sequence, ours.next().log), (15, ours.log));
        assert_eq!((reader.acknowledged, ours.acknowledged()), (14, 14));
        assert_eq!((ours.archives.len(), ours.former.len(), ours.next_archive), (2, 1, 11));
        let begun: Contact = toml::from_str(include_str!("entry/begun.toml")).unwrap();
        assert_eq!((begun.ours.head, begun.ours.sequence()), (None, 0));
        assert_eq!((begun.ours.next().sequence, begun.ours.next().previous), (1, None));
    }

    #[test]
    fn a_newest_item_without_its_hash_is_refused() {
        let text = include_str!("entry/long.toml");
        let lines = text.lines().filter(|line| !line.starts_with("head = "));
        let without: String = lines.map(|line| format!("{line}\n")).collect();
        let cause = toml::from_str::<Contact>(&without).unwrap_err().to_string();
        assert!(cause.contains("do not agree"), "{cause}");
        assert!(toml::from_str::<Contact>(&text.replace("sequence = 14", "sequence = 0")).is_err());
    }
}
