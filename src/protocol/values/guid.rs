//! UUIDv7 names: the guid of an item, and the id of a log.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use rand::RngCore;
use serde::{Deserialize, Serialize};
use uuid::{Builder, Uuid, Variant, Version};

use super::limits;
use crate::protocol::{Error, Random, Result};

/// A UUIDv7 (RFC 9562 §5.7): milliseconds since 1970, then 74 bits that were drawn; written `urn:uuid:`
/// (§4 there) and 36 lower-case characters.
///
/// Compares as its 16 bytes, so that an earlier one is smaller.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Guid(Uuid);

/// The id of a log: one run of sequences by one writer (PROTOCOL §4).
pub type LogId = Guid;

impl Guid {
    /// A new guid that carries the time `now`; the rest is drawn from `rng`. Two of one millisecond are
    /// in no order: nothing here goes by it, for sequences say what comes after what.
    pub fn new(now: Timestamp, rng: &mut Random) -> Self {
        let millis = u64::try_from(now.as_millisecond()).unwrap_or(0);
        let mut random = [0; 10];
        rng.fill_bytes(&mut random);
        Self(Builder::from_unix_timestamp_millis(millis, &random).into_uuid())
    }

    /// Reads what a person types: with or without `urn:uuid:`, in any case.
    ///
    /// # Errors
    /// When it is not a UUIDv7.
    pub fn from_user(text: &str) -> Result<Self> {
        let lower = text.trim().to_ascii_lowercase();
        let bare = lower.strip_prefix("urn:uuid:").unwrap_or(&lower);
        format!("urn:uuid:{bare}").parse()
    }

    /// The time it carries, to the millisecond.
    pub fn time(&self) -> Timestamp {
        let [a, b, c, d, e, f, ..] = *self.0.as_bytes();
        let millis = i64::from_be_bytes([0, 0, a, b, c, d, e, f]);
        Timestamp::from_millisecond(millis).unwrap_or(Timestamp::MAX)
    }

    /// Returns whether that time is over 24 hours ahead of `now`: a log of the future is held (PROTOCOL §4).
    pub fn is_ahead_of(&self, now: Timestamp) -> bool {
        self.time().as_second() > now.as_second().saturating_add(limits::AHEAD)
    }

    /// The 36 characters alone, for file names.
    pub fn bare(&self) -> String {
        self.0.hyphenated().to_string()
    }
}

impl FromStr for Guid {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let malformed = || Error::malformed(format!("`{text}` is not a urn:uuid: of version 7"));
        let bare = text.strip_prefix("urn:uuid:").ok_or_else(malformed)?;
        let uuid = Uuid::try_parse(bare).map_err(|_| malformed())?;
        let seventh = uuid.get_version() == Some(Version::SortRand);
        let canonical =
            uuid.get_variant() == Variant::RFC4122 && uuid.hyphenated().to_string() == bare;
        if seventh && canonical { Ok(Self(uuid)) } else { Err(malformed()) }
    }
}

crate::protocol::string_conversions!(Guid);

impl fmt::Display for Guid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "urn:uuid:{}", self.0.hyphenated())
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;

    #[test]
    fn carries_its_time_and_sorts_by_it() {
        let mut rng = Random::seed_from_u64(1);
        let early = Timestamp::from_millisecond(1_795_374_131_123).unwrap();
        let late = Timestamp::from_millisecond(1_795_374_131_124).unwrap();
        let (first, second) = (Guid::new(early, &mut rng), Guid::new(late, &mut rng));
        assert_eq!((first.time(), second.time()), (early, late));
        assert!(first < second);
        assert_eq!(first.to_string().parse::<Guid>().unwrap(), first);
    }

    #[test]
    fn only_canonical_version_7_is_read() {
        for bad in [
            "",
            "urn:uuid:",
            "20782cb9-e925-402f-bc8d-87ae70dbff45",
            "urn:uuid:20782cb9-e925-402f-bc8d-87ae70dbff45",
            "urn:uuid:0199F0C2-0000-7000-8000-000000000000",
            "urn:uuid:0199f0c2000070008000000000000000",
        ] {
            assert!(bad.parse::<Guid>().is_err(), "{bad}");
        }
        assert!(Guid::from_user("0199F0C2-0000-7000-8000-000000000000").is_ok());
    }
}
