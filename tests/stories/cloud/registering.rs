//! Registrations: which are taken, and what the others are told.

use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Arc, Barrier, Mutex};
use std::thread;

use super::host::Host;
use super::subscriber::{Reply, Subscriber, honest};
use crate::common::host::until;

const FAILED: &str = "because the call failed when we tested the handler.";
const UNREADABLE: &str = "because there was an error reading the resource at URL ";

/// From the challenge to the answer.
type Reaction = dyn Fn(&str) -> Reply + Send + Sync;

#[test]
fn with_a_domain_the_challenge_is_answered_and_without_a_call_is_taken() {
    let (host, subscriber) = (Host::begin(), Subscriber::honest());
    let answer = host.register(&host.card(), &subscriber, "/with");
    answer.worked();
    assert!(answer.head.contains("content-type: text/xml; charset=utf-8"), "{answer:?}");
    assert!(answer.body.contains("<notifyResult success=\"true\" msg=\"Thanks for the regis"));
    subscriber.was_not_told();
    let port = subscriber.port().to_string();
    let without = [
        ("notifyProcedure", ""),
        ("port", &port),
        ("path", "without"),
        ("protocol", "http-post"),
        ("url1", &host.pair()),
    ];
    let answer = host.post_with("accept: application/json\r\n", "/pleaseNotify", &without);
    answer.worked();
    assert!(answer.body.starts_with("{\"msg\":\"Thanks for the registration."), "{answer:?}");
    assert_eq!(subscriber.told(), ("/without".to_owned(), host.pair()));
    host.ping(&host.card()).worked();
    assert_eq!(subscriber.told(), ("/with".to_owned(), host.card()));
    host.ping(&host.pair()).worked();
    assert_eq!(subscriber.told(), ("/without".to_owned(), host.pair()));
}

#[test]
fn a_callback_that_answers_otherwise_is_not_subscribed() {
    let host = Host::begin();
    let reply = |status, body: &str| (status, body.to_owned(), None);
    let answers: Vec<Box<Reaction>> = vec![
        Box::new(move |_| reply(200, "")),
        Box::new(move |_| reply(200, "another")),
        Box::new(move |challenge| reply(200, &format!("{challenge}\n"))),
        Box::new(move |challenge| reply(200, &challenge.to_uppercase())),
        Box::new(move |challenge| reply(200, &challenge.repeat(100))),
        Box::new(move |challenge| reply(500, challenge)),
        Box::new(move |challenge| reply(404, challenge)),
        Box::new(move |challenge| reply(304, challenge)),
        Box::new(move |challenge| (302, challenge.to_owned(), Some("/again".to_owned()))),
        // Out of bounds, wherever it would lead.
        Box::new(move |_| (302, String::new(), Some("http://192.0.2.1/".to_owned()))),
    ];
    for (number, answer) in answers.into_iter().enumerate() {
        let liar = Subscriber::answering(move |call| answer(&call.fields["challenge"]));
        let answered = host.register(&host.card(), &liar, "/cb");
        assert!(answered.verdict().is_err_and(|words| words.contains(FAILED)), "{number}");
    }
    let silent = Subscriber::honest();
    let port = silent.port().to_string();
    let forms: [&[(&str, &str)]; 2] = [
        // TLS, which the stub does not speak; an address that is not let through.
        &[("protocol", "https-post"), ("domain", "127.0.0.1")],
        &[("protocol", "http-post"), ("domain", "10.0.0.1")],
    ];
    for form in forms {
        let common = [("port", port.as_str()), ("path", "/cb"), ("url1", &host.card())];
        host.post("/pleaseNotify", &[&common[..], form].concat()).refused(FAILED);
    }
    assert_eq!(silent.asked(), 0);
    assert!(!host.subscriptions().exists());
}

#[test]
fn redirects_are_followed_when_trying_and_when_telling() {
    let (host, there) = (Host::begin(), Subscriber::honest());
    let port = there.port();
    let here = Subscriber::answering(move |call| {
        let query = match call.fields.get("challenge") {
            Some(challenge) => format!("?challenge={challenge}"),
            None => String::new(),
        };
        (301, String::new(), Some(format!("http://127.0.0.1:{port}/moved{query}")))
    });
    host.register(&host.card(), &here, "/cb").worked();
    host.ping(&host.card()).worked();
    assert_eq!(there.told(), ("/moved".to_owned(), host.card()), "the form goes along");
}

#[test]
fn only_our_own_feeds_can_be_subscribed_to() {
    let (host, subscriber) = (Host::begin(), Subscriber::honest());
    let base = &host.base;
    let other = format!("{base}f/{}.rss", "a".repeat(26));
    let archive = host.pair().replace(".rss", ".1.rss");
    for feed in [
        "https://another.example/card.rss",
        &other,
        &archive,
        &format!("{base}index.html"),
        &format!("{base}card.rss?x"),
        &format!("{base}f/../card.rss"),
        &format!("{base}./card.rss"),
        &format!("{base}Card.rss"),
        &base.replace("127.0.0.1", "localhost"),
        "card.rss",
    ] {
        host.register(feed, &subscriber, "/cb").refused(&format!("{UNREADABLE}{feed}."));
        host.ping(feed).refused(&format!("The ping was cancelled {UNREADABLE}{feed}."));
    }
    // One that works is enough, as with other clouds.
    let port = subscriber.port().to_string();
    let fields = [
        ("port", port.as_str()),
        ("path", "/cb"),
        ("protocol", "http-post"),
        ("domain", "127.0.0.1"),
        ("url1", &other),
        ("url2", &host.card()),
        ("URL", &host.pair()),
    ];
    host.post("/pleaseNotify", &fields).worked();
    assert_eq!(fs::read_to_string(host.subscriptions()).unwrap().lines().count(), 2);
}

