//! A key that a clock has dated ahead: its signatures of the future, made again with a date of today.

use jiff::Timestamp;
use pgp::errors::Result as PgpResult;
use pgp::packet::{
    SecretKey as Primary, Signature, SignatureConfig, SignatureType, Subpacket, SubpacketData,
};
use pgp::types::{KeyDetails, Password, Tag};

use super::{SecretKey, failed, generate};
use crate::openpgp::certificate::ahead;
use crate::openpgp::certificate::signature_policy::Moment;
use crate::protocol::{Random, Result};

impl SecretKey {
    /// This key with `date` on the signatures of each part that has been made by `now`, and that a clock
    /// over 24 hours ahead has signed; nothing if there is none. They say the same as before. A subkey
    /// that was made in the future stays as it is, until it is valid. For `date`, see
    /// [`Certificate::newest_signature`](crate::openpgp::Certificate::newest_signature).
    ///
    /// # Errors
    /// When it is locked, or the secret of its primary key is not here.
    pub fn redated(
        &self,
        date: Timestamp,
        now: Timestamp,
        rng: &mut Random,
    ) -> Result<Option<Self>> {
        let (key, moment) = (&self.certificate.inner, Moment::now(now));
        if ahead::dates(key, moment).next().is_none() {
            return Ok(None);
        }
        self.expect_certifying()?;
        let (mut inner, primary) = (self.inner.clone(), &self.inner.primary_key);
        let (none, public) = (Password::empty(), primary.public_key());
        let mut again = |old: &Signature| {
            let typ = old.typ().unwrap_or(SignatureType::CertPositive);
            restated(primary, typ, old, date, rng)
        };
        for user in &mut inner.details.users {
            let Some(old) = ahead::of_user(key, user, moment) else { continue };
            let new = again(old).and_then(|new| {
                new.sign_certification(primary, public, &none, Tag::UserId, &user.id)
            });
            let new = new.map_err(failed)?;
            user.signatures.retain(|s| s.typ() == Some(SignatureType::CertRevocation));
            user.signatures.push(new);
        }
        if let Some(old) = ahead::of_primary(key, moment) {
            let new = again(old).and_then(|new| new.sign_key(primary, &none, public));
            inner.details.direct_signatures = vec![new.map_err(failed)?];
        }
        for subkey in &mut inner.secret_subkeys {
            let known = subkey.key.fingerprint();
            let known = key.public_subkeys.iter().find(|public| public.key.fingerprint() == known);
            let old = known.and_then(|known| ahead::of_subkey(key, known, moment));
            let Some(old) = old else { continue };
            let bound = subkey.key.public_key();
            let new =
                again(old).and_then(|new| new.sign_subkey_binding(primary, public, &none, bound));
            let new = new.map_err(failed)?;
            subkey.signatures.retain(|s| s.typ() != Some(SignatureType::SubkeyBinding));
            subkey.signatures.push(new);
        }
        Self::new(inner).map(Some)
    }
}

/// A signature of `typ` by `primary` that says what `old` says, with the date `now`.
///
/// # Errors
/// When a statement cannot be written.
pub fn restated(
    primary: &Primary,
    typ: SignatureType,
    old: &Signature,
    now: Timestamp,
    rng: &mut Random,
) -> PgpResult<SignatureConfig> {
    use SubpacketData::{
        EmbeddedSignature, IssuerFingerprint, SignatureCreationTime, SignatureExpirationTime,
    };
    let mut config = generate::config(primary, typ, now, rng)?;
    let renewed = |data: &SubpacketData| {
        matches!(
            data,
            SignatureCreationTime(_)
                | SignatureExpirationTime(_)
                | IssuerFingerprint(_)
                | EmbeddedSignature(_)
        )
    };
    let said = old.config().map(|old| old.hashed_subpackets.as_slice()).unwrap_or_default();
    config.hashed_subpackets.extend(said.iter().filter(|s| !renewed(&s.data)).cloned());
    if let Some(back) = old.embedded_signature() {
        let back = EmbeddedSignature(Box::new(back.clone()));
        config.hashed_subpackets.push(Subpacket::regular(back)?);
    }
    Ok(config)
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use crate::openpgp::certificate::Unusable;
    use crate::openpgp::secret_key::Profile;
    use crate::openpgp::testing::{day, expiring, key, random, with_subkey};

    const YEAR: SignedDuration = SignedDuration::from_hours(365 * 24);

    #[test]
    fn a_key_that_was_rotated_in_the_future_can_be_rotated_today() {
        for profile in [Profile::Default, Profile::Classic] {
            let ahead = key(profile, "John").rotated(YEAR, day(400), &mut random(1)).unwrap();
            let certificate = ahead.certificate();
            assert_eq!(certificate.signed_ahead(day(10)), Some(day(400)));
            assert_eq!(certificate.encryption_subkey(day(10)), Err(Unusable::NoEncryptionSubkey));
            let redated = ahead.redated(day(10), day(10), &mut random(2)).unwrap().unwrap();
            assert_eq!(redated.certificate().signed_ahead(day(10)), None);
            let new = redated.rotated(YEAR, day(10), &mut random(3)).unwrap().certificate();
            let chosen = new.encryption_since(day(10)).unwrap();
            assert_eq!(chosen, (day(10), Some(day(10) + YEAR)));
            // Whoever has the published one, or the one from before, follows.
            for known in [certificate, key(profile, "John").certificate()] {
                let merged = known.merged(&new, day(10)).unwrap();
                assert_eq!(merged.encryption_since(day(10)).unwrap(), chosen);
                assert_eq!(merged.signed_ahead(day(10)), None);
            }
        }
    }

    #[test]
    fn a_key_that_was_extended_in_the_future_lives_today_and_says_the_same() {
        let john = expiring(&key(Profile::Classic, "John"), 0, 300);
        let ahead = john.extended(Some(day(900)), day(200), &mut random(1)).unwrap().unwrap();
        assert_eq!(ahead.certificate().usable(day(10)), Err(Unusable::NoSelfSignature));
        let redated =
            ahead.redated(day(10), day(10), &mut random(2)).unwrap().unwrap().certificate();
        assert_eq!(redated.expires(day(10)), Some(day(900)));
        assert_eq!(redated.name().as_deref(), Some("John"));
    }

    #[test]
    fn what_was_made_in_advance_stays_and_so_does_what_is_of_today() {
        let john = with_subkey(&key(Profile::Classic, "John"), true, 30, Some(8));
        assert_eq!(john.certificate().signed_ahead(day(10)), None);
        assert!(john.redated(day(10), day(10), &mut random(1)).unwrap().is_none());
        let mut locked =
            key(Profile::Classic, "John").rotated(YEAR, day(400), &mut random(1)).unwrap();
        locked.lock("x", &mut random(1)).unwrap();
        assert!(locked.redated(day(10), day(10), &mut random(1)).is_err());
    }
}
