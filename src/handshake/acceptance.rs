//! Agreeing: an invitation, or the answer to ours, makes a contact (PROTOCOL §6, §8).

use super::answer::{addressed, answer_crossing};
use super::candidate::Candidate;
use super::used_up;
use crate::error::{Error, Result};
use crate::protocol::sealed::handshake::{self, Pending};
use crate::protocol::sealed::introduction::Introduction;
use crate::protocol::values::guid::Guid;
use crate::protocol::values::hash::OctetsHash;
use crate::protocol::values::token::Token;
use crate::session::keys::Keys;
use crate::session::network::Network;
use crate::session::own_key;
use crate::session::talk::Talk;
use crate::store::contact::entry::{Contact, Http, Seen, Theirs, Trust};
use crate::store::contact::octets::Octets;
use crate::store::contact::own_feed::{OwnFeed, Reader};
use crate::store::contact::pair::Pair;
use crate::store::contact::{contacts, feeds};
use crate::store::disk::atomic;
use crate::store::disk::home::Home;
use crate::store::identity::own::Identity;
use crate::store::identity::own::Locked;
use crate::store::identity::own_urls;
use crate::store::waiting::invitations::{self, Decision, Made};
use crate::writing::feed::{self, Change};
use crate::writing::{frame, transition};
use jiff::Timestamp;

/// What a candidate is to us.
#[derive(Clone, Debug)]
pub enum Relation {
    /// A contact already, of this name; the same invitation, or its answer, came again.
    Contact(String),
    /// The answer to our invitation by the one whom we invited.
    Answer(Box<Made>),
    /// The answer of somebody to our single-use invitation: the user must say whether it is the one.
    Claim(Box<Made>),
    /// An invitation by the one whom we invited ourselves.
    Crossing(Box<Made>),
    /// An invitation.
    Invitation,
}

/// Finds out what `candidate` is to us at this time.
///
/// # Errors
/// When it answers no invitation of ours, or comes from a key that the user blocked.
pub fn relate(home: &Home, now: Timestamp, candidate: &Candidate) -> Result<Relation> {
    let introduction = &candidate.introduction;
    if let Some(name) = contacts::contact_with(home, &introduction.fingerprint)? {
        return Ok(Relation::Contact(name));
    }
    let blocked = |received: &invitations::Received| {
        received.decision == Decision::Blocked && received.fingerprint == introduction.fingerprint
    };
    if let Some(blocked) = invitations::received(home)?.into_iter().find(blocked) {
        return Err(Error::cannot("this invitation comes from a key that you have blocked").hint(
            format!("cloudim handshake decline {}, without --block, lifts that", blocked.name),
        ));
    }
    for made in waiting(home, now)? {
        let to = made.to.as_ref();
        let pending = Pending {
            hash: made.known_as(introduction.in_reply_to),
            card: to.map(|to| &to.card),
            fingerprint: to.map(|to| &to.fingerprint),
        };
        if handshake::accepts(introduction, &pending) {
            return Ok(Relation::Answer(Box::new(made)));
        }
        if handshake::crosses(introduction, &pending) {
            return Ok(Relation::Crossing(Box::new(made)));
        }
        if to.is_none() && introduction.in_reply_to.is_some_and(|hash| made.is(hash)) {
            return Ok(Relation::Claim(Box::new(made)));
        }
    }
    if let Some(invitation) = introduction.in_reply_to {
        return Err(used_up(home, introduction, invitation)?);
    }
    let age = now.duration_since(introduction.time);
    if age > invitations::VALID {
        return Err(Error::cannot(format!("this invitation of {} has expired", introduction.time))
            .hint("invitations wait for 90 days: ask for a new one"));
    }
    Ok(Relation::Invitation)
}

/// Our invitations that still wait. One that was used up may be there yet, if a run died.
fn waiting(home: &Home, now: Timestamp) -> Result<Vec<Made>> {
    let mut waiting = Vec::new();
    for made in invitations::made(home)? {
        let user = used_up::user_of(home, |hash| made.is(hash))?;
        if !made.is_expired(now) && user.is_none() {
            waiting.push(made);
        }
    }
    Ok(waiting)
}

fn used_up(home: &Home, introduction: &Introduction, invitation: OctetsHash) -> Result<Error> {
    if let Some(name) = used_up::user_of(home, |hash| hash == invitation)? {
        let claimed = introduction.name.clone().unwrap_or_default();
        let text = format!("`{claimed}` answers an invitation that `{name}` has used up");
        return Ok(Error::cannot(text)
            .hint("an invitation without an address is for one person: make another one"));
    }
    Ok(Error::cannot("this answers no invitation of ours")
        .hint("it may have expired: invitations wait for 90 days"))
}

