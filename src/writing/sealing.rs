//! Sealing what we write: with which clock, and what to say when it cannot be done.

use jiff::Timestamp;

use super::unwritten::{Result, Unwritten};
use crate::error::{Error, Kind};
use crate::openpgp::certificate::{Certificate, Unusable};
use crate::openpgp::message::seal::{self, SealError};
use crate::protocol::values::fingerprint::Fingerprint;
use crate::protocol::values::{limits, time};
use crate::session::keys::Keys;
use crate::session::own_key;
use crate::store::contact::entry::Contact;

/// The time to sign with: the later of our clock and our newest signature (PROTOCOL §2).
///
/// # Errors
/// When the clock is over 24 hours behind, unless `despite_clock`.
pub fn signing_time(
    contact: &Contact,
    now: Timestamp,
    despite_clock: bool,
) -> std::result::Result<Timestamp, Error> {
    let now = time::whole_seconds(now);
    let Some(newest) = contact.ours.signed.filter(|newest| *newest > now) else { return Ok(now) };
    if newest.as_second().saturating_sub(now.as_second()) <= limits::AHEAD {
        return Ok(newest);
    }
    if despite_clock {
        return Ok(now);
    }
    Err(Error::cannot(format!("the clock says {now}, and we have signed at {newest} already"))
        .hint("set the clock; or sign with this time by send --yes"))
}

/// Seals `octets` to `contact`, and notes when.
///
/// # Errors
/// [`Unwritten::Waits`] when the contact's certificate cannot be sealed to.
pub fn seal(
    keys: &mut Keys,
    octets: &str,
    contact: &mut Contact,
    to: &Certificate,
    at: Timestamp,
) -> Result<String> {
    let (secret, rng) = keys.secret()?;
    let sealed = seal::seal(octets.as_bytes(), secret, &[to], at, rng);
    let sealed = sealed.map_err(|cause| cannot_seal(keys, cause))?;
    contact.ours.signed = Some(at);
    Ok(sealed)
}

/// What to say when nothing can be sealed to the key of the contact called `name`.
pub fn unusable(name: &str, why: Unusable) -> Error {
    let error =
        Error::new(Kind::Trust, format!("the key of `{name}` {why}: nothing is sent to it"));
    match why {
        Unusable::Expired(_) => error.hint(format!(
            "ask {name} to extend it (cloudim key extend); then: cloudim poll {name}"
        )),
        Unusable::Revoked { .. } | Unusable::Weak => error.hint(format!(
            "ask {name} for the fingerprint of another; then: cloudim contact trust {name} FINGERPRINT"
        )),
        Unusable::NotYetValid => error.hint("set the clock, which is behind"),
        Unusable::NoEncryptionSubkey | Unusable::NoSelfSignature => error.hint(format!(
            "ask {name} to publish a new one (cloudim key rotate); then: cloudim poll {name}"
        )),
    }
}

/// Seals `octets` by the key of this fingerprint that was ours, if it is still kept, else by ours.
///
/// # Errors
/// As [`seal()`].
pub fn seal_as(
    keys: &mut Keys,
    former: &Fingerprint,
    octets: &str,
    to: &Certificate,
    at: Timestamp,
) -> Result<String> {
    let kept = keys.former_secrets()?;
    let (secret, rng) = keys.secret()?;
    let signer = kept.iter().find(|key| key.fingerprint() == *former).unwrap_or(secret);
    let sealed = seal::seal(octets.as_bytes(), signer, &[to], at, rng);
    sealed.map_err(|cause| cannot_seal(keys, cause))
}

/// What to say when something cannot be sealed.
pub fn cannot_seal(keys: &Keys, cause: SealError) -> Unwritten {
    match cause {
        SealError::Unusable(fingerprint, why) if is_ours(keys, &fingerprint) => {
            Unwritten::Waits(own_key::unusable(why))
        }
        SealError::Unusable(fingerprint, why) => Unwritten::Waits(
            Error::new(Kind::Trust, format!("the certificate {fingerprint} {why}")).hint(
                "ask its owner to publish a new key or a longer expiry, then run cloudim poll",
            ),
        ),
        other => Error::cannot("cannot seal").because(other).into(),
    }
}

fn is_ours(keys: &Keys, fingerprint: &Fingerprint) -> bool {
    keys.certificate().is_ok_and(|own| own.fingerprint() == *fingerprint)
}
