//! One run of a command: whose home, what time it is, where talk goes.

mod reach;

use std::cell::OnceCell;
use std::io::Write;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use rand::SeedableRng;
use zeroize::Zeroizing;

use super::passphrase::{Source, Unlocked};
use super::world::World;
use super::{output, passphrase};
use crate::error::{Context, Error, Kind, Result};
use crate::openpgp::certificate::Certificate;
use crate::openpgp::secret_key::SecretKey;
use crate::protocol::Random;
use crate::store::atomic::{self, Staged};
use crate::store::config::Config;
use crate::store::home::Home;
use crate::store::secret::{self, Stamp};
use crate::store::snapshot;
use crate::transport::client::Client;

/// The form in which data goes to stdout.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// For people: time, contact, text.
    #[default]
    Text,
    /// The tab-separated lines of sfeed(5).
    Tsv,
    /// One JSON object a line.
    Json,
    /// A plain RSS feed.
    Rss,
}

impl FromStr for Format {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        match text {
            "text" => Ok(Self::Text),
            "tsv" => Ok(Self::Tsv),
            "json" => Ok(Self::Json),
            "rss" => Ok(Self::Rss),
            _ => Err(format!("`{text}` is no format")),
        }
    }
}

/// The options that every command takes.
#[derive(Clone, Debug)]
pub struct Options {
    /// The form of the output.
    pub format: Format,
    /// The deadline of one request.
    pub timeout: Duration,
    /// Say nothing that is not an error.
    pub quiet: bool,
    /// A file whose first line is the passphrase.
    pub passphrase_file: Option<std::path::PathBuf>,
}

/// One run of a command on an identity.
pub struct Session {
    /// Its home.
    pub home: Home,
    /// Its settings.
    pub config: Config,
    /// The options given.
    pub options: Options,
    /// The outside.
    pub world: World,
    /// The source of randomness.
    pub rng: Random,
    /// The worst of what was reported.
    worst: Option<Kind>,
    secret: Option<Arc<Unlocked>>,
    certificate: OnceCell<Certificate>,
    client: OnceCell<Client>,
}

impl Session {
    /// Opens the identity that lives in `home`.
    ///
    /// # Errors
    /// When there is none, or it is half-written, or its settings are wrong.
    pub fn open(home: Home, options: Options, world: World) -> Result<Self> {
        let config = Config::load(&home)?;
        Ok(Self::new(home, config, options, world))
    }

    /// The identity that lives in `home`, with these settings.
    pub fn new(home: Home, config: Config, options: Options, world: World) -> Self {
        let rng = Random::from_entropy();
        Self {
            home,
            config,
            options,
            world,
            rng,
            worst: None,
            secret: None,
            certificate: OnceCell::new(),
            client: OnceCell::new(),
        }
    }

    /// The same identity for another thread: what is unlocked stays so, nothing was reported yet.
    pub fn beside(&self) -> Self {
        let (home, config) = (self.home.clone(), self.config.clone());
        let beside = Self::new(home, config, self.options.clone(), self.world.beside());
        let client = self.client.clone();
        Self { secret: self.secret.clone(), client, ..beside }
    }

    /// The present time.
    pub fn now(&self) -> Timestamp {
        (self.world.now)()
    }

    /// Our own certificate.
    ///
    /// # Errors
    /// When `public/key.asc` is not one.
    pub fn certificate(&self) -> Result<&Certificate> {
        if let Some(certificate) = self.certificate.get() {
            return Ok(certificate);
        }
        let bytes = atomic::read(&self.home.key())?.unwrap_or_default();
        let certificate = Certificate::parse(&bytes)
            .map_err(|cause| Error::cannot("cannot use `public/key.asc`").because(cause))?;
        Ok(self.certificate.get_or_init(|| certificate))
    }

    /// Unlocks the secret key, once a run, and again if another run has changed it meanwhile. Never
    /// to be called with a lock held: it may ask.
    ///
    /// # Errors
    /// When there is none, or the passphrase cannot be had or is wrong.
    pub fn unlock(&mut self) -> Result<()> {
        let (config, options) = (self.config.clone(), self.options.clone());
        self.unlock_by(move || {
            passphrase::find(config.passphrase_command.as_deref(), &options, "Passphrase: ")
        })
    }

