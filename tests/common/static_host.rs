//! A static web host on loopback: the files of one folder, and on request the bad habits of real
//! hosts. Answers one request a connection, GET and HEAD only, and closes.

// Each test, and the example, needs only a part.
#![allow(dead_code)]

use std::collections::BTreeMap;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, SystemTime};

/// Bytes of a request's head, and of its body, at most.
const REQUEST: u64 = 64 << 10;
/// How long a client may be silent, or deaf.
const PATIENCE: Duration = Duration::from_secs(5);
/// The tick of [`Behaviour::Slow`].
const TICK: Duration = Duration::from_millis(20);

/// What the host does with a request.
#[derive(Clone, Debug)]
pub enum Behaviour {
    /// Serves the folder.
    Normal,
    /// Reads the request and closes the connection.
    Down,
    /// Serves the folder as it was when this was set.
    Stale,
    /// Serves the folder as it was when this was set, but as it is to who asks past caches.
    Cached,
    /// Answers 302 with this `Location`.
    Redirect(String),
    /// Answers with this status and no body.
    Status(u16),
    /// Answers 200 with this header and body, whatever is asked for.
    Says((&'static str, &'static str), Vec<u8>),
    /// Answers 200 and a body without end.
    Endless,
    /// Sends so many bytes of an answer each tick of 20 ms; with 0 it only accepts.
    Slow(usize),
}

/// A request, and the status it was answered with; 0 for none.
#[derive(Clone, Debug)]
pub struct Seen {
    pub method: String,
    pub path: String,
    pub status: u16,
    /// The request line and the header lines.
    pub head: String,
    pub body: Vec<u8>,
}

struct File {
    bytes: Vec<u8>,
    modified: SystemTime,
}

#[derive(Default)]
struct State {
    root: Option<PathBuf>,
    behaviour: Option<Behaviour>,
    /// Set by [`Behaviour::Stale`] and [`Behaviour::Cached`]: the files by path.
    frozen: BTreeMap<String, Arc<File>>,
    seen: Vec<Seen>,
    /// The `Date` of each answer.
    date: Option<String>,
    stopped: bool,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    stop: Condvar,
}

/// The host; it stops when dropped.
pub struct StaticHost {
    address: SocketAddr,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl StaticHost {
    /// Serves `dir` at a free port.
    pub fn serve(dir: &Path) -> Self {
        let host = Self::bind();
        host.root(dir);
        host
    }

    /// Takes a free port, and knows no file yet.
    pub fn bind() -> Self {
        Self::bind_to("127.0.0.1:0").expect("a free port on loopback")
    }

    /// Takes `address` ("HOST:PORT"), and knows no file yet.
    pub fn bind_to(address: &str) -> io::Result<Self> {
        let listener = TcpListener::bind(address)?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared::default());
        let of_thread = Arc::clone(&shared);
        let thread = thread::spawn(move || accept(&listener, &of_thread));
        Ok(Self { address, shared, thread: Some(thread) })
    }

    /// Serves `dir` from now on; it need not exist yet.
    pub fn root(&self, dir: &Path) {
        self.shared.state.lock().unwrap().root = Some(dir.to_owned());
    }

    /// "http://127.0.0.1:PORT/".
    pub fn url(&self) -> String {
        format!("http://{}/", self.address)
    }

    /// Behaves like this from the next request on.
    pub fn set(&self, behaviour: Behaviour) {
        let mut state = self.shared.state.lock().unwrap();
        if let (Behaviour::Stale | Behaviour::Cached, Some(root)) = (&behaviour, &state.root) {
            let mut frozen = BTreeMap::new();
            freeze(root, "/", &mut frozen);
            state.frozen = frozen;
        }
        state.behaviour = Some(behaviour);
    }

    /// Says from now on that it is `time`, as [`super::peer::Peer::at`] takes it, in each answer that
    /// has a head.
    pub fn says(&self, time: &str) {
        let time: jiff::Timestamp = time.parse().unwrap();
        let date = time.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
        self.shared.state.lock().unwrap().date = Some(date);
    }

    /// How many requests came.
    pub fn requests(&self) -> usize {
        self.shared.state.lock().unwrap().seen.len()
    }

