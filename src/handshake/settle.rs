//! Settling: a candidate becomes a contact, with a feed of ours that tells it so.

use super::answer::{addressed, answer_crossing};
use super::candidate::Candidate;
use super::used_up;
use crate::error::{Error, Result};
use crate::protocol::sealed::introduction::Introduction;
use crate::protocol::values::guid::Guid;
use crate::protocol::values::token::Token;
use crate::session::keys::Keys;
use crate::session::own_key;
use crate::store::contact::contacts;
use crate::store::contact::entry::{Contact, Http, Seen, Theirs, Trust};
use crate::store::contact::offered::octets::Octets;
use crate::store::contact::own_feed::{OwnFeed, Reader};
use crate::store::contact::pair::Pair;
use crate::store::disk::atomic;
use crate::store::identity::own::Locked;
use crate::store::identity::own_urls;
use crate::store::waiting::invitations::Made;
use crate::writing::notices::transition;
use crate::writing::rewriting::feed::{self, Change};
use jiff::Timestamp;

/// The decision that makes a candidate a contact.
#[derive(Clone, Copy)]
pub enum Decision<'a> {
    /// The user accepts its invitation.
    Accepted,
    /// It answers this invitation of ours.
    Answered(&'a Made),
    /// Its invitation crossed this one of ours.
    Crossed(&'a Made),
}

impl<'a> Decision<'a> {
    /// Our invitation that led to it, if one did.
    pub fn made(self) -> Option<&'a Made> {
        match self {
            Self::Accepted => None,
            Self::Answered(made) | Self::Crossed(made) => Some(made),
        }
    }
}

/// Our side of a new contact: what we know of our feed, and the octets of its introduction.
type Side = (OwnFeed, String);

/// Makes the contact `name` of `candidate`, for whom the user has decided, now or by inviting.
///
/// # Errors
/// When the candidate cannot be answered, or something cannot be written; it can be done again.
pub fn settle(
    locked: &Locked<'_>,
    keys: &mut Keys,
    candidate: &Candidate,
    decision: Decision<'_>,
    name: &str,
) -> Result<()> {
    let seen = Seen {
        log: candidate.introduction.log,
        serial: candidate.introduction.serial,
        hash: candidate.hash(),
        sealed: candidate.sealed,
    };
    match decision {
        Decision::Accepted => {
            let side = answering(locked, keys, candidate)?;
            make(locked, keys, name, candidate, side, Some(seen))
        }
        Decision::Answered(made) => {
            let side = invited(locked, keys, made, candidate)?;
            let seen = if is_elsewhere(made, candidate)? { None } else { Some(seen) };
            make(locked, keys, name, &as_trusted(made, candidate), side, seen)?;
            used_up::finish(locked, name, made, candidate.introduction.time)
        }
        Decision::Crossed(made) => {
            let side = invited(locked, keys, made, candidate)?;
            make(locked, keys, name, &as_trusted(made, candidate), side, Some(seen))?;
            answer_crossing(locked, keys, name, candidate)?;
            used_up::finish(locked, name, made, candidate.introduction.time)
        }
    }
}

/// Returns whether `candidate` answers `made` by another feed than the one at the agreed place. The
/// document at that place then only points to the feed that is kept, and is not in force.
pub(super) fn is_elsewhere(made: &Made, candidate: &Candidate) -> Result<bool> {
    let feed = &candidate.introduction.feed;
    Ok(made.to.is_some() && made.reply_place()?.is_some_and(|place| place != *feed))
}

/// `candidate`, as we know it from inviting: verified if the user gave the fingerprint then.
fn as_trusted(made: &Made, candidate: &Candidate) -> Candidate {
    let mut candidate = candidate.clone();
    let Some(to) = &made.to else { return candidate };
    if to.trust == Trust::Verified {
        candidate.trust = Trust::Verified;
    }
    // That card was read when they were invited.
    candidate.card_confirmed |= candidate.introduction.card.as_ref() == Some(&to.card);
    candidate
}

