//! Which marks of a document prove that it is still the same (RFC 9110, section 8.8).

use jiff::{SignedDuration, Timestamp};

use crate::protocol::values::time;

/// The marks of `etag` and `last_modified` that a later 304 may be believed for, where the answer
/// that carried them was made at `date`.
///
/// A file may change twice within one second. A date of change that is not at least a second older
/// than the answer therefore marks both versions (section 8.8.2.2), and a 304 to it would hide the
/// second one until the next change. The same is true of a tag that was made of that second.
pub(super) fn proven(
    etag: Option<String>,
    last_modified: Option<String>,
    date: Option<&str>,
) -> (Option<String>, Option<String>) {
    let modified = last_modified.as_deref().and_then(read);
    let date = date.and_then(read);
    let settled = match (modified, date) {
        (Some(modified), Some(date)) => {
            date.duration_since(modified) >= SignedDuration::from_secs(1)
        }
        _ => false,
    };
    let names_second = |tag: &String| modified.is_some_and(|time| is_made_of(tag, time));
    let etag = etag.filter(|tag| settled || !names_second(tag));
    (etag, last_modified.filter(|_| settled))
}

fn read(date: &str) -> Option<Timestamp> {
    time::from_rfc_822(date).ok()
}

/// Returns whether the second of `time` is written in `tag`: in hexadecimal, as nginx and h2o
/// have it, in decimal, or to the base of 36, as Caddy had it before 2.7.
fn is_made_of(tag: &str, time: Timestamp) -> bool {
    let Ok(seconds) = u64::try_from(time.as_second()) else { return false };
    let tag = tag.to_ascii_lowercase();
    [format!("{seconds:x}"), seconds.to_string(), to_base_36(seconds)]
        .iter()
        .any(|written| tag.contains(written))
}

fn to_base_36(mut number: u64) -> String {
    let mut digits = Vec::new();
    while number > 0 {
        let digit = u32::try_from(number % 36).ok().and_then(|digit| char::from_digit(digit, 36));
        digits.extend(digit);
        number /= 36;
    }
    digits.iter().rev().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MODIFIED: &str = "Sun, 29 Nov 2026 12:00:00 GMT";
    const SAME_SECOND: &str = "Sun, 29 Nov 2026 12:00:00 GMT";
    const NEXT_SECOND: &str = "Sun, 29 Nov 2026 12:00:01 GMT";

    fn kept(etag: Option<&str>, modified: Option<&str>, date: Option<&str>) -> (bool, bool) {
        let owned = |text: Option<&str>| text.map(str::to_owned);
        let (etag, modified) = proven(owned(etag), owned(modified), date);
        (etag.is_some(), modified.is_some())
    }

    #[test]
    fn a_date_of_change_counts_when_its_second_is_over() {
        for (date, counts) in [
            (Some(SAME_SECOND), false),
            (Some(NEXT_SECOND), true),
            (Some("Sun, 29 Nov 2026 11:00:00 GMT"), false),
            (Some("yesterday"), false),
            (None, false),
        ] {
            assert_eq!(kept(None, Some(MODIFIED), date), (false, counts), "{date:?}");
        }
        assert_eq!(kept(None, Some("yesterday"), Some(NEXT_SECOND)), (false, false));
    }

    #[test]
    fn a_tag_counts_unless_it_is_made_of_that_second() {
        let seconds = read(MODIFIED).unwrap().as_second();
        for (tag, counts) in [
            (format!("\"{seconds:x}-1f4a\""), false),
            (format!("\"{seconds:X}-1F4A\""), false),
            (format!("W/\"{seconds}-8010\""), false),
            (format!("\"{}63s\"", to_base_36(seconds.unsigned_abs())), false),
            ("\"4f1a-63b9c0d2e8f00\"".to_owned(), true),
            ("W/\"a81f9\"".to_owned(), true),
            ("\"\"".to_owned(), true),
        ] {
            assert_eq!(kept(Some(&tag), Some(MODIFIED), Some(SAME_SECOND)).0, counts, "{tag}");
            assert_eq!(kept(Some(&tag), Some(MODIFIED), Some(NEXT_SECOND)), (true, true), "{tag}");
            assert_eq!(kept(Some(&tag), None, None), (true, false), "{tag}");
        }
    }

    #[test]
    fn base_36_is_that_of_others() {
        // The last by Python's divmod, digit by digit.
        for (number, text) in [(35, "z"), (36, "10"), (1_795_953_600, "tp9io0")] {
            assert_eq!(to_base_36(number), text);
        }
    }
}
