//! Our feed for one contact, rebuilt from what is on disk: what was sealed stays byte for byte,
//! what a crash left out is put in, what was acknowledged long enough ago leaves.
//!
//! [`prepare`] computes, [`Prepared::commit`] writes: counters first, archives and the feed after
//! what they refer to. Whatever is killed in between, the next rewriting completes it.

mod announce;
mod archive;
pub mod notice;

use std::collections::HashMap;

use jiff::Timestamp;

use super::own_standing;
use super::ping;
use super::retention;
use super::sealing::{seal, seal_as, signing_time, unusable};
use super::session::Session;
use super::singles;
use crate::error::{Error, Result};
use crate::openpgp::certificate::Certificate;
use crate::openpgp::open::sealed_hash;
use crate::protocol::channel::{Channel, FeedItem};
use crate::protocol::hash::Hash;
use crate::protocol::introduction::Introduction;
use crate::protocol::item::Item;
use crate::protocol::token::Token;
use crate::store::contact::Contact;
use crate::store::messages::Messages;
use crate::store::octets::{Filed, Octets};
use crate::store::record::{Direction, Record};
use crate::store::{atomic, feeds};

/// What a rewriting is for.
#[derive(Default)]
pub struct Change<'a> {
    /// A new introduction, with its serial already in the contact.
    pub introduction: Option<&'a Introduction>,
    /// A new item: its place, its octets, and the same sealed.
    pub item: Option<Fresh>,
    /// Sign even if the clock is far behind our own newest signature.
    pub despite_clock: bool,
    /// The item tells the contact of our present key: from here on that one signs.
    pub is_transition: bool,
}

/// An item that is new in the feed.
pub struct Fresh {
    /// Its place in the log.
    pub filed: Filed,
    /// Its exact octets.
    pub octets: String,
    /// The same, sealed.
    pub sealed: FeedItem,
}

/// A feed that is ready to be written.
#[derive(Default)]
pub struct Prepared {
    channel: Channel,
    is_changed: bool,
    introduction: Option<String>,
    octets: Option<(Filed, String)>,
    archive: Option<(u64, Channel)>,
    leaves: Vec<Filed>,
    /// Items that an earlier run filed and did not get into the feed.
    pub recovered: Vec<Filed>,
}

/// One rewriting under way.
struct Rewriting<'a> {
    session: &'a mut Session,
    name: &'a str,
    contact: &'a mut Contact,
    to: &'a Certificate,
    /// Whether the contact's encryption subkey is another than the feed is sealed to.
    reseal: bool,
    /// Whether what stands in the feed once is to be sealed again: for that, or since another key
    /// of ours signs now.
    renew: bool,
    at: Timestamp,
    prepared: Prepared,
}

