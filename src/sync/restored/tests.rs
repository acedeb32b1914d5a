use std::io::ErrorKind;
use std::path::Path;

use super::*;
use crate::openpgp::message::seal;
use crate::protocol::feed::channel::FeedItem;
use crate::protocol::sealed::introduction::Introduction;
use crate::protocol::values::guid::Guid;
use crate::session::testing::{Host, Person};
use crate::store::contact::offered::octets::Octets;
use crate::store::disk::refusals::Refusals;
use crate::store::identity::own_urls;
use crate::store::testing::Type;
use crate::writing::testing::{acquaint, filed, write};

/// John, whose host is the one that is returned, and his contacts Mary and Bob.
fn john() -> (Person, Host) {
    let host = Host::start();
    let mut john = Person::at("John", &host.base);
    john.set("allow = [\"127.0.0.0/8\"]");
    for name in ["Mary", "Bob"] {
        acquaint(&mut john, &mut Person::called(name));
    }
    (john, host)
}

/// Puts the feed that John has for `of` on the web, where the one for `at` is looked for.
fn publish(john: &Person, host: &Host, of: &str, at: &str) {
    let token = john.contact(at).ours.token;
    host.put(&format!("f/{token}.rss"), john.feed(of).write());
}

/// John looks at what he has published.
fn look(john: &mut Person) -> String {
    look_daily(&mut john.run).unwrap();
    john.heard()
}

#[test]
fn what_was_written_since_comes_back_and_a_new_log_follows() {
    let (mut john, host) = john();
    write(&mut john, "mary", "one");
    let saved = john.files();
    write(&mut john, "mary", "two");
    publish(&john, &host, "mary", "mary");
    let (log, octets) = (john.contact("mary").ours.log, filed(&john, "mary"));
    john.restore(&saved);
    assert!(look(&mut john).contains("in a new log for `mary`, and 1 message"));
    assert_eq!(john.texts("mary", Type::Message), ["one", "two"]);
    assert_eq!(filed(&john, "mary"), octets);
    let ours = john.contact("mary").ours;
    assert!(ours.log > log && ours.overtaken.is_none());
    assert_eq!((ours.earlier[0].log, ours.earlier[0].sequence), (log, 2));
    assert_eq!(write(&mut john, "mary", "three"), 1);
    assert_eq!(john.feed("mary").items.len(), 3);
    publish(&john, &host, "mary", "mary");
    john.wait(25);
    assert_eq!(look(&mut john), "", "what is known is no news");
}

#[test]
fn where_nothing_shows_what_is_lost_the_new_log_names_what_is_known() {
    let (mut john, _) = john();
    write(&mut john, "mary", "one");
    let logs = ["mary", "bob"].map(|name| john.contact(name).ours.log);
    let (locked, keys, talk) = john.hands();
    begin_anew(&locked, keys, talk, &["mary".to_owned(), "bob".to_owned()]).unwrap();
    drop(locked);
    assert!(john.heard().contains("in a new log for `bob`"));
    let [mary, bob] = ["mary", "bob"].map(|name| john.contact(name).ours);
    assert!(mary.log > logs[0] && bob.log > logs[1]);
    assert_eq!((mary.earlier[0].log, mary.earlier[0].sequence), (logs[0], 1));
    assert!(bob.earlier.is_empty(), "nothing of it can be named");
    let serial = bob.introduction.serial;
    let octets = Octets::of(&john.home(), "bob").introduction(serial).unwrap().unwrap();
    assert!(Introduction::parse(octets.as_bytes()).unwrap().earlier.is_empty());
}

#[test]
fn with_a_locked_key_the_new_log_waits_for_what_is_written_next() {
    let (mut john, _) = john();
    write(&mut john, "mary", "one");
    let log = john.contact("mary").ours.log;
    john.lock_key();
    let (locked, keys, talk) = john.hands();
    begin_anew(&locked, keys, talk, &["mary".to_owned()]).unwrap();
    drop(locked);
    assert_eq!((john.heard().as_str(), john.contact("mary").ours.log), ("", log));
    john.run.keys.unlock().unwrap();
    assert_eq!(write(&mut john, "mary", "two"), 1);
    assert!(john.contact("mary").ours.log > log);
}

