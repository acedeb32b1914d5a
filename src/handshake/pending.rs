//! Pending invitations: where the answers are looked for.

use super::addressing::naming;
use super::candidate::{self, Candidate};
use super::invitation_feed::Shown;
use super::settle::{self, Decision};
use super::{anew, invitation_feed, repetition};
use crate::error::{Error, Result};
use crate::openpgp::certificate::Certificate;
use crate::protocol::feed::channel::Channel;
use crate::protocol::sealed::handshake::{self, Pending};
use crate::protocol::values::clock::Verdict;
use crate::protocol::values::limits;
use crate::session::keys::Keys;
use crate::session::run::Run;
use crate::session::setback::Setback;
use crate::session::talk::Talk;
use crate::session::web::{fetch, witnesses};
use crate::store::contact::contacts;
use crate::store::contact::entry::Contact;
use crate::store::disk::home::Home;
use crate::store::identity::config::Config;
use crate::store::identity::own::Identity;
use crate::store::waiting::invitations::{self, Made};
use crate::transport::client::{Answer, Client, Conditions};
use crate::writing::removal;
use jiff::Timestamp;

/// Looks for the answers to the invitations that we made; returns the names of the new contacts.
/// Anything at the agreed place but a valid acceptance is "not yet". A failure for one is reported,
/// and the others go on.
///
/// # Errors
/// When the settings are wrong, or the invitations cannot be read.
pub fn look(run: &mut Run) -> Result<Vec<String>> {
    let mut names = Vec::new();
    if run.identity.config.read_only {
        return Ok(names);
    }
    let client = run.network.client()?;
    for made in invitations::made(&run.identity.home)? {
        match look_for(run, &client, &made) {
            Ok(name) => names.extend(name),
            Err(error) => run.talk.report_daily(&error),
        }
    }
    Ok(names)
}

fn look_for(run: &mut Run, client: &Client, made: &Made) -> Result<Option<String>> {
    if let Some(name) = repetition::resume(&run.identity, &mut run.keys, run.clock.now(), made)? {
        return Ok(Some(name));
    }
    let shown = invitation_feed::shown(&run.identity, &run.keys, made)?;
    if shown == Shown::Unsealed {
        run.keys.unlock()?;
    }
    if shown != Shown::Whole {
        let locked = run.keys.lock_to_sign(&run.identity, run.clock.now())?;
        invitation_feed::ensure(&locked, &mut run.keys, made)?;
    }
    // An answer that came in time counts, however long nobody looked for it.
    if let Some(document) = found(client, made)? {
        if is_introduction(&document) {
            run.keys.unlock()?;
        }
        match judge(&run.identity.config, &mut run.keys, run.clock.now(), made, &document) {
            Ok(candidate) => {
                let by = &candidate.introduction.fingerprint;
                if let Some(name) = contacts::contact_with(&run.identity.home, by)? {
                    anew::read_before(run, &name, &candidate);
                }
                let (identity, now) = (&run.identity, run.clock.now());
                let decision = Decision::Answered(made);
                return Ok(conclude(identity, &mut run.keys, now, &candidate, decision)?);
            }
            Err(error) => log::info!("no acceptance of {}: {error}", made.id),
        }
    }
    if has_expired(run, made)? {
        expire(&run.identity, &mut run.talk, run.clock.now(), made)?;
    } else if is_settled(&run.identity.home, made)? {
        let locked = run.identity.lock(run.clock.now())?;
        removal::withdraw(&locked, made)?;
    }
    Ok(None)
}

/// Returns whether `made` has waited for too long. It goes for good, so that others are asked before
/// whether our clock is right.
fn has_expired(run: &Run, made: &Made) -> Result<bool> {
    let (now, attested) = (run.clock.now(), &run.identity.attested);
    if made.is_expired(now) && attested.verdict() == Verdict::Unknown {
        witnesses::ask(run)?;
    }
    Ok(made.is_expired(attested.aged(now)))
}

