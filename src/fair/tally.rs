//! How many of each are under way.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::Hash;

/// A count for each key that has any.
#[derive(Debug)]
pub struct Tally<K>(HashMap<K, usize>);

impl<K> Default for Tally<K> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<K: Eq + Hash> Tally<K> {
    /// The count of `key`.
    pub fn of<Q: Eq + Hash + ?Sized>(&self, key: &Q) -> usize
    where
        K: Borrow<Q>,
    {
        self.0.get(key).copied().unwrap_or_default()
    }

    /// Counts one more of `key`.
    pub fn more(&mut self, key: K) {
        let count = self.0.entry(key).or_default();
        *count = count.saturating_add(1);
    }

    /// Counts one less of `key`.
    pub fn less<Q: Eq + Hash + ?Sized>(&mut self, key: &Q)
    where
        K: Borrow<Q>,
    {
        match self.0.get_mut(key) {
            Some(count) if *count > 1 => *count -= 1,
            _ => drop(self.0.remove(key)),
        }
    }

    /// Returns whether there are none at all.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_ended_takes_no_memory_and_one_too_many_ends_nothing() {
        let mut tally = Tally::<String>::default();
        (0..3).for_each(|_| tally.more("a".to_owned()));
        tally.less("a");
        assert_eq!((tally.of("a"), tally.of("b")), (2, 0));
        (0..5).for_each(|_| tally.less("a"));
        assert!(tally.is_empty());
        tally.more("a".to_owned());
        assert_eq!(tally.of("a"), 1);
    }
}
