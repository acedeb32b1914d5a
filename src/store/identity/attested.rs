//! What other clocks say of ours, as far as this process has asked.

use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;

use crate::protocol::values::clock::Verdict;

/// The newest verdict on our clock; copies share it. Nothing of it is on disk: it is asked for anew.
#[derive(Clone, Debug, Default)]
pub struct Attested(Arc<Mutex<Verdict>>);

impl Attested {
    /// Takes note of `verdict`.
    pub fn set(&self, verdict: Verdict) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = verdict;
    }

    /// The newest verdict.
    pub fn verdict(&self) -> Verdict {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The time by which it is judged what is old enough to go for good: `now`, as our clock has it, or
    /// earlier if that is ahead.
    pub fn aged(&self, now: Timestamp) -> Timestamp {
        match self.verdict() {
            Verdict::Ahead(by) => now.checked_sub(by).unwrap_or(Timestamp::MIN),
            Verdict::Unknown | Verdict::Right => now,
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;

    #[test]
    fn a_clock_that_is_ahead_makes_nothing_older() {
        let (attested, now) = (Attested::default(), Timestamp::UNIX_EPOCH);
        let day = SignedDuration::from_hours(24);
        for (verdict, aged) in
            [(Verdict::Unknown, now), (Verdict::Right, now), (Verdict::Ahead(day), now - day)]
        {
            attested.clone().set(verdict);
            assert_eq!(attested.aged(now), aged);
        }
        attested.set(Verdict::Ahead(SignedDuration::MAX));
        assert_eq!(attested.aged(now), Timestamp::MIN);
    }
}
