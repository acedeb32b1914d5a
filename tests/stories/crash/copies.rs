//! A home that was copied must not write as if it were the only one.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::common::peer::{Peer, friends, tree};
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
fn a_copy_whose_original_went_on_refuses_to_write() {
    let (john, mary) = friends();
    john.send(&mary, "before the copy");
    let copy = copied(&john);
    let guid = john.send(&mary, "after the copy");
    let before = content(&copy);
    let name = john.pair_feed().file_name().unwrap().to_str().unwrap().to_owned();
    let feed = format!("{}f/{name}", john.address());
    let ping = ["cloud", "ping", &feed];
    for args in [&["send", "mary", "-m", "by the copy"][..], &["publish"], &ping] {
        let (stdout, stderr) = run(&john, &copy, args, 5);
        assert_eq!(stdout, "");
        let says = format!(
            "error: our feed for `mary` holds a message that this home never wrote: {guid}\n"
        );
        assert!(stderr.starts_with(&says), "{stderr}");
        assert!(stderr.contains("hint: this is an older copy of the home"), "{stderr}");
    }
    assert!(content(&copy) == before);
    run(&john, &copy, &["read", "mary"], 0);
    run(&john, &copy, &["status"], 0);
    john.send(&mary, "the original goes on");
    assert_eq!(mary.poll(), ["before the copy", "after the copy", "the original goes on"]);
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
