//! States and introductions that are not as they should be: what was in force stays in force.

use cloudim::protocol::feed::channel::Channel;
use cloudim::protocol::sealed::state::{Acknowledged, Head, Range, State};
use cloudim::protocol::values::guid::Guid;
use cloudim::protocol::values::hash::OctetsHash;
use jiff::Timestamp;

use super::raw;
use super::story::{Story, bounded};
use crate::common::hand::{Hand, in_hours};

const MOST: u64 = (1 << 53) - 1;

#[test]
fn two_states_with_one_serial_are_a_fork() {
    let story = Story::begin();
    let mut hand = story.hand();
    let state = State { time: in_hours(1), ..hand.state() };
    let feed = hand.feed_with_state(&state.write());
    story.tells_once(&feed, 5, "the state is refused: there are two with the serial");
}

#[test]
fn a_state_with_a_lower_serial_is_an_old_copy() {
    let story = Story::begin();
    let mut hand = story.hand();
    let mut state = hand.state();
    assert!(state.serial > 1);
    (state.serial, state.acknowledged) = (1, Vec::new());
    story.serve(hand.feed_with_state(&state.write()).write());
    let ran = story.john.run(&["poll"]).expect(0);
    assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), ("", ""));
    assert!(story.john.ok(&["status"]).contains("behind since"));
    story.serve(hand.feed.write());
    story.loses_nothing();
}

#[test]
fn a_state_of_a_foreign_log_is_refused() {
    let story = Story::begin();
    let mut hand = story.hand();
    let log = Guid::new(Timestamp::now(), &mut hand.rng);
    let state = State { log, ..hand.next_state() };
    let feed = hand.feed_with_state(&state.write());
    story.tells_once(
        &feed,
        5,
        "the state is refused: it is of a log that this feed has not opened",
    );
}

#[test]
fn a_state_of_a_later_version_is_held() {
    let story = Story::begin();
    let mut hand = story.hand();
    let octets = hand.next_state().write().replace("version=\"1\"", "version=\"2\"");
    let feed = hand.feed_with_state(&octets);
    story.tells_once(
        &feed,
        4,
        "the state is held: `state` is of version 2, and this program knows version 1",
    );
}

#[test]
fn a_state_by_another_key_or_by_nobody_is_not_believed() {
    let story = Story::begin();
    let mut hand = story.hand();
    let octets = hand.next_state().write();
    let eve = hand.stranger();
    let by_eve = Channel { state: Some(hand.seal_by(&eve, &octets)), ..hand.feed.clone() };
    story.tells_once(&by_eve, 4, "the state is held: signed by an unknown key");
    let mut hand = story.hand();
    let unsigned =
        raw::encrypted(&raw::literal(octets.as_bytes()), &hand.to.clone(), 1, &mut hand.rng);
    let unsigned = Channel { state: Some(raw::armored(&unsigned)), ..hand.feed.clone() };
    story.tells_once(&unsigned, 5, "the state is refused: not signed");
}

#[test]
fn an_item_in_the_place_of_a_state_is_refused() {
    let story = Story::begin();
    let mut hand = story.hand();
    let item = hand.item("I am a state", 0).write();
    let feed = hand.feed_with_state(&item);
    story.tells_once(&feed, 5, "the state is refused: the root element is `item`, not `state`");
    let hand = story.hand();
    let moved = Channel { introduction: hand.feed.state.clone(), ..hand.feed.clone() };
    story.tells_once(
        &moved,
        5,
        "the introduction is refused: the root element is `state`, not `introduction`",
    );
}

/// John has written one message; a state of Mary's acknowledges `sequence` with `hash`.
fn acknowledging(story: &Story, sequence: u64, hash: Option<OctetsHash>) -> (Hand, State) {
    story.john.send(&story.mary, "read me");
    let john = Hand::of(&story.john, &story.mary);
    let hash = hash.unwrap_or_else(|| john.contact.ours.head.unwrap().hash);
    let hand = story.hand();
    let acknowledged = vec![Acknowledged { log: john.contact.ours.log, sequence, hash }];
    let state = State { acknowledged, ..hand.next_state() };
    (hand, state)
}

