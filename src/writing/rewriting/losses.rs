//! What is lost of what we offer. An archive is written anew. Where the octets of an item are lost, a
//! sealed copy of it stays as it is. What has neither left is told of once, and the rest goes on.

use std::collections::{BTreeMap, BTreeSet};

use super::prepared::Prepared;
use crate::openpgp::message::open::sealed_hash;
use crate::protocol::feed::channel::{Channel, FeedItem};
use crate::protocol::values::guid::Guid;
use crate::protocol::values::hash::{OctetsHash, SealedHash};
use crate::store::contact::history::messages::Messages;
use crate::store::contact::history::record::{About, Direction, Record, What};
use crate::store::contact::offered::feeds;
use crate::store::contact::offered::octets::Filed;
use crate::store::contact::own_feed::OwnFeed;
use crate::store::contact::ranges::Span;
use crate::store::disk::home::Home;
use crate::writing::unwritten::Result;
use jiff::Timestamp;

/// Counts what `prepared` shows of the items that stay, and what of them is lost. Returns what is to be
/// told of that.
///
/// # Errors
/// When the history cannot be read.
pub(in crate::writing) fn count(
    messages: &Messages,
    ours: &mut OwnFeed,
    stays: &[Filed],
    prepared: &Prepared,
    now: Timestamp,
) -> Result<Vec<Record>> {
    let offered = stays.iter().filter(|item| !prepared.lost.contains(item));
    let lost = missing(ours, offered);
    let told = notices(messages, ours, &lost, now)?;
    ours.lost = lost;
    ours.shown = Some(prepared.channel.items.iter().filter_map(hash).collect());
    Ok(told)
}

/// The hash of a sealed item.
pub(in crate::writing) fn hash(item: &FeedItem) -> Option<SealedHash> {
    item.description.as_deref().filter(|_| item.is_sealed()).map(sealed_hash)
}

/// The feed that was read, without the sealed items that are not as they were counted, if any were: each
/// stands in its place, after the same ones. Another's copy under its guid is none.
pub(in crate::writing) fn as_counted(mut read: Channel, counted: Option<&[SealedHash]>) -> Channel {
    let Some(counted) = counted else { return read };
    let there: Vec<SealedHash> = read.items.iter().filter_map(hash).collect();
    let (is_as_long, mut places, mut next) = (there.len() == counted.len(), counted.iter(), 0..);
    read.items.retain(|item| {
        let Some(hash) = hash(item) else { return true };
        let place = next.next().unwrap_or_default();
        if is_as_long {
            return counted.get(place) == Some(&hash);
        }
        // Some are gone: what is left stands in the order in which it was counted.
        let is_once = there.iter().filter(|other| **other == hash).count() == 1;
        is_once && places.clone().any(|known| *known == hash) && places.any(|known| *known == hash)
    });
    read
}

/// `filed`, and what is offered without being filed: its octets are lost, and the feed as it was
/// `before` or an archive has a sealed copy. The history knows its place.
///
/// # Errors
/// When the history cannot be read.
pub(in crate::writing) fn with_copies(
    messages: &Messages,
    mut filed: Vec<Filed>,
    before: &Channel,
    ours: &OwnFeed,
) -> Result<Vec<Filed>> {
    let sealed = before.items.iter().filter(|item| item.is_sealed());
    let archived = ours.archives.iter().flat_map(|archive| archive.items.iter().copied());
    let mut bare: BTreeSet<Guid> = sealed.filter_map(|item| item.guid().ok()).collect();
    bare.extend(archived);
    for item in &filed {
        bare.remove(&item.guid);
    }
    if bare.is_empty() {
        // The usual case must not cost a reading of the history.
        return Ok(filed);
    }
    messages.backwards(|record| {
        if record.direction == Direction::Sent
            && let Some(entry) = record.entry()
            && bare.remove(&entry.guid)
        {
            let place = entry.place;
            filed.push(Filed { log: place.log, sequence: place.sequence, guid: entry.guid });
        }
        !bare.is_empty()
    })?;
    filed.sort();
    Ok(filed)
}

/// Counts no archive that is not there as it was written: a run may have died between counting it and
/// writing it, or the file was lost or damaged. Those before it can be reached no more where a later
/// one leads to it: they are not counted either, and their sealed items are returned.
///
/// # Errors
/// When nothing can be said about a file.
pub(in crate::writing) fn forget_lost_archives(
    home: &Home,
    ours: &mut OwnFeed,
) -> Result<Vec<FeedItem>> {
    let (mut reached, mut rescued, mut is_broken) = (Vec::new(), Vec::new(), false);
    for archive in ours.archives.drain(..).rev() {
        match feeds::archive(home, &ours.token, &archive)? {
            Some(bytes) if is_broken => rescued.extend(feeds::items(&bytes)),
            Some(_) => reached.push(archive),
            None => is_broken = !reached.is_empty(),
        }
    }
    reached.reverse();
    ours.archives = reached;
    Ok(rescued)
}

/// The hashes of what we wrote, as the history has them.
pub(in crate::writing) struct Written(BTreeMap<Guid, OctetsHash>);

