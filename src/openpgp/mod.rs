//! The only door to the `pgp` crate: certificates, secret keys, sealed and signed objects
//! (PROTOCOL §2 and §9).
//!
//! The law of this layer is that of [`crate::protocol`]: the present time and the source of
//! randomness are arguments. What the `pgp` crate leaves to its user is done here: which keys and
//! signatures are valid when, who may have signed, for whom it was meant, and every limit.

mod armor;
pub mod certificate;
mod certifications;
mod component;
mod decrypt;
mod encrypt;
mod extend;
mod generate;
pub mod import;
mod judge;
pub mod keyring;
pub mod locking;
mod merge;
mod message;
pub mod open;
mod packets;
mod policy;
mod profile;
pub mod refusal;
pub mod revoke;
pub mod rotate;
mod s2k;
pub mod seal;
mod seal_error;
mod seconds;
pub mod secret_key;
mod secret_key_merge;
mod stub;
pub mod summary;
#[cfg(test)]
mod testing;
mod unusable;
mod validity;

pub use certificate::{Certificate, Unusable};
pub use locking::WrongPassphrase;
pub use open::{Opened, dearmored_hash, open, open_file, open_signed, open_unsigned};
pub use refusal::{Refusal, Verdict};
pub use seal::{SealError, seal, seal_file, seal_unsigned, sign};
pub use secret_key::{Profile, SecretKey};
