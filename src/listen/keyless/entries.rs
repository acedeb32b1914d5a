//! The entries of an inbox: bounded in number and age, and shared out among those who call.

use std::net::IpAddr;

use jiff::Timestamp;

use crate::fair::queue::{Bounds, FairQueue, Full, Order};
use crate::protocol::calls::call::Call;
use crate::protocol::calls::please_follow::PleaseFollow;
use crate::protocol::feed::channel::FeedItem;
use crate::protocol::values::guid::Guid;
use crate::protocol::values::hash::Hash;
use crate::protocol::values::limits;
use crate::store::waiting::callers::Caller;

const BOUNDS: Bounds = Bounds {
    in_all: limits::INBOX,
    of_key: limits::INBOX,
    order: Order::Arrival,
    full: Full::Most,
};

/// The entries, oldest first.
#[derive(Debug)]
pub(super) struct Entries {
    /// By caller, if that is known.
    entries: FairQueue<Option<IpAddr>, Entry>,
    /// Counts the changes.
    pub version: u64,
}

impl Default for Entries {
    fn default() -> Self {
        Self { entries: FairQueue::new(BOUNDS), version: 0 }
    }
}

#[derive(Debug)]
struct Entry {
    /// The identity of the call, if that is known.
    call: Option<Hash>,
    content: Content,
}

#[derive(Debug)]
enum Content {
    /// It came a moment ago.
    Fresh(Box<Call>),
    /// It is, or will be at once, in the feed.
    Sealed { guid: Guid, armored: String },
}

impl Entry {
    fn time(&self) -> Timestamp {
        match &self.content {
            Content::Fresh(call) => call.time,
            Content::Sealed { guid, .. } => guid.time(),
        }
    }
}

/// The identity of a call: the same for the same call, whenever it is made.
fn identity(call: &PleaseFollow) -> Hash {
    let answered = call.in_reply_to.as_ref().map_or("", |url| url.as_str());
    Hash::of(format!("{} {} {answered}", call.feed, call.key).as_bytes())
}

impl Entries {
    /// The entries of the feed with these items, newest first, and what is known of their callers.
    /// Items that are none of ours are left out.
    pub fn of(items: Vec<FeedItem>, callers: &[Caller]) -> Self {
        let entry = |item: FeedItem| {
            let guid = item.guid().ok().filter(|_| item.is_sealed())?;
            let known = callers.iter().find(|caller| caller.guid == guid);
            let content = Content::Sealed { guid, armored: item.description? };
            let entry = Entry { call: known.map(|caller| caller.call), content };
            Some((known.and_then(|caller| caller.address), entry))
        };
        let mut entries = Self::default();
        // As the feed may have been changed by another program, it is bounded here too.
        for (address, entry) in items.into_iter().take(limits::INBOX).rev().filter_map(entry) {
            entries.entries.push(address, entry);
        }
        entries
    }

    /// Takes a call in. The same as one that is here already is not taken again. When there is one
    /// too many, the caller with most entries loses its oldest; among several, the one whose is
    /// oldest.
    pub fn add(&mut self, address: IpAddr, call: Call) {
        let identity = Some(identity(&call.call));
        if self.entries.iter().any(|entry| entry.value.call == identity) {
            return;
        }
        let content = Content::Fresh(Box::new(call));
        self.entries.push(Some(address), Entry { call: identity, content });
        self.version = self.version.saturating_add(1);
    }

    /// Removes what has waited for too long.
    pub fn expire(&mut self, now: Timestamp) {
        let before = self.entries.len();
        self.entries.retain(|entry| now.duration_since(entry.value.time()) <= limits::INBOX_WAIT);
        if self.entries.len() < before {
            self.version = self.version.saturating_add(1);
        }
    }

    /// The calls that have yet to be sealed.
    pub fn fresh(&self) -> Vec<Call> {
        let fresh = |entry: &Entry| match &entry.content {
            Content::Fresh(call) => Some(Call::clone(call)),
            Content::Sealed { .. } => None,
        };
        self.entries.iter().filter_map(|entry| fresh(&entry.value)).collect()
    }

    /// Notes that `call` was sealed. It may have left meanwhile.
    pub fn sealed(&mut self, call: &Call, guid: Guid, armored: String) {
        let is_it =
            |entry: &&mut Entry| matches!(&entry.content, Content::Fresh(own) if **own == *call);
        if let Some(entry) = self.entries.values_mut().find(is_it) {
            entry.content = Content::Sealed { guid, armored };
        }
    }

    /// The sealed entries, as items of the feed, newest first.
    pub fn items(&self) -> Vec<FeedItem> {
        let item = |entry: &Entry| match &entry.content {
            Content::Fresh(_) => None,
            Content::Sealed { guid, armored } => Some(FeedItem::sealed(*guid, armored.clone())),
        };
        self.entries.iter().rev().filter_map(|entry| item(&entry.value)).collect()
    }

