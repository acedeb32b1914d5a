//! Following one call: what the caller names is fetched, and only that counts.

use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::rate::Rate;
use crate::error::{Context, Error};
use crate::handshake::acceptance::Relation;
use crate::handshake::candidate::{self, Candidate};
use crate::handshake::received::{self, Taken};
use crate::handshake::settle::Decision;
use crate::handshake::{accept, anew, pending};
use crate::protocol::calls::please_follow::PleaseFollow;
use crate::protocol::feed::strangers;
use crate::protocol::values::limits;
use crate::session::keys::Keys;
use crate::session::run::Run;
use crate::session::setback::Setback;
use crate::session::web::fetch;
use crate::session::web::network::Network;
use crate::store::contact::contacts;
use crate::store::contact::entry::Contact;
use crate::store::identity::config::Config;
use crate::store::identity::own::Identity;
use crate::store::identity::own_urls;
use crate::store::waiting::invitations;
use jiff::Timestamp;

/// The time that a host named by a stranger has for each document.
const PATIENCE: Duration = Duration::from_secs(10);

/// The outcome of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Followed {
    /// The contact of this name has news.
    Contact(String),
    /// An invitation of ours is answered, or may be, where we know to look: a round finds it.
    Answer,
    /// Nothing that needs more to be done.
    Nothing,
}

/// The reason why a call is expected.
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
    run: &Run,
    rate: &Mutex<Rate>,
    call: &PleaseFollow,
) -> Result<Followed, Setback> {
    let reason = reason(&run.identity, call)?;
    if let Reason::Contact(name) = reason {
        return Ok(Followed::Contact(name));
    }
    let now = run.clock.now();
    let mut rate = rate.lock().unwrap_or_else(PoisonError::into_inner);
    let admitted = match reason {
        Reason::Answer { .. } => rate.admit_answer(call, now),
        _ => rate.admit(call, now),
    };
    drop(rate);
    match reason {
        _ if !admitted => Ok(Followed::Nothing),
        Reason::Answer { at_place: true } => Ok(Followed::Answer),
        _ => follow(run, call, None),
    }
}

/// Follows a call that [`Rate`] has admitted, and that `caller` made, where that is known. Several
/// threads may do so at once.
///
/// # Errors
/// [`Setback::Passing`] when what it names cannot be fetched, or another run is at it;
/// [`Setback::Lasting`] when it is no introduction for us.
pub fn follow(run: &Run, call: &PleaseFollow, caller: Option<IpAddr>) -> Result<Followed, Setback> {
    let mut guest = run.beside();
    guest.identity.expect_writable()?;
    guest.network.hurry(PATIENCE)?;
    let now = guest.now();
    let config = &guest.identity.config;
    let candidate = fetched(config, &mut guest.keys, &guest.network, now, call)?;
    decide(&mut guest, &candidate, caller)
}

fn reason(identity: &Identity, call: &PleaseFollow) -> Result<Reason, Error> {
    for name in contacts::list(&identity.home)? {
        let contact = Contact::load(&identity.home, &name)?;
        if contact.feed == call.feed && !contact.blocked {
            return Ok(Reason::Contact(name));
        }
    }
    for made in invitations::made(&identity.home)? {
        let ours = own_urls::feed_url(&identity.config, &made.token)?;
        if call.in_reply_to.as_ref() == Some(&ours) {
            let at_place = made.reply_place()?.as_ref() == Some(&call.feed);
            return Ok(Reason::Answer { at_place });
        }
    }
    Ok(Reason::None)
}

/// The introduction that `call` leads to.
fn fetched(
    config: &Config,
    keys: &mut Keys,
    network: &Network,
    now: Timestamp,
    call: &PleaseFollow,
) -> Result<Candidate, Setback> {
    let document = fetch::document(network, &call.feed, limits::STRANGER)?;
    let channel = strangers::channel(&document.bytes);
    let key = channel.or_cannot(|| "cannot read a caller's feed".to_owned())?.key;
    // Another key's host was not counted.
    let key = key.filter(|key| key.url == call.key);
    let key = key.ok_or_else(|| Error::cannot("a caller's feed does not name the caller's key"))?;
    let (certificate, _) = fetch::certificate(network, &key, now)?;
    let candidate = candidate::from_feed(config, keys, now, &document.bytes, certificate)?;
    if candidate.introduction.feed != call.feed {
        return Err(Error::cannot("a caller's introduction belongs to another feed").into());
    }
    Ok(candidate)
}

/// Keeps what is for the user to decide, and concludes what is agreed already.
fn decide(
    run: &mut Run,
    candidate: &Candidate,
    caller: Option<IpAddr>,
) -> Result<Followed, Setback> {
    match received::take(
        &run.identity,
        &run.network,
        run.clock.now(),
        &mut run.keys.rng,
        candidate,
        caller,
    )? {
        Taken::Waits(waits) => {
            waits.tell(&mut run.talk);
            Ok(Followed::Nothing)
        }
        Taken::Known(_) => Ok(Followed::Nothing),
        Taken::Settled(Relation::Contact(name)) => {
            let contact = Contact::load(&run.identity.home, &name).map_err(Error::from)?;
            if anew::is_later(&contact, candidate, run.now()) {
                anew::read_before(run, &name, candidate);
                let now = run.now();
                let decision = Decision::Accepted;
                pending::conclude(&run.identity, &mut run.keys, now, candidate, decision)?;
                run.talk.say(&accept::known_already(&name, true));
            }
            Ok(Followed::Contact(name))
        }
        Taken::Settled(relation @ (Relation::Answer(_) | Relation::Crossing(_))) => {
            let (now, decision) = (run.now(), relation.decision());
            pending::conclude(&run.identity, &mut run.keys, now, candidate, decision)?;
            Ok(Followed::Answer)
        }
        Taken::Settled(_) => Ok(Followed::Nothing),
    }
}
