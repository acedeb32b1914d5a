//! A home whose lock this process holds, and the writing below it.

use std::cell::RefCell;
use std::ops::Deref;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::atomic::{self, Mode, NotPut, Staged};
use super::home::Home;
use super::lock::{Lock, PATIENCE};
use super::origin::{self, Origin, Standing};
use super::{leftovers, rebuildable, versions};
use crate::protocol::values::fingerprint::Fingerprint;
use crate::store::error::{Error, Result};

/// A home whose lock this process holds. A file below a home is written by means of one, so no
/// process writes what another is about to replace. What has a lock of its own is written without:
/// the cursors of delivery, the inbox of a keyless server, the subscriptions of a cloud, and the
/// number of what was published.
#[derive(Debug)]
pub struct LockedHome<'a> {
    home: &'a Home,
    lock: Lock,
    standing: Standing,
    origin: RefCell<Origin>,
}

impl Home {
    /// Takes the lock of the home, waiting a few seconds at most, and removes what dead runs have left, the
    /// first time that this run takes it.
    ///
    /// # Errors
    /// [`Error::Busy`] when another process holds it.
    pub fn lock(&self) -> Result<LockedHome<'_>> {
        let mut lock = Lock::take(&self.root().join("lock"), PATIENCE)?;
        self.sweep(leftovers::remove);
        let (recorded, here) = lock.origin()?;
        let standing = recorded.standing(&here, outside(self, &recorded));
        self.note_seen(recorded.generation);
        Ok(LockedHome { home: self, lock, standing, origin: RefCell::new(recorded) })
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
        self.put(vec![staged])
    }

    /// Writes a file of this home that is not in its place yet.
    ///
    /// # Errors
    /// When the disk is full, read-only, or not ours.
    pub fn stage(&self, path: &Path, bytes: &[u8]) -> Result<Staged> {
        self.expect_change(path)?;
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
        self.expect_change(path)?;
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
        Ok(self.place(staged)?)
    }

    /// As [`LockedHome::put`], where it matters whether the last file is there.
    ///
    /// # Errors
    /// A [`NotPut`], which tells.
    pub fn place(&self, mut staged: Vec<Staged>) -> std::result::Result<(), NotPut> {
        let (count, refusal) = self.before_refusal(staged.iter().map(Staged::path));
        staged.truncate(count);
        atomic::place(staged)?;
        refusal.map_or(Ok(()), |refusal| Err(NotPut::Moved(refusal)))
    }

    /// Removes a file of this home, if it is there, for good.
    ///
    /// # Errors
    /// When it is there and cannot be removed.
    pub fn remove(&self, path: &Path) -> Result<()> {
        self.expect_change(path)?;
        atomic::remove(path)
    }

    /// Removes those of these files that are there, in this order; for good once all are gone.
    ///
    /// # Errors
    /// When one is there and cannot be removed; those before it are gone.
    pub fn remove_all(&self, paths: &[PathBuf]) -> Result<()> {
        let (count, refusal) = self.before_refusal(paths.iter().map(PathBuf::as_path));
        atomic::remove_all(paths.get(..count).unwrap_or(paths))?;
        refusal.map_or(Ok(()), Err)
    }

    /// How many of the changes of these files, in their order, can be made, and why the next cannot.
    fn before_refusal<'a>(&self, paths: impl Iterator<Item = &'a Path>) -> (usize, Option<Error>) {
        let mut count = 0;
        for path in paths {
            if let Err(refusal) = self.expect_change(path) {
                return (count, Some(refusal));
            }
            count += 1;
        }
        (count, None)
    }

    /// How this home stands to the one that was made, or that has caught up, here.
    pub fn standing(&self) -> Standing {
        self.standing
    }

    /// Whether more was written to contacts than this copy of the home counts.
    pub fn is_older_copy(&self) -> bool {
        let origin = self.origin.borrow();
        outside(self.home, &origin).is_some_and(|outside| outside > origin.generation)
    }

    /// When our own published feeds were looked at last.
    pub fn looked(&self) -> Option<Timestamp> {
        self.origin.borrow().looked
    }

    /// Records that the home of the primary key `key` is the original here from now on, and when our
    /// own published feeds were looked at, if they were.
    ///
    /// # Errors
    /// When the lock cannot be written.
    pub fn record(&mut self, key: Fingerprint, looked: Option<Timestamp>) -> Result<()> {
        self.expect_change(&self.root().join("lock"))?;
        let (recorded, here) = self.lock.origin()?;
        let mut origin = recorded.moved(here, key);
        let outside = outside(self.home, &origin).unwrap_or_default();
        origin.generation = origin.generation.max(outside);
        origin.looked = looked.or(origin.looked);
        self.lock.record(&origin)?;
        self.home.note_seen(origin.generation);
        (self.standing, self.origin) = (Standing::Original, RefCell::new(origin));
        Ok(())
    }

    /// Counts a change of what we write to contacts, before it is made: an older copy of this home
    /// cannot say so many.
    ///
    /// # Errors
    /// When the lock cannot be written.
    pub fn advance(&self) -> Result<()> {
        self.expect_change(&self.root().join("lock"))?;
        let mut origin = self.origin.borrow_mut();
        let next = origin.next();
        self.lock.overwrite(&next)?;
        if let (Some(folder), Some(key)) = (self.home.state(), &next.key) {
            origin::note(folder, key, next.generation);
        }
        self.home.note_seen(next.generation);
        *origin = next;
        Ok(())
    }
}

/// The latest generation that is known outside of `home`: noted under the key that `origin` names, or seen
/// by this process.
fn outside(home: &Home, origin: &Origin) -> Option<u64> {
    let noted = home.state().zip(origin.key.as_ref());
    let noted = noted.and_then(|(folder, key)| origin::noted(folder, key));
    noted.max(Some(home.seen()))
}

impl Deref for LockedHome<'_> {
    type Target = Home;

    fn deref(&self) -> &Home {
        self.home
    }
}
