//! The parts of a certificate, and the signatures by which its primary key speaks of each.

use pgp::packet::{PublicKey, PublicSubkey, Signature, SignatureType, UserId};
use pgp::types::{KeyDetails, Tag};

/// A part of a certificate.
#[derive(Clone, Copy)]
pub enum Part<'a> {
    /// The primary key itself.
    Primary,
    /// One of its User IDs.
    User(&'a UserId),
    /// One of its subkeys.
    Subkey(&'a PublicSubkey),
}

impl Part<'_> {
    /// Returns whether `signature` says of itself that it puts this part in force.
    pub fn is_bound_by(self, signature: &Signature) -> bool {
        use SignatureType::{CertCasual, CertGeneric, CertPersona, CertPositive};
        let certifications = [CertGeneric, CertPersona, CertCasual, CertPositive];
        signature.typ().is_some_and(|typ| match self {
            Self::Primary => typ == SignatureType::Key,
            Self::User(_) => certifications.contains(&typ),
            Self::Subkey(_) => typ == SignatureType::SubkeyBinding,
        })
    }

    /// Returns whether `signature` says of itself that it takes this part back.
    pub fn is_revoked_by(self, signature: &Signature) -> bool {
        let revocation = match self {
            Self::Primary => SignatureType::KeyRevocation,
            Self::User(_) => SignatureType::CertRevocation,
            Self::Subkey(_) => SignatureType::SubkeyRevocation,
        };
        signature.typ() == Some(revocation)
    }

    /// Returns whether `primary` made `signature` on this part: the mathematics alone.
    pub fn is_signed_by(self, primary: &PublicKey, signature: &Signature) -> bool {
        match self {
            Self::Primary => signature.verify_key(primary),
            Self::User(id) => signature.verify_certification(primary, Tag::UserId, id),
            Self::Subkey(subkey) => signature.verify_subkey_binding(primary, subkey),
        }
        .is_ok()
    }

    /// Returns whether `signature` is not older than `primary`, which made it, nor than this part.
    pub fn is_since(self, primary: &PublicKey, signature: &Signature) -> bool {
        let since = |key: &dyn KeyDetails| signature.created() >= Some(key.created_at());
        since(primary)
            && match self {
                Self::Subkey(subkey) => since(subkey),
                Self::Primary | Self::User(_) => true,
            }
    }
}
