//! The contacts to look after, and when.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::announcement::Announcement;
use crate::work::schedule::Schedule;

/// The contacts who have announced something, and those who have something to be delivered.
#[derive(Debug)]
pub struct Attention {
    /// By name: one thread at once looks after each.
    pub schedule: Schedule<String>,
    wanted: Mutex<HashMap<String, Due>>,
}

#[derive(Debug, Default)]
struct Due {
    announcement: Announcement,
    /// Whether the feed is to be fetched; else there is only something to deliver.
    look: bool,
}

impl Attention {
    /// Nobody is to be looked after.
    pub fn new() -> Self {
        Self { schedule: Schedule::new(), wanted: Mutex::default() }
    }

    /// The feed of the contact called `name` is said to have changed.
    pub fn announced(&self, name: String) {
        let mut all = self.wanted();
        let wanted = all.entry(name.clone()).or_default();
        wanted.look = true;
        let due = wanted.announcement.comes(Instant::now());
        drop(all);
        self.schedule.at(name, due);
    }

    /// The feed of the contact called `name` is to be fetched.
    pub fn look(&self, name: String) {
        self.wanted().entry(name.clone()).or_default().look = true;
        self.schedule.soon(name);
    }

    /// Something by the contact called `name` is to be delivered.
    pub fn deliver(&self, name: String) {
        self.schedule.soon(name);
    }

    /// Returns whether the feed of the contact called `name` is to be fetched, now that somebody
    /// does so.
    pub fn takes_look(&self, name: &str) -> bool {
        self.wanted().get_mut(name).is_some_and(|wanted| std::mem::take(&mut wanted.look))
    }

    /// The feed of the contact called `name` was fetched, and had changed or not.
    pub fn looked(&self, name: &str, found: bool) {
        let mut all = self.wanted();
        let Some(wanted) = all.get_mut(name) else { return };
        let Some(again) = wanted.announcement.looked(found, Instant::now()) else { return };
        wanted.look = true;
        drop(all);
        self.schedule.at(name.to_owned(), again);
    }

    /// There is no contact called `name` any more.
    pub fn forget(&self, name: &str) {
        self.wanted().remove(name);
    }

    fn wanted(&self) -> MutexGuard<'_, HashMap<String, Due>> {
        self.wanted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
