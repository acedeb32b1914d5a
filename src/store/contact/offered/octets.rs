//! The exact octets of what may have to be sealed again: the introduction, and every item that is
//! still offered (PROTOCOL §2).

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::ErrorKind;
use std::path::PathBuf;

use super::attachments;
use crate::protocol::sealed::item::{Attachment, Item};
use crate::protocol::values::guid::{Guid, LogId};
use crate::protocol::values::token::Token;
use crate::store::disk::atomic::{self, Staged};
use crate::store::disk::home::Home;
use crate::store::error::{Error, OrCannot, Result};
use crate::store::identity::own::Locked;

/// The name under which an item's octets are filed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Filed {
    /// Its log.
    pub log: LogId,
    /// Its sequence.
    pub sequence: u64,
    /// Its guid.
    pub guid: Guid,
}

impl Filed {
    fn name(&self) -> String {
        format!("{}.{}.{}.xml", self.log.bare(), self.sequence, self.guid.bare())
    }

    fn from_name(name: &str) -> Option<Self> {
        let mut parts = name.strip_suffix(".xml")?.splitn(3, '.');
        let log = Guid::from_user(parts.next()?).ok()?;
        let sequence = parts.next()?.parse().ok()?;
        Some(Self { log, sequence, guid: Guid::from_user(parts.next()?).ok()? })
    }
}

/// The file with the introduction of a contact that was made before introductions were filed by their
/// serials.
const UNNUMBERED: &str = "introduction.xml";

/// What is kept of items.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Kept {
    /// Those with their octets, oldest log and lowest sequence first.
    pub items: Vec<Filed>,
    /// Those that are kept sealed, since nobody can open them here; newest first.
    pub unopened: Vec<Guid>,
}

/// The octets kept for one contact.
#[derive(Debug)]
pub struct Octets {
    folder: PathBuf,
}

impl Octets {
    /// The octets kept for the contact called `name`.
    pub fn of(home: &Home, name: &str) -> Self {
        Self { folder: home.contact(name).join("octets") }
    }

