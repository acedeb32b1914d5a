//! `secret.asc`: the secret key, as it lies on disk.

use std::fs::{self, File, Metadata};
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use zeroize::Zeroizing;

use super::own::Locked;
use crate::openpgp::secret_key::SecretKey;
use crate::protocol::values::fingerprint::Fingerprint;
use crate::protocol::values::hash::Hash;
use crate::protocol::values::limits;
use crate::store::disk::atomic::{self, Staged};
use crate::store::disk::dumps;
use crate::store::disk::home::Home;
use crate::store::error::{Error, OrCannot, Result};

/// How the file of a secret key begins.
const BEGIN: &[u8] = b"-----BEGIN PGP PRIVATE KEY BLOCK-----";

/// The stamp of the secret key's file: another one after each change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    place: (u64, u64),
    written: (i64, i64),
    size: u64,
}

impl Stamp {
    /// The stamp of the key in `home` now; nothing if there is none.
    pub fn of(home: &Home) -> Option<Self> {
        fs::metadata(home.secret()).ok().map(|metadata| Self::from(&metadata))
    }
}

impl From<&Metadata> for Stamp {
    fn from(metadata: &Metadata) -> Self {
        Self {
            place: (metadata.dev(), metadata.ino()),
            written: (metadata.mtime(), metadata.mtime_nsec()),
            size: metadata.size(),
        }
    }
}

/// Reads the secret key of `home`, locked if it is.
///
/// # Errors
/// When there is none, or it cannot be used.
pub fn load(home: &Home) -> Result<SecretKey> {
    let path = home.secret();
    read(&path)?.ok_or(Error::Missing(path))
}

/// The hash of the file in which the secret key of `home` lies; nothing if there is none.
///
/// # Errors
/// When it cannot be read.
pub fn hash(home: &Home) -> Result<Option<Hash>> {
    let bytes = atomic::read(&home.secret())?.map(Zeroizing::new);
    Ok(bytes.map(|bytes| Hash::of(&bytes)))
}

/// Reads the secret key that was ours under this fingerprint, if it is still kept.
///
/// # Errors
/// When it cannot be used.
pub fn former(home: &Home, key: &Fingerprint) -> Result<Option<SecretKey>> {
    read(&home.former(key))
}

fn read(path: &Path) -> Result<Option<SecretKey>> {
    dumps::forbid();
    let Some(bytes) = atomic::read(path)?.map(Zeroizing::new) else { return Ok(None) };
    let key = SecretKey::parse(&bytes);
    key.map(Some).or_cannot_use(path)
}

/// Keeps the secret key of `home`, and what declares it dead, as those of the key that was ours.
///
/// # Errors
/// When they cannot be read or written.
pub fn keep_former(locked: &Locked<'_>) -> Result<()> {
    let home = &locked.home;
    let key = load(home)?;
    let fingerprint = key.fingerprint();
    home.write(&home.former(&fingerprint), key.to_armored().as_bytes())?;
    match atomic::read(&home.revocation())? {
        Some(revocation) => home.write(&home.former_revocation(&fingerprint), &revocation),
        None => Ok(()),
    }
}

/// Writes `key`, not in the place of the secret key of `home` yet.
///
/// # Errors
/// When it is too large, or cannot be written.
pub fn stage(locked: &Locked<'_>, key: &SecretKey) -> Result<Staged> {
    let armored = key.to_armored();
    if armored.len() > limits::CERTIFICATE {
        return Err(Error::SecretTooLarge);
    }
    locked.home.stage(&locked.home.secret(), armored.as_bytes())
}

/// Replaces the secret key of `home` by what was staged, and removes what a run that was killed left
/// of another.
///
/// # Errors
/// When it cannot be written; the old one is then still there.
pub fn put(locked: &Locked<'_>, staged: Staged) -> Result<()> {
    atomic::sync([&staged])?;
    locked.home.put(vec![staged])?;
    for entry in fs::read_dir(locked.home.root()).into_iter().flatten().flatten() {
        let is_temporary = entry.file_name().to_str().is_some_and(|name| name.starts_with(".new-"));
        let mut begins = Vec::new();
        if is_temporary && let Ok(file) = File::open(entry.path()) {
            // What cannot be read is not ours to remove.
            let _ = file.take(BEGIN.len() as u64).read_to_end(&mut begins);
        }
        if begins == BEGIN {
            locked.home.remove(&entry.path())?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use jiff::Timestamp;
    use rand::SeedableRng;

    use super::*;
    use crate::openpgp::secret_key::Profile;
    use crate::protocol::Random;
    use crate::store::testing::locked;

    #[test]
    fn a_change_leaves_no_other_copy_and_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path());
        let mut rng = Random::seed_from_u64(1);
        let mut make = || {
            SecretKey::generate(Profile::Classic, "John", Timestamp::UNIX_EPOCH, &mut rng).unwrap()
        };
        let (old, new) = (make(), make());
        locked(&home, |locked| put(locked, stage(locked, &old).unwrap())).unwrap();
        let before = Stamp::of(&home).unwrap();
        assert_eq!(Stamp::of(&home), Some(before));
        fs::write(home.root().join(".new-killed"), old.to_armored().as_bytes()).unwrap();
        let other = fs::File::create(home.root().join(".new-other")).unwrap();
        other.lock().unwrap();
        locked(&home, |locked| put(locked, stage(locked, &new).unwrap())).unwrap();
        assert_ne!(Stamp::of(&home), Some(before));
        assert_eq!(load(&home).unwrap().fingerprint(), new.fingerprint());
        assert_eq!(fs::metadata(home.secret()).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(!home.root().join(".new-killed").exists());
        assert!(home.root().join(".new-other").exists(), "another's, perhaps being written");
    }
}
