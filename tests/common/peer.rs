//! People: each with a home of their own, a static host, and the real program.

use std::fs;
use std::io::{Cursor, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use cloudim::protocol::Random;
use cloudim::session::web::network::AT_ONCE;
use cloudim::session::world::{Clock, Randomness, Stream, World};
use cloudim::store::disk::refusals::Refusals;
use jiff::Timestamp;
use rand::SeedableRng;
use tempfile::TempDir;

use super::folder;
use super::heard::Heard;
use super::static_host::StaticHost;
pub use super::tree::tree;

/// The passphrase of those whose key is locked.
pub const PASSPHRASE: &str = "correct horse battery staple";

/// Somebody with a home and a host.
pub struct Peer {
    /// How the other calls this one.
    pub name: String,
    /// The host that serves `public/`.
    pub host: StaticHost,
    folder: TempDir,
}

/// What a run of the program brought.
#[derive(Debug)]
pub struct Ran {
    pub status: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Peer {
    pub fn john() -> Self {
        Self::new("John", &[])
    }

    pub fn mary() -> Self {
        Self::new("Mary", &[])
    }

    /// Somebody with a fresh identity without a passphrase; `args` go to keygen.
    pub fn new(name: &str, args: &[&str]) -> Self {
        let peer = Self::without_identity(name);
        let url = peer.host.url();
        let keygen = ["keygen", "--name", name, "--base-url", &url, "--no-passphrase"];
        peer.ok(&[&keygen, args].concat());
        peer
    }

    /// Somebody whose key is locked by [`PASSPHRASE`], and the file with that; `args` go to keygen.
    pub fn locked(name: &str, args: &[&str]) -> (Self, String) {
        let peer = Self::without_identity(name);
        let file = peer.file("passphrase");
        // Only the first line counts.
        fs::write(&file, format!("{PASSPHRASE}\r\nsecond line\n")).unwrap();
        let (file, url) = (file.to_str().unwrap().to_owned(), peer.host.url());
        let keygen = ["keygen", "--name", name, "--base-url", &url, "--passphrase-file", &file];
        peer.ok(&[&keygen, args].concat());
        (peer, file)
    }

    /// Somebody who has a host, and no identity yet.
    pub fn without_identity(name: &str) -> Self {
        let folder = folder::new();
        let host = StaticHost::bind();
        host.root(&folder.path().join("home/public"));
        Self { name: name.to_lowercase(), host, folder }
    }

    pub fn home(&self) -> PathBuf {
        self.folder.path().join("home")
    }

    /// A place for files that are not of the home.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The address that others invite.
    pub fn address(&self) -> String {
        self.host.url()
    }

    /// The program for this home, ready to be run: no terminal, and only a clean environment.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cloudim"));
        command.args(args).stdin(Stdio::null());
        for variable in ["FORMAT", "TIMEOUT", "PASSPHRASE_FILE"] {
            command.env_remove(format!("CLOUDIM_{variable}"));
        }
        command.env_remove("CREDENTIALS_DIRECTORY");
        command.env("CLOUDIM_HOME", self.home()).env("TZ", "UTC");
        command.env("XDG_STATE_HOME", self.file("state-home"));
        command
    }

    /// Runs the program with nothing on stdin.
    pub fn run(&self, args: &[&str]) -> Ran {
        Ran::of(self.command(args).output().unwrap())
    }

    /// Runs the program with nothing on stdin, where nobody can be asked: in no foreground.
    pub fn run_unattended(&self, args: &[&str]) -> Ran {
        Ran::of(self.command(args).process_group(0).output().unwrap())
    }

    /// Runs the program with `stdin`.
    pub fn feed(&self, args: &[&str], stdin: impl AsRef<[u8]>) -> Ran {
        let mut command = self.command(args);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // The program may end before it has read all.
        let _ = child.stdin.take().unwrap().write_all(stdin.as_ref());
        Ran::of(child.wait_with_output().unwrap())
    }

    /// Runs the program, which must end with 0; returns its stdout.
    #[track_caller]
    pub fn ok(&self, args: &[&str]) -> String {
        self.run(args).expect(0).stdout
    }

    /// Runs the program, which must end with `status`; returns its stderr.
    #[track_caller]
    pub fn fails(&self, args: &[&str], status: i32) -> String {
        self.run(args).expect(status).stderr
    }

    /// Sends `text` to `to`; returns the guid.
    #[track_caller]
    pub fn send(&self, to: &Peer, text: &str) -> String {
        self.ok(&["send", &to.name, "-m", text]).trim().to_owned()
    }

    /// The texts of the new messages.
    #[track_caller]
    pub fn poll(&self) -> Vec<String> {
        texts(&self.ok(&["--format", "json", "poll"]))
    }

    /// Runs the program in this process, as if it were `time`.
    pub fn at(&self, time: &str, args: &[&str], stdin: &str) -> Ran {
        let time: Timestamp = time.parse().unwrap();
        let (stdout, stderr) = (Heard::default(), Heard::default());
        let world = World {
            now: Clock::new(move || time),
            randomness: Randomness::new(Random::from_entropy),
            state: Some(self.file("state-home/cloudim")),
            refusals: Refusals::default(),
            at_once: AT_ONCE,
            stdin: Box::new(Cursor::new(stdin.to_owned())),
            stdout: Stream::to(stdout.clone()),
            stderr: Stream::to(stderr.clone()),
        };
        let home = self.home();
        let program = ["cloudim", "--home", home.to_str().unwrap()];
        let args = program.iter().chain(args).map(|arg| (*arg).into());
        let status = cloudim::run_in(args, world).into();
        Ran { status, stdout: stdout.text(), stderr: stderr.text() }
    }

    /// The one pair feed of this home.
    pub fn pair_feed(&self) -> PathBuf {
        self.pair_feeds().into_iter().next().expect("a pair feed")
    }

    /// The pair feeds and archives of this home.
    pub fn pair_feeds(&self) -> Vec<PathBuf> {
        let files = fs::read_dir(self.home().join("public/f")).unwrap();
        let mut paths: Vec<PathBuf> = files.map(|file| file.unwrap().path()).collect();
        paths.retain(|path| path.extension().is_some_and(|extension| extension == "rss"));
        paths.sort();
        paths
    }

    /// Sets a key of `config.toml`, at its end or in the place of its commented default.
    pub fn set(&self, key: &str, value: &str) {
        let path = self.home().join("config.toml");
        let config = fs::read_to_string(&path).unwrap();
        let is_key = |line: &&str| line.trim_start_matches("# ").starts_with(&format!("{key} = "));
        let mut lines: Vec<&str> = config.lines().filter(|line| !is_key(line)).collect();
        let line = format!("{key} = {value}");
        lines.push(&line);
        fs::write(path, lines.join("\n") + "\n").unwrap();
    }
}

/// The sealed attachments of `peer`, below its `public/`.
pub fn attachments(peer: &Peer) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = tree(&peer.home().join("public/b")).into_keys().collect();
    paths.retain(|path| path.extension().is_none());
    paths
}

