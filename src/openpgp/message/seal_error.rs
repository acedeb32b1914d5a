//! Why something was not sealed.

use std::fmt;

use crate::openpgp::certificate::unusable::Unusable;
use crate::protocol::values::fingerprint::Fingerprint;

/// Why something was not sealed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SealError {
    /// The secret key is locked.
    Locked,
    /// The certificate with this fingerprint, a reader's or our own, cannot be used.
    Unusable(Fingerprint, Unusable),
    /// More than [`RECIPIENTS`](crate::protocol::values::limits::RECIPIENTS), ourselves included.
    TooManyRecipients,
    /// The cryptography failed.
    Failed(String),
}

impl fmt::Display for SealError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Locked => f.write_str("the secret key is locked"),
            Self::Unusable(fingerprint, why) => {
                write!(f, "the certificate `{fingerprint}` {why}")
            }
            Self::TooManyRecipients => f.write_str("too many recipients"),
            Self::Failed(why) => write!(f, "sealing failed: {why}"),
        }
    }
}

impl std::error::Error for SealError {}

impl From<pgp::errors::Error> for SealError {
    fn from(cause: pgp::errors::Error) -> Self {
        Self::Failed(cause.to_string())
    }
}
