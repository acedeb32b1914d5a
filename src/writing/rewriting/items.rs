//! One rewriting under way: what of the feed stays as it is, and what is sealed anew.

use std::collections::HashMap;

use jiff::Timestamp;

use super::losses::Written;
use super::prepared::Prepared;
use crate::openpgp::certificate::Certificate;
use crate::protocol::feed::channel::{Channel, FeedItem};
use crate::protocol::values::guid::Guid;
use crate::session::keys::Keys;
use crate::store::contact::entry::Contact;
use crate::store::contact::history::messages::Messages;
use crate::store::contact::offered::octets::{Filed, Octets};
use crate::store::contact::ranges;
use crate::store::disk::atomic::Staged;
use crate::store::identity::own::Locked;
use crate::writing::content::repair;
use crate::writing::content::sealing::{seal, seal_as};
use crate::writing::unwritten::Result;

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

/// The parts of the feed that are sealed anew, although they say what they said before.
pub(in crate::writing) struct Anew {
    /// The items that are not acknowledged.
    pub(in crate::writing) items: bool,
    /// What stands in the feed once: with the items, or since another key of ours signs now.
    pub(in crate::writing) once: bool,
    /// Whether the reader's encryption subkey is another than the feed is sealed to. What is not
    /// sealed again stays sealed to the one of before.
    pub(in crate::writing) is_to_another_subkey: bool,
}

/// One rewriting under way.
pub(in crate::writing) struct Rewriting<'a> {
    pub(in crate::writing) locked: &'a Locked<'a>,
    pub(in crate::writing) keys: &'a mut Keys,
    pub(in crate::writing) name: &'a str,
    pub(in crate::writing) contact: &'a mut Contact,
    pub(in crate::writing) to: &'a Certificate,
    pub(in crate::writing) anew: Anew,
    pub(in crate::writing) at: Timestamp,
    /// The items that nobody can open here, newest first.
    pub(in crate::writing) unopened: Vec<Guid>,
    /// What the history says of the items, once it was asked.
    pub(in crate::writing) written: Option<Written>,
    pub(in crate::writing) prepared: Prepared,
}

