//! A feed that is ready to be written: counters first, archives and the feed after what they refer
//! to. Whatever is killed in between, the next rewriting completes it.

use super::unwritten::Result;
use crate::protocol::feed::channel::Channel;
use crate::protocol::sealed::item::Item;
use crate::protocol::values::hash::OctetsHash;
use crate::protocol::values::token::Token;
use crate::store;
use crate::store::contact::entry::Contact;
use crate::store::contact::log_entry::Place;
use crate::store::contact::messages::Messages;
use crate::store::contact::octets::{Filed, Octets};
use crate::store::contact::pair::Pair;
use crate::store::contact::record::{Direction, Record};
use crate::store::disk::atomic;
use crate::store::identity::own::Locked;

/// A feed that is ready to be written.
#[derive(Default)]
pub struct Prepared {
    pub(super) channel: Channel,
    pub(super) is_changed: bool,
    pub(super) introduction: Option<String>,
    pub(super) octets: Option<(Filed, String)>,
    pub(super) archive: Option<(u64, Channel)>,
    pub(super) leaves: Vec<Filed>,
    /// Items that an earlier run filed and did not get into the feed.
    pub recovered: Vec<Filed>,
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
    pub fn commit(self, locked: &Locked<'_>, pair: &Pair, record: Option<Record>) -> Result<()> {
        let Pair { name, contact, .. } = pair;
        let mut records = records_of(locked, name, contact, &self.recovered)?;
        records.extend(record);
        let octets = Octets::of(&locked.home, name);
        let (mut counted, mut shown) = (Vec::new(), Vec::new());
        if let Some((filed, fresh)) = &self.octets {
            counted.push(octets.stage(filed, fresh)?);
        }
        if let Some(introduction) = &self.introduction {
            counted.push(octets.stage_introduction(introduction)?);
        }
        counted.push(contact.stage(&locked.home, name)?);
        let token = &contact.ours.token;
        if self.is_changed {
            if let Some((number, archive)) = &self.archive {
                let path = locked.home.archive(token, *number);
                shown.push(locked.home.stage(&path, archive.write().as_bytes())?);
            }
            shown.push(
                locked.home.stage(&locked.home.feed(token), self.channel.write().as_bytes())?,
            );
        }
        atomic::sync(counted.iter().chain(&shown))?;
        atomic::put(counted)?;
        Messages::of(&locked.home, name).append(&mut records)?;
        if self.is_changed {
            locked.about_to_change_public()?;
            atomic::put(shown)?;
        }
        remove_older_archives(locked, contact)?;
        for item in &self.leaves {
            remove_attachments(locked, &octets.item(item)?)?;
            octets.drop_item(item)?;
        }
        Ok(())
    }
}

/// Removes the archives that are older than the oldest still offered, oldest first, so that what a
/// crash leaves is found by going down from there.
fn remove_older_archives(locked: &Locked<'_>, contact: &Contact) -> store::error::Result<()> {
    let ours = &contact.ours;
    let oldest = ours.archives.first().map_or(ours.next_archive, |archive| archive.number);
    let paths = (1..oldest).rev().map(|number| locked.home.archive(&ours.token, number));
    let dead: Vec<_> = paths.take_while(|path| path.exists()).collect();
    dead.iter().rev().try_for_each(|path| atomic::remove(path))
}

/// Removes the files that belong to an item which has left the feed.
fn remove_attachments(locked: &Locked<'_>, octets: &str) -> Result<()> {
    let Ok(item) = Item::parse(octets.as_bytes()) else { return Ok(()) };
    for attachment in item.attachments {
        let token = attachment.url.rsplit('/').next().and_then(|last| last.parse::<Token>().ok());
        if let Some(token) = token {
            atomic::remove(&locked.home.attachment(&token))?;
        }
    }
    Ok(())
}

/// The records that a run which died left out: those of `recovered` that no line tells of.
///
/// # Errors
/// When the messages or the octets cannot be read.
fn records_of(
    locked: &Locked<'_>,
    name: &str,
    contact: &Contact,
    recovered: &[Filed],
) -> Result<Vec<Record>> {
    let mut records = Vec::new();
    let messages = Messages::of(&locked.home, name);
    for filed in recovered.iter().rev() {
        if messages.find(filed.guid)?.is_none() {
            let octets = Octets::of(&locked.home, name).item(filed)?;
            let item = Item::parse(octets.as_bytes())?;
            let place = Place {
                log: filed.log,
                sequence: filed.sequence,
                hash: OctetsHash::of(octets.as_bytes()),
                previous: item.stream.as_ref().and_then(|stream| stream.previous),
            };
            let record = Record::of_item(&item, place, Direction::Sent, locked.now);
            records.push(record.about(contact));
        }
    }
    Ok(records)
}
