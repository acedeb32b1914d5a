//! Secrets that are elsewhere: what GnuPG writes in their place.

use pgp::types::{S2kParams, SecretParams, StringToKey};

/// How GnuPG begins what it writes instead of a secret that it has not.
const GNU: &[u8] = b"GNU";
/// The octet that follows if the secret is on a card.
const CARD: u8 = 2;

/// The place of a secret that is not here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// On a card.
    Card,
    /// Nobody says where.
    Unknown,
}

/// The place of the secret that `secret` stands for, if that is not here.
pub fn place(secret: &SecretParams) -> Option<Place> {
    let SecretParams::Encrypted(locked) = secret else { return None };
    let (S2kParams::Aead { s2k, .. }
    | S2kParams::Cfb { s2k, .. }
    | S2kParams::MalleableCfb { s2k, .. }) = locked.string_to_key_params()
    else {
        return None;
    };
    let StringToKey::Private { unknown, .. } = s2k else { return None };
    let told = unknown.windows(GNU.len().saturating_add(1)).find(|told| told.starts_with(GNU));
    let on_card = told.is_some_and(|told| told.ends_with(&[CARD]));
    Some(if on_card { Place::Card } else { Place::Unknown })
}

#[cfg(test)]
mod tests {
    use crate::openpgp::message::open::open;
    use crate::openpgp::message::seal::{SealError, seal};
    use crate::openpgp::secret_key::import::{Unfit, import, is_whole};
    use crate::openpgp::secret_key::revoke::Reason;
    use crate::openpgp::secret_key::{Profile, SecretKey};
    use crate::openpgp::testing::{day, key, offline, random, with_subkey};
    use jiff::SignedDuration;

    fn john() -> SecretKey {
        with_subkey(&key(Profile::Classic, "John"), false, 1, Some(9))
    }

    #[test]
    fn the_subkeys_sign_and_open_without_the_primary_key() {
        for on_card in [false, true] {
            let mut john = offline(&john(), on_card);
            assert!(!john.is_locked() && !john.can_certify());
            john.lock("swordfish", &mut random(1)).unwrap();
            assert!(john.is_locked());
            let read = SecretKey::parse(john.to_armored().as_bytes()).unwrap();
            assert_eq!(read.to_armored(), john.to_armored());
            let mut imported = import(john.to_armored().as_bytes(), day(2)).unwrap().key;
            imported.unlock("swordfish").unwrap();
            assert!(is_whole(&imported, day(2), &mut random(1)));
            let mary = key(Profile::Classic, "Mary");
            let sealed =
                seal(b"x", &imported, &[&mary.certificate()], day(2), &mut random(1)).unwrap();
            assert!(open(&sealed, &mary, &john.certificate(), day(2)).is_ok());
            let exported = imported.copy_for_gnupg("swordfish", &mut random(1)).unwrap();
            assert!(exported.is_locked());
            // Once the subkey has expired nobody signs, least of all the primary key.
            let late = seal(b"x", &imported, &[&mary.certificate()], day(11), &mut random(1));
            assert!(matches!(late, Err(SealError::Failed(_))), "{late:?}");
        }
    }

    #[test]
    fn nothing_of_the_key_can_be_changed() {
        let john = offline(&john(), false);
        let year = SignedDuration::from_hours(24 * 365);
        assert!(john.revocation(day(2), &mut random(1)).is_err());
        assert!(john.rotated(year, day(2), &mut random(1)).is_err());
        assert!(john.extended(None, day(2), &mut random(1)).is_err());
        assert!(john.revoked(Reason::None, day(2), &mut random(1)).is_err());
    }

    #[test]
    fn without_a_signing_subkey_the_primary_key_is_missed() {
        let bare = key(Profile::Classic, "John");
        let refused = |on_card| {
            let bytes = offline(&bare, on_card).to_armored();
            import(bytes.as_bytes(), day(2)).err().unwrap()
        };
        assert_eq!(refused(true), Unfit::OnCard(bare.fingerprint()));
        assert_eq!(refused(false), Unfit::Offline(bare.fingerprint()));
    }
}
