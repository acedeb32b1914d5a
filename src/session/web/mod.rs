//! The way out to the web, through the guard: the `clients` of one process, the `network` of one
//! thread, and what they `fetch`; how much strangers may have asked of one address: `meter`; and what
//! hosts say of the time: `witnesses`.

pub mod clients;
pub mod fetch;
pub mod meter;
pub mod network;
pub mod witnesses;
