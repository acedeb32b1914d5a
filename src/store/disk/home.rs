//! A home: where each file of an identity lies.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Once};
use std::time::Duration;

use tempfile::NamedTempFile;

use super::atomic::{self, Mode};
use super::lock::Lock;
use super::refusals::Refusals;
use super::{ours, temporary};
use crate::protocol::values::fingerprint::Fingerprint;
use crate::protocol::values::token::Token;
use crate::store::error::{Error, Result};

const MOMENT: Duration = Duration::from_millis(200);

/// The folder of one identity.
#[derive(Clone, Debug)]
pub struct Home {
    root: PathBuf,
    state: Option<PathBuf>,
    /// Whether this run has removed what dead runs have left. The run's copies of this value share it.
    swept: Arc<Once>,
    /// What the disk refuses.
    refusals: Refusals,
    /// The latest generation that this process has seen; copies share it.
    seen: Arc<AtomicU64>,
}

impl Home {
    /// The home at `root`, which need not be there yet.
    pub fn at(root: impl Into<PathBuf>) -> Self {
        let (swept, seen) = (Arc::new(Once::new()), Arc::default());
        Self { root: root.into(), state: None, swept, refusals: Refusals::default(), seen }
    }

    /// The same home. Its generation is also kept in `folder`, outside of it: see
    /// [`super::origin`].
    #[must_use]
    pub fn with_state(self, folder: Option<PathBuf>) -> Self {
        Self { state: folder, ..self }
    }

    /// Removes by `remove` what dead runs have left here, once a run.
    pub(super) fn sweep(&self, remove: impl FnOnce(&Self)) {
        self.swept.call_once(|| remove(self));
    }

    /// The same home, on a disk with these `refusals`.
    #[must_use]
    pub fn with_refusals(self, refusals: Refusals) -> Self {
        Self { refusals, ..self }
    }

    /// Lets the change of a file of this home be made.
    ///
    /// # Errors
    /// When it is refused.
    pub(in crate::store) fn expect_change(&self, path: &Path) -> Result<()> {
        self.refusals.expect_none(path)
    }

    /// The folder in which the generation is kept, outside of the home.
    pub fn state(&self) -> Option<&Path> {
        self.state.as_deref()
    }

    /// The latest generation that this process has seen; 0 before the first. A program that runs for long
    /// knows by it that all files were put back under it, wherever they lie.
    pub fn seen(&self) -> u64 {
        self.seen.load(Ordering::Relaxed)
    }

    /// Notes that this process has seen `generation`.
    pub fn note_seen(&self, generation: u64) {
        self.seen.fetch_max(generation, Ordering::Relaxed);
    }

    /// The folder itself.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// `config.toml`: what the user decides.
    pub fn config(&self) -> PathBuf {
        self.root.join("config.toml")
    }

    /// `secret.asc`: the secret key.
    pub fn secret(&self) -> PathBuf {
        self.root.join("secret.asc")
    }

    /// `revocation.asc`: the certificate that declares the key dead.
    pub fn revocation(&self) -> PathBuf {
        self.root.join("revocation.asc")
    }

    /// `former/<fingerprint>.asc`: a secret key that was ours.
    pub fn former(&self, key: &Fingerprint) -> PathBuf {
        self.root.join("former").join(format!("{key}.asc"))
    }

    /// `former/<fingerprint>-revocation.asc`: the certificate that declares that key dead.
    pub fn former_revocation(&self, key: &Fingerprint) -> PathBuf {
        self.root.join("former").join(format!("{key}-revocation.asc"))
    }

    /// `public/`: all that the web may see.
    pub fn public(&self) -> PathBuf {
        self.root.join("public")
    }

    /// `public/key.asc`: our own certificate.
    pub fn key(&self) -> PathBuf {
        self.public().join("key.asc")
    }

    /// `certificate.asc`: a copy of it, beside the secret key.
    pub fn certificate(&self) -> PathBuf {
        self.root.join("certificate.asc")
    }

    /// `public/f/<token>.rss`: a pair feed of ours.
    pub fn feed(&self, token: &Token) -> PathBuf {
        self.public().join("f").join(format!("{token}.rss"))
    }

    /// `public/f/<token>.<number>.rss`: an archive of that feed.
    pub fn archive(&self, token: &Token, number: u64) -> PathBuf {
        self.public().join("f").join(format!("{token}.{number}.rss"))
    }

    /// `public/b/<token>`: an attachment.
    pub fn attachment(&self, token: &Token) -> PathBuf {
        self.public().join("b").join(token.as_str())
    }

