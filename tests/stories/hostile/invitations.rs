//! Invitation files that are not what they should be: nobody becomes a contact.

use std::fs;

use cloudim::openpgp::{self, Certificate, SecretKey};
use cloudim::protocol::Random;
use cloudim::protocol::feed::channel::Channel;
use cloudim::protocol::sealed::introduction::Introduction;
use cloudim::store::disk::home::Home;
use cloudim::store::waiting::invitations;
use rand::SeedableRng;

use super::story::{assert_unchanged_but, bounded, snapshot};
use crate::common::hand::in_hours;
use crate::common::peer::Peer;

/// John has invited Mary by a file, and has the key to make others.
struct Invited {
    mary: Peer,
    file: Channel,
    introduction: Introduction,
    john: SecretKey,
    eve: SecretKey,
    to: Certificate,
    rng: Random,
}

impl Invited {
    fn begin() -> Self {
        let (john, mary) = (Peer::john(), Peer::mary());
        let path = john.file("invitation.rss");
        john.ok(&["handshake", "invite", &mary.address(), "--output", path.to_str().unwrap()]);
        let home = Home::at(john.home());
        let made = invitations::made(&home).unwrap().remove(0);
        let mut rng = Random::from_entropy();
        let eve = SecretKey::generate(openpgp::Profile::Default, "Eve", in_hours(-1), &mut rng);
        Self {
            file: Channel::parse(&fs::read(path).unwrap()).unwrap(),
            introduction: Introduction::parse(made.octets.as_bytes()).unwrap(),
            john: SecretKey::parse(&fs::read(home.secret()).unwrap()).unwrap(),
            to: Certificate::parse(&fs::read(mary.home().join("public/key.asc")).unwrap()).unwrap(),
            eve: eve.unwrap(),
            mary,
            rng,
        }
    }

    /// The file with `introduction`, sealed to Mary.
    fn with(&mut self, introduction: &Introduction) -> Channel {
        let octets = introduction.write();
        let sealed =
            openpgp::seal(octets.as_bytes(), &self.john, &[&self.to], in_hours(0), &mut self.rng);
        Channel { introduction: Some(sealed.unwrap()), ..self.file.clone() }
    }

    /// Mary must refuse `document` in whatever way she takes it, and be as she was; the true
    /// invitation can still be accepted afterwards.
    #[track_caller]
    fn refuses(&self, document: impl AsRef<[u8]>, status: i32, words: &str) {
        let before = snapshot(&self.mary.home());
        let path = self.mary.file("given.rss");
        fs::write(&path, document).unwrap();
        let path = path.to_str().unwrap();
        for args in [&["handshake", "accept", "--input", path][..], &["handshake", "receive", path]]
        {
            let refused = bounded(&self.mary, args).expect(status);
            assert!(refused.stderr.starts_with("error: "), "{}", refused.stderr);
            assert!(refused.stderr.contains(words), "{}", refused.stderr);
            assert_eq!(refused.stdout, "");
        }
        assert_unchanged_but(&before, &snapshot(&self.mary.home()), &[]);
    }

    #[track_caller]
    fn accepts(&self, file: &Channel) {
        let accepted =
            self.mary.feed(&["handshake", "accept", "--input", "-"], file.write()).expect(0);
        assert!(accepted.stderr.contains("is your contact now"), "{}", accepted.stderr);
    }
}

#[test]
fn a_file_that_is_no_invitation_is_refused() {
    let story = Invited::begin();
    story.refuses("Dear Mary, let's talk.", 1, "this is no invitation: not XML");
    story.refuses("", 1, "this is no invitation: not XML");
    story.refuses("<!DOCTYPE rss><rss/>", 1, "this is no invitation: it has a DOCTYPE");
    let card = fs::read(story.mary.home().join("public/card.rss")).unwrap();
    story.refuses(card, 1, "this is no invitation: there is no certificate in it");
    story.accepts(&story.file);
}

