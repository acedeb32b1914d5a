//! Two people who have agreed, for tests, and what one writes to the other.

use super::attachment;
use super::content::frame;
use super::keeping::{self, Keeping};
use super::message::{self, Outgoing};
use super::notices::{reintroduction, transition};
use super::rewriting::feed::{self, Change};
use crate::error::Result;
use crate::openpgp::certificate::Certificate;
use crate::protocol::sealed::introduction::Introduction;
use crate::protocol::sealed::item::Item;
use crate::protocol::values::guid::{Guid, LogId};
use crate::protocol::values::hash::Hash;
use crate::protocol::values::time;
use crate::protocol::values::token::Token;
use crate::protocol::values::url::Url;
use crate::session::testing::Person;
use crate::store::contact::contacts;
use crate::store::contact::entry::{Contact, Theirs};
use crate::store::contact::offered::octets::{Filed, Octets};
use crate::store::contact::own_feed::{OwnFeed, Reader};
use crate::store::contact::pair::Pair;
use crate::store::identity::own_urls;
use crate::store::testing;

/// The random head of an item's padding, for once the same.
pub fn head() -> Token {
    "aaaaaaaaaaaaaaaaaaaaaaaaaa".parse().unwrap()
}

/// The facts that one has to know of the other before the first feed.
struct Side {
    token: Token,
    log: LogId,
    certificate: Certificate,
    base: Url,
    feed: Url,
}

impl Side {
    fn of(person: &mut Person) -> Self {
        let now = person.now();
        let rng = &mut person.run.keys.rng;
        let (token, log) = (Token::new(rng), Guid::new(now, rng));
        let config = &person.run.identity.config;
        let base = config.base().unwrap().clone();
        let feed = own_urls::feed_url(config, &token).unwrap();
        Self { certificate: person.certificate(), token, log, base, feed }
    }
}

/// John, who has the contact `mary`, and Mary, who has the contact `john`.
pub fn acquainted() -> (Person, Person) {
    let (mut john, mut mary) = (Person::called("John"), Person::called("Mary"));
    acquaint(&mut john, &mut mary);
    (john, mary)
}

/// Makes contacts of two: each is called as it calls itself, in lower case. Neither has read the
/// other's feed yet.
pub fn acquaint(one: &mut Person, other: &mut Person) {
    let (first, second) = (Side::of(one), Side::of(other));
    let name = |person: &Person| person.run.identity.config.name.to_lowercase();
    let names = (name(one), name(other));
    agree(one, &names.1, &first, &second);
    agree(other, &names.0, &second, &first);
}

fn agree(person: &mut Person, name: &str, ours: &Side, theirs: &Side) {
    let (locked, keys, _) = person.hands();
    let (home, certificate) = (&locked.home, &theirs.certificate);
    let card = theirs.base.join("card.rss").unwrap();
    let introduction =
        frame::introduction(&locked.config, keys, locked.now, &ours.token, ours.log, 1).unwrap();
    let introduction = Introduction {
        to: Some(card.clone()),
        to_fingerprint: Some(certificate.fingerprint()),
        ..introduction
    };
    let octets = Octets::of(home, name).stage_introduction(&locked, 1, &introduction.write());
    let octets = octets.unwrap();
    locked.home.put(vec![octets]).unwrap();
    contacts::pin(&locked, name, certificate).unwrap();
    let contact = Contact {
        fingerprint: certificate.fingerprint(),
        since: locked.now,
        feed: theirs.feed.clone(),
        card: Some(card),
        key: theirs.base.join("key.asc").unwrap(),
        key_hash: Some(Hash::of(certificate.to_armored().as_bytes())),
        ours: OwnFeed::new(ours.token.clone(), ours.log, Reader::default()),
        theirs: Theirs { logs: vec![theirs.log], ..Theirs::default() },
        ..testing::contact('A')
    };
    let certificate = certificate.clone();
    let mut pair = Pair { name: name.to_owned(), contact, certificate };
    feed::rewrite(&locked, keys, &mut pair, Change::default()).unwrap();
}

