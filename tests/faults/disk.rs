//! A file system in memory, mounted by FUSE, that knows what was synchronised.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, SystemTime};

use fuser::{
    BackgroundSession, FileAttr, FileType, Filesystem, MountOption, ReplyAttr, ReplyCreate,
    ReplyData, ReplyDirectory, ReplyEmpty, ReplyEntry, ReplyOpen, ReplyWrite, Request, TimeOrNow,
};
use rustix::io::Errno;
use rustix::process::{getgid, getuid};
use tempfile::TempDir;

use crate::nodes::{Holds, Node, Nodes, ROOT};

/// The kernel is to ask each time: what is on the disk changes behind its back.
const NEVER: Duration = Duration::ZERO;
/// `FOPEN_DIRECT_IO`: it keeps no copy of what files hold.
const DIRECT: u32 = 1;
/// `RENAME_NOREPLACE`.
const NO_REPLACE: u32 = 1;

/// The file system; it is unmounted when dropped.
pub struct Disk {
    shared: Arc<Mutex<Shared>>,
    session: Option<BackgroundSession>,
    mount: TempDir,
}

struct Shared {
    nodes: Nodes,
    /// No number is given twice, be the disk put back or not.
    next: u64,
    moments: Option<Vec<Moment>>,
}

/// The disk as it was before something changed on it.
#[derive(Clone)]
pub struct Moment {
    /// The change that is to come.
    pub next: String,
    pub nodes: Nodes,
}

impl Disk {
    /// Mounts an empty one; nothing where that cannot be.
    pub fn mount() -> Option<Self> {
        let mount = tempfile::tempdir().unwrap();
        let shared = Shared { nodes: Nodes::new(), next: ROOT + 1, moments: None };
        let shared = Arc::new(Mutex::new(shared));
        let options = [MountOption::FSName("cloudim-test".to_owned()), MountOption::RW];
        let served = Served(Arc::clone(&shared));
        match fuser::spawn_mount2(served, mount.path(), &options) {
            Ok(session) => Some(Self { shared, session: Some(session), mount }),
            Err(why) => {
                println!("no file system can be mounted here: {why}");
                None
            }
        }
    }

    pub fn path(&self) -> &Path {
        self.mount.path()
    }

    fn shared(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap()
    }

    /// The disk as it is, all of which lasts.
    pub fn synced(&self) -> Nodes {
        let mut shared = self.shared();
        shared.nodes.sync_all();
        shared.nodes.clone()
    }

    pub fn nodes(&self) -> Nodes {
        self.shared().nodes.clone()
    }

    /// Makes the disk be like that.
    pub fn put_back(&self, nodes: &Nodes) {
        self.shared().nodes = nodes.clone();
    }

    /// What is on the disk before each change that `work` makes, and at its end.
    pub fn moments<T>(&self, work: impl FnOnce() -> T) -> (T, Vec<Moment>) {
        self.shared().moments = Some(Vec::new());
        let done = work();
        let mut shared = self.shared();
        let mut moments = shared.moments.take().unwrap();
        moments.push(Moment { next: "the end".to_owned(), nodes: shared.nodes.clone() });
        (done, moments)
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // Before the folder that it is mounted on goes.
        drop(self.session.take());
    }
}

struct Served(Arc<Mutex<Shared>>);

impl Served {
    fn shared(&self) -> MutexGuard<'_, Shared> {
        self.0.lock().unwrap()
    }
}

impl Shared {
    /// Notes that something is about to change.
    fn about_to(&mut self, change: impl FnOnce() -> String) {
        let nodes = &self.nodes;
        if let Some(moments) = &mut self.moments {
            moments.push(Moment { next: change(), nodes: nodes.clone() });
        }
    }

    fn attributes(&self, id: u64) -> Result<FileAttr, Errno> {
        let node = self.nodes.get(id)?;
        let (kind, size) = match &node.holds {
            Holds::File(bytes) => (FileType::RegularFile, bytes.len() as u64),
            Holds::Folder(_) => (FileType::Directory, 0),
            Holds::Link(to) => (FileType::Symlink, to.as_os_str().len() as u64),
        };
        Ok(FileAttr {
            ino: id,
            size,
            blocks: size.div_ceil(512),
            atime: node.modified,
            mtime: node.modified,
            ctime: node.modified,
            crtime: node.modified,
            kind,
            perm: node.mode,
            nlink: 1,
            uid: getuid().as_raw(),
            gid: getgid().as_raw(),
            rdev: 0,
            blksize: 4096,
            flags: 0,
        })
    }

