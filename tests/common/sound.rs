//! What must hold of a conversation whatever happened to it.

use std::fs;

use cloudim::protocol::feed::channel::Channel;
use serde_json::Value;

use super::peer::Peer;

/// What a peer has stored of the messages of its contact `of`: guid and text, in order of arrival.
/// Panics at a gap, at a fork, and at anything told that is no message.
#[track_caller]
pub fn stored(peer: &Peer, of: &str) -> Vec<(String, String)> {
    let messages = arrived(peer, of);
    let sequences: Vec<u64> = messages.iter().map(|message| message.0).collect();
    assert_eq!(sequences, (1..=messages.len() as u64).collect::<Vec<_>>(), "no gap, in order");
    messages.into_iter().map(|(_, guid, text)| (guid, text)).collect()
}

/// The same with the sequences, where the order of arrival may be another: what comes after a gap is
/// stored at once.
#[track_caller]
pub fn arrived(peer: &Peer, of: &str) -> Vec<(u64, String, String)> {
    let json = peer.ok(&["--format", "json", "read", of]);
    let records = json.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let mut messages = Vec::new();
    for record in records {
        assert!(record["type"] != "integrity" && record["type"] != "trust", "{record}");
        if record["type"] == "message" && record["direction"] == "received" {
            messages.push((
                record["sequence"].as_u64().unwrap(),
                text(&record, "guid"),
                text(&record, "text"),
            ));
        }
    }
    messages
}

fn text(record: &Value, key: &str) -> String {
    record[key].as_str().unwrap().to_owned()
}

/// Asserts that every feed of a peer parses, and that nothing in it stands twice.
#[track_caller]
pub fn feeds_are_sound(peer: &Peer) {
    for path in peer.pair_feeds() {
        let channel = Channel::parse(&fs::read(&path).unwrap()).unwrap();
        let mut guids: Vec<_> = channel.items.iter().map(|item| item.guid.clone()).collect();
        let count = guids.len();
        guids.sort();
        guids.dedup();
        assert_eq!(guids.len(), count, "{}", path.display());
    }
}
