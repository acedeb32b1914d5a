//! Certifications by others: each says that a User ID belongs to a certificate. Only somebody who
//! has the certificates of the others can verify them; here such signatures are carried, within a
//! limit.

use jiff::Timestamp;
use pgp::composed::SignedPublicKey;
use pgp::packet::{Signature, SignatureType};
use pgp::ser::Serialize;
use pgp::types::SignedUser;

use super::Certificate;
use super::component::Component;
use super::signature_policy::{self, Moment};
use crate::protocol::values::fingerprint::Fingerprint;
use crate::protocol::{Error, Result};

/// The most that the certifications of one certificate take, in bytes: a post-quantum one, or some
/// hundred of today's.
const MOST: usize = 16 * 1024;

impl Certificate {
    /// This certificate with the certifications by others that `other`, another version of it, has
    /// on the same User IDs: of each issuer the newest, and only by those whose fingerprint is in
    /// `by`, unless that is empty. A certification that its issuer revoked later is left out.
    ///
    /// # Errors
    /// When they would take more than 16 KiB.
    pub fn certified_as(
        &self,
        other: &Certificate,
        by: &[Fingerprint],
        now: Timestamp,
    ) -> Result<Certificate> {
        let moment = Moment::now(now);
        let mut inner = self.inner.clone();
        let mut size = 0_usize;
        for user in &mut inner.details.users {
            let mut others = other.inner.details.users.iter();
            let same = others.find(|other| other.id.id() == user.id.id());
            let new = same.map(|same| same.signatures.as_slice()).unwrap_or_default();
            let new = new.iter().filter(|s| by.is_empty() || by.iter().any(|by| is_by(s, by)));
            let (mut kept, old): (Vec<_>, Vec<_>) =
                user.signatures.iter().partition(|s| !is_by_another(&self.inner, s));
            let new = new.filter(|signature| is_by_another(&self.inner, signature));
            let certifications = newest(old.into_iter().chain(new).collect(), moment);
            size = certifications.iter().fold(size, |size, s| size.saturating_add(s.write_len()));
            kept.extend(certifications);
            user.signatures = kept.into_iter().cloned().collect();
        }
        if size > MOST {
            return Err(Error::malformed("the certifications by others take more than 16 KiB"));
        }
        Certificate::new(inner)
    }
}

/// The issuers who say that they certify `user`: fingerprints, or where they name none, key ids.
pub fn issuers(certificate: &SignedPublicKey, user: &SignedUser) -> Vec<String> {
    let certifications = user.signatures.iter().filter(|s| is_by_another(certificate, s));
    let certifications = certifications.filter(|s| s.typ() != Some(SignatureType::CertRevocation));
    certifications.filter_map(issuer).collect()
}

/// The newest acceptable certification of each issuer in `all`, unless it was revoked since.
fn newest(mut all: Vec<&Signature>, moment: Moment) -> Vec<&Signature> {
    all.retain(|signature| signature_policy::objection(signature, moment).is_none());
    // Of two of one second the revocation: it was meant to end the other.
    let is_revocation = |s: &Signature| s.typ() == Some(SignatureType::CertRevocation);
    all.sort_by_key(|s| std::cmp::Reverse((s.created(), is_revocation(s))));
    let mut seen = Vec::new();
    all.retain(|signature| {
        let issuer = issuer(signature);
        let is_first = !seen.contains(&issuer);
        seen.push(issuer);
        is_first && !is_revocation(signature)
    });
    all.reverse();
    all
}

/// Returns whether `signature` is a statement on a User ID of `certificate` by another than its
/// holder.
fn is_by_another(certificate: &SignedPublicKey, signature: &Signature) -> bool {
    use SignatureType::{CertCasual, CertGeneric, CertPersona, CertPositive, CertRevocation};
    let says = [CertGeneric, CertPersona, CertCasual, CertPositive, CertRevocation];
    signature.typ().is_some_and(|typ| says.contains(&typ))
        && issuer(signature).is_some()
        && !Component::Primary(&certificate.primary_key).is_named_by(signature)
}

fn issuer(signature: &Signature) -> Option<String> {
    let fingerprint = signature.issuer_fingerprint().first().map(|named| format!("{named:X}"));
    let id = || signature.issuer_key_id().first().map(|id| id.to_string().to_uppercase());
    fingerprint.or_else(id)
}

fn is_by(signature: &Signature, by: &Fingerprint) -> bool {
    issuer(signature).is_some_and(|issuer| by.to_string().ends_with(&issuer))
}

