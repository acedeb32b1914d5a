//! The documents of a contact's feed that are taken in together, with what is looked up in them again
//! and again: each hash is computed once.

use std::collections::HashSet;

use crate::openpgp::message::open::sealed_hash;
use crate::protocol::feed::channel::{Channel, FeedItem};
use crate::protocol::values::hash::SealedHash;
use crate::store::contact::verdicts::{OURS, PARTS};

/// A sealed object as it stands in a feed.
#[derive(Clone, Copy, Debug)]
pub struct Sealed<'a> {
    /// Its text.
    pub text: &'a str,
    /// What it is remembered by.
    pub hash: SealedHash,
}

/// An item.
pub struct Entry<'a> {
    /// The item itself.
    pub item: &'a FeedItem,
    /// Its guid, as it is remembered and shown.
    pub guid: String,
    /// What is sealed in it; nothing in a plain item.
    pub sealed: Option<Sealed<'a>>,
}

/// One document.
pub struct Document<'a> {
    /// What was read of it.
    pub channel: &'a Channel,
    /// Its introduction.
    pub introduction: Option<Sealed<'a>>,
    /// Its state.
    pub state: Option<Sealed<'a>>,
    /// Its items, in its order.
    pub items: Vec<Entry<'a>>,
}

/// A document and the archives before it.
pub struct Documents<'a> {
    /// The documents, newest first.
    pub all: Vec<Document<'a>>,
    guids: HashSet<String>,
    sealed: HashSet<(String, SealedHash)>,
}

impl<'a> Documents<'a> {
    /// Looks through `chain`, the newest document first.
    pub fn of(chain: &[&'a Channel]) -> Self {
        let all: Vec<Document<'a>> = chain.iter().map(|channel| document(channel)).collect();
        let entries = || all.iter().flat_map(|document| &document.items);
        let guids = entries().map(|entry| entry.guid.clone()).collect();
        let items = entries().filter_map(|entry| Some((entry.guid.clone(), remembered(entry)?)));
        let parts = all.first().into_iter().flat_map(|newest| {
            let parts = [("introduction", newest.introduction), ("state", newest.state)];
            parts.into_iter().filter_map(|(name, part)| Some((name.to_owned(), part?.hash)))
        });
        let sealed = items.chain(parts).collect();
        Self { all, guids, sealed }
    }

    /// The newest document.
    pub fn newest(&self) -> Option<&Document<'a>> {
        self.all.first()
    }

    /// All items, those of the newest document first.
    pub fn items(&self) -> impl Iterator<Item = &Entry<'a>> {
        self.all.iter().flat_map(|document| &document.items)
    }

    /// Returns whether what is remembered by `guid` may stand here. An item does or does not. Each of
    /// the rest can be there only once.
    pub fn have(&self, guid: &str) -> bool {
        PARTS.contains(&guid) || guid == OURS || self.guids.contains(guid)
    }

    /// Returns whether that very object stands here under that guid.
    pub fn have_sealed(&self, guid: &str, sealed: SealedHash) -> bool {
        self.sealed.contains(&(guid.to_owned(), sealed))
    }

    /// Returns whether nothing is left out: there is no older archive.
    pub fn reach_the_beginning(&self) -> bool {
        self.all.last().is_some_and(|oldest| oldest.channel.prev_archive.is_none())
    }
}

/// The hash that an item is remembered by, if anything but its guid is looked at.
fn remembered(entry: &Entry<'_>) -> Option<SealedHash> {
    let broken = || Some(SealedHash::of(entry.item.broken.as_ref()?.text.as_bytes()));
    entry.sealed.map(|sealed| sealed.hash).or_else(broken)
}

fn document(channel: &Channel) -> Document<'_> {
    Document {
        channel,
        introduction: channel.introduction.as_deref().map(hashed),
        state: channel.state.as_deref().map(hashed),
        items: channel.items.iter().map(entry).collect(),
    }
}

fn entry(item: &FeedItem) -> Entry<'_> {
    let sealed = item.description.as_deref().filter(|_| item.is_sealed());
    Entry { item, guid: item.shown_guid(), sealed: sealed.map(hashed) }
}

fn hashed(text: &str) -> Sealed<'_> {
    Sealed { text, hash: sealed_hash(text) }
}
