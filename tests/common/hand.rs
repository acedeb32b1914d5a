//! Mary's hand: what she can write with her key once her program is not the one that writes.

use std::fs;

use cloudim::openpgp::{self, Certificate, Profile, SecretKey};
use cloudim::protocol::Random;
use cloudim::protocol::feed::channel::{Channel, FeedItem};
use cloudim::protocol::sealed::introduction::Introduction;
use cloudim::protocol::sealed::item::{Item, Stream};
use cloudim::protocol::sealed::state::State;
use cloudim::protocol::values::guid::Guid;
use cloudim::protocol::values::hash::OctetsHash;
use cloudim::protocol::values::time;
use cloudim::store::contact::contacts;
use cloudim::store::contact::entry::Contact;
use cloudim::store::contact::offered::octets::Octets;
use cloudim::store::disk::home::Home;
use cloudim::store::identity::own::Identity;
use jiff::{SignedDuration, Timestamp};
use rand::SeedableRng;

use super::peer::Peer;

/// Somebody's keys, counters and feed, as they are at this moment.
pub struct Hand {
    home: Home,
    reader: String,
    /// The secret key, unlocked.
    pub key: SecretKey,
    /// The reader's certificate.
    pub to: Certificate,
    /// What this side knows of the reader: counters, logs, token.
    pub contact: Contact,
    /// The feed as it is published.
    pub feed: Channel,
    pub rng: Random,
}

/// So many hours from now.
pub fn in_hours(hours: i64) -> Timestamp {
    time::whole_seconds(Timestamp::now()) + SignedDuration::from_hours(hours)
}

impl Hand {
    /// The hand of `writer`, who writes to `reader`.
    pub fn of(writer: &Peer, reader: &Peer) -> Self {
        let home = Home::at(writer.home());
        let feed = fs::read(writer.pair_feed()).unwrap();
        Self {
            key: SecretKey::parse(&fs::read(home.secret()).unwrap()).unwrap(),
            to: contacts::certificate(&home, &reader.name).unwrap(),
            contact: Contact::load(&home, &reader.name).unwrap(),
            feed: Channel::parse(&feed).unwrap(),
            rng: Random::from_entropy(),
            reader: reader.name.clone(),
            home,
        }
    }

    /// A key that nobody knows.
    pub fn stranger(&mut self) -> SecretKey {
        SecretKey::generate(Profile::Default, "Eve", in_hours(-1), &mut self.rng).unwrap()
    }

    /// The next item of the log, `skip` sequences left out before it.
    pub fn item(&mut self, text: &str, skip: u64) -> Item {
        let next = self.contact.ours.next();
        let sequence = next.sequence + skip;
        let missing = OctetsHash::of(b"an item that is not there");
        let previous = if skip == 0 { next.previous } else { Some(missing) };
        let now = in_hours(0);
        Item {
            guid: Guid::new(Timestamp::now(), &mut self.rng),
            published: now,
            text: text.to_owned(),
            in_reply_to: None,
            attachments: Vec::new(),
            stream: Some(Stream { sequence, previous, ..next }),
            conversation: None,
            keys: false,
            transition: None,
        }
    }

    /// Seals `octets` as they should be: signed by this hand, now, for the reader.
    pub fn seal(&mut self, octets: &str) -> String {
        self.seal_at(octets, in_hours(0))
    }

    /// The same, signed at `at`.
    pub fn seal_at(&mut self, octets: &str, at: Timestamp) -> String {
        openpgp::seal(octets.as_bytes(), &self.key, &[&self.to], at, &mut self.rng).unwrap()
    }

    /// The same, signed by `key`.
    pub fn seal_by(&mut self, key: &SecretKey, octets: &str) -> String {
        let now = in_hours(0);
        openpgp::seal(octets.as_bytes(), key, &[&self.to], now, &mut self.rng).unwrap()
    }

    /// `item` sealed, as it stands in a feed.
    pub fn sealed(&mut self, item: &Item) -> FeedItem {
        FeedItem::sealed(item.guid, self.seal(&item.write()))
    }

    /// The feed with `items` before all others.
    pub fn feed_with(&self, items: impl IntoIterator<Item = FeedItem>) -> Channel {
        let mut feed = self.feed.clone();
        let older = std::mem::take(&mut feed.items);
        feed.items = items.into_iter().chain(older).collect();
        feed
    }

    /// The feed with this one item before all others.
    pub fn feed_with_item(&mut self, item: &Item) -> Channel {
        let sealed = self.sealed(item);
        self.feed_with([sealed])
    }

    /// The state in the feed.
    pub fn state(&self) -> State {
        let (sealed, own) = (self.feed.state.as_deref().unwrap(), self.key.certificate());
        let opened = openpgp::open(sealed, &self.key, &own, in_hours(24 * 365)).unwrap();
        State::parse(&opened.octets).unwrap()
    }

    /// The state in the feed, its serial raised by one.
    pub fn next_state(&self) -> State {
        let state = self.state();
        State { serial: state.serial + 1, time: in_hours(0), ..state }
    }

    /// The introduction in the feed.
    pub fn introduction(&self) -> Introduction {
        let serial = self.contact.ours.introduction.serial;
        let octets = Octets::of(&self.home, &self.reader).introduction(serial).unwrap();
        Introduction::parse(octets.unwrap().as_bytes()).unwrap()
    }

    /// The feed with the state `octets`, sealed.
    pub fn feed_with_state(&mut self, octets: &str) -> Channel {
        let state = Some(self.seal(octets));
        Channel { state, ..self.feed.clone() }
    }

    /// The feed with the introduction `octets`, sealed.
    pub fn feed_with_introduction(&mut self, octets: &str) -> Channel {
        let introduction = Some(self.seal(octets));
        Channel { introduction, ..self.feed.clone() }
    }

    /// Makes the writer's program go on above the serials that this hand has used.
    pub fn spend_serials(&mut self) {
        self.contact.ours.state.serial += 10;
        let identity = Identity::open(self.home.clone()).unwrap();
        let locked = identity.lock_although_copied(Timestamp::UNIX_EPOCH).unwrap();
        self.contact.save(&locked, &self.reader).unwrap();
    }
}
