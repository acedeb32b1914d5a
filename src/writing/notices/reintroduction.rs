//! Telling a contact where and who we are now (PROTOCOL §6).

use crate::protocol::sealed::introduction::Introduction;
use crate::session::keys::Keys;
use crate::store::contact::pair::Pair;
use crate::store::identity::own::Locked;
use crate::writing::content::introducing;
use crate::writing::rewriting::feed::{self, Change};
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
    let before = introducing::before(locked, name, &contact.ours)?;
    let later = introducing::next(locked, keys, name, contact, before.as_ref())?;
    if before.is_some_and(|before| is_same(&before, &later)) {
        return feed::rewrite(locked, keys, &mut pair, Change::default());
    }
    contact.ours.introduction.serial = later.serial;
    let change = Change { introduction: Some(&later), ..Change::default() };
    feed::rewrite(locked, keys, &mut pair, change)
}

/// Returns whether the contact need not be told of `now`.
fn is_same(before: &Introduction, now: &Introduction) -> bool {
    let said = |introduction: &Introduction| {
        let Introduction { name, feed, key, card, handshake, to_fingerprint, .. } =
            introduction.clone();
        (name, feed, key, card, handshake, to_fingerprint)
    };
    said(before) == said(now)
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
