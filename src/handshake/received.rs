//! Invitations that came to us and wait for the user's decision.

use std::net::IpAddr;

use super::acceptance::{self, Relation};
use super::addressing::{claimed, naming};
use super::candidate::Candidate;
use super::room::{self, MOST, Origin};
use crate::error::Error;
use crate::protocol::Random;
use crate::protocol::sealed::introduction::Introduction;
use crate::protocol::values::guid::Guid;
use crate::session::setback::Setback;
use crate::session::talk::Talk;
use crate::session::web::network::Network;
use crate::store::disk::home::Home;
use crate::store::identity::own::{Identity, Locked};
use crate::store::waiting::invitations::{self, Decision, Invitation, Received};
use jiff::Timestamp;

/// The outcome for an introduction.
#[derive(Clone, Debug)]
pub enum Taken {
    /// It waits for the user.
    Waits(Waits),
    /// It waited already, or was declined.
    Known(Received),
    /// It is by a contact, or by somebody whom we invited: nobody need decide.
    Settled(Relation),
}

/// An introduction that waits for the user's decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waits {
    /// The name under which it waits.
    pub name: String,
    /// The words for what it does.
    pub what: &'static str,
    /// What is odd about the name that it gives itself.
    pub odd: Option<String>,
    /// The name of an older one that made room for it.
    pub gone: Option<String>,
}

impl Waits {
    /// Tells the user of it.
    pub fn tell(&self, talk: &mut Talk) {
        let Self { name, what, .. } = self;
        talk.say(&format!("`{name}` {what}: cloudim handshake accept {name}"));
        if let Some(odd) = &self.odd {
            talk.warn(odd);
        }
        if let Some(gone) = &self.gone {
            talk.warn(&format!(
                "{MOST} invitations wait: that of `{gone}`, from whom or whose host most came, made room"
            ));
            talk.say("hint: cloudim handshake list; then decline all of one caller: cloudim handshake decline NAME --all");
        }
    }
}

/// Keeps `candidate`, with which `caller` called if it came by a call, for the user's decision, if there
/// is anything to decide. Where too many wait, one makes room.
///
/// # Errors
/// [`Setback::Lasting`] when it answers nothing of ours or is blocked; [`Setback::Passing`] when another
/// run is at it.
pub fn take(
    identity: &Identity,
    network: &Network,
    now: Timestamp,
    rng: &mut Random,
    candidate: &Candidate,
    caller: Option<IpAddr>,
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
    let gone = make_room(&locked, candidate, caller)?;
    let name = keep(&locked, rng, candidate, card_confirmed, caller)?;
    let claimed = candidate.introduction.name.as_deref().unwrap_or_default();
    let odd = naming::oddity(&locked.home, claimed, &name)?.told(&name);
    Ok(Taken::Waits(Waits { name, what, odd, gone }))
}

/// Removes the invitation that has to make room, if one has to; returns the name it was called by.
fn make_room(
    locked: &Locked<'_>,
    candidate: &Candidate,
    caller: Option<IpAddr>,
) -> Result<Option<String>, Error> {
    let mut pending = invitations::received(&locked.home)?;
    pending.retain(|other| other.decision == Decision::Pending);
    let host = Some(candidate.introduction.feed.host().to_owned());
    let Some(gone) = room::gives_way(&pending, &Origin { host, caller }) else { return Ok(None) };
    invitations::remove(locked, gone.id)?;
    Ok(Some(gone.name.clone()))
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
    caller: Option<IpAddr>,
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
        caller,
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
        take(identity, network, now, &mut keys.rng, candidate, None)
    }

    #[test]
    fn an_invitation_waits_for_the_user_and_once() {
        let (mut john, mut mary) = (Person::called("John"), stranger("Mary"));
        let by_mary = candidate(&mut john, &invitation(&mut mary, None)).unwrap();
        let Taken::Waits(it) = taken(&mut john, &by_mary).unwrap() else { panic!() };
        assert_eq!((it.name.as_str(), it.what), ("mary", "invites you"));
        assert_eq!((it.odd, it.gone), (None, None));
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
            let Taken::Waits(it) = taken(&mut john, &by_mary).unwrap() else { panic!() };
            assert_eq!(it.name, expected);
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
        let Taken::Waits(it) = taken(&mut mary, &answer).unwrap() else { panic!() };
        assert_eq!((it.name.as_str(), it.what), ("john", "answers your invitation"));
    }

    /// John, for whom a hundred wait: the first of `first`, and the others called by `callers`.
    fn full(first: &mut Person, callers: impl Fn(u8) -> Option<IpAddr>) -> Person {
        let mut john = Person::called("John");
        let by_first = candidate(&mut john, &invitation(first, None)).unwrap();
        taken(&mut john, &by_first).unwrap();
        let first = invitations::received(&john.home()).unwrap().remove(0);
        for number in 1..100 {
            john.wait(1);
            let id = Guid::new(john.now(), &mut john.run.keys.rng);
            let (name, caller) = (format!("junk-{number}"), callers(number));
            let octets = first.octets.replace("10.0.0.1", &format!("10.0.1.{number}"));
            let junk = Received { id, log: id, name, octets, caller, ..first.clone() };
            invitations::save(&john.lock(), &Invitation::Received(Box::new(junk))).unwrap();
        }
        john
    }

    fn names(person: &Person) -> Vec<String> {
        let all = invitations::received(&person.home()).unwrap();
        all.into_iter().map(|received| received.name).collect()
    }

    #[test]
    fn of_a_hundred_the_oldest_of_who_called_most_makes_room_and_that_is_told() {
        let flood = IpAddr::from([192, 0, 2, 9]);
        let mut john = full(&mut stranger("Mary"), |_| Some(flood));
        let mut eve = stranger("Eve");
        let by_eve = candidate(&mut john, &invitation(&mut eve, None)).unwrap();
        let Taken::Waits(it) = taken(&mut john, &by_eve).unwrap() else { panic!() };
        assert_eq!((it.name.as_str(), it.gone.as_deref()), ("eve", Some("junk-1")));
        it.tell(&mut john.run.talk);
        let heard = john.heard();
        assert!(heard.contains("warning: 100 invitations wait: that of `junk-1`"), "{heard}");
        let names = names(&john);
        assert_eq!(names.len(), 100);
        assert!(names.contains(&"mary".to_owned()) && names.contains(&"eve".to_owned()));
    }

    #[test]
    fn among_a_hundred_who_called_once_the_oldest_makes_room_and_none_is_shut_out() {
        let mut john = full(&mut stranger("Mary"), |number| Some([192, 0, 2, number].into()));
        let mut eve = Person::at("Eve", "https://10.9.9.9/");
        let by_eve = candidate(&mut john, &invitation(&mut eve, None)).unwrap();
        let Taken::Waits(it) = taken(&mut john, &by_eve).unwrap() else { panic!() };
        assert_eq!(it.gone.as_deref(), Some("mary"));
    }

    #[test]
    fn what_is_decided_on_takes_no_place() {
        let mut john = full(&mut stranger("Mary"), |_| None);
        let mary = invitations::find_received(&john.home(), "mary").unwrap();
        let declined = Received { decision: Decision::Declined, ..mary };
        invitations::save(&john.lock(), &Invitation::Received(Box::new(declined))).unwrap();
        let mut eve = stranger("Eve");
        let by_eve = candidate(&mut john, &invitation(&mut eve, None)).unwrap();
        let Taken::Waits(it) = taken(&mut john, &by_eve).unwrap() else { panic!() };
        assert_eq!(it.gone, None);
    }
}
