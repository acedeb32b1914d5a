use std::fs;

use jiff::SignedDuration;

use super::*;

const MOST: usize = 16;
const ROOM: Room = Room { in_all: ALL, of_feed: MOST, of_host: ALL };

fn home() -> (tempfile::TempDir, Home) {
    let folder = tempfile::tempdir().unwrap();
    let home = Home::at(folder.path());
    (folder, home)
}

fn at(hours: i64) -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_hours(hours)
}

fn one(feed: usize, callback: usize, hours: i64) -> Subscription {
    let url = |host: &str, number: usize| format!("https://{host}.example/{number}").parse();
    Subscription {
        feed: url("a", feed).unwrap(),
        callback: url("s", callback).unwrap(),
        protocol: Protocol::HttpPost,
        until: at(hours),
        failing: None,
    }
}

/// The numbers of the callbacks of feed 1.
fn callbacks(subscriptions: &Subscriptions, hours: i64) -> Vec<String> {
    let callbacks = subscriptions.callbacks(&one(1, 0, 0).feed, at(hours));
    callbacks.iter().map(|url| url.path().trim_start_matches('/').to_owned()).collect()
}

fn lines(home: &Home) -> usize {
    fs::read_to_string(home.subscriptions()).unwrap().lines().count()
}

#[test]
fn their_number_is_told_beside_the_process_that_has_them() {
    let (_folder, home) = home();
    let count = |feed, hours| number(&home, &one(feed, 0, 0).feed, at(hours)).unwrap();
    assert_eq!(count(1, 0), 0);
    let subscriptions = Subscriptions::open(&home, at(0)).unwrap();
    for (feed, callback, hours) in [(1, 1, 25), (1, 2, 10), (2, 3, 25), (1, 1, 30)] {
        assert!(subscriptions.add(&one(feed, callback, hours), ROOM, at(0)).unwrap());
    }
    let before = fs::read(home.subscriptions()).unwrap();
    assert_eq!(
        [count(1, 0), count(1, 10), count(1, 30), count(2, 0), count(3, 0)],
        [2, 1, 0, 1, 0]
    );
    assert_eq!(fs::read(home.subscriptions()).unwrap(), before);
}

#[test]
fn what_was_added_is_there_after_a_restart_until_it_ends() {
    let (_folder, home) = home();
    let subscriptions = Subscriptions::open(&home, at(0)).unwrap();
    assert!(!home.subscriptions().exists(), "a home without subscribers needs no file");
    for (feed, callback, hours) in [(1, 1, 25), (1, 2, 10), (2, 3, 25), (1, 2, 30)] {
        assert!(subscriptions.add(&one(feed, callback, hours), ROOM, at(0)).unwrap());
    }
    for known in [&subscriptions, &Subscriptions::open(&home, at(1)).unwrap()] {
        assert_eq!(callbacks(known, 1), ["1", "2"]);
        assert_eq!(callbacks(known, 25), ["2"], "the lease ends in that second");
        let (one, two) = (one(1, 1, 0), one(1, 2, 0));
        assert_eq!(known.protocol(&one.feed, &one.callback, at(25)), None);
        assert_eq!(known.protocol(&two.feed, &two.callback, at(25)), Some(Protocol::HttpPost));
    }
    assert_eq!(lines(&home), 3, "opening takes away what has no effect");
    Subscriptions::open(&home, at(40)).unwrap();
    assert_eq!(lines(&home), 0);
}

