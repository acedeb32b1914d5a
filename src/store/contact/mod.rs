//! One contact's folder: what we know of it, what was said, and what stands in our feed for it.

pub mod attachments;
pub mod contacts;
pub mod delivered;
pub mod entry;
#[cfg(test)]
pub mod examples;
pub mod feeds;
pub mod former_key;
pub mod known;
pub mod log_entry;
pub mod messages;
pub mod octets;
pub mod outbox;
pub mod own_feed;
pub mod pair;
pub mod published;
pub mod record;
mod trim;
pub mod trimmed;
pub mod verdicts;
