//! Whatever address a person gives, it leads to the card, or says why not.

use std::fs;

use super::story::{accept, invitation, one_conversation, waiting};
use crate::common::peer::Peer;
use crate::common::static_host::{Behaviour, StaticHost};

const BLOG: &str = "<rss version=\"2.0\"><channel><title>Blog</title><link>https://x.example</link>\
    <description>Cats</description></channel></rss>";

/// Mary's blog: a feed of her own with the two elements of the card in it.
fn blog_with_elements(mary: &Peer) -> String {
    let card = fs::read_to_string(mary.home().join("public/card.rss")).unwrap();
    let elements: Vec<&str> = card
        .lines()
        .filter(|line| line.contains("<im:pgpKey") || line.contains("<im:handshake"))
        .collect();
    assert_eq!(elements.len(), 2, "{card}");
    let namespace = "xmlns:im=\"urn:uuid:20782cb9-e925-402f-bc8d-87ae70dbff45\"";
    BLOG.replace("<rss ", &format!("<rss {namespace} "))
        .replace("</channel>", &format!("{}</channel>", elements.join("")))
}

fn page(links: &[&str]) -> String {
    let link = |href: &&str| {
        format!("<link rel=\"alternate\" type=\"application/rss+xml\" href=\"{href}\">")
    };
    let links: String = links.iter().map(link).collect();
    format!("<!DOCTYPE html><html><head><title>Mary</title>{links}</head><body>Hi</body></html>")
}

fn put(peer: &Peer, name: &str, content: &str) -> String {
    fs::write(peer.home().join("public").join(name), content).unwrap();
    format!("{}{name}", peer.address())
}

#[test]
fn every_kind_of_address_leads_to_the_card() {
    let (john, mary) = (Peer::john(), Peer::mary());
    let url = mary.address();
    let authority = url.trim_start_matches("http://").trim_end_matches('/').to_owned();
    let blog = put(&mary, "blog.rss", &blog_with_elements(&mary));
    put(&mary, "plain.rss", BLOG);
    let second = put(&mary, "me.html", &page(&["plain.rss", "blog.rss", "gone.rss"]));
    let addresses = [
        format!("{url}card.rss"),
        url.clone(),
        url.trim_end_matches('/').to_owned(),
        blog,
        second,
        format!("mary@{authority}"),
        authority.clone(),
        format!("{authority}/card.rss"),
        format!("{url}card.rss#here"),
        format!("HTTP://{authority}/card.rss"),
    ];
    let mut last = String::new();
    for address in &addresses {
        let ran = john.run(&["handshake", "invite", address, "-o", "-"]).expect(0);
        let card = format!("the card is {url}card.rss with the key ");
        assert!(ran.stderr.contains(&card), "{address}: {}", ran.stderr);
        last = ran.stdout;
    }
    // It is the same person each time.
    assert_eq!(waiting(&john).len(), 1);
    accept(&mary, &last);
    john.ok(&["poll"]);
    one_conversation(&john, &mary);
}

#[test]
fn the_fourth_link_of_a_page_is_not_tried() {
    let (john, mary) = (Peer::john(), Peer::mary());
    let page = put(&mary, "me.html", &page(&["a.rss", "b.rss", "c.rss", "card.rss"]));
    let stderr = john.fails(&["handshake", "invite", &page, "-o", "-"], 1);
    assert!(stderr.contains(&format!("error: {page} leads to no card")), "{stderr}");
    assert!(stderr.contains("hint: the feeds that the page links to have no im:pgpKey"));
}

