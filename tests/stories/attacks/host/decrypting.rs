//! What it adds to a feed that is made plain for other programs.

use std::fs;

use cloudim::protocol::feed::channel::{Channel, Cloud, Enclosure, FeedItem};
use cloudim::protocol::values::url::Url;

use crate::common::peer::in_hours;
use crate::hostile::story::Story;

fn url(path: &str) -> Url {
    format!("https://evil.example/{path}").parse().unwrap()
}

#[test]
fn adds_items_that_nobody_signed_and_a_cloud_to_a_feed_that_is_decrypted() {
    let story = Story::begin();
    let hand = story.hand();
    let forged = |number: usize| FeedItem {
        guid: Some(format!("https://evil.example/{number}")),
        title: Some("mary ✓".to_owned()),
        link: Some("https://evil.example/".to_owned()),
        description: Some("<script src='https://evil.example/'/>pay at once".to_owned()),
        enclosure: Some(Enclosure {
            url: "https://evil.example/x.mp3".to_owned(),
            length: 1,
            media_type: "audio/mpeg".to_owned(),
        }),
        ..FeedItem::default()
    };
    let key = FeedItem {
        enclosure: Some(Enclosure::key(&url("key.asc"), 1)),
        guid: Some("a key".to_owned()),
        ..FeedItem::default()
    };
    let feed = Channel {
        title: "mary ✓ evil".to_owned(),
        link: "https://evil.example/".to_owned(),
        description: "evil".to_owned(),
        self_link: Some(url("feed")),
        prev_archive: Some(url("older")),
        hub: Some(url("hub")),
        cloud: Some(Cloud {
            domain: "evil.example".to_owned(),
            port: 443,
            path: "/pleaseNotify".to_owned(),
            register_procedure: String::new(),
            protocol: "http-post".to_owned(),
        }),
        source_cloud: Some(url("pleaseNotify")),
        ..hand.feed_with((0..20).map(forged).chain([key]))
    };
    let ran = story.john.feed(&["decrypt", "--from", "mary"], feed.write()).expect(0);
    let plain = Channel::parse(ran.stdout.as_bytes()).unwrap();
    let texts: Vec<_> = plain.items.iter().map(|item| item.description.as_deref()).collect();
    assert_eq!(texts, [Some("hello")]);
    assert!(!ran.stdout.contains("evil") && !ran.stdout.contains('✓'), "{}", ran.stdout);
    for left_behind in ["cloud>", "<cloud", "rel=\"", "<im:pgpKey"] {
        assert!(!ran.stdout.contains(left_behind), "{left_behind}: {}", ran.stdout);
    }
    // Each is named, or counted; a key shows nowhere, and is no news.
    let named = "warning: item https://evil.example/0 is left out: nobody signed it\n";
    assert!(ran.stderr.starts_with(named), "{}", ran.stderr);
    assert_eq!(ran.stderr.lines().count(), 17, "{}", ran.stderr);
    assert!(ran.stderr.ends_with("warning: 4 more items are left out: nobody signed them\n"));
    assert!(!ran.stderr.contains("a key"), "{}", ran.stderr);
}

#[test]
fn puts_other_bytes_where_a_message_stood_that_no_key_opens_any_more() {
    let story = Story::begin();
    let feed = fs::read_to_string(story.mary.pair_feed()).unwrap();
    let mut last = String::new();
    for day in [31, 62, 93] {
        last = in_hours(24 * day);
        for peer in [&story.john, &story.mary] {
            peer.host.says(&last);
        }
        story.john.at(&last, &["poll"], "").expect(0);
    }
    let decrypt = |feed: &str| story.john.at(&last, &["decrypt", "--from", "mary"], feed);
    // As it was verified, it comes from the history.
    let kept = decrypt(&feed).expect(0);
    let plain = Channel::parse(kept.stdout.as_bytes()).unwrap();
    assert_eq!(plain.items[0].description.as_deref(), Some("hello"));
    assert_eq!(kept.stderr, "");
    // Whatever else stands under its guid is not what was verified.
    let sealed = Channel::parse(feed.as_bytes()).unwrap().items[0].description.clone().unwrap();
    let other = story.hand().seal("<item/>");
    let changed = decrypt(&feed.replace(&sealed, &other)).expect(5);
    assert!(!changed.stdout.contains("hello"), "{}", changed.stdout);
    assert!(changed.stderr.contains(" is left out: "), "{}", changed.stderr);
}
