//! Integers as the wire spells them (PROTOCOL §1).

use super::limits;
use crate::protocol::{Error, Result};

/// Reads a sequence or serial: 1 … 2^53−1, digits only, no leading zero.
///
/// # Errors
/// For any other spelling or value.
pub fn parse(text: &str) -> Result<u64> {
    match parse_size(text)? {
        0 => Err(malformed(text)),
        value => Ok(value),
    }
}

/// Reads a size in bytes: as [`parse`], or `0`.
///
/// # Errors
/// For any other spelling or value.
pub fn parse_size(text: &str) -> Result<u64> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let leading_zero = text.len() > 1 && text.starts_with('0');
    match text.parse() {
        Ok(value) if digits && !leading_zero && value <= limits::INTEGER => Ok(value),
        _ => Err(malformed(text)),
    }
}

fn malformed(text: &str) -> Error {
    Error::malformed(format!("`{text}` is not an integer from 1 to 2^53 − 1"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_canonical_digits_within_the_range_are_read() {
        assert_eq!(parse("1"), Ok(1));
        assert_eq!(parse("9007199254740991"), Ok(limits::INTEGER));
        assert_eq!(parse_size("0"), Ok(0));
        for bad in [
            "",
            "0",
            "01",
            "+1",
            "-1",
            " 1",
            "1 ",
            "1e3",
            "0x1",
            "١",
            "9007199254740992",
            "99999999999999999999999",
        ] {
            assert!(parse(bad).is_err(), "{bad}");
        }
        assert!(parse_size("00").is_err());
    }
}
