//! Invitations that came to us and wait for the user's decision.

use super::acceptance::{self, Relation};
use super::candidate::Candidate;
use super::{address, naming};
use crate::error::{Error, Result};
use crate::protocol::values::guid::Guid;
use crate::session::run::Session;
use crate::store::waiting::invitations::{self, Decision, Invitation, Received};

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
/// When it answers nothing of ours, is blocked, or too many wait already.
pub fn take(session: &mut Session, candidate: &Candidate) -> Result<Taken> {
    let relation = acceptance::relate(session, candidate)?;
    if what_it_does(&relation).is_none() {
        return Ok(Taken::Settled(relation));
    }
    let card_confirmed = card_is_confirmed(session, candidate);
    let _lock = session.lock()?;
    // It may have been accepted while the card was fetched.
    let relation = acceptance::relate(session, candidate)?;
    let Some(what) = what_it_does(&relation) else { return Ok(Taken::Settled(relation)) };
    if let Some(known) = waiting(session, candidate)? {
        return Ok(Taken::Known(known));
    }
    let before = invitations::received(&session.home)?;
    if before.iter().filter(|other| other.decision == Decision::Pending).count() >= MOST {
        return Err(Error::cannot(format!("{MOST} invitations wait already"))
            .hint("cloudim handshake list; then accept or decline some"));
    }
    Ok(Taken::Waits(keep(session, candidate, card_confirmed)?, what))
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
pub fn waiting(session: &Session, candidate: &Candidate) -> Result<Option<Received>> {
    let introduction = &candidate.introduction;
    let same = |received: &Received| {
        received.fingerprint == introduction.fingerprint && received.log == introduction.log
    };
    Ok(invitations::received(&session.home)?.into_iter().find(same))
}

/// Keeps an invitation; returns the name that it is called by.
fn keep(session: &mut Session, candidate: &Candidate, card_confirmed: bool) -> Result<String> {
    let introduction = &candidate.introduction;
    let name = naming::unused(session, introduction.name.as_deref().unwrap_or("contact"))?;
    let received = Received {
        id: Guid::new(session.now(), &mut session.rng),
        name: name.clone(),
        decision: Decision::Pending,
        octets: candidate.octets.clone(),
        fingerprint: introduction.fingerprint.clone(),
        log: introduction.log,
        certificate: candidate.certificate.to_armored(),
        key_hash: candidate.key_hash,
        card_confirmed,
        received: session.now(),
    };
    invitations::save(&session.home, &Invitation::Received(Box::new(received)))?;
    Ok(name)
}

/// Whether the card that an invitation names is there and carries the same key. Otherwise it is
/// shown as claimed only (PROTOCOL §6).
fn card_is_confirmed(session: &Session, candidate: &Candidate) -> bool {
    let card = candidate.introduction.card.as_ref();
    let card = card.and_then(|card| address::card_at(session, card).ok());
    card.is_some_and(|card| card.fingerprint == candidate.introduction.fingerprint)
}
