//! Agreeing: a candidate whom the user accepts becomes a contact.

use super::acceptance::{self, Relation};
use super::candidate::Candidate;
use super::settle::settle;
use super::{naming, repetition, same_card};
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

/// What the user wants of an acceptance.
pub struct Wanted<'a> {
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
        certificate,
        key_hash: received.key_hash,
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
    wanted: &Wanted<'_>,
    waiting: Option<&Received>,
) -> Result<String> {
    own_key::expect_usable(&run.keys, run.clock.now())?;
    run.keys.unlock()?;
    let locked = run.keys.lock_to_sign(&run.identity, run.clock.now())?;
    let relation = acceptance::relate(&locked.home, locked.now, &candidate)?;
    if let Relation::Contact(name) = relation {
        repetition::complete(&locked, &mut run.keys, &name, &candidate)?;
        run.talk.say(&format!("`{name}` is your contact already"));
        return Ok(name);
    }
    expect_key(&locked.home, locked.now, &candidate, &relation, wanted.fingerprint)?;
    if wanted.fingerprint.is_some() {
        candidate.trust = Trust::Verified;
    }
    let candidate = &candidate;
    let name = contact_name(&locked.home, candidate, wanted.alias, &relation, waiting)?;
    let grouped = candidate.introduction.fingerprint.grouped();
    settle(&locked, &mut run.keys, candidate, relation.decision(), &name)?;
    invitations::settle(&locked.home, &candidate.introduction.fingerprint)?;
    run.talk.say(&format!("`{name}` is your contact now, with the key {grouped}"));
    if wanted.fingerprint.is_none() {
        run.talk
            .say(&format!("to be certain, compare it with {name}: cloudim contact verify {name}"));
    }
    Ok(name)
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
        Some(name) => Err(same_card::another_key(card, &name, fingerprint)),
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