    /// As [`Session::unlock`], of a key that was unlocked before; asks nobody.
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
            self.certificate = OnceCell::new();
        }
        Ok(())
    }

    /// Whether the secret key is unlocked, and no other run has changed it since.
    pub fn has_current_secret(&self) -> bool {
        self.secret.as_ref().is_some_and(|secret| secret.stamp == Stamp::of(&self.home))
    }

    /// The secret key, which [`Session::unlock`] has unlocked, and the source of randomness.
    ///
    /// # Errors
    /// When it is locked.
    pub fn secret(&mut self) -> Result<(&SecretKey, &mut Random)> {
        match &self.secret {
            Some(secret) => Ok((&secret.key, &mut self.rng)),
            None => Err(Error::cannot("the secret key is locked")),
        }
    }

    /// Whether the secret key can be had without asking anybody.
    pub fn can_unlock_unasked(&self) -> bool {
        self.secret.is_some()
            || Source::given(self.config.passphrase_command.as_deref(), &self.options).is_some()
            || secret::load(&self.home).is_ok_and(|key| !key.is_locked())
    }

    /// Writes the unlocked `key`, not in the place of the secret key yet, locked as that is: what is
    /// locked on disk stays as it is there. The caller holds the home's lock, and has unlocked the key.
    ///
    /// # Errors
    /// When it is too large, or cannot be written.
    pub fn stage_secret(&mut self, key: &SecretKey) -> Result<Staged> {
        let passphrase = self.secret.as_ref().and_then(|secret| secret.passphrase.as_ref());
        let Some(passphrase) = passphrase else { return secret::stage(&self.home, key) };
        let before = secret::load(&self.home)?;
        let locked = key.locked_as(&before, passphrase, &mut self.rng);
        secret::stage(&self.home, &locked.or_cannot(|| "cannot lock the key".to_owned())?)
    }

    /// Puts the unlocked `key`, which was `staged`, in the place of the secret key.
    ///
    /// # Errors
    /// When it cannot be written; the old one is then still there.
    pub fn put_secret(&mut self, key: SecretKey, staged: Staged) -> Result<()> {
        secret::put(&self.home, staged)?;
        let passphrase = self.secret.as_ref().and_then(|secret| secret.passphrase.clone());
        let stamp = Stamp::of(&self.home);
        self.secret = Some(Arc::new(Unlocked { key, passphrase, stamp }));
        Ok(())
    }

    /// Writes our certificate. The caller holds the home's lock.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn replace_certificate(&mut self, certificate: Certificate) -> Result<()> {
        self.about_to_change_public()?;
        self.home.write(&self.home.key(), certificate.to_armored().as_bytes())?;
        self.certificate = OnceCell::from(certificate);
        Ok(())
    }

    /// The passphrase by which the secret key was unlocked, if it is locked on disk.
    pub fn passphrase(&self) -> Option<Zeroizing<String>> {
        self.secret.as_ref()?.passphrase.clone()
    }

    /// Refuses in a home that only reads.
    ///
    /// # Errors
    /// When `read_only` is set.
    pub fn expect_writable(&self) -> Result<()> {
        if self.config.read_only {
            return Err(Error::cannot(
                "this home is read-only: it stores and shows, and never writes to the world",
            )
            .hint("use the home that writes; only one per identity may"));
        }
        Ok(())
    }

    /// Notes that `public/` is about to change, where a publish command has to learn of it. The
    /// caller holds the home's lock.
    ///
    /// # Errors
    /// When it cannot be noted.
    pub fn about_to_change_public(&self) -> Result<()> {
        match &self.config.publish {
            Some(_) => snapshot::about_to_change(&self.home),
            None => Ok(()),
        }
    }

    /// Says something to the user, unless it is to be quiet.
    pub fn say(&mut self, talk: &str) {
        if !self.options.quiet {
            self.tell(&format!("{}\n", output::visible(talk)));
        }
    }

    /// Talk that cannot be heard must not stop the work.
    fn tell(&mut self, talk: &str) {
        let _ = self.world.stderr.write_all(talk.as_bytes());
    }

    /// Warns of something that does not change what was done.
    pub fn warn(&mut self, warning: &str) {
        self.tell(&format!("warning: {}\n", output::visible(warning)));
    }

    /// Reports a failure after which the run goes on; its end has the worst status of them.
    pub fn report(&mut self, error: &Error) {
        if !error.message.is_empty() {
            self.tell(&format!("error: {}\n", output::visible(&error.to_string())));
        }
        self.blame(error.kind);
    }

    /// Notes that the run will not end with 0.
    pub fn blame(&mut self, kind: Kind) {
        self.worst = self.worst.max(Some(kind));
    }

    /// Forgets what was reported, so that the run ends with 0.
    pub fn forgive(&mut self) {
        self.worst = None;
    }

    /// How the run ends: with an error without words if anything was reported.
    ///
    /// # Errors
    /// The worst kind of what was reported.
    pub fn verdict(&self) -> Result<()> {
        match self.worst {
            Some(kind) => Err(Error::new(kind, "")),
            None => Ok(()),
        }
    }
}
