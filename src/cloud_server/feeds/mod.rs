//! The feeds that a cloud serves: which they are, and whether one has changed.

pub mod announced;
pub mod fetching;
pub mod latest;
pub mod looks;
pub mod own_feeds;
pub mod reader;
pub mod scope;
pub mod served;