#[test]
fn a_file_without_certificate_or_introduction_is_refused() {
    let story = Invited::begin();
    let without = Channel { certificate: None, ..story.file.clone() };
    story.refuses(
        without.write(),
        1,
        "this is no invitation: there is no certificate in it\nhint: ",
    );
    let garbage = Channel { certificate: Some("no key".to_owned()), ..story.file.clone() };
    story.refuses(garbage.write(), 1, "cannot use the certificate in the invitation");
    let without = Channel { introduction: None, ..story.file.clone() };
    story.refuses(without.write(), 1, "there is no introduction in it");
    story.accepts(&story.file);
}

#[test]
fn an_invitation_by_another_key_is_refused() {
    let mut story = Invited::begin();
    let eve = story.eve.certificate().to_armored();
    let enclosed = Channel { certificate: Some(eve), ..story.file.clone() };
    story.refuses(enclosed.write(), 4, "cannot open the introduction: signed by an unknown key");
    let named = Introduction { fingerprint: story.eve.fingerprint(), ..story.introduction.clone() };
    let named = story.with(&named);
    story.refuses(
        named.write(),
        1,
        "the introduction names another key than the one that signed it",
    );
    story.accepts(&story.file);
}

#[test]
fn an_invitation_to_somebody_else_is_refused() {
    let mut story = Invited::begin();
    let eve = Some(story.eve.fingerprint());
    let addressed = Introduction { to_fingerprint: eve, ..story.introduction.clone() };
    let addressed = story.with(&addressed);
    story.refuses(addressed.write(), 1, "the introduction is addressed to somebody else");
    let octets = story.introduction.write();
    let eve = story.eve.certificate();
    let sealed =
        openpgp::seal(octets.as_bytes(), &story.john, &[&eve], in_hours(0), &mut story.rng);
    let sealed = Channel { introduction: Some(sealed.unwrap()), ..story.file.clone() };
    story.refuses(sealed.write(), 1, "cannot open the introduction: not encrypted to us");
    story.accepts(&story.file);
}

#[test]
fn an_invitation_to_another_card_is_refused() {
    let mut story = Invited::begin();
    let to = Some("https://mary.example/card.rss".parse().unwrap());
    let addressed = Introduction { to, ..story.introduction.clone() };
    let addressed = story.with(&addressed);
    story.refuses(addressed.write(), 1, "the introduction is addressed to a card that is not ours");
    story.accepts(&story.file);
}

#[test]
fn an_invitation_sealed_and_unaddressed_or_addressed_and_unsealed_is_refused() {
    let mut story = Invited::begin();
    let nobody = Introduction { to: None, to_fingerprint: None, ..story.introduction.clone() };
    let unaddressed = story.with(&nobody);
    story.refuses(unaddressed.write(), 1, "this invitation is sealed, and yet not addressed");
    let octets = story.introduction.write();
    let signed = openpgp::sign(octets.as_bytes(), &story.john, in_hours(0), &mut story.rng);
    let unsealed = Channel { introduction: Some(signed.unwrap()), ..story.file.clone() };
    story.refuses(unsealed.write(), 1, "this invitation is addressed, and yet not sealed");
    story.accepts(&story.file);
}

#[test]
fn an_invitation_that_was_tampered_with_is_refused() {
    let mut story = Invited::begin();
    let sealed = story.file.introduction.clone().unwrap();
    // Behind the session keys, of which John's own is none of Mary's business.
    let middle = sealed.len() - 200;
    let flipped = if &sealed[middle..=middle] == "A" { "B" } else { "A" };
    let tampered = format!("{}{flipped}{}", &sealed[..middle], &sealed[middle + 1..]);
    let tampered = Channel { introduction: Some(tampered), ..story.file.clone() };
    story.refuses(tampered.write(), 1, "cannot open the introduction: malformed");
    let truncated = sealed[..sealed.len() / 2].to_owned();
    let truncated = Channel { introduction: Some(truncated), ..story.file.clone() };
    story.refuses(truncated.write(), 1, "cannot open the introduction: malformed");
    // The signature of a single-use invitation covers all that is in it.
    let nobody = Introduction { to: None, to_fingerprint: None, ..story.introduction.clone() };
    let octets = nobody.write();
    let eve = openpgp::sign(octets.as_bytes(), &story.eve, in_hours(0), &mut story.rng).unwrap();
    let by_eve = Channel { introduction: Some(eve), ..story.file.clone() };
    story.refuses(by_eve.write(), 4, "cannot open the introduction: signed by an unknown key");
    story.accepts(&story.file);
}

