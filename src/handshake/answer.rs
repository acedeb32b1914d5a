//! Our introduction to somebody in particular, and where an invitation that crossed ours finds it.

use super::candidate::Candidate;
use crate::error::{Error, Result};
use crate::protocol::sealed::introduction::Introduction;
use crate::protocol::values::guid::LogId;
use crate::protocol::values::token::Token;
use crate::session::keys::Keys;
use crate::store::contact::entry::Contact;
use crate::store::contact::offered::feeds;
use crate::store::identity::config::Config;
use crate::store::identity::own::Locked;
use crate::writing::content::{frame, sealing};
use jiff::Timestamp;

/// Our introduction, addressed to whom `to` introduces.
///
/// # Errors
/// When `to` names no card, or this identity has no base URL.
pub fn addressed(
    config: &Config,
    keys: &Keys,
    now: Timestamp,
    token: &Token,
    log: LogId,
    serial: u64,
    to: &Introduction,
) -> Result<Introduction> {
    let card = to
        .card
        .clone()
        .ok_or_else(|| Error::cannot("the introduction names no card to answer to"))?;
    let mut introduction = frame::introduction(config, keys, now, token, log, serial)?;
    (introduction.to, introduction.to_fingerprint) = (Some(card), Some(to.fingerprint.clone()));
    Ok(introduction)
}

/// Puts an acceptance that points to the feed we keep where the other looks for one.
///
/// # Errors
/// When it cannot be sealed or written.
pub fn answer_crossing(
    locked: &Locked<'_>,
    keys: &mut Keys,
    name: &str,
    candidate: &Candidate,
) -> Result<()> {
    let Some(reply) = candidate.introduction.reply.clone() else { return Ok(()) };
    if feeds::load(&locked.home, &reply)?.is_some() {
        return Ok(());
    }
    let mut contact = Contact::load(&locked.home, name)?;
    let ours = &contact.ours;
    let mut acceptance = addressed(
        &locked.config,
        keys,
        locked.now,
        &ours.token,
        ours.log,
        ours.introduction.serial,
        &candidate.introduction,
    )?;
    acceptance.in_reply_to = Some(candidate.hash());
    let at = sealing::signing_time(&contact, locked.now, false)?;
    let sealed =
        sealing::seal(keys, &acceptance.write(), &mut contact, &candidate.certificate, at)?;
    let mut channel = frame::channel(locked, keys, &reply)?;
    channel.introduction = Some(sealed);
    // Before it stands there: it goes with the contact.
    if !contact.ours.has_feed(&reply) {
        contact.ours.answers.push(reply.clone());
    }
    contact.save(locked, name)?;
    locked.about_to_change_public()?;
    Ok(locked.home.write(&locked.home.feed(&reply), channel.write().as_bytes())?)
}
