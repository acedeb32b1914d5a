//! The public half of an identity: one OpenPGP certificate, parsed once and judged at any time.

pub(in crate::openpgp) mod ahead;
pub(in crate::openpgp) mod certifications;
pub(in crate::openpgp) mod component;
mod dates;
pub mod keyring;
pub(in crate::openpgp) mod merge;
pub(in crate::openpgp) mod part;
mod reduce;
pub(in crate::openpgp) mod signature_policy;
pub mod summary;
pub(in crate::openpgp) mod unusable;
pub(in crate::openpgp) mod validity;

use std::fmt;

use jiff::Timestamp;
use pgp::armor::BlockType;
use pgp::composed::{Deserializable, SignedPublicKey};
use pgp::packet::Packet;
use pgp::ser::Serialize;
use pgp::types::{KeyDetails, KeyVersion};

use super::seconds::timestamp;
use super::{armor, packets};
use crate::protocol::values::fingerprint::Fingerprint;
use crate::protocol::values::limits;
use crate::protocol::{self, Error, Result};
use signature_policy::Moment;
pub use unusable::Unusable;

/// One OpenPGP certificate, version 4 or 6. Nothing in it is believed until it is judged at some
/// time.
#[derive(Clone)]
pub struct Certificate {
    pub(in crate::openpgp) inner: SignedPublicKey,
    fingerprint: Fingerprint,
}

