//! A secret key that another program made: what of it is of use here, and why it is of none.

use std::fmt;

use jiff::Timestamp;
use pgp::armor::BlockType;
use pgp::composed::{
    Deserializable, SignedPublicKey, SignedPublicSubKey, SignedSecretKey, SignedSecretSubKey,
};
use pgp::packet::{Packet, PacketTrait};
use pgp::types::{KeyDetails, Tag};
use zeroize::Zeroizing;

use super::SecretKey;
use super::stub::{self, Place};
use crate::openpgp::certificate::signature_policy::{self, Moment};
use crate::openpgp::certificate::{self, Certificate, Unusable, merge, validity};
use crate::openpgp::message::{open, seal};
use crate::openpgp::packets;
use crate::openpgp::secret_key;
use crate::protocol::values::fingerprint::Fingerprint;
use crate::protocol::{Error, Random};

/// The most that is read, in bytes: what others certified may be many times the key, and is left
/// out.
pub const MOST: usize = 1 << 20;

/// A key as it was read: locked or not, with nothing in it but what we use.
pub struct Imported {
    /// The key.
    pub key: SecretKey,
    /// The notes for people on the parts that are left out, and why.
    pub left_out: Vec<String>,
    /// The notes for people on the parts that are kept, and not valid yet.
    pub to_come: Vec<String>,
}

/// Why a key is not one for us.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unfit {
    /// It is no secret key.
    Malformed(String),
    /// There are several.
    Several,
    /// It is a certificate, without the secret.
    Public,
    /// Its primary key is of a kind that we do not hold.
    Kind(Fingerprint, String),
    /// The secret of its primary key is on a card, and its subkeys are not enough.
    OnCard(Fingerprint),
    /// The secret of its primary key was left out, and its subkeys are not enough.
    Offline(Fingerprint),
    /// The holder's signatures in it use a hash that is broken.
    WeakSignatures(Fingerprint),
    /// It has none of our kinds to sign with, whose secret is there.
    NoSigningKey(Fingerprint),
    /// It cannot be used now.
    Unusable(Fingerprint, Unusable),
}

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed(why) => f.write_str(why),
            Self::Several => f.write_str("there are several keys in it"),
            Self::Public => f.write_str("it holds a certificate, and no secret key"),
            Self::Kind(_, kind) => write!(f, "a secret key of kind {kind} is not taken"),
            Self::OnCard(_) => {
                f.write_str("the secret of its primary key is on a card, and its subkeys do not do")
            }
            Self::Offline(_) => {
                f.write_str("the secret of its primary key is not in it, and its subkeys do not do")
            }
            Self::WeakSignatures(_) => {
                f.write_str("what the key says of itself is signed with a hash that is broken")
            }
            Self::NoSigningKey(_) => f.write_str("the key has nothing to sign with"),
            Self::Unusable(_, why) => write!(f, "the key {why}"),
        }
    }
}

impl std::error::Error for Unfit {}

/// Reads the one secret key in `bytes`, armored or binary, of at most [`MOST`] bytes, and leaves out
/// what we do not use: kinds that we do not hold, secrets that are elsewhere, subkeys that neither
/// sign nor encrypt, pictures, what others certified.
///
/// # Errors
/// With the reason why it cannot be the key of an identity at `now`.
pub fn import(bytes: &[u8], now: Timestamp) -> std::result::Result<Imported, Unfit> {
    let malformed = |cause: Error| Unfit::Malformed(cause.to_string());
    if is_public(bytes) {
        return Err(Unfit::Public);
    }
    let binary = certificate::dearmored(bytes, BlockType::PrivateKey, MOST).map_err(malformed)?;
    let binary = Zeroizing::new(binary);
    count_keys(&binary)?;
    let mut inner = SignedSecretKey::from_bytes(binary.as_slice())
        .map_err(|cause| Unfit::Malformed(format!("not a secret key: {cause}")))?;
    let fingerprint =
        certificate::fingerprint(&inner.primary_key.fingerprint()).map_err(malformed)?;
    let elsewhere = check_primary(&inner, &fingerprint)?;
    let is_weak = has_weak_signature(&inner);
    let left_out = leave_out(&mut inner, now);
    let key = SecretKey::new(inner).map_err(malformed)?;
    match (unfit(&key, now), elsewhere) {
        (None, _) => {
            let to_come = to_come(&key.certificate, now);
            Ok(Imported { key, left_out, to_come })
        }
        (Some(why), Some(place)) if lacks_a_part(&why) => Err(match place {
            Place::Card => Unfit::OnCard(fingerprint),
            Place::Unknown => Unfit::Offline(fingerprint),
        }),
        (Some(Unfit::Unusable(..)), _) if is_weak => Err(Unfit::WeakSignatures(fingerprint)),
        (Some(why), _) => Err(why),
    }
}

