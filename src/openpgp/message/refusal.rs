//! Why a sealed object was not opened, and what follows from it.

use std::fmt;

use jiff::Timestamp;

use crate::protocol::values::time;

/// Why a sealed object, a signed object or an attachment was not opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It is not what it should be: armor, packets, damage, nesting.
    Malformed(String),
    /// It holds more than the limit, dearmored or decompressed.
    TooLarge,
    /// It has more than [`RECIPIENTS`](crate::protocol::values::limits::RECIPIENTS) session-key packets.
    TooManyRecipients,
    /// It has more than [`SIGNATURES`](crate::protocol::values::limits::SIGNATURES) signatures.
    TooManySignatures,
    /// None of our subkeys opens it.
    NotForUs,
    /// Its signer meant it for others: somebody sealed it again, to us.
    WrongRecipient,
    /// Nobody signed it.
    Unsigned,
    /// No signature names a key of the expected certificate.
    UnknownSigner,
    /// A signature names a key of the expected certificate, and that key did not make it.
    Forged,
    /// A key of the expected certificate made it, but may not have, or not in this way.
    InvalidSigner(String),
    /// A key of the expected certificate made it, and had expired or was revoked.
    Unusable(String),
    /// It was signed at that time, too far ahead of us.
    Ahead(Timestamp),
}

/// The treatment of an object that was refused (PROTOCOL §2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Treatment {
    /// It may be good yet: another certificate, or time, will tell.
    Held,
    /// Somebody writes in the contact's name.
    Forged,
    /// It is useless as it is.
    Failed,
}

impl Refusal {
    /// The verdict that follows from it.
    pub fn treatment(&self) -> Treatment {
        match self {
            Self::UnknownSigner | Self::Ahead(_) => Treatment::Held,
            Self::Forged | Self::InvalidSigner(_) | Self::Unusable(_) => Treatment::Forged,
            Self::Malformed(_)
            | Self::TooLarge
            | Self::TooManyRecipients
            | Self::TooManySignatures
            | Self::NotForUs
            | Self::WrongRecipient
            | Self::Unsigned => Treatment::Failed,
        }
    }

    /// Returns whether it is the key that is in doubt, and not what it signed.
    pub fn is_of_trust(&self) -> bool {
        self.treatment() == Treatment::Held || matches!(self, Self::Unusable(_))
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed(why) => write!(f, "malformed: {why}"),
            Self::TooLarge => f.write_str("too large"),
            Self::TooManyRecipients => f.write_str("too many recipients"),
            Self::TooManySignatures => f.write_str("too many signatures"),
            Self::NotForUs => f.write_str("not encrypted to us"),
            Self::WrongRecipient => f.write_str("signed for somebody else"),
            Self::Unsigned => f.write_str("not signed"),
            Self::UnknownSigner => f.write_str("signed by an unknown key"),
            Self::Forged => f.write_str("the signature is forged"),
            Self::InvalidSigner(why) | Self::Unusable(why) => {
                write!(f, "the signature does not count: {why}")
            }
            Self::Ahead(signed) => {
                write!(f, "signed in the future, on {}", time::canonical(*signed))
            }
        }
    }
}

impl std::error::Error for Refusal {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_time_and_another_certificate_can_heal() {
        let held = [Refusal::UnknownSigner, Refusal::Ahead(Timestamp::UNIX_EPOCH)];
        assert!(held.iter().all(|refusal| refusal.treatment() == Treatment::Held));
        let forged = [Refusal::Forged, Refusal::InvalidSigner("x".to_owned())];
        assert!(forged.iter().all(|refusal| refusal.treatment() == Treatment::Forged));
        let unusable = Refusal::Unusable("x".to_owned());
        assert_eq!((unusable.treatment(), unusable.is_of_trust()), (Treatment::Forged, true));
        assert!(held.iter().all(Refusal::is_of_trust) && !forged.iter().any(Refusal::is_of_trust));
        assert_eq!(Refusal::WrongRecipient.treatment(), Treatment::Failed);
        assert_eq!(held[1].to_string(), "signed in the future, on 1970-01-01T00:00:00Z");
    }
}
