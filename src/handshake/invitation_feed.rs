//! The feed of an invitation that waits for its answer (PROTOCOL §6, §8): what this home knows of it decides
//! how it stands below `public/`, and no file there.

use crate::error::Result;
use crate::openpgp::certificate::Certificate;
use crate::openpgp::message::open::sealed_hash;
use crate::openpgp::message::seal;
use crate::protocol::feed::channel::{Channel, FeedItem};
use crate::protocol::sealed::introduction::Introduction;
use crate::protocol::values::hash::OctetsHash;
use crate::protocol::values::time;
use crate::session::keys::Keys;
use crate::store::contact::contacts;
use crate::store::contact::offered::feeds;
use crate::store::disk::home::Home;
use crate::store::identity::own::{Identity, Locked};
use crate::store::waiting::invitations::{self, Invitation, Made};
use crate::writing::content::frame;
use crate::writing::content::sealing::cannot_seal;
use jiff::Timestamp;

/// Sees to it that the feed of a pending invitation stands below `public/` as this home knows it: what
/// else is there is written anew. The feed of a single-use invitation has no introduction yet.
///
/// # Errors
/// When it cannot be sealed or written.
pub fn ensure(locked: &Locked<'_>, keys: &mut Keys, made: &Made) -> Result<()> {
    if contacts::reader_of(&locked.home, &made.token)?.is_some() {
        // A contact has it: it is rewritten from what is kept.
        return Ok(());
    }
    let before = feeds::load(&locked.home, &made.token)?;
    let mut channel = framed(locked, keys, made, before.as_ref())?;
    if made.to.is_some() && (channel.introduction.is_none() || made.sealed.is_none()) {
        let sealed = sealed_introduction(keys, locked.now, made)?;
        let made = Made { sealed: Some(sealed_hash(&sealed)), ..made.clone() };
        invitations::save(locked, &Invitation::Made(Box::new(made)))?;
        channel.introduction = Some(sealed);
    }
    if before.as_ref() == Some(&channel) {
        return Ok(());
    }
    locked.about_to_change_public()?;
    Ok(locked.home.write(&locked.home.feed(&made.token), channel.write().as_bytes())?)
}

/// How the feed of a pending invitation stands below `public/`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// As [`ensure`] has it.
    Whole,
    /// Otherwise; what is sealed in it is as it was.
    Otherwise,
    /// Without what is sealed: that takes the secret key.
    Unsealed,
}

/// How the feed of the pending invitation `made` stands below `public/`. Nothing is opened for that.
///
/// # Errors
/// When nothing can be said about the file, or this identity has no base URL or key.
pub fn shown(identity: &Identity, keys: &Keys, made: &Made) -> Result<Shown> {
    if contacts::reader_of(&identity.home, &made.token)?.is_some() {
        return Ok(Shown::Whole);
    }
    let before = feeds::load(&identity.home, &made.token)?;
    let channel = framed(identity, keys, made, before.as_ref())?;
    Ok(match before {
        _ if channel.introduction.is_some() != made.to.is_some() => Shown::Unsealed,
        Some(before) if before == channel => Shown::Whole,
        _ => Shown::Otherwise,
    })
}

/// The feed of `made` as this home knows it, with what of the feed `before` is as it was written: the sealed
/// introduction, and notices of our key.
fn framed(
    identity: &Identity,
    keys: &Keys,
    made: &Made,
    before: Option<&Channel>,
) -> Result<Channel> {
    let mut channel = frame::channel(identity, keys, &made.token)?;
    let Some(before) = before else { return Ok(channel) };
    let is_ours = |sealed: &String| made.sealed.is_none_or(|ours| sealed_hash(sealed) == ours);
    channel.introduction =
        before.introduction.clone().filter(is_ours).filter(|_| made.to.is_some());
    let key = channel.key.as_ref().map(|key| key.url.to_string());
    let is_notice = |item: &&FeedItem| {
        item.is_key() && item.enclosure.as_ref().map(|file| &file.url) == key.as_ref()
    };
    channel.items = before.items.iter().filter(is_notice).cloned().collect();
    Ok(channel)
}

/// Introduces us anew by our present key in the pending invitation `made`, if another one did.
/// Somebody who has the old one as a file may still accept that.
///
/// # Errors
/// When it cannot be sealed or written.
pub fn renew(locked: &Locked<'_>, keys: &mut Keys, mut made: Made) -> Result<()> {
    let before = Introduction::parse(made.octets.as_bytes())?;
    let fingerprint = keys.certificate()?.fingerprint();
    let is_read = contacts::reader_of(&locked.home, &made.token)?.is_some();
    if made.to.is_none() || before.fingerprint == fingerprint || is_read {
        return Ok(());
    }
    let serial = before.serial.saturating_add(1);
    made.octets = Introduction { fingerprint, serial, ..before }.write();
    made.replaced.push(made.hash);
    made.hash = OctetsHash::of(made.octets.as_bytes());
    let mut channel = frame::channel(locked, keys, &made.token)?;
    let sealed = sealed_introduction(keys, locked.now, &made)?;
    made.sealed = Some(sealed_hash(&sealed));
    channel.introduction = Some(sealed);
    invitations::save(locked, &Invitation::Made(Box::new(made.clone())))?;
    locked.about_to_change_public()?;
    Ok(locked.home.write(&locked.home.feed(&made.token), channel.write().as_bytes())?)
}

