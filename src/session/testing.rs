//! People for tests: each has a home, an unlocked key, a clock that stands still, and is heard.

use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use rand::SeedableRng;

use super::keys::Keys;
use super::options::{Format, Options};
use super::run::Run;
use super::talk::Talk;
use super::web::network::{AT_ONCE, Network};
use super::world::{Clock, Randomness, Stream, World};
use crate::openpgp::certificate::Certificate;
use crate::openpgp::secret_key::{Profile, SecretKey};
use crate::openpgp::testing as keys;
use crate::protocol::Random;
use crate::protocol::feed::channel::Channel;
use crate::store::contact::contacts;
use crate::store::contact::entry::Contact;
use crate::store::contact::history::messages::Messages;
use crate::store::contact::history::record::Record;
use crate::store::contact::offered::feeds;
use crate::store::disk::home::Home;
use crate::store::disk::refusals::Refusals;
use crate::store::identity::config::Config;
use crate::store::identity::key_state::{Former, KeyState};
use crate::store::identity::own::Locked;
use crate::store::identity::secret;
use crate::store::testing::{self, TempDir, Type};

const YEAR: SignedDuration = SignedDuration::from_hours(365 * 24);

/// Somebody with a home.
pub struct Person {
    /// The run on that home.
    pub run: Run,
    base: String,
    clock: Arc<Mutex<Timestamp>>,
    heard: Kept,
    folder: TempDir,
}

/// The bytes that were written to a stream.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<u8>>>);

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Person {
    /// Somebody called `name` at `https://<name>.example/`, on the day after the key was made.
    pub fn called(name: &str) -> Self {
        Self::at(name, &format!("https://{}.example/", name.to_lowercase()))
    }

    /// The same at the base URL `base`.
    pub fn at(name: &str, base: &str) -> Self {
        let (folder, heard) = (testing::folder(), Kept::default());
        let key = keys::key(Profile::Classic, name);
        let identity = testing::identity(folder.path(), &key, &settings(name, base, ""));
        let clock = Arc::new(Mutex::new(keys::day(1)));
        let shown = Arc::clone(&clock);
        let world = World {
            now: Clock::new(move || *shown.lock().unwrap()),
            randomness: Randomness::new(Random::from_entropy),
            state: None,
            refusals: Refusals::default(),
            at_once: AT_ONCE,
            stdin: Box::new(io::empty()),
            stdout: Stream::to(io::sink()),
            stderr: Stream::to(heard.clone()),
        };
        let timeout = Duration::from_secs(5);
        let options =
            Options { format: Format::Text, timeout, quiet: false, passphrase_file: None };
        let mut run = Run::on(identity, &options, &world);
        run.keys.unlock().unwrap();
        Self { run, base: base.to_owned(), clock, heard, folder }
    }

    /// Sets `more` in the settings, besides name and base URL.
    pub fn set(&mut self, more: &str) {
        let text = settings(&self.run.identity.config.name, &self.base, more);
        let home = self.home();
        home.write(&home.config(), text.as_bytes()).unwrap();
        let config = Config::load(&home).unwrap();
        self.run.network = Network::of(&config, self.run.network.timeout());
        self.run.identity.config = config;
    }

    /// Moves to the base URL `base`.
    pub fn move_to(&mut self, base: &str) {
        self.base = base.to_owned();
        self.set("");
    }

    /// Lets that many hours pass.
    pub fn wait(&mut self, hours: i64) {
        *self.clock.lock().unwrap() += SignedDuration::from_hours(hours);
    }

    /// The present time.
    pub fn now(&self) -> Timestamp {
        self.run.now()
    }

    /// The home that holds the files.
    pub fn home(&self) -> Home {
        self.run.identity.home.clone()
    }

    /// Every file of the home, with its bytes; locks are left out.
    pub fn files(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        testing::files(self.folder.path())
    }

    /// Puts the files of the home back as they were when they were `saved`.
    pub fn restore(&mut self, saved: &BTreeMap<PathBuf, Vec<u8>>) {
        for path in self.files().into_keys().filter(|path| !saved.contains_key(path)) {
            std::fs::remove_file(self.folder.path().join(path)).unwrap();
        }
        for (path, bytes) in saved {
            std::fs::write(self.folder.path().join(path), bytes).unwrap();
        }
        self.run.keys.forget_certificate();
    }

    /// The lock of the home.
    pub fn lock(&self) -> Locked<'_> {
        self.run.identity.lock_although_copied(self.now()).unwrap()
    }

    /// The means to write with: the lock, the keys, and the talk to the user.
    pub fn hands(&mut self) -> (Locked<'_>, &mut Keys, &mut Talk) {
        let Run { identity, keys, talk, clock, .. } = &mut self.run;
        (identity.lock(clock.now()).unwrap(), keys, talk)
    }

    /// The text that was told since this was asked last.
    pub fn heard(&self) -> String {
        String::from_utf8(std::mem::take(&mut *self.heard.0.lock().unwrap())).unwrap()
    }

    /// The secret key.
    pub fn secret(&self) -> SecretKey {
        secret::load(&self.home()).unwrap()
    }

    /// The certificate.
    pub fn certificate(&self) -> Certificate {
        self.run.keys.certificate().unwrap().clone()
    }

    /// Has the key locked again.
    pub fn lock_key(&mut self) {
        self.run.keys = Keys::of(&self.run.identity, None, &self.run.keys.randomness);
    }

    /// Puts what `change` makes of the key in its place, and its certificate with it.
    pub fn change_key(
        &mut self,
        change: impl FnOnce(&SecretKey, Timestamp, &mut Random) -> SecretKey,
    ) {
        let (home, now) = (self.home(), self.now());
        let new = change(&self.secret(), now, &mut self.run.keys.rng);
        home.write(&home.secret(), new.to_armored().as_bytes()).unwrap();
        home.write(&home.key(), new.certificate().to_armored().as_bytes()).unwrap();
        self.lock_key();
        self.run.keys.unlock().unwrap();
    }

    /// Replaces the encryption subkey by one that lives for a year.
    pub fn rotate(&mut self) {
        self.change_key(|key, now, rng| key.rotated(YEAR, now, rng).unwrap());
    }

    /// Puts another primary key in the place of the key, which stays as a former one.
    pub fn replace_key(&mut self) {
        let (home, until) = (self.home(), self.now());
        let mut state = KeyState::load(&home).unwrap();
        state.former.push(Former { fingerprint: self.secret().fingerprint(), until });
        state.save(&self.lock()).unwrap();
        secret::keep_former(&self.lock()).unwrap();
        let name = self.run.identity.config.name.clone();
        self.change_key(|key, now, rng| key.successor(&name, now, rng).unwrap());
    }

    /// The contact called `name`.
    pub fn contact(&self, name: &str) -> Contact {
        Contact::load(&self.home(), name).unwrap()
    }

    /// Changes the contact called `name`.
    pub fn update(&self, name: &str, change: impl FnOnce(&mut Contact)) {
        let mut contact = self.contact(name);
        change(&mut contact);
        contact.save(&self.lock(), name).unwrap();
    }

    /// The certificate that is pinned for the contact called `name`.
    pub fn pinned(&self, name: &str) -> Certificate {
        contacts::certificate(&self.home(), name).unwrap()
    }

    /// Our feed for the contact called `name`.
    pub fn feed(&self, name: &str) -> Channel {
        feeds::load(&self.home(), &self.contact(name).ours.token).unwrap().unwrap()
    }

    /// Puts `feed` in its place.
    pub fn put_feed(&self, name: &str, feed: &Channel) {
        let (home, token) = (self.home(), self.contact(name).ours.token);
        home.write(&home.feed(&token), feed.write().as_bytes()).unwrap();
    }

    /// The records of the contact called `name`, oldest first.
    pub fn records(&self, name: &str) -> Vec<Record> {
        Messages::of(&self.home(), name).all().unwrap()
    }

    /// The texts of those records that are of `kind`.
    pub fn texts(&self, name: &str, kind: Type) -> Vec<String> {
        let records = self.records(name).into_iter().filter(|record| Type::of(record) == kind);
        records.map(|record| record.text).collect()
    }
}

