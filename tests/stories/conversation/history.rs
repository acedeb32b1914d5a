//! The text of old messages leaves the disk of who wants that, and nothing else does.

use std::fs;

use serde_json::Value;

use crate::common::peer::{Peer, friends, in_hours, texts, tree};

const QUARTER: i64 = 90 * 24;

/// The messages among the lines of `messages.jsonl`.
fn messages(peer: &Peer, of: &str) -> Vec<Value> {
    let path = peer.home().join("contacts").join(of).join("messages.jsonl");
    let lines = fs::read_to_string(path).unwrap();
    let lines = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    lines.filter(|line| line["type"] == "message").collect()
}

/// Whether `text` lies anywhere on the disk of `peer`, as it was given.
fn is_on_disk(peer: &Peer, text: &str) -> bool {
    tree(&peer.home()).values().any(|bytes| bytes.windows(text.len()).any(|w| w == text.as_bytes()))
}

/// Three messages from John and two from Mary, all of them delivered and acknowledged, and with a
/// week in between so that all but the heads have left the feeds.
fn talked() -> (Peer, Peer) {
    let (john, mary) = friends();
    for text in ["the first secret", "the second secret", "the third secret"] {
        john.send(&mary, text);
        mary.poll();
    }
    for text in ["an answer", "the last answer"] {
        mary.send(&john, text);
        john.poll();
    }
    mary.poll();
    for peer in [&john, &mary] {
        peer.at(&in_hours(8 * 24), &["poll"], "").expect(0);
    }
    (john, mary)
}

#[test]
fn old_text_leaves_the_disk_and_all_else_stays() {
    let (john, mary) = talked();
    mary.at(&in_hours(QUARTER + 1), &["poll"], "").expect(0);
    assert!(is_on_disk(&mary, "the first secret"), "by default for good");
    mary.set("history", "\"90d\"");
    mary.at(&in_hours(QUARTER - 1), &["poll"], "").expect(0);
    assert_eq!(texts(&mary.ok(&["--format", "json", "read", "john"])).len(), 5);

    let before = messages(&mary, "john");
    let ran = mary.at(&in_hours(QUARTER + 24), &["poll"], "").expect(0);
    assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), ("", ""));
    for text in ["the first secret", "the second secret", "the third secret", "an answer"] {
        assert!(!is_on_disk(&mary, text), "{text}");
    }
    // The newest is in the feed yet, and may have to be sealed again.
    assert_eq!(texts(&mary.ok(&["--format", "json", "read", "john"])), ["the last answer"]);
    let after = messages(&mary, "john");
    assert_eq!(before.len(), after.len());
    for (mut before, after) in before.into_iter().zip(after) {
        if after["trimmed"] == true {
            (before["text"], before["trimmed"]) = ("".into(), true.into());
        }
        assert_eq!(before, after);
    }

    // Nothing comes twice, and what comes is in its place.
    let later = in_hours(QUARTER + 25);
    let polled = |peer: &Peer| {
        let ran = peer.at(&later, &["--format", "json", "poll"], "").expect(0);
        assert_eq!(ran.stderr, "");
        texts(&ran.stdout)
    };
    john.at(&later, &["send", "mary", "-m", "still there?"], "").expect(0);
    assert_eq!(polled(&mary), ["still there?"]);
    mary.at(&later, &["send", "john", "-m", "always"], "").expect(0);
    assert_eq!(polled(&john), ["always"]);
    assert_eq!(polled(&mary), [""; 0]);
    for (peer, of) in [(&mary, "john"), (&john, "mary")] {
        assert_eq!(peer.at(&later, &["status"], "").stdout, format!("{of}\tall well\n"));
    }
}

#[test]
fn a_message_without_its_text_is_named_for_what_it_is() {
    let (_john, mary) = talked();
    let guid = messages(&mary, "john")[3]["guid"].as_str().unwrap().to_owned();
    assert_eq!(mary.ok(&["read", &guid]), "an answer");
    mary.set("history", "\"90d\"");
    let later = in_hours(QUARTER + 24);
    mary.at(&later, &["poll"], "").expect(0);
    let told = mary.fails(&["read", &guid], 1);
    assert!(told.contains("is here no more") && told.contains("history"), "{told}");
    // Whether it is the same again cannot be seen, so that it is not said.
    let again = ["send", "john", "--guid", &guid, "-m", "an answer"];
    let told = mary.at(&later, &again, "").expect(1).stderr;
    assert!(told.contains("its text is here no more"), "{told}");
    mary.at(&later, &["send", "john", "--reply-to", "last", "-m", "on that"], "").expect(0);
}

