//! Following several calls at once: hosts that hang must not make each wait for the others.

use std::net::IpAddr;

use super::follow::{Followed, follow};
use crate::protocol::calls::please_follow::PleaseFollow;
use crate::session::run::Run;
use crate::session::setback::Setback;
use crate::work::list;

/// Calls that are followed at once.
pub const AT_ONCE: usize = 8;

/// Follows `calls`, each with its caller where that is known, at most [`AT_ONCE`] at a time; the outcome of
/// each is told by its key.
pub fn follow_all<K: Send + 'static>(
    run: &Run,
    calls: Vec<(K, PleaseFollow, Option<IpAddr>)>,
) -> Vec<(K, Result<Followed, Setback>)> {
    let followed = list::work_off(calls, AT_ONCE, || {
        let run = run.beside();
        move |(key, call, caller)| (key, follow(&run, &call, caller))
    });
    followed.into_iter().collect()
}
