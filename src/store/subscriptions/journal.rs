//! The file behind the subscriptions: lines are appended, and now and then it is rewritten. The
//! process that is a cloud for the home is the only one that writes it, and has a lock for that
//! ([`Home::serving_cloud`]).

use std::fs::{File, OpenOptions};
use std::io::{Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use super::entry::Subscription;
use crate::store::disk::atomic::{self, Mode};
use crate::store::disk::home::Home;
use crate::store::disk::ours;
use crate::store::error::{OrCannot, Result};

/// The file, and how much of it is whole.
#[derive(Debug)]
pub(super) struct Journal {
    /// The home, in which what is not in its place yet lies.
    root: PathBuf,
    path: PathBuf,
    /// Kept open from the first line that is appended to the next rewriting.
    file: Option<File>,
    /// The offset at which its last whole line ends.
    end: usize,
    lines: usize,
}

impl Journal {
    /// Opens the journal of `home`; also returns what stands in it, in its order. A torn last line
    /// does not stand in it, nor does one that this version cannot read.
    pub(super) fn open(home: &Home) -> Result<(Self, Vec<Subscription>)> {
        let path = home.subscriptions();
        let mut bytes = atomic::read(&path)?.unwrap_or_default();
        bytes.truncate(bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1));
        let lines: Vec<&[u8]> = bytes.split_inclusive(|byte| *byte == b'\n').collect();
        let read = lines.iter().filter_map(|line| serde_json::from_slice(line).ok()).collect();
        let (lines, end) = (lines.len(), bytes.len());
        Ok((Self { root: home.root().to_owned(), path, file: None, end, lines }, read))
    }

    /// The lines in it.
    pub(super) fn lines(&self) -> usize {
        self.lines
    }

    /// Appends a line, with fsync.
    pub(super) fn append(&mut self, subscription: &Subscription) -> Result<()> {
        let line = line(subscription)?;
        let end = self.end as u64;
        let path = self.path.clone();
        let file = self.file()?;
        // What a failed or killed append left is cut off first.
        let written = file
            .set_len(end)
            .and_then(|()| file.seek(SeekFrom::Start(end)))
            .and_then(|_| file.write_all(&line))
            .and_then(|()| file.sync_all());
        written.map_err(|cause| atomic::cannot_write(&path, cause))?;
        self.end = self.end.saturating_add(line.len());
        self.lines = self.lines.saturating_add(1);
        Ok(())
    }

    /// Replaces it by one that says `all`.
    pub(super) fn rewrite(&mut self, all: &[Subscription]) -> Result<()> {
        let lines = all.iter().map(line).collect::<Result<Vec<_>>>()?.concat();
        atomic::folder(parent(&self.path), Mode::Private)?;
        atomic::write(&self.root, &self.path, &lines, Mode::Private)?;
        (self.file, self.end, self.lines) = (None, lines.len(), all.len());
        Ok(())
    }

    fn file(&mut self) -> Result<&mut File> {
        let file = match self.file.take() {
            Some(file) => file,
            None => {
                atomic::folder(parent(&self.path), Mode::Private)?;
                let mut options = OpenOptions::new();
                options.write(true).create(true).truncate(false).mode(0o600);
                let opened = ours::in_place(&mut options).open(&self.path);
                let file = opened.map_err(|cause| atomic::cannot_write(&self.path, cause))?;
                atomic::sync_folder_of(&self.path)?;
                file
            }
        };
        Ok(self.file.insert(file))
    }
}

fn parent(path: &Path) -> &Path {
    path.parent().unwrap_or(path)
}

fn line(subscription: &Subscription) -> Result<Vec<u8>> {
    let mut line = serde_json::to_vec(subscription).or_cannot("write a subscription")?;
    line.push(b'\n');
    Ok(line)
}
