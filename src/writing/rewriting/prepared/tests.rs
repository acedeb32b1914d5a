use std::fs;
use std::path::Path;

use jiff::Timestamp;
use rand::SeedableRng;
use tempfile::TempDir;

use super::*;
use crate::openpgp::Profile;
use crate::openpgp::certificate::Certificate;
use crate::openpgp::secret_key::SecretKey;
use crate::protocol::Random;
use crate::protocol::sealed::item::Attachment;
use crate::protocol::sealed::state::Head;
use crate::protocol::values::guid::Guid;
use crate::protocol::values::hash::Hash;
use crate::protocol::values::token::Token;
use crate::store::contact::history::record::What;
use crate::store::contact::own_feed::Archive;
use crate::store::disk::home::Home;
use crate::store::identity::config::Config;
use crate::store::identity::own::Identity;
use crate::store::testing::folder;
use crate::writing::testing::{acquainted, filed, rewrite, write, write_with_file};

const NOW: Timestamp = Timestamp::UNIX_EPOCH;
const NAME: &str = "mary";

fn guid(last: u8) -> Guid {
    format!("urn:uuid:0199f0c2-0000-7000-8000-0000000000{last:02}").parse().unwrap()
}

fn token() -> Token {
    "abcdefghijklmnopqrstuvwxyz".parse().unwrap()
}

fn identity(home: Home) -> Identity {
    let settings = "name = \"John\"\nbase_url = \"https://john.example/\"";
    let config = Config::parse(settings, Path::new("config.toml")).unwrap();
    let identity = Identity::with(home, config);
    let key = "0123456789ABCDEF0123456789ABCDEF01234567".parse().unwrap();
    identity.lock_although_copied(NOW).unwrap().home.record(key, None).unwrap();
    identity
}

fn certificate() -> Certificate {
    let mut rng = Random::seed_from_u64(7);
    SecretKey::generate(Profile::Classic, "Mary", NOW, &mut rng).unwrap().certificate()
}

/// Mary as she stands in the file, before anything was written to her.
fn before(home: &Home) -> Contact {
    let text = include_str!("../../../store/contact/entry/begun.toml");
    home.write(&home.contact(NAME).join("contact.toml"), text.as_bytes()).unwrap();
    Contact::load(home, NAME).unwrap()
}

/// An item that names one attachment.
fn item() -> Item {
    let attachment = Attachment {
        url: format!("https://john.example/b/{}", token()),
        name: "notes.txt".to_owned(),
        media_type: "text/plain".to_owned(),
        size: 6,
        hash: Hash::of(b"sealed"),
    };
    Item {
        guid: guid(1),
        published: Timestamp::UNIX_EPOCH,
        text: "see".to_owned(),
        in_reply_to: None,
        attachments: vec![attachment],
        stream: None,
        conversation: None,
        keys: false,
        transition: None,
    }
}

/// A home in which nothing was written to Mary, our identity there, and what is to be written.
fn story() -> (TempDir, Identity, Pair, Prepared) {
    let folder = tempfile::tempdir().unwrap();
    let identity = identity(Home::at(folder.path()));
    let home = &identity.home;
    let mut contact = before(home);
    (contact.ours.token, contact.ours.log) = (token(), guid(0));
    contact.ours.head = Some(Head { sequence: 1, hash: OctetsHash::of(b"") });
    let pair = Pair { name: NAME.to_owned(), contact, certificate: certificate() };
    let filed = Filed { log: guid(0), sequence: 1, guid: guid(1) };
    let prepared = Prepared {
        is_changed: true,
        octets: Some((filed, item().write())),
        files: vec![
            identity.lock(NOW).unwrap().home.stage(&home.attachment(&token()), b"sealed").unwrap(),
        ],
        ..Prepared::default()
    };
    (folder, identity, pair, prepared)
}

fn commit(identity: &Identity, pair: &Pair, prepared: Prepared) -> Taken {
    let record = Record::new(What::Accepted, NOW, "see");
    prepared.commit(&identity.lock(NOW).unwrap(), pair, Some(record))
}

