//! A schedule: what is to be done when, filled by those who learn of it, emptied by the threads
//! that do it.

use std::collections::BTreeMap;
use std::time::Instant;

use super::pool::{Next, Pool, Queue};

/// Things to do, each at its time and by one thread at once.
#[derive(Debug)]
pub struct Schedule<K: Key>(Pool<Plan<K>>);

/// The key by which a thing to do is known.
pub trait Key: Clone + Ord + Send + 'static {}

impl<K: Clone + Ord + Send + 'static> Key for K {}

impl<K: Key> Schedule<K> {
    /// A schedule with nothing to do.
    pub fn new() -> Self {
        Self(Pool::new(Plan(BTreeMap::new())))
    }

    /// Has `key` done at `due`, or at an earlier time that was set before. If it is under way, it
    /// is done again.
    pub fn at(&self, key: K, due: Instant) {
        self.0.change(|plan| plan.at(key, due));
    }

    /// Has `key` done now.
    pub fn soon(&self, key: K) {
        self.at(key, Instant::now());
    }

    /// Does on this thread, by `work`, what is to be done, the longest overdue first, and waits for
    /// more, until the end. Each is under way until `work` returns it.
    pub fn attend(&self, work: impl FnMut(K) -> K) {
        self.0.attend(work);
    }

    /// Nothing is to be done any more.
    pub fn end(&self) {
        self.0.stop();
    }
}

impl<K: Key> Default for Schedule<K> {
    fn default() -> Self {
        Self::new()
    }
}

struct Plan<K>(BTreeMap<K, Entry>);

#[derive(Debug, Default)]
struct Entry {
    due: Option<Instant>,
    under_way: bool,
}

impl<K: Key> Plan<K> {
    fn at(&mut self, key: K, due: Instant) {
        let entry = self.0.entry(key).or_default();
        entry.due = Some(entry.due.map_or(due, |before| before.min(due)));
    }
}

impl<K: Key> Queue for Plan<K> {
    type Job = K;
    type Done = K;

    fn take(&mut self, now: Instant) -> Next<K> {
        let waiting = self.0.iter_mut().filter(|(_, entry)| !entry.under_way);
        let due = waiting.filter_map(|(key, entry)| entry.due.map(|due| (due, key, entry)));
        match due.min_by_key(|(due, ..)| *due) {
            Some((due, key, entry)) if due <= now => {
                *entry = Entry { due: None, under_way: true };
                Next::Job(key.clone())
            }
            later => Next::Wait(later.map(|(due, ..)| due)),
        }
    }

    fn when(&self, now: Instant) -> Option<Instant> {
        let waiting = self.0.values().filter(|entry| !entry.under_way);
        waiting.filter_map(|entry| entry.due).min().map(|due| due.max(now))
    }

    fn done(&mut self, key: K, _: Instant) {
        if let Some(entry) = self.0.get_mut(&key) {
            entry.under_way = false;
            if entry.due.is_none() {
                self.0.remove(&key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::mpsc::channel;
    use std::thread;
    use std::time::Duration;

    use super::*;

    #[test]
    fn each_thing_is_done_at_its_time_and_by_one_at_once() {
        let (mut plan, start) = (Plan(BTreeMap::new()), Instant::now());
        let second = Duration::from_secs(1);
        let late = start + 5 * second;
        plan.at("later", start + 2 * second);
        plan.at("first", start + second);
        assert_eq!(plan.take(start), Next::Wait(Some(start + second)));
        assert_eq!(plan.take(late), Next::Job("first"));
        plan.at("first", start);
        assert_eq!((plan.when(start), plan.when(late)), (Some(start + 2 * second), Some(late)));
        assert_eq!(plan.take(late), Next::Job("later"), "first is under way");
        assert_eq!((plan.take(late), plan.when(late)), (Next::Wait(None), None));
        plan.done("first", late);
        assert_eq!(plan.take(late), Next::Job("first"), "it was wanted again");
        plan.done("first", late);
        plan.done("later", late);
        assert!(plan.0.is_empty());
    }

    #[test]
    fn the_earlier_time_counts() {
        let (mut plan, start) = (Plan(BTreeMap::new()), Instant::now());
        plan.at("it", start + Duration::from_secs(9));
        plan.at("it", start);
        plan.at("it", start + Duration::from_secs(5));
        assert_eq!(plan.take(start), Next::Job("it"));
    }

    #[test]
    fn who_waits_is_woken_by_work_and_by_the_end() {
        let schedule = Arc::new(Schedule::new());
        let worker = Arc::clone(&schedule);
        let done = thread::spawn(move || {
            let mut done = 0;
            worker.attend(|key| {
                done += key;
                worker.end();
                key
            });
            done
        });
        schedule.soon(7);
        assert_eq!(done.join().unwrap(), 7);
        schedule.soon(8);
        schedule.attend(|key| panic!("{key} after the end"));
    }

    #[test]
    fn what_is_due_begins_though_all_the_rest_hangs() {
        let (schedule, (begin, begun)) = (Arc::new(Schedule::new()), channel());
        let (hang, hung) = channel::<()>();
        let hung = Arc::new(std::sync::Mutex::new(hung));
        let threads = [0; 3].map(|_| {
            let (schedule, begin) = (Arc::clone(&schedule), begin.clone());
            let hung = Arc::clone(&hung);
            thread::spawn(move || {
                schedule.attend(|key| {
                    begin.send(key).unwrap();
                    // They hang until the test lets them go.
                    let _ = hung.lock().unwrap().recv();
                    key
                });
            })
        });
        let later = Instant::now() + Duration::from_millis(100);
        schedule.at(3, later);
        schedule.soon(1);
        schedule.soon(2);
        let patience = Duration::from_secs(60);
        let mut begun: Vec<u8> = (0..3).map(|_| begun.recv_timeout(patience).unwrap()).collect();
        assert!(Instant::now() >= later);
        assert_eq!(begun.pop(), Some(3));
        schedule.end();
        drop(hang);
        threads.into_iter().for_each(|thread| thread.join().unwrap());
    }
}