    fn add(&mut self, folder: u64, name: &OsStr, node: Node) -> Result<FileAttr, Errno> {
        let kind = match node.holds {
            Holds::File(_) => "create",
            Holds::Folder(_) => "mkdir",
            Holds::Link(_) => "symlink",
        };
        self.about_to(|| format!("{kind} {}", name.display()));
        let id = self.next;
        self.next += 1;
        self.nodes.add(folder, name, id, node)?;
        self.attributes(id)
    }
}

/// Answers with what was done, or why not.
macro_rules! answer {
    ($reply:ident, $done:expr, $value:pat => $good:expr) => {
        let done: Result<_, Errno> = $done;
        match done {
            Ok($value) => $good,
            Err(why) => $reply.error(why.raw_os_error()),
        }
    };
}

impl Filesystem for Served {
    fn lookup(&mut self, _: &Request<'_>, parent: u64, name: &OsStr, reply: ReplyEntry) {
        let shared = self.shared();
        let found = || shared.attributes(shared.nodes.find(parent, name)?);
        answer!(reply, found(), found => reply.entry(&NEVER, &found, 0));
    }

    fn getattr(&mut self, _: &Request<'_>, id: u64, _: Option<u64>, reply: ReplyAttr) {
        answer!(reply, self.shared().attributes(id), there => reply.attr(&NEVER, &there));
    }

    fn setattr(
        &mut self,
        _: &Request<'_>,
        id: u64,
        mode: Option<u32>,
        _: Option<u32>,
        _: Option<u32>,
        size: Option<u64>,
        _: Option<TimeOrNow>,
        modified: Option<TimeOrNow>,
        _: Option<SystemTime>,
        _: Option<u64>,
        _: Option<SystemTime>,
        _: Option<SystemTime>,
        _: Option<SystemTime>,
        _: Option<u32>,
        reply: ReplyAttr,
    ) {
        let mut shared = self.shared();
        shared.about_to(|| format!("setattr {id}"));
        let mut set = || {
            if let Some(size) = size {
                shared.nodes.bytes_mut(id)?.resize(size as usize, 0);
            }
            let node = shared.nodes.get_mut(id)?;
            node.mode = mode.map_or(node.mode, |mode| (mode & 0o7777) as u16);
            match modified {
                Some(TimeOrNow::SpecificTime(time)) => node.modified = time,
                Some(TimeOrNow::Now) => node.modified = SystemTime::now(),
                None => {}
            }
            shared.attributes(id)
        };
        answer!(reply, set(), there => reply.attr(&NEVER, &there));
    }

    fn readlink(&mut self, _: &Request<'_>, id: u64, reply: ReplyData) {
        let shared = self.shared();
        let link = || match &shared.nodes.get(id)?.holds {
            Holds::Link(to) => Ok(to.clone()),
            _ => Err(Errno::INVAL),
        };
        answer!(reply, link(), to => reply.data(to.as_os_str().as_encoded_bytes()));
    }

    fn mkdir(
        &mut self,
        _: &Request<'_>,
        parent: u64,
        name: &OsStr,
        mode: u32,
        umask: u32,
        reply: ReplyEntry,
    ) {
        let node = Node::new((mode & !umask & 0o7777) as u16, Holds::Folder(Default::default()));
        answer!(reply, self.shared().add(parent, name, node), made => reply.entry(&NEVER, &made, 0));
    }

    fn symlink(
        &mut self,
        _: &Request<'_>,
        parent: u64,
        name: &OsStr,
        target: &Path,
        reply: ReplyEntry,
    ) {
        let node = Node::new(0o777, Holds::Link(PathBuf::from(target)));
        answer!(reply, self.shared().add(parent, name, node), made => reply.entry(&NEVER, &made, 0));
    }

    fn link(&mut self, _: &Request<'_>, id: u64, parent: u64, name: &OsStr, reply: ReplyEntry) {
        let mut shared = self.shared();
        shared.about_to(|| format!("link {}", name.display()));
        let mut link = || {
            shared.nodes.link(parent, name, id)?;
            shared.attributes(id)
        };
        answer!(reply, link(), there => reply.entry(&NEVER, &there, 0));
    }

    fn unlink(&mut self, _: &Request<'_>, parent: u64, name: &OsStr, reply: ReplyEmpty) {
        let mut shared = self.shared();
        shared.about_to(|| format!("unlink {}", name.display()));
        answer!(reply, shared.nodes.unlink(parent, name), () => reply.ok());
    }

