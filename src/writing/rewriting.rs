//! One rewriting under way: what of the feed stays as it is, and what is sealed anew.

use std::collections::HashMap;

use jiff::Timestamp;

use super::prepared::Prepared;
use super::sealing::{seal, seal_as};
use super::unwritten::Result;
use crate::openpgp::certificate::Certificate;
use crate::protocol::feed::channel::{Channel, FeedItem};
use crate::session::keys::Keys;
use crate::store::contact::entry::Contact;
use crate::store::contact::octets::{Filed, Octets};
use crate::store::disk::atomic::Staged;
use crate::store::identity::own::Locked;

/// An item that is new in the feed.
pub struct Fresh {
    /// Its place in the log.
    pub filed: Filed,
    /// Its exact octets.
    pub octets: String,
    /// The same, sealed.
    pub sealed: FeedItem,
    /// Its attachments, sealed and not in their place yet.
    pub files: Vec<Staged>,
}

/// One rewriting under way.
pub(super) struct Rewriting<'a> {
    pub(super) locked: &'a Locked<'a>,
    pub(super) keys: &'a mut Keys,
    pub(super) name: &'a str,
    pub(super) contact: &'a mut Contact,
    pub(super) to: &'a Certificate,
    /// Whether the contact's encryption subkey is another than the feed is sealed to.
    pub(super) reseal: bool,
    /// Whether what stands in the feed once is to be sealed again: for that, or since another key
    /// of ours signs now.
    pub(super) renew: bool,
    pub(super) at: Timestamp,
    pub(super) prepared: Prepared,
}

impl Rewriting<'_> {
    /// Puts the items that stay into the channel, newest first, sealing those that are not sealed.
    pub(super) fn fill(
        &mut self,
        before: &Channel,
        stays: &[Filed],
        fresh: Option<Fresh>,
    ) -> Result<()> {
        let mut sealed: HashMap<String, FeedItem> = HashMap::new();
        for item in &before.items {
            sealed.extend(item.guid.clone().map(|guid| (guid, item.clone())));
        }
        let mut fresh = fresh;
        for item in stays.iter().rev() {
            let ours = &self.contact.ours;
            let is_archived =
                ours.archives.iter().any(|archive| archive.items.contains(&item.guid));
            let again =
                self.reseal && (item.log != ours.log || item.sequence > ours.acknowledged());
            if is_archived && !again {
                continue;
            }
            let as_before = sealed.remove(&item.guid.to_string());
            if let Some(fresh) = fresh.take_if(|fresh| fresh.filed == *item) {
                self.prepared.channel.items.push(fresh.sealed);
                self.prepared.octets = Some((fresh.filed, fresh.octets));
                self.prepared.files = fresh.files;
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
        let octets = Octets::of(&self.locked.home, self.name).item(item)?;
        let mut former = self.contact.ours.former.iter();
        let former = former.find(|former| former.reaches(item.log, item.sequence)).cloned();
        let armored = match former {
            // Who does not know our present key yet must be able to read what the old one says of it.
            Some(former) => seal_as(self.keys, &former.fingerprint, &octets, self.to, self.at)?,
            None => self.seal(&octets)?,
        };
        self.prepared.channel.items.push(FeedItem::sealed(item.guid, armored));
        // A copy in an archive is sealed to a subkey of the past: this one counts from now on.
        let archives = &mut self.contact.ours.archives;
        archives.iter_mut().for_each(|archive| archive.items.retain(|guid| *guid != item.guid));
        Ok(())
    }

    pub(super) fn seal(&mut self, octets: &str) -> Result<String> {
        seal(self.keys, octets, self.contact, self.to, self.at)
    }
}
