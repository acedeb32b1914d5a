//! An identity's secret key: made, read and written.

pub(in crate::openpgp) mod extend;
pub(in crate::openpgp) mod generate;
pub mod import;
pub mod locking;
pub(in crate::openpgp) mod merge;
pub(in crate::openpgp) mod profile;
pub(in crate::openpgp) mod redate;
pub mod revoke;
pub mod rotate;
pub(in crate::openpgp) mod s2k;
pub(in crate::openpgp) mod stub;

use std::fmt;

use jiff::Timestamp;
use pgp::armor::BlockType;
use pgp::composed::{Deserializable, SignedKeyDetails, SignedSecretKey};
use pgp::crypto::public_key::PublicKeyAlgorithm;
use pgp::packet::{Packet, PacketTrait, RevocationCode, SecretKey as PrimaryKey};
use pgp::ser::Serialize;
use pgp::types::{KeyDetails, KeyVersion, S2kParams, SecretParams, StringToKey};
use zeroize::Zeroizing;

use super::certificate::{self, Certificate};
use super::{armor, packets};
use crate::protocol::values::fingerprint::Fingerprint;
use crate::protocol::values::limits;
use crate::protocol::{Error, Random, Result};
pub use profile::Profile;

/// The longest name that a new key carries, in bytes.
const NAME: usize = 256;

/// A secret key with all its subkeys, which never shows itself and is wiped when dropped.
pub struct SecretKey {
    pub(in crate::openpgp) inner: SignedSecretKey,
    pub(in crate::openpgp) certificate: Certificate,
}

impl SecretKey {
    /// A new unlocked key with the one User ID `name`; every date in it is `now`.
    ///
    /// # Errors
    /// When `name` is empty, longer than 256 bytes or holds control characters.
    pub fn generate(
        profile: Profile,
        name: &str,
        now: Timestamp,
        rng: &mut Random,
    ) -> Result<Self> {
        if name.trim().is_empty() || name.len() > NAME || name.chars().any(char::is_control) {
            return Err(Error::malformed(format!("`{}` is no name", name.escape_debug())));
        }
        Self::new(generate::key(profile, name, now, rng).map_err(failed)?)
    }

    /// Reads one armored secret key of at most [`limits::CERTIFICATE`] bytes, locked or not.
    ///
    /// # Errors
    /// For anything else, and for kinds of secrets that we will not hold: we take Ed25519, ECDH,
    /// X25519 and ML-KEM-768+X25519, each whole in the file. Only the secret of the primary key may
    /// be elsewhere, whatever its kind.
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        if bytes.len() > limits::CERTIFICATE {
            return Err(Error::malformed("a secret key of more than 64 KiB"));
        }
        let binary = certificate::dearmored(bytes, BlockType::PrivateKey, limits::CERTIFICATE)?;
        let binary = Zeroizing::new(binary);
        check_packets(&binary)?;
        let inner = SignedSecretKey::from_bytes(binary.as_slice())
            .map_err(|cause| Error::malformed(format!("not a secret key: {cause}")))?;
        Self::new(inner)
    }

    pub(in crate::openpgp) fn new(inner: SignedSecretKey) -> Result<Self> {
        let certificate = Certificate::new(inner.to_public_key())?;
        Ok(Self { inner, certificate })
    }

    /// The key in canonical armor, locked if it is locked.
    pub fn to_armored(&self) -> Zeroizing<String> {
        let bytes = Zeroizing::new(self.inner.to_bytes().unwrap_or_default());
        Zeroizing::new(armor::encode(BlockType::PrivateKey, &bytes))
    }

    /// Its public half.
    pub fn certificate(&self) -> Certificate {
        self.certificate.clone()
    }

    /// The fingerprint of its primary key.
    pub fn fingerprint(&self) -> Fingerprint {
        self.certificate.fingerprint()
    }

    /// An armored hard revocation of the whole key, to be kept safe: who publishes it ends the
    /// identity. GnuPG 2.2 imports it.
    ///
    /// # Errors
    /// When the key is locked, or the secret of its primary key is not here.
    pub fn revocation(&self, now: Timestamp, rng: &mut Random) -> Result<String> {
        self.expect_certifying()?;
        let signature =
            generate::revocation(&self.inner.primary_key, RevocationCode::NoReason, now, rng);
        let signature = signature.map_err(failed)?;
        let bytes = if self.inner.version() == KeyVersion::V6 {
            // A bare version 6 signature could not be looked up by key id (RFC 9580 §10.1.2).
            let mut bare = self.inner.to_public_key();
            bare.details =
                SignedKeyDetails::new(vec![signature], Vec::new(), Vec::new(), Vec::new());
            bare.public_subkeys.clear();
            bare.to_bytes()
        } else {
            let mut bytes = Vec::new();
            signature.to_writer_with_header(&mut bytes).map(|()| bytes)
        };
        Ok(armor::encode(BlockType::PublicKey, &bytes.map_err(failed)?))
    }
}

impl SecretKey {
    /// Returns whether the secret of its primary key is here. Without it the subkeys sign messages
    /// and open them, and nothing of the key can be changed.
    pub fn can_certify(&self) -> bool {
        stub::place(self.inner.primary_key.secret_params()).is_none()
    }

