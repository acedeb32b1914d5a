//! A contact that starts anew, or stands elsewhere, and says so by another way than the feed that we
//! read: by an invitation, an answer or a file (PROTOCOL §6).
//!
//! Only the pinned key can say it, to us, and later than what is in force.

use super::candidate::Candidate;
use super::{answer, settle};
use crate::error::Result;
use crate::protocol::sealed::handshake::{self, Order};
use crate::protocol::sealed::introduction::Introduction;
use crate::reading::contents::introduction_and_state::{self, is_long_before};
use crate::reading::look;
use crate::session::keys::Keys;
use crate::session::run::Run;
use crate::store::contact::contacts;
use crate::store::contact::entry::{Contact, Http};
use crate::store::contact::pair::Pair;
use crate::store::identity::own::Locked;
use crate::store::waiting::invitations::{self, Made};
use crate::writing::rewriting::feed::{self, Change};
use jiff::Timestamp;

/// Returns whether the introduction of `candidate`, which the pinned key of `contact` has signed, takes
/// the place of the one in force at `now`: it is of the same log with a higher serial, or of a later
/// log. An invitation counts for 90 days. What a retired key may have signed does not count, and
/// nothing does of a contact that is blocked.
pub fn is_later(contact: &Contact, candidate: &Candidate, now: Timestamp) -> bool {
    let (introduction, theirs) = (&candidate.introduction, &contact.theirs);
    let new = (introduction.log, introduction.serial, candidate.hash());
    let in_force = introduction_and_state::in_force(theirs.introduction.as_ref());
    !contact.blocked
        && introduction.to_fingerprint.is_some()
        && handshake::order(new, in_force) == Order::Later
        && theirs.logs.iter().all(|log| introduction.log >= *log)
        && is_timely(contact, candidate, now)
}

fn is_timely(contact: &Contact, candidate: &Candidate, now: Timestamp) -> bool {
    let introduction = &candidate.introduction;
    let age = now.duration_since(introduction.time);
    let expired = introduction.reply.is_some() && age > invitations::VALID;
    // By a clock of ours that was ahead we may have believed a signature of the future.
    let newest = contact.theirs.signed.map(|newest| newest.min(now));
    let backdated = candidate.signed.is_none_or(|signed| is_long_before(signed, newest));
    !expired && !backdated && !introduction.log.is_ahead_of(now)
}

/// Reads once more, before the contact called `name` is followed to another feed, what stands in the
/// one that it leaves. What fails is left.
pub fn read_before(run: &mut Run, name: &str, candidate: &Candidate) {
    let contact = Contact::load(&run.identity.home, name);
    let leaves = contact.is_ok_and(|contact| {
        is_later(&contact, candidate, run.now()) && contact.feed != candidate.introduction.feed
    });
    if leaves {
        look::look(run, &[name.to_owned()]);
    }
}

/// Follows the contact called `name` if the introduction of `candidate` [`is_later`]: its feed, card and
/// handshake count from now on, our feed introduces us to it anew, and where it waits for an answer,
/// that points to the feed that we keep. `answered` is the invitation of ours that it answers. Returns
/// whether it was followed.
///
/// # Errors
/// When something cannot be read, sealed or written; it can be done again.
pub fn follow(
    locked: &Locked<'_>,
    keys: &mut Keys,
    name: &str,
    candidate: &Candidate,
    answered: Option<&Made>,
) -> Result<bool> {
    let mut pair = Pair::load(locked, name)?;
    let introduction = &candidate.introduction;
    let named = [
        answered.map(|made| made.known_as(introduction.in_reply_to)),
        pair.contact.reader().invitation,
    ];
    let answers_another = introduction.in_reply_to.is_some_and(|hash| !named.contains(&Some(hash)));
    if answers_another || !is_later(&pair.contact, candidate, locked.now) {
        return Ok(false);
    }
    merge(locked, &mut pair, candidate)?;
    take_in(&mut pair.contact, candidate, answered)?;
    introduce(locked, keys, &mut pair, introduction)?;
    answer::answer_crossing(locked, keys, name, candidate)?;
    Ok(true)
}

/// Takes over what the certificate that came with `candidate` says by now: whoever begins again may have
/// another subkey. One that would grow too large is kept as it was.
fn merge(locked: &Locked<'_>, pair: &mut Pair, candidate: &Candidate) -> Result<()> {
    let Ok(merged) = pair.certificate.merged(&candidate.certificate, locked.now) else {
        return Ok(());
    };
    if merged != pair.certificate {
        contacts::pin(locked, &pair.name, &merged)?;
        (pair.certificate, pair.contact.key_hash) = (merged, candidate.key_hash);
    }
    Ok(())
}

/// Notes what the later introduction of `candidate` says. The document at the agreed place may only
/// point to a feed that was kept: that feed tells the rest itself.
fn take_in(contact: &mut Contact, candidate: &Candidate, answered: Option<&Made>) -> Result<()> {
    let introduction = &candidate.introduction;
    if let Some(made) = answered {
        contact.reader_mut().invitation = Some(made.known_as(introduction.in_reply_to));
        if settle::is_elsewhere(made, candidate)? {
            (contact.feed, contact.http) = (introduction.feed.clone(), Http::default());
            return Ok(());
        }
    }
    let (hash, sealed) = (candidate.hash(), candidate.sealed);
    introduction_and_state::adopt(contact, introduction.clone(), hash, sealed);
    Ok(())
}

/// Introduces us anew to whom `to` introduces, in the feed that we keep.
pub(super) fn introduce(
    locked: &Locked<'_>,
    keys: &mut Keys,
    pair: &mut Pair,
    to: &Introduction,
) -> Result<()> {
    let counted = &mut pair.contact.ours.introduction;
    counted.serial = counted.serial.saturating_add(1);
    let ours = &pair.contact.ours;
    let (token, log, serial) = (ours.token.clone(), ours.log, ours.introduction.serial);
    let later = answer::addressed(&locked.config, keys, locked.now, &token, log, serial, to)?;
    let change = Change { introduction: Some(&later), ..Change::default() };
    feed::rewrite(locked, keys, pair, change)?;
    Ok(())
}
