//! Calls that wait on disk until the user asks who called: `fetch_invitations = false`.

use super::places::Places;
use super::queue::Queue;
use super::rate::Rate;
use super::together::follow_all;
use crate::error::Result;
use crate::protocol::calls::please_follow::PleaseFollow;
use crate::session::run::Run;
use crate::store::identity::own::Identity;
use crate::store::waiting::calls::{self, Waiting};
use jiff::Timestamp;

/// Moves the strangers' calls of `queue` to the disk, where the same places are shared out by the
/// same rule.
///
/// # Errors
/// When they cannot be written.
pub fn keep(identity: &Identity, now: Timestamp, queue: &Queue) -> Result<()> {
    let locked = identity.lock(now)?;
    let mut kept = calls::load(&locked.home)?;
    let before = kept.clone();
    let mut places = Places::of(kept.waiting);
    while let Some(Waiting { caller, call, .. }) = queue.take_strange(|_| true) {
        places.add(caller, call);
    }
    kept.waiting = places.all();
    // A caller who repeats himself shall not wear out the disk.
    if kept == before { Ok(()) } else { Ok(calls::save(&locked, &kept)?) }
}

/// Follows the calls that wait on disk, but for those that name a host too often: they go on
/// waiting. A call that came to nothing is dropped.
///
/// # Errors
/// When they cannot be read or written, or the key cannot be unlocked.
pub fn follow_kept(run: &mut Run) -> Result<()> {
    let kept = calls::load(&run.identity.home)?;
    if kept.waiting.is_empty() || run.identity.config.read_only {
        return Ok(());
    }
    run.keys.unlock()?;
    let (mut rate, mut places) = (Rate::of(kept.named), Places::of(kept.waiting));
    let now = run.clock.now();
    let next = || places.take(|call| rate.admit(call, now));
    let taken: Vec<Waiting> = std::iter::from_fn(next).collect();
    let calls = taken.iter().map(|it| ((), it.call.clone(), Some(it.caller))).collect();
    let admitted: Vec<PleaseFollow> = taken.into_iter().map(|waiting| waiting.call).collect();
    for ((), followed) in follow_all(run, calls) {
        if let Err(error) = followed {
            log::info!("a call came to nothing: {error}");
        }
    }
    let locked = run.identity.lock(run.clock.now())?;
    // More may have come meanwhile.
    let mut kept = calls::load(&locked.home)?;
    kept.waiting.retain(|waiting| !admitted.contains(&waiting.call));
    let late = places.all();
    for waiting in &mut kept.waiting {
        waiting.late |= late.iter().any(|late| late.call == waiting.call);
    }
    kept.named = rate.named(now);
    calls::save(&locked, &kept)?;
    if !kept.waiting.is_empty() {
        run.talk.say("more calls wait, which name the same hosts: look again in an hour");
    }
    Ok(())
}
