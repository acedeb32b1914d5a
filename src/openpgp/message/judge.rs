//! Judges whether a message is authentic: a good signature by a valid key of the expected
//! certificate.

use jiff::{SignedDuration, Timestamp};
use pgp::composed::SignedPublicKey;
use pgp::packet::{Signature, SignatureType, SubpacketData};
use pgp::types::Fingerprint;

use super::digest;
use super::packets_read::Message;
use super::refusal::Refusal;
use crate::openpgp::certificate::component::{self, Component};
use crate::openpgp::certificate::signature_policy::{self, Moment};
use crate::openpgp::certificate::validity;
use crate::openpgp::cost::Cost;
use crate::openpgp::seconds::{seconds, timestamp};
use crate::protocol::values::limits;

/// Keys that are tried for one signature: it may name one by its fingerprint, and by a key id.
const NAMED: usize = 2;

/// When `message` was signed, and by which key of `signer`.
///
/// One good signature is enough; the others decide nothing (PROTOCOL §2). What shows without a digest
/// that a signature does not count is asked first, and each digest is computed once. `us` is the
/// primary key that must be among the intended recipients, if the signature names any; for an object
/// that was not encrypted there is none, and it must not name any. The work is added to `cost`.
///
/// # Errors
/// The most telling of the refusals, if no signature is good.
pub fn judge(
    message: &Message,
    signer: &SignedPublicKey,
    us: Option<&Fingerprint>,
    now: Timestamp,
    cost: &mut Cost,
) -> Result<(Timestamp, Fingerprint), Refusal> {
    let mut worst = Refusal::Unsigned;
    for signature in &message.signatures {
        match judge_one(signature, &message.octets, signer, us, now, cost) {
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
        Refusal::InvalidSigner(_) | Refusal::Unusable(_) => 3,
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
    cost: &mut Cost,
) -> Result<(Timestamp, Fingerprint), Refusal> {
    let named = named_by(signature, signer)?;
    let invalid = |why: &str| Refusal::InvalidSigner(why.to_owned());
    if signature.typ() != Some(SignatureType::Binary) {
        return Err(invalid("the signature is of the wrong type"));
    }
    let created = signature.created().ok_or_else(|| invalid("the signature has no date"))?;
    let signed = timestamp(created.as_secs());
    let moment = Moment { at: seconds(now), ..Moment::EVER };
    if let Some(why) = signature_policy::objection(signature, moment) {
        return Err(invalid(why));
    }
    let key = maker(signature, octets, named, cost)?;
    let moment = Moment::signing(created.as_secs(), now);
    let standing = validity::standing(signer, moment)
        .map_err(|cause| component::unusable("the signer's certificate", cause))?;
    component::may_sign(signer, &standing, key, moment)?;
    if !is_meant_for(signature, us) {
        return Err(Refusal::WrongRecipient);
    }
    let horizon = now.saturating_add(SignedDuration::from_secs(limits::AHEAD));
    if horizon.is_ok_and(|horizon| signed > horizon) {
        return Err(Refusal::Ahead(signed));
    }
    Ok((signed, key.fingerprint()))
}

/// The keys of `signer` that `signature` names, at most [`NAMED`]. One that names no key at all is
/// none: every program writes who made it.
fn named_by<'a>(
    signature: &Signature,
    signer: &'a SignedPublicKey,
) -> Result<Vec<Component<'a>>, Refusal> {
    if signature.issuer_fingerprint().is_empty() && signature.issuer_key_id().is_empty() {
        return Err(Refusal::Unsigned);
    }
    let named = component::all(signer).filter(|key| key.is_named_by(signature));
    let named: Vec<_> = named.take(NAMED).collect();
    if named.is_empty() { Err(Refusal::UnknownSigner) } else { Ok(named) }
}

/// That of the keys `named` which made `signature`.
fn maker<'a>(
    signature: &Signature,
    octets: &[u8],
    named: Vec<Component<'a>>,
    cost: &mut Cost,
) -> Result<Component<'a>, Refusal> {
    cost.add_bytes(octets.len());
    let digest = digest::of(signature, octets).ok_or(Refusal::Forged)?;
    let made = |key: &Component<'a>| {
        cost.add_check();
        key.made(signature, &digest)
    };
    named.into_iter().find(made).ok_or(Refusal::Forged)
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

