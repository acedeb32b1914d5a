//! One run: the handles that it works with, each of which is handed on alone.

use jiff::Timestamp;

use super::keys::Keys;
use super::memory::Memory;
use super::options::{Format, Options};
use super::talk::Talk;
use super::web::network::Network;
use super::world::{Clock, Stream, World};
use crate::error::Result;
use crate::store::identity::own::{Identity, Locked};

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
            network: Network::of(&identity.config, options.timeout).at_once(world.at_once),
            talk: Talk::to(world.stderr.clone(), options.quiet)
                .with(Memory::of(&identity.home, &world.now)),
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

    /// Keeps what was told, so that the next quiet run need not say the same.
    pub fn remember(&self) {
        self.talk.remember(&self.identity);
    }

    /// Takes the lock of the home.
    ///
    /// # Errors
    /// As [`Identity::lock`].
    pub fn lock(&self) -> Result<Locked<'_>> {
        Ok(self.identity.lock(self.now())?)
    }
}
