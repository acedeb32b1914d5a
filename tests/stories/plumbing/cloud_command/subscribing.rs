//! `cloud subscribe`.

use std::sync::Mutex;

use cloudim::protocol::xmlrpc::{self, Call, Value};

use super::feeds::{element, feed, feed_naming};
use crate::cloud::subscriber::Subscriber;
use crate::common::host::{Host, RARELY};
use crate::common::peer::Peer;
use crate::common::port;
use crate::common::stub::Stub;

const FAILED: &str =
    "The subscription was cancelled because the call failed when we tested the handler.";

#[test]
fn who_answers_the_challenge_is_told_of_changes() {
    let (john, mary, subscriber) = (Host::with_cloud("John"), Peer::mary(), Subscriber::honest());
    let _at_john = john.listen(&[RARELY]);
    let card = format!("{}card.rss", john.url);
    let token = "abcdefghijklmnopqrstuvwxyz";
    let callback = format!("http://127.0.0.1:{}/{token}", subscriber.port());
    let subscribe = ["cloud", "subscribe", &card, "--callback", &callback];
    let ran = mary.run(&subscribe).expect(0);
    assert_eq!(ran.stdout, "");
    let begin = format!(
        "{} calls {} until 20",
        john.url.trim_start_matches("http://").trim_end_matches('/'),
        callback.replace(token, "abcd…")
    );
    assert!(ran.stderr.starts_with(&begin), "{}", ran.stderr);
    let quiet = mary.run(&[&["--quiet"], &subscribe[..]].concat()).expect(0);
    assert_eq!((quiet.stdout.as_str(), quiet.stderr.as_str()), ("", ""));
    john.peer.set("name", "\"Johnny\"");
    john.peer.ok(&["publish"]);
    assert_eq!(subscriber.told(), (format!("/{token}"), card.clone()));
    // Anybody may ping, and nothing changed.
    mary.ok(&["cloud", "ping", &card]);
    subscriber.was_not_told();
}

#[test]
fn who_answers_something_else_is_refused_in_the_clouds_words() {
    let (john, mary) = (Host::with_cloud("John"), Peer::mary());
    let _at_john = john.listen(&[RARELY]);
    let liar = Subscriber::answering(|_| (200, "wrong".to_owned(), None));
    let callback = format!("http://127.0.0.1:{}/cb", liar.port());
    let card = format!("{}card.rss", john.url);
    let said = mary.fails(&["cloud", "subscribe", &card, "--callback", &callback], 1);
    assert!(said.ends_with(&format!(" refused: {FAILED}\n")), "{said}");
    let wrong = mary.fails(&["cloud", "subscribe", &card], 2);
    assert!(wrong.contains("--callback"), "{wrong}");
}

/// What a cloud that answers with `refusals`, and then agrees, is asked; and the status.
fn asked(callback: &str, refusals: &[&str]) -> (i32, Vec<String>) {
    let (john, mary) = (Peer::john(), Peer::mary());
    let refusals: Vec<String> = refusals.iter().rev().map(ToString::to_string).collect();
    let refusals = Mutex::new(refusals);
    let cloud = Stub::answering(move |_, _| {
        let body = match refusals.lock().unwrap().pop() {
            Some(words) => format!("<notifyResult success='false' msg='{words}'/>"),
            None => "<notifyResult success='true'/>".to_owned(),
        };
        (200, body, None)
    });
    let feed = feed_naming(&cloud, &john);
    let status = mary.run(&["cloud", "subscribe", &feed, "--callback", callback]).status;
    (status, cloud.asked())
}

#[test]
fn a_cloud_that_refuses_is_asked_by_the_other_name_of_the_protocol_once() {
    let unsupported = "the protocol, &lt;i>http-post&lt;/i>, is unsupported.";
    let only = "Only https-post notifications are supported at this time.";
    for (callback, refusals, status, protocols) in [
        ("https://127.0.0.1/cb", &[][..], 0, &["http-post"][..]),
        ("https://127.0.0.1/cb", &[unsupported], 0, &["http-post", "https-post"]),
        ("https://127.0.0.1/cb", &[only, only], 1, &["http-post", "https-post"]),
        ("https://127.0.0.1/cb", &[FAILED], 0, &["http-post", "https-post"]),
        ("https://127.0.0.1:8443/cb", &[only], 1, &["https-post"]),
        ("http://127.0.0.1:8470/cb", &[only], 1, &["http-post"]),
    ] {
        let (found, asked) = asked(callback, refusals);
        let protocol = |asked: &String| {
            assert!(asked.starts_with("POST /pleaseNotify notifyProcedure=&port="), "{asked}");
            asked.split('&').find_map(|field| field.strip_prefix("protocol=")).unwrap().to_owned()
        };
        let named: Vec<String> = asked.iter().map(protocol).collect();
        assert_eq!((found, named), (status, protocols.iter().map(ToString::to_string).collect()));
    }
}

/// The element is that of the specification of RSS 2.0, but for the host.
#[test]
fn a_cloud_by_xml_rpc_is_called_by_the_procedure_that_the_feed_names() {
    let (john, mary) = (Peer::john(), Peer::mary());
    let answer = xmlrpc::answer(true);
    let cloud = Stub::answering(move |_, _| (200, answer.clone(), None));
    let port = cloud.port();
    let element = element("127.0.0.1", port, "xml-rpc")
        .replace("path=\"/pleaseNotify\"", "path=\"/RPC2\"")
        .replace("registerProcedure=\"\"", "registerProcedure=\"myCloud.rssPleaseNotify\"");
    let feed = feed(&john, &element);
    let callback = "http://127.0.0.1:8470/cb";
    mary.ok(&["cloud", "subscribe", &feed, "--callback", callback]);
    let asked = cloud.asked();
    let document = asked[0].strip_prefix("POST /RPC2 ").unwrap();
    let call = Call::parse(document.as_bytes()).unwrap();
    assert_eq!(call.method, "myCloud.rssPleaseNotify");
    let text = |text: &str| Value::Text(text.to_owned());
    let parameters = [
        text(""),
        Value::Integer(8470),
        text("/cb"),
        text("http-post"),
        Value::Array(vec![text(&feed)]),
        text("127.0.0.1"),
    ];
    assert_eq!((call.parameters, asked.len()), (parameters.to_vec(), 1));
}

#[test]
fn a_callback_may_have_a_query() {
    let (status, asked) = asked("http://127.0.0.1:8470/?notify=x", &[]);
    assert_eq!((status, asked.len()), (0, 1));
    assert!(asked[0].contains("&port=8470&path=%2F%3Fnotify%3Dx&protocol="), "{asked:?}");
    assert!(asked[0].ends_with("&domain=127.0.0.1"), "{asked:?}");
}

#[test]
fn a_cloud_that_is_down_is_the_networks_fault() {
    let (john, mary, down) = (Peer::john(), Peer::mary(), Stub::saying(503, ""));
    let nobody = format!("127.0.0.1:{}", port::free());
    for (host, says) in [(down.authority(), "status 503\n"), (nobody.clone(), "`127.0.0.1:")] {
        let port = host.rsplit(':').next().unwrap().parse().unwrap();
        let feed = feed(&john, &element("127.0.0.1", port, "http-post"));
        let callback = "http://127.0.0.1:8470/cb";
        let said = mary.fails(&["cloud", "subscribe", &feed, "--callback", callback], 3);
        let begin = format!("error: cannot ask the cloud `{host}`: {says}");
        assert!(said.starts_with(&begin), "{said}");
    }
}
