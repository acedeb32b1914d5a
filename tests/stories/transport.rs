//! The HTTP client and its guard against hosts that behave, and hosts that do not.

mod answers;
mod kept;

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use cloudim::protocol::values::url::Url;
use cloudim::transport::client::{Answer, Client, Conditions, Document, Failure};

use crate::common::again::only;
use crate::common::static_host::{Behaviour, StaticHost};

const LIMIT: usize = 100_000;
const LOOPBACK: &str = "127.0.0.0/8";
/// Tells a child process that it is one.
const ALONE: &str = "CLOUDIM_TEST_ALONE";

fn client(allow: &[&str], timeout: u64) -> Client {
    let allow = allow.iter().map(|network| network.parse().unwrap()).collect();
    Client::new(allow, Duration::from_millis(timeout))
}

fn local() -> Client {
    client(&[LOOPBACK], 5_000)
}

fn url(text: &str) -> Url {
    Url::normalized(text).unwrap()
}

fn fetch(client: &Client, at: &Url) -> Result<Document, Failure> {
    match client.get(at, LIMIT, &Conditions::default())? {
        Answer::Document(document) => Ok(document),
        Answer::Unchanged => panic!("no condition was sent"),
    }
}

/// A folder with one feed, its host, and the feed's URL.
fn host_with_feed() -> (tempfile::TempDir, StaticHost, Url) {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("f")).unwrap();
    fs::write(dir.path().join("f/a.rss"), "<rss/>").unwrap();
    let host = StaticHost::serve(dir.path());
    let feed = url(&format!("{}f/a.rss", host.url()));
    (dir, host, feed)
}

/// A host that gives the same octets to everyone.
fn host_with_octets(octets: impl Into<Vec<u8>>) -> Url {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let at = url(&format!("http://{}/", listener.local_addr().unwrap()));
    let octets = octets.into();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream: TcpStream = stream.unwrap();
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(&octets);
        }
    });
    at
}

#[test]
fn a_document_comes_with_what_the_next_request_needs() {
    let (dir, host, feed) = host_with_feed();
    // A second and more after the file was written.
    host.says(&(jiff::Timestamp::now() + jiff::SignedDuration::from_secs(2)).to_string());
    let document = fetch(&local(), &feed).unwrap();
    assert_eq!((document.bytes.as_slice(), &document.url), (b"<rss/>".as_slice(), &feed));
    assert_eq!(document.media_type.as_deref(), Some("application/rss+xml"));

    let by_etag = Conditions { etag: document.etag.clone(), ..Conditions::default() };
    let by_date = Conditions { last_modified: document.last_modified, ..Conditions::default() };
    assert!(by_etag.etag.is_some() && by_date.last_modified.is_some());
    assert_eq!(local().get(&feed, LIMIT, &by_etag), Ok(Answer::Unchanged));
    assert_eq!(local().get(&feed, LIMIT, &by_date), Ok(Answer::Unchanged));

    fs::write(dir.path().join("f/a.rss"), "<rss></rss>").unwrap();
    let Ok(Answer::Document(now)) = local().get(&feed, LIMIT, &by_etag) else { panic!() };
    assert_eq!(now.bytes, b"<rss></rss>");
    assert_ne!(now.etag, document.etag);
    assert_eq!(host.log().iter().map(|seen| seen.2).collect::<Vec<_>>(), [200, 304, 304, 200]);
}

#[test]
fn a_request_says_who_asks_and_no_more() {
    let (_dir, host, feed) = host_with_feed();
    let conditions = Conditions { no_cache: true, ..Conditions::default() };
    local().get(&feed, LIMIT, &conditions).unwrap();
    let head = host.seen().remove(0).head.to_ascii_lowercase();
    let agent = format!("user-agent: cloudim/{}\r\n", env!("CARGO_PKG_VERSION"));
    for line in [agent.as_str(), "cache-control: no-cache\r\n", "accept: */*\r\n"] {
        assert!(head.contains(line), "{head}");
    }
    for absent in ["gzip", "if-none-match", "if-modified-since", "cookie", "referer"] {
        assert!(!head.contains(absent), "{head}");
    }
}

#[test]
fn what_is_not_there_is_told_from_what_failed() {
    let (_dir, host, feed) = host_with_feed();
    assert_eq!(fetch(&local(), &feed.join("b.rss").unwrap()), Err(Failure::NotFound));
    for (status, failure) in [
        (410, Failure::NotFound),
        (304, Failure::Status(304)),
        (403, Failure::Status(403)),
        (503, Failure::Status(503)),
        (204, Failure::Status(204)),
        (302, Failure::Status(302)),
    ] {
        host.set(Behaviour::Status(status));
        assert_eq!(fetch(&local(), &feed), Err(failure));
    }
    host.set(Behaviour::Down);
    let Err(Failure::Unreachable(why)) = fetch(&local(), &feed) else { panic!() };
    assert!(why.contains(&feed.authority()), "{why}");
}

