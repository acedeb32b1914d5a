//! The same again: an invitation or an answer by somebody who is a contact already.
//!
//! It completes what a run that died left undone. And where each of two people has accepted the
//! other's invitation, it makes one conversation of the two.

use super::candidate::Candidate;
use super::{anew, answer, used_up};
use crate::error::Result;
use crate::protocol::sealed::handshake::{self, Order};
use crate::reading::contents::introduction_and_state;
use crate::session::keys::Keys;
use crate::store::contact::entry::Contact;
use crate::store::contact::offered::feeds;
use crate::store::contact::pair::Pair;
use crate::store::identity::own::{Identity, Locked};
use crate::store::waiting::invitations::{self, Made};
use crate::writing::content::frame;
use crate::writing::rewriting::feed::{self, Change};
use jiff::Timestamp;

/// Completes the agreement with the contact `name`, by whom `candidate` is. Returns whether its feed is
/// another from now on.
///
/// # Errors
/// When something cannot be read, sealed or written; it can be done again.
pub fn complete(
    locked: &Locked<'_>,
    keys: &mut Keys,
    name: &str,
    candidate: &Candidate,
) -> Result<bool> {
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
    let is_answer = |made: &&Made| introduction.in_reply_to.is_some_and(|hash| made.is(hash));
    let answer_to = answered.iter().find(is_answer);
    let followed = anew::follow(locked, keys, name, candidate, answer_to)?;
    rewrite(locked, keys, name)?;
    let contact = Contact::load(&locked.home, name)?;
    // A run may have died before it answered, or the invitation crossed ours.
    let is_answered = introduction.in_reply_to.is_none()
        && introduction.to_fingerprint.is_some()
        && contact.theirs.logs.contains(&introduction.log);
    if is_answered && !contact.blocked {
        answer::answer_crossing(locked, keys, name, candidate)?;
    }
    for made in &answered {
        used_up::finish(locked, name, made, introduction.time)?;
    }
    invitations::settle(locked, &contact.fingerprint)?;
    Ok(followed)
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
    anew::introduce(locked, keys, pair, introduction)
}

