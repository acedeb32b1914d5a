//! Other people's programs meet ours: GnuPG, Sequoia, GopenPGP, RNP, feed readers, a web server, an
//! XML checker.
//!
//! These are not everywhere, so that `cargo test` alone leaves them out. Asked for by `--ignored`,
//! a program that is missing is a failure.

mod common;

mod interop {
    mod formats;
    mod gpg;
    mod gpg_keys;
    mod hand;
    mod nginx;
    mod own_key;
    mod proxy;
    mod readers;
    mod rnp;
    mod rotation;
    mod sop;
    mod sq;
    mod tools;
}
