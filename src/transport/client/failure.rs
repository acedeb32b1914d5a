//! What a request may fail with.

use std::fmt;
use std::io;

use crate::protocol::values::url::Url;
use crate::transport::egress::Refusal;

/// Redirects followed for one request.
pub(super) const HOPS: usize = 5;

/// Why a request had no use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The guard forbids it; names the host and the reason.
    Refused(String),
    /// The document is not there (404), or no more (410).
    NotFound,
    /// Any other status than was wanted.
    Status(u16),
    /// The body has more than so many bytes.
    TooLarge(usize),
    /// The body is in a content coding that we did not ask for and do not know.
    Coding(String),
    /// More than five redirects, or one that leads to no http or https URL.
    Redirects,
    /// Redirects that lead back to where they began.
    Loop,
    /// No answer: name, connection, TLS, time limit or protocol; names the host and the reason.
    Unreachable(String),
}

impl Failure {
    /// Returns whether the same request may succeed later, if only the other's host changes.
    pub fn may_pass(&self) -> bool {
        match self {
            Self::NotFound | Self::Status(_) | Self::Unreachable(_) => true,
            Self::Refused(_)
            | Self::TooLarge(_)
            | Self::Coding(_)
            | Self::Redirects
            | Self::Loop => false,
        }
    }

    /// Returns whether the host did answer, by something that is of no use however often it is asked.
    pub fn is_answer(&self) -> bool {
        matches!(self, Self::TooLarge(_) | Self::Coding(_) | Self::Redirects | Self::Loop)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(why) | Self::Unreachable(why) => f.write_str(why),
            Self::NotFound => f.write_str("not found"),
            Self::Status(status) => write!(f, "status {status}"),
            Self::TooLarge(limit) => write!(f, "more than {limit} bytes"),
            Self::Coding(coding) => {
                write!(f, "it comes in the content coding `{coding}`, which was not asked for")
            }
            Self::Redirects => write!(f, "more than {HOPS} redirects, or one to no usable URL"),
            Self::Loop => f.write_str("its redirects lead round in a circle"),
        }
    }
}

impl std::error::Error for Failure {}

/// Returns whether the host closed the connection without an answer.
pub(super) fn is_hung_up(cause: &io::Error) -> bool {
    matches!(
        cause.kind(),
        io::ErrorKind::UnexpectedEof
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::BrokenPipe
            | io::ErrorKind::NotConnected
    )
}

/// Tells the guard's refusal from every other cause.
pub(super) fn failure(url: &Url, cause: ureq::Error) -> Failure {
    let why = match cause {
        ureq::Error::Other(inner) => match inner.downcast::<Refusal>() {
            Ok(refusal) => return Failure::Refused(refusal.0),
            Err(other) => other.to_string(),
        },
        ureq::Error::Timeout(_) => "it takes too long".to_owned(),
        ureq::Error::HostNotFound => "no such host".to_owned(),
        ureq::Error::Io(cause) => cause.to_string(),
        other => other.to_string(),
    };
    Failure::Unreachable(format!("`{}` cannot be reached: {why}", url.authority()))
}