impl Certificate {
    /// Reads one certificate, armored or binary, of at most [`limits::CERTIFICATE`] bytes.
    ///
    /// # Errors
    /// For a secret key, two certificates, anything before or after it, other versions than 4
    /// and 6, and packets that do not belong in a certificate.
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        if bytes.len() > limits::CERTIFICATE {
            return Err(Error::malformed("a certificate of more than 64 KiB"));
        }
        let binary = dearmored(bytes, BlockType::PublicKey, limits::CERTIFICATE)?;
        check_packets(&binary)?;
        let inner = SignedPublicKey::from_bytes(binary.as_slice())
            .map_err(|cause| Error::malformed(format!("not a certificate: {cause}")))?;
        Self::new(inner)
    }

    /// Reads one certificate that somebody else wrote, as [`Certificate::parse`] does, and keeps of it
    /// what its primary key vouches for at `now`: of each part the newest binding and its revocations,
    /// at most 32 subkeys and 16 User IDs. Certifications by others are left out. This bounds what each
    /// later look at it costs.
    ///
    /// # Errors
    /// As there.
    pub fn parse_reduced(bytes: &[u8], now: Timestamp) -> Result<Self> {
        Self::new(reduce::reduced(&Self::parse(bytes)?.inner, now))
    }

    /// This certificate, or if it is larger than a reduced one, what [`Certificate::parse_reduced`]
    /// leaves of it, and whether that is so: earlier versions kept all that stood in it.
    pub fn reduced_if_large(self, now: Timestamp) -> (Self, bool) {
        if reduce::is_small(&self.inner) {
            return (self, false);
        }
        match Self::new(reduce::reduced(&self.inner, now)) {
            Ok(small) => (small, true),
            Err(_) => (self, false),
        }
    }

    pub(in crate::openpgp) fn new(mut inner: SignedPublicKey) -> Result<Self> {
        let known = |version| matches!(version, KeyVersion::V4 | KeyVersion::V6);
        if !known(inner.primary_key.version()) {
            return Err(Error::malformed("a certificate of an unknown version"));
        }
        inner.public_subkeys.retain(|subkey| known(subkey.key.version()));
        let fingerprint = fingerprint(&inner.primary_key.fingerprint())?;
        Ok(Self { inner, fingerprint })
    }

    /// The certificate in canonical armor.
    pub fn to_armored(&self) -> String {
        armor::encode(BlockType::PublicKey, &self.bytes())
    }

    fn bytes(&self) -> Vec<u8> {
        self.inner.to_bytes().unwrap_or_default()
    }

    /// The fingerprint of its primary key.
    pub fn fingerprint(&self) -> Fingerprint {
        self.fingerprint.clone()
    }

    /// The User ID that its holder shows first, for people: without control and direction
    /// characters. It proves nothing.
    pub fn name(&self) -> Option<String> {
        let (user, _) = validity::user_id(&self.inner, Moment::EVER)?;
        let shown = |c: &char| !c.is_control() && !is_direction(*c);
        let name: String = String::from_utf8_lossy(user.id.id()).chars().filter(shown).collect();
        let name = name.trim();
        (!name.is_empty()).then(|| name.to_owned())
    }

    /// Checks whether it can be trusted at all at `now`.
    ///
    /// # Errors
    /// When it cannot: no self-signature, expired, revoked, from the future.
    pub fn usable(&self, now: Timestamp) -> std::result::Result<(), Unusable> {
        validity::standing(&self.inner, Moment::now(now)).map(|_| ())
    }

    /// The subkey to encrypt to at `now`: the newest valid ML-KEM-768+X25519 one, else the newest
    /// valid ECDH or X25519 one (PROTOCOL §2).
    ///
    /// # Errors
    /// When the certificate is unusable, or has no such subkey.
    pub fn encryption_subkey(&self, now: Timestamp) -> std::result::Result<Fingerprint, Unusable> {
        let (subkey, _) = component::encryption_subkey(&self.inner, Moment::now(now))?;
        fingerprint(&subkey.key.fingerprint()).map_err(|_| Unusable::NoEncryptionSubkey)
    }

    /// When the subkey to encrypt to at `now` was made, and when it expires, if it does.
    ///
    /// # Errors
    /// As [`Certificate::encryption_subkey`].
    pub fn encryption_since(
        &self,
        now: Timestamp,
    ) -> std::result::Result<(Timestamp, Option<Timestamp>), Unusable> {
        let moment = Moment::now(now);
        let (subkey, _) = component::encryption_subkey(&self.inner, moment)?;
        let created = subkey.key.created_at().as_secs();
        let binding = validity::binding(&self.inner, subkey, moment)?;
        Ok((timestamp(created), validity::expiry(created, binding).map(timestamp)))
    }

    /// When its primary key expires, as known at `now`; `None` if never, or if it is unusable for
    /// another reason.
    pub fn expires(&self, now: Timestamp) -> Option<Timestamp> {
        match validity::standing(&self.inner, Moment::now(now)) {
            Ok(standing) => standing.expires().map(timestamp),
            Err(Unusable::Expired(time)) => Some(time),
            Err(_) => None,
        }
    }

    /// This certificate with what `other` adds (PROTOCOL §9): per component the newest verified
    /// binding and every verified revocation; no encryption subkey expired for over 60 days.
    ///
    /// # Errors
    /// When the primary keys differ, or the result would pass [`limits::CERTIFICATE`].
    pub fn merged(&self, other: &Certificate, now: Timestamp) -> Result<Certificate> {
        if self.fingerprint != other.fingerprint {
            return Err(Error::malformed(format!(
                "the certificate of `{}` is not that of `{}`",
                other.fingerprint, self.fingerprint
            )));
        }
        let merged = Self::new(merge::merged(&self.inner, &other.inner, now))?;
        if merged.to_armored().len() > limits::CERTIFICATE {
            return Err(Error::malformed("the merged certificate would pass 64 KiB"));
        }
        Ok(merged)
    }
}

impl PartialEq for Certificate {
    fn eq(&self, other: &Self) -> bool {
        self.bytes() == other.bytes()
    }
}

impl Eq for Certificate {}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Certificate({})", self.fingerprint)
    }
}

/// Our form of the `pgp` crate's fingerprint.
pub(in crate::openpgp) fn fingerprint(theirs: &pgp::types::Fingerprint) -> Result<Fingerprint> {
    Fingerprint::from_bytes(theirs.as_bytes())
}

/// The binary form of a key block that is armored or not.
pub(in crate::openpgp) fn dearmored(
    bytes: &[u8],
    block: BlockType,
    limit: usize,
) -> Result<Vec<u8>> {
    if bytes.first().is_some_and(|first| first & 0x80 != 0) {
        return Ok(bytes.to_vec());
    }
    let text = std::str::from_utf8(bytes).map_err(|_| Error::malformed("neither key nor text"))?;
    armor::decode(text, block, limit).map_err(protocol::Error::from)
}