    /// The callers of the sealed entries, as they must be known after a restart.
    pub fn callers(&self) -> Vec<Caller> {
        let caller = |address, entry: &Entry| match (&entry.content, entry.call) {
            (Content::Sealed { guid, .. }, Some(call)) => {
                Some(Caller { guid: *guid, address, call })
            }
            _ => None,
        };
        self.entries.iter().filter_map(|entry| caller(entry.key, &entry.value)).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use proptest::prelude::*;
    use rand::SeedableRng;

    use jiff::SignedDuration;

    use super::*;
    use crate::protocol::Random;

    const ARMOR: &str = "-----BEGIN PGP MESSAGE-----";

    fn address(number: u32) -> IpAddr {
        Ipv4Addr::from_bits(0xC633_6400_u32.saturating_add(number)).into()
    }

    fn at(day: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_hours(24 * day)
    }

    fn call(number: u32) -> Call {
        let url = |path: String| format!("https://a.example/{path}").parse().unwrap();
        let (feed, key) = (url(format!("f/{number}.rss")), url("key.asc".to_owned()));
        Call { call: PleaseFollow { feed, key, in_reply_to: None }, time: at(0) }
    }

    fn seal_all(entries: &mut Entries) {
        let mut rng = Random::seed_from_u64(1);
        for call in entries.fresh() {
            entries.sealed(
                &call,
                Guid::new(call.time, &mut rng),
                format!("{ARMOR}{}", call.call.feed),
            );
        }
    }

    fn has(entries: &Entries, number: u32) -> bool {
        entries.fresh().contains(&call(number))
    }

    #[test]
    fn who_calls_most_loses_the_oldest() {
        let mut entries = Entries::default();
        entries.add(address(1), call(0));
        for number in 1..=100 {
            entries.add(address(2), call(number));
        }
        assert_eq!(entries.fresh().len(), limits::INBOX);
        assert!(has(&entries, 0) && !has(&entries, 37) && has(&entries, 38));
        // Among equals the oldest leaves, so that nobody can keep a full inbox shut.
        let mut entries = Entries::default();
        (0..=64).for_each(|number| entries.add(address(number), call(number)));
        assert!(!has(&entries, 0) && has(&entries, 1) && has(&entries, 64));
    }

    #[test]
    fn the_same_call_is_one_entry_also_after_a_restart() {
        let mut entries = Entries::default();
        entries.add(address(1), call(1));
        entries.add(address(2), Call { time: at(1), ..call(1) });
        assert_eq!((entries.fresh().len(), entries.version), (1, 1));
        seal_all(&mut entries);
        let mut entries = Entries::of(entries.items(), &entries.callers());
        entries.add(address(3), call(1));
        assert_eq!((entries.fresh().len(), entries.version), (0, 0));
        entries.add(address(3), call(2));
        assert_eq!(entries.fresh().len(), 1);
    }

    #[test]
    fn what_is_read_back_is_what_was_there_and_no_more() {
        let mut entries = Entries::default();
        (0..50).for_each(|number| entries.add(address(number % 7), call(number)));
        seal_all(&mut entries);
        let (items, callers) = (entries.items(), entries.callers());
        assert!(items[0].description.as_ref().unwrap().contains("/49.rss"), "newest first");
        let again = Entries::of(items.clone(), &callers);
        assert_eq!((again.items(), again.callers()), (items.clone(), callers));
        let forgotten = Entries::of(items.clone(), &[]);
        assert_eq!((forgotten.items(), forgotten.callers()), (items.clone(), Vec::new()));
        let junk = FeedItem { description: Some("hi".to_owned()), ..items[0].clone() };
        assert!(Entries::of(vec![junk, FeedItem::default()], &[]).items().is_empty());
        assert_eq!(Entries::of(vec![items[0].clone(); 500], &[]).items().len(), limits::INBOX);
    }

    #[test]
    fn an_entry_waits_for_30_days() {
        let mut entries = Entries::default();
        entries.add(address(1), call(1));
        entries.expire(at(30));
        seal_all(&mut entries);
        entries.expire(at(30));
        assert_eq!((entries.items().len(), entries.version), (1, 1));
        entries.expire(at(31));
        assert_eq!((entries.items().len(), entries.version), (0, 2));
    }

    proptest! {
        #[test]
        fn no_flood_of_fewer_addresses_than_places_drives_another_out(
            calls in prop::collection::vec((0_u32..50, any::<u32>()), 0..400)
        ) {
            let mut entries = Entries::default();
            entries.add(address(1_000), call(0));
            for (caller, number) in calls {
                entries.add(address(caller), call(number.saturating_add(1)));
                prop_assert!(entries.fresh().len() <= limits::INBOX);
            }
            prop_assert!(has(&entries, 0));
        }
    }
}
