//! The hosts of a world: one for each home, on addresses that follow from the seed, for they stand in
//! what is signed. They say the world's time, and what they serve depends on nothing but what was asked.

use std::collections::BTreeMap;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddrV4, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use jiff::Timestamp;

/// One port for all: it is no one that systems give away.
const PORT: u16 = 28_470;
const PATIENCE: Duration = Duration::from_secs(60);

/// The files that a host has, by path.
pub type Files = Arc<BTreeMap<String, Vec<u8>>>;

/// How a host serves.
#[derive(Clone)]
pub enum Mood {
    /// What is there.
    Well,
    /// Nothing: it hangs up.
    Down,
    /// This status.
    Status(u16),
    /// This page, whatever is asked for.
    Page(&'static str),
    /// Only the first half of each feed.
    Cut,
    /// What was there then.
    Old(Files),
    /// What was there then, unless it is asked past caches.
    Cached(Files),
    /// The feeds of then, and what else is there now.
    OldFeeds(Files),
    /// The archives of then, and what else is there now.
    OldArchives(Files),
    /// What is there, but for the files whose names' hash leaves this remainder by three.
    Loses(u64),
}

struct State {
    mood: Mood,
    /// How far the clock of the host is ahead, in seconds.
    ahead: i64,
    time: Timestamp,
    stopped: bool,
}

/// A host.
pub struct Site {
    address: SocketAddrV4,
    root: PathBuf,
    state: Arc<Mutex<State>>,
    thread: Option<JoinHandle<()>>,
}

impl Site {
    /// The host number `number` of the world of `seed`; it serves the folder `root`. The same world may
    /// be on at another place just now: then this waits for its end.
    pub fn of(seed: u64, number: u8, root: &Path) -> Self {
        let mut hasher = DefaultHasher::new();
        seed.hash(&mut hasher);
        let [a, b, ..] = hasher.finish().to_be_bytes();
        let address = SocketAddrV4::new(Ipv4Addr::new(127, a.max(1), b, number + 1), PORT);
        let end = Instant::now() + PATIENCE;
        let listener = loop {
            match TcpListener::bind(address) {
                Ok(listener) => break listener,
                Err(error) if Instant::now() > end => panic!("no {address}: {error}"),
                Err(_) => thread::sleep(Duration::from_millis(20)),
            }
        };
        let state =
            State { mood: Mood::Well, ahead: 0, time: Timestamp::UNIX_EPOCH, stopped: false };
        let state = Arc::new(Mutex::new(state));
        let (shown, folder) = (Arc::clone(&state), root.to_owned());
        let thread = thread::spawn(move || serve(&listener, &folder, &shown));
        Self { address, root: root.to_owned(), state, thread: Some(thread) }
    }

    /// Its base URL.
    pub fn url(&self) -> String {
        format!("http://{}/", self.address)
    }

    /// Serves like this from now on.
    pub fn set(&self, mood: Mood) {
        self.state.lock().unwrap().mood = mood;
    }

    /// Says from now on that it is `time`, or some seconds more.
    pub fn says(&self, time: Timestamp) {
        self.state.lock().unwrap().time = time;
    }

    /// Sets its clock ahead by so many seconds.
    pub fn ahead(&self, seconds: i64) {
        self.state.lock().unwrap().ahead = seconds;
    }

    /// What it has.
    pub fn files(&self) -> Files {
        let mut files = BTreeMap::new();
        collect(&self.root, "/", &mut files);
        Arc::new(files)
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.state.lock().unwrap().stopped = true;
        drop(TcpStream::connect(self.address));
        let _ = self.thread.take().unwrap().join();
    }
}

fn collect(folder: &Path, prefix: &str, files: &mut BTreeMap<String, Vec<u8>>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let (path, name) = (entry.path(), entry.file_name().into_string().unwrap());
        if path.is_dir() {
            collect(&path, &format!("{prefix}{name}/"), files);
        } else if let Ok(bytes) = fs::read(&path) {
            files.insert(format!("{prefix}{name}"), bytes);
        }
    }
}

fn serve(listener: &TcpListener, root: &Path, state: &Mutex<State>) {
    for stream in listener.incoming() {
        if state.lock().unwrap().stopped {
            return;
        }
        // Who hangs up is not answered.
        let _ = stream.and_then(|stream| converse(stream, root, state));
    }
}

fn converse(mut stream: TcpStream, root: &Path, state: &Mutex<State>) -> io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    stream.set_nodelay(true)?;
    let (mut head, mut some) = (Vec::new(), [0; 4096]);
    while !head.ends_with(b"\r\n\r\n") {
        let count = stream.read(&mut some)?;
        if count == 0 {
            return Ok(());
        }
        head.extend_from_slice(&some[..count]);
    }
    let head = String::from_utf8_lossy(&head).to_lowercase();
    let path = head.split(' ').nth(1).unwrap_or_default();
    let path = path.split('?').next().unwrap_or_default();
    let path = if path == "/" { "/index.html" } else { path };
    let header = |name: &str| {
        let lines = head.lines().skip(1).filter_map(|line| line.split_once(':'));
        lines.filter(|(key, _)| *key == name).map(|(_, value)| value.trim()).next()
    };
    let is_fresh = header("cache-control") == Some("no-cache");
    let (mood, date) = {
        let state = state.lock().unwrap();
        (state.mood.clone(), state.time + Duration::from_secs(state.ahead.unsigned_abs()))
    };
    let date = date.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
    let (status, bytes) = match mood {
        Mood::Down => return Ok(()),
        Mood::Status(status) => (status, Vec::new()),
        Mood::Page(page) => (200, page.into()),
        mood => found(&mood, path, is_fresh, root).map_or((404, Vec::new()), |bytes| (200, bytes)),
    };
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    let etag = format!("\"{:x}\"", hasher.finish());
    let is_known = status == 200 && header("if-none-match") == Some(&etag);
    let (status, bytes) = if is_known { (304, Vec::new()) } else { (status, bytes) };
    let head = format!(
        "HTTP/1.1 {status} X\r\nDate: {date}\r\nETag: {etag}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
        bytes.len()
    );
    stream.write_all(&[head.as_bytes(), &bytes].concat())
}

/// The file at `path`, as a host in `mood` has it.
fn found(mood: &Mood, path: &str, is_fresh: bool, root: &Path) -> Option<Vec<u8>> {
    let dots = path.rsplit('/').next().unwrap_or_default().matches('.').count();
    let is_pair = path.starts_with("/f/") && path.ends_with(".rss");
    let (is_feed, is_archive) = (is_pair && dots == 1, is_pair && dots == 2);
    let now = || fs::read(root.join(path.trim_start_matches('/'))).ok();
    match mood {
        Mood::Old(then) => then.get(path).cloned(),
        Mood::Cached(then) if !is_fresh => then.get(path).cloned(),
        Mood::OldFeeds(then) if is_feed => then.get(path).cloned(),
        Mood::OldArchives(then) if is_archive => then.get(path).cloned(),
        Mood::Cut if is_pair => now().map(|bytes| bytes[..bytes.len() / 2].to_vec()),
        Mood::Loses(remainder) => {
            let sum: u64 = path.bytes().map(u64::from).sum();
            if sum % 3 == *remainder { None } else { now() }
        }
        _ => now(),
    }
}
