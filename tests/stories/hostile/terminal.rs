//! Nothing that a stranger wrote drives the terminal.

use cloudim::protocol::feed::channel::FeedItem;
use cloudim::protocol::sealed::item::{Attachment, Item};
use cloudim::protocol::values::hash::Hash;

use super::story::Story;
use crate::common::hand::Hand;
use crate::common::peer::{Peer, Ran};

/// What XML 1.0 lets through: C1 controls (CSI among them), DEL, overrides of direction, and a line
/// that looks like another's.
const EVIL: &str =
    "\u{9b}2J\u{9d}0;title\u{7f}\u{202e}txet\u{2066}\u{85}\n2026-11-22 19:03  john  forged";

/// Whether a terminal would do anything with `text` but show it.
fn drives_terminal(text: &str) -> bool {
    let harmless = |c: char| !c.is_control() || c == '\n' || c == '\t';
    text.chars()
        .any(|c| !harmless(c) || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}'))
}

#[track_caller]
fn assert_harmless(ran: &Ran) {
    assert!(!drives_terminal(&ran.stdout), "stdout: {:?}", ran.stdout);
    assert!(!drives_terminal(&ran.stderr), "stderr: {:?}", ran.stderr);
}

#[test]
fn a_message_with_terminal_escapes_is_made_visible() {
    let story = Story::begin();
    story.mary.send(&story.john, EVIL);
    for args in [&["poll", "--peek"][..], &["poll"], &["read"], &["read", "mary"]] {
        let ran = story.john.run(args).expect(0);
        assert_harmless(&ran);
        assert!(
            ran.stdout.contains("mary  <U+009B>2J<U+009D>0;title^?<U+202E>txet<U+2066><U+0085>\n"),
            "{}",
            ran.stdout
        );
        assert!(ran.stdout.contains("\n    2026-11-22 19:03  john  forged\n"), "{}", ran.stdout);
    }
}

#[test]
fn escapes_that_xml_lacks_are_not_even_sent() {
    let story = Story::begin();
    let refused = story.mary.run(&["send", "john", "-m", "\u{1b}[2J"]).expect(1);
    assert_harmless(&refused);
    assert!(refused.stderr.contains("the message cannot be sent"), "{}", refused.stderr);
    let mut hand = story.hand();
    let item = hand.item("clear", 0);
    for escape in ["\u{1b}[2J", "&#27;[2J"] {
        let sealed = hand.seal(&item.write().replace("clear", escape));
        let told =
            story.receive(hand.feed_with([FeedItem::sealed(item.guid, sealed)]).write()).expect(5);
        assert_harmless(&told);
        assert!(told.stderr.contains("is refused: not XML"), "{}", told.stderr);
    }
    story.loses_nothing();
}

#[test]
fn the_name_of_an_attachment_is_made_visible() {
    let story = Story::begin();
    let mut hand = story.hand();
    let attachment = Attachment {
        url: "http://127.0.0.1:9/b/x".to_owned(),
        name: format!("../../{EVIL}"),
        media_type: EVIL.to_owned(),
        size: 1,
        hash: Hash::of(b""),
    };
    let item = Item { attachments: vec![attachment], ..hand.item("see", 0) };
    story.serve(hand.feed_with_item(&item).write());
    let ran = story.john.run(&["poll"]).expect(0);
    assert_harmless(&ran);
    assert!(ran.stdout.contains("[attachment: ../../<U+009B>2J"), "{}", ran.stdout);
    assert_eq!(ran.stdout.lines().count(), 2, "no line of its own: {}", ran.stdout);
}

#[test]
fn errors_quote_nothing_raw() {
    let story = Story::begin();
    let mut hand = story.hand();
    let item = hand.item("x", 0);
    let sealed = hand.sealed(&item);
    let named = FeedItem { guid: Some(EVIL.to_owned()), ..sealed };
    assert_harmless(&story.receive(hand.feed_with([named.clone()]).write()).expect(5));
    assert_harmless(
        &story.john.feed(&["decrypt", "--from", "mary"], hand.feed_with([named]).write()),
    );
    for (document, status) in [
        format!("<rss version=\"2.0\"><channel><{}/></channel></rss>", EVIL.replace('\n', "")),
        format!("<{}", EVIL),
        format!("<rss version=\"2.0\"><channel>&{};</channel></rss>", EVIL.replace('\n', "")),
        hand.feed.write().replace("fingerprint=\"", &format!("fingerprint=\"{EVIL}")),
        hand.feed.write().replace("hash=\"sha256:", &format!("hash=\"{EVIL}")),
    ]
    .into_iter()
    // A key that is no key is refused by itself.
    .zip([1, 1, 1, 5, 5])
    {
        let refused = story.receive(&document).expect(status);
        assert_harmless(&refused);
        assert_harmless(
            &story.john.feed(&["handshake", "accept", "--input", "-"], document).expect(1),
        );
    }
    for args in [
        &["poll", EVIL][..],
        &["send", EVIL, "-m", "x"],
        &["contact", "show", EVIL],
        &["contact", "rename", "mary", EVIL],
        &["handshake", "decline", EVIL],
        &["handshake", "invite", EVIL],
        &["read", EVIL],
        &["status", EVIL],
        &["--format", EVIL, "status"],
    ] {
        let refused = story.john.run(args);
        assert!(matches!(refused.status, 1 | 2), "{args:?}: {}", refused.status);
        assert_harmless(&refused);
    }
    story.loses_nothing();
}

#[test]
fn what_a_contact_calls_itself_is_made_visible() {
    let story = Story::begin();
    let mut hand: Hand = story.hand();
    let mut introduction = hand.introduction();
    (introduction.serial, introduction.name) = (2, Some(EVIL.to_owned()));
    story.serve(hand.feed_with_introduction(&introduction.write()).write());
    story.john.ok(&["poll"]);
    for args in [&["contact", "list"][..], &["contact", "show", "mary"], &["status"], &["read"]] {
        assert_harmless(&story.john.run(args).expect(0));
    }
    let shown = story.john.ok(&["contact", "show", "mary"]);
    assert!(shown.contains("calls itself <U+009B>2J"), "{shown}");
}

#[test]
fn a_name_of_ones_own_cannot_hold_controls() {
    let somebody = Peer::without_identity("Eve");
    let refused = somebody.run(&["keygen", "--name", EVIL, "--no-passphrase"]).expect(2);
    assert_harmless(&refused);
    assert!(!somebody.home().join("secret.asc").exists());
}
