//! Rotation: new encryption subkeys end the old ones, whose secrets are then deleted (PROTOCOL §9).

use jiff::{SignedDuration, Timestamp};
use pgp::composed::{KeyType, SignedSecretKey, SignedSecretSubKey};
use pgp::crypto::ecc_curve::ECCCurve;
use pgp::crypto::public_key::PublicKeyAlgorithm;
use pgp::packet::{Signature, SignatureType};
use pgp::types::{Duration, KeyDetails, KeyVersion};

use super::{Profile, SecretKey, failed, generate};
use crate::openpgp::certificate::signature_policy::Moment;
use crate::openpgp::certificate::{Certificate, validity};
use crate::openpgp::seconds::{seconds, timestamp};
use crate::protocol::{Random, Result};

/// How long the secret of an expired encryption subkey is kept, or of a key that was replaced: what is
/// under way may be sealed to it still.
pub const KEPT: SignedDuration = SignedDuration::from_hours(30 * 24);

impl SecretKey {
    /// This key with new encryption subkeys, one of each kind that it has, which expire `lifetime`
    /// after `now`. The old ones end now, and stay for opening what was sealed to them.
    ///
    /// A key's time counts in seconds, and the newest signature wins: `now` must be later than
    /// [`Certificate::newest_signature`](crate::openpgp::Certificate::newest_signature).
    ///
    /// # Errors
    /// When it is locked, or the secret of its primary key is not here.
    pub fn rotated(
        &self,
        lifetime: SignedDuration,
        now: Timestamp,
        rng: &mut Random,
    ) -> Result<Self> {
        self.expect_certifying()?;
        let mut inner = self.inner.clone();
        let kinds = kinds(&inner);
        for subkey in &mut inner.secret_subkeys {
            if let Some(binding) = self.binding(subkey, now) {
                let ended = ended(&self.inner, subkey, binding, now, rng);
                // Revocations stay, of bindings the newest alone.
                subkey.signatures.retain(|s| s.typ() != Some(SignatureType::SubkeyBinding));
                subkey.signatures.push(ended.map_err(failed)?);
            }
        }
        let lifetime = Some(Duration::from_secs(lifetime.as_secs().try_into().unwrap_or(u32::MAX)));
        for kind in &kinds {
            let primary = &inner.primary_key;
            let subkey = generate::encryption_subkey(primary, kind, lifetime, now, rng);
            inner.secret_subkeys.push(subkey.map_err(failed)?);
        }
        Self::new(inner)
    }

    /// Another key with encryption subkeys of the same strength, and the User ID `name`.
    ///
    /// # Errors
    /// As [`SecretKey::generate`].
    pub fn successor(&self, name: &str, now: Timestamp, rng: &mut Random) -> Result<Self> {
        let is_default = kinds(&self.inner).contains(&KeyType::MlKem768X25519);
        let profile = if is_default { Profile::Default } else { Profile::Classic };
        Self::generate(profile, name, now, rng)
    }

    /// This key without the secrets of encryption subkeys that have been expired for 30 days, if
    /// there are any. It may be locked. The newest of each kind stays: the next rotation goes by it.
    ///
    /// # Errors
    /// When what is left is no key.
    pub fn without_expired(&self, now: Timestamp) -> Result<Option<Self>> {
        let mut inner = self.inner.clone();
        inner.secret_subkeys.retain(|subkey| {
            let end = || self.binding(subkey, now).and_then(|binding| end(subkey, binding));
            self.is_newest(subkey) || end().is_none_or(|end| now.duration_since(end) <= KEPT)
        });
        let is_less = inner.secret_subkeys.len() < self.inner.secret_subkeys.len();
        is_less.then(|| Self::new(inner)).transpose()
    }

    /// Returns whether `certificate`, which is that of this key, has an encryption subkey whose
    /// secret is not here: it was deleted, or is lost.
    pub fn lacks_secret_of(&self, certificate: &Certificate) -> bool {
        let secrets = &self.inner.secret_subkeys;
        let is_here = |key| secrets.iter().any(|subkey| subkey.key.fingerprint() == key);
        let subkeys = certificate.inner.public_subkeys.iter().map(|subkey| &subkey.key);
        subkeys.filter(|key| key.algorithm().can_encrypt()).any(|key| !is_here(key.fingerprint()))
    }

