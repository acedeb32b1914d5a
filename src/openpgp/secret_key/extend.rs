//! A later end for our own key: the signatures that say when it expires, made again.

use jiff::Timestamp;
use pgp::composed::{SignedPublicKey, SignedPublicSubKey, SignedSecretSubKey};
use pgp::errors::Result as PgpResult;
use pgp::packet::{
    SecretKey as Primary, Signature, SignatureConfig, SignatureType, Subpacket, SubpacketData,
};
use pgp::types::{Duration, KeyDetails, Password, SignedUser, Tag, Timestamp as KeyTime};

use super::{SecretKey, failed, redate};
use crate::openpgp::certificate::signature_policy::Moment;
use crate::openpgp::certificate::validity;
use crate::openpgp::seconds::seconds;
use crate::protocol::{Random, Result};

impl SecretKey {
    /// This key with a later end: its primary key and the newest subkey of each kind expire at
    /// `until`, or never. A key that ends later already, or never, stays as it is; nothing if all
    /// do.
    ///
    /// A key's time counts in seconds, and the newest signature wins: `now` must be later than
    /// [`Certificate::newest_signature`](crate::openpgp::Certificate::newest_signature).
    ///
    /// # Errors
    /// When it is locked, or the secret of its primary key is not here.
    pub fn extended(
        &self,
        until: Option<Timestamp>,
        now: Timestamp,
        rng: &mut Random,
    ) -> Result<Option<Self>> {
        self.expect_certifying()?;
        let mut inner = self.inner.clone();
        let mut extension = Extension {
            key: &self.certificate.inner,
            primary: &self.inner.primary_key,
            until,
            now,
            rng,
        };
        let users = extension.users(&mut inner.details.users).map_err(failed)?;
        let direct = extension.direct(&mut inner.details.direct_signatures).map_err(failed)?;
        let subkeys = extension.subkeys(&mut inner.secret_subkeys).map_err(failed)?;
        (users || direct || subkeys).then(|| Self::new(inner)).transpose()
    }
}

struct Extension<'a> {
    key: &'a SignedPublicKey,
    primary: &'a Primary,
    until: Option<Timestamp>,
    now: Timestamp,
    rng: &'a mut Random,
}

