//! The same call by XML-RPC.

use cloudim::protocol::xmlrpc::{self, Call, Value};

use super::story::{agreed, call_of, invited, listening, undated};
use crate::common::host::{Host, RARELY};
use crate::common::peer::Peer;

/// Calls `host` with these parameters; returns the body of the answer.
fn call(host: &Host, method: &str, parameters: &[String]) -> String {
    let parameters = parameters.iter().cloned().map(Value::Text).collect();
    let body = Call { method: method.to_owned(), parameters }.write();
    let length = body.len();
    let answer = host.request(&format!(
        "POST /RPC2 HTTP/1.1\r\nContent-Type: text/xml\r\nContent-Length: {length}\r\n\r\n{body}"
    ));
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
    assert!(head.contains("content-type: text/xml; charset=utf-8"), "{head}");
    undated(body)
}

#[test]
fn an_invitation_and_its_answer_come_by_xml_rpc() {
    let (john, (mary, _at_mary)) = (Peer::john(), listening("Mary"));
    // John's own call fails, so that only the one by XML-RPC arrives.
    let args = ["handshake", "invite", &mary.url, "--output", "-"];
    john.ok(&args);
    let [feed, key] = call_of(&john, &john.address()).map(|(_, value)| value);
    let answer = call(&mary, "cloudim.pleaseFollow", &[feed.clone(), key]);
    assert_eq!(answer, xmlrpc::answer(true));
    invited(&mary.peer, "john");

    let (ann, _at_ann) = listening("Ann");
    let file = ann.peer.ok(&["handshake", "invite", &john.address(), "--output", "-"]);
    john.feed(&["handshake", "accept", "-i", "-", "-o", "-"], file).expect(0);
    let ours = call_of(&ann.peer, &ann.url)[0].1.clone();
    let theirs = john.pair_feeds().into_iter().map(|path| path.display().to_string());
    let theirs = theirs.map(|path| path.rsplit_once('/').unwrap().1.to_owned());
    let theirs = theirs.map(|name| format!("{}f/{name}", john.address())).find(|url| *url != feed);
    let key = format!("{}key.asc", john.address());
    call(&ann, "cloudim.pleaseFollow", &[theirs.unwrap(), key, ours]);
    agreed(&ann.peer, 1);
    one_conversation_of(&ann.peer, &john);
}

fn one_conversation_of(ann: &Peer, john: &Peer) {
    john.send(ann, "hello");
    assert_eq!(ann.poll(), ["hello"]);
}

#[test]
fn what_cannot_be_called_is_a_fault() {
    let (mary, _at_mary) = listening("Mary");
    for (method, parameters, words) in [
        ("cloudim.pleaseFollow", 1, "Can't call \"pleaseFollow\" because there aren't enough"),
        ("cloudim.pleaseFollow", 4, "Can't call \"pleaseFollow\" because there are too many"),
        ("system.listMethods", 0, "because \"system.listMethods\" is not defined."),
    ] {
        let parameters = vec!["https://a.example/x".to_owned(); parameters];
        let answer = call(&mary, method, &parameters);
        assert!(answer.contains(words) && answer.contains("<i4>4</i4>"), "{answer}");
    }
    for method in ["rssCloud.hello", "rssCloud.pleaseNotify", "rssCloud.ping"] {
        let answer = call(&mary, method, &[]);
        assert!(answer.contains(&format!("because \"{method}\" is not defined.")), "{answer}");
    }
    let get = mary.request("GET /RPC2 HTTP/1.1");
    assert!(get.starts_with("HTTP/1.1 405 "), "{get}");
}

#[test]
fn a_cloud_takes_rss_cloud_s_calls_beside_this_one() {
    let john = Host::with_cloud("John");
    let _at_john = john.listen(&[RARELY]);
    assert_eq!(call(&john, "rssCloud.hello", &[]), xmlrpc::answer(true));
    assert_eq!(call(&john, "rssCloud.ping", &[john.peer.address()]), xmlrpc::answer(true));
    let answer = call(&john, "rssCloud.pleaseNotify", &[]);
    assert!(answer.contains("Can't call \"pleaseNotify\" because there aren't enough"), "{answer}");
    let answer = call(&john, "cloudim.pleaseFollow", &[]);
    assert!(answer.contains("Can't call \"pleaseFollow\" because there aren't enough"), "{answer}");
}
