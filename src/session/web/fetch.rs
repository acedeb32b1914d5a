//! Fetching many feeds at once.

use std::sync::mpsc::Receiver;

use super::network::Network;
use crate::error::{Context, Error, Kind};
use crate::openpgp::certificate::Certificate;
use crate::protocol::feed::channel::KeyElement;
use crate::protocol::values::fingerprint::Fingerprint;
use crate::protocol::values::hash::Hash;
use crate::protocol::values::limits;
use crate::protocol::values::url::Url;
use crate::session::setback::Setback;
use crate::transport::client::{Answer, Client, Conditions, Document, Failure, HostDate};
use crate::work::list;
use jiff::Timestamp;

/// One feed to be fetched.
#[derive(Clone)]
pub struct Wish {
    /// The name of its owner.
    pub name: String,
    /// The URL at which it stands.
    pub url: Url,
    /// The conditions of the request: what we have of it already.
    pub conditions: Conditions,
}

/// The result of fetching one feed.
pub struct Fetched {
    /// The name of its owner.
    pub name: String,
    /// The answer.
    pub answer: Result<Answer, Failure>,
    /// What the host says of the time.
    pub date: Option<HostDate>,
}

/// Fetches all of `wishes`, `at_once` at a time, `limit` bytes each at most; the answers come as they
/// arrive, and only a few wait in memory.
pub fn all(client: &Client, at_once: usize, wishes: Vec<Wish>, limit: usize) -> Receiver<Fetched> {
    list::work_off(wishes, at_once, || {
        let client = client.clone();
        move |Wish { name, url, conditions }| {
            let (answer, date) = client.get_dated(&url, limit, &conditions);
            Fetched { name, answer, date }
        }
    })
}

/// The document at `url` as it is now, of at most `limit` bytes.
///
/// # Errors
/// [`Setback::Passing`] when it cannot be reached, [`Setback::Lasting`] when it is not to be.
pub fn document(network: &Network, url: &Url, limit: usize) -> Result<Document, Setback> {
    document_by(&network.client()?, url, limit)
}

/// The same, by `client`.
///
/// # Errors
/// As [`document`].
pub fn document_by(client: &Client, url: &Url, limit: usize) -> Result<Document, Setback> {
    match client.get(url, limit, &Conditions::default()) {
        Ok(Answer::Document(document)) => Ok(document),
        Ok(Answer::Unchanged) => {
            let text = format!("{} sent no document", url.shortened());
            Err(Setback::Passing(Error::new(Kind::Network, text)))
        }
        Err(failure) => Err(not_fetched(&url.shortened(), failure)),
    }
}

/// Why a document could not be fetched.
fn not_fetched(what: &str, failure: Failure) -> Setback {
    let may_pass = failure.may_pass();
    let error = failed(what, failure);
    if may_pass { Setback::Passing(error) } else { Setback::Lasting(error) }
}

/// The error for a document that could not be fetched.
pub fn failed(what: &str, failure: Failure) -> Error {
    unanswered(format!("cannot fetch {what}"), failure)
}

/// The error `message` for a request that failed, whatever it was for.
pub fn unanswered(message: String, failure: Failure) -> Error {
    let kind = if failure.may_pass() { Kind::Network } else { Kind::Cannot };
    let refused = matches!(failure, Failure::Refused(_));
    let error = Error::new(kind, message).because(failure);
    if refused {
        error.hint("if you trust that network, name it in allow in config.toml")
    } else {
        error
    }
}

/// Fetches the certificate that `key` names, and keeps what its primary key vouches for at `now`. A
/// hash that does not fit means that one of the two files is being replaced just now.
///
/// # Errors
/// [`Setback::Passing`] when it is not there, [`Setback::Lasting`] when it is another.
pub fn certificate(
    network: &Network,
    key: &KeyElement,
    now: Timestamp,
) -> Result<(Certificate, Hash), Setback> {
    let document = document(network, &key.url, limits::CERTIFICATE)?;
    let hash = Hash::of(&document.bytes);
    if key.hash.is_some_and(|expected| expected != hash) {
        let text = format!("{} is not the file that was announced", key.url);
        let error = Error::new(Kind::Network, text)
            .hint("it is being replaced, or a cache is old: try again later");
        return Err(Setback::Passing(error));
    }
    let certificate = Certificate::parse_reduced(&document.bytes, now);
    let certificate = certificate.or_cannot(|| format!("cannot use {}", key.url))?;
    expect_fingerprint(&certificate, &key.fingerprint, &key.url)?;
    Ok((certificate, hash))
}

fn expect_fingerprint(
    certificate: &Certificate,
    expected: &Fingerprint,
    url: &Url,
) -> Result<(), Error> {
    let found = certificate.fingerprint();
    if found == *expected {
        return Ok(());
    }
    Err(Error::new(Kind::Trust, format!("{url} holds the key {found}, not {expected}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_pass_is_the_network_s_and_what_will_not_is_not() {
        let text = || "x".to_owned();
        for failure in [Failure::NotFound, Failure::Status(500), Failure::Unreachable(text())] {
            let setback = not_fetched("x", failure);
            let is_passing = matches!(&setback, Setback::Passing(e) if e.kind == Kind::Network);
            assert!(is_passing, "{setback}");
        }
        for failure in [
            Failure::Refused(text()),
            Failure::TooLarge(1),
            Failure::Coding(text()),
            Failure::Redirects,
        ] {
            let setback = not_fetched("x", failure);
            let is_lasting = matches!(&setback, Setback::Lasting(e) if e.kind == Kind::Cannot);
            assert!(is_lasting, "{setback}");
        }
    }
}
