//! A backup is put back: what was written since is not lost, and nothing takes its place.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::common::peer::{Peer, friends, in_hours, texts};
use crate::common::static_host::Behaviour;

/// Two people who have agreed. What John publishes lies on a web host of its own, which no restore of
/// his home changes.
pub fn apart() -> (Peer, Peer) {
    let (john, mary) = friends();
    let web = john.file("web");
    fs::create_dir(&web).unwrap();
    john.set("publish", &format!("'''cp -a {{}}/. {}/'''", web.display()));
    john.ok(&["publish"]);
    john.host.root(&web);
    (john, mary)
}

fn run(program: &str, args: &[&Path]) {
    assert!(Command::new(program).arg("-a").args(args).status().unwrap().success());
}

/// A backup of a home.
pub fn backup(peer: &Peer) -> PathBuf {
    let backup = peer.file("backup");
    run("cp", &[&peer.home(), &backup]);
    backup
}

/// Puts it back as `tar` does: every file is a new one.
pub fn restore(peer: &Peer, backup: &Path) {
    fs::remove_dir_all(peer.home()).unwrap();
    run("cp", &[backup, &peer.home()]);
}

/// John, who was restored twice within a day, and Mary, who has not read his three messages.
fn restored_twice() -> (Peer, Peer) {
    let (john, mary) = apart();
    let backup = backup(&john);
    john.send(&mary, "one");
    restore(&john, &backup);
    john.send(&mary, "two");
    let again = john.file("again");
    run("cp", &[&john.home(), &again]);
    john.send(&mary, "three");
    restore(&john, &again);
    (john, mary)
}

/// Puts it back as `rsync --inplace` does: the files that are there stay the same ones.
fn restore_in_place(peer: &Peer, backup: &Path) {
    let status = Command::new("sh")
        .args(["-c", "cd \"$1\" && find . -type f | while read -r file; do cat \"$file\" > \"$2/$file\"; done"])
        .arg("sh")
        .args([backup, &peer.home()])
        .status();
    assert!(status.unwrap().success());
}

/// The texts that Mary has of John, in the order of arrival.
pub fn at_mary(mary: &Peer) -> Vec<String> {
    let json = mary.ok(&["--format", "json", "read", "john"]);
    texts(&json)
}

pub const RESTORED: &str = "this home was restored: it goes on in a new log for `mary`";

#[test]
fn what_was_written_after_the_backup_is_neither_lost_nor_overwritten() {
    let (john, mary) = apart();
    john.send(&mary, "one");
    assert_eq!(mary.poll(), ["one"]);
    john.poll();
    let backup = backup(&john);
    john.send(&mary, "two");
    john.send(&mary, "three");
    restore(&john, &backup);
    let sent = john.run(&["send", "mary", "-m", "four"]).expect(0);
    assert!(sent.stderr.contains(RESTORED), "{}", sent.stderr);
    assert!(sent.stderr.contains("2 messages that it had sent are here again"), "{}", sent.stderr);
    assert_eq!(mary.poll(), ["two", "three", "four"]);
    assert_eq!(at_mary(&mary), ["one", "two", "three", "four"]);
    let history = john.ok(&["read", "mary"]);
    assert!(["two", "three", "four"].iter().all(|text| history.contains(text)), "{history}");
    john.poll();
    assert_eq!(john.ok(&["status"]), "mary\tall well\n");
    mary.send(&john, "all is here");
    assert_eq!(john.poll(), ["all is here"]);
    john.send(&mary, "five");
    assert_eq!(mary.poll(), ["five"]);
    assert_eq!(mary.ok(&["status"]), "john\tall well\n");
}

#[test]
fn a_backup_that_is_put_back_into_the_very_files_is_recognised_as_well() {
    let (john, mary) = apart();
    john.send(&mary, "one");
    let backup = backup(&john);
    john.send(&mary, "two");
    restore_in_place(&john, &backup);
    let sent = john.run(&["send", "mary", "-m", "three"]).expect(0);
    assert!(sent.stderr.contains(RESTORED), "{}", sent.stderr);
    assert_eq!(mary.poll(), ["one", "two", "three"]);
}

#[test]
fn a_contact_that_has_read_more_than_the_home_knows_shows_the_restore_where_the_web_does_not() {
    // Here the web host serves the home itself, so what was published went with it.
    let (john, mary) = friends();
    john.send(&mary, "one");
    let backup = backup(&john);
    john.send(&mary, "two");
    assert_eq!(mary.poll(), ["one", "two"]);
    restore(&john, &backup);
    john.ok(&["send", "mary", "-m", "three"]);
    assert_eq!(mary.poll(), ["three"]);
    assert_eq!(at_mary(&mary), ["one", "two", "three"]);
    john.poll();
    assert_eq!(john.ok(&["status"]), "mary\tall well\n");
}

