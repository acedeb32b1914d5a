//! Mary, who has no server, and beside her one without her key.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread;

use cloudim::openpgp::message::open::open_unsigned;
use cloudim::openpgp::secret_key::SecretKey;
use cloudim::protocol::calls::call::{Call, OCTETS};
use cloudim::protocol::feed::channel::Channel;

use crate::common::ending;
use crate::common::peer::{Peer, find};

/// Mary and the home on her server.
pub struct Beside {
    pub mary: Peer,
    /// Where the server is reached.
    pub url: String,
}

/// The server, running; it is ended when dropped.
pub struct Server {
    pub child: Child,
    /// The URL that it says for the owner.
    pub inbox: String,
}

impl Beside {
    /// Mary has published to the home on her server, which has nothing else but her settings.
    pub fn new() -> Self {
        let mary = Peer::without_identity("Mary");
        let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let url = format!("http://{free}/");
        mary.ok(&["keygen", "--name", "Mary", "--base-url", &url, "--no-passphrase"]);
        let beside = Self { mary, url };
        let public = beside.home().join("public");
        fs::create_dir_all(&public).unwrap();
        beside.mary.set("publish", &format!("'cp -a {{}}/. \"{}\"'", public.display()));
        beside.copy_settings();
        beside.mary.ok(&["publish"]);
        beside
    }

    /// Gives the server Mary's settings, as they are now.
    pub fn copy_settings(&self) {
        fs::copy(self.mary.home().join("config.toml"), self.config()).unwrap();
    }

    /// The same, with the server running and known to Mary.
    pub fn running() -> (Self, Server) {
        let beside = Self::new();
        let server = beside.start_known();
        (beside, server)
    }

    /// Starts the server, and tells Mary's program of the inbox.
    pub fn start_known(&self) -> Server {
        let server = self.start();
        self.mary.set("inbox", &format!("\"{}\"", server.inbox));
        self.mary.ok(&["publish"]);
        server
    }

    /// The home on the server.
    pub fn home(&self) -> PathBuf {
        self.mary.file("server")
    }

    /// The settings there.
    pub fn config(&self) -> PathBuf {
        self.home().join("config.toml")
    }

    /// The program on the server.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = self.mary.command(args);
        command.env("CLOUDIM_HOME", self.home());
        command
    }

    pub fn start(&self) -> Server {
        let mut command = self.command(&["listen", "--keyless"]);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let mut talk = BufReader::new(child.stderr.take().unwrap()).lines();
        let mut line = || talk.next().expect("it says where it listens").unwrap();
        assert_eq!(line(), format!("listening on {}", self.url));
        let says = line();
        let inbox = says.split('"').nth(1).unwrap_or_else(|| panic!("{says}")).to_owned();
        assert!(says.ends_with(&format!("inbox = \"{inbox}\"")), "{says}");
        // What it says later must find a reader.
        thread::spawn(move || talk.for_each(drop));
        Server { child, inbox }
    }

    /// Calls; returns the answer, if there is one.
    pub fn call(&self, form: &str, caller: &str) -> Option<String> {
        self.post("/pleaseFollow", "application/x-www-form-urlencoded", form, caller)
    }

    /// Sends what is of this kind for `caller`; returns the answer, if there is one.
    pub fn post(&self, path: &str, kind: &str, body: &str, caller: &str) -> Option<String> {
        let authority = self.url.trim_start_matches("http://").trim_end_matches('/');
        let mut stream = TcpStream::connect(authority).ok()?;
        write!(
            stream,
            "POST {path} HTTP/1.1\r\nHost: {authority}\r\nConnection: close\r\n\
             X-Forwarded-For: {caller}\r\nContent-Type: {kind}\r\n\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        )
        .ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        Some(answer)
    }

    /// The file of the inbox.
    pub fn feed(&self) -> Vec<u8> {
        let folder = self.home().join("inbox");
        let names = fs::read_dir(&folder).unwrap().map(|file| file.unwrap().path());
        let feeds: Vec<PathBuf> =
            names.filter(|path| path.extension().is_some_and(|end| end == "rss")).collect();
        assert_eq!(feeds.len(), 1, "{feeds:?}");
        fs::read(&feeds[0]).unwrap()
    }

    /// The feeds that the calls in the inbox name, as only Mary can tell.
    pub fn calls(&self) -> Vec<String> {
        let secret = fs::read(find(&self.mary.home(), "secret")).unwrap();
        let secret = SecretKey::parse(&secret).unwrap();
        let items = Channel::parse(&self.feed()).unwrap().items;
        let open = |sealed: String| open_unsigned(&sealed, &secret, OCTETS).unwrap();
        let calls = items.into_iter().map(|item| open(item.description.unwrap()));
        calls.map(|octets| Call::parse(&octets).unwrap().call.feed.to_string()).collect()
    }
}

impl Server {
    /// Ends it by `signal`; returns its status.
    pub fn end(mut self, signal: &str) -> Option<i32> {
        ending::end(&mut self.child, signal).code()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The form of a call by a stranger; each number has another host.
pub fn form(number: usize) -> String {
    format!("feed={}&key=https%3A%2F%2Fh{number}.invalid%2Fkey.asc", named(number))
}

/// The feed that it names.
pub fn named(number: usize) -> String {
    format!("https://h{number}.invalid/f/x.rss")
}
