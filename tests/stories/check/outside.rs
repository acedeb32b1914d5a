//! What others see: our own files through their public URLs, and the feeds of contacts.

use std::fs;

use cloudim::protocol::feed::channel::Channel;

use super::{Found, check, the};
use crate::common::peer::{Peer, friends, in_hours};
use crate::common::static_host::Behaviour;

const PAGE: &[u8] = b"<!DOCTYPE html><title>Log in</title><p>This network wants you to log in.";

/// The finding about what is called so below `public/`, for mary.
#[track_caller]
fn of_feed<'a>(found: &'a [Found], finding: &str) -> &'a Found {
    let is_it = |one: &&Found| one.subject.starts_with("f/") && one.finding == finding;
    found.iter().find(is_it).unwrap_or_else(|| panic!("no {finding} of a feed in {found:#?}"))
}

#[test]
fn what_others_see_as_it_is_here_is_well_and_noted() {
    let (john, mary) = friends();
    let file = john.file("cat.png");
    fs::write(&file, "cat").unwrap();
    john.ok(&["send", "mary", "-m", "see", "-a", file.to_str().unwrap()]);
    let asked = john.host.requests() + mary.host.requests();
    let said = john.ok(&["check"]);
    assert!(john.host.requests() > asked);
    for line in [
        "ok\tcard.rss\tothers see it as it is here\n",
        "ok\tkey.asc\tothers see it as it is here\n",
        "ok\t.well-known/webfinger\tothers see it as it is here\n",
        "ok\tpublic\tthe host lists none of our folders\n",
        "ok\tmary\tothers see all 2 files for it as they are here\n",
        "ok\tmary\tits feed is in reach, and all of it was read\n",
    ] {
        assert!(said.contains(line), "{line} in {said}");
    }
    let seen = fs::read_to_string(john.home().join("seen.toml")).unwrap();
    assert!(seen.contains(&john.address()) && seen.contains("files = 5"), "{seen}");
    mary.send(&john, "hello");
    let said = john.ok(&["check", "mary"]);
    assert!(
        said.contains("note\tmary\tits feed is in reach, and has news\thint: cloudim poll mary\n"),
        "{said}"
    );
}

#[test]
fn bare_cloudim_and_publish_point_to_it_until_something_was_seen() {
    let john = Peer::john();
    let pointer = "cloudim check";
    assert!(john.ok(&[]).contains(pointer));
    assert!(john.run(&["publish"]).expect(0).stderr.contains(pointer));
    john.host.set(Behaviour::Status(404));
    assert_eq!(the(&check(&john, &[], 7), "card.rss", "never-published").status, 7);
    assert!(john.ok(&[]).contains(pointer), "nothing was seen");
    john.host.set(Behaviour::Normal);
    check(&john, &[], 0);
    assert!(!john.ok(&[]).contains(pointer));
    assert_eq!(john.run(&["publish"]).expect(0).stderr, "");
    assert_eq!(john.run(&["--quiet", "publish"]).expect(0).stderr, "");
    john.set("base_url", "\"http://127.0.0.1:1/\"");
    assert!(john.ok(&[]).contains(pointer), "it has moved");
}

#[test]
fn a_host_that_was_rolled_back_shows_an_older_copy() {
    let (john, mary) = friends();
    john.send(&mary, "one");
    check(&john, &[], 0);
    john.host.set(Behaviour::Stale);
    john.send(&mary, "two");
    let found = check(&john, &[], 7);
    let feed = of_feed(&found, "rolled-back");
    assert!(feed.hint.contains("set publish in config.toml"), "{feed:?}");
    let done = john.file("done");
    john.set("publish", &format!("\"touch '{}'\"", done.display()));
    assert_eq!(of_feed(&check(&john, &["mary"], 7), "rolled-back").hint, "cloudim publish");
    john.host.set(Behaviour::Normal);
    assert!(check(&john, &["mary"], 0).is_empty());
}

#[test]
fn a_cache_that_shows_an_older_copy_is_told_from_the_host() {
    let (john, mary) = friends();
    john.send(&mary, "one");
    john.host.set(Behaviour::Cached);
    john.send(&mary, "two");
    let found = check(&john, &[], 3);
    assert!(of_feed(&found, "stale-cache").hint.contains("no-cache"), "{found:?}");
}

#[test]
fn a_host_that_was_wiped_or_gives_another_page_is_told() {
    let (john, mary) = friends();
    john.send(&mary, "one");
    check(&john, &[], 0);
    john.host.set(Behaviour::Status(404));
    let found = check(&john, &[], 7);
    the(&found, "card.rss", "wiped");
    the(&found, "key.asc", "wiped");
    of_feed(&found, "wiped");
    john.host.set(Behaviour::Says(("Content-Type", "text/html"), PAGE.to_vec()));
    let found = check(&john, &[], 3);
    let card = the(&found, "card.rss", "replaced");
    assert!(card.text.ends_with("(text/html)"), "{card:?}");
    the(&found, "key.asc", "replaced");
    of_feed(&found, "replaced");
    john.host.set(Behaviour::Status(500));
    the(&check(&john, &[], 3), "card.rss", "refuses");
}

