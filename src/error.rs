//! The one error of the program, and the table of exit statuses.

mod from_store;

use std::fmt;

/// The kind of a failure, as the exit status tells it.
///
/// Ordered by what is reported where several things went wrong: the greatest wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// 6: nothing new, and `--fail-empty` was given.
    Empty,
    /// 3: the network, or the other's host.
    Network,
    /// 7: kept, but not yet there; do not send again.
    Unpublished,
    /// 75: nothing was done; try again.
    Busy,
    /// 2: the command line.
    Usage,
    /// 1: it cannot be done; the message says why.
    Cannot,
    /// 4: a key changed, expired, was revoked; something is held.
    Trust,
    /// 5: something is missing, replayed, forked or forged.
    Integrity,
}

impl Kind {
    /// The exit status.
    pub fn status(self) -> u8 {
        match self {
            Self::Cannot => 1,
            Self::Usage => 2,
            Self::Network => 3,
            Self::Trust => 4,
            Self::Integrity => 5,
            Self::Empty => 6,
            Self::Unpublished => 7,
            Self::Busy => 75,
        }
    }
}

/// A failure, for people: lower case, the object in backticks, the cause after a colon, the cure
/// on a `hint:` line.
#[derive(Debug)]
pub struct Error {
    /// The kind, which the exit status will tell.
    pub kind: Kind,
    /// The failure in words; empty where the exit status says it all.
    pub message: String,
    /// The reason why it failed.
    pub source: Option<anyhow::Error>,
    /// The hints on what to do about it.
    pub hints: Vec<String>,
}

/// The result of everything above the pure layers.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// A failure of `kind`.
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), source: None, hints: Vec::new() }
    }

    /// A [`Kind::Cannot`].
    pub fn cannot(message: impl Into<String>) -> Self {
        Self::new(Kind::Cannot, message)
    }

    /// A [`Kind::Usage`].
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(Kind::Usage, message)
    }

    /// Adds the cause.
    #[must_use]
    pub fn because(mut self, cause: impl Into<anyhow::Error>) -> Self {
        self.source = Some(cause.into());
        self
    }

    /// Adds a cure.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }
}

impl Error {
    /// The message and its causes, on one line and without hints.
    pub fn line(&self) -> String {
        match &self.source {
            Some(source) => format!("{}: {source:#}", self.message),
            None => self.message.clone(),
        }
    }
}

impl fmt::Display for Error {
    /// The message and its causes on one line, then the hints on a line each.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.line())?;
        for hint in &self.hints {
            write!(f, "\nhint: {hint}")?;
        }
        Ok(())
    }
}

impl From<crate::protocol::Error> for Error {
    fn from(error: crate::protocol::Error) -> Self {
        let kind = match error {
            crate::protocol::Error::Malformed(_) => Kind::Cannot,
            crate::protocol::Error::Critical(_) => Kind::Trust,
        };
        Self::new(kind, error.to_string())
    }
}

/// Adds what failed to a lower error.
pub trait Context<T> {
    /// A [`Kind::Cannot`] that says `message`, because of this error.
    fn or_cannot(self, message: impl FnOnce() -> String) -> Result<T>;
}

impl<T, E: Into<anyhow::Error>> Context<T> for std::result::Result<T, E> {
    fn or_cannot(self, message: impl FnOnce() -> String) -> Result<T> {
        self.map_err(|cause| Error::cannot(message()).because(cause))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_causes_give_the_first_of_5_4_1_7_3() {
        let mut kinds =
            [Kind::Network, Kind::Cannot, Kind::Integrity, Kind::Unpublished, Kind::Trust];
        kinds.sort();
        assert_eq!(kinds.map(Kind::status), [3, 7, 1, 4, 5]);
    }

    #[test]
    fn cause_and_hints_follow_the_message() {
        let error = Error::cannot("cannot read `x`")
            .because(anyhow::anyhow!("gone"))
            .hint("look elsewhere");
        assert_eq!(error.to_string(), "cannot read `x`: gone\nhint: look elsewhere");
    }
}
