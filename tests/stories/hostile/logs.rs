//! Logs that were forked, have gaps, or are old copies: what is proof is told at once, what may be
//! a slow host only after a while, and that it healed as well.

use std::fs;

use cloudim::protocol::feed::channel::FeedItem;
use cloudim::protocol::sealed::item::Item;
use cloudim::protocol::values::hash::OctetsHash;

use super::story::Story;
use crate::common::hand::in_hours;
use crate::common::peer::{Peer, texts};
use crate::common::static_host::Behaviour;

/// What was found to be wrong, in lines of JSON.
fn integrity(json: &str) -> Vec<serde_json::Value> {
    let lines = json.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    lines.filter(|line| line["type"] == "integrity").collect()
}

#[test]
fn two_authentic_items_at_one_sequence_are_both_shown_and_told_once() {
    let story = Story::begin();
    let mut hand = story.hand();
    let (one, other) = (hand.item("one", 0), hand.item("the other", 0));
    let sealed = [hand.sealed(&one), hand.sealed(&other)];
    story.serve(hand.feed_with(sealed).write());
    let told = story.john.run(&["--format", "json", "poll"]).expect(5);
    assert_eq!(texts(&told.stdout), ["one", "the other"]);
    let sequence = one.stream.as_ref().unwrap().sequence;
    let words = format!("mary: the log is forked: there are two messages at sequence {sequence}");
    assert_eq!(told.stderr, format!("warning: {words}\n"));
    let found = integrity(&told.stdout);
    assert_eq!((found.len(), &found[0]["kind"]), (1, &"fork".into()), "{}", told.stdout);
    assert_eq!(found[0]["sequences"], serde_json::json!([sequence]));
    assert_eq!(found[0]["log"], one.stream.as_ref().unwrap().log.to_string());
    assert_eq!(found[0]["hashes"].as_array().unwrap().len(), 2);
    let again = story.receive(fs::read(story.mary.pair_feed()).unwrap()).expect(0);
    assert_eq!((again.stdout.as_str(), again.stderr.as_str()), ("", ""));
    assert_eq!(
        texts(&story.john.ok(&["--format", "json", "read", "mary"])),
        ["hello", "one", "the other"]
    );
}

#[test]
fn a_second_item_at_a_sequence_that_was_read_long_ago_is_shown_and_told() {
    let story = Story::begin();
    let mut hand = story.hand();
    assert_eq!(hand.contact.ours.sequence(), 1);
    hand.contact.ours.head = None;
    let other = hand.item("hello, said otherwise", 0);
    let feed = hand.feed_with_item(&other);
    story.tells_once_printing(&feed, 5, "two messages at sequence 1", &["hello, said otherwise"]);
}

#[test]
fn a_wrong_previous_is_told_once() {
    let story = Story::begin();
    let mut hand = story.hand();
    let mut item = hand.item("after what?", 0);
    item.stream.as_mut().unwrap().previous = Some(OctetsHash::of(b"something else"));
    story.serve(hand.feed_with_item(&item).write());
    let told = story.john.run(&["--format", "json", "poll"]).expect(5);
    assert_eq!(texts(&told.stdout), ["after what?"]);
    let words = "warning: mary: the log is forked: sequence 2 does not fit its neighbours\n";
    assert_eq!(told.stderr, words);
    assert_eq!(story.receive(hand.feed_with_item(&item).write()).expect(0).stderr, "");
}

/// Status, new messages and talk of a poll so many hours from now.
fn poll_in(john: &Peer, hours: i64) -> (i32, Vec<String>, String) {
    let ran = john.at(&in_hours(hours).to_string(), &["--format", "json", "poll"], "");
    (ran.status, texts(&ran.stdout), ran.stderr)
}

fn silent() -> (i32, Vec<String>, String) {
    (0, vec![], String::new())
}

#[test]
fn a_gap_is_told_after_the_grace_and_once_and_so_is_its_healing() {
    let story = Story::begin();
    for text in ["two", "three"] {
        story.mary.send(&story.john, text);
    }
    let hand = story.hand();
    let mut gap = hand.feed.clone();
    let missing = gap.items.remove(1);
    story.serve(gap.write());
    assert_eq!(poll_in(&story.john, 0), (0, vec!["three".to_owned()], String::new()));
    assert_eq!(poll_in(&story.john, 0), silent(), "within the grace");
    let (status, new, talk) = poll_in(&story.john, 2);
    assert_eq!((status, new.len()), (5, 0), "{talk}");
    let words = "mary: messages are missing: sequence 2; here up to sequence 1, written up to 3";
    assert_eq!(talk, format!("warning: {words}\n"));
    assert_eq!(poll_in(&story.john, 3), silent(), "told once");
    let status = story.john.ok(&["status"]);
    assert!(
        status.contains("behind since") && status.contains("(missing: sequence 2)"),
        "{status}"
    );
    assert_eq!(gap.items.len() + 1, hand.feed.items.len(), "{missing:?}");
    story.serve(hand.feed.write());
    let (status, new, talk) = poll_in(&story.john, 4);
    assert_eq!((status, new), (0, vec!["two".to_owned()]));
    assert_eq!(talk, "mary: the feed is whole again: nothing is missing\n");
    assert_eq!(poll_in(&story.john, 5), silent());
}

