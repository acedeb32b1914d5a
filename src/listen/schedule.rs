//! What is to be done when: filled by whoever learns of it, emptied by the threads that do it.

use std::collections::BTreeMap;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Things to do, each at its time and by one thread at once.
#[derive(Debug)]
pub struct Schedule<K> {
    plan: Mutex<Plan<K>>,
    changed: Condvar,
}

impl<K: Ord + Clone> Schedule<K> {
    /// Nothing to do.
    pub fn new() -> Self {
        Self { plan: Mutex::new(Plan::default()), changed: Condvar::new() }
    }

    /// `key` is to be done at `due`, or at an earlier time that was set before. If it is under way,
    /// it is done again.
    pub fn at(&self, key: K, due: Instant) {
        self.plan().at(key, due);
        self.changed.notify_one();
    }

    /// `key` is to be done now.
    pub fn soon(&self, key: K) {
        self.at(key, Instant::now());
    }

    /// Waits for what is to be done next, which is under way until it is [`Schedule::done`];
    /// nothing after the end.
    pub fn next(&self) -> Option<K> {
        let mut plan = self.plan();
        loop {
            if plan.ended {
                return None;
            }
            let wait = match plan.take(Instant::now()) {
                Next::Now(key) => return Some(key),
                Next::After(pause) => Some(pause),
                Next::Never => None,
            };
            plan = match wait {
                Some(pause) => {
                    let waited = self.changed.wait_timeout(plan, pause);
                    waited.unwrap_or_else(PoisonError::into_inner).0
                }
                None => self.changed.wait(plan).unwrap_or_else(PoisonError::into_inner),
            };
        }
    }

    /// `key` is no longer under way.
    pub fn done(&self, key: &K) {
        self.plan().done(key);
        self.changed.notify_one();
    }

    /// Nothing is to be done any more.
    pub fn end(&self) {
        self.plan().ended = true;
        self.changed.notify_all();
    }

    fn plan(&self) -> MutexGuard<'_, Plan<K>> {
        self.plan.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a thread is to do next.
#[derive(Debug, PartialEq)]
enum Next<K> {
    Now(K),
    After(Duration),
    Never,
}

#[derive(Debug)]
struct Plan<K> {
    entries: BTreeMap<K, Entry>,
    ended: bool,
}

#[derive(Debug, Default)]
struct Entry {
    due: Option<Instant>,
    under_way: bool,
}

impl<K> Default for Plan<K> {
    fn default() -> Self {
        Self { entries: BTreeMap::new(), ended: false }
    }
}

impl<K: Ord + Clone> Plan<K> {
    fn at(&mut self, key: K, due: Instant) {
        let entry = self.entries.entry(key).or_default();
        entry.due = Some(entry.due.map_or(due, |before| before.min(due)));
    }

    /// Takes what is due at `now`, the longest overdue first.
    fn take(&mut self, now: Instant) -> Next<K> {
        let waiting = self.entries.iter_mut().filter(|(_, entry)| !entry.under_way);
        let due = waiting.filter_map(|(key, entry)| entry.due.map(|due| (due, key, entry)));
        match due.min_by_key(|(due, ..)| *due) {
            None => Next::Never,
            Some((due, ..)) if due > now => Next::After(due.saturating_duration_since(now)),
            Some((_, key, entry)) => {
                *entry = Entry { due: None, under_way: true };
                Next::Now(key.clone())
            }
        }
    }

    fn done(&mut self, key: &K) {
        if let Some(entry) = self.entries.get_mut(key) {
            entry.under_way = false;
            if entry.due.is_none() {
                self.entries.remove(key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::thread;

    use super::*;

    #[test]
    fn each_thing_is_done_at_its_time_and_by_one_at_once() {
        let (mut plan, start) = (Plan::default(), Instant::now());
        let second = Duration::from_secs(1);
        plan.at("later", start + 2 * second);
        plan.at("first", start + second);
        assert_eq!(plan.take(start), Next::After(second));
        assert_eq!(plan.take(start + 5 * second), Next::Now("first"));
        plan.at("first", start);
        assert_eq!(plan.take(start + 5 * second), Next::Now("later"), "first is under way");
        assert_eq!(plan.take(start + 5 * second), Next::Never);
        plan.done(&"first");
        assert_eq!(plan.take(start + 5 * second), Next::Now("first"), "it was wanted again");
        plan.done(&"first");
        plan.done(&"later");
        assert!(plan.entries.is_empty());
    }

    #[test]
    fn the_earlier_time_counts() {
        let (mut plan, start) = (Plan::default(), Instant::now());
        plan.at("it", start + Duration::from_secs(9));
        plan.at("it", start);
        plan.at("it", start + Duration::from_secs(5));
        assert_eq!(plan.take(start), Next::Now("it"));
    }

    #[test]
    fn who_waits_is_woken_by_work_and_by_the_end() {
        let schedule = Arc::new(Schedule::new());
        let worker = Arc::clone(&schedule);
        let done = thread::spawn(move || {
            let mut done = 0;
            while let Some(key) = worker.next() {
                done += key;
                worker.done(&key);
                worker.end();
            }
            done
        });
        schedule.soon(7);
        assert_eq!(done.join().unwrap(), 7);
        assert_eq!(schedule.next(), None);
    }
}
