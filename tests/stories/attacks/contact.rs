//! A contact gone bad: it has the key that we trust.

mod decrypting;
