//! Inviting: a feed with an introduction in it, and the ways to make it known (PROTOCOL §6, §8).

use super::{address, naming, same_card};
use crate::error::{Error, Kind, Result};
use crate::openpgp::certificate::Certificate;
use crate::openpgp::message::seal;
use crate::protocol::sealed::introduction::{Introduction, NOTE};
use crate::protocol::values::fingerprint::Fingerprint;
use crate::protocol::values::guid::Guid;
use crate::protocol::values::hash::Hash;
use crate::protocol::values::time;
use crate::protocol::values::token::Token;
use crate::session::own_key;
use crate::session::run::Session;
use crate::store::contact::entry::Trust;
use crate::store::contact::{contacts, feeds};
use crate::store::disk::atomic;
use crate::store::identity::own_urls;
use crate::store::waiting::invitations::{self, Addressee, Invitation, Made};
use crate::writing::frame;
use crate::writing::sealing::cannot_seal;

/// What the user wants of an invitation.
#[derive(Clone, Debug, Default)]
pub struct Wanted<'a> {
    /// Whom to invite; nobody in particular for a single-use invitation.
    pub address: Option<&'a str>,
    /// What the contact shall be called.
    pub name: Option<&'a str>,
    /// Words that come with it.
    pub note: Option<&'a str>,
    /// The fingerprint that the address must lead to.
    pub fingerprint: Option<&'a Fingerprint>,
}

/// Makes an invitation, or finds the one that waits for the same person already.
///
/// # Errors
/// When the address leads nowhere, or the person is a contact already.
pub fn make(session: &mut Session, wanted: &Wanted<'_>) -> Result<Made> {
    session.expect_writable()?;
    own_key::expect_usable(session)?;
    session.config.base()?;
    if wanted.note.is_some_and(|note| note.chars().count() > NOTE) {
        return Err(Error::usage(format!("the note is too long: {NOTE} characters at most")));
    }
    let mut to = wanted.address.map(|address| address::resolve(session, address)).transpose()?;
    if let Some(to) = &mut to {
        expect_invitable(session, to, wanted.fingerprint)?;
        to.trust = wanted.fingerprint.map_or(Trust::FirstUse, |_| Trust::Verified);
    }
    session.unlock()?;
    let _lock = session.lock()?;
    let waiting = invitations::made(&session.home)?;
    let same = |made: &Made| {
        made.to
            .as_ref()
            .zip(to.as_ref())
            .is_some_and(|(a, b)| a.card == b.card && a.fingerprint == b.fingerprint)
    };
    let is_verified = to.as_ref().is_some_and(|to| to.trust == Trust::Verified);
    let made = match waiting.into_iter().find(|made| same(made) && !made.is_expired(session.now()))
    {
        Some(made) if is_verified => verified(session, made)?,
        Some(made) => made,
        None => fresh(session, wanted, to)?,
    };
    ensure_feed(session, &made)?;
    Ok(made)
}

/// The invitation `made`, by now to somebody whose fingerprint the user was told.
fn verified(session: &Session, mut made: Made) -> Result<Made> {
    made.to.iter_mut().for_each(|to| to.trust = Trust::Verified);
    invitations::save(&session.home, &Invitation::Made(Box::new(made.clone())))?;
    Ok(made)
}

fn expect_invitable(
    session: &Session,
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
    if to.fingerprint == session.certificate()?.fingerprint() {
        return Err(Error::cannot("that address is your own"));
    }
    if let Some(name) = contacts::contact_with(&session.home, &to.fingerprint)? {
        return Err(Error::cannot(format!("that address is your contact `{name}` already"))
            .hint(format!("cloudim send {name}")));
    }
    let address = to.address.as_deref();
    match same_card::holder(session, &to.card, address, &to.fingerprint)? {
        Some(name) if fingerprint.is_none() => {
            Err(same_card::another_key(&to.card, &name, &to.fingerprint))
        }
        _ => Ok(()),
    }
}

fn fresh(session: &mut Session, wanted: &Wanted<'_>, to: Option<Addressee>) -> Result<Made> {
    let now = session.now();
    let token = Token::new(&mut session.rng);
    let log = Guid::new(now, &mut session.rng);
    let reply = Token::new(&mut session.rng);
    let mut introduction = frame::introduction(session, &token, log, 1)?;
    (introduction.to, introduction.to_fingerprint) =
        to.as_ref().map(|to| (to.card.clone(), to.fingerprint.clone())).unzip();
    introduction.reply = Some(reply.clone());
    introduction.note = wanted.note.map(str::to_owned);
    let octets = introduction.write();
    let name = match wanted.name {
        Some(name) => Some(naming::free(session, name)?),
        None => to.as_ref().map(|to| naming::usual(session, to)).transpose()?.flatten(),
    };
    let hash = Hash::of(octets.as_bytes());
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
        created: now,
    };
    invitations::save(&session.home, &Invitation::Made(Box::new(made.clone())))?;
    Ok(made)
}

