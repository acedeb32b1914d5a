//! Our own key: until when it can be used, and whether the certificate is that of the secret key.

use jiff::Timestamp;

use crate::checking::finding::Finding;
use crate::error::{Kind, Result};
use crate::openpgp::certificate::Certificate;
use crate::openpgp::secret_key::SecretKey;
use crate::protocol::values::limits;
use crate::session::keys::Keys;
use crate::session::own_key;
use crate::store::disk::home::Home;
use crate::store::disk::rebuildable;
use crate::store::identity::secret;

const CHECK: &str = "key";

/// Looks at the certificate and at the secret key, which stays locked.
pub fn look(home: &Home, keys: &Keys, now: Timestamp) -> Vec<Finding> {
    let certificate = match keys.certificate() {
        Ok(certificate) => certificate,
        Err(error) => {
            let finding = Finding::failed(CHECK, "key.asc", &error);
            return vec![finding.hint("cloudim check --repair")];
        }
    };
    let mut found = vec![judge(certificate, now)];
    found.extend(unpublished(home, certificate));
    match secret_of(home) {
        Ok(secret) => found.extend(fits(certificate, secret.as_ref())),
        Err(error) => found.push(Finding::failed(CHECK, "secret.asc", &error)),
    }
    found
}

/// What is wrong if `certificate` does not stand below `public/`.
fn unpublished(home: &Home, certificate: &Certificate) -> Option<Finding> {
    let bytes = rebuildable::read(&home.key(), limits::CERTIFICATE).ok().flatten();
    let published = bytes.and_then(|bytes| Certificate::parse(&bytes).ok());
    (published.as_ref() != Some(certificate)).then(|| {
        let text = "it is lost or damaged below public/";
        Finding::wrong(CHECK, Kind::Cannot, "lost", "key.asc", text).hint("cloudim check --repair")
    })
}

fn secret_of(home: &Home) -> Result<Option<SecretKey>> {
    if home.secret().exists() { Ok(Some(secret::load(home)?)) } else { Ok(None) }
}

/// How long `certificate` can be used, as seen at `now`.
fn judge(certificate: &Certificate, now: Timestamp) -> Finding {
    let is_usable = certificate.usable(now).is_ok() && certificate.encryption_subkey(now).is_ok();
    match own_key::concern(certificate, now) {
        Some((what, cure)) if is_usable => {
            Finding::note(CHECK, "ends-soon", "key", what).hint(cure)
        }
        Some((what, cure)) => {
            Finding::wrong(CHECK, Kind::Trust, "unusable", "key", what).hint(cure)
        }
        None => Finding::ok(CHECK, "key", lasting(certificate, now)),
    }
}

fn lasting(certificate: &Certificate, now: Timestamp) -> String {
    let day = |end: Option<Timestamp>| {
        end.map_or("for good".to_owned(), |end| format!("until {}", end.strftime("%Y-%m-%d")))
    };
    let subkey = certificate.encryption_since(now).ok().and_then(|(_, end)| end);
    let key = day(certificate.expires(now));
    format!("it can be used {key}, and others can encrypt to it {}", day(subkey))
}

/// What is wrong if `secret` is not the secret key of `certificate`.
fn fits(certificate: &Certificate, secret: Option<&SecretKey>) -> Option<Finding> {
    let Some(secret) = secret else {
        let text = "the secret key is not here: nothing can be signed or opened";
        return Some(Finding::note(CHECK, "no-secret", "secret.asc", text));
    };
    (secret.fingerprint() != certificate.fingerprint()).then(|| {
        let text = "the certificate that is published is not that of the secret key";
        Finding::wrong(CHECK, Kind::Trust, "other-key", "key.asc", text)
            .hint("restore secret.asc or public/key.asc from a backup")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::openpgp::secret_key::Profile;
    use crate::openpgp::testing::{day, expiring, key};

    #[test]
    fn the_end_of_the_key_is_worth_knowing_before_and_wrong_after() {
        let john = key(Profile::Classic, "John");
        let of = |key: &SecretKey, at| {
            let found = judge(&key.certificate(), day(at));
            (found.finding, found.status)
        };
        assert_eq!(of(&john, 3_000), (None, 0));
        let ending = expiring(&john, 0, 100);
        assert_eq!(of(&ending, 69), (None, 0));
        assert_eq!(of(&ending, 70), (Some("ends-soon"), 0));
        assert_eq!(of(&ending, 101), (Some("unusable"), 4));
        let text = judge(&ending.certificate(), day(69)).text;
        assert!(text.starts_with("it can be used until 2026-04-11, "), "{text}");
    }

    #[test]
    fn a_certificate_of_another_key_is_no_use() {
        let (john, mary) = (key(Profile::Classic, "John"), key(Profile::Classic, "Mary"));
        assert_eq!(fits(&john.certificate(), Some(&john)), None);
        let finding = |secret| fits(&john.certificate(), secret).and_then(|found| found.finding);
        assert_eq!(finding(Some(&mary)), Some("other-key"));
        assert_eq!(finding(None), Some("no-secret"));
    }
}
