//! A feed that is ready to be written: counters first, archives and the feed after what they refer
//! to. Whatever is killed in between, the next rewriting completes it.

#[cfg(test)]
pub(in crate::writing) mod tests;

use crate::protocol::feed::channel::Channel;
use crate::protocol::sealed::item::Item;
use crate::protocol::values::guid::Guid;
use crate::protocol::values::hash::OctetsHash;
use crate::store;
use crate::store::contact::entry::Contact;
use crate::store::contact::history::log_entry::Place;
use crate::store::contact::history::messages::Messages;
use crate::store::contact::history::record::{Direction, Record};
use crate::store::contact::offered::octets::{Filed, Octets};
use crate::store::contact::offered::outbox::Outbox;
use crate::store::contact::offered::published;
use crate::store::contact::pair::Pair;
use crate::store::disk::atomic::{self, NotPut, Staged};
use crate::store::identity::own::Locked;
use crate::writing::attachment;
use crate::writing::taken::Taken;
use crate::writing::unwritten::Result;

/// A feed that is ready to be written.
#[derive(Default)]
pub struct Prepared {
    pub(in crate::writing) channel: Channel,
    pub(in crate::writing) is_changed: bool,
    pub(in crate::writing) introduction: Option<String>,
    pub(in crate::writing) octets: Option<(Filed, String)>,
    pub(in crate::writing) files: Vec<Staged>,
    /// The new archives, oldest first.
    pub(in crate::writing) archives: Vec<(u64, String)>,
    pub(in crate::writing) leaves: Vec<Filed>,
    /// Items of which nothing is left.
    pub(in crate::writing) lost: Vec<Filed>,
    /// Notices to the user.
    pub(in crate::writing) notices: Vec<Record>,
    /// Items that nobody can open here, and that leave.
    pub(in crate::writing) unopened: Vec<Guid>,
    /// Items that an earlier run filed and did not get into the feed.
    pub recovered: Vec<Filed>,
}

impl Prepared {
    /// Returns whether anything would be written into `public/`.
    pub fn is_changed(&self) -> bool {
        self.is_changed
    }

    /// Writes: what the item names, the contact, the records of what was recovered and then
    /// `record`, archive and feed, and last removes what is no longer needed.
    pub fn commit(mut self, locked: &Locked<'_>, pair: &Pair, record: Option<Record>) -> Taken {
        let Pair { name, contact, .. } = pair;
        let writes = match self.stage(locked, name, contact, record) {
            Ok(writes) => writes,
            Err(why) => return Taken::Refused(why),
        };
        let Writes { octets, files, counted, mut records, shown } = writes;
        if self.is_changed
            && let Err(error) = locked.home.advance()
        {
            return Taken::Refused(error.into());
        }
        if let Err(not) = count(locked, octets, files, counted) {
            let taken = Taken::from(not);
            if matches!(taken, Taken::Refused(_)) {
                self.take_back(locked, name);
            }
            return taken;
        }
        let messages = Messages::of(&locked.home, name);
        let done = messages
            .append(locked, &mut records)
            .and_then(|()| self.show(locked, shown))
            .and_then(|()| self.clear(locked, name, contact));
        done.map_or_else(|error| Taken::KeptNotShown(error.into()), |()| Taken::Kept)
    }

    /// Writes everything, not in its place yet.
    fn stage(
        &mut self,
        locked: &Locked<'_>,
        name: &str,
        contact: &Contact,
        record: Option<Record>,
    ) -> Result<Writes> {
        let (home, token) = (&locked.home, &contact.ours.token);
        let mut records = records_of(locked, name, contact, &self.recovered)?;
        records.extend(self.notices.drain(..).map(|notice| notice.about(contact)));
        records.extend(record);
        let octets = Octets::of(home, name);
        let fresh = self.octets.as_ref();
        let item = fresh.map(|(filed, fresh)| octets.stage(locked, filed, fresh)).transpose()?;
        let (mut said, mut shown) = (Vec::from_iter(item), Vec::new());
        if let Some(introduction) = &self.introduction {
            let serial = contact.ours.introduction.serial;
            said.push(octets.stage_introduction(locked, serial, introduction)?);
        }
        let counted = contact.stage(locked, name)?;
        if self.is_changed {
            for (number, archive) in &self.archives {
                shown.push(home.stage(&home.archive(token, *number), archive.as_bytes())?);
            }
            shown.push(home.stage(&home.feed(token), self.channel.write().as_bytes())?);
        }
        let files = std::mem::take(&mut self.files);
        atomic::sync(files.iter().chain(&said).chain([&counted]).chain(&shown))?;
        Ok(Writes { octets: said, files, counted, records, shown })
    }

    /// Takes back what was written of an item that does not count. What cannot be removed now goes
    /// with the next rewriting, like what a run leaves that dies.
    fn take_back(&self, locked: &Locked<'_>, name: &str) {
        if let Some((filed, _)) = &self.octets {
            let _ = published::let_go(locked, name, filed);
        }
    }

    fn show(&self, locked: &Locked<'_>, shown: Vec<Staged>) -> store::error::Result<()> {
        if !self.is_changed {
            return Ok(());
        }
        locked.about_to_change_public()?;
        locked.home.put(shown)
    }

    /// Removes what is no longer needed.
    fn clear(
        &self,
        locked: &Locked<'_>,
        name: &str,
        contact: &Contact,
    ) -> store::error::Result<()> {
        published::remove_other_archives(locked, &contact.ours)?;
        if self.introduction.is_some() {
            let octets = Octets::of(&locked.home, name);
            octets.drop_other_introductions(locked, contact.ours.introduction.serial)?;
        }
        for item in &self.leaves {
            published::let_go(locked, name, item)?;
        }
        for guid in &self.unopened {
            Octets::of(&locked.home, name).drop_unopened(locked, *guid)?;
        }
        Outbox::of(&locked.home, name).clear_old(locked)
    }
}

/// The files and records that a commit writes.
struct Writes {
    /// The octets of the new item, and of the introduction.
    octets: Vec<Staged>,
    /// The attachments of the new item.
    files: Vec<Staged>,
    /// The contact: once it is in its place, all counts.
    counted: Staged,
    records: Vec<Record>,
    /// The archive and the feed.
    shown: Vec<Staged>,
}

/// Puts in its place what makes the new item count. What it names goes between its octets and the
/// contact: an item that counts has its attachments, and one that does not leads to what has to go.
/// Each waits until the one before lasts: a power cut must not leave a contact that counts what is
/// nowhere.
fn count(
    locked: &Locked<'_>,
    octets: Vec<Staged>,
    files: Vec<Staged>,
    counted: Staged,
) -> std::result::Result<(), NotPut> {
    let placed = locked.home.put(octets).and_then(|()| attachment::publish(locked, files));
    placed.map_err(NotPut::Moved)?;
    locked.home.place(vec![counted])
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
