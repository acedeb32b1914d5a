//! The parts of a certificate, for people to look at.

use jiff::Timestamp;
use pgp::packet::KeyFlags;
use pgp::types::{EcdhPublicParams, EddsaLegacyPublicParams, KeyDetails, PublicParams};

use super::component::{self, Component};
use super::signature_policy::Moment;
use super::{Certificate, Unusable, certifications, validity};
use crate::openpgp::certificate;
use crate::openpgp::seconds::timestamp;
use crate::protocol::values::fingerprint::Fingerprint;

/// One component key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Its own fingerprint.
    pub fingerprint: Fingerprint,
    /// The name of its kind: `Ed25519`, `ECDH/Curve25519`, `ML-KEM-768+X25519` …
    pub kind: String,
    /// Its uses: to certify, to sign data, to be encrypted to.
    pub uses: Uses,
    /// When it was made.
    pub created: Timestamp,
    /// When it expires, unless it never does.
    pub expires: Option<Timestamp>,
    /// The verdict on it: usable, or the reason why not.
    pub verdict: Result<(), Unusable>,
}

/// The uses of a key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Uses {
    /// Saying that User IDs and subkeys belong to somebody.
    pub certify: bool,
    /// Signing data.
    pub sign: bool,
    /// Being encrypted to.
    pub encrypt: bool,
}

/// One User ID.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// Its text, which proves nothing.
    pub text: String,
    /// The fingerprints or key ids of those who say that they certify it, in the order of their
    /// dates. It is not verified that they do.
    pub certified_by: Vec<String>,
}

impl Certificate {
    /// Its keys as they stand at `now`, the primary key first.
    pub fn parts(&self, now: Timestamp) -> Vec<Part> {
        let moment = Moment::now(now);
        component::all(&self.inner).filter_map(|key| self.part(key, now, moment)).collect()
    }

    fn part(&self, key: Component<'_>, now: Timestamp, moment: Moment) -> Option<Part> {
        let (created, parameters) = match key {
            Component::Primary(key) => (key.created_at(), key.public_params()),
            Component::Subkey(subkey) => (subkey.key.created_at(), subkey.key.public_params()),
        };
        let (uses, expires, verdict) = match key {
            Component::Primary(_) => {
                let flags =
                    validity::standing(&self.inner, moment).map(|standing| standing.flags());
                (
                    flags.map(|flags| uses(&flags)).unwrap_or_default(),
                    self.expires(now),
                    self.usable(now),
                )
            }
            Component::Subkey(subkey) => {
                let newest = validity::binding_now_or_later(&self.inner, subkey, moment);
                let expires = newest.and_then(|newest| validity::expiry(created.as_secs(), newest));
                let verdict = validity::binding(&self.inner, subkey, moment).map(|_| ());
                (
                    newest.map(|newest| uses(&newest.key_flags())).unwrap_or_default(),
                    expires.map(timestamp),
                    verdict,
                )
            }
        };
        Some(Part {
            fingerprint: certificate::fingerprint(&key.fingerprint()).ok()?,
            kind: kind(parameters),
            uses,
            created: timestamp(created.as_secs()),
            expires,
            verdict,
        })
    }

    /// Its User IDs that are in force at `now`, and who is said to certify them.
    pub fn users(&self, now: Timestamp) -> Vec<User> {
        let moment = Moment::now(now);
        validity::users_in_force(&self.inner, moment)
            .map(|(user, _)| User {
                text: String::from_utf8_lossy(user.id.id()).into_owned(),
                certified_by: certifications::issuers(&self.inner, user),
            })
            .collect()
    }
}

fn uses(flags: &KeyFlags) -> Uses {
    Uses {
        certify: flags.certify(),
        sign: flags.sign(),
        encrypt: flags.encrypt_comms() || flags.encrypt_storage(),
    }
}

fn kind(parameters: &PublicParams) -> String {
    match parameters {
        PublicParams::EdDSALegacy(EddsaLegacyPublicParams::Ed25519 { .. })
        | PublicParams::Ed25519(_) => "Ed25519".to_owned(),
        PublicParams::ECDH(EcdhPublicParams::Curve25519Legacy { .. }) => {
            "ECDH/Curve25519".to_owned()
        }
        PublicParams::ECDH(EcdhPublicParams::P256 { .. }) => "ECDH/P-256".to_owned(),
        PublicParams::ECDH(EcdhPublicParams::P384 { .. }) => "ECDH/P-384".to_owned(),
        PublicParams::ECDH(EcdhPublicParams::P521 { .. }) => "ECDH/P-521".to_owned(),
        PublicParams::ECDH(_) => "ECDH".to_owned(),
        PublicParams::X25519(_) => "X25519".to_owned(),
        PublicParams::MlKem768X25519(_) => "ML-KEM-768+X25519".to_owned(),
        PublicParams::RSA(_) => "RSA".to_owned(),
        _ => "another kind".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::openpgp::secret_key::Profile;
    use crate::openpgp::testing::{day, expiring, key, with_subkey};

    #[test]
    fn each_part_says_what_it_is_and_how_it_stands() {
        let john = expiring(&with_subkey(&key(Profile::Default, "John"), false, 1, Some(2)), 1, 50);
        let parts = john.certificate().parts(day(10));
        let shown: Vec<_> = parts
            .iter()
            .map(|part| {
                let Uses { certify, sign, encrypt } = part.uses;
                (part.kind.as_str(), (certify, sign, encrypt), part.expires, part.verdict)
            })
            .collect();
        let (first, encrypts, signs) =
            ((true, true, false), (false, false, true), (false, true, false));
        let over = Some(day(3));
        assert_eq!(
            shown,
            [
                ("Ed25519", first, Some(day(50)), Ok(())),
                ("ECDH/Curve25519", encrypts, None, Ok(())),
                ("ML-KEM-768+X25519", encrypts, None, Ok(())),
                ("Ed25519", signs, over, Err(Unusable::Expired(day(3)))),
            ]
        );
        assert_eq!(parts[0].fingerprint, john.fingerprint());
        assert_eq!((parts[0].created, parts[3].created), (day(0), day(1)));
        let users = john.certificate().users(day(10));
        assert_eq!(users, [User { text: "John".to_owned(), certified_by: Vec::new() }]);
    }
}
