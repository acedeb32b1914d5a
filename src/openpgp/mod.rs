//! The only door to the `pgp` crate: certificates, secret keys, sealed and signed objects
//! (PROTOCOL §2 and §9).
//!
//! The law of this layer is that of [`crate::protocol`]: the present time and the source of
//! randomness are arguments. This layer decides all that the `pgp` crate leaves to its user: which
//! keys and signatures are valid when, who may have signed, for whom it was meant, and every limit.

mod armor;
pub mod certificate;
pub mod cost;
pub mod message;
mod packets;
mod seconds;
pub mod secret_key;
#[cfg(test)]
pub mod testing;

pub use certificate::{Certificate, Unusable};
pub use message::open::{Opened, dearmored_hash, open, open_file, open_signed, open_unsigned};
pub use message::refusal::{Refusal, Treatment};
pub use message::seal::{SealError, seal, seal_file, seal_unsigned, sign};
pub use packets::begins_encrypted;
pub use secret_key::locking::WrongPassphrase;
pub use secret_key::{Profile, SecretKey};
