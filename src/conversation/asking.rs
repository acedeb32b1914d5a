//! Asking a cloud, ours or another's: a form goes out, yes or no comes back (PROTOCOL §10).

use std::fmt;

use super::fetch;
use crate::error::Error;
use crate::protocol::cloud::{self, PleaseNotify, Protocol};
use crate::protocol::url::Url;
use crate::transport::client::{Client, Failure};

const HTTPS: u16 = 443;

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
    let answer = client.post_form(url, fields).map_err(No::Unanswered)?;
    cloud::verdict(&answer).map_err(No::Refused)
}

/// Asks the cloud whose pleaseNotify URL is `url` to call `callback` when `feed` changes. A cloud
/// that will not hear of the protocol is asked once more by the other name of the same thing, if it
/// has one.
///
/// # Errors
/// As [`ask`].
pub fn please_notify(client: &Client, url: &Url, feed: &Url, callback: &Url) -> Result<(), No> {
    let mut wish = wish(feed, callback);
    let answer = ask_for(client, url, &wish);
    match &answer {
        Err(No::Refused(words)) if has_two_names(callback) && is_about_protocol(words) => {
            wish.protocol = Protocol::HttpsPost;
            ask_for(client, url, &wish)
        }
        _ => answer,
    }
}

fn ask_for(client: &Client, url: &Url, wish: &PleaseNotify) -> Result<(), No> {
    let form = wish.to_form();
    let fields: Vec<_> = form.iter().map(|(name, value)| (&**name, &**value)).collect();
    ask(client, url, &fields)
}

/// 443 with `http-post` is what most clouds take as https (PROTOCOL §3).
fn wish(feed: &Url, callback: &Url) -> PleaseNotify {
    let plain = !is_https(callback) || has_two_names(callback);
    PleaseNotify {
        port: callback.port(),
        path: callback.path_and_query().to_owned(),
        protocol: if plain { Protocol::HttpPost } else { Protocol::HttpsPost },
        domain: Some(callback.host().to_owned()),
        feeds: vec![feed.clone()],
    }
}

fn is_https(url: &Url) -> bool {
    url.as_str().starts_with("https:")
}

/// Whether `http-post` and `https-post` mean the same for `callback`. At any other port than 443
/// the former would have it called, secret path and all, in the clear.
fn has_two_names(callback: &Url) -> bool {
    is_https(callback) && callback.port() == HTTPS
}

/// Clouds say it in their own words: "the protocol, <i>http-post</i>, is unsupported", "Only
/// https-post notifications are supported".
fn is_about_protocol(words: &str) -> bool {
    let words = words.to_ascii_lowercase();
    ["protocol", "http-post", "https-post"].iter().any(|word| words.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::normalized(text).unwrap()
    }

    #[test]
    fn the_callback_is_asked_for_as_clouds_understand_it() {
        for (callback, protocol, port) in [
            ("https://b.example/notify/t", Protocol::HttpPost, 443),
            ("https://b.example:8443/notify/t", Protocol::HttpsPost, 8443),
            ("http://127.0.0.1:8470/notify/t", Protocol::HttpPost, 8470),
            ("http://b.example/?notify=t", Protocol::HttpPost, 80),
        ] {
            let asked = wish(&url("https://a.example/f"), &url(callback));
            assert_eq!(asked.callback("192.0.2.1").unwrap(), url(callback));
            assert_eq!((asked.protocol, asked.port), (protocol, port));
        }
    }

    #[test]
    fn only_the_port_of_https_has_a_second_name() {
        for (callback, has) in [
            ("https://b.example/t", true),
            ("https://b.example:8443/t", false),
            ("http://b.example/t", false),
            ("http://b.example:443/t", false),
        ] {
            assert_eq!(has_two_names(&url(callback)), has, "{callback}");
        }
    }

    #[test]
    fn a_refused_protocol_is_told_from_other_refusals() {
        for words in [
            "Can't accept the subscription because the protocol, <i>http-post</i>, is unsupported.",
            "Only https-post notifications are supported at this time.",
        ] {
            assert!(is_about_protocol(words), "{words}");
        }
        assert!(!is_about_protocol(cloud::CALL_FAILED));
    }
}
