//! The way out to the web, through the guard: the `clients` of one process, the `network` of one
//! thread, and what they `fetch`; and what hosts say of the time: `witnesses`.

pub mod clients;
pub mod fetch;
pub mod network;
pub mod witnesses;
