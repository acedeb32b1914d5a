//! Sealed objects, signed objects and attachments, as we write them (PROTOCOL §2).

use jiff::Timestamp;
use pgp::armor::BlockType;
use pgp::errors::Result as PgpResult;
use pgp::packet::{
    DataMode, LiteralDataHeader, OnePassSignature, PacketHeader, PacketTrait, Signature,
    SignatureType, SignatureVersionSpecific, Subpacket, SubpacketData,
};
use pgp::ser::Serialize;
use pgp::types::{Fingerprint as PgpFingerprint, KeyDetails, Password, SigningKey, Tag};

use super::encrypt::{Targets, encrypt};
pub use super::seal_error::SealError;
use crate::openpgp::armor;
use crate::openpgp::certificate::component::{self, Component};
use crate::openpgp::certificate::signature_policy::Moment;
use crate::openpgp::certificate::{Certificate, validity};
use crate::openpgp::seconds::seconds;
use crate::openpgp::secret_key::{SecretKey, generate};
use crate::protocol::Random;

/// Seals `octets`, an item, state or introduction in a pair feed, in canonical armor.
///
/// Signed by `signer` at `time`, which also decides which keys are valid; encrypted to hidden
/// readers first, to ourselves last unless our subkey is weaker than the weakest of theirs; SEIPDv2
/// only if all of them advertise it, else we are named.
///
/// # Errors
/// When `signer` is locked, or a certificate is unusable at `time`.
pub fn seal(
    octets: &[u8],
    signer: &SecretKey,
    recipients: &[&Certificate],
    time: Timestamp,
    rng: &mut Random,
) -> Result<String, SealError> {
    let targets = Targets::choose(&signer.certificate, recipients, time)?;
    sealed(octets, signer, &targets.naming(&signer.certificate), time, rng)
}

/// The same without naming ourselves either: an invitation.
///
/// # Errors
/// As [`seal`].
pub fn seal_hidden(
    octets: &[u8],
    signer: &SecretKey,
    recipients: &[&Certificate],
    time: Timestamp,
    rng: &mut Random,
) -> Result<String, SealError> {
    let targets = Targets::choose(&signer.certificate, recipients, time)?;
    sealed(octets, signer, &targets, time, rng)
}

fn sealed(
    octets: &[u8],
    signer: &SecretKey,
    targets: &Targets<'_>,
    time: Timestamp,
    rng: &mut Random,
) -> Result<String, SealError> {
    let plain = signed_message(octets, signer, &targets.fingerprints(), time, rng)?;
    Ok(armor::encode(BlockType::Message, &encrypt(&plain, targets, rng)?))
}

/// Signs `octets` without encrypting them: the signed object of an invitation file.
///
/// # Errors
/// As [`seal`].
pub fn sign(
    octets: &[u8],
    signer: &SecretKey,
    time: Timestamp,
    rng: &mut Random,
) -> Result<String, SealError> {
    let message = signed_message(octets, signer, &[], time, rng)?;
    Ok(armor::encode(BlockType::Message, &message))
}

/// Encrypts an attachment, unsigned and binary, to the subkeys that [`seal`] would choose.
///
/// # Errors
/// When a certificate is unusable at `now`.
pub fn seal_file(
    bytes: &[u8],
    own: &Certificate,
    recipients: &[&Certificate],
    now: Timestamp,
    rng: &mut Random,
) -> Result<Vec<u8>, SealError> {
    let targets = Targets::choose(own, recipients, now)?;
    let mut plain = Vec::with_capacity(bytes.len().saturating_add(16));
    write_literal(bytes, &mut plain)?;
    Ok(encrypt(&plain, &targets, rng)?)
}

