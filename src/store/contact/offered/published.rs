//! The files below `public/` for one contact, or for one whom we invited: a pair feed with its
//! archives, attachments, and feeds that lead to the pair feed.
//!
//! This module does all removal of them. Each removal names its files by what is kept in the home
//! until they are gone, so that a run which dies leaves nothing that the next one cannot find.

use std::collections::BTreeSet;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use super::attachments;
use super::octets::{Filed, Octets};
use super::outbox::Outbox;
use crate::protocol::values::token::Token;
use crate::store::contact::history::messages::Messages;
use crate::store::contact::history::record::Direction;
use crate::store::contact::own_feed::OwnFeed;
use crate::store::disk::home::Home;
use crate::store::error::{OrCannot, Result};
use crate::store::identity::own::Locked;

/// Removes the pair feed `token`, first the feed, then its archives, those also that no contact
/// counts: a backup was restored, or a run died.
///
/// # Errors
/// When a file cannot be removed, or the folder not read.
pub fn remove_feed(locked: &Locked<'_>, token: &Token) -> Result<()> {
    let home = &locked.home;
    let mut files = vec![home.feed(token)];
    files.extend(archive_numbers(home, token)?.into_iter().map(|n| home.archive(token, n)));
    files.retain(|path| !path.is_dir());
    home.remove_all(&files)
}

/// The number of every archive of the pair feed `token` that is there.
fn archive_numbers(home: &Home, token: &Token) -> Result<Vec<u64>> {
    let folder = match fs::read_dir(home.public().join("f")) {
        Ok(folder) => folder,
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Ok(Vec::new());
        }
        Err(error) => return Err(error).or_cannot_read(Path::new("public/f")),
    };
    let number = |name: &str| -> Option<u64> {
        let rest = name.strip_prefix(token.as_str())?.strip_prefix('.')?;
        rest.strip_suffix(".rss")?.parse().ok()
    };
    let name = |file: std::io::Result<fs::DirEntry>| file.ok()?.file_name().into_string().ok();
    Ok(folder.filter_map(name).filter_map(|name| number(&name)).collect())
}

/// Removes the archives of `ours` that it does not offer, oldest first: they have left, or are
/// damaged, and their items are in the feed again.
///
/// # Errors
/// When one cannot be removed, or the folder not read.
pub fn remove_other_archives(locked: &Locked<'_>, ours: &OwnFeed) -> Result<()> {
    let home = &locked.home;
    let mut numbers = archive_numbers(home, &ours.token)?;
    numbers.retain(|number| !ours.archives.iter().any(|archive| archive.number == *number));
    numbers.sort_unstable();
    let paths = numbers.into_iter().map(|number| home.archive(&ours.token, number));
    // A folder of that name is none of ours.
    home.remove_all(&paths.filter(|path| !path.is_dir()).collect::<Vec<_>>())
}

/// Lets go of `item`, which has left the feed for the contact called `name` or never came into it:
/// of its attachments, unless what `encrypt` made names them still, and then of its octets.
///
/// # Errors
/// When the history cannot be read, or a file not removed.
pub fn let_go(locked: &Locked<'_>, name: &str, item: &Filed) -> Result<()> {
    let home = &locked.home;
    let octets = Octets::of(home, name);
    let has_moved = octets.items()?.iter().any(|it| it.guid == item.guid && it != item);
    let named = match octets.item(item) {
        // The same item has another place.
        _ if has_moved => BTreeSet::new(),
        Ok(octets) => attachments::named_in(&octets),
        // They are lost: the history still says what went with the item.
        Err(_) => sent_with(home, name, item)?,
    };
    if !named.is_empty() {
        let awaited = Outbox::of(home, name).attachments()?;
        attachments::remove(locked, named.difference(&awaited))?;
    }
    octets.drop_item(locked, item)
}

/// The attachments of `item` as the history has them.
fn sent_with(home: &Home, name: &str, item: &Filed) -> Result<BTreeSet<Token>> {
    let record = Messages::of(home, name).find(item.guid)?;
    let record = record.filter(|record| record.direction == Direction::Sent);
    let attached = record.iter().flat_map(|record| record.attachments());
    Ok(attached.filter_map(|attached| attachments::token_of(&attached.url)).collect())
}

/// Removes all that was published for the contact whose folder is called `name`: its `feeds` first,
/// then the attachments.
///
/// # Errors
/// When something cannot be read or removed.
pub fn remove(locked: &Locked<'_>, name: &str, feeds: &[Token]) -> Result<()> {
    for feed in feeds {
        remove_feed(locked, feed)?;
    }
    attachments::remove(locked, &attachments_for(&locked.home, name))
}

