//! What a contact may do whose key nobody compared.

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::Stdio;

use serde_json::Value;

use super::trust_lines;
use crate::common::host::{Host, OFTEN, until};
use crate::common::peer::{Peer, befriend, friends, texts, verify};
use crate::common::tty::Terminal;

fn status(peer: &Peer) -> Value {
    serde_json::from_str(&peer.ok(&["--format", "json", "status"])).unwrap()
}

#[test]
fn verified_only_holds_what_comes_and_loses_nothing() {
    let (john, mary) = friends();
    john.set("trust", "\"verified\"");
    let guid = mary.send(&john, "one");
    let held = john.run(&["--format", "json", "poll"]).expect(4);
    let words = "1 message is held until the key is verified: cloudim contact verify mary";
    assert_eq!((texts(&held.stdout), trust_lines(&held)), (vec![], vec![words.to_owned()]));
    assert!(held.stderr.contains(words), "{}", held.stderr);
    let again = john.run(&["--format", "json", "poll"]).expect(0);
    assert_eq!((again.stdout.as_str(), again.stderr.as_str()), ("", ""), "told once");
    // It is stored, and the writer knows.
    mary.ok(&["poll"]);
    assert_eq!(mary.ok(&["status"]), "john\tall well\n");

    mary.send(&john, "two");
    let held = john.run(&["poll"]).expect(4);
    assert!(held.stdout.is_empty() && held.stderr.contains("1 message is held"), "{held:?}");
    assert_eq!(john.ok(&["status"]), "mary\t2 held until it is verified\n");
    let standing = status(&john);
    assert_eq!(
        [&standing["withheld"], &standing["undelivered"], &standing["policy"]],
        [&2.into(), &0.into(), &Value::from("verified")]
    );
    let overview = john.ok(&[]);
    assert!(overview.contains("compare its key: cloudim contact verify mary\n"), "{overview}");

    let feed = fs::read(mary.pair_feed()).unwrap();
    for args in [
        &["read"][..],
        &["read", "mary"],
        &["read", &guid],
        &["--format", "json", "read", &guid],
        &["read", &guid, "--save", "/nowhere"],
        &["decrypt", "--from", "mary"],
    ] {
        let refused = john.feed(args, &feed).expect(4);
        assert!(!refused.stdout.contains("one") && !refused.stdout.contains("two"), "{refused:?}");
        assert!(refused.stderr.contains("hint: compare its fingerprint: "), "{}", refused.stderr);
    }
    let hooked = john.run(&["poll", "--exec", "echo hooked"]).expect(0);
    assert_eq!((hooked.stdout.as_str(), hooked.stderr.as_str()), ("", ""));

    verify(&john, &mary);
    assert_eq!(john.poll(), ["one", "two"]);
    assert_eq!(john.poll(), [""; 0]);
    assert_eq!(john.ok(&["read", "mary"]).lines().count(), 2);
}

#[test]
fn verified_only_sends_nothing_before() {
    let (john, mary) = friends();
    john.set("trust", "\"verified\"");
    let plain = john.ok(&["compose", "-m", "hi"]);
    let feed = fs::read(john.pair_feed()).unwrap();
    for args in [
        &["send", "mary", "-m", "hi"][..],
        &["send", "mary", "-m", "hi", "--yes"],
        &["encrypt", "--to", "mary"],
        &["append", "mary"],
    ] {
        let refused = john.feed(args, &plain).expect(4);
        assert_eq!(refused.stdout, "");
        assert_eq!(
            refused.stderr,
            "error: nothing is sent to `mary` until its key is verified\nhint: compare its fingerprint: cloudim contact verify mary\n"
        );
    }
    assert!(fs::read(john.pair_feed()).unwrap() == feed);
    verify(&john, &mary);
    john.send(&mary, "hi");
    assert_eq!(mary.poll(), ["hi"]);
}

#[test]
fn a_hook_gets_what_was_held_once_it_is_released() {
    let (john, mary) = friends();
    john.set("trust", "\"verified\"");
    mary.send(&john, "held");
    let hook = ["poll", "--exec", "printf '%s:' \"$IM_TRUST\"; cat"];
    let held = john.run(&hook).expect(4);
    assert!(held.stdout.is_empty() && held.stderr.contains("1 message is held"), "{held:?}");
    verify(&john, &mary);
    assert_eq!(john.ok(&hook), "verified:held");
    assert_eq!(john.ok(&hook), "");
}

