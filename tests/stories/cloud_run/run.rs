//! John's cloud, and the feeds on his static host and on others.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Stdio};
use std::thread;

use cloudim::protocol::calls::cloud;
use url::form_urlencoded::Serializer;

use crate::cloud::subscriber::Subscriber;
use crate::common::ending;
use crate::common::host::PATIENCE;
use crate::common::peer::Peer;
use crate::common::port;
use crate::common::static_host::StaticHost;

/// John, whose feeds lie on a static host, and the port that his cloud is to have.
pub struct John {
    pub peer: Peer,
    pub port: u16,
}

/// His running cloud; it is ended when dropped.
pub struct Running {
    child: Child,
    pub authority: String,
}

impl John {
    pub fn new() -> Self {
        Self { peer: Peer::john(), port: port::free() }
    }

    /// Starts the cloud.
    pub fn runs(&self, args: &[&str]) -> Running {
        let authority = format!("127.0.0.1:{}", self.port);
        let all = [&["cloud", "run", "--bind", &authority], args].concat();
        let mut child = self.peer.command(&all).stderr(Stdio::piped()).spawn().unwrap();
        let mut talk = BufReader::new(child.stderr.take().unwrap());
        let mut first = String::new();
        talk.read_line(&mut first).unwrap();
        assert_eq!(first, format!("cloud at http://{authority}/\n"));
        // What it says later must find a reader.
        thread::spawn(move || talk.read_to_string(&mut String::new()));
        Running { child, authority }
    }

    /// A feed below his base URL, which names his cloud.
    pub fn feed(&self, name: &str) -> String {
        self.write(&self.peer.home().join("public").join(name), "one");
        format!("{}{name}", self.peer.host.url())
    }

    /// Changes that.
    pub fn change(&self, name: &str, text: &str) {
        self.write(&self.peer.home().join("public").join(name), text);
    }

    /// Writes a feed at `path` that says `text` and names his cloud.
    pub fn write(&self, path: &Path, text: &str) {
        let port = self.port;
        let feed = format!(
            "<rss version=\"2.0\"><channel><title>{text}</title><link>http://127.0.0.1/</link>\
             <description/><cloud domain=\"127.0.0.1\" port=\"{port}\" path=\"/pleaseNotify\" \
             registerProcedure=\"\" protocol=\"http-post\"/></channel></rss>"
        );
        fs::write(path, feed).unwrap();
    }

    /// Another's host, on which there are the feeds called `names`.
    pub fn elsewhere(&self, names: &[String]) -> StaticHost {
        let folder = self.peer.file("elsewhere");
        fs::create_dir_all(&folder).unwrap();
        names.iter().for_each(|name| self.write(&folder.join(name), "one"));
        StaticHost::serve(&folder)
    }
}

impl Running {
    /// Posts a form; the refusal, if it is refused.
    pub fn post(&self, path: &str, fields: &[(&str, &str)]) -> Result<(), String> {
        let form = Serializer::new(String::new()).extend_pairs(fields).finish();
        let kind = "application/x-www-form-urlencoded";
        let answer = self.send("POST", path, kind, &form);
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 200 "), "{answer}");
        cloud::verdict(body.as_bytes())
    }

    /// Sends a request; returns the whole answer.
    pub fn send(&self, method: &str, path: &str, kind: &str, body: &str) -> String {
        send(&self.authority, method, path, kind, body)
    }

    pub fn ping(&self, feed: &str) -> Result<(), String> {
        self.post("/ping", &[("url", feed)])
    }

    /// Registers `at`, who is challenged, for `feeds`.
    pub fn register(&self, feeds: &[impl AsRef<str>], at: &Subscriber) -> Result<(), String> {
        let port = at.port().to_string();
        let mut fields = vec![
            ("port", port.as_str()),
            ("path", "/cb"),
            ("protocol", "http-post"),
            ("domain", "127.0.0.1"),
        ];
        let keys: Vec<String> = (1..=feeds.len()).map(|number| format!("url{number}")).collect();
        fields.extend(keys.iter().map(String::as_str).zip(feeds.iter().map(AsRef::as_ref)));
        self.post("/pleaseNotify", &fields)
    }

    /// Ends it by `signal`; returns its status.
    pub fn end(mut self, signal: &str) -> Option<i32> {
        ending::end(&mut self.child, signal).code()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Sends a request to `authority`; returns the whole answer.
pub fn send(authority: &str, method: &str, path: &str, kind: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(authority).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let length = body.len();
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nhost: {authority}\r\ncontent-type: {kind}\r\n\
         connection: close\r\ncontent-length: {length}\r\n\r\n{body}"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}