#[test]
fn what_is_undelivered_unacknowledged_or_offered_keeps_its_text() {
    let (john, mary) = friends();
    john.send(&mary, "delivered");
    mary.poll();
    john.send(&mary, "looked at");
    mary.ok(&["poll", "--peek"]);
    mary.send(&john, "never fetched");
    mary.set("history", "\"1d\"");
    john.set("history", "\"1d\"");
    let later = in_hours(100 * 24);
    let peeked = mary.at(&later, &["--format", "json", "poll", "--peek"], "").expect(0);
    assert_eq!(texts(&peeked.stdout), ["looked at"]);
    let kept = texts(&mary.ok(&["--format", "json", "read", "john"]));
    assert_eq!(kept, ["looked at", "never fetched"]);
    let delivered = mary.at(&later, &["--format", "json", "poll"], "").expect(0);
    assert_eq!(texts(&delivered.stdout), ["looked at"]);

    let polled = john.at(&later, &["--format", "json", "poll"], "").expect(0);
    assert_eq!(texts(&polled.stdout), ["never fetched"]);
    let at_johns = texts(&john.ok(&["--format", "json", "read", "mary"]));
    assert_eq!(at_johns, ["looked at", "never fetched"], "the head of his feed, and what came now");
}

#[test]
fn what_the_hook_did_not_take_waits_with_its_text() {
    let (john, mary) = friends();
    let log = mary.file("log");
    let hook = format!("cat >> '{}'; echo >> '{}'", log.display(), log.display());
    let taken = || fs::read_to_string(&log).unwrap_or_default();
    john.send(&mary, "one");
    mary.ok(&["poll", "--exec", &hook]);
    john.send(&mary, "two");
    mary.run(&["poll", "--exec", "false"]).expect(1);
    // That stdout had it is no reason: the hook is to have it as well.
    mary.ok(&["poll"]);
    mary.set("history", "\"1d\"");
    mary.at(&in_hours(72), &["poll", "--exec", "false"], "").expect(1);
    assert_eq!(texts(&mary.ok(&["--format", "json", "read", "john"])), ["two"]);
    mary.at(&in_hours(96), &["poll", "--exec", &hook, "--retry"], "").expect(0);
    assert_eq!(taken(), "one\ntwo\n");
    mary.at(&in_hours(144), &["poll", "--exec", &hook], "").expect(0);
    assert_eq!((taken().as_str(), mary.ok(&["read", "john"]).as_str()), ("one\ntwo\n", ""));
}

#[test]
fn a_cursor_that_lags_passes_over_what_has_no_text() {
    let (john, mary) = friends();
    for text in ["one", "two"] {
        john.send(&mary, text);
    }
    mary.ok(&["poll", "--exec", "true"]);
    mary.set("history", "\"1d\"");
    mary.at(&in_hours(48), &["poll", "--exec", "true"], "").expect(0);
    john.send(&mary, "three");
    // stdout has had none of them: the hook had them, and two are here no more.
    assert_eq!(mary.poll(), ["three"]);
    assert_eq!(mary.poll(), [""; 0]);
}

#[test]
fn trimming_goes_on_when_the_settings_change_and_listens_to_no_nonsense() {
    let (john, mary) = friends();
    john.send(&mary, "hello");
    mary.poll();
    mary.set("history", "\"30d\"");
    mary.at(&in_hours(10 * 24), &["poll"], "").expect(0);
    assert_eq!(texts(&mary.ok(&["--format", "json", "read"])), ["hello"]);
    mary.set("history", "\"7d\"");
    mary.at(&in_hours(10 * 24), &["poll", "john"], "").expect(0);
    assert_eq!(texts(&mary.ok(&["--format", "json", "read"])), [""; 0]);
    mary.set("history", "\"for ever\"");
    assert!(mary.fails(&["poll"], 1).contains("history"));
}
