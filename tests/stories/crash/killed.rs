//! `kill -9` at any moment.

use std::fs;

use serde_json::Value;

use super::{feeds_are_sound, stored};
use crate::common::killer::Killer;
use crate::common::peer::{Peer, friends, texts, tree};

const TIMES: usize = 120;

/// The numbers that messages begin with.
fn numbers(texts: impl Iterator<Item = String>) -> Vec<usize> {
    texts.map(|text| text.split(' ').next().unwrap().parse().unwrap()).collect()
}

/// Lets both sides come to rest; all must then be well.
fn settle(john: &Peer, mary: &Peer) {
    john.ok(&["publish"]);
    mary.ok(&["poll"]);
    john.ok(&["poll"]);
    assert_eq!(john.ok(&["status"]), "mary\tall well\n");
    assert_eq!(mary.ok(&["status"]), "john\tall well\n");
    feeds_are_sound(john);
    feeds_are_sound(mary);
}

fn sends_are_killed(pad: usize) {
    let (john, mary) = friends();
    let pad = "x".repeat(pad);
    let mut killer = Killer::new(|| drop(john.send(&mary, &format!("0 {pad}"))));
    let mut printed = Vec::new();
    for n in 1..=TIMES {
        let end = killer.run(john.command(&["send", "mary"]), &format!("{n} {pad}"));
        if let Some(guid) = end.stdout.strip_suffix('\n') {
            printed.push((guid.to_owned(), n));
        }
        assert!(!end.success || end.stdout.ends_with('\n'));
        feeds_are_sound(&john);
        if n % 10 == 0 {
            mary.ok(&["poll"]);
        }
    }
    killer.was_at_work(TIMES);
    settle(&john, &mary);
    let stored = stored(&mary, "john");
    for (guid, n) in printed {
        let arrived = stored.iter().filter(|message| message.0 == guid).collect::<Vec<_>>();
        assert_eq!(arrived.len(), 1, "{n}");
        assert_eq!(arrived[0].1, format!("{n} {pad}"));
    }
    let arrived = numbers(stored.into_iter().map(|message| message.1));
    assert!(arrived.is_sorted_by(|a, b| a < b), "{arrived:?}");
}

#[test]
fn a_send_that_is_killed_is_kept_whole_or_not_at_all() {
    sends_are_killed(0);
}

#[test]
fn a_send_that_is_killed_while_it_archives_loses_nothing() {
    sends_are_killed(9_000);
}

#[test]
fn a_send_with_a_file_that_is_killed_leaves_no_file_that_no_message_names() {
    let (john, mary) = friends();
    let path = john.file("notes.txt");
    fs::write(&path, "x".repeat(200_000)).unwrap();
    let send = ["send", "mary", "-m", "see", "-a", path.to_str().unwrap()];
    let mut killer = Killer::new(|| drop(john.ok(&send)));
    for _ in 0..TIMES / 2 {
        killer.run(john.command(&send), "");
    }
    killer.was_at_work(TIMES / 2);
    john.send(&mary, "the last");
    settle(&john, &mary);
    let files = tree(&john.home().join("public/b")).into_keys();
    let files = files.filter(|path| path.extension().is_none()).count();
    assert_eq!(files, stored(&mary, "john").len() - 1);
    let saved = mary.file("saved");
    fs::create_dir(&saved).unwrap();
    for (guid, _) in stored(&mary, "john").iter().filter(|message| message.1 == "see") {
        mary.ok(&["read", guid, "--save", saved.to_str().unwrap()]);
    }
}

