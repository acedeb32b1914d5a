//! The subscribers that cannot be told, since when, and why.

use jiff::Timestamp;

use super::entry::{Failing, Subscription};
use super::{FEW, Known, Lease, Subscriptions, insert};
use crate::protocol::values::url::Url;
use crate::store::error::Result;

/// Characters of a reason that are kept.
const WHY: usize = 200;

impl Subscriptions {
    /// Notes that `callback` could not be told of `feed` at `now`. Only what is new is written:
    /// that it fails, or for which reason.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn failed(&self, feed: &Url, callback: &Url, why: &str, now: Timestamp) -> Result<()> {
        let why: String = why.chars().take(WHY).collect();
        self.mark(feed, callback, now, |lease| {
            let known = lease.failing.as_ref();
            let since = known.map_or(now, |failing| failing.since);
            Some(Failing { since, why })
        })
    }

    /// Notes that `callback` was told of `feed`.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn told(&self, feed: &Url, callback: &Url, now: Timestamp) -> Result<()> {
        // Most could be told before as well, and need not wait for the disk.
        let failed = |known: &Known| known.get(feed)?.get(callback)?.failing.clone();
        match self.read(failed) {
            Some(_) => self.mark(feed, callback, now, |_| None),
            None => Ok(()),
        }
    }

    fn mark(
        &self,
        feed: &Url,
        callback: &Url,
        now: Timestamp,
        mark: impl FnOnce(&Lease) -> Option<Failing>,
    ) -> Result<()> {
        let mut journal = self.journal();
        let marked = self.read(|known| {
            let lease = known.get(feed)?.get(callback).filter(|lease| lease.until > now)?;
            let failing = mark(lease);
            (failing != lease.failing).then(|| Subscription { failing, ..lease.of(feed, callback) })
        });
        let Some(marked) = marked else { return Ok(()) };
        journal.append(&marked)?;
        self.write(|known| insert(known, marked));
        self.tidy(&mut journal, now, |live| live.max(FEW));
        Ok(())
    }
}
