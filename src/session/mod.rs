//! One run: its options, its home, its keys, its network, and the user it talks with.
//!
//! `command` is what a command is handed, `run` what a round is: the handles of one thread, each of
//! which can be handed on alone. `world` is what comes from outside: the clock, stdin, stdout,
//! stderr. `keys` unlocks, and asks the `user`; `own_key` says how our key stands; `talk` tells the
//! user; `web` goes out through the guard; `setback` tells what may succeed later from what will not.
//!
//! Its rules: the key is unlocked once, and never with a lock held; only what was reported decides
//! how a run ends.
//!
//! It may call the store, the transport and the pure layers.

pub mod command;
pub mod keys;
mod memory;
pub mod options;
pub mod own_key;
pub mod run;
pub mod setback;
pub mod talk;
#[cfg(test)]
pub mod testing;
pub mod user;
pub mod web;
pub mod world;
