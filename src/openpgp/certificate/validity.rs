//! Which self-signatures, bindings and revocations are in force when: RFC 9580 with an explicit
//! clock.
//!
//! The newest binding counts, whatever it replaced, since merging keeps no other (PROTOCOL §9). A
//! revocation is never undone, nor held to the policy for other signatures: a soft one holds from its
//! date on, a hard one also before. Certifications by others are ignored.

#[cfg(test)]
pub mod corpus;
#[cfg(test)]
pub mod matrix;
#[cfg(test)]
pub mod ours;

use pgp::composed::{SignedPublicKey, SignedPublicSubKey};
use pgp::packet::{KeyFlags, PublicKey, PublicSubkey, RevocationCode, Signature, SubpacketData};
use pgp::types::{KeyDetails, KeyVersion, SignedUser};

use super::part::Part;
use super::signature_policy::{self, Moment, newest};
use super::unusable::Unusable;
use crate::openpgp::seconds::timestamp;

/// Checks that none of the verified `revocations` is in force at `at`; the error tells whether a
/// hard one is among them.
fn revoked<'a>(revocations: impl Iterator<Item = &'a Signature>, at: u32) -> Result<(), Unusable> {
    let mut soft = false;
    for revocation in revocations {
        if is_hard(revocation) {
            return Err(Unusable::Revoked { hard: true });
        }
        soft |= revocation.created().is_none_or(|created| created.as_secs() <= at);
    }
    if soft { Err(Unusable::Revoked { hard: false }) } else { Ok(()) }
}

/// Returns whether `revocation` reaches back: it does not say that the key was good before.
pub fn is_hard(revocation: &Signature) -> bool {
    use RevocationCode::{CertUserIdInvalid, KeyRetired, KeySuperseded};
    let reason = revocation.revocation_reason_code();
    !matches!(reason, Some(KeySuperseded | KeyRetired | CertUserIdInvalid))
}

/// When a key `created` then expires, as `signature` has it.
pub fn expiry(created: u32, signature: &Signature) -> Option<u32> {
    let lifetime = signature.key_expiration_time()?.as_secs();
    (lifetime != 0).then(|| created.saturating_add(lifetime))
}

fn not_expired(expires: Option<u32>, at: u32) -> Result<(), Unusable> {
    match expires {
        Some(expires) if expires <= at => Err(Unusable::Expired(timestamp(expires))),
        _ => Ok(()),
    }
}

/// The self-signatures of a primary key that are in force.
pub struct Standing<'a> {
    signatures: Vec<&'a Signature>,
    expires: Option<u32>,
}

impl Standing<'_> {
    /// When the primary key expires.
    pub fn expires(&self) -> Option<u32> {
        self.expires
    }

    /// The permitted uses of the primary key.
    pub fn flags(&self) -> KeyFlags {
        self.signatures.iter().find_map(|signature| flags(signature)).unwrap_or_default()
    }

    /// Returns whether the holder's programs read SEIPDv2.
    pub fn advertises_seipd_v2(&self) -> bool {
        self.signatures
            .iter()
            .find_map(|signature| signature.features())
            .is_some_and(|features| features.seipd_v2())
    }
}

fn flags(signature: &Signature) -> Option<KeyFlags> {
    let hashed = &signature.config()?.hashed_subpackets;
    hashed.iter().find_map(|subpacket| match &subpacket.data {
        SubpacketData::KeyFlags(flags) => Some(flags.clone()),
        _ => None,
    })
}

/// How the primary key of `certificate` stands at `moment`.
///
/// # Errors
/// When it can be used for nothing then.
pub fn standing(certificate: &SignedPublicKey, moment: Moment) -> Result<Standing<'_>, Unusable> {
    let primary = &certificate.primary_key;
    if signature_policy::is_weak(primary) {
        return Err(Unusable::Weak);
    }
    revoked(key_revocations(certificate), moment.at)?;
    let created = primary.created_at().as_secs();
    if created > moment.born {
        return Err(Unusable::NotYetValid);
    }
    let direct = direct_signature(certificate, moment);
    let signatures: Vec<_> = if primary.version() == KeyVersion::V6 {
        direct.into_iter().collect()
    } else {
        let user = user_id(certificate, moment).map(|(_, signature)| signature);
        user.into_iter().chain(direct).collect()
    };
    if signatures.is_empty() {
        return Err(Unusable::NoSelfSignature);
    }
    let expires = signatures
        .iter()
        .find(|signature| signature.key_expiration_time().is_some())
        .and_then(|signature| expiry(created, signature));
    not_expired(expires, moment.at)?;
    Ok(Standing { signatures, expires })
}

/// The verified revocations of the primary key.
pub fn key_revocations(certificate: &SignedPublicKey) -> impl Iterator<Item = &Signature> {
    revocations(certificate, Part::Primary, &certificate.details.revocation_signatures)
}

/// The direct-key signature in force.
pub fn direct_signature(certificate: &SignedPublicKey, moment: Moment) -> Option<&Signature> {
    let primary = &certificate.primary_key;
    let bindings = certificate.details.direct_signatures.iter();
    let direct = bindings.filter(|signature| Part::Primary.is_bound_by(signature));
    newest(direct, moment, |s| {
        Part::Primary.is_since(primary, s) && Part::Primary.is_signed_by(primary, s)
    })
}

