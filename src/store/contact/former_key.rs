//! A key of somebody who writes a feed, after another has replaced it.

use serde::{Deserialize, Serialize};

use crate::protocol::values::fingerprint::Fingerprint;
use crate::protocol::values::guid::LogId;

/// A key of a writer that another has replaced.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FormerKey {
    /// The fingerprint of its primary key.
    pub fingerprint: Fingerprint,
    /// The log in which it was replaced.
    pub log: LogId,
    /// The last sequence of that log that it has signed: it may have signed what is older.
    pub until: u64,
}

impl FormerKey {
    /// Whether it may have signed the item `sequence` of `log`.
    pub fn reaches(&self, log: LogId, sequence: u64) -> bool {
        (log, sequence) <= (self.log, self.until)
    }
}
