//! Sequoia opens what we seal, and we open what it seals; its certificates sign with a subkey.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::common::peer::{Peer, befriend};

use super::hand::{Hand, adopt, assert_delivered, certificate_file, newest};
use super::tools::{self, Done, text};

#[track_caller]
fn sq(args: &[&str], stdin: &str) -> Done {
    tools::run(Command::new("sq").args(args), stdin)
}

/// Opens the newest item of `writer`'s feed with the secret key of `reader`.
fn open(reader: &Peer, writer: &Peer) -> Done {
    let signer = certificate_file(reader, writer);
    let key = reader.home().join("secret.asc");
    let args =
        ["decrypt", "--recipient-key", text(&key), "--signer-cert", text(&signer), "-n", "1"];
    sq(&args, &newest(writer))
}

#[test]
#[ignore = "needs sq"]
fn sq_opens_and_verifies_what_we_seal() {
    for profile in ["classic", "default"] {
        let john = Peer::new("John", &["--profile", profile]);
        let mary = Peer::new("Mary", &["--profile", "classic"]);
        befriend(&john, &mary);
        let guid = john.send(&mary, "dinner at <eight>?");
        let opened = open(&mary, &john);
        assert!(opened.stderr.contains("1 good signature"), "{opened:?}");
        let item = opened.ok();
        let item = cloudim::protocol::sealed::item::Item::parse(item.as_bytes()).unwrap();
        assert_eq!((item.text.as_str(), item.guid.to_string()), ("dinner at <eight>?", guid));
        // By another's certificate it is not believed.
        let own = mary.home().join("public/key.asc");
        let key = mary.home().join("secret.asc");
        let args = ["decrypt", "--recipient-key", text(&key), "--signer-cert", text(&own)];
        assert_ne!(sq(&args, &newest(&john)).status, 0);
    }
}

#[test]
#[ignore = "needs sq"]
fn what_sq_sealed_is_opened_verified_and_delivered() {
    for profile in ["classic", "default"] {
        let john = Peer::new("John", &["--profile", profile]);
        let mary = Peer::new("Mary", &["--profile", "classic"]);
        befriend(&john, &mary);
        let (reader, key) = (certificate_file(&mary, &john), mary.home().join("secret.asc"));
        let mut hand = Hand::of(&mary, &john);
        for compression in ["none", "pad", "zip", "zlib"] {
            let guid = hand.write(compression, |octets| {
                let keys = ["--recipient-cert", text(&reader), "--signer-key", text(&key)];
                let how = ["encrypt", "--compression", compression];
                sq(&[&how[..], &keys].concat(), octets).ok()
            });
            assert_delivered(john.run(&["--format", "json", "poll"]), compression, &guid);
        }
    }
}

#[test]
#[ignore = "needs sq"]
fn what_sq_did_not_sign_is_refused() {
    let (john, mary) = (Peer::john(), Peer::mary());
    befriend(&john, &mary);
    let reader = certificate_file(&mary, &john);
    Hand::of(&mary, &john).write("by nobody", |octets| {
        sq(&["encrypt", "--recipient-cert", text(&reader)], octets).ok()
    });
    let ran = john.run(&["poll"]).expect(5);
    assert_eq!(ran.stdout, "");
    assert!(ran.stderr.contains(" is refused: "), "{}", ran.stderr);
}

#[test]
#[ignore = "needs sq"]
fn a_contact_whose_key_sq_made_signs_with_its_signing_subkey() {
    // Classic, so that Mary's subkey is not too weak for her to be a recipient herself.
    let (john, mary) = (Peer::new("John", &["--profile", "classic"]), Peer::mary());
    let (secret, public) = (mary.file("mary.key"), mary.file("mary.cert"));
    sq(&["key", "generate", "--userid", "Mary", "--export", text(&secret)], "").ok();
    sq(&["key", "extract-cert", "--output", text(&public), text(&secret)], "").ok();
    let read = |path: &Path| fs::read_to_string(path).unwrap();
    adopt(&mary, &read(&secret), &read(&public));
    let listed = sq(&["inspect", text(&public)], "").ok();
    assert_eq!(listed.matches("Key flags: signing").count(), 1, "{listed}");

    befriend(&john, &mary);
    john.send(&mary, "dinner at eight?");
    assert_eq!(mary.poll(), ["dinner at eight?"]);
    assert!(open(&mary, &john).ok().contains("dinner at eight?"));
    // Ours signs with the subkey as well, and sq agrees that it is a good signature.
    mary.send(&john, "gladly");
    assert_eq!(john.poll(), ["gladly"]);
    let by_sq = open_as(&john, &mary, &secret);
    assert!(by_sq.stderr.contains("1 good signature"), "{by_sq:?}");

    let reader = certificate_file(&mary, &john);
    let guid = Hand::of(&mary, &john).write("and by sq itself", |octets| {
        let keys = ["--recipient-cert", text(&reader), "--signer-key", text(&secret)];
        sq(&[&["encrypt"][..], &keys].concat(), octets).ok()
    });
    assert_delivered(john.run(&["--format", "json", "poll"]), "and by sq itself", &guid);
}

/// Opens the newest item of `writer`'s feed with the writer's own `key`.
fn open_as(reader: &Peer, writer: &Peer, key: &Path) -> Done {
    let signer = certificate_file(reader, writer);
    sq(&["decrypt", "--recipient-key", text(key), "--signer-cert", text(&signer)], &newest(writer))
}