#[test]
fn a_stale_host_serves_what_was() {
    let (dir, host, feed) = host_with_feed();
    host.set(Behaviour::Stale);
    fs::write(dir.path().join("f/a.rss"), "new").unwrap();
    assert_eq!(fetch(&local(), &feed).unwrap().bytes, b"<rss/>");
    host.set(Behaviour::Normal);
    assert_eq!(fetch(&local(), &feed).unwrap().bytes, b"new");
}

#[test]
fn a_static_host_serves_nothing_outside_its_folder() {
    let (dir, host, feed) = host_with_feed();
    let outside = tempfile::NamedTempFile::new().unwrap();
    std::os::unix::fs::symlink(outside.path(), dir.path().join("link")).unwrap();
    for path in ["/link", "/../../etc/passwd", "//etc/passwd", "/f/../../x", "/f", "/.", "*"] {
        let mut stream = TcpStream::connect(feed.authority()).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 404 "), "{path}: {answer}");
    }
    assert_eq!(host.requests(), 7);
}

#[test]
fn a_body_stops_at_the_limit() {
    let (dir, host, feed) = host_with_feed();
    for (size, fits) in [(LIMIT, true), (LIMIT + 1, false)] {
        fs::write(dir.path().join("f/a.rss"), vec![b' '; size]).unwrap();
        let got = fetch(&local(), &feed);
        assert_eq!(got.map(|document| document.bytes.len()).ok(), fits.then_some(size));
    }
    host.set(Behaviour::Endless);
    assert_eq!(fetch(&local(), &feed), Err(Failure::TooLarge(LIMIT)));

    // Says so at once: not one byte of the body comes.
    let huge = host_with_octets("HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n");
    assert_eq!(fetch(&local(), &huge), Err(Failure::TooLarge(LIMIT)));
    let chunks = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3b9aca00\r\n".to_owned();
    let chunked = host_with_octets(chunks + &" ".repeat(2 * LIMIT));
    assert_eq!(fetch(&local(), &chunked), Err(Failure::TooLarge(LIMIT)));
}

/// The most memory that this process ever had resident, in KiB.
fn peak_memory() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[test]
#[cfg(target_os = "linux")]
fn an_endless_body_costs_no_more_memory_than_the_limit() {
    // The peak is that of the whole process: other stories have no part in one of its own.
    if std::env::var_os(ALONE).is_none() {
        let here = module_path!().to_owned();
        let test = here + "::an_endless_body_costs_no_more_memory_than_the_limit";
        let mut again = Command::new(std::env::current_exe().unwrap());
        let output = again.args(only(&test)).env(ALONE, "1").output().unwrap();
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said);
        assert!(output.status.success() && said.contains("1 passed"), "{said}");
        return;
    }
    let (_dir, host, feed) = host_with_feed();
    host.set(Behaviour::Endless);
    let before = peak_memory();
    for _ in 0..20 {
        let limit = 1 << 20;
        let got = local().get(&feed, limit, &Conditions::default());
        assert_eq!(got, Err(Failure::TooLarge(limit)));
    }
    assert!(peak_memory() - before < 16 << 10, "grew by {} KiB", peak_memory() - before);
}

#[test]
fn a_truncated_body_is_no_document() {
    let short = host_with_octets("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n<rss/>");
    assert!(matches!(fetch(&local(), &short), Err(Failure::Unreachable(_))));
    let head = host_with_octets(format!("HTTP/1.1 200 OK\r\nX: {}\r\n\r\n", "x".repeat(70_000)));
    assert!(matches!(fetch(&local(), &head), Err(Failure::Unreachable(_))));
    let noise = host_with_octets(*b"\0\xff\r\n\r\n");
    assert!(matches!(fetch(&local(), &noise), Err(Failure::Unreachable(_))));
}

#[test]
fn loopback_and_private_addresses_are_refused_in_every_spelling() {
    let (_dir, host, feed) = host_with_feed();
    let port = feed.port();
    for literal in [
        "127.0.0.1",
        "2130706433",
        "0x7f.1",
        "0177.0.0.1",
        "127.1",
        "0",
        "127.0.0.1.",
        "①②⑦.⓪.⓪.①",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[64:ff9b::127.0.0.1]",
        "localhost",
        "10.0.0.1",
        "169.254.169.254",
        "[fe80::1]",
        "[fd00::1]",
    ] {
        for scheme in ["http", "https"] {
            let at = url(&format!("{scheme}://{literal}:{port}/f/a.rss"));
            let got = fetch(&client(&[], 5_000), &at);
            let Err(Failure::Refused(why)) = got else { panic!("{at}: {got:?}") };
            assert!(why.contains(at.host()), "{why}");
        }
    }
    assert_eq!(host.requests(), 0);
}

