//! Fetching a feed that somebody named, to see whether it changed.

use std::sync::Arc;
use std::time::Duration;

use super::latest::Latest;
use super::scope::Scope;
use crate::cloud_server::telling::crier::Crier;
use crate::protocol::calls::cloud;
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

    /// Fetches `feed`, in `time` or five seconds, and has its subscribers told if it has changed.
    /// Returns what it is now; none if it is not to be fetched, or cannot be, or has more than
    /// 5 MiB.
    pub fn read(&self, feed: &Url, time: Duration) -> Option<Hash> {
        if !self.scope.admits(feed) {
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
        let hash = Hash::of(&document.bytes);
        // A feed that nobody waits for leaves no trace, or strangers could fill the memory.
        if self.crier.is_awaited(feed)
            && self.latest.is_new(feed, hash, |feed| self.crier.is_awaited(feed))
        {
            self.crier.cry(feed, !self.scope.is_pair(feed));
        }
        Some(hash)
    }

    /// Returns whether it is known what `feed` was the last time.
    pub fn knows(&self, feed: &Url) -> bool {
        self.latest.has(feed)
    }

    /// Notes that somebody subscribed to `feed`, which was `hash` then.
    pub fn subscribed(&self, feed: &Url, hash: Hash) {
        self.latest.begin(feed, hash, |feed| self.crier.is_awaited(feed));
    }

    /// As [`Reader::read`], in the words of the refusal of a ping.
    pub fn look(&self, feed: &Url) -> Result<(), String> {
        let words = || cloud::ping_unreadable(feed.as_str());
        self.read(feed, TIME).map(drop).ok_or_else(words)
    }
}
