//! Trying a callback: it must answer a challenge, or at least take a call, before it is subscribed.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::checks::Check;
use crate::cloud_server::answers::respond;
use crate::cloud_server::feeds::served::Feeds;
use crate::cloud_server::telling::crier::Crier;
use crate::error::Error;
use crate::protocol::calls::cloud;
use crate::protocol::values::token::Token;
use crate::protocol::values::url::Url;
use crate::session::web::clients::Clients;
use crate::session::world::Randomness;
use crate::store::subscriptions::Subscription;
use crate::store::subscriptions::lease::LEASE;
use crate::transport::client::Client;

/// The time for all calls of one registration.
const TIME: Duration = Duration::from_secs(8);
/// Bytes of an answer to a challenge.
const ANSWER: usize = 1 << 10;
const NO_ROOM: &str = "The subscription was cancelled because there is no room for more.";

/// The means to try a callback.
pub struct Verifier {
    pub feeds: Feeds,
    pub clients: Clients,
    pub crier: Arc<Crier>,
    pub randomness: Randomness,
}

impl Verifier {
    /// Answers a registration; returns who made it, and the hosts that it concerned.
    pub fn check(&self, check: Check) -> (IpAddr, Vec<String>) {
        if !check.promise.is_void() {
            let answer = cloud::notify_result(self.verdict(&check), check.form);
            check.promise.keep(respond(answer));
        }
        (check.caller, check.hosts)
    }

    /// Subscribes the callback to the feeds of `check`; succeeds if one at least is subscribed,
    /// else says why the first is not. A callback that fails ends it: who does not answer for itself
    /// has us fetch nothing, and call nobody again.
    fn verdict(&self, check: &Check) -> Result<(), String> {
        let end = Instant::now() + TIME;
        let mut verdict = Err(None);
        for feed in check.feeds.iter().filter(|feed| self.feeds.admit(feed)) {
            if !self.is_willing(feed, check, end) {
                let failed = cloud::CALL_FAILED.to_owned();
                verdict = verdict.map_err(|first: Option<String>| first.or(Some(failed)));
                break;
            }
            verdict = match (verdict, self.subscribe(feed, check, end)) {
                (Ok(()), _) | (_, Ok(())) => Ok(()),
                (Err(first), Err(words)) => Err(first.or(Some(words))),
            };
        }
        verdict.map_err(Option::unwrap_or_default)
    }

    /// Tries the callback, as for `feed`.
    fn is_willing(&self, feed: &Url, check: &Check, end: Instant) -> bool {
        let left = end.saturating_duration_since(Instant::now());
        let called = self.call(&self.clients.about(feed).within(left), feed, check);
        if let Err(why) = &called {
            log::info!("{} is not told of {}: {why}", check.callback.host(), feed.shortened());
        }
        called.is_ok()
    }

    fn subscribe(&self, feed: &Url, check: &Check, end: Instant) -> Result<(), String> {
        let left = end.saturating_duration_since(Instant::now());
        let unreadable = || cloud::unreadable(feed.as_str());
        let found = self.feeds.find(feed, left).ok_or_else(unreadable)?;
        let now = self.crier.now.now();
        let subscription = Subscription {
            feed: feed.clone(),
            callback: check.callback.clone(),
            protocol: check.protocol.clone(),
            until: now.checked_add(LEASE).unwrap_or(now),
            failing: None,
        };
        if check.promise.is_void() {
            // It was told that it failed.
            return Err(String::new());
        }
        let room = found.room(!self.clients.lists(check.callback.host()));
        match self.crier.subscriptions.add(&subscription, room, now) {
            Ok(true) => {
                self.feeds.subscribed(feed, &found);
                self.crier.reached(feed, &check.callback);
                log::info!("{} is told of {}", check.callback.host(), feed.shortened());
                Ok(())
            }
            Ok(false) => Err(NO_ROOM.to_owned()),
            Err(error) => {
                log::warn!("{}", Error::from(error));
                Err(NO_ROOM.to_owned())
            }
        }
    }

    /// Calls the callback as for `feed`.
    fn call(&self, client: &Client, feed: &Url, check: &Check) -> Result<(), String> {
        // Nobody is challenged at the address that the call came from: whoever is there has asked.
        if !check.is_challenged {
            let (kind, body) = check.protocol.notification(feed);
            let told = client.notify(&check.callback, kind, &body);
            return told.map_err(|failure| failure.to_string());
        }
        let challenge = Token::new(&mut self.randomness.stream());
        let url = cloud::challenge_url(&check.callback, feed, challenge.as_str())
            .map_err(|error| error.to_string())?;
        let answer = client.ask(&url, ANSWER).map_err(|failure| failure.to_string())?;
        if answer == challenge.as_str().as_bytes() {
            return Ok(());
        }
        Err("it did not answer the challenge".to_owned())
    }
}