/// Seals `octets` in canonical armor to `reader` alone, unsigned: anybody with the certificate can
/// (PROTOCOL §8, keyless server).
///
/// # Errors
/// When `reader` is unusable at `now`.
pub fn seal_unsigned(
    octets: &[u8],
    reader: &Certificate,
    now: Timestamp,
    rng: &mut Random,
) -> Result<String, SealError> {
    Ok(armor::encode(BlockType::Message, &seal_file(octets, reader, &[], now, rng)?))
}

/// The packets of a message with one signature: what is then encrypted.
pub(in crate::openpgp) fn signed_message(
    octets: &[u8],
    signer: &SecretKey,
    intended: &[PgpFingerprint],
    time: Timestamp,
    rng: &mut Random,
) -> Result<Vec<u8>, SealError> {
    if signer.is_locked() {
        return Err(SealError::Locked);
    }
    let (key, time) = signing_key(signer, time)?;
    let (one_pass, signature) = match key {
        Component::Primary(_) => signed(octets, &signer.inner.primary_key, intended, time, rng)?,
        Component::Subkey(chosen) => {
            let wanted = chosen.key.fingerprint();
            let mut subkeys = signer.inner.secret_subkeys.iter();
            let subkey = subkeys
                .find(|subkey| subkey.key.fingerprint() == wanted)
                .ok_or_else(|| SealError::Failed("the signing subkey has no secret".to_owned()))?;
            signed(octets, &subkey.key, intended, time, rng)?
        }
    };
    let mut out = Vec::with_capacity(octets.len().saturating_add(512));
    one_pass.to_writer_with_header(&mut out)?;
    write_literal(octets, &mut out)?;
    signature.to_writer_with_header(&mut out)?;
    Ok(out)
}

/// What of `key` signs at `time`, and with which date. A key that was made by a clock up to a day ahead
/// of ours signs with the first date that it may.
pub(in crate::openpgp) fn signing_key(
    key: &SecretKey,
    time: Timestamp,
) -> Result<(Component<'_>, Timestamp), SealError> {
    let at = |time| signing_key_at(key, time).map(|component| (component, time));
    let now = at(time);
    if now.is_ok() {
        return now;
    }
    key.certificate
        .dates_within_a_day(time)
        .into_iter()
        .find_map(|date| at(date).ok())
        .map_or(now, Ok)
}

/// The newest valid signing subkey, else the primary key if it may sign and its secret is here.
fn signing_key_at(key: &SecretKey, time: Timestamp) -> Result<Component<'_>, SealError> {
    let own = &key.certificate;
    let moment = Moment::signing(seconds(time), time);
    let standing = validity::standing(&own.inner, moment)
        .map_err(|cause| SealError::Unusable(own.fingerprint(), cause))?;
    component::all(&own.inner)
        .filter(Component::can_sign)
        .filter(|part| key.can_certify() || matches!(part, Component::Subkey(_)))
        .filter(|key| component::may_sign(&own.inner, &standing, *key, moment).is_ok())
        .max_by_key(|key| match key {
            Component::Primary(_) => (false, 0),
            Component::Subkey(subkey) => (true, subkey.key.created_at().as_secs()),
        })
        .ok_or_else(|| SealError::Failed("no key of ours may sign".to_owned()))
}

fn signed(
    octets: &[u8],
    key: &impl SigningKey,
    intended: &[PgpFingerprint],
    time: Timestamp,
    rng: &mut Random,
) -> PgpResult<(OnePassSignature, Signature)> {
    let mut config = generate::config(key, SignatureType::Binary, time, rng)?;
    for fingerprint in intended {
        let data = SubpacketData::IntendedRecipientFingerprint(fingerprint.clone());
        config.hashed_subpackets.push(Subpacket::regular(data)?);
    }
    let (typ, hash, algorithm) = (config.typ, config.hash_alg, config.pub_alg);
    let one_pass = match (&config.version_specific, key.fingerprint()) {
        (SignatureVersionSpecific::V6 { salt }, PgpFingerprint::V6(fingerprint)) => {
            OnePassSignature::v6(typ, hash, algorithm, salt.clone(), fingerprint)
        }
        _ => OnePassSignature::v3(typ, hash, algorithm, key.legacy_key_id()),
    };
    Ok((one_pass, config.sign(key, &Password::empty(), octets)?))
}

