//! The door: each request that reaches our server is recognised once, and handed on.

pub mod asked;
pub mod base_path;
pub mod cloud;
pub mod please_follow;
pub mod requests;
pub mod rpc;
