//! Handshake calls: what a caller names is fetched, through the guard, and only that counts
//! (PROTOCOL §8).

#[cfg(test)]
mod examples;
mod follow;
mod kept;
mod our_feeds;
mod places;
mod queue;
mod rate;
pub mod reception;
mod together;

pub use follow::{Followed, follow, follow_expected};
pub use kept::{follow_kept, keep};
pub use our_feeds::OurFeeds;
pub use queue::Queue;
pub use rate::Rate;
pub use together::{AT_ONCE, follow_all};
