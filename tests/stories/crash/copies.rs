//! A home that was copied must not write as if it were the only one.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::common::peer::{Peer, friends, texts, tree};
use crate::common::static_host::Behaviour;

/// A copy of a home, made by `cp -a`.
fn copied(peer: &Peer) -> PathBuf {
    let copy = peer.file("copy");
    assert!(Command::new("cp").arg("-a").args([&peer.home(), &copy]).status().unwrap().success());
    copy
}

/// Runs the program in the copy, which must end with `status`; returns its stdout and stderr.
#[track_caller]
fn run(peer: &Peer, copy: &Path, args: &[&str], status: i32) -> (String, String) {
    let output = peer.command(args).env("CLOUDIM_HOME", copy).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    let (stdout, stderr) = (text(output.stdout), text(output.stderr));
    assert_eq!(output.status.code(), Some(status), "{stdout}{stderr}");
    (stdout, stderr)
}

/// What must not change: the contacts and all that is published.
fn content(home: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    ["contacts", "public"].iter().flat_map(|folder| tree(&home.join(folder))).collect()
}

#[test]
fn a_copy_whose_original_went_on_begins_a_new_log_and_then_two_homes_write() {
    let (john, mary) = friends();
    john.send(&mary, "before the copy");
    let copy = copied(&john);
    john.send(&mary, "after the copy");
    let (_, told) = run(&john, &copy, &["send", "mary", "-m", "by the copy"], 0);
    assert!(told.contains("this home was restored: it goes on in a new log"), "{told}");
    john.host.root(&copy.join("public"));
    assert_eq!(mary.poll(), ["before the copy", "after the copy", "by the copy"]);
    // The original finds out that another home writes, and writes no more.
    for _ in 0..2 {
        let refused = john.fails(&["send", "mary", "-m", "by the original"], 1);
        assert!(refused.contains("two homes write as this identity"), "{refused}");
        assert!(refused.contains("hint: write from one of them"), "{refused}");
    }
    let sent = john.ok(&["read", "mary"]);
    assert!(!sent.contains("by the original"), "{sent}");
    run(&john, &copy, &["send", "mary", "-m", "the copy goes on"], 0);
    assert_eq!(mary.poll(), ["the copy goes on"]);
}

#[test]
fn two_homes_that_both_go_on_are_named_to_the_writer_and_to_the_reader() {
    let (john, mary) = friends();
    john.send(&mary, "before the copy");
    let copy = copied(&john);
    john.send(&mary, "after the copy");
    run(&john, &copy, &["send", "mary", "-m", "by the copy"], 0);
    john.host.root(&copy.join("public"));
    assert_eq!(mary.poll(), ["before the copy", "after the copy", "by the copy"]);
    let refused = john.fails(&["send", "mary", "-m", "x"], 1);
    let named = "two homes write as this identity: `mary` has what this home never wrote";
    assert!(refused.contains(named), "{refused}");
    // The user says that there is no other, and is wrong.
    let repaired = john.run(&["check", "mary", "--repair", "--yes"]).stdout;
    assert!(
        repaired.contains("note\tmary\twhat is written to it goes on in a new log\n"),
        "{repaired}"
    );
    john.host.root(&john.home().join("public"));
    john.send(&mary, "by the original");
    let polled = mary.run(&["--format", "json", "poll"]);
    let named = "two homes write as this contact: two new logs within a day";
    assert!(polled.stderr.contains(named), "{polled:?}");
    assert_eq!(texts(&polled.stdout), ["by the original"]);
    // And so the copy is refused in its turn.
    let (_, refused) = run(&john, &copy, &["send", "mary", "-m", "x"], 1);
    assert!(refused.contains("two homes write as this identity"), "{refused}");
}

#[test]
fn an_equal_copy_goes_on() {
    let (john, mary) = friends();
    john.send(&mary, "before the move");
    let copy = copied(&john);
    run(&john, &copy, &["send", "mary", "-m", "after the move"], 0);
    john.host.root(&copy.join("public"));
    assert_eq!(mary.poll(), ["before the move", "after the move"]);
    let asked = john.host.requests();
    run(&john, &copy, &["send", "mary", "-m", "without looking again"], 0);
    assert_eq!(john.host.requests(), asked);
    assert_eq!(mary.poll(), ["without looking again"]);
}

#[test]
fn a_copy_that_cannot_see_what_it_published_writes_nothing() {
    let (john, mary) = friends();
    john.send(&mary, "before the copy");
    let copy = copied(&john);
    let before = content(&copy);
    john.host.set(Behaviour::Down);
    let (stdout, stderr) = run(&john, &copy, &["send", "mary", "-m", "x"], 3);
    assert!(
        stdout.is_empty() && stderr.starts_with("error: cannot fetch our own feed for `mary`: "),
        "{stderr}"
    );
    assert!(
        stderr.contains("hint: this home was copied or restored: before it writes"),
        "{stderr}"
    );
    assert!(content(&copy) == before);
    john.host.set(Behaviour::Normal);
    run(&john, &copy, &["send", "mary", "-m", "x"], 0);
}