#[test]
fn an_invitation_of_more_than_five_mebibytes_is_refused() {
    let story = Invited::begin();
    let file = story.file.write() + &" ".repeat(5 << 20);
    story.refuses(file, 1, "is larger than 5242880 bytes");
    let long = Channel { title: "x".repeat(3 << 20), ..story.file.clone() };
    story.refuses(long.write(), 1, "this is no invitation: not XML");
    story.accepts(&story.file);
}

#[test]
fn an_invitation_of_a_later_version_is_held() {
    let mut story = Invited::begin();
    let octets = story.introduction.write().replace("version=\"1\"", "version=\"2\"");
    let sealed =
        openpgp::seal(octets.as_bytes(), &story.john, &[&story.to], in_hours(0), &mut story.rng);
    let later = Channel { introduction: Some(sealed.unwrap()), ..story.file.clone() };
    story.refuses(
        later.write(),
        4,
        "`introduction` is of version 2, and this program knows version 1",
    );
    story.accepts(&story.file);
}

#[test]
fn an_invitation_of_our_own_is_refused() {
    let story = Invited::begin();
    let path = story.mary.file("own.rss");
    let path = path.to_str().unwrap();
    story.mary.ok(&["handshake", "invite", "--output", path]);
    let own = fs::read(path).unwrap();
    story.refuses(own, 1, "the introduction is our own");
}

#[test]
fn a_name_that_leads_out_of_the_home_becomes_a_harmless_one() {
    let mut story = Invited::begin();
    let folder = story.mary.home().parent().unwrap().to_owned();
    // What is known of a home outside of it has its own folder.
    fs::create_dir_all(story.mary.file("state-home")).unwrap();
    let around = fs::read_dir(&folder).unwrap().count();
    let name = Some("../../x".to_owned());
    let named = Introduction { name, ..story.introduction.clone() };
    let named = story.with(&named);
    story.accepts(&named);
    assert!(story.mary.home().join("contacts/x/contact.toml").is_file());
    assert!(story.mary.ok(&["contact", "list"]).starts_with("x\tfirst-use\t"));
    assert_eq!(fs::read_dir(&folder).unwrap().count(), around);
    assert_eq!(fs::read_dir(story.mary.home().join("contacts")).unwrap().count(), 1);
}

#[test]
fn a_note_with_escapes_is_made_visible() {
    let mut story = Invited::begin();
    let note = Some("hi\u{9b}2J\u{202e}\n2026-11-22 19:03  received  mother".to_owned());
    let noted =
        Introduction { note, name: Some("J\u{9b}31m".to_owned()), ..story.introduction.clone() };
    let noted = story.with(&noted);
    let received = story.mary.feed(&["handshake", "receive"], noted.write()).expect(0);
    assert_eq!(received.stderr, "`j-31m` invites you: cloudim handshake accept j-31m\n");
    let listed = story.mary.ok(&["handshake", "list"]);
    assert!(
        listed.contains("    hi<U+009B>2J<U+202E>\n    2026-11-22 19:03  received  mother\n"),
        "{listed}"
    );
    story.mary.ok(&["handshake", "accept", "j-31m"]);
    let shown = story.mary.ok(&["contact", "show", "j-31m"]);
    assert!(shown.contains("calls itself J<U+009B>31m\n"), "{shown}");
}
