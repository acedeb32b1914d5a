//! What may happen to Mary's key, done to her files with the `pgp` crate, and published.

use std::fs;

use cloudim::openpgp::SecretKey;
use cloudim::protocol::feed::channel::Channel;
use cloudim::protocol::values::hash::Hash;
use jiff::Timestamp;
use pgp::composed::{ArmorOptions, Deserializable, KeyType, SignedSecretKey, SignedSecretSubKey};
use pgp::packet::{
    KeyFlags, PubKeyInner, PublicSubkey, RevocationCode, SecretSubkey, SignatureConfig,
    SignatureType, Subpacket, SubpacketData,
};
use pgp::types::{Duration, KeyDetails, Password, SigningKey, Tag};

use crate::common::peer::Peer;

/// The key of `peer`, to be changed.
fn secret(peer: &Peer) -> SignedSecretKey {
    let armored = fs::read(peer.home().join("secret.asc")).unwrap();
    SignedSecretKey::from_armor_single(&armored[..]).unwrap().0
}

/// Gives `peer` this key, and its feed and `public/key.asc` what belongs to it.
fn publish(peer: &Peer, key: &SignedSecretKey) {
    let armored = key.to_armored_string(ArmorOptions::default()).unwrap();
    fs::write(peer.home().join("secret.asc"), &armored).unwrap();
    let certificate = SecretKey::parse(armored.as_bytes()).unwrap().certificate();
    put_certificate(peer, &certificate.to_armored());
}

/// Puts `armored` where the key of `peer` stands on the web, and its hash into the feed.
pub fn put_certificate(peer: &Peer, armored: &str) {
    fs::write(peer.home().join("public/key.asc"), armored).unwrap();
    let mut feed = Channel::parse(&fs::read(peer.pair_feed()).unwrap()).unwrap();
    feed.key.as_mut().unwrap().hash = Some(Hash::of(armored.as_bytes()));
    fs::write(peer.pair_feed(), feed.write()).unwrap();
}

fn config(signer: &impl SigningKey, typ: SignatureType, at: Timestamp) -> SignatureConfig {
    let mut config = SignatureConfig::from_key(rand::thread_rng(), signer, typ).unwrap();
    let at = pgp::types::Timestamp::from_secs(at.as_second() as u32);
    config.hashed_subpackets = vec![
        Subpacket::critical(SubpacketData::SignatureCreationTime(at)).unwrap(),
        Subpacket::regular(SubpacketData::IssuerFingerprint(signer.fingerprint())).unwrap(),
    ];
    config
}

/// Lets the key of `peer` expire so many days after it was made.
pub fn expire(peer: &Peer, days: u32) {
    let mut key = secret(peer);
    let created = key.primary_key.created_at().as_secs();
    let lifetime = Duration::from_secs(days * 86_400);
    let user = &key.details.users[0];
    let old = user.signatures.last().unwrap().config().unwrap();
    let at = Timestamp::from_second(i64::from(created) + i64::from(days)).unwrap();
    let mut config = config(&key.primary_key, SignatureType::CertPositive, at);
    let kept = old.hashed_subpackets.iter().filter(|subpacket| {
        !matches!(
            subpacket.data,
            SubpacketData::SignatureCreationTime(_)
                | SubpacketData::IssuerFingerprint(_)
                | SubpacketData::KeyExpirationTime(_)
        )
    });
    config.hashed_subpackets.extend(kept.cloned());
    let lifetime = Subpacket::critical(SubpacketData::KeyExpirationTime(lifetime)).unwrap();
    config.hashed_subpackets.push(lifetime);
    let public = key.primary_key.public_key();
    let signature = config
        .sign_certification(&key.primary_key, public, &Password::empty(), Tag::UserId, &user.id)
        .unwrap();
    key.details.users[0].signatures = vec![signature];
    publish(peer, &key);
}

/// Revokes the key of `peer`, or its last subkey.
pub fn revoke(peer: &Peer, subkey: bool, reason: RevocationCode, at: Timestamp) {
    let mut key = secret(peer);
    let typ = if subkey { SignatureType::SubkeyRevocation } else { SignatureType::KeyRevocation };
    let mut config = config(&key.primary_key, typ, at);
    let reason = SubpacketData::RevocationReason(reason, "".into());
    config.hashed_subpackets.push(Subpacket::regular(reason).unwrap());
    let (primary, none) = (&key.primary_key, Password::empty());
    let public = primary.public_key();
    if subkey {
        let last = key.secret_subkeys.last_mut().unwrap();
        let revocation =
            config.sign_subkey_binding(primary, public, &none, last.key.public_key()).unwrap();
        last.signatures.push(revocation);
    } else {
        let revocation = config.sign_key(primary, &none, public).unwrap();
        key.details.revocation_signatures.push(revocation);
    }
    publish(peer, &key);
}

/// Gives the key of `peer` a subkey that signs from now on.
pub fn add_signing_subkey(peer: &Peer) {
    let mut key = secret(peer);
    let mut rng = rand::thread_rng();
    let kind = KeyType::Ed25519;
    let (public, secret) = kind.generate(&mut rng).unwrap();
    let created = key.primary_key.created_at();
    let inner = PubKeyInner::new(key.version(), kind.to_alg(), created, None, public).unwrap();
    let public = PublicSubkey::from_inner(inner).unwrap();
    let subkey = SecretSubkey::new(public.clone(), secret).unwrap();
    let at = Timestamp::from_second(i64::from(created.as_secs())).unwrap();
    let (primary, none) = (&key.primary_key, Password::empty());
    let back = config(&subkey, SignatureType::KeyBinding, at)
        .sign_primary_key_binding(&subkey, &public, &none, primary.public_key())
        .unwrap();
    let mut flags = KeyFlags::default();
    flags.set_sign(true);
    let mut config = config(primary, SignatureType::SubkeyBinding, at);
    let back = SubpacketData::EmbeddedSignature(Box::new(back));
    config.hashed_subpackets.extend([
        Subpacket::critical(SubpacketData::KeyFlags(flags)).unwrap(),
        Subpacket::regular(back).unwrap(),
    ]);
    let binding =
        config.sign_subkey_binding(primary, primary.public_key(), &none, &public).unwrap();
    key.secret_subkeys.push(SignedSecretSubKey::new(subkey, vec![binding]));
    publish(peer, &key);
}
