//! Answers that are unusual, and of use all the same.

use std::fs::File;
use std::io::Write;
use std::time::{Duration, SystemTime};

use cloudim::transport::client::{Answer, Conditions, Failure};
use flate2::Compression;
use flate2::write::GzEncoder;

use super::{LIMIT, fetch, host_with_feed, host_with_octets, local, url};
use crate::common::static_host::{Behaviour, StaticHost};
use crate::common::stub::Stub;

fn answer(status: &str, fields: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let head = format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\n{fields}\r\n");
    [head.as_bytes(), body].concat()
}

#[test]
fn gzip_that_nobody_asked_for_is_decoded_within_the_limit() {
    let coded = |octets: &[u8]| {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(octets).unwrap();
        answer("200 OK", "Content-Encoding: gzip\r\n", &encoder.finish().unwrap())
    };
    let got = fetch(&local(), &host_with_octets(coded(b"<rss/>")));
    assert_eq!(got.unwrap().bytes, b"<rss/>");
    let bomb = host_with_octets(coded(&vec![b' '; LIMIT + 1]));
    assert_eq!(fetch(&local(), &bomb), Err(Failure::TooLarge(LIMIT)));
    let other = answer("200 OK", "Content-Encoding: br\r\n", b"<rss/>");
    let got = fetch(&local(), &host_with_octets(other));
    assert_eq!(got, Err(Failure::Coding("br".to_owned())));
}

#[test]
fn a_document_that_a_proxy_has_changed_is_a_document() {
    let got = fetch(&local(), &host_with_octets(answer("203 Changed", "", b"<rss/>")));
    assert_eq!(got.unwrap().bytes, b"<rss/>");
}

#[test]
fn a_redirect_may_be_relative() {
    for location in ["/f/a.rss", "a.rss", "./x/../a.rss?"] {
        let host = Stub::answering(move |path, _| match path {
            "/f/old.rss" => (302, String::new(), Some(location.to_owned())),
            _ => (200, path.to_owned(), None),
        });
        let got = fetch(&local(), &url(&format!("http://{}/f/old.rss", host.authority())));
        assert!(got.unwrap().bytes.starts_with(b"/f/a.rss"), "{location}");
    }
}

#[test]
fn a_redirect_may_be_written_in_plain_utf_8() {
    let (dir, _host, feed) = host_with_feed();
    std::fs::write(dir.path().join("f/gr%C3%BC%C3%9Fe.rss"), "<rss/>").unwrap();
    let location = format!("Location: http://{}/f/grüße.rss\r\n", feed.authority());
    let got = fetch(&local(), &host_with_octets(answer("302 Found", &location, b"")));
    assert_eq!(got.unwrap().bytes, b"<rss/>");
}

#[test]
fn redirects_in_a_circle_are_called_so() {
    let (one, other) = (StaticHost::bind(), StaticHost::bind());
    one.set(Behaviour::Redirect(other.url()));
    other.set(Behaviour::Redirect(one.url()));
    let failure = fetch(&local(), &url(&one.url())).unwrap_err();
    assert_eq!(failure, Failure::Loop);
    assert!(failure.to_string().contains("circle"), "{failure}");
    assert_eq!((one.requests(), other.requests()), (1, 1));
}

#[test]
fn a_date_of_change_that_is_as_young_as_the_answer_proves_nothing() {
    let (dir, host, feed) = host_with_feed();
    let now = SystemTime::now();
    host.says(&jiff::Timestamp::try_from(now).unwrap().to_string());
    let file = File::options().write(true).open(dir.path().join("f/a.rss")).unwrap();
    for (age, counts) in [(0, false), (2, true)] {
        file.set_modified(now - Duration::from_secs(age)).unwrap();
        let document = fetch(&local(), &feed).unwrap();
        assert_eq!(document.last_modified.is_some(), counts);
        // The tag of this host is a hash.
        assert!(document.etag.is_some());
        let conditions = Conditions { etag: document.etag, ..Conditions::default() };
        assert_eq!(local().get(&feed, LIMIT, &conditions), Ok(Answer::Unchanged));
    }
}

#[test]
fn caches_on_the_way_are_asked_to_look() {
    let (_dir, host, feed) = host_with_feed();
    for (no_cache, said) in [(false, "max-age=0"), (true, "no-cache")] {
        let conditions = Conditions { no_cache, ..Conditions::default() };
        local().get(&feed, LIMIT, &conditions).unwrap();
        let head = host.seen().pop().unwrap().head.to_ascii_lowercase();
        assert!(head.contains(&format!("cache-control: {said}\r\n")), "{head}");
    }
}
