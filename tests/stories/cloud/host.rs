//! John's home, served with its cloud by the library.

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use cloudim::cloud_server::own_cloud::OwnCloud;
use cloudim::listen::door::asked::{Asked, Place};
use cloudim::listen::door::base_path::BasePath;
use cloudim::listen::door::rpc;
use cloudim::listen::hosting::public::Hosting;
use cloudim::protocol::Random;
use cloudim::protocol::calls::cloud;
use cloudim::protocol::xmlrpc::{self, Call, Value};
use cloudim::session::web::clients::Clients;
use cloudim::session::world::{Clock, Randomness};
use cloudim::store::disk::home::Home;
use cloudim::transport::egress::{Guard, Network};
use cloudim::transport::server::{self, Answer, Limits, Request, Response, Stop};
use jiff::{SignedDuration, Timestamp};
use rand::SeedableRng;
use url::form_urlencoded::Serializer;

use super::subscriber::Subscriber;
use crate::common::peer::Peer;

/// Longer than anything here takes on the slowest machine.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// John, his cloud, and a clock that the test sets.
pub struct Host {
    pub peer: Peer,
    pub base: String,
    address: SocketAddr,
    cloud: Arc<OwnCloud>,
    now: Arc<Mutex<Timestamp>>,
    running: Running,
}

/// Ends the server when dropped.
struct Running(Stop);

/// What was answered.
#[derive(Debug)]
pub struct Answered {
    pub head: String,
    pub body: String,
    pub after: Duration,
}

