//! Changing our own key: the secret key first, then what the world sees of it.
//!
//! A change that was cut short leaves the old key or the new one, and a note of what is still to be
//! done; [`finish`] does it, in whatever run comes next, and needs no passphrase.

use jiff::{SignedDuration, Timestamp};

use crate::error::{Context, Error, Result};
use crate::handshake::invitation_feed;
use crate::openpgp::certificate::Certificate;
use crate::openpgp::secret_key::SecretKey;
use crate::openpgp::secret_key::rotate::KEPT;
use crate::protocol::values::clock::Verdict;
use crate::protocol::values::guid::Guid;
use crate::protocol::values::time;
use crate::protocol::{self, Random};
use crate::publishing::{pages, ping, run};
use crate::session::keys::Keys;
use crate::session::own_key;
use crate::session::run::Run;
use crate::session::talk::Talk;
use crate::session::web::network::Network;
use crate::store::contact::contacts;
use crate::store::contact::entry::Contact;
use crate::store::disk::atomic;
use crate::store::identity::key_state::{Former, KeyState};
use crate::store::identity::own::{Identity, Locked};
use crate::store::identity::secret;
use crate::store::waiting::invitations;
use crate::writing::notices::{key_notice, transition};

const SECOND: SignedDuration = SignedDuration::from_secs(1);

/// Changes our key as `change` has it: given the key, unlocked, and a date later than all in it, it
/// says what the key shall be; nothing if that is as it is. Returns for whom our feed changed, so
/// that they can be told.
///
/// # Errors
/// When the key cannot be unlocked, `change` refuses, or something cannot be written; then
/// [`finish`] completes what was begun.
pub fn change(
    run: &mut Run,
    change: impl FnOnce(&SecretKey, Timestamp, &mut Random) -> protocol::Result<Option<SecretKey>>,
) -> Result<Vec<String>> {
    run.identity.expect_writable()?;
    run.keys.unlock()?;
    let locked = run.identity.lock(run.clock.now())?;
    // Another run may have changed it before we had the lock.
    run.keys.unlock_again()?;
    let mut rewritten = complete(&locked, &mut run.keys, &mut run.talk)?;
    let own = run.keys.secret()?.0.certificate();
    let date = date(&run.keys, &locked, &own)?;
    let (key, rng) = run.keys.secret()?;
    if !key.can_certify() {
        let fingerprint = key.fingerprint();
        return Err(Error::cannot("the secret of the primary key is not here")
            .hint("change the key where it is; what came of it is taken in by:")
            .hint(format!("gpg --export {fingerprint} | cloudim key merge -")));
    }
    let failed = || "cannot change the key".to_owned();
    let redated = key.redated(date, locked.now, rng).or_cannot(failed)?;
    let changed = change(redated.as_ref().unwrap_or(key), date, rng).or_cannot(failed)?;
    let changed = changed.or(redated);
    if let Some(changed) = changed {
        // What the world could not be shown is not to be begun.
        merged(&run.keys, locked.now, &changed.certificate())?;
        let staged = run.keys.stage_secret(&locked, &changed)?;
        begin(&locked, &mut run.keys.rng)?;
        run.keys.put_secret(&locked, changed, staged)?;
        rewritten.extend(complete(&locked, &mut run.keys, &mut run.talk)?);
    }
    Ok(rewritten)
}

/// As [`change`], by what was signed elsewhere or before: the key stays locked. `certified` says what
/// shall be published of it beside what our own signatures say.
///
/// # Errors
/// As [`change`].
pub fn amend(
    run: &mut Run,
    change: impl FnOnce(&SecretKey, Timestamp) -> protocol::Result<SecretKey>,
    certified: impl FnOnce(Certificate, Timestamp) -> protocol::Result<Certificate>,
) -> Result<Vec<String>> {
    run.identity.expect_writable()?;
    let locked = run.identity.lock(run.clock.now())?;
    // Another run may have changed it before we had the lock.
    run.keys.forget_certificate();
    let mut rewritten = complete(&locked, &mut run.keys, &mut run.talk)?;
    let key = secret::load(&locked.home)?;
    let date = date(&run.keys, &locked, &key.certificate())?;
    let failed = || "cannot change the key".to_owned();
    let changed = change(&key, date).or_cannot(failed)?;
    // What the world could not be shown is not to be begun.
    let certificate = certified(merged(&run.keys, locked.now, &changed.certificate())?, date)
        .or_cannot(failed)?;
    let is_same = changed.certificate() == key.certificate();
    if is_same && certificate == *run.keys.certificate()? {
        return Ok(rewritten);
    }
    let staged = secret::stage(&locked, &changed)?;
    begin(&locked, &mut run.keys.rng)?;
    secret::put(&locked, staged)?;
    run.keys.replace_certificate(&locked, certificate)?;
    rewritten.extend(complete(&locked, &mut run.keys, &mut run.talk)?);
    Ok(rewritten)
}

