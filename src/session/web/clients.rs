//! Clients for all that a cloud has to do with: feeds, callbacks and other clouds.

use std::time::Duration;

use crate::protocol::values::url::Url;
use crate::transport::client::Client;
use crate::transport::egress::{self, Guard};

/// Two clients behind one guard. Where the feed's URL is a capability it leaves us by https alone
/// (PROTOCOL §10); about any other feed, most clouds and readers speak plain http.
#[derive(Clone)]
pub struct Clients {
    guard: Guard,
    secret: Client,
    public: Client,
}

impl Clients {
    /// Clients behind `guard` that give each request `timeout`.
    pub fn new(guard: Guard, timeout: Duration) -> Self {
        Self {
            secret: Client::behind(guard.clone(), timeout),
            public: Client::behind(guard.clone().with_plain_http(), timeout),
            guard,
        }
    }

    /// Returns whether `host` is an address in a network that was allowed by name.
    pub fn lists(&self, host: &str) -> bool {
        egress::literal(host).is_some_and(|ip| self.guard.lists(ip))
    }

    /// Returns whether `url` names an address outright, and one that is out of bounds.
    pub fn forbids(&self, url: &Url) -> bool {
        egress::literal(url.host()).is_some_and(|ip| self.guard.permits(ip, true).is_err())
    }

    /// The client for requests about `feed`.
    pub fn about(&self, feed: &Url) -> &Client {
        if feed.is_capability() { &self.secret } else { &self.public }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_url_of_a_pair_feed_is_kept_from_plain_http() {
        let clients = Clients::new(Guard::new(Vec::new()), Duration::from_secs(5));
        let pair = format!("https://a.example/f/{}.rss", "a".repeat(26));
        for (feed, expected) in [
            (pair.as_str(), &clients.secret),
            ("https://a.example/card.rss", &clients.public),
            ("http://a.example/blog/rss.xml", &clients.public),
        ] {
            let client = clients.about(&feed.parse().unwrap());
            assert!(std::ptr::eq(client, expected), "{feed}");
        }
    }
}
