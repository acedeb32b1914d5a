//! Changing our own key: the secret key first, then what the world sees of it.
//!
//! A change that was cut short leaves the old key or the new one, and a note of what is still to be
//! done; [`finish`] does it, in whatever run comes next, and needs no passphrase.

use jiff::{SignedDuration, Timestamp};

use crate::error::{Context, Error, Result};
use crate::handshake::invitation;
use crate::openpgp::certificate::Certificate;
use crate::openpgp::secret_key::SecretKey;
use crate::openpgp::secret_key::rotate::KEPT;
use crate::protocol::values::guid::Guid;
use crate::protocol::values::{limits, time};
use crate::protocol::{self, Random};
use crate::publishing::{pages, ping, run};
use crate::session::own_key;
use crate::session::run::Session;
use crate::store::contact::contacts;
use crate::store::contact::entry::Contact;
use crate::store::disk::atomic;
use crate::store::identity::key_state::{Former, KeyState};
use crate::store::identity::secret;
use crate::store::waiting::invitations;
use crate::writing::{key_notice, transition};

const SECOND: SignedDuration = SignedDuration::from_secs(1);

/// Changes our key as `change` has it: given the key, unlocked, and a date later than all in it, it
/// says what the key shall be; nothing if that is as it is. Returns for whom our feed changed, so
/// that they can be told.
///
/// # Errors
/// When the key cannot be unlocked, `change` refuses, or something cannot be written; then
/// [`finish`] completes what was begun.
pub fn change(
    session: &mut Session,
    change: impl FnOnce(&SecretKey, Timestamp, &mut Random) -> protocol::Result<Option<SecretKey>>,
) -> Result<Vec<String>> {
    session.expect_writable()?;
    session.unlock()?;
    let _lock = session.lock()?;
    // Another run may have changed it before we had the lock.
    session.unlock_again()?;
    let mut rewritten = complete(session)?;
    let own = session.secret()?.0.certificate();
    let date = date(session, &own)?;
    let (key, rng) = session.secret()?;
    if !key.can_certify() {
        let fingerprint = key.fingerprint();
        return Err(Error::cannot("the secret of the primary key is not here")
            .hint("change the key where it is; what came of it is taken in by:")
            .hint(format!("gpg --export {fingerprint} | cloudim key merge -")));
    }
    let changed = change(key, date, rng).or_cannot(|| "cannot change the key".to_owned())?;
    if let Some(changed) = changed {
        // What the world could not be shown is not to be begun.
        merged(session, &changed.certificate())?;
        let staged = session.stage_secret(&changed)?;
        begin(session)?;
        session.put_secret(changed, staged)?;
        rewritten.extend(complete(session)?);
    }
    Ok(rewritten)
}

/// As [`change`], by what was signed elsewhere or before: the key stays locked. `certified` says what
/// shall be published of it beside what our own signatures say.
///
/// # Errors
/// As [`change`].
pub fn amend(
    session: &mut Session,
    change: impl FnOnce(&SecretKey, Timestamp) -> protocol::Result<SecretKey>,
    certified: impl FnOnce(Certificate, Timestamp) -> protocol::Result<Certificate>,
) -> Result<Vec<String>> {
    session.expect_writable()?;
    let _lock = session.lock()?;
    // Another run may have changed it before we had the lock.
    session.forget_certificate();
    let mut rewritten = complete(session)?;
    let key = secret::load(&session.home)?;
    let date = date(session, &key.certificate())?;
    let failed = || "cannot change the key".to_owned();
    let changed = change(&key, date).or_cannot(failed)?;
    // What the world could not be shown is not to be begun.
    let certificate =
        certified(merged(session, &changed.certificate())?, date).or_cannot(failed)?;
    let is_same = changed.certificate() == key.certificate();
    if is_same && certificate == *session.certificate()? {
        return Ok(rewritten);
    }
    let staged = secret::stage(&session.home, &changed)?;
    begin(session)?;
    secret::put(&session.home, staged)?;
    session.replace_certificate(certificate)?;
    rewritten.extend(complete(session)?);
    Ok(rewritten)
}