    /// Returns whether no subkey of the same kind was made after `subkey`.
    fn is_newest(&self, subkey: &SignedSecretSubKey) -> bool {
        let (algorithm, created) = (subkey.key.algorithm(), subkey.key.created_at());
        let mut all = self.inner.secret_subkeys.iter().map(|other| &other.key);
        !all.any(|other| other.algorithm() == algorithm && other.created_at() > created)
    }

    /// The newest binding of `subkey`, if it lets it encrypt and do nothing else.
    fn binding(&self, subkey: &SignedSecretSubKey, now: Timestamp) -> Option<&Signature> {
        let certificate = &self.certificate.inner;
        let fingerprint = subkey.key.fingerprint();
        let mut public = certificate.public_subkeys.iter();
        let public = public.find(|public| public.key.fingerprint() == fingerprint)?;
        let binding = validity::newest_binding(certificate, public, Moment::now(now))?;
        validity::only_encrypts(binding).then_some(binding)
    }
}

/// When `subkey` expires, as `binding` has it.
fn end(subkey: &SignedSecretSubKey, binding: &Signature) -> Option<Timestamp> {
    validity::expiry(subkey.key.created_at().as_secs(), binding).map(timestamp)
}

/// The binding that ends `subkey` now, or `binding` if that has ended it.
fn ended(
    key: &SignedSecretKey,
    subkey: &SignedSecretSubKey,
    binding: &Signature,
    now: Timestamp,
    rng: &mut Random,
) -> pgp::errors::Result<Signature> {
    if end(subkey, binding).is_some_and(|end| end <= now) {
        return Ok(binding.clone());
    }
    // A lifetime of 0 would be one without end.
    let age = seconds(now).saturating_sub(subkey.key.created_at().as_secs()).max(1);
    let (flags, lifetime) = (binding.key_flags(), Some(Duration::from_secs(age)));
    generate::binding(&key.primary_key, subkey.key.public_key(), flags, lifetime, now, rng)
}

