//! The wire formats of PROTOCOL: bytes and values in, bytes and values out.
//!
//! The law of this layer and of the OpenPGP layer: no file, network, environment, clock, thread
//! or terminal. The present time and the source of randomness are arguments.

pub mod calls;
pub mod feed;
pub mod sealed;
pub mod values;
pub mod xml;
pub mod xmlrpc;

use std::fmt;

/// The namespace of our extension elements.
pub const NAMESPACE: &str = "urn:uuid:20782cb9-e925-402f-bc8d-87ae70dbff45";

/// The source of randomness that the pure layers are handed: a CSPRNG, seeded by the caller.
pub type Random = rand::rngs::StdRng;

/// Why bytes from outside were not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// They break the format, or a limit.
    Malformed(String),
    /// They are of a later version, or carry an unknown critical element: to be held until this
    /// program knows more, never guessed at (PROTOCOL §1).
    Critical(String),
}

/// The result of reading what came from outside.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// An [`Error::Malformed`] that says `what` is wrong. Text that it quotes may come from a
    /// stranger and end up on a terminal: control characters are escaped, and it is cut at 300
    /// characters.
    pub fn malformed(what: impl Into<String>) -> Self {
        let harmless = |c: char| {
            !c.is_control()
                && !('\u{2028}'..='\u{202e}').contains(&c)
                && !('\u{2066}'..='\u{2069}').contains(&c)
        };
        let what: String = what.into();
        Self::Malformed(
            what.chars().take(300).map(|c| if harmless(c) { c } else { '\u{fffd}' }).collect(),
        )
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed(what) | Self::Critical(what) => f.write_str(what),
        }
    }
}

impl std::error::Error for Error {}

/// Implements what serde's `try_from` and `into` ask of a type with one spelling, and its `Debug`.
macro_rules! string_conversions {
    ($name:ident) => {
        impl TryFrom<String> for $name {
            type Error = $crate::protocol::Error;

            fn try_from(text: String) -> $crate::protocol::Result<Self> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(value: $name) -> Self {
                value.to_string()
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, "{self}")
            }
        }
    };
}
use string_conversions;
