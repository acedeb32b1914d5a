//! The mirror of `public/`: the copy that the publish command sees, and that does not change while it
//! runs. Each version of a file is copied once. The command may edit the copies: what it changed is
//! copied anew, and nothing of it reaches the home.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, Metadata, Permissions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::atomic::{self, Mode};
use super::home::Home;
use super::lock::Lock;
use super::temporary;
use crate::store::error::{OrCannot, Result};

/// The version of a file: device, inode, size, and the seconds and nanoseconds of its two dates.
type Stamp = (u64, u64, u64, i64, i64, i64, i64);

/// A file of the mirror.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Copied {
    /// The version of which it is a copy.
    version: Stamp,
    /// The copy as we left it.
    copy: Stamp,
    /// The size of the version that was published last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    published: Option<u64>,
}

/// What was copied, by its path below `public/`.
type Copies = BTreeMap<String, Copied>;

/// The mirror, brought up to date.
#[derive(Debug)]
pub struct Mirror {
    /// The folder.
    pub folder: PathBuf,
    /// Whether `public/` was another than that of the last time.
    pub is_news: bool,
}

/// The copy of a file that the command saw.
#[derive(Debug)]
pub(super) struct Shown {
    /// Where it is, if it is there.
    pub path: PathBuf,
    /// The sizes of what was shown last, and of what was published last.
    pub sizes: Vec<u64>,
}

/// What the command saw of the file at `path`, which is below `public/`.
pub(super) fn shown(home: &Home, path: &Path) -> Shown {
    let public = home.public();
    let below = path.strip_prefix(&public).unwrap_or(path);
    let copied = load(home).unwrap_or_default().remove(&format!("/{}", below.to_string_lossy()));
    let sizes = copied.map(|copied| [Some(copied.version.2), copied.published]);
    Shown { path: folder(home).join(below), sizes: sizes.into_iter().flatten().flatten().collect() }
}

/// The copy of the file at `path`, below `public/`, that the command saw last, if it saw one.
pub fn copy_of(home: &Home, path: &Path) -> PathBuf {
    shown(home, path).path
}

/// The names of the files directly in `folder` of `public/` that are not copied as they are now.
///
/// # Errors
/// When the folder is there and cannot be read.
pub fn unseen(home: &Home, folder: &str) -> Result<Vec<String>> {
    let path = home.public().join(folder);
    if !path.is_dir() {
        return Ok(Vec::new());
    }
    let copies = load(home)?;
    let is_seen = |name: &str, file: &Metadata| {
        let copied = copies.get(&format!("/{folder}/{name}"));
        copied.is_some_and(|copied| copied.version == stamp(file))
    };
    let there = entries(&path).or_cannot_read(&path)?;
    let named = there.iter().filter_map(|(name, file)| Some((name.to_str()?, file)));
    let unseen = named.filter(|(name, file)| file.is_file() && !is_seen(name, file));
    Ok(unseen.map(|(name, _)| name.to_owned()).collect())
}

/// Notes that the mirror as it is was published.
///
/// # Errors
/// When it cannot be noted.
pub fn has_published(home: &Home, _publishing: &Lock) -> Result<()> {
    let mut copies = load(home)?;
    for copied in copies.values_mut() {
        copied.published = Some(copied.version.2);
    }
    save(home, &copies)
}

fn folder(home: &Home) -> PathBuf {
    home.root().join("mirror")
}

fn ledger(home: &Home) -> PathBuf {
    home.root().join("mirror.json")
}

/// What is known of the mirror. Where that is lost, each file is copied anew.
fn load(home: &Home) -> Result<Copies> {
    let bytes = atomic::read(&ledger(home))?.unwrap_or_default();
    Ok(serde_json::from_slice(&bytes).unwrap_or_default())
}

fn save(home: &Home, copies: &Copies) -> Result<()> {
    let bytes = serde_json::to_vec(copies).or_cannot("write `mirror.json`")?;
    atomic::write(home.root(), &ledger(home), &bytes, Mode::Private)
}

/// Brings the mirror up to `public/` as it is now. While the home is not locked a file may be replaced
/// meanwhile, and the next call sees that; so the slow part need not keep others waiting. The lock for
/// publishing keeps the mirror as it is for the command. The files that are `left_out` are not in it.
///
/// # Errors
/// When something cannot be read, copied or removed.
pub fn update(home: &Home, _publishing: &Lock, left_out: &BTreeSet<PathBuf>) -> Result<Mirror> {
    let failed = "copy `public` for publishing";
    let (folder, before) = (folder(home), load(home)?);
    let scratch = home.root();
    let mut copying = Copying { scratch, left_out, before, after: Copies::new() };
    copying.folder(&home.public(), &folder, "").or_cannot(failed)?;
    let Copying { before, after, .. } = copying;
    let versions = |copies: &Copies| -> Vec<(String, Stamp)> {
        copies.iter().map(|(path, copied)| (path.clone(), copied.version)).collect()
    };
    let is_news = versions(&before) != versions(&after);
    if before != after {
        save(home, &after)?;
    }
    Ok(Mirror { folder, is_news })
}