/// Notes that a change of the key is under way, which [`complete`] brings to its end.
fn begin(locked: &Locked<'_>, rng: &mut Random) -> Result<()> {
    let guid = Guid::new(locked.now, rng);
    let state = KeyState::load(&locked.home)?;
    Ok(KeyState { changing: Some(guid), ..state }.save(locked)?)
}

/// Puts a new key, with another fingerprint, in the place of ours. Returns for whom our feed changed.
///
/// # Errors
/// When the key cannot be unlocked or written; [`finish`] completes what was begun.
pub fn replace_key(run: &mut Run) -> Result<Vec<String>> {
    run.identity.expect_writable()?;
    own_key::expect_usable(&run.keys, run.clock.now())?;
    run.keys.unlock()?;
    let locked = run.identity.lock(run.clock.now())?;
    run.keys.unlock_again()?;
    let mut rewritten = complete(&locked, &mut run.keys, &mut run.talk)?;
    let now = time::whole_seconds(locked.now);
    let name = run.keys.certificate()?.name().unwrap_or_else(|| locked.config.name.clone());
    let (old, rng) = run.keys.secret()?;
    let (new, former) = (old.successor(&name, now, rng)?, old.fingerprint());
    let staged = run.keys.stage_new_secret(&locked, &new)?;
    let mut state = KeyState::load(&locked.home)?;
    state.changing = Some(Guid::new(locked.now, &mut run.keys.rng));
    state.former.push(Former { fingerprint: former, until: locked.now });
    state.save(&locked)?;
    secret::keep_former(&locked)?;
    run.keys.put_secret(&locked, new, staged)?;
    rewritten.extend(complete(&locked, &mut run.keys, &mut run.talk)?);
    Ok(rewritten)
}

/// Locks the secret key anew, with the passphrase `new`, or not at all if that is empty, and those that
/// were ours and are still kept. The caller has unlocked it.
///
/// # Errors
/// When another run has changed the passphrase meanwhile, or the key cannot be written.
pub fn lock_anew(identity: &Identity, keys: &mut Keys, now: Timestamp, new: &str) -> Result<()> {
    let locked = identity.lock(now)?;
    keys.unlock_again()?;
    let (key, rng) = keys.secret()?;
    let failed = || "cannot lock the key".to_owned();
    let ours = key.copy(new, rng).or_cannot(failed)?;
    // First: what a run leaves that is killed here is locked with one of the two passphrases.
    for former in keys.former_secrets()?.iter() {
        let theirs = former.copy(new, &mut keys.rng).or_cannot(failed)?;
        let path = locked.home.former(&former.fingerprint());
        locked.home.write(&path, theirs.to_armored().as_bytes())?;
    }
    Ok(secret::put(&locked, secret::stage(&locked, &ours)?)?)
}

/// Does what a run that was killed has left to do. Returns for whom our feed changed.
///
/// # Errors
/// When the key must be unlocked for it, and cannot be, or something cannot be read or written; it can be done again.
pub fn finish(run: &mut Run) -> Result<Vec<String>> {
    let state = KeyState::load(&run.identity.home)?;
    if run.identity.config.read_only || state.changing.is_none() {
        return Ok(Vec::new());
    }
    if !state.former.is_empty() {
        // Contacts may have yet to be told of another primary key, and that is signed.
        run.keys.unlock()?;
    }
    let locked = run.identity.lock(run.clock.now())?;
    complete(&locked, &mut run.keys, &mut run.talk)
}

/// Publishes, and tells the clouds of the card and of the feeds for `rewritten`.
///
/// # Errors
/// As [`run::publish`] and [`ping::each`].
pub fn tell(
    identity: &Identity,
    network: &Network,
    talk: &mut Talk,
    now: Timestamp,
    rewritten: &[String],
) -> Result<()> {
    run::publish(identity, talk, now)?;
    ping::card(identity, network, talk)?;
    ping::each(identity, network, talk, now, rewritten.iter().map(String::as_str))
}

