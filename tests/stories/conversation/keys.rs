//! A contact's key changes as announced.

use std::fs;

use cloudim::openpgp::SecretKey;
use cloudim::protocol::feed::channel::Channel;
use pgp::composed::{ArmorOptions, Deserializable, KeyType, SignedSecretKey, SignedSecretSubKey};
use pgp::packet::{
    KeyFlags, PubKeyInner, PublicSubkey, SecretSubkey, SignatureConfig, SignatureType, Subpacket,
    SubpacketData,
};
use pgp::types::{KeyDetails, Password};

use crate::common::peer::{Peer, friends, in_hours, texts};

/// Puts another encryption subkey, newer than the first, on the identity of `peer`, and publishes.
fn renew_subkey(peer: &Peer) {
    let path = peer.home().join("secret.asc");
    let mut key = SignedSecretKey::from_armor_single(&fs::read(&path).unwrap()[..]).unwrap().0;
    let mut rng = rand::thread_rng();
    let kind = KeyType::MlKem768X25519;
    let (public, secret) = kind.generate(&mut rng).unwrap();
    let created = pgp::types::Timestamp::from_secs(key.primary_key.created_at().as_secs() + 10);
    let inner = PubKeyInner::new(key.version(), kind.to_alg(), created, None, public).unwrap();
    let public = PublicSubkey::from_inner(inner).unwrap();
    let secret = SecretSubkey::new(public.clone(), secret).unwrap();
    let mut flags = KeyFlags::default();
    flags.set_encrypt_comms(true);
    flags.set_encrypt_storage(true);
    let typ = SignatureType::SubkeyBinding;
    let mut config = SignatureConfig::from_key(&mut rng, &key.primary_key, typ).unwrap();
    config.hashed_subpackets = vec![
        Subpacket::critical(SubpacketData::SignatureCreationTime(created)).unwrap(),
        Subpacket::critical(SubpacketData::KeyFlags(flags)).unwrap(),
        Subpacket::regular(SubpacketData::IssuerFingerprint(key.fingerprint())).unwrap(),
    ];
    let primary = key.primary_key.public_key().clone();
    let binding = config
        .sign_subkey_binding(&key.primary_key, &primary, &Password::empty(), &public)
        .unwrap();
    key.secret_subkeys.push(SignedSecretSubKey::new(secret, vec![binding]));
    let armored = key.to_armored_string(ArmorOptions::default()).unwrap();
    let certificate = SecretKey::parse(armored.as_bytes()).unwrap().certificate();
    fs::write(path, armored).unwrap();
    fs::write(peer.home().join("public/key.asc"), certificate.to_armored()).unwrap();
    peer.at(&in_hours(1), &["publish"], "");
}

fn sealed(feed: &Channel, guid: &str) -> String {
    let item = feed.items.iter().find(|item| item.guid.as_deref() == Some(guid)).unwrap();
    item.description.clone().unwrap()
}

#[test]
fn a_new_subkey_is_followed_and_what_was_not_read_is_sealed_to_it() {
    let (john, mary) = friends();
    let read = john.send(&mary, "read long ago");
    assert_eq!(mary.poll(), ["read long ago"]);
    john.poll();
    let unread = john.send(&mary, "not read yet");
    let before = Channel::parse(&fs::read(john.pair_feed()).unwrap()).unwrap();
    renew_subkey(&mary);
    assert_eq!(john.at(&in_hours(1), &["poll"], "").expect(0).stdout, "");
    let after = Channel::parse(&fs::read(john.pair_feed()).unwrap()).unwrap();
    assert!(sealed(&after, &read) == sealed(&before, &read), "what was read stays as it is");
    assert!(sealed(&after, &unread) != sealed(&before, &unread));
    assert!(after.introduction != before.introduction);
    // Of Mary's secrets only the new one is left: it opens what is for her.
    let path = mary.home().join("secret.asc");
    let mut key = SignedSecretKey::from_armor_single(&fs::read(&path).unwrap()[..]).unwrap().0;
    key.secret_subkeys.drain(..2);
    fs::write(path, key.to_armored_string(ArmorOptions::default()).unwrap()).unwrap();
    let polled = mary.at(&in_hours(1), &["--format", "json", "poll"], "").expect(0);
    assert_eq!(texts(&polled.stdout), ["not read yet"]);
}

#[test]
fn a_certificate_is_fetched_again_only_when_its_hash_changed() {
    let (john, mary) = friends();
    let fetched = || mary.host.log().iter().filter(|(_, path, _)| path == "/key.asc").count();
    let before = fetched();
    mary.send(&john, "one");
    john.poll();
    assert_eq!(fetched(), before);
    renew_subkey(&mary);
    for _ in 0..2 {
        john.at(&in_hours(1), &["poll"], "").expect(0);
    }
    assert_eq!(fetched(), before + 1);
}
