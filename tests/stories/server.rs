//! The server against clients that behave and clients that do not.

pub mod wire;

use std::io::{BufRead, BufReader, Read};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use cloudim::transport::server::{Answer, Body, Limits, Promise, Request, Response};
use wire::{Client, PATIENCE, Reply, Server, wait_until};

use crate::common::again::only;

/// A deadline that a test can wait for, and that honest clients keep on a busy machine.
const SHORT: Duration = Duration::from_secs(1);
/// More than the system takes for a client that does not read.
const HUGE: u64 = 64 << 20;
/// Tells a child process what to be.
const ROLE: &str = "CLOUDIM_TEST_ROLE";

fn short() -> Limits {
    Limits { head: SHORT, body: SHORT, answer: SHORT, ..Limits::default() }
}

/// Answers with what was asked.
fn echo(request: Request) -> Response {
    let Request { method, path, query, body, peer, .. } = &request;
    let body = String::from_utf8_lossy(body);
    let query = query.as_deref().unwrap_or("-");
    Response::text(200, &format!("{method} {path} {query} {peer} {body}"))
}

/// A handler of `GET /huge`; all else is echoed.
fn huge_or_echo(request: Request) -> Response {
    if request.path != "/huge" {
        return echo(request);
    }
    let file = tempfile::tempfile().unwrap();
    file.set_len(HUGE).unwrap();
    Response { body: Body::File { file, length: HUGE }, ..Response::empty(200) }
}

fn assert_serving(server: &Server) {
    assert_eq!(server.get("/alive").status(), 200);
}

fn assert_short_text(reply: &Reply, status: u16) {
    assert_eq!(reply.status(), status, "{reply:?}");
    assert_eq!(reply.header("content-type"), Some("text/plain; charset=utf-8"));
    assert!(reply.text().len() < 80 && reply.text().ends_with('\n'), "{reply:?}");
    assert_eq!(reply.header("referrer-policy"), Some("no-referrer"));
    assert_eq!(reply.header("x-robots-tag"), Some("noindex"));
}

#[test]
fn a_request_reaches_the_handler_whole() {
    let server = Server::start(Limits::default(), echo);
    let reply = server.ask(
        "POST /a%20b?c=d HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 3\r\n\r\nabc",
    );
    assert_short_text(&reply, 200);
    assert_eq!(reply.text(), "POST /a%20b c=d 127.0.0.1 abc\n");
}

#[test]
fn one_connection_serves_many_requests_in_order() {
    let server = Server::start(Limits::default(), echo);
    let mut client = server.connect();
    let get = |at: u32| format!("GET /{at} HTTP/1.1\r\nHost: x\r\n\r\n");
    client.send((0..5).map(get).collect::<String>());
    for at in 0..5 {
        assert!(client.reply().text().starts_with(&format!("GET /{at} ")));
    }
    client.send(get(6));
    assert_eq!(client.reply().status(), 200);
}

