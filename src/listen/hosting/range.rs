//! Ranges of bytes (RFC 9110 §14), one at a time: how an interrupted download goes on.

use crate::transport::server::Request;

/// The part of a file that is asked for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// All of it; also where the range is malformed, of another unit, or more than one.
    Whole,
    /// `count` bytes, at least one, from `start` on.
    Part { start: u64, count: u64 },
    /// Bytes that it does not have.
    Nothing,
}

/// Returns what `request` asks of the file with this tag and of `length` bytes. A date in
/// `If-Range` is no proof that the file is still the same, so only the tag counts.
pub(super) fn asked(request: &Request, etag: &str, length: u64) -> Asked {
    let same = request.header("if-range").is_none_or(|validator| validator.trim() == etag);
    match request.header("range") {
        Some(range) if same && request.method == "GET" => parse(range, length),
        _ => Asked::Whole,
    }
}

fn parse(range: &str, length: u64) -> Asked {
    let Some((unit, range)) = range.trim().split_once('=') else { return Asked::Whole };
    let Some((first, last)) = range.split_once('-') else { return Asked::Whole };
    if !unit.eq_ignore_ascii_case("bytes") {
        return Asked::Whole;
    }
    let (start, end) = match (number(first), number(last)) {
        (Some(first), Some(last)) if first <= last => (first, last.saturating_add(1).min(length)),
        (Some(first), None) if last.trim().is_empty() => (first, length),
        (None, Some(count)) if first.trim().is_empty() => (length.saturating_sub(count), length),
        _ => return Asked::Whole,
    };
    match end.checked_sub(start) {
        Some(count) if count > 0 => Asked::Part { start, count },
        _ => Asked::Nothing,
    }
}

/// A number without a sign; one that is too large is as good as the largest.
fn number(text: &str) -> Option<u64> {
    let text = text.trim();
    let digits = !text.is_empty() && text.bytes().all(|digit| digit.is_ascii_digit());
    digits.then(|| text.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn one_range_is_taken_the_rest_is_whole() {
        let part = |start, count| Asked::Part { start, count };
        for (range, expected) in [
            ("bytes=0-9", part(0, 10)),
            ("bytes=0-0", part(0, 1)),
            ("bytes=90-", part(90, 10)),
            ("bytes=90-200", part(90, 10)),
            ("bytes=-10", part(90, 10)),
            ("bytes=-1000", part(0, 100)),
            ("Bytes= 5 - 6 ", part(5, 2)),
            ("bytes=5-99999999999999999999999", part(5, 95)),
            ("bytes=100-", Asked::Nothing),
            ("bytes=100-200", Asked::Nothing),
            ("bytes=99999999999999999999999-", Asked::Nothing),
            ("bytes=-0", Asked::Nothing),
            ("bytes=9-0", Asked::Whole),
            ("bytes=-", Asked::Whole),
            ("bytes=0-1,5-6", Asked::Whole),
            ("bytes=+1-2", Asked::Whole),
            ("bytes=a-b", Asked::Whole),
            ("bytes", Asked::Whole),
            ("items=0-9", Asked::Whole),
        ] {
            assert_eq!(parse(range, 100), expected, "{range}");
        }
        assert_eq!(parse("bytes=0-", 0), Asked::Nothing);
        assert_eq!(parse("bytes=-5", 0), Asked::Nothing);
    }

    proptest! {
        #[test]
        fn a_part_lies_within_the_file(range in "bytes=[0-9]{0,20}-[0-9]{0,20}", length: u64) {
            if let Asked::Part { start, count } = parse(&range, length) {
                prop_assert!(count > 0 && start.checked_add(count).unwrap() <= length);
            }
        }
    }
}
