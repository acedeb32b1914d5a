//! Whether `public/` was published after its last change.
//!
//! Two numbers tell: `changed` grows before each change of `public/`, and `published` is the value that `changed` had when the last successful run saw it.

use std::path::PathBuf;

use super::atomic::{self, Mode};
use super::home::Home;
use super::locked_home::LockedHome;
use crate::store::error::Result;

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
    home.expect_change(&path(home, "published"))?;
    atomic::write(home.root(), &path(home, "published"), &line(number), Mode::Private)
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
    fn what_changed_after_a_run_began_is_not_published_by_it() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path());
        assert!(!is_published(&home).unwrap(), "there was no run yet");
        about_to_change(&home.lock().unwrap()).unwrap();
        let seen = changed(&home).unwrap();
        about_to_change(&home.lock().unwrap()).unwrap();
        has_published(&home, seen).unwrap();
        assert!(!is_published(&home).unwrap());
        has_published(&home, changed(&home).unwrap()).unwrap();
        assert!(is_published(&home).unwrap());
    }
}
