//! The network: what is fetched, what is sent, and the guard on both.
//!
//! Nothing here knows of the store; bytes and header values go in and out.

pub mod client;
pub mod egress;
mod network;
