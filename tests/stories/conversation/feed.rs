//! The feed as the world sees it.

use std::fs;
use std::os::unix::process::CommandExt;

use cloudim::openpgp::message::open;
use cloudim::openpgp::secret_key::SecretKey;
use pgp::armor::Dearmor;
use pgp::composed::{Deserializable, Message, SignedSecretKey, TheRing};
use pgp::packet::SubpacketData;
use pgp::types::{KeyDetails, Password};

use crate::common::peer::{Peer, befriend, friends};

const BEGIN: &str = "-----BEGIN PGP MESSAGE-----";
const END: &str = "-----END PGP MESSAGE-----\n";

/// The sealed objects in a peer's feed: introduction, state, items newest first.
fn sealed(peer: &Peer) -> Vec<String> {
    let feed = fs::read_to_string(peer.pair_feed()).unwrap();
    let objects = feed.split(BEGIN).skip(1).map(|rest| rest.split(END).next().unwrap().to_owned());
    objects.map(|body| format!("{BEGIN}{body}{END}")).collect()
}

fn dearmored(sealed: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut dearmor = Dearmor::new(sealed.as_bytes());
    std::io::Read::read_to_end(&mut dearmor, &mut bytes).unwrap();
    bytes
}

/// The bodies of the session-key packets that a message begins with.
fn session_keys(message: &[u8]) -> Vec<Vec<u8>> {
    let (mut rest, mut bodies) = (message, Vec::new());
    while rest[0] == 0xC0 | 1 {
        let (start, length) = match usize::from(rest[1]) {
            short @ 0..192 => (2, short),
            long @ 192..224 => (3, ((long - 192) << 8) + usize::from(rest[2]) + 192),
            255 => (6, u32::from_be_bytes(rest[2..6].try_into().unwrap()) as usize),
            partial => panic!("a partial length: {partial}"),
        };
        bodies.push(rest[start..start + length].to_vec());
        rest = &rest[start + length..];
    }
    bodies
}

fn is_hidden(body: &[u8]) -> bool {
    match body[0] {
        3 => body[1..9] == [0; 8],
        6 => body[1] == 0,
        version => panic!("version {version}"),
    }
}

fn secret(peer: &Peer) -> Vec<u8> {
    fs::read(peer.home().join("secret.asc")).unwrap()
}

/// Whether `peer` can open a message whose session keys are these alone.
fn opens(peer: &Peer, message: &[u8], with: &[u8], all: &[Vec<u8>]) -> bool {
    let header = |body: &[u8]| {
        let length = u32::try_from(body.len()).unwrap().to_be_bytes();
        [&[0xC1, 0xFF][..], &length, body].concat()
    };
    let length_octets = |length: usize| match length {
        ..192 => 1,
        192..8_384 => 2,
        _ => 5,
    };
    let skip: usize = all.iter().map(|body| 1 + length_octets(body.len()) + body.len()).sum();
    let bytes = [&header(with)[..], &message[skip..]].concat();
    let key = SecretKey::parse(&secret(peer)).unwrap();
    open::open_file(&bytes, &key, 1 << 20).is_ok()
}

#[test]
fn the_reader_is_hidden_and_first_and_we_are_last_and_named_where_version_1_is_read() {
    for profile in ["default", "classic"] {
        let (john, mary) = (Peer::john(), Peer::new("Mary", &["--profile", profile]));
        befriend(&john, &mary);
        john.send(&mary, "hidden");
        for object in sealed(&john) {
            let message = dearmored(&object);
            let keys = session_keys(&message);
            assert_eq!(keys.len(), 2, "{profile}: Mary and John");
            let hidden: Vec<bool> = keys.iter().map(|body| is_hidden(body)).collect();
            assert_eq!(hidden, [true, profile == "default"], "{profile}");
            let opened = |peer: &Peer, key: usize| opens(peer, &message, &keys[key], &keys);
            assert_eq!([opened(&mary, 0), opened(&mary, 1)], [true, false], "{profile}");
            assert_eq!([opened(&john, 0), opened(&john, 1)], [false, true], "{profile}");
        }
    }
}

#[test]
fn the_signature_names_its_intended_recipients() {
    let (john, mary) = friends();
    john.send(&mary, "for Mary");
    let key = SignedSecretKey::from_string(std::str::from_utf8(&secret(&mary)).unwrap()).unwrap().0;
    for object in sealed(&john) {
        let message = Message::from_string(&object).unwrap().0;
        let password = Password::empty();
        let ring = TheRing {
            secret_keys: vec![&key],
            key_passwords: vec![&password],
            ..TheRing::default()
        };
        let mut message = message.decrypt_the_ring(ring, true).unwrap().0;
        message.as_data_vec().unwrap();
        let Message::Signed { reader, .. } = &message else { panic!("not signed") };
        let signature = reader.signature(0).unwrap();
        let subpackets = &signature.config().unwrap().hashed_subpackets;
        let intended: Vec<_> = subpackets
            .iter()
            .filter_map(|subpacket| match &subpacket.data {
                SubpacketData::IntendedRecipientFingerprint(fingerprint) => Some(fingerprint),
                _ => None,
            })
            .collect();
        assert!(intended.contains(&&key.fingerprint()), "{intended:?}");
        assert_eq!(reader.num_signatures(), 1);
    }
}

