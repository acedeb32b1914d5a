//! A server under test, and clients that speak to it octet by octet.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use cloudim::transport::server::{Answer, Limits, Request, Stop, serve};

/// Longer than anything here takes, unless it hangs.
pub const PATIENCE: Duration = Duration::from_secs(20);
/// The pace of slow clients.
const TICK: Duration = Duration::from_millis(20);

/// A server on loopback; it stops when dropped.
pub struct Server {
    pub address: SocketAddr,
    pub stop: Stop,
    thread: Option<JoinHandle<io::Result<()>>>,
}

impl Server {
    pub fn start<A: Into<Answer> + 'static>(
        limits: Limits,
        handler: impl Fn(Request) -> A + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let stop = Stop::new();
        let of_thread = stop.clone();
        let thread = thread::spawn(move || serve(listener, limits, of_thread, handler));
        Self { address, stop, thread: Some(thread) }
    }

    pub fn connect(&self) -> Client {
        Client::connect(self.address)
    }

    /// Sends `request` on a connection of its own and reads to the end.
    pub fn ask(&self, request: impl AsRef<[u8]>) -> Reply {
        let mut client = self.connect();
        // The server may close before it has read all.
        let _ = client.0.write_all(request.as_ref());
        client.reply()
    }

    /// GET of `path`.
    pub fn get(&self, path: &str) -> Reply {
        self.ask(format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"))
    }

    /// Stops it; how long that took.
    pub fn end(mut self) -> Duration {
        let begin = Instant::now();
        self.stop.stop();
        self.thread.take().unwrap().join().unwrap().unwrap();
        begin.elapsed()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.stop();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// One connection.
pub struct Client(pub TcpStream);

impl Client {
    pub fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        stream.set_nodelay(true).unwrap();
        Self(stream)
    }

    pub fn send(&mut self, octets: impl AsRef<[u8]>) {
        self.0.write_all(octets.as_ref()).unwrap();
    }

    /// The next reply; its end is where its length says.
    pub fn reply(&mut self) -> Reply {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut octet = [0];
            match self.0.read(&mut octet) {
                Ok(1) => head.extend_from_slice(&octet),
                other => panic!("{other:?} after {:?}", String::from_utf8_lossy(&head)),
            }
        }
        let mut reply = Reply { head: String::from_utf8(head).unwrap(), body: Vec::new() };
        let length = reply.header("content-length").map_or(0, |length| length.parse().unwrap());
        (&self.0).take(length).read_to_end(&mut reply.body).unwrap();
        assert_eq!(reply.body.len() as u64, length, "{}", reply.head);
        reply
    }

    /// All that still comes until the server closes.
    pub fn rest(&mut self) -> Vec<u8> {
        let mut rest = Vec::new();
        match self.0.read_to_end(&mut rest) {
            Err(cause) if cause.kind() != io::ErrorKind::ConnectionReset => panic!("{cause}"),
            _ => rest,
        }
    }

    /// Sends one octet a tick until the server answers or closes; what it said.
    pub fn trickle(&mut self, octet: u8) -> Vec<u8> {
        self.0.set_read_timeout(Some(TICK)).unwrap();
        let mut got = vec![0; 1024];
        let begin = Instant::now();
        loop {
            assert!(begin.elapsed() < PATIENCE, "still being served");
            let _ = self.0.write(&[octet]);
            match self.0.read(&mut got) {
                Ok(octets) => {
                    got.truncate(octets);
                    return got;
                }
                Err(cause) if cause.kind() == io::ErrorKind::WouldBlock => {}
                Err(_) => return Vec::new(),
            }
        }
    }

    /// Sends one octet a tick and reads nothing until the server cuts the connection.
    pub fn ignore(&mut self) {
        let begin = Instant::now();
        while self.0.write(b"x").is_ok() {
            assert!(begin.elapsed() < PATIENCE, "still being served");
            thread::park_timeout(TICK);
        }
    }
}

/// An answer.
#[derive(Debug)]
pub struct Reply {
    pub head: String,
    pub body: Vec<u8>,
}

impl Reply {
    pub fn status(&self) -> u16 {
        self.head[9..12].parse().unwrap()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (own, value) = line.split_once(": ")?;
            own.eq_ignore_ascii_case(name).then_some(value)
        })
    }

    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }
}

/// Until `condition` holds.
pub fn wait_until(condition: impl Fn() -> bool) {
    let begin = Instant::now();
    while !condition() {
        assert!(begin.elapsed() < PATIENCE, "it never came true");
        thread::park_timeout(Duration::from_millis(2));
    }
}
