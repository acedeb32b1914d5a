//! Sealed objects, signed objects and attachments, as others wrote them (PROTOCOL §2).

use jiff::Timestamp;
use pgp::armor::BlockType;
use pgp::types::KeyDetails;

use super::packets_read::{self, Message};
use super::refusal::Refusal;
use super::{decrypt, judge};
use crate::openpgp::armor;
use crate::openpgp::certificate::{self, Certificate};
use crate::openpgp::cost::Cost;
use crate::openpgp::secret_key::SecretKey;
use crate::protocol;
use crate::protocol::values::fingerprint::Fingerprint;
use crate::protocol::values::hash::SealedHash;
use crate::protocol::values::limits;

/// Room for what an attachment has besides its octets: session keys and packet headers.
const OVERHEAD: usize = 1 << 20;

/// An object whose signature is good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened {
    /// The octets exactly as they were signed.
    pub octets: Vec<u8>,
    /// When they were signed, by the signer's clock.
    pub signed: Timestamp,
    /// The key that signed: the primary key or a subkey of the expected certificate.
    pub signer: Fingerprint,
}

/// Opens a sealed object with the unlocked `key` and believes it if a valid key of `signer`
/// signed it for us.
///
/// White space around the armor and its lines does not matter. At most [`limits::SEALED`] bytes,
/// dearmored and decompressed.
///
/// # Errors
/// With the reason; [`Refusal::treatment`] says what follows.
pub fn open(
    sealed: &str,
    key: &SecretKey,
    signer: &Certificate,
    now: Timestamp,
) -> Result<Opened, Refusal> {
    open_at_cost(sealed, key, signer, now, &mut Cost::default())
}

/// The same, with all work that it takes added to `cost`.
///
/// # Errors
/// As [`open`].
pub fn open_at_cost(
    sealed: &str,
    key: &SecretKey,
    signer: &Certificate,
    now: Timestamp,
    cost: &mut Cost,
) -> Result<Opened, Refusal> {
    let bytes = armor::decode(sealed, BlockType::Message, limits::SEALED)?;
    let plain = decrypt::decrypt(&bytes, key, cost)?;
    let us = key.inner.primary_key.fingerprint();
    let message = packets_read::read(&plain, limits::SEALED, cost)?;
    opened(message, signer, Some(&us), now, cost)
}

/// Reads a signed object, which is not encrypted: an introduction in an invitation file.
///
/// # Errors
/// As [`open`]; what was signed for named recipients is none of it.
pub fn open_signed(signed: &str, signer: &Certificate, now: Timestamp) -> Result<Opened, Refusal> {
    let bytes = armor::decode(signed, BlockType::Message, limits::SEALED)?;
    let cost = &mut Cost::default();
    opened(packets_read::read(&bytes, limits::SEALED, cost)?, signer, None, now, cost)
}

/// Opens an attachment with the unlocked `key`; signatures in it are not looked at. At most
/// `limit` bytes, decompressed.
///
/// # Errors
/// When it is malformed, too large, or not encrypted to us.
pub fn open_file(bytes: &[u8], key: &SecretKey, limit: usize) -> Result<Vec<u8>, Refusal> {
    let most = limit.saturating_add(OVERHEAD);
    if bytes.len() > most {
        return Err(Refusal::TooLarge);
    }
    let cost = &mut Cost::default();
    let octets = packets_read::read(&decrypt::decrypt(bytes, key, cost)?, most, cost)?.octets;
    if octets.len() > limit { Err(Refusal::TooLarge) } else { Ok(octets) }
}

/// Opens what [`super::seal::seal_unsigned`] sealed, with the unlocked `key`: who did so is not
/// known. At most `limit` bytes, decompressed.
///
/// # Errors
/// As [`open_file`].
pub fn open_unsigned(sealed: &str, key: &SecretKey, limit: usize) -> Result<Vec<u8>, Refusal> {
    open_file(&armor::decode(sealed, BlockType::Message, limits::SEALED)?, key, limit)
}

