//! Writing: what we say to a contact stands in our log, and then in our feed.
//!
//! In come items, introductions and transitions, and what reading has acknowledged. Out come the
//! files of one pair feed: the feed, its archives, its attachments, and the records of what was sent.
//!
//! The way of a message: `keeping` takes it once, `message` gives it its place in the log and has it
//! sealed, and `rewriting` computes what the feed is now, by the rules of `content`, and writes it;
//! `taken` says what became of it. `renewal` begins a new log where our counters are old, and
//! `ahead` where a clock has begun one in the future. `notices`
//! tell of ourselves. `removal` takes away what was published, with its contact.
//!
//! Its rule: what is counted is on disk before it is shown, and what the feed refers to is written
//! before the feed; what is published is named by something in the home before. Whatever is killed in
//! between, the next rewriting completes it, or takes away what came to nothing.
//!
//! It may call the session, the store, the transport and the pure layers; it reads no feed of others.

pub mod ahead;
pub mod attachment;
pub mod content;
pub mod keeping;
pub mod message;
pub mod notices;
pub mod removal;
pub mod renewal;
pub mod rewriting;
pub mod taken;
#[cfg(test)]
pub mod testing;
pub mod unwritten;
