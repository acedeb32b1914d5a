//! Who speaks to our cloud so that it speaks to others.

use std::net::TcpListener;
use std::time::Instant;

use crate::cloud::subscriber::Subscriber;
use crate::cloud_run::run::{John, Running};

const FAILED: &str = "because the call failed when we tested the handler.";

/// Registers the port `port` of `domain`, by `protocol`, for `feeds`.
fn register(
    cloud: &Running,
    protocol: &str,
    (domain, port): (&str, u16),
    path: &str,
    feeds: &[String],
) -> Result<(), String> {
    let port = port.to_string();
    let keys: Vec<String> = (1..=feeds.len()).map(|number| format!("url{number}")).collect();
    let mut fields = vec![
        ("port", port.as_str()),
        ("path", path),
        ("protocol", protocol),
        ("notifyProcedure", "x"),
        ("domain", domain),
    ];
    fields.extend(keys.iter().map(String::as_str).zip(feeds.iter().map(String::as_str)));
    cloud.post("/pleaseNotify", &fields)
}

fn feeds(john: &John, count: usize) -> Vec<String> {
    (0..count).map(|number| john.feed(&format!("{number}.rss"))).collect()
}

#[test]
fn aims_calls_by_xml_rpc_at_somebody_who_never_asked() {
    let (john, victim) = (John::new(), TcpListener::bind("127.0.0.2:0").unwrap());
    victim.set_nonblocking(true).unwrap();
    let (cloud, feeds) = (john.runs(&["--open"]), feeds(&john, 10));
    let port = victim.local_addr().unwrap().port();
    for domain in ["127.0.0.2", "localhost"] {
        let refusal = register(&cloud, "xml-rpc", (domain, port), "/", &feeds).unwrap_err();
        assert!(refusal.contains("must be at the address that you call from"), "{refusal}");
    }
    assert!(victim.accept().is_err(), "not a single connection");
    assert_eq!(john.peer.host.requests(), 0, "nothing was fetched either");
}

#[test]
fn has_feeds_fetched_and_somebody_called_for_each_by_a_callback_that_does_not_answer() {
    let (john, deaf) = (John::new(), Subscriber::answering(|_| (200, String::new(), None)));
    let (cloud, feeds) = (john.runs(&["--open"]), feeds(&john, 10));
    let at = ("127.0.0.1", deaf.port());
    let refusal = register(&cloud, "http-post", at, "/", &feeds).unwrap_err();
    assert!(refusal.contains(FAILED), "{refusal}");
    assert_eq!((deaf.asked(), john.peer.host.requests()), (1, 0));
}

#[test]
fn has_the_subscribers_called_by_changing_a_feed_and_registering_for_it() {
    let (john, subscriber, other) = (John::new(), Subscriber::honest(), Subscriber::honest());
    let cloud = john.runs(&["--open"]);
    let feed = [john.feed("blog.rss")];
    assert_eq!(cloud.register(&feed, &subscriber), Ok(()));
    let asked = subscriber.asked();
    for number in 0..20 {
        john.change("blog.rss", &number.to_string());
        assert_eq!(cloud.register(&feed, &other), Ok(()));
    }
    subscriber.was_not_told();
    assert_eq!(subscriber.asked(), asked);
}

#[test]
fn has_one_address_called_more_often_than_it_can_bear() {
    let (john, victim, other) = (John::new(), Subscriber::honest(), Subscriber::honest());
    let (cloud, feeds) = (john.runs(&["--open"]), feeds(&john, 10));
    let start = Instant::now();
    let at = ("127.0.0.1", victim.port());
    let mut refused = 0;
    for number in 0..60 {
        let path = format!("/{number}");
        refused += usize::from(register(&cloud, "http-post", at, &path, &feeds).is_err());
    }
    for (number, feed) in feeds.iter().enumerate() {
        john.change(&format!("{number}.rss"), "two");
        assert_eq!(cloud.ping(feed), Ok(()));
    }
    // By any other name, or at any other port, it is the same address.
    assert!(cloud.register(&feeds, &other).is_err());
    let most = 301 + start.elapsed().as_secs() as usize;
    let asked = victim.asked() + other.asked();
    assert!((300..=most).contains(&asked), "{asked} of at most {most}");
    assert!(refused >= 60 - 31 - start.elapsed().as_secs() as usize / 10, "{refused}");
}

#[test]
fn has_us_fetch_all_that_a_host_has() {
    let (john, subscriber) = (John::new(), Subscriber::honest());
    let cloud = john.runs(&["--open"]);
    let large = "<rss>".to_owned() + &" ".repeat((5 << 20) - 5);
    let names: Vec<String> = (0..20).map(|number| format!("{number}.rss")).collect();
    let host = john.elsewhere(&names);
    for name in &names {
        std::fs::write(john.peer.file("elsewhere").join(name), &large).unwrap();
    }
    // Two names, one address.
    for base in [host.url(), host.url().replace("127.0.0.1", "localhost")] {
        for name in &names {
            // The later ones are refused.
            let _ = cloud.register(&[format!("{base}{name}")], &subscriber);
        }
    }
    assert_eq!(host.requests(), 13, "64 MiB an hour, and what was under way");
}

#[test]
fn redirects_notifications_to_somebody_who_never_asked() {
    let (john, victim) = (John::new(), Subscriber::honest());
    let port = victim.port();
    // It answers the challenge itself, and sends notifications on.
    let liar = Subscriber::answering(move |call| match call.fields.get("challenge") {
        Some(challenge) => (200, challenge.clone(), None),
        None => (307, String::new(), Some(format!("http://localhost:{port}/"))),
    });
    let cloud = john.runs(&[]);
    let feed = [john.feed("blog.rss")];
    assert_eq!(cloud.register(&feed, &liar), Ok(()));
    john.change("blog.rss", "two");
    assert_eq!(cloud.ping(&feed[0]), Ok(()));
    liar.told();
    // Nor may somebody else answer a challenge for it.
    let lazy = Subscriber::answering(move |call| {
        let challenge = call.fields.get("challenge").cloned().unwrap_or_default();
        let to = format!("http://localhost:{port}/?challenge={challenge}&url=x");
        (302, String::new(), Some(to))
    });
    assert!(cloud.register(&feed, &lazy).unwrap_err().contains(FAILED));
    victim.was_not_told();
    assert_eq!(victim.asked(), 0);
}
