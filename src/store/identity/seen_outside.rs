//! `seen.toml`: when our own pages were last seen from outside, as they are here.

use std::path::PathBuf;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::config::Config;
use super::own::Locked;
use crate::protocol::values::url::Url;
use crate::store::disk::atomic;
use crate::store::disk::home::Home;
use crate::store::error::{OrCannot, Result};

/// What was seen, the last time that card and key were.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SeenOutside {
    /// The base URL at which it was seen.
    pub base: Url,
    /// The time.
    pub at: Timestamp,
    /// The number of files that were there as they are here.
    pub files: u64,
}

impl SeenOutside {
    /// What was seen of `home` where it publishes now; nothing if it was never seen there, or has
    /// moved since. A note that cannot be read is as none.
    pub fn load(home: &Home, config: &Config) -> Option<Self> {
        let text = atomic::read_text(&path(home)).ok().flatten()?;
        let seen: Self = toml::from_str(&text).ok()?;
        (config.base_url.as_ref() == Some(&seen.base)).then_some(seen)
    }

    /// Writes it.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn save(&self, locked: &Locked<'_>) -> Result<()> {
        let text = toml::to_string(self).or_cannot("note what was seen")?;
        locked.home.write(&path(&locked.home), text.as_bytes())
    }
}

/// Whether `home` has a place on the web, writes there, and nothing was ever seen of it from outside.
pub fn is_unseen(home: &Home, config: &Config) -> bool {
    config.base_url.is_some() && !config.read_only && SeenOutside::load(home, config).is_none()
}

fn path(home: &Home) -> PathBuf {
    home.root().join("seen.toml")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::testing::{folder, locked};

    #[test]
    fn what_was_seen_at_another_place_is_not_seen() {
        let folder = folder();
        let home = Home::at(folder.path());
        let config =
            |more: &str| Config::parse(&format!("name = \"x\"\n{more}"), &home.config()).unwrap();
        let here = config("base_url = \"https://x.example/\"");
        assert!(is_unseen(&home, &here));
        assert!(!is_unseen(&home, &config("")), "it has no place");
        let base = here.base().unwrap().clone();
        let seen = SeenOutside { base, at: Timestamp::UNIX_EPOCH, files: 3 };
        locked(&home, |locked| seen.save(locked)).unwrap();
        assert_eq!(SeenOutside::load(&home, &here), Some(seen));
        assert!(!is_unseen(&home, &here));
        assert!(is_unseen(&home, &config("base_url = \"https://y.example/\"")));
        std::fs::write(path(&home), "?").unwrap();
        assert!(is_unseen(&home, &here));
    }
}
