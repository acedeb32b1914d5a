//! The feeds that a cloud serves: those that lie in its home, or those that it fetches.

use std::sync::Arc;
use std::time::Duration;

use super::own_feeds::{OF_PAIR, OwnFeeds};
use super::reader::Reader;
use crate::protocol::values::hash::Hash;
use crate::protocol::values::url::Url;
use crate::store::subscriptions::{ALL, Room};

/// Subscribers of a feed that is fetched, at most.
const OF_FETCHED: usize = 5_000;

/// Subscriptions of callbacks on one host at most, unless its network is one of ours.
const OF_HOST: usize = 1_000;
/// Subscriptions that are for pair feeds alone.
const FOR_PAIRS: usize = 1_000;

/// The place of the feeds.
#[derive(Clone)]
pub enum Feeds {
    /// In the home; they are known without fetching anything.
    OfHome(OwnFeeds),
    /// On web hosts.
    Fetched(Arc<Reader>),
}

/// A feed that could be read.
pub struct Found {
    /// Subscribers at most.
    most: usize,
    /// The hash of a feed that was fetched, as it was then, if nobody was to be told of it before: what
    /// the others have yet to be told of must not pass for known.
    hash: Option<Hash>,
}

impl Feeds {
    /// Returns whether `feed` may be subscribed to, as far as that is known at once.
    pub fn admit(&self, feed: &Url) -> bool {
        match self {
            Self::OfHome(feeds) => feeds.find(feed).is_some(),
            Self::Fetched(reader) => reader.admits(feed),
        }
    }

    /// The hosts of which one that is slow must not keep the others waiting, among those of `feeds`.
    pub fn hosts(&self, feeds: &[Url]) -> Vec<String> {
        match self {
            Self::Fetched(reader) if reader.scope.open => {
                let mut hosts: Vec<String> =
                    feeds.iter().map(|url| url.host().to_owned()).collect();
                hosts.sort();
                hosts.dedup();
                hosts
            }
            // They have one, and that is the owner's.
            Self::OfHome(_) | Self::Fetched(_) => Vec::new(),
        }
    }

    /// Reads `feed`, in `time` if it is fetched; none if it cannot be read.
    pub fn find(&self, feed: &Url, time: Duration) -> Option<Found> {
        match self {
            Self::OfHome(feeds) => {
                feeds.find(feed).map(|own| Found { most: own.most(), hash: None })
            }
            Self::Fetched(reader) => {
                let is_first = !reader.is_awaited(feed);
                let hash = reader.read(feed, time)?;
                let most = if reader.scope.is_pair(feed) { OF_PAIR } else { OF_FETCHED };
                Some(Found { most, hash: is_first.then_some(hash) })
            }
        }
    }

    /// Notes that `feed`, as it was found, is subscribed to.
    pub fn subscribed(&self, feed: &Url, found: &Found) {
        if let (Self::Fetched(reader), Some(hash)) = (self, found.hash) {
            reader.subscribed(feed, hash);
        }
    }
}

impl Found {
    /// How much room there is for one who subscribes to it; if `is_strange`, at a host that anybody
    /// may have named.
    pub fn room(&self, is_strange: bool) -> Room {
        // Subscribers that fill the feeds that all know leave room for the feeds of contacts.
        let in_all = if self.most > OF_PAIR { ALL - FOR_PAIRS } else { ALL };
        Room { in_all, of_feed: self.most, of_host: if is_strange { OF_HOST } else { ALL } }
    }
}