/// Computes the feed of `contact`, called `name`, as it should be now.
///
/// # Errors
/// When something on disk is not as it should be, or cannot be sealed.
pub fn prepare(
    session: &mut Session,
    name: &str,
    contact: &mut Contact,
    to: &Certificate,
    change: Change<'_>,
) -> Result<Prepared> {
    let now = session.now();
    let at = signing_time(contact, now, change.despite_clock)?;
    let signer = session.certificate()?.fingerprint();
    if !change.is_transition && own_standing::known_by(session, contact)? != signer {
        return Err(Error::cannot(format!("`{name}` has yet to be told of our new key"))
            .hint(format!("cloudim poll {name}")));
    }
    // A run may have died between counting an archive and writing it, or the file was lost.
    let (home, token) = (&session.home, contact.ours.token.clone());
    contact.ours.archives.retain(|archive| home.archive(&token, archive.number).exists());
    let old = feeds::load(&session.home, &contact.ours.token)?;
    let before = old.clone().unwrap_or_default();
    let subkey = to.encryption_subkey(now);
    let subkey = subkey.map_err(|why| unusable(name, why))?;
    // A run may have died between counting what it sealed and writing the feed.
    let is_as_counted =
        before.introduction.as_deref().map(sealed_hash) == contact.ours.introduction_sealed;
    let reseal = contact.ours.sealed_to.as_ref() != Some(&subkey) || !is_as_counted;
    let renew = reseal || change.is_transition;
    let fresh = change.item.as_ref().map(|fresh| fresh.filed);
    let filed = Octets::of(&session.home, name).items()?;
    let kept = retention::decide(filed, fresh, &contact.ours, session.config.retention, now);
    contact.ours.archives.retain(|archive| !kept.archives.contains(&archive.number));
    let (introduction, state) = (before.introduction.clone(), before.state.clone());
    let channel =
        Channel { introduction, state, ..singles::channel(session, &contact.ours.token)? };
    let prepared = Prepared { channel, leaves: kept.leaves, ..Prepared::default() };
    let mut rewriting = Rewriting { session, name, contact, to, reseal, renew, at, prepared };
    rewriting.fill(&before, &kept.stays, change.item)?;
    rewriting.introduce(change.introduction)?;
    rewriting.archive_oldest()?;
    rewriting.keep_notices(&before);
    rewriting.tell_state(&kept.stays)?;
    rewriting.contact.ours.sealed_to = Some(subkey);
    rewriting.contact.ours.signed_by = Some(signer);
    let mut prepared = rewriting.prepared;
    prepared.is_changed = old.as_ref() != Some(&prepared.channel);
    // Before anybody is told: whoever tells may be killed.
    contact.ours.unpinged |= prepared.is_changed && ping::cloud_of(session)?.is_some();
    Ok(prepared)
}

impl Rewriting<'_> {
    /// Puts the items that stay into the channel, newest first, sealing those that are not sealed.
    fn fill(&mut self, before: &Channel, stays: &[Filed], fresh: Option<Fresh>) -> Result<()> {
        let mut sealed: HashMap<String, FeedItem> = HashMap::new();
        for item in &before.items {
            sealed.extend(item.guid.clone().map(|guid| (guid, item.clone())));
        }
        let mut fresh = fresh;
        for item in stays.iter().rev() {
            let ours = &self.contact.ours;
            let is_archived =
                ours.archives.iter().any(|archive| archive.items.contains(&item.guid));
            let again = self.reseal && (item.log != ours.log || item.sequence > ours.acknowledged);
            if is_archived && !again {
                continue;
            }
            let as_before = sealed.remove(&item.guid.to_string());
            if let Some(fresh) = fresh.take_if(|fresh| fresh.filed == *item) {
                self.prepared.channel.items.push(fresh.sealed);
                self.prepared.octets = Some((fresh.filed, fresh.octets));
            } else if let Some(as_before) = as_before.clone().filter(|_| !again) {
                self.prepared.channel.items.push(as_before);
            } else {
                self.seal_item(item)?;
                if as_before.is_none() && !is_archived {
                    self.prepared.recovered.push(*item);
                }
            }
        }
        Ok(())
    }

    fn seal_item(&mut self, item: &Filed) -> Result<()> {
        let octets = Octets::of(&self.session.home, self.name).item(item)?;
        let mut former = self.contact.ours.former.iter();
        let former = former.find(|former| former.reaches(item.log, item.sequence)).cloned();
        let armored = match former {
            // Who does not know our present key yet must be able to read what the old one says of it.
            Some(former) => seal_as(self.session, &former.fingerprint, &octets, self.to, self.at)?,
            None => self.seal(&octets)?,
        };
        self.prepared.channel.items.push(FeedItem::sealed(item.guid, armored));
        // A copy in an archive is sealed to a subkey of the past: this one counts from now on.
        let archives = &mut self.contact.ours.archives;
        archives.iter_mut().for_each(|archive| archive.items.retain(|guid| *guid != item.guid));
        Ok(())
    }

    fn seal(&mut self, octets: &str) -> Result<String> {
        seal(self.session, octets, self.contact, self.to, self.at)
    }
}

impl Prepared {
    /// Whether anything would be written into `public/`.
    pub fn is_changed(&self) -> bool {
        self.is_changed
    }