#[test]
fn a_host_that_is_out_of_reach_is_told_once_and_asked_no_more() {
    let (john, mary) = friends();
    john.send(&mary, "one");
    john.host.set(Behaviour::Down);
    let before = john.host.requests();
    let found = check(&john, &[], 3);
    assert_eq!(the(&found, "base_url", "unreachable").status, 3);
    assert_eq!(john.host.requests() - before, 3, "card, key and account");
    john.host.set(Behaviour::Slow(0));
    let found = check(&john, &["--timeout", "200ms"], 3);
    assert!(the(&found, "base_url", "unreachable").text.contains("it takes too long"));
}

#[test]
fn folders_that_a_host_lists_are_told() {
    let (john, mary) = friends();
    john.send(&mary, "one");
    let token = john.pair_feed().file_name().unwrap().to_str().unwrap().to_owned();
    let listing = format!("<html><h1>Files</h1><a href=\"{token}\">{token}</a></html>");
    fs::write(john.home().join("public/f/index.html"), listing).unwrap();
    fs::write(john.home().join("public/b/index.html"), "<title>Index of /b/</title>").unwrap();
    let found = check(&john, &[], 1);
    let listed = the(&found, "public", "listed");
    assert!(listed.text.contains("lists /f/, /b/"), "{listed:?}");
    assert!(!john.run(&["check"]).stdout.contains(&token), "what is secret is not told");
}

#[test]
fn a_feed_under_the_type_of_a_page_is_told() {
    let john = Peer::john();
    let card = fs::read(john.home().join("public/card.rss")).unwrap();
    for (kind, status) in [("text/html", 1), ("text/plain", 3)] {
        john.host.set(Behaviour::Says(("Content-Type", kind), card.clone()));
        let found = check(&john, &[], status);
        let told = the(&found, "card.rss", "wrong-type");
        assert_eq!(told.status, i64::from(kind == "text/html"), "{told:?}");
    }
}

#[test]
fn messages_that_this_home_never_wrote_are_told_as_what_they_are() {
    let (john, mary) = friends();
    john.send(&mary, "one");
    let feed = john.pair_feed();
    let mut published = Channel::parse(&fs::read(&feed).unwrap()).unwrap();
    let mut unknown = published.items[0].clone();
    unknown.guid = Some("urn:uuid:019b0000-0000-7000-8000-000000000001".to_owned());
    published.items.insert(0, unknown);
    let whole = fs::read(&feed).unwrap();
    fs::write(&feed, published.write()).unwrap();
    john.host.set(Behaviour::Stale);
    fs::write(&feed, whole).unwrap();
    assert_eq!(of_feed(&check(&john, &[], 5), "newer").status, 5);
}

#[test]
fn a_contact_s_host_that_is_down_is_told() {
    let (john, mary) = friends();
    mary.host.set(Behaviour::Down);
    let found = check(&john, &[], 3);
    assert_eq!(the(&found, "mary", "out-of-reach").status, 3);
    mary.host.set(Behaviour::Says(("Content-Type", "text/html"), PAGE.to_vec()));
    the(&check(&john, &["mary"], 3), "mary", "out-of-reach");
}

#[test]
fn a_clock_that_hosts_contradict_is_told() {
    let (john, mary) = friends();
    for peer in [&john, &mary] {
        peer.host.says(&in_hours(0));
    }
    assert!(john.ok(&["check"]).contains("ok\tclock\thosts have the same time\n"));
    let ran = john.at(&in_hours(24 * 30), &["--format", "json", "check"], "");
    let found = super::findings(&ran);
    let clock = the(&found, "clock", "ahead");
    assert_eq!(clock.status, 1);
    assert!(clock.text.starts_with("the clock is ahead by "), "{clock:?}");
}

#[test]
fn the_feed_of_an_invitation_that_waits_is_looked_at_here_and_from_outside() {
    let (john, mary) = (Peer::john(), Peer::mary());
    john.ok(&["handshake", "invite", &mary.address(), "--output", "-"]);
    let said = john.ok(&["check"]);
    assert!(said.contains("ok\tmary\tthe invitation waits for an answer\n"), "{said}");
    let seen = "….rss\tothers see it as it is here\n";
    assert!(said.lines().any(|line| line.starts_with("ok\tf/")) && said.contains(seen), "{said}");
    john.host.set(Behaviour::Stale);
    let feed = john.pair_feed();
    let whole = fs::read(&feed).unwrap();
    john.host.set(Behaviour::Status(404));
    of_feed(&check(&john, &[], 7), "wiped");
    john.host.set(Behaviour::Normal);
    fs::write(&feed, "<rss>").unwrap();
    assert_eq!(the(&check(&john, &[], 1), "mary", "lost").hint, "cloudim check --repair");
    check(&john, &["--repair"], 0);
    assert!(fs::read(&feed).unwrap().len() > whole.len() / 2);
    check(&john, &[], 0);
}

#[test]
fn a_home_that_only_reads_publishes_nothing_that_could_be_compared() {
    let (john, _mary) = friends();
    john.set("read_only", "true");
    let before = john.host.requests();
    let found = check(&john, &[], 0);
    the(&found, "public", "read-only");
    assert_eq!(john.host.requests(), before);
}
