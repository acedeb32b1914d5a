//! Callbacks: an address that a subscriber names is tried before it is believed.

pub mod checks;
pub mod verifier;
