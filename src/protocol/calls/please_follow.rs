//! `pleaseFollow`, the handshake call: "I'd like you to follow this, and tell me what to follow"
//! (PROTOCOL §8).

use serde::{Deserialize, Serialize};

use crate::protocol::values::url::Url;
use crate::protocol::{Error, Result};

pub use super::answer::Form;

/// A call. It is a hint: only what stands at these URLs counts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PleaseFollow {
    /// The caller's feed for us.
    pub feed: Url,
    /// The URL of the caller's certificate.
    pub key: Url,
    /// Our feed that the caller answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_reply_to: Option<Url>,
}

impl PleaseFollow {
    /// A call that names these URLs, as another program spells them.
    ///
    /// # Errors
    /// When one is no URL.
    pub fn new(feed: &str, key: &str, in_reply_to: Option<&str>) -> Result<Self> {
        Ok(Self {
            feed: Url::normalized(feed)?,
            key: Url::normalized(key)?,
            in_reply_to: in_reply_to.map(Url::normalized).transpose()?,
        })
    }

    /// Reads the fields of the form.
    ///
    /// # Errors
    /// When `feed` or `key` is missing, or one is no URL.
    pub fn from_form(fields: &[(String, String)]) -> Result<Self> {
        let field = |name: &str| {
            let field = fields.iter().find(|(known, _)| known == name);
            field.map(|(_, value)| value.as_str())
        };
        let needed = |name: &str| {
            let missing = || Error::malformed(format!("the parameter `{name}` is missing"));
            field(name).ok_or_else(missing)
        };
        Self::new(needed("feed")?, needed("key")?, field("inReplyTo"))
    }
}

/// The answer to a call, or the words of its refusal; and the media type.
///
/// It is the same for new, known, declined and blocked callers.
pub fn result(outcome: std::result::Result<(), String>, form: Form) -> (&'static str, String) {
    let words = outcome.as_ref().map(|()| "Thanks for the call.").map_err(String::as_str);
    form.write("handshakeResult", words)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn feed_and_key_must_be_there_and_be_urls() {
        let (feed, key) =
            (("feed", "https://a.example/f/x.rss"), ("key", "https://a.example/key.asc"));
        let call = PleaseFollow::from_form(&fields(&[key, feed])).unwrap();
        assert_eq!((call.feed.as_str(), call.in_reply_to), (feed.1, None));
        for (bad, word) in [
            (fields(&[feed]), "`key` is missing"),
            (fields(&[key]), "`feed` is missing"),
            (fields(&[key, ("feed", "file:///etc/passwd")]), "neither http nor https"),
            (fields(&[feed, key, ("inReplyTo", "x")]), "not a usable URL"),
        ] {
            let error = PleaseFollow::from_form(&bad).unwrap_err().to_string();
            assert!(error.contains(word), "{error}");
        }
    }
}
