//! Homes and contacts for tests.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
pub use tempfile::TempDir;

use super::contact::entry::{Contact, Http, Theirs, Trust};
use super::contact::history::log_entry::{LogEntry, Place};
use super::contact::history::record::{About, Record, What};
use super::contact::own_feed::{OwnFeed, Reader};
use super::disk::atomic;
use super::disk::home::Home;
use super::error::Result;
use super::identity::config::Config;
use super::identity::own::{Identity, Locked};
use crate::openpgp::secret_key::SecretKey;
use crate::protocol::values::guid::{Guid, LogId};
use crate::protocol::values::hash::OctetsHash;
use crate::protocol::values::url::Url;

/// Files that hold nothing but a lock.
const LOCKS: [&str; 3] = ["lock", "publishing", "listening"];

/// A new folder for a home, removed when it is dropped.
pub fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

impl Home {
    /// Replaces a file, with its folder, as another process or a user would: without the lock.
    pub fn write(&self, path: &Path, bytes: &[u8]) -> Result<()> {
        let mode = self.mode_of(path);
        atomic::folder(path.parent().unwrap(), mode)?;
        atomic::write(self.root(), path, bytes, mode)
    }
}

/// The identity in `folder` whose key is `key` and whose settings are `settings`: as `keygen` leaves
/// it and the first signature completes it, but for the pages.
pub fn identity(folder: &Path, key: &SecretKey, settings: &str) -> Identity {
    let home = Home::at(folder);
    home.write(&home.secret(), key.to_armored().as_bytes()).unwrap();
    for certificate in [home.key(), home.certificate()] {
        home.write(&certificate, key.certificate().to_armored().as_bytes()).unwrap();
    }
    home.write(&home.config(), settings.as_bytes()).unwrap();
    let identity = Identity::open(home).unwrap();
    let mut locked = identity.lock_although_copied(Timestamp::UNIX_EPOCH).unwrap();
    locked.home.record(key.fingerprint(), None).unwrap();
    drop(locked);
    identity
}

/// Does `write` under the lock of `home`, where there is nothing but what a test puts there.
pub fn locked<T>(home: &Home, write: impl FnOnce(&Locked<'_>) -> T) -> T {
    locked_at(home, Timestamp::UNIX_EPOCH, write)
}

/// As [`locked`], at the time `now`.
pub fn locked_at<T>(home: &Home, now: Timestamp, write: impl FnOnce(&Locked<'_>) -> T) -> T {
    let config = Config::parse("name = \"x\"", &home.config()).unwrap();
    let identity = Identity::with(home.clone(), config);
    write(&identity.lock_although_copied(now).unwrap())
}

/// Every file below `folder`, with its bytes; locks are left out.
pub fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        let is_lock = LOCKS.iter().any(|lock| path.ends_with(lock));
        if path.is_dir() {
            files.extend(self::files(&path));
        } else if !is_lock {
            files.insert(path.clone(), fs::read(&path).unwrap());
        }
    }
    files
}

/// A contact with whom nothing was exchanged yet. Another `letter` makes another one.
pub fn contact(letter: char) -> Contact {
    let at = |path: &str| -> Url {
        format!("https://{}.example/{path}", letter.to_ascii_lowercase()).parse().unwrap()
    };
    let log = "urn:uuid:019b0000-0000-7000-8000-000000000000".parse().unwrap();
    let token = "abcdefghijklmnopqrstuvwxyz".parse().unwrap();
    Contact {
        fingerprint: letter.to_string().repeat(40).parse().unwrap(),
        trust: Trust::FirstUse,
        policy: None,
        blocked: false,
        claimed_name: None,
        since: Timestamp::UNIX_EPOCH,
        feed: at(&format!("f/{token}.rss")),
        card: Some(at("card.rss")),
        card_confirmed: true,
        card_asked: None,
        handshake: None,
        key: at("key.asc"),
        key_hash: None,
        unusable: None,
        ours: OwnFeed::new(token, log, Reader::default()),
        theirs: Theirs { logs: vec![log], ..Theirs::default() },
        http: Http::default(),
        key_failing: None,
        archive_failing: None,
        lease: None,
    }
}

/// The type of a record, as a test names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    Message,
    Key,
    Receipt,
    Accepted,
    Trust,
    Integrity,
}

impl Type {
    /// The type of `record`.
    pub fn of(record: &Record) -> Self {
        match &record.what {
            What::Message { .. } => Self::Message,
            What::Key(_) => Self::Key,
            What::Receipt { .. } => Self::Receipt,
            What::Accepted => Self::Accepted,
            What::Notice { about: About::Trust, .. } => Self::Trust,
            What::Notice { about: About::Integrity, .. } => Self::Integrity,
        }
    }
}

/// The item `guid` at `sequence` of `log`.
pub fn entry(guid: Guid, log: LogId, sequence: u64) -> LogEntry {
    let hash = OctetsHash::of(&sequence.to_be_bytes());
    let place = Place { log, sequence, hash, previous: None };
    LogEntry {
        guid,
        place,
        attachments: Vec::new(),
        reply_to: None,
        conversation: None,
        sealed: None,
    }
}

/// A record of `kind` that says `text`; items are the first of a log of their own.
pub fn record(kind: Type, text: &str) -> Record {
    let guid = "urn:uuid:019b0000-0000-7000-8000-000000000000".parse().unwrap();
    let what = match kind {
        Type::Message => What::Message { entry: entry(guid, guid, 1), trimmed: false },
        Type::Key => What::Key(entry(guid, guid, 1)),
        Type::Receipt => What::Receipt { sequence: 1 },
        Type::Accepted => What::Accepted,
        Type::Trust => What::Notice { about: About::Trust, healed: false, finding: None },
        Type::Integrity => What::Notice { about: About::Integrity, healed: false, finding: None },
    };
    Record::new(what, Timestamp::UNIX_EPOCH, text)
}