    /// Writes: the contact, the records of what was recovered and then `record`, archive and
    /// feed, and last removes what is no longer needed. The caller holds the home's lock.
    ///
    /// # Errors
    /// When something cannot be written; the next rewriting completes it.
    pub fn commit(
        self,
        session: &mut Session,
        name: &str,
        contact: &Contact,
        record: Option<Record>,
    ) -> Result<()> {
        let mut records = records_of(session, name, contact, &self.recovered)?;
        records.extend(record);
        let octets = Octets::of(&session.home, name);
        let (mut counted, mut shown) = (Vec::new(), Vec::new());
        if let Some((filed, fresh)) = &self.octets {
            counted.push(octets.stage(filed, fresh)?);
        }
        if let Some(introduction) = &self.introduction {
            counted.push(octets.stage_introduction(introduction)?);
        }
        counted.push(contact.stage(&session.home, name)?);
        let token = &contact.ours.token;
        if self.is_changed {
            if let Some((number, archive)) = &self.archive {
                let path = session.home.archive(token, *number);
                shown.push(session.home.stage(&path, archive.write().as_bytes())?);
            }
            shown.push(
                session.home.stage(&session.home.feed(token), self.channel.write().as_bytes())?,
            );
        }
        atomic::sync(counted.iter().chain(&shown))?;
        atomic::put(counted)?;
        Messages::of(&session.home, name).append(&mut records)?;
        if self.is_changed {
            session.about_to_change_public()?;
            atomic::put(shown)?;
        }
        remove_older_archives(session, contact)?;
        for item in &self.leaves {
            remove_attachments(session, &octets.item(item)?)?;
            octets.drop_item(item)?;
        }
        Ok(())
    }
}

/// Removes the archives that are older than the oldest still offered, oldest first, so that what a
/// crash leaves is found by going down from there.
fn remove_older_archives(session: &Session, contact: &Contact) -> Result<()> {
    let ours = &contact.ours;
    let oldest = ours.archives.first().map_or(ours.next_archive, |archive| archive.number);
    let paths = (1..oldest).rev().map(|number| session.home.archive(&ours.token, number));
    let dead: Vec<_> = paths.take_while(|path| path.exists()).collect();
    dead.iter().rev().try_for_each(|path| atomic::remove(path))
}

/// Removes the files that belong to an item which has left the feed.
fn remove_attachments(session: &Session, octets: &str) -> Result<()> {
    let Ok(item) = Item::parse(octets.as_bytes()) else { return Ok(()) };
    for attachment in item.attachments {
        let token = attachment.url.rsplit('/').next().and_then(|last| last.parse::<Token>().ok());
        if let Some(token) = token {
            atomic::remove(&session.home.attachment(&token))?;
        }
    }
    Ok(())
}

/// Rewrites the feed of `contact` if anything about it changed, and saves the contact. Returns
/// whether the feed changed.
///
/// # Errors
/// As [`prepare`] and [`Prepared::commit`].
pub fn rewrite(
    session: &mut Session,
    name: &str,
    contact: &mut Contact,
    to: &Certificate,
    change: Change<'_>,
) -> Result<bool> {
    let prepared = prepare(session, name, contact, to, change)?;
    let is_changed = prepared.is_changed();
    prepared.commit(session, name, contact, None)?;
    Ok(is_changed)
}

/// The records that a run which died left out: those of `recovered` that no line tells of.
///
/// # Errors
/// When the messages or the octets cannot be read.
fn records_of(
    session: &Session,
    name: &str,
    contact: &Contact,
    recovered: &[Filed],
) -> Result<Vec<Record>> {
    let mut records = Vec::new();
    let messages = Messages::of(&session.home, name);
    for filed in recovered.iter().rev() {
        if messages.find(filed.guid)?.is_none() {
            let octets = Octets::of(&session.home, name).item(filed)?;
            let item = Item::parse(octets.as_bytes())?;
            let hash = Hash::of(octets.as_bytes());
            let record = Record::of_item(&item, hash, Direction::Sent, session.now());
            records.push(record.about(contact));
        }
    }
    Ok(records)
}
