//! The server without the secret key: it serves, keeps calls sealed for the owner, and is the cloud
//! of the owner's feeds (PROTOCOL §8).

pub mod entries;
pub mod inbox;
pub mod owner;
pub mod server;