#[test]
fn what_a_full_disk_kept_from_coming_back_is_still_to_be_taken_over() {
    let (mut john, host) = john();
    let saved = john.files();
    write(&mut john, "mary", "one");
    publish(&john, &host, "mary", "mary");
    john.restore(&saved);
    let home = john.home();
    let refuses = |path: &Path| match path.ends_with("messages.jsonl") {
        true => Err(ErrorKind::StorageFull.into()),
        false => Ok(()),
    };
    john.run.identity.home = home.clone().with_refusals(Refusals::by(refuses));
    assert!(look_daily(&mut john.run).is_err());
    john.run.identity.home = home;
    assert!(look(&mut john).contains("in a new log for `mary`, and 1 message"));
}

#[test]
fn the_introduction_of_a_lost_copy_is_kept_before_it_is_counted() {
    let (mut john, host) = john();
    write(&mut john, "mary", "zero");
    let saved = john.files();
    john.update("mary", |mary| {
        mary.ours.overtaken = Some(Head { sequence: 0, hash: OctetsHash::of(b"") })
    });
    write(&mut john, "mary", "one");
    publish(&john, &host, "mary", "mary");
    let counts = john.contact("mary").ours.introduction.serial;
    let octets = |john: &Person| Octets::of(&john.home(), "mary").introduction(counts).unwrap();
    let written = octets(&john);
    john.restore(&saved);
    // The new log of before is of today, so there is no other: the user is asked.
    look(&mut john);
    assert_eq!((john.contact("mary").ours.introduction.serial, octets(&john)), (counts, written));
}

#[test]
fn every_log_that_was_begun_since_is_named_and_its_messages_stay() {
    let (mut john, host) = john();
    write(&mut john, "mary", "one");
    let saved = john.files();
    let mut logs = vec![john.contact("mary").ours.log];
    for text in ["two", "three"] {
        let head = john.contact("mary").ours.head;
        john.update("mary", |mary| mary.ours.overtaken = head);
        john.wait(25);
        write(&mut john, "mary", text);
        logs.push(john.contact("mary").ours.log);
    }
    publish(&john, &host, "mary", "mary");
    john.restore(&saved);
    john.wait(25);
    let told = look(&mut john);
    assert!(told.contains("in a new log for `mary`, and 2 messages"), "{told}");
    let ours = john.contact("mary").ours;
    let named: Vec<_> = ours.earlier.iter().map(|log| (log.log, log.sequence)).collect();
    assert_eq!(named, logs.iter().map(|log| (*log, 1)).collect::<Vec<_>>());
    john.wait(24 * 30);
    write(&mut john, "mary", "four");
    assert_eq!(john.feed("mary").items.len(), 4);
}

#[test]
fn an_older_copy_of_what_we_wrote_is_no_news() {
    let (mut john, host) = john();
    write(&mut john, "mary", "one");
    publish(&john, &host, "mary", "mary");
    write(&mut john, "mary", "two");
    let before = john.files();
    assert_eq!(look(&mut john), "");
    assert!(john.files() == before);
}

#[test]
fn a_host_that_shows_what_was_written_to_somebody_else_brings_nothing_about() {
    let (mut john, host) = john();
    let saved = john.files();
    write(&mut john, "bob", "for bob alone");
    publish(&john, &host, "bob", "mary");
    john.restore(&saved);
    assert_eq!(look(&mut john), "");
    assert!(john.texts("mary", Type::Message).is_empty());
    assert!(filed(&john, "mary").is_empty());
    assert!(john.contact("mary").ours.earlier.is_empty());
}

#[test]
fn what_a_host_writes_itself_brings_nothing_about() {
    let (mut john, host) = john();
    write(&mut john, "mary", "one");
    let mut eve = Person::called("Eve");
    let mut feed = john.feed("mary");
    let (secret, rng) = eve.run.keys.secret().unwrap();
    let readers = [&john.certificate()];
    let octets = filed(&john, "mary").remove(0).1;
    let sealed = seal::seal(octets.as_bytes(), secret, &readers, john.now(), rng).unwrap();
    let guid = Guid::new(john.now(), rng);
    feed.items.insert(0, FeedItem::sealed(guid, sealed.clone()));
    (feed.state, feed.introduction) = (Some(sealed.clone()), Some(sealed));
    let token = john.contact("mary").ours.token;
    host.put(&format!("f/{token}.rss"), feed.write());
    let before = john.files();
    assert_eq!(look(&mut john), "");
    assert!(john.files() == before);
}

