//! Our own key changes: new encryption subkeys, which contacts follow by themselves.

mod due;
mod lost;
mod primary;
mod rotating;

use std::fs;

use cloudim::openpgp::{Certificate, SecretKey};
use cloudim::protocol::feed::channel::Channel;
use pgp::composed::{Deserializable, SignedPublicKey};

use crate::common::peer::Peer;

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

/// How many subkeys are in `certificate`.
fn subkeys(certificate: &Certificate) -> usize {
    let armored = certificate.to_armored();
    let parsed = SignedPublicKey::from_armor_single(armored.as_bytes()).unwrap().0;
    parsed.public_subkeys.len()
}
