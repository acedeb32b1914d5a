//! What is on a disk, and what of it would be there after a power cut.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use rustix::io::Errno;

pub const ROOT: u64 = 1;

/// Everything on a disk. A copy costs little: what files hold is shared.
#[derive(Clone)]
pub struct Nodes {
    nodes: BTreeMap<u64, Node>,
}

/// A file, a folder or a link.
#[derive(Clone)]
pub struct Node {
    pub mode: u16,
    pub modified: SystemTime,
    /// What it holds now.
    pub holds: Holds,
    /// What it held when it was last synchronised; nothing if it never was.
    synced: Option<Holds>,
}

#[derive(Clone)]
pub enum Holds {
    File(Arc<Vec<u8>>),
    Folder(BTreeMap<OsString, u64>),
    Link(PathBuf),
}

/// What a power cut takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loss {
    /// All that was not synchronised.
    Everything,
    /// What was written into files and not synchronised; names stay.
    Content,
}

impl Node {
    pub fn new(mode: u16, holds: Holds) -> Self {
        let synced = match &holds {
            Holds::File(_) => None,
            other => Some(other.clone()),
        };
        Self { mode, modified: SystemTime::now(), holds, synced }
    }
}

impl Nodes {
    /// A disk with an empty folder.
    pub fn new() -> Self {
        Self { nodes: [(ROOT, Node::new(0o755, Holds::Folder(BTreeMap::new())))].into() }
    }

    pub fn get(&self, id: u64) -> Result<&Node, Errno> {
        self.nodes.get(&id).ok_or(Errno::NOENT)
    }

    pub fn get_mut(&mut self, id: u64) -> Result<&mut Node, Errno> {
        self.nodes.get_mut(&id).ok_or(Errno::NOENT)
    }

    pub fn names(&self, folder: u64) -> Result<&BTreeMap<OsString, u64>, Errno> {
        match &self.get(folder)?.holds {
            Holds::Folder(names) => Ok(names),
            _ => Err(Errno::NOTDIR),
        }
    }

    fn names_mut(&mut self, folder: u64) -> Result<&mut BTreeMap<OsString, u64>, Errno> {
        match &mut self.get_mut(folder)?.holds {
            Holds::Folder(names) => Ok(names),
            _ => Err(Errno::NOTDIR),
        }
    }

    pub fn find(&self, folder: u64, name: &OsStr) -> Result<u64, Errno> {
        self.names(folder)?.get(name).copied().ok_or(Errno::NOENT)
    }

    pub fn bytes(&self, id: u64) -> Result<&Arc<Vec<u8>>, Errno> {
        match &self.get(id)?.holds {
            Holds::File(bytes) => Ok(bytes),
            _ => Err(Errno::ISDIR),
        }
    }

    pub fn bytes_mut(&mut self, id: u64) -> Result<&mut Vec<u8>, Errno> {
        let node = self.get_mut(id)?;
        node.modified = SystemTime::now();
        match &mut node.holds {
            Holds::File(bytes) => Ok(Arc::make_mut(bytes)),
            _ => Err(Errno::ISDIR),
        }
    }

    /// Puts a new `node`, which is to be `id`, into `folder`.
    pub fn add(&mut self, folder: u64, name: &OsStr, id: u64, node: Node) -> Result<(), Errno> {
        if self.names(folder)?.contains_key(name) {
            return Err(Errno::EXIST);
        }
        self.nodes.insert(id, node);
        self.names_mut(folder)?.insert(name.to_owned(), id);
        Ok(())
    }

    /// Puts `id` into `folder` under one more name.
    pub fn link(&mut self, folder: u64, name: &OsStr, id: u64) -> Result<(), Errno> {
        if self.names(folder)?.contains_key(name) {
            return Err(Errno::EXIST);
        }
        self.names_mut(folder)?.insert(name.to_owned(), id);
        Ok(())
    }

    pub fn unlink(&mut self, folder: u64, name: &OsStr) -> Result<(), Errno> {
        if matches!(self.get(self.find(folder, name)?)?.holds, Holds::Folder(_)) {
            return Err(Errno::ISDIR);
        }
        self.names_mut(folder)?.remove(name);
        Ok(())
    }

