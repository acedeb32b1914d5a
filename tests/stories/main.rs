//! The stories: what people live through with the program, a module for each suite.
//!
//! They are one program, since linking takes longer than most of them run. `cargo test --test
//! stories crash::` runs one suite.

#[path = "../common/mod.rs"]
mod common;

mod assets;
mod at_once;
mod attacks;
mod calls;
mod check;
mod cloud;
mod cloud_run;
mod conversation;
mod crash;
mod delivery;
mod handshake;
mod hostile;
mod hosting;
mod keygen;
mod keyless;
mod keys;
mod listen;
mod objects;
mod plumbing;
mod rotation;
mod server;
mod signatures;
mod transport;
mod trust;
mod usage;
