//! Inviting: a feed with an introduction in it, and the ways to make it known (PROTOCOL §6, §8).

use super::addressing::{address, naming, same_card};
use super::{invitation_feed, reinvitation};
use crate::error::{Error, Kind, Result};
use crate::openpgp::certificate::Certificate;
use crate::protocol::sealed::introduction::NOTE;
use crate::protocol::values::fingerprint::Fingerprint;
use crate::protocol::values::guid::Guid;
use crate::protocol::values::hash::OctetsHash;
use crate::protocol::values::token::Token;
use crate::session::keys::Keys;
use crate::session::own_key;
use crate::session::talk::Talk;
use crate::session::web::network::Network;
use crate::store::contact::contacts;
use crate::store::contact::entry::{Contact, Trust};
use crate::store::disk::home::Home;
use crate::store::identity::own::{Identity, Locked};
use crate::store::identity::own_urls;
use crate::store::waiting::invitations::{self, Addressee, Invitation, Made};
use crate::writing::content::frame;
use jiff::Timestamp;

/// The user's wishes for an invitation.
#[derive(Clone, Debug, Default)]
pub struct Draft<'a> {
    /// The address of the person to invite; nobody in particular for a single-use invitation.
    pub address: Option<&'a str>,
    /// The name that the contact shall have.
    pub name: Option<&'a str>,
    /// Words that come with it.
    pub note: Option<&'a str>,
    /// The fingerprint that the address must lead to.
    pub fingerprint: Option<&'a Fingerprint>,
}

/// Makes an invitation, or finds the one that waits for the same person already. A contact is invited
/// by a later introduction of the feed that it has.
///
/// # Errors
/// When the address leads nowhere, or to the card of somebody whose key is another.
pub fn make(
    identity: &Identity,
    keys: &mut Keys,
    network: &Network,
    now: Timestamp,
    draft: &Draft<'_>,
) -> Result<Made> {
    identity.expect_writable()?;
    own_key::expect_usable(keys, now)?;
    identity.config.base()?;
    if draft.note.is_some_and(|note| note.chars().count() > NOTE) {
        return Err(Error::usage(format!("the note is too long: {NOTE} characters at most")));
    }
    let mut to =
        draft.address.map(|address| address::resolve(network, now, address)).transpose()?;
    if let Some(to) = &mut to {
        expect_invitable(&identity.home, keys, now, to, draft.fingerprint)?;
        expect_sealable(now, to)?;
        to.trust = draft.fingerprint.map_or(Trust::FirstUse, |_| Trust::Verified);
    }
    keys.unlock()?;
    let locked = keys.lock_to_sign(identity, now)?;
    if let Some(to) = &to
        && let Some(name) = contacts::contact_with(&locked.home, &to.fingerprint)?
    {
        return reinvitation::make(&locked, keys, &name, to.clone(), draft.name, draft.note);
    }
    let waiting = invitations::made(&locked.home)?;
    let same = |made: &Made| {
        made.to
            .as_ref()
            .zip(to.as_ref())
            .is_some_and(|(a, b)| a.card == b.card && a.fingerprint == b.fingerprint)
    };
    let waits = waiting.into_iter().find(|made| same(made) && !made.is_expired(locked.now));
    let made = match (waits, &to) {
        (Some(made), Some(to)) => renewed(&locked, made, to)?,
        _ => fresh(&locked, keys, draft, to)?,
    };
    invitation_feed::ensure(&locked, keys, &made)?;
    Ok(made)
}

