//! Handshake calls: what a caller names is fetched, through the guard, and only that counts
//! (PROTOCOL §8).

#[cfg(test)]
mod examples;
pub mod follow;
pub mod inbox;
pub mod inbox_turns;
pub mod kept;
pub mod our_feeds;
pub mod places;
pub mod queue;
pub mod rate;
pub mod together;

pub use follow::{Followed, follow, follow_expected};
pub use kept::{follow_kept, keep};
pub use our_feeds::OurFeeds;
pub use queue::Queue;
pub use rate::Rate;
pub use together::{AT_ONCE, follow_all};