struct Copying<'a> {
    scratch: &'a Path,
    left_out: &'a BTreeSet<PathBuf>,
    before: Copies,
    after: Copies,
}

impl Copying<'_> {
    /// Makes `to` a copy of the folder `from`, whose path below `public/` is `path`.
    fn folder(&mut self, from: &Path, to: &Path, path: &str) -> io::Result<()> {
        let mut wanted = entries(from)?;
        wanted.retain(|name, _| !self.left_out.contains(&from.join(name)));
        ensure_folder(to, &fs::metadata(from)?)?;
        for name in entries(to)?.keys().filter(|name| !wanted.contains_key(*name)) {
            remove(&to.join(name))?;
        }
        for (name, metadata) in wanted {
            let (from, to) = (from.join(&name), to.join(&name));
            let path = format!("{path}/{}", name.to_string_lossy());
            let kind = metadata.file_type();
            let copied = if kind.is_dir() {
                self.folder(&from, &to, &path)
            } else if kind.is_symlink() {
                link(&from, &to)
            } else {
                self.file(&from, &to, path)
            };
            match copied {
                // It was replaced or removed just now.
                Err(error) if error.kind() == ErrorKind::NotFound && !from.exists() => {}
                copied => copied?,
            }
        }
        Ok(())
    }

    fn file(&mut self, from: &Path, to: &Path, path: String) -> io::Result<()> {
        if let Some(known) = self.before.get(&path)
            && known.version == stamp(&from.symlink_metadata()?)
            && to.symlink_metadata().is_ok_and(|there| known.copy == stamp(&there))
        {
            self.after.insert(path, *known);
            return Ok(());
        }
        let mut source = File::open(from)?;
        let version = source.metadata()?;
        let mut copy = temporary::temporary(self.scratch)?;
        io::copy(&mut source, copy.as_file_mut())?;
        let file = copy.as_file();
        file.set_permissions(Permissions::from_mode(version.mode() & 0o777))?;
        // Tools tell versions apart by their dates.
        file.set_modified(version.modified()?)?;
        file.sync_all()?;
        if to.symlink_metadata().is_ok_and(|there| there.is_dir()) {
            remove(to)?;
        }
        copy.persist(to).map_err(|failed| failed.error)?;
        // A file of the user's may have been written into meanwhile.
        if stamp(&source.metadata()?) == stamp(&version) {
            let published = self.before.get(&path).and_then(|before| before.published);
            let (version, copy) = (stamp(&version), stamp(&to.symlink_metadata()?));
            self.after.insert(path, Copied { version, copy, published });
        }
        Ok(())
    }
}

fn stamp(file: &Metadata) -> Stamp {
    let dates = (file.mtime(), file.mtime_nsec(), file.ctime(), file.ctime_nsec());
    (file.dev(), file.ino(), file.size(), dates.0, dates.1, dates.2, dates.3)
}

