//! Our own key changes: new subkeys, another primary key, a longer life, an end.
//!
//! In comes what the user or the calendar asks for. Out come another `secret.asc` and `public/key.asc`,
//! and feeds that are sealed and signed anew. `change` holds the order in which files are replaced,
//! `rotation` does it when it is due.
//!
//! Its rule: a change that was begun is completed by the next run, whatever was killed, and no
//! contact is left with a key that opens nothing.
//!
//! It may call the handshake, reading, writing and publishing, and all below.

pub mod change;
pub mod rotation;
