//! What it costs to look at what others wrote, and how much of that may come to nothing.
//!
//! Whoever knows our certificate can write to us, and each byte may have us multiply numbers. So work
//! is counted. What turns out to be good costs nothing, however much it is; what comes to nothing is
//! taken off a [`Budget`].

use crate::protocol::values::limits;

/// Work on what others wrote.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cost {
    /// Signatures that were checked, each by one key.
    pub checks: usize,
    /// Operations of one of our secret keys.
    pub openings: usize,
    /// Bytes that were decrypted, decompressed or hashed.
    pub bytes: usize,
}

impl Cost {
    /// Counts so many bytes more.
    pub(in crate::openpgp) fn add_bytes(&mut self, bytes: usize) {
        self.bytes = self.bytes.saturating_add(bytes);
    }

    /// Counts one operation of a secret key more.
    pub(in crate::openpgp) fn add_opening(&mut self) {
        self.openings = self.openings.saturating_add(1);
    }

    /// Counts one check of a signature more.
    pub(in crate::openpgp) fn add_check(&mut self) {
        self.checks = self.checks.saturating_add(1);
    }
}

/// How much work may still come to nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget(Cost);

impl Default for Budget {
    fn default() -> Self {
        Self::CONTACT
    }
}

impl Budget {
    /// That of one contact in one round (PROTOCOL §11).
    pub const CONTACT: Self = Self(Cost {
        checks: limits::FAILED_CHECKS,
        openings: limits::FAILED_OPENINGS,
        bytes: limits::FAILED_BYTES,
    });

    /// This one, so many times.
    pub const fn times(self, count: usize) -> Self {
        let Cost { checks, openings, bytes } = self.0;
        Self(Cost {
            checks: checks.saturating_mul(count),
            openings: openings.saturating_mul(count),
            bytes: bytes.saturating_mul(count),
        })
    }

    /// The part of it that is one of `count`.
    pub fn part(self, count: usize) -> Self {
        let part = |all: usize| all.checked_div(count).unwrap_or(all);
        let Cost { checks, openings, bytes } = self.0;
        Self(Cost { checks: part(checks), openings: part(openings), bytes: part(bytes) })
    }

    /// Returns whether some of it is used up, so that nothing more is to be begun.
    pub fn is_spent(&self) -> bool {
        let Cost { checks, openings, bytes } = self.0;
        checks == 0 || openings == 0 || bytes == 0
    }

    /// Takes work off that came to nothing.
    pub fn lose(&mut self, vain: Cost) {
        let Cost { checks, openings, bytes } = &mut self.0;
        *checks = checks.saturating_sub(vain.checks);
        *openings = openings.saturating_sub(vain.openings);
        *bytes = bytes.saturating_sub(vain.bytes);
    }

    /// Gives back what did not come to nothing after all.
    pub fn regain(&mut self, cost: Cost) {
        let Cost { checks, openings, bytes } = &mut self.0;
        *checks = checks.saturating_add(cost.checks);
        *openings = openings.saturating_add(cost.openings);
        *bytes = bytes.saturating_add(cost.bytes);
    }

    /// What of it was used since it was `before`.
    pub fn lost_since(&self, before: Self) -> Cost {
        Cost {
            checks: before.0.checks.saturating_sub(self.0.checks),
            openings: before.0.openings.saturating_sub(self.0.openings),
            bytes: before.0.bytes.saturating_sub(self.0.bytes),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_kind_of_work_that_is_used_up_ends_it() {
        let whole = Budget(Cost { checks: 4, openings: 9, bytes: 100 });
        let mut left = whole;
        left.lose(Cost { checks: 3, openings: 8, bytes: 99 });
        assert!(!left.is_spent());
        left.lose(Cost { openings: 7, ..Cost::default() });
        assert!(left.is_spent());
        assert_eq!(left.lost_since(whole), Cost { checks: 3, openings: 9, bytes: 99 });
        assert_eq!(whole.times(2).part(2), whole);
        assert!(whole.part(5).is_spent());
    }
}
