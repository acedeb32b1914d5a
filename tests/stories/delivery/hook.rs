//! The hook gets every message once, in order, and nothing of it becomes a command.

use std::fs;
use std::path::PathBuf;

use crate::common::peer::{Peer, befriend, friends, in_hours, texts};

/// A file of `peer` that a hook appends to.
fn log(peer: &Peer) -> PathBuf {
    peer.file("log")
}

fn lines(path: &PathBuf) -> Vec<String> {
    fs::read_to_string(path).unwrap_or_default().lines().map(str::to_owned).collect()
}

/// A hook that appends the text and a line feed to the log.
fn appending(peer: &Peer) -> String {
    format!("{{ cat; echo; }} >> '{}'", log(peer).display())
}

#[test]
fn a_hook_gets_the_text_byte_for_byte_and_knows_the_rest_by_its_environment() {
    let (john, mary) = friends();
    let text = " \tone\r\ntwo\n\n";
    let guid = john.send(&mary, text);
    let folder = mary.file(".");
    let out = folder.display();
    let hook = format!(
        "cat > '{out}/text'; cp \"$IM_JSON\" '{out}/json'; \
         printf '%s\\n' \"$CLOUDIM_HOME\" \"$IM_CONTACT\" \"$IM_GUID\" \"$IM_TIME\" \"$IM_TRUST\" > '{out}/log'"
    );
    assert_eq!(mary.ok(&["poll", "--exec", &hook]), "");
    assert_eq!(fs::read(mary.file("text")).unwrap(), text.as_bytes());
    let json = fs::read_to_string(mary.file("json")).unwrap();
    let record: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!((&record["text"], &record["contact"]), (&text.into(), &"john".into()));
    let environment = lines(&log(&mary));
    assert_eq!(environment[0], mary.home().display().to_string());
    assert_eq!(environment[1..3], ["john".to_owned(), guid.clone()]);
    let time = environment[3].as_bytes();
    assert_eq!((time.len(), time[10], time[19]), (20, b'T', b'Z'), "{}", environment[3]);
    assert_eq!(environment[4], "first-use");
    assert_eq!(record["guid"], guid.as_str());
    assert_eq!(mary.ok(&["poll", "--exec", "false"]), "", "nothing is left for a hook");
}

#[test]
fn nothing_of_a_message_is_ever_executed() {
    let (john, mary) = friends();
    let marker = mary.file("marker");
    let evil = format!(
        "$(touch '{0}'); `touch '{0}'` '; touch '{0}'; \"\n| touch '{0}'",
        marker.display()
    );
    john.send(&mary, &evil);
    mary.ok(&["poll", "--exec", &appending(&mary)]);
    assert_eq!(fs::read_to_string(log(&mary)).unwrap(), format!("{evil}\n"));
    assert!(!marker.exists());
}

#[test]
fn a_failing_hook_holds_up_the_later_ones_of_that_contact_only() {
    let (john, mary, anna) = (Peer::john(), Peer::mary(), Peer::new("Anna", &[]));
    befriend(&john, &mary);
    befriend(&anna, &mary);
    for text in ["1", "bad", "2"] {
        john.send(&mary, text);
        anna.send(&mary, &format!("anna {text}").replace("bad", "good"));
    }
    let hook = format!(
        "text=$(cat); [ \"$text\" != bad ] && echo \"$text\" >> '{}'",
        log(&mary).display()
    );
    let said = mary.fails(&["poll", "--exec", &hook], 1);
    assert!(
        said.contains("the hook did not take `urn:uuid:") && said.contains("by `john`"),
        "{said}"
    );
    assert!(said.contains("hint: the next poll after "), "{said}");
    let mut taken = lines(&log(&mary));
    taken.sort();
    assert_eq!(taken, ["1", "anna 1", "anna 2", "anna good"]);
    assert!(mary.ok(&["status", "john"]).contains("2 undelivered"));
    mary.ok(&["poll", "--exec", &hook]);
    let all = appending(&mary);
    mary.ok(&["poll", "--exec", &all, "--retry"]);
    assert_eq!(lines(&log(&mary))[4..], ["bad", "2"]);
    assert_eq!(mary.ok(&["status"]), "anna\tall well\njohn\tall well\n");
}

