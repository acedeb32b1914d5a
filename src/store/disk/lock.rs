//! Locks: one a home, held briefly; one a contact for delivery; one for publishing.
//!
//! They are advisory locks on open files, so a process that dies lets go of them.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use super::atomic;
use super::origin::Origin;
use super::ours;
use crate::store::error::{Error, OrCannot, Result};

/// How long a busy lock is waited for.
pub const PATIENCE: Duration = Duration::from_secs(10);

const PAUSE: Duration = Duration::from_millis(5);

/// A lock that is held until this value is dropped.
#[derive(Debug)]
pub struct Lock {
    file: File,
}

impl Lock {
    /// Takes the lock at `path`, a file that is made if need be, or a folder that is there.
    ///
    /// # Errors
    /// [`Error::Busy`] when another process holds it for longer than `patience`.
    pub fn take(path: &Path, patience: Duration) -> Result<Self> {
        Self::wait(open(path)?, path, patience)
    }

    /// Takes the lock at `path`, a folder: a caller that only wants its lock does not make it.
    ///
    /// # Errors
    /// As [`Lock::take`], and when the folder is not there.
    pub fn take_folder(path: &Path, patience: Duration) -> Result<Self> {
        let folder = File::open(path).map_err(|error| atomic::cannot_write(path, error))?;
        Self::wait(folder, path, patience)
    }

    fn wait(file: File, path: &Path, patience: Duration) -> Result<Self> {
        let deadline = Instant::now() + patience;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Self { file }),
                Err(TryLockError::WouldBlock) if Instant::now() < deadline => thread::sleep(PAUSE),
                Err(TryLockError::WouldBlock) => return Err(Error::Busy(path.to_owned())),
                Err(TryLockError::Error(error)) => return Err(atomic::cannot_write(path, error)),
            }
        }
    }

    /// Takes the lock at `path`, a file or folder that is there, only if nobody holds it.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub fn try_take(path: &Path) -> Result<Option<Self>> {
        match Self::take_folder(path, Duration::ZERO) {
            Ok(lock) => Ok(Some(lock)),
            Err(Error::Busy(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The same lock for a process that is started: it is held until that has ended as well, whatever
    /// becomes of this one.
    ///
    /// # Errors
    /// When this process can open no more files.
    pub fn share(&self) -> Result<File> {
        self.file.try_clone().or_cannot("share the lock")
    }

    /// Writes `text` into the file, for those who find it locked.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn note(&mut self, text: &str) -> Result<()> {
        let written = self.file.set_len(0).and_then(|()| {
            self.file.rewind()?;
            self.file.write_all(text.as_bytes())
        });
        written.or_cannot("write the lock")
    }

    /// The note that the process with the lock at `path` has left there; nothing if none holds it.
    pub fn noted(path: &Path) -> Option<String> {
        let mut file = File::open(path).ok()?;
        match file.try_lock_shared() {
            Err(TryLockError::WouldBlock) => {}
            // The lock is let go of when the file is closed, which is now.
            Ok(()) | Err(TryLockError::Error(_)) => return None,
        }
        let mut text = String::new();
        file.read_to_string(&mut text).ok()?;
        Some(text)
    }

    /// What the file says of the home that it was made in, and what it is here.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn origin(&mut self) -> Result<(Origin, Origin)> {
        let mut recorded = String::new();
        let read = self.file.rewind().and_then(|()| self.file.read_to_string(&mut recorded));
        read.or_cannot("read the lock")?;
        let metadata = self.file.metadata().or_cannot("read the lock")?;
        Ok((Origin::parse(&recorded), Origin::here(&metadata)))
    }

    /// Records that this file is the original now.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn record(&mut self, origin: &Origin) -> Result<()> {
        self.note(&origin.write())?;
        self.file.sync_all().or_cannot("write the lock")
    }

    /// Writes `origin` in the place of one that is as long. It is not synced: after a power cut the
    /// machine has another boot, which says the same.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn overwrite(&self, origin: &Origin) -> Result<()> {
        self.file.write_all_at(origin.write().as_bytes(), 0).or_cannot("write the lock")
    }
}

fn open(path: &Path) -> Result<File> {
    let opened = if fs::metadata(path).is_ok_and(|metadata| metadata.is_dir()) {
        File::open(path)
    } else {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        ours::in_place(&mut options).open(path)
    };
    opened.map_err(|error| atomic::cannot_write(path, error))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::disk::origin::Standing;

    #[test]
    fn a_lock_that_is_held_is_not_had_and_one_let_go_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        let held = Lock::take(&path, PATIENCE).unwrap();
        assert!(Lock::try_take(&path).unwrap().is_none());
        drop(held);
        assert!(Lock::try_take(&path).unwrap().is_some());
    }

    #[test]
    fn what_the_holder_noted_is_read_while_it_holds_the_lock() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        assert_eq!(Lock::noted(&path), None);
        let mut held = Lock::take(&path, PATIENCE).unwrap();
        held.note("a long note of before").unwrap();
        held.note("127.0.0.1:8470").unwrap();
        assert_eq!(Lock::noted(&path).as_deref(), Some("127.0.0.1:8470"));
        drop(held);
        assert_eq!(Lock::noted(&path), None);
        assert!(Lock::try_take(&path).unwrap().is_some());
    }

    #[test]
    fn a_copied_lock_file_knows_that_it_was_copied() {
        let folder = tempfile::tempdir().unwrap();
        let (path, copy) = (folder.path().join("lock"), folder.path().join("copy"));
        let key = "0123456789ABCDEF0123456789ABCDEF01234567".parse().unwrap();
        let mut lock = Lock::take(&path, PATIENCE).unwrap();
        let (recorded, here) = lock.origin().unwrap();
        let mut origin = recorded.moved(here, key);
        lock.record(&origin).unwrap();
        origin.generation += 1;
        lock.overwrite(&origin).unwrap();
        drop(lock);
        let standing = |path: &Path| {
            let (recorded, here) = Lock::take(path, PATIENCE).unwrap().origin().unwrap();
            assert_eq!(recorded, origin);
            recorded.standing(&here, None)
        };
        assert_eq!(standing(&path), Standing::Original);
        fs::copy(&path, &copy).unwrap();
        assert_eq!(standing(&copy), Standing::Copied);
    }
}