impl Rewriting<'_> {
    /// Puts the items that stay into the channel, newest first, sealing those that are not sealed.
    pub(in crate::writing) fn fill(
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
            let archives = &self.contact.ours.archives;
            let is_archived = archives.iter().any(|archive| archive.items.contains(&item.guid));
            let again = self.is_to_be_sealed_again(item);
            if is_archived && !again {
                continue;
            }
            let copy = sealed.remove(&item.guid.to_string());
            if let Some(fresh) = fresh.take_if(|fresh| fresh.filed == *item) {
                self.prepared.channel.items.push(fresh.sealed);
                self.prepared.octets = Some((fresh.filed, fresh.octets));
                self.prepared.files = fresh.files;
            } else if let Some(copy) = copy.clone().filter(|_| !again) {
                self.prepared.channel.items.push(copy);
            } else if let Some(octets) = self.octets(item, stays)? {
                self.seal_item(item, &octets)?;
                if copy.is_none() && !is_archived {
                    self.prepared.recovered.push(*item);
                }
            } else if let Some(copy) = copy {
                self.prepared.channel.items.push(copy);
            } else if !is_archived {
                self.prepared.lost.push(*item);
            }
        }
        self.leave_unopened()
    }

    /// Leaves the items in the feed that a lost copy of this home has sealed and nobody can open here,
    /// until the contact has read the log that followed for long enough.
    fn leave_unopened(&mut self) -> Result<()> {
        let ours = &self.contact.ours;
        let age = self.locked.now.duration_since(ours.log.time());
        let is_over = ours.acknowledged() > 0 && age > self.locked.config.retention;
        let octets = Octets::of(&self.locked.home, self.name);
        for guid in &self.unopened {
            if is_over {
                self.prepared.unopened.push(*guid);
                continue;
            }
            let mut archives = self.contact.ours.archives.iter();
            if !archives.any(|archive| archive.items.contains(guid)) {
                let sealed = octets.unopened(*guid)?;
                let item = sealed.map(|sealed| FeedItem::sealed(*guid, sealed));
                self.prepared.channel.items.extend(item);
            }
        }
        Ok(())
    }

    /// The octets of `item`, which is one of those that stay, unless they are lost.
    fn octets(&mut self, item: &Filed, stays: &[Filed]) -> Result<Option<String>> {
        let (home, name) = (&self.locked.home, self.name);
        let written = match self.written.take() {
            Some(written) => written,
            None => Written::of(&Messages::of(home, name), stays)?,
        };
        let octets = Octets::of(home, name).intact(item)?;
        let octets = octets.filter(|octets| written.is_as_written(item, octets));
        self.written = Some(written);
        Ok(octets)
    }

    /// Returns whether `item` is to be sealed again: to another subkey, what is unacknowledged; and what
    /// the reader asks for.
    fn is_to_be_sealed_again(&mut self, item: &Filed) -> bool {
        let ours = &mut self.contact.ours;
        if self.anew.items && item.sequence > ours.acknowledged_in(item.log) {
            return true;
        }
        if self.anew.is_to_another_subkey {
            ranges::put(&mut self.contact.reader_mut().outdated, item.log, item.sequence);
        }
        repair::is_due(item, self.contact.reader(), self.locked.now)
    }

    fn seal_item(&mut self, item: &Filed, octets: &str) -> Result<()> {
        let mut former = self.contact.ours.former.iter();
        let former = former.find(|former| former.reaches(item.log, item.sequence)).cloned();
        let armored = match former {
            // A contact that does not know our present key yet must be able to read what the old
            // one says of it.
            Some(former) => seal_as(self.keys, &former.fingerprint, octets, self.to, self.at)?,
            None => self.seal(octets)?,
        };
        let reader = self.contact.reader_mut();
        if ranges::any_has(&reader.missing, item.log, item.sequence) {
            repair::note(item, reader, armored.len(), self.locked.now);
        }
        ranges::take_out(&mut reader.outdated, item.log, item.sequence);
        self.prepared.channel.items.push(FeedItem::sealed(item.guid, armored));
        // A copy in an archive is sealed to a subkey of the past: this one counts from now on.
        let archives = &mut self.contact.ours.archives;
        archives.iter_mut().for_each(|archive| archive.items.retain(|guid| *guid != item.guid));
        Ok(())
    }

    pub(in crate::writing) fn seal(&mut self, octets: &str) -> Result<String> {
        seal(self.keys, octets, self.contact, self.to, self.at)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use crate::store::testing::Type;
    use crate::writing::testing::{acquainted, filed, opened, pin, rewrite, tell_new_key, write};

    #[test]
    fn what_a_crash_counted_and_did_not_show_comes_in_with_its_record_and_once() {
        let (mut john, mut mary) = acquainted();
        write(&mut john, "mary", "one");
        let path = john.home().contact("mary").join("messages.jsonl");
        let (feed, messages) = (john.feed("mary"), fs::read(&path).unwrap());
        write(&mut john, "mary", "two");
        john.put_feed("mary", &feed);
        fs::write(&path, messages).unwrap();
        assert!(rewrite(&mut john, "mary").unwrap());
        assert_eq!(john.texts("mary", Type::Message), ["one", "two"]);
        let feed = john.feed("mary");
        let two = feed.items[0].description.as_deref().unwrap();
        assert_eq!(opened(&mut mary, two, &john.certificate()), filed(&john, "mary")[1].1);
        let before = john.files();
        assert!(!rewrite(&mut john, "mary").unwrap());
        assert!(john.files() == before);
    }

    #[test]
    fn what_a_crash_filed_and_did_not_count_leaves_its_place_free() {
        let (mut john, _) = acquainted();
        write(&mut john, "mary", "one");
        let path = john.home().contact("mary").join("messages.jsonl");
        let (feed, messages) = (john.feed("mary"), fs::read(&path).unwrap());
        let contact = john.contact("mary");
        write(&mut john, "mary", "two");
        john.put_feed("mary", &feed);
        fs::write(&path, messages).unwrap();
        contact.save(&john.lock(), "mary").unwrap();
        assert!(!rewrite(&mut john, "mary").unwrap());
        assert_eq!(filed(&john, "mary").len(), 1);
        assert_eq!(write(&mut john, "mary", "three"), 2);
        assert_eq!(john.texts("mary", Type::Message), ["one", "three"]);
    }

    #[test]
    fn what_a_former_key_has_signed_is_sealed_anew_by_that_key() {
        let (mut john, mut mary) = acquainted();
        write(&mut john, "mary", "one");
        let old = john.certificate();
        john.replace_key();
        assert!(tell_new_key(&mut john, "mary").unwrap());
        write(&mut john, "mary", "three");
        let before = john.feed("mary");
        mary.rotate();
        pin(&john, "mary", &mary);
        assert!(rewrite(&mut john, "mary").unwrap());
        let (after, new) = (john.feed("mary"), john.certificate());
        assert_eq!(after.items.len(), 3);
        for (index, signer) in [(0, &new), (1, &old), (2, &old)] {
            assert_ne!(after.items[index], before.items[index]);
            let sealed = after.items[index].description.as_deref().unwrap();
            opened(&mut mary, sealed, signer);
        }
    }
}