/// A message that says `text`, which has no place in a log yet.
pub fn item(person: &mut Person, text: &str) -> Item {
    let now = person.now();
    Item {
        guid: Guid::new(now, &mut person.run.keys.rng),
        published: time::whole_seconds(now),
        text: text.to_owned(),
        in_reply_to: None,
        attachments: Vec::new(),
        stream: None,
        conversation: None,
        keys: false,
        transition: None,
    }
}

/// Keeps `item` for the contact called `to`; returns its sequence.
///
/// # Errors
/// When it is not kept, or does not stand in the feed.
pub fn keep(person: &mut Person, to: &str, item: Item, is_retry: bool) -> Result<u64> {
    let now = person.now();
    let keeping = Keeping { is_retry, despite_clock: false };
    let run = &mut person.run;
    keeping::keep(&run.identity, &mut run.keys, now, to, item, keeping)?.sequence
}

/// Writes `text` to the contact called `to`; returns its sequence.
pub fn write(person: &mut Person, to: &str, text: &str) -> u64 {
    let item = item(person, text);
    keep(person, to, item, false).unwrap()
}

/// Writes what comes with the file at `path`.
pub fn write_with_file(person: &mut Person, to: &str, path: &std::path::Path) -> u64 {
    let attachments = vec![attachment::describe(path).unwrap()];
    let item = Item { attachments, ..item(person, "with a file") };
    keep(person, to, item, false).unwrap()
}

/// The contact called `to` as one that is written to.
///
/// # Errors
/// When it may not be written to.
pub fn writing(person: &Person, to: &str) -> Result<Pair> {
    message::writable(&person.run.identity, &person.run.keys, person.now(), to)
}

/// Seals `item` as the next for the contact called `to`, and leaves the log as it is.
///
/// # Errors
/// When it cannot be sealed.
pub fn seal(person: &mut Person, to: &str, item: Item) -> Result<Outgoing> {
    let mut pair = writing(person, to)?;
    let (locked, keys, _) = person.hands();
    message::seal(&locked, keys, &mut pair, item, false)
}

/// Takes what was sealed into log and feed.
///
/// # Errors
/// When its place is taken, or something cannot be written.
pub fn take(person: &mut Person, to: &str, outgoing: Outgoing) -> Result<()> {
    let mut pair = writing(person, to)?;
    let (locked, keys, _) = person.hands();
    Ok(message::take(&locked, keys, &mut pair, outgoing, Change::default()).done()?)
}

/// Rewrites the feed for the contact called `to`; returns whether it changed.
///
/// # Errors
/// When it cannot be rewritten.
pub fn rewrite(person: &mut Person, to: &str) -> Result<bool> {
    let (locked, keys, _) = person.hands();
    let mut pair = Pair::load(&locked, to)?;
    Ok(feed::rewrite(&locked, keys, &mut pair, Change::default())?)
}

/// Tells the contact called `to` of our present key; returns whether the feed changed.
///
/// # Errors
/// When the key that it knows is no longer kept, or something cannot be sealed or written.
pub fn tell_new_key(person: &mut Person, to: &str) -> Result<bool> {
    let (locked, keys, _) = person.hands();
    Ok(transition::bring_over(&locked, keys, to)?)
}

/// Tells the contact called `to` where and who we are; returns whether the feed changed.
///
/// # Errors
/// When something cannot be read, sealed or written.
pub fn reintroduce(person: &mut Person, to: &str) -> Result<bool> {
    let (locked, keys, _) = person.hands();
    Ok(reintroduction::reintroduce(&locked, keys, to)?)
}

/// Pins the certificate that `of` has now for the contact that `person` calls `name`.
pub fn pin(person: &Person, name: &str, of: &Person) {
    contacts::pin(&person.lock(), name, &of.certificate()).unwrap();
}

/// The items that are filed for the contact called `to`, and their octets.
pub fn filed(person: &Person, to: &str) -> Vec<(Filed, String)> {
    let home = person.home();
    let octets = Octets::of(&home, to);
    let items = octets.items().unwrap();
    items.into_iter().map(|item| (item, octets.item(&item).unwrap())).collect()
}

/// The octets that `sealed` holds for `reader`, by a key of `writer`.
pub fn opened(reader: &mut Person, sealed: &str, writer: &Certificate) -> String {
    let now = reader.now();
    String::from_utf8(reader.run.keys.unseal(sealed, writer, now).unwrap().octets).unwrap()
}
