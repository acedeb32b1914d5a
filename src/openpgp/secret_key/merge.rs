//! A secret key takes in another version of its certificate (PROTOCOL §9).

use jiff::Timestamp;
use pgp::composed::{SignedPublicKey, SignedSecretKey};
use pgp::types::KeyDetails;

use super::SecretKey;
use crate::openpgp::certificate::Certificate;
use crate::protocol::Result;

impl SecretKey {
    /// This key, locked or not, with what `other`, another version of its certificate, adds to the
    /// parts that are in it; as [`Certificate::merged`].
    ///
    /// # Errors
    /// As [`Certificate::merged`].
    pub fn merged(&self, other: &Certificate, now: Timestamp) -> Result<Self> {
        let merged = self.certificate.merged(other, now)?;
        let mut inner = self.inner.clone();
        apply(&mut inner, merged.inner);
        Self::new(inner)
    }
}

/// Puts the signatures of `public`, a version of the same key, on `secret`, which keeps no subkey
/// that is not in both.
pub fn apply(secret: &mut SignedSecretKey, public: SignedPublicKey) {
    secret.details = public.details;
    secret.secret_subkeys.retain_mut(|subkey| {
        let fingerprint = subkey.key.fingerprint();
        let mut subkeys = public.public_subkeys.iter();
        let same = subkeys.find(|public| public.key.fingerprint() == fingerprint);
        if let Some(same) = same {
            subkey.signatures.clone_from(&same.signatures);
        }
        same.is_some()
    });
}
