//! Items that are not what they should be: told once with their own status and words, and never
//! printed.

use cloudim::openpgp::{self, Certificate};
use cloudim::protocol::feed::channel::FeedItem;
use cloudim::protocol::sealed::item::Item;
use cloudim::protocol::values::guid::Guid;
use jiff::Timestamp;

use super::raw;
use super::story::Story;
use crate::common::hand::{Hand, in_hours};

#[test]
fn a_compressed_bomb_is_refused() {
    let story = Story::begin();
    let mut hand = story.hand();
    let item = hand.item("boom", 0);
    let bomb = raw::encrypted(&raw::bomb(), &hand.to.clone(), 1, &mut hand.rng);
    assert!(bomb.len() < 1 << 20, "it must be small enough to be looked at: {}", bomb.len());
    let feed = hand.feed_with([FeedItem::sealed(item.guid, raw::armored(&bomb))]);
    story.tells_once(&feed, 5, &format!("item {} is refused: too large", item.guid));
}

#[test]
fn ten_thousand_recipients_are_refused() {
    let story = Story::begin();
    let mut hand = story.hand();
    let item = hand.item("to all of you", 0);
    let plain = raw::signed(item.write().as_bytes(), &story.mary, &mut hand.rng);
    let crowd = raw::encrypted(&plain, &hand.to.clone(), 10_000, &mut hand.rng);
    let feed = hand.feed_with([FeedItem::sealed(item.guid, raw::armored(&crowd))]);
    story.tells_once(&feed, 5, "is refused: too many recipients");
}

#[test]
fn truncated_armor_is_refused() {
    let story = Story::begin();
    let mut hand = story.hand();
    let item = hand.item("half of i", 0);
    let whole = hand.seal(&item.write());
    let lines: Vec<&str> = whole.lines().collect();
    let truncated = [
        lines[..lines.len() / 2].join("\n"),
        lines[..lines.len() - 1].join("\n"),
        lines[0].to_owned(),
        whole[..whole.len() / 2].to_owned() + "\n-----END PGP MESSAGE-----\n",
        format!("{}\n", lines[0]) + "not base64 at all!\n-----END PGP MESSAGE-----\n",
        format!("{}\n\n-----END PGP MESSAGE-----\n", lines[0]),
    ];
    let count = truncated.len();
    let feed = hand.feed_with(truncated.map(|armor| FeedItem::sealed(item.guid, armor)));
    let told = story.receive(feed.write()).expect(5);
    let words = format!("item {} is refused: malformed", item.guid);
    assert_eq!(told.stderr.matches(&words).count(), 1, "{}", told.stderr);
    assert!(told.stderr.ends_with(&format!("; so are {} more\n", count - 1)), "{}", told.stderr);
    // The same guid, whole, is not suppressed by any of them.
    let mut feed = hand.feed_with_item(&item);
    feed.items.extend(hand.feed_with([FeedItem::sealed(item.guid, lines[0].to_owned())]).items);
    let delivered = story.receive(feed.write()).expect(0);
    assert!(delivered.stdout.ends_with("half of i\n"), "{}", delivered.stdout);
    assert_eq!(delivered.stderr, "");
}

#[test]
fn a_damaged_message_is_refused() {
    let story = Story::begin();
    let mut hand = story.hand();
    let item = hand.item("bit by bit", 0);
    let plain = raw::signed(item.write().as_bytes(), &story.mary, &mut hand.rng);
    let mut message = raw::encrypted(&plain, &hand.to.clone(), 1, &mut hand.rng);
    *message.last_mut().unwrap() ^= 1;
    let feed = hand.feed_with([FeedItem::sealed(item.guid, raw::armored(&message))]);
    story.tells_once(&feed, 5, "is refused: malformed: the encrypted data is damaged");
}

#[test]
fn a_guid_that_differs_inside_and_out_is_refused() {
    let story = Story::begin();
    let mut hand = story.hand();
    let item = hand.item("which one?", 0);
    let outside = Guid::new(Timestamp::now(), &mut hand.rng);
    let sealed = hand.seal(&item.write());
    let feed = hand.feed_with([FeedItem::sealed(outside, sealed)]);
    story.tells_once(
        &feed,
        5,
        &format!("item {outside} is refused: its guid differs inside: `{}`", item.guid),
    );
}