#[test]
fn bad_forms_are_refused_in_the_words_of_clouds() {
    let (host, subscriber) = (Host::begin(), Subscriber::honest());
    let port = subscriber.port().to_string();
    let missing = "The following parameters were missing from the request body: ";
    host.post("/pleaseNotify", &[]).refused(&format!("{missing}port, path, protocol."));
    host.post("/ping", &[("URL", "x")]).refused(&format!("{missing}url."));
    let card = host.card();
    let form = |port, protocol| {
        [
            ("port", port),
            ("path", "/cb"),
            ("protocol", protocol),
            ("url1", card.as_str()),
            ("domain", "127.0.0.1"),
        ]
    };
    host.post("/pleaseNotify", &form(&port, "soap")).refused(
        "Can't accept the subscription because the protocol, <i>soap</i>, is unsupported.",
    );
    let injected = format!("{port}/cb?x=");
    host.post("/pleaseNotify", &form(&injected, "http-post")).refused("the port, <i>");
    let fields = form(&port, "http-post");
    host.post("/pleaseNotify", &fields[..3]).refused("No resources specified.");
    for path in ["/pleaseNotify", "/ping"] {
        let got = host.get(path);
        assert!(got.head.starts_with("HTTP/1.1 405 "), "{got:?}");
        assert!(got.head.contains("\r\nallow: POST"), "{got:?}");
    }
    assert_eq!(subscriber.asked(), 0);
}

#[test]
fn registrations_at_once_are_all_kept() {
    let (host, subscriber) = (Host::begin(), Subscriber::honest());
    let (port, begin) = (subscriber.port(), Barrier::new(100));
    thread::scope(|scope| {
        for number in 0..100 {
            let (host, begin) = (&host, &begin);
            scope.spawn(move || {
                let (caller, path) = (format!("198.51.100.{number}"), format!("/cb/{number}"));
                begin.wait();
                host.register_from(&caller, &host.card(), port, &path).worked();
            });
        }
    });
    host.ping(&host.card()).worked();
    let mut told: Vec<String> = (0..100).map(|_| subscriber.told().0).collect();
    told.sort();
    told.dedup();
    assert_eq!(told.len(), 100);
    subscriber.was_not_told();
}

#[test]
fn a_registration_that_fails_changes_nothing() {
    let host = Host::begin();
    let well = Arc::new(AtomicBool::new(true));
    let is_well = Arc::clone(&well);
    let subscriber = Subscriber::answering(move |call| match is_well.load(Ordering::SeqCst) {
        true => honest(call),
        false => (200, "no".to_owned(), None),
    });
    host.register(&host.card(), &subscriber, "/cb").worked();
    let before = fs::read(host.subscriptions()).unwrap();
    well.store(false, Ordering::SeqCst);
    host.hours_pass(1);
    host.register(&host.card(), &subscriber, "/cb").refused(FAILED);
    assert_eq!(fs::read(host.subscriptions()).unwrap(), before);
    well.store(true, Ordering::SeqCst);
    host.ping(&host.card()).worked();
    subscriber.told();
}

#[test]
fn slow_callbacks_delay_nobody_else() {
    let (host, quick) = (Host::begin(), Subscriber::honest());
    let (release, released) = channel::<()>();
    let released = Mutex::new(released);
    let slow = Subscriber::answering(move |call| {
        // Until the test lets all go.
        let _ = released.lock().unwrap().recv();
        honest(call)
    });
    thread::scope(|scope| {
        // More than the server has workers, and more than one caller may have under way.
        for number in 0..8 {
            let (host, port, path) = (&host, slow.port(), format!("/slow/{number}"));
            scope.spawn(move || {
                // It may have taken too long by then.
                let _ = host.register_from("127.0.0.1", &host.card(), port, &path);
            });
        }
        until("as many as may be are under way", || slow.asked() >= 4);
        host.register_from("198.51.100.1", &host.card(), quick.port(), "/cb").worked();
        host.ping(&host.card()).worked();
        assert_eq!(quick.told(), ("/cb".to_owned(), host.card()));
        assert_eq!(slow.asked(), 4, "the others wait for these");
        drop(release);
    });
}

#[test]
fn who_asks_too_often_waits_and_who_is_of_this_machine_pings_as_often_as_it_sends() {
    let (host, subscriber) = (Host::begin(), Subscriber::honest());
    let (port, absent, card) = (subscriber.port(), format!("{}absent.rss", host.base), host.card());
    let (often, other) = ("198.51.100.1", "198.51.100.2");
    for _ in 0..120 {
        host.register_from(often, &absent, port, "/cb").refused(UNREADABLE);
    }
    host.register_from(often, &card, port, "/cb").refused("too many came from your address.");
    host.register_from(other, &card, port, "/cb").worked();
    let ping = |caller: &str| {
        host.post_with(&format!("x-forwarded-for: {caller}\r\n"), "/ping", &[("url", &card)])
    };
    for _ in 0..600 {
        ping(often).worked();
    }
    ping(often).refused("The ping was cancelled because too many came from your address.");
    ping(other).worked();
    for _ in 0..601 {
        host.ping(&card).worked();
    }
}
