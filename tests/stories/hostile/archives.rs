//! Archives that lead on and on, or to something that is none: that costs a bounded number of requests,
//! and stops no message.

use cloudim::protocol::feed::channel::{Channel, FeedItem};
use cloudim::protocol::values::url::Url;

use super::story::{Story, bounded};
use crate::common::hand::in_hours;
use crate::common::peer::texts;
use crate::common::stub::Stub;

/// More than is read at any time.
const LONG: usize = 120;

/// A story in which John lacks one of Mary's messages, and her feed without it.
fn with_a_gap() -> (Story, Channel) {
    let story = Story::begin();
    for text in ["two", "three"] {
        story.mary.send(&story.john, text);
    }
    let mut feed = story.hand().feed;
    feed.items.remove(1);
    (story, feed)
}

/// Puts `LONG` archives on Mary's host, each of which leads to the next, and nowhere in the end. Returns the URL
/// of the first.
fn endless(story: &Story) -> Option<Url> {
    let folder = story.mary.home().join("public/old");
    std::fs::create_dir(&folder).unwrap();
    let url = |number: usize| format!("{}old/{number}.rss", story.mary.address()).parse().ok();
    for number in 0..LONG {
        let guid = format!("urn:uuid:0199f0c2-0000-7000-8000-{number:012}").parse().unwrap();
        let garbage = FeedItem::sealed(guid, "-----BEGIN PGP MESSAGE-----".to_owned());
        let items = if number.is_multiple_of(2) { vec![garbage] } else { Vec::new() };
        let archive = Channel { prev_archive: url(number + 1), items, ..Channel::default() };
        std::fs::write(folder.join(format!("{number}.rss")), archive.write()).unwrap();
    }
    url(0)
}

#[test]
fn archives_without_end_are_read_back_far_only_after_a_pause() {
    let (story, mut feed) = with_a_gap();
    feed.prev_archive = endless(&story);
    story.serve(feed.write());
    let archives = |from: usize| {
        let log = story.mary.host.log();
        log[from..].iter().filter(|(_, path, _)| path.starts_with("/old/")).count()
    };
    let from = story.mary.host.requests();
    let first = bounded(&story.john, &["--format", "json", "poll"]);
    assert_eq!(texts(&first.stdout), ["three"]);
    assert!(archives(from) == LONG + 1, "{}", archives(from));
    let from = story.mary.host.requests();
    for _ in 0..3 {
        story.john.run(&["--quiet", "poll"]);
    }
    assert_eq!(archives(from), 0, "the copy is known");
    // Whatever changes in the feed, the far ones wait.
    let mut hand = story.hand();
    let four = hand.item("four", 0);
    feed.items.insert(0, hand.sealed(&four));
    story.serve(feed.write());
    assert_eq!(story.john.poll(), ["four"], "at once");
    assert!(archives(from) <= 16, "{}", archives(from));
    feed.title = "changed".to_owned();
    story.serve(feed.write());
    story.john.run(&["--quiet", "poll"]);
    assert!(archives(from) <= 32, "{}", archives(from));
    let (from, later) = (story.mary.host.requests(), in_hours(12).to_string());
    story.john.at(&later, &["--quiet", "poll"], "");
    assert!(archives(from) == LONG + 1, "{}", archives(from));
    let from = story.mary.host.requests();
    story.john.at(&later, &["--quiet", "poll"], "");
    assert_eq!(archives(from), 0);
}

#[test]
fn an_archive_that_is_a_page_is_out_of_reach_and_read_once_it_is_there() {
    let (story, mut feed) = with_a_gap();
    let missing = story.hand().feed.items.remove(1);
    let page = Stub::saying(200, "<html>Log in</html>");
    feed.prev_archive = page.url("/1").parse().ok();
    story.serve(feed.write());
    let quiet = |hours: i64| {
        story.john.at(&in_hours(hours).to_string(), &["--quiet", "--format", "json", "poll"], "")
    };
    let ran = quiet(0);
    assert_eq!(
        (ran.status, texts(&ran.stdout), ran.stderr.as_str()),
        (0, vec!["three".into()], "")
    );
    let status = story.john.ok(&["status", "mary"]);
    assert!(status.contains("an archive out of reach since 20"), "{status}");
    assert!(status.contains("(not RSS: the root element is `html`)"), "{status}");
    assert_eq!(quiet(0).stderr, "");
    let archive = Channel { items: vec![missing], ..Channel::default() };
    let good = Stub::saying(200, &archive.write());
    feed.prev_archive = good.url("/1").parse().ok();
    story.serve(feed.write());
    assert_eq!(texts(&quiet(1).stdout), ["two"]);
    assert!(!story.john.ok(&["status", "mary"]).contains("archive"));
    story.serve(story.hand().feed.write());
    story.loses_nothing();
}

#[test]
fn an_old_copy_costs_one_request_at_each_look() {
    let story = Story::begin();
    let old = story.hand().feed.write();
    story.mary.send(&story.john, "newer");
    assert_eq!(story.john.poll(), ["newer"]);
    story.serve(old);
    let asked = |hours: i64| {
        let from = story.mary.host.requests();
        story.john.at(&in_hours(hours).to_string(), &["--quiet", "poll"], "");
        let seen = story.mary.host.seen();
        let past = |head: &str| head.to_lowercase().contains("cache-control: no-cache");
        let past = seen[from..].iter().filter(|seen| past(&seen.head)).count();
        (seen.len() - from, past)
    };
    let asked = [0, 0, 0, 8, 8, 9].map(asked);
    assert_eq!(asked, [(2, 1), (1, 0), (1, 0), (1, 1), (1, 0), (1, 1)]);
}
