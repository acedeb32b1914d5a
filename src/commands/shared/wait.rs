//! Waiting for the other: again and again, less and less often.

use std::thread;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::protocol::values::time;

const FIRST: Duration = Duration::from_millis(500);
const LONGEST: Duration = Duration::from_secs(30);

/// How long `--wait` waits; without a duration, as long as it takes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Wait {
    /// As long as it takes.
    Forever,
    /// At most this long.
    For(SignedDuration),
}

/// The parser for the value of `--wait`.
pub fn parse(text: &str) -> crate::protocol::Result<Wait> {
    if text == "forever" { Ok(Wait::Forever) } else { time::duration(text).map(Wait::For) }
}

/// The pauses between looking again.
#[derive(Debug)]
pub struct Pauses {
    end: Option<Timestamp>,
    next: Duration,
}

impl Pauses {
    /// The pauses of a wait that begins at `now`.
    pub fn new(wait: Wait, now: Timestamp) -> Self {
        let end = match wait {
            Wait::Forever => None,
            Wait::For(duration) => now.checked_add(duration).ok(),
        };
        Self { end, next: FIRST }
    }

    /// Pauses, and returns true; or returns false if the time is over at `now`.
    pub fn pause(&mut self, now: Timestamp) -> bool {
        let left = self
            .end
            .map_or(LONGEST, |end| Duration::try_from(end.duration_since(now)).unwrap_or_default());
        if left.is_zero() {
            return false;
        }
        thread::sleep(self.next.min(left));
        self.next = (self.next * 3 / 2).min(LONGEST);
        true
    }
}