/// Notes that a change of the key is under way, which [`complete`] brings to its end.
fn begin(session: &mut Session) -> Result<()> {
    let guid = Guid::new(session.now(), &mut session.rng);
    let state = KeyState::load(&session.home)?;
    KeyState { changing: Some(guid), ..state }.save(&session.home)
}

/// Puts a new key, with another fingerprint, in the place of ours. Returns for whom our feed changed.
///
/// # Errors
/// When the key cannot be unlocked or written; [`finish`] completes what was begun.
pub fn replace_key(session: &mut Session) -> Result<Vec<String>> {
    session.expect_writable()?;
    own_key::expect_usable(session)?;
    session.unlock()?;
    let _lock = session.lock()?;
    session.unlock_again()?;
    let mut rewritten = complete(session)?;
    let now = time::whole_seconds(session.now());
    let name = session.certificate()?.name().unwrap_or_else(|| session.config.name.clone());
    let (old, rng) = session.secret()?;
    let (new, former) = (old.successor(&name, now, rng)?, old.fingerprint());
    let staged = session.stage_new_secret(&new)?;
    let mut state = KeyState::load(&session.home)?;
    state.changing = Some(Guid::new(session.now(), &mut session.rng));
    state.former.push(Former { fingerprint: former, until: session.now() });
    state.save(&session.home)?;
    secret::keep_former(&session.home)?;
    session.put_secret(new, staged)?;
    rewritten.extend(complete(session)?);
    Ok(rewritten)
}

/// Locks the secret key anew, with the passphrase `new`, or not at all if that is empty, and those that
/// were ours and are still kept. The caller has unlocked it.
///
/// # Errors
/// When another run has changed the passphrase meanwhile, or the key cannot be written.
pub fn lock_anew(session: &mut Session, new: &str) -> Result<()> {
    let _lock = session.lock()?;
    session.unlock_again()?;
    let (key, rng) = session.secret()?;
    let failed = || "cannot lock the key".to_owned();
    let locked = key.copy(new, rng).or_cannot(failed)?;
    // First: what a run leaves that is killed here is locked with one of the two passphrases.
    for former in session.former_secrets()?.iter() {
        let locked = former.copy(new, &mut session.rng).or_cannot(failed)?;
        let path = session.home.former(&former.fingerprint());
        session.home.write(&path, locked.to_armored().as_bytes())?;
    }
    secret::put(&session.home, secret::stage(&session.home, &locked)?)
}

/// Does what a run that was killed has left to do. Returns for whom our feed changed.
///
/// # Errors
/// When the key must be unlocked for it, and cannot be, or something cannot be read or written; it can be done again.
pub fn finish(session: &mut Session) -> Result<Vec<String>> {
    let state = KeyState::load(&session.home)?;
    if session.config.read_only || state.changing.is_none() {
        return Ok(Vec::new());
    }
    if !state.former.is_empty() {
        // Contacts may have yet to be told of another primary key, and that is signed.
        session.unlock()?;
    }
    let _lock = session.lock()?;
    complete(session)
}

/// Publishes, and tells the clouds of the card and of the feeds for `rewritten`.
///
/// # Errors
/// As [`run::publish`] and [`ping::each`].
pub fn tell(session: &mut Session, rewritten: &[String]) -> Result<()> {
    run::publish(session, false)?;
    ping::card(session)?;
    ping::each(session, rewritten.iter().map(String::as_str))
}

/// Deletes the secrets of subkeys that have been expired for long enough, and of keys that were ours
/// for long enough; that needs no passphrase.
///
/// # Errors
/// When a key cannot be read or written.
pub fn forget_expired(session: &mut Session) -> Result<()> {
    let now = session.now();
    for former in KeyState::load(&session.home)?.former {
        if now.duration_since(former.until) > KEPT {
            // What declares it dead stays.
            atomic::remove(&session.home.former(&former.fingerprint))?;
        }
    }
    if secret::load(&session.home)?.without_expired(now)?.is_none() {
        return Ok(());
    }
    let _lock = session.lock()?;
    match secret::load(&session.home)?.without_expired(now)? {
        Some(less) => secret::put(&session.home, secret::stage(&session.home, &less)?),
        None => Ok(()),
    }
}

