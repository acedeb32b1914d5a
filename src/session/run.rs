//! One run of a command: whose home, what time it is, where talk goes.

use std::cell::OnceCell;
use std::io::Write;
use std::sync::Arc;

use jiff::Timestamp;
use rand::SeedableRng;

use super::options::Options;
use super::passphrase::Unlocked;
use super::world::World;
use crate::error::{Error, Kind, Result};
use crate::openpgp::certificate::Certificate;
use crate::openpgp::secret_key::SecretKey;
use crate::protocol::Random;
use crate::protocol::values::text;
use crate::store::disk::home::Home;
use crate::store::disk::snapshot;
use crate::store::identity::config::Config;
use crate::transport::client::Client;

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
    pub(super) worst: Option<Kind>,
    pub(super) secret: Option<Arc<Unlocked>>,
    pub(super) former: Option<Arc<Vec<SecretKey>>>,
    pub(super) certificate: OnceCell<Certificate>,
    pub(super) client: OnceCell<Client>,
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
            former: None,
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
            self.tell(&format!("{}\n", text::visible(talk)));
        }
    }

    /// Talk that cannot be heard must not stop the work.
    fn tell(&mut self, talk: &str) {
        let _ = self.world.stderr.write_all(talk.as_bytes());
    }

    /// Warns of something that does not change what was done.
    pub fn warn(&mut self, warning: &str) {
        self.tell(&format!("warning: {}\n", text::visible(warning)));
    }

    /// Reports a failure after which the run goes on; its end has the worst status of them.
    pub fn report(&mut self, error: &Error) {
        if !error.message.is_empty() {
            self.tell(&format!("error: {}\n", text::visible(&error.to_string())));
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
