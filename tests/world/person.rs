//! Somebody in a world: a home, a host, a clock, and backups.

use std::fs;
use std::io::Cursor;
use std::panic::{self, AssertUnwindSafe};
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;

use cloudim::session::world::{Clock, Randomness, Stream, World};
use jiff::{SignedDuration, Timestamp};

use super::heard::Heard;
use super::kept_folder::KeptFolder;
use super::trouble::Trouble;
use super::web::Site;
use super::whole::words;

/// Somebody.
pub struct Person {
    pub name: &'static str,
    pub site: Site,
    /// How far the clock is ahead of the time; behind, if it is negative.
    pub ahead: SignedDuration,
    pub backup: Option<Backup>,
    /// Whether the host is another than the home: a publish command copies.
    pub copies: bool,
    folder: PathBuf,
    randomness: Randomness,
}

/// A backup of a home, and what is known outside of it.
pub struct Backup {
    pub step: usize,
    home: KeptFolder,
    state: KeptFolder,
}

/// The way in which a backup is put back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Restore {
    /// The home is removed, and copied from the backup.
    Copied,
    /// The files are put back in their places; what is known outside stays.
    PutBack,
    /// The whole machine is put back. Nothing can tell.
    Machine,
}

/// What a run brought.
#[derive(Debug)]
pub struct Ran {
    pub status: u8,
    pub stdout: String,
    pub stderr: String,
    /// What it panicked with.
    pub panic: Option<String>,
    /// Whether the trouble that was prepared for it came.
    pub is_cut: bool,
}

impl Person {
    /// Somebody without an identity, number `number` of the world of `seed` that lies in `world`.
    pub fn new(seed: u64, number: u8, name: &'static str, world: &Path, copies: bool) -> Self {
        let folder = world.join(name);
        fs::create_dir(&folder).unwrap();
        fs::create_dir(folder.join("state")).unwrap();
        let root = folder.join(if copies { "web" } else { "home/public" });
        let site = Site::of(seed, number, &root);
        let randomness = Randomness::of_seed(seed.wrapping_mul(8).wrapping_add(number.into()));
        let ahead = SignedDuration::ZERO;
        Self { name, site, ahead, backup: None, copies, folder, randomness }
    }

    /// The home.
    pub fn home(&self) -> PathBuf {
        self.folder.join("home")
    }

    /// A file beside the home.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Has a publish command copy what is public to the host.
    pub fn set_publish(&self) {
        let web = self.folder.join("web").display().to_string();
        let down = self.folder.join("down").display().to_string();
        let command = format!(
            "test ! -e {down} && rm -rf {web}.new && cp -r {{}} {web}.new && rm -rf {web} && mv {web}.new {web}"
        );
        let config = self.home().join("config.toml");
        let text = fs::read_to_string(&config).unwrap();
        fs::write(config, format!("{text}publish = '''{command}'''\n")).unwrap();
    }

    /// Whether the publish command fails from now on.
    pub fn set_down(&self, is_down: bool) {
        let file = self.folder.join("down");
        let _ = if is_down { fs::write(file, "") } else { fs::remove_file(file) };
    }

    /// Runs the program when it is `time`.
    pub fn run(&self, time: Timestamp, args: &[&str], stdin: &str, trouble: Trouble) -> Ran {
        let now = time + self.ahead;
        let (stdout, stderr) = (Heard::default(), Heard::default());
        let (refusals, changes) = trouble.refusals();
        let world = World {
            now: Clock::new(move || now),
            randomness: self.randomness.clone(),
            refusals,
            at_once: 1,
            state: Some(self.folder.join("state/cloudim")),
            stdin: Box::new(Cursor::new(stdin.to_owned())),
            stdout: Stream::to(stdout.clone()),
            stderr: Stream::to(stderr.clone()),
        };
        let home = self.home();
        let program = ["cloudim", "--home", home.to_str().unwrap()];
        let args: Vec<_> = program.iter().chain(args).map(|arg| (*arg).into()).collect();
        let ran = panic::catch_unwind(AssertUnwindSafe(|| cloudim::run_in(args, world)));
        let (status, panic) = match ran {
            Ok(status) => (status, None),
            Err(why) => (255, Some(words(&*why))),
        };
        let is_cut = trouble.is_met(changes.load(Ordering::Relaxed));
        Ran { status, stdout: stdout.text(), stderr: stderr.text(), panic, is_cut }
    }

    /// Makes a backup.
    pub fn back_up(&mut self, step: usize) {
        let state = KeptFolder::of(&self.folder.join("state"));
        self.backup = Some(Backup { step, home: KeptFolder::of(&self.home()), state });
    }

    /// Puts the backup back.
    pub fn restore(&self, how: Restore) {
        let backup = self.backup.as_ref().unwrap();
        if how == Restore::Copied {
            fs::remove_dir_all(self.home()).unwrap();
            fs::create_dir(self.home()).unwrap();
            let mode = std::os::unix::fs::PermissionsExt::from_mode(0o700);
            fs::set_permissions(self.home(), mode).unwrap();
        }
        backup.home.put_back();
        if how == Restore::Machine {
            backup.state.put_back();
        }
    }
}