/// Deletes the secrets of subkeys that have been expired for long enough, and of keys that were ours
/// for long enough; that needs no passphrase.
///
/// # Errors
/// When a key cannot be read or written.
pub fn forget_expired(identity: &Identity, now: Timestamp) -> Result<()> {
    let is_over = |former: &Former| {
        now.duration_since(former.until) > KEPT
            && identity.home.former(&former.fingerprint).exists()
    };
    let mut former = KeyState::load(&identity.home)?.former;
    former.retain(is_over);
    if former.is_empty() && secret::load(&identity.home)?.without_expired(now)?.is_none() {
        return Ok(());
    }
    let locked = identity.lock(now)?;
    for former in former {
        // What declares it dead stays.
        locked.home.remove(&locked.home.former(&former.fingerprint))?;
    }
    match secret::load(&locked.home)?.without_expired(now)? {
        Some(less) => Ok(secret::put(&locked, secret::stage(&locked, &less)?)?),
        None => Ok(()),
    }
}

/// Brings what the world sees up to the secret key, if a change of that is noted.
///
/// # Errors
/// As [`finish`].
pub(super) fn complete(
    locked: &Locked<'_>,
    keys: &mut Keys,
    talk: &mut Talk,
) -> Result<Vec<String>> {
    let mut state = KeyState::load(&locked.home)?;
    let Some(guid) = state.changing else { return Ok(Vec::new()) };
    let new = secret::load(&locked.home)?.certificate();
    if state.former.iter().any(|former| former.fingerprint == new.fingerprint()) {
        // A run died before another key was in its place.
        state.former.retain(|former| former.fingerprint != new.fingerprint());
        locked.home.remove(&locked.home.former(&new.fingerprint()))?;
        locked.home.remove(&locked.home.former_revocation(&new.fingerprint()))?;
    }
    if !state.former.is_empty() {
        ensure_revocation(locked, keys, &state)?;
    }
    let is_other = keys.certificate()?.fingerprint() != new.fingerprint();
    let certificate = if is_other { new } else { merged(keys, locked.now, &new)? };
    if certificate != *keys.certificate()? {
        keys.replace_certificate(locked, certificate)?;
    }
    let mut rewritten = Vec::new();
    if locked.config.base_url.is_some() {
        for name in contacts::list(&locked.home)? {
            match tell_contact(locked, keys, &name, guid) {
                Ok(true) => rewritten.push(name),
                Ok(false) => {}
                Err(error) => talk.report_daily(&error),
            }
        }
        for made in invitations::made(&locked.home)? {
            key_notice::renew_key(locked, keys, &made.token, guid)?;
            invitation_feed::renew(locked, keys, made)?;
        }
    }
    pages::write(locked, keys)?;
    KeyState { changing: None, ..state }.save(locked)?;
    Ok(rewritten)
}

/// Writes what declares our present key dead, unless that is there.
///
/// # Errors
/// When it cannot be made or written.
fn ensure_revocation(locked: &Locked<'_>, keys: &mut Keys, state: &KeyState) -> Result<()> {
    let there = atomic::read(&locked.home.revocation())?;
    let of_former = |former: &Former| -> Result<bool> {
        let theirs = atomic::read(&locked.home.former_revocation(&former.fingerprint))?;
        Ok(theirs.is_some() && theirs == there)
    };
    let former = state.former.iter().map(of_former).collect::<Result<Vec<_>>>()?;
    if !former.contains(&true) {
        return Ok(());
    }
    let now = time::whole_seconds(locked.now);
    let (key, rng) = keys.secret()?;
    let revocation = key.revocation(now, rng)?;
    Ok(locked.home.write(&locked.home.revocation(), revocation.as_bytes())?)
}

/// Puts our present key into the feed for the contact called `name`. Returns whether that changed.
fn tell_contact(locked: &Locked<'_>, keys: &mut Keys, name: &str, guid: Guid) -> Result<bool> {
    let contact = Contact::load(&locked.home, name)?;
    let own = keys.certificate()?.fingerprint();
    if own_key::known_by(&locked.home, keys, &contact)? == own {
        return key_notice::renew_key(locked, keys, &contact.ours.token, guid);
    }
    Ok(transition::bring_over(locked, keys, name)?)
}

