//! `cloud ping`.

use std::fs;
use std::net::TcpListener;

use super::feeds::{document, element, feed, feed_naming, ping};
use crate::cloud::subscriber::Subscriber;
use crate::common::host::{Host, RARELY};
use crate::common::peer::{Peer, befriend};
use crate::common::port;
use crate::common::stub::Stub;

const THANKS: &str = "<result success=\"true\" msg=\"Thanks for the ping.\"/>";

#[test]
fn whatever_form_its_answer_has_a_cloud_is_understood() {
    let (john, mary) = (Peer::john(), Peer::mary());
    for (status, body, expected, says) in [
        (200, THANKS, 0, ""),
        (200, "{\"success\":true,\"msg\":\"Thanks for the ping.\"}", 0, ""),
        (202, "<?xml version=\"1.0\"?>\n<pingResult success=\"true\"/>", 0, ""),
        (200, "<result success=\"false\" msg=\"Not today.\"/>", 1, "refused: Not today."),
        (200, "{\"success\":false,\"msg\":\"a\\u001b[2Jb\"}", 1, "refused: a\u{fffd}[2Jb"),
        (200, "<result success=\"false\"/>", 1, "refused: it gives no reason"),
        (200, "<html>Hello.</html>", 1, "refused: it said neither yes nor no"),
        (503, THANKS, 3, "status 503"),
    ] {
        let cloud = Stub::saying(status, body);
        let feed = feed_naming(&cloud, &john);
        let ran = mary.run(&["cloud", "ping", &feed]).expect(expected);
        let host = cloud.authority();
        let expected = match expected {
            0 => String::new(),
            1 => format!("error: the cloud `{host}` {says}\n"),
            _ => format!("error: cannot ask the cloud `{host}`: {says}\n"),
        };
        assert_eq!((ran.stdout.as_str(), ran.stderr), ("", expected), "{body}");
        assert_eq!(cloud.asked(), [ping("/ping", &feed)]);
    }
}

#[test]
fn a_redirected_ping_stays_a_ping() {
    let (john, mary) = (Peer::john(), Peer::mary());
    for status in [301, 302, 303, 307, 308] {
        let cloud = Stub::answering(move |path, _| match path {
            "/ping" => (status, String::new(), Some("/moved/ping".to_owned())),
            _ => (200, THANKS.to_owned(), None),
        });
        let feed = feed_naming(&cloud, &john);
        mary.ok(&["cloud", "ping", &feed]);
        assert_eq!(cloud.asked(), [ping("/ping", &feed), ping("/moved/ping", &feed)], "{status}");
    }
}

#[test]
fn the_ping_is_beside_what_source_cloud_names() {
    let (john, mary, cloud) = (Peer::john(), Peer::mary(), Stub::saying(200, THANKS));
    let host = cloud.authority();
    for (path, expected) in [("rss/register", "/rss/ping"), ("?rsscloud=notify", "/ping")] {
        let source = format!("<source:cloud>http://{host}/{path}</source:cloud>");
        let both = element("cloud.invalid", 80, "http-post") + &source;
        let feed = feed(&john, &both);
        mary.ok(&["cloud", "ping", &feed]);
        assert_eq!(cloud.asked(), [ping(expected, &feed)]);
    }
}

#[test]
fn a_cloud_that_is_not_there_is_the_networks_fault() {
    let (john, mary) = (Peer::john(), Peer::mary());
    // Who connects gets no answer.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    for port in [silent.local_addr().unwrap().port(), port::free()] {
        let feed = feed(&john, &element("127.0.0.1", port, "http-post"));
        let said = mary.fails(&["--timeout", "500ms", "cloud", "ping", &feed], 3);
        let begin = format!("error: cannot ask the cloud `127.0.0.1:{port}`: ");
        assert!(said.starts_with(&begin), "{said}");
    }
}

#[test]
fn a_feed_without_a_cloud_to_ask_says_so() {
    let (john, mary) = (Peer::john(), Peer::mary());
    for (inside, hint) in [
        ("", "who reads it has to poll it\n"),
        (&element("x.example", 80, "soap"), "it names `x.example` with the protocol `soap`: "),
        (&element("x@y.example", 80, "http-post"), "it names `x@y.example` with "),
    ] {
        let feed = feed(&john, inside);
        let said = mary.fails(&["cloud", "ping", &feed], 1);
        let begin = format!("error: {feed} names no cloud that can be asked\nhint: {hint}");
        assert!(said.starts_with(&begin), "{said}");
    }
    for text in ["not XML", "<html/>"] {
        let page = document(&john, text);
        let said = mary.fails(&["cloud", "ping", &page], 1);
        assert!(said.starts_with(&format!("error: cannot read {page}: ")), "{said}");
    }
    let said = mary.fails(&["cloud", "ping", &format!("{}nothing", john.address())], 3);
    assert!(said.starts_with("error: cannot fetch http://127.0.0.1:"), "{said}");
    for args in [&["cloud"][..], &["cloud", "ping"], &["cloud", "ping", "john"]] {
        assert!(mary.fails(args, 2).contains("Usage: ") || args.len() == 3, "{args:?}");
    }
}

