//! Why a certificate cannot be used.

use std::fmt;

use jiff::Timestamp;

/// Why a certificate cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unusable {
    /// Nothing in it is signed by its own primary key, or by means we accept.
    NoSelfSignature,
    /// It expired then.
    Expired(Timestamp),
    /// Its holder revoked it; `hard`: without saying that it was good before.
    Revoked {
        /// Whether the key may be in other hands, so that nothing it ever signed counts.
        hard: bool,
    },
    /// No valid subkey in it is of a kind that we encrypt to.
    NoEncryptionSubkey,
    /// It was made later than the time in question.
    NotYetValid,
    /// Its primary key is of a kind that is too weak.
    Weak,
}

impl fmt::Display for Unusable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSelfSignature => f.write_str("has no valid self-signature"),
            Self::Expired(time) => write!(f, "expired on {}", time.strftime("%Y-%m-%d")),
            Self::Revoked { .. } => f.write_str("is revoked"),
            Self::NoEncryptionSubkey => f.write_str("has no usable encryption subkey"),
            Self::NotYetValid => f.write_str("is not yet valid"),
            Self::Weak => f.write_str("is of a kind that is too weak"),
        }
    }
}

impl std::error::Error for Unusable {}
