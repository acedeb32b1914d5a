//! Encryption to recipients whom nothing names but perhaps ourselves, by packets:
//! [`super::decrypt`] undoes it.

use jiff::Timestamp;
use pgp::composed::{RawSessionKey, SignedPublicSubKey};
use pgp::crypto::aead::{AeadAlgorithm, ChunkSize};
use pgp::crypto::sym::SymmetricKeyAlgorithm;
use pgp::errors::Result;
use pgp::packet::{
    PacketTrait, PublicKeyEncryptedSessionKey as Wrapped, SymEncryptedProtectedData,
};
use pgp::types::{Fingerprint, KeyDetails, KeyId};

use super::seal_error::SealError;
use crate::openpgp::certificate::signature_policy::Moment;
use crate::openpgp::certificate::{Certificate, Unusable, component};
use crate::protocol::Random;
use crate::protocol::values::limits;

const CIPHER: SymmetricKeyAlgorithm = SymmetricKeyAlgorithm::AES256;

/// The keys that something is encrypted to, in the order of the session-key packets.
pub struct Targets<'a>(Vec<Target<'a>>);

struct Target<'a> {
    subkey: &'a SignedPublicSubKey,
    /// The fingerprint of the primary key.
    fingerprint: Fingerprint,
    reads_seipd_v2: bool,
    /// Whether its session-key packet says for whom it is.
    is_named: bool,
}

impl<'a> Targets<'a> {
    /// The chosen subkey of every reader and, unless it is weaker than the weakest of them or we
    /// have none, our own last (PROTOCOL §2).
    pub fn choose(
        own: &'a Certificate,
        readers: &[&'a Certificate],
        now: Timestamp,
    ) -> std::result::Result<Self, SealError> {
        let all = readers.iter().map(|reader| target(reader, now));
        let mut all = all.collect::<std::result::Result<Vec<_>, _>>()?;
        match target(own, now) {
            // Ours expired before we replaced it: whom we write to need not wait.
            Err(SealError::Unusable(_, Unusable::NoEncryptionSubkey)) if !all.is_empty() => {}
            own => all.push(own?),
        }
        let mut targets: Vec<Target<'a>> = Vec::new();
        for target in all {
            if targets.iter().all(|known| known.fingerprint != target.fingerprint) {
                targets.push(target);
            }
        }
        let strength = |target: &Target<'_>| component::strength(target.subkey);
        let ours = own.inner.primary_key.fingerprint();
        if let Some((last, others)) = targets.split_last() {
            let weakest = others.iter().filter_map(strength).min();
            if last.fingerprint == ours && weakest > strength(last) {
                targets.pop();
            }
        }
        if targets.len() > limits::RECIPIENTS {
            return Err(SealError::TooManyRecipients);
        }
        Ok(Self(targets))
    }

    /// The same with ourselves named, whose feed shows the key anyway, where the encrypted data is of
    /// version 1: GnuPG 2.4 tries the last packet first, and ends with status 2 after a wrong try of a
    /// hidden one.
    pub fn naming(mut self, own: &Certificate) -> Self {
        let ours = own.inner.primary_key.fingerprint();
        let is_hidden = self.all_read_seipd_v2();
        for target in &mut self.0 {
            target.is_named = !is_hidden && target.fingerprint == ours;
        }
        self
    }

    /// The primary keys of all recipients.
    pub fn fingerprints(&self) -> Vec<Fingerprint> {
        self.0.iter().map(|target| target.fingerprint.clone()).collect()
    }

    fn all_read_seipd_v2(&self) -> bool {
        self.0.iter().all(|target| target.reads_seipd_v2)
    }
}

fn target(certificate: &Certificate, now: Timestamp) -> std::result::Result<Target<'_>, SealError> {
    let (subkey, standing) = component::encryption_subkey(&certificate.inner, Moment::now(now))
        .map_err(|cause| SealError::Unusable(certificate.fingerprint(), cause))?;
    Ok(Target {
        subkey,
        fingerprint: certificate.inner.primary_key.fingerprint(),
        reads_seipd_v2: standing.advertises_seipd_v2(),
        is_named: false,
    })
}

