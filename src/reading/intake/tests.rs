use super::*;
use crate::protocol::feed::channel::FeedItem;
use crate::protocol::sealed::state::Head;
use crate::protocol::values::guid::Guid;
use crate::protocol::values::hash::OctetsHash;
use crate::protocol::values::limits;
use crate::protocol::values::url::Url;
use crate::reading::testing::Scene;
use crate::session::testing::Person;
use crate::store::contact::history::record::What;
use crate::store::testing::Type;
use crate::writing::testing::head;

#[test]
fn a_document_that_comes_twice_does_nothing_the_second_time() {
    let mut scene = Scene::begin();
    scene.write("one");
    assert!(scene.read().rewritten);
    let before = scene.john.files();
    scene.wait(1);
    assert!(!scene.read().rewritten);
    assert!(scene.john.files() == before);
    assert_eq!(scene.messages(), ["one"]);
}

#[test]
fn only_what_is_new_costs_the_key() {
    let mut scene = Scene::begin();
    scene.write("one");
    scene.read();
    scene.john.lock_key();
    scene.read();
    assert!(scene.john.run.keys.secret().is_err());
    scene.write("two");
    scene.read();
    assert!(scene.john.run.keys.secret().is_ok());
}

#[test]
fn a_guid_that_is_known_is_not_opened_again_whatever_stands_there() {
    let mut scene = Scene::begin();
    scene.write("one");
    scene.read();
    let now = scene.john.now();
    let other = scene.sealed("<item/>", now);
    scene.feed.items[0].description = Some(other);
    let before = scene.john.files();
    scene.read();
    assert!(scene.john.files() == before);
}

#[test]
fn what_is_no_feed_is_refused_and_changes_nothing() {
    let mut scene = Scene::begin();
    let before = scene.john.files();
    for document in ["", "<rss/>", "<html/>"] {
        let taken = crate::reading::testing::take_in(&mut scene.john, "mary", document.as_bytes());
        assert!(taken.is_err(), "{document}");
    }
    assert!(scene.john.files() == before);
}

#[test]
fn an_older_copy_is_told_after_the_grace_and_once_and_heals() {
    let mut scene = Scene::begin();
    scene.write("one");
    let old = scene.feed.clone();
    scene.read();
    scene.write("two");
    let new = std::mem::replace(&mut scene.feed, old);
    let copy = std::mem::replace(&mut scene.feed, new);
    scene.read();
    let new = std::mem::replace(&mut scene.feed, copy);
    for (hours, told) in [(0, 0), (1, 0), (1, 1), (1, 1)] {
        scene.wait(hours);
        assert!(scene.read().stale);
        assert_eq!(scene.told(Type::Integrity).len(), told);
    }
    assert!(scene.told(Type::Integrity)[0].contains("old copy"));
    scene.feed = new;
    assert!(!scene.read().stale);
    let last = scene.john.records("mary").pop().unwrap();
    assert!(
        matches!(last.what, What::Notice { healed: true, .. }) && last.text.contains("whole again"),
        "{}",
        last.text
    );
    assert_eq!(scene.messages(), ["one", "two"]);
}

#[test]
fn what_was_held_is_forgotten_when_it_left_the_feed_and_not_for_an_old_copy() {
    let (mut scene, mut eve) = (Scene::begin(), Person::called("Eve"));
    let item = scene.item(1, None, "by eve");
    scene.forge(&mut eve, &item);
    scene.read();
    let held = |scene: &Scene| Verdicts::held(&scene.john.home(), "mary").unwrap();
    assert_eq!(held(&scene), 1);
    scene.feed.items.clear();
    let state = scene.feed.state.take();
    assert!(scene.read().stale);
    assert_eq!(held(&scene), 1);
    scene.feed.state = state;
    scene.read();
    assert_eq!(held(&scene), 0);
}

