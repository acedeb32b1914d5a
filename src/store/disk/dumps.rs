//! Core dumps: a crash must not leave the secret key on disk.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Keeps the memory of this process out of core dumps from now on, and on Linux from other
/// processes of the same user as well.
///
/// A hook or publish command may ask for core dumps of its own again: the hard limit stays.
pub fn forbid() {
    let limit = Rlimit { current: Some(0), ..getrlimit(Resource::Core) };
    if let Err(cause) = setrlimit(Resource::Core, limit) {
        log::warn!("a crash may leave a core dump: {cause}");
    }
    // The limit alone does not stop a handler that takes dumps by a pipe.
    #[cfg(target_os = "linux")]
    if let Err(cause) =
        rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable)
    {
        log::warn!("a crash may leave a core dump: {cause}");
    }
}
