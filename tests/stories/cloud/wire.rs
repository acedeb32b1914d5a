//! What goes over the wire, to the letter of what clients and subscribers out there understand.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use cloudim::protocol::calls::cloud::REGISTERED;
use url::form_urlencoded::Serializer;

use super::host::Host;
use super::subscriber::Subscriber;
use crate::common::host::PATIENCE;

const FORM: &str = "application/x-www-form-urlencoded";
const XML: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";

/// The form of a registration for the card, as the caller's own address.
fn form(host: &Host, port: u16) -> String {
    let fields = [("port", &*port.to_string()), ("path", "/cb"), ("protocol", "http-post")];
    let mut form = Serializer::new(String::new());
    form.extend_pairs(fields).append_pair("url1", &host.card()).finish()
}

#[test]
fn the_answer_has_the_form_that_is_accepted_and_is_never_unacceptable() {
    let (host, subscriber) = (Host::begin(), Subscriber::honest());
    let (form, card) = (form(&host, subscriber.port()), host.card());
    let xml = ("text/xml; charset=utf-8", XML, "\"/>");
    let json = ("application/json; charset=utf-8", "{", "}");
    for (accept, (kind, begin, end)) in [
        ("", xml),
        ("accept: */*\r\n", xml),
        ("accept: application/xml\r\n", xml),
        ("accept: text/xml\r\n", xml),
        ("accept: text/html\r\n", xml),
        ("accept: text/html,application/xml;q=0.9,*/*;q=0.8\r\n", xml),
        ("accept: application/json\r\n", json),
        ("accept: application/json, text/plain, */*\r\n", json),
    ] {
        let fields: Vec<(String, String)> =
            url::form_urlencoded::parse(form.as_bytes()).into_owned().collect();
        let fields: Vec<(&str, &str)> = fields.iter().map(|(n, v)| (&**n, &**v)).collect();
        let registered = host.post_with(accept, "/pleaseNotify", &fields);
        registered.worked();
        assert!(registered.body.contains(REGISTERED), "{registered:?}");
        let pinged = host.post_with(accept, "/ping", &[("url", &card)]);
        pinged.worked();
        let refused = host.post_with(accept, "/ping", &[]);
        refused.refused("The following parameters were missing from the request body: url.");
        for answer in [registered, pinged, refused] {
            assert!(answer.head.contains(&format!("content-type: {kind}\r\n")), "{answer:?}");
            let body = answer.body.trim_end();
            assert!(body.starts_with(begin) && body.ends_with(end), "{accept}: {answer:?}");
        }
    }
}

#[test]
fn only_a_form_in_the_body_counts() {
    let host = Host::begin();
    let nobody = Subscriber::honest();
    let (form, card) = (form(&host, nobody.port()), host.card());
    let json =
        format!("{{\"port\":{},\"path\":\"/cb\",\"protocol\":\"http-post\"}}", nobody.port());
    for (path, kind, body) in [
        ("/pleaseNotify", "application/json", json.as_str()),
        ("/pleaseNotify", "text/plain", &form),
        ("/pleaseNotify", "multipart/form-data; boundary=x", &form),
        (&format!("/pleaseNotify?{form}"), FORM, ""),
    ] {
        host.submit(path, kind, body).refused("from the request body: port, path, protocol.");
    }
    let url = Serializer::new(String::new()).append_pair("url", &card).finish();
    for (path, kind, body) in
        [("/ping", "text/plain", url.as_str()), (&format!("/ping?{url}"), FORM, "")]
    {
        host.submit(path, kind, body).refused("from the request body: url.");
    }
    assert!(!host.subscriptions().exists());
    assert_eq!(nobody.asked(), 0);
    host.submit("/ping", &format!("{FORM}; charset=UTF-8"), &url).worked();
}

#[test]
fn nothing_shows_who_is_subscribed() {
    let (host, subscriber) = (Host::begin(), Subscriber::honest());
    host.register(&host.pair(), &subscriber, "/secret").worked();
    for path in ["/subscriptions.json", "/stats", "/feeds.opml", "/cloud/subscriptions.jsonl", "/"]
    {
        let answer = host.get(path);
        assert!(!answer.body.contains("/secret"), "{answer:?}");
        assert!(path == "/" || answer.head.starts_with("HTTP/1.1 404 "), "{answer:?}");
    }
    assert!(!host.get("/").body.contains(&host.pair()));
}