#[test]
fn what_stands_in_an_archive_that_was_not_read_may_still_be_held() {
    let (mut scene, mut eve) = (Scene::begin(), Person::called("Eve"));
    let item = scene.item(1, None, "by eve");
    scene.forge(&mut eve, &item);
    scene.read();
    scene.feed.items.clear();
    scene.feed.prev_archive = Some("https://mary.example/f/1.rss".parse().unwrap());
    scene.read();
    assert_eq!(Verdicts::held(&scene.john.home(), "mary").unwrap(), 1);
}

#[test]
fn what_the_host_said_of_a_copy_counts_unless_that_has_to_be_read_again() {
    let mut scene = Scene::begin();
    scene.write("one");
    let old = scene.feed.clone();
    let etag = |scene: &Scene| scene.contact().http.etag;
    scene.read_tagged("a");
    assert_eq!(etag(&scene).as_deref(), Some("a"));
    scene.write("two");
    scene.read_tagged("b");
    let new = std::mem::replace(&mut scene.feed, old);
    scene.read_tagged("c");
    assert_eq!(etag(&scene).as_deref(), Some("c"));
    assert_eq!(scene.contact().http.again.map(|vain| vain.times), Some(1), "it is an old copy");
    scene.read_tagged("c");
    assert_eq!(scene.contact().http.again.map(|vain| vain.times), Some(2));
    scene.feed = new;
    scene.read_tagged("d");
    assert_eq!(etag(&scene).as_deref(), Some("d"));
    assert_eq!(scene.contact().http.again, None);
    scene.read();
    assert_eq!(etag(&scene), None, "it came by another way");
}

#[test]
fn a_copy_in_which_something_waits_for_the_clock_is_read_again() {
    let mut scene = Scene::begin();
    scene.wait(72);
    scene.state(|_| ());
    let item = scene.item(1, None, "early");
    let at = scene.ago(48);
    scene.put_signed(&item, at);
    scene.read_tagged("a");
    assert_eq!(scene.contact().http.etag, None);
}

#[test]
fn a_cloud_on_another_origin_counts_only_where_the_user_wants_it() {
    let mut scene = Scene::begin();
    let url = |text: &str| Some(text.parse::<Url>().unwrap());
    let (near, far) =
        (url("https://mary.example/pleaseNotify"), url("https://cloud.example/pleaseNotify"));
    for (settings, named, learnt) in
        [("", &near, &near), ("", &far, &None), ("third_party_cloud = true", &far, &far)]
    {
        scene.john.set(settings);
        scene.feed.source_cloud = named.clone();
        scene.read();
        assert_eq!(scene.contact().theirs.cloud, *learnt);
    }
}

#[test]
fn an_archive_is_looked_for_if_what_is_missing_may_still_be_there() {
    let mut scene = Scene::begin();
    let archive = "https://mary.example/f/1.rss".parse().ok();
    scene.feed.prev_archive = archive.clone();
    let one = scene.item(1, None, "one");
    let first = OctetsHash::of(one.octets(&head()).as_bytes());
    let second = scene.add(2, Some(first), "two");
    scene.state(|state| {
        (state.head, state.floor) = (Some(Head { sequence: 2, hash: second }), Some(1))
    });
    assert_eq!(scene.read().archive, archive);
    scene.state(|state| state.floor = Some(2));
    assert_eq!(scene.read().archive, None, "it is offered no more");
    scene.state(|state| state.floor = Some(1));
    scene.put(&one);
    assert_eq!(scene.read().archive, None, "all is here");
    assert_eq!(scene.messages(), ["two", "one"]);
}

#[test]
fn an_item_without_a_guid_of_ours_is_refused_and_stops_no_other() {
    let mut scene = Scene::begin();
    scene.write("one");
    let sealed = scene.feed.items[0].description.clone().unwrap();
    let now = scene.mary.now();
    let guid = Guid::new(now, &mut scene.mary.run.keys.rng);
    let strange = FeedItem { guid: Some("42".to_owned()), ..FeedItem::sealed(guid, sealed) };
    scene.feed.items.insert(0, strange);
    scene.read();
    assert_eq!(scene.messages(), ["one"]);
    assert_eq!(scene.told(Type::Integrity).len(), 1);
}

