//! One run: the handles that it works with, each of which is handed on alone.

use jiff::Timestamp;

use super::keys::Keys;
use super::options::{Format, Options};
use super::talk::Talk;
use super::web::network::Network;
use super::world::{Clock, Stream, World};
use crate::error::{Error, Result};
use crate::store::identity::own::{Identity, Locked};
use crate::store::identity::told::Told;

/// The handles of one thread of a run. Only what leads a whole round, or follows a call from its first
/// request to its last file, takes all of them; everything else takes what it needs.
pub struct Run {
    /// The identity whose run it is.
    pub identity: Identity,
    /// Its keys.
    pub keys: Keys,
    /// The network.
    pub network: Network,
    /// The user, who is told.
    pub talk: Talk,
    /// The present time.
    pub clock: Clock,
    /// The output for data.
    pub output: Output,
}

/// The output: where data goes, and in which form.
#[derive(Clone)]
pub struct Output {
    /// The stream.
    pub stdout: Stream,
    /// The form.
    pub format: Format,
}

impl Run {
    /// A run on `identity` in `world`.
    pub fn on(identity: Identity, options: &Options, world: &World) -> Self {
        Self {
            keys: Keys::of(&identity, options.passphrase_file.clone(), &world.randomness),
            network: Network::of(&identity.config, options.timeout),
            talk: Talk::to(world.stderr.clone(), options.quiet),
            clock: world.now.clone(),
            output: Output { stdout: world.stdout.clone(), format: options.format },
            identity,
        }
    }

    /// The same for another thread: what is unlocked stays so, nothing was reported yet.
    pub fn beside(&self) -> Self {
        Self {
            identity: self.identity.clone(),
            keys: self.keys.beside(),
            network: self.network.clone(),
            talk: self.talk.beside(),
            clock: self.clock.clone(),
            output: self.output.clone(),
        }
    }

    /// The present time.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Reports a failure after which the run goes on, and which may be the same at the next run. A quiet
    /// run says each no more than once a day; its status is the same all the same.
    pub fn report(&mut self, error: &Error) {
        if !self.talk.is_quiet() {
            return self.talk.report(error);
        }
        let (trouble, now) = (error.to_string(), self.now());
        if Told::has(&self.identity.home, &trouble, now) {
            return self.talk.blame(error.kind);
        }
        self.talk.report(error);
        // Where it cannot be noted it is said again.
        if let Ok(locked) = self.identity.lock_although_copied(now) {
            let _ = Told::note(&locked, &trouble);
        }
    }

    /// Takes the lock of the home.
    ///
    /// # Errors
    /// As [`Identity::lock`].
    pub fn lock(&self) -> Result<Locked<'_>> {
        Ok(self.identity.lock(self.now())?)
    }
}