#[test]
fn requests_that_are_none_are_refused_and_leave_nothing() {
    let (host, subscriber) = (Host::begin(), Subscriber::honest());
    let form = form(&host, subscriber.port());
    let many: String = (0..1_001).map(|number| format!("x{number}=1&")).collect();
    host.submit("/pleaseNotify", FORM, &(many + &form)).refused("parameters were missing");
    let large = format!("x={}&{form}", "x".repeat(300 << 10));
    let answer = host.submit("/pleaseNotify", FORM, &large);
    assert!(answer.head.starts_with("HTTP/1.1 413 "), "{answer:?}");
    let broken = form.replace("port=", "port=%f");
    host.submit("/pleaseNotify", FORM, &broken).refused("parameters were missing");
    assert!(!host.subscriptions().exists());
    // A path that has no slash gets one; a registerProcedure is nobody's concern.
    let odd = form.replace("%2Fcb", "cb") + "&registerProcedure=x&domain=";
    host.submit("/pleaseNotify", FORM, &odd).worked();
    assert_eq!(subscriber.told(), ("/cb".to_owned(), host.card()));
}

/// A subscriber that answers every connection with `answer`, whatever came, and tells what came.
fn raw(answer: &'static [u8]) -> (u16, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (sender, came) = channel();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let (mut stream, mut buffer) = (stream.unwrap(), vec![0; 4_096]);
            let mut text = String::new();
            while !text.contains("\r\n\r\n") || !text.ends_with(".rss") {
                match stream.read(&mut buffer).unwrap() {
                    0 => break,
                    read => text += std::str::from_utf8(&buffer[..read]).unwrap(),
                }
            }
            // The cloud may not wait for it.
            let _ = stream.write_all(answer);
            if sender.send(text).is_err() {
                return;
            }
        }
    });
    (port, came)
}

#[test]
fn a_notification_is_a_form_with_the_url_and_nothing_else() {
    let host = Host::begin();
    let (port, came) = raw(b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n");
    host.submit("/pleaseNotify", FORM, &form(&host, port)).worked();
    host.ping(&host.card()).worked();
    let url = Serializer::new(String::new()).append_pair("url", &host.card()).finish();
    for _ in ["the call that tries it", "the notification"] {
        let text = came.recv_timeout(PATIENCE).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        assert_eq!(body, url);
        let (line, headers) = head.split_once("\r\n").unwrap();
        assert_eq!(line, "POST /cb HTTP/1.1");
        let headers = headers.to_ascii_lowercase();
        for header in [
            format!("content-type: {FORM}"),
            format!("content-length: {}", url.len()),
            format!("host: 127.0.0.1:{port}"),
        ] {
            assert!(headers.lines().any(|line| line == header), "{header}: {headers}");
        }
    }
}

#[test]
fn what_answers_no_http_is_not_subscribed() {
    for answer in [
        &b""[..],
        b"\r\n\r\n",
        b"SSH-2.0-x\r\n",
        b"HTTP/1.1 200\r\ncontent-length: -1\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n",
        b"HTTP/1.1 301 Moved\r\ncontent-length: 0\r\n\r\n",
        b"HTTP/1.1 302 Found\r\nlocation: ftp://127.0.0.1/\r\ncontent-length: 0\r\n\r\n",
    ] {
        let (host, (port, _came)) = (Host::begin(), raw(answer));
        let answered = host.submit("/pleaseNotify", FORM, &form(&host, port));
        answered.refused("because the call failed when we tested the handler.");
        assert!(!host.subscriptions().exists());
    }
}

#[test]
fn https_post_is_spoken_in_tls_from_the_first_octet_on() {
    let (host, listener) = (Host::begin(), TcpListener::bind("127.0.0.1:0").unwrap());
    let port = listener.local_addr().unwrap().port();
    let hello = thread::spawn(move || {
        let (mut stream, mut first) = (listener.accept().unwrap().0, [0; 6]);
        stream.read_exact(&mut first).unwrap();
        first
    });
    let form = form(&host, port).replace("http-post", "https-post");
    host.submit("/pleaseNotify", FORM, &form).refused("the call failed when we tested the handler");
    let [handshake, major, _, _, _, client_hello] = hello.join().unwrap();
    assert_eq!((handshake, major, client_hello), (22, 3, 1), "RFC 8446, 4 and 5.1");
}
