//! A home whose lock this process holds, and the writing below it.

use std::ops::Deref;
use std::path::{Path, PathBuf};

use super::atomic::{self, Mode, NotPut, Staged};
use super::home::Home;
use super::leftovers;
use super::lock::{Lock, PATIENCE};
use super::rebuildable;
use super::versions;
use crate::store::error::Result;

/// A home whose lock this process holds. A file below a home is written by means of one, so no
/// process writes what another is about to replace. What has a lock of its own is written without:
/// the cursors of delivery, the inbox of a keyless server, the subscriptions of a cloud, and the
/// number of what was published.
#[derive(Debug)]
pub struct LockedHome<'a> {
    home: &'a Home,
    lock: Lock,
}

impl Home {
    /// Takes the lock of the home, waiting a few seconds at most, and removes what dead runs have left.
    ///
    /// # Errors
    /// [`Error::Busy`](crate::store::Error::Busy) when another process holds it.
    pub fn lock(&self) -> Result<LockedHome<'_>> {
        let lock = Lock::take(&self.root().join("lock"), PATIENCE)?;
        leftovers::remove(self);
        Ok(LockedHome { home: self, lock })
    }
}

impl LockedHome<'_> {
    /// Replaces a file of this home. Files below `public/` become readable by all.
    ///
    /// # Errors
    /// When the disk is full, read-only, or not ours; the old content is then still there.
    pub fn write(&self, path: &Path, bytes: &[u8]) -> Result<()> {
        let staged = self.stage(path, bytes)?;
        atomic::sync([&staged])?;
        atomic::put(vec![staged])
    }

    /// Writes a file of this home that is not in its place yet.
    ///
    /// # Errors
    /// When the disk is full, read-only, or not ours.
    pub fn stage(&self, path: &Path, bytes: &[u8]) -> Result<Staged> {
        let mode = self.mode_of(path);
        if mode == Mode::Private {
            atomic::folder_of(path, mode)?;
            return atomic::stage(self.root(), path, bytes, mode);
        }
        rebuildable::clear_way(self.root(), &self.public(), path)?;
        atomic::folder_of(path, mode)?;
        atomic::stage(self.root(), path, &versions::told_apart(self, path, bytes)?, mode)
    }

    /// Makes a file of this home that must not be there yet.
    ///
    /// # Errors
    /// As [`LockedHome::write`], and when it is there.
    pub fn create(&self, path: &Path, bytes: &[u8]) -> Result<()> {
        let mode = self.mode_of(path);
        if let Some(folder) = path.parent() {
            atomic::folder(folder, mode)?;
        }
        atomic::create(self.root(), path, bytes, mode)
    }

    /// Moves what [`atomic::sync`] made last to where it belongs, in this order.
    ///
    /// # Errors
    /// When a file cannot be put there; those before it are, those after it are not.
    pub fn put(&self, staged: Vec<Staged>) -> Result<()> {
        atomic::put(staged)
    }

    /// As [`LockedHome::put`], where it matters whether the last file is there.
    ///
    /// # Errors
    /// A [`NotPut`], which tells.
    pub fn place(&self, staged: Vec<Staged>) -> std::result::Result<(), NotPut> {
        atomic::place(staged)
    }

    /// Removes a file of this home, if it is there, for good.
    ///
    /// # Errors
    /// When it is there and cannot be removed.
    pub fn remove(&self, path: &Path) -> Result<()> {
        atomic::remove(path)
    }

    /// Removes those of these files that are there, in this order; for good once all are gone.
    ///
    /// # Errors
    /// When one is there and cannot be removed; those before it are gone.
    pub fn remove_all(&self, paths: &[PathBuf]) -> Result<()> {
        atomic::remove_all(paths)
    }

    /// Whether the lock file says that it is the one it was made as.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn is_original(&mut self) -> Result<bool> {
        self.lock.is_original()
    }

    /// Records that the lock file is the original now.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn record(&mut self) -> Result<()> {
        self.lock.record()
    }
}

impl Deref for LockedHome<'_> {
    type Target = Home;

    fn deref(&self) -> &Home {
        self.home
    }
}