/// The published certificate of our key, with what `new` adds. Certifications by others stay.
fn merged(keys: &Keys, now: Timestamp, new: &Certificate) -> Result<Certificate> {
    let (published, now) = (keys.certificate()?, now);
    let merged = published.merged(new, now);
    let merged = merged.and_then(|merged| merged.certified_as(published, &[], now));
    merged.or_cannot(|| "cannot renew `public/key.asc`".to_owned())
}

/// The date of a new signature in our key: the newest wins, and two of one second would tie. If our
/// clock is behind by less than 24 hours, it is a second later than the newest. What is dated later than
/// that was signed by a clock that was ahead, or ours is behind: others have to say that it is right.
fn date(keys: &Keys, locked: &Locked<'_>, own: &Certificate) -> Result<Timestamp> {
    let (now, published) = (time::whole_seconds(locked.now), keys.certificate()?);
    let ahead = own.signed_ahead(now).max(published.signed_ahead(now));
    if let Some(ahead) = ahead.filter(|_| locked.attested.verdict() != Verdict::Right) {
        return Err(Error::cannot(format!(
            "the clock says {now}, and our key was changed at {ahead} already"
        ))
        .hint("set the clock; if it is right: cloudim key rotate --yes"));
    }
    let newest = own.newest_signature(now).max(published.newest_signature(now));
    Ok(now.max(newest.saturating_add(SECOND).unwrap_or(newest)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::testing::Person;
    use crate::writing::testing::acquainted;

    #[test]
    fn each_change_is_dated_later_than_the_one_before() {
        let mut john = Person::called("John");
        let newest = |john: &Person| john.certificate().newest_signature(john.now());
        let date_at = |john: &Person, now| {
            let locked = john.run.identity.lock_although_copied(now).unwrap();
            date(&john.run.keys, &locked, &john.certificate())
        };
        let (now, before) = (john.now(), newest(&john));
        assert_eq!(date_at(&john, now).unwrap(), now);
        assert_eq!(date_at(&john, before).unwrap(), before + SECOND);
        let behind = before - SignedDuration::from_hours(24);
        assert_eq!(date_at(&john, behind).unwrap(), before + SECOND);
        john.wait(24 * 30);
        john.rotate();
        let refused = date_at(&john, now).unwrap_err();
        assert!(refused.message.contains("was changed at"), "{refused}");
        john.run.identity.attested.set(Verdict::Right);
        assert_eq!(date_at(&john, now).unwrap(), now, "it is what was signed that is wrong");
        john.wait(-24 * 30);
        let mut john = Person::called("John");
        // A change that was published by another copy of this home counts as well.
        let old = john.certificate();
        john.rotate();
        assert_eq!(date(&john.run.keys, &john.lock(), &old).unwrap(), now + SECOND);
    }

    #[test]
    fn a_change_that_is_noted_and_not_shown_yet_is_completed_by_the_next_run() {
        let (mut john, _) = acquainted();
        let (locked, keys, _) = john.hands();
        begin(&locked, &mut keys.rng).unwrap();
        drop(locked);
        let (now, secret) = (john.now(), john.secret());
        let life = SignedDuration::from_hours(24 * 365);
        let rotated = secret.rotated(life, now, &mut john.run.keys.rng).unwrap();
        let staged = secret::stage(&john.lock(), &rotated).unwrap();
        secret::put(&john.lock(), staged).unwrap();
        assert_eq!(finish(&mut john.run).unwrap(), ["mary"]);
        assert_eq!(
            john.certificate().encryption_subkey(now),
            rotated.certificate().encryption_subkey(now)
        );
        assert!(john.feed("mary").items[0].is_key());
        assert_eq!(KeyState::load(&john.home()).unwrap(), KeyState::default());
        let files = john.files();
        assert!(finish(&mut john.run).unwrap().is_empty());
        assert!(john.files() == files);
    }

    #[test]
    fn a_former_key_is_kept_as_long_as_somebody_may_write_to_it() {
        let mut john = Person::called("John");
        let former = john.home().former(&john.certificate().fingerprint());
        john.replace_key();
        let until = john.now();
        forget_expired(&john.run.identity, until + KEPT).unwrap();
        assert!(former.exists());
        forget_expired(&john.run.identity, until + KEPT + SECOND).unwrap();
        assert!(!former.exists());
    }
}
