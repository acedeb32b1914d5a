//! Handshake calls: what a caller names is fetched, through the guard, and only that counts
//! (PROTOCOL §8).

#[cfg(test)]
mod examples;
mod our_feeds;
mod places;
mod queue;
mod rate;
pub mod reception;

use super::acceptance::Relation;
use super::incoming::{self, Taken};
use super::session::Session;
use super::{address, candidate, pending, singles};
use crate::conversation::fetch;
use crate::error::{Context, Error, Result};
use crate::protocol::channel::Channel;
use crate::protocol::limits;
use crate::protocol::please_follow::PleaseFollow;
use crate::store::contact::Contact;
use crate::store::contacts;
use crate::store::invitations;
use crate::transport::client::{Answer, Conditions};

pub use our_feeds::OurFeeds;
pub use places::Places;
pub use queue::Queue;
pub use rate::Calls;

/// Why a call is followed.
enum Expectation {
    /// It is by a contact, or answers an invitation of ours that knows where to look: the next
    /// round finds what there is, and nothing that the caller names need be fetched.
    Found,
    /// It answers an invitation of ours, and only the caller knows where.
    Answer,
    /// It is by a stranger.
    None,
}

/// Follows a call. Returns whether there may be news of a contact, for a round to find.
///
/// # Errors
/// When what it names cannot be fetched, or is no introduction for us.
pub fn follow(session: &mut Session, calls: &mut Calls, call: &PleaseFollow) -> Result<bool> {
    let now = session.now();
    let admitted = match expectation(session, call)? {
        Expectation::Found => return Ok(true),
        Expectation::Answer => calls.admit_answer(call, now),
        Expectation::None => calls.admit(call, now),
    };
    if session.config.read_only || !admitted {
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

fn expectation(session: &Session, call: &PleaseFollow) -> Result<Expectation> {
    for name in contacts::list(&session.home)? {
        if Contact::load(&session.home, &name)?.feed == call.feed {
            return Ok(Expectation::Found);
        }
    }
    for made in invitations::made(&session.home)? {
        let ours = singles::feed_url(session, &made.token)?;
        if call.in_reply_to.as_ref() == Some(&ours) {
            let place = super::acceptance::reply_place(&made)?;
            let is_there = place.as_ref() == Some(&call.feed);
            return Ok(if is_there { Expectation::Found } else { Expectation::Answer });
        }
    }
    Ok(Expectation::None)
}
