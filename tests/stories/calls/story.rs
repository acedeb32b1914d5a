//! Who can be called and who cannot: in each case two people agree.

use crate::common::host::{Host, Listening, RARELY, until};
use crate::common::peer::Peer;
use crate::handshake::story::{contacts, one_conversation, waiting};

/// Somebody who listens, and is not found by polling.
pub fn listening(name: &str) -> (Host, Listening) {
    let host = Host::new(name);
    let listening = host.listen(&[RARELY]);
    (host, listening)
}

/// The fields of a call by `peer`, whose feeds are served at `url`.
pub fn call_of(peer: &Peer, url: &str) -> [(&'static str, String); 2] {
    let feed = peer.pair_feed();
    let name = feed.file_name().unwrap().to_str().unwrap();
    [("feed", format!("{url}f/{name}")), ("key", format!("{url}key.asc"))]
}

/// Calls `host` by a form; returns the answer, but for its date.
pub fn call(host: &Host, fields: &[(&str, String)]) -> String {
    let pair = |(name, value): &(&str, String)| format!("{name}={value}");
    let form: Vec<String> = fields.iter().map(pair).collect();
    undated(&host.post("/pleaseFollow", &form.join("&")))
}

pub fn undated(answer: &str) -> String {
    let lines = answer.split_inclusive('\n').filter(|line| !line.starts_with("date: "));
    lines.collect()
}

/// Waits until `peer` is shown an invitation by `name`.
#[track_caller]
pub fn invited(peer: &Peer, name: &str) {
    until("the call is followed", || waiting(peer).iter().any(|line| line["name"] == name));
}

/// Waits until `peer` has `count` contacts.
#[track_caller]
pub fn agreed(peer: &Peer, count: usize) {
    until("the answer is found", || contacts(peer).len() == count);
}

#[test]
fn both_listen() {
    let ((john, _at_john), (mary, _at_mary)) = (listening("John"), listening("Mary"));
    john.peer.ok(&["handshake", "invite", &mary.url]);
    invited(&mary.peer, "john");
    mary.peer.ok(&["handshake", "accept", "john"]);
    agreed(&john.peer, 1);
    one_conversation(&john.peer, &mary.peer);
}

#[test]
fn john_is_on_a_static_host_and_polls() {
    let (john, (mary, _at_mary)) = (Peer::john(), listening("Mary"));
    john.ok(&["handshake", "invite", &mary.url, "--note", "it's John"]);
    invited(&mary.peer, "john");
    assert_eq!(waiting(&mary.peer)[0]["note"], "it's John");
    mary.peer.ok(&["handshake", "accept", "john"]);
    john.ok(&["poll"]);
    one_conversation(&john, &mary.peer);
}

#[test]
fn mary_is_on_a_static_host_and_answers_by_call() {
    let ((john, _at_john), mary) = (listening("John"), Peer::mary());
    let args = ["handshake", "invite", &mary.address(), "--output", "-"];
    let file = john.peer.ok(&args);
    mary.feed(&["handshake", "accept", "--input", "-"], file).expect(0);
    agreed(&john.peer, 1);
    one_conversation(&john.peer, &mary);
}

#[test]
fn an_answer_to_nobody_in_particular_comes_by_call_and_is_confirmed() {
    let ((john, _at_john), mary) = (listening("John"), Peer::mary());
    let file = john.peer.ok(&["handshake", "invite", "--output", "-"]);
    mary.feed(&["handshake", "accept", "--input", "-"], file).expect(0);
    invited(&john.peer, "mary");
    john.peer.ok(&["handshake", "accept", "mary"]);
    mary.ok(&["poll"]);
    one_conversation(&john.peer, &mary);
}

#[test]
fn an_answer_comes_by_call_where_the_agreed_place_is_taken() {
    let ((john, _at_john), mary) = (listening("John"), Peer::mary());
    let args = ["handshake", "invite", &mary.address(), "--output", "-"];
    let file = john.peer.ok(&args);
    let reply = crate::handshake::story::reply_token(&john.peer);
    std::fs::create_dir_all(mary.home().join("public/f")).unwrap();
    std::fs::write(mary.home().join(format!("public/f/{reply}.rss")), "taken").unwrap();
    mary.feed(&["handshake", "accept", "--input", "-"], file).expect(0);
    agreed(&john.peer, 1);
}

#[test]
fn the_same_invitation_called_again_and_again_is_one() {
    let (john, (mary, at_mary)) = (Peer::john(), listening("Mary"));
    john.ok(&["handshake", "invite", &mary.url]);
    invited(&mary.peer, "john");
    let before = john.host.requests();
    john.ok(&["handshake", "invite", &mary.url]);
    call(&mary, &call_of(&john, &john.address()));
    until("the calls are followed", || john.host.requests() > before);
    assert_eq!(at_mary.end("-TERM"), Some(0));
    assert_eq!(waiting(&mary.peer).len(), 1);
    let _at_mary = mary.listen(&[RARELY]);
    mary.peer.ok(&["handshake", "accept", "john"]);
    john.ok(&["poll"]);
    one_conversation(&john, &mary.peer);
}