/// Returns whether the key might do with more secrets.
fn lacks_a_part(why: &Unfit) -> bool {
    matches!(why, Unfit::NoSigningKey(_) | Unfit::Unusable(_, Unusable::NoEncryptionSubkey))
}

fn is_public(bytes: &[u8]) -> bool {
    let begins = |text: &str| bytes.trim_ascii_start().starts_with(text.as_bytes());
    begins("-----BEGIN PGP PUBLIC KEY BLOCK-----")
        || matches!(packets::next(&mut &bytes[..]), Ok(Some(Packet::PublicKey(_))))
}

fn count_keys(bytes: &[u8]) -> std::result::Result<(), Unfit> {
    let mut rest = bytes;
    let mut keys = 0_usize;
    while let Some(packet) = packets::next(&mut rest).map_err(Unfit::Malformed)? {
        let is_key = matches!(packet.tag(), Tag::SecretKey | Tag::PublicKey);
        keys = keys.saturating_add(usize::from(is_key));
    }
    match keys {
        0 => Err(Unfit::Malformed("no secret key".to_owned())),
        1 => Ok(()),
        _ => Err(Unfit::Several),
    }
}

fn check_primary(
    key: &SignedSecretKey,
    fingerprint: &Fingerprint,
) -> std::result::Result<Option<Place>, Unfit> {
    let primary = &key.primary_key;
    let place = stub::place(primary.secret_params());
    if place.is_none() {
        secret_key::check_secret(primary.algorithm(), primary.secret_params())
            .map_err(|_| Unfit::Kind(fingerprint.clone(), format!("{:?}", primary.algorithm())))?;
    }
    Ok(place)
}

/// Takes out of `key` what we do not use; says what, but for what others certified.
fn leave_out(key: &mut SignedSecretKey, now: Timestamp) -> Vec<String> {
    let mut notes = Vec::new();
    let mut note = |subkey: &dyn KeyDetails, why: &str| {
        let fingerprint = certificate::fingerprint(&subkey.fingerprint());
        let fingerprint = fingerprint.map(|fingerprint| fingerprint.to_string());
        notes.push(format!("the subkey {}: {why}", fingerprint.unwrap_or_default()));
    };
    let public = key.to_public_key();
    for subkey in key.public_subkeys.drain(..) {
        note(&subkey.key, "its secret is not in the file");
    }
    key.secret_subkeys.retain(|subkey| match useless(subkey, &public, now) {
        Some(why) => {
            note(&subkey.key, &why);
            false
        }
        None => true,
    });
    let public = key.to_public_key();
    let kept = merge::merged(&public, &public, now);
    for subkey in &public.public_subkeys {
        let is_kept =
            |other: &SignedPublicSubKey| other.key.fingerprint() == subkey.key.fingerprint();
        if !kept.public_subkeys.iter().any(is_kept) {
            note(&subkey.key, invalid(subkey, &public, now));
        }
    }
    secret_key::merge::apply(key, kept);
    notes
}

