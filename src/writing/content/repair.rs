//! Repair: what a reader asks for and does not have is sealed again, within a budget, or is said to
//! be gone (PROTOCOL §5).

use jiff::{SignedDuration, Timestamp};

use crate::protocol::sealed::state::Range;
use crate::store::contact::offered::octets::Filed;
use crate::store::contact::own_feed::{OwnFeed, Reader, Resealed};
use crate::store::contact::ranges::{self, SequenceRange};

/// The bytes that are sealed again for one reader within a day.
const BUDGET: u64 = 256_000;
/// The most ranges that a state names.
const RANGES: usize = 32;
const DAY: SignedDuration = SignedDuration::from_hours(24);

/// Returns whether `item` is to be sealed again at `now`, since `reader` asks for it, and has it sealed
/// to an older subkey alone. Each item is sealed once a day, and what is over the budget waits.
pub fn is_due(item: &Filed, reader: &Reader, now: Timestamp) -> bool {
    let Filed { log, sequence, .. } = *item;
    let lately = || reader.resealed.iter().filter(|again| is_of_today(again, now));
    ranges::any_has(&reader.missing, log, sequence)
        && ranges::any_has(&reader.outdated, log, sequence)
        && lately().all(|again| (again.log, again.sequence) != (log, sequence))
        && lately().map(|again| again.bytes).sum::<u64>() < BUDGET
}

/// Notes that `item` was sealed again at `now`, into so many `bytes`.
pub fn note(item: &Filed, reader: &mut Reader, bytes: usize, now: Timestamp) {
    reader.resealed.retain(|again| is_of_today(again, now));
    let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
    reader.resealed.push(Resealed { log: item.log, sequence: item.sequence, at: now, bytes });
}

/// A clock that was set back makes no day longer.
fn is_of_today(again: &Resealed, now: Timestamp) -> bool {
    now.duration_since(again.at).abs() < DAY
}

/// What a reader of `ours` asks for and will never get, since only `filed` is kept: at most 32 ranges,
/// each up to the highest sequence of its log. While the feed holds items that nobody can open here,
/// what is asked for of an older log may be among them.
pub fn gone(ours: &OwnFeed, filed: &[Filed], holds_unopened: bool) -> Vec<Range> {
    let asked = ours.readers().iter().flat_map(|reader| &reader.missing);
    let asked = asked.filter(|range| range.log == ours.log || !holds_unopened);
    let asked = asked.filter_map(|range| range.up_to(ours.highest_in(range.log)));
    let lost = asked.flat_map(|range| {
        let mut kept: Vec<u64> =
            filed.iter().filter(|item| item.log == range.log).map(|item| item.sequence).collect();
        kept.sort_unstable();
        SequenceRange::without(range, kept)
    });
    lost.take(RANGES).map(Range::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::sealed::state::Head;
    use crate::protocol::values::guid::Guid;
    use crate::protocol::values::hash::OctetsHash;
    use crate::protocol::values::limits;

    fn guid(last: u64) -> Guid {
        format!("urn:uuid:0199f0c2-0000-7000-8000-{last:012}").parse().unwrap()
    }

    fn item(sequence: u64) -> Filed {
        Filed { log: guid(0), sequence, guid: guid(sequence) }
    }

    fn range(from: u64, to: u64) -> SequenceRange {
        SequenceRange { log: guid(0), from, to }
    }

    fn hours(hours: i64) -> Timestamp {
        Timestamp::from_second(hours * 60 * 60).unwrap()
    }

    fn asking() -> Reader {
        Reader { missing: vec![range(1, 9)], outdated: vec![range(1, 5)], ..Reader::default() }
    }

    #[test]
    fn what_is_asked_for_and_sealed_to_the_past_is_due_and_nothing_else() {
        let reader = asking();
        assert!(is_due(&item(5), &reader, hours(0)));
        assert!(!is_due(&item(6), &reader, hours(0)), "it is sealed to the present subkey");
        let content = Reader { missing: vec![range(1, 4)], ..reader };
        assert!(!is_due(&item(5), &content, hours(0)), "nobody asks for it");
    }

    #[test]
    fn an_item_is_sealed_again_once_a_day() {
        let mut reader = asking();
        note(&item(5), &mut reader, 1_000, hours(100));
        assert!(!is_due(&item(5), &reader, hours(123)));
        assert!(is_due(&item(4), &reader, hours(123)));
        assert!(is_due(&item(5), &reader, hours(124)));
        assert!(is_due(&item(5), &reader, hours(0)), "the clock was set back");
    }

    #[test]
    fn what_is_over_the_budget_of_the_day_waits() {
        let mut reader = asking();
        note(&item(1), &mut reader, 255_999, hours(100));
        assert!(is_due(&item(2), &reader, hours(100)));
        note(&item(2), &mut reader, 1, hours(110));
        assert!(!is_due(&item(3), &reader, hours(110)));
        assert!(is_due(&item(3), &reader, hours(124)));
        note(&item(3), &mut reader, 1, hours(124));
        assert_eq!(reader.resealed.len(), 2, "what is older is forgotten");
    }

    #[test]
    fn what_nobody_has_any_more_is_gone_up_to_the_head() {
        let reader = Reader { missing: vec![range(2, limits::INTEGER)], ..Reader::default() };
        let mut ours = OwnFeed::new("a".repeat(26).parse().unwrap(), guid(0), reader);
        assert_eq!(gone(&ours, &[], false), []);
        ours.head = Some(Head { sequence: 8, hash: OctetsHash::of(b"") });
        let gone = gone(&ours, &[item(7), item(4), item(5)], true);
        let gone: Vec<_> = gone.iter().map(|range| (range.from, range.to)).collect();
        assert_eq!(gone, [(2, 3), (6, 6), (8, 8)]);
    }
}
