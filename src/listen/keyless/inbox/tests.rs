use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};

use jiff::SignedDuration;
use rand::SeedableRng;
use tempfile::TempDir;

use super::*;
use crate::openpgp::message::open::open_unsigned;
use crate::openpgp::secret_key::{Profile, SecretKey};
use crate::protocol::calls::call;
use crate::protocol::values::limits;

/// A server's home, and the owner's key, which is elsewhere.
struct Server {
    folder: TempDir,
    key: SecretKey,
}

fn at(days: i64) -> Timestamp {
    let start: Timestamp = "2026-11-22T19:00:00Z".parse().unwrap();
    start + SignedDuration::from_hours(24 * days)
}

fn random() -> Random {
    Random::from_entropy()
}

fn address(number: u32) -> IpAddr {
    Ipv4Addr::from_bits(0xC633_6400_u32.saturating_add(number)).into()
}

fn called(number: u32) -> PleaseFollow {
    let url = |path: String| format!("https://a.example/{path}").parse().unwrap();
    let (feed, key) = (url(format!("f/{number}.rss")), url("key.asc".to_owned()));
    PleaseFollow { feed, key, in_reply_to: None }
}

impl Server {
    fn new(profile: Profile) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let key = SecretKey::generate(profile, "Mary", at(-1), &mut random()).unwrap();
        let server = Self { folder, key };
        server.publish(&server.key);
        server
    }

    fn home(&self) -> Home {
        Home::at(self.folder.path())
    }

    fn publish(&self, key: &SecretKey) {
        let certificate = key.certificate().to_armored();
        self.home().write(&self.home().key(), certificate.as_bytes()).unwrap();
    }

    fn open(&self, day: i64) -> Inbox {
        let base = "https://mary.example/".parse().unwrap();
        Inbox::open(&self.home(), &base, at(day), random()).unwrap()
    }

    fn bytes(&self, inbox: &Inbox) -> Vec<u8> {
        fs::read(self.home().inbox().join(&inbox.name)).unwrap()
    }

    /// The feeds that the calls name, newest first, as the owner reads them.
    fn calls(&self, inbox: &Inbox) -> Vec<String> {
        let items = Channel::parse(&self.bytes(inbox)).unwrap().items;
        let opened = items.iter().map(|item| {
            let sealed = item.description.as_ref().unwrap();
            let octets = open_unsigned(sealed, &self.key, call::OCTETS).unwrap();
            Call::parse(&octets).unwrap().call.feed.to_string()
        });
        opened.collect()
    }
}

fn put(inbox: &Inbox, caller: u32, number: u32, day: i64) {
    inbox.put(address(caller), called(number), at(day)).unwrap();
}

#[test]
fn the_owner_reads_what_came_and_the_url_stays() {
    let server = Server::new(Profile::Default);
    let inbox = server.open(0);
    assert!(server.calls(&inbox).is_empty(), "it is there from the start");
    put(&inbox, 1, 1, 0);
    put(&inbox, 1, 2, 0);
    put(&inbox, 2, 1, 0);
    inbox.flush(at(0)).unwrap();
    let expected = [2, 1].map(|number| called(number).feed.to_string());
    assert_eq!(server.calls(&inbox), expected);
    let before = server.bytes(&inbox);
    let again = server.open(0);
    assert_eq!(again.url(), inbox.url());
    assert_eq!(server.bytes(&again), before, "no byte changes when nothing happened");
    put(&again, 3, 2, 1);
    again.flush(at(1)).unwrap();
    assert_eq!(server.calls(&again), expected, "the same call is one, after a restart too");
}

