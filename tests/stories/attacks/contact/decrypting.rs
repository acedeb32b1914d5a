//! What it signs that other programs would be given.

use cloudim::protocol::feed::channel::{Channel, FeedItem};
use cloudim::protocol::sealed::item::Attachment;
use cloudim::protocol::values::hash::Hash;

use crate::hostile::story::Story;

#[test]
fn signs_markup_and_names_of_our_files_that_decrypt_would_pass_on() {
    let story = Story::begin();
    let mut hand = story.hand();
    let mut item = hand.item("see\u{202e}", 0);
    let file = |url: &str| Attachment {
        url: url.to_owned(),
        name: "x".to_owned(),
        media_type: "a/b".to_owned(),
        size: 1,
        hash: Hash::of(b""),
    };
    item.attachments = vec![file("file:///etc/passwd"), file("https://mary.example/b/x")];
    let evil = "<link>javascript:alert(1)</link><x:y xmlns:x='urn:x' xmlns='urn:y'>\
                <script xmlns=''>alert(1)</script></x:y></item>";
    let octets = item.write().replace("</item>", evil);
    let sealed = FeedItem::sealed(item.guid, hand.seal(&octets));
    let feed = hand.feed_with([sealed]);
    let ran = story.john.feed(&["decrypt", "--from", "mary"], feed.write()).expect(0);
    for left_behind in ["alert", "urn:x", "file:", "passwd"] {
        assert!(!ran.stdout.contains(left_behind), "{left_behind}: {}", ran.stdout);
    }
    let plain = Channel::parse(ran.stdout.as_bytes()).unwrap();
    assert_eq!(plain.items[0].description.as_deref(), Some("see&lt;U+202E&gt;"));
    assert_eq!(plain.items[0].enclosure.as_ref().unwrap().url, "https://mary.example/b/x");
    assert_eq!(plain.items[1].description.as_deref(), Some("hello"));
}
