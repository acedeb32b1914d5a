//! The feeds of a home: the card and the pair feeds, as long as they are there.

use std::path::PathBuf;

use crate::conversation::ours::Ours;
use crate::protocol::url::Url;
use crate::store::home::Home;

/// Subscribers of the card at most: anybody can name it.
const OF_CARD: usize = 5_000;
/// Subscribers of a pair feed at most: it has one reader, whose callback changes now and then.
pub(super) const OF_PAIR: usize = 16;

/// What stands below a base URL.
#[derive(Clone, Debug)]
pub(super) struct OwnFeeds {
    pub(super) home: Home,
    pub(super) base: Url,
}

/// A feed of ours.
#[derive(Debug)]
pub(super) struct Own {
    /// The file.
    pub(super) path: PathBuf,
    /// Whether it is the card, which strangers know.
    pub(super) is_card: bool,
}

impl OwnFeeds {
    /// The feed whose URL is `url`, byte for byte.
    pub(super) fn find(&self, url: &Url) -> Option<Own> {
        let (path, is_card) = match Ours::below(&self.base, url)? {
            Ours::Card => (self.home.public().join("card.rss"), true),
            Ours::Pair(token) => (self.home.feed(&token), false),
        };
        path.is_file().then_some(Own { path, is_card })
    }
}

impl Own {
    /// Subscribers at most.
    pub(super) fn most(&self) -> usize {
        if self.is_card { OF_CARD } else { OF_PAIR }
    }
}
