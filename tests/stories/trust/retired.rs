//! A signing key that its owner gave up, and that somebody else may have.

use std::fs;

use cloudim::protocol::feed::channel::FeedItem;
use pgp::packet::RevocationCode;

use super::doctor;
use crate::common::hand::{Hand, in_hours};
use crate::common::peer::{Peer, friends, texts};

const DAY: i64 = 24;

/// John and Mary, who signs with a subkey, of which John knows.
fn with_signing_subkey() -> (Peer, Peer) {
    let (john, mary) = friends();
    doctor::add_signing_subkey(&mary);
    mary.send(&john, "by my subkey");
    assert_eq!(john.poll(), ["by my subkey"]);
    (john, mary)
}

#[test]
fn what_a_compromised_subkey_signed_before_is_refused_and_history_stays() {
    let (john, mary) = with_signing_subkey();
    let unread = mary.send(&john, "or by a thief?");
    doctor::revoke(&mary, true, RevocationCode::KeyCompromised, in_hours(0));
    let told = john.run(&["poll"]).expect(4);
    let words = format!(
        "item {unread} is refused: the signature does not count: the signing subkey is revoked"
    );
    assert!(told.stderr.contains(&words) && told.stdout.is_empty(), "{told:?}");
    let again = john.run(&["poll"]).expect(0);
    assert_eq!((again.stdout.as_str(), again.stderr.as_str()), ("", ""), "told once");
    assert!(john.ok(&["read", "mary"]).ends_with("  mary  by my subkey\n"));
    // The key itself is as good as ever.
    mary.send(&john, "by my primary key");
    assert_eq!(john.poll(), ["by my primary key"]);
    john.send(&mary, "I see");
    assert_eq!(mary.poll(), ["I see"]);
}

#[test]
fn nobody_backdates_with_a_retired_subkey() {
    let (john, mary) = with_signing_subkey();
    let mut thief = Hand::of(&mary, &john);
    let eight = in_hours(8 * DAY).to_string();
    doctor::revoke(&mary, true, RevocationCode::KeyRetired, in_hours(7 * DAY));
    mary.at(&eight, &["send", "john", "-m", "by my primary key"], "").expect(0);
    let poll = || john.at(&eight, &["--format", "json", "poll"], "");
    assert_eq!(texts(&poll().expect(0).stdout), ["by my primary key"]);

    // The thief goes on above what Mary wrote.
    thief.feed = Hand::of(&mary, &john).feed;
    for (days, words) in [
        (6, "is held: it was signed at "),
        (8, "is refused: the signature does not count: the signing subkey is revoked"),
    ] {
        let item = thief.item(&format!("signed on day {days}"), 1);
        let sealed = thief.seal_at(&item.write(), in_hours(days * DAY));
        let honest = fs::read(mary.pair_feed()).unwrap();
        let feed = thief.feed_with([FeedItem::sealed(item.guid, sealed)]);
        fs::write(mary.pair_feed(), feed.write()).unwrap();
        let told = poll().expect(4);
        assert!(told.stderr.contains(words) && texts(&told.stdout).is_empty(), "{told:?}");
        assert_eq!(poll().expect(0).stderr, "", "told once");
        fs::write(mary.pair_feed(), honest).unwrap();
    }
    mary.at(&eight, &["send", "john", "-m", "still me"], "").expect(0);
    assert_eq!(texts(&poll().expect(0).stdout), ["still me"]);
    assert!(!john.at(&eight, &["read"], "").stdout.contains("signed on day"));
}