/// What is in a folder: files, folders and links, and nothing that would have us wait.
fn entries(folder: &Path) -> io::Result<BTreeMap<std::ffi::OsString, Metadata>> {
    let mut entries = BTreeMap::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        match entry.metadata() {
            Ok(found) if found.is_file() || found.is_dir() || found.is_symlink() => {
                entries.insert(entry.file_name(), found);
            }
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(entries)
}

/// Makes `path` a folder with the mode of `as_there`: a command may carry that to the host.
fn ensure_folder(path: &Path, as_there: &Metadata) -> io::Result<()> {
    if !path.symlink_metadata().is_ok_and(|there| there.is_dir()) {
        remove(path)?;
        fs::create_dir(path)?;
    }
    let mode = as_there.mode() & 0o777;
    if path.metadata()?.mode() & 0o777 != mode {
        fs::set_permissions(path, Permissions::from_mode(mode))?;
    }
    Ok(())
}

fn link(from: &Path, to: &Path) -> io::Result<()> {
    let target = fs::read_link(from)?;
    if fs::read_link(to).is_ok_and(|there| there == target) {
        return Ok(());
    }
    remove(to)?;
    std::os::unix::fs::symlink(target, to)
}

/// Removes what is at `path`, if anything is; never what a link leads to.
fn remove(path: &Path) -> io::Result<()> {
    match path.symlink_metadata() {
        Ok(there) if there.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::store::testing::{TempDir, folder};

    fn home() -> (TempDir, Home) {
        let folder = folder();
        let home = Home::at(folder.path());
        for (path, content) in [("card.rss", "card"), ("f/a.rss", "a"), ("f/b.rss", "b")] {
            home.write(&home.public().join(path), content.as_bytes()).unwrap();
        }
        (folder, home)
    }

    fn updated(home: &Home) -> Mirror {
        update(home, &home.publishing(Duration::ZERO).unwrap(), &BTreeSet::new()).unwrap()
    }

    fn inode(path: &Path) -> u64 {
        fs::metadata(path).unwrap().ino()
    }

    /// The files below `folder`, with what they hold.
    fn content(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
        let files = crate::store::testing::files(folder).into_iter();
        files.map(|(path, bytes)| (path.strip_prefix(folder).unwrap().to_owned(), bytes)).collect()
    }

    #[test]
    fn each_version_is_copied_once_and_shares_nothing_with_the_home() {
        let (_folder, home) = home();
        let mirror = updated(&home);
        assert!(mirror.is_news && content(&mirror.folder) == content(&home.public()));
        let at = |name: &str| mirror.folder.join(name);
        let before = ["card.rss", "f/a.rss", "f/b.rss"].map(|name| inode(&at(name)));
        for name in ["card.rss", "f/a.rss"] {
            let (ours, copy) = (home.public().join(name), at(name));
            assert_ne!(inode(&ours), inode(&copy));
            let date = |path: &Path| fs::metadata(path).unwrap().modified().unwrap();
            assert_eq!(date(&ours), date(&copy));
            assert_eq!(fs::metadata(&copy).unwrap().permissions().mode() & 0o777, 0o644);
        }
        home.write(&home.public().join("f/b.rss"), b"B").unwrap();
        assert!(updated(&home).is_news);
        let after = ["card.rss", "f/a.rss", "f/b.rss"].map(|name| inode(&at(name)));
        assert_eq!((after[0], after[1]), (before[0], before[1]));
        assert_ne!(after[2], before[2]);
        assert!(!updated(&home).is_news);
    }

    #[test]
    fn what_the_command_edited_removed_or_made_is_as_in_public_again() {
        let (_folder, home) = home();
        let mirror = updated(&home).folder;
        let ours = content(&home.public());
        let date = fs::metadata(mirror.join("f/a.rss")).unwrap().modified().unwrap();
        fs::write(mirror.join("f/a.rss"), "x").unwrap();
        // As a tool does that keeps dates.
        File::open(mirror.join("f/a.rss")).unwrap().set_modified(date).unwrap();
        fs::remove_file(mirror.join("card.rss")).unwrap();
        fs::create_dir(mirror.join("card.rss")).unwrap();
        fs::remove_file(mirror.join("f/b.rss")).unwrap();
        std::os::unix::fs::symlink(home.public().join("f/b.rss"), mirror.join("f/b.rss")).unwrap();
        std::os::unix::fs::symlink(home.public(), mirror.join("made")).unwrap();
        fs::create_dir_all(mirror.join(".state/deep")).unwrap();
        assert!(!updated(&home).is_news, "nothing of ours changed");
        assert!(content(&mirror) == ours && content(&home.public()) == ours);
        assert!(!mirror.join("made").exists() && !mirror.join(".state").exists());
        fs::remove_dir_all(&mirror).unwrap();
        updated(&home);
        assert!(content(&mirror) == ours);
    }

    #[test]
    fn what_left_public_leaves_the_mirror() {
        let (_folder, home) = home();
        let mirror = updated(&home).folder;
        fs::remove_file(home.public().join("f/a.rss")).unwrap();
        assert!(updated(&home).is_news && !mirror.join("f/a.rss").exists());
        fs::remove_dir_all(home.public().join("f")).unwrap();
        fs::write(home.public().join("f"), "a file now").unwrap();
        updated(&home);
        assert!(content(&mirror) == content(&home.public()));
    }

    #[test]
    fn what_is_new_is_known_by_name_and_what_is_left_out_is_not_copied() {
        let (_folder, home) = home();
        assert_eq!(unseen(&home, "f").unwrap(), ["a.rss", "b.rss"]);
        let path = home.public().join("f/a.rss");
        let publishing = home.publishing(Duration::ZERO).unwrap();
        let mirror = update(&home, &publishing, &[path.clone()].into()).unwrap().folder;
        assert!(!mirror.join("f/a.rss").exists() && mirror.join("f/b.rss").exists());
        assert_eq!(unseen(&home, "f").unwrap(), ["a.rss"]);
        update(&home, &publishing, &BTreeSet::new()).unwrap();
        assert_eq!(fs::read(copy_of(&home, &path)).unwrap(), b"a");
        assert!(unseen(&home, "f").unwrap().is_empty() && unseen(&home, "b").unwrap().is_empty());
    }

    #[test]
    fn a_link_stays_one_and_what_nobody_can_copy_is_left_out() {
        let (_folder, home) = home();
        std::os::unix::fs::symlink("card.rss", home.public().join("feed.xml")).unwrap();
        let pipe = home.public().join("pipe");
        rustix::fs::mkfifoat(rustix::fs::CWD, &pipe, rustix::fs::Mode::RWXU).unwrap();
        let mirror = updated(&home).folder;
        assert_eq!(fs::read_link(mirror.join("feed.xml")).unwrap(), Path::new("card.rss"));
        assert!(!mirror.join("pipe").exists());
        fs::write(home.root().join("mirror.json"), "damaged").unwrap();
        assert!(updated(&home).is_news);
    }
}
