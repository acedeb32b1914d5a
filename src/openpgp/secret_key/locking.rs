//! A secret key under a passphrase: locked, unlocked, and locked again after a change.

use std::fmt;

use pgp::composed::SignedSecretKey;
use pgp::types::KeyDetails;

use super::{SecretKey, failed, s2k, stub};
use crate::protocol::{Error, Random, Result};

/// The passphrase did not open the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WrongPassphrase;

impl fmt::Display for WrongPassphrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the passphrase does not open the key")
    }
}

impl std::error::Error for WrongPassphrase {}

impl SecretKey {
    /// Locks every component with `passphrase`: Argon2id with 3 passes, 4 lanes and 64 MiB, then
    /// AES-256 in OCB mode (RFC 9580 §3.7.2).
    ///
    /// # Errors
    /// When it is locked already; nothing has changed then.
    pub fn lock(&mut self, passphrase: &str, rng: &mut Random) -> Result<()> {
        if self.is_locked() {
            return Err(Error::malformed("the key is locked already"));
        }
        self.change(|key| s2k::lock(key, passphrase, rng)).map_err(failed)
    }

    /// A copy of this unlocked key; locked with `passphrase` as [`SecretKey::lock`] does unless that
    /// is empty.
    ///
    /// # Errors
    /// When it is locked.
    pub fn copy(&self, passphrase: &str, rng: &mut Random) -> Result<Self> {
        let mut copy = Self::new(self.inner.clone())?;
        if !passphrase.is_empty() || copy.is_locked() {
            copy.lock(passphrase, rng)?;
        }
        Ok(copy)
    }

    /// A copy of this unlocked key, locked in the weaker way that GnuPG 2.2 reads: salted and
    /// iterated SHA-256 over 62 MiB, then AES-256 in CFB mode.
    ///
    /// # Errors
    /// When it is locked.
    pub fn copy_for_gnupg(&self, passphrase: &str, rng: &mut Random) -> Result<Self> {
        let mut copy = Self::new(self.inner.clone())?;
        copy.change(|key| s2k::lock_iterated(key, passphrase, rng)).map_err(failed)?;
        Ok(copy)
    }

    /// This unlocked key, locked with the `passphrase` of `before`, an earlier version of it: what
    /// is locked there is taken from there as it is, the rest is locked as [`SecretKey::lock`] does.
    ///
    /// # Errors
    /// When the cryptography fails.
    pub fn locked_as(
        &self,
        before: &SecretKey,
        passphrase: &str,
        rng: &mut Random,
    ) -> Result<Self> {
        let (mut inner, old) = (self.inner.clone(), &before.inner);
        if old.primary_key.fingerprint() == inner.primary_key.fingerprint() {
            inner.primary_key = old.primary_key.clone();
        }
        for subkey in &mut inner.secret_subkeys {
            let fingerprint = subkey.key.fingerprint();
            let mut before = old.secret_subkeys.iter().map(|subkey| &subkey.key);
            if let Some(same) = before.find(|before| before.fingerprint() == fingerprint) {
                subkey.key = same.clone();
            }
        }
        s2k::lock(&mut inner, passphrase, rng).map_err(failed)?;
        Self::new(inner)
    }

    /// Returns whether any component that is here is locked.
    pub fn is_locked(&self) -> bool {
        let subkeys = self.inner.secret_subkeys.iter().map(|subkey| subkey.key.secret_params());
        std::iter::once(self.inner.primary_key.secret_params())
            .chain(subkeys)
            .any(|secret| secret.is_encrypted() && stub::place(secret).is_none())
    }

    /// Unlocks every component, or none.
    ///
    /// # Errors
    /// When `passphrase` does not open each of them.
    pub fn unlock(&mut self, passphrase: &str) -> std::result::Result<(), WrongPassphrase> {
        self.change(|key| s2k::unlock(key, passphrase)).map_err(|_| WrongPassphrase)
    }

