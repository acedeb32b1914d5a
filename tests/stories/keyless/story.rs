//! The set-up of the essay, from the invitation to the talk.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use super::beside::{Beside, form};
use crate::common::host::PATIENCE;
use crate::common::peer::{Peer, befriend, tree};

/// By XML-RPC: is there a cloud?
const HELLO: &str = "<methodCall><methodName>rssCloud.hello</methodName></methodCall>";

#[test]
fn a_call_reaches_her_through_the_server_and_they_talk() {
    let (beside, server) = Beside::running();
    let (john, mary) = (Peer::john(), &beside.mary);
    let invited = john.run(&["handshake", "invite", &beside.url, "--note", "it's John"]).expect(0);
    assert!(invited.stderr.contains("invited `mary`; cloudim poll tells"), "{}", invited.stderr);
    assert_eq!(mary.ok(&["handshake", "list"]), "", "she has not looked yet");
    let polled = mary.run(&["poll"]).expect(0);
    assert_eq!(polled.stdout, "");
    assert_eq!(polled.stderr, "`john` invites you: cloudim handshake accept john\n");
    assert_eq!(mary.run(&["poll"]).expect(0).stderr, "", "once");
    assert!(mary.ok(&["handshake", "list"]).contains("it's John"));
    mary.ok(&["handshake", "accept", "john"]);
    john.ok(&["poll"]);
    john.send(mary, "dinner at eight?");
    assert_eq!(mary.poll(), ["dinner at eight?"]);
    mary.send(&john, "gladly");
    assert_eq!(john.poll(), ["gladly"]);
    let answer = beside.post("/RPC2", "text/xml", HELLO, "198.51.100.1").unwrap();
    assert!(answer.contains("\"rssCloud.hello\" is not defined."), "{answer}");
    assert_eq!(server.end("-TERM"), Some(0));
}

#[test]
fn an_answer_comes_through_the_server_too() {
    let (beside, _server) = Beside::running();
    let (john, mary) = (Peer::john(), &beside.mary);
    let invitation = mary.ok(&["handshake", "invite", &john.address(), "--output", "-"]);
    john.feed(&["handshake", "accept", "--input", "-"], invitation).expect(0);
    assert_eq!(beside.calls().len(), 1, "John's program has called");
    mary.ok(&["poll"]);
    john.send(mary, "here I am");
    assert_eq!(mary.poll(), ["here I am"]);
}

#[test]
fn no_secret_is_on_the_server() {
    let (beside, server) = Beside::running();
    beside.mary.set("passphrase_command", "'echo secret words'");
    beside.call(&form(1), "198.51.100.1").unwrap();
    let files = tree(&beside.home());
    assert!(files.len() > 5);
    let environment = fs::read(format!("/proc/{}/environ", server.child.id())).unwrap();
    for (path, bytes) in files.into_iter().chain([("environ".into(), environment)]) {
        let text = String::from_utf8_lossy(&bytes);
        for secret in ["PRIVATE KEY", "secret words", "PASSPHRASE"] {
            assert!(!text.contains(secret), "{}: {secret}", path.display());
        }
    }
}

