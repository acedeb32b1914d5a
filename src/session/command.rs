//! The session that a command is handed: a run, and what it may read.

use std::io::Read;
use std::ops::{Deref, DerefMut};

use super::options::Options;
use super::run::Run;
use super::world::World;
use crate::error::Result;
use crate::store::disk::home::Home;
use crate::store::identity::own::Identity;

/// One run of a command on an identity.
pub struct Session {
    /// The run that it works with.
    pub run: Run,
    /// The source of messages.
    pub stdin: Box<dyn Read + Send>,
}

impl Session {
    /// Opens the identity that lives in `home`.
    ///
    /// # Errors
    /// When there is none, or it is half-written, or its settings are wrong.
    pub fn open(home: Home, options: &Options, world: World) -> Result<Self> {
        Ok(Self::new(Identity::open(home)?, options, world))
    }

    /// A run on `identity`, which need not be whole yet.
    pub fn new(identity: Identity, options: &Options, world: World) -> Self {
        Self { run: Run::on(identity, options, &world), stdin: world.stdin }
    }
}

impl Deref for Session {
    type Target = Run;

    fn deref(&self) -> &Run {
        &self.run
    }
}

impl DerefMut for Session {
    fn deref_mut(&mut self) -> &mut Run {
        &mut self.run
    }
}
