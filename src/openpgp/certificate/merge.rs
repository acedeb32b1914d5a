//! Two versions of one certificate made into one (PROTOCOL §9).

use jiff::Timestamp;
use pgp::composed::{SignedKeyDetails, SignedPublicKey, SignedPublicSubKey};
use pgp::packet::Signature;
use pgp::types::{KeyDetails, SignedUser};

use super::signature_policy::Moment;
use super::validity;

/// How long an expired encryption subkey is kept, in seconds.
const EXPIRED: u32 = 60 * 24 * 60 * 60;

/// The verified parts of `ours` and `theirs`, which have the same primary key.
///
/// Parts that are not signed by that key are left out. A part whose signatures are all of the future
/// is kept with the newest of these, until it is valid. No signature of the future pushes out one of
/// the present.
pub fn merged(ours: &SignedPublicKey, theirs: &SignedPublicKey, now: Timestamp) -> SignedPublicKey {
    let all = union(ours, theirs);
    let moment = Moment::now(now);
    let users = all.details.users.iter().filter_map(|user| user_kept(&all, user, moment));
    let subkeys = all.public_subkeys.iter().filter_map(|subkey| subkey_kept(&all, subkey, moment));
    let details = SignedKeyDetails::new(
        distinct(validity::key_revocations(&all)),
        validity::direct_signature(&all, moment)
            .or_else(|| validity::direct_signature(&all, moment.or_later()))
            .into_iter()
            .cloned()
            .collect(),
        users.collect(),
        Vec::new(),
    );
    SignedPublicKey::new(ours.primary_key.clone(), details, subkeys.collect())
}

/// Everything in either, one component once, ours first.
fn union(ours: &SignedPublicKey, theirs: &SignedPublicKey) -> SignedPublicKey {
    let mut all = ours.clone();
    all.details.revocation_signatures.extend(theirs.details.revocation_signatures.iter().cloned());
    all.details.direct_signatures.extend(theirs.details.direct_signatures.iter().cloned());
    all.details.users.clear();
    for user in ours.details.users.iter().chain(&theirs.details.users) {
        match all.details.users.iter_mut().find(|known| known.id.id() == user.id.id()) {
            Some(known) => known.signatures.extend(user.signatures.iter().cloned()),
            None => all.details.users.push(user.clone()),
        }
    }
    all.public_subkeys.clear();
    for subkey in ours.public_subkeys.iter().chain(&theirs.public_subkeys) {
        let fingerprint = subkey.key.fingerprint();
        let known = all.public_subkeys.iter_mut().find(|k| k.key.fingerprint() == fingerprint);
        match known {
            Some(known) => known.signatures.extend(subkey.signatures.iter().cloned()),
            None => all.public_subkeys.push(subkey.clone()),
        }
    }
    all
}

fn user_kept(all: &SignedPublicKey, user: &SignedUser, moment: Moment) -> Option<SignedUser> {
    let mut kept = distinct(validity::user_revocations(all, user));
    let certification = validity::self_certification(all, user, moment)
        .or_else(|| validity::self_certification(all, user, moment.or_later()));
    kept.extend(certification.cloned());
    (!kept.is_empty()).then(|| SignedUser::new(user.id.clone(), kept))
}

fn subkey_kept(
    all: &SignedPublicKey,
    subkey: &SignedPublicSubKey,
    moment: Moment,
) -> Option<SignedPublicSubKey> {
    let mut kept = distinct(validity::subkey_revocations(all, subkey));
    if let Some(binding) = validity::binding_now_or_later(all, subkey, moment) {
        let long_ago = moment.at.saturating_sub(EXPIRED);
        if validity::only_encrypts(binding) && validity::expired_before(all, subkey, long_ago) {
            return None;
        }
        kept.push(binding.clone());
    }
    (!kept.is_empty()).then(|| SignedPublicSubKey::new(subkey.key.clone(), kept))
}

