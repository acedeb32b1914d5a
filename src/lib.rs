//! cloudim: instant messages as OpenPGP-encrypted items in plain RSS feeds.

pub mod error;
pub mod openpgp;
pub mod protocol;
// The fence of clippy.toml stands around the modules above; those below meet the world.
#[allow(clippy::disallowed_methods, clippy::disallowed_types)]
pub mod transport;
