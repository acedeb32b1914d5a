//! A pace: so much at once for each key, and so much in an hour from then on.

use std::collections::BTreeMap;
use std::time::Duration;

/// An hour.
const HOUR: Duration = Duration::from_secs(60 * 60);

/// How much each key may use, of whatever is counted. What was used comes back evenly, so that
/// nobody finds two full measures side by side where one hour ends and the next begins.
///
/// Only so many keys are remembered. When there are more, those go that have used the least: a
/// flood of keys lets nobody go on who has used it up.
#[derive(Debug)]
pub struct Pace<K> {
    bounds: Bounds,
    /// When all that each key used has come back.
    whole: BTreeMap<K, Duration>,
}

/// The numbers of a pace.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// What a key that has used nothing may use at once.
    pub at_once: u32,
    /// What comes back in an hour; not 0.
    pub in_hour: u32,
    /// Keys that are remembered.
    pub keys: usize,
}

impl<K: Ord + Clone> Pace<K> {
    /// A pace by which nobody has used anything yet.
    pub fn new(bounds: Bounds) -> Self {
        Self { bounds, whole: BTreeMap::new() }
    }

    /// Returns whether `key` has anything left at `now`. The clock must never be set back.
    pub fn has_left(&self, key: &K, now: Duration) -> bool {
        let owed = self.whole.get(key).map_or(Duration::ZERO, |whole| whole.saturating_sub(now));
        owed.saturating_add(self.time_of(1)) <= self.time_of(self.bounds.at_once)
    }

    /// Counts that `key` uses `amount` at `now`, though it be more than is left.
    pub fn take(&mut self, key: &K, amount: u32, now: Duration) {
        if self.whole.len() >= self.bounds.keys && !self.whole.contains_key(key) {
            self.make_room(now);
        }
        let time = self.time_of(amount);
        let whole = self.whole.entry(key.clone()).or_insert(now);
        *whole = (*whole).max(now).saturating_add(time);
    }

    /// The time in which `amount` comes back.
    fn time_of(&self, amount: u32) -> Duration {
        let one = HOUR.checked_div(self.bounds.in_hour).unwrap_or(HOUR);
        one.saturating_mul(amount)
    }

    /// Forgets all that have used nothing, or else the half that has used the least.
    fn make_room(&mut self, now: Duration) {
        self.whole.retain(|_, whole| *whole > now);
        if self.whole.len() < self.bounds.keys {
            return;
        }
        let mut all: Vec<Duration> = self.whole.values().copied().collect();
        all.sort_unstable();
        let middle = all.get(all.len() / 2).copied().unwrap_or_default();
        self.whole.retain(|_, whole| *whole > middle);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pace() -> Pace<u8> {
        Pace::new(Bounds { at_once: 10, in_hour: 3_600, keys: 4 })
    }

    fn taken(pace: &mut Pace<u8>, key: u8, now: Duration) -> usize {
        let mut taken = 0;
        while taken < 100 && pace.has_left(&key, now) {
            pace.take(&key, 1, now);
            taken += 1;
        }
        taken
    }

    #[test]
    fn so_much_at_once_and_then_evenly() {
        let (mut pace, start) = (pace(), Duration::from_secs(5));
        let after = |seconds| start + Duration::from_secs(seconds);
        assert_eq!(taken(&mut pace, 1, start), 10);
        assert_eq!(taken(&mut pace, 1, start), 0);
        assert_eq!(taken(&mut pace, 2, start), 10, "another key has its own");
        assert_eq!(taken(&mut pace, 1, after(3)), 3);
        assert_eq!(taken(&mut pace, 1, after(1_000)), 10, "no more is saved up");
    }

    #[test]
    fn what_is_too_much_is_paid_off_before_there_is_any_left() {
        let (mut pace, start) = (pace(), Duration::ZERO);
        pace.take(&1, 25, start);
        let left = |seconds| pace.has_left(&1, Duration::from_secs(seconds));
        assert!(!left(0) && !left(15) && left(16));
    }

    #[test]
    fn a_flood_of_keys_frees_nobody_who_has_used_it_up() {
        let (mut pace, now) = (pace(), Duration::ZERO);
        assert_eq!(taken(&mut pace, 0, now), 10);
        for key in 1..=255 {
            pace.take(&key, 1, now);
            assert!(pace.whole.len() <= 4);
        }
        assert!(!pace.has_left(&0, now));
    }
}