/// The signatures that differ in what is signed: anybody can change the rest of one.
fn distinct<'a>(signatures: impl Iterator<Item = &'a Signature>) -> Vec<Signature> {
    let mut kept: Vec<Signature> = Vec::new();
    for signature in signatures {
        let hashed = signature.config().map(|config| &config.hashed_subpackets);
        let known = |other: &Signature| {
            other.config().map(|config| &config.hashed_subpackets) == hashed
                && other.signature() == signature.signature()
        };
        if !kept.iter().any(known) {
            kept.push(signature.clone());
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use pgp::packet::{RevocationCode, SignatureType, Subpacket, SubpacketData};
    use pgp::types::{Duration, Password};

    use crate::openpgp::certificate::{Certificate, Unusable};
    use crate::openpgp::secret_key::{Profile, SecretKey, generate};
    use crate::openpgp::testing::{day, expiring, key, random, revoked, with_subkey};
    use crate::protocol::values::limits;

    #[test]
    fn a_certificate_merged_with_itself_stays_the_same() {
        let john = with_subkey(&key(Profile::Default, "John"), false, 1, None);
        let certificate = john.certificate();
        assert_eq!(certificate.merged(&certificate, day(2)).unwrap(), certificate);
        let old = key(Profile::Default, "John").certificate();
        let merged = old.merged(&certificate, day(2)).unwrap();
        assert_eq!(merged, certificate);
        assert_eq!(merged.merged(&old, day(2)).unwrap(), certificate);
        let other = key(Profile::Default, "Mary").certificate();
        assert!(certificate.merged(&other, day(2)).is_err());
    }

    #[test]
    fn the_newest_binding_wins_whoever_brings_it() {
        let john = key(Profile::Default, "John");
        let short = expiring(&john, 1, 10).certificate();
        let long = expiring(&john, 5, 100).certificate();
        for (a, b) in [(&short, &long), (&long, &short)] {
            let merged = a.merged(b, day(6)).unwrap();
            assert_eq!(merged.expires(day(6)), Some(day(100)));
            assert_eq!(merged.inner.details.users[0].signatures.len(), 1);
        }
        // A signature of the future does not push out one of the present.
        assert_eq!(short.merged(&long, day(2)).unwrap(), short);
    }

    #[test]
    fn what_was_revoked_stays_so() {
        let john = key(Profile::Classic, "John");
        let certificate = john.certificate();
        let key = revoked(&john, None, RevocationCode::KeyRetired, 3).certificate();
        let subkey = revoked(&john, Some(0), RevocationCode::KeyRetired, 3).certificate();
        let merged = key.merged(&certificate, day(4)).unwrap();
        assert_eq!(merged.usable(day(4)), Err(Unusable::Revoked { hard: false }));
        let merged = certificate.merged(&subkey, day(4)).unwrap();
        assert_eq!(merged.encryption_subkey(day(4)), Err(Unusable::NoEncryptionSubkey));
        assert_eq!(merged.usable(day(4)), Ok(()));
    }

    #[test]
    fn a_revocation_does_not_expire() {
        let mut john = key(Profile::Classic, "John").inner;
        let primary = &john.primary_key;
        let typ = SignatureType::KeyRevocation;
        let mut config = generate::config(primary, typ, day(3), &mut random(1)).unwrap();
        let day_long = SubpacketData::SignatureExpirationTime(Duration::from_secs(86_400));
        config.hashed_subpackets.push(Subpacket::critical(day_long).unwrap());
        let none = Password::empty();
        let revocation = config.sign_key(primary, &none, primary.public_key()).unwrap();
        john.details.revocation_signatures.push(revocation);
        let certificate = SecretKey::new(john).unwrap().certificate();
        let merged = certificate.merged(&certificate, day(10)).unwrap();
        assert_eq!(merged.usable(day(10)), Err(Unusable::Revoked { hard: true }));
    }

    #[test]
    fn strangers_add_nothing() {
        let john = key(Profile::Classic, "John");
        let eve = with_subkey(&key(Profile::Classic, "Eve"), true, 1, None);
        let revoked = revoked(&eve, None, RevocationCode::NoReason, 1);
        let mut stuffed = john.certificate();
        stuffed.inner.details.users.extend(eve.inner.details.users.clone());
        stuffed.inner.public_subkeys.extend(eve.certificate.inner.public_subkeys.clone());
        stuffed.inner.details.revocation_signatures =
            revoked.inner.details.revocation_signatures.clone();
        let mut foreign = eve.inner.details.users[0].signatures.clone();
        stuffed.inner.details.users[0].signatures.append(&mut foreign);
        let certificate = john.certificate();
        assert_eq!(certificate.merged(&stuffed, day(2)).unwrap(), certificate);
        assert_eq!(stuffed.merged(&certificate, day(2)).unwrap(), certificate);
    }

    #[test]
    fn an_encryption_subkey_leaves_sixty_days_after_its_end() {
        let john = with_subkey(&key(Profile::Classic, "John"), true, 1, Some(9));
        let john = with_subkey(&john, false, 2, Some(8));
        let certificate = john.certificate();
        let kept = |date| {
            let merged = certificate.merged(&certificate, day(date)).unwrap();
            merged.inner.public_subkeys.len()
        };
        assert_eq!(certificate.encryption_subkey(day(10)).unwrap(), {
            let old = key(Profile::Classic, "John").certificate();
            old.encryption_subkey(day(10)).unwrap()
        });
        // The signing subkey, which expired too, stays.
        assert_eq!((kept(69), kept(70)), (3, 2));
    }

    #[test]
    fn nobody_takes_a_back_signature_away() {
        let gpgs = include_str!("../../../tests/vectors/certificates/gpg-signing-subkey.asc");
        let certificate = Certificate::parse(gpgs.as_bytes()).unwrap();
        let mut stripped = certificate.clone();
        let binding = &mut stripped.inner.public_subkeys[1].signatures[0];
        let embedded = binding.unhashed_subpacket_remove(1).unwrap();
        assert!(matches!(embedded.data, SubpacketData::EmbeddedSignature(_)));
        for (a, b) in [(&certificate, &stripped), (&stripped, &certificate)] {
            assert_eq!(a.merged(b, day(40)).unwrap(), certificate);
        }
        let merged = stripped.merged(&stripped, day(40)).unwrap();
        assert_eq!(merged.inner.public_subkeys.len(), 1);
    }

    #[test]
    fn copies_with_other_unsigned_parts_do_not_pile_up() {
        let john = key(Profile::Classic, "John");
        let revoked = revoked(&john, None, RevocationCode::KeyRetired, 1).certificate();
        let stuff = |certificate: &Certificate, size: usize| {
            let mut stuffed = certificate.clone();
            let junk = SubpacketData::PolicyURI("x".repeat(size));
            let junk = Subpacket::regular(junk).unwrap();
            let details = &mut stuffed.inner.details;
            let user = details.users[0].signatures.iter_mut();
            for signature in details.revocation_signatures.iter_mut().chain(user) {
                signature.unhashed_subpacket_push(junk.clone()).unwrap();
            }
            stuffed
        };
        let merged = revoked.merged(&stuff(&revoked, 9), day(2)).unwrap();
        assert_eq!(merged, revoked);
        let large = stuff(&john.certificate(), limits::CERTIFICATE - 2_000);
        assert!(large.merged(&large, day(2)).is_err());
        assert_eq!(large.merged(&john.certificate(), day(2)).unwrap(), john.certificate());
    }
}
