//! `cloud show`.

use serde_json::{Value, json};

use super::feeds::{element, feed};
use crate::cloud::subscriber::Subscriber;
use crate::common::host::{Host, RARELY};
use crate::common::peer::{Peer, befriend};
use crate::common::stub::Stub;

fn json(peer: &Peer, feed: &str) -> Value {
    serde_json::from_str(&peer.ok(&["--format", "json", "cloud", "show", feed])).unwrap()
}

#[test]
fn what_a_feed_says_is_shown_whole() {
    let (john, mary, cloud) = (Peer::john(), Peer::mary(), Stub::saying(500, ""));
    let host = cloud.authority();
    let source = format!("<source:cloud>http://{host}/s</source:cloud>");
    let atom = "http://www.w3.org/2005/Atom";
    let hub = format!("<link xmlns=\"{atom}\" rel=\"hub\" href=\"https://hub.example/x\"/>");
    let url = feed(&john, &(element("cloud.example", 443, "http-post") + &source + &hub));
    assert_eq!(
        mary.ok(&["cloud", "show", &url]),
        format!(
            "feed         {url}\n\
             cloud        domain cloud.example, port 443, path /pleaseNotify, protocol http-post\n\
             source:cloud http://{host}/s\n\
             hub          https://hub.example/x\n\
             pleaseNotify http://{host}/s\n\
             own origin   no\n"
        )
    );
    assert_eq!(
        json(&mary, &url),
        json!({
            "feed": url,
            "cloud": {
                "domain": "cloud.example", "port": 443, "path": "/pleaseNotify",
                "register_procedure": "", "protocol": "http-post"
            },
            "source_cloud": format!("http://{host}/s"),
            "hub": "https://hub.example/x",
            "please_notify": format!("http://{host}/s"),
            "own_origin": false,
            "contact": null, "lease": null, "subscribers": null
        })
    );
    assert_eq!(cloud.asked(), [""; 0]);
    let bare = feed(&john, "");
    let lines = ["cloud        -", "source:cloud -", "hub          -", "pleaseNotify -"];
    let shown = mary.ok(&["cloud", "show", &bare]);
    assert_eq!(shown, format!("feed         {bare}\n{}\nown origin   -\n", lines.join("\n")));
    for (args, status) in [(&["cloud", "show"][..], 2), (&["cloud", "show", "john"], 2)] {
        mary.fails(args, status);
    }
}

#[test]
fn of_ours_it_counts_subscribers_and_of_a_contacts_it_knows_the_lease() {
    let (john, mary) = (Host::with_cloud("John"), Host::new("Mary"));
    let (_at_john, _at_mary) = (john.listen(&[RARELY]), mary.listen(&[RARELY]));
    befriend(&john.peer, &mary.peer);
    let path = john.peer.pair_feed();
    let feed = format!("{}f/{}", john.url, path.file_name().unwrap().to_str().unwrap());
    mary.registers_with("john");
    let shown = mary.peer.ok(&["cloud", "show", &feed]);
    let lines =
        ["\nown origin   yes\n", "\ncontact      john\nuntil        20", "\nnext         20"];
    for line in lines {
        assert!(shown.contains(line), "{shown}");
    }
    let lease = json(&mary.peer, &feed);
    assert_eq!((&lease["contact"], &lease["lease"]["failures"]), (&json!("john"), &json!(0)));
    assert!(!shown.contains("/notify/") && !lease.to_string().contains("/notify/"), "{lease}");
    let shown = john.peer.ok(&["cloud", "show", &feed]);
    assert!(shown.ends_with("\nsubscribers  1\n"), "{shown}");
    let other = Subscriber::honest();
    let callback = format!("http://127.0.0.1:{}/cb", other.port());
    mary.peer.ok(&["cloud", "subscribe", &feed, "--callback", &callback]);
    let shown = json(&john.peer, &feed);
    assert_eq!((&shown["subscribers"], &shown["lease"]), (&json!(2), &Value::Null));
    assert!(!shown.to_string().contains("/cb"), "{shown}");
    let card = format!("{}card.rss", john.url);
    assert_eq!(json(&john.peer, &card)["subscribers"], 0);
}
