//! Invitations that came to us and wait for the user's decision.

use super::acceptance::{self, Relation};
use super::candidate::Candidate;
use super::{address, naming};
use crate::error::Error;
use crate::protocol::Random;
use crate::protocol::values::guid::Guid;
use crate::session::network::Network;
use crate::session::setback::Setback;
use crate::store::disk::home::Home;
use crate::store::identity::own::Identity;
use crate::store::identity::own::Locked;
use crate::store::waiting::invitations::{self, Decision, Invitation, Received};
use jiff::Timestamp;

/// Invitations that wait for a decision, at most.
const MOST: usize = 100;

/// What became of an introduction.
#[derive(Clone, Debug)]
pub enum Taken {
    /// It waits for the user, under a name; the words say what it does.
    Waits(String, &'static str),
    /// It waited already, or was declined.
    Known(Received),
    /// It is by a contact, or by whom we invited: nobody need decide.
    Settled(Relation),
}

/// Keeps `candidate` for the user's decision, if there is anything to decide.
///
/// # Errors
/// [`Setback::Lasting`] when it answers nothing of ours, is blocked, or too many wait already;
/// [`Setback::Passing`] when another run is at it.
pub fn take(
    identity: &Identity,
    network: &Network,
    now: Timestamp,
    rng: &mut Random,
    candidate: &Candidate,
) -> Result<Taken, Setback> {
    let relation = acceptance::relate(&identity.home, now, candidate)?;
    if what_it_does(&relation).is_none() {
        return Ok(Taken::Settled(relation));
    }
    let card_confirmed = card_is_confirmed(network, now, candidate);
    let locked = identity.lock(now)?;
    // It may have been accepted while the card was fetched.
    let relation = acceptance::relate(&locked.home, locked.now, candidate)?;
    let Some(what) = what_it_does(&relation) else { return Ok(Taken::Settled(relation)) };
    if let Some(known) = waiting(&locked.home, candidate)? {
        return Ok(Taken::Known(known));
    }
    let before = invitations::received(&locked.home)?;
    if before.iter().filter(|other| other.decision == Decision::Pending).count() >= MOST {
        return Err(Error::cannot(format!("{MOST} invitations wait already"))
            .hint("cloudim handshake list; then accept or decline some")
            .into());
    }
    Ok(Taken::Waits(keep(&locked, rng, candidate, card_confirmed)?, what))
}

/// What there is to decide on, in words; nothing if it is settled.
fn what_it_does(relation: &Relation) -> Option<&'static str> {
    match relation {
        Relation::Invitation => Some("invites you"),
        Relation::Claim(_) => Some("answers your invitation"),
        Relation::Contact(_) | Relation::Answer(_) | Relation::Crossing(_) => None,
    }
}

/// The same invitation as it came before.
///
/// # Errors
/// When the invitations cannot be read.
pub fn waiting(home: &Home, candidate: &Candidate) -> Result<Option<Received>, Error> {
    let introduction = &candidate.introduction;
    let same = |received: &Received| {
        received.fingerprint == introduction.fingerprint && received.log == introduction.log
    };
    Ok(invitations::received(home)?.into_iter().find(same))
}

/// Keeps an invitation; returns the name that it is called by.
fn keep(
    locked: &Locked<'_>,
    rng: &mut Random,
    candidate: &Candidate,
    card_confirmed: bool,
) -> Result<String, Error> {
    let introduction = &candidate.introduction;
    let name = naming::unused(&locked.home, introduction.name.as_deref().unwrap_or("contact"))?;
    let received = Received {
        id: Guid::new(locked.now, rng),
        name: name.clone(),
        decision: Decision::Pending,
        octets: candidate.octets.clone(),
        sealed: candidate.sealed,
        fingerprint: introduction.fingerprint.clone(),
        log: introduction.log,
        certificate: candidate.certificate.to_armored(),
        key_hash: candidate.key_hash,
        card_confirmed,
        received: locked.now,
    };
    invitations::save(&locked.home, &Invitation::Received(Box::new(received)))?;
    Ok(name)
}

/// Whether the card that an invitation names is there and carries the same key. Otherwise it is
/// shown as claimed only (PROTOCOL §6).
fn card_is_confirmed(network: &Network, now: Timestamp, candidate: &Candidate) -> bool {
    let card = candidate.introduction.card.as_ref();
    let card = card.and_then(|card| address::card_at(network, now, card).ok());
    card.is_some_and(|card| card.fingerprint == candidate.introduction.fingerprint)
}
