//! Which feeds of the web a cloud is for.

use crate::protocol::values::url::Url;
use crate::store::identity::own_urls::Ours;

/// The feeds that may be fetched because somebody asks.
#[derive(Clone, Debug)]
pub struct Scope {
    /// The base URL; a feed below it may always be fetched.
    pub base: Option<Url>,
    /// Whether any feed may. The guard has the last word.
    pub open: bool,
}

impl Scope {
    /// Returns whether `feed` may be fetched.
    pub fn admits(&self, feed: &Url) -> bool {
        let is_below = |base: &Url| feed.as_str().starts_with(base.as_str());
        self.open || self.base.as_ref().is_some_and(is_below)
    }

    /// Returns whether `feed` is named as a pair feed of the owner's: somebody waits for a message.
    pub fn is_pair(&self, feed: &Url) -> bool {
        let ours = self.base.as_ref().and_then(|base| Ours::below(base, feed));
        matches!(ours, Some(Ours::Pair(_)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_below_the_base_url_is_admitted_and_all_if_it_is_open() {
        let base = Some("https://x.example/im/".parse().unwrap());
        let scope = Scope { base: base.clone(), open: false };
        let pair = format!("https://x.example/im/f/{}.rss", "a".repeat(26));
        for (feed, below, is_pair) in [
            ("https://x.example/im/blog/rss.xml?a", true, false),
            ("https://x.example/im/f/short.rss", true, false),
            (&pair, true, true),
            (&pair.replace("x.ex", "y.ex"), false, false),
            ("https://x.example/rss.xml", false, false),
            ("http://x.example/im/rss.xml", false, false),
        ] {
            let url = feed.parse().unwrap();
            assert_eq!((scope.admits(&url), scope.is_pair(&url)), (below, is_pair), "{feed}");
            assert!(Scope { base: base.clone(), open: true }.admits(&url), "{feed}");
            assert!(!Scope { base: None, open: false }.admits(&url), "{feed}");
        }
    }
}
