//! Retention: what leaves our feed, and when (PROTOCOL §5).

use std::collections::{HashMap, HashSet};

use jiff::{SignedDuration, Timestamp};

use crate::protocol::values::guid::Guid;
use crate::store::contact::entry::Contact;
use crate::store::contact::offered::octets::Filed;
use crate::store::contact::own_feed::{Archive, OwnFeed};

/// The items that stay, and the items and archives that leave.
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

/// Decides what of `filed`, and of the `fresh` item, leaves the feed at `now`: what was acknowledged
/// and is older than `retention`, but never the head; and an archive only as a whole, oldest first.
pub fn decide(
    mut filed: Vec<Filed>,
    fresh: Option<Filed>,
    ours: &OwnFeed,
    retention: SignedDuration,
    now: Timestamp,
) -> Retained {
    filed.retain(|item| Some(*item) != fresh);
    filed.extend(fresh);
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
    // Its sequence was free again after a crash, and is the fresh item's now, or will be another's.
    let present: HashSet<Guid> =
        filed.iter().filter(|item| item.log == ours.log).map(|item| item.guid).collect();
    let is_stray = |item: &Filed| {
        let replaced =
            fresh.is_some_and(|fresh| fresh.sequence == item.sequence && fresh.guid != item.guid);
        // A log of the future has given it to the present one.
        let has_moved = item.log > ours.log && present.contains(&item.guid);
        has_moved || item.log == ours.log && (item.sequence > ours.sequence() || replaced)
    };
    let (stays, leaves) = filed.into_iter().partition(|item| {
        let done = settled.get(&item.guid).copied().unwrap_or_default();
        !is_stray(item) && (!done || alive(item.guid))
    });
    Retained { stays, leaves, archives }
}

/// Returns whether `item` may leave the feed: acknowledged, older than `retention`, and not the
/// newest of all. What is of a log that is offered no more has no reader.
pub fn is_settled(item: &Filed, ours: &OwnFeed, retention: SignedDuration, now: Timestamp) -> bool {
    item.sequence <= ours.acknowledged_in(item.log)
        && ours.newest().is_none_or(|newest| (item.log, item.sequence) < newest)
        && now.duration_since(item.guid.time()) > retention
}

/// How many of `items`, all that are offered, the contact has yet to acknowledge. What others say of an
/// older log tells of no item that we know.
pub fn unacknowledged(items: &[Filed], ours: &OwnFeed) -> usize {
    items.iter().filter(|item| item.sequence > ours.acknowledged_in(item.log)).count()
}

/// How long the oldest item has waited that the contact has not acknowledged.
pub fn oldest_unacknowledged(
    items: &[Filed],
    contact: &Contact,
    now: Timestamp,
) -> Option<SignedDuration> {
    let ours = &contact.ours;
    let open = items.iter().filter(|item| item.sequence > ours.acknowledged_in(item.log));
    open.map(|item| now.duration_since(item.guid.time())).max()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::sealed::state::Head;
    use crate::protocol::values::hash::OctetsHash;
    use crate::store::contact::own_feed::Reader;

    const NOW: i64 = 1_795_374_131;
    const DAY: i64 = 24 * 60 * 60;

    /// The item `sequence` that was written `days` ago.
    fn item(sequence: u64, days: i64) -> Filed {
        let millis = (NOW - days * DAY) * 1_000;
        let hex = format!("{millis:012x}");
        let guid = format!("urn:uuid:{}-{}-7000-8000-{sequence:012}", &hex[..8], &hex[8..]);
        Filed { log: log(), sequence, guid: guid.parse().unwrap() }
    }

    fn log() -> Guid {
        "urn:uuid:0199f0c2-0000-7000-8000-000000000000".parse().unwrap()
    }

    fn side(sequence: u64, acknowledged: u64, archives: &[(u64, &[Filed])]) -> OwnFeed {
        let reader = Reader { acknowledged, ..Reader::default() };
        let token = "abcdefghijklmnopqrstuvwxyz".parse().unwrap();
        let mut ours = OwnFeed::new(token, log(), reader);
        ours.head = Some(Head { sequence, hash: OctetsHash::of(b"") });
        let archive = |(number, items): &(u64, &[Filed])| Archive {
            number: *number,
            items: items.iter().map(|i| i.guid).collect(),
            file: None,
        };
        ours.archives = archives.iter().map(archive).collect();
        ours
    }

    fn after_a_week(filed: &[Filed], fresh: Option<Filed>, ours: &OwnFeed) -> Retained {
        let now = Timestamp::from_second(NOW).unwrap();
        decide(filed.to_vec(), fresh, ours, SignedDuration::from_hours(7 * 24), now)
    }

    #[test]
    fn what_was_acknowledged_and_is_old_leaves_but_never_the_head() {
        let filed = [item(1, 30), item(2, 6), item(3, 30), item(4, 30)];
        let kept = after_a_week(&filed, None, &side(4, 4, &[]));
        assert_eq!(kept.leaves, [item(1, 30), item(3, 30)]);
        assert_eq!(after_a_week(&filed, None, &side(4, 0, &[])).leaves, []);
    }

    #[test]
    fn an_archive_leaves_as_a_whole_and_the_oldest_first() {
        let filed = [item(1, 30), item(2, 30), item(3, 30), item(4, 1)];
        let archives: [(u64, &[Filed]); 2] = [(1, &filed[..2]), (2, &filed[2..3])];
        let kept = after_a_week(&filed, None, &side(4, 3, &archives));
        assert_eq!((kept.archives, kept.leaves), (vec![1, 2], filed[..3].to_vec()));
        let kept = after_a_week(&filed, None, &side(4, 1, &archives));
        assert_eq!((kept.archives, kept.leaves), (vec![], vec![]));
    }

    #[test]
    fn what_a_crash_filed_and_did_not_count_never_shares_a_sequence() {
        let (stray, fresh) = (item(2, 1), item(2, 0));
        let kept = after_a_week(&[item(1, 1), stray], Some(fresh), &side(2, 0, &[]));
        assert_eq!((kept.stays, kept.leaves), (vec![item(1, 1), fresh], vec![stray]));
        let kept = after_a_week(&[item(1, 1), stray], None, &side(1, 0, &[]));
        assert_eq!((kept.stays, kept.leaves), (vec![item(1, 1)], vec![stray]));
    }
}