#[cfg(test)]
mod tests {
    use pgp::packet::RevocationCode;
    use pgp::types::KeyDetails;

    use super::*;
    use crate::openpgp::message::decrypt::decrypt;
    use crate::openpgp::message::open::{open, open_signed};
    use crate::openpgp::message::refusal::Treatment;
    use crate::openpgp::message::seal::{seal, signed_message};
    use crate::openpgp::secret_key::{Profile, SecretKey};
    use crate::openpgp::testing::{
        OCTETS, day, expiring, john, key, literal, mary, message, packed, random, received,
        refused, revoked, sealed, sealed_bytes, signature, with_subkey,
    };

    #[test]
    fn only_a_signature_by_the_expected_certificate_counts() {
        let (john, eve) = (john(), key(Profile::Default, "Eve"));
        let prefixed = |signatures: &[pgp::packet::Signature]| {
            let all: Vec<u8> = signatures.iter().flat_map(packed).collect();
            [all, literal(OCTETS)].concat()
        };
        let binary = SignatureType::Binary;
        let good = signature(&john, OCTETS, binary, 1);
        let others = signature(&eve, OCTETS, binary, 1);
        let forged = signature(&john, b"other", binary, 1);
        let text = signature(&john, OCTETS, SignatureType::Text, 1);
        assert_eq!(refused(&literal(OCTETS)), Refusal::Unsigned);
        assert_eq!(refused(&prefixed(std::slice::from_ref(&others))), Refusal::UnknownSigner);
        assert_eq!(refused(&prefixed(std::slice::from_ref(&forged))), Refusal::Forged);
        let refusal = refused(&prefixed(std::slice::from_ref(&text)));
        assert!(matches!(refusal, Refusal::InvalidSigner(_)));
        assert_eq!(refusal.treatment(), Treatment::Forged);
        assert!(received(&prefixed(&[others, forged, text, good])).is_ok());
        let announced = signed_message(OCTETS, &john, &[], day(1), &mut random(1)).unwrap();
        let cut = &announced[..announced.len() - 80];
        assert!(matches!(refused(cut), Refusal::Malformed(_)));
    }

    #[test]
    fn what_was_sealed_for_another_is_not_ours() {
        let (john, mary, eve) = (john(), mary(), key(Profile::Classic, "Eve"));
        let text = sealed(&john, &eve);
        let bytes = sealed_bytes(&john, &eve);
        let plain = decrypt(&bytes, &eve, &mut Cost::default()).unwrap();
        assert_eq!(refused(&plain), Refusal::WrongRecipient);
        let refusal = open(&text, &mary, &john.certificate(), day(1)).unwrap_err();
        assert_eq!(refusal, Refusal::NotForUs);
        // Nor is it a signed object once the encryption is taken off.
        let bare = open_signed(&message(&plain), &john.certificate(), day(1));
        assert_eq!(bare, Err(Refusal::WrongRecipient));
    }

    #[test]
    fn a_signature_of_tomorrow_is_held() {
        let (john, mary) = (john(), mary());
        let text = sealed(&john, &mary);
        let early = |now| open(&text, &mary, &john.certificate(), now);
        let second = jiff::SignedDuration::from_secs(1);
        assert!(early(day(0)).is_ok());
        let refusal = early(day(0) - second).unwrap_err();
        assert_eq!((refusal.treatment(), &refusal), (Treatment::Held, &Refusal::Ahead(day(1))));
    }

