//! Octets as other programs write them: what the protocol leaves free is read.

use std::fs;

use cloudim::protocol::feed::channel::FeedItem;
use cloudim::protocol::sealed::item::Item;

use crate::common::hand::Hand;
use crate::common::peer::{Peer, friends};

/// Mary writes an item to John whose octets are ours after `change`, and John reads it.
fn read_by_john(john: &Peer, mary: &Peer, text: &str, change: impl Fn(String) -> String) -> String {
    let mut hand = Hand::of(mary, john);
    let item: Item = hand.item(text, 0);
    let sealed = hand.seal(&change(item.write()));
    let mut feed = hand.feed_with([FeedItem::sealed(item.guid, sealed)]);
    // White space around a guid is no part of it, outside either.
    if let Some(newest) = feed.items.first_mut() {
        newest.guid = newest.guid.take().map(|guid| format!("\n\t{guid} "));
    }
    fs::write(mary.pair_feed(), feed.write()).unwrap();
    let plain = john.run(&["--format", "json", "poll"]).expect(0);
    assert_eq!(plain.stderr, "");
    let decrypted = john.feed(&["decrypt", "--from", "mary"], feed.write()).expect(0).stdout;
    assert!(decrypted.contains("<pubDate>"), "{decrypted}");
    assert_eq!(decrypted.matches("<?xml ").count(), 1, "{decrypted}");
    let message: serde_json::Value = serde_json::from_str(&plain.stdout).unwrap();
    assert_eq!(message["guid"], item.guid.to_string());
    message["text"].as_str().unwrap().to_owned()
}

#[test]
fn a_declaration_and_white_space_around_guids_are_read() {
    let (john, mary) = friends();
    let read = read_by_john(&john, &mary, "declared", |octets| {
        let spaced = octets.replace("isPermaLink=\"false\">", "isPermaLink=\"false\"> \n");
        format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<?made by=\"hand\"?>{spaced}\n")
    });
    assert_eq!(read, "declared");
}

#[test]
fn the_former_spelling_of_the_namespace_source_is_read() {
    let (john, mary) = friends();
    let read = read_by_john(&john, &mary, "*once*", |octets| {
        octets.replace("https://source.scripting.com/", "http://source.scripting.com")
    });
    assert_eq!(read, "*once*");
}

#[test]
fn entities_of_a_description_are_decoded() {
    let (john, mary) = friends();
    let read = read_by_john(&john, &mary, "x", |octets| {
        let (before, rest) = octets.split_once("<description>").unwrap();
        let after = rest.split_once("</source:markdown>").unwrap().1;
        let html = "caf&amp;eacute; &lt;b&gt;&amp;ndash;&lt;/b&gt; 3&amp;nbsp;&amp;euro;";
        format!("{before}<description>{html}</description>{after}")
    });
    assert_eq!(read, "café – 3\u{a0}€");
}

#[test]
fn the_same_text_twice_has_no_hash_in_common_and_a_retry_is_known_all_the_same() {
    let (john, mary) = friends();
    let guid = mary.send(&john, "yes");
    let again = mary.ok(&["send", "john", "--guid", &guid, "-m", "yes"]);
    assert_eq!(again.trim(), guid);
    let other = mary.fails(&["send", "john", "--guid", &guid, "-m", "no"], 1);
    assert!(other.contains("was used for another message"), "{other}");
    let folder = mary.home().join("contacts/john/octets");
    let octets = |path: &std::path::Path| fs::read_to_string(path).unwrap();
    let item = crate::common::peer::find(&folder, "0");
    let padded = octets(&item);
    let padding = padded.split_once("<im:padding>").unwrap().1;
    let head: String = padding.chars().take_while(|c| *c != ' ').collect();
    assert!(head.parse::<cloudim::protocol::values::token::Token>().is_ok(), "{head}");
    // Octets that an earlier version kept have no such head: the retry is known by them too.
    fs::write(&item, padded.replace(&head, &" ".repeat(head.len()))).unwrap();
    assert_eq!(mary.ok(&["send", "john", "--guid", &guid, "-m", "yes"]).trim(), guid);
    assert_eq!(john.poll(), ["yes"]);
}
