//! `told.toml`: the troubles that a quiet run has told, so that the next one need not say the same.

use std::collections::BTreeMap;
use std::path::PathBuf;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::own::Locked;
use crate::protocol::values::hash::Hash;
use crate::store::disk::atomic;
use crate::store::disk::home::Home;
use crate::store::error::{OrCannot, Result};

/// How often a trouble that lasts is told.
const REMINDER: SignedDuration = SignedDuration::from_hours(24);
/// Troubles that are remembered.
const MOST: usize = 64;

/// What was told lately, and when: each trouble by the hash of its words.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Told {
    /// When each was told.
    #[serde(default)]
    told: BTreeMap<String, Timestamp>,
}

impl Told {
    /// Returns whether `trouble` was told in `home` during the day before `now`. A file that cannot be
    /// read has told nothing.
    pub fn has(home: &Home, trouble: &str, now: Timestamp) -> bool {
        let told = Self::load(home).told.get(&key(trouble)).copied();
        told.is_some_and(|told| is_fresh(told, now))
    }

    /// Notes that `trouble` is told now.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn note(locked: &Locked<'_>, trouble: &str) -> Result<()> {
        let mut told = Self::load(&locked.home);
        told.told.retain(|_, told| is_fresh(*told, locked.now));
        if told.told.len() < MOST {
            told.told.insert(key(trouble), locked.now);
        }
        let text = toml::to_string(&told).or_cannot("write `told.toml`")?;
        locked.home.write(&path(&locked.home), text.as_bytes())
    }

    fn load(home: &Home) -> Self {
        let text = atomic::read_text(&path(home)).ok().flatten().unwrap_or_default();
        toml::from_str(&text).unwrap_or_default()
    }
}

fn is_fresh(told: Timestamp, now: Timestamp) -> bool {
    now.duration_since(told).abs() < REMINDER
}

fn key(trouble: &str) -> String {
    Hash::of(trouble.as_bytes()).hex()
}

fn path(home: &Home) -> PathBuf {
    home.root().join("told.toml")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::testing::locked_at;

    #[test]
    fn what_was_told_is_told_again_after_a_day() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path());
        let at = |hours: i64| Timestamp::from_second(1_000_000 + 3_600 * hours).unwrap();
        let note = |trouble: &str, now| {
            locked_at(&home, now, |locked| Told::note(locked, trouble)).unwrap();
        };
        assert!(!Told::has(&home, "locked", at(0)));
        note("locked", at(0));
        assert_eq!(
            [0, 23, 24, -25].map(|hours| Told::has(&home, "locked", at(hours))),
            [true, true, false, false]
        );
        assert!(!Told::has(&home, "another", at(0)));
        for number in 0..200 {
            note(&number.to_string(), at(1));
        }
        assert!(Told::has(&home, "locked", at(1)) && !Told::has(&home, "199", at(1)));
        std::fs::write(path(&home), "damaged").unwrap();
        assert!(!Told::has(&home, "locked", at(1)));
        note("locked", at(1));
        assert!(Told::has(&home, "locked", at(1)));
    }
}