/// The document at the agreed place, if there is one.
fn found(client: &Client, made: &Made) -> Result<Option<Vec<u8>>> {
    let Some(place) = made.reply_place()? else { return Ok(None) };
    match client.get(&place, limits::STRANGER, &Conditions::past_caches()) {
        Ok(Answer::Document(document)) => Ok(Some(document.bytes)),
        Ok(Answer::Unchanged) => Ok(None),
        Err(failure) => {
            log::debug!("no answer yet: {}", fetch::failed(&place.shortened(), failure));
            Ok(None)
        }
    }
}

/// Returns whether opening `document` is worth a passphrase.
fn is_introduction(document: &[u8]) -> bool {
    Channel::parse(document).is_ok_and(|channel| channel.introduction.is_some())
}

/// Returns whether the one whom `made` invites is a contact who writes to us by another agreement.
fn is_settled(home: &Home, made: &Made) -> Result<bool> {
    let Some(to) = &made.to else { return Ok(false) };
    let Some(name) = contacts::contact_with(home, &to.fingerprint)? else {
        return Ok(false);
    };
    let contact = Contact::load(home, &name)?;
    // A contact that was invited again has to find our feed first.
    Ok(contact.theirs.state.is_some() && contact.ours.token != made.token)
}

fn expire(identity: &Identity, talk: &mut Talk, now: Timestamp, made: &Made) -> Result<()> {
    let name = made.name.clone().unwrap_or_else(|| "nobody in particular".to_owned());
    talk.say(&format!("the invitation to `{name}` was not answered in 90 days, and is withdrawn"));
    let locked = identity.lock(now)?;
    removal::withdraw(&locked, made)
}

/// The acceptance of `made` that `document` holds.
fn judge(
    config: &Config,
    keys: &mut Keys,
    now: Timestamp,
    made: &Made,
    document: &[u8],
) -> Result<Candidate> {
    let not_ours = || Error::cannot("it is no acceptance of this invitation");
    let to = made.to.as_ref().ok_or_else(not_ours)?;
    let certificate = Certificate::parse(to.certificate.as_bytes())?;
    let candidate = candidate::from_feed(config, keys, now, document, certificate)?;
    let hash = made.known_as(candidate.introduction.in_reply_to);
    let pending = Pending { hash, card: Some(&to.card), fingerprint: Some(&to.fingerprint) };
    if handshake::accepts(&candidate.introduction, &pending) {
        Ok(candidate)
    } else {
        Err(not_ours())
    }
}