fn settings(name: &str, base: &str, more: &str) -> String {
    format!("name = \"{name}\"\nbase_url = \"{base}\"\n{more}\n")
}

/// A web host on this machine: it serves what is put there, until the tests end.
#[derive(Clone)]
pub struct Host {
    /// The URL below which its files stand.
    pub base: String,
    files: Arc<Mutex<BTreeMap<String, Vec<u8>>>>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Host {
    /// A host with nothing on it.
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let base = format!("http://{}/", listener.local_addr().unwrap());
        let host = Self { base, files: Arc::default(), asked: Arc::default() };
        let serving = host.clone();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                // A client that hangs up is not answered.
                let _ = serving.answer(stream);
            }
        });
        host
    }

    /// Puts `bytes` at `path`, which begins without a slash.
    pub fn put(&self, path: &str, bytes: impl AsRef<[u8]>) {
        self.files.lock().unwrap().insert(format!("/{path}"), bytes.as_ref().to_vec());
    }

    /// The paths that were asked for since this was asked last.
    pub fn asked(&self) -> Vec<String> {
        std::mem::take(&mut *self.asked.lock().unwrap())
    }

    fn answer(&self, mut stream: TcpStream) -> io::Result<()> {
        let (mut head, mut byte) = (Vec::new(), [0]);
        while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte)? > 0 {
            head.extend(byte);
        }
        let head = String::from_utf8_lossy(&head).into_owned();
        let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
        let file = path.split('?').next().unwrap_or_default();
        let found = self.files.lock().unwrap().get(file).cloned();
        self.asked.lock().unwrap().push(path);
        let status = if found.is_some() { "200 OK" } else { "404 Not Found" };
        let body = found.unwrap_or_default();
        write!(
            stream,
            "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
            body.len()
        )?;
        stream.write_all(&body)
    }
}
