//! The only door to the `pgp` crate: certificates, secret keys, sealed and signed objects
//! (PROTOCOL §2 and §9).
//!
//! The law of this layer is that of [`crate::protocol`]: the present time and the source of
//! randomness are arguments. What the `pgp` crate leaves to its user is done here: which keys and
//! signatures are valid when, who may have signed, for whom it was meant, and every limit.

mod armor;
pub mod certificate;
mod component;
mod decrypt;
mod encrypt;
mod generate;
mod judge;
pub mod keyring;
