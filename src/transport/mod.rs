//! The network: what is fetched, what is sent, what is served, and the guards on each.
//!
//! Nothing here knows of the store; bytes and header values go in and out.

pub mod client;
pub mod egress;
mod in_turn;
mod limits;
mod links;
mod message;
mod network;
pub mod server;
pub mod toll;