fn check_packets(bytes: &[u8]) -> Result<()> {
    let mut rest = bytes;
    let mut first = true;
    while let Some(packet) = packets::next(&mut rest).map_err(Error::Malformed)? {
        match (packet, first) {
            (Packet::PublicKey(_), true) => first = false,
            (Packet::PublicKey(_), false) => {
                return Err(Error::malformed("more than one certificate"));
            }
            (Packet::SecretKey(_) | Packet::SecretSubkey(_), _) => {
                return Err(Error::malformed("a secret key where a certificate belongs"));
            }
            (
                Packet::PublicSubkey(_)
                | Packet::UserId(_)
                | Packet::UserAttribute(_)
                | Packet::Signature(_),
                false,
            ) => {}
            _ => return Err(Error::malformed("a packet that belongs in no certificate")),
        }
    }
    if first { Err(Error::malformed("no certificate")) } else { Ok(()) }
}

/// Returns whether `c` changes the direction of the text after it, so that a name could pretend.
fn is_direction(c: char) -> bool {
    matches!(c, '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use pgp::packet::RevocationCode;
    use proptest::prelude::*;

    use super::*;
    use crate::openpgp::secret_key::{Profile, SecretKey};
    use crate::openpgp::testing::{day, expiring, key, packet, random, revoked, with_subkey};

    #[test]
    fn armored_and_binary_are_the_same() {
        let certificate = key(Profile::Default, "John").certificate();
        let armored = certificate.to_armored();
        assert!(armored.starts_with("-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n"));
        let indented = armored.replace('\n', "\r\n  ");
        for bytes in [armored.as_bytes(), indented.as_bytes(), &certificate.bytes()] {
            let read = Certificate::parse(bytes).unwrap();
            assert_eq!(read, certificate);
            assert_eq!(read.to_armored(), armored);
        }
        assert_eq!(certificate.name().as_deref(), Some("John"));
        assert_ne!(certificate, key(Profile::Default, "Mary").certificate());
    }

    #[test]
    fn only_one_certificate_is_taken() {
        let john = key(Profile::Classic, "John");
        let bytes = john.certificate().bytes();
        let secret = john.inner.to_bytes().unwrap();
        let padded = [&bytes[..], &packet(21, &vec![0; limits::CERTIFICATE])].concat();
        for bad in [
            &b""[..],
            b"hello",
            &bytes[..bytes.len() - 3],
            &bytes[60..],
            &[&bytes[..], &bytes].concat(),
            &[&bytes[..], b"junk"].concat(),
            &[&bytes[..], &[0xC6]].concat(),
            &[&bytes[..], &packet(11, b"b\0\0\0\0\0x")].concat(),
            &secret,
            john.to_armored().as_bytes(),
            &padded,
        ] {
            assert!(Certificate::parse(bad).is_err());
        }
    }

    #[test]
    fn names_cannot_pretend() {
        let mut certificate = key(Profile::Default, "Jo\u{202E}hn").certificate();
        assert_eq!(certificate.name().as_deref(), Some("John"));
        certificate.inner.details.users.clear();
        assert_eq!(certificate.name(), None);
    }

    #[test]
    fn the_clock_decides() {
        let john = key(Profile::Default, "John");
        let certificate = john.certificate();
        assert_eq!(certificate.usable(day(0)), Ok(()));
        assert_eq!(certificate.usable(day(-1)), Ok(()), "the other's clock may be ahead");
        assert_eq!(certificate.usable(day(-2)), Err(Unusable::NotYetValid));
        assert_eq!(certificate.expires(day(0)), None);
        let older_than_the_key = expiring(&john, -1, 10).certificate();
        assert_eq!(older_than_the_key.usable(day(1)), Err(Unusable::NoSelfSignature));

        let expiring = expiring(&john, 0, 10).certificate();
        assert_eq!(expiring.usable(day(9)), Ok(()));
        assert_eq!(expiring.usable(day(10)), Err(Unusable::Expired(day(10))));
        assert_eq!(expiring.expires(day(5)), Some(day(10)));
        assert_eq!(expiring.expires(day(50)), Some(day(10)));
        assert_eq!(expiring.usable(day(10)).unwrap_err().to_string(), "expired on 2026-01-11");
        assert!(expiring.encryption_subkey(day(10)).is_err());

        let mut bare = certificate;
        bare.inner.details.users.clear();
        assert_eq!(bare.usable(day(0)), Err(Unusable::NoSelfSignature));
    }

    #[test]
    fn a_hard_revocation_reaches_back_and_a_soft_one_does_not() {
        let john = key(Profile::Default, "John");
        let hard = revoked(&john, None, RevocationCode::NoReason, 5).certificate();
        assert_eq!(hard.usable(day(1)), Err(Unusable::Revoked { hard: true }));
        let soft = revoked(&john, None, RevocationCode::KeySuperseded, 5);
        assert_eq!(soft.certificate().usable(day(4)), Ok(()));
        let end = Err(Unusable::Revoked { hard: false });
        assert_eq!(soft.certificate().usable(day(5)), end);
        // Nor does a newer self-signature undo it.
        assert_eq!(expiring(&soft, 6, 100).certificate().usable(day(7)), end);
        let foreign = revoked(&key(Profile::Default, "Eve"), None, RevocationCode::NoReason, 5);
        let mut attacked = john.certificate();
        attacked.inner.details.revocation_signatures =
            foreign.inner.details.revocation_signatures.clone();
        assert_eq!(attacked.usable(day(6)), Ok(()));
    }

    #[test]
    fn the_strongest_then_the_newest_subkey_is_chosen() {
        let subkey = |key: &SecretKey, index: usize| {
            fingerprint(&key.inner.secret_subkeys[index].key.fingerprint()).unwrap()
        };
        let john = with_subkey(&key(Profile::Default, "John"), true, 3, Some(10));
        let chosen = |key: &SecretKey, date| key.certificate().encryption_subkey(day(date));
        assert_eq!(chosen(&john, 4), Ok(subkey(&john, 1)));
        let classic = with_subkey(&key(Profile::Classic, "Mary"), true, 3, Some(10));
        assert_eq!(chosen(&classic, 1), Ok(subkey(&classic, 0)));
        assert_eq!(chosen(&classic, 2), Ok(subkey(&classic, 1)), "by a clock that is ahead");
        assert_eq!(chosen(&classic, 4), Ok(subkey(&classic, 1)));
        assert_eq!(chosen(&classic, 13), Ok(subkey(&classic, 0)));
        let revoked = revoked(&classic, Some(0), RevocationCode::KeyRetired, 5);
        assert_eq!(chosen(&revoked, 5), Ok(subkey(&classic, 1)));
        assert_eq!(chosen(&revoked, 13), Err(Unusable::NoEncryptionSubkey));
    }

    #[test]
    fn the_published_revocation_revokes() {
        let john = key(Profile::Classic, "John");
        let armored = john.revocation(day(3), &mut random(1)).unwrap();
        let bytes = armor::decode(&armored, BlockType::PublicKey, 1_000).unwrap();
        let mut rest = bytes.as_slice();
        let Some(Packet::Signature(signature)) = packets::next(&mut rest).unwrap() else {
            panic!("no signature");
        };
        let mut certificate = john.certificate();
        certificate.inner.details.revocation_signatures.push(signature);
        assert_eq!(certificate.usable(day(4)), Err(Unusable::Revoked { hard: true }));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]
        #[test]
        fn nothing_makes_it_panic(
            at in any::<prop::sample::Index>(),
            value in any::<u8>(),
            cut in any::<bool>(),
        ) {
            let certificate = with_subkey(&key(Profile::Classic, "John"), false, 1, None);
            let mut bytes = certificate.certificate().bytes();
            let at = at.index(bytes.len());
            bytes[at] = value;
            if cut {
                bytes.truncate(at);
            }
            if let Ok(read) = Certificate::parse(&bytes) {
                let _ = (read.name(), read.expires(day(2)), read.encryption_subkey(day(2)));
                let _ = read.merged(&read, day(2));
            }
        }
    }
}
