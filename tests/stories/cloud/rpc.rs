//! The same by XML-RPC, and subscribers that are called by it.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use cloudim::protocol::xmlrpc::Value;

use super::host::{Answered, Host};
use super::subscriber::{Subscriber, honest};

const FAILED: &str = "because the call failed when we tested the handler.";
const NOTIFY: &str = "rssCloud.pleaseNotify";
const PING: &str = "rssCloud.ping";
const PROCEDURE: &str = "river.feedUpdated";

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

fn texts(texts: &[&str]) -> Value {
    Value::Array(texts.iter().map(|one| text(one)).collect())
}

/// The parameters of a registration for `feed` at `path` of `subscriber`, without a domain.
fn asking(protocol: &str, feed: &str, subscriber: &Subscriber, path: &str) -> Vec<Value> {
    let port = Value::Integer(subscriber.port().into());
    vec![text(PROCEDURE), port, text(path), text(protocol), texts(&[feed])]
}

/// The same with a domain.
fn challenged(protocol: &str, feed: &str, subscriber: &Subscriber, path: &str) -> Vec<Value> {
    [asking(protocol, feed, subscriber, path), vec![text("127.0.0.1")]].concat()
}

/// Registers by form for calls by XML-RPC.
fn register_by_form(
    host: &Host,
    procedure: &str,
    at: &Subscriber,
    more: &[(&str, &str)],
) -> Answered {
    let (port, card) = (at.port().to_string(), host.card());
    let fields = [
        ("notifyProcedure", procedure),
        ("port", &port),
        ("path", "/cb"),
        ("protocol", "xml-rpc"),
        ("url1", &card),
    ];
    host.post("/pleaseNotify", &[&fields[..], more].concat())
}

#[track_caller]
fn is_called(subscriber: &Subscriber, path: &str, feed: &str) {
    let (procedure, path, feed) = (PROCEDURE.to_owned(), path.to_owned(), feed.to_owned());
    assert_eq!(subscriber.called(), (procedure, path, feed));
}

#[test]
fn there_is_a_cloud() {
    let host = Host::begin();
    host.call("rssCloud.hello", &[]).is_true();
    host.call("rssCloud.hello", &[text("hello")]).is_true();
    let other = host.call("cloudim.pleaseFollow", &[]);
    assert!(other.head.starts_with("HTTP/1.1 404 "), "somebody else's: {other:?}");
    let got = host.get("/RPC2");
    assert!(got.head.starts_with("HTTP/1.1 405 "), "{got:?}");
}

#[test]
fn who_registers_by_call_is_tried_and_told_as_by_form() {
    let (host, subscriber) = (Host::begin(), Subscriber::honest());
    let card = host.card();
    host.call(NOTIFY, &challenged("http-post", &card, &subscriber, "/with")).is_true();
    subscriber.was_not_told();
    host.call(NOTIFY, &asking("http-post", &host.pair(), &subscriber, "without")).is_true();
    assert_eq!(subscriber.told(), ("/without".to_owned(), host.pair()));
    host.ping(&card).worked();
    assert_eq!(subscriber.told(), ("/with".to_owned(), card));
    host.ping(&host.pair()).worked();
    assert_eq!(subscriber.told(), ("/without".to_owned(), host.pair()));
    let liar = Subscriber::answering(|_| (200, "no".to_owned(), None));
    host.call(NOTIFY, &challenged("http-post", &host.card(), &liar, "/cb")).is_fault(FAILED);
}

#[test]
fn who_wants_calls_is_called_with_its_procedure() {
    let (host, subscriber) = (Host::begin(), Subscriber::honest());
    let card = host.card();
    for (path, asked) in [
        ("/with", challenged("xml-rpc", &card, &subscriber, "/with")),
        ("/without", asking("xml-rpc", &card, &subscriber, "/without")),
    ] {
        host.call(NOTIFY, &asked).is_true();
        is_called(&subscriber, path, &card);
    }
    for domain in [&[][..], &[("domain", "127.0.0.1")]] {
        register_by_form(&host, PROCEDURE, &subscriber, domain).worked();
        is_called(&subscriber, "/cb", &card);
    }
    host.ping(&card).worked();
    let mut called = [subscriber.called(), subscriber.called(), subscriber.called()];
    called.sort();
    let paths = ["/cb", "/with", "/without"];
    assert_eq!(called, paths.map(|path| (PROCEDURE.to_owned(), path.to_owned(), card.clone())));
    subscriber.was_not_told();
}

