use super::*;
use crate::transport::server::{Answer, Response};

fn url(text: &str) -> Url {
    text.parse().unwrap()
}

fn ping(looks: &mut Looks, feed: &str) {
    let (promise, _answer) = Answer::later(PAUSE, Response::empty(200));
    looks.ping(url(feed), Caller { form: Form::Xml, promise });
}

/// The feed of the next look, and how many wait for it.
fn taken(looks: &mut Looks, now: Instant) -> Option<(String, usize)> {
    assert!(looks.callers <= WAITING && looks.feeds.len() <= FEEDS);
    match looks.take(now) {
        Next::Job(Look { feed, callers }) => Some((feed.to_string(), callers.len())),
        Next::Wait(_) => None,
    }
}

const FEED: &str = "https://a.example/rss";

#[test]
fn pings_during_a_look_lead_to_one_more_and_not_before_a_second_has_passed() {
    let (mut looks, start) = (Looks::new(false), Instant::now());
    ping(&mut looks, FEED);
    ping(&mut looks, FEED);
    assert_eq!(taken(&mut looks, start), Some((FEED.to_owned(), 2)));
    (0..3).for_each(|_| ping(&mut looks, FEED));
    assert_eq!(taken(&mut looks, start + PAUSE), None, "it is under way");
    looks.done(url(FEED), start);
    ping(&mut looks, FEED);
    assert_eq!(taken(&mut looks, start), None);
    assert_eq!(taken(&mut looks, start + PAUSE), Some((FEED.to_owned(), 4)));
    looks.done(url(FEED), start + PAUSE * 5);
    assert_eq!(taken(&mut looks, start + PAUSE * 5), None);
    assert!(looks.feeds.is_empty() && looks.running.is_empty() && looks.callers == 0);
}

#[test]
fn a_host_has_half_of_the_threads_unless_it_is_the_only_one() {
    for (is_of_one_host, most) in [(false, OF_HOST), (true, 6)] {
        let (mut looks, start) = (Looks::new(is_of_one_host), Instant::now());
        (0..6).for_each(|number| ping(&mut looks, &format!("https://slow.example/{number}")));
        ping(&mut looks, FEED);
        for number in 0..most {
            let slow = format!("https://slow.example/{number}");
            assert_eq!(taken(&mut looks, start), Some((slow, 1)));
        }
        assert_eq!(taken(&mut looks, start), Some((FEED.to_owned(), 1)));
        assert_eq!(taken(&mut looks, start), None);
    }
}

#[test]
fn no_number_of_pings_fills_the_memory() {
    let (mut looks, start) = (Looks::new(false), Instant::now());
    (0..WAITING * 2).for_each(|_| ping(&mut looks, FEED));
    assert_eq!(taken(&mut looks, start), Some((FEED.to_owned(), WAITING)));
    for number in 0..FEEDS * 2 {
        ping(&mut looks, &format!("https://{number}.example/rss"));
    }
    assert_eq!(looks.feeds.len(), FEEDS);
}
