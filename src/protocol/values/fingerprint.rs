//! The fingerprint of an OpenPGP primary key or subkey.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::protocol::{Error, Result};

/// An OpenPGP fingerprint in canonical form: upper-case hex, 40 digits (v4) or 64 (v6).
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Fingerprint(String);

impl Fingerprint {
    /// The fingerprint whose binary form is `bytes`.
    ///
    /// # Errors
    /// When there are neither 20 nor 32 bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let hex: String = bytes.iter().map(|byte| format!("{byte:02X}")).collect();
        hex.parse()
    }

    /// Reads what a person types, pastes or scans: any case, white space and colons anywhere, and
    /// the prefixes `0x` and `OPENPGP4FPR:`. A part that a program adds to such a URI after `#` or
    /// `?` is its own business.
    ///
    /// # Errors
    /// When what remains is not a fingerprint.
    pub fn from_user(text: &str) -> Result<Self> {
        let text = text.trim();
        let upper = text.to_ascii_uppercase();
        let bare = match upper.strip_prefix("OPENPGP4FPR:") {
            Some(uri) => uri.split(['#', '?']).next().unwrap_or_default().trim_start_matches('/'),
            None => &upper,
        };
        let bare = bare.strip_prefix("0X").unwrap_or(bare);
        let digits: String = bare.chars().filter(|c| !c.is_whitespace() && *c != ':').collect();
        digits.parse()
    }

    /// The canonical form.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The canonical form in groups of four digits, as people compare it.
    pub fn grouped(&self) -> String {
        let mut grouped = String::with_capacity(self.0.len() * 5 / 4);
        for (index, digit) in self.0.chars().enumerate() {
            if index > 0 && index % 4 == 0 {
                grouped.push(' ');
            }
            grouped.push(digit);
        }
        grouped
    }
}

impl FromStr for Fingerprint {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let hex = |c: char| c.is_ascii_digit() || ('A'..='F').contains(&c);
        if matches!(text.len(), 40 | 64) && text.chars().all(hex) {
            return Ok(Self(text.to_owned()));
        }
        Err(Error::malformed(format!("`{text}` is not a fingerprint")))
    }
}

crate::protocol::string_conversions!(Fingerprint);

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CANONICAL: &str = "0123456789ABCDEF0123456789ABCDEF01234567";

    #[test]
    fn only_the_canonical_form_is_read_from_the_wire() {
        assert_eq!(CANONICAL.parse::<Fingerprint>().unwrap().as_str(), CANONICAL);
        for bad in ["", "0123", &CANONICAL.to_lowercase(), &format!("{CANONICAL} ")] {
            assert!(bad.parse::<Fingerprint>().is_err(), "{bad}");
        }
    }

    #[test]
    fn people_may_group_and_prefix_it() {
        let grouped = CANONICAL.parse::<Fingerprint>().unwrap().grouped();
        let lower = CANONICAL.to_lowercase();
        for text in [
            grouped.as_str(),
            &grouped.replace(' ', ":"),
            &format!("0x{lower}\n"),
            &format!("OPENPGP4FPR:{CANONICAL}"),
            &format!("openpgp4fpr:{lower}"),
            &format!("OPENPGP4FPR:{lower}#a=mary%40mary.example&n=Mary"),
        ] {
            assert_eq!(Fingerprint::from_user(text).unwrap().as_str(), CANONICAL, "{text}");
        }
        for bad in ["", "OPENPGP4FPR:", &lower[1..], &format!("{lower}#a=x"), "0x0x"] {
            assert!(Fingerprint::from_user(bad).is_err(), "{bad}");
        }
    }
}
