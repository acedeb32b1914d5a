//! The same again: an invitation or an answer by somebody who is a contact already.
//!
//! It completes what a run that died left undone. And where each of two people has accepted the
//! other's invitation, it makes one conversation of the two.

use super::candidate::Candidate;
use super::{answer, used_up};
use crate::error::Result;
use crate::protocol::sealed::handshake::{self, Order};
use crate::reading::introduction_and_state;
use crate::session::run::Session;
use crate::store::contact::entry::Contact;
use crate::store::contact::{contacts, feeds};
use crate::store::waiting::invitations::{self, Made};
use crate::writing::feed::{self, Change};
use crate::writing::frame;

/// Completes the agreement with the contact `name`, by whom `candidate` is. The caller holds the
/// home's lock.
///
/// # Errors
/// When something cannot be read, sealed or written; it can be done again.
pub fn complete(session: &mut Session, name: &str, candidate: &Candidate) -> Result<()> {
    let introduction = &candidate.introduction;
    let invitation = Contact::load(&session.home, name)?.ours.invitation;
    let mut answered = invitations::made(&session.home)?;
    let named = [invitation, introduction.in_reply_to];
    answered.retain(|made| named.iter().flatten().any(|hash| made.is(*hash)));
    for made in &answered {
        if Contact::load(&session.home, name)?.ours.token != made.token {
            join(session, name, candidate, made)?;
        }
    }
    if is_anew(&Contact::load(&session.home, name)?, candidate) {
        renew(session, name, candidate)?;
    }
    rewrite(session, name)?;
    let contact = Contact::load(&session.home, name)?;
    // Only an invitation that crossed ours made a contact whom we had invited, and answers nothing.
    let crossed = introduction.in_reply_to.is_none()
        && introduction.to_fingerprint.is_some()
        && contact.ours.invitation.is_some()
        && contact.theirs.logs.contains(&introduction.log);
    if crossed {
        answer::answer_crossing(session, name, candidate)?;
    }
    for made in &answered {
        used_up::finish(session, name, made, introduction.time)?;
    }
    invitations::settle(&session.home, &contact.fingerprint)
}

/// Finishes what a run left undone that died after it had made a contact of our invitation `made`.
/// Returns the contact's name.
///
/// # Errors
/// As [`complete`].
pub fn resume(session: &mut Session, made: &Made) -> Result<Option<String>> {
    let Some(name) = used_up::user_of(session, |hash| made.is(hash))? else { return Ok(None) };
    session.unlock()?;
    let _lock = session.lock()?;
    rewrite(session, &name)?;
    used_up::finish(session, &name, made, session.now())?;
    Ok(Some(name))
}

/// `name` has accepted our invitation `made`, while we had accepted another of theirs: the later of
/// their feeds counts, and the feed of `made`, where they look, leads to the one we keep.
fn join(session: &mut Session, name: &str, candidate: &Candidate, made: &Made) -> Result<()> {
    let mut contact = Contact::load(&session.home, name)?;
    contact.ours.invitation = Some(made.known_as(candidate.introduction.in_reply_to));
    follow(session, name, &mut contact, candidate)?;
    let kept = feeds::load(&session.home, &contact.ours.token)?.unwrap_or_default();
    let mut channel = frame::channel(session, &made.token)?;
    channel.introduction = kept.introduction;
    session.about_to_change_public()?;
    session.home.write(&session.home.feed(&made.token), channel.write().as_bytes())
}

/// Whether the contact invites us anew, by another feed than the one that we read: it has lost, or
/// removed, what we had agreed.
fn is_anew(contact: &Contact, candidate: &Candidate) -> bool {
    let (introduction, theirs) = (&candidate.introduction, &contact.theirs);
    introduction.in_reply_to.is_none()
        && introduction.to_fingerprint.is_some()
        && contact.ours.invitation.is_none()
        && theirs.introduction.as_ref().is_some_and(|seen| introduction.log > seen.log)
        && !theirs.logs.contains(&introduction.log)
}

/// Follows the contact to its new feed, and answers where it looks with the feed that we keep.
fn renew(session: &mut Session, name: &str, candidate: &Candidate) -> Result<()> {
    let mut contact = Contact::load(&session.home, name)?;
    follow(session, name, &mut contact, candidate)?;
    answer::answer_crossing(session, name, candidate)
}

/// Puts the contact's introduction in force if it is a later one, and introduces us anew.
fn follow(
    session: &mut Session,
    name: &str,
    contact: &mut Contact,
    candidate: &Candidate,
) -> Result<()> {
    let certificate = contacts::certificate(&session.home, name)?;
    let introduction = &candidate.introduction;
    let in_force = introduction_and_state::in_force(contact.theirs.introduction.as_ref());
    let new = (introduction.log, introduction.serial, candidate.hash());
    if handshake::order(new, in_force) == Order::Later {
        introduction_and_state::adopt(contact, introduction.clone(), new.2, candidate.sealed);
    }
    contact.ours.introduction = contact.ours.introduction.saturating_add(1);
    let (token, log, serial) =
        (contact.ours.token.clone(), contact.ours.log, contact.ours.introduction);
    let later = answer::addressed(session, &token, log, serial, introduction)?;
    let change = Change { introduction: Some(&later), ..Change::default() };
    feed::rewrite(session, name, contact, &certificate, change).map(drop)
}

fn rewrite(session: &mut Session, name: &str) -> Result<()> {
    let certificate = contacts::certificate(&session.home, name)?;
    let mut contact = Contact::load(&session.home, name)?;
    feed::rewrite(session, name, &mut contact, &certificate, Change::default()).map(drop)
}