/// Why merging leaves `subkey` out.
fn invalid(subkey: &SignedPublicSubKey, key: &SignedPublicKey, now: Timestamp) -> &'static str {
    match validity::newest_binding(key, subkey, Moment::now(now)) {
        Some(_) => "it expired over 60 days ago",
        None => "the primary key has not signed it, or by means that are not believed",
    }
}

/// The subkeys that will be valid later.
fn to_come(certificate: &Certificate, now: Timestamp) -> Vec<String> {
    let parts = certificate.parts(now).into_iter();
    let to_come = parts.filter(|part| part.verdict == Err(Unusable::NotYetValid));
    to_come
        .map(|part| {
            format!(
                "the subkey {}: from {} on",
                part.fingerprint,
                part.created.strftime("%Y-%m-%d")
            )
        })
        .collect()
}

/// Why we have no use for `subkey`.
fn useless(subkey: &SignedSecretSubKey, key: &SignedPublicKey, now: Timestamp) -> Option<String> {
    match stub::place(subkey.key.secret_params()) {
        Some(Place::Card) => return Some("its secret is on a card".to_owned()),
        Some(Place::Unknown) => return Some("its secret is not in the file".to_owned()),
        None => {}
    }
    if let Err(why) = secret_key::check_secret(subkey.key.algorithm(), subkey.key.secret_params()) {
        return Some(why.to_string());
    }
    let fingerprint = subkey.key.fingerprint();
    let public =
        key.public_subkeys.iter().find(|public| public.key.fingerprint() == fingerprint)?;
    let flags = validity::binding_now_or_later(key, public, Moment::now(now))?.key_flags();
    let useful = flags.sign() || flags.encrypt_comms() || flags.encrypt_storage();
    (!useful).then(|| "it neither signs nor encrypts".to_owned())
}

/// Returns whether `key`, unlocked, opens and believes what it seals to itself.
pub fn is_whole(key: &SecretKey, now: Timestamp, rng: &mut Random) -> bool {
    let sealed = seal::seal(b"x", key, &[], now, rng);
    sealed.is_ok_and(|sealed| open::open(&sealed, key, &key.certificate, now).is_ok())
}

/// Why `key` cannot be that of an identity at `now`.
fn unfit(key: &SecretKey, now: Timestamp) -> Option<Unfit> {
    let certificate = &key.certificate;
    let fingerprint = certificate.fingerprint();
    let usable = certificate.usable(now).and_then(|()| certificate.encryption_subkey(now));
    if let Err(why) = usable {
        return Some(Unfit::Unusable(fingerprint, why));
    }
    seal::signing_key(key, now).err().map(|_| Unfit::NoSigningKey(fingerprint))
}

/// Returns whether a signature in `key` uses a hash that we do not believe.
fn has_weak_signature(key: &SignedSecretKey) -> bool {
    let users = key.details.users.iter().flat_map(|user| &user.signatures);
    let subkeys = key.secret_subkeys.iter().flat_map(|subkey| &subkey.signatures);
    let mut all = users.chain(subkeys).chain(&key.details.direct_signatures);
    all.any(|signature| {
        signature.config().is_some_and(|config| signature_policy::is_broken(config.hash_alg))
    })
}

#[cfg(test)]
mod tests {
    use pgp::packet::RevocationCode;
    use pgp::ser::Serialize;

    use super::*;
    use crate::openpgp::secret_key::Profile;
    use crate::openpgp::testing::{day, expiring, key, random, revoked, with_subkey};

    fn taken(key: &SecretKey) -> std::result::Result<Imported, Unfit> {
        import(&key.inner.to_bytes().unwrap(), day(10))
    }

    fn why(key: &SecretKey) -> Unfit {
        taken(key).err().unwrap()
    }

    #[test]
    fn a_key_of_ours_comes_back_as_it_was() {
        for profile in [Profile::Default, Profile::Classic] {
            let mut john = with_subkey(&key(profile, "John"), false, 1, None);
            for locked in [false, true] {
                if locked {
                    john.lock("swordfish", &mut random(1)).unwrap();
                }
                let imported = import(john.to_armored().as_bytes(), day(10)).unwrap();
                assert_eq!(imported.key.to_armored(), john.to_armored());
                assert_eq!((imported.left_out.len(), imported.key.is_locked()), (0, locked));
            }
        }
    }

