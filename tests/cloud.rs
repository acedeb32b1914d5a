//! The cloud of our own feeds: who registers is tried and then told, by rssCloud's REST forms and by
//! XML-RPC.

mod common;

#[path = "cloud/host.rs"]
mod host;
#[path = "cloud/interleaving.rs"]
mod interleaving;
#[path = "cloud/notifying.rs"]
mod notifying;
#[path = "cloud/registering.rs"]
mod registering;
#[path = "cloud/remembering.rs"]
mod remembering;
#[path = "cloud/rpc.rs"]
mod rpc;
#[path = "cloud/subscriber.rs"]
mod subscriber;
#[path = "cloud/wire.rs"]
mod wire;
