//! Rotation: when our encryption subkeys are replaced, and by what (PROTOCOL §9).

use jiff::{SignedDuration, Timestamp};

use super::change;
use crate::error::Result;
use crate::openpgp::certificate::{Certificate, Unusable};
use crate::protocol::values::clock::Verdict;
use crate::session::own_key;
use crate::session::run::Run;
use crate::session::talk::Talk;
use crate::session::web::witnesses;
use crate::store::identity::key_state::{self, KeyState};
use crate::store::identity::own::Identity;
use crate::store::identity::secret;

/// The life of an encryption subkey that nobody rotates: a contact that has not heard of us for
/// longer does not write to us before having looked.
pub const LIFETIME: SignedDuration = SignedDuration::from_hours(365 * 24);

/// How much later than now new subkeys are dated where others may be lost, which were made just now perhaps
/// and dated a few seconds ahead: the newest is the one that counts.
pub const AFTER_LOSS: SignedDuration = SignedDuration::from_mins(1);

/// Replaces our encryption subkeys now. Returns for whom our feed changed.
///
/// # Errors
/// As [`change::change`].
pub fn rotate(run: &mut Run) -> Result<Vec<String>> {
    change::change(run, |key, date, rng| key.rotated(LIFETIME, date, rng).map(Some))
}

/// Does what time alone asks for, unless this home only reads: completes a change of the key that was
/// cut short, replaces the encryption subkeys if they are too old, and deletes the secrets of those
/// that ended long ago; and says if the key itself has ended, or will soon. What fails is reported.
pub fn attend(run: &mut Run) {
    let now = run.now();
    if run.identity.config.read_only || run.identity.lock(now).is_err() {
        return;
    }
    let mut rewritten = Vec::new();
    for work in [change::finish, rotate_if_due] {
        match work(run) {
            Ok(more) => rewritten.extend(more),
            Err(error) => run.talk.report_daily(&error),
        }
    }
    let aged = run.identity.attested.aged(run.clock.now());
    let forgotten = change::forget_expired(&run.identity, aged);
    let told = if rewritten.is_empty() {
        Ok(())
    } else {
        change::tell(&run.identity, &run.network, &mut run.talk, run.clock.now(), &rewritten)
    };
    let warned = own_key::warn(&run.identity, &run.keys, &mut run.talk, aged);
    let doubted = tell_of_doubt(run);
    for error in [forgotten, told, warned, doubted].into_iter().filter_map(Result::err) {
        run.talk.report_daily(&error);
    }
}

fn rotate_if_due(run: &mut Run) -> Result<Vec<String>> {
    let (now, state) = (run.clock.now(), KeyState::load(&run.identity.home)?);
    // By a clock that is ahead no key gets older.
    let aged = run.identity.attested.aged(now);
    let limit = Limit { every: run.identity.config.rotate_every, restored: state.restored };
    let certificate = run.keys.certificate()?;
    let is_certain = run.identity.attested.verdict() == Verdict::Right;
    if !limit.is_passed(certificate, aged)
        || (certificate.signed_ahead(now).is_some() && !is_certain)
    {
        return Ok(Vec::new());
    }
    if !secret::load(&run.identity.home)?.can_certify() {
        // A user who has the primary key elsewhere makes subkeys there.
        return Ok(Vec::new());
    }
    if !run.keys.can_unlock_unasked() {
        return warn(&run.identity, &mut run.talk, run.clock.now(), state).map(|()| Vec::new());
    }
    change::change(run, |key, date, rng| {
        // Another run may have done it meanwhile.
        let due = limit.is_passed(&key.certificate(), aged);
        let later = limit.restored.and_then(|_| date.checked_add(AFTER_LOSS).ok());
        due.then(|| key.rotated(LIFETIME, later.unwrap_or(date), rng)).transpose()
    })
}

/// Says, once a day, that the clock is ahead, and what is held back for it.
fn tell_of_doubt(run: &mut Run) -> Result<()> {
    let Verdict::Ahead(by) = run.identity.attested.verdict() else { return Ok(()) };
    let what = format!(
        "{}: nothing is signed, rotated or deleted until it is right: set the clock",
        witnesses::ahead(by)
    );
    let locked = run.identity.lock(run.clock.now())?;
    witnesses::tell_once(&locked, &mut run.talk, &what)
}

/// How old the encryption subkeys may get.
struct Limit {
    every: Option<SignedDuration>,
    restored: Option<Timestamp>,
}