#[test]
fn a_flood_is_bounded_and_every_entry_has_the_same_length() {
    for profile in [Profile::Default, Profile::Classic] {
        let server = Server::new(profile);
        let inbox = server.open(0);
        put(&inbox, 1_000, 1_000_000, 0);
        for number in 0..500 {
            put(&inbox, number % 50, number, 0);
            if number % 100 == 0 {
                inbox.flush(at(0)).unwrap();
            }
        }
        let long = called(0).feed.join(&"x".repeat(700)).unwrap();
        inbox.put(address(1), PleaseFollow { feed: long, ..called(0) }, at(0)).unwrap();
        inbox.flush(at(0)).unwrap();
        let calls = server.calls(&inbox);
        assert_eq!(calls.len(), limits::INBOX);
        assert!(calls.contains(&called(1_000_000).feed.to_string()), "the honest one stays");
        assert!(server.bytes(&inbox).len() < limits::STRANGER, "{}", server.bytes(&inbox).len());
        let items = Channel::parse(&server.bytes(&inbox)).unwrap().items;
        let lengths: BTreeSet<usize> = items.iter().map(|item| item.write().len()).collect();
        assert_eq!(lengths.len(), 1, "{lengths:?}");
    }
}

#[test]
fn a_call_that_does_not_fit_is_refused() {
    let server = Server::new(Profile::Classic);
    let inbox = server.open(0);
    let feed = called(0).feed.join(&"x".repeat(1_000)).unwrap();
    let refused = inbox.put(address(1), PleaseFollow { feed, ..called(0) }, at(0)).unwrap_err();
    assert_eq!(refused.kind, Kind::Usage);
}

#[test]
fn what_is_older_than_30_days_leaves_even_if_nobody_calls() {
    let server = Server::new(Profile::Classic);
    let inbox = server.open(0);
    put(&inbox, 1, 1, 0);
    put(&inbox, 1, 2, 5);
    inbox.flush(at(30)).unwrap();
    assert_eq!(server.calls(&inbox).len(), 2);
    inbox.flush(at(31)).unwrap();
    assert_eq!(server.calls(&inbox), [called(2).feed.to_string()]);
    let after = server.open(40);
    assert!(server.calls(&after).is_empty());
}

#[test]
fn the_owners_new_certificate_is_used_and_no_one_elses() {
    let server = Server::new(Profile::Classic);
    let inbox = server.open(0);
    let eve = SecretKey::generate(Profile::Classic, "Eve", at(-1), &mut random()).unwrap();
    server.publish(&eve);
    put(&inbox, 1, 1, 0);
    inbox.flush(at(0)).unwrap();
    server.home().write(&server.home().key(), b"-----BEGIN PGP").unwrap();
    put(&inbox, 1, 2, 0);
    inbox.flush(at(0)).unwrap();
    assert_eq!(server.calls(&inbox).len(), 2);
}

#[test]
fn what_cannot_be_written_is_kept_for_the_next_time() {
    let server = Server::new(Profile::Classic);
    let inbox = server.open(0);
    put(&inbox, 1, 1, 0);
    let (folder, away) = (server.home().inbox(), server.folder.path().join("away"));
    fs::rename(&folder, &away).unwrap();
    fs::write(&folder, "in the way").unwrap();
    assert!(inbox.flush(at(0)).is_err());
    fs::remove_file(&folder).unwrap();
    fs::rename(&away, &folder).unwrap();
    assert!(server.calls(&inbox).is_empty());
    inbox.flush(at(0)).unwrap();
    assert_eq!(server.calls(&inbox).len(), 1);
}

#[test]
fn damage_costs_the_calls_and_not_the_url() {
    let server = Server::new(Profile::Classic);
    let inbox = server.open(0);
    put(&inbox, 1, 1, 0);
    inbox.flush(at(0)).unwrap();
    let path = server.home().inbox().join(&inbox.name);
    fs::write(&path, "<rss").unwrap();
    let again = server.open(0);
    assert_eq!((again.url(), server.calls(&again).len()), (inbox.url(), 0));
    fs::remove_file(server.home().key()).unwrap();
    let base = "https://mary.example/".parse().unwrap();
    let error = Inbox::open(&server.home(), &base, at(0), random()).unwrap_err().to_string();
    assert!(error.contains("key.asc"), "{error}");
}
