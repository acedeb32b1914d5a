//! How our own key stands: whether anything can be signed with it, and what ends soon.

use jiff::{SignedDuration, Timestamp};

use super::keys::Keys;
use super::talk::Talk;
use crate::error::{Error, Kind, Result};
use crate::openpgp::certificate::{Certificate, Unusable};
use crate::protocol::values::fingerprint::Fingerprint;
use crate::store::contact::entry::Contact;
use crate::store::disk::home::Home;
use crate::store::identity::key_state::{self, KeyState};
use crate::store::identity::own::Identity;

/// How long before its end the user is told.
const SOON: SignedDuration = SignedDuration::from_hours(30 * 24);

/// What has to come to a home that only reads, before it can open what others seal to a new subkey.
pub const COPY: &str =
    "copy secret.asc, key.toml, former/ and public/key.asc here from the home that writes";

const EXTEND: &str = "cloudim key extend";
const ROTATE: &str = "cloudim key rotate";
const ANOTHER: &str = "cloudim --home DIR keygen, and invite your contacts again";

/// Refuses where nobody would believe what we sign.
///
/// # Errors
/// [`Kind::Trust`] when our key is revoked or has expired.
pub fn expect_usable(keys: &Keys, now: Timestamp) -> Result<()> {
    keys.certificate()?.usable(now).map_err(unusable)
}

/// The error for a key of our own that cannot be used, for the reason `why`.
pub fn unusable(why: Unusable) -> Error {
    let error = Error::new(Kind::Trust, format!("your own key {why}: nothing is signed with it"));
    match why {
        Unusable::Expired(_) => error.hint(EXTEND),
        Unusable::Revoked { .. } => error.hint(format!("for another one: {ANOTHER}")),
        Unusable::NotYetValid => error.hint("set the clock, if it is behind").hint(format!(
            "if the key was made by a clock that was ahead, make another: {ANOTHER}"
        )),
        Unusable::NoSelfSignature | Unusable::NoEncryptionSubkey | Unusable::Weak => {
            error.hint("cloudim key show")
        }
    }
}

/// The trouble with our key, now or within 30 days, and the command that mends it.
pub fn concern(certificate: &Certificate, now: Timestamp) -> Option<(String, &'static str)> {
    if let Some(ahead) = certificate.signed_ahead(now) {
        let what = format!(
            "your own key was changed on {}, ahead of the clock, and nobody new can write to you: set the clock, or if it is right",
            ahead.strftime("%Y-%m-%d")
        );
        return Some((what, ROTATE));
    }
    if let Err(why) = certificate.usable(now) {
        let cure = match why {
            Unusable::Revoked { .. } => ANOTHER,
            Unusable::Expired(_) => EXTEND,
            Unusable::NotYetValid => ANOTHER,
            _ => "cloudim key show",
        };
        return Some((format!("your own key {why}"), cure));
    }
    let soon = |end: Option<Timestamp>| {
        let end = end.filter(|end| end.duration_since(now) <= SOON)?;
        Some(end.strftime("%Y-%m-%d"))
    };
    if let Some(end) = soon(certificate.expires(now)) {
        return Some((format!("your own key expires on {end}"), EXTEND));
    }
    match certificate.encryption_since(now) {
        Ok((_, end)) => {
            let end = soon(end)?;
            Some((format!("nobody can write to you from {end} on: your subkey expires"), EXTEND))
        }
        Err(_) => {
            Some(("nobody can write to you: your encryption subkeys expired".to_owned(), ROTATE))
        }
    }
}

/// Says so, once a day.
///
/// # Errors
/// When what was said cannot be noted.
pub fn warn(identity: &Identity, keys: &Keys, talk: &mut Talk, now: Timestamp) -> Result<()> {
    let Some((what, cure)) = concern(keys.certificate()?, now) else { return Ok(()) };
    if !key_state::is_to_be_told(KeyState::load(&identity.home)?.end_told, now) {
        return Ok(());
    }
    talk.warn(&format!("{what}: {cure}"));
    let locked = identity.lock(now)?;
    Ok(KeyState { end_told: Some(now), ..KeyState::load(&locked.home)? }.save(&locked)?)
}

