//! Much garbage: bounded in memory, on disk, in time and in what is told, and the real message is
//! not suppressed by it.

use cloudim::protocol::feed::channel::FeedItem;
use cloudim::protocol::values::guid::Guid;
use jiff::Timestamp;

use super::raw;
use super::story::{Story, bounded, snapshot};
use crate::common::peer::texts;

#[test]
fn garbage_under_a_real_guid_cannot_suppress_the_message() {
    let story = Story::begin();
    let mut hand = story.hand();
    let item = hand.item("the real one", 0);
    let eve = hand.stranger();
    let garbage = [
        hand.seal_by(&eve, &item.write()),
        raw::armored(b"\xc0garbage"),
        hand.seal("<item/>"),
        "-----BEGIN PGP MESSAGE-----".to_owned(),
    ];
    let garbage = garbage.map(|sealed| FeedItem::sealed(item.guid, sealed));
    story.serve(hand.feed_with(garbage.clone()).write());
    let told = story.john.run(&["poll"]).expect(5);
    assert_eq!(told.stderr.matches(&item.guid.to_string()).count(), 2, "{}", told.stderr);
    assert!(told.stderr.contains("; so are 2 more\n"), "{}", told.stderr);
    assert_eq!(told.stdout, "");
    // The same garbage above and below the real one.
    let real = hand.sealed(&item);
    let [a, b, c, d] = garbage;
    let feed = hand.feed_with([a, b, real, c, d]).write();
    story.serve(&feed);
    let read = story.john.run(&["--format", "json", "poll"]).expect(0);
    assert_eq!((texts(&read.stdout), read.stderr.as_str()), (vec!["the real one".to_owned()], ""));
    assert_eq!(story.receive(feed).expect(0).stdout, "");
}

#[test]
fn three_hundred_garbage_items_do_not_grow_the_home_beyond_its_limits() {
    let story = Story::begin();
    let mut hand = story.hand();
    let mut garbage = |count: usize| -> Vec<FeedItem> {
        let rng = &mut hand.rng;
        let mut one = || Guid::new(Timestamp::now(), rng);
        let one = |_| {
            let guid = one();
            FeedItem::sealed(guid, raw::armored(guid.to_string().as_bytes()))
        };
        (0..count).map(one).collect()
    };
    let rounds = [garbage(300), garbage(300), garbage(300)];
    let hand = story.hand();
    let size = || snapshot(&story.john.home()).values().map(Vec::len).sum::<usize>();
    let before = size();
    let mut sizes = Vec::new();
    for (round, items) in rounds.into_iter().enumerate() {
        story.serve(hand.feed_with(items).write());
        let told = bounded(&story.john, &["poll"]);
        let lines = told.stderr.lines().count();
        let expected = if round == 0 { (5, 2) } else { (0, 0) };
        assert_eq!((told.status, lines), expected, "{}", told.stderr);
        assert_eq!(told.stderr.contains("; so are 255 more\n"), round == 0, "{}", told.stderr);
        let dropped = "44 objects more are refused than are remembered\n";
        assert_eq!(told.stderr.ends_with(dropped), round == 0, "{}", told.stderr);
        assert_eq!(told.stdout, "");
        sizes.push(size());
    }
    assert!(sizes[0] - before < 512 << 10, "{before} {sizes:?}");
    assert_eq!((sizes[1], sizes[2]), (sizes[0], sizes[0]), "it grows once");
    story.serve(hand.feed.write());
    story.loses_nothing();
}

#[test]
fn held_items_have_a_limit_of_their_own() {
    let story = Story::begin();
    let mut hand = story.hand();
    let eve = hand.stranger();
    let items: Vec<FeedItem> = (0..80)
        .map(|n| {
            let item = hand.item("who am I?", n);
            FeedItem::sealed(item.guid, hand.seal_by(&eve, &item.write()))
        })
        .collect();
    let feed = hand.feed_with(items).write();
    story.serve(&feed);
    let told = bounded(&story.john, &["poll"]).expect(4);
    assert_eq!(told.stderr.matches(" is held: ").count(), 1, "{}", told.stderr);
    assert!(told.stderr.ends_with("; so are 63 more\n"), "{}", told.stderr);
    assert_eq!(story.receive(feed).expect(0).stderr, "");
    assert!(story.john.ok(&["status"]).contains("64 held"));
    story.serve(hand.feed.write());
    story.loses_nothing();
}

#[test]
fn a_feed_full_of_small_items_ends_in_time() {
    let story = Story::begin();
    let hand = story.hand();
    let items = (0..20_000).map(|n| {
        let guid = Some(format!("urn:uuid:0199f0c2-0000-7000-8000-{n:012}"));
        FeedItem {
            guid,
            description: Some("-----BEGIN PGP MESSAGE-----".to_owned()),
            ..FeedItem::default()
        }
    });
    let feed = hand.feed_with(items).write();
    assert!(feed.len() < 5 << 20 && feed.len() > 2 << 20, "{}", feed.len());
    story.serve(feed);
    let told = bounded(&story.john, &["poll"]).expect(5);
    assert_eq!(told.stderr.matches(" is refused: ").count(), 1);
    assert!(told.stderr.contains("; so are 255 more\n"), "{}", told.stderr);
    assert!(told.stderr.contains("19744 objects more are refused than"), "{}", told.stderr);
    assert_eq!(bounded(&story.john, &["poll"]).expect(0).stderr, "");
    story.serve(hand.feed.write());
    story.loses_nothing();
}

#[test]
fn items_for_many_readers_end_in_time() {
    let story = Story::begin();
    let mut hand = story.hand();
    let eve = hand.stranger().certificate();
    let item = hand.item("to everybody", 0);
    let plain = raw::literal(item.write().as_bytes());
    let armored = raw::armored(&raw::encrypted(&plain, &eve, 64, &mut hand.rng));
    let items: Vec<FeedItem> = (0..300)
        .map(|_| FeedItem::sealed(Guid::new(Timestamp::now(), &mut hand.rng), armored.clone()))
        .collect();
    story.serve(hand.feed_with(items).write());
    let told = bounded(&story.john, &["poll"]).expect(5);
    assert!(
        told.stderr.contains(" is refused: not encrypted to us; so are 255 more\n"),
        "{told:?}"
    );
    story.serve(hand.feed.write());
    story.loses_nothing();
}