/// The verified revocations of `part` among its `signatures`.
fn revocations<'a>(
    certificate: &'a SignedPublicKey,
    part: Part<'a>,
    signatures: &'a [Signature],
) -> impl Iterator<Item = &'a Signature> {
    signatures.iter().filter(move |signature| {
        part.is_revoked_by(signature) && part.is_signed_by(&certificate.primary_key, signature)
    })
}

/// The User ID that the holder shows first, with its self-signature in force.
pub fn user_id(certificate: &SignedPublicKey, moment: Moment) -> Option<(&SignedUser, &Signature)> {
    users_in_force(certificate, moment)
        .max_by_key(|(_, signature)| (signature.is_primary(), signature.created()))
}

/// The User IDs that are not revoked, each with its self-signature in force.
pub fn users_in_force(
    certificate: &SignedPublicKey,
    moment: Moment,
) -> impl Iterator<Item = (&SignedUser, &Signature)> {
    certificate.details.users.iter().filter_map(move |user| {
        let signature = self_certification(certificate, user, moment)?;
        let void = user_revocations(certificate, user).any(|revocation| {
            revocation.created() >= signature.created()
                && revocation.created().is_none_or(|created| created.as_secs() <= moment.at)
        });
        (!void).then_some((user, signature))
    })
}

/// The newest verified self-signature over `user`.
pub fn self_certification<'a>(
    certificate: &SignedPublicKey,
    user: &'a SignedUser,
    moment: Moment,
) -> Option<&'a Signature> {
    let (primary, part) = (&certificate.primary_key, Part::User(&user.id));
    let bindings = user.signatures.iter().filter(|signature| part.is_bound_by(signature));
    newest(bindings, moment, |s| part.is_since(primary, s) && part.is_signed_by(primary, s))
}

/// The verified revocations of `user`.
pub fn user_revocations<'a>(
    certificate: &'a SignedPublicKey,
    user: &'a SignedUser,
) -> impl Iterator<Item = &'a Signature> {
    revocations(certificate, Part::User(&user.id), &user.signatures)
}

/// The binding that puts `subkey` in force at `moment`.
///
/// # Errors
/// When it is not. The primary key is [`standing`]'s to judge.
pub fn binding<'a>(
    certificate: &SignedPublicKey,
    subkey: &'a SignedPublicSubKey,
    moment: Moment,
) -> Result<&'a Signature, Unusable> {
    if signature_policy::is_weak(&subkey.key) {
        return Err(Unusable::Weak);
    }
    revoked(subkey_revocations(certificate, subkey), moment.at)?;
    let created = subkey.key.created_at().as_secs();
    if created > moment.born {
        return Err(Unusable::NotYetValid);
    }
    let binding = newest_binding(certificate, subkey, moment).ok_or(Unusable::NoSelfSignature)?;
    not_expired(expiry(created, binding), moment.at)?;
    Ok(binding)
}

/// The newest verified binding of `subkey`, in force or not. One that lets it sign is none without
/// the back signature: GnuPG writes that where anybody can take it out.
pub fn newest_binding<'a>(
    certificate: &SignedPublicKey,
    subkey: &'a SignedPublicSubKey,
    moment: Moment,
) -> Option<&'a Signature> {
    let (primary, part) = (&certificate.primary_key, Part::Subkey(&subkey.key));
    let bindings = subkey.signatures.iter().filter(|signature| part.is_bound_by(signature));
    newest(bindings, moment, |s| {
        part.is_since(primary, s)
            && part.is_signed_by(primary, s)
            && (!s.key_flags().sign() || agrees(primary, &subkey.key, s, moment))
    })
}

/// The newest verified binding of `subkey`; if all of them are of the future, the newest of these.
pub fn binding_now_or_later<'a>(
    certificate: &SignedPublicKey,
    subkey: &'a SignedPublicSubKey,
    moment: Moment,
) -> Option<&'a Signature> {
    newest_binding(certificate, subkey, moment)
        .or_else(|| newest_binding(certificate, subkey, moment.or_later()))
}

/// Returns whether `subkey` agrees to `binding` by a back signature (RFC 9580 §5.2.1.8).
pub fn agrees(
    primary: &PublicKey,
    subkey: &PublicSubkey,
    binding: &Signature,
    moment: Moment,
) -> bool {
    binding.embedded_signature().is_some_and(|back| {
        signature_policy::objection(back, moment).is_none()
            && back.verify_primary_key_binding(subkey, primary).is_ok()
    })
}

/// The verified revocations of `subkey`.
pub fn subkey_revocations<'a>(
    certificate: &'a SignedPublicKey,
    subkey: &'a SignedPublicSubKey,
) -> impl Iterator<Item = &'a Signature> {
    revocations(certificate, Part::Subkey(&subkey.key), &subkey.signatures)
}

/// Returns whether `binding` lets its subkey encrypt, but not sign.
pub fn only_encrypts(binding: &Signature) -> bool {
    let flags = binding.key_flags();
    (flags.encrypt_comms() || flags.encrypt_storage()) && !flags.sign()
}

/// Returns whether every verified binding of `subkey` had expired before `time`.
pub fn expired_before(
    certificate: &SignedPublicKey,
    subkey: &SignedPublicSubKey,
    time: u32,
) -> bool {
    let created = subkey.key.created_at().as_secs();
    let part = Part::Subkey(&subkey.key);
    let lives = |signature: &Signature| {
        part.is_bound_by(signature)
            && expiry(created, signature).is_none_or(|expires| expires > time)
            && part.is_signed_by(&certificate.primary_key, signature)
    };
    !subkey.signatures.iter().any(lives)
}