/// John reads `state` and a later one that says the same: he is told once, and nothing counts as
/// acknowledged.
fn tells_once_and_believes_nothing(story: &Story, hand: &mut Hand, state: State, words: &str) {
    let told = story.receive(hand.feed_with_state(&state.write()).write()).expect(5);
    assert_eq!(told.stderr.matches(words).count(), 1, "{}", told.stderr);
    assert!(story.john.ok(&["status"]).contains("1 unacknowledged"));
    let later = State { serial: state.serial + 1, ..state };
    let again = story.receive(hand.feed_with_state(&later.write()).write()).expect(0);
    assert_eq!(again.stderr, "", "told once");
    assert!(story.john.ok(&["status"]).contains("1 unacknowledged"));
    hand.spend_serials();
    assert_eq!(story.mary.poll(), ["read me"]);
    story.john.ok(&["poll"]);
    assert_eq!(story.john.ok(&["status"]), "mary\tall well\n");
    story.loses_nothing();
}

#[test]
fn an_acknowledgement_of_another_message_than_ours_is_told() {
    let story = Story::begin();
    let (mut hand, state) = acknowledging(&story, 1, Some(OctetsHash::of(b"another")));
    let words = "mary: the contact has read another message than ours at sequence 1";
    tells_once_and_believes_nothing(&story, &mut hand, state, words);
}

#[test]
fn an_acknowledgement_beyond_what_we_wrote_is_taken_for_a_restored_home_and_loses_nothing() {
    let story = Story::begin();
    let (mut hand, state) = acknowledging(&story, 9, None);
    let told = story.receive(hand.feed_with_state(&state.write()).write()).expect(0);
    let words = "mary: this home was restored: what it writes from now on is a new log";
    assert_eq!(told.stderr.matches(words).count(), 1, "{}", told.stderr);
    let later = State { serial: state.serial + 1, ..state };
    let again = story.receive(hand.feed_with_state(&later.write()).write()).expect(0);
    assert_eq!(again.stderr, "", "told once");
    hand.spend_serials();
    assert_eq!(story.mary.poll(), ["read me"]);
    story.john.ok(&["poll"]);
    assert_eq!(story.john.ok(&["status"]), "mary\tall well\n");
    story.john.send(&story.mary, "in the new log");
    assert_eq!(story.mary.poll(), ["in the new log"]);
    story.loses_nothing();
}

#[test]
fn a_head_at_the_end_of_all_sequences_costs_neither_time_nor_memory() {
    let story = Story::begin();
    let mut hand = story.hand();
    let mut state = hand.next_state();
    state.head = Some(Head { sequence: MOST, hash: OctetsHash::of(b"the last of all") });
    story.serve(hand.feed_with_state(&state.write()).write());
    let ran = bounded(&story.john, &["poll"]).expect(0);
    assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), ("", ""));
    let john = Hand::of(&story.john, &story.mary);
    let asked = vec![Range { log: state.log, from: 2, to: MOST }];
    assert_eq!(john.state().missing, asked, "one range, not two to the 53");
    hand.spend_serials();
    story.serve(hand.feed.write());
    story.loses_nothing();
}

#[test]
fn a_state_that_calls_everything_gone_suppresses_nothing() {
    let story = Story::begin();
    let mut hand = story.hand();
    let mut state = hand.next_state();
    state.gone = vec![Range { log: state.log, from: 2, to: MOST }];
    story.serve(hand.feed_with_state(&state.write()).write());
    let ran = bounded(&story.john, &["poll"]).expect(0);
    assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), ("", ""));
    hand.spend_serials();
    story.serve(hand.feed.write());
    story.mary.send(&story.john, "not gone at all");
    assert_eq!(story.john.poll(), ["not gone at all"]);
}

