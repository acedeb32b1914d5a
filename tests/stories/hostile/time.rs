//! What is signed at the wrong time waits, and is released by itself.

use cloudim::protocol::feed::channel::{Channel, FeedItem};
use cloudim::protocol::sealed::state::Head;
use cloudim::protocol::values::hash::OctetsHash;
use jiff::Timestamp;

use super::story::Story;
use crate::common::hand::in_hours;
use crate::common::peer::{Peer, texts};

/// What John hears if he polls at `time`: the status, the new messages, and the talk.
fn poll_at(john: &Peer, time: Timestamp) -> (i32, Vec<String>, String) {
    let ran = john.at(&time.to_string(), &["--format", "json", "poll"], "");
    (ran.status, texts(&ran.stdout), ran.stderr)
}

#[test]
fn an_item_of_the_future_is_held_and_released_when_its_time_has_come() {
    let story = Story::begin();
    let mut hand = story.hand();
    let item = hand.item("from tomorrow", 0);
    let sealed = hand.seal_at(&item.write(), in_hours(25));
    story.serve(hand.feed_with([FeedItem::sealed(item.guid, sealed)]).write());
    let (status, new, talk) = poll_at(&story.john, in_hours(0));
    assert_eq!((status, new.len()), (4, 0), "{talk}");
    assert!(talk.contains(&format!("item {} is held: signed in the future", item.guid)), "{talk}");
    assert_eq!(poll_at(&story.john, in_hours(0)), (0, vec![], String::new()), "told once");
    assert!(story.john.ok(&["status"]).contains("1 held"));
    let (status, new, talk) = poll_at(&story.john, in_hours(2));
    assert_eq!((status, new, talk.as_str()), (0, vec!["from tomorrow".to_owned()], ""));
    assert!(!story.john.ok(&["status"]).contains("held"));
    assert_eq!(poll_at(&story.john, in_hours(2)), (0, vec![], String::new()));
}

#[test]
fn an_item_of_the_future_is_released_also_if_an_archive_was_read_with_it() {
    let story = Story::begin();
    let mut hand = story.hand();
    let item = hand.item("from tomorrow", 0);
    let sealed = hand.seal_at(&item.write(), in_hours(25));
    let mut feed = hand.feed_with([FeedItem::sealed(item.guid, sealed)]);
    let older = feed.items.split_off(1);
    let archive = Channel { archive: true, items: older, ..hand.feed.clone() };
    let archive = Channel { introduction: None, state: None, key: None, ..archive };
    feed.prev_archive = Some(format!("{}f/older.rss", story.mary.address()).parse().unwrap());
    story.serve(feed.write());
    // Only now, or it might be taken for the feed.
    std::fs::write(story.mary.home().join("public/f/older.rss"), archive.write()).unwrap();
    let (status, new, talk) = poll_at(&story.john, in_hours(0));
    assert_eq!((status, new.len()), (4, 0), "{talk}");
    assert!(story.mary.host.log().iter().any(|(_, path, _)| path == "/f/older.rss"));
    assert_eq!(poll_at(&story.john, in_hours(0)), (0, vec![], String::new()), "told once");
    let (status, new, talk) = poll_at(&story.john, in_hours(2));
    assert_eq!((status, new.as_slice()), (0, &["from tomorrow".to_owned()][..]), "{talk}");
}

#[test]
fn a_backdated_item_by_an_old_key_is_held_until_a_state_vouches_for_it() {
    let story = Story::begin();
    // A week later Mary has written again, which is the newest signature that John knows.
    let week = 7 * 24;
    let sent =
        story.mary.at(&in_hours(week).to_string(), &["send", "john", "-m", "a week later"], "");
    assert_eq!(sent.status, 0, "{}", sent.stderr);
    let (status, new, talk) = poll_at(&story.john, in_hours(week));
    assert_eq!((status, new), (0, vec!["a week later".to_owned()]), "{talk}");
    let mut hand = story.hand();
    let item = hand.item("written with a stolen key?", 0);
    let octets = item.write();
    let sealed = FeedItem::sealed(item.guid, hand.seal_at(&octets, in_hours(week - 25)));
    let feed = hand.feed_with([sealed]);
    story.serve(feed.write());
    let (status, new, talk) = poll_at(&story.john, in_hours(week));
    assert_eq!((status, new.len()), (4, 0), "{talk}");
    assert!(
        talk.contains("is held: it was signed at") && talk.contains("long before what is known"),
        "{talk}"
    );
    assert_eq!(poll_at(&story.john, in_hours(week)), (0, vec![], String::new()), "told once");
    // A state signed now names it as the head.
    let mut state = hand.next_state();
    state.head = Some(Head {
        sequence: item.stream.unwrap().sequence,
        hash: OctetsHash::of(octets.as_bytes()),
    });
    let state = Some(hand.seal_at(&state.write(), in_hours(week)));
    story.serve(Channel { state, ..feed }.write());
    let (status, new, talk) = poll_at(&story.john, in_hours(week));
    assert_eq!((status, new), (0, vec!["written with a stolen key?".to_owned()]), "{talk}");
    assert_eq!(poll_at(&story.john, in_hours(week)), (0, vec![], String::new()));
}

#[test]
fn a_state_of_the_future_is_held_and_released_when_its_time_has_come() {
    let story = Story::begin();
    let mut hand = story.hand();
    let state = hand.next_state();
    let sealed = Some(hand.seal_at(&state.write(), in_hours(25)));
    story.serve(Channel { state: sealed, ..hand.feed.clone() }.write());
    let (status, _, talk) = poll_at(&story.john, in_hours(0));
    assert!(status == 4 && talk.contains("the state is held: signed in the future"), "{talk}");
    assert_eq!(poll_at(&story.john, in_hours(0)), (0, vec![], String::new()), "told once");
    assert_eq!(poll_at(&story.john, in_hours(2)), (0, vec![], String::new()));
    let theirs =
        std::fs::read_to_string(story.john.home().join("contacts/mary/contact.toml")).unwrap();
    assert!(theirs.contains(&format!("serial = {}", state.serial)), "it is in force: {theirs}");
    assert!(!story.john.ok(&["status"]).contains("held"));
}

#[test]
fn an_introduction_of_a_log_of_the_future_is_held() {
    let story = Story::begin();
    let mut hand = story.hand();
    let mut introduction = hand.introduction();
    introduction.log = cloudim::protocol::values::guid::Guid::new(in_hours(48), &mut hand.rng);
    let feed = hand.feed_with_introduction(&introduction.write());
    story.tells_once(&feed, 4, "the introduction is held: its log is of the future");
}
