//! Our introduction to somebody in particular, and where an invitation that crossed ours finds it.

use super::candidate::Candidate;
use crate::error::{Error, Result};
use crate::protocol::sealed::introduction::Introduction;
use crate::protocol::values::guid::LogId;
use crate::protocol::values::token::Token;
use crate::session::run::Session;
use crate::store::contact::entry::Contact;
use crate::store::contact::feeds;
use crate::writing::{frame, sealing};

/// Our introduction, addressed to whom `to` introduces.
///
/// # Errors
/// When `to` names no card, or this identity has no base URL.
pub fn addressed(
    session: &Session,
    token: &Token,
    log: LogId,
    serial: u64,
    to: &Introduction,
) -> Result<Introduction> {
    let card = to
        .card
        .clone()
        .ok_or_else(|| Error::cannot("the introduction names no card to answer to"))?;
    let mut introduction = frame::introduction(session, token, log, serial)?;
    (introduction.to, introduction.to_fingerprint) = (Some(card), Some(to.fingerprint.clone()));
    Ok(introduction)
}

/// Puts an acceptance that points to the feed we keep where the other looks for one.
///
/// # Errors
/// When it cannot be sealed or written.
pub fn answer_crossing(session: &mut Session, name: &str, candidate: &Candidate) -> Result<()> {
    let Some(reply) = candidate.introduction.reply.clone() else { return Ok(()) };
    if feeds::load(&session.home, &reply)?.is_some() {
        return Ok(());
    }
    let mut contact = Contact::load(&session.home, name)?;
    let ours = &contact.ours;
    let mut acceptance =
        addressed(session, &ours.token, ours.log, ours.introduction, &candidate.introduction)?;
    acceptance.in_reply_to = Some(candidate.hash());
    let at = sealing::signing_time(&contact, session.now(), false)?;
    let sealed =
        sealing::seal(session, &acceptance.write(), &mut contact, &candidate.certificate, at)?;
    let mut channel = frame::channel(session, &reply)?;
    channel.introduction = Some(sealed);
    session.about_to_change_public()?;
    session.home.write(&session.home.feed(&reply), channel.write().as_bytes())
}
