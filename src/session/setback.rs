//! Why something did not come about, by what becomes of it: some things pass by themselves.

use std::fmt;

use crate::error::Error;
use crate::{protocol, store};

/// Why something did not come about.
#[derive(Debug)]
pub enum Setback {
    /// A host is away, or another run is at it: the same may succeed later, if nobody does anything.
    Passing(Error),
    /// It fails again until somebody does something about it.
    Lasting(Error),
}

impl fmt::Display for Setback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Passing(error) | Self::Lasting(error) => error.fmt(f),
        }
    }
}

impl From<Setback> for Error {
    fn from(setback: Setback) -> Self {
        match setback {
            Setback::Passing(error) | Setback::Lasting(error) => error,
        }
    }
}

impl From<Error> for Setback {
    fn from(error: Error) -> Self {
        Self::Lasting(error)
    }
}

impl From<store::Error> for Setback {
    fn from(error: store::Error) -> Self {
        match error {
            busy @ (store::Error::Busy(_) | store::Error::Copied) => Self::Passing(busy.into()),
            other => Self::Lasting(other.into()),
        }
    }
}

impl From<protocol::Error> for Setback {
    fn from(error: protocol::Error) -> Self {
        Self::Lasting(error.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Kind;

    #[test]
    fn a_busy_lock_passes_and_a_full_disk_lasts() {
        let busy = Setback::from(store::Error::Busy("/home/x".into()));
        assert!(matches!(&busy, Setback::Passing(error) if error.kind == Kind::Busy), "{busy}");
        assert!(matches!(Setback::from(store::Error::Copied), Setback::Passing(_)));
        let cause = std::io::ErrorKind::StorageFull.into();
        let full = Setback::from(store::Error::CannotWrite { path: "/home/x".into(), cause });
        assert!(matches!(full, Setback::Lasting(_)), "{full}");
        let malformed = Setback::from(protocol::Error::malformed("not XML"));
        assert!(matches!(malformed, Setback::Lasting(_)), "{malformed}");
    }

    #[test]
    fn it_becomes_the_error_that_it_is_made_of() {
        let away = Error::new(Kind::Network, "away").hint("wait");
        let error = Error::from(Setback::Passing(away));
        assert_eq!((error.kind, error.to_string().as_str()), (Kind::Network, "away\nhint: wait"));
    }
}
