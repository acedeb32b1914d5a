//! The feeds of a home: the card and the pair feeds, as long as they are there.

use std::path::PathBuf;

use crate::protocol::values::url::Url;
use crate::store::disk::home::Home;
use crate::store::identity::own_urls::Ours;

/// Subscribers of the card at most: anybody can name it.
const OF_CARD: usize = 5_000;
/// Subscribers of a pair feed at most: it has one reader, whose callback changes now and then.
pub const OF_PAIR: usize = 16;

/// The feeds below a base URL.
#[derive(Clone, Debug)]
pub struct OwnFeeds {
    pub home: Home,
    pub base: Url,
}

/// A feed of ours.
#[derive(Debug)]
pub struct Own {
    /// The file.
    pub path: PathBuf,
    /// Whether it is the card, which strangers know.
    pub is_card: bool,
}

impl OwnFeeds {
    /// The feed whose URL is `url`, byte for byte.
    pub fn find(&self, url: &Url) -> Option<Own> {
        let (path, is_card) = match Ours::below(&self.base, url)? {
            Ours::Card => (self.home.public().join("card.rss"), true),
            Ours::Pair(token) => (self.home.feed(&token), false),
        };
        path.is_file().then_some(Own { path, is_card })
    }
}

impl Own {
    /// Subscribers at most.
    pub fn most(&self) -> usize {
        if self.is_card { OF_CARD } else { OF_PAIR }
    }
}
