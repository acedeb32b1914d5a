//! The calls that answer a feed of ours, as the threads that take them can tell at once.

use crate::protocol::calls::please_follow::PleaseFollow;
use crate::protocol::values::token::Token;
use crate::protocol::values::url::Url;
use crate::store::disk::home::Home;
use crate::store::identity::config::Config;
use crate::store::identity::own_urls::Ours;

/// Our feeds, by their URLs.
#[derive(Clone, Debug)]
pub struct OurFeeds {
    home: Home,
    /// The URL below which they stand on the web; nowhere without it.
    base: Option<Url>,
}

impl OurFeeds {
    /// The feeds of `home`, whose settings are `config`.
    pub fn new(home: &Home, config: &Config) -> Self {
        Self { home: home.clone(), base: config.base_url.clone() }
    }

    /// Returns whether `call` answers one of them. Nobody who was not told its URL can pretend
    /// that: the token in it cannot be guessed.
    pub fn are_answered_by(&self, call: &PleaseFollow) -> bool {
        self.answered(call).is_some_and(|token| self.home.feed(&token).is_file())
    }

    /// The token of the feed that `call` answers, if it could be one of ours.
    fn answered(&self, call: &PleaseFollow) -> Option<Token> {
        match Ours::below(self.base.as_ref()?, call.in_reply_to.as_ref()?)? {
            Ours::Pair(token) => Some(token),
            Ours::Card => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calls::examples::{call, url};

    const TOKEN: &str = "abcdefghijklmnopqrstuvwxyz";

    #[test]
    fn only_the_url_of_a_feed_of_ours_is_one() {
        let mut feeds = OurFeeds { home: Home::at("home"), base: Some(url("")) };
        let answer = |path: &str| PleaseFollow { in_reply_to: Some(url(path)), ..call(1) };
        let ours = answer(&format!("f/{TOKEN}.rss"));
        assert_eq!(feeds.answered(&ours), TOKEN.parse().ok());
        for path in [
            format!("{TOKEN}.rss"),
            format!("f/{TOKEN}"),
            format!("f/{TOKEN}.1.rss"),
            format!("f/{TOKEN}.rss?x"),
            format!("f/x/{TOKEN}.rss"),
            format!("f/%2e%2e/{TOKEN}.rss"),
            "f/index.html".to_owned(),
        ] {
            assert_eq!(feeds.answered(&answer(&path)), None, "{path}");
        }
        assert_eq!(feeds.answered(&call(1)), None);
        feeds.base = None;
        assert_eq!(feeds.answered(&ours), None);
    }
}