    pub fn remove_folder(&mut self, folder: u64, name: &OsStr) -> Result<(), Errno> {
        if !self.names(self.find(folder, name)?)?.is_empty() {
            return Err(Errno::NOTEMPTY);
        }
        self.names_mut(folder)?.remove(name);
        Ok(())
    }

    pub fn rename(
        &mut self,
        (folder, name): (u64, &OsStr),
        (to, new): (u64, &OsStr),
        replaces: bool,
    ) -> Result<(), Errno> {
        let id = self.find(folder, name)?;
        if let Ok(there) = self.find(to, new) {
            if !replaces {
                return Err(Errno::EXIST);
            }
            let is_folder = |id| matches!(self.nodes[&id].holds, Holds::Folder(_));
            match (is_folder(id), is_folder(there)) {
                (false, true) => return Err(Errno::ISDIR),
                (true, false) => return Err(Errno::NOTDIR),
                (true, true) if !self.names(there)?.is_empty() => return Err(Errno::NOTEMPTY),
                _ => {}
            }
        }
        self.names_mut(folder)?.remove(name);
        self.names_mut(to)?.insert(new.to_owned(), id);
        Ok(())
    }

    /// Makes what `id` holds last.
    pub fn sync(&mut self, id: u64) -> Result<(), Errno> {
        let node = self.get_mut(id)?;
        node.synced = Some(node.holds.clone());
        Ok(())
    }

    /// Makes everything last.
    pub fn sync_all(&mut self) {
        self.nodes.values_mut().for_each(|node| node.synced = Some(node.holds.clone()));
    }

    /// What is at `path`, below the root.
    pub fn at(&self, path: &Path) -> Result<u64, Errno> {
        path.iter().try_fold(ROOT, |folder, name| self.find(folder, name))
    }

    /// The disk after a power cut, which took the `loss` below the folder `below`.
    pub fn after_cut(&self, below: &Path, loss: Loss) -> Self {
        let mut after = self.clone();
        let mut left = vec![self.at(below).unwrap()];
        while let Some(id) = left.pop() {
            let Some(node) = after.nodes.get_mut(&id) else { continue };
            let lost = matches!(node.holds, Holds::File(_)) || loss == Loss::Everything;
            if lost {
                let nothing = || match node.holds {
                    Holds::File(_) => Holds::File(Arc::default()),
                    _ => Holds::Folder(BTreeMap::new()),
                };
                node.holds = node.synced.clone().unwrap_or_else(nothing);
            }
            node.synced = Some(node.holds.clone());
            if let Holds::Folder(names) = &node.holds {
                left.extend(names.values());
            }
        }
        after
    }
}

#[test]
fn what_was_not_synchronised_is_lost_and_nothing_else() {
    let mut disk = Nodes::new();
    let file = |disk: &mut Nodes, name: &str, id| {
        disk.add(ROOT, name.as_ref(), id, Node::new(0o600, Holds::File(Arc::default()))).unwrap();
        disk.bytes_mut(id).unwrap().extend(b"old");
    };
    file(&mut disk, "lasts", 2);
    disk.sync(2).unwrap();
    disk.sync(ROOT).unwrap();
    disk.bytes_mut(2).unwrap().extend(b" and new");
    file(&mut disk, "synced-without-its-name", 3);
    disk.sync(3).unwrap();
    disk.rename((ROOT, "lasts".as_ref()), (ROOT, "moved".as_ref()), true).unwrap();
    let look = |disk: &Nodes| -> Vec<(String, Vec<u8>)> {
        let names = disk.names(ROOT).unwrap().iter();
        let text = |name: &OsString| name.to_str().unwrap().to_owned();
        names.map(|(name, id)| (text(name), disk.bytes(*id).unwrap().to_vec())).collect()
    };
    let old = |name: &str| (name.to_owned(), b"old".to_vec());
    let cut = |loss| look(&disk.after_cut(Path::new(""), loss));
    assert_eq!(cut(Loss::Everything), [old("lasts")]);
    assert_eq!(cut(Loss::Content), [old("moved"), old("synced-without-its-name")]);
}
