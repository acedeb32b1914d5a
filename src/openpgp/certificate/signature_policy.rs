//! Which signatures are looked at, whoever made them, at which time.

use jiff::Timestamp;
use pgp::crypto::hash::HashAlgorithm;
use pgp::packet::{Signature, SubpacketData};
use pgp::ser::Serialize;
use pgp::types::{KeyDetails, PublicParams};

use crate::openpgp::seconds::seconds;
use crate::protocol::values::limits;

/// When something is judged, in OpenPGP's seconds.
#[derive(Clone, Copy)]
pub struct Moment {
    /// The time at which it must be in force.
    pub at: u32,
    /// The latest date of a signature that is looked at.
    pub latest: u32,
    /// The latest date of a key that is looked at.
    pub born: u32,
}

impl Moment {
    /// Looks at everything, whatever its date.
    pub const EVER: Self = Self { at: u32::MAX, latest: u32::MAX, born: u32::MAX };

    /// Judges as of `now`. Its holder's clock may be as far ahead of ours as for a message
    /// (PROTOCOL §2): what it has signed just now is in force.
    pub fn now(now: Timestamp) -> Self {
        let ahead = u32::try_from(limits::AHEAD).unwrap_or(u32::MAX);
        let latest = seconds(now).saturating_add(ahead);
        Self { at: seconds(now), latest, born: latest }
    }

    /// The same, and looks also at what is dated later than it may be yet.
    pub fn or_later(self) -> Self {
        Self { at: self.at, ..Self::EVER }
    }

    /// Judges a data signature made at `signed`, knowing what is known `now`.
    pub fn signing(signed: u32, now: Timestamp) -> Self {
        Self { at: signed, latest: signed.max(seconds(now)), born: signed }
    }
}

/// Returns whether `key` is too weak: RSA of less than 2,048 bits, or DSA. Nothing that such a key
/// signed counts (RFC 9580 §12.4 and §12.5).
pub fn is_weak(key: &impl KeyDetails) -> bool {
    match key.public_params() {
        PublicParams::DSA(_) => true,
        // The modulus comes first, after the number of its bits.
        PublicParams::RSA(rsa) => rsa
            .to_bytes()
            .ok()
            .and_then(|bytes| Some(u16::from_be_bytes(*bytes.first_chunk()?)))
            .is_none_or(|bits| bits < 2_048),
        _ => false,
    }
}

/// Why `signature` is not one that we would look at, whoever made it.
pub fn objection(signature: &Signature, moment: Moment) -> Option<&'static str> {
    let (Some(config), Some(created)) = (signature.config(), signature.created()) else {
        return Some("the signature is of an unknown kind");
    };
    if !matches!(u8::from(config.version()), 4 | 6) {
        return Some("the signature is of an old version");
    }
    if is_broken(config.hash_alg) {
        return Some("the signature uses a weak hash");
    }
    if created.as_secs() > moment.latest {
        return Some("the signature is from the future");
    }
    let lifetime = signature.signature_expiration_time().map_or(0, |time| time.as_secs());
    if lifetime != 0 && created.as_secs().saturating_add(lifetime) <= moment.at {
        return Some("the signature has expired");
    }
    // No critical notation is known to us.
    let unknown = config.hashed_subpackets.iter().any(|subpacket| {
        let data = &subpacket.data;
        subpacket.is_critical
            && matches!(
                data,
                SubpacketData::Other(..)
                    | SubpacketData::Experimental(..)
                    | SubpacketData::Notation(_)
            )
    });
    unknown.then_some("the signature has an unknown critical part")
}

/// Returns whether others than its holder may have made a signature with that hash.
pub fn is_broken(hash: HashAlgorithm) -> bool {
    matches!(hash, HashAlgorithm::Md5 | HashAlgorithm::Sha1 | HashAlgorithm::Ripemd160)
}

/// The newest of `signatures` that is acceptable at `moment` and `verifies`.
pub fn newest<'a>(
    signatures: impl Iterator<Item = &'a Signature>,
    moment: Moment,
    mut verifies: impl FnMut(&Signature) -> bool,
) -> Option<&'a Signature> {
    let mut acceptable: Vec<_> = signatures.filter(|s| objection(s, moment).is_none()).collect();
    // Of two of one second the shorter: nobody can put a padded copy in its place.
    acceptable.sort_by_key(|s| (std::cmp::Reverse(s.created()), s.write_len()));
    acceptable.into_iter().find(|signature| verifies(signature))
}

#[cfg(test)]
mod tests {
    use pgp::packet::{Notation, SignatureType, Subpacket};
    use pgp::types::Duration;

    use super::*;
    use crate::openpgp::secret_key::Profile;
    use crate::openpgp::testing::{day, key, signature};

    fn judged(
        change: impl FnOnce(&mut pgp::packet::SignatureConfig),
        at: i64,
    ) -> Option<&'static str> {
        let good = signature(&key(Profile::Default, "John"), b"x", SignatureType::Binary, 1);
        let mut config = good.config().unwrap().clone();
        change(&mut config);
        let bytes = good.signature().unwrap().clone();
        let changed = Signature::from_config(config, [0, 0], bytes).unwrap();
        objection(&changed, Moment::now(day(at)))
    }

    #[test]
    fn weak_hashes_and_unknown_critical_parts_void_a_signature() {
        assert_eq!(judged(|_| {}, 1), None);
        for hash in [HashAlgorithm::Md5, HashAlgorithm::Sha1, HashAlgorithm::Ripemd160] {
            let refused = judged(|config| config.hash_alg = hash, 1);
            assert_eq!(refused, Some("the signature uses a weak hash"));
        }
        let notation = || {
            let (name, value) = ("a@b.example".into(), "".into());
            SubpacketData::Notation(Notation { readable: true, name, value })
        };
        let regular = Subpacket::regular(notation()).unwrap();
        assert_eq!(judged(|config| config.hashed_subpackets.push(regular), 1), None);
        for data in [notation(), SubpacketData::Other(99, "".into())] {
            let critical = Subpacket::critical(data).unwrap();
            assert!(judged(|config| config.hashed_subpackets.push(critical), 1).is_some());
        }
    }

    #[test]
    fn a_signature_has_its_time() {
        assert_eq!(judged(|_| {}, 0), None, "the other's clock may be ahead");
        assert_eq!(judged(|_| {}, -1), Some("the signature is from the future"));
        let expiring = |config: &mut pgp::packet::SignatureConfig| {
            let day = SubpacketData::SignatureExpirationTime(Duration::from_secs(86_400));
            config.hashed_subpackets.push(Subpacket::critical(day).unwrap());
        };
        assert_eq!(judged(expiring, 1), None);
        assert_eq!(judged(expiring, 2), Some("the signature has expired"));
        let undated = judged(|config| config.hashed_subpackets.clear(), 1);
        assert_eq!(undated, Some("the signature is of an unknown kind"));
    }
}
