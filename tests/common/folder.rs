//! Where homes lie while a story is told.

use std::env;
use std::path::Path;

use rustix::fs::statvfs;
use tempfile::TempDir;

/// More than all stories together ever have on disk, in bytes.
const ROOM: u64 = 1 << 30;

/// A folder that goes with the story: in memory, where that has room and `TMPDIR` names no other
/// place. The program waits for the disk after each file, and that would take half of the time; what
/// it waits for makes a difference only if the power fails, which no story can tell.
pub fn new() -> TempDir {
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