    /// Method, path and status of each request.
    pub fn log(&self) -> Vec<(String, String, u16)> {
        self.seen().into_iter().map(|seen| (seen.method, seen.path, seen.status)).collect()
    }

    /// Each request whole.
    pub fn seen(&self) -> Vec<Seen> {
        self.shared.state.lock().unwrap().seen.clone()
    }

    /// Serves until the process ends.
    pub fn wait(mut self) {
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Drop for StaticHost {
    fn drop(&mut self) {
        let Some(thread) = self.thread.take() else { return };
        self.shared.state.lock().unwrap().stopped = true;
        self.shared.stop.notify_all();
        // Wakes the accepting thread, which then sees the flag.
        drop(TcpStream::connect(self.address));
        let _ = thread.join();
    }
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    for stream in listener.incoming() {
        if shared.state.lock().unwrap().stopped {
            return;
        }
        let Ok(stream) = stream else { continue };
        let shared = Arc::clone(shared);
        // A client that hangs up is its own business.
        thread::spawn(move || drop(converse(&stream, &shared)));
    }
}

/// Reads one request and answers it.
fn converse(mut stream: &TcpStream, shared: &Shared) -> io::Result<()> {
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    stream.set_nodelay(true)?;
    let mut request = read_request(stream)?;
    let behaviour = shared.state.lock().unwrap().behaviour.clone().unwrap_or(Behaviour::Normal);
    let (status, answer) = match &behaviour {
        Behaviour::Down => (0, Vec::new()),
        Behaviour::Status(status) => answer(*status, &[], b""),
        Behaviour::Says(header, body) => answer(200, &[*header], body),
        Behaviour::Redirect(to) => answer(302, &[("Location", to)], b""),
        Behaviour::Endless => (200, b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n".to_vec()),
        Behaviour::Normal | Behaviour::Stale | Behaviour::Cached | Behaviour::Slow(_) => {
            let is_fresh = header(&request.head, "cache-control") == Some("no-cache");
            let is_cached = matches!(behaviour, Behaviour::Cached) && !is_fresh;
            let stale = is_cached || matches!(behaviour, Behaviour::Stale);
            let file = find(&request, shared, stale);
            answer_file(&request, file.as_deref())
        }
    };
    request.status = status;
    let date = shared.state.lock().unwrap().date.clone();
    let answer = dated(answer, date.as_deref());
    shared.state.lock().unwrap().seen.push(request);
    match behaviour {
        Behaviour::Slow(bytes) => trickle(stream, shared, &answer, bytes),
        Behaviour::Endless => {
            stream.write_all(&answer)?;
            loop {
                stream.write_all(&[b' '; 64 << 10])?;
            }
        }
        _ => stream.write_all(&answer),
    }
}

fn read_request(stream: &TcpStream) -> io::Result<Seen> {
    let mut reader = BufReader::new(stream).take(REQUEST);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    let length = header(&head, "content-length").and_then(|length| length.parse().ok());
    let mut body = Vec::new();
    reader.set_limit(length.unwrap_or(0).min(REQUEST));
    reader.read_to_end(&mut body)?;
    let mut words = head.split(' ');
    let method = words.next().unwrap_or_default().to_owned();
    let path = words.next().unwrap_or_default().to_owned();
    Ok(Seen { method, path, status: 0, head, body })
}

/// The value of a header of `head`.
fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines()
        .skip(1)
        .filter_map(|line| line.split_once(':'))
        .find(|(key, _)| key.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.trim())
}

/// The file that `request` asks for.
fn find(request: &Seen, shared: &Shared, stale: bool) -> Option<Arc<File>> {
    let path = request.path.split('?').next().unwrap_or_default();
    let path = if path.ends_with('/') { format!("{path}index.html") } else { path.to_owned() };
    let state = shared.state.lock().unwrap();
    if stale {
        return state.frozen.get(&path).cloned();
    }
    let root = state.root.clone()?;
    drop(state);
    read_file(&root, path.strip_prefix('/')?).map(Arc::new)
}

/// The file at `path` below `root`; none if the path, or a link on it, leads out.
fn read_file(root: &Path, path: &str) -> Option<File> {
    let plain = |segment: &str| {
        !segment.is_empty() && segment != "." && segment != ".." && !segment.contains(['\\', '\0'])
    };
    if !path.split('/').all(plain) {
        return None;
    }
    let real = fs::canonicalize(root.join(path)).ok()?;
    if !real.starts_with(fs::canonicalize(root).ok()?) {
        return None;
    }
    let modified = fs::metadata(&real).ok()?.modified().ok()?;
    Some(File { bytes: fs::read(&real).ok()?, modified })
}

/// Remembers every file of `dir` under `prefix`.
fn freeze(dir: &Path, prefix: &str, frozen: &mut BTreeMap<String, Arc<File>>) {
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.path().is_dir() {
            freeze(&entry.path(), &format!("{prefix}{name}/"), frozen);
        } else if let Some(file) = read_file(dir, &name) {
            frozen.insert(format!("{prefix}{name}"), Arc::new(file));
        }
    }
}

/// The status and the octets of the answer with `file`.
fn answer_file(request: &Seen, file: Option<&File>) -> (u16, Vec<u8>) {
    if !matches!(request.method.as_str(), "GET" | "HEAD") {
        return answer(405, &[("Allow", "GET, HEAD")], b"");
    }
    let Some(file) = file else { return answer(404, &[], b"") };
    let mut hasher = DefaultHasher::new();
    file.bytes.hash(&mut hasher);
    let etag = format!("\"{:016x}\"", hasher.finish());
    let modified = jiff::Timestamp::try_from(file.modified).unwrap_or_default();
    let modified = modified.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
    let unchanged = match header(&request.head, "if-none-match") {
        Some(known) => known.split(',').any(|known| known.trim() == etag),
        None => header(&request.head, "if-modified-since") == Some(&modified),
    };
    let headers = [
        ("ETag", etag.as_str()),
        ("Last-Modified", &modified),
        ("Content-Type", media_type(&request.path)),
    ];
    if unchanged {
        return answer(304, &headers, b"");
    }
    let (status, mut octets) = answer(200, &headers, &file.bytes);
    if request.method == "HEAD" {
        octets.truncate(octets.len() - file.bytes.len());
    }
    (status, octets)
}

fn media_type(path: &str) -> &'static str {
    let path = path.split('?').next().unwrap_or_default();
    let name = path.rsplit('/').next().unwrap_or_default();
    match name.rsplit('.').next().unwrap_or_default() {
        "rss" => "application/rss+xml",
        "asc" => "application/pgp-keys",
        "html" | "" => "text/html; charset=utf-8",
        "webfinger" => "application/jrd+json",
        _ => "application/octet-stream",
    }
}

