//! Asking a cloud, ours or another's: a form goes out, yes or no comes back (PROTOCOL §10).

use std::fmt;

use super::fetch;
use super::named_cloud::NamedCloud;
use super::registration::HTTPS;
use crate::error::Error;
use crate::protocol::cloud::{self, PleaseNotify, Protocol};
use crate::protocol::url::{self, FORM, Url, form};
use crate::transport::client::{Client, Failure};

/// Why a cloud did not do what it was asked for.
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

/// Asks `cloud` to call `callback` when `feed` changes. A cloud
/// that refuses is asked once more by the other name of the same protocol, if it has one; first by
/// the one that is `known` to work, a word such as `https-post`. Returns the protocol that it took.
///
/// # Errors
/// As [`ask`], for the first name.
pub fn please_notify(
    client: &Client,
    cloud: &NamedCloud,
    feed: &Url,
    callback: &Url,
    known: Option<&str>,
) -> Result<Protocol, No> {
    let mut refusal = None;
    for protocol in protocols(callback, known) {
        match cloud.please_notify(client, &wish(feed, callback, protocol.clone())) {
            Ok(()) => return Ok(protocol),
            Err(No::Refused(words)) => drop(refusal.get_or_insert(words)),
            Err(no) => return Err(no),
        }
    }
    Err(No::Refused(refusal.unwrap_or_default()))
}

fn wish(feed: &Url, callback: &Url, protocol: Protocol) -> PleaseNotify {
    PleaseNotify {
        port: callback.port(),
        path: callback.path_and_query().to_owned(),
        protocol,
        domain: Some(callback.host().to_owned()),
        feeds: vec![feed.clone()],
    }
}

/// The protocols by which `callback` can be called, in the order in which to ask for them. 443 with
/// `http-post` is what most clouds take as https (PROTOCOL §3); at any other port it would have the
/// callback called, secret path and all, in the clear.
fn protocols(callback: &Url, known: Option<&str>) -> Vec<Protocol> {
    let mut protocols = match (callback.as_str().starts_with("https:"), callback.port()) {
        (false, _) => vec![Protocol::HttpPost],
        (true, HTTPS) => vec![Protocol::HttpPost, Protocol::HttpsPost],
        (true, _) => vec![Protocol::HttpsPost],
    };
    protocols.sort_by_key(|protocol| known != Some(protocol.as_str()));
    protocols
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::normalized(text).unwrap()
    }

    #[test]
    fn the_callback_is_asked_for_as_clouds_understand_it() {
        let (http, https) = (Protocol::HttpPost, Protocol::HttpsPost);
        for (callback, known, protocols, port) in [
            ("https://b.example/notify/t", None, vec![&http, &https], 443),
            ("https://b.example/notify/t", Some("http-post"), vec![&http, &https], 443),
            ("https://b.example/notify/t", Some("https-post"), vec![&https, &http], 443),
            ("https://b.example/notify/t", Some("soap"), vec![&http, &https], 443),
            ("https://b.example:8443/notify/t", Some("http-post"), vec![&https], 8443),
            ("http://127.0.0.1:8470/notify/t", Some("https-post"), vec![&http], 8470),
            ("http://b.example:443/?notify=t", None, vec![&http], 443),
        ] {
            let found = super::protocols(&url(callback), known);
            assert_eq!(found.iter().collect::<Vec<_>>(), protocols, "{callback}");
            for protocol in found {
                let asked = wish(&url("https://a.example/f"), &url(callback), protocol);
                assert_eq!(asked.port, port);
                // A cloud cannot tell http at the port of https from https.
                let understood = callback.replace("http://b.example:443/", "https://b.example/");
                assert_eq!(asked.callback("192.0.2.1").unwrap(), url(&understood));
            }
        }
    }
}
