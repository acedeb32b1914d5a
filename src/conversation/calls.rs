//! Handshake calls: what a caller names is fetched, through the guard, and only that counts
//! (PROTOCOL §8).

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};

use super::acceptance::Relation;
use super::incoming::{self, Taken};
use super::session::Session;
use super::{address, candidate, pending, singles};
use crate::conversation::fetch;
use crate::error::{Context, Error, Result};
use crate::protocol::channel::Channel;
use crate::protocol::limits;
use crate::protocol::please_follow::PleaseFollow;
use crate::protocol::url::Url;
use crate::store::contact::Contact;
use crate::store::contacts;
use crate::store::invitations;
use crate::transport::client::{Answer, Conditions};

/// Calls that name one host, in an hour.
const AN_HOUR: usize = 3;
/// Hosts that are remembered.
const HOSTS: usize = 1_000;

/// How often strangers' calls have named each host, lately.
#[derive(Debug, Default)]
pub struct Calls {
    hosts: HashMap<String, Vec<Timestamp>>,
}

impl Calls {
    /// Whether a call that names `feed` and `key` may be followed at `now`; if so, it counts.
    pub fn admit(&mut self, feed: &Url, key: &Url, now: Timestamp) -> bool {
        let fresh = |at: &Timestamp| now.duration_since(*at) < SignedDuration::from_hours(1);
        self.hosts.retain(|_, times| {
            times.retain(fresh);
            !times.is_empty()
        });
        let mut named = vec![feed.host().to_owned(), key.host().to_owned()];
        named.dedup();
        let often =
            |host: &String| self.hosts.get(host).is_some_and(|times| times.len() >= AN_HOUR);
        if named.iter().any(often) || self.hosts.len() >= HOSTS {
            return false;
        }
        for host in named {
            self.hosts.entry(host).or_default().push(now);
        }
        true
    }
}

/// Follows a call. Returns whether there may be news of a contact, for a round to find.
///
/// # Errors
/// When what it names cannot be fetched, or is no introduction for us.
pub fn follow(session: &mut Session, calls: &mut Calls, call: &PleaseFollow) -> Result<bool> {
    if is_expected(session, call)? {
        return Ok(true);
    }
    if session.config.read_only || !calls.admit(&call.feed, &call.key, session.now()) {
        log::info!("a call by {} is not followed", call.feed.host());
        return Ok(false);
    }
    let document = match session.client()?.get(&call.feed, limits::STRANGER, &Conditions::default())
    {
        Ok(Answer::Document(document)) => document,
        Ok(Answer::Unchanged) => return Ok(false),
        Err(failure) => return Err(fetch::failed(&call.feed.shortened(), failure)),
    };
    let channel =
        Channel::parse(&document.bytes).or_cannot(|| "cannot read a caller's feed".to_owned())?;
    let key = channel.key.ok_or_else(|| Error::cannot("a caller's feed names no key"))?;
    let (certificate, _) = address::certificate(session, &key)?;
    let candidate = candidate::from_feed(session, &document.bytes, certificate)?;
    if candidate.introduction.feed != call.feed {
        return Err(Error::cannot("a caller's introduction belongs to another feed"));
    }
    match incoming::take(session, &candidate)? {
        Taken::Waits(name, what) => {
            session.say(&format!("`{name}` {what}: cloudim handshake accept {name}"));
            Ok(false)
        }
        Taken::Known(_) => Ok(false),
        Taken::Settled(Relation::Answer(made)) => {
            pending::conclude(session, &made, &candidate, false).map(|_| true)
        }
        Taken::Settled(Relation::Crossing(made)) => {
            pending::conclude(session, &made, &candidate, true).map(|_| true)
        }
        Taken::Settled(_) => Ok(true),
    }
}

/// Whether the call is by a contact, or answers an invitation of ours that knows where to look:
/// then the next round finds what there is, and nothing that the caller names need be fetched.
fn is_expected(session: &Session, call: &PleaseFollow) -> Result<bool> {
    for name in contacts::list(&session.home)? {
        if Contact::load(&session.home, &name)?.feed == call.feed {
            return Ok(true);
        }
    }
    for made in invitations::made(&session.home)? {
        let ours = singles::feed_url(session, &made.token)?;
        let place = super::acceptance::reply_place(&made)?;
        if call.in_reply_to.as_ref() == Some(&ours) && place.as_ref() == Some(&call.feed) {
            return Ok(true);
        }
    }
    Ok(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_named_three_times_an_hour_and_no_stranger_fills_the_memory() {
        let url = |host: &str| Url::normalized(&format!("https://{host}/x")).unwrap();
        let (mut calls, start) = (Calls::default(), Timestamp::UNIX_EPOCH);
        let at = |minutes| start + SignedDuration::from_mins(minutes);
        for minute in 0..3 {
            assert!(calls.admit(&url("a.example"), &url("a.example"), at(minute)));
        }
        assert!(!calls.admit(&url("a.example"), &url("b.example"), at(4)));
        assert!(!calls.admit(&url("b.example"), &url("a.example"), at(4)));
        assert!(calls.admit(&url("b.example"), &url("b.example"), at(4)));
        assert!(calls.admit(&url("a.example"), &url("a.example"), at(61)));
        for number in 0..5_000 {
            calls.admit(&url(&format!("h{number}.example")), &url("c.example"), at(70));
        }
        assert!(calls.hosts.len() <= HOSTS + 1);
    }
}