/// Brings what the world sees up to the secret key, if a change of that is noted.
///
/// # Errors
/// As [`finish`].
pub(super) fn complete(session: &mut Session) -> Result<Vec<String>> {
    let mut state = KeyState::load(&session.home)?;
    let Some(guid) = state.changing else { return Ok(Vec::new()) };
    let new = secret::load(&session.home)?.certificate();
    if state.former.iter().any(|former| former.fingerprint == new.fingerprint()) {
        // A run died before another key was in its place.
        state.former.retain(|former| former.fingerprint != new.fingerprint());
        atomic::remove(&session.home.former(&new.fingerprint()))?;
        atomic::remove(&session.home.former_revocation(&new.fingerprint()))?;
    }
    if !state.former.is_empty() {
        ensure_revocation(session, &state)?;
    }
    let is_other = session.certificate()?.fingerprint() != new.fingerprint();
    let certificate = if is_other { new } else { merged(session, &new)? };
    if certificate != *session.certificate()? {
        session.replace_certificate(certificate)?;
    }
    let mut rewritten = Vec::new();
    if session.config.base_url.is_some() {
        for name in contacts::list(&session.home)? {
            match tell_contact(session, &name, guid) {
                Ok(true) => rewritten.push(name),
                Ok(false) => {}
                Err(error) => session.report(&error),
            }
        }
        for made in invitations::made(&session.home)? {
            key_notice::renew_key(session, &made.token, guid)?;
            invitation::renew(session, made)?;
        }
    }
    pages::write(session)?;
    KeyState { changing: None, ..state }.save(&session.home)?;
    Ok(rewritten)
}

/// Writes what declares our present key dead, unless that is there. The caller holds the home's lock.
///
/// # Errors
/// When it cannot be made or written.
fn ensure_revocation(session: &mut Session, state: &KeyState) -> Result<()> {
    let there = atomic::read(&session.home.revocation())?;
    let of_former = |former: &Former| -> Result<bool> {
        let theirs = atomic::read(&session.home.former_revocation(&former.fingerprint))?;
        Ok(theirs.is_some() && theirs == there)
    };
    let former = state.former.iter().map(of_former).collect::<Result<Vec<_>>>()?;
    if !former.contains(&true) {
        return Ok(());
    }
    let now = time::whole_seconds(session.now());
    let (key, rng) = session.secret()?;
    let revocation = key.revocation(now, rng)?;
    session.home.write(&session.home.revocation(), revocation.as_bytes())
}

/// Puts our present key into the feed for the contact called `name`. Returns whether that changed.
fn tell_contact(session: &mut Session, name: &str, guid: Guid) -> Result<bool> {
    let contact = Contact::load(&session.home, name)?;
    let own = session.certificate()?.fingerprint();
    if own_key::known_by(session, &contact)? == own {
        return key_notice::renew_key(session, &contact.ours.token, guid);
    }
    transition::bring_over(session, name)
}

/// What is published of our key, with what `new` adds. Certifications by others stay.
fn merged(session: &Session, new: &Certificate) -> Result<Certificate> {
    let (published, now) = (session.certificate()?, session.now());
    let merged = published.merged(new, now);
    let merged = merged.and_then(|merged| merged.certified_as(published, &[], now));
    merged.or_cannot(|| "cannot renew `public/key.asc`".to_owned())
}

/// The date of a new signature in our key: the newest wins, and two of one second would tie. If our
/// clock is behind by less than 24 hours, it is a second later than the newest.
fn date(session: &Session, own: &Certificate) -> Result<Timestamp> {
    let now = time::whole_seconds(session.now());
    let newest = own.newest_signature().max(session.certificate()?.newest_signature());
    if newest.as_second().saturating_sub(now.as_second()) > limits::AHEAD {
        return Err(Error::cannot(format!(
            "the clock says {now}, and our key was changed at {newest} already"
        ))
        .hint("set the clock"));
    }
    Ok(now.max(newest.saturating_add(SECOND).unwrap_or(newest)))
}
