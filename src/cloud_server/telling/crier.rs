//! Having all subscribers of a feed told that it changed.

use std::sync::Arc;

use super::deliveries::{self, Deliveries, Route};
use super::teller::Teller;
use crate::cloud_server::workers::{self, Workers};
use crate::protocol::values::url::Url;
use crate::session::web::clients::Clients;
use crate::session::world::Clock;
use crate::store::subscriptions::Subscriptions;

/// Knows the subscribers, and has the threads that tell them.
pub struct Crier {
    pub subscriptions: Arc<Subscriptions>,
    pub now: Clock,
    deliveries: Workers<Deliveries>,
}

impl Crier {
    /// One that has told nobody yet.
    pub fn new(clients: Clients, subscriptions: Arc<Subscriptions>, now: Clock) -> Self {
        let teller =
            Teller { clients, subscriptions: Arc::clone(&subscriptions), now: now.clone() };
        let tell = move |notification| teller.tell(notification);
        let deliveries = workers::employ(deliveries::THREADS, Deliveries::default(), tell);
        Self { subscriptions, now, deliveries }
    }

    /// Has the subscribers of `feed` told, and does not wait for that. `is_card` says that strangers
    /// may be among them.
    pub fn cry(&self, feed: &Url, is_card: bool) {
        let callbacks = self.subscriptions.callbacks(feed, self.now.now());
        log::info!("{} changed: {} to tell", feed.shortened(), callbacks.len());
        self.deliveries.change(|deliveries| {
            for callback in callbacks {
                deliveries.announce(Route { feed: feed.clone(), callback }, is_card);
            }
        });
    }

    /// Notes that `callback`, which is to be told of `feed`, has shown that it is there.
    pub fn reached(&self, feed: &Url, callback: &Url) {
        let route = Route { feed: feed.clone(), callback: callback.clone() };
        self.deliveries.change(|deliveries| deliveries.reached(&route));
    }

    /// Returns whether anybody is to be told of `feed`.
    pub fn is_awaited(&self, feed: &Url) -> bool {
        self.subscriptions.has_any(feed, self.now.now())
    }

    /// Tells nobody any more.
    pub fn stop(&self) {
        self.deliveries.stop();
    }
}
