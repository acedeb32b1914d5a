//! One place at which a log is forked.

use crate::protocol::values::guid::LogId;
use crate::protocol::values::hash::OctetsHash;
use crate::store::contact::history::finding::{ranges, spelled};

/// One place at which a log is forked.
pub(in crate::reading) struct Forked {
    pub(in crate::reading) log: LogId,
    pub(in crate::reading) sequence: u64,
    pub(in crate::reading) proof: Proof,
    pub(in crate::reading) hashes: Vec<OctetsHash>,
}

/// What shows it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::reading) enum Proof {
    /// Two messages have one place.
    Two,
    /// The message names another before it, or the one after it does.
    Neighbours,
    /// The state names another message there as the newest.
    Head,
}

impl Proof {
    pub(in crate::reading) fn words(self, sequences: &[u64]) -> String {
        let (places, many) = (spelled(&ranges(sequences)), sequences.len() > 1);
        match (self, many) {
            (Self::Two, _) => format!("there are two messages at {places}"),
            (Self::Neighbours, false) => format!("{places} does not fit its neighbours"),
            (Self::Neighbours, true) => format!("{places} do not fit their neighbours"),
            (Self::Head, _) => format!("its head is not the message we have at {places}"),
        }
    }
}