impl Written {
    /// Those of `items`, as far as the history knows them. It is read back to the oldest of them.
    ///
    /// # Errors
    /// When the history cannot be read.
    pub(in crate::writing) fn of(messages: &Messages, items: &[Filed]) -> Result<Self> {
        let mut wanted: BTreeSet<Guid> = items.iter().map(|item| item.guid).collect();
        let mut hashes = BTreeMap::new();
        messages.backwards(|record| {
            if let Some(guid) = record.guid().filter(|guid| wanted.remove(guid)) {
                hashes.extend(record.place().map(|place| (guid, place.hash)));
            }
            !wanted.is_empty()
        })?;
        Ok(Self(hashes))
    }

    /// Whether `octets` are those that were written as `item`: others under its name would be proof of a
    /// fork. What the history does not know yet is as it is filed.
    pub(in crate::writing) fn is_as_written(&self, item: &Filed, octets: &str) -> bool {
        self.0.get(&item.guid).is_none_or(|hash| *hash == OctetsHash::of(octets.as_bytes()))
    }
}

/// The sequences of the log that are neither acknowledged nor `offered`, lowest first.
fn missing<'a>(ours: &OwnFeed, offered: impl Iterator<Item = &'a Filed>) -> Vec<Span> {
    let mut sequences: Vec<u64> =
        offered.filter(|item| item.log == ours.log).map(|item| item.sequence).collect();
    sequences.sort_unstable();
    let unacknowledged = Span { from: ours.acknowledged().saturating_add(1), to: ours.sequence() };
    unacknowledged.without(sequences)
}

/// What is to be told of `lost`: the sequences in it that nothing was told of, and that the contact
/// never acknowledged. It may have lost its disk, and acknowledge anew.
fn notices(
    messages: &Messages,
    ours: &OwnFeed,
    lost: &[Span],
    now: Timestamp,
) -> Result<Vec<Record>> {
    let is_told = |span: &Span| ours.lost.iter().any(|l| l.from <= span.from && span.to <= l.to);
    let mut news: Vec<Span> = lost.iter().filter(|span| !is_told(span)).copied().collect();
    if news.is_empty() {
        return Ok(Vec::new());
    }
    let received = receipt(messages, ours)?;
    news.retain_mut(|span| {
        span.from = span.from.max(received.saturating_add(1));
        span.from <= span.to
    });
    Ok(news
        .into_iter()
        .map(|span| Record::notice(About::Integrity, false, now, said(span)))
        .collect())
}

fn said(Span { from, to }: Span) -> String {
    let (what, its) = if from == to {
        (format!("our message {from} is"), "its")
    } else {
        (format!("our messages {from} to {to} are"), "their")
    };
    format!(
        "{what} lost: {its} files below octets are gone, and no feed of ours has a copy; \
         the contact has not acknowledged it, so write it again if it still matters"
    )
}