#[cfg(test)]
mod tests {
    use pgp::packet::{Subpacket, SubpacketData};
    use pgp::types::{Password, Tag};

    use super::*;
    use crate::openpgp::secret_key::{Profile, SecretKey, generate};
    use crate::openpgp::testing::{day, key, random};

    /// The statement of `by` on the User ID of `of`, made on `date`.
    fn said(by: &SecretKey, of: &Certificate, typ: SignatureType, date: i64) -> Signature {
        let signer = &by.inner.primary_key;
        let config = generate::config(signer, typ, day(date), &mut random(3)).unwrap();
        let (signee, id) = (&of.inner.primary_key, &of.inner.details.users[0].id);
        let none = Password::empty();
        config.sign_certification_third_party(signer, &none, signee, Tag::UserId, id).unwrap()
    }

    /// `of` with those signatures on its User ID.
    fn with(of: &Certificate, signatures: &[Signature]) -> Certificate {
        let mut inner = of.inner.clone();
        inner.details.users[0].signatures.extend(signatures.iter().cloned());
        Certificate::new(inner).unwrap()
    }

    fn certified_by(certificate: &Certificate) -> Vec<String> {
        certificate.users(day(9)).remove(0).certified_by
    }

    #[test]
    fn the_newest_of_each_stays_unless_it_was_revoked() {
        let [john, mary, eve] = ["John", "Mary", "Eve"].map(|name| key(Profile::Classic, name));
        let certificate = john.certificate();
        let (positive, revocation) = (SignatureType::CertPositive, SignatureType::CertRevocation);
        let hers = [2, 4, 3].map(|date| said(&mary, &certificate, positive, date));
        let eves =
            [(positive, 2), (revocation, 3)].map(|(typ, on)| said(&eve, &certificate, typ, on));
        let other = with(&certificate, &[&hers[..], &eves].concat());
        let certified = certificate.certified_as(&other, &[], day(9)).unwrap();
        assert_eq!(certified_by(&certified), [mary.fingerprint().to_string()]);
        assert_eq!(certified.inner.details.users[0].signatures[1], hers[1]);
        // A merge asks about the holder alone and finds it as before, and once is enough.
        assert_eq!(certificate.merged(&certified, day(9)).unwrap(), certificate);
        assert_eq!(certified.certified_as(&other, &[], day(9)).unwrap(), certified);
        // A certification that is kept goes when its issuer takes it back.
        let back = with(&certificate, &[said(&mary, &certificate, revocation, 5)]);
        let back = certified.certified_as(&back, &[], day(9)).unwrap();
        assert_eq!(back, certificate);
    }

    #[test]
    fn only_those_who_were_asked_for_and_on_the_same_user_ids() {
        let [john, mary, eve] = ["John", "Mary", "Eve"].map(|name| key(Profile::Classic, name));
        let certificate = john.certificate();
        let all = [&mary, &eve].map(|by| said(by, &certificate, SignatureType::CertGeneric, 2));
        let other = with(&certificate, &all);
        let by = certificate.certified_as(&other, &[eve.fingerprint()], day(9)).unwrap();
        assert_eq!(certified_by(&by), [eve.fingerprint().to_string()]);
        assert_eq!(certified_by(&certificate.certified_as(&other, &[], day(9)).unwrap()).len(), 2);
        let early = certificate.certified_as(&other, &[], day(0)).unwrap();
        assert_eq!(early, certificate, "they are of the future");
        let mut renamed = other.clone();
        renamed.inner.details.users[0].id = mary.inner.details.users[0].id.clone();
        assert_eq!(certificate.certified_as(&renamed, &[], day(9)).unwrap(), certificate);
    }

    #[test]
    fn a_flood_of_them_is_refused() {
        let john = key(Profile::Classic, "John").certificate();
        let flood: Vec<_> = (0..40)
            .map(|number| {
                let by = key(Profile::Classic, &format!("certifier {number}"));
                let mut signature = said(&by, &john, SignatureType::CertGeneric, 2);
                let junk = SubpacketData::PolicyURI("x".repeat(400));
                signature.unhashed_subpacket_push(Subpacket::regular(junk).unwrap()).unwrap();
                signature
            })
            .collect();
        assert!(john.certified_as(&with(&john, &flood), &[], day(9)).is_err());
        assert!(john.certified_as(&with(&john, &flood[..20]), &[], day(9)).is_ok());
    }
}