impl Host {
    /// John, who has a card and an invitation out, hence a pair feed.
    pub fn begin() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let base = format!("http://{}/", listener.local_addr().unwrap());
        let (peer, mary) = (Peer::without_identity("John"), Peer::mary());
        peer.ok(&["keygen", "--name", "John", "--base-url", &base, "--no-passphrase"]);
        let file = peer.file("invitation.rss");
        peer.ok(&["handshake", "invite", &mary.address(), "-o", file.to_str().unwrap()]);
        Self::serve(peer, listener, Timestamp::now())
    }

    /// Serves the home of `peer`, whose base URL is where `listener` is.
    pub fn serve(peer: Peer, listener: TcpListener, now: Timestamp) -> Self {
        let base = format!("http://{}/", listener.local_addr().unwrap());
        Self::serve_as(base, peer, listener, now)
    }

    fn serve_as(base: String, peer: Peer, listener: TcpListener, now: Timestamp) -> Self {
        let address = listener.local_addr().unwrap();
        let now = Arc::new(Mutex::new(now));
        let loopback: Network = "127.0.0.0/8".parse().unwrap();
        let clients = Clients::new(Guard::new(vec![loopback]), Duration::from_secs(20));
        let clock = Arc::clone(&now);
        let clock = Clock::new(move || *clock.lock().unwrap());
        let home = Home::at(peer.home());
        let randomness = Randomness::new(Random::from_entropy);
        let url = base.parse().unwrap();
        let cloud = OwnCloud::new(home, url, clients, clock, randomness).unwrap();
        let (stop, hosting) = (Stop::new(), Hosting::new(peer.home().join("public")));
        // So that a test can be many callers.
        let limits = Limits { trusted_proxies: vec![loopback], ..Limits::default() };
        let (stopped, taken) = (stop.clone(), Arc::clone(&cloud));
        let handler = move |request: Request| -> Answer {
            let (asked, request) = Asked::of(request, &BasePath::of(None));
            match asked {
                Asked::PleaseNotify => taken.please_notify(&request),
                Asked::Ping => taken.ping(&request),
                Asked::Rpc => rpc::answer(&request, Some(&taken), |_| Response::empty(404).into()),
                Asked::Wrongly(place @ (Place::PleaseNotify | Place::Ping | Place::Rpc)) => {
                    place.refusal().into()
                }
                _ => hosting.answer(&request).into(),
            }
        };
        thread::spawn(move || server::serve(listener, limits, stopped, handler).unwrap());
        Self { peer, base, address, cloud, now, running: Running(stop) }
    }

    /// The same server, whose feeds stand below `path` from now on, with a slash at its end.
    pub fn moved_to(mut self, path: &str) -> Self {
        self.base += path;
        self.restarted()
    }

    /// Ends the server and its cloud, as a kill would: nothing is said, nothing waited for. Starts
    /// both again at the same address.
    pub fn restarted(self) -> Self {
        let Self { peer, base, address, cloud, now, running } = self;
        drop(running);
        cloud.stop();
        drop(cloud);
        let start = Instant::now();
        let listener = loop {
            match TcpListener::bind(address) {
                Ok(listener) => break listener,
                Err(_) if start.elapsed() < PATIENCE => {
                    thread::sleep(Duration::from_millis(20));
                }
                Err(error) => panic!("{error}"),
            }
        };
        let now = *now.lock().unwrap();
        Self::serve_as(base, peer, listener, now)
    }

    pub fn cloud(&self) -> &OwnCloud {
        &self.cloud
    }

    pub fn card(&self) -> String {
        format!("{}card.rss", self.base)
    }

    pub fn pair(&self) -> String {
        let name = self.peer.pair_feed().file_name().unwrap().to_str().unwrap().to_owned();
        format!("{}f/{name}", self.base)
    }

    pub fn subscriptions(&self) -> PathBuf {
        self.peer.home().join("cloud/subscriptions.jsonl")
    }

    /// Changes the file behind `feed`.
    pub fn change(&self, feed: &str) {
        let path = self.peer.home().join("public").join(feed.strip_prefix(&self.base).unwrap());
        let text = fs::read_to_string(&path).unwrap();
        fs::write(&path, text + "<!-- changed -->\n").unwrap();
    }

    /// The time that its clock shows.
    pub fn now(&self) -> Timestamp {
        *self.now.lock().unwrap()
    }

    pub fn hours_pass(&self, hours: i64) {
        let mut now = self.now.lock().unwrap();
        *now += SignedDuration::from_hours(hours);
    }

    pub fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answered {
        self.post_with("", path, fields)
    }

    /// Posts with more header lines, each ended by CR LF.
    pub fn post_with(&self, headers: &str, path: &str, fields: &[(&str, &str)]) -> Answered {
        let body = Serializer::new(String::new()).extend_pairs(fields).finish();
        let head = format!(
            "POST {path} HTTP/1.1\r\ncontent-type: application/x-www-form-urlencoded\r\n{headers}"
        );
        self.send(&head, &body)
    }

    /// Calls a method by XML-RPC.
    pub fn call(&self, method: &str, parameters: &[Value]) -> Answered {
        let call = Call { method: method.to_owned(), parameters: parameters.to_vec() };
        self.call_with("text/xml", &call.write())
    }

    /// Sends `document`, of type `kind`, to where XML-RPC is spoken.
    pub fn call_with(&self, kind: &str, document: &str) -> Answered {
        self.submit("/RPC2", kind, document)
    }

    /// Sends `body`, of type `kind`.
    pub fn submit(&self, path: &str, kind: &str, body: &str) -> Answered {
        self.send(&format!("POST {path} HTTP/1.1\r\ncontent-type: {kind}\r\n"), body)
    }

    pub fn get(&self, path: &str) -> Answered {
        self.send(&format!("GET {path} HTTP/1.1\r\n"), "")
    }

    fn send(&self, head: &str, body: &str) -> Answered {
        let start = Instant::now();
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let (address, length) = (self.address, body.len());
        let rest = format!("connection: close\r\ncontent-length: {length}\r\n\r\n{body}");
        stream.write_all(format!("{head}host: {address}\r\n{rest}").as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        Answered { head: head.to_owned(), body: body.to_owned(), after: start.elapsed() }
    }

    /// Asks to be told of `feed` at `path` of the subscriber, who is challenged.
    #[track_caller]
    pub fn register(&self, feed: &str, at: &Subscriber, path: &str) -> Answered {
        self.register_from("127.0.0.1", feed, at.port(), path)
    }

    /// As [`Host::register`], by somebody at the address `caller`.
    pub fn register_from(&self, caller: &str, feed: &str, port: u16, path: &str) -> Answered {
        let port = port.to_string();
        let fields = [
            ("notifyProcedure", ""),
            ("port", &port),
            ("path", path),
            ("protocol", "http-post"),
            ("url1", feed),
            ("domain", "127.0.0.1"),
        ];
        self.post_with(&format!("x-forwarded-for: {caller}\r\n"), "/pleaseNotify", &fields)
    }

    pub fn ping(&self, feed: &str) -> Answered {
        self.post("/ping", &[("url", feed)])
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.stop();
    }
}

impl Answered {
    /// The refusal, if it is one.
    pub fn verdict(&self) -> Result<(), String> {
        assert!(self.head.starts_with("HTTP/1.1 200 "), "{self:?}");
        cloud::verdict(self.body.as_bytes())
    }

    #[track_caller]
    pub fn worked(&self) {
        assert_eq!(self.verdict(), Ok(()));
    }

    /// Asserts that it is the boolean 1, by XML-RPC.
    #[track_caller]
    pub fn is_true(&self) {
        assert!(self.head.starts_with("HTTP/1.1 200 "), "{self:?}");
        assert!(self.head.contains("content-type: text/xml; charset=utf-8"), "{self:?}");
        assert_eq!(self.body, xmlrpc::answer(true));
    }

    /// Asserts that it is a fault that says `words`.
    #[track_caller]
    pub fn is_fault(&self, words: &str) {
        assert!(self.head.starts_with("HTTP/1.1 200 "), "{self:?}");
        let code = "<name>faultCode</name><value><i4>4</i4></value>";
        assert!(self.body.contains(code) && self.body.contains(words), "{self:?}");
    }

    #[track_caller]
    pub fn refused(&self, words: &str) {
        let refusal = self.verdict().unwrap_err();
        assert!(refusal.contains(words), "{refusal}");
    }
}
