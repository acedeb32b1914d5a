//! Plain files: everything that is kept under a home.
//!
//! The law of this layer: a write is a temporary file, fsync, rename, fsync of the folder; appends
//! are fsynced, and a torn last line is cut off before the next. No network.

pub mod contact;
pub mod disk;
pub mod identity;
pub mod subscriptions;
pub mod waiting;
