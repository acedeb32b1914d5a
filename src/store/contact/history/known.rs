//! The items of a contact's feed that are verified and on our disk.

use std::collections::{BTreeMap, HashMap};

use super::log_entry::Place;
use super::messages::Messages;
use super::record::{Direction, Record};
use crate::protocol::sealed::state::Range;
use crate::protocol::values::guid::{Guid, LogId};
use crate::protocol::values::hash::OctetsHash;
use crate::store::contact::entry::{LogHead, Reached, Theirs};
use crate::store::contact::ranges::SequenceRange;
use crate::store::error::Result;

const RANGES: usize = 32;

/// One verified item: its hash, and that of the item before.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Link {
    /// The hash of its octets.
    pub hash: OctetsHash,
    /// The hash of the item before, as it says.
    pub previous: Option<OctetsHash>,
}

/// The verified items of one contact.
#[derive(Debug, Default)]
pub struct Known {
    guids: HashMap<Guid, OctetsHash>,
    places: BTreeMap<(LogId, u64), Vec<Link>>,
}

impl Known {
    /// Reads the items from the contact's messages.
    ///
    /// # Errors
    /// When these cannot be read.
    pub fn load(messages: &Messages) -> Result<Self> {
        let mut known = Self::default();
        messages.backwards(|record| {
            known.add(&record);
            true
        })?;
        Ok(known)
    }

    /// Takes in what `record` tells of, if it is about an item received.
    pub fn add(&mut self, record: &Record) {
        let Some(entry) = record.entry().filter(|_| record.direction == Direction::Received) else {
            return;
        };
        let Place { log, sequence, hash, previous } = entry.place;
        self.guids.insert(entry.guid, hash);
        self.places.entry((log, sequence)).or_default().push(Link { hash, previous });
    }

    /// Whether the item `guid` is on our disk.
    pub fn has(&self, guid: Guid) -> bool {
        self.guids.contains_key(&guid)
    }

    /// The items at one place of a log: one, or several if there was a fork.
    pub fn at(&self, log: LogId, sequence: u64) -> &[Link] {
        self.places.get(&(log, sequence)).map_or(&[], Vec::as_slice)
    }

    /// The highest sequence of `log` that we have; 0 for none.
    pub fn highest(&self, log: LogId) -> u64 {
        self.places
            .range((log, 0)..=(log, u64::MAX))
            .next_back()
            .map_or(0, |((_, sequence), _)| *sequence)
    }

    /// Whether a verified item names `hash` as the one before it.
    pub fn vouches_for(&self, hash: OctetsHash) -> bool {
        self.places.values().flatten().any(|link| link.previous == Some(hash))
    }

    /// The places at which different items stand.
    pub fn forks(&self) -> Vec<(LogId, u64)> {
        let places = self.places.iter().filter(|(_, links)| is_fork(links));
        places.map(|(place, _)| *place).collect()
    }

    /// The places whose item names another before it than the one that is here. What stands beside a
    /// fork hangs on either of its items.
    pub fn breaks(&self) -> Vec<(LogId, u64)> {
        let mut breaks = Vec::new();
        for ((log, sequence), links) in &self.places {
            let before = self.at(*log, sequence.saturating_sub(1));
            let hangs = |link: &Link| before.iter().any(|one| Some(one.hash) == link.previous);
            if !before.is_empty() && !is_fork(links) && !links.iter().any(hangs) {
                breaks.push((*log, *sequence));
            }
        }
        breaks
    }

    /// How far `log` is here without a gap, what is `gone` counting as here.
    pub fn reached(&self, theirs: &Theirs, log: LogId) -> Reached {
        let before = theirs.reached.iter().find(|reached| reached.log == log);
        let mut reached = before.cloned().unwrap_or(Reached::nothing_of(log));
        loop {
            let next = reached.sequence.saturating_add(1);
            if let Some(link) = self.at(log, next).first() {
                reached = Reached { log, sequence: next, hash: Some(link.hash), named: None };
            } else if let Some(gone) = theirs.gone.iter().find(|gone| gone.has(log, next)) {
                reached.named = Some(reached.named.unwrap_or(reached.sequence));
                reached.sequence = gone.to;
            } else {
                return reached;
            }
        }
    }

    /// The ranges that are missing in the logs that are offered: at most 32, the oldest log and the
    /// lowest first, each up to the highest item that is named.
    pub fn missing(&self, theirs: &Theirs) -> Vec<Range> {
        let missing = theirs.offered().flat_map(|head| self.missing_up_to(theirs, head));
        missing.take(RANGES).map(Range::from).collect()
    }

