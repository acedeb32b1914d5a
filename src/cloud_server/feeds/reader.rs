//! Fetching a feed that somebody named, to see whether it changed.

use std::sync::Arc;
use std::time::Duration;

use super::latest::Latest;
use super::scope::Scope;
use crate::cloud_server::telling::crier::Crier;
use crate::protocol::calls::cloud;
use crate::protocol::feed::kind::is_feed;
use crate::protocol::values::hash::Hash;
use crate::protocol::values::limits;
use crate::protocol::values::url::Url;
use crate::session::web::clients::Clients;
use crate::transport::client::{Answer, Conditions};

/// The time for one feed: name, connection, redirects and the whole body. A host that is slower is
/// as good as away.
const TIME: Duration = Duration::from_secs(5);

/// The means to fetch a feed.
pub struct Reader {
    pub scope: Scope,
    clients: Clients,
    pub crier: Arc<Crier>,
    latest: Latest,
}

impl Reader {
    /// One that has fetched nothing yet.
    pub fn new(scope: Scope, clients: Clients, crier: Arc<Crier>) -> Self {
        Self { scope, clients, crier, latest: Latest::default() }
    }

    /// Returns whether `feed` may be fetched, as far as that is known at once.
    pub fn admits(&self, feed: &Url) -> bool {
        self.scope.admits(feed) && !self.clients.forbids(feed)
    }

    /// Fetches `feed`, in `time` or five seconds. Returns what it is now; none if it is not to be
    /// fetched, or cannot be, is no feed, or has more than 5 MiB. Nobody is told: it may be a stranger
    /// who has it fetched.
    pub fn read(&self, feed: &Url, time: Duration) -> Option<Hash> {
        if !self.admits(feed) {
            return None;
        }
        // A cache on the way would hide the very change that we are told of.
        let conditions = Conditions::past_caches();
        let client = self.clients.about(feed).within(TIME.min(time));
        let document = match client.get(feed, limits::FEED, &conditions) {
            Ok(Answer::Document(document)) => document,
            Ok(Answer::Unchanged) => return None,
            Err(why) => {
                log::info!("{} cannot be read: {why}", feed.shortened());
                return None;
            }
        };
        if !is_feed(&document.bytes) {
            log::info!("{} is no feed", feed.shortened());
            return None;
        }
        Some(Hash::of(&document.bytes))
    }

    /// Fetches `feed`, and has its subscribers told if it has changed.
    ///
    /// # Errors
    /// When it cannot be read, in the words of the refusal of a ping.
    pub fn look(&self, feed: &Url) -> Result<(), String> {
        let words = || cloud::ping_unreadable(feed.as_str());
        let hash = self.read(feed, TIME).ok_or_else(words)?;
        // A feed that nobody waits for leaves no trace, or strangers could fill the memory.
        if self.crier.is_awaited(feed)
            && self.latest.is_new(feed, hash, |feed| self.crier.is_awaited(feed))
        {
            self.crier.cry(feed, !self.scope.is_pair(feed));
        }
        Ok(())
    }

    /// Returns whether it is known what `feed` was the last time.
    pub fn knows(&self, feed: &Url) -> bool {
        self.latest.has(feed)
    }

    /// Returns whether somebody is to be told of `feed` already.
    pub fn is_awaited(&self, feed: &Url) -> bool {
        self.crier.is_awaited(feed)
    }

    /// Notes that somebody subscribed to `feed`, the first to do so, which was `hash` then.
    pub fn subscribed(&self, feed: &Url, hash: Hash) {
        self.latest.begin(feed, hash, |feed| self.crier.is_awaited(feed));
    }
}