#[test]
fn receiving_waits_neither_for_the_look_nor_for_our_own_host() {
    let (john, mary) = apart();
    let backup = backup(&john);
    mary.send(&john, "hello");
    restore(&john, &backup);
    john.host.set(Behaviour::Down);
    let polled = john.run(&["--format", "json", "poll"]).expect(3);
    assert_eq!(texts(&polled.stdout), ["hello"]);
    assert!(polled.stderr.contains("cannot fetch our own feed for `mary`"), "{}", polled.stderr);
    let refused = john.fails(&["send", "mary", "-m", "x"], 3);
    assert!(refused.contains("hint: this home was copied or restored"), "{refused}");
    john.host.set(Behaviour::Normal);
    john.ok(&["send", "mary", "-m", "one"]);
    assert_eq!(mary.poll(), ["one"]);
    assert!(mary.ok(&["status"]).starts_with("john\tall well"));
    john.poll();
    mary.poll();
    assert_eq!(mary.ok(&["status"]), "john\tall well\n", "what was received is acknowledged");
}

#[test]
fn a_second_restore_within_a_day_is_named_as_two_homes_that_write_and_nobody_else_is_stopped() {
    let (john, mary) = restored_twice();
    let refused = john.fails(&["send", "mary", "-m", "four"], 1);
    assert!(refused.contains("two homes write as this identity"), "{refused}");
    assert!(refused.contains("read_only = true"), "{refused}");
    assert_eq!(mary.poll(), ["one", "two", "three"]);
    mary.send(&john, "still there");
    assert_eq!(john.poll(), ["still there"]);
    let tomorrow = john.at(&in_hours(25), &["send", "mary", "-m", "four"], "").expect(0);
    assert!(!tomorrow.stdout.is_empty());
    assert_eq!(texts(&mary.at(&in_hours(25), &["--format", "json", "poll"], "").stdout), ["four"]);
}

#[test]
fn who_was_restored_twice_within_a_day_and_has_no_other_home_says_so_and_goes_on() {
    let (john, mary) = restored_twice();
    let refused = john.fails(&["send", "mary", "-m", "four"], 1);
    assert!(refused.contains("hint: if this is the only one, restored twice"), "{refused}");
    let told = john.run(&["check", "mary"]).expect(1).stdout;
    assert!(told.contains("wrong\tmary\ttwo homes write as this identity"), "{told}");
    let asked = john.run_unattended(&["check", "mary", "--repair"]).expect(1).stdout;
    assert!(asked.contains("cloudim check mary --repair --yes"), "{asked}");
    john.fails(&["send", "mary", "-m", "four"], 1);
    let done = john.ok(&["check", "mary", "--repair", "--yes"]);
    assert!(done.contains("note\tmary\twhat is written to it goes on in a new log\n"), "{done}");
    john.send(&mary, "four");
    assert_eq!(mary.poll(), ["one", "two", "three", "four"]);
    john.poll();
    assert!(!john.ok(&["check", "mary"]).contains("wrong"));
}

#[test]
fn a_machine_that_was_put_back_as_a_whole_is_found_out_by_the_look_of_the_day() {
    let (john, mary) = apart();
    john.send(&mary, "one");
    let (backup, state) = (backup(&john), john.file("state-before"));
    run("cp", &[&john.file("state-home"), &state]);
    john.send(&mary, "two");
    restore_in_place(&john, &backup);
    fs::remove_dir_all(john.file("state-home")).unwrap();
    run("cp", &[&state, &john.file("state-home")]);
    // Nothing on this disk tells, until our own feed is looked at.
    let polled = john.at(&in_hours(25), &["poll"], "").expect(0);
    assert!(polled.stderr.contains(RESTORED), "{}", polled.stderr);
    john.at(&in_hours(25), &["send", "mary", "-m", "three"], "").expect(0);
    assert_eq!(
        texts(&mary.at(&in_hours(25), &["--format", "json", "poll"], "").stdout),
        ["one", "two", "three"]
    );
}

#[test]
fn numbers_that_were_used_twice_meanwhile_are_told_as_a_fork_and_both_messages_are_shown() {
    let (john, mary) = apart();
    john.send(&mary, "one");
    let (backup, state) = (backup(&john), john.file("state-before"));
    run("cp", &[&john.file("state-home"), &state]);
    john.send(&mary, "two");
    assert_eq!(mary.poll(), ["one", "two"]);
    restore_in_place(&john, &backup);
    fs::remove_dir_all(john.file("state-home")).unwrap();
    run("cp", &[&state, &john.file("state-home")]);
    john.send(&mary, "another two");
    let polled = mary.run(&["--format", "json", "poll"]).expect(5);
    assert_eq!(texts(&polled.stdout), ["another two"]);
    let told = polled.stdout.lines().filter(|line| line.contains("\"integrity\"")).count();
    assert!(told >= 1 && polled.stdout.contains("forked"), "{}", polled.stdout);
    john.run(&["poll"]);
    john.ok(&["send", "mary", "-m", "three"]);
    let polled = mary.run(&["--format", "json", "poll"]);
    assert_eq!(texts(&polled.stdout), ["three"], "{}", polled.stderr);
    assert_eq!(at_mary(&mary), ["one", "two", "another two", "three"]);
}
