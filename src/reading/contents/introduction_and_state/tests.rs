use super::*;
use crate::openpgp::message::open::sealed_hash;
use crate::protocol::sealed::state::{Acknowledged, Head};
use crate::protocol::values::guid::Guid;
use crate::protocol::values::hash::OctetsHash;
use crate::reading::testing::Scene;
use crate::session::testing::Person;
use crate::store::testing::Type;
use crate::writing::testing::{item, keep, write};

fn a_log(scene: &mut Scene, hours_ahead: i64) -> LogId {
    let time = scene.mary.now() + jiff::SignedDuration::from_hours(hours_ahead);
    Guid::new(time, &mut scene.mary.run.keys.rng)
}

#[test]
fn an_earlier_state_is_an_old_copy_and_changes_nothing() {
    let mut scene = Scene::begin();
    let one = scene.add(1, None, "one");
    scene.state(|state| state.head = Some(Head { sequence: 1, hash: one }));
    let old = scene.feed.state.clone();
    let two = scene.add(2, Some(one), "two");
    scene.state(|state| state.head = Some(Head { sequence: 2, hash: two }));
    assert!(!scene.read().stale);
    for earlier in [old, None] {
        scene.feed.state = earlier;
        assert!(scene.read().stale);
        assert_eq!(scene.contact().theirs.head.map(|head| head.sequence), Some(2));
    }
}

#[test]
fn the_same_state_sealed_again_says_nothing_new() {
    let mut scene = Scene::begin();
    scene.state(|_| ());
    scene.read();
    scene.say();
    assert!(!scene.read().stale);
    let sealed = scene.feed.state.as_deref().map(sealed_hash);
    assert_eq!(scene.contact().theirs.state.and_then(|seen| seen.sealed), sealed);
    assert!(scene.told(Type::Integrity).is_empty());
}

#[test]
fn two_states_of_one_serial_are_a_fork_that_is_told_once_and_the_first_stays() {
    let mut scene = Scene::begin();
    let one = scene.add(1, None, "one");
    scene.state(|state| state.head = Some(Head { sequence: 1, hash: one }));
    scene.read();
    scene.said.head = Some(Head { sequence: 1, hash: OctetsHash::of(b"another") });
    scene.say();
    scene.read();
    scene.read();
    let told = scene.told(Type::Integrity);
    assert_eq!(told.len(), 1);
    assert!(told[0].contains("refused: there are two with the serial"), "{told:?}");
    assert_eq!(scene.contact().theirs.head.map(|head| head.hash), Some(one));
}

#[test]
fn a_state_of_a_log_that_the_feed_has_not_opened_does_not_count() {
    let mut scene = Scene::begin();
    let (before, log) = (scene.contact().theirs.state, a_log(&mut scene, 1));
    scene.state(|state| state.log = log);
    scene.read();
    assert!(scene.told(Type::Integrity)[0].contains("has not opened"));
    assert_eq!(scene.contact().theirs.state, before);
}

#[test]
fn a_state_of_a_later_version_is_held_and_not_guessed_at() {
    let mut scene = Scene::begin();
    let before = scene.contact().theirs.state;
    scene.said.serial += 1;
    let octets = scene.said.write().replacen("version=\"1\"", "version=\"2\"", 1);
    let now = scene.mary.now();
    scene.feed.state = Some(scene.sealed(&octets, now));
    scene.read();
    assert!(scene.told(Type::Trust)[0].contains("the state is held"));
    assert_eq!(scene.contact().theirs.state, before);
}

#[test]
fn a_later_state_that_was_signed_long_before_waits() {
    let mut scene = Scene::begin();
    scene.wait(72);
    scene.add(1, None, "one");
    scene.read();
    let before = scene.contact().theirs.state;
    scene.said.serial += 1;
    let (octets, at) = (scene.said.write(), scene.ago(25));
    scene.feed.state = Some(scene.sealed(&octets, at));
    scene.read();
    assert!(scene.told(Type::Trust)[0].contains("signed long before"));
    assert_eq!(scene.contact().theirs.state, before);
}

#[test]
fn a_head_that_is_not_the_message_here_is_a_fork() {
    let mut scene = Scene::begin();
    let one = scene.add(1, None, "one");
    scene.state(|state| state.head = Some(Head { sequence: 1, hash: one }));
    scene.read();
    assert!(scene.told(Type::Integrity).is_empty());
    scene.state(|state| state.head = Some(Head { sequence: 1, hash: OctetsHash::of(b"another") }));
    scene.read();
    let told = scene.told(Type::Integrity);
    assert!(told[0].contains("its head is not the message we have at sequence 1"), "{told:?}");
}