#[test]
fn a_guid_that_is_none_is_refused() {
    let story = Story::begin();
    let mut hand = story.hand();
    let item = hand.item("who am I?", 0);
    let sealed = hand.sealed(&item);
    let long = "x".repeat(10_000);
    let named = ["urn:uuid:00000000-0000-4000-8000-000000000000", "../../x", "", &long];
    let mut items =
        named.map(|guid| FeedItem { guid: Some(guid.to_owned()), ..sealed.clone() }).to_vec();
    items.push(FeedItem { guid: None, ..sealed });
    let count = items.len();
    let told = story.receive(hand.feed_with(items).write()).expect(5);
    assert_eq!(told.stderr.matches(" is refused: ").count(), 1, "{}", told.stderr);
    assert!(told.stderr.ends_with(&format!("; so are {} more\n", count - 1)), "{}", told.stderr);
    assert!(told.stderr.lines().all(|line| line.len() < 500), "{}", told.stderr);
    assert_eq!(told.stdout, "");
    story.loses_nothing();
}

#[test]
fn an_item_of_another_log_is_refused() {
    let story = Story::begin();
    let mut hand = story.hand();
    let mut item = hand.item("from elsewhere", 0);
    let log = Guid::new(Timestamp::now(), &mut hand.rng);
    item.stream.as_mut().unwrap().log = log;
    let feed = hand.feed_with_item(&item);
    story.tells_once(&feed, 5, "is refused: it is of a log that this feed has not opened");
}

#[test]
fn an_item_without_a_place_in_a_log_is_refused() {
    let story = Story::begin();
    let mut hand = story.hand();
    let item = Item { stream: None, ..hand.item("nowhere", 0) };
    let feed = hand.feed_with_item(&item);
    story.tells_once(&feed, 5, "is refused: it has no place in a log");
}

#[test]
fn an_item_by_another_key_is_held() {
    let story = Story::begin();
    let mut hand = story.hand();
    let item = hand.item("it's me, honestly", 0);
    let eve = hand.stranger();
    let sealed = hand.seal_by(&eve, &item.write());
    let feed = hand.feed_with([FeedItem::sealed(item.guid, sealed)]);
    story.tells_once(&feed, 4, "is held: signed by an unknown key");
    // Gone from the feed, it waits for nothing.
    assert!(!story.john.ok(&["status"]).contains("held"));
    story.serve(feed.write());
    assert_eq!(story.john.run(&["poll"]).expect(4).stdout, "");
    assert!(story.john.ok(&["status"]).contains("1 held"));
}

#[test]
fn an_unsigned_item_is_refused() {
    let story = Story::begin();
    let mut hand = story.hand();
    let item = hand.item("nobody said so", 0);
    let plain = raw::literal(item.write().as_bytes());
    let message = raw::encrypted(&plain, &hand.to.clone(), 1, &mut hand.rng);
    let feed = hand.feed_with([FeedItem::sealed(item.guid, raw::armored(&message))]);
    story.tells_once(&feed, 5, "is refused: not signed");
}

#[test]
fn a_forged_signature_is_refused() {
    let story = Story::begin();
    let mut hand = story.hand();
    let item = hand.item("I owe you nothing", 0);
    // As long as the other, so that only the signature is wrong.
    let forged = hand.item("I owe you a house", 0);
    let forged = Item { guid: item.guid, ..forged };
    let plain = raw::signed(item.write().as_bytes(), &story.mary, &mut hand.rng);
    let plain = replaced(&plain, item.write().as_bytes(), forged.write().as_bytes());
    let message = raw::encrypted(&plain, &hand.to.clone(), 1, &mut hand.rng);
    let feed = hand.feed_with([FeedItem::sealed(item.guid, raw::armored(&message))]);
    story.tells_once(&feed, 5, "is refused: the signature is forged");
}

fn replaced(bytes: &[u8], old: &[u8], new: &[u8]) -> Vec<u8> {
    assert_eq!(old.len(), new.len());
    let at = bytes.windows(old.len()).position(|window| window == old).expect("the octets, whole");
    [&bytes[..at], new, &bytes[at + new.len()..]].concat()
}

#[test]
fn an_item_to_somebody_else_is_refused() {
    let story = Story::begin();
    let mut hand = story.hand();
    let item = hand.item("not for you", 0);
    let eve = hand.stranger().certificate();
    let sealed = seal_to(&mut hand, &item, &eve);
    let feed = hand.feed_with([FeedItem::sealed(item.guid, sealed)]);
    story.tells_once(&feed, 5, "is refused: not encrypted to us");
}