#[test]
fn plain_http_to_the_public_is_refused() {
    let got = fetch(&local(), &url("http://93.184.216.34/card.rss"));
    let Err(Failure::Refused(why)) = got else { panic!("{got:?}") };
    assert!(why.contains("93.184.216.34") && why.contains("plain http"), "{why}");
    let sent = local().post_form(&url("http://93.184.216.34/ping"), &[]);
    assert!(matches!(sent, Err(Failure::Refused(_))));
}

#[test]
fn redirects_are_guarded_too() {
    let (_dir, host, feed) = host_with_feed();
    let narrow = client(&["127.0.0.1"], 5_000);
    for target in [
        format!("http://127.0.0.2:{}/f/a.rss", feed.port()),
        format!("http://[::1]:{}/", feed.port()),
        "https://10.0.0.1/".to_owned(),
        "//169.254.169.254/latest/meta-data".to_owned(),
        "http://93.184.216.34/".to_owned(),
    ] {
        host.set(Behaviour::Redirect(target.clone()));
        let got = fetch(&narrow, &feed);
        assert!(matches!(got, Err(Failure::Refused(_))), "{target}: {got:?}");
    }
    for target in ["file:///etc/passwd", "gopher://127.0.0.1/", "http://a:b@127.0.0.1/", "http://["]
    {
        host.set(Behaviour::Redirect(target.to_owned()));
        assert_eq!(fetch(&narrow, &feed), Err(Failure::Redirects), "{target}");
    }
}

#[test]
fn redirects_are_followed_five_times() {
    let (_dir, end, feed) = host_with_feed();
    let mut hosts = vec![end];
    let mut at = feed.clone();
    for hops in 1..=6 {
        let host = StaticHost::bind();
        host.set(Behaviour::Redirect(at.to_string()));
        at = url(&host.url());
        hosts.push(host);
        let got = fetch(&local(), &at).map(|document| document.url);
        let expected = if hops <= 5 { Ok(feed.clone()) } else { Err(Failure::Redirects) };
        assert_eq!(got, expected, "{hops} hops");
    }
    let circle = StaticHost::bind();
    circle.set(Behaviour::Redirect("/".to_owned()));
    assert_eq!(fetch(&local(), &url(&circle.url())), Err(Failure::Loop));
    assert_eq!(circle.requests(), 1);
}

