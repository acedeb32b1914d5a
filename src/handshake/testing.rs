//! Invitations and answers for tests, without a network.

use super::accept::{self, Terms};
use super::candidate::{self, Candidate};
use super::{acceptance, invitation, invitation_feed};
use crate::error::Result;
use crate::protocol::values::fingerprint::Fingerprint;
use crate::protocol::values::hash::Hash;
use crate::session::run::Run;
use crate::session::testing::Person;
use crate::store::contact::entry::Trust;
use crate::store::waiting::invitations::{Addressee, Made};

/// The addressee `person`, as known by somebody who has read the card, which takes no calls and
/// names no feeds.
pub fn addressee(person: &Person) -> Addressee {
    let config = &person.run.identity.config;
    let (base, certificate) = (config.base().unwrap(), person.certificate());
    let armored = certificate.to_armored();
    Addressee {
        address: None,
        card: base.join("card.rss").unwrap(),
        fingerprint: certificate.fingerprint(),
        trust: Trust::FirstUse,
        key: base.join("key.asc").unwrap(),
        key_hash: Hash::of(armored.as_bytes()),
        certificate: armored,
        feeds: None,
        handshake: None,
        claimed_name: Some(config.name.clone()),
    }
}

/// `by` invites whom `to` tells of, or nobody in particular.
pub fn invite(by: &mut Person, to: Option<Addressee>) -> Made {
    let (locked, keys, _) = by.hands();
    let made = invitation::fresh(&locked, keys, &invitation::Draft::default(), to).unwrap();
    invitation_feed::ensure(&locked, keys, &made).unwrap();
    made
}

/// The same, as the file that is handed over.
pub fn invitation(by: &mut Person, to: Option<Addressee>) -> String {
    let made = invite(by, to);
    file(by, &made)
}

/// The file of an invitation that `by` made.
pub fn file(by: &mut Person, made: &Made) -> String {
    let (home, now) = (by.home(), by.now());
    invitation_feed::file(&home, &mut by.run.keys, now, made).unwrap()
}

/// The candidate that `reader` makes of an invitation or an answer in a file.
///
/// # Errors
/// When it is none, or does not fit.
pub fn candidate(reader: &mut Person, document: &str) -> Result<Candidate> {
    let now = reader.now();
    let Run { identity, keys, .. } = &mut reader.run;
    candidate::from_file(identity, keys, now, document.as_bytes())
}

/// `person` agrees, with nothing more to say; returns the contact's name.
///
/// # Errors
/// When it cannot be agreed to.
pub fn agree(person: &mut Person, candidate: &Candidate) -> Result<String> {
    agree_as(person, candidate, None, None)
}

/// `person` agrees, gives that name, and was told that fingerprint; returns the contact's name.
///
/// # Errors
/// When it cannot be agreed to.
pub fn agree_as(
    person: &mut Person,
    candidate: &Candidate,
    alias: Option<&str>,
    fingerprint: Option<&Fingerprint>,
) -> Result<String> {
    accept::agree(&mut person.run, candidate.clone(), &Terms { alias, fingerprint }, None)
}

/// The file in which `person` answers the contact called `name`.
pub fn answer(person: &Person, name: &str) -> String {
    acceptance::file(&person.home(), &person.run.keys, name).unwrap()
}

/// `person` agrees to the invitation in that file; returns the answer.
pub fn accepted(person: &mut Person, invitation: &str) -> String {
    let candidate = candidate(person, invitation).unwrap();
    let name = agree(person, &candidate).unwrap();
    answer(person, &name)
}
