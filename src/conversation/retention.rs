//! What leaves our feed, and when (PROTOCOL §5).

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};

use crate::protocol::guid::Guid;
use crate::store::contacts::{Archive, Contact, Ours};
use crate::store::octets::Filed;

/// What stays and what leaves.
#[derive(Debug, Default, PartialEq)]
pub struct Retained {
    /// Items that stay, oldest first.
    pub stays: Vec<Filed>,
    /// Items that leave, and those of a run that died before it counted them: their sequence is
    /// free, and will be used.
    pub leaves: Vec<Filed>,
    /// The numbers of archives that leave whole, oldest first.
    pub archives: Vec<u64>,
}

/// Decides what of `filed` leaves the feed at `now`: what was acknowledged and is older than
/// `retention`, but never the head; and an archive only as a whole, oldest first.
pub fn decide(
    filed: Vec<Filed>,
    ours: &Ours,
    retention: SignedDuration,
    now: Timestamp,
) -> Retained {
    let settled: HashMap<Guid, bool> =
        filed.iter().map(|item| (item.guid, is_settled(item, ours, retention, now))).collect();
    let is_done = |archive: &&Archive| {
        archive.items.iter().all(|guid| settled.get(guid).is_none_or(|done| *done))
    };
    let archives: Vec<u64> =
        ours.archives.iter().take_while(is_done).map(|archive| archive.number).collect();
    let alive = |guid: Guid| {
        let mut alive = ours.archives.iter().filter(|archive| !archives.contains(&archive.number));
        alive.any(|archive| archive.items.contains(&guid))
    };
    let is_stray = |item: &Filed| item.log == ours.log && item.sequence > ours.sequence;
    let (stays, leaves) = filed.into_iter().partition(|item| {
        let done = settled.get(&item.guid).copied().unwrap_or_default();
        !is_stray(item) && (!done || alive(item.guid))
    });
    Retained { stays, leaves, archives }
}

/// Whether `item` may leave the feed: acknowledged, older than `retention`, and not the head.
pub fn is_settled(item: &Filed, ours: &Ours, retention: SignedDuration, now: Timestamp) -> bool {
    item.log == ours.log
        && item.sequence <= ours.acknowledged
        && item.sequence < ours.sequence
        && now.duration_since(item.guid.time()) > retention
}

/// How long the oldest item has waited that the contact has not acknowledged.
pub fn oldest_unacknowledged(
    items: &[Filed],
    contact: &Contact,
    now: Timestamp,
) -> Option<SignedDuration> {
    let ours = &contact.ours;
    let open =
        items.iter().filter(|item| item.log == ours.log && item.sequence > ours.acknowledged);
    open.map(|item| now.duration_since(item.guid.time())).max()
}
