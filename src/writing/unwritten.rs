//! Why something was not written to a contact.

use crate::error::Error;
use crate::{protocol, store};

/// Why something was not written to a contact.
#[derive(Debug)]
pub enum Unwritten {
    /// A key that it needs cannot be used, or what it tells of is of a later version: it waits, and
    /// what was done before stands.
    Waits(Error),
    /// The clock is wrong, or was: what would be signed by it nobody would believe. It waits likewise.
    Clock(Error),
    /// Anything else.
    Failed(Error),
}

/// The result of writing to a contact.
pub type Result<T> = std::result::Result<T, Unwritten>;

impl From<Unwritten> for Error {
    fn from(unwritten: Unwritten) -> Self {
        match unwritten {
            Unwritten::Waits(error) | Unwritten::Clock(error) | Unwritten::Failed(error) => error,
        }
    }
}

impl From<Error> for Unwritten {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl From<store::Error> for Unwritten {
    fn from(error: store::Error) -> Self {
        match error {
            store::Error::Format(error) => error.into(),
            other => Self::Failed(other.into()),
        }
    }
}

impl From<protocol::Error> for Unwritten {
    fn from(error: protocol::Error) -> Self {
        match error {
            later @ protocol::Error::Critical(_) => Self::Waits(later.into()),
            malformed @ protocol::Error::Malformed(_) => Self::Failed(malformed.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_of_a_later_version_waits_and_what_is_malformed_fails() {
        let later = || protocol::Error::Critical("version 2".to_owned());
        assert!(matches!(Unwritten::from(later()), Unwritten::Waits(_)));
        assert!(matches!(Unwritten::from(store::Error::from(later())), Unwritten::Waits(_)));
        let malformed = protocol::Error::malformed("not XML");
        assert!(matches!(Unwritten::from(malformed), Unwritten::Failed(_)));
        assert!(matches!(Unwritten::from(store::Error::CutShort), Unwritten::Failed(_)));
    }
}
