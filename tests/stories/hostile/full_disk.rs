//! A disk that is full at any moment: whatever `send` says is true, and the feed is never torn.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use cloudim::protocol::feed::channel::Channel;

use super::story::{Story, snapshot};
use crate::common::hand::Hand;
use crate::common::peer::{Peer, Ran};

/// Runs the program, whose files cannot grow beyond `most` bytes.
fn with_room_for(most: usize, peer: &Peer, args: &[&str]) -> Ran {
    let program = peer.command(args);
    let mut command = Command::new("sh");
    // The signal would kill it: a full disk sends none.
    command.arg("-c").arg("trap '' XFSZ; exec prlimit --fsize=\"$0\" \"$@\"");
    command.arg(most.to_string()).arg(program.get_program()).args(program.get_args());
    for (name, value) in program.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    let output = command.output().unwrap();
    Ran {
        status: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// Sizes below, at and above that of each file that `peer` writes.
fn sizes(peer: &Peer) -> Vec<usize> {
    let mut sizes: BTreeSet<usize> = [0, 1, 64, 300, 600].into();
    for (name, bytes) in snapshot(&peer.home()) {
        if name.starts_with("contacts/") || name.starts_with("public/f/") || name == "lock" {
            sizes.extend([
                bytes.len() / 2,
                bytes.len().saturating_sub(1),
                bytes.len(),
                bytes.len() + 500,
            ]);
        }
    }
    sizes.extend((1..16).map(|step| step * 4_000));
    sizes.into_iter().collect()
}

/// Asserts that the feed of `writer` is whole, and that no sequence stands in it twice.
fn assert_sound(writer: &Peer, reader: &Peer) {
    let feed = Channel::parse(&fs::read(writer.pair_feed()).unwrap()).expect("a whole feed");
    let hand = Hand::of(writer, reader);
    let (items, sequence) = (feed.items.len(), hand.contact.ours.sequence());
    assert!(items as u64 <= sequence, "{items} items up to sequence {sequence}");
    let octets = writer.home().join("contacts").join(&reader.name).join("octets");
    let names = fs::read_dir(octets).unwrap().map(|file| file.unwrap().file_name());
    let names: Vec<String> = names.map(|name| name.into_string().unwrap()).collect();
    let published = |name: &&String| {
        if name.starts_with("introduction.") {
            return false;
        }
        let guid = name.trim_end_matches(".xml").rsplit('.').next().unwrap_or_default();
        feed.items.iter().any(|item| item.guid.as_deref().is_some_and(|g| g.ends_with(guid)))
    };
    let sequences: Vec<&str> =
        names.iter().filter(published).map(|name| name.split('.').nth(1).unwrap()).collect();
    let unique: BTreeSet<&&str> = sequences.iter().collect();
    assert_eq!(unique.len(), sequences.len(), "two messages with one sequence: {names:?}");
}

#[test]
fn send_on_a_full_disk_tells_the_truth() {
    let story = Story::begin();
    story.john.send(&story.mary, "zero");
    let (mut kept, mut refused) = (Vec::new(), 0);
    for size in sizes(&story.john) {
        let text = format!("with room for {size}");
        let ran = with_room_for(size, &story.john, &["send", "mary", "-m", &text]);
        assert_sound(&story.john, &story.mary);
        match (ran.status, ran.stdout.is_empty()) {
            (0, false) => kept.push(text),
            (7, false) => {
                assert!(ran.stderr.contains("do not send it again"), "{}", ran.stderr);
                kept.push(text);
            }
            (1, true) => {
                assert!(ran.stderr.contains("error: cannot write"), "{}", ran.stderr);
                refused += 1;
            }
            _ => panic!("room for {size}: {ran:?}"),
        }
    }
    assert!(!kept.is_empty() && refused > 0, "{kept:?}, {refused} refused");
    kept.push("a retry with room".to_owned());
    story.john.send(&story.mary, "a retry with room");
    assert_sound(&story.john, &story.mary);
    let mut read = story.mary.poll();
    read.retain(|text| text != "zero");
    // What is in archives arrives after what is in the feed.
    read.sort();
    kept.sort();
    assert_eq!(read, kept, "each that was kept, once; none that was refused");
    assert_eq!(story.mary.poll(), [""; 0]);
    story.john.ok(&["poll"]);
    assert_eq!(story.john.ok(&["status"]), "mary\tall well\n");
}

#[test]
fn a_file_whose_message_a_full_disk_refuses_is_not_published() {
    let story = Story::begin();
    let path = story.john.file("notes.txt");
    fs::write(&path, "x".repeat(5_000)).unwrap();
    let path = path.to_str().unwrap();
    let published = || {
        let files = fs::read_dir(story.john.home().join("public/b")).unwrap();
        files.filter(|file| file.as_ref().unwrap().path().extension().is_none()).count()
    };
    let (mut kept, mut refused) = (0, 0);
    for size in sizes(&story.john) {
        let ran = with_room_for(size, &story.john, &["send", "mary", "-m", "see", "-a", path]);
        match ran.status {
            0 | 7 => kept += 1,
            1 => refused += 1,
            _ => panic!("room for {size}: {ran:?}"),
        }
        assert_eq!(published(), kept, "room for {size}: {ran:?}");
    }
    assert!(kept > 0 && refused > 0, "{kept} kept, {refused} refused");
    assert_sound(&story.john, &story.mary);
}

#[test]
fn poll_on_a_full_disk_loses_nothing_and_says_nothing_twice() {
    let story = Story::begin();
    let mut heard = Vec::new();
    for size in sizes(&story.john) {
        let text = format!("with room for {size}");
        story.mary.send(&story.john, &text);
        let ran = with_room_for(size, &story.john, &["--format", "json", "poll"]);
        assert!(matches!(ran.status, 0 | 1), "room for {size}: {ran:?}");
        assert_sound(&story.john, &story.mary);
        let printed = crate::common::peer::texts(&ran.stdout);
        if ran.status == 1 {
            assert!(ran.stderr.contains("error: cannot write"), "{}", ran.stderr);
        }
        // What was printed before the cursor could be moved is printed again: better than never.
        let cursor_failed = ran.status == 1 && !printed.is_empty();
        let printed = if cursor_failed { story.john.poll() } else { printed };
        let rest = story.john.poll();
        heard.extend(printed.into_iter().chain(rest));
        assert_eq!(heard.last(), Some(&text));
    }
    let mut unique = heard.clone();
    unique.dedup();
    assert_eq!(heard, unique);
    story.loses_nothing();
}

#[test]
fn trimming_on_a_full_disk_leaves_the_history_as_it_was() {
    let story = Story::begin();
    for number in 0..20 {
        story.mary.send(&story.john, &format!("message {number}"));
    }
    assert_eq!(story.john.poll().len(), 20);
    story.john.set("history", "\"0s\"");
    let folder = story.john.home().join("contacts/mary");
    let messages = || fs::read_to_string(folder.join("messages.jsonl")).unwrap();
    let before = messages();
    for size in [300, 2_000, before.len() / 2] {
        let ran = with_room_for(size, &story.john, &["poll"]).expect(1);
        assert!(ran.stderr.contains("error: cannot write"), "{}", ran.stderr);
        assert!(messages() == before, "room for {size}");
    }
    story.john.ok(&["poll"]);
    let after = messages();
    assert!(before.contains("message 19") && !after.contains("message 1"), "{after}");
    assert_eq!(after.lines().count(), before.lines().count());
    assert_eq!(story.john.ok(&["status"]), "mary\tall well\n");
}
