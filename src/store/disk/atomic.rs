//! Writes that are there whole or not at all, whatever is killed whenever. Only the store calls what
//! changes a file here: the others do that by a [`LockedHome`](super::locked_home::LockedHome).

use std::collections::BTreeSet;
use std::fs::{self, DirBuilder, File, Permissions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, UNIX_EPOCH};

use rustix::io::Errno;
use tempfile::NamedTempFile;

use super::temporary;
use crate::store::error::{Error, Lost, OrCannot, Result};

/// The users who may read a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// The owner alone: 0600.
    Private,
    /// Anybody: 0644, for what a web server shows.
    Public,
}

/// A file that is written and not in its place yet.
#[derive(Debug)]
pub struct Staged {
    temporary: NamedTempFile,
    path: PathBuf,
}

impl Staged {
    /// Where it will be.
    pub(in crate::store) fn path(&self) -> &Path {
        &self.path
    }
}

/// Writes `bytes` into a temporary file that [`put`] will move to `path`. It lies in `scratch`,
/// which must be on the same file system; so a folder that is being published never shows one.
///
/// # Errors
/// When the disk is full, read-only, or not ours.
pub(in crate::store) fn stage(
    scratch: &Path,
    path: &Path,
    bytes: &[u8],
    mode: Mode,
) -> Result<Staged> {
    let write = || {
        let mut temporary = temporary::temporary(scratch)?;
        temporary.write_all(bytes)?;
        if mode == Mode::Public {
            temporary.as_file().set_permissions(Permissions::from_mode(0o644))?;
            date_after(path, temporary.as_file())?;
        }
        Ok(temporary)
    };
    let temporary = write().map_err(|error| cannot_write(path, error))?;
    Ok(Staged { temporary, path: path.to_owned() })
}

/// Makes the content of `staged` last, all at once: one wait for the disk instead of many.
///
/// # Errors
/// When the disk is full, or fails.
pub fn sync<'a>(staged: impl IntoIterator<Item = &'a Staged>) -> Result<()> {
    at_once(staged, |staged| {
        let synced = staged.temporary.as_file().sync_all();
        synced.map_err(|error| cannot_write(&staged.path, error))
    })
}

/// Why files were not put where they belong for good.
#[derive(Debug)]
pub enum NotPut {
    /// One could not be moved: neither it nor those after it are there.
    Moved(Error),
    /// All are there, but a power cut may undo that.
    Lasting(Error),
}

impl From<NotPut> for Error {
    fn from(not: NotPut) -> Self {
        match not {
            NotPut::Moved(error) | NotPut::Lasting(error) => error,
        }
    }
}

/// Moves what [`sync`] made last to where it belongs, in this order.
///
/// # Errors
/// When a file cannot be put there; those before it are, those after it are not.
pub(in crate::store) fn put(staged: Vec<Staged>) -> Result<()> {
    Ok(place(staged)?)
}

/// As [`put`], for those to whom it matters whether the last file is there.
///
/// # Errors
/// A [`NotPut`], which tells.
pub(in crate::store) fn place(staged: Vec<Staged>) -> std::result::Result<(), NotPut> {
    place_with(staged, sync_folder)
}

fn place_with(
    staged: Vec<Staged>,
    sync: impl Fn(&Path) -> Result<()> + Sync,
) -> std::result::Result<(), NotPut> {
    let mut folders = BTreeSet::new();
    for Staged { temporary, path } in staged {
        let moved = temporary.persist(&path);
        moved.map_err(|failed| NotPut::Moved(cannot_write(&path, failed.error)))?;
        folders.extend(path.parent().map(Path::to_owned));
    }
    at_once(&folders, |folder| sync(folder)).map_err(NotPut::Lasting)
}

/// Replaces the file at `path` by `bytes`; see [`stage`] for `scratch`.
///
/// # Errors
/// When the disk is full, read-only, or not ours; the old content is then still there.
pub(in crate::store) fn write(scratch: &Path, path: &Path, bytes: &[u8], mode: Mode) -> Result<()> {
    let staged = stage(scratch, path, bytes, mode)?;
    sync([&staged])?;
    put(vec![staged])
}

