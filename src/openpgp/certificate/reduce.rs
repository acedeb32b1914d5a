//! A certificate that somebody else wrote, made small: what its primary key vouches for, and of that
//! not too much (PROTOCOL §9).
//!
//! Anybody can put keys, names and signatures into a certificate, and each has to be checked whenever
//! the certificate is judged. So it is checked once, before its first use, and only what holds is kept.

use jiff::Timestamp;
use pgp::composed::{SignedKeyDetails, SignedPublicKey, SignedPublicSubKey};
use pgp::packet::{PublicKey, Signature};
use pgp::types::{KeyDetails, SignedUser};

use super::part::Part;
use super::signature_policy::{self, Moment};
use super::validity;

/// Subkeys that are kept: the newest.
const SUBKEYS: usize = 32;
/// User IDs that are kept: the first.
const USERS: usize = 16;
/// Revocations that are kept of one part.
const REVOCATIONS: usize = 2;
/// Signatures that are checked, whatever comes of it.
const CHECKS: usize = 192;
/// Of these, those that may come to nothing: certificates of honest people have none.
const FAILED: usize = 16;

/// Returns whether `certificate` is as small as one that was reduced.
pub fn is_small(certificate: &SignedPublicKey) -> bool {
    let SignedKeyDetails { revocation_signatures, direct_signatures, users, user_attributes } =
        &certificate.details;
    let of_users = users.iter().map(|user| user.signatures.len());
    let of_subkeys = certificate.public_subkeys.iter().map(|subkey| subkey.signatures.len());
    let signatures = of_users.chain(of_subkeys).sum::<usize>();
    let signatures = signatures.saturating_add(revocation_signatures.len());
    users.len() <= USERS
        && user_attributes.is_empty()
        && certificate.public_subkeys.len() <= SUBKEYS
        && signatures.saturating_add(direct_signatures.len()) <= CHECKS
}

/// What the primary key of `foreign` vouches for.
///
/// Of each part the newest binding is kept that counts at `now`, else the newest of the future; and of
/// its revocations those that decide.
pub fn reduced(foreign: &SignedPublicKey, now: Timestamp) -> SignedPublicKey {
    let primary = &foreign.primary_key;
    let moment = Moment::now(now);
    let nothing = SignedKeyDetails::new(Vec::new(), Vec::new(), Vec::new(), Vec::new());
    if signature_policy::is_weak(primary) {
        // Nothing that it signed counts.
        return SignedPublicKey::new(primary.clone(), nothing, Vec::new());
    }
    let mut checks = Checks { primary, left: CHECKS, failures: FAILED };
    let (_, revocations) =
        checks.kept(Part::Primary, &foreign.details.revocation_signatures, moment);
    let (direct, _) = checks.kept(Part::Primary, &foreign.details.direct_signatures, moment);
    let users = foreign.details.users.iter().filter_map(|user| {
        let (binding, mut signatures) = checks.kept(Part::User(&user.id), &user.signatures, moment);
        signatures.extend(binding);
        (!signatures.is_empty()).then(|| SignedUser::new(user.id.clone(), signatures))
    });
    let users = users.take(USERS).collect();
    let mut newest: Vec<&SignedPublicSubKey> = foreign.public_subkeys.iter().collect();
    newest.sort_by_key(|subkey| std::cmp::Reverse(subkey.key.created_at()));
    let subkeys = newest.into_iter().filter_map(|subkey| {
        let key = &subkey.key;
        let (binding, mut signatures) = checks.kept(Part::Subkey(key), &subkey.signatures, moment);
        signatures.extend(binding);
        (!signatures.is_empty()).then(|| SignedPublicSubKey::new(key.clone(), signatures))
    });
    let mut subkeys: Vec<_> = subkeys.take(SUBKEYS).collect();
    // The order of the original, by which programs show them.
    let place = |subkey: &SignedPublicSubKey| {
        foreign.public_subkeys.iter().position(|original| original.key == subkey.key)
    };
    subkeys.sort_by_cached_key(place);
    let details =
        SignedKeyDetails::new(revocations, direct.into_iter().collect(), users, Vec::new());
    SignedPublicKey::new(primary.clone(), details, subkeys)
}

/// The checks that may still be made for one certificate.
struct Checks<'a> {
    primary: &'a PublicKey,
    left: usize,
    failures: usize,
}

impl Checks<'_> {
    /// The binding of `part` and the revocations to keep, of all its `signatures`.
    fn kept(
        &mut self,
        part: Part<'_>,
        signatures: &[Signature],
        moment: Moment,
    ) -> (Option<Signature>, Vec<Signature>) {
        let bindings: Vec<_> = signatures.iter().filter(|s| part.is_bound_by(s)).collect();
        let mut binds = |signature: &Signature| self.binds(part, signature, moment);
        let (later, present): (Vec<&Signature>, Vec<&Signature>) =
            bindings.into_iter().partition(|s| signature_policy::objection(s, moment).is_some());
        let binding = signature_policy::newest(present.into_iter(), moment, &mut binds)
            .or_else(|| signature_policy::newest(later.into_iter(), moment.or_later(), &mut binds));
        let mut revocations: Vec<_> = signatures.iter().filter(|s| part.is_revoked_by(s)).collect();
        revocations.sort_by_key(|revocation| {
            let created = revocation.created().map_or(0, |created| i64::from(created.as_secs()));
            // A name is taken back by the latest word, a key by the first.
            let date =
                if matches!(part, Part::User(_)) { created.saturating_neg() } else { created };
            (!validity::is_hard(revocation), date)
        });
        let revocations = revocations.into_iter().filter(|signature| {
            self.names_primary(signature)
                && self.holds(|primary| part.is_signed_by(primary, signature))
        });
        (binding.cloned(), revocations.take(REVOCATIONS).cloned().collect())
    }

    fn binds(&mut self, part: Part<'_>, signature: &Signature, moment: Moment) -> bool {
        let primary = self.primary;
        if !self.names_primary(signature) || !part.is_since(primary, signature) {
            return false;
        }
        self.holds(|primary| part.is_signed_by(primary, signature))
            && match part {
                Part::Subkey(subkey) if signature.key_flags().sign() => {
                    // What a weak key signs does not count, and some take long to check.
                    !signature_policy::is_weak(subkey)
                        && self
                            .holds(|primary| validity::agrees(primary, subkey, signature, moment))
                }
                _ => true,
            }
    }

    /// Whoever names another key did not sign as this one.
    fn names_primary(&self, signature: &Signature) -> bool {
        let (names, ids) = (signature.issuer_fingerprint(), signature.issuer_key_id());
        (names.is_empty() && ids.is_empty())
            || names.contains(&&self.primary.fingerprint())
            || ids.contains(&&self.primary.legacy_key_id())
    }

    fn holds(&mut self, check: impl FnOnce(&PublicKey) -> bool) -> bool {
        if self.left == 0 || self.failures == 0 {
            return false;
        }
        self.left = self.left.saturating_sub(1);
        let holds = check(self.primary);
        self.failures = self.failures.saturating_sub(usize::from(!holds));
        holds
    }
}