impl Extension<'_> {
    fn users(&mut self, users: &mut [SignedUser]) -> PgpResult<bool> {
        let mut changed = false;
        for user in users {
            let in_force = validity::users_in_force(self.key, Moment::now(self.now))
                .find(|(known, _)| known.id.id() == user.id.id());
            let created = self.primary.created_at();
            let Some((_, old)) = in_force.filter(|(_, old)| self.is_later(created, old)) else {
                continue;
            };
            let (typ, public) =
                (old.typ().unwrap_or(SignatureType::CertPositive), self.primary.public_key());
            let none = Password::empty();
            let new = self.again(typ, old, created)?;
            let new = new.sign_certification(self.primary, public, &none, Tag::UserId, &user.id)?;
            // Revocations stay, of the others the newest alone.
            user.signatures.retain(|s| s.typ() == Some(SignatureType::CertRevocation));
            user.signatures.push(new);
            changed = true;
        }
        Ok(changed)
    }

    fn direct(&mut self, signatures: &mut Vec<Signature>) -> PgpResult<bool> {
        let created = self.primary.created_at();
        let old = validity::direct_signature(self.key, Moment::now(self.now));
        let Some(old) = old.filter(|old| self.is_later(created, old)) else { return Ok(false) };
        let new = self.again(SignatureType::Key, old, created)?;
        *signatures =
            vec![new.sign_key(self.primary, &Password::empty(), self.primary.public_key())?];
        Ok(true)
    }

    fn subkeys(&mut self, subkeys: &mut [SignedSecretSubKey]) -> PgpResult<bool> {
        let mut changed = false;
        for subkey in subkeys {
            let Some((created, old)) = self.newest_of_its_kind(subkey) else { continue };
            if !self.is_later(created, &old) {
                continue;
            }
            let new = self.again(SignatureType::SubkeyBinding, &old, created)?;
            let (none, public) = (Password::empty(), self.primary.public_key());
            let new =
                new.sign_subkey_binding(self.primary, public, &none, subkey.key.public_key())?;
            subkey.signatures.retain(|s| s.typ() != Some(SignatureType::SubkeyBinding));
            subkey.signatures.push(new);
            changed = true;
        }
        Ok(changed)
    }

    /// When `subkey` was made, and its binding, unless it is revoked or another took its place: what
    /// a rotation ended shall not come back.
    fn newest_of_its_kind(&self, subkey: &SignedSecretSubKey) -> Option<(KeyTime, Signature)> {
        let moment = Moment::now(self.now);
        let bound = |public: &&SignedPublicSubKey| {
            validity::subkey_revocations(self.key, public).next().is_none()
        };
        let all = self.key.public_subkeys.iter().filter(bound);
        let kind = |public: &SignedPublicSubKey| {
            let binding = validity::newest_binding(self.key, public, moment)?;
            Some((public.key.algorithm(), binding.key_flags().sign()))
        };
        let fingerprint = subkey.key.fingerprint();
        let own = all.clone().find(|public| public.key.fingerprint() == fingerprint)?;
        let (mut others, created) = (all, own.key.created_at());
        let own_kind = kind(own)?;
        if others.any(|other| other.key.created_at() > created && kind(other) == Some(own_kind)) {
            return None;
        }
        Some((created, validity::newest_binding(self.key, own, moment)?.clone()))
    }

    /// Returns whether the wanted end is later than the one that `old` gives to what was `created`
    /// then.
    fn is_later(&self, created: KeyTime, old: &Signature) -> bool {
        validity::expiry(created.as_secs(), old)
            .is_some_and(|end| self.until.is_none_or(|until| seconds(until) > end))
    }

    /// The statements of `old`, with the wanted end.
    fn again(
        &mut self,
        typ: SignatureType,
        old: &Signature,
        created: KeyTime,
    ) -> PgpResult<SignatureConfig> {
        let mut config = redate::restated(self.primary, typ, old, self.now, self.rng)?;
        let is_end = |data: &SubpacketData| matches!(data, SubpacketData::KeyExpirationTime(_));
        config.hashed_subpackets.retain(|subpacket| !is_end(&subpacket.data));
        if let Some(until) = self.until {
            let lifetime = seconds(until).saturating_sub(created.as_secs());
            let lifetime = SubpacketData::KeyExpirationTime(Duration::from_secs(lifetime));
            config.hashed_subpackets.push(Subpacket::critical(lifetime)?);
        }
        Ok(config)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::openpgp::certificate::{Certificate, Unusable};
    use crate::openpgp::message::open::open;
    use crate::openpgp::message::seal::seal;
    use crate::openpgp::secret_key::Profile;
    use crate::openpgp::testing::{day, expiring, key, random, revoked, with_subkey};

    fn extended(key: &SecretKey, until: Option<i64>, date: i64) -> Option<SecretKey> {
        key.extended(until.map(day), day(date), &mut random(9)).unwrap()
    }

    fn ends(certificate: &Certificate, date: i64) -> Vec<Option<Timestamp>> {
        certificate.parts(day(date)).into_iter().map(|part| part.expires).collect()
    }

    #[test]
    fn what_ends_ends_later_and_what_never_does_never() {
        let john = expiring(&with_subkey(&key(Profile::Classic, "John"), true, 1, Some(9)), 2, 5);
        assert_eq!(ends(&john.certificate(), 3), [Some(day(5)), None, Some(day(10))]);
        // Also when it is over already.
        let later = extended(&john, Some(100), 20).unwrap().certificate();
        assert_eq!(ends(&later, 21), [Some(day(100)), None, Some(day(100))]);
        assert_eq!(later.usable(day(21)), Ok(()));
        // Others learn of it, whichever way round.
        let old = john.certificate();
        for merged in [old.merged(&later, day(21)), later.merged(&old, day(21))] {
            assert_eq!(merged.unwrap(), later);
        }
        let never = extended(&john, None, 3).unwrap().certificate();
        assert_eq!(ends(&never, 4), [None, None, None]);
    }

    #[test]
    fn nothing_is_done_where_nothing_would_end_later() {
        let john = expiring(&key(Profile::Classic, "John"), 1, 50);
        assert!(extended(&john, Some(50), 2).is_none());
        assert!(extended(&key(Profile::Classic, "Mary"), Some(900), 2).is_none());
        let mut locked = expiring(&key(Profile::Classic, "John"), 1, 50);
        locked.lock("x", &mut random(1)).unwrap();
        assert!(locked.extended(None, day(2), &mut random(1)).is_err());
    }

    #[test]
    fn what_a_rotation_ended_or_the_holder_revoked_does_not_come_back() {
        let year = jiff::SignedDuration::from_hours(24 * 365);
        let john = key(Profile::Default, "John").rotated(year, day(5), &mut random(1)).unwrap();
        let later = extended(&john, Some(900), 20).unwrap().certificate();
        let (old, new) = (Some(day(5)), Some(day(900)));
        assert_eq!(ends(&later, 21), [None, old, old, new, new]);
        let code = pgp::packet::RevocationCode::KeyRetired;
        let john = with_subkey(&key(Profile::Classic, "John"), true, 1, Some(9));
        let john = revoked(&john, Some(1), code, 2);
        assert!(extended(&john, Some(900), 20).is_none());
        assert_eq!(
            john.certificate().parts(day(3))[2].verdict,
            Err(Unusable::Revoked { hard: false })
        );
    }

    #[test]
    fn a_signing_subkey_signs_on() {
        let john = with_subkey(&key(Profile::Classic, "John"), false, 1, Some(4));
        let later = extended(&john, Some(100), 20).unwrap();
        let mary = key(Profile::Classic, "Mary");
        let sealed = seal(b"x", &later, &[&mary.certificate()], day(30), &mut random(1)).unwrap();
        let opened = open(&sealed, &mary, &later.certificate(), day(30)).unwrap();
        assert_ne!(opened.signer, john.fingerprint());
    }
}
