//! Decryption with our subkeys: from the binary message to the packets inside.

use pgp::composed::PlainSessionKey;
use pgp::crypto::aead::AeadAlgorithm;
use pgp::crypto::sym::SymmetricKeyAlgorithm;
use pgp::packet::{
    Packet, PublicKeyEncryptedSessionKey as Wrapped, SymEncryptedProtectedData,
    SymEncryptedProtectedDataConfig as Config,
};
use pgp::types::{
    DecryptionKey, EskType, KeyDetails, Password, PkeskVersion, SecretParams, Seipdv1ReadMode,
};

use super::refusal::Refusal;
use crate::openpgp::cost::Cost;
use crate::openpgp::packets;
use crate::openpgp::secret_key::SecretKey;
use crate::protocol::values::limits;

/// The packets inside the encrypted message `bytes`, whose size the caller has limited: they are
/// no larger. Nothing comes out whose integrity is not proven. The work is added to `cost`.
pub fn decrypt(bytes: &[u8], key: &SecretKey, cost: &mut Cost) -> Result<Vec<u8>, Refusal> {
    let (wrapped, data) = layers(bytes)?;
    let session_key = wrapped
        .iter()
        .filter(|wrapped| is_aligned(wrapped, &data))
        .find_map(|wrapped| unwrap(wrapped, key, cost))
        .ok_or(Refusal::NotForUs)?;
    let (octets, cipher) = match &session_key {
        PlainSessionKey::V3_4 { sym_alg, key } => (key, Some(*sym_alg)),
        PlainSessionKey::V6 { key } => (key, None),
        PlainSessionKey::V5 { .. } => return Err(damaged()),
    };
    // Without this the `pgp` crate would panic, or accept "plaintext" as a cipher.
    let plausible = match (cipher, data.config()) {
        (Some(cipher), Config::V1) => is_cipher(cipher) && octets.len() == cipher.key_size(),
        (None, Config::V2 { sym_alg, aead, .. }) => {
            is_cipher(*sym_alg) && octets.len() == sym_alg.key_size() && is_mode(*aead)
        }
        _ => false,
    };
    if !plausible {
        return Err(damaged());
    }
    cost.add_bytes(bytes.len());
    let mode = Seipdv1ReadMode::CheckFirst { max_message_size: bytes.len() };
    data.decrypt(octets.as_ref(), cipher, mode).map_err(|_| damaged())
}

fn damaged() -> Refusal {
    Refusal::Malformed("the encrypted data is damaged".to_owned())
}

/// The session-key packets and the encrypted data: nothing else may be there.
fn layers(bytes: &[u8]) -> Result<(Vec<Wrapped>, SymEncryptedProtectedData), Refusal> {
    let mut rest = bytes;
    let mut wrapped = Vec::new();
    let data = loop {
        match packets::next(&mut rest).map_err(Refusal::Malformed)? {
            Some(Packet::PublicKeyEncryptedSessionKey(_))
                if wrapped.len() >= limits::RECIPIENTS =>
            {
                return Err(Refusal::TooManyRecipients);
            }
            Some(Packet::PublicKeyEncryptedSessionKey(packet)) => wrapped.push(packet),
            Some(Packet::SymEncryptedProtectedData(data)) => break data,
            Some(Packet::SymKeyEncryptedSessionKey(_)) => {
                return Err(Refusal::Malformed("it is encrypted to a passphrase".to_owned()));
            }
            _ => return Err(Refusal::Malformed("it is not an encrypted message".to_owned())),
        }
    };
    match packets::next(&mut rest) {
        Ok(None) => Ok((wrapped, data)),
        _ => Err(Refusal::Malformed("something follows the encrypted data".to_owned())),
    }
}

/// Returns whether the session-key packet is of the version that belongs to `data` (RFC 9580
/// §10.3.2.1).
fn is_aligned(wrapped: &Wrapped, data: &SymEncryptedProtectedData) -> bool {
    match wrapped.version() {
        PkeskVersion::V3 => data.version() == 1,
        PkeskVersion::V6 => data.version() == 2,
        PkeskVersion::Other(_) => false,
    }
}

/// The session key, if one of our unlocked subkeys opens it.
fn unwrap(wrapped: &Wrapped, key: &SecretKey, cost: &mut Cost) -> Option<PlainSessionKey> {
    let (values, algorithm) = (wrapped.values().ok()?, wrapped.algorithm().ok()?);
    let typ = match wrapped.version() {
        PkeskVersion::V6 => EskType::V6,
        _ => EskType::V3_4,
    };
    let mut subkeys = key.inner.secret_subkeys.iter().filter(|subkey| {
        subkey.key.algorithm() == algorithm
            && matches!(subkey.key.secret_params(), SecretParams::Plain(_))
            && wrapped.match_identity(&subkey.key)
    });
    subkeys.find_map(|subkey| {
        cost.add_opening();
        subkey.key.decrypt(&Password::empty(), values, typ).ok()?.ok()
    })
}

fn is_cipher(cipher: SymmetricKeyAlgorithm) -> bool {
    use SymmetricKeyAlgorithm::{
        AES128, AES192, AES256, Camellia128, Camellia192, Camellia256, Twofish,
    };
    matches!(cipher, AES128 | AES192 | AES256 | Twofish | Camellia128 | Camellia192 | Camellia256)
}

fn is_mode(mode: AeadAlgorithm) -> bool {
    matches!(mode, AeadAlgorithm::Eax | AeadAlgorithm::Ocb | AeadAlgorithm::Gcm)
}

#[cfg(test)]
mod tests {
    use pgp::composed::MessageBuilder;
    use pgp::packet::PacketTrait;
    use pgp::types::StringToKey;

    use super::*;
    use crate::openpgp::message::open::open;
    use crate::openpgp::message::seal::signed_message;
    use crate::openpgp::secret_key::Profile;
    use crate::openpgp::testing::{
        OCTETS, day, john, key, literal, mary, message, random, sealed, sealed_bytes,
    };

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
        let wrapped = Wrapped::from_session_key_v3(random(2), &session_key, cipher, subkey);
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
        let bytes = sealed_bytes(&john, &mary);
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
    fn ciphers_and_modes_that_nobody_has_are_malformed() {
        let (john, mary) = (john(), key(Profile::Default, "Mary"));
        let good = sealed_bytes(&john, &mary);
        // SEIPD version 2, AES-256, OCB, chunks of 64 KiB.
        let place = good.windows(4).position(|window| window == [2, 9, 2, 10]).unwrap();
        for byte in [1, 2] {
            for value in 0..=255 {
                let mut bytes = good.clone();
                if bytes[place + byte] == value {
                    continue;
                }
                bytes[place + byte] = value;
                let refusal = open(&message(&bytes), &mary, &john.certificate(), day(1));
                assert!(matches!(refusal, Err(Refusal::Malformed(_))), "{byte}: {value}");
            }
        }
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
}
