//! `inbox.toml`: how far the owner has read the inbox that a server without the secret key keeps.

use std::collections::BTreeMap;
use std::path::PathBuf;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::protocol::calls::please_follow::PleaseFollow;
use crate::protocol::values::guid::Guid;
use crate::protocol::values::url::Url;
use crate::store::contact::failing::Failing;
use crate::store::disk::atomic;
use crate::store::disk::home::Home;
use crate::store::error::{OrCannot, Result};
use crate::store::identity::own::Locked;

/// The inbox as it is remembered between two polls: no more than it holds itself.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Inbox {
    /// The URL at which it stands.
    pub url: Option<Url>,
    /// The `ETag` that it had.
    pub etag: Option<String>,
    /// The `Last-Modified` date that it had.
    pub last_modified: Option<String>,
    /// When the user was told that it cannot be read; absent while it can.
    pub told: Option<Timestamp>,
    /// Since when it cannot be, and what was seen instead.
    #[serde(default)]
    pub failing: Option<Failing>,
    /// When calls were followed that name a host, lately.
    #[serde(default)]
    pub named: BTreeMap<String, Vec<Timestamp>>,
    /// Its entries.
    #[serde(default, rename = "entry")]
    pub entries: Vec<Entry>,
}

/// An entry that was opened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Its guid.
    pub guid: Guid,
    /// The call in it, if that is still to be followed.
    pub waiting: Option<Waiting>,
}

/// A call that is to be followed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Waiting {
    /// How often it was tried.
    pub tries: u32,
    /// The time before which it is not to be tried again.
    pub next: Option<Timestamp>,
    /// The call.
    pub call: PleaseFollow,
}

impl From<PleaseFollow> for Waiting {
    fn from(call: PleaseFollow) -> Self {
        Self { tries: 0, next: None, call }
    }
}

impl Inbox {
    /// Reads what is remembered of the inbox at `url`; nothing if it was another until now, or the
    /// file is not ours: then what is there is read again.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn load(home: &Home, url: &Url) -> Result<Self> {
        let path = path(home);
        let text = atomic::read_text(&path)?.unwrap_or_default();
        let loaded = toml::from_str(&text).unwrap_or_else(|cause| {
            log::warn!("`{}` is damaged, and made anew: {cause}", path.display());
            Self::default()
        });
        if loaded.url.as_ref() == Some(url) {
            return Ok(loaded);
        }
        Ok(Self { url: Some(url.clone()), named: loaded.named, ..Self::default() })
    }

    /// The entry `guid`, if it is remembered.
    pub fn entry(&mut self, guid: Guid) -> Option<&mut Entry> {
        self.entries.iter_mut().find(|entry| entry.guid == guid)
    }

    /// How many calls are still to be followed.
    pub fn waiting(&self) -> usize {
        self.entries.iter().filter(|entry| entry.waiting.is_some()).count()
    }

    /// Writes what is remembered, if it is not what stands there.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn save(&self, locked: &Locked<'_>) -> Result<()> {
        let text = toml::to_string(self).or_cannot("write inbox.toml")?;
        let path = path(&locked.home);
        if atomic::read(&path)?.as_deref() == Some(text.as_bytes()) {
            return Ok(());
        }
        locked.home.write(&path, text.as_bytes())
    }
}

fn path(home: &Home) -> PathBuf {
    home.root().join("inbox.toml")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::testing::locked;

    fn url(path: &str) -> Url {
        Url::normalized(&format!("https://mary.example/{path}")).unwrap()
    }

    #[test]
    fn another_inbox_is_begun_anew_and_hosts_are_not_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path());
        let mut inbox = Inbox::load(&home, &url("i/a.rss")).unwrap();
        assert_eq!(inbox, Inbox { url: Some(url("i/a.rss")), ..Inbox::default() });
        inbox.etag = Some("\"x\"".to_owned());
        inbox.named.insert("a.example".to_owned(), vec![Timestamp::UNIX_EPOCH]);
        let call = PleaseFollow { feed: url("f"), key: url("k"), in_reply_to: Some(url("r")) };
        for waiting in [Some(call.clone().into()), None] {
            let guid = "urn:uuid:0199f0c2-0000-7000-8000-000000000000".parse().unwrap();
            inbox.entries.push(Entry { guid, waiting });
        }
        locked(&home, |locked| inbox.save(locked)).unwrap();
        assert_eq!(Inbox::load(&home, &url("i/a.rss")).unwrap(), inbox);
        assert_eq!(inbox.entries[0].waiting.as_ref().unwrap().call, call);
        let other = Inbox::load(&home, &url("i/b.rss")).unwrap();
        assert_eq!((other.etag, other.entries, other.named), (None, Vec::new(), inbox.named));
        home.write(&path(&home), b"entry = 7").unwrap();
        assert_eq!(Inbox::load(&home, &url("i/a.rss")).unwrap().entries, []);
    }
}
