//! Forks of a contact's logs: proof that stands until the user has looked at it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::history::finding::{Finding, Kind};
use crate::protocol::values::guid::LogId;
use crate::protocol::values::hash::Hash;

/// A log that has two histories.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fork {
    /// The log.
    pub log: LogId,
    /// When that was found.
    pub since: Timestamp,
    /// The sequences at which the two differ, as far as they were found, at most 256. None where it
    /// shows elsewhere, as in two states with one serial.
    pub sequences: Vec<u64>,
    /// The hashes of what was found, at most 256.
    pub hashes: Vec<Hash>,
}

impl Fork {
    /// Takes `found` into `forks`, at `now`; returns whether it is the first of its log, and to be told.
    pub fn note(forks: &mut Vec<Self>, found: &Finding, now: Timestamp) -> bool {
        let Some(log) = found.log else { return true };
        let standing = forks.iter_mut().find(|fork| fork.log == log);
        let Some(fork) = standing else {
            let Finding { sequences, hashes, .. } = found.clone();
            forks.push(Self { log, since: now, sequences, hashes });
            return true;
        };
        let both = fork.finding().at(found.sequences.iter().copied());
        let both = both.by(found.hashes.iter().copied());
        (fork.sequences, fork.hashes) = (both.sequences, both.hashes);
        false
    }

    /// The same as it is told.
    pub fn finding(&self) -> Finding {
        let finding = Finding::new(Kind::Fork).in_log(self.log);
        finding.at(self.sequences.iter().copied()).by(self.hashes.iter().copied())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fork_is_told_once_a_log_and_grows() {
        let log = "urn:uuid:019b0000-0000-7000-8000-000000000000".parse().unwrap();
        let other = "urn:uuid:019b0000-0000-7000-8000-000000000001".parse().unwrap();
        let at = |log, sequence: u64| {
            Finding::new(Kind::Fork).in_log(log).at([sequence]).by([Hash::of(&[1])])
        };
        let mut forks = Vec::new();
        let news = [at(log, 5), at(log, 3), at(other, 1), at(log, 3)];
        let news = news.map(|found| Fork::note(&mut forks, &found, Timestamp::UNIX_EPOCH));
        assert_eq!(news, [true, false, true, false]);
        assert_eq!((forks[0].sequences.as_slice(), forks[0].hashes.len()), (&[3, 5][..], 1));
    }
}
