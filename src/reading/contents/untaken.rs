//! What was not taken of a contact's feed, until it is told.

use crate::store::contact::history::finding::Finding;
use crate::store::contact::history::record::About;
use crate::store::contact::verdicts::Why;

/// A sealed object that was not taken, and is to be told of.
pub(in crate::reading) struct Untaken {
    pub(in crate::reading) about: About,
    /// The object, for people.
    pub(in crate::reading) what: String,
    /// Whether it is one of many, and told together with its like.
    pub(in crate::reading) is_item: bool,
    pub(in crate::reading) fate: Fate,
    pub(in crate::reading) reason: String,
    pub(in crate::reading) finding: Finding,
}

/// What became of an object that was not taken.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::reading) enum Fate {
    Held,
    Refused,
    Closed,
}

impl Fate {
    pub(in crate::reading) fn of(why: Why) -> Self {
        if why.waits() { Self::Held } else { Self::Refused }
    }

    pub(in crate::reading) fn words(self) -> &'static str {
        match self {
            Self::Held => "is held",
            Self::Refused => "is refused",
            Self::Closed => "cannot be opened",
        }
    }
}
