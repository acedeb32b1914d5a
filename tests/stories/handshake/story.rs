//! What the stories of the handshake share.

use std::fs;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::common::host::until;
use crate::common::peer::Peer;

/// What `from` writes for whom it invites; `args` go to `handshake invite`.
#[track_caller]
pub fn invitation(from: &Peer, args: &[&str]) -> String {
    let invite = ["handshake", "invite"];
    from.ok(&[&invite, args, &["--output", "-"]].concat())
}

/// Lets `by` accept what is in `file`; returns the acceptance.
#[track_caller]
pub fn accept(by: &Peer, file: &str) -> String {
    by.feed(&["handshake", "accept", "-i", "-", "-o", "-"], file).expect(0).stdout
}

/// Refuses `file`; returns what was said.
#[track_caller]
pub fn refuses(who: &Peer, file: &str, status: i32) -> String {
    who.feed(&["handshake", "accept", "-i", "-"], file).expect(status).stderr
}

/// The contacts, as `contact list` shows them in JSON.
pub fn contacts(peer: &Peer) -> Vec<Value> {
    lines(&peer.ok(&["--format", "json", "contact", "list"]))
}

/// The invitations that wait.
pub fn waiting(peer: &Peer) -> Vec<Value> {
    lines(&peer.ok(&["--format", "json", "handshake", "list"]))
}

fn lines(json: &str) -> Vec<Value> {
    json.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Each has the other as its one contact, nothing waits, and what each writes the other reads once.
#[track_caller]
pub fn one_conversation(john: &Peer, mary: &Peer) {
    for (peer, other) in [(john, mary), (mary, john)] {
        let names: Vec<Value> = contacts(peer).iter().map(|c| c["contact"].clone()).collect();
        assert_eq!(names, [other.name.as_str()], "the contacts of {}", peer.name);
        // Who listens takes an invitation away a moment after the contact is there.
        until("nothing waits", || waiting(peer).is_empty());
    }
    for round in ["first", "second"] {
        for (from, to) in [(john, mary), (mary, john)] {
            from.send(to, round);
            assert_eq!(to.poll(), [round], "from {} to {}", from.name, to.name);
        }
    }
    john.ok(&["poll"]);
    mary.ok(&["poll"]);
    for (peer, other) in [(john, mary), (mary, john)] {
        assert_eq!(peer.ok(&["status"]), format!("{}\tall well\n", other.name));
    }
}

/// How often the acceptance of an invitation was told.
pub fn times_accepted(peer: &Peer, of: &Peer) -> usize {
    let messages = peer.home().join("contacts").join(&of.name).join("messages.jsonl");
    fs::read_to_string(messages).unwrap().matches("\"type\":\"accepted\"").count()
}

/// The reply token of the one invitation that `peer` has made.
pub fn reply_token(peer: &Peer) -> String {
    let folder = fs::read_dir(peer.home().join("invitations")).unwrap();
    let path = folder.map(|file| file.unwrap().path()).next().expect("an invitation");
    let text = fs::read_to_string(path).unwrap();
    let line = text.lines().find(|line| line.starts_with("reply = ")).unwrap();
    line.trim_start_matches("reply = ").trim_matches('"').to_owned()
}

/// The time in so many days.
pub fn in_days(days: i64) -> String {
    (Timestamp::now() + SignedDuration::from_hours(24 * days)).to_string()
}
