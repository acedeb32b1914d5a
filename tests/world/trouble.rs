//! What goes wrong with the disk during a run.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use cloudim::store::disk::refusals::Refusals;
use rustix::io::Errno;

/// What goes wrong.
#[derive(Clone, Copy, Debug)]
pub enum Trouble {
    /// Nothing.
    None,
    /// The run is killed before so many changes were made: from then on nothing is written.
    Killed(usize),
    /// The disk is full when so many changes were made, for so many.
    Full(usize, usize),
}

impl Trouble {
    /// The disk of a run that meets this, and the counter of its changes.
    pub fn refusals(self) -> (Refusals, Arc<AtomicUsize>) {
        let count = Arc::new(AtomicUsize::new(0));
        let made = Arc::clone(&count);
        let refusals = Refusals::by(move |_| {
            let number = made.fetch_add(1, Ordering::Relaxed);
            let errno = match self {
                Self::Killed(from) if number >= from => Errno::IO,
                Self::Full(from, most) if (from..from + most).contains(&number) => Errno::NOSPC,
                _ => return Ok(()),
            };
            Err(io::Error::from(errno))
        });
        (refusals, count)
    }

    /// Whether so many changes were made that it was met.
    pub fn is_met(self, changes: usize) -> bool {
        match self {
            Self::None => false,
            Self::Killed(from) | Self::Full(from, _) => changes > from,
        }
    }
}