/// Our key by which `contact` knows us.
///
/// # Errors
/// When our keys cannot be read.
pub fn known_by(home: &Home, keys: &Keys, contact: &Contact) -> Result<Fingerprint> {
    if let Some(known) = &contact.reader().signed_by {
        return Ok(known.clone());
    }
    let first = KeyState::load(home)?.former.into_iter().next();
    Ok(first.map_or(keys.certificate()?.fingerprint(), |former| former.fingerprint))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::openpgp::secret_key::revoke::Reason;
    use crate::openpgp::secret_key::{Profile, SecretKey};
    use crate::openpgp::testing::{day, expiring, key, random};
    use crate::session::testing::Person;
    use crate::store::testing::contact;

    fn john() -> SecretKey {
        key(Profile::Classic, "John")
    }

    fn cure(key: &SecretKey, at: i64) -> Option<&'static str> {
        concern(&key.certificate(), day(at)).map(|(_, cure)| cure)
    }

    #[test]
    fn the_end_of_the_key_is_a_concern_from_30_days_before() {
        let key = expiring(&john(), 0, 100);
        assert_eq!(cure(&john(), 3_000), None);
        assert_eq!(cure(&key, 69), None);
        for at in [70, 99, 101] {
            assert_eq!(cure(&key, at), Some(EXTEND), "day {at}");
        }
        let (what, _) = concern(&key.certificate(), day(70)).unwrap();
        assert_eq!(what, "your own key expires on 2026-04-11");
    }

    #[test]
    fn a_key_that_was_changed_ahead_of_the_clock_is_a_concern() {
        let year = SignedDuration::from_hours(24 * 365);
        let key = john().rotated(year, day(40), &mut random(1)).unwrap();
        let (what, cure) = concern(&key.certificate(), day(1)).unwrap();
        assert!(what.contains("changed on 2026-02-10, ahead of the clock"), "{what}");
        assert_eq!(cure, ROTATE);
        assert_eq!(super::concern(&key.certificate(), day(39)), None, "a day ahead is none");
    }

    #[test]
    fn the_end_of_the_subkey_is_one_too() {
        let hundred = SignedDuration::from_hours(24 * 100);
        let key = john().rotated(hundred, day(1), &mut random(1)).unwrap();
        assert_eq!(cure(&key, 70), None);
        assert_eq!(cure(&key, 71), Some(EXTEND));
        assert_eq!(cure(&key, 102), Some(ROTATE));
    }

    #[test]
    fn a_revoked_key_needs_another_in_its_place_and_signs_nothing() {
        let mut john = Person::called("John");
        expect_usable(&john.run.keys, john.now()).unwrap();
        john.change_key(|key, now, rng| key.revoked(Reason::Retired, now, rng).unwrap());
        assert_eq!(cure(&john.secret(), 2), Some(ANOTHER));
        assert_eq!(expect_usable(&john.run.keys, john.now()).unwrap_err().kind, Kind::Trust);
    }

    #[test]
    fn a_concern_is_told_once_a_day() {
        let mut john = Person::called("John");
        john.change_key(|key, _, _| expiring(key, 0, 40));
        for (hours, said) in [(0, false), (24 * 10, true), (23, false), (1, true)] {
            john.wait(hours);
            let now = john.now();
            let run = &mut john.run;
            warn(&run.identity, &run.keys, &mut run.talk, now).unwrap();
            assert_eq!(john.heard().contains("expires on 2026-02-10"), said, "{hours}");
        }
    }

    #[test]
    fn who_was_told_of_no_other_key_knows_the_first_that_we_had() {
        let (mut john, mut contact) = (Person::called("John"), contact('A'));
        let known = |john: &Person, contact: &Contact| {
            known_by(&john.home(), &john.run.keys, contact).unwrap()
        };
        let first = john.certificate().fingerprint();
        assert_eq!(known(&john, &contact), first);
        john.replace_key();
        john.replace_key();
        assert_eq!(known(&john, &contact), first);
        let present = john.certificate().fingerprint();
        contact.reader_mut().signed_by = Some(present.clone());
        assert_eq!(known(&john, &contact), present);
    }
}