    fn rmdir(&mut self, _: &Request<'_>, parent: u64, name: &OsStr, reply: ReplyEmpty) {
        let mut shared = self.shared();
        shared.about_to(|| format!("rmdir {}", name.display()));
        answer!(reply, shared.nodes.remove_folder(parent, name), () => reply.ok());
    }

    fn rename(
        &mut self,
        _: &Request<'_>,
        parent: u64,
        name: &OsStr,
        to: u64,
        new: &OsStr,
        flags: u32,
        reply: ReplyEmpty,
    ) {
        let mut shared = self.shared();
        shared.about_to(|| format!("rename {} to {}", name.display(), new.display()));
        let replaces = flags & NO_REPLACE == 0;
        let done = shared.nodes.rename((parent, name), (to, new), replaces);
        answer!(reply, done, () => reply.ok());
    }

    fn open(&mut self, _: &Request<'_>, _: u64, _: i32, reply: ReplyOpen) {
        reply.opened(0, DIRECT);
    }

    fn create(
        &mut self,
        _: &Request<'_>,
        parent: u64,
        name: &OsStr,
        mode: u32,
        umask: u32,
        _: i32,
        reply: ReplyCreate,
    ) {
        let node = Node::new((mode & !umask & 0o7777) as u16, Holds::File(Arc::default()));
        let made = self.shared().add(parent, name, node);
        answer!(reply, made, made => reply.created(&NEVER, &made, 0, 0, DIRECT));
    }

    fn read(
        &mut self,
        _: &Request<'_>,
        id: u64,
        _: u64,
        offset: i64,
        size: u32,
        _: i32,
        _: Option<u64>,
        reply: ReplyData,
    ) {
        let shared = self.shared();
        let read = || {
            let bytes = Arc::clone(shared.nodes.bytes(id)?);
            let from = (offset as usize).min(bytes.len());
            let to = (from + size as usize).min(bytes.len());
            Ok(bytes[from..to].to_vec())
        };
        answer!(reply, read(), bytes => reply.data(&bytes));
    }

    fn write(
        &mut self,
        _: &Request<'_>,
        id: u64,
        _: u64,
        offset: i64,
        data: &[u8],
        _: u32,
        _: i32,
        _: Option<u64>,
        reply: ReplyWrite,
    ) {
        let mut shared = self.shared();
        shared.about_to(|| format!("write {id}"));
        let mut write = || {
            let bytes = shared.nodes.bytes_mut(id)?;
            let (from, to) = (offset as usize, offset as usize + data.len());
            if bytes.len() < to {
                bytes.resize(to, 0);
            }
            bytes[from..to].copy_from_slice(data);
            Ok(data.len() as u32)
        };
        answer!(reply, write(), size => reply.written(size));
    }

    fn flush(&mut self, _: &Request<'_>, _: u64, _: u64, _: u64, reply: ReplyEmpty) {
        reply.ok();
    }

    fn fsync(&mut self, _: &Request<'_>, id: u64, _: u64, _: bool, reply: ReplyEmpty) {
        let mut shared = self.shared();
        shared.about_to(|| format!("fsync {id}"));
        answer!(reply, shared.nodes.sync(id), () => reply.ok());
    }

    fn fsyncdir(&mut self, request: &Request<'_>, id: u64, _: u64, _: bool, reply: ReplyEmpty) {
        self.fsync(request, id, 0, false, reply);
    }

    fn readdir(
        &mut self,
        _: &Request<'_>,
        id: u64,
        _: u64,
        offset: i64,
        mut reply: ReplyDirectory,
    ) {
        let shared = self.shared();
        let names = match shared.nodes.names(id) {
            Ok(names) => names,
            Err(why) => return reply.error(why.raw_os_error()),
        };
        let dots = [".", ".."].map(|name| (OsStr::new(name), id, FileType::Directory));
        let rest = names.iter().map(|(name, id)| {
            let kind = shared.attributes(*id).map_or(FileType::RegularFile, |there| there.kind);
            (name.as_os_str(), *id, kind)
        });
        let all = dots.into_iter().chain(rest).enumerate().skip(offset as usize);
        for (index, (name, id, kind)) in all {
            if reply.add(id, index as i64 + 1, kind, name) {
                break;
            }
        }
        reply.ok();
    }
}
