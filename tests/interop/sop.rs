//! The stateless programs, sqop and gosop, open what we seal, and we open what they seal.

use std::fs;
use std::process::Command;

use crate::common::peer::{Peer, befriend};

use super::hand::{Hand, adopt, assert_delivered, certificate_file, newest};
use super::tools::{self, Done, text};

/// A program of the Stateless OpenPGP Command Line Interface.
struct Sop {
    program: &'static str,
    /// Its option for the file in which it says which signatures are good.
    verifications: &'static str,
}

const SQOP: Sop = Sop { program: "sqop", verifications: "--verifications-out" };
const GOSOP: Sop = Sop { program: "gosop", verifications: "--verify-out" };

impl Sop {
    #[track_caller]
    fn run(&self, args: &[&str], stdin: &str) -> Done {
        tools::run(Command::new(self.program).args(args), stdin)
    }

    /// Opens the newest item of `writer`'s feed as `reader`: the octets, and the key that signed.
    #[track_caller]
    fn open(&self, reader: &Peer, writer: &Peer) -> (String, String) {
        let signer = certificate_file(reader, writer);
        let (key, said) = (reader.home().join("secret.asc"), reader.file(self.program));
        let signed = format!("{}={}", self.verifications, text(&said));
        let by = format!("--verify-with={}", text(&signer));
        let octets = self.run(&["decrypt", &signed, &by, text(&key)], &newest(writer)).ok();
        (octets, fs::read_to_string(said).unwrap())
    }

    /// Seals `octets` for `reader` by the key of `writer`.
    #[track_caller]
    fn seal(&self, writer: &Peer, reader: &Peer, octets: &str) -> String {
        let certificate = certificate_file(writer, reader);
        let by = format!("--sign-with={}", text(&writer.home().join("secret.asc")));
        self.run(&["encrypt", &by, text(&certificate)], octets).ok()
    }

    #[track_caller]
    fn talks_both_ways(&self) {
        let john = Peer::new("John", &["--profile", "classic"]);
        let mary = Peer::new("Mary", &["--profile", "classic"]);
        befriend(&john, &mary);
        let guid = john.send(&mary, "dinner at <eight>?");
        let (octets, verified) = self.open(&mary, &john);
        let item = cloudim::protocol::sealed::item::Item::parse(octets.as_bytes()).unwrap();
        assert_eq!((item.text.as_str(), item.guid.to_string()), ("dinner at <eight>?", guid));
        assert_eq!(verified.lines().count(), 1, "{verified}");

        let mut hand = Hand::of(&mary, &john);
        let guid = hand.write("gladly", |octets| self.seal(&mary, &john, octets));
        assert_delivered(john.run(&["--format", "json", "poll"]), "gladly", &guid);
    }

    /// Somebody whose key this program made is a contact like any other.
    #[track_caller]
    fn makes_an_identity(&self) {
        let (john, mary) = (Peer::new("John", &["--profile", "classic"]), Peer::mary());
        let secret = self.run(&["generate-key", "Mary"], "").ok();
        adopt(&mary, &secret, &self.run(&["extract-cert"], &secret).ok());
        befriend(&john, &mary);
        john.send(&mary, "dinner at eight?");
        assert_eq!(mary.poll(), ["dinner at eight?"]);
        mary.send(&john, "gladly");
        assert_eq!(john.poll(), ["gladly"]);
        let guid =
            Hand::of(&mary, &john).write("by itself", |octets| self.seal(&mary, &john, octets));
        assert_delivered(john.run(&["--format", "json", "poll"]), "by itself", &guid);
    }
}

#[test]
#[ignore = "needs sqop"]
fn sqop_opens_what_we_seal_and_we_what_it_seals() {
    SQOP.talks_both_ways();
}

#[test]
#[ignore = "needs sqop"]
fn a_key_that_sqop_made_is_an_identity_like_any_other() {
    SQOP.makes_an_identity();
}

#[test]
#[ignore = "needs gosop"]
fn gosop_opens_what_we_seal_and_we_what_it_seals() {
    GOSOP.talks_both_ways();
}
