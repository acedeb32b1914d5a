//! Messages: sealed, signed and opened (PROTOCOL §2).

pub(in crate::openpgp) mod decrypt;
mod digest;
pub(in crate::openpgp) mod encrypt;
pub(in crate::openpgp) mod judge;
pub mod open;
pub(in crate::openpgp) mod packets_read;
pub mod refusal;
pub mod seal;
pub(in crate::openpgp) mod seal_error;
