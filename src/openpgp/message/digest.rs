//! The digest that a signature is made over (RFC 9580 §5.2.4), computed once for all keys that may have
//! made it.

use pgp::packet::{Signature, SignatureVersionSpecific};

/// The digest of `octets` with what `signature` says of itself; nothing if its beginning, which stands
/// in the signature, is another, or the signature is of no kind that is known.
pub fn of(signature: &Signature, octets: &[u8]) -> Option<Vec<u8>> {
    let config = signature.config()?;
    let mut hasher = config.hash_alg.new_hasher().ok()?;
    if let SignatureVersionSpecific::V6 { salt } = &config.version_specific {
        if config.hash_alg.salt_len() != Some(salt.len()) {
            return None;
        }
        hasher.update(salt.as_ref());
    }
    config.hash_data_to_sign(&mut hasher, octets).ok()?;
    let length = config.hash_signature_data(&mut hasher).ok()?;
    hasher.update(&config.trailer(length).ok()?);
    let digest = hasher.finalize().into_vec();
    // Signatures of the post-quantum kinds need as much (RFC 9980 §10).
    let is_long = !config.pub_alg.is_pqc() || digest.len() >= 32;
    (is_long && digest.starts_with(&signature.signed_hash_value()?)).then_some(digest)
}
