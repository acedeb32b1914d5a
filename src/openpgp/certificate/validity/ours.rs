//! Certificates as our own program makes them, in the situations of the matrix.

use jiff::SignedDuration;
use pgp::composed::SignedPublicKey;
use pgp::packet::{RevocationCode, SignatureType};
use pgp::types::{Password, Tag};

use crate::openpgp::secret_key::{Profile, SecretKey, generate};
use crate::openpgp::testing::{day, expiring, key, random, revoked, with_subkey};

/// Each situation that we can be in, with our certificate in it.
pub fn all() -> Vec<(&'static str, SignedPublicKey)> {
    use RevocationCode::{KeyCompromised, KeySuperseded};
    let (john, mary) = (key(Profile::Default, "John"), key(Profile::Classic, "Mary"));
    let year = SignedDuration::from_hours(365 * 24);
    let rotated = mary.rotated(year, day(30), &mut random(1)).unwrap();
    let future = SecretKey::generate(Profile::Default, "John", day(26_663), &mut random(1));
    let keys = [
        ("fresh", key(Profile::Default, "John")),
        ("rotated", rotated),
        ("expired", expiring(&john, 0, 40)),
        ("renewed", expiring(&john, 60, 1_000)),
        ("expiring", with_subkey(&bare(&mary), true, 0, Some(40))),
        ("soft-revoked", revoked(&john, None, KeySuperseded, 40)),
        ("hard-revoked", revoked(&john, None, KeyCompromised, 40)),
        ("certified", certified(&john, &mary)),
        ("signing-subkey", with_subkey(&john, false, 30, None)),
        ("future", future.unwrap()),
    ];
    let damaged = ("damaged", damaged(mary.certificate().inner));
    keys.into_iter().map(|(case, key)| (case, key.certificate().inner)).chain([damaged]).collect()
}

/// `key` without its subkeys.
fn bare(key: &SecretKey) -> SecretKey {
    let mut inner = key.inner.clone();
    inner.secret_subkeys.clear();
    SecretKey::new(inner).unwrap()
}

/// `key` as `other` certifies it.
fn certified(key: &SecretKey, other: &SecretKey) -> SecretKey {
    let mut inner = key.inner.clone();
    let signer = &other.inner.primary_key;
    let config = generate::config(signer, SignatureType::CertGeneric, day(20), &mut random(1));
    let user = &mut inner.details.users[0];
    let certification = config.unwrap().sign_certification_third_party(
        signer,
        &Password::empty(),
        inner.primary_key.public_key(),
        Tag::UserId,
        &user.id,
    );
    user.signatures.push(certification.unwrap());
    SecretKey::new(inner).unwrap()
}

/// The certificate with a binding that is over something else.
fn damaged(mut certificate: SignedPublicKey) -> SignedPublicKey {
    let others = key(Profile::Classic, "Eve").certificate().inner;
    certificate.public_subkeys[0].signatures = others.public_subkeys[0].signatures.clone();
    certificate
}