#[test]
fn nonsense_in_a_state_is_refused() {
    let story = Story::begin();
    let mut hand = story.hand();
    let state = hand.next_state();
    let octets = state.write();
    let serial = format!("serial=\"{}\"", state.serial);
    for (old, new, words) in [
        (serial.as_str(), "serial=\"0\"", "is not an integer"),
        (&serial, "serial=\"9007199254740992\"", "is not an integer"),
        (&serial, "serial=\"+7\"", "is not an integer"),
        (
            "<im:padding",
            "<im:floor sequence=\"1\"/><im:floor sequence=\"1\"/><im:padding",
            "stands twice",
        ),
        ("version=\"1\"", "", "has no `version`"),
    ] {
        let changed = octets.replacen(old, new, 1);
        assert_ne!(changed, octets);
        let told = story.receive(hand.feed_with_state(&changed).write()).expect(5);
        assert!(
            told.stderr.contains("the state is refused: ") && told.stderr.contains(words),
            "{}",
            told.stderr
        );
    }
    story.loses_nothing();
}

#[test]
fn two_introductions_with_one_serial_are_a_fork() {
    let story = Story::begin();
    let mut hand = story.hand();
    let mut introduction = hand.introduction();
    introduction.note = Some("the same, otherwise".to_owned());
    let feed = hand.feed_with_introduction(&introduction.write());
    story.tells_once(&feed, 5, "the introduction is refused: there are two with the serial 1");
}

#[test]
fn an_introduction_for_somebody_else_opens_no_log() {
    let story = Story::begin();
    let mut hand = story.hand();
    let eve = hand.stranger().fingerprint();
    let mut introduction = hand.introduction();
    (introduction.serial, introduction.to_fingerprint) = (2, Some(eve.clone()));
    let feed = hand.feed_with_introduction(&introduction.write());
    story.tells_once(
        &feed,
        5,
        "the introduction is refused: the introduction is addressed to somebody else",
    );
    let mut hand = story.hand();
    (introduction.to_fingerprint, introduction.fingerprint) =
        (hand.introduction().to_fingerprint, eve);
    let feed = hand.feed_with_introduction(&introduction.write());
    story.tells_once(&feed, 5, "names another key than the pinned one");
    let mut hand = story.hand();
    let mut introduction = hand.introduction();
    (introduction.serial, introduction.in_reply_to) = (2, Some(OctetsHash::of(b"another")));
    let feed = hand.feed_with_introduction(&introduction.write());
    story.tells_once(&feed, 5, "answers another invitation than ours");
}

#[test]
fn an_introduction_of_a_later_version_is_held() {
    let story = Story::begin();
    let mut hand = story.hand();
    let octets = hand.introduction().write().replace("version=\"1\"", "version=\"2\"");
    let feed = hand.feed_with_introduction(&octets);
    story.tells_once(&feed, 4, "the introduction is held: `introduction` is of version 2");
}

#[test]
fn a_feed_that_moved_to_a_private_address_is_refused_with_a_hint() {
    let story = Story::begin();
    let mut hand = story.hand();
    let mut introduction = hand.introduction();
    introduction.serial = 2;
    introduction.feed = "https://10.0.0.1/f/x.rss".parse().unwrap();
    story.serve(hand.feed_with_introduction(&introduction.write()).write());
    story.john.ok(&["poll"]);
    let refused = story.john.run(&["poll"]).expect(3);
    assert!(refused.stderr.contains("10.0.0.1 is not public (private)"), "{}", refused.stderr);
    assert!(refused.stderr.contains("hint: "), "{}", refused.stderr);
    // The feed still arrives by any other way.
    story.serve(hand.feed.write());
    story.mary.send(&story.john, "after all");
    let feed = std::fs::read(story.mary.pair_feed()).unwrap();
    assert!(story.receive(feed).expect(0).stdout.ends_with("after all\n"));
}

#[test]
fn a_feed_that_names_another_key_is_told_and_the_pinned_one_counts() {
    let story = Story::begin();
    let mut hand = story.hand();
    let eve = hand.stranger().fingerprint();
    let mut feed = hand.feed.clone();
    feed.key.as_mut().unwrap().fingerprint = eve.clone();
    let words = format!(
        "what comes by another key is held: the feed names the key {eve}, not the one that is pinned"
    );
    story.tells_once(&feed, 4, &words);
}
