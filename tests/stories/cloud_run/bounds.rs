//! What a cloud does not do: for feeds of others, for who asks too often, beside another.

use super::run::John;
use crate::cloud::subscriber::Subscriber;
use crate::common::host::{Host, RARELY};
use crate::common::peer::Peer;

fn unreadable(begin: &str, feed: &str) -> Result<(), String> {
    let error = "because there was an error reading the resource at URL";
    Err(format!("The {begin} was cancelled {error} {feed}."))
}

#[test]
fn feeds_of_others_are_served_only_when_it_is_open() {
    let (john, subscriber) = (John::new(), Subscriber::honest());
    let names = ["theirs.rss", "other.rss"].map(str::to_owned);
    let host = john.elsewhere(&names);
    let [feed, other] = names.map(|name| format!("{}{name}", host.url()));
    let cloud = john.runs(&[]);
    assert_eq!(cloud.register(&[&feed], &subscriber), unreadable("subscription", &feed));
    assert_eq!(cloud.ping(&feed), unreadable("ping", &feed));
    assert_eq!(host.requests(), 0);
    assert_eq!(cloud.end("-TERM"), Some(0));

    let cloud = john.runs(&["--open"]);
    assert_eq!(cloud.register(&[&feed], &subscriber), Ok(()));
    assert_eq!(host.requests(), 1);
    john.write(&john.peer.file("elsewhere").join("theirs.rss"), "two");
    assert_eq!(cloud.ping(&feed), Ok(()));
    assert_eq!(subscriber.told().1, feed);
    assert_eq!(host.requests(), 2);
    for nobodys in [&other, "https://10.0.0.1/rss"] {
        assert_eq!(cloud.ping(nobodys), Ok(()), "nobody is to be told");
    }
    assert_eq!(host.requests(), 2);
    // A feed of John's own is one among them.
    assert_eq!(cloud.register(&[john.feed("blog.rss")], &subscriber), Ok(()));
}

#[test]
fn what_cannot_be_read_is_refused_in_the_words_of_clouds() {
    let (john, subscriber) = (John::new(), Subscriber::honest());
    let (cloud, feed) = (john.runs(&["--open"]), john.feed("blog.rss"));
    let absent = format!("{}absent.rss", john.peer.host.url());
    let large = format!("{}large.rss", john.peer.host.url());
    std::fs::write(john.peer.home().join("public/large.rss"), vec![b' '; (5 << 20) + 1]).unwrap();
    let page = format!("{}index.html", john.peer.host.url());
    for feed in [&absent, &large, &page, "https://10.0.0.1/rss", "http://10.0.0.1/rss", "rss"] {
        let refusal = unreadable("subscription", feed);
        assert_eq!(cloud.register(&[feed], &subscriber), refusal);
    }
    // One that works is enough, as with other clouds.
    assert_eq!(cloud.register(&[&absent, &feed], &subscriber), Ok(()));
    std::fs::remove_file(john.peer.home().join("public/blog.rss")).unwrap();
    assert_eq!(cloud.ping(&feed), unreadable("ping", &feed));
    assert_eq!(cloud.end("-TERM"), Some(0));
    let cloud = john.runs(&[]);
    assert_eq!(cloud.ping(&absent), unreadable("ping", &absent));
}

#[test]
fn a_callback_that_is_not_public_is_not_called() {
    let john = John::new();
    let (cloud, feed) = (john.runs(&[]), john.feed("blog.rss"));
    let fields = [
        ("port", "443"),
        ("path", "/cb"),
        ("protocol", "https-post"),
        ("domain", "10.0.0.1"),
        ("url1", &feed),
    ];
    let refusal = cloud.post("/pleaseNotify", &fields).unwrap_err();
    assert!(refusal.contains("because the call failed when we tested the handler."), "{refusal}");
}

