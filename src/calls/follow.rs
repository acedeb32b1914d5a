//! Following one call: what the caller names is fetched, and only that counts.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::rate::Rate;
use crate::error::{Context, Error, Result};
use crate::handshake::acceptance::{self, Relation};
use crate::handshake::candidate::{self, Candidate};
use crate::handshake::incoming::{self, Taken};
use crate::handshake::pending;
use crate::protocol::calls::please_follow::PleaseFollow;
use crate::protocol::feed::strangers;
use crate::protocol::values::limits;
use crate::session::fetch;
use crate::session::run::Session;
use crate::store::contact::contacts;
use crate::store::contact::entry::Contact;
use crate::store::identity::own_urls;
use crate::store::waiting::invitations;

/// What a host that a stranger names has for each document.
const PATIENCE: Duration = Duration::from_secs(10);

/// What came of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Followed {
    /// The contact of this name has news.
    Contact(String),
    /// An invitation of ours is answered, or may be, where we know to look: a round finds it.
    Answer,
    /// Nothing that needs more to be done.
    Nothing,
}

/// Why a call is expected.
enum Reason {
    /// It is by the contact of this name.
    Contact(String),
    /// It answers an invitation of ours: at the place where the round looks, or elsewhere.
    Answer { at_place: bool },
    /// It is not, any more.
    None,
}

/// Follows a call that [`Queue`](super::Queue) has among the expected ones, as far as `rate` admits it.
///
/// # Errors
/// As [`follow`].
pub fn follow_expected(
    session: &Session,
    rate: &Mutex<Rate>,
    call: &PleaseFollow,
) -> Result<Followed> {
    let reason = reason(session, call)?;
    if let Reason::Contact(name) = reason {
        return Ok(Followed::Contact(name));
    }
    let now = session.now();
    let mut rate = rate.lock().unwrap_or_else(PoisonError::into_inner);
    let admitted = match reason {
        Reason::Answer { .. } => rate.admit_answer(call, now),
        _ => rate.admit(call, now),
    };
    drop(rate);
    match reason {
        _ if !admitted => Ok(Followed::Nothing),
        Reason::Answer { at_place: true } => Ok(Followed::Answer),
        _ => follow(session, call),
    }
}

/// Follows a call that [`Rate`] has admitted. Several threads may do so at once.
///
/// # Errors
/// When what it names cannot be fetched, or is no introduction for us.
pub fn follow(session: &Session, call: &PleaseFollow) -> Result<Followed> {
    let mut guest = session.beside();
    guest.expect_writable()?;
    guest.hurry(PATIENCE)?;
    let candidate = fetched(&mut guest, call)?;
    decide(&mut guest, &candidate)
}

fn reason(session: &Session, call: &PleaseFollow) -> Result<Reason> {
    for name in contacts::list(&session.home)? {
        let contact = Contact::load(&session.home, &name)?;
        if contact.feed == call.feed && !contact.blocked {
            return Ok(Reason::Contact(name));
        }
    }
    for made in invitations::made(&session.home)? {
        let ours = own_urls::feed_url(&session.config, &made.token)?;
        if call.in_reply_to.as_ref() == Some(&ours) {
            let at_place = acceptance::reply_place(&made)?.as_ref() == Some(&call.feed);
            return Ok(Reason::Answer { at_place });
        }
    }
    Ok(Reason::None)
}

/// The introduction that `call` leads to.
fn fetched(session: &mut Session, call: &PleaseFollow) -> Result<Candidate> {
    let document = fetch::document(session, &call.feed, limits::STRANGER)?;
    let channel = strangers::channel(&document.bytes);
    let key = channel.or_cannot(|| "cannot read a caller's feed".to_owned())?.key;
    // Another key's host was not counted.
    let key = key.filter(|key| key.url == call.key);
    let key = key.ok_or_else(|| Error::cannot("a caller's feed does not name the caller's key"))?;
    let (certificate, _) = fetch::certificate(session, &key)?;
    let candidate = candidate::from_feed(session, &document.bytes, certificate)?;
    if candidate.introduction.feed != call.feed {
        return Err(Error::cannot("a caller's introduction belongs to another feed"));
    }
    Ok(candidate)
}

/// Keeps what is for the user to decide, and concludes what is agreed already.
fn decide(session: &mut Session, candidate: &Candidate) -> Result<Followed> {
    match incoming::take(session, candidate)? {
        Taken::Waits(name, what) => {
            session.say(&format!("`{name}` {what}: cloudim handshake accept {name}"));
            Ok(Followed::Nothing)
        }
        Taken::Known(_) => Ok(Followed::Nothing),
        Taken::Settled(Relation::Answer(made)) => {
            pending::conclude(session, &made, candidate, false).map(|_| Followed::Answer)
        }
        Taken::Settled(Relation::Crossing(made)) => {
            pending::conclude(session, &made, candidate, true).map(|_| Followed::Answer)
        }
        Taken::Settled(Relation::Contact(name)) => Ok(Followed::Contact(name)),
        Taken::Settled(_) => Ok(Followed::Nothing),
    }
}
