//! A thief of Mary's web server can replace whatever stands there, and has no secret key.

use std::fs;

use cloudim::openpgp::{self, SecretKey};
use cloudim::protocol::feed::channel::{Channel, KeyElement};
use cloudim::protocol::values::hash::Hash;

use super::changed::write_by_another;
use crate::common::hand::in_hours;
use crate::common::peer::{Peer, befriend, find, friends, texts};

/// Eve, who pretends to live where Mary does.
fn eve(mary: &Peer) -> Peer {
    let eve = Peer::without_identity("Eve");
    let url = mary.address();
    eve.ok(&["keygen", "--name", "Mary", "--base-url", &url, "--no-passphrase"]);
    eve
}

fn secret(peer: &Peer) -> SecretKey {
    SecretKey::parse(&fs::read(peer.home().join("secret.asc")).unwrap()).unwrap()
}

fn certificate(peer: &Peer) -> String {
    fs::read_to_string(peer.home().join("public/key.asc")).unwrap()
}

/// Whether `key` opens anything that `peer` has published in its pair feed.
fn opens(key: &SecretKey, peer: &Peer) -> bool {
    let feed = Channel::parse(&fs::read(peer.pair_feed()).unwrap()).unwrap();
    let signer = secret(peer).certificate();
    let items = feed.items.iter().filter_map(|item| item.description.clone());
    let mut sealed = items.chain(feed.introduction).chain(feed.state);
    sealed.any(|sealed| openpgp::open(&sealed, key, &signer, in_hours(24)).is_ok())
}

/// What a thief makes of Mary's feed.
type Crime = fn(&mut Channel, &Peer, &Peer);

/// `key.asc` is Eve's, announced with the fingerprint of Mary's, of Eve's, or not at all.
const CRIMES: &[(&str, Crime, i32)] = &[
    ("only the file", |_, mary, eve| put_key(mary, &certificate(eve)), 0),
    (
        "the file and its hash",
        |feed, mary, eve| {
            put_key(mary, &certificate(eve));
            key_of(feed).hash = Some(Hash::of(certificate(eve).as_bytes()));
        },
        0,
    ),
    (
        "the file, its hash and its fingerprint",
        |feed, mary, eve| {
            put_key(mary, &certificate(eve));
            let key = key_of(feed);
            key.hash = Some(Hash::of(certificate(eve).as_bytes()));
            key.fingerprint = secret(eve).fingerprint();
        },
        4,
    ),
    (
        "the fingerprint alone",
        |feed, _, eve| key_of(feed).fingerprint = secret(eve).fingerprint(),
        4,
    ),
    ("no key at all", |feed, _, _| feed.key = None, 0),
    (
        "Mary's primary key with Eve's subkeys",
        |feed, mary, eve| {
            let mixed = mixed(&certificate(mary), &certificate(eve));
            put_key(mary, &mixed);
            key_of(feed).hash = Some(Hash::of(mixed.as_bytes()));
        },
        0,
    ),
];

fn key_of(feed: &mut Channel) -> &mut KeyElement {
    feed.key.as_mut().unwrap()
}

fn put_key(mary: &Peer, armored: &str) {
    fs::write(mary.home().join("public/key.asc"), armored).unwrap();
}

/// The primary key and User ID of `ours` with the subkeys of `theirs`.
fn mixed(ours: &str, theirs: &str) -> String {
    use pgp::composed::{ArmorOptions, Deserializable, SignedPublicKey};
    let parse = |text: &str| SignedPublicKey::from_armor_single(text.as_bytes()).unwrap().0;
    let mut key = parse(ours);
    key.public_subkeys = parse(theirs).public_subkeys;
    key.to_armored_string(ArmorOptions::default()).unwrap()
}

#[test]
fn no_replacement_makes_anybody_read_or_believe_the_thief() {
    for (name, crime, status) in CRIMES {
        let (john, mary) = friends();
        let eve = eve(&mary);
        mary.send(&john, "before");
        let (honest, honest_key) = (fs::read(mary.pair_feed()).unwrap(), certificate(&mary));
        let mut feed = Channel::parse(&honest).unwrap();
        crime(&mut feed, &mary, &eve);
        fs::write(mary.pair_feed(), feed.write()).unwrap();
        // What Mary wrote herself still counts; the key is as it was.
        let polled = john.run(&["--format", "json", "poll"]).expect(*status);
        assert_eq!(texts(&polled.stdout), ["before"], "{name}");
        john.send(&mary, "meanwhile");
        assert!(opens(&secret(&mary), &john) && !opens(&secret(&eve), &john), "{name}");
        let pinned = john.ok(&["contact", "list"]);
        assert!(pinned.contains(secret(&mary).fingerprint().as_str()), "{name}: {pinned}");
        // The thief puts everything back.
        put_key(&mary, &honest_key);
        fs::write(mary.pair_feed(), honest).unwrap();
        mary.send(&john, "after");
        assert_eq!(john.poll(), ["after"], "{name}");
        assert_eq!(mary.poll(), ["meanwhile"], "{name}");
        john.poll();
        assert_eq!(john.ok(&["status"]), "mary\tall well\n", "{name}");
    }
}

