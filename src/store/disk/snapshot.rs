//! The snapshot that the publish command sees: an unchanging copy of `public/`. Also whether one
//! was published after the last change.
//!
//! Two numbers tell: `changed` grows before each change of `public/`, and `published` is the value that `changed` had when the last successful run took its snapshot.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::atomic::{self, Mode};
use super::home::Home;
use super::locked_home::LockedHome;
use crate::store::error::{OrCannot, Result};

/// Notes that `public/` is about to change.
///
/// # Errors
/// When it cannot be written.
pub fn about_to_change(home: &LockedHome<'_>) -> Result<()> {
    let number = changed(home)?.saturating_add(1);
    home.write(&path(home, "changed"), &line(number))
}

/// How often `public/` has changed.
///
/// # Errors
/// When it cannot be read.
pub fn changed(home: &Home) -> Result<u64> {
    read(home, "changed")
}

/// The last of these changes that the last successful run of the publish command saw.
///
/// # Errors
/// When it cannot be read.
pub fn published(home: &Home) -> Result<u64> {
    read(home, "published")
}

/// Whether the last successful run saw all changes; not, if there was none.
///
/// # Errors
/// When the numbers cannot be read.
pub fn is_published(home: &Home) -> Result<bool> {
    let published = published(home)?;
    Ok(published > 0 && published == changed(home)?)
}

/// Notes that a run which saw the change `number` succeeded. Runs have a lock of their own, under
/// which one follows the other ([`Home::publishing`]).
///
/// # Errors
/// When it cannot be written.
pub fn has_published(home: &Home, number: u64) -> Result<()> {
    atomic::write(home.root(), &path(home, "published"), &line(number), Mode::Private)
}

/// Copies `public/` into a folder that lasts as long as the value returned. Its files are hard
/// links: ours are replaced, never written into, so a link never changes.
///
/// # Errors
/// When it cannot be made.
pub fn take(home: &LockedHome<'_>) -> Result<TempDir> {
    let failed = "copy `public` for publishing";
    let snapshot =
        tempfile::Builder::new().prefix(".snapshot-").tempdir_in(home.root()).or_cannot(failed)?;
    // As `public/` itself: a publish command may carry the mode of the folder to the web host.
    fs::set_permissions(snapshot.path(), Permissions::from_mode(0o755)).or_cannot(failed)?;
    link_tree(&home.public(), snapshot.path()).or_cannot(failed)?;
    Ok(snapshot)
}

fn link_tree(from: &Path, to: &Path) -> std::io::Result<()> {
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            fs::create_dir(&target)?;
            link_tree(&entry.path(), &target)?;
        } else if fs::hard_link(entry.path(), &target).is_err() {
            // Some file systems have no hard links.
            fs::copy(entry.path(), &target)?;
        }
    }
    Ok(())
}

fn path(home: &Home, name: &str) -> PathBuf {
    home.root().join(name)
}

fn read(home: &Home, name: &str) -> Result<u64> {
    let text = atomic::read_text(&path(home, name))?.unwrap_or_default();
    Ok(text.trim().parse().unwrap_or(0))
}

fn line(number: u64) -> Vec<u8> {
    format!("{number}\n").into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snapshot_does_not_change_when_public_does() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path());
        let home = home.lock().unwrap();
        let feed = home.public().join("f").join("a.rss");
        home.write(&feed, b"old").unwrap();
        let snapshot = take(&home).unwrap();
        home.write(&feed, b"new").unwrap();
        assert_eq!(fs::read(snapshot.path().join("f/a.rss")).unwrap(), b"old");
        let gone = snapshot.path().to_owned();
        drop(snapshot);
        assert!(!gone.exists());
        assert_eq!(fs::read(&feed).unwrap(), b"new");
    }
}
