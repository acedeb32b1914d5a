//! Following several calls at once: hosts that hang must not make each wait for the others.

use std::sync::{Mutex, PoisonError};
use std::thread;

use super::follow::{Followed, follow};
use crate::error::Result;
use crate::protocol::calls::please_follow::PleaseFollow;
use crate::session::run::Run;

/// Calls that are followed at once.
pub const AT_ONCE: usize = 8;

/// Follows `calls`, at most [`AT_ONCE`] at a time; what came of each is told by its key.
pub fn follow_all<K: Send>(run: &Run, calls: Vec<(K, PleaseFollow)>) -> Vec<(K, Result<Followed>)> {
    let (workers, calls) = (AT_ONCE.min(calls.len()), Mutex::new(calls.into_iter()));
    let next = || calls.lock().unwrap_or_else(PoisonError::into_inner).next();
    let work = |run: Run| {
        let followed = std::iter::from_fn(next).map(|(key, call)| (key, follow(&run, &call)));
        followed.collect::<Vec<_>>()
    };
    thread::scope(|scope| {
        let begin = |run| scope.spawn(|| work(run));
        let threads: Vec<_> = (0..workers).map(|_| begin(run.beside())).collect();
        threads.into_iter().filter_map(|thread| thread.join().ok()).flatten().collect()
    })
}
