//! The queue of calls, between the threads that answer them and the one that follows them.

use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::places::Places;
use crate::fair::queue::{Bounds, FairQueue, Full, Order};
use crate::protocol::calls::please_follow::PleaseFollow;
use crate::store::waiting::calls::Waiting;

/// Expected calls that wait, at most. One too many is lost: its caller can be found without, by
/// polling.
const EXPECTED: usize = 1_000;
const BOUNDS: Bounds =
    Bounds { in_all: EXPECTED, of_key: EXPECTED, order: Order::Arrival, full: Full::Newcomer };

/// Calls that wait to be followed: those by strangers in places that callers share, and those that
/// we expect, which have places of their own (PROTOCOL §8).
#[derive(Debug, Default)]
pub struct Queue(Mutex<Lanes>);

#[derive(Debug)]
struct Lanes {
    expected: FairQueue<(), PleaseFollow>,
    strangers: Places,
}

impl Default for Lanes {
    fn default() -> Self {
        Self { expected: FairQueue::new(BOUNDS), strangers: Places::default() }
    }
}

impl Queue {
    /// Keeps `call`, which came from `caller`. It is `expected` if a contact's feed makes it, or if
    /// it answers a feed of ours that is pending: each such feed has one place, for its newest call.
    pub fn offer(&self, caller: IpAddr, call: PleaseFollow, expected: bool) {
        let mut lanes = self.lanes();
        if !expected {
            return lanes.strangers.add(caller, call);
        }
        let same = |waiting: &PleaseFollow| {
            let replies = waiting.in_reply_to.is_some() && waiting.in_reply_to == call.in_reply_to;
            waiting.feed == call.feed || replies
        };
        if let Some(waiting) = lanes.expected.values_mut().find(|waiting| same(waiting)) {
            *waiting = call;
        } else {
            drop(lanes.expected.push((), call));
        }
    }

    /// The next of the expected calls.
    pub fn take_expected(&self) -> Option<PleaseFollow> {
        self.lanes().expected.pop().map(|waiting| waiting.value)
    }

    /// The next call by a stranger which `may` be taken now.
    pub fn take_strange(&self, may: impl FnMut(&PleaseFollow) -> bool) -> Option<Waiting> {
        self.lanes().strangers.take(may)
    }

    /// Returns whether calls by strangers wait.
    pub fn has_strange(&self) -> bool {
        !self.lanes().strangers.is_empty()
    }

    fn lanes(&self) -> MutexGuard<'_, Lanes> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calls::examples::{address, call, url};

    fn expected(queue: &Queue) -> Vec<PleaseFollow> {
        std::iter::from_fn(|| queue.take_expected()).collect()
    }

    fn answer(number: u32, to: &str) -> PleaseFollow {
        PleaseFollow { in_reply_to: Some(url(to)), ..call(number) }
    }

    #[test]
    fn no_flood_takes_the_places_of_what_is_expected() {
        let queue = Queue::default();
        for number in 0..5_000 {
            queue.offer(address(number), call(number), false);
        }
        queue.offer(address(1), answer(1, "f/a.rss"), true);
        queue.offer(address(1), call(2), true);
        assert_eq!(expected(&queue), [answer(1, "f/a.rss"), call(2)]);
        assert_eq!(queue.take_strange(|_| true).map(|waiting| waiting.call), Some(call(0)));
    }

    #[test]
    fn each_feed_has_one_place_for_its_newest_call() {
        let queue = Queue::default();
        for number in 0..10 {
            queue.offer(address(1), answer(number, "f/a.rss"), true);
            queue.offer(address(1), answer(100, &format!("f/{number}.rss")), true);
        }
        assert_eq!(expected(&queue), [answer(9, "f/a.rss"), answer(100, "f/9.rss")]);
    }

    #[test]
    fn expected_calls_are_bounded_too() {
        let queue = Queue::default();
        for number in 0..2_000 {
            queue.offer(address(1), call(number), true);
        }
        assert_eq!(expected(&queue).len(), EXPECTED);
    }

    #[test]
    fn many_threads_may_use_it() {
        let queue = Queue::default();
        std::thread::scope(|scope| {
            for caller in 0..4 {
                let queue = &queue;
                scope.spawn(move || {
                    (0..10)
                        .for_each(|n| queue.offer(address(caller), call(caller * 100 + n), false));
                });
            }
        });
        assert_eq!(std::iter::from_fn(|| queue.take_strange(|_| true)).count(), 40);
    }
}