/// John sends, Mary's polls are killed; all she has printed in the end, each once.
fn polls_are_killed(john: &Peer, mary: &Peer) -> Vec<usize> {
    john.send(mary, "0");
    let mut killer = Killer::new(|| drop(mary.poll()));
    let mut printed = vec![0];
    for n in 1..=TIMES {
        john.send(mary, &n.to_string());
        let end = killer.run(mary.command(&["--format", "json", "poll"]), "");
        let whole = end.stdout.rsplit_once('\n').map_or("", |(whole, _)| whole);
        printed.extend(numbers(texts(whole).into_iter()));
        feeds_are_sound(mary);
        if n % 20 == 0 {
            john.ok(&["poll"]);
        }
    }
    killer.was_at_work(TIMES);
    printed.extend(numbers(mary.poll().into_iter()));
    settle(john, mary);
    // Between the flush and the note of it a kill makes a message come again, in its place.
    printed.sort_unstable();
    printed.dedup();
    printed
}

#[test]
fn a_poll_that_is_killed_stores_everything_once() {
    let (john, mary) = friends();
    let printed = polls_are_killed(&john, &mary);
    let arrived = numbers(stored(&mary, "john").into_iter().map(|message| message.1));
    assert_eq!(arrived, (0..=TIMES).collect::<Vec<_>>());
    assert_eq!(printed, arrived);
}

#[test]
fn a_poll_that_is_killed_while_it_trims_loses_no_message_and_leaves_no_copy() {
    let (john, mary) = friends();
    mary.set("history", "\"0s\"");
    let printed = polls_are_killed(&john, &mary);
    assert_eq!(printed, (0..=TIMES).collect::<Vec<_>>());
    let folder = mary.home().join("contacts/john");
    let lines = fs::read_to_string(folder.join("messages.jsonl")).unwrap();
    let lines = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let messages: Vec<Value> = lines.filter(|line| line["type"] == "message").collect();
    let sequences: Vec<usize> =
        messages.iter().map(|line| line["sequence"].as_u64().unwrap() as usize).collect();
    assert_eq!(sequences, (1..=TIMES + 1).collect::<Vec<_>>());
    assert!(messages.iter().all(|line| line["text"] == "" && line["hash"].is_string()));
    let names = tree(&folder).into_keys().map(|path| path.display().to_string());
    assert_eq!(names.filter(|name| name.contains("/.new-")).count(), 0);
}

#[test]
fn a_hook_whose_poll_is_killed_misses_nothing() {
    let (john, mary) = friends();
    john.send(&mary, "0");
    let log = mary.file("log");
    let hook = format!("text=$(cat); echo \"$text\" >> '{}'", log.display());
    let mut killer = Killer::new(|| drop(mary.ok(&["poll", "--exec", &hook])));
    for n in 1..=TIMES {
        john.send(&mary, &n.to_string());
        killer.run(mary.command(&["poll", "--exec", &hook]), "");
    }
    killer.was_at_work(TIMES);
    mary.ok(&["poll", "--exec", &hook]);
    settle(&john, &mary);
    let mut taken = numbers(fs::read_to_string(&log).unwrap().lines().map(str::to_owned));
    taken.sort_unstable();
    taken.dedup();
    assert_eq!(taken, (0..=TIMES).collect::<Vec<_>>());
    assert_eq!(stored(&mary, "john").len(), TIMES + 1);
}

#[test]
fn an_append_that_is_killed_can_be_repeated() {
    let (john, mary) = friends();
    let sealed = |n: usize| {
        let plain = john.ok(&["compose", "-m", &n.to_string()]);
        john.feed(&["encrypt", "--to", "mary"], plain).expect(0).stdout
    };
    let first = sealed(0);
    let mut killer = Killer::new(|| drop(john.feed(&["append", "mary"], &first).expect(0)));
    for n in 1..=TIMES {
        let item = sealed(n);
        killer.run(john.command(&["append", "mary"]), &item);
        feeds_are_sound(&john);
        if n % 2 == 0 {
            mary.ok(&["poll"]);
        }
        john.feed(&["append", "mary"], &item).expect(0);
    }
    killer.was_at_work(TIMES);
    settle(&john, &mary);
    let arrived = numbers(stored(&mary, "john").into_iter().map(|message| message.1));
    assert_eq!(arrived, (0..=TIMES).collect::<Vec<_>>());
    assert!(!john.home().join("contacts/mary/outbox").exists());
}