    #[test]
    fn what_is_no_secret_key_is_named() {
        let (john, mary) = (key(Profile::Classic, "John"), key(Profile::Classic, "Mary"));
        let bytes = |key: &SecretKey| key.inner.to_bytes().unwrap();
        let both = [bytes(&john), bytes(&mary)].concat();
        assert_eq!(import(&both, day(10)).err(), Some(Unfit::Several));
        let certificate = john.certificate();
        let binary = certificate.inner.to_bytes().unwrap();
        for public in [certificate.to_armored().as_bytes(), &binary] {
            assert_eq!(import(public, day(10)).err(), Some(Unfit::Public));
        }
        for bad in [&b""[..], b"x", &bytes(&john)[..80], &[0xC5, 1]] {
            assert!(matches!(import(bad, day(10)).err(), Some(Unfit::Malformed(_))));
        }
    }

    #[test]
    fn what_cannot_be_used_now_is_named() {
        let john = key(Profile::Classic, "John");
        let fingerprint = john.fingerprint();
        let unusable = |why| Unfit::Unusable(fingerprint.clone(), why);
        assert_eq!(why(&expiring(&john, 0, 5)), unusable(Unusable::Expired(day(5))));
        let soft = revoked(&john, None, RevocationCode::KeyRetired, 5);
        assert_eq!(why(&soft), unusable(Unusable::Revoked { hard: false }));
        let bare = revoked(&john, Some(0), RevocationCode::KeyRetired, 5);
        assert_eq!(why(&bare), unusable(Unusable::NoEncryptionSubkey));
    }

    #[test]
    fn what_others_added_is_left_out() {
        let (john, eve) = (key(Profile::Classic, "John"), key(Profile::Classic, "Eve"));
        let mut stuffed = SecretKey::new(john.inner.clone()).unwrap();
        let mut foreign = eve.inner.details.users[0].signatures.clone();
        stuffed.inner.details.users[0].signatures.append(&mut foreign);
        stuffed.inner.secret_subkeys.extend(eve.inner.secret_subkeys.clone());
        let imported = taken(&stuffed).unwrap();
        assert_eq!(imported.key.to_armored(), john.to_armored());
        assert_eq!(imported.left_out.len(), 1);
        assert!(imported.left_out[0].contains("the primary key has not signed it"));
    }

    #[test]
    fn subkeys_made_in_advance_are_kept_and_told() {
        let john = with_subkey(&key(Profile::Classic, "John"), true, 17, Some(8));
        let john = with_subkey(&john, false, 24, Some(8));
        let imported = taken(&john).unwrap();
        assert_eq!(imported.key.to_armored(), john.to_armored());
        assert!(imported.left_out.is_empty());
        assert_eq!(imported.to_come.len(), 2);
        assert!(imported.to_come[0].ends_with("from 2026-01-18 on"), "{:?}", imported.to_come);
        let chosen = |date| imported.key.certificate().encryption_since(day(date)).unwrap().0;
        assert_eq!((chosen(10), chosen(18)), (day(0), day(17)));
    }

    #[test]
    fn a_key_that_is_dated_up_to_a_day_ahead_signs_with_its_own_date() {
        let john = key(Profile::Default, "John");
        let early = day(0) - jiff::SignedDuration::from_hours(23);
        let bytes = john.inner.to_bytes().unwrap();
        let imported = import(&bytes, early).unwrap();
        assert!(is_whole(&imported.key, early, &mut random(1)));
        assert_eq!(seal::signing_key(&imported.key, early).unwrap().1, day(0));
        let too_early = day(0) - jiff::SignedDuration::from_hours(25);
        assert!(import(&bytes, too_early).is_err());
    }
}
