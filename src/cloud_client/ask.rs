//! Asking a cloud, ours or another's: a form goes out, yes or no comes back (PROTOCOL §10).

use std::fmt;

use crate::error::Error;
use crate::protocol::calls::cloud;
use crate::protocol::values::url::{self, FORM, Url, form};
use crate::session::setback::Setback;
use crate::session::web::fetch;
use crate::transport::client::{Client, Failure};

/// The reason why a cloud did not do what it was asked for.
#[derive(Debug)]
pub enum No {
    /// There was no answer, or one with a status that says nothing about the question.
    Unanswered(Failure),
    /// It refused, in these words, fit for a terminal.
    Refused(String),
}

impl No {
    /// The error for a user who asked the cloud at `url`.
    pub fn error(self, url: &Url) -> Error {
        let host = url.authority();
        match self {
            Self::Unanswered(failure) => {
                fetch::unanswered(format!("cannot ask the cloud `{host}`"), failure)
            }
            Self::Refused(words) => Error::cannot(format!("the cloud `{host}` refused: {words}")),
        }
    }
}

impl No {
    /// The same as [`No::error`], by whether the cloud may answer later.
    pub fn setback(self, url: &Url) -> Setback {
        match &self {
            Self::Unanswered(failure) if failure.may_pass() => Setback::Passing(self.error(url)),
            Self::Unanswered(_) | Self::Refused(_) => Setback::Lasting(self.error(url)),
        }
    }

    /// This with each of `secrets`, the capabilities that were sent, shortened: clouds quote them.
    pub(super) fn shortened<'a>(self, secrets: impl IntoIterator<Item = &'a str>) -> Self {
        match self {
            Self::Refused(words) => {
                let shorten =
                    |words: String, secret: &str| words.replace(secret, &url::shortened(secret));
                Self::Refused(secrets.into_iter().fold(words, shorten))
            }
            unanswered @ Self::Unanswered(_) => unanswered,
        }
    }
}

impl fmt::Display for No {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unanswered(failure) => failure.fmt(f),
            Self::Refused(words) => f.write_str(words),
        }
    }
}

/// Asks at `url` by the form `fields`.
///
/// # Errors
/// A [`No`]; [`No::Refused`] also when the answer says neither yes nor no.
pub fn ask(client: &Client, url: &Url, fields: &[(&str, &str)]) -> Result<(), No> {
    post(client, url, FORM, &form(fields))
}

/// Asks at `url` by `body`, of type `kind`.
///
/// # Errors
/// As [`ask`].
pub fn post(client: &Client, url: &Url, kind: &str, body: &str) -> Result<(), No> {
    let answer = client.submit(url, kind, body).map_err(No::Unanswered)?;
    cloud::verdict(&answer).map_err(No::Refused)
}
