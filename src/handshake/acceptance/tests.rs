use super::*;
use crate::handshake::testing::{accepted, addressee, agree, candidate, file, invitation, invite};
use crate::session::testing::Person;
use crate::store::contact::entry::Trust;
use crate::store::contact::offered::octets::Octets;
use crate::store::waiting::invitations::{Addressee, Invitation, Received};

fn john_and_mary() -> (Person, Person) {
    (Person::called("John"), Person::called("Mary"))
}

/// The relation of the candidate in `document` to `person`, in a word; or why it is refused.
fn relation(person: &mut Person, document: &str) -> std::result::Result<&'static str, String> {
    let candidate = candidate(person, document).unwrap();
    match relate(&person.home(), person.now(), &candidate) {
        Ok(Relation::Contact(_)) => Ok("contact"),
        Ok(Relation::Answer(_)) => Ok("answer"),
        Ok(Relation::Claim(_)) => Ok("claim"),
        Ok(Relation::Crossing(_)) => Ok("crossing"),
        Ok(Relation::Invitation) => Ok("invitation"),
        Err(error) => Err(error.message),
    }
}

#[test]
fn the_answer_of_whom_we_invited_needs_no_decision_and_that_of_anybody_else_does() {
    for (invited, expected) in [(true, "answer"), (false, "claim")] {
        let (mut john, mut mary) = john_and_mary();
        let to = invited.then(|| addressee(&john));
        let document = invitation(&mut mary, to);
        assert_eq!(relation(&mut john, &document), Ok("invitation"));
        let answer = accepted(&mut john, &document);
        assert_eq!(relation(&mut mary, &answer), Ok(expected));
    }
}

#[test]
fn an_answer_by_another_card_than_the_one_we_invited_is_none() {
    let (mut john, mut mary) = john_and_mary();
    let document = invitation(&mut mary, Some(addressee(&john)));
    let answer = accepted(&mut john, &document);
    let mut answer = candidate(&mut mary, &answer).unwrap();
    answer.introduction.card = "https://eve.example/card.rss".parse().ok();
    let refused = relate(&mary.home(), mary.now(), &answer).unwrap_err();
    assert!(refused.message.contains("no invitation of ours"), "{refused}");
}

#[test]
fn invitations_that_cross_are_no_question() {
    let (mut john, mut mary) = john_and_mary();
    let to_mary = invitation(&mut john, Some(addressee(&mary)));
    let to_john = invitation(&mut mary, Some(addressee(&john)));
    assert_eq!(relation(&mut john, &to_john), Ok("crossing"));
    assert_eq!(relation(&mut mary, &to_mary), Ok("crossing"));
    // One to nobody in particular waits for an answer, even from whom we invited.
    let to_anybody = invitation(&mut mary, None);
    assert_eq!(relation(&mut john, &to_anybody), Ok("invitation"));
}

#[test]
fn what_comes_by_the_key_of_a_contact_is_by_that_contact() {
    let (mut john, mut mary) = john_and_mary();
    let document = invitation(&mut mary, None);
    accepted(&mut john, &document);
    assert_eq!(relation(&mut john, &document), Ok("contact"));
    let another = invitation(&mut mary, None);
    assert_eq!(relation(&mut john, &another), Ok("contact"));
}

#[test]
fn an_invitation_to_nobody_in_particular_is_for_one_person() {
    let (mut john, mut mary) = john_and_mary();
    let mut eve = Person::called("Eve");
    let made = invite(&mut mary, None);
    let document = file(&mut mary, &made);
    let answers = [accepted(&mut john, &document), accepted(&mut eve, &document)];
    let first = candidate(&mut mary, &answers[0]).unwrap();
    agree(&mut mary, &first).unwrap();
    // A run that dies leaves the invitation behind.
    invitations::save(&mary.lock(), &Invitation::Made(Box::new(made))).unwrap();
    let refused = relation(&mut mary, &answers[1]).unwrap_err();
    assert!(refused.contains("`Eve` answers an invitation that `john` has used up"), "{refused}");
}

#[test]
fn an_answer_to_what_we_never_asked_or_have_withdrawn_is_refused() {
    let (mut john, mut mary) = john_and_mary();
    let made = invite(&mut mary, None);
    let document = file(&mut mary, &made);
    let answer = accepted(&mut john, &document);
    invitations::remove(&mary.lock(), made.id).unwrap();
    let refused = relation(&mut mary, &answer).unwrap_err();
    assert!(refused.contains("no invitation of ours"), "{refused}");
}

