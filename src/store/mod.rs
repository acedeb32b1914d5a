//! Plain files: everything that is kept under a home.
//!
//! The law of this layer: a write is a temporary file, fsync, rename, fsync of the folder; appends
//! are fsynced, and a torn last line is cut off before the next. No network. An [`Error`] tells
//! what failed, and with which file. It knows nothing of exit statuses.

pub mod contact;
pub mod disk;
pub mod error;
pub mod identity;
pub mod subscriptions;
#[cfg(test)]
pub mod testing;
pub mod waiting;

pub use error::Error;