#[test]
fn an_address_that_leads_nowhere_says_how_far_it_led() {
    let (john, mary) = (Peer::john(), Peer::mary());
    let url = mary.address();
    let authority = url.trim_start_matches("http://").trim_end_matches('/').to_owned();
    let plain = put(&mary, "plain.rss", BLOG);
    let empty = put(&mary, "empty.html", &page(&[]));
    let card = blog_with_elements(&mary);
    let elsewhere = put(&mary, "loop.rss", &card.replace("/card.rss", "/blog.rss"));
    put(&mary, "blog.rss", &card);
    let wrong_key = put(
        &mary,
        "key.rss",
        &card.replace("/card.rss", "/key.rss").replacen("fingerprint=\"", "fingerprint=\"0000", 1),
    );
    let nobody = format!("nobody@{authority}");
    for (address, status, why) in [
        (plain.as_str(), 1, "is a feed, but names no card: it has no im:handshake"),
        (&empty, 1, "leads to no card"),
        (&elsewhere, 1, "does not name itself"),
        (&wrong_key, 1, "is not a fingerprint"),
        (&nobody, 1, "cannot be found at"),
        ("not an address", 2, "is no address"),
        ("ftp://x.example/", 2, "neither http nor https"),
        ("mary@", 2, "is no address\nhint: an address is a URL, or like mary@mary.example"),
        ("@mary.example", 2, "is no address"),
        ("mary@x.example/card.rss", 2, "is no address"),
        ("a&rel=b@x.example", 2, "is no address"),
        ("", 2, "is no address"),
    ] {
        let stderr = john.fails(&["handshake", "invite", address, "-o", "-"], status);
        assert!(stderr.contains(why), "{address}: {stderr}");
    }
    let gone = format!("{url}gone.rss");
    let stderr = john.fails(&["handshake", "invite", &gone, "-o", "-"], 3);
    assert!(stderr.contains("gone.rss"), "{stderr}");
    mary.host.set(Behaviour::Down);
    john.fails(&["handshake", "invite", &url, "-o", "-"], 3);
    assert!(waiting(&john).is_empty(), "a failed invitation waits");
}

#[test]
fn a_key_file_that_holds_another_key_is_not_pinned() {
    let (john, mary, eve) = (Peer::john(), Peer::mary(), Peer::new("Eve", &[]));
    let theirs = eve.home().join("public/key.asc");
    fs::copy(theirs, mary.home().join("public/key.asc")).unwrap();
    let stderr = john.fails(&["handshake", "invite", &mary.address(), "-o", "-"], 3);
    assert!(stderr.contains("is not the file that was announced\nhint: "), "{stderr}");
    let card = mary.home().join("public/card.rss");
    let text = fs::read_to_string(&card).unwrap();
    let from = text.find(" hash=\"").unwrap();
    let to = from + " hash=\"".len() + text[from + " hash=\"".len()..].find('"').unwrap() + 1;
    fs::write(&card, text.replace(&text[from..to], "")).unwrap();
    let stderr = john.fails(&["handshake", "invite", &mary.address(), "-o", "-"], 4);
    assert!(stderr.contains("key.asc holds the key "), "{stderr}");
}

#[test]
fn webfinger_must_speak_of_whom_was_asked() {
    let (john, mary) = (Peer::john(), Peer::mary());
    let authority = mary.address().trim_start_matches("http://").trim_end_matches('/').to_owned();
    let path = mary.home().join("public/.well-known/webfinger");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replace("acct:mary@", "acct:eve@")).unwrap();
    let address = format!("mary@{authority}");
    let stderr = john.fails(&["handshake", "invite", &address, "-o", "-"], 1);
    assert!(stderr.contains(&format!("`{address}` cannot be found at {authority}")), "{stderr}");
}

#[test]
fn a_fingerprint_that_was_told_must_be_the_one_found() {
    let (john, mary) = (Peer::john(), Peer::mary());
    let wrong = "0".repeat(40);
    let address = mary.address();
    let stderr =
        john.fails(&["handshake", "invite", &address, "--fingerprint", &wrong, "-o", "-"], 4);
    assert!(stderr.contains(&format!("not {wrong}\nhint: somebody may stand between you")));
    assert!(waiting(&john).is_empty());
    let stderr = john.fails(&["handshake", "invite", &address, "--fingerprint", "12 34"], 2);
    assert!(stderr.contains("cannot use --fingerprint"), "{stderr}");
    let card = fs::read_to_string(mary.home().join("public/card.rss")).unwrap();
    let right = card.split("fingerprint=\"").nth(1).unwrap()[..40].to_lowercase();
    invitation(&john, &[&address, "--fingerprint", &right]);
}

#[test]
fn a_private_host_is_not_reached_by_whom_it_is_not_allowed() {
    let peer = Peer::without_identity("John");
    peer.ok(&["keygen", "--name", "J", "--base-url", "https://john.example", "--no-passphrase"]);
    let host = StaticHost::bind();
    let stderr = peer.fails(&["handshake", "invite", &host.url(), "-o", "-"], 1);
    assert!(stderr.contains("127.0.0.1 is not public (loopback) and not in `allow`\nhint: if you trust that network, name it in allow in config.toml"), "{stderr}");
    assert_eq!(host.requests(), 0);
}