#[test]
fn a_form_stays_a_form_through_redirects() {
    let end = StaticHost::bind();
    end.set(Behaviour::Status(200));
    for status in [301, 302, 303, 307, 308] {
        let to = end.url();
        let octets = format!(
            "HTTP/1.1 {status} X\r\nLocation: {to}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        );
        let fields = [("url", "https://a.example/?x=1&y=ü"), ("empty", "")];
        assert_eq!(local().post_form(&host_with_octets(octets), &fields), Ok(Vec::new()));
    }
    for seen in end.seen() {
        assert_eq!(seen.method, "POST");
        let body = String::from_utf8(seen.body).unwrap();
        assert_eq!(body, "url=https%3A%2F%2Fa.example%2F%3Fx%3D1%26y%3D%C3%BC&empty=");
        let head = seen.head.to_ascii_lowercase();
        assert!(head.contains("content-type: application/x-www-form-urlencoded\r\n"), "{head}");
        assert!(!head.contains("text/xml"), "{head}");
    }
    assert_eq!(end.requests(), 5);
}

#[test]
fn a_call_stays_a_call_through_redirects_and_its_answer_is_not_read() {
    let end = StaticHost::bind();
    end.set(Behaviour::Endless);
    for status in [301, 302, 303, 307, 308] {
        let to = end.url();
        let octets = format!(
            "HTTP/1.1 {status} X\r\nLocation: {to}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        );
        let told = local().notify(&host_with_octets(octets), "text/xml", "<methodCall/>");
        assert_eq!(told, Ok(()));
    }
    for seen in end.seen() {
        assert_eq!((seen.method.as_str(), seen.body.as_slice()), ("POST", &b"<methodCall/>"[..]));
        let head = seen.head.to_ascii_lowercase();
        assert!(head.contains("content-type: text/xml\r\n"), "{head}");
    }
    assert_eq!(end.requests(), 5);
    end.set(Behaviour::Status(500));
    let told = local().notify(&url(&end.url()), "text/xml", "");
    assert_eq!(told, Err(Failure::Status(500)));
}

#[test]
fn a_form_wants_a_2xx_and_a_short_answer() {
    let (_dir, host, feed) = host_with_feed();
    assert_eq!(local().post_form(&feed, &[]), Err(Failure::Status(405)));
    host.set(Behaviour::Status(202));
    assert_eq!(local().post_form(&feed, &[]), Ok(Vec::new()));
    host.set(Behaviour::Status(404));
    assert_eq!(local().post_form(&feed, &[]), Err(Failure::Status(404)));
    host.set(Behaviour::Endless);
    assert_eq!(local().post_form(&feed, &[]), Err(Failure::TooLarge(64 << 10)));
}

#[test]
fn one_deadline_covers_the_whole_request() {
    let (_dir, host, feed) = host_with_feed();
    let hasty = client(&[LOOPBACK], 300);
    for behaviour in [Behaviour::Slow(0), Behaviour::Slow(1), Behaviour::Slow(10)] {
        host.set(behaviour.clone());
        let start = Instant::now();
        let got = fetch(&hasty, &feed);
        assert!(matches!(got, Err(Failure::Unreachable(_))), "{behaviour:?}: {got:?}");
        // At one byte a tick the whole answer would take longer.
        assert!(start.elapsed() < Duration::from_secs(3), "{behaviour:?}: {:?}", start.elapsed());
    }
    // Each hop alone is quick enough.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let at = url(&format!("http://{}/", listener.local_addr().unwrap()));
    thread::spawn(move || {
        for (hop, stream) in listener.incoming().enumerate() {
            let mut stream: TcpStream = stream.unwrap();
            stream.set_read_timeout(Some(Duration::from_millis(120))).unwrap();
            while stream.read(&mut [0; 4096]).is_ok_and(|read| read > 0) {}
            let fields = format!("Location: /{hop}\r\nContent-Length: 0\r\n");
            let _ = write!(stream, "HTTP/1.1 302 X\r\n{fields}\r\n");
        }
    });
    assert!(matches!(fetch(&hasty, &at), Err(Failure::Unreachable(_))));
}

#[test]
fn long_header_values_are_as_if_absent() {
    let octets = |tag: usize| {
        let tag = "x".repeat(tag - 2);
        let long = "y".repeat(200);
        format!(
            "HTTP/1.1 200 OK\r\nETag: \"{tag}\"\r\nLast-Modified: {long}\r\n\
             Content-Type: Text/HTML; charset=utf-8\r\nContent-Length: 0\r\n\r\n"
        )
    };
    let longest = fetch(&local(), &host_with_octets(octets(512))).unwrap();
    assert_eq!(longest.etag.map(|tag| tag.len()), Some(512));
    assert_eq!(longest.last_modified, None);
    assert_eq!(longest.media_type.as_deref(), Some("text/html"));
    assert_eq!(fetch(&local(), &host_with_octets(octets(513))).unwrap().etag, None);
    let latin = *b"HTTP/1.1 200 OK\r\nETag: \"\xe9\"\r\nContent-Length: 0\r\n\r\n";
    assert_eq!(fetch(&local(), &host_with_octets(latin)).unwrap().etag, None);
}

#[test]
fn https_is_never_plain() {
    let (_dir, host, feed) = host_with_feed();
    let secure = url(&feed.as_str().replace("http:", "https:"));
    let got = fetch(&local(), &secure);
    assert!(matches!(got, Err(Failure::Unreachable(_))), "{got:?}");
    assert_eq!(host.requests(), 0);
}

#[test]
fn a_connection_is_used_again() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let at = url(&format!("http://{}/", listener.local_addr().unwrap()));
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        for status in [200, 302, 200, 304, 200] {
            if stream.read(&mut [0; 4096]).is_ok_and(|read| read > 0) {
                let head = format!("HTTP/1.1 {status} X\r\nLocation: /next\r\nETag: \"a\"\r\n");
                let body = match status {
                    200 => "Content-Length: 1\r\n\r\nx",
                    302 => "Content-Length: 0\r\n\r\n",
                    _ => "\r\n",
                };
                stream.write_all((head + body).as_bytes()).unwrap();
            }
        }
    });
    let client = local();
    let known = Conditions { etag: Some("\"a\"".to_owned()), ..Conditions::default() };
    assert_eq!(fetch(&client, &at).unwrap().bytes, b"x");
    assert_eq!(fetch(&client, &at).unwrap().url.path(), "/next");
    assert_eq!(client.get(&at, LIMIT, &known), Ok(Answer::Unchanged));
    assert_eq!(fetch(&client, &at).unwrap().bytes, b"x");
}

#[test]
fn threads_share_a_client() {
    let (_dir, host, feed) = host_with_feed();
    let client = local();
    thread::scope(|scope| {
        for _ in 0..8 {
            let client = client.clone();
            let feed = &feed;
            scope.spawn(move || fetch(&client, feed).unwrap());
        }
    });
    assert_eq!(host.requests(), 8);
}
