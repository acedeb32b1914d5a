//! Invitations that came to us and wait for the user's decision.

use super::acceptance::{self, Relation};
use super::addressing::{claimed, naming};
use super::candidate::Candidate;
use crate::error::Error;
use crate::protocol::Random;
use crate::protocol::sealed::introduction::Introduction;
use crate::protocol::values::guid::Guid;
use crate::session::setback::Setback;
use crate::session::web::network::Network;
use crate::store::disk::home::Home;
use crate::store::identity::own::{Identity, Locked};
use crate::store::waiting::invitations::{self, Decision, Invitation, Received};
use jiff::Timestamp;

/// Invitations that wait for a decision, at most.
const MOST: usize = 100;

/// The outcome for an introduction.
#[derive(Clone, Debug)]
pub enum Taken {
    /// It waits for the user, under a name; the words say what it does.
    Waits(String, &'static str),
    /// It waited already, or was declined.
    Known(Received),
    /// It is by a contact, or by somebody whom we invited: nobody need decide.
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

/// The words for what there is to decide on; nothing if it is settled.
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
        signed: candidate.signed,
        fingerprint: introduction.fingerprint.clone(),
        log: introduction.log,
        certificate: candidate.certificate.to_armored(),
        key_hash: candidate.key_hash,
        card_confirmed,
        received: locked.now,
    };
    invitations::save(locked, &Invitation::Received(Box::new(received)))?;
    Ok(name)
}

/// Returns whether the card that an invitation names is there and carries the same key. Otherwise
/// it is shown as claimed only (PROTOCOL §6).
fn card_is_confirmed(network: &Network, now: Timestamp, candidate: &Candidate) -> bool {
    let Introduction { card, fingerprint, .. } = &candidate.introduction;
    card.as_ref().is_some_and(|card| claimed::is_confirmed(network, now, card, fingerprint))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::handshake::testing::{accepted, addressee, candidate, invitation};
    use crate::session::run::Run;
    use crate::session::testing::Person;

    /// Somebody whose card nobody can ask for.
    fn stranger(name: &str) -> Person {
        Person::at(name, "https://10.0.0.1/")
    }

    fn taken(person: &mut Person, candidate: &Candidate) -> Result<Taken, Setback> {
        let now = person.now();
        let Run { identity, network, keys, .. } = &mut person.run;
        take(identity, network, now, &mut keys.rng, candidate)
    }

    #[test]
    fn an_invitation_waits_for_the_user_and_once() {
        let (mut john, mut mary) = (Person::called("John"), stranger("Mary"));
        let by_mary = candidate(&mut john, &invitation(&mut mary, None)).unwrap();
        let Taken::Waits(name, what) = taken(&mut john, &by_mary).unwrap() else { panic!() };
        assert_eq!((name.as_str(), what), ("mary", "invites you"));
        let received = invitations::find_received(&john.home(), "mary").unwrap();
        assert!(!received.card_confirmed);
        assert_eq!(received.octets, by_mary.octets);
        let before = john.files();
        assert!(matches!(taken(&mut john, &by_mary).unwrap(), Taken::Known(_)));
        assert!(john.files() == before);
    }

    #[test]
    fn an_invitation_that_was_declined_does_not_wait_again() {
        let (mut john, mut mary) = (Person::called("John"), stranger("Mary"));
        let by_mary = candidate(&mut john, &invitation(&mut mary, None)).unwrap();
        taken(&mut john, &by_mary).unwrap();
        let mut received = invitations::find_received(&john.home(), "mary").unwrap();
        received.decision = Decision::Declined;
        invitations::save(&john.lock(), &Invitation::Received(Box::new(received))).unwrap();
        let Taken::Known(known) = taken(&mut john, &by_mary).unwrap() else { panic!() };
        assert_eq!(known.decision, Decision::Declined);
    }

    #[test]
    fn two_who_call_themselves_the_same_are_told_apart() {
        let mut john = Person::called("John");
        for expected in ["mary", "mary-2"] {
            let mut mary = stranger("Mary");
            mary.change_key(|key, now, rng| key.successor("Mary", now, rng).unwrap());
            let by_mary = candidate(&mut john, &invitation(&mut mary, None)).unwrap();
            let Taken::Waits(name, _) = taken(&mut john, &by_mary).unwrap() else { panic!() };
            assert_eq!(name, expected);
        }
    }

    #[test]
    fn what_needs_no_decision_is_not_kept() {
        let (mut john, mut mary) = (Person::called("John"), stranger("Mary"));
        let document = invitation(&mut mary, Some(addressee(&john)));
        let answer = accepted(&mut john, &document);
        let answer = candidate(&mut mary, &answer).unwrap();
        let by_mary = candidate(&mut john, &document).unwrap();
        let is_contact = taken(&mut john, &by_mary).unwrap();
        assert!(matches!(is_contact, Taken::Settled(Relation::Contact(_))));
        let is_answer = taken(&mut mary, &answer).unwrap();
        assert!(matches!(is_answer, Taken::Settled(Relation::Answer(_))));
        for person in [&john, &mary] {
            assert!(invitations::received(&person.home()).unwrap().is_empty());
        }
    }

    #[test]
    fn the_answer_of_somebody_to_an_invitation_to_nobody_waits_for_the_user() {
        let (mut john, mut mary) = (stranger("John"), Person::called("Mary"));
        let answer = accepted(&mut john, &invitation(&mut mary, None));
        let answer = candidate(&mut mary, &answer).unwrap();
        let Taken::Waits(name, what) = taken(&mut mary, &answer).unwrap() else { panic!() };
        assert_eq!((name.as_str(), what), ("john", "answers your invitation"));
    }

    #[test]
    fn when_a_hundred_wait_no_more_are_kept_until_one_is_decided_on() {
        let (mut john, mut mary) = (Person::called("John"), stranger("Mary"));
        let by_mary = candidate(&mut john, &invitation(&mut mary, None)).unwrap();
        taken(&mut john, &by_mary).unwrap();
        let first = invitations::find_received(&john.home(), "mary").unwrap();
        for _ in 1..MOST {
            let id = Guid::new(john.now(), &mut john.run.keys.rng);
            let other = Received { id, log: id, name: id.to_string(), ..first.clone() };
            invitations::save(&john.lock(), &Invitation::Received(Box::new(other))).unwrap();
        }
        let mut eve = stranger("Eve");
        let by_eve = candidate(&mut john, &invitation(&mut eve, None)).unwrap();
        let refused = taken(&mut john, &by_eve).unwrap_err();
        let refused = Error::from(refused);
        assert!(refused.message.contains("100 invitations wait already"), "{refused}");
        let declined = Received { decision: Decision::Declined, ..first };
        invitations::save(&john.lock(), &Invitation::Received(Box::new(declined))).unwrap();
        assert!(matches!(taken(&mut john, &by_eve).unwrap(), Taken::Waits(..)));
    }
}
