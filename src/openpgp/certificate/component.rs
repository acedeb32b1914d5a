//! The component keys of a certificate: which may sign, and which is encrypted to.

use pgp::composed::{SignedPublicKey, SignedPublicSubKey};
use pgp::crypto::public_key::PublicKeyAlgorithm;
use pgp::packet::{PublicKey, Signature, SignatureVersion};
use pgp::types::{
    EcdhPublicParams, Fingerprint, KeyDetails, KeyVersion, PublicParams, VerifyingKey,
};

use super::signature_policy::Moment;
use super::unusable::Unusable;
use super::validity::{self, Standing};
use crate::openpgp::message::refusal::Refusal;

/// A key that may have made a signature.
#[derive(Clone, Copy)]
pub enum Component<'a> {
    Primary(&'a PublicKey),
    Subkey(&'a SignedPublicSubKey),
}

impl Component<'_> {
    /// Its fingerprint.
    pub fn fingerprint(&self) -> Fingerprint {
        match self {
            Self::Primary(key) => key.fingerprint(),
            Self::Subkey(subkey) => subkey.key.fingerprint(),
        }
    }

    /// Returns whether its kind can sign at all.
    pub fn can_sign(&self) -> bool {
        match self {
            Self::Primary(key) => key.algorithm().can_sign(),
            Self::Subkey(subkey) => subkey.key.algorithm().can_sign(),
        }
    }

    /// Returns whether `signature` says that this key made it.
    pub fn is_named_by(&self, signature: &Signature) -> bool {
        let id = match self {
            Self::Primary(key) => key.legacy_key_id(),
            Self::Subkey(subkey) => subkey.key.legacy_key_id(),
        };
        signature.issuer_key_id().contains(&&id)
            || signature.issuer_fingerprint().contains(&&self.fingerprint())
    }

    /// Returns whether this key made `signature`, whose digest is `digest`: the mathematics alone.
    pub fn made(&self, signature: &Signature, digest: &[u8]) -> bool {
        match self {
            Self::Primary(key) => is_made_by(*key, signature, digest),
            Self::Subkey(subkey) => is_made_by(&subkey.key, signature, digest),
        }
    }
}

fn is_made_by(key: &impl VerifyingKey, signature: &Signature, digest: &[u8]) -> bool {
    let (Some(config), Some(made)) = (signature.config(), signature.signature()) else {
        return false;
    };
    // Keys of version 6 make signatures of version 6, and nobody else does.
    let are_of_one_version =
        (key.version() == KeyVersion::V6) == (config.version() == SignatureVersion::V6);
    are_of_one_version && key.verify(config.hash_alg, digest, made).is_ok()
}

/// All keys of `certificate`.
pub fn all(certificate: &SignedPublicKey) -> impl Iterator<Item = Component<'_>> {
    let subkeys = certificate.public_subkeys.iter().map(Component::Subkey);
    std::iter::once(Component::Primary(&certificate.primary_key)).chain(subkeys)
}

/// Checks whether `key`, one of `certificate` with that `standing`, may sign data at `moment`.
///
/// # Errors
/// With the reason when it may not.
pub fn may_sign(
    certificate: &SignedPublicKey,
    standing: &Standing<'_>,
    key: Component<'_>,
    moment: Moment,
) -> Result<(), Refusal> {
    let signs = match key {
        Component::Primary(_) => standing.flags().sign(),
        Component::Subkey(subkey) => {
            let binding = validity::binding(certificate, subkey, moment)
                .map_err(|cause| unusable("the signing subkey", cause))?;
            binding.key_flags().sign()
        }
    };
    let otherwise = || Refusal::InvalidSigner("the key is not meant for signing".to_owned());
    signs.then_some(()).ok_or_else(otherwise)
}

/// The refusal of what `key` signed when it could not be used, for that `cause`.
pub fn unusable(key: &str, cause: Unusable) -> Refusal {
    let why = format!("{key} {cause}");
    match cause {
        Unusable::Expired(_) | Unusable::Revoked { .. } => Refusal::Unusable(why),
        _ => Refusal::InvalidSigner(why),
    }
}

/// The subkey to encrypt to: the newest valid one of the strongest kind (PROTOCOL §2); and how
/// the certificate stands.
///
/// # Errors
/// When the certificate is unusable, or has none.
pub fn encryption_subkey(
    certificate: &SignedPublicKey,
    moment: Moment,
) -> Result<(&SignedPublicSubKey, Standing<'_>), Unusable> {
    let standing = validity::standing(certificate, moment)?;
    let mut candidates: Vec<_> = certificate
        .public_subkeys
        .iter()
        .filter_map(|subkey| Some((strength(subkey)?, subkey)))
        .collect();
    candidates.sort_by_key(|(strength, subkey)| {
        let fingerprint = subkey.key.fingerprint().as_bytes().to_vec();
        std::cmp::Reverse((*strength, subkey.key.created_at(), fingerprint))
    });
    let valid = |subkey: &&SignedPublicSubKey| {
        validity::binding(certificate, subkey, moment).is_ok_and(|binding| {
            let flags = binding.key_flags();
            flags.encrypt_comms() || flags.encrypt_storage()
        })
    };
    candidates
        .into_iter()
        .map(|(_, subkey)| subkey)
        .find(valid)
        .map(|subkey| (subkey, standing))
        .ok_or(Unusable::NoEncryptionSubkey)
}

/// How strong an encryption subkey is: ML-KEM-768+X25519 over ECDH; `None` if we encrypt to
/// nothing of its kind.
pub fn strength(subkey: &SignedPublicSubKey) -> Option<u8> {
    match (subkey.key.algorithm(), subkey.key.public_params()) {
        (PublicKeyAlgorithm::MlKem768X25519, _) => Some(2),
        (PublicKeyAlgorithm::X25519, _)
        | (
            _,
            PublicParams::ECDH(
                EcdhPublicParams::Curve25519Legacy { .. }
                | EcdhPublicParams::P256 { .. }
                | EcdhPublicParams::P384 { .. }
                | EcdhPublicParams::P521 { .. },
            ),
        ) => Some(1),
        _ => None,
    }
}
