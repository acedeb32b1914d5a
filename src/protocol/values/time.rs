//! The two spellings of a time: `YYYY-MM-DDTHH:MM:SSZ`, and RSS's RFC 822 dates.

use jiff::fmt::rfc2822::DateTimeParser;
use jiff::{SignedDuration, Span, SpanRelativeTo, Timestamp};

use crate::protocol::{Error, Result};

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

/// Reads a duration as people write it: `30s`, `10m`, `24h`, `7d`, `2w`; a bare number is seconds.
///
/// # Errors
/// When it is none, is negative, or has months or years, which differ in length.
pub fn duration(text: &str) -> Result<SignedDuration> {
    let malformed =
        || Error::malformed(format!("`{text}` is not a duration like 30s, 10m, 24h or 7d"));
    let duration = match text.trim().parse::<u32>() {
        Ok(seconds) => SignedDuration::from_secs(seconds.into()),
        Err(_) => {
            let span: Span = text.trim().parse().map_err(|_| malformed())?;
            span.to_duration(SpanRelativeTo::days_are_24_hours()).map_err(|_| malformed())?
        }
    };
    if duration.is_negative() { Err(malformed()) } else { Ok(duration) }
}

/// Writes `duration` as [`duration()`] reads it, in the largest unit that divides it: `7d`, `36h`.
pub fn spelled(duration: SignedDuration) -> String {
    let seconds = duration.as_secs();
    let units = [(86_400, "d"), (3_600, "h"), (60, "m")];
    let unit = units.into_iter().find(|(size, _)| seconds != 0 && seconds % size == 0);
    match unit {
        Some((size, unit)) => format!("{}{unit}", seconds / size),
        None => format!("{seconds}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_as_people_write_them() {
        for (text, seconds) in
            [("90", 90), ("30s", 30), ("10m", 600), ("24h", 86_400), ("7d", 604_800)]
        {
            assert_eq!(duration(text).unwrap().as_secs(), seconds, "{text}");
        }
        for bad in ["", "soon", "-1s", "1 month", "99999999999999y"] {
            assert!(duration(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn durations_read_back_as_they_are_spelled() {
        for (seconds, text) in [
            (0, "0s"),
            (90, "90s"),
            (600, "10m"),
            (5_400, "90m"),
            (129_600, "36h"),
            (604_800, "7d"),
        ] {
            let spelled = spelled(SignedDuration::from_secs(seconds));
            assert_eq!(spelled, text);
            assert_eq!(duration(&spelled).unwrap().as_secs(), seconds);
        }
    }

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
