//! The rewriting of one pair feed, with its archives.
//!
//! `feed` computes what the feed is now: `items` that stay byte for byte, `archive` for what is too
//! much for one document, `introduction_and_state` for what stands once. `losses` says what becomes of
//! items whose octets are gone. `prepared` writes what was computed: counters, history, feed.

pub mod archive;
pub mod feed;
pub mod introduction_and_state;
pub mod items;
pub mod losses;
pub mod prepared;
