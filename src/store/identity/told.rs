//! `told.toml`: the troubles that quiet runs have told, so that the next one need not say the same.

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
    /// What the runs before this one have told in `home`. A file that cannot be read has told nothing.
    pub fn load(home: &Home) -> Self {
        let text = atomic::read_text(&path(home)).ok().flatten().unwrap_or_default();
        toml::from_str(&text).unwrap_or_default()
    }

    /// Whether nothing was told.
    pub fn is_empty(&self) -> bool {
        self.told.is_empty()
    }

    /// Whether `trouble` was told during the day before `now`.
    pub fn has(&self, trouble: &str, now: Timestamp) -> bool {
        self.told.get(&key(trouble)).is_some_and(|told| is_fresh(*told, now))
    }

    /// Notes that `trouble` is told now. Of more than 64 troubles the rest is not remembered.
    pub fn note(&mut self, trouble: &str, now: Timestamp) {
        self.told.retain(|_, told| is_fresh(*told, now));
        if self.told.len() < MOST {
            self.told.insert(key(trouble), now);
        }
    }

    /// Adds to what stands in the home what was told just now.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn add(locked: &Locked<'_>, news: &Self) -> Result<()> {
        let before = Self::load(&locked.home);
        let mut told = before.clone();
        told.told.extend(news.told.clone());
        told.told.retain(|_, told| is_fresh(*told, locked.now));
        while told.told.len() > MOST {
            told.told.pop_last();
        }
        if told == before {
            return Ok(());
        }
        let text = toml::to_string(&told).or_cannot("write `told.toml`")?;
        locked.home.write(&path(&locked.home), text.as_bytes())
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
            let mut news = Told::default();
            news.note(trouble, now);
            locked_at(&home, now, |locked| Told::add(locked, &news)).unwrap();
        };
        let has = |trouble: &str, hours| Told::load(&home).has(trouble, at(hours));
        assert!(!has("locked", 0));
        note("locked", at(0));
        assert_eq!([0, 23, 24, -25].map(|hours| has("locked", hours)), [true, true, false, false]);
        assert!(!has("another", 0));
        std::fs::write(path(&home), "damaged").unwrap();
        assert!(!has("locked", 1));
        note("locked", at(1));
        assert!(has("locked", 1));
    }

    #[test]
    fn the_memory_has_an_end() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path());
        let (now, mut news) = (Timestamp::UNIX_EPOCH, Told::default());
        for number in 0..200 {
            news.note(&number.to_string(), now);
        }
        for _ in 0..2 {
            locked_at(&home, now, |locked| Told::add(locked, &news)).unwrap();
        }
        assert_eq!(Told::load(&home).told.len(), MOST);
        assert!(news.has("0", now) && !news.has("199", now));
    }
}
