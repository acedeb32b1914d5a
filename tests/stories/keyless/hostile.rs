//! What stands in an inbox that is no longer hers, and calls by whoever likes to call: bounded,
//! told, and nothing followed that should not be.

use std::fs;
use std::path::PathBuf;

use cloudim::openpgp::certificate::Certificate;
use cloudim::openpgp::message::seal::seal_unsigned;
use cloudim::protocol::Random;
use cloudim::protocol::calls::call::Call;
use cloudim::protocol::calls::please_follow::PleaseFollow;
use cloudim::protocol::feed::channel::{Channel, FeedItem};
use cloudim::protocol::values::guid::Guid;
use cloudim::protocol::values::url::Url;
use jiff::Timestamp;
use rand::SeedableRng;

use crate::common::peer::{Peer, in_hours, tree};
use crate::common::static_host::{Behaviour, StaticHost};

/// Mary, and the host of her inbox.
struct Owner {
    mary: Peer,
    host: StaticHost,
    file: PathBuf,
}

impl Owner {
    fn new() -> Self {
        let mary = Peer::mary();
        let folder = mary.file("inbox");
        fs::create_dir(&folder).unwrap();
        let host = StaticHost::serve(&folder);
        mary.set("inbox", &format!("\"{}inbox.rss\"", host.url()));
        Self { mary, host, file: folder.join("inbox.rss") }
    }

    /// Lays `entries` into the inbox, newest first.
    fn keep(&self, entries: &[String]) {
        let mut rng = Random::from_entropy();
        let item = |sealed: &String| {
            FeedItem::sealed(Guid::new(Timestamp::now(), &mut rng), sealed.clone())
        };
        let items = entries.iter().map(item).collect();
        let channel = Channel { title: "Inbox".to_owned(), items, ..Channel::default() };
        fs::write(&self.file, channel.write()).unwrap();
    }

    /// A poll that ends well; returns what it says.
    #[track_caller]
    fn polls(&self) -> String {
        let ran = self.mary.run(&["poll"]).expect(0);
        assert_eq!(ran.stdout, "");
        ran.stderr
    }

    /// Nobody is invited, and what is remembered is small.
    #[track_caller]
    fn nothing_came(&self) {
        assert_eq!(self.mary.ok(&["handshake", "list"]), "");
        let remembered = fs::read(self.mary.home().join("inbox.toml")).unwrap_or_default();
        assert!(remembered.len() < 64 * 600, "{}", remembered.len());
    }
}

/// `octets`, sealed to `peer`.
fn sealed(peer: &Peer, octets: &str) -> String {
    let key = fs::read(peer.home().join("public/key.asc")).unwrap();
    let certificate = Certificate::parse(&key).unwrap();
    let mut rng = Random::from_entropy();
    seal_unsigned(octets.as_bytes(), &certificate, Timestamp::now(), &mut rng).unwrap()
}

/// A call that names these URLs, sealed to `peer`.
fn call(peer: &Peer, feed: &str, key: &str) -> String {
    sealed(peer, &octets(feed, key))
}

fn octets(feed: &str, key: &str) -> String {
    let url = |text: &str| Url::normalized(text).unwrap();
    let call = PleaseFollow { feed: url(feed), key: url(key), in_reply_to: None };
    Call { call, time: Timestamp::now() }.write().unwrap()
}

/// John's invitation of `mary`, as a call that nobody has heard yet.
fn invitation(john: &Peer, mary: &Peer) -> String {
    let address = mary.address();
    john.ok(&["handshake", "invite", &address, "--output", "-"]);
    let name = john.pair_feed().file_name().unwrap().to_str().unwrap().to_owned();
    let base = john.address();
    call(mary, &format!("{base}f/{name}"), &format!("{base}key.asc"))
}