    /// `contacts/`: a folder for each.
    pub fn contacts(&self) -> PathBuf {
        self.root.join("contacts")
    }

    /// `contacts/<name>/`.
    pub fn contact(&self, name: &str) -> PathBuf {
        self.contacts().join(name)
    }

    /// `invitations/`: those made and those received.
    pub fn invitations(&self) -> PathBuf {
        self.root.join("invitations")
    }

    /// `cloud/subscriptions.jsonl`: who is told when a feed of ours changes.
    pub fn subscriptions(&self) -> PathBuf {
        self.root.join("cloud").join("subscriptions.jsonl")
    }

    /// `inbox/`: what a server without the secret key keeps for the owner. Not below `public/`,
    /// which the owner's publish command replaces.
    pub fn inbox(&self) -> PathBuf {
        self.root.join("inbox")
    }

    /// Takes the lock for running the publish command; `patience` must cover other runs of it.
    ///
    /// # Errors
    /// [`Error::Busy`] when another process holds it.
    pub fn publishing(&self, patience: Duration) -> Result<Lock> {
        Lock::take(&self.publishing_path(), patience)
    }

    /// `publishing`: the lock for running the publish command.
    pub fn publishing_path(&self) -> PathBuf {
        self.root.join("publishing")
    }

    /// Takes the lock of the process that listens for this home, if nobody holds it.
    ///
    /// # Errors
    /// [`Error::Busy`] when another process listens.
    pub fn listening(&self) -> Result<Lock> {
        // A process that asks where we listen holds it for a moment.
        Lock::take(&self.root.join("listening"), MOMENT)
    }

    /// Takes the lock of the process that is a cloud for this home, if nobody holds it: the
    /// subscriptions are for one process alone.
    ///
    /// # Errors
    /// [`Error::Busy`] when another process is a cloud.
    pub fn serving_cloud(&self) -> Result<Lock> {
        let folder = self.root.join("cloud");
        atomic::folder(&folder, Mode::Private)?;
        Lock::take(&folder.join("lock"), MOMENT)
    }

    /// The address at which a process listens for this home, as that process noted it; nothing if
    /// none does.
    pub fn listens_at(&self) -> Option<String> {
        Lock::noted(&self.root.join("listening"))
    }

    /// Makes the folder itself, if it is not there: its lock lies in it.
    ///
    /// # Errors
    /// When it cannot be made, or is there and others can write it.
    pub fn make(&self) -> Result<()> {
        atomic::folder(&self.root, Mode::Private)?;
        self.expect_ours()
    }

    /// Checks that nobody but us and root can write the folder, the settings and the secret key, as far as
    /// these are there.
    ///
    /// # Errors
    /// [`Error::NotOurs`].
    pub fn expect_ours(&self) -> Result<()> {
        [&self.root, &self.config(), &self.secret()]
            .into_iter()
            .try_for_each(|path| ours::expect(path))
    }

    /// A file for somebody who is to read it now. It goes when it is dropped; what a run leaves that is
    /// killed goes with the next, for it has the lock of the file.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn passing_file(&self) -> Result<NamedTempFile> {
        temporary::temporary(&self.root)
            .map_err(|cause| Error::CannotWrite { path: self.root.clone(), cause })
    }

    /// Checks that an identity lives here, whole: the settings, and a secret key, or the certificate
    /// of an owner who has it elsewhere.
    ///
    /// # Errors
    /// [`Error::NoIdentity`] or [`Error::HalfWritten`].
    pub fn expect_identity(&self) -> Result<()> {
        let (config, key) = (self.config().is_file(), self.key().is_file());
        let has_secret = self.secret().exists();
        if config && (key || has_secret) {
            return Ok(());
        }
        if !has_secret && !config && !key {
            return Err(Error::NoIdentity(self.root.clone()));
        }
        let missing = if config { "public/key.asc" } else { "config.toml" };
        Err(Error::HalfWritten { home: self.root.clone(), missing, has_secret })
    }

    /// The users who may read the file at `path`.
    pub(in crate::store) fn mode_of(&self, path: &Path) -> Mode {
        if path.starts_with(self.public()) { Mode::Public } else { Mode::Private }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_and_a_half_written_home_are_told_apart() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path());
        let error = home.expect_identity().unwrap_err();
        assert!(matches!(&error, Error::NoIdentity(at) if at == folder.path()), "{error}");
        std::fs::write(home.secret(), "x").unwrap();
        let error = home.expect_identity().unwrap_err().to_string();
        assert!(error.contains("half-written: `config.toml` is missing"), "{error}");
    }
}
