//! The hashes of the fetched feeds when they were fetched last.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::protocol::values::hash::Hash;
use crate::protocol::values::url::Url;
use crate::store::subscriptions::ALL;

/// Kept in memory alone, and of feeds with subscribers alone.
#[derive(Debug, Default)]
pub struct Latest(Mutex<HashMap<Url, Hash>>);

impl Latest {
    /// Notes that `feed` is `hash` now; returns whether it is another than it was, or is seen for
    /// the first time. When there is no room, feeds that are not `awaited` go.
    ///
    /// Two copies may be fetched at once, and the older noted last: the next look then tells once
    /// too often, and never once too seldom.
    pub fn is_new(&self, feed: &Url, hash: Hash, awaited: impl Fn(&Url) -> bool) -> bool {
        let mut hashes = self.with_room(awaited);
        hashes.insert(feed.clone(), hash) != Some(hash)
    }

    /// Returns whether `feed` was fetched.
    pub fn has(&self, feed: &Url) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).contains_key(feed)
    }

    /// Notes that `feed` was `hash` when somebody subscribed to it, unless more is known already.
    pub fn begin(&self, feed: &Url, hash: Hash, awaited: impl Fn(&Url) -> bool) {
        self.with_room(awaited).entry(feed.clone()).or_insert(hash);
    }

    fn with_room(&self, awaited: impl Fn(&Url) -> bool) -> MutexGuard<'_, HashMap<Url, Hash>> {
        let mut hashes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // There are not more feeds with subscribers than that.
        if hashes.len() >= ALL {
            hashes.retain(|feed, _| awaited(feed));
        }
        hashes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn feed(number: usize) -> Url {
        format!("https://a.example/{number}").parse().unwrap()
    }

    #[test]
    fn what_changed_or_was_never_seen_is_new() {
        let (latest, awaited) = (Latest::default(), |_: &Url| true);
        let is_new =
            |number, text: &str| latest.is_new(&feed(number), Hash::of(text.as_bytes()), awaited);
        assert!(is_new(1, "one") && !is_new(1, "one") && is_new(1, "two") && is_new(1, "one"));
        latest.begin(&feed(2), Hash::of(b"one"), awaited);
        assert!(!is_new(2, "one"));
        latest.begin(&feed(2), Hash::of(b"two"), awaited);
        assert!(!is_new(2, "one"), "who comes later does not hide a change from the others");
    }

    #[test]
    fn feeds_that_nobody_awaits_any_more_make_room() {
        let (latest, hash) = (Latest::default(), Hash::of(b""));
        for number in 0..ALL + 10 {
            latest.begin(&feed(number), hash, |awaited| *awaited == feed(3));
        }
        assert!(latest.0.lock().unwrap().len() <= ALL);
        assert!(!latest.is_new(&feed(3), hash, |_| true));
    }
}