/// A budget of so many operations of our secret key.
fn openings(count: usize) -> Budget {
    Budget::CONTACT.part(limits::FAILED_OPENINGS / count)
}

fn read_within(scene: &mut Scene, budget: Budget, seed: u64) -> Outcome {
    let source = Source { budget, seed, ..Source::default() };
    let feed = scene.feed.write();
    crate::reading::testing::take_in_from(&mut scene.john, "mary", feed.as_bytes(), source).unwrap()
}

#[test]
fn what_is_right_comes_at_once_however_much_it_is() {
    let mut scene = Scene::begin();
    let mut before = None;
    for number in 1..=12 {
        before = Some(scene.add(number, before, "it"));
    }
    let budget = openings(2);
    let outcome = read_within(&mut scene, budget, 1);
    assert_eq!(scene.messages().len(), 12);
    assert!(outcome.left == budget, "it cost nothing");
    assert!(scene.told(Type::Integrity).is_empty());
}

#[test]
fn garbage_that_stands_first_is_tried_so_often_and_starves_nobody() {
    let (mut scene, mut eve) = (Scene::begin(), Person::called("Eve"));
    scene.add(1, None, "the real one");
    // More than is remembered of it.
    for number in 2..=80 {
        let item = scene.item(number, None, "garbage");
        scene.forge(&mut eve, &item);
    }
    // What is held and remembered costs nothing again.
    let mut rounds = 0;
    while scene.messages().is_empty() {
        rounds += 1;
        assert!(rounds < 60, "it is starved");
        let before = scene.contact().theirs.put_off;
        let outcome = read_within(&mut scene, openings(8), rounds);
        assert!(outcome.left.is_spent());
        let put_off = scene.contact().theirs.put_off;
        assert!(put_off > 0 && (before == 0 || put_off <= before), "{before} {put_off}");
    }
    let told = scene.told(Type::Integrity);
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].starts_with("so much in the feed comes to nothing that "), "{told:?}");
    // Once the garbage is gone that is over, and told.
    scene.feed.items.retain(|item| item.guid.is_none());
    scene.read();
    assert_eq!(scene.contact().theirs.put_off, 0);
    assert_eq!(scene.told(Type::Integrity)[1], "nothing in the feed is put off any more");
}

#[test]
fn what_was_put_off_is_asked_for_again() {
    let (mut scene, mut eve) = (Scene::begin(), Person::called("Eve"));
    scene.read_tagged("\"a\"");
    assert_eq!(scene.contact().http.etag.as_deref(), Some("\"a\""));
    for number in 1..=4 {
        let item = scene.item(number, None, "garbage");
        scene.forge(&mut eve, &item);
    }
    let http = Http { etag: Some("\"b\"".to_owned()), ..Http::default() };
    let source = Source { http: Some(http), budget: openings(2), ..Source::default() };
    let feed = scene.feed.write();
    crate::reading::testing::take_in_from(&mut scene.john, "mary", feed.as_bytes(), source)
        .unwrap();
    assert_eq!(scene.contact().http.etag, None);
}

#[test]
fn a_message_of_the_contact_that_a_host_shows_under_other_names_is_work_in_vain() {
    let mut scene = Scene::begin();
    scene.add(1, None, "one");
    let original = scene.feed.items[0].clone();
    for _ in 0..4 {
        let item = scene.item(9, None, "x");
        let mut copy = original.clone();
        copy.guid = Some(item.guid.to_string());
        // Sealed anew, so that it is no copy byte for byte.
        let octets = scene.item(1, None, "one").octets(&head());
        let now = scene.mary.now();
        copy.description = Some(scene.sealed(&octets, now));
        scene.feed.items.insert(0, copy);
    }
    let outcome = read_within(&mut scene, openings(512), 3);
    assert_eq!(scene.messages(), ["one"]);
    assert_eq!(outcome.left.lost_since(openings(512)).openings, 4);
}
