//! Agreeing: a candidate whom the user accepts becomes a contact.

use super::acceptance::{self, Relation};
use super::addressing::{naming, same_card};
use super::candidate::Candidate;
use super::settle::settle;
use super::{anew, repetition};
use crate::error::{Context, Error, Kind, Result};
use crate::openpgp::certificate::Certificate;
use crate::protocol::sealed::introduction::Introduction;
use crate::protocol::values::fingerprint::Fingerprint;
use crate::session::own_key;
use crate::session::run::Run;
use crate::store::contact::contacts;
use crate::store::contact::entry::Trust;
use crate::store::disk::home::Home;
use crate::store::waiting::invitations::{self, Received};
use jiff::Timestamp;

/// The user's wishes for an acceptance.
pub struct Terms<'a> {
    /// The name that the user gives.
    pub alias: Option<&'a str>,
    /// The fingerprint that the other must have.
    pub fingerprint: Option<&'a Fingerprint>,
}

/// A waiting invitation, as it was checked when it came.
///
/// # Errors
/// When what was kept of it cannot be read.
pub fn stored(received: &Received) -> Result<Candidate> {
    let certificate = Certificate::parse(received.certificate.as_bytes())
        .or_cannot(|| "cannot use the certificate in the invitation".to_owned())?;
    let introduction = Introduction::parse(received.octets.as_bytes())?;
    Ok(Candidate {
        introduction,
        octets: received.octets.clone(),
        sealed: received.sealed,
        signed: received.signed,
        certificate,
        key_hash: received.key_hash,
        card_confirmed: received.card_confirmed,
        trust: Trust::FirstUse,
    })
}

/// Makes the contact that `candidate` asks for; returns its name.
///
/// # Errors
/// When our key cannot be used, the key is another than the user was told of, or the contact cannot
/// be written.
pub fn agree(
    run: &mut Run,
    mut candidate: Candidate,
    terms: &Terms<'_>,
    waiting: Option<&Received>,
) -> Result<String> {
    own_key::expect_usable(&run.keys, run.clock.now())?;
    run.keys.unlock()?;
    let fingerprint = &candidate.introduction.fingerprint;
    if let Some(name) = contacts::contact_with(&run.identity.home, fingerprint)? {
        anew::read_before(run, &name, &candidate);
    }
    let locked = run.keys.lock_to_sign(&run.identity, run.clock.now())?;
    let relation = acceptance::relate(&locked.home, locked.now, &candidate)?;
    if let Relation::Contact(name) = relation {
        let followed = repetition::complete(&locked, &mut run.keys, &name, &candidate)?;
        run.talk.say(&known_already(&name, followed));
        return Ok(name);
    }
    expect_key(&locked.home, locked.now, &candidate, &relation, terms.fingerprint)?;
    if terms.fingerprint.is_some() {
        candidate.trust = Trust::Verified;
    }
    let candidate = &candidate;
    let name = contact_name(&locked.home, candidate, terms.alias, &relation, waiting)?;
    let claimed = candidate.introduction.name.as_deref().filter(|_| terms.alias.is_none());
    let odd = naming::oddity(&locked.home, claimed.unwrap_or_default(), &name)?;
    let grouped = candidate.introduction.fingerprint.grouped();
    settle(&locked, &mut run.keys, candidate, relation.decision(), &name)?;
    invitations::settle(&locked, &candidate.introduction.fingerprint)?;
    run.talk.say(&format!("`{name}` is your contact now, with the key {grouped}"));
    if let Some(odd) = odd.told(&name) {
        run.talk.warn(&odd);
    }
    if terms.fingerprint.is_none() {
        run.talk
            .say(&format!("to be certain, compare it with {name}: cloudim contact verify {name}"));
    }
    Ok(name)
}

/// The words for an invitation or an answer by the contact called `name`, which was `followed` if it
/// stands elsewhere now.
pub fn known_already(name: &str, followed: bool) -> String {
    let and = if followed { ", and is read where it says that it stands now" } else { "" };
    format!("`{name}` is your contact already{and}")
}

/// Refuses another key than the one that the user was told of; and without having been told, another
/// than the one by which whoever has that card is known.
fn expect_key(
    home: &Home,
    now: Timestamp,
    candidate: &Candidate,
    relation: &Relation,
    told: Option<&Fingerprint>,
) -> Result<()> {
    let Introduction { fingerprint, card, .. } = &candidate.introduction;
    if let Some(told) = told.filter(|told| *told != fingerprint) {
        let text = format!("this is by the key {fingerprint}, not {told}");
        return Err(Error::new(Kind::Trust, text)
            .hint("somebody may stand between you: ask for the fingerprint by another way"));
    }
    // Whom we invited, we have decided on.
    let is_new = matches!(relation, Relation::Invitation | Relation::Claim(_));
    let Some(card) = card.as_ref().filter(|_| is_new && told.is_none()) else { return Ok(()) };
    match same_card::holder(home, now, card, None, fingerprint)? {
        Some(holder) => Err(same_card::another_key(card, &holder, fingerprint)),
        None => Ok(()),
    }
}

