//! GnuPG and Sequoia follow a rotation.

use std::fs;
use std::process::Command;

use cloudim::openpgp::Certificate;
use jiff::{SignedDuration, Timestamp};

use crate::common::host::until;
use crate::common::peer::{Peer, befriend};

use super::hand::{Hand, adopt_from_gpg, assert_delivered, certificate_file, newest};
use super::tools::{self, Gpg, text};

/// Rotates the key of `peer`; its date is past when this returns. To gpg a key lives for the second of
/// its end.
fn rotate(peer: &Peer) {
    peer.ok(&["key", "rotate"]);
    let certificate = fs::read(peer.home().join("public/key.asc")).unwrap();
    let newest = Certificate::parse(&certificate).unwrap().newest_signature(Timestamp::now());
    let past = newest + SignedDuration::from_secs(1);
    until("the date of the rotation passes", || Timestamp::now() > past);
}

/// The subkeys that `gpg` lists of `name`: validity, kind, key id, and when they expire.
fn subkeys(gpg: &Gpg, name: &str) -> Vec<(String, String, String, i64)> {
    let list = gpg.ok(&["--with-colons", "--list-keys", name], "");
    let lines = list.lines().map(|line| line.split(':').collect::<Vec<_>>());
    let subkeys = lines.filter(|fields| fields[0] == "sub");
    let row = |f: Vec<&str>| {
        (f[1].to_owned(), f[3].to_owned(), f[4].to_owned(), f[6].parse().unwrap_or_default())
    };
    subkeys.map(row).collect()
}

#[test]
#[ignore = "needs gpg"]
fn gpg_sees_the_new_subkey_with_its_end_and_encrypts_to_it() {
    for profile in ["classic", "default"] {
        let john = Peer::new("John", &["--profile", "classic"]);
        let mary = Peer::new("Mary", &["--profile", profile]);
        befriend(&john, &mary);
        let gpg = Gpg::new();
        gpg.import(&mary.home().join("public/key.asc"));
        gpg.import(&john.home().join("secret.asc"));
        let ecdh = |gpg: &Gpg| {
            let all = subkeys(gpg, "Mary").into_iter();
            all.filter(|(_, kind, ..)| kind == "18").collect::<Vec<_>>()
        };
        let [(_, _, old, 0)] = &ecdh(&gpg)[..] else { panic!("{:?}", ecdh(&gpg)) };
        rotate(&mary);
        gpg.import(&mary.home().join("public/key.asc"));
        let [ended, new] = &ecdh(&gpg)[..] else { panic!("{:?}", ecdh(&gpg)) };
        let now = Timestamp::now().as_second();
        assert_eq!((ended.0.as_str(), &ended.2), ("e", old), "{profile}");
        assert!(ended.3 <= now);
        let year = SignedDuration::from_hours(365 * 24).as_secs();
        assert!(new.0 != "e" && (new.3 - now - year).abs() < 3_600, "{new:?}");

        john.ok(&["poll"]);
        let mut hand = Hand::of(&john, &mary);
        let seal = |octets: &str| gpg.encrypt(&["--sign", "-u", "John", "-r", "Mary"], octets);
        let packets = gpg.run(&["--list-packets"], seal("x"));
        assert!(packets.stdout.contains(&format!("keyid {}", new.2)), "{packets:?}");
        let guid = hand.write("by gpg", seal);
        assert_delivered(mary.run(&["--format", "json", "poll"]), "by gpg", &guid);
    }
}

#[test]
#[ignore = "needs gpg and sq"]
fn gpg_and_sq_open_what_we_seal_to_the_new_subkey() {
    let (john, mary) = (Peer::john(), Peer::new("Mary", &["--profile", "classic"]));
    befriend(&john, &mary);
    let gpg = Gpg::new();
    // The one knows the old key already, the other meets the new one first.
    gpg.import(&mary.home().join("secret.asc"));
    rotate(&mary);
    gpg.import(&mary.home().join("secret.asc"));
    gpg.import(&john.home().join("public/key.asc"));
    john.ok(&["poll"]);
    john.send(&mary, "to the new subkey");
    let opened = gpg.run(&["--decrypt"], newest(&john));
    assert!(opened.stderr.contains("[GNUPG:] GOODSIG "), "{opened:?}");
    assert!(opened.stdout.contains("to the new subkey"), "{opened:?}");

    let (signer, key) = (certificate_file(&mary, &john), mary.home().join("secret.asc"));
    let args =
        ["decrypt", "--recipient-key", text(&key), "--signer-cert", text(&signer), "-n", "1"];
    let opened = tools::run(Command::new("sq").args(args), newest(&john));
    assert!(opened.stderr.contains("1 good signature"), "{opened:?}");
    assert!(opened.stdout.contains("to the new subkey"), "{opened:?}");
    assert_eq!(mary.poll(), ["to the new subkey"]);

    // And back, by a Sequoia that has only what is published.
    let reader = mary.home().join("public/key.asc");
    let key = john.home().join("secret.asc");
    let mut hand = Hand::of(&john, &mary);
    let guid = hand.write("by sq", |octets| {
        let keys = ["--recipient-cert", text(&reader), "--signer-key", text(&key)];
        tools::ok("sq", &[&["encrypt"][..], &keys].concat(), octets)
    });
    assert_delivered(mary.run(&["--format", "json", "poll"]), "by sq", &guid);
}

#[test]
#[ignore = "needs gpg"]
fn a_key_that_gpg_made_is_rotated_like_any_other() {
    let (john, mary) = (Peer::john(), Peer::mary());
    let gpg = adopt_from_gpg(&mary);
    befriend(&john, &mary);
    let before = john.send(&mary, "sealed to the subkey that gpg made");
    rotate(&mary);
    gpg.import(&mary.home().join("secret.asc"));
    let validity: Vec<String> = subkeys(&gpg, "Mary").into_iter().map(|subkey| subkey.0).collect();
    assert_eq!(validity, ["e", "u"]);
    assert_eq!(mary.poll(), ["sealed to the subkey that gpg made"]);
    mary.send(&john, "by the same primary key");
    assert_eq!(john.poll(), ["by the same primary key"]);
    john.send(&mary, "to the new subkey");
    let opened = gpg.run(&["--decrypt"], newest(&john));
    assert!(opened.stdout.contains("to the new subkey"), "{opened:?}");
    assert_eq!(mary.poll(), ["to the new subkey"]);
    mary.ok(&["read", &before]);
}