/// Makes the contact `name` of whom our invitation `made` found: by an answer or a crossing. The
/// caller holds the home's lock.
///
/// # Errors
/// When something cannot be written; it can be done again.
pub fn conclude(
    locked: &Locked<'_>,
    keys: &mut Keys,
    made: &Made,
    candidate: &Candidate,
    name: &str,
    crossing: bool,
) -> Result<()> {
    let mut candidate = candidate.clone();
    if made.to.as_ref().is_some_and(|to| to.trust == Trust::Verified) {
        candidate.trust = Trust::Verified;
    }
    let (candidate, introduction) = (&candidate, &candidate.introduction);
    let own = keys.certificate()?.fingerprint();
    let reader = Reader {
        invited: made.to.as_ref().and_then(|to| to.address.clone()),
        invitation: Some(made.known_as(introduction.in_reply_to)),
        // Who answers an invitation by a key that we have replaced since knows us by that.
        signed_by: Some(introduction.to_fingerprint.clone().unwrap_or(own)),
        ..Reader::default()
    };
    let mut ours = OwnFeed::new(made.token.clone(), made.log, reader);
    let invited = Introduction::parse(made.octets.as_bytes())?;
    ours.introduction.serial = invited.serial;
    let moved = invited.feed != own_urls::feed_url(&locked.config, &made.token)?;
    let octets = if made.to.is_some() && !moved {
        made.octets.clone()
    } else {
        // Nobody was addressed in the file, or we have moved since: the feed must say it.
        let serial = invited.serial.saturating_add(1);
        ours.introduction.serial = serial;
        let (config, now) = (&locked.config, locked.now);
        addressed(config, keys, now, &made.token, made.log, serial, introduction)?.write()
    };
    // At the agreed place a crossing's acceptance only points to the feed that is kept.
    let elsewhere = made.to.is_some()
        && !crossing
        && introduction.feed != reply_place(made)?.unwrap_or(introduction.feed.clone());
    agree(locked, keys, name, candidate, ours, &octets, !elsewhere)?;
    if crossing {
        answer_crossing(locked, keys, name, candidate)?;
    }
    used_up::finish(locked, name, made, introduction.time)
}

/// Where the answer to `made` is put, if its addressee has a place for such.
///
/// # Errors
/// When that URL would be too long.
pub fn reply_place(made: &Made) -> Result<Option<crate::protocol::values::url::Url>> {
    let feeds = made.to.as_ref().and_then(|to| to.feeds.as_ref());
    Ok(feeds.map(|feeds| feeds.join(&format!("{}.rss", made.reply))).transpose()?)
}

/// Accepts an invitation: makes the contact `name`, and a feed that answers. The caller holds the
/// home's lock.
///
/// # Errors
/// When the inviter cannot be answered, or something cannot be written.
pub fn accept(
    locked: &Locked<'_>,
    keys: &mut Keys,
    candidate: &Candidate,
    name: &str,
) -> Result<()> {
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
    agree(locked, keys, name, candidate, ours, &introduction.write(), true)
}

/// Writes the contact: what its feed must say first, then key and contact, then the feed.
fn agree(
    locked: &Locked<'_>,
    keys: &mut Keys,
    name: &str,
    candidate: &Candidate,
    ours: OwnFeed,
    octets: &str,
    in_force: bool,
) -> Result<()> {
    let contact = contact_of(locked.now, candidate, ours, in_force);
    let certificate = candidate.certificate.clone();
    let mut pair = Pair { name: name.to_owned(), contact, certificate };
    contacts::make_room(&locked.home, name)?;
    let introduction_octets = Octets::of(&locked.home, name).stage_introduction(octets)?;
    atomic::sync([&introduction_octets])?;
    atomic::put(vec![introduction_octets])?;
    contacts::pin(&locked.home, name, &pair.certificate)?;
    if own_key::known_by(&locked.home, keys, &pair.contact)? == keys.certificate()?.fingerprint() {
        feed::rewrite(locked, keys, &mut pair, Change::default())?;
    } else {
        pair.save(locked)?;
        transition::bring_over(locked, keys, name)?;
    }
    Ok(())
}

/// What is known of whom `candidate` introduces.
fn contact_of(now: Timestamp, candidate: &Candidate, ours: OwnFeed, in_force: bool) -> Contact {
    let introduction = &candidate.introduction;
    let seen = Seen {
        log: introduction.log,
        serial: introduction.serial,
        hash: candidate.hash(),
        sealed: candidate.sealed,
    };
    Contact {
        fingerprint: introduction.fingerprint.clone(),
        trust: candidate.trust,
        policy: None,
        blocked: false,
        claimed_name: introduction.name.clone(),
        since: now,
        feed: introduction.feed.clone(),
        card: introduction.card.clone(),
        handshake: introduction.handshake.clone(),
        key: introduction.key.clone(),
        key_hash: candidate.key_hash,
        unusable: None,
        ours,
        theirs: Theirs {
            introduction: in_force.then_some(seen),
            logs: vec![introduction.log],
            ..Theirs::default()
        },
        http: Http::default(),
        lease: None,
    }
}

/// The file that tells the inviter of our acceptance: our feed with the certificate in it.
///
/// # Errors
/// When the feed cannot be read.
pub fn file(home: &Home, keys: &Keys, name: &str) -> Result<String> {
    let contact = Contact::load(home, name)?;
    let channel = feeds::load(home, &contact.ours.token)?;
    let mut channel = channel.ok_or_else(|| {
        Error::cannot(format!("our feed for `{name}` is missing")).hint("cloudim publish")
    })?;
    (channel.items, channel.state) = (Vec::new(), None);
    frame::with_certificate(keys, channel)
}

/// Calls the inviter's host, if it takes calls, so that the answer need not be polled for.
///
/// # Errors
/// When the contact cannot be read.
pub fn call(identity: &Identity, network: &Network, talk: &mut Talk, name: &str) -> Result<()> {
    let contact = Contact::load(&identity.home, name)?;
    let Some(url) = contact.handshake else { return Ok(()) };
    let (feed, key) = (
        own_urls::feed_url(&identity.config, &contact.ours.token)?,
        identity.config.base()?.join("key.asc")?,
    );
    let fields =
        [("feed", feed.as_str()), ("key", key.as_str()), ("inReplyTo", contact.feed.as_str())];
    if let Err(failure) = network.client()?.post_form(&url, &fields) {
        talk.warn(&format!(
            "`{name}` could not be called, and will find the answer by polling: {failure}"
        ));
    }
    Ok(())
}
