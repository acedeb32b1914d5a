//! The end of our own key.

use jiff::Timestamp;
use pgp::armor::BlockType;
use pgp::composed::SignedSecretKey;
use pgp::packet::{Packet, RevocationCode, Signature, SignatureType};

use super::{SecretKey, failed, generate};
use crate::openpgp::{certificate, packets};
use crate::protocol::values::limits;
use crate::protocol::{Error, Random, Result};

/// Why a key is revoked. The first two say that it may be in other hands: what it ever signed counts
/// no more. The others say that it was good until then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// No reason given.
    None,
    /// Others have, or may have, the secret.
    Compromised,
    /// Another key took its place.
    Superseded,
    /// It is not used any more.
    Retired,
}

impl Reason {
    fn code(self) -> RevocationCode {
        match self {
            Self::None => RevocationCode::NoReason,
            Self::Compromised => RevocationCode::KeyCompromised,
            Self::Superseded => RevocationCode::KeySuperseded,
            Self::Retired => RevocationCode::KeyRetired,
        }
    }
}

impl SecretKey {
    /// This key, revoked at `now` for that reason.
    ///
    /// # Errors
    /// When it is locked, or the secret of its primary key is not here.
    pub fn revoked(&self, reason: Reason, now: Timestamp, rng: &mut Random) -> Result<Self> {
        self.expect_certifying()?;
        let primary = &self.inner.primary_key;
        let revocation = generate::revocation(primary, reason.code(), now, rng).map_err(failed)?;
        self.with_revocation(revocation)
    }

    /// This key, locked or not, revoked by the armored revocation certificate `armored`.
    ///
    /// # Errors
    /// When that is none of this key.
    pub fn revoked_by(&self, armored: &[u8]) -> Result<Self> {
        let bytes = certificate::dearmored(armored, BlockType::PublicKey, limits::CERTIFICATE)?;
        let mut rest = bytes.as_slice();
        while let Some(packet) = packets::next(&mut rest).map_err(Error::Malformed)? {
            if let Packet::Signature(signature) = packet
                && signature.typ() == Some(SignatureType::KeyRevocation)
                && signature.verify_key(self.inner.primary_key.public_key()).is_ok()
            {
                return self.with_revocation(signature);
            }
        }
        Err(Error::malformed("it does not revoke this key"))
    }

    fn with_revocation(&self, revocation: Signature) -> Result<Self> {
        let mut inner: SignedSecretKey = self.inner.clone();
        if !inner.details.revocation_signatures.contains(&revocation) {
            inner.details.revocation_signatures.push(revocation);
        }
        Self::new(inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::openpgp::certificate::Unusable;
    use crate::openpgp::secret_key::Profile;
    use crate::openpgp::testing::{day, key, random};

    #[test]
    fn a_reason_says_whether_what_was_signed_before_counts() {
        let john = key(Profile::Classic, "John");
        for (reason, hard) in [
            (Reason::None, true),
            (Reason::Compromised, true),
            (Reason::Superseded, false),
            (Reason::Retired, false),
        ] {
            let revoked = john.revoked(reason, day(5), &mut random(1)).unwrap().certificate();
            assert_eq!(revoked.usable(day(6)), Err(Unusable::Revoked { hard }));
            assert_eq!(revoked.usable(day(4)).is_ok(), !hard);
        }
    }

    #[test]
    fn the_certificate_that_was_kept_revokes_also_what_is_locked() {
        let mut john = key(Profile::Classic, "John");
        let kept = john.revocation(day(0), &mut random(1)).unwrap();
        john.lock("forgotten", &mut random(1)).unwrap();
        assert!(john.revoked(Reason::None, day(1), &mut random(1)).is_err());
        let revoked = john.revoked_by(kept.as_bytes()).unwrap();
        assert_eq!(revoked.certificate().usable(day(1)), Err(Unusable::Revoked { hard: true }));
        assert_eq!(revoked.revoked_by(kept.as_bytes()).unwrap().to_armored(), revoked.to_armored());
        let mary = key(Profile::Classic, "Mary");
        for other in [kept.as_bytes(), b"", mary.certificate().to_armored().as_bytes()] {
            assert!(mary.revoked_by(other).is_err());
        }
    }
}
