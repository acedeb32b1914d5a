//! Files that can be rebuilt from what else the home keeps: those below `public/`. What cannot be
//! read of them counts as absent, and what stands in their way is put aside.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read};
use std::path::Path;

use rustix::io::Errno;

use super::{atomic, names};
use crate::store::error::{OrCannot, Result};

/// The folder of the home in which lies what stood in the way.
const ASIDE: &str = "displaced";

/// Reads the file at `path`; nothing if it is absent, cannot be read, is no plain file, or is longer
/// than `limit` bytes.
///
/// # Errors
/// When this process lacks what it takes to read any file, so that nothing is said about this one.
pub fn read(path: &Path, limit: usize) -> Result<Option<Vec<u8>>> {
    match read_file(path, limit) {
        Ok(bytes) => Ok(bytes),
        Err(error) if is_ours(&error) => Err(error).or_cannot_read(path),
        Err(error) => {
            if error.kind() != ErrorKind::NotFound {
                log::warn!("`{}` counts as absent: {error}", path.display());
            }
            Ok(None)
        }
    }
}

fn read_file(path: &Path, limit: usize) -> io::Result<Option<Vec<u8>>> {
    // A pipe would have us wait for a writer.
    if !fs::metadata(path)?.is_file() {
        return Ok(None);
    }
    let mut bytes = Vec::new();
    let most = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    File::open(path)?.take(most).read_to_end(&mut bytes)?;
    Ok((bytes.len() <= limit).then_some(bytes))
}

/// Whether the fault is this process's, or the moment's, and not the file's.
fn is_ours(error: &io::Error) -> bool {
    matches!(
        Errno::from_io_error(error),
        Some(Errno::MFILE | Errno::NFILE | Errno::NOMEM | Errno::INTR | Errno::AGAIN)
    )
}

/// Puts aside what keeps a file from standing at `path`, which is below `public`: a folder in its
/// place, or a file in the place of one of its folders. An empty folder goes; anything else is moved
/// into a folder of `root`, the home.
///
/// # Errors
/// When it cannot be moved.
pub(in crate::store) fn clear_way(root: &Path, public: &Path, path: &Path) -> Result<()> {
    let mut folders: Vec<&Path> =
        path.ancestors().skip(1).take_while(|folder| folder.starts_with(public)).collect();
    folders.reverse();
    for folder in folders {
        // A link that leads to no folder is in the way, too.
        if folder.symlink_metadata().is_ok() && !folder.is_dir() {
            put_aside(root, folder)?;
        }
    }
    let is_folder = path.symlink_metadata().is_ok_and(|metadata| metadata.is_dir());
    if is_folder && fs::remove_dir(path).is_err() { put_aside(root, path) } else { Ok(()) }
}

fn put_aside(root: &Path, path: &Path) -> Result<()> {
    let aside = root.join(ASIDE);
    atomic::folder(&aside, atomic::Mode::Private)?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let free = names::unique(&name, |name| aside.join(name).symlink_metadata().is_ok());
    log::warn!("`{}` is in the way, and put into `{ASIDE}`", path.display());
    fs::rename(path, aside.join(free)).map_err(|error| atomic::cannot_write(path, error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_file_that_can_be_read_counts_as_absent() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::write(at("whole"), "1234").unwrap();
        fs::create_dir(at("folder")).unwrap();
        std::os::unix::fs::symlink(at("loop"), at("loop")).unwrap();
        rustix::fs::mkfifoat(rustix::fs::CWD, at("pipe"), rustix::fs::Mode::RWXU).unwrap();
        assert_eq!(read(&at("whole"), 4).unwrap().as_deref(), Some(&b"1234"[..]));
        assert_eq!(read(&at("whole"), 3).unwrap(), None, "too long to be ours");
        for name in ["absent", "folder", "loop", "pipe", "whole/below"] {
            assert_eq!(read(&at(name), 9).unwrap(), None, "{name}");
        }
    }

    #[test]
    fn what_stands_in_the_way_is_put_aside_and_nothing_of_it_is_lost() {
        let root = tempfile::tempdir().unwrap();
        let public = root.path().join("public");
        let path = public.join("f").join("a.rss");
        let clear = || clear_way(root.path(), &public, &path).unwrap();
        fs::create_dir_all(&path).unwrap();
        clear();
        assert!(!path.exists() && !root.path().join(ASIDE).exists(), "an empty folder goes");
        fs::create_dir(&path).unwrap();
        fs::write(path.join("mine"), "1").unwrap();
        clear();
        fs::remove_dir(public.join("f")).unwrap();
        fs::write(public.join("f"), "2").unwrap();
        clear();
        let aside = root.path().join(ASIDE);
        assert_eq!(fs::read(aside.join("a.rss/mine")).unwrap(), b"1");
        assert_eq!(fs::read(aside.join("f")).unwrap(), b"2");
        assert!(public.is_dir());
    }

    #[test]
    fn a_folder_behind_a_link_is_a_folder() {
        let root = tempfile::tempdir().unwrap();
        let (public, web) = (root.path().join("public"), root.path().join("web"));
        fs::create_dir(&web).unwrap();
        std::os::unix::fs::symlink(&web, &public).unwrap();
        clear_way(root.path(), &public, &public.join("card.rss")).unwrap();
        assert!(public.is_symlink());
    }
}
