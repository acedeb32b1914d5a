//! The cursor of stdout moves only when everything was written.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Stdio};

use crate::common::peer::{Peer, friends, texts};

const MANY: usize = 40;

/// Mary, to whom John has written more than a pipe holds.
fn with_many() -> (Peer, Peer, Vec<String>) {
    let (john, mary) = friends();
    let all: Vec<String> = (0..MANY).map(|n| format!("{n} {}", "x".repeat(10_000))).collect();
    for text in &all {
        john.feed(&["send", "mary"], text).expect(0);
    }
    (john, mary, all)
}

fn start(peer: &Peer, args: &[&str]) -> Child {
    let mut command = peer.command(args);
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

/// Waits for the end, which must be with 0 and without a word.
fn ends_well(child: Child) {
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
}

#[test]
fn a_reader_who_takes_one_line_moves_no_cursor() {
    let (_john, mary, all) = with_many();
    let mut head = start(&mary, &["poll"]);
    let mut first = String::new();
    BufReader::with_capacity(64, head.stdout.take().unwrap()).read_line(&mut first).unwrap();
    assert!(first.contains("  john  0 xxx"), "{first}");
    ends_well(head);
    assert!(mary.ok(&["status"]).contains(&format!("{MANY} undelivered")));
    assert!(mary.poll() == all, "all of them come again");
    assert_eq!(mary.poll(), [""; 0]);
}

#[test]
fn a_reader_who_leaves_at_once_loses_nothing() {
    let (john, mary) = friends();
    john.send(&mary, "short");
    for args in [&["poll"][..], &["--format", "json", "poll"], &["--format", "rss", "poll"]] {
        let mut gone = start(&mary, args);
        drop(gone.stdout.take());
        ends_well(gone);
    }
    for args in [&["read"][..], &["contact", "list"], &["status"], &[], &["--help"]] {
        let mut gone = start(&mary, args);
        drop(gone.stdout.take());
        ends_well(gone);
    }
    assert_eq!(mary.poll(), ["short"]);
}

#[test]
fn a_disk_that_is_full_moves_no_cursor() {
    let (john, mary) = friends();
    john.send(&mary, "kept");
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = mary.command(&["poll"]).stdout(full).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.starts_with("error: cannot write to stdout: "), "{said}");
    assert_eq!(mary.poll(), ["kept"]);
}

#[test]
fn a_run_that_is_killed_before_it_has_written_all_delivers_again() {
    let (_john, mary, all) = with_many();
    let mut slow = start(&mary, &["--format", "json", "poll"]);
    let mut some = [0; 1];
    slow.stdout.as_mut().unwrap().read_exact(&mut some).unwrap();
    slow.kill().unwrap();
    slow.wait().unwrap();
    assert!(mary.poll() == all);
}

#[test]
fn eight_polls_at_once_print_every_message_once() {
    let (_john, mary, all) = with_many();
    let polls: Vec<Child> = (0..8).map(|_| start(&mary, &["--format", "json", "poll"])).collect();
    let mut printed: Vec<String> = Vec::new();
    for poll in polls {
        let output = poll.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        printed.extend(texts(&String::from_utf8(output.stdout).unwrap()));
    }
    printed.extend(mary.poll());
    assert!(printed == all, "{} instead of {MANY}", printed.len());
}
