//! What was not taken of a contact's feed, until it is told.

use crate::store::contact::history::finding::Finding;
use crate::store::contact::history::record::About;
use crate::store::contact::verdicts::Why;

/// A sealed object that was not taken, and is to be told of.
pub(super) struct Untaken {
    pub(super) about: About,
    /// The object, for people.
    pub(super) what: String,
    /// Whether it is one of many, and told together with its like.
    pub(super) is_item: bool,
    pub(super) fate: Fate,
    pub(super) reason: String,
    pub(super) finding: Finding,
}

/// What became of an object that was not taken.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    Held,
    Refused,
    Closed,
}

impl Fate {
    pub(super) fn of(why: Why) -> Self {
        if why.waits() { Self::Held } else { Self::Refused }
    }

    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Held => "is held",
            Self::Refused => "is refused",
            Self::Closed => "cannot be opened",
        }
    }
}
