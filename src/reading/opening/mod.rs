//! What is opened of a contact's feed, each thing once, and how much of that may come to nothing.
//!
//! `documents` are the feed and its archives, with the hash of all that is sealed in them. `openings`
//! opens it, within what the `allowance` of the round has left.

pub(super) mod allowance;
pub(super) mod documents;
pub(super) mod openings;