fn rewrite(locked: &Locked<'_>, keys: &mut Keys, name: &str) -> Result<()> {
    feed::rewrite(locked, keys, &mut Pair::load(locked, name)?, Change::default())?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::handshake::testing::{accepted, addressee, agree, candidate, invitation, invite};
    use crate::session::testing::Person;
    use crate::store::waiting::invitations::Invitation;

    fn john_and_mary() -> (Person, Person) {
        (Person::called("John"), Person::called("Mary"))
    }

    fn again(person: &mut Person, name: &str, candidate: &Candidate) {
        let (locked, keys, _) = person.hands();
        complete(&locked, keys, name, candidate).unwrap();
    }

    #[test]
    fn the_same_invitation_or_answer_again_changes_nothing() {
        let (mut john, mut mary) = john_and_mary();
        let by_mary = candidate(&mut john, &invitation(&mut mary, None)).unwrap();
        agree(&mut john, &by_mary).unwrap();
        let answer = crate::handshake::testing::answer(&john, "mary");
        let by_john = candidate(&mut mary, &answer).unwrap();
        agree(&mut mary, &by_john).unwrap();
        let before = (john.files(), mary.files());
        again(&mut john, "mary", &by_mary);
        again(&mut mary, "john", &by_john);
        assert!((john.files(), mary.files()) == before);
    }

    #[test]
    fn what_a_run_that_died_left_of_an_invitation_is_finished() {
        let (mut john, mut mary) = john_and_mary();
        let made = invite(&mut mary, None);
        let document = crate::handshake::testing::file(&mut mary, &made);
        let now = mary.now();
        let unused = resume(&mary.run.identity, &mut mary.run.keys, now, &made).unwrap();
        assert_eq!(unused, None);
        let answer = accepted(&mut john, &document);
        let by_john = candidate(&mut mary, &answer).unwrap();
        agree(&mut mary, &by_john).unwrap();
        let before = mary.files();
        invitations::save(&mary.lock(), &Invitation::Made(Box::new(made.clone()))).unwrap();
        let used = resume(&mary.run.identity, &mut mary.run.keys, now, &made).unwrap();
        assert_eq!(used.as_deref(), Some("john"));
        assert!(mary.files() == before);
    }

    #[test]
    fn a_contact_is_followed_by_a_later_introduction_alone_whoever_invited() {
        let (mut john, mut mary) = john_and_mary();
        let by_mary = candidate(&mut john, &invitation(&mut mary, None)).unwrap();
        agree(&mut john, &by_mary).unwrap();
        let contact = john.contact("mary");
        mary.wait(1);
        john.wait(1);
        let now = john.now();
        let later = invitation(&mut mary, Some(addressee(&john)));
        let later = candidate(&mut john, &later).unwrap();
        let is_later = |contact: &Contact, it: &Candidate| anew::is_later(contact, it, now);
        assert!(is_later(&contact, &later));
        assert!(!is_later(&contact, &by_mary), "it is the same");
        let mut invited = contact.clone();
        invited.reader_mut().invitation = Some(by_mary.hash());
        assert!(is_later(&invited, &later), "we had invited");
        let mut other = later.clone();
        other.introduction.to_fingerprint = None;
        assert!(!is_later(&contact, &other), "it is for anybody");
        other = later.clone();
        other.introduction.log = by_mary.introduction.log;
        assert!(!is_later(&contact, &other), "its log and serial are known");
        other.introduction.serial = 2;
        assert!(is_later(&contact, &other), "the serial is higher");
        let mut newer = contact.clone();
        newer
            .theirs
            .logs
            .push(crate::protocol::values::guid::Guid::new(now, &mut john.run.keys.rng));
        newer.theirs.introduction = None;
        assert!(!is_later(&newer, &later) || newer.theirs.logs[1] < later.introduction.log);
        let mut blocked = contact.clone();
        blocked.blocked = true;
        assert!(!is_later(&blocked, &later), "it is blocked");
        let mut signed = contact.clone();
        signed.theirs.signed = Some(now);
        other = later.clone();
        other.signed = Some(now - jiff::SignedDuration::from_hours(25));
        assert!(!is_later(&signed, &other), "a retired key could have signed it");
        assert!(is_later(&signed, &later));
        let in_days = |days: i64| now + jiff::SignedDuration::from_hours(24 * days);
        assert!(anew::is_later(&contact, &later, in_days(90)));
        assert!(!anew::is_later(&contact, &later, in_days(91)), "an invitation expires");
        assert!(!anew::is_later(&contact, &later, in_days(-2)), "its log is of the future");
    }

    #[test]
    fn a_contact_that_lost_its_side_is_followed_to_its_new_feed_and_answered_there() {
        let (mut john, mut mary) = john_and_mary();
        accepted(&mut john, &invitation(&mut mary, None));
        let token = john.contact("mary").ours.token;
        mary.wait(1);
        john.wait(1);
        let anew = invitation(&mut mary, Some(addressee(&john)));
        let anew = candidate(&mut john, &anew).unwrap();
        again(&mut john, "mary", &anew);
        let contact = john.contact("mary");
        assert_eq!(contact.feed, anew.introduction.feed);
        assert!(contact.theirs.logs.contains(&anew.introduction.log));
        assert_eq!(contact.ours.token, token, "we go on in our feed");
        let reply = anew.introduction.reply.clone().unwrap();
        let answer = feeds::load(&john.home(), &reply).unwrap().unwrap();
        assert!(answer.introduction.is_some() && answer.items.is_empty());
        let before = john.files();
        again(&mut john, "mary", &anew);
        assert!(john.files() == before);
    }

    #[test]
    fn two_who_accepted_each_others_invitations_have_one_conversation() {
        let (mut john, mut mary) = john_and_mary();
        let (by_john, by_mary) = (invitation(&mut john, None), invitation(&mut mary, None));
        john.wait(1);
        mary.wait(1);
        let (of_mary, of_john) = (accepted(&mut mary, &by_john), accepted(&mut john, &by_mary));
        let of_mary = candidate(&mut john, &of_mary).unwrap();
        let of_john = candidate(&mut mary, &of_john).unwrap();
        again(&mut john, "mary", &of_mary);
        again(&mut mary, "john", &of_john);
        for (person, name, answer) in [(&john, "mary", &of_mary), (&mary, "john", &of_john)] {
            assert!(invitations::made(&person.home()).unwrap().is_empty());
            let contact = person.contact(name);
            assert_eq!(contact.feed, answer.introduction.feed);
            assert_eq!(contact.theirs.logs.len(), 2);
        }
    }

    #[test]
    fn of_two_feeds_of_a_contact_the_later_counts_in_whatever_order_they_are_agreed_on() {
        let (mut john, mut mary) = john_and_mary();
        let early = accepted(&mut mary, &invitation(&mut john, None));
        john.wait(1);
        mary.wait(1);
        let late = candidate(&mut john, &invitation(&mut mary, None)).unwrap();
        agree(&mut john, &late).unwrap();
        let early = candidate(&mut john, &early).unwrap();
        again(&mut john, "mary", &early);
        assert_eq!(john.contact("mary").feed, late.introduction.feed);
        assert!(invitations::made(&john.home()).unwrap().is_empty());
    }
}
