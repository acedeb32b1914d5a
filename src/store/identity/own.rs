//! An identity on this disk: its home, its settings, and the lock under which it changes.

use std::ops::Deref;

use jiff::Timestamp;

use super::attested::Attested;
use super::config::Config;
use crate::store::disk::changes;
use crate::store::disk::home::Home;
use crate::store::disk::locked_home::LockedHome;
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
        let mut locked = self.lock_although_copied(now)?;
        if locked.is_original()? {
            return Ok(locked);
        }
        Err(Error::Copied)
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

    /// Whether this home is the one that was made or has caught up here. One that only reads may be a
    /// copy: it writes nothing to the world.
    ///
    /// # Errors
    /// When the lock cannot be read.
    pub fn is_original(&mut self) -> Result<bool> {
        Ok(self.config.read_only || self.home.is_original()?)
    }

    /// Records that this home is the original from now on.
    ///
    /// # Errors
    /// When the lock cannot be written.
    pub fn record(&mut self) -> Result<()> {
        self.home.record()
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

    #[test]
    fn a_copied_home_is_not_locked_before_it_has_caught_up() {
        let folder = tempfile::tempdir().unwrap();
        let identity = identity(folder.path(), "");
        identity.lock_although_copied(NOW).unwrap().record().unwrap();
        identity.lock(NOW).unwrap();
        let lock = folder.path().join("lock");
        let recorded = fs::read(&lock).unwrap();
        // The inode stays in use, so that the copy cannot have the same.
        fs::rename(&lock, folder.path().join("original")).unwrap();
        fs::write(&lock, recorded).unwrap();
        let refused = identity.lock(NOW).err().unwrap();
        assert!(matches!(refused, Error::Copied), "{refused}");
        identity.lock_although_copied(NOW).unwrap().record().unwrap();
        identity.lock(NOW).unwrap();
    }

    #[test]
    fn a_home_that_only_reads_may_be_a_copy() {
        let folder = tempfile::tempdir().unwrap();
        let identity = identity(folder.path(), "read_only = true");
        assert!(identity.expect_writable().is_err());
        identity.lock(NOW).unwrap();
    }
}