#[test]
fn the_inbox_is_served_for_who_knows_it_and_nothing_beside_it() {
    let (beside, server) = Beside::running();
    beside.call(&form(1), "198.51.100.1").unwrap();
    let get = |path: &str, more: &str| {
        let authority = beside.url.trim_start_matches("http://").trim_end_matches('/');
        let mut stream = TcpStream::connect(authority).unwrap();
        let head = format!("GET {path} HTTP/1.1\r\nHost: {authority}\r\nConnection: close\r\n");
        write!(stream, "{head}{more}\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    };
    let path = format!("/{}", server.inbox.strip_prefix(&beside.url).unwrap());
    let feed = get(&path, "");
    assert!(feed.starts_with("HTTP/1.1 200 OK\r\n"), "{feed}");
    assert!(feed.as_bytes().ends_with(&beside.feed()));
    assert!(!feed.contains("h1.invalid"), "nobody else learns who called");
    let etag = feed.lines().find_map(|line| line.strip_prefix("etag: ")).unwrap();
    let again = get(&path, &format!("If-None-Match: {etag}\r\n"));
    assert!(again.starts_with("HTTP/1.1 304 Not Modified\r\n"), "{again}");
    for other in
        ["/i/", "/i/callers.toml", "/inbox/callers.toml", "/config.toml", "/i/../config.toml"]
    {
        let refused = get(other, "");
        assert!(refused.starts_with("HTTP/1.1 40"), "{refused}");
    }
    let card = get("/card.rss", "");
    assert!(card.contains(&format!("url=\"{}pleaseFollow\"", beside.url)), "{card}");
}

/// A subscriber that takes every callback; gives its port, and the forms that it is sent.
fn subscriber() -> (u16, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (sender, told) = channel();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let (mut reader, mut length) = (BufReader::new(&stream), 0);
            let mut line = String::new();
            while reader.read_line(&mut line).is_ok_and(|read| read > 2) {
                let lower = line.to_ascii_lowercase();
                if let Some(value) = lower.strip_prefix("content-length:") {
                    length = value.trim().parse().unwrap();
                }
                line.clear();
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body).unwrap();
            write!(&stream, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                .unwrap();
            if sender.send(String::from_utf8(body).unwrap()).is_err() {
                return;
            }
        }
    });
    (port, told)
}

#[test]
fn the_server_is_the_cloud_of_her_feeds() {
    let (beside, john) = (Beside::new(), Peer::john());
    let mary = &beside.mary;
    mary.set("cloud", "\"self\"");
    beside.copy_settings();
    let mut server = beside.start_known();
    befriend(&john, mary);
    let feed = mary.pair_feed();
    let name = feed.file_name().unwrap().to_str().unwrap();
    assert!(fs::read_to_string(&feed).unwrap().contains("path=\"/pleaseNotify\""));
    let answer = beside.post("/RPC2", "text/xml", HELLO, "198.51.100.1").unwrap();
    assert!(answer.contains("<boolean>1</boolean>"), "{answer}");
    let (port, told) = subscriber();
    let url = format!("{}f/{name}", beside.url);
    let form = format!("notifyProcedure=&port={port}&path=/cb&protocol=http-post&url1={url}");
    let kind = "application/x-www-form-urlencoded";
    let answer = beside.post("/pleaseNotify", kind, &form, "198.51.100.1").unwrap();
    assert!(answer.contains("success=\"true\""), "{answer}");
    told.recv_timeout(PATIENCE).expect("the callback is tried");
    mary.send(&john, "just now");
    let form = told.recv_timeout(PATIENCE).expect("it is told");
    assert!(form.contains(name.trim_end_matches(".rss")), "{form}");
    assert_eq!(john.poll(), ["just now"]);
    server.child.kill().unwrap();
    server.child.wait().unwrap();
    mary.run(&["--quiet", "send", "john", "-m", "while it was away"]).expect(0);
    let _server = beside.start();
    let form = told.recv_timeout(PATIENCE).expect("it is told without a ping");
    assert!(form.contains(name.trim_end_matches(".rss")), "{form}");
}

#[test]
fn strangers_wait_for_her_to_ask_who_called_if_she_wants_it_so() {
    let (beside, _server) = Beside::running();
    let (john, mary) = (Peer::john(), &beside.mary);
    mary.set("fetch_invitations", "false");
    john.ok(&["handshake", "invite", &beside.url, "--note", "it's John"]);
    let asked = john.host.requests();
    assert_eq!(mary.run(&["poll"]).expect(0).stderr, "");
    assert_eq!(john.host.requests(), asked);
    assert!(mary.ok(&[]).contains("1 call by strangers: cloudim handshake list"));
    assert!(mary.ok(&["handshake", "list"]).contains("it's John"));
    assert!(!mary.ok(&[]).contains("by strangers"));
}
