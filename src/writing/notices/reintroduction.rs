//! Telling a contact where and who we are now (PROTOCOL §6).

use crate::error::Context;
use crate::protocol::sealed::introduction::Introduction;
use crate::session::keys::Keys;
use crate::store::contact::offered::octets::Octets;
use crate::store::contact::pair::Pair;
use crate::store::identity::own::Locked;
use crate::writing::content::frame;
use crate::writing::feed::{self, Change};
use crate::writing::unwritten::Result;

/// Tells the contact called `name` where and who we are now, and whom we mean, if that changed.
/// Returns whether our feed changed.
///
/// # Errors
/// When the introduction cannot be read, sealed or written.
pub fn reintroduce(locked: &Locked<'_>, keys: &mut Keys, name: &str) -> Result<bool> {
    let mut pair = Pair::load(locked, name)?;
    let contact = &mut pair.contact;
    if contact.blocked {
        return Ok(false);
    }
    let octets = Octets::of(&locked.home, name).introduction()?.unwrap_or_default();
    let before = Introduction::parse(octets.as_bytes())
        .or_cannot(|| "cannot use `octets/introduction.xml`".to_owned())?;
    let now = frame::introduction(
        &locked.config,
        keys,
        locked.now,
        &contact.ours.token,
        contact.ours.log,
        contact.ours.introduction.serial,
    )?;
    let to_fingerprint = Some(contact.fingerprint.clone());
    let same = (
        &before.name,
        &before.feed,
        &before.key,
        &before.card,
        &before.handshake,
        &before.to_fingerprint,
    ) == (&now.name, &now.feed, &now.key, &now.card, &now.handshake, &to_fingerprint);
    if same {
        return feed::rewrite(locked, keys, &mut pair, Change::default());
    }
    let serial = contact.ours.introduction.serial.saturating_add(1);
    contact.ours.introduction.serial = serial;
    let to = contact.card.clone().or(before.to);
    let later = Introduction { serial, to, to_fingerprint, ..now };
    let change = Change { introduction: Some(&later), ..Change::default() };
    feed::rewrite(locked, keys, &mut pair, change)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::testing::Person;
    use crate::writing::testing::{acquainted, opened, reintroduce};

    fn introduction(john: &Person, mary: &mut Person) -> Introduction {
        let sealed = john.feed("mary").introduction.unwrap();
        let octets = opened(mary, &sealed, &john.certificate());
        Introduction::parse(octets.as_bytes()).unwrap()
    }

    #[test]
    fn who_moved_says_so_once_and_by_the_next_serial() {
        let (mut john, mut mary) = acquainted();
        assert!(!reintroduce(&mut john, "mary").unwrap());
        let before = introduction(&john, &mut mary);
        john.move_to("https://new.example/");
        assert!(reintroduce(&mut john, "mary").unwrap());
        let after = introduction(&john, &mut mary);
        assert_eq!(after.feed.host(), "new.example");
        assert_eq!((before.serial, after.serial), (1, 2));
        assert_eq!((after.log, after.to), (before.log, before.to));
        let files = john.files();
        assert!(!reintroduce(&mut john, "mary").unwrap());
        assert!(john.files() == files);
    }

    #[test]
    fn a_contact_with_another_key_is_meant_by_that() {
        let (mut john, mut mary) = acquainted();
        mary.replace_key();
        let fingerprint = mary.certificate().fingerprint();
        crate::writing::testing::pin(&john, "mary", &mary);
        john.update("mary", |contact| contact.fingerprint = fingerprint.clone());
        assert!(reintroduce(&mut john, "mary").unwrap());
        assert_eq!(introduction(&john, &mut mary).to_fingerprint, Some(fingerprint));
    }

    #[test]
    fn a_blocked_contact_is_told_nothing() {
        let (mut john, _) = acquainted();
        john.update("mary", |mary| mary.blocked = true);
        john.move_to("https://new.example/");
        let before = john.files();
        assert!(!reintroduce(&mut john, "mary").unwrap());
        assert!(john.files() == before);
    }
}
