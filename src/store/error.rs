//! Why something under a home was not read, written or found.
//!
//! It says what happened and where, and nothing of exit statuses or commands: the code that turns
//! it into the error of the program adds these.

use std::path::{Path, PathBuf};
use std::{fmt, io};

use crate::protocol;
use crate::protocol::values::url::Url;

/// A failure in the store.
#[derive(Debug)]
pub enum Error {
    /// A file is not there that only a backup still has.
    Missing(PathBuf),
    /// The octets of an item are not there.
    NotKept(PathBuf),
    /// A file or folder is there, and cannot be read.
    CannotRead {
        /// Its path, as it is shown.
        path: PathBuf,
        /// The cause.
        cause: anyhow::Error,
    },
    /// A file or folder cannot be made, replaced or removed.
    CannotWrite {
        /// Its path.
        path: PathBuf,
        /// The cause.
        cause: io::Error,
    },
    /// A file holds what cannot be used, be it ours or the user's.
    CannotUse {
        /// Its path.
        path: PathBuf,
        /// The cause.
        cause: anyhow::Error,
    },
    /// A file that we alone write holds what we never wrote.
    Damaged {
        /// Its path.
        path: PathBuf,
        /// The reason why it cannot be used.
        cause: anyhow::Error,
        /// The loss that comes with it.
        lost: Lost,
    },
    /// Something that is done with several files, or with none yet, failed.
    Cannot {
        /// The thing that failed, as in "cannot rename `mary`".
        what: String,
        /// The cause.
        cause: anyhow::Error,
    },
    /// A thread that wrote has died.
    CutShort,
    /// Another process holds the lock of this file or folder.
    Busy(PathBuf),
    /// The home was copied or restored, and has not caught up with what it has published.
    Copied,
    /// The home only reads.
    ReadOnly,
    /// A file that must not be replaced is there already.
    Exists(PathBuf),
    /// A contact has this name already.
    Taken(String),
    /// This text cannot name a contact.
    NoName(String),
    /// No contact has this name.
    UnknownContact {
        /// The name.
        name: String,
        /// The contacts that there are.
        known: Known,
    },
    /// No invitation waits under this name.
    UnknownInvitation(String),
    /// There is no identity in this folder.
    NoIdentity(PathBuf),
    /// A part of the identity in a folder is missing.
    HalfWritten {
        /// The folder.
        home: PathBuf,
        /// The file that is missing, as it is shown.
        missing: &'static str,
        /// Whether the secret key is there.
        has_secret: bool,
    },
    /// Others can write a file or folder that must be ours alone.
    NotOurs {
        /// Its path.
        path: PathBuf,
        /// How they can.
        why: String,
        /// What to do about it.
        cures: Vec<String>,
    },
    /// The settings have no base URL.
    NoBaseUrl,
    /// This URL has a query, and can be no base URL.
    QueryInBaseUrl(Url),
    /// The secret key would be larger than what may be read again.
    SecretTooLarge,
    /// Something breaks a wire format, or is of a later version.
    Format(protocol::Error),
}

/// The loss that comes with a damaged file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lost {
    /// Content that no other file has.
    Content,
    /// How far messages were delivered.
    Cursors,
    /// Findings that reading the feed brings again.
    Findings,
}

/// The contacts that there are, where one was not found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Known {
    /// None.
    Nobody,
    /// One whose name is much like it.
    Near(String),
    /// Others.
    Others,
}

/// The result of reading and writing under a home.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// The failure in words, without the cause.
    pub fn message(&self) -> String {
        match self {
            Self::Missing(path) | Self::NotKept(path) => format!("`{}` is missing", path.display()),
            Self::CannotRead { path, .. } => format!("cannot read `{}`", path.display()),
            Self::CannotWrite { path, .. } => format!("cannot write `{}`", path.display()),
            Self::CannotUse { path, .. } | Self::Damaged { path, .. } => {
                format!("cannot use `{}`", path.display())
            }
            Self::Cannot { what, .. } => format!("cannot {what}"),
            Self::CutShort => "a write was cut short".to_owned(),
            Self::Busy(path) => format!("`{}` is locked by another cloudim", path.display()),
            Self::Copied => "this home was copied or restored just now".to_owned(),
            Self::ReadOnly => "this home is read-only: it stores and shows, and never writes to \
                               the world"
                .to_owned(),
            Self::Exists(path) => {
                format!("`{}` exists already, and is never overwritten", path.display())
            }
            Self::Taken(name) => format!("there is a contact `{name}` already"),
            Self::NoName(name) => format!("`{}` cannot name a contact", name.escape_debug()),
            Self::UnknownContact { name, .. } => {
                format!("there is no contact `{}`", name.escape_debug())
            }
            Self::UnknownInvitation(name) => {
                format!("there is no invitation by `{}`", name.escape_debug())
            }
            Self::NoIdentity(home) => format!("there is no identity in `{}`", home.display()),
            Self::HalfWritten { home, missing, .. } => {
                format!("the home `{}` is half-written: `{missing}` is missing", home.display())
            }
            Self::NotOurs { path, why, .. } => {
                format!("cannot trust `{}`: {why}", path.display())
            }
            Self::NoBaseUrl => "this identity has no address on the web".to_owned(),
            Self::QueryInBaseUrl(url) => format!("`{url}` cannot be a base URL: it has a query"),
            Self::SecretTooLarge => "the secret key would pass 64 KiB".to_owned(),
            Self::Format(error) => error.to_string(),
        }
    }

    /// Why it went wrong, where that is known.
    pub fn into_cause(self) -> Option<anyhow::Error> {
        match self {
            Self::CannotRead { cause, .. }
            | Self::CannotUse { cause, .. }
            | Self::Damaged { cause, .. }
            | Self::Cannot { cause, .. } => Some(cause),
            Self::CannotWrite { cause, .. } => Some(cause.into()),
            _ => None,
        }
    }
}

impl fmt::Display for Error {
    /// The message, and its cause after a colon.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message())?;
        match self {
            Self::CannotRead { cause, .. }
            | Self::CannotUse { cause, .. }
            | Self::Damaged { cause, .. }
            | Self::Cannot { cause, .. } => write!(f, ": {cause:#}"),
            Self::CannotWrite { cause, .. } => write!(f, ": {cause}"),
            _ => Ok(()),
        }
    }
}

impl std::error::Error for Error {}

impl From<protocol::Error> for Error {
    fn from(error: protocol::Error) -> Self {
        Self::Format(error)
    }
}

/// Says what could not be done when something below the store failed.
pub(super) trait OrCannot<T> {
    /// An [`Error::Cannot`] about `what`.
    fn or_cannot(self, what: impl Into<String>) -> Result<T>;
    /// An [`Error::CannotRead`] about `path`.
    fn or_cannot_read(self, path: &Path) -> Result<T>;
    /// An [`Error::CannotUse`] about `path`.
    fn or_cannot_use(self, path: &Path) -> Result<T>;
}

impl<T, E: Into<anyhow::Error>> OrCannot<T> for std::result::Result<T, E> {
    fn or_cannot(self, what: impl Into<String>) -> Result<T> {
        self.map_err(|cause| Error::Cannot { what: what.into(), cause: cause.into() })
    }

    fn or_cannot_read(self, path: &Path) -> Result<T> {
        let path = || path.to_owned();
        self.map_err(|cause| Error::CannotRead { path: path(), cause: cause.into() })
    }

    fn or_cannot_use(self, path: &Path) -> Result<T> {
        let path = || path.to_owned();
        self.map_err(|cause| Error::CannotUse { path: path(), cause: cause.into() })
    }
}
