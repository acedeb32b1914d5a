//! What is wrong with a contact's feed, and when it heals.
//!
//! `gaps` are sequences that are missing, `forks` numbers that were used twice, and `out_of_reach` is a
//! host that gives no feed. `telling` says each of them once, and says once that it is over.

pub(super) mod forks;
pub mod gaps;
pub(super) mod out_of_reach;
pub(super) mod telling;
