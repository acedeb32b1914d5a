//! An identity on this disk: its home, its settings, and the lock under which it changes.

use std::ops::Deref;

use jiff::Timestamp;

use super::attested::Attested;
use super::config::Config;
use crate::store::disk::changes;
use crate::store::disk::home::Home;
use crate::store::disk::locked_home::LockedHome;
use crate::store::disk::origin::Standing;
use crate::store::error::{Error, Result};

/// An identity that was opened.
#[derive(Clone)]
pub struct Identity {
    /// The home with its files.
    pub home: Home,
    /// The user's settings.
    pub config: Config,
    /// What other clocks say of ours.
    pub attested: Attested,
}

/// An identity while this process alone may change its files. Everything that writes below the home
/// takes one. So no file is written, and none is read in order to be rewritten, without the lock.
pub struct Locked<'a> {
    identity: &'a Identity,
    /// The home, of which this is the lock.
    pub home: LockedHome<'a>,
    /// The time of all that is written under this lock.
    pub now: Timestamp,
}

impl Identity {
    /// Opens the identity that lives in `home`.
    ///
    /// # Errors
    /// When there is none, or it is half-written, or its settings are wrong.
    pub fn open(home: Home) -> Result<Self> {
        let config = Config::load(&home)?;
        Ok(Self::with(home, config))
    }

    /// The identity in `home` whose settings are `config`.
    pub fn with(home: Home, config: Config) -> Self {
        Self { home, config, attested: Attested::default() }
    }

    /// Refuses in a home that only reads.
    ///
    /// # Errors
    /// When `read_only` is set.
    pub fn expect_writable(&self) -> Result<()> {
        if self.config.read_only {
            return Err(Error::ReadOnly);
        }
        Ok(())
    }

    /// Takes the lock of the home, for writing at `now`. It asks no network: a home that was copied or
    /// restored must catch up first, and waiting for that with the lock would stop everybody.
    ///
    /// # Errors
    /// [`Error::Busy`] when another process has it, [`Error::Copied`] when the home was copied or
    /// restored and has not caught up yet.
    pub fn lock(&self, now: Timestamp) -> Result<Locked<'_>> {
        let locked = self.lock_although_copied(now)?;
        if locked.is_copied() { Err(Error::Copied) } else { Ok(locked) }
    }

    /// Takes the lock of a home that may have been copied or restored, and has yet to catch up.
    ///
    /// # Errors
    /// [`Error::Busy`] when another process has it.
    pub fn lock_although_copied(&self, now: Timestamp) -> Result<Locked<'_>> {
        Ok(Locked { identity: self, home: self.home.lock()?, now })
    }
}

impl Locked<'_> {
    /// The time by which it is judged what is old enough to go for good; see [`Attested::aged`].
    pub fn aged(&self) -> Timestamp {
        self.attested.aged(self.now)
    }

    /// Whether this home was copied or restored, and has yet to catch up: it may store what it reads,
    /// and must not write to the world. One that only reads may be a copy.
    pub fn is_copied(&self) -> bool {
        !self.config.read_only && self.home.standing() == Standing::Copied
    }

    /// Notes that `public/` is about to change, where a publish command has to learn of it.
    ///
    /// # Errors
    /// When it cannot be noted.
    pub fn about_to_change_public(&self) -> Result<()> {
        match &self.config.publish {
            Some(_) => changes::about_to_change(&self.home),
            None => Ok(()),
        }
    }
}

impl Deref for Locked<'_> {
    type Target = Identity;

    fn deref(&self) -> &Identity {
        self.identity
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    fn identity(folder: &Path, settings: &str) -> Identity {
        let home = Home::at(folder);
        let config = Config::parse(&format!("name = \"x\"\n{settings}"), &home.config()).unwrap();
        Identity::with(home, config)
    }

    fn record(identity: &Identity) {
        let key = "0123456789ABCDEF0123456789ABCDEF01234567".parse().unwrap();
        identity.lock_although_copied(NOW).unwrap().home.record(key, None).unwrap();
    }

    #[test]
    fn a_copied_home_is_not_locked_before_it_has_caught_up() {
        let folder = tempfile::tempdir().unwrap();
        let identity = identity(folder.path(), "");
        record(&identity);
        identity.lock(NOW).unwrap();
        let lock = folder.path().join("lock");
        let recorded = fs::read(&lock).unwrap();
        // The inode stays in use, so that the copy cannot have the same.
        fs::rename(&lock, folder.path().join("original")).unwrap();
        fs::write(&lock, recorded).unwrap();
        let refused = identity.lock(NOW).err().unwrap();
        assert!(matches!(refused, Error::Copied), "{refused}");
        record(&identity);
        identity.lock(NOW).unwrap();
    }

    #[test]
    fn an_older_copy_in_the_very_place_of_the_home_is_known_by_what_was_counted_outside() {
        let folder = tempfile::tempdir().unwrap();
        let mut identity = identity(&folder.path().join("home"), "");
        identity.home = identity.home.with_state(Some(folder.path().join("state")));
        fs::create_dir_all(identity.home.root()).unwrap();
        record(&identity);
        let lock = identity.home.root().join("lock");
        let earlier = fs::read(&lock).unwrap();
        identity.lock(NOW).unwrap().home.advance().unwrap();
        identity.lock(NOW).unwrap();
        fs::write(&lock, earlier).unwrap();
        assert!(matches!(identity.lock(NOW).err(), Some(Error::Copied)));
        record(&identity);
        identity.lock(NOW).unwrap().home.advance().unwrap();
        identity.lock(NOW).unwrap();
    }

    #[test]
    fn a_process_knows_an_older_copy_by_what_it_has_seen_itself() {
        let folder = tempfile::tempdir().unwrap();
        let running = identity(folder.path(), "");
        record(&running);
        let lock = folder.path().join("lock");
        let earlier = fs::read(&lock).unwrap();
        running.lock(NOW).unwrap().home.advance().unwrap();
        fs::write(&lock, earlier).unwrap();
        assert!(matches!(running.clone().lock(NOW).err(), Some(Error::Copied)));
        identity(folder.path(), "").lock(NOW).unwrap();
        record(&running);
        running.lock(NOW).unwrap();
    }

    #[test]
    fn a_home_that_only_reads_may_be_a_copy() {
        let folder = tempfile::tempdir().unwrap();
        let identity = identity(folder.path(), "read_only = true");
        assert!(identity.expect_writable().is_err());
        identity.lock(NOW).unwrap();
    }
}