/// The sequence that counts, the items that are filed, and the attachments that are published.
fn kept(identity: &Identity) -> (u64, usize, bool) {
    let home = &identity.home;
    let sequence = Contact::load(home, NAME).map_or(0, |contact| contact.ours.sequence());
    let filed = Octets::of(home, NAME).items().unwrap().len();
    (sequence, filed, home.attachment(&token()).is_file())
}

/// Puts a folder in the place of a file, which then cannot be replaced.
fn obstruct(path: &Path) {
    let _ = fs::remove_file(path);
    fs::create_dir_all(path).unwrap();
}

#[test]
fn what_is_kept_counts_and_is_shown() {
    let (_folder, identity, pair, prepared) = story();
    assert!(matches!(commit(&identity, &pair, prepared), Taken::Kept));
    assert_eq!(kept(&identity), (1, 1, true));
    assert!(identity.home.feed(&token()).is_file());
}

#[test]
fn what_is_refused_before_it_counts_leaves_nothing() {
    type Place = fn(&Home) -> std::path::PathBuf;
    let contact: Place = |home| home.contact(NAME).join("contact.toml");
    let attachment: Place = |home| home.attachment(&token());
    for place in [contact, attachment] {
        let (_folder, identity, pair, prepared) = story();
        obstruct(&place(&identity.home));
        assert!(matches!(commit(&identity, &pair, prepared), Taken::Refused(_)));
        assert_eq!((kept(&identity).0, kept(&identity).2), (0, false));
        assert!(!identity.home.feed(&token()).exists());
    }
}

#[test]
fn what_counts_and_cannot_be_shown_is_kept() {
    let (_folder, identity, pair, prepared) = story();
    obstruct(&identity.home.contact(NAME).join("messages.jsonl"));
    assert!(matches!(commit(&identity, &pair, prepared), Taken::KeptNotShown(_)));
    assert_eq!(kept(&identity), (1, 1, true));
    assert!(!identity.home.feed(&token()).is_file());
}

#[test]
fn a_folder_in_the_place_of_the_feed_makes_way() {
    let (_folder, identity, pair, prepared) = story();
    obstruct(&identity.home.feed(&token()));
    assert!(matches!(commit(&identity, &pair, prepared), Taken::Kept));
    assert!(identity.home.feed(&token()).is_file());
}

#[test]
fn what_leaves_the_feed_takes_its_files_along() {
    let (mut john, _) = acquainted();
    let folder = folder();
    let path = folder.path().join("note.txt");
    fs::write(&path, "a note").unwrap();
    write_with_file(&mut john, "mary", &path);
    write(&mut john, "mary", "two");
    let sealed = john.home().public().join("b");
    let files = || fs::read_dir(&sealed).unwrap().count();
    john.update("mary", |mary| mary.reader_mut().acknowledged = 2);
    john.wait(24 * 7 - 1);
    assert!(!rewrite(&mut john, "mary").unwrap());
    assert_eq!((filed(&john, "mary").len(), files()), (2, 1));
    john.wait(2);
    assert!(rewrite(&mut john, "mary").unwrap());
    assert_eq!((filed(&john, "mary").len(), files()), (1, 0));
}

#[test]
fn archives_that_are_not_offered_are_removed() {
    let (mut john, _) = acquainted();
    let (locked, _, _) = john.hands();
    let mut contact = Contact::load(&locked.home, "mary").unwrap();
    let token = contact.ours.token.clone();
    let path = |number| locked.home.archive(&token, number);
    for number in 1..=4 {
        locked.home.write(&path(number), b"<rss/>").unwrap();
    }
    let there = || [1, 2, 3, 4].map(|number| path(number).exists());
    contact.ours.next_archive = 5;
    let archive = |number| Archive { number, items: Vec::new(), file: None };
    contact.ours.archives = [3, 4].map(archive).into();
    published::remove_other_archives(&locked, &contact.ours).unwrap();
    assert_eq!(there(), [false, false, true, true]);
    contact.ours.archives.clear();
    published::remove_other_archives(&locked, &contact.ours).unwrap();
    assert_eq!(there(), [false; 4]);
}