#[test]
fn who_listens_prints_what_was_held_once_it_is_released() {
    let (john, mary) = (Host::new("John"), Peer::mary());
    john.peer.set("trust", "\"verified\"");
    let listening = john.listen(&[OFTEN, "--print"]);
    befriend(&john.peer, &mary);
    mary.send(&john.peer, "held");
    let held = "mary\t1 held until it is verified\n";
    until("it is stored", || john.peer.ok(&["status"]) == held);
    assert_eq!(listening.printed(), [""; 0]);
    verify(&john.peer, &mary);
    listening.prints("  mary ✓  held");
}

#[test]
fn who_follows_the_history_sees_what_was_held_once_it_is_released() {
    let (john, mary) = friends();
    mary.send(&john, "old");
    john.poll();
    let mut reading = john.command(&["read", "--follow"]);
    let mut reading = reading.stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(reading.stdout.take().unwrap()).lines();
    assert!(lines.next().unwrap().unwrap().ends_with("  mary  old"));
    john.ok(&["contact", "trust", "mary", "--policy", "verified"]);
    mary.send(&john, "held");
    john.run(&["poll"]).expect(4);
    verify(&john, &mary);
    assert!(lines.next().unwrap().unwrap().ends_with("  mary ✓  held"));
    reading.kill().unwrap();
    reading.wait().unwrap();
}

#[test]
fn a_policy_can_be_set_for_one_contact() {
    let (john, mary) = friends();
    let anna = Peer::new("Anna", &[]);
    befriend(&anna, &john);
    john.ok(&["contact", "trust", "mary", "--policy", "verified"]);
    mary.send(&john, "by Mary");
    anna.send(&john, "by Anna");
    let polled = john.run(&["--format", "json", "poll"]).expect(4);
    assert_eq!(texts(&polled.stdout), ["by Anna"]);
    assert!(john.ok(&["contact", "show", "mary"]).contains("\npolicy       verified\n"));
    john.send(&anna, "hi");
    john.fails(&["send", "mary", "anna", "-m", "hi"], 4);
    assert_eq!(anna.poll(), ["hi"], "nothing was sent to either");
    john.ok(&["contact", "trust", "mary", "--policy", "default"]);
    assert_eq!(john.poll(), ["by Mary"]);
    // What was shown already is not shown again under a stricter policy.
    john.ok(&["contact", "trust", "mary", "--policy", "verified"]);
    john.fails(&["read", "mary"], 4);
    let unknown = john.fails(&["contact", "trust", "mary", "--policy", "always"], 2);
    assert!(unknown.contains("first-use, ask, verified, default"), "{unknown}");
    john.set("trust", "\"always\"");
    let unknown = john.fails(&["status"], 1);
    assert!(unknown.contains("expected one of `first-use`, `verified`, `ask`"), "{unknown}");
}

#[test]
fn ask_shows_what_comes_and_sends_only_if_somebody_says_so() {
    let (john, mary) = friends();
    john.set("trust", "\"ask\"");
    mary.send(&john, "hi");
    assert_eq!(john.poll(), ["hi"]);
    let refused = john.run_unattended(&["send", "mary", "-m", "no"]).expect(4);
    assert_eq!(
        refused.stderr,
        "error: the key of `mary` is not verified, and there is no terminal to ask\nhint: compare its fingerprint: cloudim contact verify mary\nhint: --yes sends without asking\n"
    );
    let plain = john.ok(&["compose", "-m", "hi"]);
    john.ok(&["send", "mary", "-m", "yes", "--yes"]);
    let sealed = john.feed(&["encrypt", "--to", "mary", "--yes"], plain).expect(0).stdout;
    john.feed(&["append", "mary"], sealed).expect(0);
    assert_eq!(mary.poll(), ["yes", "hi"]);
    verify(&john, &mary);
    john.run_unattended(&["send", "mary", "-m", "compared"]).expect(0);
    assert_eq!(mary.poll(), ["compared"]);
}

#[test]
fn on_a_terminal_the_user_is_asked_while_the_message_comes_by_a_pipe() {
    let (john, mary) = friends();
    john.ok(&["contact", "trust", "mary", "--policy", "ask"]);
    let key = john.ok(&["contact", "verify", "mary"]);
    let key = key.lines().find_map(|line| line.strip_suffix("\tmary")).unwrap();
    let prompt = format!("`mary` is not verified: {key}\r\nSend? [y/N] ");
    for (answer, status, sent) in [("n", 4, vec![]), ("", 4, vec![]), ("y", 0, vec!["hi"])] {
        let mut terminal = Terminal::run(&john, "printf hi | \"$CLOUDIM\" send mary");
        terminal.answer_openly(&prompt, answer);
        let (ended, screen) = terminal.end();
        assert_eq!(ended, status, "{screen}");
        assert_eq!(screen.contains("error: nothing was sent to `mary`"), status == 4, "{screen}");
        assert_eq!(mary.poll(), sent);
    }
}