#[test]
fn what_xml_takes_for_its_own_is_escaped_in_a_call() {
    let (host, subscriber) = (Host::begin().moved_to("a&b;/'c'/"), Subscriber::honest());
    host.call(NOTIFY, &asking("xml-rpc", &host.card(), &subscriber, "/cb")).is_true();
    is_called(&subscriber, "/cb", &host.card());
    host.call(PING, &[text(&host.card())]).is_true();
    is_called(&subscriber, "/cb", &host.card());
}

#[test]
fn a_call_that_is_not_taken_is_no_subscription_and_a_redirect_keeps_it() {
    let (host, there) = (Host::begin(), Subscriber::honest());
    let deaf = Subscriber::answering(|_| (500, String::new(), None));
    host.call(NOTIFY, &asking("xml-rpc", &host.card(), &deaf, "/cb")).is_fault(FAILED);
    register_by_form(&host, PROCEDURE, &deaf, &[]).refused(FAILED);
    register_by_form(&host, "", &deaf, &[]).refused("request body: notifyProcedure.");
    register_by_form(&host, &"x".repeat(101), &deaf, &[]).refused("the notifyProcedure, <i>x");
    assert!(!host.subscriptions().exists());
    let to = format!("http://127.0.0.1:{}/moved", there.port());
    let here = Subscriber::answering(move |_| (302, String::new(), Some(to.clone())));
    host.call(NOTIFY, &asking("xml-rpc", &host.card(), &here, "/cb")).is_true();
    is_called(&there, "/moved", &host.card());
}

#[test]
fn a_fault_in_the_answer_is_as_good_as_any() {
    let (host, fault) = (Host::begin(), "<methodResponse><fault/></methodResponse>");
    let subscriber = Subscriber::answering(|_| (200, fault.to_owned(), None));
    host.call(NOTIFY, &asking("xml-rpc", &host.card(), &subscriber, "/cb")).is_true();
    is_called(&subscriber, "/cb", &host.card());
}

#[test]
fn a_ping_by_call_is_thanked_for_whatever_it_names() {
    let (host, subscriber) = (Host::begin(), Subscriber::honest());
    host.register(&host.card(), &subscriber, "/cb").worked();
    let ping = |value| host.call(PING, &[value]);
    ping(text(&host.card())).is_true();
    assert_eq!(subscriber.told(), ("/cb".to_owned(), host.card()));
    ping(text(&host.card())).is_true();
    for other in ["https://another.example/card.rss", "", "card.rss"] {
        ping(text(other)).is_true();
    }
    ping(Value::Integer(1)).is_true();
    subscriber.was_not_told();
    host.change(&host.card());
    ping(text(&host.card())).is_true();
    assert_eq!(subscriber.told(), ("/cb".to_owned(), host.card()));
    host.call(PING, &[]).is_fault("\"ping\" because there aren't enough parameters.");
    let two = [text(&host.card()), text(&host.card())];
    host.call(PING, &two).is_fault("\"ping\" because there are too many parameters.");
}