/// Makes a contact of `candidate`, which answers or crossed an invitation of ours; returns its name, or
/// nothing if the invitation was withdrawn meanwhile.
///
/// # Errors
/// When something cannot be read, sealed or written, [`Setback::Passing`] when another run is at it; it
/// can be done again.
pub fn conclude(
    identity: &Identity,
    keys: &mut Keys,
    now: Timestamp,
    candidate: &Candidate,
    decision: Decision<'_>,
) -> std::result::Result<Option<String>, Setback> {
    keys.unlock()?;
    let introduction = &candidate.introduction;
    let locked = keys.lock_to_sign(identity, now)?;
    if let Some(name) = contacts::contact_with(&locked.home, &introduction.fingerprint)? {
        repetition::complete(&locked, keys, &name, candidate)?;
        return Ok(Some(name));
    }
    let waits = invitations::made(&locked.home)?;
    if decision.made().is_some_and(|made| !waits.iter().any(|waiting| waiting.id == made.id)) {
        // Another run has removed the contact that it made, or its time is over.
        return Ok(None);
    }
    let planned = decision.made().and_then(|made| made.name.as_deref());
    let name = match planned.filter(|name| !contacts::is_taken(&locked.home, name)) {
        Some(name) => name.to_owned(),
        None => {
            let claimed = planned.or(introduction.name.as_deref());
            naming::unused(&locked.home, claimed.unwrap_or("contact"))?
        }
    };
    settle::settle(&locked, keys, candidate, decision, &name)?;
    Ok(Some(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::handshake::testing::{accepted, addressee, file, invite};
    use crate::session::testing::{Host, Person};
    use crate::store::waiting::invitations::Addressee;

    /// Mary has invited John, whose feeds stand at `host`.
    fn invited(host: &Host) -> (Person, Person, Made) {
        let (john, mut mary) = (Person::called("John"), Person::called("Mary"));
        mary.set("allow = [\"127.0.0.0/8\"]");
        let feeds = format!("{}f/", host.base).parse().ok();
        let made = invite(&mut mary, Some(Addressee { feeds, ..addressee(&john) }));
        (john, mary, made)
    }

    fn waits(person: &Person) -> bool {
        !invitations::made(&person.home()).unwrap().is_empty()
    }

    #[test]
    fn an_answer_at_the_agreed_place_makes_a_contact() {
        let host = Host::start();
        let (mut john, mut mary, made) = invited(&host);
        let place = format!("f/{}.rss", made.reply);
        assert!(look(&mut mary.run).unwrap().is_empty());
        assert_eq!(host.asked(), [format!("/{place}")]);
        accepted(&mut john, &file(&mut mary, &made));
        host.put(&place, john.feed("mary").write());
        assert_eq!(look(&mut mary.run).unwrap(), ["john"]);
        assert_eq!(mary.contact("john").fingerprint, john.certificate().fingerprint());
        assert!(!waits(&mary));
        assert!(look(&mut mary.run).unwrap().is_empty());
    }

    #[test]
    fn anything_else_at_the_agreed_place_is_no_answer_yet() {
        let host = Host::start();
        let (mut john, mut mary, made) = invited(&host);
        let (mut eve, to_anybody) = (Person::called("Eve"), invite(&mut mary, None));
        let to_anybody = file(&mut mary, &to_anybody);
        accepted(&mut eve, &to_anybody);
        accepted(&mut john, &to_anybody);
        let place = format!("f/{}.rss", made.reply);
        // John's is an answer to another invitation.
        let feeds = [eve.feed("mary").write(), john.feed("mary").write()];
        for document in feeds.into_iter().chain(["<rss/>".to_owned(), String::new()]) {
            host.put(&place, document);
            assert!(look(&mut mary.run).unwrap().is_empty());
            assert!(invitations::made(&mary.home()).unwrap().iter().any(|it| it.id == made.id));
        }
        assert!(contacts::list(&mary.home()).unwrap().is_empty());
    }

    #[test]
    fn an_invitation_is_withdrawn_after_90_days_and_that_is_told() {
        let mut mary = Person::called("Mary");
        let made = invite(&mut mary, None);
        mary.wait(24 * 90);
        look(&mut mary.run).unwrap();
        assert!(waits(&mary) && mary.home().feed(&made.token).exists());
        assert_eq!(mary.heard(), "");
        mary.wait(1);
        look(&mut mary.run).unwrap();
        assert!(!waits(&mary) && !mary.home().feed(&made.token).exists());
        assert!(mary.heard().contains("not answered in 90 days"));
    }

    #[test]
    fn an_answer_that_came_in_time_counts_however_long_nobody_looked() {
        let host = Host::start();
        let (mut john, mut mary, made) = invited(&host);
        accepted(&mut john, &file(&mut mary, &made));
        host.put(&format!("f/{}.rss", made.reply), john.feed("mary").write());
        mary.wait(24 * 100);
        assert_eq!(look(&mut mary.run).unwrap(), ["john"]);
    }

    #[test]
    fn a_home_that_only_reads_looks_for_nothing() {
        let host = Host::start();
        let (_, mut mary, _) = invited(&host);
        mary.set("read_only = true\nallow = [\"127.0.0.0/8\"]");
        assert!(look(&mut mary.run).unwrap().is_empty());
        assert!(host.asked().is_empty());
    }
}