/// As [`write()`], but refuses to replace anything.
///
/// # Errors
/// As [`write()`], and when `path` exists.
pub(in crate::store) fn create(
    scratch: &Path,
    path: &Path,
    bytes: &[u8],
    mode: Mode,
) -> Result<()> {
    let staged = stage(scratch, path, bytes, mode)?;
    sync([&staged])?;
    staged.temporary.persist_noclobber(path).map_err(|failed| match failed.error.kind() {
        ErrorKind::AlreadyExists => Error::Exists(path.to_owned()),
        _ => cannot_write(path, failed.error),
    })?;
    sync_folder_of(path)
}

/// Runs `work` for all of `items` in parallel.
fn at_once<T: Send>(
    items: impl IntoIterator<Item = T>,
    work: impl Fn(T) -> Result<()> + Sync,
) -> Result<()> {
    let mut items: Vec<T> = items.into_iter().collect();
    let Some(last) = items.pop() else { return Ok(()) };
    thread::scope(|scope| {
        let work = &work;
        let threads: Vec<_> =
            items.into_iter().map(|item| scope.spawn(move || work(item))).collect();
        let mut done = work(last);
        for thread in threads {
            let other = thread.join().unwrap_or_else(|_| Err(Error::CutShort));
            done = done.and(other);
        }
        done
    })
}

/// Removes the file at `path`, if it is there, for good.
///
/// # Errors
/// When it is there and cannot be removed.
pub(in crate::store) fn remove(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Ok(()) => sync_folder_of(path),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(cannot_write(path, error)),
    }
}

/// Removes these files, those that are there, in this order; for good once all are gone.
///
/// # Errors
/// When one is there and cannot be removed; those before it are gone.
pub(in crate::store) fn remove_all(paths: &[PathBuf]) -> Result<()> {
    let mut folders = BTreeSet::new();
    for path in paths {
        match fs::remove_file(path) {
            Ok(()) => folders.extend(path.parent()),
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(cannot_write(path, error)),
        }
    }
    at_once(folders, sync_folder)
}

/// Makes the folder `path` and those above it, readable as `mode` says.
///
/// # Errors
/// When it cannot be made.
pub(in crate::store) fn folder(path: &Path, mode: Mode) -> Result<()> {
    let missing: Vec<&Path> = path.ancestors().take_while(|folder| !folder.is_dir()).collect();
    let bits = if mode == Mode::Private { 0o700 } else { 0o755 };
    // Each lasts before something is put into it.
    for folder in missing.into_iter().rev().filter(|folder| !folder.as_os_str().is_empty()) {
        let made = match DirBuilder::new().mode(bits).create(folder) {
            // Another process was faster.
            Err(error) if error.kind() == ErrorKind::AlreadyExists && folder.is_dir() => Ok(()),
            made => made,
        };
        made.and_then(|()| fs::set_permissions(folder, Permissions::from_mode(bits)))
            .map_err(|error| cannot_write(path, error))?;
        sync_folder_of(folder)?;
    }
    Ok(())
}

/// As [`folder`], of the folder that the file at `path` is in.
pub(in crate::store) fn folder_of(path: &Path, mode: Mode) -> Result<()> {
    path.parent().map_or(Ok(()), |parent| folder(parent, mode))
}

/// Reads the file at `path`, if there is one.
///
/// # Errors
/// When it is there and cannot be read.
pub fn read(path: &Path) -> Result<Option<Vec<u8>>> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).or_cannot_read(path),
    }
}

/// As [`read`], for text.
///
/// # Errors
/// As [`read`], and when it is not UTF-8.
pub fn read_text(path: &Path) -> Result<Option<String>> {
    let Some(bytes) = read(path)? else { return Ok(None) };
    String::from_utf8(bytes).map(Some).or_cannot_read(path)
}

/// Makes the names in the folder of `path` last.
///
/// # Errors
/// When the folder cannot be synchronised.
pub fn sync_folder_of(path: &Path) -> Result<()> {
    match path.parent() {
        // The folder of a bare name is the one that we are in.
        Some(folder) if folder.as_os_str().is_empty() => sync_folder(Path::new(".")),
        Some(folder) => sync_folder(folder),
        None => sync_folder(Path::new("/")),
    }
}

fn sync_folder(folder: &Path) -> Result<()> {
    match File::open(folder).and_then(|folder| folder.sync_all()) {
        Err(error) if !has_no_sync(&error) => Err(cannot_write(folder, error)),
        _ => Ok(()),
    }
}

