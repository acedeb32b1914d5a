//! The contents of a contact's feed, kind by kind.
//!
//! `succession` follows a new primary key, which is `followed` until that is stored. `introduction_and_state` takes what stands once in a feed,
//! with the contact's `logs` and its `receipts` for ours. `items` opens the messages, from the head
//! down. `forked` is what two copies of one log prove, and `untaken` what was left for a later round.

pub(super) mod followed;
pub(in crate::reading) mod forked;
pub mod introduction_and_state;
pub mod items;
pub mod logs;
pub(super) mod receipts;
pub(super) mod succession;
pub(super) mod untaken;
