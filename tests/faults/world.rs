//! Two people between whom something happens, and what must hold of them afterwards.

use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use crate::beside::Beside;
use crate::common::kept_folder::KeptFolder;
use crate::common::peer::{Peer, Ran, tree};
use crate::common::sound::{feeds_are_sound, stored};

/// Words that the two say to each other, and nobody else may read.
const SAID: [&str; 4] = ["hello yourself", "after all", "by hand", "xxxxxxxx"];

/// John, who does something, and Mary.
pub struct World {
    pub john: Peer,
    pub mary: Peer,
    kept: Option<[KeptFolder; 2]>,
}

/// What the two have said, as far as it was promised to arrive.
#[derive(Default)]
pub struct Said {
    /// By John: guids that were printed.
    pub guids: Vec<String>,
}

impl World {
    pub fn new(john: Peer, mary: Peer) -> Self {
        Self { john, mary, kept: None }
    }

    /// Makes both as they were when this was called first.
    pub fn put_back(&mut self) {
        let kept = self.kept.get_or_insert_with(|| {
            [&self.john, &self.mary].map(|peer| KeptFolder::of(&peer.file("")))
        });
        kept.iter().for_each(KeptFolder::put_back);
    }

    /// Lets both come to rest. All must then be well: nothing lost, nothing twice, nothing in the way.
    #[track_caller]
    pub fn settle(&self, said: &Said) {
        let World { john, mary, .. } = self;
        let probe = john.send(mary, "after all");
        let last = mary.send(john, "after all that");
        for peer in [mary, john, mary, john] {
            peer.ok(&["poll"]);
        }
        for peer in [john, mary] {
            let status = peer.ok(&["status"]);
            assert!(status.ends_with("\tall well\n") && status.lines().count() == 1, "{status}");
        }
        let (hers, his) = (stored(mary, &john.name), stored(john, &mary.name));
        arrived_once(&hers, said.guids.iter().chain([&probe]));
        arrived_once(&his, [&last]);
        self.is_tidy();
    }

    /// Nothing is left of what was not finished, and nobody else can read what is private.
    #[track_caller]
    pub fn is_tidy(&self) {
        for peer in [&self.john, &self.mary] {
            feeds_are_sound(peer);
            are_private(peer);
            nothing_is_left(peer);
            no_lock_is_held(peer);
        }
    }
}

/// Asserts that each of `guids` is among the messages, which have no guid twice.
#[track_caller]
fn arrived_once<'a>(messages: &[(String, String)], guids: impl IntoIterator<Item = &'a String>) {
    let mut all: Vec<&String> = messages.iter().map(|message| &message.0).collect();
    all.sort();
    assert!(all.is_sorted_by(|a, b| a < b), "twice: {messages:?}");
    for guid in guids {
        assert!(all.binary_search(&guid).is_ok(), "{guid} is lost: {messages:?}");
    }
}

/// Asserts that nothing is left of what a run has begun and not finished.
#[track_caller]
fn nothing_is_left(peer: &Peer) {
    let is_left = |name: &str| name.starts_with(".new-") || name.starts_with(".snapshot-");
    for path in tree(&peer.home()).into_keys() {
        let below = path.strip_prefix(peer.home()).unwrap();
        let mut names = below.iter().map(|name| name.to_string_lossy());
        assert!(!names.any(|name| is_left(&name)), "{}", path.display());
    }
}

/// Asserts that nobody holds a lock of the home.
#[track_caller]
fn no_lock_is_held(peer: &Peer) {
    let home = peer.home();
    let mut locks =
        ["lock", "publishing", "listening", "cloud/lock"].map(|at| home.join(at)).to_vec();
    let contacts = fs::read_dir(home.join("contacts")).into_iter().flatten();
    locks.extend(contacts.map(|contact| contact.unwrap().path()));
    for path in locks.into_iter().filter(|path| path.exists()) {
        let lock = File::open(&path).unwrap().try_lock();
        assert!(lock.is_ok(), "{} is held", path.display());
    }
}

/// Asserts that what is not below `public/` is for its owner alone, as far as anybody can come to it.
#[track_caller]
pub fn are_private(peer: &Peer) {
    let home = peer.home();
    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    if !home.exists() {
        return;
    }
    assert_eq!(mode(&home), 0o700, "{}", home.display());
    for path in tree(&home).into_keys() {
        let is_secret = fs::read_to_string(&path).is_ok_and(|text| text.contains("PRIVATE KEY"));
        if is_secret {
            assert_eq!(mode(&path), 0o600, "{}", path.display());
        }
        let is_shown = ["public", "mirror"].iter().any(|shown| path.starts_with(home.join(shown)));
        if is_shown {
            let text = fs::read(&path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
            let text = text.unwrap_or_default();
            let is_told = is_secret || SAID.iter().any(|said| text.contains(said));
            assert!(!is_told, "others can read {}", path.display());
        }
    }
}

/// A command that is tried, and what the user does after it.
pub struct Case {
    pub world: World,
    pub args: Vec<String>,
    pub stdin: Vec<u8>,
    /// What happens while it runs, where it does not end by itself.
    pub beside: Option<Beside>,
    /// What the user does next: the same again, if nothing else is said here.
    pub next: Vec<String>,
    /// How that may end.
    pub again: &'static [i32],
    /// What must hold already when it ends with 0, in spite of the fault.
    pub at_once: Option<fn(&World, &Ran)>,
    /// What must hold then, of the world and of what the run had printed.
    pub check: fn(&World, &Ran),
}

impl Case {
    pub fn new(world: World, args: &[&str], check: fn(&World, &Ran)) -> Self {
        let args: Vec<String> = args.iter().map(|arg| (*arg).to_owned()).collect();
        Self {
            world,
            next: args.clone(),
            args,
            stdin: Vec::new(),
            beside: None,
            again: &[0],
            at_once: None,
            check,
        }
    }

    pub fn stdin(self, stdin: impl Into<Vec<u8>>) -> Self {
        Self { stdin: stdin.into(), ..self }
    }

    pub fn at_once(self, at_once: fn(&World, &Ran)) -> Self {
        Self { at_once: Some(at_once), ..self }
    }

    pub fn while_it_runs(self, beside: Beside) -> Self {
        Self { beside: Some(beside), ..self }
    }

    /// What happens while it runs, and to whom.
    pub fn beside(&self) -> Option<(Beside, &World)> {
        self.beside.map(|beside| (beside, &self.world))
    }

    pub fn next(self, args: &[&str]) -> Self {
        Self { next: args.iter().map(|arg| (*arg).to_owned()).collect(), ..self }
    }

    pub fn again(self, again: &'static [i32]) -> Self {
        Self { again, ..self }
    }

    /// The command, ready to be run.
    pub fn command(&self) -> Command {
        let args: Vec<&str> = self.args.iter().map(String::as_str).collect();
        self.world.john.command(&args)
    }

    /// What the user does next, and what must hold then.
    #[track_caller]
    pub fn go_on(&self, ran: &Ran) {
        let args: Vec<&str> = self.next.iter().map(String::as_str).collect();
        let next = self.world.john.feed(&args, &self.stdin);
        assert!(self.again.contains(&next.status), "again: {next:?}");
        let printed = format!("{}{}", ran.stdout, next.stdout);
        (self.check)(&self.world, &Ran { stdout: printed, ..next });
        self.world.is_tidy();
    }
}