/// The invitation `made` to whom we know now as `to`: the user may have been told the fingerprint, and
/// the certificate may be a later one. What was sealed to another subkey is sealed again.
fn renewed(locked: &Locked<'_>, made: Made, to: &Addressee) -> Result<Made> {
    let mut renewed = made.clone();
    let Some(known) = &mut renewed.to else { return Ok(made) };
    if to.trust == Trust::Verified {
        known.trust = Trust::Verified;
    }
    let before = Certificate::parse(known.certificate.as_bytes())?;
    let merged = before.merged(&Certificate::parse(to.certificate.as_bytes())?, locked.now)?;
    let subkey = |certificate: &Certificate| certificate.encryption_subkey(locked.now).ok();
    if subkey(&merged) != subkey(&before) {
        (known.key, known.key_hash) = (to.key.clone(), to.key_hash);
        known.certificate = merged.to_armored();
        locked.about_to_change_public()?;
        locked.home.remove(&locked.home.feed(&made.token))?;
    }
    if renewed != made {
        invitations::save(locked, &Invitation::Made(Box::new(renewed.clone())))?;
    }
    Ok(renewed)
}

/// Refuses before anything is kept of it where nothing can be sealed to `to`.
fn expect_sealable(now: Timestamp, to: &Addressee) -> Result<()> {
    let certificate = Certificate::parse(to.certificate.as_bytes())?;
    certificate.encryption_subkey(now).map(drop).map_err(|why| {
        Error::new(Kind::Trust, format!("the certificate at {} {why}", to.key))
            .hint("ask its owner for a new subkey (cloudim key rotate), and invite again")
    })
}

fn expect_invitable(
    home: &Home,
    keys: &Keys,
    now: Timestamp,
    to: &Addressee,
    fingerprint: Option<&Fingerprint>,
) -> Result<()> {
    if let Some(expected) = fingerprint.filter(|expected| **expected != to.fingerprint) {
        return Err(Error::new(
            Kind::Trust,
            format!("{} has the key {}, not {expected}", to.card, to.fingerprint),
        )
        .hint("somebody may stand between you: ask for the fingerprint by another way"));
    }
    if to.fingerprint == keys.certificate()?.fingerprint() {
        return Err(Error::cannot("that address is your own"));
    }
    let address = to.address.as_deref();
    match same_card::holder(home, now, &to.card, address, &to.fingerprint)? {
        Some(holder) if fingerprint.is_none() => {
            Err(same_card::another_key(&to.card, &holder, &to.fingerprint))
        }
        _ => Ok(()),
    }
}

pub(super) fn fresh(
    locked: &Locked<'_>,
    keys: &mut Keys,
    draft: &Draft<'_>,
    to: Option<Addressee>,
) -> Result<Made> {
    let now = locked.now;
    let token = Token::new(&mut keys.rng);
    let log = Guid::new(now, &mut keys.rng);
    let reply = Token::new(&mut keys.rng);
    let mut introduction = frame::introduction(&locked.config, keys, locked.now, &token, log, 1)?;
    (introduction.to, introduction.to_fingerprint) =
        to.as_ref().map(|to| (to.card.clone(), to.fingerprint.clone())).unzip();
    introduction.reply = Some(reply.clone());
    introduction.note = draft.note.map(str::to_owned);
    let octets = introduction.write();
    let name = match draft.name {
        Some(name) => Some(naming::free(&locked.home, name)?),
        None => to.as_ref().map(|to| naming::usual(&locked.home, to)).transpose()?.flatten(),
    };
    let hash = OctetsHash::of(octets.as_bytes());
    let made = Made {
        id: log,
        name,
        token,
        log,
        reply,
        octets,
        hash,
        replaced: Vec::new(),
        to,
        sealed: None,
        created: now,
    };
    invitations::save(locked, &Invitation::Made(Box::new(made.clone())))?;
    Ok(made)
}