#[test]
fn an_inbox_that_cannot_be_read_is_a_warning_once_a_day() {
    let owner = Owner::new();
    for (what, words) in [
        (Behaviour::Endless, "more than 256000 bytes"),
        (Behaviour::Status(404), "status 404"),
        (Behaviour::Down, "cannot fetch the inbox"),
    ] {
        owner.host.set(Behaviour::Normal);
        owner.keep(&[]);
        assert_eq!(owner.polls(), "");
        owner.host.set(what.clone());
        let said = owner.polls();
        let status = matches!(what, Behaviour::Status(_)) && said.contains("not found");
        assert!(said.starts_with("warning: cannot fetch the inbox http"), "{said}");
        assert!(said.contains(words) || status, "{said}");
        assert_eq!(owner.polls(), "");
    }
    let later = owner.mary.at(&in_hours(25), &["--quiet", "poll"], "").expect(3);
    assert!(later.stderr.starts_with("error: cannot fetch the inbox "), "{}", later.stderr);
    let quiet = owner.mary.at(&in_hours(26), &["--quiet", "poll"], "").expect(0);
    assert_eq!(quiet.stderr, "");
    assert!(owner.mary.ok(&["status"]).contains("-\tthe inbox is out of reach since 20"));
    assert!(owner.mary.ok(&[]).contains("your inbox is out of reach: cloudim poll\n"));
    owner.host.set(Behaviour::Normal);
    fs::write(&owner.file, "no feed").unwrap();
    owner.keep(&[]);
    assert_eq!(owner.polls(), "");
    fs::write(&owner.file, "<html>parked</html>").unwrap();
    assert!(owner.polls().contains("cannot read the inbox"));
    owner.nothing_came();
}

#[test]
fn junk_is_looked_at_once_and_an_honest_call_beside_it_is_followed() {
    let (owner, john, eve) = (Owner::new(), Peer::john(), Peer::new("Eve", &[]));
    let mary = &owner.mary;
    let good = octets("https://a.invalid/f", "https://a.invalid/key.asc");
    owner.keep(&[
        invitation(&john, mary),
        call(&eve, "https://a.invalid/f", "https://a.invalid/key.asc"),
        "-----BEGIN PGP MESSAGE-----\n\nAAAA\n-----END PGP MESSAGE-----".to_owned(),
        "-----BEGIN PGP MESSAGE-----".to_owned(),
        sealed(mary, "<item/>"),
        sealed(mary, &"x".repeat(20_000)),
        sealed(mary, &good.replace("https://a.invalid/f", "file:///etc/passwd")),
        sealed(mary, &good.replace("version=\"1\"", "version=\"2\"")),
        call(mary, "http://10.0.0.1/f", "http://10.0.0.1/key.asc"),
        call(mary, "http://169.254.169.254/f", "http://[::ffff:10.0.0.1]/key.asc"),
        call(mary, &owner.host.url(), &owner.host.url()),
    ]);
    assert!(owner.polls().contains("`john` invites you"));
    for _ in 0..3 {
        assert_eq!(owner.polls(), "");
    }
    let list = mary.ok(&["--format", "json", "handshake", "list"]);
    assert_eq!(list.lines().count(), 1, "{list}");
    let answers: Vec<u16> = owner.host.log().into_iter().map(|(.., status)| status).collect();
    assert!(answers.contains(&304), "it is asked for conditionally: {answers:?}");
}

#[test]
fn ten_thousand_items_are_64() {
    let owner = Owner::new();
    let many: Vec<String> = vec!["-----BEGIN PGP MESSAGE-----".to_owned(); 1_000];
    owner.keep(&many);
    let feed = fs::read_to_string(&owner.file).unwrap();
    fs::write(&owner.file, feed.replace("<item>", &format!("{}<item>", "<item/>".repeat(9))))
        .unwrap();
    assert_eq!(owner.polls(), "");
    let remembered = fs::read_to_string(owner.mary.home().join("inbox.toml")).unwrap();
    assert_eq!(remembered.matches("[[entry]]").count(), 64);
    owner.keep(&[]);
    owner.polls();
    let remembered = fs::read_to_string(owner.mary.home().join("inbox.toml")).unwrap();
    assert_eq!(remembered.matches("[[entry]]").count(), 0, "what has left is forgotten");
    owner.nothing_came();
}