#[test]
fn a_whole_new_server_with_its_own_messages_is_not_believed() {
    let (john, mary) = friends();
    john.send(&mary, "for Mary");
    let honest = fs::read(mary.pair_feed()).unwrap();
    write_by_another(&mary, &john, "it's me, Mary");
    let held = john.run(&["--format", "json", "poll"]).expect(4);
    assert!(texts(&held.stdout).is_empty());
    let sent = john.run(&["send", "mary", "-m", "for Mary, too"]).expect(0);
    assert!(sent.stderr.contains("names another key; this is for the one"), "{}", sent.stderr);
    // Neither asking nor saying yes by mistake to nothing changes anything.
    john.fails(&["contact", "trust", "mary"], 4);
    john.fails(&["contact", "verify", "mary", &"A".repeat(40)], 4);
    fs::write(mary.pair_feed(), honest).unwrap();
    assert_eq!(mary.poll(), ["for Mary", "for Mary, too"]);
    john.ok(&["poll"]);
    assert_eq!(john.ok(&["status"]), "mary\tall well\n");
}

#[test]
fn the_address_of_a_contact_cannot_be_invited_with_another_key() {
    let (john, mary) = friends();
    let eve = eve(&mary);
    mary.host.root(&eve.home().join("public"));
    let key = secret(&eve).fingerprint();
    let files = || fs::read_dir(john.home().join("public/f")).unwrap().count();
    let before = files();
    let words = format!("this leads to `mary`, whose key is another than {key} of ");
    let refused = john.fails(&["handshake", "invite", &mary.address()], 4);
    assert!(refused.contains(&words) && refused.contains("hint: somebody may have"), "{refused}");
    assert_eq!(files(), before, "nothing was made");
    // The same, where her old address leads to a card elsewhere.
    let elsewhere = Peer::new("Mary", &[]);
    fs::copy(elsewhere.home().join("public/card.rss"), eve.home().join("public/index.html"))
        .unwrap();
    let refused = john.fails(&["handshake", "invite", &mary.address()], 4);
    assert!(refused.contains("this leads to `mary`, whose key is another than "), "{refused}");
    assert!(refused.contains(&elsewhere.address()), "{refused}");
    fs::copy(eve.home().join("public/card.rss"), eve.home().join("public/index.html")).unwrap();
    // Only who was told that fingerprint goes on.
    john.fails(&["handshake", "invite", &mary.address(), "--fingerprint", &"B".repeat(40)], 4);
    let invited = ["handshake", "invite", &mary.address(), "--fingerprint", key.as_str()];
    john.ok(&invited);
    assert_eq!(files(), before + 1);
}

#[test]
fn an_invitation_by_the_card_of_a_contact_with_another_key_is_not_accepted_by_mistake() {
    let (john, mary) = friends();
    let eve = eve(&mary);
    mary.host.root(&eve.home().join("public"));
    let file = eve.file("invitation.rss");
    let file = file.to_str().unwrap();
    eve.ok(&["handshake", "invite", &john.address(), "--output", file]);
    john.ok(&["handshake", "receive", file]);
    let listed = john.ok(&["handshake", "list"]);
    assert!(listed.contains("(the card of `mary`, with another key)"), "{listed}");
    let json = john.ok(&["--format", "json", "handshake", "list"]);
    assert!(json.contains("\"card_of\":\"mary\""), "{json}");
    let refusals = [&["accept", "mary-2"][..], &["accept", "--input", file]];
    for args in refusals {
        let refused = john.fails(&[&["handshake"], args].concat(), 4);
        assert!(refused.contains("this leads to `mary`, whose key is another than "), "{refused}");
    }
    assert_eq!(john.ok(&["contact", "list"]).lines().count(), 1);
    let key = secret(&eve).fingerprint();
    john.fails(&["handshake", "accept", "mary-2", "--fingerprint", &"C".repeat(40)], 4);
    john.ok(&["handshake", "accept", "mary-2", "--fingerprint", key.as_str()]);
    assert_eq!(john.ok(&["contact", "list"]).lines().count(), 2);
}

#[test]
fn a_pending_invitation_is_answered_by_the_invited_key_alone() {
    let (john, mary) = (Peer::john(), Peer::mary());
    let file = john.file("invitation.rss");
    let path = file.to_str().unwrap();
    john.ok(&["handshake", "invite", &mary.address(), "--output", path]);
    let eve = eve(&mary);
    // The thief cannot open it, and answers with a feed of her own at the agreed place.
    eve.fails(&["handshake", "accept", "--input", path], 1);
    let anna = Peer::new("Anna", &[]);
    befriend(&eve, &anna);
    let place = mary.home().join("public/f").join(reply(&john));
    fs::create_dir_all(place.parent().unwrap()).unwrap();
    fs::copy(eve.pair_feed(), &place).unwrap();
    mary.host.root(&mary.home().join("public"));
    assert_eq!(john.run(&["poll"]).expect(0).stdout, "");
    assert_eq!(john.ok(&["contact", "list"]), "");
    // To invite again would be to invite her.
    mary.host.root(&eve.home().join("public"));
    let refused = john.fails(&["handshake", "invite", &mary.address()], 4);
    assert!(refused.contains("whose key is another than"), "{refused}");
    // All is put back; Mary answers, and it is her key that counts.
    fs::remove_file(place).unwrap();
    mary.host.root(&mary.home().join("public"));
    mary.ok(&["handshake", "accept", "--input", path]);
    john.ok(&["poll"]);
    assert!(john.ok(&["contact", "list"]).contains(secret(&mary).fingerprint().as_str()));
}

/// The name of the file in which John looks for the answer to his one invitation.
fn reply(john: &Peer) -> String {
    let made = fs::read_to_string(find(&john.home().join("invitations"), "")).unwrap();
    let line = made.lines().find_map(|line| line.strip_prefix("reply = ")).unwrap();
    format!("{}.rss", line.trim_matches('"'))
}