#[test]
fn what_is_open_for_feeds_is_not_open_for_callbacks() {
    let john = Peer::without_identity("John");
    john.ok(&["keygen", "--name", "John", "--no-passphrase"]);
    john.set("allow", "[\"127.0.0.1\"]");
    let (john, subscriber) = (John { peer: john, ..John::new() }, Subscriber::honest());
    let host = john.elsewhere(&["blog.rss".to_owned()]);
    let feed = [format!("{}blog.rss", host.url())];
    let cloud = john.runs(&["--open"]);
    let refusal = cloud.register(&feed, &subscriber).unwrap_err();
    assert!(refusal.contains("because the call failed when we tested the handler."), "{refusal}");
    assert_eq!(host.requests(), 0, "nothing is fetched for who does not answer");
    assert_eq!(cloud.end("-TERM"), Some(0));
    john.peer.set("allow_callbacks", "[\"127.0.0.1\"]");
    let cloud = john.runs(&["--open"]);
    assert_eq!(cloud.register(&feed, &subscriber), Ok(()));
    assert_eq!(cloud.end("-TERM"), Some(0));
    john.peer.set("allow", "[]");
    let cloud = john.runs(&["--open"]);
    assert_eq!(cloud.register(&feed, &subscriber), unreadable("subscription", &feed[0]));
    assert_eq!(cloud.end("-TERM"), Some(0));
    john.peer.set("allow_callbacks", "[\"here\"]");
    let refused = john.peer.fails(&["cloud", "run", "--open"], 1);
    assert!(refused.contains("cannot use `here` in allow_callbacks"), "{refused}");
}

#[test]
fn who_asks_too_often_is_told_so() {
    let (john, subscriber) = (John::new(), Subscriber::honest());
    let cloud = john.runs(&[]);
    let feed = "https://another.example/rss".to_owned();
    for _ in 0..120 {
        let refusal = unreadable("subscription", &feed);
        assert_eq!(cloud.register(&[&feed], &subscriber), refusal);
    }
    let refusal = cloud.register(&[john.feed("blog.rss")], &subscriber).unwrap_err();
    let words = "too many came from your address. Try again in an hour.";
    assert!(refusal.ends_with(words), "{refusal}");
    for _ in 0..600 {
        assert_eq!(cloud.ping(&feed), unreadable("ping", &feed));
    }
    let refusal = cloud.ping(&feed).unwrap_err();
    assert!(refusal.ends_with(words), "{refusal}");
}

#[test]
fn a_home_has_one_cloud_at_a_time() {
    let john = Host::with_cloud("John");
    let words = "another cloudim is the cloud of this home already\nhint: `cloud run` is one,";
    let listening = john.listen(&[RARELY]);
    let run = ["cloud", "run", "--bind", "127.0.0.1:0"];
    let refused = john.peer.fails(&run, 75);
    assert!(refused.contains(words), "{refused}");
    assert_eq!(listening.end("-TERM"), Some(0));

    let beside = John { peer: john.peer, ..John::new() };
    let cloud = beside.runs(&["--open"]);
    let refused = beside.peer.fails(&["listen", RARELY], 75);
    assert!(refused.contains(words), "{refused}");
    assert!(!refused.contains("listening on"), "{refused}");
    assert_eq!(
        beside.peer.fails(&run, 75),
        beside.peer.fails(&[&run[..], &["--open"]].concat(), 75)
    );
    assert_eq!(cloud.end("-TERM"), Some(0));
}

#[test]
fn without_a_base_url_it_serves_any_feed_or_none() {
    let john = Peer::without_identity("John");
    john.ok(&["keygen", "--name", "John", "--no-passphrase"]);
    let refused = john.fails(&["cloud", "run", "--bind", "127.0.0.1:0"], 1);
    assert!(refused.contains("there is no base URL") && refused.contains("--open"), "{refused}");
    let cloud = John { peer: john, ..John::new() }.runs(&["--open"]);
    // Loopback is not public for who does not live there.
    let feed = "http://127.0.0.1:1/rss".to_owned();
    let refusal = unreadable("subscription", &feed);
    assert_eq!(cloud.register(&[feed], &Subscriber::honest()), refusal);
}
