//! Sealing what we write: with which clock, and what to say when it cannot be done.

use jiff::Timestamp;

use crate::error::{Error, Kind};
use crate::openpgp::certificate::{Certificate, Unusable};
use crate::openpgp::message::seal::{self, SealError};
use crate::protocol::values::clock::Verdict;
use crate::protocol::values::fingerprint::Fingerprint;
use crate::protocol::values::{limits, time};
use crate::session::keys::Keys;
use crate::session::own_key;
use crate::session::web::witnesses;
use crate::store::contact::entry::Contact;
use crate::store::identity::own::Locked;
use crate::writing::unwritten::{Result, Unwritten};

/// The time to sign with: the later of our clock and our newest signature (PROTOCOL §2).
///
/// # Errors
/// [`Unwritten::Clock`] when the clock is ahead, as other clocks have it, or over 24 hours behind our
/// newest signature and nobody says that it is right; not if `despite_clock`.
pub fn signing_time(
    contact: &Contact,
    locked: &Locked<'_>,
    despite_clock: bool,
) -> Result<Timestamp> {
    let verdict = if despite_clock { Verdict::Right } else { locked.attested.verdict() };
    time_to_sign(contact.ours.signed, locked.now, verdict).map_err(Unwritten::Clock)
}

fn time_to_sign(
    newest: Option<Timestamp>,
    now: Timestamp,
    verdict: Verdict,
) -> std::result::Result<Timestamp, Error> {
    let now = time::whole_seconds(now);
    if let Verdict::Ahead(by) = verdict {
        return Err(Error::cannot(format!("{}: nothing is signed", witnesses::ahead(by)))
            .hint("set the clock; if it is right: send --yes"));
    }
    match newest.filter(|newest| *newest > now) {
        None => Ok(now),
        Some(newest) if !is_ahead(newest, now) => Ok(newest),
        // A clock that was ahead has signed it.
        Some(_) if verdict == Verdict::Right => Ok(now),
        Some(newest) => Err(Error::cannot(format!(
            "the clock says {now}, and we have signed at {newest} already"
        ))
        .hint("set the clock; if it is right, sign with this time by send --yes")),
    }
}

fn is_ahead(signed: Timestamp, now: Timestamp) -> bool {
    signed.as_second().saturating_sub(now.as_second()) > limits::AHEAD
}

/// If we have signed far later than `at` before, by a clock that was ahead, `contact` gets all that nobody
/// believes yet sealed again.
pub fn doubt_signed_ahead(contact: &mut Contact, at: Timestamp) {
    if contact.ours.signed.is_some_and(|newest| is_ahead(newest, at)) {
        contact.reader_mut().sealed_to = None;
    }
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
    doubt_signed_ahead(contact, at);
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

    fn signed_at(newest: Option<i64>, now: i64, verdict: Verdict) -> Option<Timestamp> {
        time_to_sign(newest.map(at), at(now), verdict).ok()
    }

    #[test]
    fn the_later_of_our_clock_and_our_newest_signature_signs() {
        let day = limits::AHEAD;
        for verdict in [Verdict::Unknown, Verdict::Right] {
            assert_eq!(signed_at(None, 5, verdict), Some(at(5)));
            assert_eq!(signed_at(Some(3), 5, verdict), Some(at(5)));
            assert_eq!(signed_at(Some(day), 0, verdict), Some(at(day)));
        }
        let half = Timestamp::from_millisecond(5_500).unwrap();
        assert_eq!(time_to_sign(None, half, Verdict::Unknown).unwrap(), at(5));
    }

    #[test]
    fn a_clock_over_a_day_behind_signs_only_if_others_say_that_it_is_right_or_the_user() {
        let newest = Some(limits::AHEAD + 1);
        let refused = time_to_sign(newest.map(at), at(0), Verdict::Unknown).unwrap_err();
        assert!(refused.hints.iter().any(|hint| hint.contains("--yes")), "{refused}");
        assert_eq!(signed_at(newest, 0, Verdict::Right), Some(at(0)));
    }

    #[test]
    fn a_clock_that_is_ahead_signs_nothing() {
        let ahead = Verdict::Ahead(jiff::SignedDuration::from_hours(48));
        for newest in [None, Some(3), Some(7 * limits::AHEAD)] {
            assert_eq!(signed_at(newest, 5, ahead), None);
        }
    }

    #[test]
    fn what_was_signed_in_the_future_is_sealed_again() {
        let mut mary = contact('A');
        let subkey = Some("A".repeat(40).parse().unwrap());
        for (newest, again) in [(limits::AHEAD, false), (limits::AHEAD + 1, true)] {
            mary.ours.signed = Some(at(newest));
            mary.reader_mut().sealed_to.clone_from(&subkey);
            doubt_signed_ahead(&mut mary, at(0));
            assert_eq!(mary.reader().sealed_to.is_none(), again);
        }
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
