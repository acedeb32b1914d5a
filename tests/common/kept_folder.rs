//! A folder as it was, to be put back as often as need be: a home on which one thing after another is
//! tried.

use std::collections::BTreeMap;
use std::fs::{self, File, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// What a folder holds, with modes and dates.
pub struct KeptFolder {
    root: PathBuf,
    entries: BTreeMap<PathBuf, Entry>,
}

#[derive(PartialEq)]
enum Entry {
    Folder(u32),
    File { bytes: Vec<u8>, mode: u32, modified: SystemTime },
    Link(PathBuf),
}

impl KeptFolder {
    /// The folder `root` as it is.
    pub fn of(root: &Path) -> Self {
        Self { root: root.to_owned(), entries: entries(root) }
    }

    /// Makes the folder as it was. A file that is there is written in its place: a lock stays the file
    /// that it was made as.
    pub fn put_back(&self) {
        let there = entries(&self.root);
        for (path, entry) in there.iter().rev() {
            let stays = self.entries.get(path).is_some_and(|kept| kept.is_of_kind(entry));
            match entry {
                _ if stays => {}
                Entry::Folder(_) => fs::remove_dir(path).unwrap(),
                Entry::File { .. } | Entry::Link(_) => fs::remove_file(path).unwrap(),
            }
        }
        for (path, entry) in &self.entries {
            if there.get(path) != Some(entry) {
                let is_there = there.get(path).is_some_and(|there| there.is_of_kind(entry));
                entry.put(path, is_there);
            }
        }
    }
}

impl Entry {
    fn is_of_kind(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Link(to), Self::Link(there)) => to == there,
            _ => std::mem::discriminant(self) == std::mem::discriminant(other),
        }
    }

    fn put(&self, path: &Path, is_there: bool) {
        match self {
            Self::Folder(mode) => {
                if !is_there {
                    fs::create_dir(path).unwrap();
                }
                fs::set_permissions(path, Permissions::from_mode(*mode)).unwrap();
            }
            Self::File { bytes, mode, modified } => {
                fs::write(path, bytes).unwrap();
                fs::set_permissions(path, Permissions::from_mode(*mode)).unwrap();
                File::options().write(true).open(path).unwrap().set_modified(*modified).unwrap();
            }
            Self::Link(to) => symlink(to, path).unwrap(),
        }
    }
}

fn entries(root: &Path) -> BTreeMap<PathBuf, Entry> {
    let (mut folders, mut entries) = (vec![root.to_owned()], BTreeMap::new());
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let metadata = path.symlink_metadata().unwrap();
            let mode = metadata.permissions().mode() & 0o7777;
            let entry = if metadata.is_dir() {
                folders.push(path.clone());
                Entry::Folder(mode)
            } else if metadata.is_symlink() {
                Entry::Link(fs::read_link(&path).unwrap())
            } else {
                let modified = metadata.modified().unwrap();
                Entry::File { bytes: fs::read(&path).unwrap(), mode, modified }
            };
            entries.insert(path, entry);
        }
    }
    entries
}