/// Sees to it that the feed of a pending invitation stands below `public/`. That of a single-use
/// invitation has no introduction yet. The caller holds the home's lock.
///
/// # Errors
/// When it cannot be sealed or written.
pub fn ensure_feed(session: &mut Session, made: &Made) -> Result<()> {
    if feeds::load(&session.home, &made.token)?.is_some() {
        return Ok(());
    }
    let mut channel = frame::channel(session, &made.token)?;
    if made.to.is_some() {
        channel.introduction = Some(sealed_introduction(session, made)?);
    }
    session.about_to_change_public()?;
    session.home.write(&session.home.feed(&made.token), channel.write().as_bytes())
}

/// Introduces us anew by our present key in the pending invitation `made`, if another one did. Who
/// has the old one as a file may still accept that. The caller holds the home's lock.
///
/// # Errors
/// When it cannot be sealed or written.
pub fn renew(session: &mut Session, mut made: Made) -> Result<()> {
    let before = Introduction::parse(made.octets.as_bytes())?;
    let fingerprint = session.certificate()?.fingerprint();
    if made.to.is_none() || before.fingerprint == fingerprint {
        return Ok(());
    }
    let serial = before.serial.saturating_add(1);
    made.octets = Introduction { fingerprint, serial, ..before }.write();
    made.replaced.push(made.hash);
    made.hash = Hash::of(made.octets.as_bytes());
    let mut channel = frame::channel(session, &made.token)?;
    channel.introduction = Some(sealed_introduction(session, &made)?);
    invitations::save(&session.home, &Invitation::Made(Box::new(made.clone())))?;
    session.about_to_change_public()?;
    session.home.write(&session.home.feed(&made.token), channel.write().as_bytes())
}

fn sealed_introduction(session: &mut Session, made: &Made) -> Result<String> {
    let now = time::whole_seconds(session.now());
    let certificate =
        made.to.as_ref().map(|to| Certificate::parse(to.certificate.as_bytes())).transpose()?;
    let (secret, rng) = session.secret()?;
    let sealed = match &certificate {
        Some(to) => seal::seal(made.octets.as_bytes(), secret, &[to], now, rng),
        None => seal::sign(made.octets.as_bytes(), secret, now, rng),
    };
    sealed.map_err(|cause| cannot_seal(session, cause))
}

/// The invitation as a file that anything may carry: the feed with our certificate in it.
///
/// # Errors
/// When it cannot be sealed.
pub fn file(session: &mut Session, made: &Made) -> Result<String> {
    let mut channel = feeds::load(&session.home, &made.token)?.unwrap_or_default();
    if channel.introduction.is_none() {
        channel.introduction = Some(sealed_introduction(session, made)?);
    }
    frame::with_certificate(session, channel)
}

/// Calls the host of whom we invited, if it takes calls; says what else to do if not.
///
/// # Errors
/// When this identity has no base URL.
pub fn call(session: &mut Session, made: &Made) -> Result<()> {
    let Some(to) = &made.to else { return Ok(()) };
    let name = made.name.clone().unwrap_or_default();
    let otherwise =
        format!("hint: send it yourself: cloudim handshake invite {} --output FILE", to.card);
    let Some(url) = &to.handshake else {
        session.say(&format!("invited `{name}`, whose host takes no calls"));
        session.say(&otherwise);
        return Ok(());
    };
    let (feed, key) = (
        own_urls::feed_url(&session.config, &made.token)?,
        session.config.base()?.join("key.asc")?,
    );
    match session.client()?.post_form(url, &[("feed", feed.as_str()), ("key", key.as_str())]) {
        Ok(_) => {
            session.say(&format!("invited `{name}`; cloudim poll tells when the answer is there"))
        }
        Err(failure) => {
            session.warn(&format!("`{name}` could not be called: {failure}"));
            session.say(&otherwise);
        }
    }
    Ok(())
}

/// Removes what is left of a pending invitation. The caller holds the home's lock.
///
/// # Errors
/// When a file cannot be removed.
pub fn withdraw(session: &Session, made: &Made) -> Result<()> {
    session.about_to_change_public()?;
    atomic::remove(&session.home.feed(&made.token))?;
    invitations::remove(&session.home, made.id)
}
