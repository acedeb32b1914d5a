//! What others say of themselves, and is not so.

use std::fs;

use cloudim::protocol::feed::channel::Channel;
use cloudim::protocol::sealed::introduction::Introduction;
use cloudim::protocol::sealed::item::{Item, Stream};
use cloudim::protocol::sealed::state::{Head, State};
use cloudim::protocol::values::guid::Guid;
use cloudim::protocol::values::hash::OctetsHash;

use crate::common::hand::{Hand, in_hours};
use crate::common::peer::{Peer, befriend, friends, texts, tree};

/// Mary's hand, and John.
fn scene() -> (Peer, Peer, Hand) {
    let (john, mary) = friends();
    mary.send(&john, "hello");
    assert_eq!(john.poll(), ["hello"]);
    let hand = Hand::of(&mary, &john);
    (john, mary, hand)
}

/// Mary's introduction under the next serial.
fn next_introduction(hand: &Hand) -> Introduction {
    let introduction = hand.introduction();
    Introduction { serial: introduction.serial + 1, ..introduction }
}

fn url(text: &str) -> cloudim::protocol::values::url::Url {
    text.parse().unwrap()
}

#[test]
fn who_claims_the_card_of_a_third_person_locks_nobody_out() {
    let (john, eve, mut hand) = scene();
    let mary = Peer::new("Maria", &[]);
    assert!(!john.ok(&["contact", "show", "mary"]).contains("claims"));
    let card = url(&format!("{}card.rss", mary.address()));
    let claim = Introduction { card: Some(card), ..next_introduction(&hand) };
    let feed = hand.feed_with_introduction(&claim.write());
    fs::write(eve.pair_feed(), feed.write()).unwrap();
    assert_eq!(john.poll(), [""; 0]);
    let shown = john.ok(&["contact", "show", "mary"]);
    assert!(shown.contains("card.rss (as it claims)"), "{shown}");
    // The one whose card it is comes in either way.
    let file = mary.file("invitation.rss");
    let path = file.to_str().unwrap();
    mary.ok(&["handshake", "invite", &john.address(), "--output", path]);
    john.ok(&["handshake", "accept", "--input", path]);
    mary.ok(&["poll"]);
    mary.send(&john, "it is me");
    assert_eq!(john.poll(), ["it is me"]);
    john.ok(&["contact", "remove", "maria", "--yes"]);
    john.ok(&["handshake", "invite", &mary.address(), "--output", "-"]);
}

#[test]
fn a_card_that_carries_the_key_is_pinned_and_another_key_for_it_is_not_taken() {
    let (john, mary) = friends();
    let again = john.file("again.rss");
    assert!(!john.ok(&["contact", "show", "mary"]).contains("claims"));
    assert!(!mary.ok(&["contact", "show", "john"]).contains("claims"));
    // Somebody else has her host now.
    let eve = Peer::new("Eve", &[]);
    for file in ["card.rss", "key.asc"] {
        let theirs = fs::read_to_string(eve.home().join("public").join(file)).unwrap();
        let moved = theirs.replace(&eve.address(), &mary.address());
        fs::write(mary.home().join("public").join(file), moved).unwrap();
    }
    let invite = ["handshake", "invite", &mary.address(), "--output", again.to_str().unwrap()];
    assert!(john.fails(&invite, 4).contains("this leads to `mary`"));
}

#[test]
fn an_introduction_by_plain_http_is_refused_whole() {
    for change in [
        |introduction: &mut Introduction| introduction.feed = url("http://mary.example/f/x.rss"),
        |introduction: &mut Introduction| introduction.key = url("http://mary.example/key.asc"),
        |introduction: &mut Introduction| introduction.card = Some(url("http://mary.example/c")),
        |introduction: &mut Introduction| introduction.handshake = Some(url("http://8.8.8.8/p")),
    ] {
        let (john, mary, mut hand) = scene();
        let before = john.ok(&["--format", "json", "contact", "show", "mary"]);
        let mut introduction = next_introduction(&hand);
        change(&mut introduction);
        let feed = hand.feed_with_introduction(&introduction.write());
        fs::write(mary.pair_feed(), feed.write()).unwrap();
        let told = john.fails(&["poll"], 5);
        assert!(told.contains("the introduction is refused"), "{told}");
        assert!(told.contains("is not https"), "{told}");
        assert_eq!(john.ok(&["--format", "json", "contact", "show", "mary"]), before);
    }
}

#[test]
fn an_item_of_another_conversation_is_never_shown_as_one_of_the_pair() {
    let (john, mary, mut hand) = scene();
    let conversation = Guid::new(in_hours(0), &mut hand.rng);
    let item = Item { conversation: Some(conversation), ..hand.item("to the others", 0) };
    fs::write(mary.pair_feed(), hand.feed_with_item(&item).write()).unwrap();
    let polled = john.ok(&["poll", "--peek"]);
    assert!(polled.contains(&format!("  mary in {conversation}  to the others")), "{polled}");
    let row = john.ok(&["--format", "tsv", "poll", "--peek"]);
    assert!(row.contains(&format!("\tmary in {conversation}\t")), "{row}");
    let hook = r#"printf '%s %s' "$IM_CONVERSATION" "$IM_CONTACT" >&2"#;
    assert_eq!(john.run(&["poll", "--exec", hook]).stderr, format!("{conversation} mary"));
    assert!(john.ok(&["read", "mary"]).contains(&format!("mary in {conversation}  to the")));
    john.ok(&["send", "mary", "-m", "hi", "--reply-to", "last"]);
    let history = john.ok(&["--format", "json", "read", "mary"]);
    let lines = history.lines().map(|line| serde_json::from_str(line).unwrap());
    let messages: Vec<serde_json::Value> =
        lines.filter(|it: &serde_json::Value| it["type"] == "message").collect();
    assert_eq!(messages[0]["text"], "hello");
    assert_eq!(messages[2]["reply_to"], messages[0]["guid"]);
}