impl Limit {
    /// Returns whether the encryption subkeys of `certificate` are older, or expired. A key that
    /// cannot be used for another reason needs something else.
    fn is_passed(&self, certificate: &Certificate, now: Timestamp) -> bool {
        match certificate.encryption_since(now) {
            Ok((since, _)) => {
                self.every.is_some_and(|every| now.duration_since(since) >= every)
                    || self.restored.is_some_and(|restored| since <= restored)
            }
            Err(why) => why == Unusable::NoEncryptionSubkey && self.every.is_some(),
        }
    }
}

/// Says, once a day, that the key must be unlocked for it.
fn warn(identity: &Identity, talk: &mut Talk, now: Timestamp, state: KeyState) -> Result<()> {
    if !key_state::is_to_be_told(state.told, now) {
        return Ok(());
    }
    talk.warn(
        "the encryption subkeys are to be replaced, and the key is locked: cloudim key rotate",
    );
    talk.say("hint: with passphrase_command in config.toml it is done by itself");
    let locked = identity.lock(now)?;
    Ok(KeyState { told: Some(now), ..KeyState::load(&locked.home)? }.save(&locked)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::openpgp::secret_key::revoke::Reason;
    use crate::openpgp::secret_key::{Profile, SecretKey};
    use crate::openpgp::testing::{day, key, offline, random};
    use crate::session::testing::Person;

    fn days(days: i64) -> SignedDuration {
        SignedDuration::from_hours(24 * days)
    }

    fn john() -> SecretKey {
        key(Profile::Classic, "John")
    }

    #[test]
    fn subkeys_are_due_at_the_age_that_is_set() {
        let (certificate, monthly) =
            (john().certificate(), Limit { every: Some(days(30)), restored: None });
        assert!(!monthly.is_passed(&certificate, day(29)));
        assert!(monthly.is_passed(&certificate, day(30)));
        let never = Limit { every: None, restored: None };
        assert!(!never.is_passed(&certificate, day(3_000)));
    }

    #[test]
    fn subkeys_from_before_a_restoration_are_due_at_once() {
        let certificate = john().certificate();
        // A second may hold both.
        for (restored, due) in [(day(-1), false), (day(0), true), (day(1), true)] {
            let limit = Limit { every: None, restored: Some(restored) };
            assert_eq!(limit.is_passed(&certificate, day(2)), due);
        }
    }

    #[test]
    fn subkeys_that_expired_are_due_unless_nobody_wants_new_ones() {
        let expired = john().rotated(days(10), day(1), &mut random(1)).unwrap().certificate();
        for (every, due) in [(Some(days(30)), true), (None, false)] {
            let limit = Limit { every, restored: None };
            assert!(!limit.is_passed(&expired, day(10)));
            assert_eq!(limit.is_passed(&expired, day(12)), due);
        }
    }

    #[test]
    fn a_revoked_key_needs_something_else_than_new_subkeys() {
        let revoked = john().revoked(Reason::Retired, day(1), &mut random(1)).unwrap();
        let limit = Limit { every: Some(days(7)), restored: Some(day(100)) };
        assert!(!limit.is_passed(&revoked.certificate(), day(100)));
    }

    fn made(person: &Person) -> Timestamp {
        person.certificate().encryption_since(person.now()).unwrap().0
    }

    #[test]
    fn what_is_due_is_done_by_itself_and_once() {
        let mut john = Person::called("John");
        let before = made(&john);
        attend(&mut john.run);
        assert_eq!(made(&john), before);
        john.wait(24 * 30);
        attend(&mut john.run);
        assert_eq!(made(&john), john.now());
        let files = john.files();
        john.wait(1);
        attend(&mut john.run);
        assert!(john.files() == files);
        assert_eq!(john.heard(), "");
    }

    #[test]
    fn a_home_that_only_reads_and_one_without_its_primary_key_are_left_alone() {
        let mut reading = Person::called("John");
        reading.set("read_only = true");
        let mut without = Person::called("John");
        without.change_key(|key, _, _| offline(key, false));
        for john in [&mut reading, &mut without] {
            john.wait(24 * 40);
            let before = john.files();
            attend(&mut john.run);
            assert!(john.files() == before);
            assert_eq!(john.heard(), "");
        }
    }

    #[test]
    fn that_the_key_must_be_unlocked_for_it_is_said_once_a_day() {
        let mut john = Person::called("John");
        for (hours, said) in [(0, true), (23, false), (1, true)] {
            john.wait(hours);
            let (now, state) = (john.now(), KeyState::load(&john.home()).unwrap());
            let Run { identity, talk, .. } = &mut john.run;
            warn(identity, talk, now, state).unwrap();
            assert_eq!(john.heard().contains("cloudim key rotate"), said, "{hours}");
        }
    }
}