fn sealed_introduction(keys: &mut Keys, now: Timestamp, made: &Made) -> Result<String> {
    let now = time::whole_seconds(now);
    let certificate =
        made.to.as_ref().map(|to| Certificate::parse(to.certificate.as_bytes())).transpose()?;
    let (secret, rng) = keys.secret()?;
    let sealed = match &certificate {
        Some(to) => seal::seal_hidden(made.octets.as_bytes(), secret, &[to], now, rng),
        None => seal::sign(made.octets.as_bytes(), secret, now, rng),
    };
    Ok(sealed.map_err(|cause| cannot_seal(keys, cause))?)
}

/// The invitation as a file that anything may carry: the feed with our certificate in it.
///
/// # Errors
/// When it cannot be sealed.
pub fn file(home: &Home, keys: &mut Keys, now: Timestamp, made: &Made) -> Result<String> {
    let mut channel = feeds::load(home, &made.token)?.unwrap_or_default();
    (channel.items, channel.state) = (Vec::new(), None);
    if channel.introduction.is_none() {
        channel.introduction = Some(sealed_introduction(keys, now, made)?);
    }
    frame::with_certificate(keys, channel)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::handshake::testing::{addressee, invite};
    use crate::openpgp::message::open;
    use crate::protocol::values::token::Token;
    use crate::session::run::Run;
    use crate::session::testing::Person;

    /// The invitation with this token, as it is kept now.
    fn kept(person: &Person, token: &Token) -> Made {
        let all = invitations::made(&person.home()).unwrap();
        all.into_iter().find(|made| made.token == *token).unwrap()
    }

    fn is_whole(person: &Person, token: &Token) -> bool {
        let Run { identity, keys, .. } = &person.run;
        shown(identity, keys, &kept(person, token)).unwrap() == Shown::Whole
    }

    fn ensured(person: &mut Person, token: &Token) -> Channel {
        let made = kept(person, token);
        let (locked, keys, _) = person.hands();
        ensure(&locked, keys, &made).unwrap();
        feeds::load(&locked.home, token).unwrap().unwrap()
    }

    #[test]
    fn the_feed_of_an_invitation_is_as_this_home_knows_it_whatever_stands_there() {
        let (mut john, mut mary) = (Person::called("John"), Person::called("Mary"));
        let foreign = invite(&mut mary, Some(addressee(&Person::called("Eve")))).token;
        let foreign = feeds::load(&mary.home(), &foreign).unwrap().unwrap();
        for to in [Some(addressee(&john)), None] {
            let token = invite(&mut mary, to).token;
            let path = mary.home().feed(&token);
            let (whole, feed) = (std::fs::read(&path).unwrap(), ensured(&mut mary, &token));
            assert!(is_whole(&mary, &token) && std::fs::read(&path).unwrap() == whole);
            let link = Some("https://mary.example/f/other.rss".parse().unwrap());
            for damaged in [
                Channel { key: None, ..feed.clone() },
                Channel { introduction: foreign.introduction.clone(), ..feed.clone() },
                Channel { items: vec![FeedItem::default()], ..feed.clone() },
                Channel { self_link: link, ..feed.clone() },
                Channel::default(),
            ] {
                std::fs::write(&path, damaged.write()).unwrap();
                assert!(!is_whole(&mary, &token), "{damaged:?}");
                let rebuilt = ensured(&mut mary, &token);
                assert!(is_whole(&mary, &token));
                let bare = |feed: &Channel| Channel { introduction: None, ..feed.clone() };
                assert_eq!(bare(&rebuilt), bare(&feed));
                if let Some(sealed) = &rebuilt.introduction {
                    let (secret, now) = (john.run.keys.secret().unwrap().0, mary.now());
                    let opened = open::open(sealed, secret, &mary.certificate(), now).unwrap();
                    assert_eq!(opened.octets, kept(&mary, &token).octets.as_bytes());
                }
            }
        }
    }

    #[test]
    fn whom_we_invited_is_invited_by_our_new_key_and_may_answer_either() {
        let (mut john, mut mary) = (Person::called("John"), Person::called("Mary"));
        let before = invite(&mut mary, Some(addressee(&john)));
        mary.replace_key();
        let (locked, keys, _) = mary.hands();
        renew(&locked, keys, before.clone()).unwrap();
        let after = invitations::made(&mary.home()).unwrap().remove(0);
        assert!(after.is(before.hash) && after.is(OctetsHash::of(after.octets.as_bytes())));
        assert_ne!(after.hash, before.hash);
        let sealed = feeds::load(&mary.home(), &after.token).unwrap().unwrap().introduction;
        let (secret, now) = (john.run.keys.secret().unwrap().0, mary.now());
        let opened = open::open(&sealed.unwrap(), secret, &mary.certificate(), now).unwrap();
        assert_eq!(opened.octets, after.octets.as_bytes());
        let introduction = Introduction::parse(&opened.octets).unwrap();
        assert_eq!(introduction.serial, 2);
        assert_eq!(introduction.fingerprint, mary.certificate().fingerprint());
    }
}
