//! Sealed objects, signed objects and attachments, as others wrote them (PROTOCOL §2).

use jiff::Timestamp;
use pgp::armor::BlockType;
use pgp::types::KeyDetails;

use super::certificate::{self, Certificate};
use super::message::{self, Message};
use super::refusal::Refusal;
use super::secret_key::SecretKey;
use super::{armor, decrypt, judge};
use crate::protocol::{self, fingerprint::Fingerprint, hash::Hash, limits};

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
/// With the reason; [`Refusal::verdict`] says what follows.
pub fn open(
    sealed: &str,
    key: &SecretKey,
    signer: &Certificate,
    now: Timestamp,
) -> Result<Opened, Refusal> {
    let bytes = armor::decode(sealed, BlockType::Message, limits::SEALED)?;
    let plain = decrypt::decrypt(&bytes, key)?;
    let us = key.inner.primary_key.fingerprint();
    opened(message::read(&plain, limits::SEALED)?, signer, Some(&us), now)
}

/// Reads a signed object, which is not encrypted: an introduction in an invitation file.
///
/// # Errors
/// As [`open`]; what was signed for named recipients is none of it.
pub fn open_signed(signed: &str, signer: &Certificate, now: Timestamp) -> Result<Opened, Refusal> {
    let bytes = armor::decode(signed, BlockType::Message, limits::SEALED)?;
    opened(message::read(&bytes, limits::SEALED)?, signer, None, now)
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
    let octets = message::read(&decrypt::decrypt(bytes, key)?, most)?.octets;
    if octets.len() > limit { Err(Refusal::TooLarge) } else { Ok(octets) }
}

/// The SHA-256 of the dearmored bytes: the same however the armor is wrapped (PROTOCOL §3).
///
/// # Errors
/// When `sealed` is not one armored message of at most [`limits::SEALED`] bytes.
pub fn dearmored_hash(sealed: &str) -> protocol::Result<Hash> {
    let bytes = armor::decode(sealed, BlockType::Message, limits::SEALED)?;
    Ok(Hash::of(&bytes))
}

fn opened(
    message: Message,
    signer: &Certificate,
    us: Option<&pgp::types::Fingerprint>,
    now: Timestamp,
) -> Result<Opened, Refusal> {
    let (signed, key) = judge::judge(&message, &signer.inner, us, now)?;
    let signer = certificate::fingerprint(&key)
        .map_err(|cause| Refusal::InvalidSigner(cause.to_string()))?;
    Ok(Opened { octets: message.octets, signed, signer })
}

#[cfg(test)]
mod tests {
    use pgp::composed::MessageBuilder;
    use pgp::crypto::sym::SymmetricKeyAlgorithm;
    use pgp::packet::{
        Packet, PacketTrait, PublicKeyEncryptedSessionKey, RevocationCode, SignatureType,
        SymEncryptedProtectedData,
    };
    use pgp::types::{CompressionAlgorithm, PkeskVersion, StringToKey};
    use proptest::prelude::*;

    use super::super::refusal::Verdict;
    use super::super::seal::{seal, seal_file, sign, signed_message};
    use super::super::secret_key::Profile;
    use super::super::testing::{
        day, encrypted, expiring, key, literal, message, packed, packet, random, revoked,
        signature, unpacked, with_subkey,
    };
    use super::*;

    const OCTETS: &[u8] = b"<item/>";

    fn john() -> SecretKey {
        key(Profile::Default, "John")
    }

    fn mary() -> SecretKey {
        key(Profile::Classic, "Mary")
    }

    fn sealed(from: &SecretKey, to: &SecretKey) -> String {
        seal(OCTETS, from, &[&to.certificate()], day(1), &mut random(1)).unwrap()
    }

    /// What Mary makes of `plain`, encrypted to her, as John's.
    fn received(plain: &[u8]) -> Result<Opened, Refusal> {
        open(&encrypted(plain, &mary().certificate()), &mary(), &john().certificate(), day(1))
    }

