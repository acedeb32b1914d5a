//! cloudim: instant messages as OpenPGP-encrypted items in plain RSS feeds.

pub mod error;
pub mod openpgp;
pub mod protocol;
