//! Pinning another key for a contact, by the user's decision.

use crate::error::{Context, Error, Kind, Result};
use crate::handshake::candidate::Candidate;
use crate::handshake::{accept, anew, repetition};
use crate::openpgp::certificate::Certificate;
use crate::protocol::feed::channel::Channel;
use crate::protocol::values::fingerprint::Fingerprint;
use crate::protocol::values::hash::Hash;
use crate::protocol::values::limits;
use crate::protocol::values::url::Url;
use crate::reading::ask::Ask;
use crate::reading::{intake, look, read};
use crate::session::keys::Keys;
use crate::session::run::Run;
use crate::session::web::fetch;
use crate::session::web::network::Network;
use crate::store::contact::contacts;
use crate::store::contact::entry::{Contact, Http, Trust};
use crate::store::disk::home::Home;
use crate::store::identity::own::Identity;
use crate::store::waiting::invitations::{self, Decision};
use crate::transport::client::{Answer, Conditions};
use crate::writing::notices::reintroduction;
use jiff::Timestamp;

/// Another key that a contact's feed names, or by which we were invited from its card.
pub struct Offer {
    /// The certificate.
    pub certificate: Certificate,
    key: Url,
    hash: Option<Hash>,
    /// The invitation by that key, if one brought it: whoever lost a key has another feed, too.
    invitation: Option<Box<Candidate>>,
}

/// The key of an invitation that waits: the one that is `told`, else the one whose card is that of the
/// contact called `name`.
///
/// # Errors
/// When an invitation cannot be read.
pub fn offer_by_invitation(
    home: &Home,
    name: &str,
    told: Option<&Fingerprint>,
) -> Result<Option<Offer>> {
    let contact = Contact::load(home, name)?;
    for received in invitations::received(home)? {
        let invitation = accept::stored(&received)?;
        let introduction = &invitation.introduction;
        let is_it = match told {
            Some(told) => introduction.fingerprint == *told,
            // A card that was not looked at is only claimed.
            None => received.card_confirmed && introduction.card == contact.card,
        };
        if is_it && received.decision == Decision::Pending && introduction.to_fingerprint.is_some()
        {
            return Ok(Some(Offer {
                certificate: invitation.certificate.clone(),
                key: introduction.key.clone(),
                hash: invitation.key_hash,
                invitation: Some(Box::new(invitation)),
            }));
        }
    }
    Ok(None)
}

/// Fetches the key that the feed of the contact called `name` names, if it is not the pinned one.
///
/// # Errors
/// When it cannot be fetched, or cannot be used.
pub fn offer(home: &Home, network: &Network, now: Timestamp, name: &str) -> Result<Option<Offer>> {
    let contact = Contact::load(home, name)?;
    let document = match network.client()?.get(&contact.feed, limits::FEED, &Conditions::default())
    {
        Ok(Answer::Document(document)) => document,
        Ok(Answer::Unchanged) => return Ok(None),
        Err(failure) => return Err(fetch::failed(&format!("the feed of `{name}`"), failure)),
    };
    let channel = Channel::parse(&document.bytes)
        .or_cannot(|| format!("cannot read the feed of `{name}`"))?;
    let Some(key) = channel.key.filter(|key| key.fingerprint != contact.fingerprint) else {
        return Ok(None);
    };
    let (certificate, hash) = fetch::certificate(network, &key, now)?;
    // It may have been pinned before: what we know of it must not be undone by an old copy.
    let certificate = match contacts::former(home, name, &certificate.fingerprint())? {
        Some(former) => former.merged(&certificate, now).unwrap_or(former),
        None => certificate,
    };
    certificate.usable(now).map_err(|why| {
        Error::new(Kind::Trust, format!("the certificate at {} {why}", key.url))
            .hint("ask its owner to publish a new one")
    })?;
    Ok(Some(Offer { certificate, key: key.url, hash: Some(hash), invitation: None }))
}

/// Pins the key that was offered. All that was held is judged anew by the next poll, and our feed
/// is sealed to the new key.
///
/// # Errors
/// When something cannot be written.
pub fn pin(run: &mut Run, name: &str, offer: &Offer, trust: Trust) -> Result<()> {
    run.keys.unlock()?;
    match &offer.invitation {
        Some(invitation) => {
            expect_later(&Contact::load(&run.identity.home, name)?, invitation, run.now())?;
            look::look(run, &[name.to_owned()]);
        }
        None => take_in_before(run, name, &offer.certificate.fingerprint())?,
    }
    let locked = run.keys.lock_to_sign(&run.identity, run.clock.now())?;
    let mut contact = Contact::load(&locked.home, name)?;
    contact.fingerprint = offer.certificate.fingerprint();
    (contact.trust, contact.key, contact.key_hash) = (trust, offer.key.clone(), offer.hash);
    contact.http = Http::default();
    contact.theirs.offered = None;
    contacts::keep_former(&locked, name)?;
    contacts::pin(&locked, name, &offer.certificate)?;
    contact.save(&locked, name)?;
    let followed = match &offer.invitation {
        Some(invitation) => repetition::complete(&locked, &mut run.keys, name, invitation)?,
        None => false,
    };
    if !followed {
        reintroduction::reintroduce(&locked, &mut run.keys, name)?;
    }
    Ok(())
}

/// Refuses an invitation that is older than what is known of the contact: nothing would lead to its
/// feed.
fn expect_later(contact: &Contact, invitation: &Candidate, now: Timestamp) -> Result<()> {
    if anew::is_later(contact, invitation, now) {
        return Ok(());
    }
    let error = Error::cannot("its invitation is older than what is known, or is not for its time");
    Err(error.hint("ask for a new one: cloudim handshake invite"))
}

/// Reads what the pinned key signed, which would not count later. It is no news that the feed names
/// `offered`.
fn take_in_before(run: &mut Run, name: &str, offered: &Fingerprint) -> Result<()> {
    let locked = run.identity.lock(run.clock.now())?;
    let mut contact = Contact::load(&locked.home, name)?;
    contact.theirs.offered = Some(offered.clone());
    contact.theirs.rejected.retain(|rejected| rejected != offered);
    contact.save(&locked, name)?;
    drop(locked);
    read::read(run, &[name.to_owned()], Ask::ByUser).map(drop)
}

/// Rejects the key that the feed of the contact called `name` names instead of the pinned one, if
/// any: what is held of unknown keys is dropped. Returns that key, and how much was dropped.
///
/// # Errors
/// When something cannot be read or written.
pub fn reject(
    identity: &Identity,
    keys: &Keys,
    now: Timestamp,
    name: &str,
) -> Result<(Option<Fingerprint>, usize)> {
    let locked = identity.lock(now)?;
    let mut contact = Contact::load(&locked.home, name)?;
    let certificate = contacts::certificate(&locked.home, name)?;
    let mut verdicts = intake::verdicts(&locked.home, keys, name, &certificate)?;
    let dropped = verdicts.reject_unknown();
    verdicts.save(&locked, name)?;
    let offered = contact.theirs.offered.take();
    contact.theirs.rejected.extend(offered.clone());
    contact.save(&locked, name)?;
    Ok((offered, dropped))
}
