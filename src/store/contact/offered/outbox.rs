//! `outbox/`: the octets of what `encrypt` made and `append` has not taken yet, under the SHA-256
//! of the sealed item's bytes. The attachments that they name stand below `public/` as long.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::attachments;
use super::octets::Octets;
use crate::protocol::values::hash::Hash;
use crate::protocol::values::token::Token;
use crate::store::disk::atomic;
use crate::store::disk::home::Home;
use crate::store::error::Result;
use crate::store::identity::own::Locked;

const KEPT: Duration = Duration::from_secs(24 * 60 * 60);

/// The outbox of one contact.
#[derive(Debug)]
pub struct Outbox {
    /// The octets of what has been appended.
    taken: Octets,
    folder: PathBuf,
}

impl Outbox {
    /// The outbox of the contact called `name`.
    pub fn of(home: &Home, name: &str) -> Self {
        let (taken, folder) = (Octets::of(home, name), home.contact(name).join("outbox"));
        Self { taken, folder }
    }

    /// Keeps the octets that were sealed into the item whose bytes are `sealed`.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn keep(&self, locked: &Locked<'_>, sealed: &str, octets: &str) -> Result<()> {
        locked.home.write(&self.path(sealed), octets.as_bytes())
    }

    /// The octets of `sealed`, if `encrypt` made it here within the day.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn find(&self, sealed: &str) -> Result<Option<String>> {
        atomic::read_text(&self.path(sealed))
    }

    /// The attachments that anything in it names.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub fn attachments(&self) -> Result<BTreeSet<Token>> {
        let mut named = BTreeSet::new();
        for file in fs::read_dir(&self.folder).into_iter().flatten().flatten() {
            let octets = atomic::read_text(&file.path())?.unwrap_or_default();
            named.extend(attachments::named_in(&octets));
        }
        Ok(named)
    }

    /// Lets go of `sealed`, which was not to be.
    ///
    /// # Errors
    /// When a file cannot be removed.
    pub fn discard(&self, locked: &Locked<'_>, sealed: &str) -> Result<()> {
        self.let_go(locked, &self.path(sealed))
    }

    /// Lets go of `sealed`, and of what is older than a day.
    ///
    /// # Errors
    /// When a file cannot be removed.
    pub fn clear(&self, locked: &Locked<'_>, sealed: &str) -> Result<()> {
        self.let_go(locked, &self.path(sealed))?;
        self.clear_old(locked)?;
        // Only an empty folder goes: what `encrypt` made meanwhile stays.
        let _ = fs::remove_dir(&self.folder);
        Ok(())
    }

    /// Lets go of what is older than a day.
    ///
    /// # Errors
    /// When a file cannot be removed.
    pub fn clear_old(&self, locked: &Locked<'_>) -> Result<()> {
        let now = SystemTime::from(locked.aged());
        for file in fs::read_dir(&self.folder).into_iter().flatten().flatten() {
            let written = file.metadata().and_then(|metadata| metadata.modified());
            if written.is_ok_and(|at| now.duration_since(at).is_ok_and(|age| age > KEPT)) {
                self.let_go(locked, &file.path())?;
            }
        }
        Ok(())
    }

    /// Removes the octets at `path`, and before them the attachments that only they name: what a run
    /// that dies leaves is still named.
    fn let_go(&self, locked: &Locked<'_>, path: &Path) -> Result<()> {
        let octets = atomic::read_text(path)?.unwrap_or_default();
        let named = attachments::named_in(&octets);
        if !named.is_empty() {
            attachments::remove(locked, named.difference(&self.taken.attachments()?))?;
        }
        locked.home.remove(path)
    }

    fn path(&self, sealed: &str) -> PathBuf {
        self.folder.join(format!("{}.xml", Hash::of(sealed.as_bytes()).hex()))
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::store::testing::{locked, locked_at};

    #[test]
    fn what_was_not_taken_within_a_day_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path());
        let outbox = Outbox::of(&home, "mary");
        for sealed in ["first", "second", "third"] {
            locked(&home, |locked| outbox.keep(locked, sealed, &format!("octets of {sealed}")))
                .unwrap();
        }
        assert_eq!(outbox.find("first").unwrap().as_deref(), Some("octets of first"));
        let now = Timestamp::now();
        locked_at(&home, now, |locked| outbox.clear(locked, "first")).unwrap();
        assert_eq!(outbox.find("first").unwrap(), None);
        assert!(outbox.find("second").unwrap().is_some());
        let later = now + jiff::SignedDuration::from_hours(25);
        locked_at(&home, later, |locked| outbox.clear(locked, "second")).unwrap();
        assert_eq!(outbox.find("third").unwrap(), None);
        assert!(!home.contact("mary").join("outbox").exists());
    }
}
