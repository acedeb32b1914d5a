//! Keys and trust in real life: comparing, policies, and the bad days.

use crate::common::peer::Ran;

mod changed;
mod corners;
mod doctor;
mod policy;
mod retired;
mod thief;
mod unusable;
mod verify;

/// The words of the lines of type `trust`.
fn trust_lines(ran: &Ran) -> Vec<String> {
    let lines = ran.stdout.lines().map(|line| serde_json::from_str(line).unwrap());
    let trust = lines.filter(|line: &serde_json::Value| line["type"] == "trust");
    trust.map(|line| line["text"].as_str().unwrap().to_owned()).collect()
}
