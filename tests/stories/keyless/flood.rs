//! Many callers at once.

use std::collections::BTreeSet;
use std::fs;
use std::thread;

use cloudim::protocol::feed::channel::Channel;

use super::beside::{Beside, form, named};

const HONEST: usize = 10_000;
const THANKS: &str = "<handshakeResult success=\"true\" msg=\"Thanks for the call.\"/>\n";

#[test]
fn a_flood_is_bounded_and_costs_nobody_the_place() {
    let beside = Beside::new();
    let config = fs::read_to_string(beside.config()).unwrap();
    fs::write(beside.config(), config + "trusted_proxies = [\"127.0.0.0/8\"]\n").unwrap();
    let _server = beside.start();
    let thanked = |answer: Option<String>| assert!(answer.is_some_and(|a| a.ends_with(THANKS)));
    thanked(beside.call(&form(HONEST), "203.0.113.1"));
    thread::scope(|scope| {
        for caller in 0..50 {
            let (beside, thanked) = (&beside, &thanked);
            scope.spawn(move || {
                for number in 0..4 {
                    let caller_address = format!("198.51.100.{caller}");
                    thanked(beside.call(&form(caller * 100 + number), &caller_address));
                }
            });
        }
    });
    let calls = beside.calls();
    assert_eq!(calls.len(), 64);
    assert!(calls.contains(&named(HONEST)), "{calls:?}");
    assert!(beside.feed().len() < 256_000);
    let items = Channel::parse(&beside.feed()).unwrap().items;
    let lengths: BTreeSet<usize> = items.iter().map(|item| item.write().len()).collect();
    assert_eq!(lengths.len(), 1, "{lengths:?}");
}

#[test]
fn the_same_call_is_one_entry_and_a_restart_keeps_all() {
    let beside = Beside::new();
    let server = beside.start();
    let url = server.inbox.clone();
    for number in [1, 2, 1] {
        beside.call(&form(number), "198.51.100.1").unwrap();
    }
    assert_eq!(beside.calls(), [2, 1].map(named));
    let before = beside.feed();
    assert_eq!(server.end("-TERM"), Some(0));
    let server = beside.start();
    assert_eq!((&server.inbox, beside.feed()), (&url, before));
    beside.call(&form(2), "198.51.100.2").unwrap();
    assert_eq!(beside.calls(), [2, 1].map(named));
    let value = |text: String| format!("<param><value>{text}</value></param>");
    let rpc = format!(
        "<methodCall><methodName>cloudim.pleaseFollow</methodName><params>{}{}</params></methodCall>",
        value(named(1)),
        value("https://h1.invalid/key.asc".to_owned())
    );
    let answer = beside.post("/RPC2", "text/xml", &rpc, "198.51.100.3").unwrap();
    assert!(answer.contains("<boolean>1</boolean>"), "{answer}");
    assert_eq!(beside.calls().len(), 2, "by XML-RPC it is the same call");
}

#[test]
fn what_is_no_call_or_too_long_is_told_so() {
    let beside = Beside::new();
    let _server = beside.start();
    let answer = beside.call("feed=https%3A%2F%2Fa.invalid%2F", "198.51.100.1").unwrap();
    assert!(
        answer.contains("success=\"false\"") && answer.contains("`key` is missing"),
        "{answer}"
    );
    let long = format!("{}%2F{}", form(1), "x".repeat(1_500));
    let answer = beside.call(&long, "198.51.100.1").unwrap();
    assert!(answer.starts_with("HTTP/1.1 413 ") && answer.contains("too long"), "{answer}");
    assert!(beside.calls().is_empty());
}
