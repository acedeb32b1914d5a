//! What a crash leaves behind, made by hand.

use std::fs;
use std::path::{Path, PathBuf};

use super::{feeds_are_sound, stored};
use crate::common::peer::{Peer, friends};

/// What `send` writes for Mary, in the order in which it is written.
fn written(john: &Peer) -> [PathBuf; 3] {
    let contact = john.home().join("contacts/mary");
    [contact.join("contact.toml"), contact.join("messages.jsonl"), john.pair_feed()]
}

fn read(paths: &[PathBuf]) -> Vec<Vec<u8>> {
    paths.iter().map(|path| fs::read(path).unwrap()).collect()
}

/// Lets John send `ghost`, and takes the last `lost` of the files back to what they were.
fn crash(john: &Peer, mary: &Peer, lost: usize) -> String {
    let paths = written(john);
    let before = read(&paths);
    let guid = john.send(mary, "ghost");
    for (path, bytes) in paths.iter().zip(before).skip(3 - lost) {
        fs::write(path, bytes).unwrap();
    }
    guid
}

#[test]
fn an_item_that_was_filed_and_not_counted_never_was() {
    let (john, mary) = friends();
    john.send(&mary, "first");
    let ghost = crash(&john, &mary, 3);
    john.send(&mary, "real");
    feeds_are_sound(&john);
    mary.ok(&["poll"]);
    let texts: Vec<String> = stored(&mary, "john").into_iter().map(|message| message.1).collect();
    assert_eq!(texts, ["first", "real"]);
    assert!(!fs::read_to_string(john.pair_feed()).unwrap().contains(&ghost));
}

#[test]
fn an_item_that_was_counted_is_completed() {
    for (lost, then) in
        [(2, &["publish"][..]), (1, &["publish"]), (2, &["send", "mary", "-m", "next"])]
    {
        let (john, mary) = friends();
        john.send(&mary, "first");
        let ghost = crash(&john, &mary, lost);
        john.ok(then);
        let again = ["send", "mary", "--guid", &ghost, "-m", "ghost"];
        assert_eq!(john.ok(&again).trim(), ghost);
        mary.ok(&["poll"]);
        let texts: Vec<String> =
            stored(&mary, "john").into_iter().map(|message| message.1).collect();
        assert_eq!(texts[..2], ["first", "ghost"], "{lost} {then:?}");
        let ours = john.ok(&["--format", "json", "read", "mary"]);
        assert_eq!(ours.matches("\"text\":\"ghost\"").count(), 1, "{ours}");
    }
}

#[test]
fn a_torn_last_line_is_recovered_on_both_sides() {
    let (john, mary) = friends();
    for text in ["one", "two"] {
        john.send(&mary, text);
    }
    mary.poll();
    let torn = |peer: &Peer, of: &str| {
        let path = peer.home().join("contacts").join(of).join("messages.jsonl");
        let bytes = fs::read(&path).unwrap();
        fs::write(&path, &bytes[..bytes.len() - 20]).unwrap();
    };
    torn(&mary, "john");
    let read = mary.ok(&["read", "john"]);
    assert!(read.contains("  one\n") && !read.contains("two"), "{read}");
    john.send(&mary, "three");
    mary.ok(&["poll"]);
    let texts: Vec<String> = stored(&mary, "john").into_iter().map(|message| message.1).collect();
    assert_eq!(texts, ["one", "two", "three"], "what was torn off is fetched again");
    torn(&john, "mary");
    john.send(&mary, "four");
    assert_eq!(mary.poll(), ["four"]);
    feeds_are_sound(&john);
}

#[test]
fn an_archive_that_was_counted_and_not_written_is_made_again() {
    let (john, mary) = friends();
    let long = "x".repeat(9_000);
    let archive = || find_archive(&john.home().join("public/f"));
    let mut sent = 0;
    while archive().is_none() {
        john.send(&mary, &format!("{sent} {long}"));
        sent += 1;
        assert!(sent < 20);
    }
    fs::remove_file(archive().unwrap()).unwrap();
    john.send(&mary, "the last");
    mary.ok(&["poll"]);
    assert_eq!(stored(&mary, "john").len(), sent + 1);
}

fn find_archive(folder: &Path) -> Option<PathBuf> {
    let files = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    let mut archives =
        files.filter(|path| path.file_stem().unwrap().to_str().unwrap().contains('.'));
    archives.find(|path| path.extension().is_some_and(|extension| extension == "rss"))
}

#[test]
fn what_a_crash_left_in_the_home_disturbs_nobody_and_goes() {
    let (john, mary) = friends();
    for name in [".new-abc", ".snapshot-x"] {
        fs::write(john.home().join(name), "half").unwrap();
    }
    fs::create_dir(john.home().join("contacts/half")).unwrap();
    john.send(&mary, "fine");
    assert_eq!(mary.poll(), ["fine"]);
    assert_eq!(john.ok(&["contact", "list"]).lines().count(), 1);
    for name in [".new-abc", ".snapshot-x"] {
        assert!(!john.home().join(name).exists(), "{name}");
    }
}