#[test]
fn neither_feed_nor_cloud_may_be_in_a_private_network() {
    let (john, mary, anna) = (Peer::john(), Peer::mary(), Peer::mary());
    anna.set("base_url", "\"https://anna.example/\"");
    let feed = feed(&john, &element("10.0.0.1", 80, "http-post"));
    let asked = john.host.requests();
    let said = anna.fails(&["cloud", "ping", &feed], 1);
    assert!(said.starts_with(&format!("error: cannot fetch {feed}: ")), "{said}");
    assert_eq!(john.host.requests(), asked, "not a single request");
    let said = mary.fails(&["cloud", "ping", &feed], 1);
    assert!(said.starts_with("error: cannot ask the cloud `10.0.0.1`: "), "{said}");
    assert!(said.ends_with("name it in allow in config.toml\n"), "{said}");
}

#[test]
fn our_own_feed_is_told_of_as_send_does_it() {
    let (john, mary, subscriber) = (Host::with_cloud("John"), Peer::mary(), Subscriber::honest());
    let at_john = john.listen(&[RARELY]);
    befriend(&john.peer, &mary);
    let feed = pair_feed(&john);
    let callback = format!("http://127.0.0.1:{}/cb", subscriber.port());
    mary.ok(&["cloud", "subscribe", &feed, "--callback", &callback]);
    let ping = ["cloud", "ping", &feed];
    append(&john.peer, "one");
    john.peer.ok(&["publish"]);
    assert_eq!(john.peer.run(&ping).expect(0).stderr, "");
    assert_eq!(subscriber.told(), ("/cb".to_owned(), feed.clone()));
    john.peer.ok(&ping);
    subscriber.was_not_told();
    assert_eq!(at_john.end("-TERM"), Some(0));
    append(&john.peer, "two");
    let said = john.peer.fails(&ping, 3);
    assert!(said.starts_with("error: cannot ask the cloud `127.0.0.1:"), "{said}");
    let contact = john.peer.home().join("contacts/mary/contact.toml");
    assert!(fs::read_to_string(&contact).unwrap().contains("unpinged = true"));
    let _at_john = john.listen(&[RARELY]);
    assert_eq!(subscriber.told(), ("/cb".to_owned(), feed.clone()), "the next poll tells");
    assert_eq!(mary.poll(), ["one", "two"]);
}

#[test]
fn our_own_feed_without_a_cloud_says_what_to_set() {
    let (john, mary) = (Peer::john(), Peer::mary());
    befriend(&john, &mary);
    let name = john.pair_feed().file_name().unwrap().to_str().unwrap().to_owned();
    let feed = format!("{}f/{name}", john.address());
    let said = john.fails(&["cloud", "ping", &feed], 1);
    let hint = "names no cloud\nhint: set cloud in config.toml, and run cloudim publish\n";
    assert!(said.ends_with(hint) && !said.contains(&name), "{said}");
    let cloud = Stub::saying(200, THANKS);
    john.set("cloud", &format!("\"http://{}/pleaseNotify\"", cloud.authority()));
    let said = john.fails(&["cloud", "ping", &feed], 1);
    assert!(said.ends_with("its URL: third_party_cloud = true\n"), "{said}");
    assert_eq!(cloud.asked(), [""; 0], "it learns no secret URL");
    let card = format!("{}card.rss", john.address());
    john.ok(&["cloud", "ping", &card]);
    assert_eq!(cloud.asked(), [ping("/ping", &card)]);
    john.set("read_only", "true");
    john.fails(&["cloud", "ping", &card], 1);
}

/// The URL of the one pair feed of `host`.
fn pair_feed(host: &Host) -> String {
    let path = host.peer.pair_feed();
    format!("{}f/{}", host.url, path.file_name().unwrap().to_str().unwrap())
}

/// `compose | encrypt --to mary | append mary`.
fn append(peer: &Peer, text: &str) {
    let plain = peer.feed(&["compose"], text).expect(0).stdout;
    let sealed = peer.feed(&["encrypt", "--to", "mary"], plain).expect(0).stdout;
    peer.feed(&["append", "mary"], sealed).expect(0);
}
