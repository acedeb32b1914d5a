//! The keys of this run: our own, locked and unlocked, and those that were ours.

use std::cell::OnceCell;
use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;
use zeroize::Zeroizing;

use super::setback::Setback;
use super::user::passphrase::{self, Source, Unlocked};
use super::world::Randomness;
use crate::error::{Context, Error, Kind, Result};
use crate::openpgp::certificate::Certificate;
use crate::openpgp::cost::Cost;
use crate::openpgp::message::open::{self, Opened};
use crate::openpgp::message::refusal::Refusal;
use crate::openpgp::secret_key::SecretKey;
use crate::protocol::Random;
use crate::protocol::values::fingerprint::Fingerprint;
use crate::protocol::values::hash::Hash;
use crate::protocol::values::limits;
use crate::store::disk::atomic::Staged;
use crate::store::disk::home::Home;
use crate::store::identity::key_state::KeyState;
use crate::store::identity::own::{Identity, Locked};
use crate::store::identity::own_certificate;
use crate::store::identity::secret::{self, Stamp};

/// Our own keys, as far as a run has unlocked them.
pub struct Keys {
    /// The randomness of this thread.
    pub rng: Random,
    /// The source of it, for other threads.
    pub randomness: Randomness,
    home: Home,
    /// A file whose first line is the passphrase.
    passphrase_file: Option<PathBuf>,
    /// A shell command that prints the passphrase.
    passphrase_command: Option<String>,
    secret: Option<Arc<Unlocked>>,
    former: Option<Arc<Vec<SecretKey>>>,
    certificate: OnceCell<Certificate>,
}

impl Keys {
    /// The keys of `identity`, locked; the passphrase is in `passphrase_file` if one was named. What is
    /// drawn comes from `randomness`.
    pub fn of(
        identity: &Identity,
        passphrase_file: Option<PathBuf>,
        randomness: &Randomness,
    ) -> Self {
        Self {
            rng: randomness.stream(),
            randomness: randomness.clone(),
            home: identity.home.clone(),
            passphrase_file,
            passphrase_command: identity.config.passphrase_command.clone(),
            secret: None,
            former: None,
            certificate: OnceCell::new(),
        }
    }

    /// The same for another thread: what is unlocked stays so.
    pub fn beside(&self) -> Self {
        Self {
            rng: self.randomness.stream(),
            randomness: self.randomness.clone(),
            home: self.home.clone(),
            passphrase_file: self.passphrase_file.clone(),
            passphrase_command: self.passphrase_command.clone(),
            secret: self.secret.clone(),
            former: None,
            certificate: OnceCell::new(),
        }
    }

    /// Our own certificate.
    ///
    /// # Errors
    /// When nothing of ours says what it is.
    pub fn certificate(&self) -> Result<&Certificate> {
        if let Some(certificate) = self.certificate.get() {
            return Ok(certificate);
        }
        let certificate = own_certificate::load(&self.home)?;
        Ok(self.certificate.get_or_init(|| certificate))
    }

    /// Has our certificate read anew the next time.
    pub fn forget_certificate(&mut self) {
        self.certificate = OnceCell::new();
    }

    /// Unlocks the secret key, once a run, and again if another run has changed it meanwhile. Never
    /// to be called with a lock held: it may ask.
    ///
    /// # Errors
    /// When there is none, or the passphrase cannot be had or is wrong.
    pub fn unlock(&mut self) -> Result<()> {
        let (command, file) = (self.passphrase_command.clone(), self.passphrase_file.clone());
        self.unlock_by(move || {
            passphrase::find(command.as_deref(), file.as_deref(), "Passphrase: ")
        })
    }

    /// As [`Keys::unlock`], of a key that was unlocked before; asks nobody.
    ///
    /// # Errors
    /// When it was locked with another passphrase meanwhile.
    pub fn unlock_again(&mut self) -> Result<()> {
        self.unlock_by(|| {
            Err(Error::new(Kind::Busy, "another run has changed the passphrase just now")
                .hint("nothing was done: try again"))
        })
    }

    fn unlock_by(
        &mut self,
        find: impl FnOnce() -> Result<(Zeroizing<String>, Source)>,
    ) -> Result<()> {
        if !self.has_current_secret() {
            let secret = passphrase::unlocked(&self.home, self.secret.as_deref(), find)?;
            self.secret = Some(Arc::new(secret));
            self.former = None;
            self.certificate = OnceCell::new();
        }
        Ok(())
    }

