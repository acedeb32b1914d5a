//! `check`: is all well, and what to do.

use crate::common::peer::{Peer, Ran};

mod here;
mod outside;
mod repair;

/// The findings among the lines of JSON that a check printed: those that are not well.
fn findings(ran: &Ran) -> Vec<Found> {
    let lines = ran.stdout.lines().map(|line| serde_json::from_str(line).unwrap());
    let found = lines.filter(|line: &serde_json::Value| line["type"] == "check");
    let found = found.map(|line| {
        let text = |key: &str| line[key].as_str().unwrap_or_default().to_owned();
        Found {
            subject: text("subject"),
            level: text("level"),
            finding: text("finding"),
            text: text("text"),
            hint: text("hint"),
            status: line["status"].as_i64().unwrap(),
        }
    });
    found.filter(|found| found.level != "ok").collect()
}

/// A finding of a check.
#[derive(Debug)]
struct Found {
    subject: String,
    level: String,
    finding: String,
    text: String,
    hint: String,
    status: i64,
}

/// Checks, which must end with `status`, and returns what is not well.
#[track_caller]
fn check(peer: &Peer, args: &[&str], status: i32) -> Vec<Found> {
    let ran = peer.run(&[&["--format", "json", "check"], args].concat()).expect(status);
    findings(&ran)
}

/// The finding called `finding` about `subject`.
#[track_caller]
fn the<'a>(found: &'a [Found], subject: &str, finding: &str) -> &'a Found {
    let is_it = |one: &&Found| one.subject == subject && one.finding == finding;
    found.iter().find(is_it).unwrap_or_else(|| panic!("no {finding} of {subject} in {found:#?}"))
}
