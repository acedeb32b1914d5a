//! The calls of programs to each other's servers: handshake calls and rssCloud (PROTOCOL §8, §10).

pub(in crate::protocol) mod answer;
pub mod call;
pub mod cloud;
mod cloud_calling;
pub mod cloud_rpc;
pub mod please_follow;
