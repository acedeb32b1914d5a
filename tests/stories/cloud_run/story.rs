//! What a cloud is for: who subscribed is told of a change, also after a restart.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use cloudim::protocol::xmlrpc::{self, Call, Value};

use super::run::John;
use crate::cloud::subscriber::{Subscriber, honest};
use crate::common::host::until;
use crate::common::peer::Peer;

fn call(method: &str, parameters: &[Value]) -> String {
    Call { method: method.to_owned(), parameters: parameters.to_vec() }.write()
}

#[test]
fn a_change_on_a_static_host_is_told_once_and_after_a_restart_as_well() {
    let (john, subscriber) = (John::new(), Subscriber::honest());
    let cloud = john.runs(&[]);
    let feed = john.feed("blog.rss");
    let callback = format!("http://127.0.0.1:{}/cb", subscriber.port());
    john.peer.ok(&["cloud", "subscribe", &feed, "--callback", &callback]);
    let told = ("/cb".to_owned(), feed.clone());
    assert_eq!(cloud.ping(&feed), Ok(()));
    subscriber.was_not_told();
    john.change("blog.rss", "two");
    john.peer.ok(&["cloud", "ping", &feed]);
    assert_eq!(subscriber.told(), told);
    john.peer.ok(&["cloud", "ping", &feed]);
    subscriber.was_not_told();
    assert_eq!(cloud.end("-KILL"), None);

    john.change("blog.rss", "three");
    let cloud = john.runs(&[]);
    assert_eq!(subscriber.told(), told, "nobody may have been there to ping");
    assert_eq!(cloud.ping(&feed), Ok(()));
    subscriber.was_not_told();
    assert_eq!(cloud.end("-INT"), Some(0));
}

#[test]
fn who_cannot_be_told_is_shown_until_it_can() {
    let (john, is_well) = (John::new(), Arc::new(AtomicBool::new(false)));
    let well = Arc::clone(&is_well);
    let subscriber = Subscriber::answering(move |call| match call.is_post {
        true if !well.load(Ordering::SeqCst) => (503, String::new(), None),
        _ => honest(call),
    });
    let status = |args: &[&str]| john.peer.ok(&[args, &["status"]].concat());
    let (cloud, feed) = (john.runs(&[]), john.feed("blog.rss"));
    assert_eq!(cloud.register(&[&feed], &subscriber), Ok(()));
    assert_eq!(status(&[]), "");
    john.change("blog.rss", "two");
    assert_eq!(cloud.ping(&feed), Ok(()));
    subscriber.told();
    until("it is noted", || !status(&[]).is_empty());
    let (line, authority) = (status(&[]), format!("127.0.0.1:{}", subscriber.port()));
    let begin = format!("-\tthe subscriber `{authority}` is not told of {feed} since ");
    assert!(line.starts_with(&begin) && line.contains(" (status 503); tried until "), "{line}");
    let line: serde_json::Value = serde_json::from_str(&status(&["--format", "json"])).unwrap();
    assert_eq!(line["subscriber"], authority);
    assert_eq!(line["failure"], "status 503");
    assert!(!line.to_string().contains("/cb"), "{line}");
    assert_eq!(cloud.end("-KILL"), None);
    assert!(status(&[]).starts_with(&begin), "it is known after a restart");

    is_well.store(true, Ordering::SeqCst);
    let cloud = john.runs(&[]);
    john.change("blog.rss", "three");
    assert_eq!(cloud.ping(&feed), Ok(()));
    assert_eq!(subscriber.told().1, feed);
    until("nobody fails", || status(&[]).is_empty());
}

#[test]
fn who_registers_announces_nothing_and_hides_no_change_from_the_others() {
    let (john, one, two) = (John::new(), Subscriber::honest(), Subscriber::honest());
    let cloud = john.runs(&[]);
    let feed = [john.feed("blog.rss")];
    assert_eq!(cloud.register(&feed, &one), Ok(()));
    john.change("blog.rss", "two");
    assert_eq!(cloud.register(&feed, &two), Ok(()));
    one.was_not_told();
    assert_eq!(cloud.ping(&feed[0]), Ok(()));
    assert_eq!(one.told().1, feed[0]);
    // Once too often, and not once too seldom.
    assert_eq!(two.told().1, feed[0]);
    assert_eq!(cloud.ping(&feed[0]), Ok(()));
    one.was_not_told();
}

#[test]
fn who_knows_a_cloud_by_xml_rpc_alone_subscribes_and_pings_by_it() {
    let (john, mary, subscriber) = (John::new(), Peer::mary(), Subscriber::honest());
    let _cloud = john.runs(&[]);
    let feed = john.feed("blog.rss");
    let path = john.peer.home().join("public/blog.rss");
    let by_calls = |text: &str| {
        john.write(&path, text);
        let rss = std::fs::read_to_string(&path).unwrap();
        let rss = rss.replace("path=\"/pleaseNotify\"", "path=\"/RPC2\"");
        std::fs::write(&path, rss.replace("http-post", "xml-rpc")).unwrap();
    };
    by_calls("one");
    let shown = mary.ok(&["cloud", "show", &feed]);
    let url = format!("http://127.0.0.1:{}/RPC2", john.port);
    assert!(shown.contains(&format!("pleaseNotify {url}\n")), "{shown}");
    let callback = format!("http://127.0.0.1:{}/cb", subscriber.port());
    mary.ok(&["cloud", "subscribe", &feed, "--callback", &callback]);
    by_calls("two");
    mary.ok(&["cloud", "ping", &feed]);
    assert_eq!(subscriber.told(), ("/cb".to_owned(), feed.clone()));
    let nobody = "http://127.0.0.1:1/cb";
    let refused = mary.fails(&["cloud", "subscribe", &feed, "--callback", nobody], 1);
    assert!(
        refused.ends_with("because the call failed when we tested the handler.\n"),
        "{refused}"
    );
}

#[test]
fn xml_rpc_does_the_same_and_there_is_nothing_else() {
    let (john, subscriber) = (John::new(), Subscriber::honest());
    let (cloud, feed) = (john.runs(&[]), john.feed("blog.rss"));
    let rpc = |method, parameters: &[Value]| {
        let answer = cloud.send("POST", "/RPC2", "text/xml", &call(method, parameters));
        answer.split_once("\r\n\r\n").unwrap().1.to_owned()
    };
    let text = |text: &str| Value::Text(text.to_owned());
    assert_eq!(rpc("rssCloud.hello", &[]), xmlrpc::answer(true));
    assert_eq!(cloud.register(&[&feed], &subscriber), Ok(()));
    john.change("blog.rss", "two");
    assert_eq!(rpc("rssCloud.ping", &[text(&feed)]), xmlrpc::answer(true));
    assert_eq!(subscriber.told().1, feed);
    let handshake = rpc("cloudim.pleaseFollow", &[text(&feed), text(&feed)]);
    assert!(handshake.contains("is not defined."), "{handshake}");
    for (method, path, status) in [
        ("GET", "/card.rss", "404"),
        ("GET", "/", "404"),
        ("POST", "/pleaseFollow", "404"),
        ("GET", "/ping", "405"),
        ("GET", "/pleaseNotify", "405"),
        ("GET", "/RPC2", "405"),
    ] {
        let answer = cloud.send(method, path, "text/plain", "");
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{method} {path}: {answer}");
    }
}
