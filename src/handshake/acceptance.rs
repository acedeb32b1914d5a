//! Agreeing: an invitation, or the answer to ours, makes a contact (PROTOCOL §6, §8).

#[cfg(test)]
mod tests;

use super::candidate::Candidate;
use super::{settle, used_up};
use crate::error::{Error, Result};
use crate::protocol::sealed::handshake::{self, Pending};
use crate::protocol::sealed::introduction::Introduction;
use crate::protocol::values::hash::OctetsHash;
use crate::session::keys::Keys;
use crate::session::talk::Talk;
use crate::session::web::network::Network;
use crate::store::contact::contacts;
use crate::store::contact::entry::Contact;
use crate::store::contact::offered::feeds;
use crate::store::disk::home::Home;
use crate::store::identity::own::Identity;
use crate::store::identity::own_urls;
use crate::store::waiting::invitations::{self, Decision, Made};
use crate::writing::content::frame;
use jiff::Timestamp;

/// The relation of a candidate to us.
#[derive(Clone, Debug)]
pub enum Relation {
    /// A contact already, of this name; the same invitation, or its answer, came again.
    Contact(String),
    /// The answer to our invitation by the one whom we invited.
    Answer(Box<Made>),
    /// The answer of somebody to our single-use invitation: the user must say whether it is the one.
    Claim(Box<Made>),
    /// An invitation by the one whom we invited ourselves.
    Crossing(Box<Made>),
    /// An invitation.
    Invitation,
}

impl Relation {
    /// The decision that makes a contact of the one whom it concerns, once that is decided.
    pub fn decision(&self) -> settle::Decision<'_> {
        match self {
            Self::Answer(made) | Self::Claim(made) => settle::Decision::Answered(made),
            Self::Crossing(made) => settle::Decision::Crossed(made),
            Self::Invitation | Self::Contact(_) => settle::Decision::Accepted,
        }
    }
}

/// Finds out what `candidate` is to us at this time.
///
/// # Errors
/// When it answers no invitation of ours, or comes from a key that the user blocked.
pub fn relate(home: &Home, now: Timestamp, candidate: &Candidate) -> Result<Relation> {
    let introduction = &candidate.introduction;
    if let Some(name) = contacts::contact_with(home, &introduction.fingerprint)? {
        return Ok(Relation::Contact(name));
    }
    let blocked = |received: &invitations::Received| {
        received.decision == Decision::Blocked && received.fingerprint == introduction.fingerprint
    };
    if let Some(blocked) = invitations::received(home)?.into_iter().find(blocked) {
        return Err(Error::cannot("this invitation comes from a key that you have blocked").hint(
            format!("cloudim handshake decline {}, without --block, lifts that", blocked.name),
        ));
    }
    for made in waiting(home, now)? {
        let to = made.to.as_ref();
        let pending = Pending {
            hash: made.known_as(introduction.in_reply_to),
            card: to.map(|to| &to.card),
            fingerprint: to.map(|to| &to.fingerprint),
        };
        if handshake::accepts(introduction, &pending) {
            return Ok(Relation::Answer(Box::new(made)));
        }
        if handshake::crosses(introduction, &pending) {
            return Ok(Relation::Crossing(Box::new(made)));
        }
        if to.is_none() && introduction.in_reply_to.is_some_and(|hash| made.is(hash)) {
            return Ok(Relation::Claim(Box::new(made)));
        }
    }
    if let Some(invitation) = introduction.in_reply_to {
        return Err(used_up(home, introduction, invitation)?);
    }
    let age = now.duration_since(introduction.time);
    if age > invitations::VALID {
        return Err(Error::cannot(format!("this invitation of {} has expired", introduction.time))
            .hint("invitations wait for 90 days: ask for a new one"));
    }
    Ok(Relation::Invitation)
}

/// Our invitations that still wait. One that was used up may be there yet, if a run died.
fn waiting(home: &Home, now: Timestamp) -> Result<Vec<Made>> {
    let mut waiting = Vec::new();
    for made in invitations::made(home)? {
        let user = used_up::user_of(home, |hash| made.is(hash))?;
        if !made.is_expired(now) && user.is_none() {
            waiting.push(made);
        }
    }
    Ok(waiting)
}

fn used_up(home: &Home, introduction: &Introduction, invitation: OctetsHash) -> Result<Error> {
    if let Some(name) = used_up::user_of(home, |hash| hash == invitation)? {
        let claimed = introduction.name.clone().unwrap_or_default();
        let text = format!("`{claimed}` answers an invitation that `{name}` has used up");
        return Ok(Error::cannot(text)
            .hint("an invitation without an address is for one person: make another one"));
    }
    Ok(Error::cannot("this answers no invitation of ours")
        .hint("it may have expired: invitations wait for 90 days"))
}

/// The file that tells the inviter of our acceptance: our feed with the certificate in it.
///
/// # Errors
/// When the feed cannot be read.
pub fn file(home: &Home, keys: &Keys, name: &str) -> Result<String> {
    let contact = Contact::load(home, name)?;
    let channel = feeds::load(home, &contact.ours.token)?;
    let mut channel = channel.ok_or_else(|| {
        Error::cannot(format!("our feed for `{name}` is missing")).hint("cloudim publish")
    })?;
    (channel.items, channel.state) = (Vec::new(), None);
    frame::with_certificate(keys, channel)
}

/// Calls the inviter's host, if it takes calls, so that the answer need not be polled for.
///
/// # Errors
/// When the contact cannot be read.
pub fn call(identity: &Identity, network: &Network, talk: &mut Talk, name: &str) -> Result<()> {
    let contact = Contact::load(&identity.home, name)?;
    let Some(url) = contact.handshake else { return Ok(()) };
    let (feed, key) = (
        own_urls::feed_url(&identity.config, &contact.ours.token)?,
        identity.config.base()?.join("key.asc")?,
    );
    let fields =
        [("feed", feed.as_str()), ("key", key.as_str()), ("inReplyTo", contact.feed.as_str())];
    if let Err(failure) = network.client()?.post_form(&url, &fields) {
        talk.warn(&format!(
            "`{name}` could not be called, and will find the answer by polling: {failure}"
        ));
    }
    Ok(())
}