#[test]
fn no_host_is_visited_more_often_than_three_times_an_hour() {
    let (owner, victim) = (Owner::new(), StaticHost::bind());
    let entries = (0..64).map(|number| {
        let feed = format!("{}f/{number}.rss", victim.url());
        call(&owner.mary, &feed, &format!("{}key.asc", victim.url()))
    });
    owner.keep(&entries.collect::<Vec<_>>());
    for _ in 0..5 {
        assert_eq!(owner.polls(), "");
    }
    assert_eq!(victim.requests(), 3);
    owner.mary.at(&in_hours(2), &["poll"], "").expect(0);
    assert_eq!(victim.requests(), 6);
    owner.nothing_came();
}

#[test]
fn a_host_that_is_away_is_tried_again() {
    let (owner, john) = (Owner::new(), Peer::john());
    let entry = invitation(&john, &owner.mary);
    owner.keep(&[entry]);
    john.host.set(Behaviour::Down);
    assert_eq!(owner.polls(), "");
    let asked = john.host.requests();
    assert_eq!(owner.polls(), "", "not at once");
    assert_eq!(john.host.requests(), asked);
    john.host.set(Behaviour::Normal);
    let later = owner.mary.at(&in_hours(1), &["poll"], "").expect(0);
    assert!(later.stderr.contains("`john` invites you"), "{}", later.stderr);
}

#[test]
fn after_30_days_it_is_too_late() {
    let (owner, john) = (Owner::new(), Peer::john());
    owner.keep(&[invitation(&john, &owner.mary)]);
    let later = owner.mary.at(&in_hours(31 * 24), &["poll"], "").expect(0);
    assert!(!later.stderr.contains("invites you"), "{}", later.stderr);
    owner.nothing_came();
}

#[test]
fn what_cannot_be_opened_without_the_passphrase_waits_for_it() {
    let john = Peer::john();
    let mary = Peer::without_identity("Mary");
    let passphrase = mary.file("passphrase");
    fs::write(&passphrase, "secret\n").unwrap();
    let options = ["--passphrase-file", passphrase.to_str().unwrap()];
    let keygen = ["keygen", "--name", "Mary", "--base-url", &mary.address()];
    mary.ok(&[&options[..], &keygen].concat());
    let folder = mary.file("inbox");
    fs::create_dir(&folder).unwrap();
    let host = StaticHost::serve(&folder);
    mary.set("inbox", &format!("\"{}inbox.rss\"", host.url()));
    let owner = Owner { mary, host, file: folder.join("inbox.rss") };
    owner.keep(&[]);
    assert_eq!(owner.polls(), "", "nothing new needs no passphrase");
    owner.keep(&[invitation(&john, &owner.mary)]);
    for _ in 0..2 {
        let said = owner.mary.fails(&["poll"], 1);
        assert!(said.contains("the secret key is locked"), "{said}");
    }
    let opened = owner.mary.run(&[&options[..], &["poll"]].concat()).expect(0);
    assert!(opened.stderr.contains("`john` invites you"), "{}", opened.stderr);
    assert_eq!(owner.polls(), "", "and then no more");
}

#[test]
fn a_home_that_only_reads_leaves_the_inbox_alone() {
    let owner = Owner::new();
    owner.keep(&[call(&owner.mary, "https://a.invalid/f", "https://a.invalid/k")]);
    owner.mary.set("read_only", "true");
    let before = tree(&owner.mary.home());
    assert_eq!(owner.polls(), "");
    assert_eq!((owner.host.requests(), tree(&owner.mary.home())), (0, before));
}