#[test]
fn an_item_signed_for_somebody_else_and_sealed_again_is_refused() {
    let story = Story::begin();
    let mut hand = story.hand();
    let item = hand.item("I love you, Eve", 0);
    let eve = hand.stranger();
    let sealed = seal_to(&mut hand, &item, &eve.certificate());
    // Eve opens it with her key and seals the signed packets again, to John.
    let packets = opened_by(&eve, &sealed);
    let message = raw::encrypted(&packets, &hand.to.clone(), 1, &mut hand.rng);
    let feed = hand.feed_with([FeedItem::sealed(item.guid, raw::armored(&message))]);
    story.tells_once(&feed, 5, "is refused: signed for somebody else");
}

fn seal_to(hand: &mut Hand, item: &Item, to: &Certificate) -> String {
    let octets = item.write();
    openpgp::seal(octets.as_bytes(), &hand.key, &[to], in_hours(0), &mut hand.rng).unwrap()
}

/// The packets inside `sealed`, which `key` opens.
fn opened_by(key: &openpgp::SecretKey, sealed: &str) -> Vec<u8> {
    use pgp::composed::{Deserializable, SignedSecretKey};
    raw::plain_packets(sealed, &SignedSecretKey::from_string(&key.to_armored()).unwrap().0)
}

#[test]
fn octets_that_are_no_item_are_refused() {
    let story = Story::begin();
    let mut hand = story.hand();
    let state = hand.state().write();
    let item = hand.item("x", 0);
    let twice = item.write().replace("<guid", "<guid>urn:uuid:0</guid><guid");
    let doctype = format!("<!DOCTYPE item [<!ENTITY x \"y\">]>{}", item.write());
    let outside = item.write().replace("<item ", "<item xmlns=\"urn:x\" ");
    let cases = [
        (state, "the root element is `state`, not `item`"),
        ("hello".to_owned(), "not XML"),
        (twice, "`guid` stands twice"),
        (doctype, "it has a DOCTYPE"),
        (outside, "the root element is `item`, not `item`"),
    ];
    for (octets, words) in cases {
        let guid = Guid::new(Timestamp::now(), &mut hand.rng);
        let octets = octets.replace(&item.guid.to_string(), &guid.to_string());
        let sealed = hand.seal(&octets);
        let feed = hand.feed_with([FeedItem::sealed(guid, sealed)]);
        let told = story.receive(feed.write()).expect(5);
        assert!(told.stderr.contains(&format!("item {guid} is refused: ")), "{}", told.stderr);
        assert!(told.stderr.contains(words), "{}", told.stderr);
        assert_eq!(story.receive(feed.write()).expect(0).stderr, "");
    }
    story.loses_nothing();
}

#[test]
fn an_item_with_something_critical_and_unknown_is_held() {
    let story = Story::begin();
    let mut hand = story.hand();
    let item = hand.item("only if it is not raining", 0);
    let critical = "<x xmlns=\"urn:later\" critical=\"true\"/></item>";
    let sealed = hand.seal(&item.write().replace("</item>", critical));
    let feed = hand.feed_with([FeedItem::sealed(item.guid, sealed)]);
    story.tells_once(&feed, 4, "is held: `x` is critical, and this version does not know it");
}

#[test]
fn decrypt_leaves_out_what_fails_and_says_why() {
    let story = Story::begin();
    let mut hand = story.hand();
    // With spaces: "bad" alone stands in some guids and hashes by chance.
    let (bad, later) = (hand.item("a bad one", 0), hand.item("later", 0));
    let eve = hand.stranger();
    let by_eve = FeedItem::sealed(bad.guid, hand.seal_by(&eve, &bad.write()));
    let other =
        FeedItem::sealed(Guid::new(Timestamp::now(), &mut hand.rng), hand.seal(&bad.write()));
    let critical =
        later.write().replace("</item>", "<x xmlns=\"urn:later\" critical=\"true\"/></item>");
    let critical = FeedItem::sealed(later.guid, hand.seal(&critical));
    for (item, status, words) in [
        (by_eve, 4, "signed by an unknown key"),
        (other, 5, "its guid differs inside"),
        (critical, 4, "`x` is critical"),
    ] {
        let ran = story
            .john
            .feed(&["decrypt", "--from", "mary"], hand.feed_with([item]).write())
            .expect(status);
        assert!(
            ran.stderr.contains(" is left out: ") && ran.stderr.contains(words),
            "{}",
            ran.stderr
        );
        assert!(ran.stdout.contains("hello"), "the honest ones are there: {}", ran.stdout);
        for left_out in ["a bad one", "BEGIN PGP"] {
            assert!(!ran.stdout.contains(left_out), "{}", ran.stdout);
        }
    }
    story.loses_nothing();
}
