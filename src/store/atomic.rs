//! Writes that are there whole or not at all, whatever is killed whenever.

use std::fs::{self, File, Permissions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use tempfile::NamedTempFile;

use crate::error::{Context, Error, Result};

/// Who may read a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// The owner alone: 0600.
    Private,
    /// Anybody: 0644, for what a web server shows.
    Public,
}

/// Replaces the file at `path` by `bytes`. The temporary file lies in `scratch`, which must be on
/// the same file system; so a folder that is being published never shows one.
///
/// # Errors
/// When the disk is full, read-only, or not ours; the old content is then still there.
pub fn write(scratch: &Path, path: &Path, bytes: &[u8], mode: Mode) -> Result<()> {
    let temporary = prepare(scratch, path, bytes, mode)?;
    temporary.persist(path).map_err(|failed| cannot_write(path, failed.error))?;
    sync_folder_of(path)
}

/// As [`write`], but refuses to replace anything.
///
/// # Errors
/// As [`write`], and when `path` exists.
pub fn create(scratch: &Path, path: &Path, bytes: &[u8], mode: Mode) -> Result<()> {
    let temporary = prepare(scratch, path, bytes, mode)?;
    temporary.persist_noclobber(path).map_err(|failed| match failed.error.kind() {
        ErrorKind::AlreadyExists => {
            Error::cannot(format!("`{}` exists already, and is never overwritten", path.display()))
        }
        _ => cannot_write(path, failed.error),
    })?;
    sync_folder_of(path)
}

/// Removes the file at `path`, if it is there, for good.
///
/// # Errors
/// When it is there and cannot be removed.
pub fn remove(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Ok(()) => sync_folder_of(path),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(cannot_write(path, error)),
    }
}

/// Makes the folder `path` and those above it, readable as `mode` says.
///
/// # Errors
/// When it cannot be made.
pub fn folder(path: &Path, mode: Mode) -> Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    let bits = if mode == Mode::Private { 0o700 } else { 0o755 };
    fs::create_dir_all(path)
        .and_then(|()| fs::set_permissions(path, Permissions::from_mode(bits)))
        .map_err(|error| cannot_write(path, error))?;
    sync_folder_of(path)
}

/// Reads the file at `path`, if there is one.
///
/// # Errors
/// When it is there and cannot be read.
pub fn read(path: &Path) -> Result<Option<Vec<u8>>> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => {
            Err(Error::cannot(format!("cannot read `{}`", path.display())).because(error))
        }
    }
}

/// As [`read`], for text.
///
/// # Errors
/// As [`read`], and when it is not UTF-8.
pub fn read_text(path: &Path) -> Result<Option<String>> {
    let Some(bytes) = read(path)? else { return Ok(None) };
    String::from_utf8(bytes).map(Some).or_cannot(|| format!("cannot read `{}`", path.display()))
}

/// Makes the names in the folder of `path` last.
///
/// # Errors
/// When the folder cannot be synchronised.
pub fn sync_folder_of(path: &Path) -> Result<()> {
    let folder = path.parent().unwrap_or(Path::new("/"));
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(|e| cannot_write(folder, e))
}

/// The error for a write that failed, with the cure where one is known.
pub fn cannot_write(path: &Path, cause: io::Error) -> Error {
    let kind = cause.kind();
    let error = Error::cannot(format!("cannot write `{}`", path.display())).because(cause);
    match kind {
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
            error.hint("the home must be yours to write: see --home and $CLOUDIM_HOME")
        }
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
            error.hint("make room on the disk and run the command again: nothing was lost")
        }
        _ => error,
    }
}

/// The error for a file of ours that holds what we never wrote.
pub fn damaged(path: &Path, cause: impl Into<anyhow::Error>) -> Error {
    Error::cannot(format!("cannot use `{}`", path.display()))
        .because(cause)
        .hint("it is damaged: restore it from a backup")
}

fn prepare(scratch: &Path, path: &Path, bytes: &[u8], mode: Mode) -> Result<NamedTempFile> {
    let write = || {
        let mut temporary = tempfile::Builder::new().prefix(".new-").tempfile_in(scratch)?;
        temporary.write_all(bytes)?;
        if mode == Mode::Public {
            temporary.as_file().set_permissions(Permissions::from_mode(0o644))?;
        }
        temporary.as_file().sync_all()?;
        Ok(temporary)
    };
    write().map_err(|error| cannot_write(path, error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_written_file_has_its_mode_and_leaves_nothing_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        for (mode, bits) in [(Mode::Private, 0o600), (Mode::Public, 0o644)] {
            write(folder.path(), &path, b"x", mode).unwrap();
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, bits);
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn what_exists_is_not_overwritten_by_create() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret.asc");
        create(folder.path(), &path, b"first", Mode::Private).unwrap();
        let error = create(folder.path(), &path, b"second", Mode::Private).unwrap_err();
        assert!(error.to_string().contains("never overwritten"), "{error}");
        assert_eq!(fs::read(&path).unwrap(), b"first");
    }

    #[test]
    fn a_write_that_cannot_be_keeps_what_was_there() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("contact.toml");
        write(folder.path(), &path, b"old", Mode::Private).unwrap();
        assert!(write(&folder.path().join("gone"), &path, b"new", Mode::Private).is_err());
        assert_eq!(fs::read(&path).unwrap(), b"old");
    }
}