    /// Changes all of it, or nothing if that fails.
    fn change(
        &mut self,
        change: impl FnOnce(&mut SignedSecretKey) -> pgp::errors::Result<()>,
    ) -> pgp::errors::Result<()> {
        let mut inner = self.inner.clone();
        change(&mut inner)?;
        self.inner = inner;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use pgp::crypto::sym::SymmetricKeyAlgorithm;
    use pgp::types::{Password, S2kParams, StringToKey};

    use super::*;
    use crate::openpgp::message::open::open;
    use crate::openpgp::message::seal::{SealError, seal};
    use crate::openpgp::secret_key::Profile;
    use crate::openpgp::testing::{day, key, random, with_subkey};

    #[test]
    fn locked_unlocked_and_read_back() {
        let mut john = key(Profile::Default, "John");
        let certificate = john.certificate();
        assert!(!john.is_locked());
        john.lock("correct horse", &mut random(1)).unwrap();
        assert!(john.is_locked());
        assert!(john.lock("again", &mut random(1)).is_err());
        let refused = seal(b"x", &john, &[], day(1), &mut random(1));
        assert_eq!(refused, Err(SealError::Locked));
        assert!(john.revocation(day(1), &mut random(1)).is_err());

        let mut read = SecretKey::parse(john.to_armored().as_bytes()).unwrap();
        assert!(read.is_locked() && read.certificate() == certificate);
        assert_eq!(read.unlock("wrong"), Err(WrongPassphrase));
        assert!(read.is_locked());
        read.unlock("correct horse").unwrap();
        assert!(!read.is_locked());
        let sealed = seal(b"x", &read, &[], day(1), &mut random(1)).unwrap();
        assert_eq!(open(&sealed, &read, &certificate, day(1)).unwrap().octets, b"x");
        assert!(open(&sealed, &john, &certificate, day(1)).is_err());
    }

    #[test]
    fn a_wrong_passphrase_for_one_component_unlocks_none() {
        let mut john = key(Profile::Classic, "John");
        let other = Password::from("other");
        let cheap = S2kParams::Cfb {
            sym_alg: SymmetricKeyAlgorithm::AES256,
            iv: vec![7; 16].into(),
            s2k: StringToKey::new_iterated(random(1), pgp::crypto::hash::HashAlgorithm::Sha256, 0),
        };
        john.inner.primary_key.set_password_with_s2k(&"mine".into(), cheap.clone()).unwrap();
        john.inner.secret_subkeys[0].key.set_password_with_s2k(&other, cheap).unwrap();
        assert_eq!(john.unlock("mine"), Err(WrongPassphrase));
        assert!(john.inner.primary_key.secret_params().is_encrypted());
    }

    #[test]
    fn a_change_leaves_what_is_locked_as_it_is() {
        let john = key(Profile::Classic, "John");
        let mut before = key(Profile::Classic, "John");
        before.lock("mine", &mut random(1)).unwrap();
        let changed = with_subkey(&john, true, 1, None);
        let changed = changed.locked_as(&before, "mine", &mut random(2)).unwrap();
        assert_eq!(changed.inner.primary_key, before.inner.primary_key);
        assert_eq!(changed.inner.secret_subkeys[0].key, before.inner.secret_subkeys[0].key);
        assert!(changed.inner.secret_subkeys[1].key.secret_params().is_encrypted());
        let mut read = SecretKey::parse(changed.to_armored().as_bytes()).unwrap();
        read.unlock("mine").unwrap();
        let sealed = seal(b"x", &john, &[&read.certificate()], day(2), &mut random(1)).unwrap();
        assert!(open(&sealed, &read, &john.certificate(), day(2)).is_ok());
        // If nothing was locked, all is locked anew.
        let fresh = with_subkey(&john, true, 1, None);
        let fresh = fresh.locked_as(&john, "mine", &mut random(2)).unwrap();
        assert!(fresh.inner.primary_key.secret_params().is_encrypted());
    }
}