/// Every attachment that was sealed for the contact, even if nothing else names it, as far as it can
/// be read: a damaged file must not keep the rest from going.
fn attachments_for(home: &Home, name: &str) -> BTreeSet<Token> {
    let mut named = Octets::of(home, name).attachments().unwrap_or_default();
    named.extend(Outbox::of(home, name).attachments().unwrap_or_default());
    let _ = Messages::of(home, name).backwards(|record| {
        if record.direction == Direction::Sent {
            let urls = record.attachments().iter().map(|attached| attached.url.as_str());
            named.extend(urls.filter_map(attachments::token_of));
        }
        true
    });
    named
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::protocol::sealed::item::{Attachment, Item};
    use crate::protocol::values::guid::Guid;
    use crate::protocol::values::hash::{Hash, OctetsHash};
    use crate::store::contact::history::log_entry::Place;
    use crate::store::contact::history::record::Record;
    use crate::store::disk::changes;
    use crate::store::testing::{locked, locked_at};

    fn guid(last: u8) -> Guid {
        format!("urn:uuid:0199f0c2-0000-7000-8000-0000000000{last:02}").parse().unwrap()
    }

    fn token(letter: char) -> Token {
        letter.to_string().repeat(26).parse().unwrap()
    }

    /// The octets of an item that names the attachment `letter`, which is published.
    fn item(home: &Home, letter: char) -> String {
        let url = format!("https://john.example/b/{}", token(letter));
        home.write(&home.attachment(&token(letter)), b"sealed").unwrap();
        let attachment = Attachment {
            url,
            name: "notes.txt".to_owned(),
            media_type: "text/plain".to_owned(),
            size: 6,
            hash: Hash::of(b"sealed"),
        };
        let item = Item {
            guid: guid(9),
            published: Timestamp::UNIX_EPOCH,
            text: "see".to_owned(),
            in_reply_to: None,
            attachments: vec![attachment],
            stream: None,
            conversation: None,
            keys: false,
            transition: None,
        };
        item.write()
    }

    fn file(home: &Home, sequence: u64, octets: &str) -> Filed {
        let filed = Filed { log: guid(0), sequence, guid: guid(sequence as u8) };
        let kept = Octets::of(home, "mary");
        locked(home, |locked| locked.home.put(vec![kept.stage(locked, &filed, octets)?])).unwrap();
        filed
    }

    fn attached(home: &Home) -> String {
        "abcd".chars().filter(|letter| home.attachment(&token(*letter)).exists()).collect()
    }

    #[test]
    fn a_contact_takes_with_it_what_was_published_for_it_alone() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path());
        let feeds = [('x', None), ('x', Some(3)), ('x', Some(77)), ('y', None), ('z', None)];
        for (letter, number) in feeds {
            let path = number.map(|number| home.archive(&token(letter), number));
            home.write(&path.unwrap_or(home.feed(&token(letter))), b"feed").unwrap();
        }
        file(&home, 1, &item(&home, 'a'));
        let (outbox, b) = (Outbox::of(&home, "mary"), item(&home, 'b'));
        locked(&home, |locked| outbox.keep(locked, "sealed", &b)).unwrap();
        let place = Place { log: guid(0), sequence: 9, hash: OctetsHash::of(b""), previous: None };
        let [sent, theirs] =
            [('c', Direction::Sent), ('d', Direction::Received)].map(|(letter, way)| {
                let left = Item::parse(item(&home, letter).as_bytes()).unwrap();
                Record::of_item(&left, place, way, Timestamp::UNIX_EPOCH)
            });
        let messages = Messages::of(&home, "mary");
        locked(&home, |locked| messages.append(locked, &mut [sent, theirs])).unwrap();
        assert_eq!(attached(&home), "abcd");
        locked(&home, |locked| remove(locked, "mary", &[token('x'), token('y')])).unwrap();
        assert_eq!(attached(&home), "d", "what a contact calls its own is not ours to remove");
        let left = fs::read_dir(home.public().join("f")).unwrap().map(|f| f.unwrap().file_name());
        assert_eq!(left.collect::<Vec<_>>(), [format!("{}.rss", token('z')).as_str()]);
    }

    #[test]
    fn an_item_that_goes_leaves_what_is_still_to_be_appended() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path());
        let (a, b) = (item(&home, 'a'), item(&home, 'b'));
        let (first, second) = (file(&home, 1, &a), file(&home, 2, &b));
        let outbox = Outbox::of(&home, "mary");
        locked(&home, |locked| outbox.keep(locked, "sealed", &a)).unwrap();
        locked(&home, |locked| let_go(locked, "mary", &first)).unwrap();
        locked(&home, |locked| changes::about_to_change(&locked.home)).unwrap();
        locked(&home, |locked| let_go(locked, "mary", &second)).unwrap();
        assert_eq!(changes::changed(&home).unwrap(), 2, "what is published is to lose it, too");
        assert_eq!(attached(&home), "a");
        assert_eq!(Octets::of(&home, "mary").items().unwrap(), []);
        locked(&home, |locked| outbox.discard(locked, "sealed")).unwrap();
        assert_eq!(attached(&home), "");
    }

    #[test]
    fn what_was_appended_outlives_the_outbox() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path());
        let (a, b) = (item(&home, 'a'), item(&home, 'b'));
        file(&home, 1, &a);
        let outbox = Outbox::of(&home, "mary");
        let now = Timestamp::now();
        locked_at(&home, now, |locked| {
            outbox.keep(locked, "appended", &a).unwrap();
            outbox.keep(locked, "forgotten", &b).unwrap();
            outbox.clear(locked, "appended").unwrap();
        });
        assert_eq!(attached(&home), "ab");
        let later = now + jiff::SignedDuration::from_hours(25);
        locked_at(&home, later, |locked| outbox.clear_old(locked)).unwrap();
        assert_eq!(attached(&home), "a");
    }
}