/// The SHA-256 of the dearmored bytes: the same however the armor is wrapped (PROTOCOL §3).
///
/// # Errors
/// When `sealed` is not one armored message of at most [`limits::SEALED`] bytes.
pub fn dearmored_hash(sealed: &str) -> protocol::Result<SealedHash> {
    let bytes = armor::decode(sealed, BlockType::Message, limits::SEALED)?;
    Ok(SealedHash::of(&bytes))
}

fn opened(
    message: Message,
    signer: &Certificate,
    us: Option<&pgp::types::Fingerprint>,
    now: Timestamp,
    cost: &mut Cost,
) -> Result<Opened, Refusal> {
    let (signed, key) = judge::judge(&message, &signer.inner, us, now, cost)?;
    let signer = certificate::fingerprint(&key)
        .map_err(|cause| Refusal::InvalidSigner(cause.to_string()))?;
    Ok(Opened { octets: message.octets, signed, signer })
}

/// The hash that a sealed object is remembered by: its own, or that of the text where it is no
/// armor.
pub fn sealed_hash(sealed: &str) -> SealedHash {
    dearmored_hash(sealed).unwrap_or_else(|_| SealedHash::of(sealed.as_bytes()))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;
    use crate::openpgp::message::seal::{seal_file, seal_unsigned, sign};
    use crate::openpgp::secret_key::Profile;
    use crate::openpgp::testing::{
        OCTETS, day, encrypted, john, key, mary, message, packet, random, sealed, sealed_bytes,
    };

    #[test]
    fn every_pair_of_profiles_understands_each_other() {
        for sender in [Profile::Default, Profile::Classic] {
            for reader in [Profile::Default, Profile::Classic] {
                let (a, b) = (key(sender, "A"), key(reader, "B"));
                let text = sealed(&a, &b);
                let opened = open(&text, &b, &a.certificate(), day(1)).unwrap();
                assert_eq!(opened.octets, OCTETS);
                assert_eq!((opened.signed, opened.signer), (day(1), a.fingerprint()));
                // Ours too, unless our subkey would be the weakest.
                let weaker = sender == Profile::Classic && reader == Profile::Default;
                let own = open(&text, &a, &a.certificate(), day(1));
                assert_eq!(own.is_ok(), !weaker, "{sender:?} to {reader:?}");
                assert_eq!(own.is_err_and(|refusal| refusal == Refusal::NotForUs), weaker);
            }
        }
    }

    #[test]
    fn the_work_of_opening_is_counted() {
        let (john, mary) = (john(), mary());
        let text = sealed(&john, &mary);
        let mut cost = Cost::default();
        open_at_cost(&text, &mary, &john.certificate(), day(1), &mut cost).unwrap();
        let length = sealed_bytes(&john, &mary).len();
        assert_eq!(cost, Cost { checks: 1, openings: 1, bytes: length + OCTETS.len() });
        let (eve, mut cost) = (key(Profile::Classic, "Eve"), Cost::default());
        let refusal = open_at_cost(&text, &eve, &john.certificate(), day(1), &mut cost);
        assert_eq!(refusal, Err(Refusal::NotForUs));
        assert_eq!((cost.checks, cost.openings, cost.bytes), (0, 1, 0));
    }

    #[test]
    fn signed_objects_are_read_without_a_key() {
        let john = john();
        let text = sign(OCTETS, &john, day(1), &mut random(1)).unwrap();
        let opened = open_signed(&text, &john.certificate(), day(1)).unwrap();
        assert_eq!((opened.octets.as_slice(), opened.signed), (OCTETS, day(1)));
        let sealed = sealed(&john, &mary());
        let refusal = open_signed(&sealed, &john.certificate(), day(1)).unwrap_err();
        assert!(matches!(refusal, Refusal::Malformed(_)));
        let refusal = open(&text, &mary(), &john.certificate(), day(1)).unwrap_err();
        assert!(matches!(refusal, Refusal::Malformed(_)));
    }

    #[test]
    fn attachments_go_to_the_same_subkeys() {
        let (john, mary, eve) = (john(), mary(), key(Profile::Classic, "Eve"));
        let file = vec![7; 100_000];
        let readers = [&mary.certificate()];
        let bytes = seal_file(&file, &john.certificate(), &readers, day(1), &mut random(1));
        let bytes = bytes.unwrap();
        for reader in [&mary, &john] {
            assert_eq!(open_file(&bytes, reader, file.len()).unwrap(), file);
        }
        assert_eq!(open_file(&bytes, &mary, file.len() - 1), Err(Refusal::TooLarge));
        assert_eq!(open_file(&bytes, &eve, file.len()), Err(Refusal::NotForUs));
        let mut damaged = bytes;
        *damaged.last_mut().unwrap() ^= 1;
        let refusal = open_file(&damaged, &mary, file.len()).unwrap_err();
        assert!(matches!(refusal, Refusal::Malformed(_)));
    }

    #[test]
    fn whoever_has_a_certificate_seals_to_it_alone_and_at_one_length() {
        for profile in [Profile::Default, Profile::Classic] {
            let (mary, eve) = (key(profile, "Mary"), key(profile, "Eve"));
            let seal = |seed| {
                seal_unsigned(OCTETS, &mary.certificate(), day(1), &mut random(seed)).unwrap()
            };
            let lengths: BTreeSet<usize> = (0..50).map(|seed| seal(seed).len()).collect();
            assert_eq!(lengths.len(), 1);
            let sealed = seal(50);
            assert_eq!(open_unsigned(&sealed, &mary, OCTETS.len()).unwrap(), OCTETS);
            assert_eq!(open_unsigned(&sealed, &mary, 1), Err(Refusal::TooLarge));
            assert_eq!(open_unsigned(&sealed, &eve, OCTETS.len()), Err(Refusal::NotForUs));
            assert!(open_unsigned("no armor", &mary, OCTETS.len()).is_err());
        }
    }

    #[test]
    fn the_hash_is_that_of_the_bytes() {
        let text = message(b"hello");
        assert_eq!(dearmored_hash(&text).unwrap(), SealedHash::of(b"hello"));
        assert_eq!(dearmored_hash(&text.replace('\n', "\n  ")).unwrap(), SealedHash::of(b"hello"));
        assert!(dearmored_hash("hello").is_err());
    }

    /// Some bytes of `original` changed, cut out or doubled.
    fn mutated(original: &[u8], changes: &[(prop::sample::Index, u8, u8)]) -> Vec<u8> {
        let mut bytes = original.to_vec();
        for (index, kind, value) in changes {
            if bytes.is_empty() {
                break;
            }
            let at = index.index(bytes.len());
            match kind % 4 {
                0 => bytes[at] ^= 1 << (value % 8),
                1 => bytes[at] = *value,
                2 => bytes.truncate(at),
                _ => {
                    let end = (at + usize::from(*value)).min(bytes.len());
                    let copy = bytes[at..end].to_vec();
                    bytes.splice(at..at, copy);
                }
            }
        }
        bytes
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(96))]
        #[test]
        fn nothing_makes_it_panic(
            changes in prop::collection::vec(any::<(prop::sample::Index, u8, u8)>(), 1..5),
        ) {
            let (john, mary) = (john(), key(Profile::Default, "Mary"));
            let (from, to) = (john.certificate(), mary.certificate());
            let text = sealed(&john, &mary);
            let outer = sealed_bytes(&john, &mary);
            let plain = decrypt::decrypt(&outer, &mary, &mut Cost::default()).unwrap();
            let changed = mutated(&plain, &changes);
            let mut inputs = vec![
                String::from_utf8_lossy(&mutated(text.as_bytes(), &changes)).into_owned(),
                message(&mutated(&outer, &changes)),
                encrypted(&packet(8, &[&[0], &changed[..]].concat()), &to),
                encrypted(&changed, &to),
            ];
            if let Some(input) = inputs.pop_if(|_| changed == plain) {
                prop_assert!(open(&input, &mary, &from, day(1)).is_ok());
            }
            for input in inputs {
                if let Ok(opened) = open(&input, &mary, &from, day(1)) {
                    prop_assert_eq!(opened.octets, OCTETS);
                }
            }
            let _ = open_signed(&message(&changed), &from, day(1));
        }
    }
}