    /// Refuses where the primary key cannot sign.
    ///
    /// # Errors
    /// When the key is locked, or the secret of the primary key is elsewhere.
    pub(in crate::openpgp) fn expect_certifying(&self) -> Result<()> {
        if self.is_locked() {
            return Err(Error::malformed("the key is locked"));
        }
        if !self.can_certify() {
            return Err(Error::malformed("the secret of the primary key is not here"));
        }
        Ok(())
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretKey({})", self.fingerprint())
    }
}

pub(in crate::openpgp) fn failed(cause: pgp::errors::Error) -> Error {
    Error::malformed(format!("the secret key failed: {cause}"))
}

fn check_packets(bytes: &[u8]) -> Result<()> {
    let mut rest = bytes;
    let mut first = true;
    while let Some(packet) = packets::next(&mut rest).map_err(Error::Malformed)? {
        match (packet, first) {
            (Packet::SecretKey(key), true) => {
                let secret = PrimaryKey::secret_params(&key);
                if stub::place(secret).is_none() {
                    check_secret(key.algorithm(), secret)?;
                }
                first = false;
            }
            (Packet::SecretSubkey(subkey), false) => {
                check_secret(subkey.algorithm(), subkey.secret_params())?;
            }
            (Packet::SecretKey(_), false) => {
                return Err(Error::malformed("more than one secret key"));
            }
            (Packet::UserId(_) | Packet::UserAttribute(_) | Packet::Signature(_), false) => {}
            (Packet::PublicSubkey(_), false) => {
                return Err(Error::malformed("a subkey without its secret"));
            }
            _ => return Err(Error::malformed("no secret key")),
        }
    }
    if first { Err(Error::malformed("no secret key")) } else { Ok(()) }
}

/// RSA is refused for its timing (RUSTSEC-2023-0071), the rest because nothing here needs it.
pub(in crate::openpgp) fn check_secret(
    algorithm: PublicKeyAlgorithm,
    secret: &SecretParams,
) -> Result<()> {
    use PublicKeyAlgorithm::{ECDH, Ed25519, EdDSALegacy, MlKem768X25519, X25519};
    if !matches!(algorithm, EdDSALegacy | Ed25519 | ECDH | X25519 | MlKem768X25519) {
        return Err(Error::malformed(format!("a secret key of kind {algorithm:?} is not taken")));
    }
    match secret {
        SecretParams::Plain(_) => Ok(()),
        SecretParams::Encrypted(locked) => match locked.string_to_key_params() {
            S2kParams::Aead { s2k, .. }
            | S2kParams::Cfb { s2k, .. }
            | S2kParams::MalleableCfb { s2k, .. } => match s2k {
                StringToKey::Private { .. }
                | StringToKey::Other { .. }
                | StringToKey::Reserved { .. } => {
                    Err(Error::malformed("the secret is not in the file, but on a card"))
                }
                _ => Ok(()),
            },
            S2kParams::Unprotected | S2kParams::LegacyCfb { .. } => {
                Err(Error::malformed("the secret key is locked in an outdated way"))
            }
        },
    }
}

#[cfg(test)]
mod tests {
    use pgp::composed::KeyType;
    use pgp::packet::{PubKeyInner, PublicKey};

    use super::*;
    use crate::openpgp::testing::{day, key, random};

    #[test]
    fn it_never_shows_itself() {
        let john = key(Profile::Default, "John");
        assert_eq!(format!("{john:?}"), format!("SecretKey({})", john.fingerprint()));
    }

    #[test]
    fn now_rules_every_date() {
        let john = SecretKey::generate(Profile::Default, "John", day(400), &mut random(1));
        let john = john.unwrap();
        assert_eq!(john.certificate().usable(day(400)), Ok(()));
        assert!(john.certificate().encryption_subkey(day(400)).is_ok());
        assert!(john.certificate().usable(day(398)).is_err());
        assert_eq!(john.certificate().inner.public_subkeys.len(), 2);
        for bad in ["", " ", "a\nb", &"x".repeat(257)] {
            assert!(SecretKey::generate(Profile::Default, bad, day(0), &mut random(1)).is_err());
        }
    }

    #[test]
    fn other_things_and_other_secrets_are_refused() {
        let john = key(Profile::Classic, "John");
        let armored = john.to_armored();
        assert!(SecretKey::parse(armored.as_bytes()).is_ok());
        let bytes = john.inner.to_bytes().unwrap();
        let twice = [&bytes[..], &bytes].concat();
        let certificate = john.certificate().to_armored();
        for bad in [&b""[..], &bytes[..80], &twice, certificate.as_bytes(), b"\xC5\x01"] {
            assert!(SecretKey::parse(bad).is_err());
        }
        let mut inner = john.inner.clone();
        let kind = KeyType::Rsa(2_048);
        let (public, secret) = kind.generate(random(1)).unwrap();
        let created = pgp::types::Timestamp::from_secs(0);
        let public = PubKeyInner::new(KeyVersion::V4, kind.to_alg(), created, None, public);
        let public = PublicKey::from_inner(public.unwrap()).unwrap();
        inner.primary_key = PrimaryKey::new(public, secret).unwrap();
        let refusal = SecretKey::parse(&inner.to_bytes().unwrap()).err().unwrap();
        assert_eq!(refusal.to_string(), "a secret key of kind RSA is not taken");
    }
}
