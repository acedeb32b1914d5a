//! The user, as far as a command has to ask: for the `passphrase`, at a `terminal`, and for what an
//! unverified contact may do (`trust_policy`).

pub mod passphrase;
pub mod terminal;
pub mod trust_policy;