    fn missing_up_to(&self, theirs: &Theirs, head: &LogHead) -> Vec<SequenceRange> {
        let reached = self.reached(theirs, head.log).sequence;
        let above =
            SequenceRange { log: head.log, from: reached.saturating_add(1), to: head.sequence };
        if above.from > above.to {
            return Vec::new();
        }
        let here = self.places.range((head.log, above.from)..=(head.log, above.to));
        let mut open = above.without(here.map(|((_, sequence), _)| *sequence));
        for gone in theirs.gone.iter().filter(|gone| gone.log == head.log) {
            open = open.into_iter().flat_map(|range| range.outside(gone)).collect();
        }
        open
    }
}

fn is_fork(links: &[Link]) -> bool {
    links.iter().any(|link| Some(link.hash) != links.first().map(|first| first.hash))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::contact::history::examples::{hash, log, message};

    fn known(sequences: &[u64]) -> Known {
        let mut known = Known::default();
        for sequence in sequences {
            known.add(&message(*sequence, ""));
        }
        known
    }

    fn theirs(head: u64, gone: &[(u64, u64)]) -> Theirs {
        Theirs {
            head: Some(LogHead { log: log(), sequence: head, hash: hash(head) }),
            gone: gone
                .iter()
                .map(|(from, to)| SequenceRange { log: log(), from: *from, to: *to })
                .collect(),
            ..Theirs::default()
        }
    }

    fn ranges(known: &Known, theirs: &Theirs) -> Vec<(u64, u64)> {
        known.missing(theirs).iter().map(|range| (range.from, range.to)).collect()
    }

    #[test]
    fn a_gap_is_missing_and_ends_what_is_reached() {
        let (known, theirs) = (known(&[1, 2, 5, 7]), theirs(9, &[]));
        assert_eq!(known.reached(&theirs, log()).sequence, 2);
        assert_eq!(ranges(&known, &theirs), [(3, 4), (6, 6), (8, 9)]);
    }

    #[test]
    fn what_is_gone_counts_as_here() {
        let (known, theirs) = (known(&[1, 2, 5]), theirs(5, &[(3, 4)]));
        let reached = known.reached(&theirs, log());
        assert_eq!((reached.sequence, reached.hash), (5, Some(hash(5))));
        assert!(known.missing(&theirs).is_empty());
    }

    #[test]
    fn what_is_gone_is_never_named_as_read() {
        let here = known(&[1, 2]);
        let mut theirs = theirs(6, &[(3, 4), (5, 6)]);
        let reached = here.reached(&theirs, log());
        assert_eq!((reached.sequence, reached.named), (6, Some(2)));
        let acknowledged = reached.acknowledged().unwrap();
        assert_eq!((acknowledged.sequence, acknowledged.hash), (2, hash(2)));
        theirs.reached = vec![reached];
        let reached = known(&[7]).reached(&theirs, log());
        assert_eq!((reached.sequence, reached.named), (7, None));
        let nothing = known(&[]).reached(&self::theirs(2, &[(1, 2)]), log());
        assert_eq!((nothing.sequence, nothing.acknowledged()), (2, None));
    }

    #[test]
    fn what_is_missing_of_an_older_log_is_asked_for_as_well() {
        let mut theirs = theirs(2, &[]);
        let older = "urn:uuid:0199f0c1-0000-7000-8000-000000000000".parse().unwrap();
        theirs.earlier = vec![LogHead { log: older, sequence: 3, hash: hash(3) }];
        let missing = known(&[1]).missing(&theirs);
        let missing: Vec<_> =
            missing.iter().map(|range| (range.log, range.from, range.to)).collect();
        assert_eq!(missing, [(older, 1, 3), (log(), 2, 2)]);
        assert!(!theirs.is_whole());
        theirs.reached = [(older, 3), (log(), 2)]
            .map(|(log, sequence)| Reached { sequence, ..Reached::nothing_of(log) })
            .into();
        assert!(theirs.is_whole());
    }

    #[test]
    fn a_head_beyond_all_reason_costs_neither_time_nor_memory() {
        let (known, theirs) =
            (known(&[1, 3]), theirs(crate::protocol::values::limits::INTEGER, &[]));
        assert_eq!(
            ranges(&known, &theirs),
            [(2, 2), (4, crate::protocol::values::limits::INTEGER)]
        );
    }

    #[test]
    fn what_is_reached_survives_that_history_is_trimmed() {
        let mut theirs = theirs(9, &[]);
        theirs.reached = vec![Reached {
            sequence: 7,
            hash: Some(OctetsHash::of(b"7")),
            ..Reached::nothing_of(log())
        }];
        assert_eq!(known(&[8]).reached(&theirs, log()).sequence, 8);
    }
}