/// The acknowledgement of the message that John wrote at `sequence`, or of another at that place.
fn read(scene: &Scene, sequence: u64, hash: Option<OctetsHash>) -> Vec<Acknowledged> {
    let ours = scene.contact().ours;
    vec![Acknowledged {
        log: ours.log,
        sequence,
        hash: hash.or(ours.head.map(|head| head.hash)).unwrap(),
    }]
}

#[test]
fn what_the_contact_has_read_is_noted_and_never_sinks() {
    let mut scene = Scene::begin();
    write(&mut scene.john, "mary", "one");
    scene.state(|_| ());
    scene.read();
    assert_eq!(scene.contact().ours.acknowledged(), 0);
    let one = read(&scene, 1, None);
    scene.state(|state| state.acknowledged = one);
    scene.read();
    assert_eq!(scene.contact().ours.acknowledged(), 1);
    assert_eq!(scene.told(Type::Receipt), ["read up to sequence 1"]);
    write(&mut scene.john, "mary", "two");
    let (one, two) = (scene.said.acknowledged.clone(), read(&scene, 2, None));
    for earlier in [two, one, Vec::new()] {
        scene.state(|state| state.acknowledged = earlier);
        scene.read();
        assert_eq!(scene.contact().ours.acknowledged(), 2);
    }
    assert_eq!(scene.told(Type::Receipt).len(), 2);
    assert!(scene.told(Type::Integrity).is_empty());
}

#[test]
fn what_the_contact_has_read_and_we_never_wrote_begins_a_new_log_and_a_second_one_within_a_day_does_not()
 {
    let mut scene = Scene::begin();
    write(&mut scene.john, "mary", "one");
    let (first, impossible) = (scene.contact().ours.log, read(&scene, 2, None));
    for _ in 0..2 {
        scene.state(|state| state.acknowledged = impossible.clone());
        scene.read();
    }
    let told = scene.told(Type::Integrity);
    assert_eq!(told, ["this home was restored: what it writes from now on is a new log"]);
    let ours = scene.contact().ours;
    assert!(ours.log > first);
    assert_eq!((ours.acknowledged(), ours.sequence()), (0, 0));
    assert_eq!((ours.earlier[0].log, ours.earlier[0].sequence), (first, 2));
    let again = read(&scene, 1, Some(OctetsHash::of(b"never written")));
    for _ in 0..2 {
        scene.state(|state| state.acknowledged = again.clone());
        scene.read();
    }
    assert_eq!(scene.contact().ours.log, ours.log);
    let told = scene.told(Type::Integrity);
    assert_eq!(told.len(), 2);
    assert!(told[1].starts_with("two homes write as this identity"), "{told:?}");
    let item = item(&mut scene.john, "two");
    let refused = keep(&mut scene.john, "mary", item, false).unwrap_err();
    assert!(refused.message.starts_with("two homes write as this identity"), "{refused}");
    scene.wait(25);
    write(&mut scene.john, "mary", "two");
    assert!(scene.contact().ours.log > ours.log);
}

#[test]
fn another_message_than_ours_is_not_counted_as_read() {
    for sequence in [1, 2] {
        let mut scene = Scene::begin();
        write(&mut scene.john, "mary", "one");
        write(&mut scene.john, "mary", "two");
        let another = read(&scene, sequence, Some(OctetsHash::of(b"another")));
        scene.state(|state| state.acknowledged = another);
        scene.read();
        let told = scene.told(Type::Integrity);
        assert_eq!(told.len(), 1);
        assert!(told[0].contains(&format!("another message than ours at sequence {sequence}")));
        assert_eq!(scene.contact().ours.acknowledged(), 0);
    }
}

#[test]
fn a_contact_that_lost_its_disk_has_read_what_it_says_from_now_on() {
    let mut scene = Scene::begin();
    write(&mut scene.john, "mary", "one");
    let one = read(&scene, 1, None);
    scene.state(|state| state.acknowledged = one);
    scene.read();
    let (log, now) = (a_log(&mut scene, 1), scene.mary.now());
    scene.introduce(now, |introduction| (introduction.log, introduction.serial) = (log, 1));
    scene.state(|state| (state.log, state.acknowledged) = (log, Vec::new()));
    scene.read();
    assert_eq!(scene.contact().ours.acknowledged(), 0);
    assert!(scene.told(Type::Integrity).is_empty());
}

