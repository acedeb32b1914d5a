//! A contact's key changes: by itself as announced, or without proof.

use std::fs;

use cloudim::openpgp::{self, Certificate, Profile, SecretKey};
use cloudim::protocol::Random;
use cloudim::protocol::channel::{Channel, FeedItem, KeyElement};
use cloudim::protocol::guid::Guid;
use cloudim::protocol::hash::Hash;
use cloudim::protocol::introduction::Introduction;
use cloudim::protocol::item::{Item, Stream};
use cloudim::protocol::state::State;
use cloudim::store::contact::Contact;
use cloudim::store::contacts;
use cloudim::store::home::Home;
use jiff::Timestamp;
use pgp::composed::{ArmorOptions, Deserializable, KeyType, SignedSecretKey, SignedSecretSubKey};
use pgp::packet::{
    KeyFlags, PubKeyInner, PublicSubkey, SecretSubkey, SignatureConfig, SignatureType, Subpacket,
    SubpacketData,
};
use pgp::types::{KeyDetails, Password};
use rand::SeedableRng;

use crate::common::peer::{Peer, find, friends, in_hours, texts};

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

/// Mary's feed, taken over by somebody with another key: what a new key looks like without proof.
struct Replaced {
    key: SecretKey,
    rng: Random,
    john: Certificate,
    feed: Channel,
}

impl Replaced {
    fn seal(&mut self, octets: &str) -> String {
        let now = cloudim::protocol::time::whole_seconds(Timestamp::now());
        openpgp::seal(octets.as_bytes(), &self.key, &[&self.john], now, &mut self.rng).unwrap()
    }
}

/// Lets another key write on in Mary's log, as if Mary had made a new one. Returns it.
fn replace_key(mary: &Peer) -> SecretKey {
    let home = Home::at(mary.home());
    let contact = Contact::load(&home, "john").unwrap();
    let old = SecretKey::parse(&fs::read(home.secret()).unwrap()).unwrap();
    let mut rng = Random::from_entropy();
    let hour_ago = in_hours(-1).parse().unwrap();
    let key = SecretKey::generate(Profile::Default, "Mary", hour_ago, &mut rng).unwrap();
    let feed = Channel::parse(&fs::read(mary.pair_feed()).unwrap()).unwrap();
    let john = contacts::certificate(&home, "john").unwrap();
    let mut replaced = Replaced { key, rng, john, feed };
    let armored = replaced.key.certificate().to_armored();
    fs::write(home.public().join("new.asc"), &armored).unwrap();
    let fingerprint = replaced.key.fingerprint();
    let url: cloudim::protocol::url::Url = format!("{}new.asc", mary.host.url()).parse().unwrap();

    let octets = fs::read(find(&home.contact("john").join("octets"), "introduction")).unwrap();
    let introduction = Introduction::parse(&octets).unwrap();
    let (serial, by) = (introduction.serial + 1, fingerprint.clone());
    let introduction = Introduction { serial, fingerprint: by, key: url.clone(), ..introduction };
    let sealed_state = replaced.feed.state.clone().unwrap();
    let opened = openpgp::open(&sealed_state, &old, &old.certificate(), Timestamp::now()).unwrap();
    let state = State::parse(&opened.octets).unwrap();
    let guid = Guid::new(Timestamp::now(), &mut replaced.rng);
    let (log, sequence) = (contact.ours.log, contact.ours.sequence + 1);
    let item = Item {
        guid,
        published: Timestamp::now(),
        text: "by my new key".to_owned(),
        in_reply_to: None,
        attachments: Vec::new(),
        stream: Some(Stream { log, sequence, previous: contact.ours.head }),
        conversation: None,
        keys: false,
    }
    .write();
    let head = Some((sequence, Hash::of(item.as_bytes())));
    let floor = state.floor.or(Some(sequence));
    let state = State { serial: state.serial + 1, head, floor, ..state };
    replaced.feed.introduction = Some(replaced.seal(&introduction.write()));
    replaced.feed.state = Some(replaced.seal(&state.write()));
    let armored_item = replaced.seal(&item);
    replaced.feed.items.insert(0, FeedItem::sealed(guid, armored_item));
    let hash = Some(Hash::of(armored.as_bytes()));
    replaced.feed.key = Some(KeyElement { fingerprint, hash, url });
    fs::write(mary.pair_feed(), replaced.feed.write()).unwrap();
    replaced.key
}

#[test]
fn a_key_without_proof_holds_messages_until_the_user_decides() {
    let (john, mary) = friends();
    mary.send(&john, "by my old key");
    assert_eq!(john.poll(), ["by my old key"]);
    let new = replace_key(&mary).fingerprint();
    let held = john.run(&["poll"]).expect(4);
    assert_eq!(held.stdout, "");
    assert!(held.stderr.contains(&format!("the feed names the key {new}")), "{}", held.stderr);
    assert!(john.ok(&["status"]).contains("held"), "{}", john.ok(&["status"]));
    assert_eq!(john.run(&["poll"]).expect(0).stderr, "", "told once");

    let shown = john.run(&["contact", "trust", "mary"]).expect(4);
    assert!(shown.stdout.contains(&format!("offered\t{}", new.grouped())), "{}", shown.stdout);
    assert!(shown.stderr.contains("cloudim contact trust mary FINGERPRINT"), "{}", shown.stderr);
    let wrong = "0".repeat(40);
    let refused = john.fails(&["contact", "trust", "mary", &wrong], 4);
    assert!(refused.contains("another key than you were told of"), "{refused}");
    assert_eq!(john.poll(), [""; 0]);

    john.ok(&["contact", "trust", "mary", &new.grouped()]);
    assert!(john.ok(&["contact", "list"]).contains(&format!("mary\tverified\t{new}")));
    assert_eq!(john.poll(), ["by my new key"]);
    assert_eq!(john.ok(&["status"]), "mary ✓\tall well\n");
    let nothing = john.run(&["contact", "trust", "mary"]).expect(0).stderr;
    assert!(nothing.contains("nothing to decide"), "{nothing}");
}
