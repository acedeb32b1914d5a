//! A transition: another primary key takes our place, and every contact is told of it by an item
//! that the old key signs (PROTOCOL §9).
//!
//! The old key is put aside first, then the new one takes its place, then one contact after the
//! other is brought over, each by one writing of its feed. Whatever is killed in between, the contact
//! says by which of our keys it knows us, and the next run goes on.

use crate::error::{Context, Error, Kind};
use crate::openpgp::message::seal;
use crate::openpgp::secret_key::SecretKey;
use crate::protocol::feed::channel::FeedItem;
use crate::protocol::sealed::introduction::Introduction;
use crate::protocol::sealed::item::{Item, Stream};
use crate::protocol::sealed::transition::Transition;
use crate::protocol::values::fingerprint::Fingerprint;
use crate::protocol::values::guid::Guid;
use crate::protocol::values::time;
use crate::protocol::values::token::Token;
use crate::session::keys::Keys;
use crate::session::own_key;
use crate::store::contact::contacts;
use crate::store::contact::entry::Contact;
use crate::store::contact::former_key::FormerKey;
use crate::store::contact::offered::octets::Octets;
use crate::store::contact::pair::Pair;
use crate::store::identity::own::{Identity, Locked};
use crate::writing::content::frame;
use crate::writing::content::sealing::{cannot_seal, signing_time};
use crate::writing::message::{self, Outgoing};
use crate::writing::rewriting::feed::Change;
use crate::writing::unwritten::{Result, Unwritten};
use jiff::Timestamp;

/// Tells the contact called `name` of our present key, by that which it knows, if that is another.
/// Returns whether our feed changed.
///
/// # Errors
/// When that key is no longer kept, or something cannot be sealed or written.
pub fn bring_over(locked: &Locked<'_>, keys: &mut Keys, name: &str) -> Result<bool> {
    let contact = Contact::load(&locked.home, name)?;
    let known = own_key::known_by(&locked.home, keys, &contact)?;
    if contact.blocked || known == keys.certificate()?.fingerprint() {
        return Ok(false);
    }
    let former = keys.former_secrets()?;
    let old = former.iter().find(|key| key.fingerprint() == known);
    let old = old.ok_or_else(|| Unwritten::Waits(no_longer_kept(name, &known)))?;
    let certificate = contacts::certificate(&locked.home, name)?;
    let mut pair = Pair { name: name.to_owned(), contact, certificate };
    let introduction = introduction(locked, keys, locked.now, &mut pair, known)?;
    let outgoing = item(locked, keys, &pair, &introduction, old)?;
    let Stream { log, sequence: until, .. } = pair.contact.ours.next();
    pair.contact.ours.former.push(FormerKey { fingerprint: old.fingerprint(), log, until });
    let change =
        Change { introduction: Some(&introduction), is_transition: true, ..Change::default() };
    pair.contact.ours.unpinged = true;
    message::take(locked, keys, &mut pair, outgoing, change).done()?;
    Ok(true)
}

fn no_longer_kept(name: &str, known: &Fingerprint) -> Error {
    Error::new(Kind::Trust, format!("`{name}` knows our key {known}, which is no longer kept"))
        .hint(format!("tell {name} of the new one yourself: cloudim contact verify {name}"))
}

/// The introduction of our present key, which replaces the one that is `known`.
fn introduction(
    identity: &Identity,
    keys: &mut Keys,
    now: Timestamp,
    pair: &mut Pair,
    known: Fingerprint,
) -> Result<Introduction> {
    let contact = &mut pair.contact;
    let counted = &mut contact.ours.introduction;
    let octets = Octets::of(&identity.home, &pair.name).introduction(counted.serial)?;
    let before = Introduction::parse(octets.unwrap_or_default().as_bytes())
        .or_cannot(|| format!("cannot use `octets/introduction.{}.xml`", counted.serial))?;
    counted.serial = counted.serial.saturating_add(1);
    let ours = &contact.ours;
    let now = frame::introduction(
        &identity.config,
        keys,
        now,
        &ours.token,
        ours.log,
        ours.introduction.serial,
    )?;
    Ok(Introduction {
        to: contact.card.clone().or(before.to),
        to_fingerprint: Some(contact.fingerprint.clone()),
        replaces: Some(known),
        ..now
    })
}

