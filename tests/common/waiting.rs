//! A run that waits for the home's lock, while something else happens to the home.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::peer::{Peer, Ran, tree};

/// Long enough for a run to begin, on a machine that does other things as well.
const PATIENCE: Duration = Duration::from_secs(60);

/// A home as it was: what another run would have made of it, written without a run.
pub struct Kept(BTreeMap<PathBuf, Vec<u8>>);

impl Kept {
    /// The home of `peer` as it is.
    pub fn of(peer: &Peer) -> Self {
        let mut files = tree(&peer.home());
        // That is locked as long as a run waits for it, and never replaced.
        files.retain(|path, _| !is_lock(&peer.home(), path));
        Self(files)
    }

    /// Makes the home of `peer` as it was.
    pub fn put_back(&self, peer: &Peer) {
        for path in tree(&peer.home()).into_keys() {
            if !self.0.contains_key(&path) && !is_lock(&peer.home(), &path) {
                fs::remove_file(path).unwrap();
            }
        }
        for (path, bytes) in &self.0 {
            if fs::read(path).ok().as_ref() != Some(bytes) {
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, bytes).unwrap();
            }
        }
    }
}

fn is_lock(home: &Path, path: &Path) -> bool {
    path == home.join("lock")
}

/// Runs the program, which must come to wait for the lock of the home once it has begun its work; then
/// `meanwhile` happens, and it goes on.
pub fn while_it_waits(peer: &Peer, args: &[&str], meanwhile: impl FnOnce()) -> Ran {
    while_it_waits_with(peer, args, Path::new("/dev/null"), meanwhile)
}

/// The same, with the file `stdin`.
pub fn while_it_waits_with(
    peer: &Peer,
    args: &[&str],
    stdin: &Path,
    meanwhile: impl FnOnce(),
) -> Ran {
    let path = peer.home().join("lock");
    let first = File::open(&path).unwrap();
    first.lock().unwrap();
    let mut command = peer.command(args);
    command.stdin(File::open(stdin).unwrap());
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // It takes the lock to see whether the home was copied, which is not yet its work. The next time
    // it finds another one there.
    let mut waits = has_open(&child, &path);
    fs::rename(&path, peer.file("the first lock")).unwrap();
    let second = another_lock(&path, &peer.file("the first lock"));
    drop(first);
    waits &= has_open(&child, &path);
    meanwhile();
    drop(second);
    let ran = Ran::of(child.wait_with_output().unwrap());
    assert!(waits, "it never came to wait: {ran:?}");
    ran
}

/// A lock that says of itself that it is the one that it was made as, and else what the `first` says, and
/// that is held.
fn another_lock(path: &Path, first: &Path) -> File {
    let first = fs::read_to_string(first).unwrap();
    let mut lock = File::create(path).unwrap();
    let metadata = lock.metadata().unwrap();
    writeln!(lock, "device {} inode {}", metadata.dev(), metadata.ino()).unwrap();
    for line in first.lines().skip(1) {
        writeln!(lock, "{line}").unwrap();
    }
    lock.lock().unwrap();
    lock
}

/// Whether `child` comes to have the file at `path` open: it opens its lock to wait for it.
fn has_open(child: &Child, path: &Path) -> bool {
    let folder = format!("/proc/{}/fd", child.id());
    let deadline = Instant::now() + PATIENCE;
    while Instant::now() < deadline {
        let open = fs::read_dir(&folder).into_iter().flatten().flatten();
        if open.map(|file| fs::read_link(file.path())).any(|to| to.is_ok_and(|to| to == path)) {
            return true;
        }
        thread::sleep(Duration::from_millis(5));
    }
    false
}
