//! Clouds as they are out there: listening is content with what they know.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use cloudim::protocol::values::url::Url;
use cloudim::transport::client::Client;
use url::form_urlencoded::parse;

use crate::common::host::{Host, Listening, PATIENCE, RARELY, until};
use crate::common::peer::Peer;
use crate::common::stub::{Reply, Stub};

type Form = HashMap<String, String>;

fn fields(form: &str) -> Form {
    parse(form.as_bytes()).into_owned().collect()
}

/// The next that `cloud` is asked: the path, query and all, and the fields of the form.
#[track_caller]
fn asked(cloud: &Stub) -> (String, Form) {
    let (path, form) = cloud.next();
    (path, fields(&form))
}

/// As WordPress has it: only forms over http; the feed stands in the challenge as it is, without
/// percent signs; a verdict without words.
fn wordpress(form: &Form) -> Reply {
    let refuse = |words: &str| format!("<notifyResult success='false' msg='{words}' />");
    let body = match form.get("protocol").map(String::as_str) {
        Some("http-post") => {
            let (domain, port, path) = (&form["domain"], &form["port"], &form["path"]);
            let challenge = "d41d8cd98f00b204e9800998ecf8427e";
            let feed = &form["url1"];
            let url = format!("http://{domain}:{port}{path}?url={feed}&challenge={challenge}");
            let loopback = "127.0.0.0/8".parse().unwrap();
            let client = Client::new(vec![loopback], PATIENCE);
            match client.ask(&Url::normalized(&url).unwrap(), 1_000) {
                Ok(body) if body == challenge.as_bytes() => {
                    "<notifyResult success='true' />".to_owned()
                }
                _ => refuse("Error testing notification URL."),
            }
        }
        _ => refuse("Only http-post notifications are supported at this time."),
    };
    (200, format!("<?xml version='1.0'?>\n{body}\n"), None)
}

/// John, on a static host, whose feed names the cloud at `url`, and Mary, who listens; they have
/// agreed by files.
fn john_and_mary(url: &str, mary: Host) -> (Peer, Host) {
    let john = Peer::new("John", &["--cloud", url]);
    for peer in [&john, &mary.peer] {
        peer.set("third_party_cloud", "true");
    }
    let invitation = john.ok(&["handshake", "invite", "--output", "-"]);
    let accept = ["handshake", "accept", "-i", "-"];
    let both = [&accept[..], &["-o", "-"]].concat();
    let acceptance = mary.peer.feed(&both, invitation).expect(0).stdout;
    john.feed(&accept, acceptance).expect(0);
    (john, mary)
}

/// Tells Mary of a message of John's as his cloud does, and sees it printed.
fn hears(john: &Peer, mary: &Host, listening: &Listening, form: &Form, text: &str) {
    john.run(&["--quiet", "send", "mary", "-m", text]).expect(0);
    let feed = &form["url1"];
    let answer = mary.post(&form["path"], &format!("url={feed}"));
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    listening.prints(&format!("  john  {text}"));
}

#[test]
fn the_cloud_of_a_wordpress_blog_will_do() {
    let cloud = Stub::answering(|_, form| wordpress(&fields(form)));
    let (john, mary) = john_and_mary(&cloud.url("/?rsscloud=notify"), Host::with_cloud("Mary"));
    let listening = mary.listen(&[RARELY, "--print"]);
    let (path, form) = asked(&cloud);
    assert_eq!(path, "/?rsscloud=notify", "the query belongs to it");
    mary.registers_with("john");
    assert!(mary.lease("john").contains("protocol = \"http-post\"\n"));
    hears(&john, &mary, &listening, &form, "as ever");
}

#[test]
fn json_and_redirects_of_every_kind_will_do() {
    for status in [301, 302, 303, 307, 308] {
        let cloud = Stub::answering(move |path, _| match path {
            "/pleaseNotify" => (status, String::new(), Some("/rsscloud/please".to_owned())),
            _ => (200, "{\"success\": true}".to_owned(), None),
        });
        let (john, mary) = john_and_mary(&cloud.url("/pleaseNotify"), Host::with_cloud("Mary"));
        let listening = mary.listen(&[RARELY, "--print"]);
        let (first, again) = (asked(&cloud), asked(&cloud));
        assert_eq!(again, ("/rsscloud/please".to_owned(), first.1), "{status}");
        mary.registers_with("john");
        hears(&john, &mary, &listening, &again.1, "moved");
    }
}

#[test]
fn the_protocol_that_a_cloud_took_is_the_first_that_it_is_asked_for_again() {
    let taken = Arc::new(Mutex::new("https-post"));
    let takes = Arc::clone(&taken);
    let cloud = Stub::answering(move |_, form| {
        let is_taken = fields(form)["protocol"] == *takes.lock().unwrap();
        (200, format!("<notifyResult success=\"{is_taken}\"/>"), None)
    });
    let mary = Host::new("Mary");
    mary.peer.set("base_url", "\"https://mary.example/\"");
    mary.peer.set("allow", "[\"127.0.0.1\"]");
    let (_john, mary) = john_and_mary(&cloud.url("/pleaseNotify"), mary);
    let mut rounds = Vec::new();
    for (takes, times) in [("https-post", 2), ("https-post", 1), ("http-post", 2), ("http-post", 1)]
    {
        *taken.lock().unwrap() = takes;
        let listening = mary.listen(&[RARELY]);
        let asked: Vec<String> = (0..times).map(|_| asked(&cloud).1["protocol"].clone()).collect();
        rounds.push(asked.join(" "));
        let protocol = format!("protocol = \"{takes}\"\n");
        until("it is remembered", || mary.lease("john").contains(&protocol));
        assert_eq!(listening.end("-TERM"), Some(0));
        mary.lease_is_due("john");
    }
    let both = ["http-post https-post", "https-post", "https-post http-post", "http-post"];
    assert_eq!(rounds, both);
}
