//! Calls that wait on disk until the user asks who called: `fetch_invitations = false`.

use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::thread;

use super::places::Places;
use super::{Followed, Queue, Rate, follow};
use crate::conversation::session::Session;
use crate::error::Result;
use crate::protocol::please_follow::PleaseFollow;
use crate::store::calls;

/// Calls that are followed at once: hosts that hang must not make the user wait for each in turn.
const WORKERS: usize = 8;

/// Moves the strangers' calls of `queue` to the disk, where the same places are shared out by the
/// same rule.
///
/// # Errors
/// When they cannot be written.
pub fn keep(session: &Session, queue: &Queue) -> Result<()> {
    let _lock = session.lock()?;
    let mut kept = calls::load(&session.home)?;
    let before = kept.clone();
    let mut places = Places::of(kept.waiting);
    while let Some((caller, call)) = queue.take_strange() {
        places.add(caller, call);
    }
    kept.waiting = places.all();
    // A caller who repeats himself shall not wear out the disk.
    if kept == before { Ok(()) } else { calls::save(&session.home, &kept) }
}

/// Follows the calls that wait on disk, as far as the hosts they name were not named too often of
/// late; what came to nothing is dropped.
///
/// # Errors
/// When they cannot be read or written, or the key cannot be unlocked.
pub fn follow_kept(session: &mut Session) -> Result<()> {
    let kept = calls::load(&session.home)?;
    if kept.waiting.is_empty() || session.config.read_only {
        return Ok(());
    }
    session.unlock()?;
    let rate = Mutex::new(Rate::of(kept.named));
    let done = follow_all(session, &rate, kept.waiting);
    let _lock = session.lock()?;
    // More may have come meanwhile.
    let mut kept = calls::load(&session.home)?;
    kept.waiting.retain(|(_, call)| !done.contains(call));
    kept.named = rate.into_inner().unwrap_or_else(PoisonError::into_inner).named(session.now());
    calls::save(&session.home, &kept)?;
    if !kept.waiting.is_empty() {
        session.say("more calls wait, which name the same hosts: look again in an hour");
    }
    Ok(())
}

/// Follows `calls`, several at a time; returns those that are done with.
fn follow_all(
    session: &Session,
    rate: &Mutex<Rate>,
    calls: Vec<(IpAddr, PleaseFollow)>,
) -> Vec<PleaseFollow> {
    let (workers, calls) = (WORKERS.min(calls.len()), Mutex::new(calls.into_iter()));
    let next = || calls.lock().unwrap_or_else(PoisonError::into_inner).next();
    let work = |session: Session| {
        let mut done = Vec::new();
        while let Some((_, call)) = next() {
            match follow(&session, rate, &call) {
                Ok(Followed::TooOften) => continue,
                Ok(_) => {}
                Err(error) => log::info!("a call came to nothing: {error}"),
            }
            done.push(call);
        }
        done
    };
    thread::scope(|scope| {
        let threads: Vec<_> = (0..workers)
            .map(|_| session.beside())
            .map(|session| scope.spawn(|| work(session)))
            .collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap_or_default()).collect()
    })
}