#[test]
fn a_hook_is_tried_again_with_growing_pauses_and_parked_after_ten() {
    let (john, mary) = friends();
    john.send(&mary, "stubborn");
    let count = format!("echo x >> '{}'; exit 3", log(&mary).display());
    let tries = || lines(&log(&mary)).len();
    let start: jiff::Timestamp = in_hours(0).parse().unwrap();
    let poll = |minutes: i64| {
        let time = start + jiff::SignedDuration::from_mins(minutes);
        mary.at(&time.to_string(), &["poll", "--exec", &count], "").status
    };
    assert_eq!((poll(0), tries()), (1, 1));
    assert_eq!((poll(0), tries()), (0, 1), "not before half a minute");
    assert_eq!((poll(1), tries()), (1, 2));
    assert_eq!((poll(1), tries()), (0, 2));
    assert_eq!((poll(2), tries()), (1, 3));
    assert_eq!((poll(3), tries()), (0, 3), "it is two minutes by now");
    for minutes in [10, 20, 40, 80, 160, 320] {
        assert_eq!(poll(minutes), 1);
    }
    assert_eq!((tries(), poll(640), tries()), (9, 1, 10));
    assert_eq!((poll(6_400), tries()), (1, 10), "parked");
    assert!(mary.ok(&["status"]).contains("hook parked"));
    assert!(mary.ok(&[]).contains("the hook for `john` is parked: cloudim poll john --retry"));
    mary.ok(&["poll", "--exec", &appending(&mary), "--retry"]);
    assert_eq!(lines(&log(&mary))[10..], ["stubborn"]);
    assert_eq!(mary.ok(&["status"]), "john\tall well\n");
}

#[test]
fn the_first_hook_starts_at_what_stdout_has_not_delivered() {
    let (john, mary) = friends();
    john.send(&mary, "printed");
    mary.poll();
    john.send(&mary, "for the hook");
    mary.ok(&["poll", "--exec", &appending(&mary)]);
    assert_eq!(lines(&log(&mary)), ["for the hook"]);
    assert_eq!(mary.poll(), ["for the hook"], "stdout has a cursor of its own");
}

#[test]
fn what_is_printed_after_the_first_hook_is_for_the_hook_too() {
    let (john, mary) = friends();
    mary.ok(&["poll", "--exec", &appending(&mary)]);
    john.send(&mary, "for both");
    assert_eq!(mary.poll(), ["for both"]);
    mary.ok(&["poll", "--exec", &appending(&mary)]);
    assert_eq!(lines(&log(&mary)), ["for both"]);
}

#[test]
fn eight_polls_at_once_run_the_hook_once_a_message() {
    let (john, mary) = friends();
    let all: Vec<String> = (0..10).map(|n| n.to_string()).collect();
    all.iter().for_each(|text| drop(john.send(&mary, text)));
    let hook = appending(&mary);
    let polls: Vec<_> =
        (0..8).map(|_| mary.command(&["poll", "--exec", &hook]).spawn().unwrap()).collect();
    for mut poll in polls {
        assert!(poll.wait().unwrap().success());
    }
    mary.ok(&["poll", "--exec", &hook]);
    assert_eq!(lines(&log(&mary)), all);
}

#[test]
fn a_hook_need_not_read_a_long_message() {
    let (john, mary) = friends();
    john.feed(&["send", "mary"], "x".repeat(70 * 1024)).expect(0);
    mary.ok(&["poll", "--exec", "true"]);
    assert_eq!(mary.ok(&["status"]), "john\tall well\n");
}

#[test]
fn a_hook_can_answer() {
    let (john, mary) = friends();
    john.send(&mary, "are you there?");
    john.send(&mary, "hello?");
    let program = env!("CARGO_BIN_EXE_cloudim");
    let hook = format!(
        "'{program}' send \"$IM_CONTACT\" --reply-to \"$IM_GUID\" -m 'I am away' >/dev/null"
    );
    mary.ok(&["poll", "--exec", &hook]);
    assert_eq!(john.poll(), ["I am away", "I am away"]);
}

#[test]
fn a_limit_counts_for_hooks_too() {
    let (john, mary) = friends();
    for text in ["1", "2", "3"] {
        john.send(&mary, text);
    }
    let hook = appending(&mary);
    mary.ok(&["poll", "--exec", &hook, "-n", "2"]);
    assert_eq!(lines(&log(&mary)), ["1", "2"]);
    mary.ok(&["poll", "--exec", &hook]);
    assert_eq!(lines(&log(&mary)), ["1", "2", "3"]);
    let json = mary.ok(&["--format", "json", "poll", "--peek"]);
    assert_eq!(texts(&json), ["1", "2", "3"]);
}

#[test]
fn a_hook_runs_outside_every_lock() {
    let (john, mary) = friends();
    john.send(&mary, "slow to take");
    let program = env!("CARGO_BIN_EXE_cloudim");
    let hook = format!(
        "'{program}' poll && '{program}' publish && '{program}' status > '{}'",
        log(&mary).display()
    );
    mary.ok(&["poll", "--exec", &hook]);
    assert_eq!(lines(&log(&mary)), ["john\t1 undelivered"]);
    assert_eq!(mary.ok(&["status"]), "john\tall well\n");
}
