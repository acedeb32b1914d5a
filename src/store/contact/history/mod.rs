//! The history of one contact: its `record`s in `messages`, what is `known` of its logs by them, what
//! was `delivered`, and what was trimmed.

pub mod delivered;
#[cfg(test)]
pub mod examples;
pub mod finding;
pub mod known;
pub mod log_entry;
pub mod messages;
pub mod record;
mod trim;
pub mod trimmed;
