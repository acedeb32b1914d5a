//! `key.toml`: what is remembered of our own key between two runs.

use std::path::PathBuf;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::own::Locked;
use crate::protocol::values::fingerprint::Fingerprint;
use crate::protocol::values::guid::Guid;
use crate::store::disk::atomic;
use crate::store::disk::home::Home;
use crate::store::error::{OrCannot, Result};

const DAY: SignedDuration = SignedDuration::from_hours(24);

/// The state of our own key, as it is remembered.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct KeyState {
    /// The guid of the item that announces a change which has not yet reached every file below
    /// `public/`.
    pub changing: Option<Guid>,
    /// When this home was copied or restored: what is sealed to us may be sealed to a subkey that is
    /// lost, until those from before that time have been replaced.
    pub restored: Option<Timestamp>,
    /// The keys that were ours before, the oldest first.
    #[serde(default)]
    pub former: Vec<Former>,
    /// When the user was last told that the key cannot be rotated without the passphrase.
    pub told: Option<Timestamp>,
    /// When the user was last told that the key has ended, or will soon.
    pub end_told: Option<Timestamp>,
    /// When the user was last told that the clock is wrong.
    pub clock_told: Option<Timestamp>,
}

/// A key that was ours.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Former {
    /// The fingerprint of its primary key.
    pub fingerprint: Fingerprint,
    /// The time until which it was ours.
    pub until: Timestamp,
}

impl KeyState {
    /// Reads the state for `home`.
    ///
    /// # Errors
    /// When the file is not ours.
    pub fn load(home: &Home) -> Result<Self> {
        let text = atomic::read_text(&path(home))?.unwrap_or_default();
        toml::from_str(&text).map_err(|cause| atomic::damaged(&path(home), cause))
    }

    /// Writes the state.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn save(&self, locked: &Locked<'_>) -> Result<()> {
        if *self == Self::default() {
            return locked.home.remove(&path(&locked.home));
        }
        let text = toml::to_string(self).or_cannot("write `key.toml`")?;
        locked.home.write(&path(&locked.home), text.as_bytes())
    }
}

/// Whether the user, last `told` of something at that time, is to be told again at `now`: once a
/// day. A time of the future was noted by a clock that was ahead.
pub fn is_to_be_told(told: Option<Timestamp>, now: Timestamp) -> bool {
    told.is_none_or(|told| now < told || now.duration_since(told) >= DAY)
}

fn path(home: &Home) -> PathBuf {
    home.root().join("key.toml")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::testing::locked;

    #[test]
    fn once_a_day_is_by_a_clock_that_is_right_again() {
        let at = |hours| Timestamp::UNIX_EPOCH + SignedDuration::from_hours(hours);
        for (told, again) in [(None, true), (Some(77), false), (Some(76), true), (Some(101), true)]
        {
            assert_eq!(is_to_be_told(told.map(at), at(100)), again, "{told:?}");
        }
    }

    #[test]
    fn what_says_nothing_is_no_file() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path());
        assert_eq!(KeyState::load(&home).unwrap(), KeyState::default());
        let changing = "urn:uuid:0199f0c2-0000-7000-8000-000000000001".parse().ok();
        let former =
            Former { fingerprint: "A".repeat(40).parse().unwrap(), until: Timestamp::UNIX_EPOCH };
        let restored = Some(Timestamp::UNIX_EPOCH);
        let state = KeyState { changing, restored, former: vec![former], ..KeyState::default() };
        locked(&home, |locked| state.save(locked)).unwrap();
        assert_eq!(KeyState::load(&home).unwrap(), state);
        locked(&home, |locked| KeyState::default().save(locked)).unwrap();
        assert!(!path(&home).exists());
    }
}