/// Writes a literal packet: mode `b`, no name, no date.
pub(in crate::openpgp) fn write_literal(octets: &[u8], out: &mut Vec<u8>) -> PgpResult<()> {
    let header = LiteralDataHeader::new(DataMode::Binary);
    let length = header.write_len().saturating_add(octets.len());
    PacketHeader::new_fixed(Tag::LiteralData, length.try_into()?).to_writer(out)?;
    header.to_writer(out)?;
    out.extend_from_slice(octets);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::openpgp::certificate::unusable::Unusable;
    use crate::openpgp::secret_key::Profile;
    use crate::openpgp::testing::{day, expiring, key, literal, random, unpacked, with_subkey};
    use crate::protocol::values::limits;

    #[test]
    fn a_message_is_one_pass_literal_signature() {
        let john = key(Profile::Default, "John");
        let plain = signed_message(b"<item/>", &john, &[], day(1), &mut random(1)).unwrap();
        let packets = unpacked(&plain);
        let tags: Vec<_> = packets.iter().map(PacketTrait::tag).collect();
        assert_eq!(tags, [Tag::OnePassSignature, Tag::LiteralData, Tag::Signature]);
        let mut written = Vec::new();
        write_literal(b"<item/>", &mut written).unwrap();
        assert_eq!(unpacked(&written), unpacked(&literal(b"<item/>")));
        assert_eq!(written[2..8], [b'b', 0, 0, 0, 0, 0]);
    }

    #[test]
    fn nobody_is_sealed_to_who_cannot_be() {
        let john = key(Profile::Default, "John");
        let mary = expiring(&key(Profile::Classic, "Mary"), 0, 3);
        let attempt =
            |date| seal(b"x", &john, &[&mary.certificate()], day(date), &mut random(1)).map(|_| ());
        assert_eq!(attempt(2), Ok(()));
        let expired = SealError::Unusable(mary.fingerprint(), Unusable::Expired(day(3)));
        assert_eq!(attempt(3), Err(expired.clone()));
        assert_eq!(
            expired.to_string(),
            format!("the certificate `{}` expired on 2026-01-04", mary.fingerprint())
        );
        let ours = seal(b"x", &mary, &[&john.certificate()], day(3), &mut random(1));
        assert_eq!(ours, Err(expired));
    }

    #[test]
    fn recipients_are_counted_once_each_and_with_us() {
        let john = key(Profile::Classic, "John");
        let readers: Vec<_> = (0..limits::RECIPIENTS)
            .map(|number| key(Profile::Classic, &format!("reader {number}")).certificate())
            .collect();
        let mut readers: Vec<&Certificate> = readers.iter().collect();
        let attempt = |readers: &[&Certificate]| {
            seal(b"x", &john, readers, day(1), &mut random(1)).map(|_| ())
        };
        assert_eq!(attempt(&readers), Err(SealError::TooManyRecipients));
        readers.truncate(limits::RECIPIENTS - 1);
        readers.push(readers[0]);
        assert_eq!(attempt(&readers), Ok(()));
    }

    #[test]
    fn the_newest_valid_signing_subkey_signs() {
        let john = with_subkey(&key(Profile::Default, "John"), false, 1, Some(2));
        let john = with_subkey(&john, false, 2, None);
        let certificate = john.certificate();
        let chosen = |date| signing_key(&john, day(date)).unwrap().0.fingerprint();
        let subkey = |index: usize| certificate.inner.public_subkeys[index].key.fingerprint();
        assert_eq!(chosen(0), certificate.inner.primary_key.fingerprint());
        assert_eq!((chosen(1), chosen(4)), (subkey(2), subkey(3)));
    }
}