    fn refused(plain: &[u8]) -> Refusal {
        received(plain).unwrap_err()
    }

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
    fn readers_come_first_and_nobody_is_named() {
        let text = sealed(&john(), &mary());
        let bytes = armor::decode(&text, BlockType::Message, limits::SEALED).unwrap();
        let packets = unpacked(&bytes);
        let kinds: Vec<_> = packets
            .iter()
            .filter_map(|packet| match packet {
                Packet::PublicKeyEncryptedSessionKey(wrapped) => {
                    assert_eq!(wrapped.version(), PkeskVersion::V3);
                    assert!(wrapped.id().unwrap().is_wildcard());
                    Some(wrapped.algorithm().unwrap())
                }
                _ => None,
            })
            .collect();
        use pgp::crypto::public_key::PublicKeyAlgorithm::{ECDH, MlKem768X25519};
        assert_eq!(kinds, [ECDH, MlKem768X25519]);
        assert_eq!(packets.len(), 3);
    }

    #[test]
    fn seipd_v2_needs_everybody() {
        let version = |from: &SecretKey, to: &SecretKey| {
            let bytes = armor::decode(&sealed(from, to), BlockType::Message, 1 << 20).unwrap();
            match unpacked(&bytes).pop() {
                Some(Packet::SymEncryptedProtectedData(data)) => data.version(),
                _ => 0,
            }
        };
        let other = key(Profile::Default, "Other");
        assert_eq!(version(&john(), &other), 2);
        assert_eq!(version(&john(), &mary()), 1);
        // Mary's subkey is the weaker one, so that she is no recipient herself.
        assert_eq!(version(&mary(), &john()), 2);
    }

    #[test]
    fn white_space_and_named_recipients_do_not_matter() {
        let text = sealed(&john(), &mary()).replace('\n', "\r\n   ");
        let text = format!("\n\t {text}\n");
        let (mary, john) = (mary(), john());
        assert!(open(&text, &mary, &john.certificate(), day(1)).is_ok());

        // As GnuPG writes it: the recipient is named, and no intended recipient.
        let plain = signed_message(OCTETS, &john, &[], day(1), &mut random(1)).unwrap();
        let cipher = SymmetricKeyAlgorithm::AES128;
        let session_key = cipher.new_session_key(random(2));
        let subkey = &mary.certificate.inner.public_subkeys[0].key;
        let wrapped = PublicKeyEncryptedSessionKey::from_session_key_v3(
            random(2),
            &session_key,
            cipher,
            subkey,
        );
        let key = session_key.as_ref();
        let data = SymEncryptedProtectedData::encrypt_seipdv1(random(2), cipher, key, &plain);
        let mut bytes = Vec::new();
        wrapped.unwrap().to_writer_with_header(&mut bytes).unwrap();
        data.unwrap().to_writer_with_header(&mut bytes).unwrap();
        assert!(open(&message(&bytes), &mary, &john.certificate(), day(1)).is_ok());
    }

    #[test]
    fn what_is_damaged_is_malformed() {
        let (mary, john) = (mary(), john());
        let text = sealed(&john, &mary);
        let bytes = armor::decode(&text, BlockType::Message, limits::SEALED).unwrap();
        let attempt = |bytes: &[u8]| open(&message(bytes), &mary, &john.certificate(), day(1));
        assert!(attempt(&bytes).is_ok());
        let mut flipped = bytes.clone();
        *flipped.last_mut().unwrap() ^= 1;
        let twice = [&bytes[..], &bytes].concat();
        let trailing = [&bytes[..], &[0xFF; 9]].concat();
        let cases = [&bytes[..bytes.len() - 9], &flipped, &twice, &trailing, &literal(b"x")];
        for case in cases {
            assert!(matches!(attempt(case), Err(Refusal::Malformed(_))));
        }
        let cut = &text[..text.len() - 40];
        let cut = open(cut, &mary, &john.certificate(), day(1));
        assert!(matches!(cut, Err(Refusal::Malformed(_))));
    }

    #[test]
    fn a_passphrase_is_no_recipient() {
        let mut builder = MessageBuilder::from_bytes("", OCTETS.to_vec())
            .seipd_v1(random(1), SymmetricKeyAlgorithm::AES256);
        let cheap = StringToKey::new_argon2(random(1), 1, 1, 10);
        builder.encrypt_with_password(cheap, &"x".into()).unwrap();
        let text = message(&builder.to_vec(random(1)).unwrap());
        let refusal = open(&text, &mary(), &john().certificate(), day(1)).unwrap_err();
        assert!(matches!(refusal, Refusal::Malformed(_)), "{refusal}");
    }

