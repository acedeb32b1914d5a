//! Keys and times for the tests of this layer.

use jiff::{SignedDuration, Timestamp};
use rand::SeedableRng;

use super::secret_key::{Profile, SecretKey};
use crate::protocol::Random;

/// The time at which test keys are made.
pub const BIRTH: &str = "2026-01-01T00:00:00Z";

/// `days` after [`BIRTH`].
pub fn day(days: i64) -> Timestamp {
    BIRTH.parse::<Timestamp>().unwrap() + SignedDuration::from_hours(24 * days)
}

/// A generator that always gives the same.
pub fn random(seed: u64) -> Random {
    Random::seed_from_u64(seed)
}

/// A key made at [`BIRTH`]; another for another name.
pub fn key(profile: Profile, name: &str) -> SecretKey {
    let seed = name.bytes().fold(7, |seed: u64, byte| seed * 31 + u64::from(byte));
    SecretKey::generate(profile, name, day(0), &mut random(seed)).unwrap()
}
