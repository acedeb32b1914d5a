//! Entity tags: the hash of the bytes, worked out once for each file.

use std::collections::HashMap;
use std::fs::{File, Metadata};
use std::io::{self, Seek};
use std::os::unix::fs::MetadataExt;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use crate::protocol::values::hash::Hash;

/// Files whose tag is remembered.
const REMEMBERED: usize = 4096;
/// How old a file is before its times say that it stays as it is: clocks of file systems tick
/// slowly, and a file may be replaced twice within a tick.
const SETTLED: Duration = Duration::from_secs(2);

/// Device, inode, length, and the times of the last change of content and of anything.
type Identity = (u64, u64, u64, (i64, i64), (i64, i64));

/// The tags of files that were asked for.
#[derive(Debug, Default)]
pub(super) struct Etags(Mutex<HashMap<Identity, String>>);

impl Etags {
    /// The strong tag of `file`, which then stands anywhere.
    pub(super) fn of(&self, file: &mut File, metadata: &Metadata) -> io::Result<String> {
        let identity = (
            metadata.dev(),
            metadata.ino(),
            metadata.len(),
            (metadata.mtime(), metadata.mtime_nsec()),
            (metadata.ctime(), metadata.ctime_nsec()),
        );
        let known = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(etag) = known().get(&identity) {
            return Ok(etag.clone());
        }
        file.rewind()?;
        let etag = format!("\"{}\"", Hash::of_reader(file)?.hex());
        let age = SystemTime::now().duration_since(metadata.modified()?).unwrap_or_default();
        if age > SETTLED {
            let mut known = known();
            if known.len() >= REMEMBERED {
                known.clear();
            }
            known.insert(identity, etag.clone());
        }
        Ok(etag)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn tag(etags: &Etags, path: &std::path::Path) -> String {
        let mut file = File::open(path).unwrap();
        let metadata = file.metadata().unwrap();
        etags.of(&mut file, &metadata).unwrap()
    }

    fn age(path: &std::path::Path) {
        let file = File::options().write(true).open(path).unwrap();
        file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000)).unwrap();
    }

    #[test]
    fn the_tag_follows_the_bytes_and_is_remembered_of_settled_files() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a");
        let etags = Etags::default();
        let known = || etags.0.lock().unwrap().len();
        fs::write(&path, "one").unwrap();
        let first = tag(&etags, &path);
        assert_eq!(first, format!("\"{}\"", Hash::of(b"one").hex()));
        assert_eq!(known(), 0);
        age(&path);
        assert_eq!((tag(&etags, &path), known()), (first.clone(), 1));
        assert_eq!((tag(&etags, &path), known()), (first.clone(), 1));
        fs::write(dir.path().join("b"), "two").unwrap();
        age(&dir.path().join("b"));
        fs::rename(dir.path().join("b"), &path).unwrap();
        assert_ne!(tag(&etags, &path), first);
    }
}
