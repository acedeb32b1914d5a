//! URLs that lead to addresses which are not public: nobody connects, and the way to allow it is
//! named.

use std::time::{Duration, Instant};

use super::story::Story;
use crate::common::peer::Peer;
use crate::common::static_host::Behaviour;

const HINT: &str = "hint: if you trust that network, name it in allow in config.toml";

#[test]
fn a_redirect_to_a_private_address_is_refused() {
    let story = Story::begin();
    for (target, named) in [
        ("http://169.254.169.254/latest/meta-data/", "169.254.169.254 is not public (link-local)"),
        ("http://10.0.0.1/", "10.0.0.1 is not public (private)"),
        ("https://192.168.0.1/x.rss", "192.168.0.1 is not public (private)"),
        ("http://[::ffff:10.0.0.1]/", "10.0.0.1 is not public (private)"),
        ("http://0x0a.1/", "10.0.0.1 is not public (private)"),
        ("//[fd00::1]/", "fd00::1 is not public (private)"),
        ("http://0/", "0.0.0.0 is not public"),
    ] {
        story.mary.host.set(Behaviour::Redirect(target.to_owned()));
        let start = Instant::now();
        let refused = story.john.run(&["poll"]).expect(3);
        assert!(start.elapsed() < Duration::from_secs(10), "nobody tried to connect");
        assert!(refused.stderr.contains(named), "{}", refused.stderr);
        assert!(refused.stderr.contains(HINT), "{}", refused.stderr);
    }
    story.mary.host.set(Behaviour::Normal);
    story.loses_nothing();
}

#[test]
fn a_redirect_to_a_file_or_to_itself_is_refused() {
    let story = Story::begin();
    let unusable = "more than 5 redirects, or one to no usable URL";
    for (target, why) in [
        ("file:///etc/passwd", unusable),
        ("ftp://127.0.0.1/", unusable),
        ("/again", "its redirects lead round in a circle"),
        ("data:,x", unusable),
    ] {
        story.mary.host.set(Behaviour::Redirect(target.to_owned()));
        let refused = story.john.run(&["poll"]).expect(3);
        let words = format!("cannot fetch the feed of `mary`: {why}");
        assert!(refused.stderr.contains(&words), "{}", refused.stderr);
        assert_eq!(refused.stdout, "");
    }
    story.mary.host.set(Behaviour::Normal);
    story.loses_nothing();
}

#[test]
fn who_lives_on_the_public_web_does_not_reach_loopback() {
    let somebody = Peer::without_identity("Paul");
    somebody.ok(&[
        "keygen",
        "--name",
        "Paul",
        "--base-url",
        "https://paul.example",
        "--no-passphrase",
    ]);
    let mary = Peer::mary();
    let port = mary.address().rsplit(':').next().unwrap().to_owned();
    for address in [
        mary.address(),
        format!("http://localhost:{port}"),
        format!("https://127.0.0.1:{port}"),
        format!("http://2130706433:{port}"),
        format!("http://[::ffff:7f00:1]:{port}"),
        format!("mary@127.0.0.1:{port}").trim_end_matches('/').to_owned(),
    ] {
        for args in [&["handshake", "invite", &address][..], &["fetch", &address]] {
            if args[0] == "fetch" && address.contains('@') {
                continue;
            }
            let refused = somebody.run(args).expect(1);
            assert!(
                refused.stderr.contains("is not public (loopback)"),
                "{args:?} {}",
                refused.stderr
            );
            assert!(refused.stderr.contains(HINT), "{}", refused.stderr);
        }
    }
    assert_eq!(mary.host.requests(), 0);
    assert!(!somebody.home().join("contacts").exists());
}

#[test]
fn a_page_a_card_and_a_key_that_lead_inside_are_refused() {
    let john = Peer::john();
    let host = crate::common::static_host::StaticHost::bind();
    let folder = john.file("web");
    std::fs::create_dir_all(&folder).unwrap();
    host.root(&folder);
    let mary = Peer::mary();
    let card = std::fs::read_to_string(mary.home().join("public/card.rss")).unwrap();
    let key = format!("{}key.asc", mary.address());
    let card = card.replace(&mary.address(), &host.url());
    let inside =
        card.replace(&format!("url=\"{}key.asc\"", host.url()), "url=\"http://10.0.0.1/key.asc\"");
    assert_ne!(inside, card, "{key}");
    std::fs::write(folder.join("card.rss"), inside).unwrap();
    let refused = john.run(&["handshake", "invite", &format!("{}card.rss", host.url())]).expect(1);
    assert!(refused.stderr.contains("10.0.0.1 is not public"), "{}", refused.stderr);
    let hop = card
        .replace(&format!("card=\"{}card.rss\"", host.url()), "card=\"http://10.0.0.1/card.rss\"")
        .replace(&format!(" feeds=\"{}f/\"", host.url()), "");
    assert_ne!(hop, card);
    std::fs::write(folder.join("card.rss"), hop).unwrap();
    let refused = john.run(&["handshake", "invite", &format!("{}card.rss", host.url())]).expect(1);
    assert!(refused.stderr.contains("10.0.0.1 is not public"), "{}", refused.stderr);
    assert!(!john.home().join("invitations").exists());
}