#[test]
fn a_gap_that_closes_within_the_grace_is_not_told() {
    let story = Story::begin();
    for text in ["two", "three"] {
        story.mary.send(&story.john, text);
    }
    let hand = story.hand();
    let mut gap = hand.feed.clone();
    gap.items.remove(1);
    story.serve(gap.write());
    assert_eq!(poll_in(&story.john, 0).1, ["three"]);
    story.serve(hand.feed.write());
    assert_eq!(poll_in(&story.john, 2), (0, vec!["two".to_owned()], String::new()));
    story.loses_nothing();
}

#[test]
fn a_stale_copy_keeps_what_is_here_and_is_told_only_if_it_lasts() {
    let story = Story::begin();
    story.mary.host.set(Behaviour::Stale);
    story.mary.send(&story.john, "newer");
    let newer = fs::read(story.mary.pair_feed()).unwrap();
    let received = story.receive(newer).expect(0);
    assert!(received.stdout.ends_with("newer\n"), "{}", received.stdout);
    assert_eq!(poll_in(&story.john, 0), silent(), "a cache may be slow");
    let seen = story.mary.host.seen();
    assert!(seen.last().unwrap().head.to_lowercase().contains("cache-control: no-cache"));
    assert!(story.john.ok(&["status"]).contains("behind since"));
    let (status, new, talk) = poll_in(&story.john, 2);
    assert_eq!((status, new.len()), (5, 0), "{talk}");
    assert_eq!(talk, "warning: mary: the feed is an old copy: it was newer before\n");
    assert_eq!(poll_in(&story.john, 3), silent(), "told once");
    story.mary.host.set(Behaviour::Normal);
    let (status, _, talk) = poll_in(&story.john, 4);
    assert_eq!((status, talk.as_str()), (0, "mary: the feed is whole again: nothing is missing\n"));
    let history = texts(&story.john.ok(&["--format", "json", "read", "mary"]));
    assert_eq!(history, ["hello", "newer"], "nothing was taken back");
    story.loses_nothing();
}

#[test]
fn a_feed_that_lost_its_state_is_an_old_copy() {
    let story = Story::begin();
    let hand = story.hand();
    let without = cloudim::protocol::feed::channel::Channel { state: None, ..hand.feed.clone() };
    story.serve(without.write());
    assert_eq!(poll_in(&story.john, 0), silent());
    assert_eq!(poll_in(&story.john, 2).0, 5);
    story.serve(hand.feed.write());
    assert_eq!(poll_in(&story.john, 3).0, 0);
    story.loses_nothing();
}

#[test]
fn an_item_far_beyond_the_head_costs_neither_time_nor_memory() {
    let story = Story::begin();
    let mut hand = story.hand();
    let item: Item = hand.item("from the end of days", (1 << 53) - 3);
    story.serve(hand.feed_with_item(&item).write());
    let ran = super::story::bounded(&story.john, &["--format", "json", "poll"]).expect(0);
    assert_eq!(texts(&ran.stdout), ["from the end of days"]);
    story.serve(hand.feed.write());
    story.loses_nothing();
}

#[test]
fn a_fork_stands_in_status_and_is_one_line_however_often_it_shows() {
    let story = Story::begin();
    let mut hand = story.hand();
    let (one, other) = (hand.item("one", 0), hand.item("the other", 0));
    let sealed = [hand.sealed(&one), hand.sealed(&other)];
    let forked = hand.feed_with(sealed);
    story.serve(forked.write());
    assert_eq!(story.john.run(&["poll"]).expect(5).stderr.lines().count(), 1);
    hand.feed = forked;
    let third = hand.item("a third", 0);
    let feed = hand.feed_with_item(&third);
    story.serve(feed.write());
    let again = story.john.run(&["poll"]).expect(0);
    assert!(again.stdout.ends_with("a third\n") && again.stderr.is_empty(), "{again:?}");
    let status = story.john.ok(&["status"]);
    assert!(status.contains("its log is forked at sequence 2 since 20"), "{status}");
    assert!(story.john.ok(&[]).contains("the log of `mary` is forked: cloudim status mary\n"));
    let json: serde_json::Value =
        serde_json::from_str(&story.john.ok(&["--format", "json", "status", "mary"])).unwrap();
    assert_eq!(json["forks"][0]["sequences"], serde_json::json!([2]));
    assert_eq!(json["forks"][0]["hashes"].as_array().unwrap().len(), 3);
    // It goes only if the user names whose it is, and is noted from then on.
    let told = story.john.run(&["check", "--repair"]).expect(5).stdout;
    assert!(told.contains("wrong\tmary\tits log is forked at sequence 2: "), "{told}");
    assert!(told.contains("once that is clear: cloudim check mary --repair\n"), "{told}");
    let told = story.john.ok(&["check", "mary", "--repair"]);
    assert!(told.contains("note\tmary\tthe fork of its log counts as seen\n"), "{told}");
    assert!(told.contains("note\tmary\tits log was forked at sequence 2; "), "{told}");
    assert!(!story.john.ok(&["status"]).contains("forked"));
    story.john.run(&["poll"]).expect(0);
    assert!(!story.john.ok(&["status"]).contains("forked"), "it is told once");
}

