//! What a published feed of ours tells of a home that was restored: what it wrote and no longer knows.

use std::collections::HashSet;

use jiff::Timestamp;

use super::look::Published;
use crate::error::Result;
use crate::openpgp::certificate::Certificate;
use crate::openpgp::message::open::{Opened, sealed_hash};
use crate::openpgp::message::refusal::Refusal;
use crate::protocol::feed::channel::FeedItem;
use crate::protocol::sealed::introduction::Introduction;
use crate::protocol::sealed::item::{Item, Stream};
use crate::protocol::sealed::state::{Head, State};
use crate::protocol::values::guid::{Guid, LogId};
use crate::protocol::values::hash::{OctetsHash, SealedHash};
use crate::session::keys::Keys;
use crate::store::contact::entry::Contact;
use crate::store::contact::history::messages::Messages;
use crate::store::contact::history::record::Direction;
use crate::store::contact::offered::octets::Octets;
use crate::store::contact::own_feed::OwnFeed;
use crate::store::disk::home::Home;
use crate::store::identity::own_urls::Ours;

/// What a published feed holds that this home does not know of.
#[derive(Default)]
pub struct Findings {
    /// Items that we have signed, of logs of this feed.
    pub items: Vec<Found>,
    /// Sealed items that nobody can open here.
    pub unopened: Vec<(Guid, String)>,
    /// A later introduction of ours, with its exact octets.
    pub introduction: Option<(Introduction, String)>,
    /// The head of the log that a state of ours is about, if that is later than any here.
    pub state: Option<(LogId, Option<Head>)>,
    /// When we signed last.
    pub signed: Option<Timestamp>,
}

/// An item that we have signed.
pub struct Found {
    /// The item.
    pub item: Item,
    /// Its place.
    pub stream: Stream,
    /// Its exact octets.
    pub octets: String,
    /// The hash of the same, as it is sealed in the feed.
    pub sealed: SealedHash,
}

impl Findings {
    /// Whether they show that our counters are old.
    pub fn are_proof(&self) -> bool {
        !self.items.is_empty() || self.introduction.is_some() || self.state.is_some()
    }
}

/// The certificates by which our own signatures are known: ours, and those that were ours.
///
/// # Errors
/// When they cannot be read.
pub fn signers(keys: &mut Keys) -> Result<Vec<Certificate>> {
    let mut signers = vec![keys.certificate()?.clone()];
    signers.extend(keys.former_secrets()?.iter().map(|former| former.certificate()));
    Ok(signers)
}

/// Returns whether `published` holds anything that this home does not know, as far as can be said
/// without a key.
///
/// # Errors
/// When the contact or its messages cannot be read.
pub fn is_news(home: &Home, published: &Published) -> Result<bool> {
    let contact = Contact::load(home, &published.name)?;
    let ours = &contact.ours;
    let channel = &published.channel;
    let other = |sealed: &Option<String>, counted| {
        sealed.as_deref().is_some_and(|sealed| Some(sealed_hash(sealed)) != counted)
    };
    if other(&channel.introduction, ours.introduction.sealed)
        || other(&channel.state, ours.state.sealed)
    {
        return Ok(true);
    }
    let known = known(home, &published.name, ours)?;
    Ok(sealed_items(published).any(|(guid, _)| !known.contains(&guid)))
}

/// What `published` holds that this home does not know. Nothing in it counts that we have not signed
/// for this very feed: its host could put there what we wrote to somebody else.
///
/// # Errors
/// When the contact or its messages cannot be read.
pub fn find(
    home: &Home,
    keys: &mut Keys,
    signers: &[Certificate],
    now: Timestamp,
    published: &Published,
) -> Result<Findings> {
    let (name, channel) = (&published.name, &published.channel);
    let contact = Contact::load(home, name)?;
    let mut finding = Finding { keys, signers, now, contact: &contact, found: Findings::default() };
    let mut logs = finding.logs();
    logs.extend(finding.introduction(channel.introduction.as_deref()));
    finding.state(channel.state.as_deref(), &logs);
    let (known, places) = (known(home, name, &contact.ours)?, places(home, name)?);
    for (guid, item) in sealed_items(published).filter(|(guid, _)| !known.contains(guid)) {
        finding.item(guid, item, &logs, &places);
    }
    Ok(finding.found)
}

/// One feed being looked through.
struct Finding<'a> {
    keys: &'a mut Keys,
    signers: &'a [Certificate],
    now: Timestamp,
    contact: &'a Contact,
    found: Findings,
}