#[test]
fn an_invitation_waits_for_90_days() {
    let (mut john, mut mary) = john_and_mary();
    let (to_john, to_anybody) = (addressee(&john), invitation(&mut mary, None));
    let answers = [
        accepted(&mut john, &invitation(&mut mary, Some(to_john))),
        accepted(&mut Person::called("Eve"), &to_anybody),
    ];
    let mut late = Person::called("Late");
    late.wait(24 * 90);
    mary.wait(24 * 90);
    assert_eq!(relation(&mut late, &to_anybody), Ok("invitation"));
    assert_eq!(answers.each_ref().map(|it| relation(&mut mary, it)), [Ok("answer"), Ok("claim")]);
    late.wait(1);
    mary.wait(1);
    assert!(relation(&mut late, &to_anybody).unwrap_err().contains("has expired"));
    for answer in &answers {
        assert!(relation(&mut mary, answer).unwrap_err().contains("no invitation of ours"));
    }
}

#[test]
fn who_was_blocked_is_not_heard_again() {
    let (mut john, mut mary) = john_and_mary();
    let document = invitation(&mut mary, None);
    let blocked = candidate(&mut john, &document).unwrap();
    for (decision, heard) in [(Decision::Declined, true), (Decision::Blocked, false)] {
        let received = Received {
            sealed: None,
            signed: None,
            id: blocked.introduction.log,
            name: "mary".to_owned(),
            decision,
            octets: blocked.octets.clone(),
            fingerprint: blocked.introduction.fingerprint.clone(),
            log: blocked.introduction.log,
            certificate: blocked.certificate.to_armored(),
            key_hash: None,
            card_confirmed: false,
            received: john.now(),
            caller: None,
        };
        let received = Invitation::Received(Box::new(received));
        invitations::save(&john.lock(), &received).unwrap();
        assert_eq!(relation(&mut john, &document).is_ok(), heard, "{decision:?}");
        let anew = invitation(&mut mary, None);
        assert_eq!(relation(&mut john, &anew).is_ok(), heard, "{decision:?}");
    }
}

#[test]
fn who_answered_an_invitation_to_nobody_is_addressed_from_then_on() {
    let (mut john, mut mary) = john_and_mary();
    let document = invitation(&mut mary, None);
    let answer = accepted(&mut john, &document);
    let answer = candidate(&mut mary, &answer).unwrap();
    assert_eq!(agree(&mut mary, &answer).unwrap(), "john");
    let serial = mary.contact("john").ours.introduction.serial;
    let octets = Octets::of(&mary.home(), "john").introduction(serial).unwrap().unwrap();
    let introduction = Introduction::parse(octets.as_bytes()).unwrap();
    assert_eq!(introduction.serial, 2);
    assert_eq!(introduction.to_fingerprint, Some(john.certificate().fingerprint()));
    assert_eq!(introduction.to, Some(addressee(&john).card));
    assert!(invitations::made(&mary.home()).unwrap().is_empty());
}

#[test]
fn an_invitation_to_a_verified_key_makes_a_verified_contact() {
    let (mut john, mut mary) = john_and_mary();
    let to = Addressee { trust: Trust::Verified, ..addressee(&john) };
    let document = invitation(&mut mary, Some(to));
    let answer = accepted(&mut john, &document);
    let answer = candidate(&mut mary, &answer).unwrap();
    agree(&mut mary, &answer).unwrap();
    assert_eq!(mary.contact("john").trust, Trust::Verified);
    assert_eq!(john.contact("mary").trust, Trust::FirstUse);
}

#[test]
fn of_two_crossing_invitations_each_side_reads_the_feed_of_the_other() {
    let (mut john, mut mary) = john_and_mary();
    let to_mary = invitation(&mut john, Some(addressee(&mary)));
    let to_john = invitation(&mut mary, Some(addressee(&john)));
    let (by_mary, by_john) =
        (candidate(&mut john, &to_john).unwrap(), candidate(&mut mary, &to_mary).unwrap());
    agree(&mut john, &by_mary).unwrap();
    agree(&mut mary, &by_john).unwrap();
    for (one, other, by_other) in [(&john, &mary, &by_mary), (&mary, &john, &by_john)] {
        let name = |person: &Person| person.run.identity.config.name.to_lowercase();
        let (here, there) = (one.contact(&name(other)), other.contact(&name(one)));
        let feed = own_urls::feed_url(&other.run.identity.config, &there.ours.token).unwrap();
        assert_eq!(here.feed, feed);
        // Where the other looks for an answer, one leads to the feed that is kept.
        let reply = by_other.introduction.reply.clone().unwrap();
        assert!(feeds::load(&one.home(), &reply).unwrap().unwrap().introduction.is_some());
    }
}

#[test]
fn an_invitation_to_a_key_that_we_replaced_cannot_be_accepted() {
    let (mut john, mut mary) = john_and_mary();
    let document = invitation(&mut mary, Some(addressee(&john)));
    john.replace_key();
    let candidate = candidate(&mut john, &document).unwrap();
    let refused = agree(&mut john, &candidate).unwrap_err();
    assert!(refused.message.contains("a key that you have replaced"), "{refused}");
    assert!(contacts::list(&john.home()).unwrap().is_empty());
}
