//! Encryption to hidden recipients, by packets: [`super::decrypt`] undoes it.

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
    })
}

/// Encrypts the packets `plain`; the result is binary.
pub fn encrypt(plain: &[u8], targets: &Targets<'_>, rng: &mut Random) -> Result<Vec<u8>> {
    let session_key = CIPHER.new_session_key(&mut *rng);
    let mut out = Vec::with_capacity(plain.len().saturating_add(4_096));
    let seipd_v2 = targets.all_read_seipd_v2();
    for target in &targets.0 {
        let wrapped = wrap(&session_key, target.subkey, seipd_v2, rng)?;
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

/// The session key for `subkey`, without saying for whom it is.
fn wrap(
    session_key: &RawSessionKey,
    subkey: &SignedPublicSubKey,
    seipd_v2: bool,
    rng: &mut Random,
) -> Result<Wrapped> {
    let mut wrapped = if seipd_v2 {
        Wrapped::from_session_key_v6(rng, session_key, &subkey.key)?
    } else {
        Wrapped::from_session_key_v3(rng, session_key, CIPHER, &subkey.key)?
    };
    match &mut wrapped {
        Wrapped::V3 { id, .. } => *id = KeyId::WILDCARD,
        Wrapped::V6 { fingerprint, .. } => *fingerprint = None,
        Wrapped::Other { .. } => {}
    }
    Ok(wrapped)
}

#[cfg(test)]
mod tests {
    use pgp::packet::Packet;
    use pgp::types::PkeskVersion;

    use crate::openpgp::secret_key::{Profile, SecretKey};
    use crate::openpgp::testing::{john, key, mary, sealed_bytes, unpacked};

    #[test]
    fn readers_come_first_and_nobody_is_named() {
        let bytes = sealed_bytes(&john(), &mary());
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
