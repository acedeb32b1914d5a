//! Connections that a host closes as it likes.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use cloudim::protocol::values::url::Url;
use cloudim::transport::client::Failure;

use super::{fetch, local, url};

/// A host that answers the first `answers` requests of each connection, and closes it at the next
/// one, without having said so. Returns its URL, and how many connections and requests it had.
fn host_that_hangs_up(answers: usize) -> (Url, Arc<[AtomicUsize; 2]>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let at = url(&format!("http://{}/", listener.local_addr().unwrap()));
    let counts = Arc::new([AtomicUsize::new(0), AtomicUsize::new(0)]);
    let seen = Arc::clone(&counts);
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            seen[0].fetch_add(1, Ordering::SeqCst);
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            for request in 0..=answers {
                let mut head = String::new();
                while !head.ends_with("\r\n\r\n") && reader.read_line(&mut head).unwrap() > 0 {}
                if head.is_empty() {
                    break;
                }
                seen[1].fetch_add(1, Ordering::SeqCst);
                if request < answers {
                    let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<rss/>";
                    stream.write_all(answer).unwrap();
                }
            }
        }
    });
    (at, counts)
}

fn read(counts: &[AtomicUsize; 2]) -> (usize, usize) {
    (counts[0].load(Ordering::SeqCst), counts[1].load(Ordering::SeqCst))
}

#[test]
fn a_get_that_dies_on_a_kept_connection_is_asked_once_more() {
    let (at, counts) = host_that_hangs_up(1);
    let client = local();
    for _ in 0..3 {
        assert_eq!(fetch(&client, &at).unwrap().bytes, b"<rss/>");
    }
    // The second and the third were asked on the kept connection first.
    assert_eq!(read(&counts), (3, 5));
}

#[test]
fn a_get_that_dies_on_a_fresh_connection_has_failed() {
    let (at, counts) = host_that_hangs_up(0);
    assert!(matches!(fetch(&local(), &at), Err(Failure::Unreachable(_))));
    assert_eq!(read(&counts), (1, 1));
}

#[test]
fn a_post_takes_no_kept_connection() {
    let (at, counts) = host_that_hangs_up(1);
    let client = local();
    fetch(&client, &at).unwrap();
    // The host serves one connection at a time: the kept one is given up for this.
    assert_eq!(client.post_form(&at, &[]), Ok(b"<rss/>".to_vec()));
    assert_eq!(read(&counts), (2, 2));
}
