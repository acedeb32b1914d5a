//! GnuPG 2.2 opens what we seal, and we open what it seals.

use std::fs;

use cloudim::openpgp::Certificate;

use crate::common::peer::{Peer, befriend};

use super::hand::{Hand, adopt_from_gpg, assert_delivered, newest};
use super::tools::Gpg;

/// A GnuPG that has the secret key of `peer` and the certificate of `other`.
fn keyring(peer: &Peer, other: &Peer) -> Gpg {
    let gpg = Gpg::new();
    gpg.import(&peer.home().join("secret.asc"));
    gpg.ok(&["--import"], peer.ok(&["contact", "show", &other.name, "--certificate"]));
    gpg
}

/// Seals `octets` for John by Mary's key in `gpg`, in the way that `options` say.
fn seal(gpg: &Gpg, options: &[&str], octets: &str) -> String {
    gpg.encrypt(&[&["--sign", "--local-user", "Mary"], options].concat(), octets)
}

#[track_caller]
fn opens_by_gpg(profile_of_john: &str) {
    let john = Peer::new("John", &["--profile", profile_of_john]);
    let mary = Peer::new("Mary", &["--profile", "classic"]);
    befriend(&john, &mary);
    let gpg = keyring(&mary, &john);
    let own = Certificate::parse(&fs::read(john.home().join("public/key.asc")).unwrap()).unwrap();
    let subkeys = gpg.ok(&["--with-colons", "--list-keys", own.fingerprint().as_str()], "");
    for text in ["dinner at eight?", "or at <nine> & \"a half\"? 🍝\n\nsay so\n"] {
        let guid = john.send(&mary, text);
        let opened = gpg.run(&["--decrypt"], newest(&john));
        assert_eq!(opened.status, 0, "{opened:?}");
        assert!(opened.stderr.contains("[GNUPG:] GOODSIG "), "{}", opened.stderr);
        let valid = format!("[GNUPG:] VALIDSIG {} ", own.fingerprint());
        assert!(opened.stderr.contains(&valid), "{valid} in {}", opened.stderr);
        assert!(opened.stdout.starts_with("<item "), "{}", opened.stdout);
        let item = cloudim::protocol::sealed::item::Item::parse(opened.stdout.as_bytes()).unwrap();
        assert_eq!((item.text.as_str(), item.guid.to_string()), (text, guid));
        // GnuPG 2.2 tries the first packet first, 2.4 the last, and a wrong try of a hidden one is an
        // error: the reader's is hidden and first; the writer's, if there is one, is named and last.
        let packets = gpg.run(&["--list-packets"], newest(&john));
        let ids = packets.stdout.lines().filter(|line| line.starts_with(":pubkey enc packet:"));
        let ids: Vec<&str> = ids.filter_map(|line| line.rsplit(' ').next()).collect();
        let (reader, writer) = ids.split_first().expect("a session key");
        assert_eq!(*reader, "0000000000000000", "{}", packets.stdout);
        for id in writer {
            assert!(subkeys.contains(id), "{id} in {subkeys}");
        }
        assert_eq!(writer.len(), 1);
    }
}

#[test]
#[ignore = "needs gpg"]
fn gpg_opens_and_verifies_what_a_classic_identity_sends_to_another() {
    opens_by_gpg("classic");
}

#[test]
#[ignore = "needs gpg"]
fn gpg_opens_and_verifies_what_a_default_identity_sends_to_a_classic_one() {
    opens_by_gpg("default");
}

#[test]
#[ignore = "needs gpg"]
fn gpg_does_not_open_what_is_for_somebody_else() {
    let john = Peer::new("John", &["--profile", "classic"]);
    let mary = Peer::new("Mary", &["--profile", "classic"]);
    let eve = Peer::new("Eve", &["--profile", "classic"]);
    befriend(&john, &mary);
    john.send(&mary, "dinner at eight?");
    let gpg = Gpg::new();
    gpg.import(&eve.home().join("secret.asc"));
    let opened = gpg.run(&["--decrypt"], newest(&john));
    assert_eq!((opened.status, opened.stdout.as_str()), (2, ""), "{opened:?}");
}

#[test]
#[ignore = "needs gpg"]
fn what_gpg_sealed_is_opened_verified_and_delivered() {
    for profile in ["classic", "default"] {
        let john = Peer::new("John", &["--profile", profile]);
        let mary = Peer::new("Mary", &["--profile", "classic"]);
        befriend(&john, &mary);
        mary.send(&john, "by the program");
        assert_eq!(john.poll(), ["by the program"]);
        let gpg = keyring(&mary, &john);
        let mut hand = Hand::of(&mary, &john);
        let ways: [(&str, &[&str]); 4] = [
            ("hidden, not compressed", &["--throw-keyids", "--recipient", "John", "-z", "0"]),
            ("named, compressed", &["--recipient", "John"]),
            ("a hidden and a named one", &["--hidden-recipient", "John", "--recipient", "Mary"]),
            ("named, by zlib", &["--recipient", "John", "--compress-algo", "zlib"]),
        ];
        for (way, options) in ways {
            let guid = hand.write(way, |octets| seal(&gpg, options, octets));
            assert_delivered(john.run(&["--format", "json", "poll"]), way, &guid);
        }
        let guid = hand.write("by receive", |octets| seal(&gpg, &["-r", "John"], octets));
        let feed = fs::read(mary.pair_feed()).unwrap();
        let received = john.feed(&["--format", "json", "receive", "mary"], feed);
        assert_delivered(received, "by receive", &guid);
        assert_eq!(john.poll(), [""; 0]);
    }
}

#[test]
#[ignore = "needs gpg"]
fn what_another_key_in_gpg_has_signed_is_held() {
    let (john, mary) = (Peer::john(), Peer::new("Mary", &["--profile", "classic"]));
    befriend(&john, &mary);
    let gpg = keyring(&mary, &john);
    gpg.ok(&["--passphrase", "", "--quick-generate-key", "Eve", "ed25519"], "");
    let mut hand = Hand::of(&mary, &john);
    hand.write("not by Mary", |octets| gpg.encrypt(&["--sign", "-u", "Eve", "-r", "John"], octets));
    let ran = john.run(&["poll"]).expect(4);
    assert_eq!(ran.stdout, "");
    assert!(ran.stderr.contains(" is held: "), "{}", ran.stderr);
}

#[test]
#[ignore = "needs gpg"]
fn what_gpg_encrypted_and_did_not_sign_is_refused() {
    let (john, mary) = (Peer::john(), Peer::new("Mary", &["--profile", "classic"]));
    befriend(&john, &mary);
    let gpg = keyring(&mary, &john);
    let mut hand = Hand::of(&mary, &john);
    hand.write("by nobody", |octets| gpg.encrypt(&["-r", "John"], octets));
    let ran = john.run(&["poll"]).expect(5);
    assert_eq!(ran.stdout, "");
    assert!(ran.stderr.contains(" is refused: "), "{}", ran.stderr);
}

#[test]
#[ignore = "needs gpg"]
fn a_key_that_gpg_made_is_an_identity_like_any_other() {
    let (john, mary) = (Peer::john(), Peer::mary());
    let gpg = adopt_from_gpg(&mary);
    befriend(&john, &mary);
    john.send(&mary, "dinner at eight?");
    assert_eq!(mary.poll(), ["dinner at eight?"]);
    let opened = gpg.run(&["--decrypt"], newest(&john));
    assert!(opened.stdout.contains("dinner at eight?"), "{opened:?}");
    mary.send(&john, "gladly");
    assert_eq!(john.poll(), ["gladly"]);
}
