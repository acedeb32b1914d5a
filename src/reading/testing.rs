//! A reader and a writer for tests, with the writer's feed between them, which can be changed.

use super::intake::{self, Source};
use super::judged::Outcome;
use crate::error::Result;
use crate::openpgp::message::seal;
use crate::protocol::feed::channel::{Channel, FeedItem};
use crate::protocol::sealed::introduction::Introduction;
use crate::protocol::sealed::item::{Item, Stream};
use crate::protocol::sealed::state::State;
use crate::protocol::values::guid::LogId;
use crate::protocol::values::hash::OctetsHash;
use crate::protocol::values::time;
use crate::session::run::Run;
use crate::session::testing::Person;
use crate::store::contact::entry::{Contact, Http};
use crate::store::contact::offered::octets::Octets;
use crate::store::testing::Type;
use crate::writing::testing as writing;
use crate::writing::testing::{acquainted, head};
use jiff::{SignedDuration, Timestamp};

/// John reads what Mary writes. Both have read the other's first feed.
pub struct Scene {
    /// The reader.
    pub john: Person,
    /// The writer.
    pub mary: Person,
    /// Her feed for him, as he finds it.
    pub feed: Channel,
    /// Her log.
    pub log: LogId,
    /// Her state, which stands in the feed once it was [said](Scene::say).
    pub said: State,
}

impl Scene {
    /// A scene in which nothing was written yet.
    pub fn begin() -> Self {
        let (mut john, mut mary) = acquainted();
        exchange(&mut john, &mut mary);
        let (feed, ours) = (mary.feed("john"), mary.contact("john").ours);
        let said = State {
            log: ours.log,
            serial: ours.state.serial,
            time: time::whole_seconds(mary.now()),
            head: None,
            floor: None,
            acknowledged: Vec::new(),
            missing: Vec::new(),
            gone: Vec::new(),
        };
        Self { john, mary, feed, log: ours.log, said }
    }

    /// Lets that many hours pass for both.
    pub fn wait(&mut self, hours: i64) {
        self.john.wait(hours);
        self.mary.wait(hours);
    }

    /// The time `hours` hours before now.
    pub fn ago(&self, hours: i64) -> Timestamp {
        self.mary.now() - SignedDuration::from_hours(hours)
    }

    /// Mary writes `text`, and her feed is what it is then.
    pub fn write(&mut self, text: &str) {
        writing::write(&mut self.mary, "john", text);
        self.feed = self.mary.feed("john");
    }

    /// John takes her feed in.
    pub fn read(&mut self) -> Outcome {
        take_in(&mut self.john, "mary", self.feed.write().as_bytes()).unwrap()
    }

    /// The same, of a copy of which the host said an entity tag.
    pub fn read_tagged(&mut self, etag: &str) -> Outcome {
        let http = Http { etag: Some(etag.to_owned()), ..Http::default() };
        let source = Source { http: Some(http), in_time: true, ..Source::default() };
        take_in_from(&mut self.john, "mary", self.feed.write().as_bytes(), source).unwrap()
    }

    /// `octets`, sealed by Mary to John at that time.
    pub fn sealed(&mut self, octets: &str, at: Timestamp) -> String {
        sealed(&mut self.mary, &self.john, octets, at)
    }

    /// An item that says `text` at that place of her log.
    pub fn item(&mut self, sequence: u64, previous: Option<OctetsHash>, text: &str) -> Item {
        let stream = Some(Stream { log: self.log, sequence, previous });
        Item { stream, ..writing::item(&mut self.mary, text) }
    }

    /// Puts `item` on top of the feed; returns the hash of its octets.
    pub fn put(&mut self, item: &Item) -> OctetsHash {
        let now = self.mary.now();
        self.put_signed(item, now)
    }

    /// The same, signed at that time.
    pub fn put_signed(&mut self, item: &Item, at: Timestamp) -> OctetsHash {
        let octets = item.octets(&head());
        let sealed = self.sealed(&octets, at);
        self.feed.items.insert(0, FeedItem::sealed(item.guid, sealed));
        OctetsHash::of(octets.as_bytes())
    }

    /// Puts an item that says `text` at that place on top of the feed.
    pub fn add(&mut self, sequence: u64, previous: Option<OctetsHash>, text: &str) -> OctetsHash {
        let item = self.item(sequence, previous, text);
        self.put(&item)
    }

    /// Puts what she says into the feed, sealed anew.
    pub fn say(&mut self) {
        let (octets, now) = (self.said.write(), self.mary.now());
        self.feed.state = Some(self.sealed(&octets, now));
    }

    /// Puts the next state into the feed, with what `change` makes of the one before.
    pub fn state(&mut self, change: impl FnOnce(&mut State)) {
        self.said.serial += 1;
        change(&mut self.said);
        self.say();
    }

    /// Puts what `change` makes of her introduction into the feed, signed at that time.
    pub fn introduce(&mut self, at: Timestamp, change: impl FnOnce(&mut Introduction)) {
        let home = self.mary.home();
        let octets = Octets::of(&home, "john").introduction(1).unwrap().unwrap();
        let mut introduction = Introduction::parse(octets.as_bytes()).unwrap();
        change(&mut introduction);
        self.feed.introduction = Some(self.sealed(&introduction.write(), at));
    }

    /// Puts an item that `writer` signed on top of the feed, in Mary's name.
    pub fn forge(&mut self, writer: &mut Person, item: &Item) {
        let now = self.mary.now();
        let sealed = sealed(writer, &self.john, &item.octets(&head()), now);
        self.feed.items.insert(0, FeedItem::sealed(item.guid, sealed));
    }

    /// The contact that John has of her.
    pub fn contact(&self) -> Contact {
        self.john.contact("mary")
    }

    /// The texts of that kind that John was told, ever.
    pub fn told(&self, kind: Type) -> Vec<String> {
        self.john.texts("mary", kind)
    }

    /// The messages that John has of her, in the order of arrival.
    pub fn messages(&self) -> Vec<String> {
        self.told(Type::Message)
    }
}

/// `octets`, sealed by `writer` to `reader` at that time.
pub fn sealed(writer: &mut Person, reader: &Person, octets: &str, at: Timestamp) -> String {
    let (secret, rng) = writer.run.keys.secret().unwrap();
    seal::seal(octets.as_bytes(), secret, &[&reader.certificate()], at, rng).unwrap()
}

/// Takes `document` in as the feed of the contact called `name`.
///
/// # Errors
/// When it is no feed, or something cannot be read or written.
pub fn take_in(person: &mut Person, name: &str, document: &[u8]) -> Result<Outcome> {
    take_in_from(person, name, document, Source::default())
}

/// The same, of a document of that kind.
///
/// # Errors
/// As [`take_in`].
pub fn take_in_from(
    person: &mut Person,
    name: &str,
    document: &[u8],
    source: Source,
) -> Result<Outcome> {
    let now = person.now();
    let Run { identity, keys, talk, .. } = &mut person.run;
    intake::take_in(identity, keys, talk, now, name, document, source)
}

/// Each of John and Mary reads the other's feed, until there is nothing new.
pub fn exchange(john: &mut Person, mary: &mut Person) {
    for _ in 0..2 {
        take_in(john, "mary", mary.feed("john").write().as_bytes()).unwrap();
        take_in(mary, "john", john.feed("mary").write().as_bytes()).unwrap();
    }
}
