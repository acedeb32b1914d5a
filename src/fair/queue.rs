//! Things that wait, shared out among those for whom they wait.

#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::hash::Hash;

use super::tally::Tally;

/// Things that wait, each for a key: bounded in all and for each key. What a key has comes out oldest
/// first.
///
/// Each step takes a time that grows with what waits, so it is for some hundred things.
#[derive(Debug)]
pub struct FairQueue<K, V> {
    bounds: Bounds,
    /// In the order in which they came.
    waiting: VecDeque<Waiting<K, V>>,
    of_key: Tally<K>,
    /// Each key that has something here, once, in the order in which they have their turn.
    turns: VecDeque<K>,
}

/// The bounds of a queue: how much may wait, and who comes first and last.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Things that wait, in all.
    pub in_all: usize,
    /// Things that wait for one key.
    pub of_key: usize,
    /// The rule for what is taken first.
    pub order: Order,
    /// The rule for what gives way when there is one too many.
    pub full: Full,
}

/// The rule for what is taken first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// The thing that came first.
    Arrival,
    /// The keys take turns. One that is new, or had its turn, has the next after all others.
    Turns,
}

/// The rule for what gives way when there is one too many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Full {
    /// The newcomer: the things that wait already go on waiting.
    Newcomer,
    /// The oldest thing of the key that has most, even if that is the newcomer's. So no flood by fewer
    /// keys than there are places costs another key the only thing it has.
    ///
    /// Among several keys with equally many, it is by the order. With [`Order::Arrival`] the oldest
    /// thing of all goes, so nobody can keep a full queue shut. With [`Order::Turns`] a key goes
    /// first whose oldest is late, and then the one whose turn is farthest. So a thing that cannot
    /// be taken keeps out none that can. And a key that has a single thing keeps it until its turn
    /// comes.
    Most,
}

/// Something that waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting<K, V> {
    /// The key for which it waits.
    pub key: K,
    /// The thing itself.
    pub value: V,
    /// Whether it had its turn, and could not be taken then.
    pub late: bool,
}

impl<K: Clone + Eq + Hash, V> FairQueue<K, V> {
    /// A queue in which nothing waits.
    pub fn new(bounds: Bounds) -> Self {
        let (waiting, turns) = (VecDeque::new(), VecDeque::new());
        Self { bounds, waiting, of_key: Tally::default(), turns }
    }

    /// Takes `value` in for `key`. Returns what gave way, which may be the same.
    pub fn push(&mut self, key: K, value: V) -> Option<Waiting<K, V>> {
        self.put(Waiting { key, value, late: false })
    }

    /// As [`FairQueue::push`], for something that waited before.
    pub fn put(&mut self, waiting: Waiting<K, V>) -> Option<Waiting<K, V>> {
        let of_key = self.count(&waiting.key);
        let is_full = self.waiting.len() >= self.bounds.in_all;
        let is_key_full = of_key >= self.bounds.of_key;
        if self.bounds.full == Full::Newcomer && (is_full || is_key_full) {
            return Some(waiting);
        }
        let key = waiting.key.clone();
        if of_key == 0 {
            self.turns.push_back(key.clone());
        }
        self.of_key.more(key.clone());
        self.waiting.push_back(waiting);
        let gives_way = match (is_key_full, is_full) {
            (true, _) => self.oldest_of(&key),
            (false, true) => self.oldest_of_most(),
            (false, false) => None,
        };
        self.remove(gives_way?)
    }

    /// Takes what comes first among what `may` be taken now. All that comes before it is late. If
    /// there is nothing to take, all that waits is late.
    pub fn take(&mut self, mut may: impl FnMut(&K, &V) -> bool) -> Option<Waiting<K, V>> {
        let mut ready = |waiting: &mut Waiting<K, V>| {
            waiting.late = !may(&waiting.key, &waiting.value);
            !waiting.late
        };
        let all = &mut self.waiting;
        let at = match self.bounds.order {
            Order::Arrival => all.iter_mut().position(ready),
            Order::Turns => self.turns.iter().find_map(|key| {
                all.iter_mut().position(|waiting| waiting.key == *key && ready(waiting))
            }),
        };
        self.take_out(at?)
    }

    /// Takes what comes first.
    pub fn pop(&mut self) -> Option<Waiting<K, V>> {
        let at = match self.bounds.order {
            Order::Arrival => 0,
            Order::Turns => self.oldest_of(self.turns.front()?)?,
        };
        self.take_out(at)
    }

    /// Removes all but what is to `stay`.
    pub fn retain(&mut self, mut stay: impl FnMut(&Waiting<K, V>) -> bool) {
        self.waiting.retain(|waiting| {
            let stays = stay(waiting);
            if !stays {
                self.of_key.less(&waiting.key);
            }
            stays
        });
        self.turns.retain(|key| self.of_key.of(key) > 0);
    }

    /// The things that wait, in the order in which they came.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Waiting<K, V>> {
        self.waiting.iter()
    }

    /// The values of these, to be changed.
    pub fn values_mut(&mut self) -> impl Iterator<Item = &mut V> {
        self.waiting.iter_mut().map(|waiting| &mut waiting.value)
    }

    /// How many wait for `key`.
    pub fn count(&self, key: &K) -> usize {
        self.of_key.of(key)
    }

    /// How many wait.
    pub fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Returns whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// The index of the oldest of `key`.
    fn oldest_of(&self, key: &K) -> Option<usize> {
        self.waiting.iter().position(|waiting| waiting.key == *key)
    }

    /// The index of the oldest of the key that has most.
    fn oldest_of_most(&self) -> Option<usize> {
        let most = self.turns.iter().map(|key| self.count(key)).max()?;
        let has_most = |key: &&K| self.count(key) == most;
        match self.bounds.order {
            Order::Arrival => self.waiting.iter().position(|waiting| has_most(&&waiting.key)),
            Order::Turns => {
                let farthest = self.turns.iter().rev().filter(has_most);
                let mut oldest = farthest.filter_map(|key| self.oldest_of(key));
                let is_late = |at: &usize| self.waiting.get(*at).is_some_and(|oldest| oldest.late);
                oldest.clone().find(is_late).or_else(|| oldest.next())
            }
        }
    }

    /// Takes what is at `at`; its key has the next turn after all others.
    fn take_out(&mut self, at: usize) -> Option<Waiting<K, V>> {
        let taken = self.remove(at)?;
        if let Some(turn) = self.turns.iter().position(|key| *key == taken.key) {
            self.turns.remove(turn);
            self.turns.push_back(taken.key.clone());
        }
        Some(taken)
    }

    fn remove(&mut self, at: usize) -> Option<Waiting<K, V>> {
        let removed = self.waiting.remove(at)?;
        self.of_key.less(&removed.key);
        if self.count(&removed.key) == 0 {
            self.turns.retain(|key| *key != removed.key);
        }
        Some(removed)
    }
}
