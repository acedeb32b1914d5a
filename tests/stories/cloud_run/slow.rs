//! A host that does not answer is nobody else's trouble.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use super::run::{John, send};
use crate::cloud::subscriber::Subscriber;
use crate::common::host::until;
use crate::common::static_host::Behaviour;

const SLOW: usize = 24;

#[test]
fn a_slow_host_delays_neither_the_pings_nor_the_registrations_of_others() {
    let (john, subscriber) = (John::new(), Subscriber::honest());
    let cloud = john.runs(&["--open"]);
    let names: Vec<String> = (0..SLOW).map(|number| format!("{number}.rss")).collect();
    let host = john.elsewhere(&names);
    // The hosts are told apart by name.
    let base = host.url().replace("127.0.0.1", "localhost");
    let feeds: Vec<String> = names.iter().map(|name| format!("{base}{name}")).collect();
    feeds.chunks(10).for_each(|feeds| assert_eq!(cloud.register(feeds, &subscriber), Ok(())));
    let quick = [john.feed("blog.rss")];
    assert_eq!(cloud.register(&quick, &subscriber), Ok(()));
    host.set(Behaviour::Slow(0));
    let before = host.requests();
    let answered = Arc::new(AtomicUsize::new(0));
    for feed in feeds {
        let (authority, answered) = (cloud.authority.clone(), Arc::clone(&answered));
        thread::spawn(move || {
            let kind = "application/x-www-form-urlencoded";
            send(&authority, "POST", "/ping", kind, &format!("url={feed}"));
            answered.fetch_add(1, Ordering::SeqCst);
        });
    }
    until("the slow host is asked", || host.requests() >= before + 4);
    john.change("blog.rss", "two");
    assert_eq!(cloud.ping(&quick[0]), Ok(()));
    assert_eq!(subscriber.told().1, quick[0]);
    assert_eq!(cloud.register(&[john.feed("other.rss")], &subscriber), Ok(()));
    // Had it come after the others, most of them had their answer by now.
    assert!(answered.load(Ordering::SeqCst) < SLOW * 2 / 3);
}
