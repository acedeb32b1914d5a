//! Plain files: everything that is kept under a home.
//!
//! The law of this layer: a write is a temporary file, fsync, rename, fsync of the folder; appends
//! are fsynced, and a torn last line is cut off before the next. No network.

pub mod atomic;
pub mod callers;
pub mod calls;
pub mod config;
pub mod contact;
pub mod contacts;
pub mod delivered;
pub mod dumps;
pub mod feeds;
pub mod home;
pub mod inbox;
pub mod invitations;
pub mod key_state;
pub mod lease;
pub mod lock;
pub mod messages;
pub mod names;
pub mod octets;
pub mod outbox;
pub mod policy;
pub mod record;
pub mod secret;
pub mod snapshot;
pub mod subscriptions;
pub mod trimmed;
pub mod verdicts;
