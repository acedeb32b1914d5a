//! Whether a message is authentic: a good signature by a valid key of the expected certificate.

use jiff::{SignedDuration, Timestamp};
use pgp::composed::SignedPublicKey;
use pgp::packet::{Signature, SignatureType, SubpacketData};
use pgp::types::Fingerprint;

use super::component::{self, Component};
use super::message::Message;
use super::refusal::Refusal;
use super::timestamp;
use super::validity::{self, Moment};
use crate::protocol::limits;

/// When `message` was signed, and by which key of `signer`.
///
/// One good signature is enough; the others decide nothing (PROTOCOL §2). `us` is the primary key
/// that must be among the intended recipients, if the signature names any; for an object that was
/// not encrypted there is none, and it must not name any.
///
/// # Errors
/// The most telling of the refusals, if no signature is good.
pub(super) fn judge(
    message: &Message,
    signer: &SignedPublicKey,
    us: Option<&Fingerprint>,
    now: Timestamp,
) -> Result<(Timestamp, Fingerprint), Refusal> {
    let mut worst = Refusal::Unsigned;
    for signature in &message.signatures {
        match judge_one(signature, &message.octets, signer, us, now) {
            Ok(good) => return Ok(good),
            Err(refusal) if weight(&refusal) > weight(&worst) => worst = refusal,
            Err(_) => {}
        }
    }
    Err(worst)
}

/// How much a refusal tells: the nearer the signature came to being good, the more.
fn weight(refusal: &Refusal) -> u8 {
    match refusal {
        Refusal::Ahead(_) => 5,
        Refusal::WrongRecipient => 4,
        Refusal::InvalidSigner(_) => 3,
        Refusal::Forged => 2,
        Refusal::UnknownSigner => 1,
        _ => 0,
    }
}

fn judge_one(
    signature: &Signature,
    octets: &[u8],
    signer: &SignedPublicKey,
    us: Option<&Fingerprint>,
    now: Timestamp,
) -> Result<(Timestamp, Fingerprint), Refusal> {
    let key = maker(signature, octets, signer)?;
    let invalid = |why: &str| Refusal::InvalidSigner(why.to_owned());
    if signature.typ() != Some(SignatureType::Binary) {
        return Err(invalid("the signature is of the wrong type"));
    }
    let created = signature.created().ok_or_else(|| invalid("the signature has no date"))?;
    let signed = timestamp(created.as_secs());
    let moment = Moment { at: super::seconds(now), latest: u32::MAX };
    if let Some(why) = validity::objection(signature, moment) {
        return Err(invalid(why));
    }
    let moment = Moment::signing(created.as_secs(), now);
    let standing = validity::standing(signer, moment)
        .map_err(|cause| Refusal::InvalidSigner(format!("the signer's certificate {cause}")))?;
    component::may_sign(signer, &standing, key, moment).map_err(Refusal::InvalidSigner)?;
    if !is_meant_for(signature, us) {
        return Err(Refusal::WrongRecipient);
    }
    let horizon = now.saturating_add(SignedDuration::from_secs(limits::AHEAD));
    if horizon.is_ok_and(|horizon| signed > horizon) {
        return Err(Refusal::Ahead(signed));
    }
    Ok((signed, key.fingerprint()))
}

/// The key of `signer` that made `signature`.
fn maker<'a>(
    signature: &Signature,
    octets: &[u8],
    signer: &'a SignedPublicKey,
) -> Result<Component<'a>, Refusal> {
    let names_any =
        !signature.issuer_fingerprint().is_empty() || !signature.issuer_key_id().is_empty();
    let mut named =
        component::all(signer).filter(|key| !names_any || key.is_named_by(signature)).peekable();
    if named.peek().is_none() {
        return Err(Refusal::UnknownSigner);
    }
    let otherwise = if names_any { Refusal::Forged } else { Refusal::UnknownSigner };
    named.find(|key| key.made(signature, octets)).ok_or(otherwise)
}

fn is_meant_for(signature: &Signature, us: Option<&Fingerprint>) -> bool {
    let subpackets = signature.config().map(|config| config.hashed_subpackets.as_slice());
    let mut intended = subpackets
        .unwrap_or_default()
        .iter()
        .filter_map(|subpacket| match &subpacket.data {
            SubpacketData::IntendedRecipientFingerprint(fingerprint) => Some(fingerprint),
            _ => None,
        })
        .peekable();
    intended.peek().is_none() || us.is_some_and(|us| intended.any(|named| named == us))
}