#[test]
fn short_messages_are_of_one_size() {
    let (john, mary) = friends();
    let size = |text: &str| {
        john.send(&mary, text);
        // The two that stand once come first.
        dearmored(&sealed(&john)[2]).len()
    };
    let first = size("a first message has no previous hash, and is padded all the same");
    for text in ["y", "no", "dinner at eight?", &"x".repeat(100), "\u{1f600}&<\n\r"] {
        // A number in the signature may begin with zeros, which OpenPGP leaves out.
        assert!(size(text).abs_diff(first) <= 4, "{text:?}");
    }
    assert!(size(&"x".repeat(2_000)).abs_diff(first) > 1_000);
}

#[test]
fn every_pair_of_profiles_talks() {
    for (johns, marys) in [("default", "classic"), ("classic", "default"), ("classic", "classic")] {
        let john = Peer::new("John", &["--profile", johns]);
        let mary = Peer::new("Mary", &["--profile", marys]);
        befriend(&john, &mary);
        john.send(&mary, "hello");
        assert_eq!(mary.poll(), ["hello"], "{johns} to {marys}");
        mary.send(&john, "hello you");
        assert_eq!(john.poll(), ["hello you"], "{marys} to {johns}");
        assert_eq!(john.ok(&["status"]), "mary\tall well\n");
    }
}

#[test]
fn a_feed_tells_the_world_nothing_of_the_message_or_the_reader() {
    // A short name stands in some ciphertext by chance.
    let (john, mary) = (Peer::john(), Peer::new("Clytaemnestra", &[]));
    befriend(&john, &mary);
    let guid = john.send(&mary, "rendezvous at the fountain");
    let feed = fs::read_to_string(john.pair_feed()).unwrap();
    let address = mary.address();
    for secret in ["rendezvous", "fountain", "Clytaemnestra", "clytaemnestra", &address] {
        assert!(!feed.contains(secret), "{secret}");
    }
    assert!(feed.contains(&format!("<guid isPermaLink=\"false\">{guid}</guid>")));
    let fingerprint = john.ok(&["contact", "list"]).split('\t').nth(2).unwrap().to_owned();
    assert!(!feed.contains(&fingerprint));
}

#[test]
fn the_feed_changes_no_byte_when_nothing_happened() {
    let (john, mary) = friends();
    john.send(&mary, "one");
    mary.poll();
    john.poll();
    let feeds = || [fs::read(john.pair_feed()).unwrap(), fs::read(mary.pair_feed()).unwrap()];
    let etag = || {
        let mut etags = Vec::new();
        for (reader, writer) in [(&mary, &john), (&john, &mary)] {
            reader.poll();
            etags.extend(writer.host.log().last().cloned());
        }
        etags.into_iter().map(|(_, _, status)| status).collect::<Vec<_>>()
    };
    etag();
    let before = feeds();
    for args in [&["poll"][..], &["publish"], &["poll"], &["publish"], &["status"], &["read"]] {
        john.ok(args);
        mary.ok(args);
    }
    assert!(feeds() == before);
    assert_eq!(etag(), [304, 304]);
}

#[test]
fn known_items_cost_no_decryption() {
    let (john, mary) = (Peer::john(), Peer::without_identity("Mary"));
    let passphrase = mary.file("passphrase");
    fs::write(&passphrase, "correct horse\n").unwrap();
    let file = ["--passphrase-file", passphrase.to_str().unwrap()];
    let url = mary.address();
    mary.ok(&[&file[..], &["keygen", "--name", "Mary", "--base-url", &url]].concat());
    let invitation = john.file("invitation.rss");
    let path = invitation.to_str().unwrap();
    john.ok(&["handshake", "invite", &url, "--output", path]);
    mary.ok(&[&file[..], &["handshake", "accept", "--input", path]].concat());
    john.poll();
    john.send(&mary, "secret");
    // Nobody is asked who is not in the foreground of a terminal.
    let unattended = |args: &[&str]| mary.command(args).process_group(0).output().unwrap();
    let fails = |args: &[&str]| {
        let output = unattended(args);
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        String::from_utf8(output.stderr).unwrap()
    };
    let polled = || {
        let output = unattended(&["poll"]);
        assert!(output.status.success() && output.stdout.is_empty(), "{output:?}");
    };
    let locked = fails(&["poll"]);
    assert!(
        locked.contains("error: the secret key is locked, and there is no terminal"),
        "{locked}"
    );
    assert!(locked.contains("hint: --passphrase-file FILE"), "{locked}");
    let opened = mary.ok(&[&file[..], &["poll"]].concat());
    assert!(opened.ends_with("  john  secret\n"), "{opened}");
    let from = john.host.requests();
    polled();
    assert_eq!(john.host.log()[from..].iter().map(|seen| seen.2).collect::<Vec<_>>(), [304]);
    let feed = fs::read_to_string(john.pair_feed()).unwrap();
    fs::write(john.pair_feed(), feed.replace("<language>en", "<language>de")).unwrap();
    let from = john.host.requests();
    polled();
    assert_eq!(john.host.log()[from..].iter().map(|seen| seen.2).collect::<Vec<_>>(), [200]);
    assert!(fails(&["send", "john", "-m", "x"]).contains("the secret key is locked"));
    assert_eq!(mary.ok(&["read", "john", "-n", "1"]).matches("secret").count(), 1);
}
