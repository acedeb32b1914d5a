//! Writing to a contact: an item takes its place in the log, is sealed, and is kept.

use super::content::sealing;
use super::rewriting::feed::{self, Change};
use super::rewriting::items::Fresh;
use super::rewriting::prepared::Prepared;
use super::taken::Taken;
use super::{attachment, unwritten};
use crate::error::{Context, Error, Kind, Result};
use crate::openpgp::message::open;
use crate::protocol::feed::channel::FeedItem;
use crate::protocol::sealed::item::{Attachment, Item};
use crate::protocol::sealed::state::Head;
use crate::protocol::values::hash::OctetsHash;
use crate::protocol::values::limits;
use crate::protocol::values::token::Token;
use crate::session::keys::Keys;
use crate::session::own_key;
use crate::session::user::trust_policy;
use crate::store::contact::contacts;
use crate::store::contact::entry::Contact;
use crate::store::contact::history::log_entry::{Attached, Place};
use crate::store::contact::history::messages::Messages;
use crate::store::contact::history::record::{Direction, Record};
use crate::store::contact::offered::octets::Filed;
use crate::store::contact::offered::outbox::Outbox;
use crate::store::contact::pair::Pair;
use crate::store::disk::atomic::Staged;
use crate::store::disk::home::Home;
use crate::store::identity::own::{Identity, Locked};
use jiff::Timestamp;

/// An item that is ready for the feed.
pub struct Outgoing {
    /// The plain item, with its place in the log.
    pub item: Item,
    /// Its exact octets.
    pub octets: String,
    /// The same, sealed.
    pub sealed: FeedItem,
    /// Its attachments, sealed and not in their place yet.
    pub files: Vec<Staged>,
}

/// The contact called `name`, if it may be written to as far as its key does not matter.
///
/// # Errors
/// When there is none, or it is blocked; [`Kind::Trust`] when our key cannot be used, or the contact's
/// is to be verified first.
pub fn addressable(
    identity: &Identity,
    keys: &Keys,
    now: Timestamp,
    name: &str,
) -> Result<Contact> {
    let contact = Contact::load(&identity.home, name)?;
    if contact.blocked {
        return Err(Error::cannot(format!("`{name}` is blocked"))
            .hint(format!("cloudim contact unblock {name}")));
    }
    own_key::expect_usable(keys, now)?;
    trust_policy::expect_writable(&identity.config, name, &contact)?;
    Ok(contact)
}

/// The contact called `name`, if it may be written to.
///
/// # Errors
/// As [`addressable`]; [`Kind::Trust`] also when the contact's key cannot be used.
pub fn writable(identity: &Identity, keys: &Keys, now: Timestamp, name: &str) -> Result<Pair> {
    let contact = addressable(identity, keys, now, name)?;
    let certificate = contacts::certificate(&identity.home, name)?;
    certificate.encryption_subkey(now).map_err(|why| sealing::unusable(name, why))?;
    Ok(Pair { name: name.to_owned(), contact, certificate })
}

/// Seals `item`, and the files that it names, as the next of the log, which stays as it is; unless our
/// counters are old: then a new log begins.
///
/// # Errors
/// When two homes write; when the item is too large, or it or a file cannot be sealed; then nothing is left of it.
pub fn seal(
    locked: &Locked<'_>,
    keys: &mut Keys,
    pair: &mut Pair,
    mut item: Item,
    despite_clock: bool,
) -> Result<Outgoing> {
    if pair.contact.ours.overtaken.is_some() {
        // The next place of this log is not free.
        feed::rewrite(locked, keys, pair, Change { despite_clock, ..Change::default() })?;
    }
    let files = attachment::seal_files(locked, keys, &mut item, &pair.certificate)?;
    item.stream = Some(pair.contact.ours.next());
    let octets = item.octets(&Token::new(&mut keys.rng));
    if octets.len() > limits::ITEM_WRITTEN {
        return Err(Error::cannot(
            "the message is too long: at most about 78 KiB of text fit an item",
        )
        .hint("send it as an attachment: cloudim send -a FILE"));
    }
    let at = sealing::signing_time(&pair.contact, locked, despite_clock)?;
    let armored = sealing::seal(keys, &octets, &mut pair.contact, &pair.certificate, at)?;
    Ok(Outgoing { sealed: FeedItem::sealed(item.guid, armored), item, octets, files })
}

