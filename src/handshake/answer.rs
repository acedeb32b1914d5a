//! Our introduction to somebody in particular, and where an invitation that crossed ours finds it.

use super::candidate::Candidate;
use crate::error::{Error, Result};
use crate::protocol::sealed::introduction::Introduction;
use crate::protocol::values::guid::LogId;
use crate::protocol::values::token::Token;
use crate::session::keys::Keys;
use crate::store::contact::offered::feeds;
use crate::store::contact::pair::Pair;
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
    let Pair { mut contact, certificate, .. } = Pair::load(locked, name)?;
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
    // The inviter believes the card that was invited, even if we have moved since.
    acceptance.card = candidate.introduction.to.clone().or(acceptance.card);
    let at = sealing::signing_time(&contact, locked, false)?;
    let sealed = sealing::seal(keys, &acceptance.write(), &mut contact, &certificate, at)?;
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::handshake::testing::{addressee, agree, candidate, invitation};
    use crate::session::testing::Person;
    use crate::store::identity::own_urls;
    use crate::writing::testing::opened;

    /// John, whose contact Mary is, and an invitation by her that is to be answered with the feed that
    /// he keeps.
    fn story() -> (Person, Candidate) {
        let (mut john, mut mary) = (Person::called("John"), Person::called("Mary"));
        let first = candidate(&mut john, &invitation(&mut mary, None)).unwrap();
        assert_eq!(agree(&mut john, &first).unwrap(), "mary");
        let anew = invitation(&mut mary, Some(addressee(&john)));
        let anew = candidate(&mut john, &anew).unwrap();
        (john, anew)
    }

    fn answer(john: &mut Person, candidate: &Candidate) -> Result<()> {
        let (locked, keys, _) = john.hands();
        answer_crossing(&locked, keys, "mary", candidate)
    }

    #[test]
    fn what_stands_where_the_other_looks_leads_to_the_feed_that_we_keep() {
        let (mut john, anew) = story();
        let kept = john.contact("mary").ours;
        answer(&mut john, &anew).unwrap();
        let reply = anew.introduction.reply.clone().unwrap();
        assert_ne!(kept.token, reply);
        let contact = john.contact("mary");
        assert_eq!(
            (&contact.ours.token, &contact.ours.answers),
            (&kept.token, &vec![reply.clone()])
        );
        let stands = feeds::load(&john.home(), &reply).unwrap().unwrap();
        assert!(stands.items.is_empty() && stands.state.is_none());
        let own = john.certificate();
        // It is sealed to both.
        let octets = opened(&mut john, &stands.introduction.unwrap(), &own);
        let said = Introduction::parse(octets.as_bytes()).unwrap();
        assert_eq!((said.in_reply_to, said.log), (Some(anew.hash()), kept.log));
        let feed = own_urls::feed_url(&john.run.identity.config, &kept.token);
        assert_eq!(said.feed, feed.unwrap());
        assert_eq!(said.to_fingerprint.as_ref(), Some(&anew.introduction.fingerprint));
    }

    #[test]
    fn what_stands_there_stays_and_a_second_time_changes_nothing() {
        let (mut john, anew) = story();
        answer(&mut john, &anew).unwrap();
        let before = john.files();
        john.wait(1);
        answer(&mut john, &anew).unwrap();
        assert!(john.files() == before);
        // A run that died has counted it, and not written it.
        let place = john.home().feed(anew.introduction.reply.as_ref().unwrap());
        std::fs::remove_file(&place).unwrap();
        answer(&mut john, &anew).unwrap();
        assert!(place.is_file());
        assert_eq!(john.contact("mary").ours.answers.len(), 1, "it is counted once");
    }

    #[test]
    fn who_looks_nowhere_is_answered_nowhere() {
        let (mut john, mut anew) = story();
        anew.introduction.reply = None;
        let before = john.files();
        answer(&mut john, &anew).unwrap();
        assert!(john.files() == before);
    }

    #[test]
    fn who_names_no_card_cannot_be_addressed() {
        let (mut john, mut anew) = story();
        anew.introduction.card = None;
        let before = john.files();
        let refused = answer(&mut john, &anew).unwrap_err();
        assert!(refused.message.contains("names no card"), "{refused}");
        assert!(john.files() == before);
    }
}
