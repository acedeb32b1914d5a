//! The hashes of the feeds when their subscribers were told last.

use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use crate::protocol::values::hash::Hash;
use crate::protocol::values::url::Url;

/// Kept in memory alone: after a restart, telling once too often is better than once too seldom.
#[derive(Debug, Default)]
pub struct Announced(Mutex<HashMap<Url, Hash>>);

impl Announced {
    /// Returns whether `feed`, the file at `path`, is another than it was the last time, or is seen
    /// for the first time.
    pub fn is_new(&self, feed: &Url, path: &Path) -> io::Result<bool> {
        // Held while the file is read, so that nobody notes an older one after a newer.
        let mut hashes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let hash = Hash::of_reader(File::open(path)?)?;
        Ok(hashes.insert(feed.clone(), hash) != Some(hash))
    }
}