/// Whether a file system says that it cannot synchronise folders at all, as CIFS, vboxsf and some of
/// FUSE do. The names there last as well as it lets them, and no program can do better.
fn has_no_sync(error: &io::Error) -> bool {
    matches!(
        Errno::from_io_error(error),
        Some(Errno::INVAL | Errno::BADF | Errno::NOTSUP | Errno::NOSYS | Errno::ISDIR)
    )
}

/// The error for a write that failed.
pub fn cannot_write(path: &Path, cause: io::Error) -> Error {
    Error::CannotWrite { path: path.to_owned(), cause }
}

/// The error for a file of ours that holds what we never wrote, and what no other file knows.
pub fn damaged(path: &Path, cause: impl Into<anyhow::Error>) -> Error {
    Error::Damaged { path: path.to_owned(), cause: cause.into(), lost: Lost::Content }
}

/// Dates `new` at least a second after the file at `path`, which it will replace. Web servers and
/// rsync tell versions apart by size and second, and a feed often changes without growing.
fn date_after(path: &Path, new: &File) -> io::Result<()> {
    let Ok(old) = fs::metadata(path) else { return Ok(()) };
    let second = u64::try_from(old.mtime()).unwrap_or_default().saturating_add(1);
    match UNIX_EPOCH.checked_add(Duration::from_secs(second)) {
        Some(next) if new.metadata()?.modified()? < next => new.set_modified(next),
        _ => Ok(()),
    }
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
    fn versions_of_a_public_file_differ_in_the_second_of_their_dates() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("feed.rss");
        let dates = ["one", "two", "six"].map(|bytes| {
            write(folder.path(), &path, bytes.as_bytes(), Mode::Public).unwrap();
            fs::metadata(&path).unwrap().mtime()
        });
        assert!(dates[0] < dates[1] && dates[1] < dates[2], "{dates:?}");
        // A date long past is not held on to.
        File::open(&path).unwrap().set_modified(UNIX_EPOCH).unwrap();
        write(folder.path(), &path, b"now", Mode::Public).unwrap();
        assert!(fs::metadata(&path).unwrap().mtime() >= dates[0]);
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

    #[test]
    fn whether_a_file_is_there_is_told_apart_from_whether_it_lasts() {
        let folder = tempfile::tempdir().unwrap();
        let (first, second) = (folder.path().join("first"), folder.path().join("second"));
        let staged = |content: &[u8]| {
            let stage = |path| stage(folder.path(), path, content, Mode::Private).unwrap();
            vec![stage(&first), stage(&second)]
        };
        let failing = |path: &Path| Err(cannot_write(path, ErrorKind::StorageFull.into()));
        assert!(matches!(place_with(staged(b"new"), failing), Err(NotPut::Lasting(_))));
        assert_eq!(
            (fs::read(&first).unwrap(), fs::read(&second).unwrap()),
            (b"new".into(), b"new".into())
        );
        fs::remove_file(&second).unwrap();
        fs::create_dir(&second).unwrap();
        assert!(matches!(place(staged(b"newer")), Err(NotPut::Moved(_))));
        assert_eq!(fs::read(&first).unwrap(), b"newer");
        assert!(second.is_dir());
    }

    #[test]
    fn a_folder_that_cannot_be_synchronised_at_all_is_no_error_and_a_disk_that_fails_is() {
        // Here fsync of a folder is EINVAL.
        sync_folder(Path::new("/proc/self")).unwrap();
        for errno in [Errno::INVAL, Errno::BADF, Errno::NOTSUP, Errno::OPNOTSUPP] {
            assert!(has_no_sync(&errno.into()), "{errno}");
        }
        for errno in [Errno::IO, Errno::NOSPC, Errno::DQUOT, Errno::ROFS] {
            assert!(!has_no_sync(&errno.into()), "{errno}");
        }
        assert!(sync_folder(Path::new("/nowhere")).is_err());
    }

    #[test]
    fn files_that_are_gone_need_not_be_removed() {
        let folder = tempfile::tempdir().unwrap();
        let paths = ["a", "b", "c"].map(|name| folder.path().join(name));
        fs::write(&paths[1], "x").unwrap();
        remove_all(&paths).unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn the_folders_on_the_way_to_a_private_one_are_private() {
        let home = tempfile::tempdir().unwrap();
        let contacts = home.path().join("contacts");
        folder(&contacts.join("mary"), Mode::Private).unwrap();
        for made in [contacts.join("mary"), contacts] {
            assert_eq!(fs::metadata(&made).unwrap().permissions().mode() & 0o777, 0o700);
        }
    }
}