    #[test]
    fn nesting_is_refused() {
        let plain = signed_message(OCTETS, &john(), &[], day(1), &mut random(1)).unwrap();
        let layer = |inner: &[u8]| packet(8, &[&[0], inner].concat());
        assert_eq!(received(&layer(&plain)).unwrap().octets, OCTETS);
        let twice = layer(&layer(&plain));
        assert_eq!(refused(&twice), Refusal::Malformed("a second compression layer".to_owned()));
        let mut deep = plain;
        for _ in 0..2_000 {
            deep = layer(&deep);
        }
        assert!(matches!(refused(&deep), Refusal::Malformed(_)));
        let text = sealed(&john(), &mary());
        let inner = armor::decode(&text, BlockType::Message, limits::SEALED).unwrap();
        assert!(matches!(refused(&inner), Refusal::Malformed(_)));
    }

    #[test]
    fn a_bomb_stops_at_the_limit() {
        let mut bomb = MessageBuilder::from_bytes("", vec![0; limits::SEALED + 1]);
        bomb.compression(CompressionAlgorithm::ZLIB);
        let bomb = bomb.to_vec(random(1)).unwrap();
        assert!(bomb.len() < 100_000);
        assert_eq!(refused(&bomb), Refusal::TooLarge);
        let mary = mary();
        let sealed = encrypted(&bomb, &mary.certificate());
        let bytes = armor::decode(&sealed, BlockType::Message, limits::SEALED).unwrap();
        assert_eq!(open_file(&bytes, &mary, limits::SEALED), Err(Refusal::TooLarge));
        let large = message(&vec![0xFF; limits::SEALED + 1]);
        let refusal = open(&large, &mary, &john().certificate(), day(1));
        assert_eq!(refusal, Err(Refusal::TooLarge));
    }

    #[test]
    fn recipients_and_signatures_are_counted() {
        let (mary, john) = (mary(), john());
        let eve = key(Profile::Classic, "Eve");
        let bytes = |text: &str| armor::decode(text, BlockType::Message, 1 << 20).unwrap();
        let good = bytes(&encrypted(&literal(b"x"), &mary.certificate()));
        let other = bytes(&encrypted(&literal(b"x"), &eve.certificate()));
        let session_key = &other[..2 + usize::from(other[1])];
        let crowd = |count: usize| message(&[session_key.repeat(count), good.clone()].concat());
        let attempt = |text: &str| open(text, &mary, &john.certificate(), day(1));
        assert_eq!(attempt(&crowd(63)), Err(Refusal::Unsigned));
        assert_eq!(attempt(&crowd(64)), Err(Refusal::TooManyRecipients));
        assert_eq!(attempt(&crowd(8_000)), Err(Refusal::TooManyRecipients));

        let one = packed(&signature(&eve, OCTETS, SignatureType::Binary, 1));
        let many = |count: usize| [one.repeat(count), literal(OCTETS)].concat();
        assert_eq!(refused(&many(8)), Refusal::UnknownSigner);
        assert_eq!(refused(&many(9)), Refusal::TooManySignatures);
    }

    #[test]
    fn only_a_signature_by_the_expected_certificate_counts() {
        let (john, eve) = (john(), key(Profile::Default, "Eve"));
        let prefixed = |signatures: &[pgp::packet::Signature]| {
            let all: Vec<u8> = signatures.iter().flat_map(packed).collect();
            [all, literal(OCTETS)].concat()
        };
        let binary = SignatureType::Binary;
        let good = signature(&john, OCTETS, binary, 1);
        let others = signature(&eve, OCTETS, binary, 1);
        let forged = signature(&john, b"other", binary, 1);
        let text = signature(&john, OCTETS, SignatureType::Text, 1);
        assert_eq!(refused(&literal(OCTETS)), Refusal::Unsigned);
        assert_eq!(refused(&prefixed(std::slice::from_ref(&others))), Refusal::UnknownSigner);
        assert_eq!(refused(&prefixed(std::slice::from_ref(&forged))), Refusal::Forged);
        let refusal = refused(&prefixed(std::slice::from_ref(&text)));
        assert!(matches!(refusal, Refusal::InvalidSigner(_)));
        assert_eq!(refusal.verdict(), Verdict::Forged);
        assert!(received(&prefixed(&[others, forged, text, good])).is_ok());
        let announced = signed_message(OCTETS, &john, &[], day(1), &mut random(1)).unwrap();
        let cut = &announced[..announced.len() - 80];
        assert!(matches!(refused(cut), Refusal::Malformed(_)));
    }