/// Our side where we have invited: the feed of the invitation becomes that of the contact.
fn invited(locked: &Locked<'_>, keys: &Keys, made: &Made, candidate: &Candidate) -> Result<Side> {
    let introduction = &candidate.introduction;
    let own = keys.certificate()?.fingerprint();
    let reader = Reader {
        invited: made.to.as_ref().and_then(|to| to.address.clone()),
        invitation: Some(made.known_as(introduction.in_reply_to)),
        // An answer to a key that we have replaced since comes from somebody who knows us by that.
        signed_by: Some(introduction.to_fingerprint.clone().unwrap_or(own)),
        ..Reader::default()
    };
    let mut ours = OwnFeed::new(made.token.clone(), made.log, reader);
    let invited = Introduction::parse(made.octets.as_bytes())?;
    ours.introduction.serial = invited.serial;
    let moved = invited.feed != own_urls::feed_url(&locked.config, &made.token)?;
    if made.to.is_some() && !moved {
        return Ok((ours, made.octets.clone()));
    }
    // Nobody was addressed in the file, or we have moved since: the feed must say it.
    let serial = invited.serial.saturating_add(1);
    ours.introduction.serial = serial;
    let (config, now) = (&locked.config, locked.now);
    let later = addressed(config, keys, now, &made.token, made.log, serial, introduction)?;
    Ok((ours, later.write()))
}

/// Our side where we were invited: a new feed, whose introduction answers.
fn answering(locked: &Locked<'_>, keys: &mut Keys, candidate: &Candidate) -> Result<Side> {
    let own = keys.certificate()?.fingerprint();
    if candidate.introduction.to_fingerprint.as_ref().is_some_and(|to| *to != own) {
        return Err(Error::cannot("this invitation is addressed to a key that you have replaced")
            .hint("its writer would not believe an answer by the new one: ask for another"));
    }
    let reply = candidate.introduction.reply.clone();
    let free = reply.filter(|reply| !locked.home.feed(reply).exists());
    let token = free.unwrap_or_else(|| Token::new(&mut keys.rng));
    let log = Guid::new(locked.now, &mut keys.rng);
    let mut introduction =
        addressed(&locked.config, keys, locked.now, &token, log, 1, &candidate.introduction)?;
    introduction.in_reply_to = Some(candidate.hash());
    // The inviter believes the card that was invited, even if we have moved since.
    introduction.card = candidate.introduction.to.clone().or(introduction.card);
    let reader = Reader { signed_by: Some(own), ..Reader::default() };
    let ours = OwnFeed::new(token, log, reader);
    Ok((ours, introduction.write()))
}

/// Writes the contact: what its feed must say first, then key and contact, then the feed.
fn make(
    locked: &Locked<'_>,
    keys: &mut Keys,
    name: &str,
    candidate: &Candidate,
    (ours, octets): Side,
    seen: Option<Seen>,
) -> Result<()> {
    let contact = contact_of(locked.now, candidate, ours, seen);
    let certificate = candidate.certificate.clone();
    let mut pair = Pair { name: name.to_owned(), contact, certificate };
    contacts::make_room(locked, name)?;
    let serial = pair.contact.ours.introduction.serial;
    let introduction_octets =
        Octets::of(&locked.home, name).stage_introduction(locked, serial, &octets)?;
    atomic::sync([&introduction_octets])?;
    locked.home.put(vec![introduction_octets])?;
    contacts::pin(locked, name, &pair.certificate)?;
    if own_key::known_by(&locked.home, keys, &pair.contact)? == keys.certificate()?.fingerprint() {
        feed::rewrite(locked, keys, &mut pair, Change::default())?;
    } else {
        pair.save(locked)?;
        transition::bring_over(locked, keys, name)?;
    }
    Ok(())
}

