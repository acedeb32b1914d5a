//! Fetching many feeds at once.

use std::sync::mpsc::Receiver;

use crate::error::{Context, Error, Kind, Result};
use crate::openpgp::certificate::Certificate;
use crate::protocol::feed::channel::KeyElement;
use crate::protocol::values::fingerprint::Fingerprint;
use crate::protocol::values::hash::Hash;
use crate::protocol::values::limits;
use crate::protocol::values::url::Url;
use crate::session::network::Network;
use crate::transport::client::{Answer, Client, Conditions, Document, Failure};
use crate::work::list;

/// Feeds that are fetched at once.
const AT_ONCE: usize = 16;

/// One feed to be fetched.
#[derive(Clone)]
pub struct Wish {
    /// Whose it is.
    pub name: String,
    /// Where it stands.
    pub url: Url,
    /// What we have of it already.
    pub conditions: Conditions,
}

/// What fetching one feed brought.
pub struct Fetched {
    /// Whose it is.
    pub name: String,
    /// The answer.
    pub answer: std::result::Result<Answer, Failure>,
}

/// Fetches all of `wishes`, several at a time, `limit` bytes each at most; the answers come as they
/// arrive, and only a few wait in memory.
pub fn all(client: &Client, wishes: Vec<Wish>, limit: usize) -> Receiver<Fetched> {
    list::work_off(wishes, AT_ONCE, || {
        let client = client.clone();
        move |Wish { name, url, conditions }| Fetched {
            name,
            answer: client.get(&url, limit, &conditions),
        }
    })
}

/// The document at `url` as it is now, of at most `limit` bytes.
///
/// # Errors
/// When it cannot be reached, or is not to be.
pub fn document(network: &Network, url: &Url, limit: usize) -> Result<Document> {
    document_by(&network.client()?, url, limit)
}

/// The same, by `client`.
///
/// # Errors
/// As [`document`].
pub fn document_by(client: &Client, url: &Url, limit: usize) -> Result<Document> {
    match client.get(url, limit, &Conditions::default()) {
        Ok(Answer::Document(document)) => Ok(document),
        Ok(Answer::Unchanged) => {
            Err(Error::new(Kind::Network, format!("{} sent no document", url.shortened())))
        }
        Err(failure) => Err(failed(&url.shortened(), failure)),
    }
}

/// The error for a document that could not be fetched.
pub fn failed(what: &str, failure: Failure) -> Error {
    unanswered(format!("cannot fetch {what}"), failure)
}

/// The error `message` for a request that failed, whatever it was for.
pub fn unanswered(message: String, failure: Failure) -> Error {
    let kind = match failure {
        Failure::Refused(_) | Failure::TooLarge(_) | Failure::Redirects => Kind::Cannot,
        Failure::NotFound | Failure::Status(_) | Failure::Unreachable(_) => Kind::Network,
    };
    let refused = matches!(failure, Failure::Refused(_));
    let error = Error::new(kind, message).because(failure);
    if refused {
        error.hint("if you trust that network, name it in allow in config.toml")
    } else {
        error
    }
}

/// Fetches the certificate that `key` names. A hash that does not fit means that one of the two
/// files is being replaced just now.
///
/// # Errors
/// When it is not there, or is another.
pub fn certificate(network: &Network, key: &KeyElement) -> Result<(Certificate, Hash)> {
    let document = document(network, &key.url, limits::CERTIFICATE)?;
    let hash = Hash::of(&document.bytes);
    if key.hash.is_some_and(|expected| expected != hash) {
        return Err(Error::new(
            Kind::Network,
            format!("{} is not the file that was announced", key.url),
        )
        .hint("it is being replaced, or a cache is old: try again later"));
    }
    let certificate =
        Certificate::parse(&document.bytes).or_cannot(|| format!("cannot use {}", key.url))?;
    expect_fingerprint(&certificate, &key.fingerprint, &key.url)?;
    Ok((certificate, hash))
}

fn expect_fingerprint(certificate: &Certificate, expected: &Fingerprint, url: &Url) -> Result<()> {
    let found = certificate.fingerprint();
    if found == *expected {
        return Ok(());
    }
    Err(Error::new(Kind::Trust, format!("{url} holds the key {found}, not {expected}")))
}