/// The highest sequence of the log that was ever acknowledged.
fn receipt(messages: &Messages, ours: &OwnFeed) -> Result<u64> {
    let mut highest = 0;
    messages.backwards(|record| {
        if let What::Receipt { sequence } = record.what {
            highest = highest.max(sequence);
        }
        // What stands before the log began is of another.
        let place = record.place().filter(|_| record.direction == Direction::Sent);
        place.is_none_or(|place| place.log == ours.log)
    })?;
    Ok(highest)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::protocol::values::limits;
    use crate::protocol::values::token::Token;
    use crate::session::testing::Person;
    use crate::store::contact::own_feed::Reader;
    use crate::store::testing::Type;
    use crate::writing::testing::{acquainted, filed, opened, pin, rewrite, write};

    fn log() -> Guid {
        "urn:uuid:0199f0c2-0000-7000-8000-000000000000".parse().unwrap()
    }

    fn spans(acknowledged: u64, head: u64, offered: &[u64]) -> Vec<(u64, u64)> {
        let token: Token = "abcdefghijklmnopqrstuvwxyz".parse().unwrap();
        let reader = Reader { acknowledged, ..Reader::default() };
        let mut ours = OwnFeed::new(token, log(), reader);
        let hash = OctetsHash::of(b"");
        ours.head = Some(crate::protocol::sealed::state::Head { sequence: head, hash });
        let filed = |&sequence: &u64| Filed { log: log(), sequence, guid: log() };
        let offered: Vec<Filed> = offered.iter().map(filed).collect();
        missing(&ours, offered.iter()).into_iter().map(|span| (span.from, span.to)).collect()
    }

    #[test]
    fn missing_is_what_is_neither_acknowledged_nor_offered() {
        assert_eq!(spans(0, 3, &[1, 2, 3]), []);
        assert_eq!(spans(2, 3, &[3]), []);
        assert_eq!(spans(3, 3, &[3]), []);
        assert_eq!(spans(1, 9, &[4, 1, 7]), [(2, 3), (5, 6), (8, 9)]);
        assert_eq!(spans(0, limits::INTEGER, &[]), [(1, limits::INTEGER)]);
    }

    #[test]
    fn only_what_stands_in_its_place_is_as_it_was_counted() {
        let (mut john, _) = acquainted();
        for text in ["one", "two", "three", "four"] {
            write(&mut john, "mary", text);
        }
        let (feed, ours) = (john.feed("mary"), john.contact("mary").ours);
        let left = |change: &dyn Fn(&mut Vec<FeedItem>)| -> Vec<usize> {
            let mut damaged = feed.clone();
            change(&mut damaged.items);
            let left = as_counted(damaged, ours.shown.as_deref()).items;
            let of = |item: &FeedItem| feed.items.iter().position(|whole| whole.guid == item.guid);
            left.iter().filter_map(of).collect()
        };
        assert_eq!(left(&|_| {}), [0, 1, 2, 3]);
        assert_eq!(left(&|items| items[0].description = items[1].description.clone()), [1, 2, 3]);
        assert_eq!(left(&|items| drop(items.remove(1))), [0, 2, 3]);
        assert_eq!(left(&|items| items.truncate(2)), [0, 1]);
        let swap = |items: &mut Vec<FeedItem>| {
            let first = items[0].description.clone();
            items[0].description = std::mem::replace(&mut items[1].description, first);
        };
        assert_eq!(left(&swap), [2, 3]);
        let copied = |items: &mut Vec<FeedItem>| {
            items.remove(3);
            items[0].description = items[1].description.clone();
        };
        assert_eq!(left(&copied), [2], "nobody knows which of the two it is");
    }

    /// The file with the octets of the message `sequence`.
    fn octets_of(john: &Person, sequence: usize) -> std::path::PathBuf {
        let folder = john.home().contact("mary").join("octets");
        let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|f| f.unwrap().path()).collect();
        files.retain(|file| !file.to_string_lossy().contains("/introduction."));
        files.sort();
        files.remove(sequence - 1)
    }

    #[test]
    fn where_octets_are_lost_the_sealed_copy_stays_as_it_is() {
        let (mut john, mut mary) = acquainted();
        for text in ["one", "two", "three"] {
            write(&mut john, "mary", text);
        }
        let before = john.feed("mary");
        fs::remove_file(octets_of(&john, 2)).unwrap();
        fs::write(octets_of(&john, 1), "<item>").unwrap();
        assert!(!rewrite(&mut john, "mary").unwrap());
        // Another subkey seals anew what can be.
        mary.rotate();
        pin(&john, "mary", &mary);
        assert!(rewrite(&mut john, "mary").unwrap());
        let after = john.feed("mary");
        assert_eq!(after.items[1..], before.items[1..]);
        assert_ne!(after.items[0], before.items[0]);
        assert!(john.texts("mary", Type::Integrity).is_empty());
    }

    #[test]
    fn what_has_neither_octets_nor_a_copy_is_told_once_and_the_rest_goes_on() {
        let (mut john, mut mary) = acquainted();
        for text in ["one", "two", "three"] {
            write(&mut john, "mary", text);
        }
        let written = filed(&john, "mary");
        fs::remove_file(octets_of(&john, 2)).unwrap();
        let token = john.contact("mary").ours.token;
        fs::write(john.home().feed(&token), "").unwrap();
        assert!(rewrite(&mut john, "mary").unwrap());
        let feed = john.feed("mary");
        let octets: Vec<String> = feed
            .items
            .iter()
            .map(|i| opened(&mut mary, i.description.as_deref().unwrap(), &john.certificate()))
            .collect();
        assert_eq!(octets, [written[2].1.as_str(), written[0].1.as_str()]);
        assert_eq!(john.contact("mary").ours.lost, [Span { from: 2, to: 2 }]);
        write(&mut john, "mary", "four");
        let told = john.texts("mary", Type::Integrity);
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].starts_with("our message 2 is lost"), "{told:?}");
        // The octets come back out of a backup.
        let path = octets_of(&john, 1).with_file_name(format!(
            "{}.2.{}.xml",
            written[1].0.log.bare(),
            written[1].0.guid.bare()
        ));
        fs::write(path, &written[1].1).unwrap();
        assert!(rewrite(&mut john, "mary").unwrap());
        assert_eq!(john.feed("mary").items.len(), 4);
        assert!(john.contact("mary").ours.lost.is_empty());
    }

    #[test]
    fn who_acknowledges_anew_is_told_nothing_of_what_has_left_long_ago() {
        let (mut john, _) = acquainted();
        write(&mut john, "mary", "one");
        write(&mut john, "mary", "two");
        let receipt = Record::new(What::Receipt { sequence: 1 }, john.now(), "");
        let messages = Messages::of(&john.home(), "mary");
        messages.append(&john.lock(), &mut [receipt]).unwrap();
        john.update("mary", |mary| mary.reader_mut().acknowledged = 1);
        john.wait(24 * 8);
        rewrite(&mut john, "mary").unwrap();
        assert_eq!(john.feed("mary").items.len(), 1);
        john.update("mary", |mary| mary.reader_mut().acknowledged = 0);
        rewrite(&mut john, "mary").unwrap();
        assert!(john.texts("mary", Type::Integrity).is_empty());
        assert_eq!(john.contact("mary").ours.lost, [Span { from: 1, to: 1 }]);
    }
}