/// The contact whom `candidate` introduces, as known by now.
fn contact_of(now: Timestamp, candidate: &Candidate, ours: OwnFeed, seen: Option<Seen>) -> Contact {
    let introduction = &candidate.introduction;
    Contact {
        fingerprint: introduction.fingerprint.clone(),
        trust: candidate.trust,
        policy: None,
        blocked: false,
        claimed_name: introduction.name.clone(),
        since: now,
        feed: introduction.feed.clone(),
        card: introduction.card.clone(),
        card_confirmed: candidate.card_confirmed,
        card_asked: None,
        handshake: introduction.handshake.clone(),
        key: introduction.key.clone(),
        key_hash: candidate.key_hash,
        unusable: None,
        ours,
        theirs: Theirs { introduction: seen, logs: vec![introduction.log], ..Theirs::default() },
        http: Http::default(),
        key_failing: None,
        archive_failing: None,
        lease: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::handshake::testing::{accepted, addressee, candidate, file, invitation, invite};
    use crate::protocol::values::url::Url;
    use crate::session::testing::Person;
    use crate::store::waiting::invitations::{self, Addressee};

    fn john_and_mary() -> (Person, Person) {
        (Person::called("John"), Person::called("Mary"))
    }

    fn settle(person: &mut Person, candidate: &Candidate, decision: Decision<'_>) -> Result<()> {
        let (locked, keys, _) = person.hands();
        super::settle(&locked, keys, candidate, decision, "other")
    }

    /// The octets of what our feed says to the contact, and the same read.
    fn introduction(person: &Person) -> (String, Introduction) {
        let serial = person.contact("other").ours.introduction.serial;
        let octets = Octets::of(&person.home(), "other").introduction(serial).unwrap().unwrap();
        let introduction = Introduction::parse(octets.as_bytes()).unwrap();
        (octets, introduction)
    }

    /// Mary's invitation of `to`, and John's answer to it.
    fn answered(john: &mut Person, mary: &mut Person, to: Option<Addressee>) -> (Made, Candidate) {
        let made = invite(mary, to);
        let answer = accepted(john, &file(mary, &made));
        let answer = candidate(mary, &answer).unwrap();
        (made, answer)
    }

    #[test]
    fn who_accepts_answers_where_the_inviter_looks_by_the_card_that_was_invited() {
        let (mut john, mut mary) = john_and_mary();
        let to = addressee(&john);
        let invited = to.card.clone();
        let by_mary = candidate(&mut john, &invitation(&mut mary, Some(to))).unwrap();
        john.move_to("https://elsewhere.example/");
        settle(&mut john, &by_mary, Decision::Accepted).unwrap();
        let contact = john.contact("other");
        assert_eq!(Some(&contact.ours.token), by_mary.introduction.reply.as_ref());
        let (_, answer) = introduction(&john);
        assert_eq!((answer.in_reply_to, answer.card), (Some(by_mary.hash()), Some(invited)));
        assert_eq!(answer.to_fingerprint, Some(mary.certificate().fingerprint()));
        let seen = contact.theirs.introduction.unwrap();
        assert_eq!((seen.hash, seen.sealed), (by_mary.hash(), by_mary.sealed));
        assert_eq!(contact.trust, Trust::FirstUse);
    }

    #[test]
    fn a_place_that_another_feed_has_is_left_to_it() {
        let (mut john, mut mary) = john_and_mary();
        let by_mary = candidate(&mut john, &invitation(&mut mary, None)).unwrap();
        let taken = john.home().feed(by_mary.introduction.reply.as_ref().unwrap());
        john.home().write(&taken, b"another").unwrap();
        settle(&mut john, &by_mary, Decision::Accepted).unwrap();
        assert_eq!(std::fs::read(&taken).unwrap(), b"another");
        let ours = john.contact("other").ours;
        assert_ne!(Some(&ours.token), by_mary.introduction.reply.as_ref());
        assert!(john.home().feed(&ours.token).is_file());
    }

    #[test]
    fn whom_we_have_addressed_reads_the_same_octets_unless_we_have_moved() {
        for has_moved in [false, true] {
            let (mut john, mut mary) = john_and_mary();
            let to = addressee(&john);
            let (made, answer) = answered(&mut john, &mut mary, Some(to));
            if has_moved {
                mary.move_to("https://elsewhere.example/");
            }
            settle(&mut mary, &answer, Decision::Answered(&made)).unwrap();
            let (octets, said) = introduction(&mary);
            let ours = mary.contact("other").ours;
            assert_eq!((&ours.token, ours.log), (&made.token, made.log));
            assert_eq!(ours.introduction.serial, said.serial);
            assert_eq!(
                (octets == made.octets, said.serial),
                (!has_moved, 1 + u64::from(has_moved))
            );
            assert_eq!(
                said.feed,
                own_urls::feed_url(&mary.run.identity.config, &made.token).unwrap()
            );
            assert!(invitations::made(&mary.home()).unwrap().is_empty(), "it is used up");
        }
    }

    #[test]
    fn an_answer_by_another_feed_than_the_agreed_one_is_not_in_force() {
        let places = ["f/", "other/"]
            .map(|folder| -> Url { format!("https://john.example/{folder}").parse().unwrap() });
        let expected = [true, false];
        for (feeds, is_in_force) in places.into_iter().zip(expected) {
            let (mut john, mut mary) = john_and_mary();
            let to = Addressee { feeds: Some(feeds), ..addressee(&john) };
            let (made, answer) = answered(&mut john, &mut mary, Some(to));
            settle(&mut mary, &answer, Decision::Answered(&made)).unwrap();
            let contact = mary.contact("other");
            assert_eq!(contact.feed, answer.introduction.feed);
            assert_eq!(contact.theirs.introduction.is_some(), is_in_force);
        }
    }

    #[test]
    fn only_a_fingerprint_given_when_inviting_verifies_who_answers() {
        for trust in [Trust::FirstUse, Trust::Verified] {
            let (mut john, mut mary) = john_and_mary();
            let to = Addressee { trust, ..addressee(&john) };
            let (made, answer) = answered(&mut john, &mut mary, Some(to));
            assert_eq!(answer.trust, Trust::FirstUse);
            settle(&mut mary, &answer, Decision::Answered(&made)).unwrap();
            assert_eq!(mary.contact("other").trust, trust);
        }
    }

    #[test]
    fn who_answers_a_key_that_we_have_replaced_is_told_of_the_new_one_by_it() {
        let (mut john, mut mary) = john_and_mary();
        let to = addressee(&john);
        let (made, answer) = answered(&mut john, &mut mary, Some(to));
        let old = mary.certificate().fingerprint();
        mary.replace_key();
        settle(&mut mary, &answer, Decision::Answered(&made)).unwrap();
        let new = mary.certificate().fingerprint();
        assert_ne!(old, new);
        let contact = mary.contact("other");
        assert_eq!(contact.reader().signed_by, Some(new), "from here on the new key signs");
        assert_eq!(contact.ours.sequence(), 1, "the item that tells of it");
    }

    #[test]
    fn where_invitations_crossed_both_feeds_stand_and_ours_is_that_of_our_invitation() {
        let (mut john, mut mary) = john_and_mary();
        let made = invite(&mut mary, Some(addressee(&john)));
        let by_john = invitation(&mut john, Some(addressee(&mary)));
        let by_john = candidate(&mut mary, &by_john).unwrap();
        settle(&mut mary, &by_john, Decision::Crossed(&made)).unwrap();
        let hash = by_john.hash();
        let contact = mary.contact("other");
        assert_eq!((contact.ours.token, contact.feed), (made.token, by_john.introduction.feed));
        assert_eq!(contact.theirs.introduction.unwrap().hash, hash);
        assert_eq!(contact.ours.answers, [by_john.introduction.reply.unwrap()]);
        assert!(invitations::made(&mary.home()).unwrap().is_empty(), "it is used up");
    }
}
