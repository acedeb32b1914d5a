//! What was said in a world, and what of it may be lost.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use serde_json::Value;

use super::person::Person;

/// A message that somebody wanted to send.
#[derive(Debug)]
pub struct Sent {
    pub from: usize,
    pub to: usize,
    pub text: String,
    pub step: usize,
    /// As it was printed: from then on it is kept.
    pub guid: Option<String>,
    /// Its writer was put back to a time before it.
    pub is_undone: bool,
}

/// What was said, and what was printed.
#[derive(Default)]
pub struct Ledger {
    pub sent: Vec<Sent>,
    /// Who has lost which message, by being put back to a time before it came.
    pub forgotten: BTreeSet<(usize, String)>,
    /// How often which message was printed to whom.
    pub printed: BTreeMap<(usize, String), usize>,
    /// Who may be shown a message again: runs that were cut short after they printed.
    pub again: BTreeSet<usize>,
    /// When who last began to change keys.
    pub rotated: BTreeMap<usize, usize>,
    /// Whose machine was put back, so that numbers may have been used twice.
    pub rolled_back: BTreeSet<usize>,
}

/// A message in somebody's history.
#[derive(Clone, Debug)]
pub struct Record {
    pub guid: String,
    pub text: String,
    pub place: (String, u64),
}

impl Ledger {
    /// Notes that `who`, whose history is still the one of today, is put back to the `step` of a backup,
    /// and has only the messages `left` afterwards.
    pub fn put_back(&mut self, who: usize, step: usize, today: &[Record], left: &[Record]) {
        for sent in self.sent.iter_mut().filter(|sent| sent.from == who && sent.step > step) {
            sent.is_undone = true;
        }
        let left: BTreeSet<&String> = left.iter().map(|record| &record.guid).collect();
        let lost = today.iter().filter(|record| !left.contains(&record.guid));
        self.forgotten.extend(lost.map(|record| (who, record.guid.clone())));
        self.again.insert(who);
    }
}

/// The messages between `person` and the contact called `name`, in order of arrival.
pub fn records(person: &Person, name: &str, direction: &str) -> Vec<Record> {
    let path = person.home().join("contacts").join(name).join("messages.jsonl");
    let text = fs::read_to_string(path).unwrap_or_default();
    let lines = text.split_inclusive('\n').filter(|line| line.ends_with('\n'));
    let lines = lines.map(|line| serde_json::from_str::<Value>(line).expect("a record"));
    let messages = lines.filter(|line| line["type"] == "message" && line["direction"] == direction);
    messages.map(|line| record(&line)).collect()
}

fn record(line: &Value) -> Record {
    let text = |key: &str| line[key].as_str().unwrap_or_default().to_owned();
    let place = (text("log"), line["sequence"].as_u64().unwrap_or_default());
    Record { guid: text("guid"), text: text("text"), place }
}
