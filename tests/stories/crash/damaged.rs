//! Files below `public/` that are cut, emptied, replaced or gone: each is rebuilt from what the home
//! keeps, and nobody who reads them sees more than a state with a higher serial.

use std::fs;
use std::path::Path;

use cloudim::protocol::feed::channel::Channel;

use super::{feeds_are_sound, stored};
use crate::common::peer::{Peer, friends};

/// A way to damage the file at a path.
type Damage = (&'static str, fn(&Path));

fn cut(path: &Path, rest: usize) {
    let bytes = fs::read(path).unwrap();
    fs::write(path, &bytes[..rest.min(bytes.len())]).unwrap();
}

fn append(path: &Path, text: &str) {
    let before = fs::read_to_string(path).unwrap();
    fs::write(path, before + text).unwrap();
}

const DAMAGES: [Damage; 10] = [
    ("cut", |path| cut(path, 3_000)),
    ("cut by its last byte", |path| cut(path, fs::read(path).unwrap().len() - 2)),
    ("empty", |path| cut(path, 0)),
    ("no XML", |path| fs::write(path, [0, 159, 146, 150]).unwrap()),
    ("another document", |path| fs::write(path, "<html><body>sign in</body></html>").unwrap()),
    ("an open comment after its end", |path| append(path, "<!--x\n")),
    ("text after its end", |path| append(path, "garbage\n")),
    ("a comment after its end", |path| append(path, "<!-- x -->\n")),
    ("gone", |path| fs::remove_file(path).unwrap()),
    ("a folder", |path| {
        fs::remove_file(path).unwrap();
        fs::create_dir(path).unwrap();
        fs::write(path.join("mine"), "x").unwrap();
    }),
];

/// What a file says: the line feeds at its end tell its versions apart.
fn content(path: &Path) -> Vec<u8> {
    fs::read(path).unwrap_or_default().trim_ascii_end().to_vec()
}

fn items(peer: &Peer) -> Channel {
    Channel::parse(&fs::read(peer.pair_feed()).unwrap()).unwrap()
}

fn guids(channel: &Channel) -> Vec<String> {
    channel.items.iter().rev().map(|item| item.guid().unwrap().to_string()).collect()
}

/// What is damaged and can be read all the same: another's introduction, none, or text that is not ours.
const READABLE: [Damage; 3] = [
    ("another's introduction", |path| {
        let others = fs::read_dir(path.parent().unwrap()).unwrap().map(|file| file.unwrap().path());
        let is_other =
            |it: &std::path::PathBuf| it != path && it.extension().is_some_and(|e| e == "rss");
        let other = others.into_iter().find(is_other).unwrap();
        let other = Channel::parse(&fs::read(other).unwrap()).unwrap();
        change(path, |feed| feed.introduction = other.introduction);
    }),
    ("no introduction", |path| change(path, |feed| feed.introduction = None)),
    ("another place", |path| {
        change(path, |feed| feed.self_link = Some("https://x.example/f/x.rss".parse().unwrap()));
    }),
];

fn change(path: &Path, change: impl FnOnce(&mut Channel)) {
    let mut feed = Channel::parse(&fs::read(path).unwrap()).unwrap();
    change(&mut feed);
    fs::write(path, feed.write()).unwrap();
}

#[test]
fn a_damaged_feed_of_an_invitation_is_rebuilt_by_who_polls_or_publishes() {
    let (john, mary, anna) = (Peer::john(), Peer::mary(), Peer::new("Anna", &[]));
    let invite = |to: &Peer| john.ok(&["handshake", "invite", &to.address(), "--output", "-"]);
    invite(&mary);
    let feed = john.pair_feed();
    invite(&anna);
    let bare = |feed: &Channel| Channel { introduction: None, ..feed.clone() };
    let whole = Channel::parse(&fs::read(&feed).unwrap()).unwrap();
    for (index, (what, damage)) in DAMAGES.iter().chain(&READABLE).enumerate() {
        damage(&feed);
        john.ok(if index % 2 == 0 { &["poll"] } else { &["publish"] });
        let rebuilt = Channel::parse(&fs::read(&feed).unwrap()).unwrap();
        assert_eq!(bare(&rebuilt), bare(&whole), "{what}");
        let before = content(&feed);
        john.ok(&["poll"]);
        assert!(content(&feed) == before, "{what}");
    }
    // It is the same invitation, sealed to whom it was for.
    mary.feed(&["handshake", "accept", "--input", "-"], invite(&mary)).expect(0);
    john.ok(&["poll"]);
    john.send(&mary, "hello");
    assert_eq!(mary.poll(), ["hello"]);
}

#[test]
fn a_damaged_feed_is_rebuilt_with_the_same_items_and_read_as_if_nothing_had_been() {
    let (john, mary) = friends();
    let mut sent = vec![john.send(&mary, "first"), john.send(&mary, "second")];
    mary.ok(&["poll"]);
    let feed = john.pair_feed();
    for (index, (what, damage)) in DAMAGES.iter().enumerate() {
        damage(&feed);
        // What the host shows meanwhile is a fault of the host.
        mary.run(&["poll"]);
        match index % 3 {
            0 => sent.push(john.send(&mary, what)),
            1 => drop(john.ok(&["publish"])),
            _ => drop(john.ok(&["poll"])),
        }
        assert_eq!(guids(&items(&john)), sent, "{what}");
        feeds_are_sound(&john);
        assert_eq!(mary.ok(&["poll"]).lines().count(), usize::from(index % 3 == 0), "{what}");
    }
    assert!(john.home().join("displaced").is_dir(), "what lay in the way is put aside");
    assert_eq!(stored(&mary, "john").len(), sent.len());
    john.ok(&["poll"]);
    assert_eq!(john.ok(&["status"]), "mary\tall well\n");
    assert_eq!(mary.ok(&["status"]), "john\tall well\n");
}

#[test]
fn an_item_that_was_changed_exchanged_or_taken_out_is_as_it_was_after_the_next_write() {
    let (john, mary) = friends();
    let sent: Vec<String> =
        ["one", "two", "three"].iter().map(|text| john.send(&mary, text)).collect();
    let feed = john.pair_feed();
    let change = |change: fn(&mut Channel)| {
        let mut channel = items(&john);
        change(&mut channel);
        fs::write(&feed, channel.write()).unwrap();
        john.ok(&["publish"]);
        assert_eq!(guids(&items(&john)), sent);
    };
    change(|channel| drop(channel.items.remove(1)));
    change(|channel| {
        let (one, three) = (channel.items[2].description.clone(), &mut channel.items[0]);
        three.description = one;
    });
    change(|channel| {
        let two = channel.items[1].description.as_mut().unwrap();
        *two = two.replacen("\n\n", "\n\nAAAA", 1);
    });
    change(|channel| channel.items.clear());
    change(|channel| {
        let mut foreign = channel.items[0].clone();
        foreign.guid = Some("urn:uuid:0199f0c2-0000-7000-8000-000000000000".to_owned());
        channel.items.push(foreign);
    });
    change(|channel| (channel.state, channel.introduction) = (None, None));
    assert_eq!(mary.poll(), ["one", "two", "three"]);
    assert_eq!(stored(&mary, "john").len(), 3);
    assert_eq!(mary.ok(&["status"]), "john\tall well\n");
}

#[test]
fn damaged_archives_give_their_items_back_to_the_feed_and_leave() {
    let (john, mary) = friends();
    let text = "x".repeat(9_000);
    let count = 12;
    for _ in 0..count {
        john.send(&mary, &text);
    }
    let archives = || {
        let mut all = john.pair_feeds();
        all.retain(|path| path.file_stem().unwrap().to_str().unwrap().contains('.'));
        all.sort();
        all
    };
    let before = archives();
    assert!(before.len() >= 2, "{before:?}");
    cut(&before[0], 5_000);
    john.ok(&["publish"]);
    assert!(!before[0].exists(), "its number is not used again");
    fs::remove_file(archives().last().unwrap()).unwrap();
    john.ok(&["publish"]);
    feeds_are_sound(&john);
    mary.ok(&["poll"]);
    assert_eq!(stored(&mary, "john").len(), count);
    assert_eq!(mary.ok(&["status"]), "john\tall well\n");
}

#[test]
fn a_certificate_and_pages_that_are_lost_are_published_again_by_whatever_runs_next() {
    let (john, mary) = friends();
    john.send(&mary, "before");
    let public = john.home().join("public");
    let names =
        ["key.asc", "card.rss", "index.html", ".well-known/webfinger", ".nojekyll", "f/index.html"];
    let there =
        || -> Vec<Vec<u8>> { names.iter().map(|name| content(&public.join(name))).collect() };
    let whole = there();
    let runs: [&[&str]; 3] = [&["send", "mary", "-m", "x"], &["poll"], &["publish"]];
    for run in runs {
        for (_, damage) in &DAMAGES[..4] {
            for name in &names[..4] {
                damage(&public.join(name));
            }
            john.ok(run);
            assert!(there() == whole, "{run:?}");
        }
    }
    fs::remove_dir_all(&public).unwrap();
    john.ok(&["status"]);
    john.ok(&["key", "show"]);
    john.ok(&["poll"]);
    assert!(there() == whole);
    assert_eq!(mary.ok(&["poll"]).lines().count(), 5, "the feed is there again, too");
    assert_eq!(stored(&mary, "john").len(), 5);
    assert_eq!(mary.ok(&["status"]), "john\tall well\n");
}

#[test]
fn a_certificate_that_is_lost_comes_back_as_it_was_published() {
    let (john, mary) = friends();
    john.send(&mary, "one");
    john.ok(&["key", "rotate"]);
    let key = john.home().join("public/key.asc");
    let before = content(&key);
    fs::write(&key, "").unwrap();
    john.send(&mary, "two");
    assert!(content(&key) == before);
    assert_eq!(mary.poll(), ["one", "two"]);
}