/// Calls the host of the one whom we invited, if it takes calls; says what else to do if not.
///
/// # Errors
/// When this identity has no base URL.
pub fn call(identity: &Identity, network: &Network, talk: &mut Talk, made: &Made) -> Result<()> {
    let (config, Some(to)) = (&identity.config, &made.to) else { return Ok(()) };
    let name = made.name.clone().unwrap_or_default();
    let otherwise =
        format!("hint: send it yourself: cloudim handshake invite {} --output FILE", to.card);
    let Some(url) = &to.handshake else {
        talk.say(&format!("invited `{name}`, whose host takes no calls"));
        talk.say(&otherwise);
        return Ok(());
    };
    let (feed, key) = (own_urls::feed_url(config, &made.token)?, config.base()?.join("key.asc")?);
    let mut fields = vec![("feed", feed.as_str()), ("key", key.as_str())];
    // A contact that we invite again knows us by the feed that it writes.
    let contact = contacts::reader_of(&identity.home, &made.token)?;
    let contact = contact.map(|name| Contact::load(&identity.home, &name)).transpose()?;
    fields.extend(contact.as_ref().map(|contact| ("inReplyTo", contact.feed.as_str())));
    match network.client()?.post_form(url, &fields) {
        Ok(_) => {
            talk.say(&format!("invited `{name}`; cloudim poll tells when the answer is there"))
        }
        Err(failure) => {
            talk.warn(&format!("`{name}` could not be called: {failure}"));
            talk.say(&otherwise);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::handshake::testing::{addressee, candidate, file};
    use crate::session::run::Run;
    use crate::session::testing::Person;
    use crate::store::contact::offered::feeds;
    use crate::writing::testing::acquainted;

    fn made(person: &mut Person, draft: &Draft<'_>) -> Result<Made> {
        let now = person.now();
        let Run { identity, keys, network, .. } = &mut person.run;
        make(identity, keys, network, now, draft)
    }

    #[test]
    fn a_note_is_handed_over_up_to_its_limit() {
        let (mut john, mut mary) = (Person::called("John"), Person::called("Mary"));
        let (note, long) = ("é".repeat(NOTE), "é".repeat(NOTE + 1));
        let refused = made(&mut mary, &Draft { note: Some(&long), ..Draft::default() });
        assert_eq!(refused.unwrap_err().kind, Kind::Usage);
        let made = made(&mut mary, &Draft { note: Some(&note), ..Draft::default() }).unwrap();
        let candidate = candidate(&mut john, &file(&mut mary, &made)).unwrap();
        assert_eq!(candidate.introduction.note, Some(note));
    }

    #[test]
    fn each_invitation_to_nobody_in_particular_is_another() {
        let mut mary = Person::called("Mary");
        let all = [(); 2].map(|()| made(&mut mary, &Draft::default()).unwrap());
        assert_ne!(all[0].token, all[1].token);
        let feed = feeds::load(&mary.home(), &all[0].token).unwrap().unwrap();
        assert_eq!(feed.introduction, None, "whoever finds the feed is not addressed");
    }

    #[test]
    fn nobody_is_invited_by_a_home_that_only_reads_or_has_no_place_on_the_web() {
        let mut mary = Person::called("Mary");
        mary.set("read_only = true");
        assert!(made(&mut mary, &Draft::default()).is_err());
        mary.set("");
        mary.run.identity.config.base_url = None;
        assert!(made(&mut mary, &Draft::default()).is_err());
        assert!(invitations::made(&mary.home()).unwrap().is_empty());
    }

    #[test]
    fn another_key_than_told_ourselves_or_another_key_of_a_contacts_card_are_not_invited() {
        let (john, mary) = acquainted();
        let eve = Person::called("Eve");
        let fingerprint = eve.certificate().fingerprint();
        let refused = |to: &Addressee, told: Option<&Fingerprint>| {
            let keys = &john.run.keys;
            let refused = expect_invitable(&john.home(), keys, john.now(), to, told);
            refused.err().map(|error| error.kind)
        };
        let to_eve = addressee(&eve);
        assert_eq!(refused(&to_eve, None), None);
        assert_eq!(refused(&to_eve, Some(&fingerprint)), None);
        assert_eq!(refused(&to_eve, Some(&mary.certificate().fingerprint())), Some(Kind::Trust));
        assert_eq!(refused(&addressee(&john), None), Some(Kind::Cannot));
        assert_eq!(refused(&addressee(&mary), None), None, "a contact is invited again");
        let at_marys = Addressee { card: addressee(&mary).card, ..to_eve };
        assert_eq!(refused(&at_marys, None), Some(Kind::Trust));
        assert_eq!(refused(&at_marys, Some(&fingerprint)), None);
    }
}
