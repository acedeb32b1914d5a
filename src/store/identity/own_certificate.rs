//! Our own certificate. `public/key.asc` shows it to the world, and `certificate.asc` is a copy beside
//! the secret key. The copy has what the secret key does not say: certifications by others. What
//! stands below `public/` may be lost at any time.

use super::key_state::KeyState;
use super::own::Locked;
use super::secret;
use crate::openpgp::certificate::Certificate;
use crate::protocol::values::limits;
use crate::store::disk::home::Home;
use crate::store::disk::versions::without_end;
use crate::store::disk::{atomic, rebuildable};
use crate::store::error::{OrCannot, Result};

/// Our certificate: as it is published; where that is lost, as the copy has it; where that is lost as
/// well, as the secret key says.
///
/// # Errors
/// When nothing of ours says what it is.
pub fn load(home: &Home) -> Result<Certificate> {
    let bytes = rebuildable::read(&home.key(), limits::CERTIFICATE)?.unwrap_or_default();
    let published = Certificate::parse(&bytes);
    if let Ok(published) = &published
        && (has_copy(home, &bytes) || is_ours(home, published)?)
    {
        return Ok(published.clone());
    }
    if let Some(kept) = kept(home)? {
        return Ok(kept);
    }
    match secret::load(home) {
        Ok(secret) => Ok(secret.certificate()),
        Err(_) => published.or_cannot_use(std::path::Path::new("public/key.asc")),
    }
}

/// The bytes of `public/key.asc` as they stand there, or as they will.
///
/// # Errors
/// As [`load`].
pub fn published(home: &Home) -> Result<Vec<u8>> {
    let bytes = rebuildable::read(&home.key(), limits::CERTIFICATE)?;
    match bytes.filter(|bytes| has_copy(home, bytes)) {
        Some(bytes) => Ok(bytes),
        None => as_it_stands(home),
    }
}

fn as_it_stands(home: &Home) -> Result<Vec<u8>> {
    let ours = load(home)?;
    let bytes = rebuildable::read(&home.key(), limits::CERTIFICATE)?;
    let is_it = |bytes: &Vec<u8>| Certificate::parse(bytes).is_ok_and(|there| there == ours);
    Ok(bytes.filter(is_it).unwrap_or_else(|| ours.to_armored().into_bytes()))
}

/// Writes our certificate: the copy first, so that no other is believed.
///
/// # Errors
/// When a file cannot be written.
pub fn replace(locked: &Locked<'_>, certificate: &Certificate) -> Result<()> {
    let (home, armored) = (&locked.home, certificate.to_armored());
    home.write(&home.certificate(), armored.as_bytes())?;
    locked.about_to_change_public()?;
    home.write(&home.key(), armored.as_bytes())
}

/// Sees to it that our certificate is published, and that the copy is the same.
///
/// # Errors
/// When a file cannot be written; or as [`load`].
pub fn mend(locked: &Locked<'_>) -> Result<()> {
    let home = &locked.home;
    let bytes = rebuildable::read(&home.key(), limits::CERTIFICATE)?;
    if bytes.as_ref().is_some_and(|bytes| has_copy(home, bytes)) {
        return Ok(());
    }
    let wanted = as_it_stands(home)?;
    if bytes.as_ref() != Some(&wanted) {
        locked.about_to_change_public()?;
        home.write(&home.key(), &wanted)?;
    }
    home.write(&home.certificate(), &wanted)
}

/// Whether these bytes are those of the copy: the usual case, in which nothing has to be judged.
fn has_copy(home: &Home, published: &[u8]) -> bool {
    !published.is_empty()
        && rebuildable::read(&home.certificate(), limits::CERTIFICATE)
            .is_ok_and(|kept| kept.as_deref().map(without_end) == Some(without_end(published)))
}

fn kept(home: &Home) -> Result<Option<Certificate>> {
    let Some(bytes) = atomic::read(&home.certificate())? else { return Ok(None) };
    let kept = Certificate::parse(&bytes).ok();
    Ok(match kept {
        Some(kept) if is_ours(home, &kept)? => Some(kept),
        _ => None,
    })
}

/// Whether it is that of our secret key, or of one that was ours: a change of the key may be under way.
/// A home without the secret key takes what it has.
fn is_ours(home: &Home, certificate: &Certificate) -> Result<bool> {
    let Ok(secret) = secret::load(home) else { return Ok(true) };
    let fingerprint = certificate.fingerprint();
    Ok(secret.fingerprint() == fingerprint
        || KeyState::load(home)?.former.iter().any(|former| former.fingerprint == fingerprint))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::openpgp::secret_key::Profile;
    use crate::openpgp::testing::{day, key, random};
    use crate::store::identity::own::Identity;
    use crate::store::testing::{TempDir, folder, identity};
    use jiff::{SignedDuration, Timestamp};

    fn john() -> (TempDir, Identity) {
        let folder = folder();
        let settings = "name = \"John\"\nbase_url = \"https://john.example/\"\n";
        let identity = identity(folder.path(), &key(Profile::Classic, "John"), settings);
        (folder, identity)
    }

    fn locked(identity: &Identity) -> Locked<'_> {
        identity.lock_although_copied(Timestamp::UNIX_EPOCH).unwrap()
    }

    #[test]
    fn what_is_lost_of_it_is_had_from_the_copy_and_else_from_the_secret_key() {
        let (_folder, john) = john();
        let home = &john.home;
        let life = SignedDuration::from_hours(24 * 365);
        let rotated = key(Profile::Classic, "John").rotated(life, day(1), &mut random(1)).unwrap();
        let (plain, rotated) = (load(home).unwrap(), rotated.certificate());
        replace(&locked(&john), &rotated).unwrap();
        let eve = key(Profile::Classic, "Eve").certificate().to_armored();
        for damaged in ["", "garbage", &rotated.to_armored()[..300], &eve] {
            fs::write(home.key(), damaged).unwrap();
            assert_eq!(load(home).unwrap(), rotated, "{damaged}");
            assert_eq!(published(home).unwrap(), rotated.to_armored().into_bytes());
            mend(&locked(&john)).unwrap();
            assert_eq!(fs::read_to_string(home.key()).unwrap().trim(), rotated.to_armored().trim());
        }
        fs::remove_file(home.key()).unwrap();
        fs::write(home.certificate(), "garbage").unwrap();
        mend(&locked(&john)).unwrap();
        assert_eq!(load(home).unwrap(), plain);
        let content = |path| fs::read_to_string(path).unwrap().trim().to_owned();
        assert_eq!(content(home.certificate()), content(home.key()));
    }

    #[test]
    fn a_home_from_before_gets_its_copy_of_what_is_published() {
        let (_folder, john) = john();
        let home = &john.home;
        fs::remove_file(home.certificate()).unwrap();
        let before = fs::read(home.key()).unwrap();
        mend(&locked(&john)).unwrap();
        assert_eq!(fs::read(home.certificate()).unwrap(), before);
        assert_eq!(fs::read(home.key()).unwrap(), before);
    }

    #[test]
    fn without_the_secret_key_what_is_published_counts_and_nothing_else() {
        let (_folder, john) = john();
        fs::remove_file(john.home.secret()).unwrap();
        fs::remove_file(john.home.certificate()).unwrap();
        load(&john.home).unwrap();
        fs::write(john.home.key(), "garbage").unwrap();
        assert!(load(&john.home).unwrap_err().to_string().contains("public/key.asc"));
    }
}
