//! What others host and cannot be had: since when, what was seen instead, and when it is asked for
//! again.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// How often a trouble that lasts is told.
const REMINDER: SignedDuration = SignedDuration::from_hours(24);

/// Something that is out of reach.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Failing {
    /// The time since which it has been.
    pub since: Timestamp,
    /// The time when that was last told by an exit status.
    pub told: Option<Timestamp>,
    /// What was seen instead of it, for people.
    pub seen: String,
}

/// How a failure is to be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Telling {
    /// It has lasted for so long that it counts, and was not told today.
    Due,
    /// It may pass, and is none that was seen the last time.
    News,
    /// It may pass, and was seen the last time already.
    Known,
}

impl Failing {
    /// Notes in `failing` that `seen` was found at `now`. What is out of reach counts after
    /// `patience`, and from then on once a day.
    pub fn note(
        failing: &mut Option<Self>,
        seen: String,
        now: Timestamp,
        patience: SignedDuration,
    ) -> Telling {
        let before = failing.take();
        let is_news = before.as_ref().is_none_or(|before| before.seen != seen);
        let (since, told) = before.map_or((now, None), |before| (before.since, before.told));
        // A time of the future was noted by a clock that was ahead.
        let since = since.min(now);
        let lasts = now.duration_since(since) > patience;
        let is_due = lasts && told.is_none_or(|told| now.duration_since(told).abs() >= REMINDER);
        let told = if is_due { Some(now) } else { told };
        *failing = Some(Self { since, told, seen });
        match (is_due, is_news) {
            (true, _) => Telling::Due,
            (false, true) => Telling::News,
            (false, false) => Telling::Known,
        }
    }
}

/// Work that came to nothing: it is done again after pauses that grow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vain {
    /// How often in a row it was done.
    pub times: u32,
    /// When it was done last.
    pub last: Timestamp,
}

/// The growth of the pauses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// How often in a row it may come to nothing before there is a pause.
    pub free: u32,
    /// The first pause; each later one is twice as long.
    pub first: SignedDuration,
    /// The longest pause.
    pub longest: SignedDuration,
}

impl Vain {
    /// The record of work that came to nothing at `now`, after what was recorded `before`.
    pub fn once_more(before: Option<Self>, now: Timestamp) -> Self {
        Self { times: before.map_or(0, |before| before.times).saturating_add(1), last: now }
    }

    /// The time before which it is not done again.
    pub fn until(self, pace: Pace) -> Timestamp {
        let doublings = match self.times.checked_sub(pace.free) {
            None | Some(0) => return self.last,
            Some(over) => over.saturating_sub(1).min(16),
        };
        let pause = pace.first.saturating_mul(1 << doublings).min(pace.longest);
        self.last.checked_add(pause).unwrap_or(self.last)
    }

    /// Whether it is time at `now` to do it again. A clock that was set back makes nothing wait.
    pub fn is_due(self, pace: Pace, now: Timestamp) -> bool {
        now < self.last || now >= self.until(pace)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: SignedDuration = SignedDuration::from_hours(24);

    fn at(minutes: i64) -> Timestamp {
        Timestamp::from_second(1_000_000 + 60 * minutes).unwrap()
    }

    #[test]
    fn a_failure_counts_once_it_has_lasted_and_then_once_a_day() {
        let mut failing = None;
        let mut note =
            |hours: i64, seen: &str| Failing::note(&mut failing, seen.into(), at(60 * hours), DAY);
        assert_eq!(note(0, "404"), Telling::News);
        assert_eq!(note(1, "404"), Telling::Known);
        assert_eq!(note(2, "503"), Telling::News);
        assert_eq!(note(24, "503"), Telling::Known);
        assert_eq!(note(25, "503"), Telling::Due);
        assert_eq!(note(48, "503"), Telling::Known);
        assert_eq!(note(49, "404"), Telling::Due);
        assert_eq!(failing.unwrap().since, at(0));
    }

    #[test]
    fn a_failure_that_was_noted_by_a_clock_ahead_counts_from_the_next_time_on() {
        let mut failing = None;
        let mut note = |hours: i64| Failing::note(&mut failing, "404".into(), at(60 * hours), DAY);
        assert_eq!((note(9_600), note(9_625)), (Telling::News, Telling::Due));
        assert_eq!((note(0), note(24)), (Telling::Known, Telling::Known));
        assert_eq!((note(25), note(26)), (Telling::Due, Telling::Known));
        assert_eq!(failing.unwrap().since, at(0));
    }

    #[test]
    fn pauses_grow_from_the_first_that_is_not_free_to_the_longest() {
        let minutes = SignedDuration::from_mins;
        let pace = Pace { free: 2, first: minutes(5), longest: minutes(30) };
        let (mut vain, mut pauses) = (None, Vec::new());
        for _ in 0..7 {
            let next = Vain::once_more(vain, at(0));
            pauses.push(next.until(pace).duration_since(at(0)).as_mins());
            vain = Some(next);
        }
        assert_eq!(pauses, [0, 0, 5, 10, 20, 30, 30]);
    }

    #[test]
    fn a_clock_that_was_set_back_makes_nothing_wait() {
        let hour = SignedDuration::from_hours(1);
        let pace = Pace { free: 0, first: hour, longest: hour };
        let vain = Vain::once_more(None, at(0));
        assert_eq!(
            [-1, 0, 59, 60].map(|now| vain.is_due(pace, at(now))),
            [true, false, false, true]
        );
        let endless = Vain { times: u32::MAX, last: Timestamp::MAX };
        assert_eq!(endless.until(pace), Timestamp::MAX);
    }
}
