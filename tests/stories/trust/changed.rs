//! A contact's key changes without proof: what comes by it is held until the user decides, and
//! nothing is lost.

use std::fs;

use cloudim::openpgp::SecretKey;
use cloudim::protocol::feed::channel::{FeedItem, KeyElement};
use cloudim::protocol::sealed::introduction::Introduction;
use cloudim::protocol::sealed::state::{Head, State};
use cloudim::protocol::values::hash::{Hash, OctetsHash};
use serde_json::Value;

use super::trust_lines;
use crate::common::hand::Hand;
use crate::common::peer::{Peer, friends, texts};

/// Lets another key write on in Mary's log to John, as if she had made a new one: `text` is the next
/// item. Returns the key.
pub fn write_by_another(mary: &Peer, john: &Peer, text: &str) -> SecretKey {
    let mut hand = Hand::of(mary, john);
    let key = hand.stranger();
    let fingerprint = key.fingerprint();
    let armored = key.certificate().to_armored();
    fs::write(mary.home().join("public/new.asc"), &armored).unwrap();
    let url: cloudim::protocol::values::url::Url =
        format!("{}new.asc", mary.address()).parse().unwrap();
    let before = hand.introduction();
    let introduction = Introduction {
        serial: before.serial + 1,
        fingerprint: fingerprint.clone(),
        key: url.clone(),
        ..before
    };
    let item = hand.item(text, 0);
    let (octets, sequence) = (item.write(), item.stream.as_ref().unwrap().sequence);
    let state = hand.next_state();
    let floor = state.floor.or(Some(sequence));
    let head = Some(Head { sequence, hash: OctetsHash::of(octets.as_bytes()) });
    let state = State { head, floor, ..state };
    let sealed = FeedItem::sealed(item.guid, hand.seal_by(&key, &octets));
    let mut feed = hand.feed_with([sealed]);
    feed.introduction = Some(hand.seal_by(&key, &introduction.write()));
    feed.state = Some(hand.seal_by(&key, &state.write()));
    feed.key = Some(KeyElement { fingerprint, hash: Some(Hash::of(armored.as_bytes())), url });
    fs::write(mary.pair_feed(), feed.write()).unwrap();
    key
}

fn status(peer: &Peer) -> Value {
    serde_json::from_str(&peer.ok(&["--format", "json", "status"])).unwrap()
}

#[test]
fn what_comes_by_a_key_without_proof_is_held_until_the_user_decides() {
    let (john, mary) = friends();
    mary.send(&john, "read by my old key");
    assert_eq!(john.poll(), ["read by my old key"]);
    mary.send(&john, "unread by my old key");
    let new = write_by_another(&mary, &john, "by my new key").fingerprint();

    let held = john.run(&["--format", "json", "poll"]).expect(4);
    assert_eq!(texts(&held.stdout), ["unread by my old key"], "that key is still good");
    let named = format!("the feed names the key {new}, not the one that is pinned");
    assert_eq!(trust_lines(&held), [format!("what comes by another key is held: {named}")]);
    let again = john.run(&["--format", "json", "poll"]).expect(0);
    assert_eq!((again.stdout.as_str(), again.stderr.as_str()), ("", ""), "told once");
    let shown = john.ok(&["status"]);
    assert!(shown.contains("its feed names another key") && shown.contains("held"), "{shown}");
    assert_eq!(status(&john)["offered"], new.as_str());
    let overview = john.ok(&[]);
    assert!(overview.starts_with("the feed of `mary` names another key: "), "{overview}");

    let asked = john.run(&["contact", "trust", "mary"]).expect(4);
    assert!(asked.stdout.contains(&format!("offered\t{}", new.grouped())), "{}", asked.stdout);
    for hint in ["cloudim contact trust mary FINGERPRINT", "cloudim contact trust mary --reject"] {
        assert!(asked.stderr.contains(hint), "{}", asked.stderr);
    }
    let json = john.run(&["--format", "json", "contact", "trust", "mary"]).expect(4).stdout;
    assert_eq!(serde_json::from_str::<Value>(&json).unwrap()["offered"], new.as_str());
    let pinned = john.ok(&["contact", "list"]).split('\t').nth(2).unwrap().to_owned();
    let refused = john.fails(&["contact", "trust", "mary", &pinned], 4);
    assert!(refused.contains("another key than that, which is pinned"), "{refused}");
    let refused = john.fails(&["contact", "trust", "mary", &"0".repeat(40)], 4);
    assert!(refused.contains("another key than you were told of"), "{refused}");
    assert_eq!(john.poll(), [""; 0]);

    john.ok(&["contact", "trust", "mary", &new.grouped()]);
    assert!(john.ok(&["contact", "list"]).contains(&format!("mary\tverified\t{new}")));
    assert_eq!(john.poll(), ["by my new key"]);
    assert_eq!(john.ok(&["status"]), "mary ✓\tall well\n");
    let nothing = john.run(&["contact", "trust", "mary"]).expect(0).stderr;
    assert!(nothing.contains("nothing to decide"), "{nothing}");
}

