//! What the stories share: people, and the static hosts that serve them.
#![allow(dead_code, reason = "no story needs all of it")]

pub mod hand;
pub mod host;
pub mod killer;
pub mod peer;
pub mod port;
pub mod static_host;
pub mod stub;
pub mod tty;