    /// Writes the octets of an item, not in their place yet.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn stage(&self, locked: &Locked<'_>, item: &Filed, octets: &str) -> Result<Staged> {
        locked.home.stage(&self.folder.join(item.name()), octets.as_bytes())
    }

    /// The octets of an item.
    ///
    /// # Errors
    /// When they are not there.
    pub fn item(&self, item: &Filed) -> Result<String> {
        let path = self.folder.join(item.name());
        atomic::read_text(&path)?.ok_or(Error::NotKept(path))
    }

    /// The octets of an item; nothing if they are lost: absent, or not those of this item.
    ///
    /// # Errors
    /// When they are there and cannot be read now.
    pub fn intact(&self, item: &Filed) -> Result<Option<String>> {
        let path = self.folder.join(item.name());
        if path.is_dir() {
            return Ok(None);
        }
        let Some(bytes) = atomic::read(&path)? else { return Ok(None) };
        let Ok(octets) = String::from_utf8(bytes) else { return Ok(None) };
        let is_it = Item::parse(octets.as_bytes()).is_ok_and(|read| {
            let place = read.stream.map(|stream| (stream.log, stream.sequence));
            read.guid == item.guid && place == Some((item.log, item.sequence))
        });
        Ok(is_it.then_some(octets))
    }

    /// Lets go of an item that nobody will ask for again.
    ///
    /// # Errors
    /// When it cannot be removed.
    pub fn drop_item(&self, locked: &Locked<'_>, item: &Filed) -> Result<()> {
        locked.home.remove(&self.folder.join(item.name()))
    }

    /// Keeps a sealed item of ours that nobody can open here, byte for byte: what is lost is sealed to
    /// a subkey that is lost as well.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn keep_unopened(&self, locked: &Locked<'_>, guid: Guid, sealed: &str) -> Result<()> {
        let path = self.folder.join(format!("{}.asc", guid.bare()));
        locked.home.write(&path, sealed.as_bytes())
    }

    /// Lets go of such an item.
    ///
    /// # Errors
    /// When it cannot be removed.
    pub fn drop_unopened(&self, locked: &Locked<'_>, guid: Guid) -> Result<()> {
        locked.home.remove(&self.folder.join(format!("{}.asc", guid.bare())))
    }

    /// Such an item, as it is sealed, if it is there.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn unopened(&self, guid: Guid) -> Result<Option<String>> {
        atomic::read_text(&self.folder.join(format!("{}.asc", guid.bare())))
    }

    /// Every item kept, oldest log and lowest sequence first.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn items(&self) -> Result<Vec<Filed>> {
        Ok(self.kept()?.items)
    }

    /// All that is kept of items.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn kept(&self) -> Result<Kept> {
        let mut kept = Kept::default();
        for name in self.names()? {
            kept.items.extend(Filed::from_name(&name));
            let guid = name.strip_suffix(".asc").and_then(|name| Guid::from_user(name).ok());
            kept.unopened.extend(guid);
        }
        kept.items.sort();
        kept.unopened.sort_by_key(|guid| std::cmp::Reverse(*guid));
        Ok(kept)
    }

    /// The names of all that is kept.
    fn names(&self) -> Result<Vec<String>> {
        let folder = match fs::read_dir(&self.folder) {
            Ok(folder) => folder,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error).or_cannot_read(&self.folder),
        };
        let name = |file: std::io::Result<fs::DirEntry>| file.ok()?.file_name().into_string().ok();
        Ok(folder.filter_map(name).collect())
    }

    /// The attachments that any item kept names.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn attachments(&self) -> Result<BTreeSet<Token>> {
        Ok(self.announced()?.into_keys().collect())
    }

    /// The same, as their items announce them.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn announced(&self) -> Result<BTreeMap<Token, Attachment>> {
        Ok(self.items()?.iter().flat_map(|item| self.announced_by(item)).collect())
    }

    /// The attachments of `item`, as it announces them. What is lost announces none, and must not hold up
    /// the rest.
    pub fn announced_by(&self, item: &Filed) -> BTreeMap<Token, Attachment> {
        self.item(item).map(|octets| attachments::announced_in(&octets)).unwrap_or_default()
    }

    /// Writes the octets of the introduction with this `serial`, not in their place yet. Those of the
    /// serial that counts stay: a run may die before the contact's file counts the new one.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn stage_introduction(
        &self,
        locked: &Locked<'_>,
        serial: u64,
        octets: &str,
    ) -> Result<Staged> {
        locked.home.stage(&self.introduction_path(serial), octets.as_bytes())
    }

    /// The octets of the introduction with this `serial`, which is the one that counts; nothing if
    /// there is none, or what is there is no text.
    ///
    /// # Errors
    /// When they are there and cannot be read now.
    pub fn introduction(&self, serial: u64) -> Result<Option<String>> {
        for path in [self.introduction_path(serial), self.folder.join(UNNUMBERED)] {
            if !path.is_dir()
                && let Some(bytes) = atomic::read(&path)?
            {
                return Ok(String::from_utf8(bytes).ok());
            }
        }
        Ok(None)
    }

    /// Lets go of every introduction but the one with this `serial`.
    ///
    /// # Errors
    /// When one cannot be removed, or the folder not be read.
    pub fn drop_other_introductions(&self, locked: &Locked<'_>, serial: u64) -> Result<()> {
        let counts = self.introduction_path(serial);
        // As long as the one that counts has no file of its own, it is in the unnumbered one.
        if !counts.exists() {
            return Ok(());
        }
        let names = self.names()?.into_iter().filter(|name| name.starts_with("introduction."));
        let mut others: Vec<PathBuf> = names.map(|name| self.folder.join(name)).collect();
        others.retain(|path| *path != counts);
        locked.home.remove_all(&others)
    }

    fn introduction_path(&self, serial: u64) -> PathBuf {
        self.folder.join(format!("introduction.{serial}.xml"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::testing::locked;

    #[test]
    fn items_are_found_by_what_they_are_filed_under() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path());
        let octets = Octets::of(&home, "mary");
        let guid = |last: u8| {
            format!("urn:uuid:0199f0c2-0000-7000-8000-0000000000{last:02}").parse::<Guid>().unwrap()
        };
        let filed = |sequence, last| Filed { log: guid(0), sequence, guid: guid(last) };
        for item in [filed(10, 3), filed(2, 2), filed(1, 1)] {
            let text = format!("<item>{}</item>", item.sequence);
            locked(&home, |locked| locked.home.put(vec![octets.stage(locked, &item, &text)?]))
                .unwrap();
        }
        assert_eq!(octets.introduction(1).unwrap(), None);
        put(&home, 1, "<introduction/>");
        assert_eq!(octets.items().unwrap(), [filed(1, 1), filed(2, 2), filed(10, 3)]);
        assert_eq!(octets.item(&filed(10, 3)).unwrap(), "<item>10</item>");
        locked(&home, |locked| octets.drop_item(locked, &filed(1, 1))).unwrap();
        assert!(octets.item(&filed(1, 1)).unwrap_err().to_string().contains("is missing"));
        assert_eq!(octets.introduction(1).unwrap().as_deref(), Some("<introduction/>"));
    }

    fn put(home: &Home, serial: u64, text: &str) {
        let octets = Octets::of(home, "mary");
        locked(home, |locked| {
            locked.home.put(vec![octets.stage_introduction(locked, serial, text)?])
        })
        .unwrap();
    }

    #[test]
    fn the_introduction_that_counts_stays_until_another_counts() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path());
        let octets = Octets::of(&home, "mary");
        let read = |serial| octets.introduction(serial).unwrap();
        let drop_others =
            |serial| locked(&home, |locked| octets.drop_other_introductions(locked, serial));
        fs::create_dir_all(&octets.folder).unwrap();
        fs::write(octets.folder.join(UNNUMBERED), "1").unwrap();
        drop_others(1).unwrap();
        assert_eq!(read(1).as_deref(), Some("1"), "of an older version of the program");
        put(&home, 2, "2");
        assert_eq!((read(1).as_deref(), read(2).as_deref()), (Some("1"), Some("2")));
        put(&home, 3, "3");
        drop_others(2).unwrap();
        assert_eq!(octets.names().unwrap().len(), 1);
        assert_eq!(read(2).as_deref(), Some("2"));
    }
}
