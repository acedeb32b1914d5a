//! `delivered`: how far a contact's messages have got, on stdout and to the hook.

use std::path::PathBuf;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::store::disk::atomic::{self, Mode};
use crate::store::disk::home::Home;
use crate::store::disk::lock::Lock;
use crate::store::error::{Error, Lost, OrCannot, Result};

/// The longest pause between two tries of a hook.
const LONGEST_PAUSE: SignedDuration = SignedDuration::from_hours(1);

const TRIES: u32 = 10;

/// The two cursors of a contact. They count records by [`super::record::Record::number`].
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Delivered {
    /// The last record that went to stdout.
    #[serde(default)]
    pub stdout: u64,
    /// The last record that the hook took; absent before the first hook.
    pub hook: Option<u64>,
    /// The last record of which it was told that it waits until the contact's key is verified.
    #[serde(default)]
    pub told: u64,
    /// How often the hook has failed on the next record.
    #[serde(default)]
    pub failures: u32,
    /// The time before which it is not tried again.
    pub retry_at: Option<Timestamp>,
}

impl Delivered {
    /// Reads the cursors of the contact called `name`.
    ///
    /// # Errors
    /// When the file is not ours.
    pub fn load(home: &Home, name: &str) -> Result<Self> {
        let path = path(home, name);
        let text = atomic::read_text(&path)?.unwrap_or_default();
        toml::from_str(&text).map_err(|cause: toml::de::Error| Error::Damaged {
            path,
            cause: cause.into(),
            lost: Lost::Cursors,
        })
    }

    /// Writes the cursors of the contact called `name`, unless it is gone: its folder is not made
    /// anew for them.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn save(&self, home: &Home, name: &str) -> Result<()> {
        let text = toml::to_string(self).or_cannot("write the cursors")?;
        let path = path(home, name);
        home.expect_change(&path)?;
        match atomic::write(home.root(), &path, text.as_bytes(), Mode::Private) {
            Err(_) if !home.contact(name).exists() => Ok(()),
            written => written,
        }
    }

    /// The record after which the hook goes on: a home's first hook starts at what stdout has not
    /// delivered.
    pub fn hook_cursor(&self) -> u64 {
        self.hook.unwrap_or(self.stdout)
    }

    /// The number up to which records were delivered by either.
    pub fn by_either(&self) -> u64 {
        self.stdout.max(self.hook.unwrap_or(0))
    }

    /// The number up to which records will be delivered no more: by either, but for what the hook
    /// has not taken and is to be tried with again.
    pub fn done(&self) -> u64 {
        if self.failures > 0 { self.hook_cursor() } else { self.by_either() }
    }

    /// Whether the hook has failed too often to be tried again unasked.
    pub fn is_parked(&self) -> bool {
        self.failures >= TRIES
    }

    /// Whether the hook may be tried at `now`. A clock that was ahead when it failed must not keep us
    /// from it.
    pub fn may_run(&self, now: Timestamp) -> bool {
        let is_later = |at: Timestamp| at > now && at.duration_since(now) <= LONGEST_PAUSE;
        !self.is_parked() && !self.retry_at.is_some_and(is_later)
    }

    /// Notes that the hook took the record `number`.
    pub fn taken(&mut self, number: u64) {
        *self = Self { hook: Some(number), failures: 0, retry_at: None, ..self.clone() };
    }

    /// Notes that the hook failed at `now`: the pause doubles from 30 seconds to an hour.
    pub fn failed(&mut self, now: Timestamp) {
        let pause = SignedDuration::from_secs(30 << self.failures.min(7)).min(LONGEST_PAUSE);
        self.hook = Some(self.hook_cursor());
        self.failures += 1;
        self.retry_at = now.checked_add(pause).ok();
    }

    /// Forgets the failures, so that the hook runs again at once.
    pub fn resume(&mut self) {
        self.failures = 0;
        self.retry_at = None;
    }
}

/// Takes the lock for delivering the messages of the contact called `name`, if nobody has it and the
/// contact is there.
///
/// # Errors
/// When the folder cannot be opened.
pub fn lock(home: &Home, name: &str) -> Result<Option<Lock>> {
    match Lock::try_take(&home.contact(name)) {
        Err(_) if !home.contact(name).exists() => Ok(None),
        taken => taken,
    }
}

/// Takes the lock for delivering the messages of the contact called `name`, once its holder lets go
/// of it.
///
/// # Errors
/// [`Error::Busy`] when that takes longer than `patience`; and when the contact is not there.
pub fn lock_within(home: &Home, name: &str, patience: Duration) -> Result<Lock> {
    Lock::take_folder(&home.contact(name), patience)
}

fn path(home: &Home, name: &str) -> PathBuf {
    home.contact(name).join("delivered")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_hook_starts_at_what_stdout_has_not_delivered() {
        let mut delivered = Delivered { stdout: 7, ..Delivered::default() };
        assert_eq!(delivered.hook_cursor(), 7);
        delivered.taken(8);
        delivered.stdout = 20;
        assert_eq!((delivered.hook_cursor(), delivered.by_either()), (8, 20));
    }

    #[test]
    fn of_who_was_removed_nothing_is_made_anew() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path());
        std::fs::create_dir(home.contacts()).unwrap();
        assert!(lock(&home, "mary").unwrap().is_none());
        assert!(lock_within(&home, "mary", Duration::ZERO).is_err());
        Delivered::default().save(&home, "mary").unwrap();
        assert_eq!(std::fs::read_dir(home.contacts()).unwrap().count(), 0);
        std::fs::create_dir(home.contact("mary")).unwrap();
        assert!(lock(&home, "mary").unwrap().is_some());
        let delivered = Delivered { stdout: 7, ..Delivered::default() };
        delivered.save(&home, "mary").unwrap();
        assert_eq!(Delivered::load(&home, "mary").unwrap(), delivered);
    }

    #[test]
    fn a_failing_hook_pauses_longer_each_time_and_is_parked_after_ten() {
        let (mut delivered, mut now, mut pauses) =
            (Delivered::default(), Timestamp::UNIX_EPOCH, Vec::new());
        (delivered.hook, delivered.stdout) = (Some(0), 3);
        while !delivered.is_parked() {
            delivered.failed(now);
            let at = delivered.retry_at.unwrap();
            assert!(!delivered.may_run(now));
            assert_eq!((delivered.done(), delivered.by_either()), (0, 3));
            pauses.push(at.as_second() - now.as_second());
            now = at;
        }
        assert_eq!(pauses, [30, 60, 120, 240, 480, 960, 1920, 3600, 3600, 3600]);
        assert!(!delivered.may_run(Timestamp::MAX));
        delivered.resume();
        assert!(delivered.may_run(now));
        assert_eq!(delivered.done(), 3);
    }
}
