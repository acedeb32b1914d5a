//! What was found wrong with a contact's writing, as `messages.jsonl` and JSON tell it.

use serde::{Deserialize, Serialize};

use crate::protocol::values::guid::LogId;
use crate::protocol::values::hash::Hash;

/// Numbers and hashes that one finding names.
const MOST: usize = 256;

/// What is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Messages are missing between others, or below them.
    Gap,
    /// A log has two histories.
    Fork,
    /// The feed is an old copy: it was newer before.
    Rollback,
    /// The newest messages are not in the feed, although its state names them.
    Withheld,
    /// An object is of a log that the feed has not opened.
    ForeignLog,
    /// Somebody writes in the contact's name.
    Forged,
    /// An object is of no use as it is.
    Refused,
}

/// A finding: what is wrong, and where.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// What it is.
    pub kind: Kind,
    /// The log in question, where it is known.
    pub log: Option<LogId>,
    /// The sequences in question there, at most 256.
    pub sequences: Vec<u64>,
    /// The hashes in question, at most 256: of octets; of a sealed object where that was not opened.
    pub hashes: Vec<Hash>,
}

impl Finding {
    /// A finding that names nothing yet.
    pub fn new(kind: Kind) -> Self {
        Self { kind, log: None, sequences: Vec::new(), hashes: Vec::new() }
    }

    /// The same, about the log `log`.
    #[must_use]
    pub fn in_log(mut self, log: LogId) -> Self {
        self.log = Some(log);
        self
    }

    /// The same, with `sequences` besides, as many as fit.
    #[must_use]
    pub fn at(mut self, sequences: impl IntoIterator<Item = u64>) -> Self {
        self.sequences.extend(sequences.into_iter().take(MOST));
        self.sequences.sort_unstable();
        self.sequences.dedup();
        self.sequences.truncate(MOST);
        self
    }

    /// The same, with `hashes` besides, as many as fit.
    #[must_use]
    pub fn by(mut self, hashes: impl IntoIterator<Item = Hash>) -> Self {
        for hash in hashes {
            if self.hashes.len() < MOST && !self.hashes.contains(&hash) {
                self.hashes.push(hash);
            }
        }
        self
    }
}

/// The numbers in `ranges`, never more than one finding names: a range may be of any length.
pub fn numbers(ranges: &[(u64, u64)]) -> impl Iterator<Item = u64> {
    ranges.iter().flat_map(|(from, to)| *from..=*to).take(MOST)
}

/// Numbers for people: `sequence 2`, `sequences 2, 4 to 7`.
pub fn spelled(ranges: &[(u64, u64)]) -> String {
    let one = |(from, to): &(u64, u64)| match from == to {
        true => from.to_string(),
        false => format!("{from} to {to}"),
    };
    let all: Vec<String> = ranges.iter().map(one).collect();
    let several = ranges.len() > 1 || ranges.iter().any(|(from, to)| from != to);
    format!("sequence{} {}", if several { "s" } else { "" }, all.join(", "))
}

/// Sorted numbers as ranges.
pub fn ranges(numbers: &[u64]) -> Vec<(u64, u64)> {
    let mut ranges: Vec<(u64, u64)> = Vec::new();
    for number in numbers {
        match ranges.last_mut() {
            Some((_, to)) if number.checked_sub(1) == Some(*to) => *to = *number,
            _ => ranges.push((*number, *number)),
        }
    }
    ranges
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_spelled_for_people() {
        for (numbers, words) in [
            (&[2][..], "sequence 2"),
            (&[2, 3], "sequences 2 to 3"),
            (&[2, 4, 5, 6, 7, 9], "sequences 2, 4 to 7, 9"),
        ] {
            assert_eq!(spelled(&ranges(numbers)), words);
        }
    }

    #[test]
    fn a_finding_names_so_much_and_no_more() {
        let log = "urn:uuid:019b0000-0000-7000-8000-000000000000".parse().unwrap();
        assert_eq!(numbers(&[(5, u64::MAX)]).count(), MOST);
        let finding = Finding::new(Kind::Gap).in_log(log).at([3, 1, 3]).at(10..);
        assert_eq!((finding.sequences.len(), &finding.sequences[..3]), (MOST, &[1, 3, 10][..]));
        let hashes = (0..300_u32).map(|n| Hash::of(&n.to_be_bytes()));
        assert_eq!(finding.by([Hash::of(b"")]).by(hashes).hashes.len(), MOST);
        assert_eq!(serde_json::to_string(&Kind::ForeignLog).unwrap(), "\"foreign-log\"");
    }
}