/// The octets of an answer; in one piece, so that no part of it waits for the other's kernel.
fn answer(status: u16, headers: &[(&str, &str)], body: &[u8]) -> (u16, Vec<u8>) {
    let mut head = format!("HTTP/1.1 {status} Status\r\nConnection: close\r\n");
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    if status != 304 {
        head.push_str(&format!("Content-Length: {}\r\n", body.len()));
    }
    head.push_str("\r\n");
    (status, [head.as_bytes(), body].concat())
}

/// `answer` with a `Date`, if it is an answer.
fn dated(answer: Vec<u8>, date: Option<&str>) -> Vec<u8> {
    let Some(end) = answer.windows(2).position(|two| two == b"\r\n") else { return answer };
    let Some(date) = date else { return answer };
    let (status, rest) = answer.split_at(end);
    [status, b"\r\nDate: ", date.as_bytes(), rest].concat()
}

/// Sends `bytes` of `answer` each tick, until the host stops.
fn trickle(mut stream: &TcpStream, shared: &Shared, answer: &[u8], bytes: usize) -> io::Result<()> {
    let mut left = answer;
    while !left.is_empty() {
        let (now, later) = left.split_at(bytes.min(left.len()));
        stream.write_all(now)?;
        left = later;
        let state = shared.state.lock().unwrap();
        let (state, _) = shared.stop.wait_timeout_while(state, TICK, |s| !s.stopped).unwrap();
        if state.stopped {
            break;
        }
    }
    Ok(())
}