/// Takes `outgoing` into log and feed, with what else is to `change`. Refuses with [`Kind::Busy`] when
/// another took the sequence meanwhile.
pub fn take(
    locked: &Locked<'_>,
    keys: &mut Keys,
    pair: &mut Pair,
    outgoing: Outgoing,
    change: Change<'_>,
) -> Taken {
    match prepare(locked, keys, pair, outgoing, change) {
        Ok((prepared, record)) => prepared.commit(locked, pair, Some(record)),
        Err(why) => Taken::Refused(why),
    }
}

/// The feed with `outgoing` in it, and what is to be recorded of that.
fn prepare(
    locked: &Locked<'_>,
    keys: &mut Keys,
    pair: &mut Pair,
    outgoing: Outgoing,
    change: Change<'_>,
) -> unwritten::Result<(Prepared, Record)> {
    let Outgoing { item, octets, sealed, files } = outgoing;
    let filed = place_of(&pair.contact, &item)?;
    let place = Place::of(&pair.contact.ours.next(), OctetsHash::of(octets.as_bytes()));
    pair.contact.ours.head = Some(Head { sequence: place.sequence, hash: place.hash });
    let change = Change { item: Some(Fresh { filed, octets, sealed, files }), ..change };
    let prepared = feed::prepare(locked, keys, pair, change)?;
    let record = Record::of_item(&item, place, Direction::Sent, locked.now);
    Ok((prepared, record.about(&pair.contact)))
}

fn place_of(contact: &Contact, item: &Item) -> Result<Filed> {
    let next = contact.ours.next();
    let stream =
        item.stream.as_ref().ok_or_else(|| Error::cannot("the item has no place in a log"))?;
    if *stream != next {
        return Err(Error::new(
            Kind::Busy,
            format!("sequence {} is taken; the next is {}", stream.sequence, next.sequence),
        )
        .hint("nothing was done: seal the plain item again by cloudim encrypt"));
    }
    Ok(Filed { log: stream.log, sequence: stream.sequence, guid: item.guid })
}

/// Opens a sealed item that we made: its octets lie in the outbox, or it opens with our key.
///
/// # Errors
/// When neither is so, or it is not an item.
pub fn reopen(
    home: &Home,
    keys: &mut Keys,
    now: Timestamp,
    name: &str,
    sealed: FeedItem,
    bytes: &str,
) -> Result<Outgoing> {
    let octets = match Outbox::of(home, name).find(bytes)? {
        Some(octets) => octets,
        None => {
            let own = keys.certificate()?.clone();
            let armored = sealed.description.clone().unwrap_or_default();
            let opened = open::open(&armored, keys.secret()?.0, &own, now)
                .or_cannot(|| "this sealed item is none of ours".to_owned())?;
            String::from_utf8(opened.octets).or_cannot(|| "the item is not UTF-8".to_owned())?
        }
    };
    let item = Item::parse(octets.as_bytes())?;
    if sealed.guid()? != item.guid {
        return Err(Error::cannot("the item's guid differs inside and out"));
    }
    Ok(Outgoing { item, octets, sealed, files: Vec::new() })
}

