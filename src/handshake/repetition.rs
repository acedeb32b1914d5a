//! The same again: an invitation or an answer by somebody who is a contact already.
//!
//! It completes what a run that died left undone. And where each of two people has accepted the
//! other's invitation, it makes one conversation of the two.

use super::candidate::Candidate;
use super::{answer, used_up};
use crate::error::Result;
use crate::protocol::sealed::handshake::{self, Order};
use crate::reading::introduction_and_state;
use crate::session::keys::Keys;
use crate::store::contact::entry::Contact;
use crate::store::contact::feeds;
use crate::store::contact::pair::Pair;
use crate::store::identity::own::Identity;
use crate::store::identity::own::Locked;
use crate::store::waiting::invitations::{self, Made};
use crate::writing::feed::{self, Change};
use crate::writing::frame;
use jiff::Timestamp;

/// Completes the agreement with the contact `name`, by whom `candidate` is. The caller holds the
/// home's lock.
///
/// # Errors
/// When something cannot be read, sealed or written; it can be done again.
pub fn complete(
    locked: &Locked<'_>,
    keys: &mut Keys,
    name: &str,
    candidate: &Candidate,
) -> Result<()> {
    let introduction = &candidate.introduction;
    let invitation = Contact::load(&locked.home, name)?.reader().invitation;
    let mut answered = invitations::made(&locked.home)?;
    let named = [invitation, introduction.in_reply_to];
    answered.retain(|made| named.iter().flatten().any(|hash| made.is(*hash)));
    for made in &answered {
        if Contact::load(&locked.home, name)?.ours.token != made.token {
            join(locked, keys, name, candidate, made)?;
        }
    }
    if is_anew(&Contact::load(&locked.home, name)?, candidate) {
        renew(locked, keys, name, candidate)?;
    }
    rewrite(locked, keys, name)?;
    let contact = Contact::load(&locked.home, name)?;
    // Only an invitation that crossed ours made a contact whom we had invited, and answers nothing.
    let crossed = introduction.in_reply_to.is_none()
        && introduction.to_fingerprint.is_some()
        && contact.reader().invitation.is_some()
        && contact.theirs.logs.contains(&introduction.log);
    if crossed {
        answer::answer_crossing(locked, keys, name, candidate)?;
    }
    for made in &answered {
        used_up::finish(locked, name, made, introduction.time)?;
    }
    Ok(invitations::settle(&locked.home, &contact.fingerprint)?)
}

/// Finishes what a run left undone that died after it had made a contact of our invitation `made`.
/// Returns the contact's name.
///
/// # Errors
/// As [`complete`].
pub fn resume(
    identity: &Identity,
    keys: &mut Keys,
    now: Timestamp,
    made: &Made,
) -> Result<Option<String>> {
    if used_up::user_of(&identity.home, |hash| made.is(hash))?.is_none() {
        return Ok(None);
    }
    keys.unlock()?;
    let locked = keys.lock_to_sign(identity, now)?;
    // It may have been renamed or removed while we waited.
    let Some(name) = used_up::user_of(&locked.home, |hash| made.is(hash))? else {
        return Ok(None);
    };
    rewrite(&locked, keys, &name)?;
    used_up::finish(&locked, &name, made, locked.now)?;
    Ok(Some(name))
}

/// `name` has accepted our invitation `made`, while we had accepted another of theirs: the later of
/// their feeds counts, and the feed of `made`, where they look, leads to the one we keep.
fn join(
    locked: &Locked<'_>,
    keys: &mut Keys,
    name: &str,
    candidate: &Candidate,
    made: &Made,
) -> Result<()> {
    let mut pair = Pair::load(locked, name)?;
    pair.contact.reader_mut().invitation = Some(made.known_as(candidate.introduction.in_reply_to));
    if !pair.contact.ours.has_feed(&made.token) {
        pair.contact.ours.answers.push(made.token.clone());
    }
    follow(locked, keys, &mut pair, candidate)?;
    let kept = feeds::load(&locked.home, &pair.contact.ours.token)?.unwrap_or_default();
    let mut channel = frame::channel(locked, keys, &made.token)?;
    channel.introduction = kept.introduction;
    locked.about_to_change_public()?;
    Ok(locked.home.write(&locked.home.feed(&made.token), channel.write().as_bytes())?)
}

/// Whether the contact invites us anew, by another feed than the one that we read: it has lost, or
/// removed, what we had agreed.
fn is_anew(contact: &Contact, candidate: &Candidate) -> bool {
    let (introduction, theirs) = (&candidate.introduction, &contact.theirs);
    introduction.in_reply_to.is_none()
        && introduction.to_fingerprint.is_some()
        && contact.reader().invitation.is_none()
        && theirs.introduction.as_ref().is_some_and(|seen| introduction.log > seen.log)
        && !theirs.logs.contains(&introduction.log)
}

/// Follows the contact to its new feed, and answers where it looks with the feed that we keep.
fn renew(locked: &Locked<'_>, keys: &mut Keys, name: &str, candidate: &Candidate) -> Result<()> {
    follow(locked, keys, &mut Pair::load(locked, name)?, candidate)?;
    answer::answer_crossing(locked, keys, name, candidate)
}

/// Puts the contact's introduction in force if it is a later one, and introduces us anew.
fn follow(
    locked: &Locked<'_>,
    keys: &mut Keys,
    pair: &mut Pair,
    candidate: &Candidate,
) -> Result<()> {
    let contact = &mut pair.contact;
    let introduction = &candidate.introduction;
    let in_force = introduction_and_state::in_force(contact.theirs.introduction.as_ref());
    let new = (introduction.log, introduction.serial, candidate.hash());
    if handshake::order(new, in_force) == Order::Later {
        introduction_and_state::adopt(contact, introduction.clone(), new.2, candidate.sealed);
    }
    let counted = &mut contact.ours.introduction;
    counted.serial = counted.serial.saturating_add(1);
    let (token, log, serial) =
        (contact.ours.token.clone(), contact.ours.log, contact.ours.introduction.serial);
    let later =
        answer::addressed(&locked.config, keys, locked.now, &token, log, serial, introduction)?;
    let change = Change { introduction: Some(&later), ..Change::default() };
    feed::rewrite(locked, keys, pair, change)?;
    Ok(())
}

fn rewrite(locked: &Locked<'_>, keys: &mut Keys, name: &str) -> Result<()> {
    feed::rewrite(locked, keys, &mut Pair::load(locked, name)?, Change::default())?;
    Ok(())
}
