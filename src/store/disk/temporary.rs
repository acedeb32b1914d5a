//! Files that are not in their place yet.

use std::fs::TryLockError;
use std::io::{self, ErrorKind};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use tempfile::NamedTempFile;

/// How the name of a file begins that is not in its place yet.
pub(super) const TEMPORARY: &str = ".new-";

/// How often a new file is made before that is given up.
const TRIES: usize = 100;

/// A new file in `scratch`. Its lock is held as long as it is open: by that it differs from what a run
/// has left that was killed, which goes with the next.
pub(super) fn temporary(scratch: &Path) -> io::Result<NamedTempFile> {
    for _ in 0..TRIES {
        let temporary = tempfile::Builder::new().prefix(TEMPORARY).tempfile_in(scratch)?;
        match temporary.as_file().try_lock() {
            Ok(()) if temporary.as_file().metadata()?.nlink() == 0 => {}
            // Another run has taken it for a leftover just now.
            Err(TryLockError::WouldBlock) => {}
            // Without locks nobody can hold any, and nobody takes it away.
            Ok(()) | Err(TryLockError::Error(_)) => return Ok(temporary),
        }
    }
    Err(ErrorKind::ResourceBusy.into())
}
