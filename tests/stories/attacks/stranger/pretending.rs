//! Strangers who pretend to be somebody else to our server.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use crate::common::ending;
use crate::common::host::{Host, RARELY};

#[test]
fn names_two_hosts_in_one_request() {
    let john = Host::new("John");
    let _at_john = john.listen(&[RARELY]);
    let answer = john.request("GET /card.rss HTTP/1.1\r\nHost: other.example");
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
    assert!(john.request("GET /card.rss HTTP/1.1").starts_with("HTTP/1.1 200 "));
}

#[test]
fn comes_through_a_proxy_that_nobody_trusts_and_passes_for_this_machine() {
    let john = Host::with_cloud("John");
    let mut command = john.peer.command(&["listen", RARELY]);
    let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
    let mut talk = BufReader::new(child.stderr.take().unwrap());
    let mut line = || {
        let mut line = String::new();
        talk.read_line(&mut line).unwrap();
        line
    };
    assert!(line().starts_with("listening on "));
    let forwarded = "X-Forwarded-For: 198.51.100.1";
    let post = |path: &str, form: &str, head: &str| {
        let length = form.len();
        let kind = "Content-Type: application/x-www-form-urlencoded";
        let head = format!("POST {path} HTTP/1.1\r\n{kind}\r\n{head}Content-Length: {length}");
        john.request(&format!("{head}\r\n\r\n{form}"))
    };
    let card = format!("url={}card.rss", john.url);
    // Pings of this machine are not counted; those that come through the proxy are.
    for _ in 0..600 {
        assert!(post("/ping", &card, &format!("{forwarded}\r\n")).contains("success=\"true\""));
    }
    let refused = post("/ping", &card, &format!("{forwarded}\r\n"));
    assert!(refused.contains("too many came from your address"), "{refused}");
    assert!(post("/ping", &card, "").contains("success=\"true\""), "a program here");
    let told = line();
    assert!(told.starts_with("warning: 127.0.0.1 says by X-Forwarded-For"), "{told}");
    assert!(line().starts_with("hint: if it is your proxy: trusted_proxies"));
    assert_eq!(ending::end(&mut child, "-TERM").code(), Some(0));
    assert_eq!(line(), "", "told once");
}