impl Finding<'_> {
    /// The logs of the feed that this home knows.
    fn logs(&self) -> Vec<LogId> {
        let ours = &self.contact.ours;
        let earlier = ours.earlier.iter().map(|earlier| earlier.log);
        earlier.chain([ours.log]).collect()
    }

    /// Opens what one of our keys has signed.
    fn open(&mut self, sealed: &str) -> std::result::Result<Opened, Refusal> {
        let mut refusal = Refusal::NotForUs;
        for signer in self.signers {
            match self.keys.unseal(sealed, signer, self.now) {
                Ok(opened) => {
                    self.found.signed = self.found.signed.max(Some(opened.signed));
                    return Ok(opened);
                }
                Err(other) => refusal = other,
            }
        }
        Err(refusal)
    }

    /// Takes note of a later introduction; returns the logs that it opens.
    fn introduction(&mut self, sealed: Option<&str>) -> Vec<LogId> {
        let opened = sealed.and_then(|sealed| self.open(sealed).ok());
        let octets = opened.and_then(|opened| String::from_utf8(opened.octets).ok());
        let read = octets
            .and_then(|octets| Some((Introduction::parse(octets.as_bytes()).ok()?, octets)))
            .filter(|(introduction, _)| self.is_of_this_feed(introduction));
        let Some((introduction, octets)) = read else { return Vec::new() };
        let ours = &self.contact.ours;
        let here = (ours.log, ours.introduction.serial);
        let earlier = introduction.earlier.iter().map(|earlier| earlier.log);
        let logs = earlier.chain([introduction.log]).collect();
        if (introduction.log, introduction.serial) > here {
            self.found.introduction = Some((introduction, octets));
        }
        logs
    }

    fn is_of_this_feed(&self, introduction: &Introduction) -> bool {
        let former = self.contact.theirs.former.iter().map(|former| &former.fingerprint);
        let mut readers = former.chain([&self.contact.fingerprint]);
        let is_addressed =
            introduction.to_fingerprint.as_ref().is_some_and(|to| readers.any(|us| us == to));
        // The base URL may have been another.
        let base = introduction.key.join("./").ok();
        let feed = base.and_then(|base| Ours::below(&base, &introduction.feed));
        is_addressed && feed == Some(Ours::Pair(self.contact.ours.token.clone()))
    }

    /// Takes note of a state that is later than any that this home knows.
    fn state(&mut self, sealed: Option<&str>, logs: &[LogId]) {
        let opened = sealed.and_then(|sealed| self.open(sealed).ok());
        let read = opened.and_then(|opened| State::parse(&opened.octets).ok());
        let Some(state) = read.filter(|state| logs.contains(&state.log)) else { return };
        let ours = &self.contact.ours;
        if (state.log, state.serial) > (ours.log, ours.state.serial) {
            self.found.state = Some((state.log, state.head));
        }
    }

    fn item(
        &mut self,
        guid: Guid,
        item: &FeedItem,
        logs: &[LogId],
        places: &HashSet<(LogId, u64)>,
    ) {
        let sealed = item.description.as_deref().unwrap_or_default();
        let opened = match self.open(sealed) {
            Ok(opened) => opened,
            Err(Refusal::NotForUs) => {
                return self.found.unopened.push((guid, sealed.to_owned()));
            }
            // It is by somebody else: a host can write what it likes.
            Err(_) => return,
        };
        let Ok(octets) = String::from_utf8(opened.octets) else { return };
        let Ok(item) = Item::parse(octets.as_bytes()) else { return };
        let Some(stream) = item.stream.clone() else { return };
        let ours = &self.contact.ours;
        // What is old and was forgotten here stands in an old copy of the feed.
        let is_new = stream.sequence > ours.highest_in(stream.log)
            || places.contains(&(stream.log, stream.sequence));
        if item.guid == guid && logs.contains(&stream.log) && is_new {
            self.found.items.push(Found { item, stream, octets, sealed: sealed_hash(sealed) });
        }
    }
}

impl Found {
    /// Its sequence and hash.
    pub fn head(&self) -> Head {
        let hash = OctetsHash::of(self.octets.as_bytes());
        Head { sequence: self.stream.sequence, hash }
    }
}

/// The guids of all items that we have sent to the contact called `name`, as far as is known here. What
/// is kept and not counted in `ours` is no part of it: a run died before it had taken it over.
fn known(home: &Home, name: &str, ours: &OwnFeed) -> Result<HashSet<Guid>> {
    let kept = Octets::of(home, name).kept()?;
    let counted = kept.items.iter().filter(|item| item.sequence <= ours.highest_in(item.log));
    let mut known: HashSet<Guid> = counted.map(|item| item.guid).collect();
    known.extend(kept.unopened);
    Messages::of(home, name).backwards(|record| {
        known.extend(record.guid().filter(|_| record.direction == Direction::Sent));
        true
    })?;
    Ok(known)
}

/// The places of the items that are offered.
fn places(home: &Home, name: &str) -> Result<HashSet<(LogId, u64)>> {
    let items = Octets::of(home, name).items()?;
    Ok(items.iter().map(|item| (item.log, item.sequence)).collect())
}

/// The sealed items of a feed and its archives.
fn sealed_items(published: &Published) -> impl Iterator<Item = (Guid, &FeedItem)> {
    let archived = published.archives.iter().flat_map(|(_, archive)| &archive.items);
    let items = published.channel.items.iter().chain(archived).filter(|item| item.is_sealed());
    items.filter_map(|item| Some((item.guid().ok()?, item)))
}