#[test]
fn who_decides_before_looking_loses_nothing_of_either_key() {
    let (john, mary) = friends();
    mary.send(&john, "by my old key");
    let new = write_by_another(&mary, &john, "by my new key").fingerprint();
    john.ok(&["contact", "trust", "mary", new.as_str()]);
    assert_eq!(john.poll(), ["by my old key", "by my new key"]);
    // What John wrote and the old key never read is for the new one now.
    let sent = john.send(&mary, "to the new key");
    let read = john.ok(&["read", &sent]);
    assert_eq!(read, "to the new key");
}

#[test]
fn whoever_dies_while_pinning_has_pinned_nothing_yet() {
    let (john, mary) = friends();
    let new = write_by_another(&mary, &john, "by my new key").fingerprint();
    let folder = john.home().join("contacts/mary");
    let before: Vec<_> = ["contact.toml", "octets/introduction.1.xml"]
        .map(|name| folder.join(name))
        .into_iter()
        .filter_map(|path| fs::read(&path).ok().map(|bytes| (path, bytes)))
        .collect();
    john.ok(&["contact", "trust", "mary", new.as_str()]);
    // The certificate is written first. The introduction that counts stays until another does.
    for (path, bytes) in before {
        fs::write(path, bytes).unwrap();
    }
    let held = john.run(&["--format", "json", "poll"]).expect(4);
    assert!(texts(&held.stdout).is_empty() && !trust_lines(&held).is_empty(), "{held:?}");
    john.send(&mary, "for the pinned key");
    john.ok(&["contact", "trust", "mary", new.as_str()]);
    assert_eq!(john.poll(), ["by my new key"]);
}

#[test]
fn under_a_strict_policy_a_new_key_must_be_compared() {
    let (john, mary) = friends();
    john.set("trust", "\"verified\"");
    let new = write_by_another(&mary, &john, "by my new key").fingerprint();
    let refused = john.fails(&["contact", "trust", "mary", "--yes"], 4);
    assert!(refused.contains("another key, which must be compared"), "{refused}");
    assert!(john.ok(&["contact", "list"]).contains("first-use"));
    john.ok(&["contact", "trust", "mary", new.as_str()]);
    assert_eq!(john.poll(), ["by my new key"]);
}

#[test]
fn a_rejected_key_is_dropped_and_not_told_of_again() {
    let (john, mary) = friends();
    mary.send(&john, "one");
    john.poll();
    let honest = fs::read(mary.pair_feed()).unwrap();
    let eve = write_by_another(&mary, &john, "by Eve").fingerprint();
    john.run(&["poll"]).expect(4);
    assert!(john.ok(&["status"]).contains("held"), "it is dropped only by decision");
    let said = john.run(&["contact", "trust", "mary", "--reject"]).expect(0).stderr;
    assert!(said.contains(&format!("the key {} is rejected", eve.grouped())), "{said}");
    assert_eq!(john.ok(&["status"]), "mary\tall well\n");
    // Neither the same feed nor one that is judged anew brings it back.
    john.ok(&["key", "rotate"]);
    for _ in 0..2 {
        let polled = john.run(&["poll"]).expect(0);
        assert_eq!((polled.stdout.as_str(), polled.stderr.as_str()), ("", ""));
    }
    for args in [&["contact", "trust", "mary"][..], &["contact", "trust", "mary", "--yes"]] {
        let refused = john.fails(args, 4);
        assert!(refused.contains("`mary` offers a key that you have rejected"), "{refused}");
    }
    fs::write(mary.pair_feed(), honest).unwrap();
    mary.send(&john, "two");
    assert_eq!(john.poll(), ["two"]);
    let nothing = john.run(&["contact", "trust", "mary", "--reject"]).expect(0).stderr;
    assert!(nothing.contains("there is nothing to reject"), "{nothing}");
}

#[test]
fn even_what_was_rejected_comes_once_the_user_has_compared() {
    let (john, mary) = friends();
    let new = write_by_another(&mary, &john, "it was me after all").fingerprint();
    john.run(&["poll"]).expect(4);
    john.ok(&["contact", "trust", "mary", "--reject"]);
    john.ok(&["contact", "trust", "mary", new.as_str()]);
    assert_eq!(john.poll(), ["it was me after all"]);
}

#[test]
fn a_key_that_was_replaced_and_restored_is_told_of_both_times() {
    let (john, mary) = friends();
    mary.send(&john, "before");
    john.poll();
    let honest = fs::read(mary.pair_feed()).unwrap();
    write_by_another(&mary, &john, "by Eve");
    john.run(&["poll"]).expect(4);
    fs::write(mary.pair_feed(), honest).unwrap();
    mary.send(&john, "after");
    let healed = john.run(&["--format", "json", "poll"]).expect(0);
    assert_eq!(texts(&healed.stdout), ["after"]);
    assert_eq!(trust_lines(&healed), ["the feed names the pinned key again"]);
    assert!(healed.stderr.contains("mary: the feed names the pinned key again"), "{healed:?}");
    assert_eq!(john.ok(&["status"]), "mary\tall well\n", "nothing is held any more");
}
