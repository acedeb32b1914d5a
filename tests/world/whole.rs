//! A world: who lives in it, what the time is, and the tale of what happened.

use std::any::Any;
use std::collections::BTreeMap;
use std::env;

use jiff::{SignedDuration, Timestamp};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use tempfile::TempDir;

use super::ledger::Ledger;
use super::person::{Person, Ran};
use super::promises;
use super::trouble::Trouble;
use super::web::{Files, Mood};
use super::{folder, tree};

const NAMES: [&str; 4] = ["john", "mary", "eve", "alice"];
/// The statuses that the manual has, but for the one of a command line that is wrong.
const STATUSES: [u8; 8] = [0, 1, 3, 4, 5, 6, 7, 75];
/// The steps between two rests.
const PACE: usize = 150;

/// How often what was done.
#[derive(Debug, Default)]
pub struct Counts(BTreeMap<&'static str, usize>);

impl Counts {
    /// Counts one more of `what`.
    pub fn one(&mut self, what: &'static str) {
        *self.0.entry(what).or_default() += 1;
    }

    /// Adds those of another world.
    pub fn add(&mut self, other: &Self) {
        for (what, count) in &other.0 {
            *self.0.entry(what).or_default() += count;
        }
    }
}

/// A world.
pub struct World {
    pub draw: StdRng,
    pub people: Vec<Person>,
    /// Who knows whom.
    pub pairs: Vec<(usize, usize)>,
    pub time: Timestamp,
    pub step: usize,
    pub ledger: Ledger,
    pub counts: Counts,
    /// What the hosts had at earlier times.
    pub copies: Vec<Vec<Files>>,
    begun: Timestamp,
    tale: Vec<String>,
    is_told: bool,
    folder: TempDir,
}

impl World {
    /// The world of `seed`, after so many steps and a rest. Panics when a promise is broken.
    pub fn live(seed: u64, steps: usize) -> Self {
        let mut world = Self::begin(seed);
        for step in 1..=steps {
            world.step = step;
            world.take_step();
            if step % PACE == 0 || step == steps {
                world.rest();
            }
        }
        world
    }

    fn begin(seed: u64) -> Self {
        let mut draw = StdRng::seed_from_u64(seed);
        let folder = folder::new();
        let count = if draw.gen_bool(0.8) { 3 } else { 4 };
        let mut people = Vec::new();
        for (number, name) in (0..count).zip(NAMES) {
            people.push(Person::new(seed, number, name, folder.path(), draw.gen_bool(0.5)));
        }
        let pairs = match count {
            3 => vec![(0, 1), (1, 2), (2, 0)],
            _ => vec![(0, 1), (1, 2), (2, 3), (3, 0)],
        };
        let begun = "2026-11-22T19:00:00Z".parse().unwrap();
        let mut world = Self {
            draw,
            copies: people.iter().map(|_| Vec::new()).collect(),
            people,
            pairs,
            time: begun,
            step: 0,
            ledger: Ledger::default(),
            counts: Counts::default(),
            begun,
            tale: Vec::new(),
            is_told: env::var_os("CLOUDIM_SEED").is_some(),
            folder,
        };
        world.meet();
        world
    }

    /// Everybody makes a key, and those who shall know each other agree.
    fn meet(&mut self) {
        self.pass(SignedDuration::ZERO);
        // Most are of the profile that costs less.
        let profile = if self.draw.gen_bool(0.1) { "default" } else { "classic" };
        for who in 0..self.people.len() {
            let (name, url) = (self.people[who].name, self.people[who].site.url());
            let args = ["keygen", "--name", name, "--base-url", &url, "--no-passphrase"];
            self.ok(who, &[&args[..], &["--profile", profile]].concat());
            if self.people[who].copies {
                self.people[who].set_publish();
                self.ok(who, &["publish"]);
            }
        }
        for (one, other) in self.pairs.clone() {
            let file = self.people[one].file("invitation");
            let (file, url) = (file.to_str().unwrap(), self.people[other].site.url());
            self.ok(one, &["handshake", "invite", &url, "--output", file]);
            self.ok(other, &["handshake", "accept", "--input", file]);
            self.ok(one, &["poll"]);
        }
    }

    /// How many days have passed.
    pub fn days(&self) -> u64 {
        u64::try_from(self.time.duration_since(self.begun).as_hours() / 24).unwrap()
    }

    /// Lets time pass.
    pub fn pass(&mut self, time: SignedDuration) {
        self.time += time;
        self.people.iter().for_each(|person| person.site.says(self.time));
    }

    /// The people whom `who` knows.
    pub fn known_to(&self, who: usize) -> Vec<usize> {
        let other = |&(a, b): &(usize, usize)| match who {
            _ if who == a => Some(b),
            _ if who == b => Some(a),
            _ => None,
        };
        self.pairs.iter().filter_map(other).collect()
    }

    /// Adds to the tale.
    pub fn tell(&mut self, line: String) {
        let line = line.replace(self.folder.path().to_str().unwrap(), "~");
        if self.is_told {
            println!("{line}");
        }
        self.tale.push(line);
    }

    /// Runs the program for `who`; what holds of every run must hold of this.
    pub fn run(&mut self, who: usize, args: &[&str], trouble: Trouble) -> Ran {
        let ran = self.people[who].run(self.time, args, "", trouble);
        let person = &self.people[who];
        let (time, name) = (self.time + person.ahead, person.name);
        let met = if ran.is_cut { format!(" {trouble:?}") } else { String::new() };
        self.tell(format!(
            "{} {time} {name}: {}{met} -> {}",
            self.step,
            args.join(" "),
            ran.status
        ));
        for line in ran.stdout.lines().chain(ran.stderr.lines()) {
            self.tell(format!("    {line}"));
        }
        assert_eq!(ran.panic, None, "step {}: {name}: {args:?} panicked", self.step);
        let is_known = STATUSES.contains(&ran.status);
        assert!(is_known, "step {}: {name}: {args:?}: {ran:?}", self.step);
        ran
    }

    /// As [`World::run`]; it must end with 0.
    pub fn ok(&mut self, who: usize, args: &[&str]) -> Ran {
        let ran = self.run(who, args, Trouble::None);
        assert_eq!(ran.status, 0, "{}: {args:?}: {}", self.people[who].name, ran.stderr);
        ran
    }

    /// What happened, line by line, and at the end every file of every home and host; but for the locks
    /// and the list of what was copied, in which inodes and the dates of files stand.
    pub fn tale(self) -> Vec<String> {
        let mut tale = self.tale;
        let root = self.folder.path();
        for (path, bytes) in tree::tree(root) {
            let name = path.strip_prefix(root).unwrap().display().to_string();
            let text = String::from_utf8_lossy(&bytes).replace(root.to_str().unwrap(), "~");
            if !name.ends_with("/lock") && !name.ends_with("/mirror.json") {
                tale.push(format!("{name}\n{text}"));
            }
        }
        tale
    }

    /// Everything is made well, and everybody looks until nothing changes; then the promises must hold.
    fn rest(&mut self) {
        for who in 0..self.people.len() {
            self.people[who].site.set(Mood::Well);
            self.people[who].site.ahead(0);
            self.people[who].set_down(false);
            self.people[who].ahead = SignedDuration::ZERO;
        }
        self.tell(format!("{} rest", self.step));
        promises::come_to_rest(self);
        promises::hold(self);
    }
}

/// The words of a panic.
pub fn words(why: &(dyn Any + Send)) -> String {
    let text = why.downcast_ref::<String>().cloned();
    text.or_else(|| why.downcast_ref::<&str>().map(|text| (*text).to_owned())).unwrap_or_default()
}
