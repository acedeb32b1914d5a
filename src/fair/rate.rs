//! Rates: at most so many within a time, for each key.

use std::borrow::Borrow;
use std::collections::BTreeMap;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

/// The marks that count, for each key that is remembered.
type Marks<K, M> = BTreeMap<K, Vec<M>>;

/// A rate: at most so many of each key are let through within a time.
///
/// Only so many keys are remembered. When there are more, some are forgotten, and begin anew:
/// refusing the newcomer instead would let a flood of keys refuse everybody. The [`Window`] says
/// for how long one counts, and which keys are forgotten.
#[derive(Debug)]
pub struct Rate<K, W: Window> {
    bounds: Bounds,
    window: W,
    marks: Marks<K, W::Mark>,
}

/// The numbers of a rate.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// The most of one key, within the time.
    pub most: usize,
    /// Keys that are remembered.
    pub keys: usize,
}

impl<K: Ord + Clone, W: Window> Rate<K, W> {
    /// The rate as [`Rate::into_marks`] gave it; without marks, nobody has asked yet.
    pub fn of(bounds: Bounds, window: W, marks: BTreeMap<K, Vec<W::Mark>>) -> Self {
        Self { bounds, window, marks }
    }

    /// The marks that count at `now`, for each key that has any.
    pub fn into_marks(mut self, now: W::Time) -> BTreeMap<K, Vec<W::Mark>> {
        self.forget(now);
        self.marks
    }

    /// Returns whether one that concerns all of `keys` is let through at `now`. If so, it counts
    /// for each of them. Else it counts for none.
    pub fn admit<Q>(&mut self, keys: &[&Q], now: W::Time) -> bool
    where
        K: Borrow<Q>,
        Q: Ord + ToOwned<Owned = K> + ?Sized,
    {
        if keys.iter().any(|key| self.count(key, now) >= self.bounds.most) {
            return false;
        }
        self.forget(now);
        for key in keys {
            if self.marks.len() >= self.bounds.keys && !self.marks.contains_key(*key) {
                W::make_room(&mut self.marks);
            }
            self.marks.entry((*key).to_owned()).or_default().push(self.window.mark(now));
        }
        true
    }

    /// Forgets what counts no more at `now`.
    pub fn forget(&mut self, now: W::Time) {
        self.window.forget(&mut self.marks, now);
    }

    /// How many keys are remembered.
    pub fn len(&self) -> usize {
        self.marks.len()
    }

    /// Returns whether no key is remembered.
    pub fn is_empty(&self) -> bool {
        self.marks.is_empty()
    }

    fn count<Q: Ord + ?Sized>(&self, key: &Q, now: W::Time) -> usize
    where
        K: Borrow<Q>,
    {
        let marks = self.marks.get(key).into_iter().flatten();
        marks.filter(|mark| self.window.counts(**mark, now)).count()
    }
}

/// The time within which a rate counts.
pub trait Window {
    /// A present time.
    type Time: Copy;
    /// The mark that is remembered of one that was let through.
    type Mark: Copy;

    /// The mark to be remembered of one that is let through at `now`.
    fn mark(&self, now: Self::Time) -> Self::Mark;

    /// Returns whether `mark` counts at `now`.
    fn counts(&self, mark: Self::Mark, now: Self::Time) -> bool;

    /// Removes what counts no more at `now`.
    fn forget<K: Ord>(&mut self, marks: &mut BTreeMap<K, Vec<Self::Mark>>, now: Self::Time);

    /// Removes one key at least.
    fn make_room<K: Ord + Clone>(marks: &mut BTreeMap<K, Vec<Self::Mark>>);
}

/// A window in which each one counts for this long. The key that was let through longest ago is
/// forgotten first.
///
/// It remembers each time and looks at all keys each time, so it is for small numbers of both. The
/// times can be written down, and outlive a restart.
#[derive(Clone, Copy, Debug)]
pub struct Sliding(pub SignedDuration);

impl Window for Sliding {
    type Time = Timestamp;
    type Mark = Timestamp;

    fn mark(&self, now: Timestamp) -> Timestamp {
        now
    }

    /// A mark that is ahead of `now` by more is of a clock that was set back.
    fn counts(&self, mark: Timestamp, now: Timestamp) -> bool {
        now.duration_since(mark).abs() < self.0
    }

    fn forget<K: Ord>(&mut self, marks: &mut Marks<K, Timestamp>, now: Timestamp) {
        marks.retain(|_, marks| {
            marks.retain(|mark| self.counts(*mark, now));
            !marks.is_empty()
        });
    }

    fn make_room<K: Ord + Clone>(marks: &mut Marks<K, Timestamp>) {
        let oldest = marks.iter().min_by_key(|(_, marks)| marks.last().copied());
        if let Some(oldest) = oldest.map(|(key, _)| key.clone()) {
            marks.remove(&oldest);
        }
    }
}

/// A window in which all count until one common span is over, and are forgotten together. The next
/// span begins when somebody asks next. When there are too many keys, all of them are forgotten.
///
/// It remembers no times, and takes the same time for one key as for many, so it is for large
/// numbers. Where one span ends and the next begins, twice as many may come within a span's length.
#[derive(Clone, Copy, Debug)]
pub struct Fixed {
    /// How long a span is.
    pub span: Duration,
    /// When the present one began, by a clock that is never set back.
    pub began: Duration,
}

impl Window for Fixed {
    type Time = Duration;
    type Mark = ();

    fn mark(&self, _: Duration) {}

    fn counts(&self, (): (), now: Duration) -> bool {
        now.saturating_sub(self.began) < self.span
    }