#[test]
fn what_is_told_is_of_a_kind_and_says_where() {
    let story = Story::begin();
    for text in ["two", "three"] {
        story.mary.send(&story.john, text);
    }
    let hand = story.hand();
    let (mut gap, mut withheld) = (hand.feed.clone(), hand.feed.clone());
    let log = hand.contact.ours.log.to_string();
    withheld.items.remove(0);
    gap.items.remove(1);
    let told = |hours: i64| {
        let ran = story.john.at(&in_hours(hours).to_string(), &["--format", "json", "poll"], "");
        integrity(&ran.stdout)
    };
    let expect = |found: &[serde_json::Value], kind: &str, sequences: serde_json::Value| {
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!((&found[0]["kind"], &found[0]["sequences"]), (&kind.into(), &sequences));
        assert_eq!(found[0]["log"], log);
        assert_eq!(found[0]["hashes"].as_array().unwrap().len(), 1);
    };
    story.serve(withheld.write());
    assert!(told(0).is_empty());
    expect(&told(2), "withheld", serde_json::json!([3]));
    story.serve(hand.feed.write());
    let healed = told(3);
    expect(&healed, "withheld", serde_json::json!([3]));
    assert_eq!(healed[0]["healed"], true);
    story.loses_nothing();

    let story = Story::begin();
    let old = story.hand().feed.write();
    story.mary.send(&story.john, "newer");
    assert_eq!(story.john.poll(), ["newer"]);
    story.serve(old);
    let told = |hours: i64| {
        let ran = story.john.at(&in_hours(hours).to_string(), &["--format", "json", "poll"], "");
        integrity(&ran.stdout)
    };
    assert!(told(0).is_empty());
    assert_eq!(told(2)[0]["kind"], "rollback");
}

#[test]
fn a_refused_state_stands_in_status_until_another_is_in_force() {
    let story = Story::begin();
    let mut hand = story.hand();
    let mut feed = hand.feed.clone();
    feed.state = Some(hand.seal("<x/>"));
    story.serve(feed.write());
    let told = story.john.run(&["--format", "json", "poll"]).expect(5);
    assert_eq!(integrity(&told.stdout)[0]["kind"], "refused");
    for _ in 0..2 {
        assert_eq!(story.john.run(&["poll"]).expect(0).stderr, "");
        let status = story.john.ok(&["status"]);
        assert!(status.contains("its state is refused since 20"), "{status}");
        assert!(status.contains("(the root element is `x`, not `state`)"), "{status}");
    }
    assert!(story.john.ok(&[]).contains("the state of `mary` is refused: cloudim status mary\n"));
    story.serve(hand.feed.write());
    let healed = story.john.run(&["--format", "json", "poll"]).expect(0);
    assert_eq!(healed.stderr, "mary: the state is as it should be again\n");
    assert_eq!(integrity(&healed.stdout)[0]["healed"], true);
    assert!(!story.john.ok(&["status"]).contains("refused"));
    story.loses_nothing();
}

#[test]
fn nothing_is_told_again_because_a_key_changed() {
    let story = Story::begin();
    let mut hand = story.hand();
    let eve = hand.stranger();
    let (garbage, by_eve) = (hand.item("garbage", 0), hand.item("by eve", 1));
    let broken = FeedItem::sealed(garbage.guid, "-----BEGIN PGP MESSAGE-----".to_owned());
    let held = FeedItem::sealed(by_eve.guid, hand.seal_by(&eve, &by_eve.write()));
    let mut feed = hand.feed_with([broken, held]);
    feed.state = Some(hand.seal("<x/>"));
    story.serve(feed.write());
    let told = story.john.run(&["poll"]).expect(5).stderr;
    assert_eq!(told.lines().count(), 3, "{told}");
    for _ in 0..2 {
        story.john.ok(&["key", "rotate"]);
        let again = story.receive(feed.write());
        assert_eq!((again.status, again.stderr.as_str()), (0, ""));
    }
    let status = story.john.ok(&["status"]);
    assert!(status.contains("1 held") && status.contains("its state is refused"), "{status}");
}
