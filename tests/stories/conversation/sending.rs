//! To whom, in answer to what, again, and whether it arrived.

use std::fs;
use std::thread;
use std::time::Duration;

use serde_json::Value;

use crate::common::peer::{Peer, befriend, friends, in_hours};

const GUID: &str = "0199f0c2-8d5c-7a11-b0d5-1f0a8d7c2e11";

/// The last line of JSON that `args` give.
fn last(peer: &Peer, args: &[&str]) -> Value {
    let json = peer.ok(&[&["--format", "json"], args].concat());
    serde_json::from_str(json.lines().last().unwrap()).unwrap()
}

#[test]
fn an_answer_names_what_it_answers() {
    let (john, mary) = friends();
    let none = john.fails(&["send", "mary", "-m", "what?", "--reply-to", "last"], 1);
    assert_eq!(none, "error: `mary` has not written anything to reply to\n");
    let first = mary.send(&john, "first");
    let second = mary.send(&john, "second");
    john.poll();
    john.ok(&["send", "mary", "-m", "to the last", "--reply-to", "last"]);
    assert_eq!(last(&mary, &["poll"])["reply_to"], second.as_str());
    john.ok(&["send", "mary", "-m", "to the first", "--reply-to", &first]);
    assert_eq!(last(&mary, &["poll"])["reply_to"], first.as_str());
    let wrong = john.fails(&["send", "mary", "-m", "x", "--reply-to", "yesterday"], 2);
    assert!(wrong.starts_with("error: cannot use --reply-to: "), "{wrong}");
}

#[test]
fn several_contacts_get_a_guid_each() {
    let (john, mary, anna) = (Peer::john(), Peer::mary(), Peer::new("Anna", &[]));
    befriend(&john, &mary);
    befriend(&john, &anna);
    let printed = john.ok(&["send", "mary", "anna", "-m", "to both"]);
    let lines: Vec<(&str, &str)> =
        printed.lines().map(|line| line.split_once('\t').unwrap()).collect();
    assert_eq!(lines.iter().map(|line| line.0).collect::<Vec<_>>(), ["mary", "anna"]);
    assert_ne!(lines[0].1, lines[1].1);
    assert_eq!(last(&mary, &["poll"])["guid"], lines[0].1);
    assert_eq!(last(&anna, &["poll"])["guid"], lines[1].1);
    let feeds =
        |peer: &Peer| peer.pair_feeds().iter().map(|p| fs::read(p).unwrap()).collect::<Vec<_>>();
    let before = feeds(&john);
    let unknown = john.fails(&["send", "mary", "amna", "-m", "to nobody"], 1);
    assert_eq!(unknown, "error: there is no contact `amna`\nhint: did you mean `anna`?\n");
    assert_eq!(feeds(&john), before);
    let twice = john.fails(&["send", "mary", "anna", "-m", "x", "--guid", GUID], 2);
    assert!(twice.starts_with("error: --guid names one message"), "{twice}");
    assert_eq!((mary.poll(), anna.poll()), (vec![], vec![]));
}

#[test]
fn a_script_can_send_again_without_sending_twice() {
    let (john, mary) = friends();
    let send = |text: &str| john.run(&["send", "mary", "--guid", GUID, "-m", text]);
    let urn = format!("urn:uuid:{GUID}\n");
    assert_eq!(send("once").expect(0).stdout, urn);
    let feed = fs::read(john.pair_feed()).unwrap();
    assert_eq!(send("once").expect(0).stdout, urn);
    assert_eq!(fs::read(john.pair_feed()).unwrap(), feed);
    let other = send("twice").expect(1);
    assert!(other.stderr.contains("was used for another message"), "{}", other.stderr);
    assert_eq!((other.stdout.as_str(), fs::read(john.pair_feed()).unwrap()), ("", feed));
    assert_eq!(mary.poll(), ["once"]);
    assert_eq!(send("once").expect(0).stdout, urn);
    assert_eq!(mary.poll(), [""; 0]);
    let bad = john.fails(&["send", "mary", "--guid", "1234", "-m", "x"], 2);
    assert!(bad.starts_with("error: cannot use --guid: ") && bad.contains("hint: "), "{bad}");
    let taken = mary.fails(&["send", "john", "--guid", GUID, "-m", "once"], 1);
    assert!(taken.contains("was used for another message"), "{taken}");
}

#[test]
fn a_retry_with_the_same_attachment_is_the_same_message() {
    let (john, mary) = friends();
    let file = john.file("cat.png");
    let path = file.to_str().unwrap();
    fs::write(&file, [7; 5_000]).unwrap();
    let send = |text: &str| john.run(&["send", "mary", "--guid", GUID, "-m", text, "-a", path]);
    let first = send("a cat").expect(0).stdout;
    assert_eq!(send("a cat").expect(0).stdout, first);
    fs::write(&file, [8; 5_000]).unwrap();
    let other = send("a cat").expect(1);
    assert!(other.stderr.contains("was used for another message"), "{}", other.stderr);
    assert_eq!(fs::read_dir(john.home().join("public/b")).unwrap().count(), 2, "with index.html");
    assert_eq!(mary.poll(), ["a cat"]);
}

#[test]
fn send_waits_until_the_other_has_it() {
    let (john, mary) = friends();
    let mut send = john.command(&["send", "mary", "-m", "there?", "--wait=60s"]).spawn().unwrap();
    for _ in 0..200 {
        if mary.poll() == ["there?"] {
            break;
        }
        thread::sleep(Duration::from_millis(50));
    }
    assert!(send.wait().unwrap().success());
    assert_eq!(john.ok(&["status"]), "mary\tall well\n");
}

#[test]
fn whoever_waits_in_vain_is_told_not_to_send_again() {
    let (john, mary) = friends();
    let ran = john.run(&["--quiet", "send", "mary", "-m", "there?", "--wait=1s"]).expect(7);
    assert_eq!(
        ran.stderr,
        "error: it is sent, and not acknowledged yet\nhint: do not send it again: cloudim status\n"
    );
    assert!(ran.stdout.starts_with("urn:uuid:"), "{}", ran.stdout);
    assert_eq!(mary.poll(), ["there?"]);
}

#[test]
fn status_shows_what_the_other_has_not_acknowledged() {
    let (john, mary) = friends();
    john.send(&mary, "one");
    john.send(&mary, "two");
    let unacknowledged = || last(&john, &["status", "mary"])["unacknowledged"].clone();
    assert!(john.ok(&["status"]).starts_with("mary\t2 unacknowledged (oldest "));
    john.poll();
    assert_eq!(unacknowledged(), 2, "Mary has not polled");
    mary.poll();
    assert_eq!(unacknowledged(), 2, "we have not polled since");
    john.poll();
    assert_eq!(unacknowledged(), 0);
    let month = john.at(&in_hours(24 * 40), &["status"], "").expect(0);
    assert_eq!(month.stderr, "");
    john.send(&mary, "three");
    let month = john.at(&in_hours(24 * 40), &["status"], "").expect(0);
    assert_eq!(month.stderr, "warning: `mary` has acknowledged nothing for over 30 days\n");
}
