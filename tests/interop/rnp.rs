//! RNP opens what we seal, and we open what it seals.

use std::fs;
use std::process::Command;

use cloudim::openpgp::Certificate;
use jiff::Timestamp;
use tempfile::TempDir;

use crate::common::peer::{Peer, befriend};

use super::hand::{Hand, assert_delivered, certificate_file, newest};
use super::tools::{self, Done, text};

/// An RNP with keyrings of its own.
struct Rnp {
    home: TempDir,
}

impl Rnp {
    /// One that has the secret key of `peer` and the certificate of `other`.
    #[track_caller]
    fn of(peer: &Peer, other: &Peer) -> Self {
        let rnp = Self { home: tempfile::tempdir().unwrap() };
        for file in [peer.home().join("secret.asc"), certificate_file(peer, other)] {
            rnp.run("rnpkeys", &["--import", text(&file)], "").ok();
        }
        rnp
    }

    #[track_caller]
    fn run(&self, program: &str, args: &[&str], stdin: impl AsRef<[u8]>) -> Done {
        let home = ["--homedir", text(self.home.path())];
        tools::run(Command::new(program).args(home).args(args), stdin)
    }

    /// `sealed`, binary, with its first recipient named: RNP 0.16 tries no key for a hidden one.
    #[track_caller]
    fn named(&self, sealed: &str, recipient: &Peer) -> Vec<u8> {
        let binary = self.home.path().join("binary");
        self.run("rnp", &["--dearmor", "--overwrite", "--output", text(&binary)], sealed).ok();
        let certificate = fs::read(recipient.home().join("public/key.asc")).unwrap();
        let subkey = Certificate::parse(&certificate).unwrap().encryption_subkey(Timestamp::now());
        let fingerprint = subkey.unwrap().to_string();
        let id = u64::from_str_radix(&fingerprint[fingerprint.len() - 16..], 16).unwrap();
        let mut bytes = fs::read(binary).unwrap();
        // The packet's header and its version stand before the key id.
        assert_eq!(bytes[2..11], [3, 0, 0, 0, 0, 0, 0, 0, 0]);
        bytes[3..11].copy_from_slice(&id.to_be_bytes());
        bytes
    }
}

#[test]
#[ignore = "needs rnp"]
fn rnp_opens_what_we_seal_and_we_what_it_seals() {
    let john = Peer::new("John", &["--profile", "classic"]);
    let mary = Peer::new("Mary", &["--profile", "classic"]);
    befriend(&john, &mary);
    let rnp = Rnp::of(&mary, &john);
    let guid = john.send(&mary, "dinner at <eight>?");
    let named = rnp.named(&newest(&john), &mary);
    let opened = rnp.run("rnp", &["--decrypt", "--output", "-"], named);
    assert!(opened.stderr.contains("Good signature made"), "{opened:?}");
    let item = cloudim::protocol::sealed::item::Item::parse(opened.ok().as_bytes()).unwrap();
    assert_eq!((item.text.as_str(), item.guid.to_string()), ("dinner at <eight>?", guid));

    let mut hand = Hand::of(&mary, &john);
    for compression in ["0", "6"] {
        let guid = hand.write(compression, |octets| {
            let people = ["--recipient", "John", "--userid", "Mary", "--password", ""];
            let how = ["--encrypt", "--sign", "--armor", "-z", compression, "--output", "-"];
            rnp.run("rnp", &[&how[..], &people].concat(), octets).ok()
        });
        assert_delivered(john.run(&["--format", "json", "poll"]), compression, &guid);
    }
}
