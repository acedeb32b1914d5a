//! Ranges of sequences, as `contact.toml` keeps them: what is asked for, what will never come.

use serde::{Deserialize, Serialize};

use crate::protocol::sealed::state::Range;
use crate::protocol::values::guid::LogId;

/// Sequences that follow each other, both ends included; none if the last is below the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// The lowest.
    pub from: u64,
    /// The highest.
    pub to: u64,
}

impl Span {
    /// The parts of it without `present`, sequences in rising order. Costs as much as `present` is long,
    /// however long the span is.
    pub fn without(self, present: impl IntoIterator<Item = u64>) -> Vec<Self> {
        let (mut next, mut parts) = (self.from, Vec::new());
        let present =
            present.into_iter().filter(|sequence| (self.from..=self.to).contains(sequence));
        for sequence in present {
            if next < sequence {
                parts.push(Self { from: next, to: sequence.saturating_sub(1) });
            }
            next = next.max(sequence.saturating_add(1));
        }
        if next <= self.to {
            parts.push(Self { from: next, to: self.to });
        }
        parts
    }
}

/// A range of sequences of one log, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SequenceRange {
    /// The log.
    pub log: LogId,
    /// The first sequence.
    pub from: u64,
    /// The last sequence, not below the first.
    pub to: u64,
}

impl SequenceRange {
    /// The first and the last sequence of each of `ranges`.
    pub fn ends(ranges: &[Self]) -> Vec<(u64, u64)> {
        ranges.iter().map(|range| (range.from, range.to)).collect()
    }

    /// Whether the item `sequence` of `log` is in it.
    pub fn has(&self, log: LogId, sequence: u64) -> bool {
        self.log == log && self.from <= sequence && sequence <= self.to
    }

    /// The part of it up to `highest`; nothing if it begins above.
    pub fn up_to(self, highest: u64) -> Option<Self> {
        (self.from <= highest).then(|| Self { to: self.to.min(highest), ..self })
    }

    /// The parts of it that are not in `other`, a range of the same log.
    pub fn outside(self, other: &Self) -> Vec<Self> {
        let below = self.up_to(other.from.saturating_sub(1));
        let above = Self { from: self.from.max(other.to.saturating_add(1)), ..self };
        let above = (above.from <= above.to).then_some(above);
        below.into_iter().chain(above).collect()
    }

    /// The parts of it without `present`, sequences of its log in rising order; see [`Span::without`].
    pub fn without(self, present: impl IntoIterator<Item = u64>) -> Vec<Self> {
        let parts = Span { from: self.from, to: self.to }.without(present);
        parts.into_iter().map(|Span { from, to }| Self { from, to, ..self }).collect()
    }
}

impl From<&Range> for SequenceRange {
    fn from(range: &Range) -> Self {
        Self { log: range.log, from: range.from, to: range.to }
    }
}

impl From<SequenceRange> for Range {
    fn from(range: SequenceRange) -> Self {
        Self { log: range.log, from: range.from, to: range.to }
    }
}

/// Whether one of `ranges` has the item `sequence` of `log`.
pub fn any_has(ranges: &[SequenceRange], log: LogId, sequence: u64) -> bool {
    ranges.iter().any(|range| range.has(log, sequence))
}

/// Puts the item `sequence` of `log` into `ranges`, into the last of them if it is next to
/// that.
pub fn put(ranges: &mut Vec<SequenceRange>, log: LogId, sequence: u64) {
    if any_has(ranges, log, sequence) {
        return;
    }
    match ranges.last_mut() {
        Some(last) if last.log == log && last.to.checked_add(1) == Some(sequence) => {
            last.to = sequence;
        }
        Some(last) if last.log == log && sequence.checked_add(1) == Some(last.from) => {
            last.from = sequence;
        }
        _ => ranges.push(SequenceRange { log, from: sequence, to: sequence }),
    }
}

/// Takes the item `sequence` of `log` out of `ranges`.
pub fn take_out(ranges: &mut Vec<SequenceRange>, log: LogId, sequence: u64) {
    if any_has(ranges, log, sequence) {
        let parts = ranges.iter().flat_map(|range| match range.has(log, sequence) {
            true => range.without([sequence]),
            false => vec![*range],
        });
        *ranges = parts.collect();
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::protocol::values::limits;

    fn log(last: u8) -> LogId {
        format!("urn:uuid:0199f0c2-0000-7000-8000-0000000000{last:02}").parse().unwrap()
    }

    fn range(from: u64, to: u64) -> SequenceRange {
        SequenceRange { log: log(1), from, to }
    }

    #[test]
    fn what_is_present_splits_a_range() {
        assert_eq!(range(1, 9).without([3, 4, 7]), [range(1, 2), range(5, 6), range(8, 9)]);
        assert_eq!(range(1, 3).without([1, 2, 3]), []);
        assert_eq!(range(4, 6).without([1, 9]), [range(4, 6)]);
        let endless = range(1, limits::INTEGER);
        assert_eq!(endless.without([2]), [range(1, 1), range(3, limits::INTEGER)]);
    }

    #[test]
    fn what_another_range_has_is_outside_of_neither_part() {
        for (other, left) in [
            (range(3, 4), vec![range(1, 2), range(5, 9)]),
            (range(1, 9), vec![]),
            (range(5, 20), vec![range(1, 4)]),
            (range(10, 20), vec![range(1, 9)]),
        ] {
            assert_eq!(range(1, 9).outside(&other), left);
        }
    }

    #[test]
    fn a_range_ends_at_the_highest_that_there_is() {
        assert_eq!(range(3, limits::INTEGER).up_to(5), Some(range(3, 5)));
        assert_eq!(range(3, 4).up_to(2), None);
    }

    proptest! {
        #[test]
        fn ranges_are_a_set_of_sequences(
            steps in prop::collection::vec((any::<bool>(), 1..3_u8, 1..9_u64), 0..40)
        ) {
            let (mut ranges, mut set) = (Vec::new(), std::collections::BTreeSet::new());
            for (is_put, number, sequence) in steps {
                if is_put {
                    put(&mut ranges, log(number), sequence);
                    set.insert((number, sequence));
                } else {
                    take_out(&mut ranges, log(number), sequence);
                    set.remove(&(number, sequence));
                }
            }
            for (number, sequence) in (1..3).flat_map(|n| (1..9).map(move |s| (n, s))) {
                let has = any_has(&ranges, log(number), sequence);
                prop_assert_eq!(has, set.contains(&(number, sequence)));
            }
        }
    }
}