/// The record of the item that `item` would be again, if it was taken before.
///
/// # Errors
/// When its guid was used for something else.
pub fn taken_before(
    home: &Home,
    keys: &mut Keys,
    name: &str,
    item: &Item,
) -> Result<Option<Record>> {
    let Some(record) = Messages::of(home, name).find(item.guid)? else {
        return Ok(None);
    };
    if record.is_trimmed() {
        let error = format!("`{}` was sent long ago, and its text is here no more", item.guid);
        return Err(Error::cannot(error).hint("leave --guid out for a new one"));
    }
    let same = record.direction == Direction::Sent
        && record.text == item.text
        && record.entry().is_some_and(|entry| entry.reply_to == item.in_reply_to)
        && are_same(home, keys, record.attachments(), &item.attachments)?;
    if same {
        return Ok(Some(record));
    }
    Err(Error::cannot(format!("`{}` was used for another message", item.guid))
        .hint("leave --guid out for a new one"))
}

/// Returns whether `given`, sealed or not yet, are the files that were recorded.
fn are_same(
    home: &Home,
    keys: &mut Keys,
    recorded: &[Attached],
    given: &[Attachment],
) -> Result<bool> {
    if recorded.len() != given.len() {
        return Ok(false);
    }
    for (recorded, given) in recorded.iter().zip(given) {
        let sealed = recorded.hash == given.hash;
        let same = sealed || attachment::is_sealed_from(home, keys, recorded, given.hash)?;
        if recorded.name != given.name || !same {
            return Ok(false);
        }
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::openpgp::secret_key::revoke::Reason;
    use crate::session::testing::Person;
    use crate::store::contact::entry::Trust;
    use crate::store::testing::folder;
    use crate::writing::testing::{acquainted, filed, item, keep, pin, seal, take, write, writing};

    #[test]
    fn a_message_that_is_too_long_is_refused_and_nothing_is_counted() {
        let (mut john, _) = acquainted();
        let before = john.files();
        let long = item(&mut john, &"x".repeat(limits::ITEM_WRITTEN / 2));
        let refused = keep(&mut john, "mary", long, false).unwrap_err();
        assert!(refused.message.contains("too long"), "{refused}");
        assert!(john.files() == before);
        assert_eq!(write(&mut john, "mary", "short"), 1);
    }

    #[test]
    fn each_item_has_the_next_sequence_and_names_the_one_before() {
        let (mut john, _) = acquainted();
        assert_eq!(write(&mut john, "mary", "one"), 1);
        assert_eq!(write(&mut john, "mary", "two"), 2);
        let octets: Vec<String> = filed(&john, "mary").into_iter().map(|(_, it)| it).collect();
        let place = |octets: &String| Item::parse(octets.as_bytes()).unwrap().stream.unwrap();
        let hash = |octets: &String| Some(OctetsHash::of(octets.as_bytes()));
        let (one, two) = (place(&octets[0]), place(&octets[1]));
        assert_eq!((one.sequence, one.previous), (1, None));
        assert_eq!((two.sequence, two.previous), (2, hash(&octets[0])));
        assert_eq!(john.contact("mary").ours.head.map(|head| head.hash), hash(&octets[1]));
    }

    #[test]
    fn a_place_that_another_took_meanwhile_is_busy() {
        let (mut john, _) = acquainted();
        let late = item(&mut john, "late");
        let late = seal(&mut john, "mary", late).unwrap();
        write(&mut john, "mary", "early");
        let next = item(&mut john, "of another log");
        let mut next = seal(&mut john, "mary", next).unwrap();
        next.item.stream.as_mut().unwrap().previous = None;
        let before = john.files();
        for taken in [late, next] {
            assert_eq!(take(&mut john, "mary", taken).unwrap_err().kind, Kind::Busy);
        }
        assert!(john.files() == before);
    }

    #[test]
    fn nothing_is_written_to_a_blocked_contact_or_to_one_that_is_to_be_verified_first() {
        let (mut john, _) = acquainted();
        let refused = |john: &Person| writing(john, "mary").err().map(|error| error.kind);
        assert_eq!(refused(&john), None);
        john.update("mary", |mary| mary.blocked = true);
        assert_eq!(refused(&john), Some(Kind::Cannot));
        john.update("mary", |mary| mary.blocked = false);
        john.set("trust = \"verified\"");
        assert_eq!(refused(&john), Some(Kind::Trust));
        john.update("mary", |mary| mary.trust = Trust::Verified);
        assert_eq!(refused(&john), None);
    }

    #[test]
    fn nothing_is_written_by_a_key_that_ended_or_to_one() {
        let (mut john, mut mary) = acquainted();
        mary.rotate();
        pin(&john, "mary", &mary);
        john.wait(24 * 366);
        let refused = writing(&john, "mary").err().unwrap();
        assert!(refused.message.contains("no usable encryption subkey"), "{refused}");
        let (mut john, _) = acquainted();
        john.change_key(|key, now, rng| key.revoked(Reason::Retired, now, rng).unwrap());
        let refused = writing(&john, "mary").err().unwrap();
        assert_eq!(refused.kind, Kind::Trust);
        assert!(refused.message.contains("your own key is revoked"), "{refused}");
    }

    #[test]
    fn the_same_message_under_the_same_guid_adds_nothing() {
        let (mut john, _) = acquainted();
        let once = item(&mut john, "once");
        assert_eq!(keep(&mut john, "mary", once.clone(), true).unwrap(), 1);
        write(&mut john, "mary", "another");
        let before = john.files();
        assert_eq!(keep(&mut john, "mary", once, true).unwrap(), 1);
        assert!(john.files() == before);
    }

    #[test]
    fn a_guid_that_names_another_message_is_refused() {
        let (mut john, _) = acquainted();
        let (once, other) = (item(&mut john, "once"), item(&mut john, "other"));
        keep(&mut john, "mary", once.clone(), true).unwrap();
        let before = john.files();
        for changed in [
            Item { text: "twice".to_owned(), ..once.clone() },
            Item { in_reply_to: Some(other.guid), ..once },
        ] {
            let refused = keep(&mut john, "mary", changed, true).unwrap_err();
            assert!(refused.message.contains("another message"), "{refused}");
        }
        assert!(john.files() == before);
    }

    #[test]
    fn what_was_sent_so_long_ago_that_its_text_is_gone_is_not_sent_again() {
        let (mut john, _) = acquainted();
        let once = item(&mut john, "once");
        keep(&mut john, "mary", once.clone(), true).unwrap();
        let mut record = john.records("mary").remove(0);
        record.trim();
        Messages::of(&john.home(), "mary").append(&john.lock(), &mut [record]).unwrap();
        let refused = keep(&mut john, "mary", once, true).unwrap_err();
        assert!(refused.message.contains("long ago"), "{refused}");
    }

    #[test]
    fn files_are_the_same_by_their_content() {
        let (mut john, _) = acquainted();
        let folder = folder();
        let path = folder.path().join("note.txt");
        let mut with = |content: &str, once: &Item| {
            std::fs::write(&path, content).unwrap();
            let attachments = vec![attachment::describe(&path).unwrap()];
            keep(&mut john, "mary", Item { attachments, ..once.clone() }, true)
        };
        let once = item(&mut Person::called("John"), "a note");
        assert_eq!(with("one", &once).unwrap(), 1);
        assert_eq!(with("one", &once).unwrap(), 1);
        assert!(with("two", &once).unwrap_err().message.contains("another message"));
    }

    #[test]
    fn a_sealed_item_of_ours_opens_again_and_under_its_own_guid_alone() {
        let (mut john, mut mary) = acquainted();
        let message = item(&mut john, "ours");
        let outgoing = seal(&mut john, "mary", message).unwrap();
        write(&mut mary, "john", "hers");
        let now = john.now();
        let home = john.home();
        let mut reopen = |sealed| super::reopen(&home, &mut john.run.keys, now, "mary", sealed, "");
        assert_eq!(reopen(outgoing.sealed.clone()).unwrap().octets, outgoing.octets);
        let hers = mary.feed("john").items.remove(0);
        let moved = FeedItem { guid: hers.guid.clone(), ..outgoing.sealed };
        assert!(reopen(moved).err().unwrap().message.contains("guid differs"));
        assert!(reopen(hers).err().unwrap().message.contains("none of ours"));
    }
}
