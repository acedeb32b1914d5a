//! A web host that serves the feed of a contact, and has no key.

mod decrypting;