/// The texts of the messages among lines of JSON.
pub fn texts(json: &str) -> Vec<String> {
    let lines = json.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    lines
        .filter(|line| line["type"] == "message")
        .map(|line| line["text"].as_str().unwrap().to_owned())
        .collect()
}

/// Lets `peer` call the key of `other` verified, by the certificate that `other` gives it.
pub fn verify(peer: &Peer, other: &Peer) {
    let certificate = fs::read(other.home().join("public/key.asc")).unwrap();
    peer.feed(&["contact", "verify", &other.name, "-"], certificate).expect(0);
}

/// The time so many hours from now, as [`Peer::at`] takes it.
pub fn in_hours(hours: i64) -> String {
    (Timestamp::now() + jiff::SignedDuration::from_hours(hours)).to_string()
}

/// Two people who have agreed.
pub fn friends() -> (Peer, Peer) {
    let (john, mary) = (Peer::john(), Peer::mary());
    befriend(&john, &mary);
    (john, mary)
}

/// Lets two people agree, through files and static hosts.
pub fn befriend(john: &Peer, mary: &Peer) {
    let invitation = john.file("invitation.rss");
    let path = invitation.to_str().unwrap();
    john.ok(&["handshake", "invite", &mary.address(), "--output", path]);
    mary.ok(&["handshake", "accept", "--input", path]);
    john.ok(&["poll"]);
}

impl Ran {
    pub fn of(output: Output) -> Self {
        Self {
            status: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// Asserts the exit status.
    #[track_caller]
    pub fn expect(self, status: i32) -> Self {
        assert_eq!(self.status, status, "stdout: {}\nstderr: {}", self.stdout, self.stderr);
        self
    }
}

/// A file below `folder`, by the beginning of its name.
pub fn find(folder: &Path, begins: &str) -> PathBuf {
    let files = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    let found =
        files.filter(|path| path.file_name().unwrap().to_str().unwrap().starts_with(begins)).min();
    found.unwrap_or_else(|| panic!("no {begins}… in {}", folder.display()))
}