#[test]
fn what_nobody_can_open_here_stays_byte_for_byte_until_the_contact_has_read_on() {
    let (mut john, host) = john();
    let saved = john.files();
    write(&mut john, "mary", "one");
    // His own copy of this one is sealed to a subkey that the backup lacks.
    john.rotate();
    write(&mut john, "mary", "two");
    publish(&john, &host, "mary", "mary");
    let two = john.feed("mary").items[0].clone();
    john.restore(&saved);
    john.lock_key();
    john.run.keys.unlock().unwrap();
    look(&mut john);
    assert_eq!(john.texts("mary", Type::Message), ["one"]);
    write(&mut john, "mary", "three");
    let is_there = |john: &Person| john.feed("mary").items.contains(&two);
    assert!(is_there(&john));
    let serial = john.contact("mary").ours.introduction.serial;
    let octets = Octets::of(&john.home(), "mary").introduction(serial).unwrap().unwrap();
    let introduction = Introduction::parse(octets.as_bytes()).unwrap();
    assert!(introduction.earlier.iter().all(|earlier| earlier.more), "not all can be named");
    john.update("mary", |mary| mary.reader_mut().acknowledged = 1);
    john.wait(24 * 8);
    crate::writing::testing::rewrite(&mut john, "mary").unwrap();
    assert!(!is_there(&john));
    assert!(Octets::of(&john.home(), "mary").kept().unwrap().unopened.is_empty());
}

#[test]
fn archives_that_the_home_has_lost_come_back_and_their_numbers_are_used_up() {
    let (mut john, host) = john();
    let saved = john.files();
    let long = "x".repeat(20_000);
    for number in 0..4 {
        write(&mut john, "mary", &format!("{number}{long}"));
    }
    let ours = john.contact("mary").ours;
    assert!(!ours.archives.is_empty(), "the messages are too few to be archived");
    publish(&john, &host, "mary", "mary");
    for archive in &ours.archives {
        let path = john.home().archive(&ours.token, archive.number);
        let url = own_urls::archive_url(&john.run.identity.config, &ours.token, archive.number);
        let path_on_host = url.unwrap().path_and_query().trim_start_matches('/').to_owned();
        host.put(&path_on_host, std::fs::read(path).unwrap());
    }
    john.restore(&saved);
    look(&mut john);
    assert_eq!(john.texts("mary", Type::Message).len(), 4);
    let now = john.contact("mary").ours;
    assert!(now.archives.iter().all(|archive| archive.number >= ours.next_archive));
    assert!(now.next_archive >= ours.next_archive);
}

#[test]
fn states_leave_room_for_those_that_a_lost_copy_may_have_published() {
    let (mut john, _) = john();
    john.update("mary", |mary| mary.ours.state.serial = 7);
    let (locked, _, _) = john.hands();
    skip_serials(&locked).unwrap();
    drop(locked);
    assert_eq!(john.contact("mary").ours.state.serial, 7 + SKIPPED);
}

#[test]
fn what_was_published_of_our_certificate_is_taken_over_and_that_of_another_key_is_not() {
    let mut john = Person::called("John");
    let before = john.certificate();
    john.rotate();
    let published = john.certificate();
    let home = john.home();
    home.write(&home.key(), before.to_armored().as_bytes()).unwrap();
    john.run.keys.forget_certificate();
    let (locked, keys, _) = john.hands();
    merge(&locked, keys, &published).unwrap();
    let now = locked.now;
    assert_eq!(
        keys.certificate().unwrap().encryption_subkey(now),
        published.encryption_subkey(now)
    );
    let eve = Person::called("Eve").certificate();
    assert_eq!(merge(&locked, keys, &eve).unwrap_err().kind, Kind::Integrity);
}