/// Encrypts the packets `plain`; the result is binary.
pub fn encrypt(plain: &[u8], targets: &Targets<'_>, rng: &mut Random) -> Result<Vec<u8>> {
    let session_key = CIPHER.new_session_key(&mut *rng);
    let mut out = Vec::with_capacity(plain.len().saturating_add(4_096));
    let seipd_v2 = targets.all_read_seipd_v2();
    for target in &targets.0 {
        let wrapped = wrap(&session_key, target, seipd_v2, rng)?;
        wrapped.to_writer_with_header(&mut out)?;
    }
    let key = session_key.as_ref();
    let data = if seipd_v2 {
        let (mode, chunk) = (AeadAlgorithm::Ocb, ChunkSize::C64KiB);
        SymEncryptedProtectedData::encrypt_seipdv2(rng, CIPHER, mode, chunk, key, plain)?
    } else {
        SymEncryptedProtectedData::encrypt_seipdv1(rng, CIPHER, key, plain)?
    };
    data.to_writer_with_header(&mut out)?;
    Ok(out)
}

/// The session key for `target`, without saying for whom it is unless that is to be named.
fn wrap(
    session_key: &RawSessionKey,
    target: &Target<'_>,
    seipd_v2: bool,
    rng: &mut Random,
) -> Result<Wrapped> {
    let subkey = target.subkey;
    let mut wrapped = if seipd_v2 {
        Wrapped::from_session_key_v6(rng, session_key, &subkey.key)?
    } else {
        Wrapped::from_session_key_v3(rng, session_key, CIPHER, &subkey.key)?
    };
    match &mut wrapped {
        _ if target.is_named => {}
        Wrapped::V3 { id, .. } => *id = KeyId::WILDCARD,
        Wrapped::V6 { fingerprint, .. } => *fingerprint = None,
        Wrapped::Other { .. } => {}
    }
    Ok(wrapped)
}

#[cfg(test)]
mod tests {
    use pgp::armor::BlockType;
    use pgp::crypto::public_key::PublicKeyAlgorithm;
    use pgp::packet::Packet;
    use pgp::types::{KeyId, PkeskVersion};

    use crate::openpgp::armor;
    use crate::openpgp::message::seal;
    use crate::openpgp::secret_key::{Profile, SecretKey};
    use crate::openpgp::testing::{day, john, key, mary, random, sealed_bytes, unpacked};

    #[test]
    fn readers_come_first_and_only_we_are_named() {
        let (john, mary) = (john(), mary());
        let packets = unpacked(&sealed_bytes(&john, &mary));
        assert_eq!(packets.len(), 3);
        use PublicKeyAlgorithm::{ECDH, MlKem768X25519};
        let [reader, ours]: [_; 2] = wrapped(&packets).try_into().unwrap();
        assert_eq!((reader.0, ours.0), (ECDH, MlKem768X25519));
        assert!(reader.1.is_wildcard());
        // The key id of a key of version 4 is the end of its fingerprint.
        let subkey = john.certificate().encryption_subkey(day(1)).unwrap();
        assert!(subkey.as_str().ends_with(&ours.1.to_string().to_uppercase()));
    }

    /// The algorithm and the key id of each session-key packet of version 3.
    fn wrapped(packets: &[Packet]) -> Vec<(PublicKeyAlgorithm, KeyId)> {
        let wrapped = packets.iter().filter_map(|packet| match packet {
            Packet::PublicKeyEncryptedSessionKey(wrapped) => {
                assert_eq!(wrapped.version(), PkeskVersion::V3);
                Some((wrapped.algorithm().unwrap(), *wrapped.id().unwrap()))
            }
            _ => None,
        });
        wrapped.collect()
    }

    #[test]
    fn invitations_attachments_and_data_of_version_2_name_nobody() {
        let (john, mary) = (john(), mary());
        let (to, own) = (mary.certificate(), john.certificate());
        let invitation = seal::seal_hidden(b"x", &john, &[&to], day(1), &mut random(3)).unwrap();
        let invitation = armor::decode(&invitation, BlockType::Message, 1 << 20).unwrap();
        let attachment = seal::seal_file(b"x", &own, &[&to], day(1), &mut random(3)).unwrap();
        for bytes in [invitation, attachment] {
            let wrapped = wrapped(&unpacked(&bytes));
            assert_eq!(wrapped.len(), 2);
            assert!(wrapped.iter().all(|(_, id)| id.is_wildcard()));
        }
        let other = key(Profile::Default, "Other");
        for packet in unpacked(&sealed_bytes(&john, &other)) {
            if let Packet::PublicKeyEncryptedSessionKey(wrapped) = packet {
                assert_eq!(wrapped.version(), PkeskVersion::V6);
                assert!(wrapped.fingerprint().unwrap().is_none());
            }
        }
    }

    #[test]
    fn seipd_v2_needs_everybody() {
        let version = |from: &SecretKey, to: &SecretKey| {
            let bytes = sealed_bytes(from, to);
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
}