    #[test]
    fn what_was_sealed_for_another_is_not_ours() {
        let (john, mary, eve) = (john(), mary(), key(Profile::Classic, "Eve"));
        let text = sealed(&john, &eve);
        let bytes = armor::decode(&text, BlockType::Message, limits::SEALED).unwrap();
        let plain = decrypt::decrypt(&bytes, &eve).unwrap();
        assert_eq!(refused(&plain), Refusal::WrongRecipient);
        let refusal = open(&text, &mary, &john.certificate(), day(1)).unwrap_err();
        assert_eq!(refusal, Refusal::NotForUs);
        // Nor is it a signed object once the encryption is taken off.
        let bare = open_signed(&message(&plain), &john.certificate(), day(1));
        assert_eq!(bare, Err(Refusal::WrongRecipient));
    }

    #[test]
    fn a_signature_of_tomorrow_is_held() {
        let (john, mary) = (john(), mary());
        let text = sealed(&john, &mary);
        let early = |now| open(&text, &mary, &john.certificate(), now);
        let second = jiff::SignedDuration::from_secs(1);
        assert!(early(day(0)).is_ok());
        let refusal = early(day(0) - second).unwrap_err();
        assert_eq!((refusal.verdict(), &refusal), (Verdict::Held, &Refusal::Ahead(day(1))));
    }

    #[test]
    fn the_key_must_be_valid_when_it_signs() {
        let (john, mary) = (john(), mary());
        let text = seal(OCTETS, &john, &[&mary.certificate()], day(5), &mut random(1)).unwrap();
        let judged = |signer: &SecretKey| open(&text, &mary, &signer.certificate(), day(20));
        let short = expiring(&john, 0, 5);
        let soft = |date| revoked(&john, None, RevocationCode::KeyRetired, date);
        let hard = revoked(&john, None, RevocationCode::KeyCompromised, 10);
        for bad in [&short, &soft(5), &hard] {
            let refusal = judged(bad).unwrap_err();
            assert!(matches!(refusal, Refusal::InvalidSigner(_)), "{refusal}");
        }
        // Later ends do not reach back, and a newer self-signature may stand alone.
        for good in [&expiring(&john, 0, 6), &soft(6), &expiring(&john, 15, 100)] {
            assert!(judged(good).is_ok());
        }
        let mut bare = john.certificate();
        bare.inner.details.users.clear();
        let refusal = open(&text, &mary, &bare, day(20)).unwrap_err();
        assert!(matches!(refusal, Refusal::InvalidSigner(_)));
    }

    #[test]
    fn a_signing_subkey_signs_with_its_back_signature() {
        let (john, mary) = (with_subkey(&john(), false, 1, None), mary());
        let text = seal(OCTETS, &john, &[&mary.certificate()], day(2), &mut random(1)).unwrap();
        let opened = open(&text, &mary, &john.certificate(), day(2)).unwrap();
        assert_ne!(opened.signer, john.fingerprint());
        let stripped = super::super::testing::key(Profile::Default, "John");
        let refusal = open(&text, &mary, &stripped.certificate(), day(2));
        assert_eq!(refusal, Err(Refusal::UnknownSigner));
        let compromised = revoked(&john, Some(2), RevocationCode::NoReason, 9);
        let refusal = open(&text, &mary, &compromised.certificate(), day(2)).unwrap_err();
        assert!(matches!(refusal, Refusal::InvalidSigner(_)));
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
    fn the_hash_is_that_of_the_bytes() {
        let text = message(b"hello");
        assert_eq!(dearmored_hash(&text).unwrap(), Hash::of(b"hello"));
        assert_eq!(dearmored_hash(&text.replace('\n', "\n  ")).unwrap(), Hash::of(b"hello"));
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
            let outer = armor::decode(&text, BlockType::Message, limits::SEALED).unwrap();
            let plain = decrypt::decrypt(&outer, &mary).unwrap();
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