#[test]
fn the_feed_of_somebody_else_is_refused_and_alarms_nobody() {
    let (john, mary, _) = scene();
    let eve = Peer::new("Eve", &[]);
    befriend(&john, &eve);
    eve.send(&john, "from eve");
    let before = tree(&john.home());
    let refused = john.feed(&["receive", "mary"], fs::read(eve.pair_feed()).unwrap()).expect(1);
    assert!(refused.stderr.contains("not that of `mary`"), "{}", refused.stderr);
    assert!(tree(&john.home()) == before);
    assert!(!john.ok(&["status"]).contains("another key"));
    mary.send(&john, "from mary");
    let received = john.feed(&["receive", "mary"], fs::read(mary.pair_feed()).unwrap()).expect(0);
    assert!(received.stdout.contains("from mary"));
    // Her feed at another place, which she says is hers.
    let mut hand = Hand::of(&mary, &john);
    let moved = url(&format!("{}elsewhere.rss", mary.address()));
    let introduction = Introduction { feed: moved.clone(), ..next_introduction(&hand) };
    let feed = hand.feed_with_introduction(&introduction.write());
    let feed = Channel { self_link: Some(moved), ..feed };
    john.feed(&["receive", "mary"], feed.write()).expect(0);
}

#[test]
fn a_log_of_the_future_is_held_with_all_that_is_in_it() {
    let (john, mary, mut hand) = scene();
    let log = Guid::new(in_hours(48), &mut hand.rng);
    let introduction = Introduction { log, serial: 1, ..hand.introduction() };
    let stream = Some(Stream { log, sequence: 1, previous: None });
    let item = Item { stream, ..hand.item("tomorrow's log", 0) };
    let head = Some(Head { sequence: 1, hash: OctetsHash::of(item.write().as_bytes()) });
    let state = State { log, serial: 1, head, floor: Some(1), ..hand.next_state() };
    let sealed = Some(hand.seal(&state.write()));
    let introduced = Some(hand.seal(&introduction.write()));
    let feed = Channel { introduction: introduced, state: sealed, ..hand.feed_with_item(&item) };
    fs::write(mary.pair_feed(), feed.write()).unwrap();
    let told = john.run(&["--format", "json", "poll"]).expect(4);
    assert_eq!(texts(&told.stdout), [""; 0]);
    for what in ["the introduction", "the state", &format!("item {}", item.guid)] {
        let words = format!("{what} is held: its log is of the future");
        assert!(told.stderr.contains(&words), "{}", told.stderr);
    }
    assert!(!told.stdout.contains("integrity"), "{}", told.stdout);
    let again = john.run(&["poll"]).expect(0);
    assert_eq!((again.stdout.as_str(), again.stderr.as_str()), ("", ""));
    let later = john.at(&in_hours(25).to_string(), &["--format", "json", "poll"], "").expect(0);
    assert_eq!(texts(&later.stdout), ["tomorrow's log"]);
}

#[test]
fn an_invitation_with_a_log_of_the_future_is_refused_and_so_is_one_by_plain_http() {
    let (john, mary) = (Peer::john(), Peer::mary());
    let file = mary.file("invitation.rss");
    let path = file.to_str().unwrap();
    mary.at(
        &in_hours(48).to_string(),
        &["handshake", "invite", &john.address(), "--output", path],
        "",
    )
    .expect(0);
    let refused = john.fails(&["handshake", "accept", "--input", path], 4);
    assert!(refused.contains("future"), "{refused}");
    john.at(&in_hours(26).to_string(), &["handshake", "accept", "--input", path], "").expect(0);
}

#[test]
fn whoever_has_written_something_that_nobody_read_is_not_removed_unasked() {
    let (john, mary, _) = scene();
    mary.send(&john, "read this first");
    john.ok(&["poll", "--peek"]);
    let refused = john.fails(&["contact", "remove", "mary"], 1);
    assert!(refused.contains("with 1 message that you have not read"), "{refused}");
    assert!(refused.contains("--yes"), "{refused}");
    assert_eq!(john.poll(), ["read this first"]);
    let refused = john.fails(&["contact", "remove", "mary"], 1);
    assert!(!refused.contains("not read"), "{refused}");
    mary.send(&john, "one more");
    mary.send(&john, "and another");
    john.ok(&["poll", "--peek"]);
    let removed = john.run(&["contact", "remove", "mary", "--yes"]).expect(0);
    assert!(
        removed.stderr.contains("with 2 messages that you have not read"),
        "{}",
        removed.stderr
    );
}
