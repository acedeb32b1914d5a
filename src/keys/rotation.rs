//! Rotation: when our encryption subkeys are replaced, and by what (PROTOCOL §9).

use jiff::{SignedDuration, Timestamp};

use super::change;
use crate::error::Result;
use crate::openpgp::certificate::{Certificate, Unusable};
use crate::protocol::values::time;
use crate::session::own_key;
use crate::session::restored;
use crate::session::run::Run;
use crate::session::talk::Talk;
use crate::store::identity::key_state::{self, KeyState};
use crate::store::identity::own::Identity;
use crate::store::identity::secret;

/// How long an encryption subkey lives that nobody rotates: who has not heard of us for longer does
/// not write to us before having looked.
const LIFETIME: SignedDuration = SignedDuration::from_hours(365 * 24);

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
    if run.identity.config.read_only || !restored::is_caught_up(&run.identity, now) {
        return;
    }
    let mut rewritten = Vec::new();
    for work in [change::finish, rotate_if_due] {
        match work(run) {
            Ok(more) => rewritten.extend(more),
            Err(error) => run.talk.report(&error),
        }
    }
    let forgotten = change::forget_expired(&run.identity, run.clock.now());
    let told = if rewritten.is_empty() {
        Ok(())
    } else {
        change::tell(&run.identity, &run.network, &mut run.talk, run.clock.now(), &rewritten)
    };
    let warned = own_key::warn(&run.identity, &run.keys, &mut run.talk, run.clock.now());
    for error in [forgotten, told, warned].into_iter().filter_map(Result::err) {
        run.talk.report(&error);
    }
}

fn rotate_if_due(run: &mut Run) -> Result<Vec<String>> {
    let (now, state) = (run.clock.now(), KeyState::load(&run.identity.home)?);
    let limit = Limit { every: run.identity.config.rotate_every, restored: state.restored };
    if !limit.is_passed(run.keys.certificate()?, now) {
        return Ok(Vec::new());
    }
    if !secret::load(&run.identity.home)?.can_certify() {
        // Who has the primary key elsewhere makes subkeys there.
        return Ok(Vec::new());
    }
    if !run.keys.can_unlock_unasked() {
        return warn(&run.identity, &mut run.talk, run.clock.now(), state).map(|()| Vec::new());
    }
    change::change(run, |key, date, rng| {
        // Another run may have done it meanwhile.
        let due = limit.is_passed(&key.certificate(), now);
        due.then(|| key.rotated(LIFETIME, date, rng)).transpose()
    })
}

/// How old the encryption subkeys may get.
struct Limit {
    every: Option<SignedDuration>,
    restored: Option<Timestamp>,
}

impl Limit {
    /// Whether those of `certificate` are older, or expired. A key that cannot be used for another
    /// reason needs something else.
    fn is_passed(&self, certificate: &Certificate, now: Timestamp) -> bool {
        match certificate.encryption_since(now) {
            Ok((since, _)) => {
                self.every.is_some_and(|every| now.duration_since(since) >= every)
                    || self.restored.is_some_and(|restored| since < time::whole_seconds(restored))
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
    Ok(KeyState { told: Some(now), ..KeyState::load(&locked.home)? }.save(&locked.home)?)
}
