//! Sealing what we write: with which clock, and what to say when it cannot be done.

use jiff::Timestamp;

use crate::error::{Error, Kind};
use crate::openpgp::certificate::{Certificate, Unusable};
use crate::openpgp::message::seal::{self, SealError};
use crate::protocol::values::fingerprint::Fingerprint;
use crate::protocol::values::{limits, time};
use crate::session::keys::Keys;
use crate::session::own_key;
use crate::store::contact::entry::Contact;
use crate::writing::unwritten::{Result, Unwritten};

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

/// The error for the contact called `name` when nothing can be sealed to its key.
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

/// The error for something that cannot be sealed.
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::testing::Person;
    use crate::store::testing::contact;

    /// The time `seconds` seconds after the day began.
    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).unwrap()
    }

    /// A contact to whom we signed last at that time.
    fn signed(at: Timestamp) -> Contact {
        let mut contact = contact('A');
        contact.ours.signed = Some(at);
        contact
    }

    #[test]
    fn the_later_of_our_clock_and_our_newest_signature_signs() {
        assert_eq!(signing_time(&contact('A'), at(5), false).unwrap(), at(5));
        assert_eq!(signing_time(&signed(at(3)), at(5), false).unwrap(), at(5));
        let day = limits::AHEAD;
        assert_eq!(signing_time(&signed(at(day)), at(0), false).unwrap(), at(day));
        let half = Timestamp::from_millisecond(5_500).unwrap();
        assert_eq!(signing_time(&contact('A'), half, false).unwrap(), at(5));
    }

    #[test]
    fn a_clock_over_a_day_behind_signs_only_if_the_user_says_so() {
        let contact = signed(at(limits::AHEAD + 1));
        let refused = signing_time(&contact, at(0), false).unwrap_err();
        assert!(refused.hints.iter().any(|hint| hint.contains("--yes")), "{refused}");
        assert_eq!(signing_time(&contact, at(0), true).unwrap(), at(0));
    }

    #[test]
    fn what_cannot_be_sealed_is_blamed_on_the_key_that_is_at_fault() {
        let (john, mary) = (Person::called("John"), Person::called("Mary"));
        let blame = |person: &Person| {
            let fingerprint = person.certificate().fingerprint();
            cannot_seal(&john.run.keys, SealError::Unusable(fingerprint, Unusable::Weak))
        };
        let (ours, theirs) = (blame(&john), blame(&mary));
        let (ours, theirs) = (Error::from(ours), Error::from(theirs));
        assert_eq!((ours.kind, theirs.kind), (Kind::Trust, Kind::Trust));
        assert!(ours.message.starts_with("your own key"), "{ours}");
        let fingerprint = mary.certificate().fingerprint();
        assert!(theirs.message.contains(fingerprint.as_str()), "{theirs}");
    }
}