    #[test]
    fn the_key_must_be_valid_when_it_signs() {
        let (john, mary) = (john(), mary());
        let text = seal(OCTETS, &john, &[&mary.certificate()], day(5), &mut random(1)).unwrap();
        let judged = |signer: &SecretKey| open(&text, &mary, &signer.certificate(), day(20));
        let short = expiring(&john, 0, 5);
        let soft = |date| revoked(&john, None, RevocationCode::KeyRetired, date);
        let hard = revoked(&john, None, RevocationCode::KeyCompromised, 10);
        for bad in [&short, &soft(5), &hard] {
            let refusal = judged(bad).unwrap_err();
            assert!(matches!(refusal, Refusal::Unusable(_)), "{refusal}");
        }
        // Later ends do not reach back, and a newer self-signature may stand alone.
        for good in [&expiring(&john, 0, 6), &soft(6), &expiring(&john, 15, 100)] {
            assert!(judged(good).is_ok());
        }
        let mut bare = john.certificate();
        bare.inner.details.users.clear();
        let refusal = open(&text, &mary, &bare, day(20)).unwrap_err();
        assert!(matches!(refusal, Refusal::InvalidSigner(_)));
    }

    #[test]
    fn a_signing_subkey_signs_with_its_back_signature() {
        let (john, mary) = (with_subkey(&john(), false, 1, None), mary());
        let text = seal(OCTETS, &john, &[&mary.certificate()], day(2), &mut random(1)).unwrap();
        let opened = open(&text, &mary, &john.certificate(), day(2)).unwrap();
        assert_ne!(opened.signer, john.fingerprint());
        let stripped = crate::openpgp::testing::key(Profile::Default, "John");
        let refusal = open(&text, &mary, &stripped.certificate(), day(2));
        assert_eq!(refusal, Err(Refusal::UnknownSigner));
        let compromised = revoked(&john, Some(2), RevocationCode::NoReason, 9);
        let refusal = open(&text, &mary, &compromised.certificate(), day(2)).unwrap_err();
        assert!(matches!(refusal, Refusal::Unusable(_)));
    }

    #[test]
    fn what_shows_without_a_digest_costs_none_and_each_digest_is_computed_once() {
        let (john, eve) = (john(), key(Profile::Default, "Eve"));
        let mut nameless = signature(&john, OCTETS, SignatureType::Binary, 1);
        let issuer = |config: &pgp::packet::SignatureConfig| config.hashed_subpackets[1].clone();
        let named = issuer(nameless.config().unwrap());
        let mut config = nameless.config().unwrap().clone();
        config.hashed_subpackets.remove(1);
        config.unhashed_subpackets.clear();
        nameless = config.sign(&john.inner.primary_key, &"".into(), OCTETS).unwrap();
        let text = signature(&john, OCTETS, SignatureType::Text, 1);
        let others = signature(&eve, OCTETS, SignatureType::Binary, 1);
        let judged = |signatures: Vec<Signature>| {
            let message = Message { octets: OCTETS.to_vec(), signatures };
            let (signer, mut cost) = (john.certificate(), Cost::default());
            let judged = judge(&message, &signer.inner, None, day(1), &mut cost);
            (judged.is_ok(), cost.checks, cost.bytes)
        };
        assert_eq!(judged(vec![nameless, text, others]), (false, 0, 0));
        // One that names both keys of the certificate which can sign costs one digest.
        let john = crate::openpgp::testing::with_subkey(&john, false, 1, None);
        let mut forged = signature(&john, OCTETS, SignatureType::Binary, 1);
        let mut config = forged.config().unwrap().clone();
        let subkey = john.inner.secret_subkeys.last().unwrap().key.fingerprint();
        let both = SubpacketData::IssuerFingerprint(subkey);
        config.hashed_subpackets.push(pgp::packet::Subpacket::regular(both).unwrap());
        assert_eq!(config.hashed_subpackets[1], named);
        forged = config.sign(&eve.inner.primary_key, &"".into(), OCTETS).unwrap();
        let message = Message { octets: OCTETS.to_vec(), signatures: vec![forged] };
        let (signer, mut cost) = (john.certificate(), Cost::default());
        let refusal = judge(&message, &signer.inner, None, day(1), &mut cost).unwrap_err();
        assert_eq!((refusal, cost.checks, cost.bytes), (Refusal::Forged, 2, OCTETS.len()));
    }
}