#[cfg(test)]
mod tests {
    use pgp::packet::RevocationCode;

    use super::*;
    use crate::openpgp::certificate::Certificate;
    use crate::openpgp::secret_key::Profile;
    use crate::openpgp::testing::{day, expiring, key, revoked, with_subkey};

    fn kept(certificate: &Certificate, date: i64) -> Certificate {
        Certificate::new(reduced(&certificate.inner, day(date))).unwrap()
    }

    #[test]
    fn a_certificate_with_nothing_in_it_but_its_own_stays_as_it_is() {
        let john = with_subkey(&key(Profile::Default, "John"), false, 1, None);
        let retired = revoked(&john, Some(0), RevocationCode::KeyRetired, 3);
        for own in [john.certificate(), expiring(&john, 1, 9).certificate()] {
            assert_eq!(kept(&own, 4), own);
        }
        let retired = retired.certificate();
        assert_eq!(kept(&retired, 4), retired.merged(&retired, day(4)).unwrap());
    }

    #[test]
    fn what_strangers_add_is_left_out_however_much_it_is() {
        let john = with_subkey(&key(Profile::Classic, "John"), false, 1, None);
        let eve = with_subkey(&key(Profile::Classic, "Eve"), false, 2, None);
        let certificate = john.certificate();
        let mut stuffed = certificate.clone();
        let foreign = eve.certificate().inner;
        for _ in 0..200 {
            stuffed.inner.public_subkeys.extend(foreign.public_subkeys.iter().cloned());
            stuffed.inner.details.users.extend(foreign.details.users.iter().cloned());
        }
        // Hers name her as their maker, and so cost nothing: John's own are all found.
        assert!(!is_small(&stuffed.inner));
        assert_eq!(kept(&stuffed, 4), certificate);
    }

    #[test]
    fn what_pretends_to_be_the_holders_is_tried_so_often_and_no_more() {
        let john = key(Profile::Classic, "John");
        let (certificate, mut stuffed) = (john.certificate(), john.certificate());
        let mut junk = certificate.inner.public_subkeys[0].clone();
        junk.key = key(Profile::Classic, "Eve").certificate().inner.public_subkeys[0].key.clone();
        for (count, subkeys) in [(FAILED - 1, 1), (FAILED, 0)] {
            let all = std::iter::repeat_n(&junk, count).chain(&certificate.inner.public_subkeys);
            stuffed.inner.public_subkeys = all.cloned().collect();
            assert_eq!(kept(&stuffed, 1).inner.public_subkeys.len(), subkeys, "{count}");
        }
    }

    #[test]
    fn of_many_bindings_and_revocations_those_that_decide_are_kept() {
        let john = key(Profile::Classic, "John");
        let mut all = expiring(&john, 1, 10).certificate();
        for date in [2, 6, 3] {
            let other = expiring(&john, date, 100).certificate();
            all.inner.details.users[0]
                .signatures
                .extend(other.inner.details.users[0].signatures.clone());
            let soft = revoked(&john, None, RevocationCode::KeyRetired, 20 + date).certificate();
            let hard = revoked(&john, None, RevocationCode::NoReason, 30 + date).certificate();
            let revocations = &mut all.inner.details.revocation_signatures;
            revocations.extend(soft.inner.details.revocation_signatures);
            revocations.extend(hard.inner.details.revocation_signatures);
        }
        let small = kept(&all, 4);
        assert_eq!(small.inner.details.users[0].signatures.len(), 1);
        assert_eq!(small.inner.details.users[0].signatures[0].created().unwrap().as_secs(), {
            let other = expiring(&john, 3, 100).certificate();
            other.inner.details.users[0].signatures[0].created().unwrap().as_secs()
        });
        assert_eq!(small.inner.details.revocation_signatures.len(), REVOCATIONS);
        assert_eq!(small.usable(day(4)), all.usable(day(4)));
    }

    #[test]
    fn more_subkeys_than_anybody_has_are_too_many() {
        let mut john = key(Profile::Classic, "John");
        for date in 1..=33 {
            john = with_subkey(&john, true, date, None);
        }
        let small = kept(&john.certificate(), 40);
        assert_eq!(small.inner.public_subkeys.len(), SUBKEYS);
        let newest = john.certificate().encryption_subkey(day(40));
        assert_eq!(small.encryption_subkey(day(40)), newest);
        assert!(is_small(&small.inner));
    }
}
