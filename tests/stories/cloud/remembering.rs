//! Subscriptions outlive the process, however it ended.

use std::fs;

use super::host::Host;
use super::subscriber::Subscriber;

#[test]
fn subscribers_are_told_after_a_restart_and_after_a_torn_write() {
    let (host, subscriber) = (Host::begin(), Subscriber::honest());
    host.register(&host.card(), &subscriber, "/a").worked();
    host.register(&host.pair(), &subscriber, "/b").worked();
    let host = host.restarted();
    host.ping(&host.card()).worked();
    assert_eq!(subscriber.told(), ("/a".to_owned(), host.card()));
    let whole = fs::read_to_string(host.subscriptions()).unwrap();
    fs::write(host.subscriptions(), format!("{whole}{}", &whole[..whole.len() / 3])).unwrap();
    let host = host.restarted();
    host.register(&host.card(), &subscriber, "/c").worked();
    let host = host.restarted();
    host.ping(&host.pair()).worked();
    assert_eq!(subscriber.told(), ("/b".to_owned(), host.pair()));
    host.ping(&host.card()).worked();
    let mut told = [subscriber.told().0, subscriber.told().0];
    told.sort();
    assert_eq!(told, ["/a", "/c"]);
    subscriber.was_not_told();
}

#[test]
fn a_pair_feed_takes_few_subscribers_and_renews_them() {
    let (host, subscriber) = (Host::begin(), Subscriber::honest());
    for number in 0..16 {
        host.register(&host.pair(), &subscriber, &format!("/{number}")).worked();
    }
    host.register(&host.pair(), &subscriber, "/16").refused("there is no room for more");
    host.register(&host.pair(), &subscriber, "/0").worked();
    host.hours_pass(25);
    host.register(&host.pair(), &subscriber, "/16").worked();
}
