//! How much work of one round may come to nothing, and how that is shared among contacts.

use jiff::{SignedDuration, Timestamp};

use crate::openpgp::cost::Budget;
use crate::reading::archives;

/// How many contacts may use up what each may before all have less.
const CONTACTS: usize = 16;
/// The time that the archives of all contacts may take in one round before each has to hurry.
const ARCHIVES: SignedDuration = SignedDuration::from_mins(10);
/// What is left to each then: one of so many parts.
const PART: usize = 16;

/// What may be spent on one contact's feed.
#[derive(Clone, Copy)]
pub(in crate::reading) struct Effort {
    /// How much work may still come to nothing.
    pub(in crate::reading) budget: Budget,
    /// What gives the order of it.
    pub(in crate::reading) seed: u64,
    /// The time that its archives may take.
    pub(in crate::reading) patience: SignedDuration,
}

/// What may be spent in one round.
pub(in crate::reading) struct Allowance {
    round: Budget,
    seed: u64,
    /// Until when archives may take their time.
    until: Timestamp,
}

impl Allowance {
    /// That of a round that begins at `now`.
    pub(in crate::reading) fn new(seed: u64, now: Timestamp) -> Self {
        let until = now.checked_add(ARCHIVES).unwrap_or(now);
        Self { round: Budget::CONTACT.times(CONTACTS), seed, until }
    }

    /// Has `read` read the feed of one contact, with what it may spend on that. Whatever others used up,
    /// each contact has something.
    pub(in crate::reading) fn for_one<T>(
        &mut self,
        now: Timestamp,
        read: impl FnOnce(&mut Effort) -> T,
    ) -> T {
        let whole = Budget::CONTACT;
        let budget = if self.round.is_spent() { whole.part(PART) } else { whole };
        let patience = if now > self.until { archives::HURRY } else { archives::PATIENCE };
        let mut effort = Effort { budget, seed: self.seed, patience };
        let done = read(&mut effort);
        self.round.lose(effort.budget.lost_since(budget));
        done
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::openpgp::cost::Cost;

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    #[test]
    fn hostile_contacts_leave_the_others_something() {
        let mut allowance = Allowance::new(1, NOW);
        let everything = Cost { checks: 9_999, openings: 9_999, bytes: usize::MAX };
        for contact in 0..40 {
            let had = allowance.for_one(NOW, |effort| {
                let had = effort.budget;
                effort.budget.lose(everything);
                had
            });
            let is_whole = contact < CONTACTS;
            assert_eq!(had == Budget::CONTACT, is_whole, "{contact}");
            assert!(!had.is_spent());
        }
        // What came to something cost nothing.
        let mut honest = Allowance::new(1, NOW);
        (0..1_000).for_each(|_| honest.for_one(NOW, |_| ()));
        assert!(honest.for_one(NOW, |effort| effort.budget == Budget::CONTACT));
    }

    #[test]
    fn once_some_have_taken_the_time_of_the_round_each_has_to_hurry() {
        let mut allowance = Allowance::new(1, NOW);
        for (minutes, patience) in [(0, archives::PATIENCE), (11, archives::HURRY)] {
            let now = NOW + SignedDuration::from_mins(minutes);
            assert_eq!(allowance.for_one(now, |effort| effort.patience), patience);
        }
    }
}
