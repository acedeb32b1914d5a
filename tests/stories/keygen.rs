//! A new identity: its key, its passphrase, its files, and what happens when it goes wrong.

mod files;
mod identity;
mod passphrase;
mod terminal;
mod whole;