fn contact_name(
    home: &Home,
    candidate: &Candidate,
    alias: Option<&str>,
    relation: &Relation,
    waiting: Option<&Received>,
) -> Result<String> {
    if let Some(alias) = alias {
        return naming::free(home, alias);
    }
    let planned = match relation {
        Relation::Answer(made) | Relation::Claim(made) | Relation::Crossing(made) => {
            made.name.clone().or(waiting.map(|received| received.name.clone()))
        }
        Relation::Invitation | Relation::Contact(_) => {
            let invited = naming::planned(home, &candidate.introduction.fingerprint)?;
            invited.or(waiting.map(|received| received.name.clone()))
        }
    };
    match planned.filter(|name| !contacts::is_taken(home, name)) {
        Some(name) => Ok(name),
        None => naming::unused(home, candidate.introduction.name.as_deref().unwrap_or("contact")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::handshake::testing::{accepted, addressee, agree, agree_as, candidate, invitation};
    use crate::session::testing::Person;

    fn john_and_mary() -> (Person, Person) {
        (Person::called("John"), Person::called("Mary"))
    }

    /// Somebody at Mary's address, with another key.
    fn another_mary() -> Person {
        let mut other = Person::called("Mary");
        other.change_key(|key, now, rng| key.successor("Mary", now, rng).unwrap());
        other
    }

    #[test]
    fn another_key_than_the_user_was_told_of_makes_no_contact() {
        let (mut john, mut mary) = john_and_mary();
        let told = john.certificate().fingerprint();
        let by_mary = candidate(&mut john, &invitation(&mut mary, None)).unwrap();
        let refused = agree_as(&mut john, &by_mary, None, Some(&told)).unwrap_err();
        assert_eq!(refused.kind, Kind::Trust);
        assert!(contacts::list(&john.home()).unwrap().is_empty());
    }

    #[test]
    fn the_key_that_the_user_was_told_of_is_verified() {
        let (mut john, mut mary) = john_and_mary();
        let told = mary.certificate().fingerprint();
        let by_mary = candidate(&mut john, &invitation(&mut mary, None)).unwrap();
        agree_as(&mut john, &by_mary, None, Some(&told)).unwrap();
        assert_eq!(john.contact("mary").trust, Trust::Verified);
        assert!(!john.heard().contains("contact verify"));
    }

    #[test]
    fn a_card_that_is_known_with_another_key_is_agreed_to_only_by_that_key() {
        let (mut john, mut mary) = john_and_mary();
        accepted(&mut john, &invitation(&mut mary, None));
        john.update("mary", |mary| mary.card_confirmed = true);
        let mut other = another_mary();
        let by_other = candidate(&mut john, &invitation(&mut other, None)).unwrap();
        let refused = agree(&mut john, &by_other).unwrap_err();
        assert_eq!(refused.kind, Kind::Trust);
        assert!(refused.message.contains("leads to `mary`"), "{refused}");
        let told = other.certificate().fingerprint();
        let name = agree_as(&mut john, &by_other, None, Some(&told)).unwrap();
        assert_eq!(name, "mary-2");
        assert_eq!(john.contact("mary").fingerprint, mary.certificate().fingerprint());
    }

    #[test]
    fn whom_we_invited_we_have_decided_on() {
        let (mut john, mut mary) = john_and_mary();
        accepted(&mut john, &invitation(&mut mary, None));
        let mut other = another_mary();
        let document = invitation(&mut john, Some(addressee(&other)));
        let answer = accepted(&mut other, &document);
        let answer = candidate(&mut john, &answer).unwrap();
        assert_eq!(agree(&mut john, &answer).unwrap(), "mary-2");
    }

    #[test]
    fn a_contact_is_called_as_the_user_says_and_by_no_name_that_is_taken() {
        let (mut john, mut mary) = john_and_mary();
        let mut eve = Person::called("Eve");
        let by_mary = candidate(&mut john, &invitation(&mut mary, None)).unwrap();
        assert_eq!(agree_as(&mut john, &by_mary, Some("Friend"), None).unwrap(), "Friend");
        let by_eve = candidate(&mut john, &invitation(&mut eve, None)).unwrap();
        let refused = agree_as(&mut john, &by_eve, Some("Friend"), None).unwrap_err();
        assert!(refused.message.contains("a contact `Friend` already"), "{refused}");
        let refused = agree_as(&mut john, &by_eve, Some("../friend"), None).unwrap_err();
        assert_eq!(refused.kind, Kind::Usage);
        assert_eq!(agree(&mut john, &by_eve).unwrap(), "eve");
    }

    #[test]
    fn who_is_a_contact_already_stays_as_it_is() {
        let (mut john, mut mary) = john_and_mary();
        let document = invitation(&mut mary, None);
        accepted(&mut john, &document);
        let again = candidate(&mut john, &document).unwrap();
        let before = john.files();
        assert_eq!(agree_as(&mut john, &again, Some("other"), None).unwrap(), "mary");
        assert!(john.files() == before);
        assert!(john.heard().contains("is your contact already"));
    }

    #[test]
    fn with_a_key_that_ended_nothing_is_agreed_to() {
        let (mut john, mut mary) = john_and_mary();
        let by_mary = candidate(&mut john, &invitation(&mut mary, None)).unwrap();
        let reason = crate::openpgp::secret_key::revoke::Reason::Retired;
        john.change_key(|key, now, rng| key.revoked(reason, now, rng).unwrap());
        let before = john.files();
        assert_eq!(agree(&mut john, &by_mary).unwrap_err().kind, Kind::Trust);
        assert!(john.files() == before);
    }
}
