//! Our own key changes: new encryption subkeys, which contacts follow by themselves.

mod common;

#[path = "rotation/rotating.rs"]
mod rotating;

use std::fs;

use cloudim::openpgp::{Certificate, SecretKey};
use cloudim::protocol::channel::Channel;
use common::peer::Peer;

/// The certificate that `peer` publishes.
fn published(peer: &Peer) -> Certificate {
    Certificate::parse(&fs::read(peer.home().join("public/key.asc")).unwrap()).unwrap()
}

/// The secret key of `peer`, as it lies on disk.
fn secret(peer: &Peer) -> SecretKey {
    SecretKey::parse(&fs::read(peer.home().join("secret.asc")).unwrap()).unwrap()
}

/// The one pair feed of `peer`.
fn feed(peer: &Peer) -> Channel {
    Channel::parse(&fs::read(peer.pair_feed()).unwrap()).unwrap()
}