#[test]
fn bad_registrations_are_faults_in_the_words_of_clouds() {
    let (host, subscriber) = (Host::begin(), Subscriber::honest());
    let good = challenged("http-post", &host.card(), &subscriber, "/cb");
    host.call(NOTIFY, &[]).is_fault("\"pleaseNotify\" because there aren't enough parameters.");
    host.call(NOTIFY, &good[..4]).is_fault("there aren't enough parameters.");
    let many = [good.clone(), vec![text("x")]].concat();
    host.call(NOTIFY, &many).is_fault("\"pleaseNotify\" because there are too many parameters.");
    let with = |at: usize, value: Value| {
        let mut parameters = good.clone();
        parameters[at] = value;
        host.call(NOTIFY, &parameters)
    };
    let card = host.card();
    with(2, Value::Integer(1)).is_fault("the parameter path is of the wrong type.");
    with(3, text("soap")).is_fault(
        "Can't accept the subscription because the protocol, &lt;i&gt;soap&lt;/i&gt;, is unsupported.",
    );
    with(4, text(&card)).is_fault("the parameter urlList is of the wrong type.");
    with(4, texts(&[])).is_fault("No resources specified.");
    with(4, texts(&[card.as_str(); 11])).is_fault("because it names more than 10 resources.");
    let other = "https://another.example/card.rss";
    with(4, texts(&[other])).is_fault(&format!("error reading the resource at URL {other}."));
    assert!(!host.subscriptions().exists());
    with(4, texts(&[card.as_str()])).is_true();
    with(1, text(&subscriber.port().to_string())).is_true();
    host.ping(&card).worked();
    subscriber.told();
    subscriber.was_not_told();
}

#[test]
fn what_is_no_call_is_a_fault() {
    let host = Host::begin();
    let hello = "<methodCall><methodName>rssCloud.hello</methodName></methodCall>";
    host.call_with("application/xml; charset=utf-8", hello).is_true();
    host.call_with("text/plain", hello).is_fault("its Content-Type is not text/xml.");
    let deep = format!(
        "{}{}",
        "<value><array><data>".repeat(1_000),
        "</data></array></value>".repeat(1_000)
    );
    let deep = format!("<params><param>{deep}</param></params></methodCall>");
    let long = |bytes| hello.replace("</methodCall>", &" ".repeat(bytes)) + "</methodCall>";
    for document in [
        hello.replace("</methodCall>", &deep),
        format!("<!DOCTYPE a [<!ENTITY b 'c'>]>{hello}"),
        long(100_000),
        "url=x".to_owned(),
    ] {
        host.call_with("text/xml", &document).is_fault("because it is malformed: ");
    }
    let answer = host.call_with("text/xml", &long(1_000_000));
    assert!(answer.head.starts_with("HTTP/1.1 413 "), "{answer:?}");
    host.call("rssCloud.hello", &[]).is_true();
}

#[test]
fn another_protocol_counts_once_it_was_tried_and_not_before() {
    let host = Host::begin();
    let takes_calls = Arc::new(AtomicBool::new(false));
    let takes = Arc::clone(&takes_calls);
    let subscriber = Subscriber::answering(move |call| match call.procedure {
        Some(_) if !takes.load(Ordering::SeqCst) => (500, String::new(), None),
        _ => honest(call),
    });
    host.register(&host.card(), &subscriber, "/cb").worked();
    let before = fs::read(host.subscriptions()).unwrap();
    let by_call = challenged("xml-rpc", &host.card(), &subscriber, "/cb");
    host.call(NOTIFY, &by_call).is_fault(FAILED);
    is_called(&subscriber, "/cb", &host.card());
    assert_eq!(fs::read(host.subscriptions()).unwrap(), before);
    host.ping(&host.card()).worked();
    assert_eq!(subscriber.told(), ("/cb".to_owned(), host.card()));
    takes_calls.store(true, Ordering::SeqCst);
    host.call(NOTIFY, &by_call).is_true();
    is_called(&subscriber, "/cb", &host.card());
    host.ping(&host.card()).worked();
    subscriber.was_not_told();
    host.change(&host.card());
    host.ping(&host.card()).worked();
    is_called(&subscriber, "/cb", &host.card());
    subscriber.was_not_told();
}

#[test]
fn a_restart_keeps_protocol_and_procedure() {
    let (host, subscriber) = (Host::begin(), Subscriber::honest());
    host.call(NOTIFY, &asking("xml-rpc", &host.card(), &subscriber, "/cb")).is_true();
    is_called(&subscriber, "/cb", &host.card());
    host.register(&host.pair(), &subscriber, "/cb").worked();
    let host = host.restarted();
    host.ping(&host.card()).worked();
    is_called(&subscriber, "/cb", &host.card());
    host.ping(&host.pair()).worked();
    assert_eq!(subscriber.told(), ("/cb".to_owned(), host.pair()));
}
