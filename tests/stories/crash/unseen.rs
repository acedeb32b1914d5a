//! A backup is put back, and nothing that can be seen shows what was written since.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::common::peer::{Peer, friends, texts};
use crate::common::static_host::Behaviour;

const RESTORED: &str = "this home was restored: it goes on in a new log for `mary`";

fn copy(from: &Path, to: &Path) {
    let status = Command::new("cp").arg("-a").args([from, to]).status();
    assert!(status.unwrap().success());
}

/// Puts `backup` in the place of John's home. His web host serves the home itself, so what was published
/// goes with it.
fn restore(john: &Peer, backup: &Path) {
    fs::remove_dir_all(john.home()).unwrap();
    copy(backup, &john.home());
}

/// What Mary is told and shown of it all when she looks again.
#[track_caller]
fn no_number_is_used_twice(john: &Peer, mary: &Peer, had: &[&str]) {
    let sent = john.run(&["send", "mary", "-m", "three"]);
    assert!(sent.stdout.starts_with("urn:uuid:") && sent.stderr.contains(RESTORED), "{sent:?}");
    mary.host.set(Behaviour::Normal);
    let polled = mary.run(&["--format", "json", "poll"]).expect(0);
    assert_eq!(texts(&polled.stdout), ["three"], "{}", polled.stderr);
    assert!(!polled.stdout.contains("fork"), "{}", polled.stdout);
    let all = texts(&mary.ok(&["--format", "json", "read", "john"]));
    assert_eq!(all, [had, &["three"]].concat());
    // What Mary had sealed to the subkey that is lost comes again.
    for peer in [john, mary, john, mary] {
        peer.run(&["poll"]);
    }
    assert_eq!(john.ok(&["status"]), "mary\tall well\n");
    assert_eq!(mary.ok(&["status"]), "john\tall well\n");
}

#[test]
fn a_backup_that_took_the_web_with_it_uses_no_number_twice_while_the_contact_is_out_of_reach() {
    let (john, mary) = friends();
    john.send(&mary, "one");
    let backup = john.file("backup");
    copy(&john.home(), &backup);
    john.send(&mary, "two");
    assert_eq!(mary.poll(), ["one", "two"]);
    restore(&john, &backup);
    mary.host.set(Behaviour::Down);
    no_number_is_used_twice(&john, &mary, &["one", "two"]);
}

#[test]
fn nor_while_what_the_contact_has_read_is_sealed_to_a_subkey_that_is_lost() {
    let (john, mary) = friends();
    let backup = john.file("backup");
    copy(&john.home(), &backup);
    john.ok(&["key", "rotate"]);
    john.send(&mary, "one");
    john.send(&mary, "two");
    assert_eq!(mary.poll(), ["one", "two"]);
    restore(&john, &backup);
    no_number_is_used_twice(&john, &mary, &["one", "two"]);
}
