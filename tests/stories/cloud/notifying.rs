//! Pings: who is told of what, how often, and who waits for whom.

use std::collections::BTreeSet;
use std::fs;
use std::net::TcpListener;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::host::{Host, PATIENCE};
use super::subscriber::{Subscriber, honest};
use crate::common::peer::{Peer, befriend};

#[test]
fn a_change_is_told_to_each_once_and_no_change_to_nobody() {
    let (host, one, two) = (Host::begin(), Subscriber::honest(), Subscriber::honest());
    host.register(&host.card(), &one, "/a").worked();
    host.register(&host.card(), &one, "/a").worked();
    host.register(&host.card(), &one, "/b").worked();
    host.register(&host.card(), &two, "/c").worked();
    host.register(&host.pair(), &two, "/d").worked();
    for _ in 0..2 {
        let answer = host.ping(&host.card());
        answer.worked();
        let element = "<result success=\"true\" msg=\"Thanks for the ping.\"/>";
        assert!(answer.body.contains(element), "{answer:?}");
        let told = BTreeSet::from([one.told().0, one.told().0]);
        assert_eq!(told, BTreeSet::from(["/a".to_owned(), "/b".to_owned()]));
        assert_eq!(two.told(), ("/c".to_owned(), host.card()));
        for _ in 0..3 {
            host.ping(&host.card()).worked();
        }
        one.was_not_told();
        two.was_not_told();
        host.change(&host.card());
    }
}

#[test]
fn who_does_not_renew_is_told_for_25_hours() {
    let (host, one, two) = (Host::begin(), Subscriber::honest(), Subscriber::honest());
    host.register(&host.card(), &one, "/cb").worked();
    host.register(&host.card(), &two, "/cb").worked();
    host.hours_pass(24);
    host.register(&host.card(), &two, "/cb").worked();
    host.ping(&host.card()).worked();
    one.told();
    two.told();
    host.hours_pass(1);
    host.change(&host.card());
    host.ping(&host.card()).worked();
    two.told();
    one.was_not_told();
}

#[test]
fn slow_subscribers_delay_neither_the_answer_nor_the_others() {
    let (host, quick) = (Host::begin(), Subscriber::honest());
    let slow = Subscriber::answering(|call| {
        if call.is_post {
            thread::sleep(Duration::from_secs(20));
        }
        honest(call)
    });
    for number in 0..20 {
        host.register(&host.card(), &slow, &format!("/slow/{number}")).worked();
    }
    host.register(&host.pair(), &slow, "/slow").worked();
    host.register(&host.pair(), &quick, "/cb").worked();
    let answer = host.ping(&host.card());
    answer.worked();
    assert!(answer.after < Duration::from_secs(3), "{:?}", answer.after);
    let start = Instant::now();
    host.ping(&host.pair()).worked();
    quick.told();
    assert!(start.elapsed() < Duration::from_secs(3), "{:?}", start.elapsed());
    let start = Instant::now();
    host.cloud().stop();
    assert!(start.elapsed() < Duration::from_secs(3), "{:?}", start.elapsed());
}

#[test]
fn who_takes_its_time_is_no_failure_however_many_there_are() {
    let host = Host::begin();
    let slow = Subscriber::answering(|call| {
        if call.is_post {
            thread::sleep(Duration::from_millis(400));
        }
        honest(call)
    });
    for number in 0..60 {
        host.register(&host.card(), &slow, &format!("/{number}")).worked();
    }
    host.ping(&host.card()).worked();
    let told: BTreeSet<String> = (0..60).map(|_| slow.told().0).collect();
    assert_eq!(told.len(), 60);
    host.register(&host.card(), &slow, "/0").worked();
    let known = fs::read_to_string(host.subscriptions()).unwrap();
    assert!(!known.contains("failing"), "{known}");
}

#[test]
fn who_was_down_is_told_later() {
    let (host, calls) = (Host::begin(), AtomicUsize::new(0));
    let subscriber = Subscriber::answering(move |call| match call.is_post {
        true if calls.fetch_add(1, Ordering::SeqCst) == 0 => (503, String::new(), None),
        _ => honest(call),
    });
    host.register(&host.card(), &subscriber, "/cb").worked();
    host.ping(&host.card()).worked();
    subscriber.told();
    let failed = Instant::now();
    assert_eq!(subscriber.told(), ("/cb".to_owned(), host.card()));
    assert!(failed.elapsed() > Duration::from_secs(4), "{:?}", failed.elapsed());
    subscriber.was_not_told();
}

#[test]
fn what_changes_while_it_is_told_is_told_again() {
    let host = Host::begin();
    let (begins, begun) = channel();
    let (ends, end) = channel();
    let end = Mutex::new(end);
    let slow = Subscriber::answering(move |call| {
        if call.is_post {
            begins.send(()).unwrap();
            // After the last one nobody holds it up.
            let _ = end.lock().unwrap().recv();
        }
        honest(call)
    });
    host.register(&host.card(), &slow, "/cb").worked();
    host.ping(&host.card()).worked();
    begun.recv_timeout(PATIENCE).unwrap();
    for _ in 0..3 {
        host.change(&host.card());
        host.ping(&host.card()).worked();
    }
    ends.send(()).unwrap();
    drop(ends);
    slow.told();
    slow.told();
    slow.was_not_told();
}

#[test]
fn a_message_reaches_the_subscriber_s_ear_when_it_is_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}/", listener.local_addr().unwrap());
    let (john, mary) = (Peer::without_identity("John"), Peer::mary());
    let keygen = ["--name", "John", "--base-url", &base, "--cloud", "self", "--no-passphrase"];
    john.ok(&[&["keygen"], &keygen[..]].concat());
    let read = |path| fs::read_to_string(path).unwrap();
    let card = john.home().join("public/card.rss");
    let host = Host::serve(john, listener, Timestamp::now());
    befriend(&host.peer, &mary);
    for feed in [card, host.peer.pair_feed()] {
        let (text, port) = (read(feed), host.base.trim_end_matches('/').rsplit(':').next());
        let cloud = format!(
            "<cloud domain=\"127.0.0.1\" port=\"{}\" path=\"/pleaseNotify\" \
             registerProcedure=\"\" protocol=\"http-post\"/>",
            port.unwrap()
        );
        assert!(text.contains(&cloud), "{text}");
        assert!(text.contains(&format!("<source:cloud>{}pleaseNotify</source:cloud>", host.base)));
        assert!(!text.contains("rel=\"hub\""), "{text}");
    }
    let subscriber = Subscriber::honest();
    host.register(&host.pair(), &subscriber, "/cb").worked();
    host.peer.send(&mary, "one");
    assert_eq!(subscriber.told(), ("/cb".to_owned(), host.pair()));
    assert_eq!(mary.poll(), ["one"]);
}
