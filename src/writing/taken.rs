//! The outcome for a message that was to be kept.

use super::unwritten::{Result, Unwritten};
use crate::store::disk::atomic::NotPut;

/// The outcome for what was to be kept. The moment that counts is the one at which the contact's
/// file, with the new counters, is in its place.
#[derive(Debug)]
#[must_use]
pub enum Taken {
    /// Nothing was kept: log and feed are as they were.
    Refused(Unwritten),
    /// It counts, or may count after a power cut, and what comes after that failed: it may be missing
    /// in the feed. The next rewriting completes it.
    KeptNotShown(Unwritten),
    /// It counts, and stands in the feed.
    Kept,
}

impl Taken {
    /// Returns what failed, if anything did, for those who say it again in either case.
    ///
    /// # Errors
    /// Why it was refused or is not shown.
    pub fn done(self) -> Result<()> {
        match self {
            Self::Refused(why) | Self::KeptNotShown(why) => Err(why),
            Self::Kept => Ok(()),
        }
    }
}

impl From<NotPut> for Taken {
    /// The outcome when the contact's file was not put in its place for good.
    fn from(not: NotPut) -> Self {
        match not {
            NotPut::Moved(error) => Self::Refused(error.into()),
            NotPut::Lasting(error) => Self::KeptNotShown(error.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Error;

    #[test]
    fn what_is_in_its_place_may_count_even_if_it_may_not_last() {
        let error = || Error::CutShort;
        assert!(matches!(NotPut::Moved(error()).into(), Taken::Refused(_)));
        assert!(matches!(NotPut::Lasting(error()).into(), Taken::KeptNotShown(_)));
    }
}