#[test]
fn the_last_way_to_be_called_counts_and_is_there_after_a_restart() {
    let (_folder, home) = home();
    // As a version before xml-rpc wrote it.
    let old = "{\"feed\":\"https://a.example/1\",\"callback\":\"https://s.example/1\",\
               \"protocol\":\"https-post\",\"until\":\"1970-01-02T01:00:00Z\"}\n";
    fs::create_dir(home.subscriptions().parent().unwrap()).unwrap();
    fs::write(home.subscriptions(), old).unwrap();
    let how =
        |known: &Subscriptions| known.protocol(&one(1, 1, 0).feed, &one(1, 1, 0).callback, at(0));
    let subscriptions = Subscriptions::open(&home, at(0)).unwrap();
    assert_eq!(how(&subscriptions), Some(Protocol::HttpsPost));
    let protocol = Protocol::XmlRpc { notify_procedure: "river.feedUpdated".parse().unwrap() };
    let by_rpc = Subscription { protocol: protocol.clone(), ..one(1, 1, 25) };
    assert!(subscriptions.add(&by_rpc, ROOM, at(0)).unwrap());
    for known in [&subscriptions, &Subscriptions::open(&home, at(0)).unwrap()] {
        assert_eq!(how(known), Some(protocol.clone()));
        assert_eq!(callbacks(known, 0), ["1"]);
    }
    let text = fs::read_to_string(home.subscriptions()).unwrap();
    assert!(text.contains("\"protocol\":\"xml-rpc\",\"notifyProcedure\":\"river.feedUpdated\""));
    assert_eq!(text.lines().count(), 1);
}

#[test]
fn a_torn_last_line_is_cut_off_and_others_that_are_none_passed_over() {
    let (_folder, home) = home();
    let subscriptions = Subscriptions::open(&home, at(0)).unwrap();
    subscriptions.add(&one(1, 1, 25), ROOM, at(0)).unwrap();
    let whole = fs::read_to_string(home.subscriptions()).unwrap();
    for torn in [&whole[..whole.len() - 1], "{", "\u{0}\u{0}"] {
        fs::write(home.subscriptions(), format!("{whole}{torn}")).unwrap();
        let again = Subscriptions::open(&home, at(0)).unwrap();
        again.add(&one(1, 2, 25), ROOM, at(0)).unwrap();
        assert_eq!(callbacks(&Subscriptions::open(&home, at(0)).unwrap(), 0), ["1", "2"]);
    }
    let (soap, nameless) =
        (whole.replace("http-post", "soap"), whole.replace("http-post", "xml-rpc"));
    fs::write(home.subscriptions(), format!("{soap}{nameless}\n[]\n{whole}")).unwrap();
    assert_eq!(callbacks(&Subscriptions::open(&home, at(0)).unwrap(), 0), ["1"]);
    assert_eq!(fs::read_to_string(home.subscriptions()).unwrap(), whole);
}

#[test]
fn there_is_room_for_renewals_and_for_what_takes_the_place_of_the_ended() {
    let (_folder, home) = home();
    let subscriptions = Subscriptions::open(&home, at(0)).unwrap();
    for callback in 0..MOST {
        let hours = if callback == 0 { 1 } else { 25 };
        assert!(subscriptions.add(&one(1, callback, hours), ROOM, at(0)).unwrap());
    }
    assert!(!subscriptions.add(&one(1, MOST, 25), ROOM, at(0)).unwrap());
    assert!(subscriptions.add(&one(1, 5, 26), ROOM, at(0)).unwrap());
    assert!(subscriptions.add(&one(2, 1, 25), ROOM, at(0)).unwrap());
    assert!(subscriptions.add(&one(1, MOST, 26), ROOM, at(1)).unwrap());
    assert_eq!(callbacks(&subscriptions, 1).len(), MOST);
}

#[test]
fn renewing_for_years_does_not_make_the_file_grow() {
    let (_folder, home) = home();
    let subscriptions = Subscriptions::open(&home, at(0)).unwrap();
    for day in 0..1_000 {
        let (now, until) = (at(24 * day), 24 * day + 25);
        // A reader that stays, and one whose callback is another each time.
        subscriptions.add(&one(1, 1, until), ROOM, now).unwrap();
        subscriptions.add(&one(1, 2 + usize::try_from(day).unwrap(), until), ROOM, now).unwrap();
        assert!(lines(&home) <= 2 * FEW);
    }
    assert!(subscriptions.read(count) <= 2 * FEW);
}