/// The kinds of encryption subkeys that `key` has, each once; for one without any, the one that
/// everybody knows.
fn kinds(key: &SignedSecretKey) -> Vec<KeyType> {
    use PublicKeyAlgorithm::{ECDH, MlKem768X25519, X25519};
    let has = |algorithm| key.secret_subkeys.iter().any(|s| s.key.algorithm() == algorithm);
    let mut kinds = Vec::new();
    if has(X25519) || key.version() == KeyVersion::V6 {
        kinds.push(KeyType::X25519);
    }
    if key.version() == KeyVersion::V4 && (has(ECDH) || !has(X25519)) {
        kinds.push(KeyType::ECDH(ECCCurve::Curve25519Legacy));
    }
    if has(MlKem768X25519) {
        kinds.push(KeyType::MlKem768X25519);
    }
    kinds
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::openpgp::certificate::Unusable;
    use crate::openpgp::message::open::open;
    use crate::openpgp::message::seal::seal;
    use crate::openpgp::testing::{day, expiring, key, random, with_subkey};

    const YEAR: SignedDuration = SignedDuration::from_hours(365 * 24);

    fn rotated(key: &SecretKey, date: i64) -> SecretKey {
        key.rotated(YEAR, day(date), &mut random(date.unsigned_abs())).unwrap()
    }

    fn algorithms(key: &SecretKey) -> Vec<PublicKeyAlgorithm> {
        key.inner.secret_subkeys.iter().map(|subkey| subkey.key.algorithm()).collect()
    }

    fn chosen(certificate: &Certificate, date: i64) -> std::result::Result<String, Unusable> {
        certificate.encryption_subkey(day(date)).map(|fingerprint| fingerprint.to_string())
    }

    #[test]
    fn new_subkeys_of_the_same_kinds_take_over_and_expire() {
        use PublicKeyAlgorithm::{ECDH, MlKem768X25519};
        let john = key(Profile::Default, "John");
        let new = rotated(&john, 5);
        assert_eq!(algorithms(&new), [ECDH, MlKem768X25519, ECDH, MlKem768X25519]);
        let (before, after) = (john.certificate(), new.certificate());
        assert_ne!(chosen(&after, 5), chosen(&before, 5));
        assert!(chosen(&after, 369).is_ok());
        assert_eq!(chosen(&after, 370), Err(Unusable::NoEncryptionSubkey), "the old ones ended");
        let classic = rotated(&key(Profile::Classic, "Mary"), 5);
        assert_eq!(algorithms(&classic), [ECDH, ECDH]);
        assert!(classic.rotated(YEAR, day(6), &mut random(1)).is_ok());
    }

    #[test]
    fn whoever_merges_the_new_certificate_forgets_the_old_subkey() {
        let john = key(Profile::Default, "John");
        let (once, twice) = (rotated(&john, 5), rotated(&rotated(&john, 5), 7));
        let old = john.certificate();
        for new in [&once, &twice] {
            let merged = old.merged(&new.certificate(), day(8)).unwrap();
            assert_eq!(chosen(&merged, 8), chosen(&new.certificate(), 8));
            assert_eq!(merged.merged(&old, day(8)).unwrap(), merged);
        }
        let merged = old.merged(&twice.certificate(), day(8)).unwrap();
        let merged = merged.merged(&twice.certificate(), day(67)).unwrap();
        assert_eq!(merged.inner.public_subkeys.len(), 2, "60 days after their end they are gone");
    }

    #[test]
    fn what_was_sealed_to_the_old_subkey_opens_for_thirty_days() {
        let (john, mary) = (key(Profile::Default, "John"), key(Profile::Default, "Mary"));
        let sealed = seal(b"x", &mary, &[&john.certificate()], day(4), &mut random(1)).unwrap();
        let new = rotated(&john, 5);
        let opens = |key: &SecretKey| open(&sealed, key, &mary.certificate(), day(9)).is_ok();
        assert!(opens(&new));
        assert!(new.without_expired(day(35)).unwrap().is_none());
        let mut locked = rotated(&john, 5);
        locked.lock("mine", &mut random(1)).unwrap();
        let mut less = locked.without_expired(day(36)).unwrap().unwrap();
        less.unlock("mine").unwrap();
        assert!(!opens(&less));
        assert!(less.lacks_secret_of(&new.certificate()));
        assert!(!new.lacks_secret_of(&new.certificate()));
        assert_eq!(less.inner.secret_subkeys.len(), 2);
        assert!(less.without_expired(day(500)).unwrap().is_none(), "the last of its kind");
    }

    #[test]
    fn whose_own_subkeys_have_expired_can_still_write() {
        let (john, mary) = (key(Profile::Default, "John"), key(Profile::Default, "Mary"));
        let old = rotated(&john, 1);
        let write =
            |from: &SecretKey, to: &[&Certificate]| seal(b"x", from, to, day(400), &mut random(1));
        let (expired, valid) = (old.certificate(), mary.certificate());
        let sealed = write(&old, &[&valid]).unwrap();
        assert!(open(&sealed, &mary, &expired, day(400)).is_ok());
        assert!(open(&sealed, &old, &expired, day(400)).is_err());
        for to in [&[][..], &[&expired], &[&valid, &expired]] {
            assert!(write(&old, to).is_err());
        }
    }

    #[test]
    fn other_subkeys_stay_as_they_are() {
        let john = with_subkey(&key(Profile::Classic, "John"), false, 1, Some(3));
        let john = expiring(&with_subkey(&john, true, 1, Some(3)), 2, 400);
        let new = rotated(&john, 5);
        let signatures = |key: &SecretKey, index: usize| {
            let subkey: &SignedSecretSubKey = &key.inner.secret_subkeys[index];
            subkey.signatures.clone()
        };
        assert_ne!(signatures(&new, 0), signatures(&john, 0));
        for index in [1, 2] {
            assert_eq!(signatures(&new, index), signatures(&john, index), "{index}");
        }
        let less = new.without_expired(day(100)).unwrap().unwrap();
        assert_eq!(less.inner.secret_subkeys.len(), 2, "the signing subkey stays");
        assert_eq!(less.certificate().expires(day(100)), Some(day(400)));
    }

    #[test]
    fn a_locked_key_and_a_second_of_no_length() {
        let mut john = key(Profile::Classic, "John");
        let new = rotated(&john, 0);
        assert!(chosen(&new.certificate(), 1).is_ok());
        assert_eq!(new.certificate().inner.public_subkeys.len(), 2);
        john.lock("mine", &mut random(1)).unwrap();
        assert!(john.rotated(YEAR, day(1), &mut random(1)).is_err());
    }
}
