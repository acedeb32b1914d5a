//! The cloud of our own feeds: who registers is tried and then told, by rssCloud's REST forms and by
//! XML-RPC.

mod host;
mod interleaving;
mod notifying;
mod registering;
mod remembering;
mod rpc;
pub mod subscriber;
mod wire;
