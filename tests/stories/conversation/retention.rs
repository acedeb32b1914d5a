//! What stays in a feed, what leaves it, and the archives.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crate::common::peer::{Peer, friends, in_hours, texts};

const WEEK: i64 = 7 * 24;

/// The guids in a feed, newest first.
fn guids(feed: &Path) -> Vec<String> {
    let text = fs::read_to_string(feed).unwrap();
    let guids = text.split("<guid isPermaLink=\"false\">").skip(1);
    guids.map(|rest| rest.split('<').next().unwrap().to_owned()).collect()
}

/// The names of the archives on a host.
fn archives(peer: &Peer) -> BTreeSet<String> {
    let names = peer.pair_feeds().into_iter().map(|p| p.file_name().unwrap().to_owned());
    let names = names.map(|name| name.into_string().unwrap());
    names.filter(|name| name.matches('.').count() == 2).collect()
}

/// The current pair feed: the one that is no archive.
fn current(peer: &Peer) -> std::path::PathBuf {
    let mut feeds = peer.pair_feeds();
    feeds.retain(|p| p.file_stem().unwrap().to_str().unwrap().len() == 26);
    assert_eq!(feeds.len(), 1);
    feeds.remove(0)
}

#[test]
fn acknowledged_items_leave_after_a_week_and_the_head_never() {
    let (john, mary) = friends();
    [&john, &mary].iter().for_each(|peer| peer.set("rotate_every", "\"never\""));
    let sent: Vec<String> = ["1", "2", "3"].iter().map(|text| john.send(&mary, text)).collect();
    mary.poll();
    john.poll();
    let newest_first: Vec<String> = sent.iter().rev().cloned().collect();
    john.at(&in_hours(WEEK - 1), &["poll"], "").expect(0);
    assert_eq!(guids(&current(&john)), newest_first);
    john.at(&in_hours(WEEK + 1), &["poll"], "").expect(0);
    assert_eq!(guids(&current(&john)), newest_first[..1]);
    john.at(&in_hours(100 * 24), &["poll"], "").expect(0);
    assert_eq!(guids(&current(&john)), newest_first[..1], "the head never leaves");
    let ran = mary.at(&in_hours(100 * 24), &["poll"], "").expect(0);
    assert_eq!((ran.stdout, ran.stderr), (String::new(), String::new()));
    assert_eq!(mary.ok(&["status"]), "john\tall well\n");
}

#[test]
fn what_is_not_acknowledged_never_leaves() {
    let (john, mary) = friends();
    [&john, &mary].iter().for_each(|peer| peer.set("rotate_every", "\"never\""));
    let mut sent = vec![john.send(&mary, "1")];
    mary.poll();
    john.poll();
    sent.extend(["2", "3"].iter().map(|text| john.send(&mary, text)));
    john.at(&in_hours(100 * 24), &["poll"], "").expect(0);
    john.at(&in_hours(100 * 24), &["publish"], "").expect(0);
    sent.reverse();
    assert_eq!(guids(&current(&john)), sent[..2]);
    let ran = mary.at(&in_hours(100 * 24), &["--format", "json", "poll"], "").expect(0);
    assert_eq!(texts(&ran.stdout), ["2", "3"]);
}

#[test]
fn a_reader_who_was_away_reads_everything_in_order_through_the_archives() {
    let (john, mary) = friends();
    let texts: Vec<String> = (1..=30)
        .map(|n| format!("{n} {}", "long ".repeat(if n % 5 == 0 { 6_000 } else { 300 })))
        .collect();
    for text in &texts {
        john.feed(&["send", "mary"], text).expect(0);
        let size = fs::metadata(current(&john)).unwrap().len();
        assert!(size <= 150_000, "{size}");
    }
    assert!(archives(&john).len() > 2, "{:?}", archives(&john));
    for feed in john.pair_feeds() {
        assert!(fs::metadata(&feed).unwrap().len() <= 256_000, "{}", feed.display());
    }
    let seen: BTreeSet<String> = john.pair_feeds().iter().flat_map(|feed| guids(feed)).collect();
    assert_eq!(seen.len(), 30);
    let before = fs::read(current(&john)).unwrap();
    john.ok(&["publish"]);
    assert!(fs::read(current(&john)).unwrap() == before, "nothing happened");
    let arrived = mary.poll();
    assert!(arrived == texts, "{:?}", arrived.iter().map(|t| &t[..3]).collect::<Vec<_>>());
    assert_eq!(mary.ok(&["status"]), "john\tall well\n");
    john.poll();
    assert_eq!(john.ok(&["status"]), "mary\tall well\n");
}

#[test]
fn archives_are_deleted_whole_and_their_numbers_are_never_used_again() {
    let (john, mary) = friends();
    let long = "x".repeat(20_000);
    let send = |count: usize, time: &str| {
        for _ in 0..count {
            john.at(time, &["send", "mary"], &long).expect(0);
        }
    };
    let (now, later) = (in_hours(0), in_hours(WEEK + 1));
    send(8, &now);
    let first = archives(&john);
    assert!(!first.is_empty());
    mary.poll();
    john.poll();
    send(1, &now);
    john.at(&later, &["poll"], "").expect(0);
    assert_eq!(archives(&john), BTreeSet::new(), "settled");
    assert!(!fs::read_to_string(current(&john)).unwrap().contains("prev-archive"));
    send(8, &later);
    let second = archives(&john);
    assert!(!second.is_empty() && second.is_disjoint(&first), "{first:?} {second:?}");
    let ran = mary.at(&later, &["--format", "json", "poll"], "").expect(0);
    assert_eq!(texts(&ran.stdout).len(), 9);
    assert_eq!(mary.ok(&["status"]), "john\tall well\n");
}

#[test]
fn feeds_and_archives_that_were_lost_are_rebuilt() {
    let (john, mary) = friends();
    let texts: Vec<String> = (0..12).map(|n| format!("{n}{}", "x".repeat(10_000))).collect();
    texts.iter().for_each(|text| drop(john.send(&mary, text)));
    assert!(!archives(&john).is_empty());
    for feed in john.pair_feeds() {
        fs::remove_file(feed).unwrap();
    }
    john.ok(&["publish"]);
    assert!(mary.poll() == texts);
    fs::remove_file(current(&john)).unwrap();
    john.send(&mary, "one more");
    assert_eq!(mary.poll(), ["one more"]);
    assert_eq!(mary.ok(&["status"]), "john\tall well\n");
}
