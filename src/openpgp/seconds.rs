//! Times as OpenPGP counts them.

use jiff::Timestamp;

/// `time` in the whole seconds that OpenPGP counts; what it cannot count is clamped.
pub(super) fn seconds(time: Timestamp) -> u32 {
    u32::try_from(time.as_second().max(0)).unwrap_or(u32::MAX)
}

/// OpenPGP's seconds as a time.
pub(super) fn timestamp(seconds: u32) -> Timestamp {
    Timestamp::from_second(i64::from(seconds)).unwrap_or(Timestamp::MAX)
}
