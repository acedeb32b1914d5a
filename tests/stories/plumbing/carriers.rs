//! `fetch`, `receive` and `decrypt`: any carrier will do.

use std::fs::{self, File};
use std::os::unix::process::CommandExt;

use cloudim::protocol::feed::channel::Channel;

use crate::common::peer::{Peer, friends, tree};

#[test]
fn a_feed_is_received_from_a_file_and_from_stdin() {
    let (john, mary) = friends();
    john.send(&mary, "by file");
    let feed = john.pair_feed();
    let path = feed.to_str().unwrap();
    assert!(mary.ok(&["receive", "john", path]).ends_with("  john  by file\n"));
    assert_eq!(mary.ok(&["receive", "john", path]), "");
    john.send(&mary, "by pipe");
    let piped = mary.feed(&["receive", "john"], fs::read(&feed).unwrap()).expect(0);
    assert!(piped.stdout.ends_with("  john  by pipe\n"), "{}", piped.stdout);
    john.send(&mary, "by pipe again");
    let piped = mary.feed(&["receive", "john", "-"], fs::read(&feed).unwrap()).expect(0);
    assert!(piped.stdout.ends_with("  john  by pipe again\n"), "{}", piped.stdout);
    assert_eq!(mary.feed(&["receive", "john"], "").expect(0).stdout, "");
    john.poll();
    assert_eq!(john.ok(&["status"]), "mary\tall well\n", "what is received is acknowledged");
    let garbage = mary.feed(&["receive", "john"], "garbage").expect(1);
    assert!(
        garbage.stderr.starts_with("error: cannot read the feed of `john`: "),
        "{}",
        garbage.stderr
    );
    let missing = mary.fails(&["receive", "john", "nowhere.rss"], 1);
    assert!(missing.starts_with("error: cannot read `nowhere.rss`: "), "{missing}");
}

#[test]
fn decrypt_makes_a_plain_feed_of_either_side() {
    let (john, mary) = friends();
    for text in ["first <b>", "second\nline"] {
        john.send(&mary, text);
    }
    let feed = fs::read(john.pair_feed()).unwrap();
    let by_mary = mary.feed(&["decrypt"], &feed).expect(0).stdout;
    assert_eq!(mary.feed(&["decrypt", "--from", "john"], &feed).expect(0).stdout, by_mary);
    assert_eq!(john.feed(&["decrypt"], &feed).expect(0).stdout, by_mary, "our own feed too");
    assert_eq!(mary.ok(&["decrypt", john.pair_feed().to_str().unwrap()]), by_mary);
    assert!(!by_mary.contains("BEGIN PGP") && !by_mary.contains("im:state"), "{by_mary}");
    let channel = Channel::parse(by_mary.as_bytes()).unwrap();
    let texts: Vec<_> =
        channel.items.iter().map(|item| item.description.clone().unwrap()).collect();
    assert_eq!(texts, ["second<br/>line", "first &lt;b&gt;"]);
    assert_eq!(mary.feed(&["decrypt", "--new"], &feed).expect(0).stdout, by_mary);
    mary.poll();
    john.send(&mary, "third");
    let feed = fs::read(john.pair_feed()).unwrap();
    let new = mary.feed(&["decrypt", "--new"], &feed).expect(0).stdout;
    assert_eq!(Channel::parse(new.as_bytes()).unwrap().items.len(), 1);
    assert!(new.contains("third") && !new.contains("second"), "{new}");
    let stranger = Peer::new("Other", &[]).feed(&["decrypt"], &feed).expect(1);
    assert!(stranger.stderr.starts_with("error: this feed is by none of your contacts\nhint: "));
    let garbage = mary.feed(&["decrypt"], "garbage").expect(1);
    assert!(garbage.stderr.starts_with("error: cannot read the feed: "), "{}", garbage.stderr);
}

#[test]
fn decrypt_leaves_out_what_fails_and_says_so() {
    let (john, mary) = friends();
    let guid = john.send(&mary, "kept");
    let feed = fs::read_to_string(john.pair_feed()).unwrap();
    let other = "urn:uuid:0199f0c2-8d5c-7a11-b0d5-1f0a8d7c2e11";
    let renamed = feed.replace(&guid, other);
    let ran = mary.feed(&["decrypt"], renamed).expect(5);
    assert_eq!(
        ran.stderr,
        format!("error: item {other} is left out: its guid differs inside: `{guid}`\n")
    );
    assert!(Channel::parse(ran.stdout.as_bytes()).unwrap().items.is_empty());
}

#[test]
fn what_only_looks_needs_no_lock_and_writes_nothing() {
    let (john, mary) = friends();
    john.send(&mary, "seen");
    mary.poll();
    john.send(&mary, "unseen");
    let before = tree(&mary.home());
    let lock = File::open(mary.home().join("lock")).unwrap();
    lock.lock().unwrap();
    let feed = fs::read(john.pair_feed()).unwrap();
    let plain = mary.feed(&["decrypt"], &feed).expect(0).stdout;
    assert!(plain.contains("unseen"), "{plain}");
    assert!(mary.ok(&["read", "john"]).contains("seen"));
    assert!(mary.ok(&["fetch", "john"]).contains("BEGIN PGP"));
    for args in [&["status"][..], &[], &["contact", "list"], &["compose", "-m", "x"]] {
        mary.ok(args);
    }
    drop(lock);
    assert!(tree(&mary.home()) == before);
}

#[test]
fn fetch_brings_any_url_and_a_contacts_feed_only_if_it_changed() {
    let (john, mary) = friends();
    let card = mary.ok(&["fetch", &format!("{}card.rss", john.address())]);
    assert_eq!(card, fs::read_to_string(john.home().join("public/card.rss")).unwrap());
    john.send(&mary, "news");
    assert_eq!(mary.ok(&["fetch", "john"]), fs::read_to_string(john.pair_feed()).unwrap());
    mary.poll();
    john.poll();
    mary.poll();
    assert_eq!(mary.ok(&["fetch", "john"]), "", "unchanged");
    let missing = mary.fails(&["fetch", &format!("{}nothing", john.address())], 3);
    assert!(missing.starts_with("error: cannot fetch http://127.0.0.1:"), "{missing}");
    let wrong = mary.fails(&["fetch", "ftp://john.example/"], 2);
    assert!(wrong.starts_with("error: cannot fetch that: "), "{wrong}");
}

#[test]
fn fetch_does_not_go_where_it_must_not() {
    let john = Peer::john();
    let anna = Peer::without_identity("Anna");
    let args =
        ["keygen", "--name", "Anna", "--base-url", "https://anna.example", "--no-passphrase"];
    assert!(anna.command(&args).process_group(0).output().unwrap().status.success());
    let asked = john.host.requests();
    let card = format!("{}card.rss", john.address());
    let said = anna.fails(&["fetch", &card], 1);
    assert!(said.starts_with("error: cannot fetch http://127.0.0.1:"), "{said}");
    assert!(
        said.ends_with("hint: if you trust that network, name it in allow in config.toml\n"),
        "{said}"
    );
    assert_eq!(john.host.requests(), asked, "not a single request");
    anna.set("allow", "[\"127.0.0.0/8\"]");
    assert!(anna.ok(&["fetch", &card]).contains("im:handshake"));
}