#[test]
fn head_is_the_answer_without_its_body() {
    let server = Server::start(Limits::default(), huge_or_echo);
    let mut client = server.connect();
    client.send("HEAD /huge HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    let answer = String::from_utf8(client.rest()).unwrap();
    assert!(answer.contains(&format!("content-length: {HUGE}\r\n")), "{answer}");
    assert!(answer.ends_with("\r\n\r\n"), "{answer}");
}

#[test]
fn a_slow_or_silent_head_is_cut_off() {
    let server = Server::start(short(), echo);
    let begin = Instant::now();
    let mut slow = server.connect();
    slow.send("GET / HTTP/1.1\r\nHost: x\r\nX-a: ");
    let mut silent = server.connect();
    let mut idle = server.connect();
    idle.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_eq!(idle.reply().status(), 200);
    assert_eq!(slow.trickle(b'a'), b"");
    assert!(begin.elapsed() >= SHORT);
    assert_eq!((silent.rest(), idle.rest()), (Vec::new(), Vec::new()));
    assert_serving(&server);
}

#[test]
fn a_slow_body_is_cut_off() {
    let server = Server::start(short(), echo);
    for length in ["Content-Length: 1000", "Transfer-Encoding: chunked"] {
        let mut client = server.connect();
        client.send(format!("POST / HTTP/1.1\r\nHost: x\r\n{length}\r\n\r\n"));
        let answer = String::from_utf8(client.trickle(b'1')).unwrap();
        assert!(answer.starts_with("HTTP/1.1 408 ") || answer.starts_with("HTTP/1.1 400 "));
        client.trickle(b'1');
    }
    assert_serving(&server);
}

#[test]
fn who_never_reads_is_cut_off() {
    let server = Server::start(short(), huge_or_echo);
    let mut deaf = server.connect();
    deaf.send("GET /huge HTTP/1.1\r\nHost: x\r\n\r\n");
    let mut greedy = server.connect();
    greedy.send("GET /huge HTTP/1.1\r\nHost: x\r\n\r\n".repeat(100));
    assert_serving(&server);
    deaf.ignore();
    greedy.ignore();
    assert_serving(&server);
}

#[test]
fn who_reads_a_long_answer_steadily_gets_it_all() {
    let server = Server::start(short(), huge_or_echo);
    let mut client = server.connect();
    client.send("GET /huge HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    let begin = Instant::now();
    let mut all = 0;
    let mut chunk = vec![0; 1 << 20];
    loop {
        let octets = client.0.read(&mut chunk).unwrap() as u64;
        all += octets;
        if octets == 0 {
            break;
        }
        // A good deal longer than the deadline in all.
        if begin.elapsed() < 3 * SHORT {
            thread::park_timeout(SHORT / 20);
        }
    }
    assert!(all > HUGE && begin.elapsed() > SHORT, "{all}");
}

#[test]
fn a_file_that_ends_early_cuts_the_answer() {
    let server = Server::start(Limits::default(), |_: Request| {
        let file = tempfile::tempfile().unwrap();
        file.set_len(100_000).unwrap();
        Response { body: Body::File { file, length: HUGE }, ..Response::empty(200) }
    });
    let mut client = server.connect();
    client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    assert!(client.rest().len() < 101_000);
}

#[test]
fn a_large_head_is_refused() {
    let server = Server::start(Limits { head_bytes: 8 << 10, ..Limits::default() }, echo);
    let many = "X-a: b\r\n".repeat(200);
    for head in [format!("X-a: {}\r\n", "a".repeat(9 << 10)), "a".repeat(60 << 20), many] {
        let reply = server.ask(format!("GET / HTTP/1.1\r\nHost: x\r\n{head}\r\n"));
        assert_eq!(reply.status(), 431);
    }
    let reply = server.ask(format!("GET /{} HTTP/1.1\r\nHost: x\r\n\r\n", "a".repeat(9 << 10)));
    assert!(matches!(reply.status(), 414 | 431));
    assert_serving(&server);
}

#[test]
fn a_malformed_request_is_refused() {
    let server = Server::start(Limits::default(), echo);
    for request in [
        "\0\0\0\0\r\n\r\n",
        "GET\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\n X-folded: y\r\n\r\n",
        "GET / HTTP/1.1\r\nHost : x\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: +3\r\n\r\nabc",
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3x\r\n\r\nabc",
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
        "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: identity\r\n\r\nabc",
        "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        "GET / HTTP/1.1\r\n\r\n",
    ] {
        let reply = server.ask(request);
        assert_eq!(reply.status(), 400, "{request:?}");
    }
    assert_short_text(&server.ask("GET / HTTP/1.1\r\n\r\n"), 400);
    assert_serving(&server);
}

#[test]
fn a_large_body_is_refused_unread() {
    let server = Server::start(Limits { body_bytes: 1000, ..Limits::default() }, echo);
    let post = |head: &str, body: &str| {
        server.ask(format!("POST / HTTP/1.1\r\nHost: x\r\n{head}\r\n\r\n{body}"))
    };
    assert_eq!(post("Connection: close\r\nContent-Length: 1000", &"a".repeat(1000)).status(), 200);
    assert_short_text(&post("Content-Length: 1001", &"a".repeat(1001)), 413);
    assert_short_text(&post("Content-Length: 1000000", &"a".repeat(1_000_000)), 413);
    assert_short_text(&post("Content-Length: 1001\r\nExpect: 100-continue", ""), 413);
    // As much as a length can say, and hardly any body.
    assert_short_text(&post("Content-Length: 18446744073709551613", "a"), 413);
    assert!(post("Content-Length: 18446744073709551615", "a").status() >= 400);
    let chunks = format!("1f4\r\n{}\r\n", "a".repeat(500));
    assert_short_text(&post("Transfer-Encoding: chunked", &chunks.repeat(3)), 413);
    assert_serving(&server);
}

#[test]
fn a_client_that_asks_first_is_told_to_go_on() {
    let server = Server::start(Limits::default(), echo);
    let mut client = server.connect();
    client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n");
    assert_eq!(client.reply().status(), 100);
    client.send("abc");
    assert!(client.reply().text().ends_with(" abc\n"));
}

#[test]
fn bodies_are_bounded_together() {
    let limits = Limits { body_bytes: 1000, bodies_bytes: 1999, ..Limits::default() };
    let server = Server::start(limits, echo);
    let head = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 800\r\n\r\n";
    let third = || server.ask(format!("{head}{}", "a".repeat(800))).status();
    let mut clients = [server.connect(), server.connect()];
    for client in &mut clients {
        client.send(format!("{head}{}", "a".repeat(700)));
    }
    wait_until(|| third() == 503);
    for client in &mut clients {
        client.send("a".repeat(100));
        assert_eq!(client.reply().status(), 200);
    }
    assert_eq!(third(), 200);
}

#[test]
fn a_full_queue_refuses_and_loses_nothing() {
    let limits = Limits { workers: 1, queue: 1, ..Limits::default() };
    let (release, gate) = mpsc::channel::<()>();
    let gate = Mutex::new(gate);
    let server = Server::start(limits, move |request: Request| {
        gate.lock().unwrap().recv().unwrap();
        echo(request)
    });
    let mut clients: Vec<Client> = (0..5).map(|_| server.connect()).collect();
    let (tell, told) = mpsc::channel();
    thread::scope(|scope| {
        for client in &mut clients {
            client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
            let tell = tell.clone();
            scope.spawn(move || tell.send(client.reply()).unwrap());
        }
        for _ in 0..3 {
            assert_short_text(&told.recv_timeout(PATIENCE).unwrap(), 503);
        }
        release.send(()).unwrap();
        release.send(()).unwrap();
        for _ in 0..2 {
            assert_eq!(told.recv_timeout(PATIENCE).unwrap().status(), 200);
        }
    });
}

#[test]
fn a_handler_that_panics_is_no_end() {
    let server = Server::start(Limits { workers: 2, ..Limits::default() }, |request: Request| {
        assert_ne!(request.path, "/panic", "as this test wants it");
        echo(request)
    });
    for _ in 0..5 {
        assert_short_text(&server.get("/panic"), 500);
    }
    assert_serving(&server);
}

#[test]
fn a_handler_that_is_slow_is_no_end() {
    let (release, gate) = mpsc::channel::<()>();
    let gate = Mutex::new(gate);
    let server = Server::start(Limits { workers: 2, ..short() }, move |request: Request| {
        if request.path == "/slow" {
            gate.lock().unwrap().recv().unwrap();
        }
        echo(request)
    });
    assert_short_text(&server.get("/slow"), 503);
    assert_serving(&server);
    release.send(()).unwrap();
}

#[test]
fn connections_are_bounded_in_all_and_per_address() {
    let few = Limits { connections: 2, ..Limits::default() };
    let few_each = Limits { per_address: 2, ..Limits::default() };
    for limits in [few, few_each] {
        let server = Server::start(limits, echo);
        let mut first = server.connect();
        let second = server.connect();
        first.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
        assert_eq!(first.reply().status(), 200);
        let refused = server.ask("");
        assert_eq!(refused.status(), 503);
        assert_eq!(refused.header("referrer-policy"), Some("no-referrer"));
        assert_eq!(server.get("/").status(), 503);
        drop(second);
        wait_until(|| server.get("/").status() == 200);
    }
}

#[test]
fn behind_a_proxy_requests_are_bounded_by_address() {
    let (tell, promises) = mpsc::channel();
    let limits = Limits {
        per_address: 2,
        trusted_proxies: vec!["127.0.0.0/8".parse().unwrap()],
        ..Limits::default()
    };
    let server = Server::start(limits, move |request: Request| {
        let (promise, answer) = Answer::later(PATIENCE, Response::empty(304));
        tell.send((promise, echo(request))).unwrap();
        answer
    });
    let ask = |address: &str| {
        let mut client = server.connect();
        client.send(format!("GET / HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: {address}\r\n\r\n"));
        client
    };
    let promised = || promises.recv_timeout(PATIENCE).unwrap();
    let mut held: Vec<Client> = (0..2).map(|_| ask("192.0.2.1")).collect();
    let mut kept = vec![promised(), promised()];
    assert_short_text(&ask("192.0.2.1").reply(), 429);
    held.push(ask("192.0.2.2"));
    kept.push(promised());
    for (promise, response) in kept {
        promise.keep(response);
    }
    let said: Vec<Reply> = held.iter_mut().map(Client::reply).collect();
    for (reply, address) in said.iter().zip(["192.0.2.1", "192.0.2.1", "192.0.2.2"]) {
        assert!(reply.text().contains(&format!(" {address} ")), "{reply:?}");
    }
    let mut again = ask("192.0.2.1");
    let (promise, response) = promised();
    promise.keep(response);
    assert_eq!(again.reply().status(), 200);
}

#[test]
fn nobody_else_speaks_for_others() {
    let server = Server::start(Limits::default(), echo);
    let forged = "GET / HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 192.0.2.1\r\n\r\n";
    assert!(server.ask(forged).text().contains(" 127.0.0.1 "));
}

/// A server that promises, and the promises.
fn promising(wait: Duration) -> (Server, Receiver<Promise>) {
    let (tell, promises) = mpsc::channel();
    let server = Server::start(short(), move |_: Request| {
        let (promise, answer) = Answer::later(wait, Response::text(200, "otherwise"));
        tell.send(promise).unwrap();
        answer
    });
    (server, promises)
}

#[test]
fn a_promise_is_kept_dropped_or_outlived() {
    let (server, promises) = promising(2 * SHORT);
    let mut clients: Vec<Client> = (0..3).map(|_| server.connect()).collect();
    let mut kept = Vec::new();
    for client in &mut clients {
        client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
        kept.push(promises.recv_timeout(PATIENCE).unwrap());
    }
    let begin = Instant::now();
    let last = kept.pop().unwrap();
    drop(kept.pop());
    kept.pop().unwrap().keep(Response::text(200, "kept"));
    assert_eq!(clients[0].reply().text(), "kept\n");
    assert_eq!(clients[1].reply().text(), "otherwise\n");
    assert!(begin.elapsed() < SHORT && !last.is_void());
    assert_eq!(clients[2].reply().text(), "otherwise\n");
    assert!(last.is_void());
}

#[test]
fn a_promise_to_a_client_that_left_is_void() {
    let (server, promises) = promising(PATIENCE);
    let mut client = server.connect();
    client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    let promise = promises.recv_timeout(PATIENCE).unwrap();
    assert!(!promise.is_void());
    drop(client);
    wait_until(|| promise.is_void());
}

#[test]
fn a_stop_answers_what_is_held_and_closes_what_is_idle() {
    let (server, promises) = promising(PATIENCE);
    let address = server.address;
    let mut held = server.connect();
    held.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    let _promise = promises.recv_timeout(PATIENCE).unwrap();
    let mut silent = server.connect();
    let mut begun = server.connect();
    begun.send("GET / HTTP/1.1\r\n");
    assert!(server.end() < Duration::from_secs(2));
    assert_eq!(held.reply().text(), "otherwise\n");
    assert_eq!((silent.rest(), begun.rest()), (Vec::new(), Vec::new()));
    assert!(TcpStream::connect(address).is_err());
}

#[test]
fn a_stop_waits_for_the_answer_under_way() {
    let (release, gate) = mpsc::channel::<()>();
    let (tell, told) = mpsc::channel();
    let gate = Mutex::new(gate);
    let server = Server::start(Limits::default(), move |request: Request| {
        tell.send(()).unwrap();
        gate.lock().unwrap().recv().unwrap();
        echo(request)
    });
    let address = server.address;
    let mut client = server.connect();
    client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    told.recv_timeout(PATIENCE).unwrap();
    let end = thread::spawn(move || server.end());
    wait_until(|| TcpStream::connect(address).is_err());
    release.send(()).unwrap();
    assert_eq!(client.reply().status(), 200);
    assert!(end.join().unwrap() < Duration::from_secs(2));
}

#[test]
fn a_stop_does_not_wait_for_who_never_reads() {
    let server = Server::start(Limits::default(), huge_or_echo);
    let mut deaf = server.connect();
    deaf.send("GET /huge HTTP/1.1\r\nHost: x\r\n\r\n");
    deaf.0.read_exact(&mut [0; 100]).unwrap();
    assert!(server.end() < Limits::default().answer / 2);
}

#[test]
fn many_threads_ask_at_once() {
    let server = Arc::new(Server::start(Limits::default(), echo));
    let ask = |at: usize| {
        let server = Arc::clone(&server);
        thread::spawn(move || {
            let mut client = server.connect();
            for turn in 0..50 {
                client.send(format!("GET /{at}-{turn} HTTP/1.1\r\nHost: x\r\n\r\n"));
                assert!(client.reply().text().starts_with(&format!("GET /{at}-{turn} ")));
            }
        })
    };
    let threads: Vec<_> = (0..20).map(ask).collect();
    assert!(threads.into_iter().all(|thread| thread.join().is_ok()));
}

/// This test program again, as a process of its own that serves, with so many files, and tells its address.
fn child(files: u32) -> (Child, SocketAddr) {
    let mut child = Command::new("sh")
        .args(["-c", &format!("ulimit -n {files}; exec \"$0\" \"$@\"")])
        .arg(std::env::current_exe().unwrap())
        .args(only(concat!(module_path!(), "::a_part_for_child_processes")))
        .env(ROLE, "server")
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let address = lines
        .find_map(|line| line.unwrap().rsplit_once("at ").and_then(|(_, at)| at.parse().ok()))
        .unwrap();
    (child, address)
}

#[test]
#[ignore = "played by the tests that need a process of their own"]
fn a_part_for_child_processes() {
    if std::env::var(ROLE).is_err() {
        return;
    }
    let server = Server::start(short(), echo);
    println!("\nat {}", server.address);
    thread::park_timeout(3 * PATIENCE);
}

#[test]
fn running_out_of_files_ends_nothing() {
    let (mut server, address) = child(32);
    let crowd: Vec<TcpStream> = (0..100).map(|_| TcpStream::connect(address).unwrap()).collect();
    let alive = || {
        let mut client = Client::connect(address);
        client.send("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        client.reply().status() == 200
    };
    // The crowd is silent, so that its places come free one deadline after the other.
    assert!(alive());
    drop(crowd);
    assert!(alive());
    server.kill().unwrap();
    server.wait().unwrap();
}