#[test]
fn a_write_that_fails_changes_nothing() {
    let (folder, home) = home();
    let subscriptions = Subscriptions::open(&home, at(0)).unwrap();
    fs::write(folder.path().join("cloud"), "in the way").unwrap();
    assert!(subscriptions.add(&one(1, 1, 25), ROOM, at(0)).is_err());
    assert_eq!(callbacks(&subscriptions, 0), [""; 0]);
}

#[test]
fn only_their_owner_may_read_them() {
    use std::os::unix::fs::PermissionsExt;
    let (_folder, home) = home();
    let subscriptions = Subscriptions::open(&home, at(0)).unwrap();
    subscriptions.add(&one(1, 1, 25), ROOM, at(0)).unwrap();
    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&home.subscriptions()), 0o600);
    assert_eq!(mode(home.subscriptions().parent().unwrap()), 0o700);
}

#[test]
fn a_host_takes_no_more_than_its_part() {
    let (_folder, home) = home();
    let subscriptions = Subscriptions::open(&home, at(0)).unwrap();
    let room = Room { of_host: 2, ..ROOM };
    let add = |subscription: &Subscription| subscriptions.add(subscription, room, at(0)).unwrap();
    assert!(add(&one(1, 1, 25)) && add(&one(2, 1, 25)));
    assert!(!add(&one(3, 1, 25)) && !add(&one(1, 2, 25)));
    assert!(add(&one(1, 1, 26)), "renewed");
    let callback = "https://t.example/1".parse().unwrap();
    assert!(add(&Subscription { callback, ..one(3, 1, 25) }), "another host");
    let feed = |number| one(number, 0, 0).feed;
    assert!(subscriptions.has_any(&feed(1), at(25)) && !subscriptions.has_any(&feed(1), at(26)));
    assert!(!subscriptions.has_any(&feed(4), at(0)));
    let full = Room { in_all: 3, ..ROOM };
    assert!(!subscriptions.add(&one(5, 1, 25), full, at(0)).unwrap());
    assert!(subscriptions.add(&one(5, 1, 25), Room { in_all: 4, ..full }, at(0)).unwrap());
}

#[test]
fn who_cannot_be_told_is_known_after_a_restart_until_it_can_or_registers_again() {
    let (_folder, home) = home();
    let subscriptions = Subscriptions::open(&home, at(0)).unwrap();
    let (first, second) = (one(1, 1, 25), one(1, 2, 25));
    for subscription in [&first, &second] {
        assert!(subscriptions.add(subscription, ROOM, at(0)).unwrap());
    }
    let failed = |one: &Subscription, why: &str, hours| {
        subscriptions.failed(&one.feed, &one.callback, why, at(hours)).unwrap();
    };
    let failing = |hours| {
        let failing = failing(&home, at(hours)).unwrap().into_iter();
        let told = failing.map(|one| (one.callback, one.failing.unwrap()));
        told.map(|(url, one)| (url, one.since, one.why)).collect::<Vec<_>>()
    };
    failed(&first, "it sleeps", 1);
    failed(&second, &"x".repeat(1_000), 2);
    failed(&first, "it sleeps", 3);
    assert_eq!(lines(&home), 4, "the same again is no news");
    let slept = (first.callback.clone(), at(1), "it sleeps".to_owned());
    assert_eq!(failing(3)[0], slept);
    assert_eq!(failing(3)[1].2.len(), 200);
    failed(&first, "it is gone", 4);
    assert_eq!(failing(4)[0], (first.callback.clone(), at(1), "it is gone".to_owned()));
    assert_eq!(failing(25), [], "the lease ended");
    assert!(Subscriptions::open(&home, at(4)).unwrap().add(&second, ROOM, at(4)).unwrap());
    assert_eq!(failing(4).len(), 1, "who registers again was reached");
    let again = Subscriptions::open(&home, at(4)).unwrap();
    again.told(&first.feed, &first.callback, at(5)).unwrap();
    again.told(&first.feed, &one(1, 3, 0).callback, at(5)).unwrap();
    assert_eq!(failing(5), []);
    assert_eq!(callbacks(&again, 5), ["1", "2"]);
}