    fn forget<K: Ord>(&mut self, marks: &mut Marks<K, ()>, now: Duration) {
        if !self.counts((), now) {
            marks.clear();
            self.began = now;
        }
    }

    fn make_room<K: Ord + Clone>(marks: &mut Marks<K, ()>) {
        marks.clear();
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const BOUNDS: Bounds = Bounds { most: 3, keys: 8 };

    fn sliding() -> Rate<u8, Sliding> {
        Rate::of(BOUNDS, Sliding(SignedDuration::from_secs(60)), BTreeMap::new())
    }

    fn fixed() -> Rate<u8, Fixed> {
        let window = Fixed { span: Duration::from_secs(60), began: Duration::ZERO };
        Rate::of(BOUNDS, window, BTreeMap::new())
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_secs(second)
    }

    fn after(second: i64) -> Duration {
        Duration::from_secs(second.try_into().unwrap())
    }

    #[test]
    fn each_one_counts_for_the_time_after_it_or_until_the_span_ends() {
        let (mut sliding, mut fixed) = (sliding(), fixed());
        for second in [0, 40, 50] {
            assert!(sliding.admit(&[&1], at(second)) && fixed.admit(&[&1], after(second)));
        }
        assert!(!sliding.admit(&[&1], at(59)) && !fixed.admit(&[&1], after(59)));
        assert!(sliding.admit(&[&1], at(60)) && !sliding.admit(&[&1], at(99)));
        assert!((0..3).all(|_| fixed.admit(&[&1], after(70))) && !fixed.admit(&[&1], after(129)));
        assert!(fixed.admit(&[&1], after(130)), "the span began with who asked first");
    }

    #[test]
    fn what_is_refused_for_one_key_counts_for_none() {
        let mut rate = sliding();
        (0..3).for_each(|second| assert!(rate.admit(&[&1], at(second))));
        assert!((0..9).all(|_| !rate.admit(&[&2, &1], at(9))));
        assert_eq!((rate.len(), rate.count(&2, at(9))), (1, 0));
    }

    #[test]
    fn one_too_many_forgets_the_key_of_longest_ago_or_all() {
        let (mut sliding, mut fixed) = (sliding(), fixed());
        for key in 0..=8 {
            assert!(sliding.admit(&[&key], at(i64::from(key))));
            assert!(fixed.admit(&[&key], after(0)));
        }
        assert_eq!(sliding.marks.keys().copied().collect::<Vec<_>>(), [1, 2, 3, 4, 5, 6, 7, 8]);
        assert_eq!(fixed.marks.keys().copied().collect::<Vec<_>>(), [8]);
        assert!(sliding.admit(&[&1], at(9)) && sliding.admit(&[&9], at(9)));
        assert_eq!(sliding.marks.keys().copied().collect::<Vec<_>>(), [1, 3, 4, 5, 6, 7, 8, 9]);
    }

    #[test]
    fn a_clock_that_was_set_back_refuses_nobody_for_long() {
        let mut rate = sliding();
        assert!((0..3).all(|_| rate.admit(&[&1], at(1_000))));
        assert!(!rate.admit(&[&1], at(990)) && rate.admit(&[&1], at(900)));
        assert_eq!(rate.len(), 1);
    }

    #[test]
    fn written_down_and_read_again_it_is_the_same_but_for_what_is_over() {
        let mut rate = sliding();
        (0..3).for_each(|second| assert!(rate.admit(&[&1], at(second))));
        assert!(rate.admit(&[&2], at(30)));
        let marks = rate.into_marks(at(61));
        assert_eq!(marks, [(1, vec![at(2)]), (2, vec![at(30)])].into());
        let mut rate = Rate::of(BOUNDS, Sliding(SignedDuration::from_secs(60)), marks);
        assert_eq!((0..9).filter(|_| rate.admit(&[&1], at(61))).count(), 2);
    }

    proptest! {
        #[test]
        fn within_the_time_no_key_has_more_and_none_is_refused_for_another(
            steps in prop::collection::vec((0_u8..8, 0_i64..30), 0..300)
        ) {
            let (mut sliding, mut fixed, mut now) = (sliding(), fixed(), 0);
            let (mut slid, mut counted) = (Vec::new(), Vec::new());
            for (key, pause) in steps {
                now += pause;
                let of = |log: &[(u8, i64)], since| {
                    log.iter().filter(|(of, time)| *of == key && *time > since).count()
                };
                let before = of(&slid, now - 60);
                let is_let = sliding.admit(&[&key], at(now));
                prop_assert_eq!(is_let, before < 3, "no more, and no other counts");
                slid.extend(is_let.then_some((key, now)));
                let is_let = fixed.admit(&[&key], after(now));
                prop_assert!(is_let || of(&counted, now - 60) >= 3, "who keeps to it is not refused");
                counted.extend(is_let.then_some((key, now)));
                prop_assert!(of(&counted, now - 60) <= 6);
            }
        }

        #[test]
        fn no_flood_of_keys_fills_the_memory(
            steps in prop::collection::vec((any::<u8>(), 0_i64..3), 0..600)
        ) {
            let (mut sliding, mut fixed, mut now) = (sliding(), fixed(), 0);
            for (key, pause) in steps {
                now += pause;
                sliding.admit(&[&key, &key.wrapping_add(1)], at(now));
                fixed.admit(&[&key], after(now));
                prop_assert!(sliding.len() <= 8 && fixed.len() <= 8);
                prop_assert!(sliding.marks.values().all(|marks| marks.len() <= 3));
            }
        }
    }
}
