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