    /// Unlocks the secret key again if it was unlocked, and another run has changed it since.
    ///
    /// # Errors
    /// As [`Keys::unlock_again`].
    pub fn notice_key_change(&mut self) -> Result<()> {
        if self.secret.is_some() { self.unlock_again() } else { Ok(()) }
    }

    /// Returns whether the secret key was unlocked, and another run has changed it since.
    pub fn are_outdated(&self) -> bool {
        self.secret.is_some() && !self.has_current_secret()
    }

    /// Takes the lock of the home for writing what is signed. Another run may have replaced the key while
    /// we waited: what the old one signs is not believed any more, so the new one is unlocked.
    ///
    /// # Errors
    /// As [`Identity::lock`] and [`Keys::unlock_again`].
    pub fn lock_to_sign<'a>(
        &mut self,
        identity: &'a Identity,
        now: Timestamp,
    ) -> std::result::Result<Locked<'a>, Setback> {
        let locked = identity.lock(now)?;
        self.notice_key_change().map_err(Setback::Passing)?;
        // What is signed leads to it.
        own_certificate::mend(&locked)?;
        Ok(locked)
    }

    /// Returns whether the secret key is unlocked, and no other run has changed it since.
    fn has_current_secret(&self) -> bool {
        self.secret.as_ref().is_some_and(|secret| secret.stamp == Stamp::of(&self.home))
    }

    /// The secret key, which [`Keys::unlock`] has unlocked, and the source of randomness.
    ///
    /// # Errors
    /// When it is locked.
    pub fn secret(&mut self) -> Result<(&SecretKey, &mut Random)> {
        match &self.secret {
            Some(secret) => Ok((&secret.key, &mut self.rng)),
            None => Err(Error::cannot("the secret key is locked")),
        }
    }

    /// The passphrase by which the secret key was unlocked, if it is locked on disk.
    pub fn passphrase(&self) -> Option<Zeroizing<String>> {
        self.secret.as_ref()?.passphrase.clone()
    }

    /// The secret keys that were ours and are still kept, unlocked. One that was locked with another
    /// passphrase is left out.
    ///
    /// # Errors
    /// When one cannot be read.
    pub fn former_secrets(&mut self) -> Result<Arc<Vec<SecretKey>>> {
        if let Some(known) = &self.former {
            return Ok(Arc::clone(known));
        }
        let passphrase = self.secret.as_ref().and_then(|secret| secret.passphrase.as_ref());
        let mut unlocked = Vec::new();
        for former in KeyState::load(&self.home)?.former {
            let Some(mut key) = secret::former(&self.home, &former.fingerprint)? else { continue };
            let is_open = !key.is_locked()
                || passphrase.is_some_and(|passphrase| key.unlock(passphrase).is_ok());
            if is_open {
                unlocked.push(key);
            }
        }
        Ok(Arc::clone(self.former.insert(Arc::new(unlocked))))
    }

    /// Opens what `signer` sealed to us, or to a key that was ours, with the key that
    /// [`Keys::unlock`] has unlocked.
    ///
    /// # Errors
    /// With the reason.
    pub fn unseal(
        &mut self,
        sealed: &str,
        signer: &Certificate,
        now: Timestamp,
    ) -> std::result::Result<Opened, Refusal> {
        self.unseal_at_cost(sealed, signer, now, &mut Cost::default())
    }

    /// The same, with all work that it takes added to `cost`.
    ///
    /// # Errors
    /// With the reason.
    pub fn unseal_at_cost(
        &mut self,
        sealed: &str,
        signer: &Certificate,
        now: Timestamp,
        cost: &mut Cost,
    ) -> std::result::Result<Opened, Refusal> {
        self.by_any_key(|key| open::open_at_cost(sealed, key, signer, now, cost))
    }

    /// Opens an attachment, likewise.
    ///
    /// # Errors
    /// With the reason.
    pub fn unseal_file(&mut self, sealed: &[u8]) -> std::result::Result<Vec<u8>, Refusal> {
        self.by_any_key(|key| open::open_file(sealed, key, limits::ATTACHMENT))
    }

    fn by_any_key<T>(
        &mut self,
        mut open: impl FnMut(&SecretKey) -> std::result::Result<T, Refusal>,
    ) -> std::result::Result<T, Refusal> {
        let (secret, _) = self.secret().map_err(|_| Refusal::NotForUs)?;
        let opened = open(secret);
        if !matches!(opened, Err(Refusal::NotForUs)) {
            return opened;
        }
        let former = self.former_secrets().map_err(|_| Refusal::NotForUs)?;
        let mut others = former.iter().map(open);
        let other = others.find(|opened| !matches!(opened, Err(Refusal::NotForUs)));
        other.unwrap_or(opened)
    }

    /// Returns whether our certificate names a subkey that we cannot open anything with: its secret
    /// was deleted in its time, or is lost.
    pub fn lacks_secret(&mut self) -> bool {
        let Ok(certificate) = self.certificate().cloned() else { return false };
        self.secret().is_ok_and(|(secret, _)| secret.lacks_secret_of(&certificate))
    }

    /// The fingerprints of our key, and of those that were ours.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn fingerprints(&self) -> Result<Vec<Fingerprint>> {
        let former = KeyState::load(&self.home)?.former.into_iter().map(|key| key.fingerprint);
        Ok(std::iter::once(self.certificate()?.fingerprint()).chain(former).collect())
    }

    /// The hash of all that lies in this home and may open what is sealed to us: another one once a key
    /// was made, or copied here.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn hash(&self) -> Result<Hash> {
        let mut all = self.certificate()?.to_armored();
        for former in KeyState::load(&self.home)?.former {
            all.push_str(former.fingerprint.as_str());
        }
        all.extend(secret::hash(&self.home)?.map(|hash| hash.to_string()));
        Ok(Hash::of(all.as_bytes()))
    }

    /// The source of the passphrase that asks nobody, if there is one.
    pub fn passphrase_source(&self) -> Option<Source> {
        Source::given(self.passphrase_command.as_deref(), self.passphrase_file.as_deref())
    }

    /// Returns whether a file was named for the passphrase of this run.
    pub fn has_passphrase_file(&self) -> bool {
        self.passphrase_file.is_some()
    }

    /// Returns whether the secret key can be had without asking anybody.
    pub fn can_unlock_unasked(&self) -> bool {
        self.secret.is_some()
            || self.passphrase_source().is_some()
            || secret::load(&self.home).is_ok_and(|key| !key.is_locked())
    }

    /// Writes the unlocked `key`, not in the place of the secret key yet, locked as that is: what is
    /// locked on disk stays as it is there. The key has been unlocked.
    ///
    /// # Errors
    /// When it is too large, or cannot be written.
    pub fn stage_secret(&mut self, locked: &Locked<'_>, key: &SecretKey) -> Result<Staged> {
        let passphrase = self.secret.as_ref().and_then(|secret| secret.passphrase.as_ref());
        let Some(passphrase) = passphrase else { return Ok(secret::stage(locked, key)?) };
        let before = secret::load(&self.home)?;
        let key = key.locked_as(&before, passphrase, &mut self.rng);
        Ok(secret::stage(locked, &key.or_cannot(|| "cannot lock the key".to_owned())?)?)
    }

    /// As [`Keys::stage_secret`], of a key that is no later version of ours.
    ///
    /// # Errors
    /// As [`Keys::stage_secret`].
    pub fn stage_new_secret(&mut self, locked: &Locked<'_>, key: &SecretKey) -> Result<Staged> {
        let passphrase = self.passphrase().unwrap_or_default();
        let key = key.copy(&passphrase, &mut self.rng);
        Ok(secret::stage(locked, &key.or_cannot(|| "cannot lock the key".to_owned())?)?)
    }

    /// Puts the unlocked `key`, which was `staged`, in the place of the secret key.
    ///
    /// # Errors
    /// When it cannot be written; the old one is then still there.
    pub fn put_secret(
        &mut self,
        locked: &Locked<'_>,
        key: SecretKey,
        staged: Staged,
    ) -> Result<()> {
        secret::put(locked, staged)?;
        let passphrase = self.secret.as_ref().and_then(|secret| secret.passphrase.clone());
        let stamp = Stamp::of(&self.home);
        self.secret = Some(Arc::new(Unlocked { key, passphrase, stamp }));
        self.former = None;
        Ok(())
    }

    /// Writes our certificate.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn replace_certificate(
        &mut self,
        locked: &Locked<'_>,
        certificate: Certificate,
    ) -> Result<()> {
        own_certificate::replace(locked, &certificate)?;
        self.certificate = OnceCell::from(certificate);
        Ok(())
    }
}
