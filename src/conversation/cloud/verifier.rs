//! Trying a callback: it must answer a challenge, or at least take a call, before it is subscribed.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::SignedDuration;
use rand::SeedableRng;

use super::checks::Check;
use super::own_feeds::OwnFeeds;
use super::{Clock, respond};
use crate::protocol::Random;
use crate::protocol::cloud;
use crate::protocol::token::Token;
use crate::protocol::url::Url;
use crate::store::subscriptions::{Subscription, Subscriptions};
use crate::transport::client::Client;

/// For all calls of one registration.
const TIME: Duration = Duration::from_secs(8);
/// Bytes of an answer to a challenge.
const ANSWER: usize = 1 << 10;
/// What `REGISTERED` promises.
const LEASE: SignedDuration = SignedDuration::from_hours(25);
const NO_ROOM: &str = "The subscription was cancelled because there is no room for more.";

/// What trying a callback takes.
pub(super) struct Verifier {
    pub(super) feeds: OwnFeeds,
    pub(super) client: Client,
    pub(super) subscriptions: Arc<Subscriptions>,
    pub(super) now: Clock,
}

impl Verifier {
    /// Answers a registration; returns who made it.
    pub(super) fn check(&self, check: Check) -> IpAddr {
        if !check.promise.is_void() {
            let answer = cloud::notify_result(self.verdict(&check), check.form);
            check.promise.keep(respond(answer));
        }
        check.caller
    }

    /// Whether one feed at least is subscribed; if not, why the first is not.
    fn verdict(&self, check: &Check) -> Result<(), String> {
        let end = Instant::now() + TIME;
        let mut verdict = Err(None);
        for feed in &check.feeds {
            verdict = match (verdict, self.subscribe(feed, check, end)) {
                (Ok(()), _) | (_, Ok(())) => Ok(()),
                (Err(first), Err(words)) => Err(first.or(Some(words))),
            };
        }
        verdict.map_err(Option::unwrap_or_default)
    }

    fn subscribe(&self, feed: &Url, check: &Check, end: Instant) -> Result<(), String> {
        let own = self.feeds.find(feed).ok_or_else(|| cloud::unreadable(feed.as_str()))?;
        let client = self.client.within(end.saturating_duration_since(Instant::now()));
        if let Err(why) = call(&client, feed, check) {
            log::info!("{} is not told of {}: {why}", check.callback.host(), feed.shortened());
            return Err(cloud::CALL_FAILED.to_owned());
        }
        let now = (self.now)();
        let subscription = Subscription {
            feed: feed.clone(),
            callback: check.callback.clone(),
            protocol: check.protocol.clone(),
            until: now.checked_add(LEASE).unwrap_or(now),
        };
        match self.subscriptions.add(&subscription, own.most(), now) {
            Ok(true) => {
                log::info!("{} is told of {}", check.callback.host(), feed.shortened());
                Ok(())
            }
            Ok(false) => Err(NO_ROOM.to_owned()),
            Err(error) => {
                log::warn!("{error}");
                Err(NO_ROOM.to_owned())
            }
        }
    }
}

/// Calls the callback as for `feed`.
fn call(client: &Client, feed: &Url, check: &Check) -> Result<(), String> {
    // By XML-RPC this can aim us at somebody who never asked: the protocol challenges nobody there.
    // It is bounded: one short POST for each feed of ours that is named, to public networks alone,
    // for few registrations of one caller at a time; and who does not answer 2xx is left alone.
    if !check.is_challenged {
        let (kind, body) = check.protocol.notification(feed);
        let told = client.notify(&check.callback, kind, &body);
        return told.map_err(|failure| failure.to_string());
    }
    let challenge = Token::new(&mut Random::from_entropy());
    let url = cloud::challenge_url(&check.callback, feed, challenge.as_str())
        .map_err(|error| error.to_string())?;
    let answer = client.ask(&url, ANSWER).map_err(|failure| failure.to_string())?;
    if answer == challenge.as_str().as_bytes() {
        return Ok(());
    }
    Err("it did not answer the challenge".to_owned())
}
