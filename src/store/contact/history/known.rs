//! The items of a contact's feed that are verified and on our disk.

use std::collections::{BTreeMap, HashMap};

use super::log_entry::Place;
use super::messages::Messages;
use super::record::{Direction, Record};
use crate::protocol::sealed::state::Range;
use crate::protocol::values::guid::{Guid, LogId};
use crate::protocol::values::hash::OctetsHash;
use crate::store::contact::entry::{Reached, Theirs};
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
        let mut reached = before.cloned().unwrap_or(Reached { log, sequence: 0, hash: None });
        loop {
            let next = reached.sequence.saturating_add(1);
            if let Some(link) = self.at(log, next).first() {
                reached = Reached { log, sequence: next, hash: Some(link.hash) };
            } else if let Some(gone) =
                theirs.gone.iter().find(|g| g.log == log && g.from <= next && next <= g.to)
            {
                reached.sequence = gone.to;
            } else {
                return reached;
            }
        }
    }

    /// The ranges that are missing in the log that the contact's state is about: at most 32, lowest
    /// first, up to its head.
    pub fn missing(&self, theirs: &Theirs) -> Vec<Range> {
        let Some(head) = &theirs.head else { return Vec::new() };
        let here = self
            .places
            .range((head.log, 0)..=(head.log, head.sequence))
            .map(|((_, sequence), _)| (*sequence, *sequence));
        let gone =
            theirs.gone.iter().filter(|gone| gone.log == head.log).map(|gone| (gone.from, gone.to));
        let mut present: Vec<(u64, u64)> = here.chain(gone).collect();
        present.sort_unstable();
        let (mut next, mut missing) =
            (self.reached(theirs, head.log).sequence.saturating_add(1), Vec::new());
        for (from, to) in present {
            if from > next {
                missing.push(Range { log: head.log, from: next, to: from - 1 });
            }
            next = next.max(to.saturating_add(1));
        }
        if next <= head.sequence {
            missing.push(Range { log: head.log, from: next, to: head.sequence });
        }
        missing.truncate(RANGES);
        missing
    }
}

fn is_fork(links: &[Link]) -> bool {
    links.iter().any(|link| Some(link.hash) != links.first().map(|first| first.hash))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::contact::entry::{LogHead, SequenceRange};
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
        theirs.reached =
            vec![Reached { log: log(), sequence: 7, hash: Some(OctetsHash::of(b"7")) }];
        assert_eq!(known(&[8]).reached(&theirs, log()).sequence, 8);
    }
}