/// The item that tells of it, sealed by the `old` key.
fn item(
    locked: &Locked<'_>,
    keys: &mut Keys,
    pair: &Pair,
    introduction: &Introduction,
    old: &SecretKey,
) -> Result<Outgoing> {
    let Pair { contact, certificate, .. } = pair;
    let now = locked.now;
    let at = signing_time(contact, locked, false)?;
    let (new, rng) = keys.secret()?;
    let (fingerprint, armored) = (new.fingerprint(), new.certificate().to_armored());
    let signed = seal::sign(introduction.write().as_bytes(), new, at, rng);
    let signed = signed.map_err(|cause| cannot_seal(keys, cause))?;
    let item = Item {
        guid: Guid::new(now, &mut keys.rng),
        published: time::whole_seconds(now),
        text: format!("My key is now {}.", fingerprint.grouped()),
        in_reply_to: None,
        attachments: Vec::new(),
        stream: Some(contact.ours.next()),
        conversation: None,
        keys: false,
        transition: Some(Transition { introduction: signed, certificate: armored }),
    };
    let octets = item.octets(&Token::new(&mut keys.rng));
    let sealed = seal::seal(octets.as_bytes(), old, &[certificate], at, &mut keys.rng);
    let sealed = sealed.map_err(|cause| cannot_seal(keys, cause))?;
    let sealed = FeedItem::sealed(item.guid, sealed);
    Ok(Outgoing { item, octets, sealed, files: Vec::new() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::openpgp::message::open;
    use crate::writing::testing::{acquainted, opened, tell_new_key, write};

    #[test]
    fn the_old_key_names_the_new_one_and_signs_no_more() {
        let (mut john, mut mary) = acquainted();
        write(&mut john, "mary", "one");
        let old = john.certificate();
        john.replace_key();
        assert!(tell_new_key(&mut john, "mary").unwrap());
        let (new, feed, ours) = (john.certificate(), john.feed("mary"), john.contact("mary").ours);
        let sealed = feed.items[0].description.as_deref().unwrap();
        let item = Item::parse(opened(&mut mary, sealed, &old).as_bytes()).unwrap();
        let transition = item.transition.unwrap();
        assert_eq!(transition.certificate, new.to_armored());
        let signed = open::open_signed(&transition.introduction, &new, mary.now()).unwrap();
        let sealed = feed.introduction.unwrap();
        assert_eq!(opened(&mut mary, &sealed, &new).as_bytes(), signed.octets);
        let introduction = Introduction::parse(&signed.octets).unwrap();
        assert_eq!(introduction.replaces, Some(old.fingerprint()));
        assert_eq!(introduction.serial, 2);
        opened(&mut mary, &feed.state.unwrap(), &new);
        let former = FormerKey { fingerprint: old.fingerprint(), log: ours.log, until: 2 };
        let signed_by = ours.readers()[0].signed_by.clone();
        assert_eq!((ours.former, signed_by), (vec![former], Some(new.fingerprint())));
    }

    #[test]
    fn who_knows_our_key_or_is_blocked_is_told_nothing() {
        let (mut john, _) = acquainted();
        assert!(!tell_new_key(&mut john, "mary").unwrap());
        john.replace_key();
        john.update("mary", |mary| mary.blocked = true);
        let before = john.files();
        assert!(!tell_new_key(&mut john, "mary").unwrap());
        assert!(john.files() == before);
        john.update("mary", |mary| mary.blocked = false);
        assert!(tell_new_key(&mut john, "mary").unwrap());
        assert!(!tell_new_key(&mut john, "mary").unwrap());
    }

    #[test]
    fn a_contact_who_knows_a_key_that_is_gone_must_be_told_by_the_user() {
        let (mut john, _) = acquainted();
        let old = john.certificate().fingerprint();
        john.replace_key();
        std::fs::remove_file(john.home().former(&old)).unwrap();
        john.lock_key();
        john.run.keys.unlock().unwrap();
        let refused = tell_new_key(&mut john, "mary").unwrap_err();
        assert_eq!(refused.kind, Kind::Trust);
        assert!(refused.message.contains(old.as_str()), "{refused}");
    }
}
