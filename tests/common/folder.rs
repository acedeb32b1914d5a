//! Where homes lie while a story is told.

use std::cell::RefCell;
use std::env;
use std::path::{Path, PathBuf};

use rustix::fs::statvfs;
use tempfile::TempDir;

/// More than all stories together ever have on disk, in bytes.
const ROOM: u64 = 1 << 30;

thread_local! {
    static PLACE: RefCell<Option<PathBuf>> = const { RefCell::new(None) };
}

/// Whatever `work` makes lies in the folder `place`.
pub fn within<T>(place: &Path, work: impl FnOnce() -> T) -> T {
    PLACE.set(Some(place.to_owned()));
    let done = work();
    PLACE.set(None);
    done
}

/// A folder that goes with the story: in memory, where that has room and `TMPDIR` names no other
/// place. The program waits for the disk after each file, and that would take half of the time; what
/// it waits for makes a difference only if the power fails, which no story can tell.
pub fn new() -> TempDir {
    if let Some(place) = PLACE.with_borrow(Clone::clone) {
        return tempfile::tempdir_in(place).unwrap();
    }
    let memory = Path::new("/dev/shm");
    let has_room = statvfs(memory).is_ok_and(|there| there.f_bavail * there.f_frsize >= ROOM);
    if has_room
        && env::var_os("TMPDIR").is_none()
        && let Ok(folder) = tempfile::tempdir_in(memory)
    {
        return folder;
    }
    tempfile::tempdir().unwrap()
}
