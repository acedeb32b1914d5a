//! `publish-failed.toml`: the last run of the publish command, if it failed. Runs have a lock of their own,
//! under which one follows the other ([`Home::publishing`]).

use std::path::PathBuf;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::atomic::{self, Mode};
use super::home::Home;
use super::lock::Lock;
use crate::store::error::{OrCannot, Result};

/// A run of the publish command that failed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FailedRun {
    /// When it began.
    pub at: Timestamp,
    /// How it ended, in words.
    pub why: String,
    /// The last lines that it printed, as far as they were heard: on a terminal the user has read them.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub said: String,
}

impl FailedRun {
    /// The last run in `home`, if it failed. A note that cannot be read is as none.
    pub fn load(home: &Home) -> Option<Self> {
        let text = atomic::read_text(&path(home)).ok().flatten()?;
        toml::from_str(&text).ok()
    }

    /// Notes that it was the last.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn save(&self, home: &Home, _publishing: &Lock) -> Result<()> {
        let text = toml::to_string(self).or_cannot("note how publishing failed")?;
        atomic::write(home.root(), &path(home), text.as_bytes(), Mode::Private)
    }

    /// Notes that the last run did not fail.
    ///
    /// # Errors
    /// When the note is there and cannot be removed.
    pub fn clear(home: &Home, _publishing: &Lock) -> Result<()> {
        let path = path(home);
        if path.exists() { atomic::remove(&path) } else { Ok(()) }
    }
}

fn path(home: &Home) -> PathBuf {
    home.root().join("publish-failed.toml")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn it_is_known_until_a_run_succeeds() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path());
        let publishing = home.publishing(Duration::ZERO).unwrap();
        let (why, said) = ("status 9".to_owned(), "one\n\"two\"\u{1b}".to_owned());
        let failed = FailedRun { at: Timestamp::UNIX_EPOCH, why, said };
        FailedRun::clear(&home, &publishing).unwrap();
        assert_eq!(FailedRun::load(&home), None);
        failed.save(&home, &publishing).unwrap();
        assert_eq!(FailedRun::load(&home), Some(failed));
        FailedRun::clear(&home, &publishing).unwrap();
        assert_eq!(FailedRun::load(&home), None);
        std::fs::write(path(&home), "?").unwrap();
        assert_eq!(FailedRun::load(&home), None);
    }
}
