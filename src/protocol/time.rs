//! The two spellings of a time: `YYYY-MM-DDTHH:MM:SSZ`, and RSS's RFC 822 dates.

use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;

use super::{Error, Result};

const CANONICAL: &str = "%Y-%m-%dT%H:%M:%SZ";
const RFC_822: &str = "%a, %d %b %Y %H:%M:%S +0000";

/// Writes `time` as PROTOCOL §1 has it, to the second.
pub fn canonical(time: Timestamp) -> String {
    time.strftime(CANONICAL).to_string()
}

/// Reads exactly the form that [`canonical`] writes.
///
/// # Errors
/// For any other spelling.
pub fn from_canonical(text: &str) -> Result<Timestamp> {
    let malformed =
        || Error::malformed(format!("`{text}` is not a time like 2026-11-22T19:02:11Z"));
    let time: Timestamp = text.parse().map_err(|_| malformed())?;
    if canonical(time) == text { Ok(time) } else { Err(malformed()) }
}

/// Writes `time` as RSS has it, to the second.
pub fn rfc_822(time: Timestamp) -> String {
    time.strftime(RFC_822).to_string()
}

/// Reads an RFC 822 date as feeds in the wild spell it.
///
/// # Errors
/// When it is no date.
pub fn from_rfc_822(text: &str) -> Result<Timestamp> {
    DateTimeParser::new()
        .relaxed_weekday(true)
        .parse_timestamp(text.trim())
        .map_err(|_| Error::malformed(format!("`{text}` is not an RFC 822 date")))
}

/// `time` without its fraction of a second, as both spellings carry it.
pub fn whole_seconds(time: Timestamp) -> Timestamp {
    Timestamp::from_second(time.as_second()).unwrap_or(time)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_spellings_read_back() {
        let time: Timestamp = "2026-11-22T19:02:11Z".parse().unwrap();
        assert_eq!(canonical(time), "2026-11-22T19:02:11Z");
        assert_eq!(rfc_822(time), "Sun, 22 Nov 2026 19:02:11 +0000");
        assert_eq!(from_canonical(&canonical(time)).unwrap(), time);
        assert_eq!(from_rfc_822(&rfc_822(time)).unwrap(), time);
    }

    #[test]
    fn only_one_spelling_is_canonical() {
        for bad in ["", "2026-11-22", "2026-11-22T19:02:11.0Z", "2026-11-22T19:02:11+00:00"] {
            assert!(from_canonical(bad).is_err(), "{bad}");
        }
    }
}
