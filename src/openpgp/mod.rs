//! The only door to the `pgp` crate.