#[test]
fn a_later_introduction_moves_the_feed_and_an_earlier_one_is_an_old_copy() {
    let mut scene = Scene::begin();
    let (old, now) = (scene.feed.introduction.clone(), scene.mary.now());
    let feed = "https://new.example/f/x.rss";
    scene.introduce(now, |later| (later.serial, later.feed) = (2, feed.parse().unwrap()));
    scene.read_tagged("a");
    assert_eq!(scene.contact().feed.as_str(), feed);
    assert_eq!(scene.contact().http.etag, None, "the copy was at the old place");
    scene.feed.introduction = old;
    assert!(scene.read().stale);
    assert_eq!(scene.contact().feed.as_str(), feed);
}

#[test]
fn two_introductions_of_one_serial_are_a_fork_and_the_first_stays() {
    let mut scene = Scene::begin();
    let (before, now) = (scene.contact().feed, scene.mary.now());
    let feed = "https://eve.example/f/x.rss";
    scene.introduce(now, |other| other.feed = feed.parse().unwrap());
    scene.read();
    assert!(scene.told(Type::Integrity)[0].contains("there are two with the serial 1"));
    assert_eq!(scene.contact().feed, before);
}

#[test]
fn an_introduction_for_another_or_in_answer_to_another_does_not_count() {
    type Change = fn(&mut Introduction);
    let changes: [(Change, &str); 3] = [
        (|i| i.to_fingerprint = "A".repeat(40).parse().ok(), "somebody else"),
        (|i| i.in_reply_to = Some(OctetsHash::of(b"another")), "another invitation than ours"),
        (|i| i.fingerprint = "A".repeat(40).parse().unwrap(), "another key than the pinned"),
    ];
    for (change, words) in changes {
        let mut scene = Scene::begin();
        let (before, now) = (scene.contact().theirs.introduction, scene.mary.now());
        scene.introduce(now, |introduction| {
            introduction.serial = 2;
            change(introduction);
        });
        scene.read();
        let told = scene.told(Type::Integrity);
        assert!(told[0].contains(words), "{told:?}");
        assert_eq!(scene.contact().theirs.introduction, before);
    }
}

#[test]
fn an_introduction_that_was_signed_long_before_waits() {
    let mut scene = Scene::begin();
    scene.wait(72);
    scene.state(|_| ());
    scene.read();
    let (before, at) = (scene.contact().feed, scene.ago(25));
    let feed = "https://new.example/f/x.rss";
    scene.introduce(at, |later| (later.serial, later.feed) = (2, feed.parse().unwrap()));
    scene.read();
    assert!(scene.told(Type::Trust)[0].contains("the introduction is held"));
    assert_eq!(scene.contact().feed, before);
}

#[test]
fn a_log_of_the_future_waits_until_the_clock_gets_there() {
    let mut scene = Scene::begin();
    let (log, now) = (a_log(&mut scene, 25), scene.mary.now());
    scene.introduce(now, |introduction| introduction.log = log);
    scene.read();
    assert!(scene.told(Type::Trust)[0].contains("its log is of the future"));
    assert!(!scene.contact().theirs.logs.contains(&log));
    scene.wait(1);
    scene.read();
    assert!(scene.contact().theirs.logs.contains(&log));
}

#[test]
fn another_key_in_the_feed_is_told_once_and_so_is_its_end() {
    let (mut scene, eve) = (Scene::begin(), Person::called("Eve").certificate().fingerprint());
    let pinned = scene.feed.key.clone();
    scene.feed.key.as_mut().unwrap().fingerprint = eve.clone();
    scene.read();
    scene.read();
    assert_eq!(scene.contact().theirs.offered, Some(eve.clone()));
    let told = scene.told(Type::Trust);
    assert_eq!(told.len(), 1);
    assert!(told[0].contains(eve.as_str()), "{told:?}");
    scene.feed.key = pinned;
    scene.read();
    scene.read();
    let told = scene.told(Type::Trust);
    assert_eq!(told.len(), 2);
    assert!(told[1].contains("names the pinned key again"), "{told:?}");
}

#[test]
fn a_key_that_the_user_has_rejected_is_told_no_more() {
    let (mut scene, eve) = (Scene::begin(), Person::called("Eve").certificate().fingerprint());
    scene.john.update("mary", |mary| mary.theirs.rejected.push(eve.clone()));
    scene.feed.key.as_mut().unwrap().fingerprint = eve;
    scene.read();
    assert_eq!(scene.contact().theirs.offered, None);
    assert!(scene.told(Type::Trust).is_empty());
}
