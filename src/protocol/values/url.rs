//! URLs as the wire compares them: byte by byte, in WHATWG serialisation.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::protocol::{Error, Result};

/// The media type of [`form`].
pub const FORM: &str = "application/x-www-form-urlencoded";

const LONGEST: usize = 2_048;

/// The body of a form with these fields.
pub fn form(fields: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

/// An http or https URL without fragment and userinfo, at most 2,048 bytes (PROTOCOL §1).
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Url(url::Url);

impl Url {
    /// Reads what a person types, or another program's document says, and makes it canonical.
    ///
    /// # Errors
    /// When it is not an absolute http or https URL, or names a user.
    pub fn normalized(text: &str) -> Result<Self> {
        let malformed =
            |why: &str| Error::malformed(format!("`{text}` is not a usable URL: {why}"));
        if text.len() > LONGEST {
            return Err(Error::malformed("a URL of more than 2,048 bytes".to_owned()));
        }
        let mut url = url::Url::parse(text).map_err(|cause| malformed(&cause.to_string()))?;
        url.set_fragment(None);
        if !matches!(url.scheme(), "http" | "https") {
            return Err(malformed("neither http nor https"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(malformed("it names a user"));
        }
        Ok(Self(url))
    }

    /// Resolves `reference` against this URL.
    ///
    /// # Errors
    /// As [`Url::normalized`].
    pub fn join(&self, reference: &str) -> Result<Self> {
        let joined = self.0.join(reference).map_err(|cause| {
            Error::malformed(format!("`{reference}` is not a usable URL: {cause}"))
        })?;
        Self::normalized(joined.as_str())
    }

    /// This URL with `fields` added to its query, each as a form spells it.
    ///
    /// # Errors
    /// When that is longer than a URL may be.
    pub fn with_query(&self, fields: &[(&str, &str)]) -> Result<Self> {
        let mut url = self.0.clone();
        url.query_pairs_mut().extend_pairs(fields);
        Self::normalized(url.as_str())
    }

    /// The serialisation.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The host in A-label form; an IPv6 address in brackets.
    pub fn host(&self) -> &str {
        self.0.host_str().unwrap_or_default()
    }

    /// The host and, unless it is the scheme's own, the port.
    pub fn authority(&self) -> String {
        match self.0.port() {
            Some(port) => format!("{}:{port}", self.host()),
            None => self.host().to_owned(),
        }
    }

    /// The port in force.
    pub fn port(&self) -> u16 {
        self.0.port_or_known_default().unwrap_or(443)
    }

    /// The path, from its slash on.
    pub fn path(&self) -> &str {
        self.0.path()
    }

    /// The path, from its slash on, and the query if there is one.
    pub fn path_and_query(&self) -> &str {
        // There is no fragment.
        &self.0[url::Position::BeforePath..]
    }

    /// Returns whether there is a query.
    pub fn has_query(&self) -> bool {
        self.0.query().is_some()
    }

    /// Returns whether scheme, host and port are the same.
    pub fn same_origin(&self, other: &Url) -> bool {
        self.0.origin() == other.0.origin()
    }

    /// Returns whether there is a token in its path, so that to know it is to have a right.
    pub fn is_capability(&self) -> bool {
        self.shortened() != self.as_str()
    }

    /// The URL with every token in its path shortened: a feed's URL is a capability, and
    /// messages end up in logs.
    pub fn shortened(&self) -> String {
        shortened(self.as_str())
    }
}

/// `text`, a URL or a path, with every token in it shortened.
pub fn shortened(text: &str) -> String {
    let shorten = |part: &str| {
        let (name, rest) = part.split_once('.').unwrap_or((part, ""));
        match name.parse::<super::token::Token>() {
            Ok(token) if rest.is_empty() => token.shortened(),
            Ok(token) => format!("{}.{rest}", token.shortened()),
            Err(_) => part.to_owned(),
        }
    };
    text.split('/').map(shorten).collect::<Vec<_>>().join("/")
}

impl FromStr for Url {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let url = Self::normalized(text)?;
        if url.as_str() != text {
            return Err(Error::malformed(format!("`{text}` is not a canonical URL")));
        }
        Ok(url)
    }
}

crate::protocol::string_conversions!(Url);

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_may_be_sloppy_and_the_wire_may_not() {
        let url = Url::normalized("HTTPS://John.Example:443/f/../card.rss#x").unwrap();
        assert_eq!(url.as_str(), "https://john.example/card.rss");
        assert!("https://john.example/card.rss".parse::<Url>().is_ok());
        for bad in ["HTTPS://john.example/", "https://john.example", "https://john.example/#"] {
            assert!(bad.parse::<Url>().is_err(), "{bad}");
        }
    }

    #[test]
    fn other_schemes_and_users_are_refused() {
        for bad in ["file:///etc/passwd", "ftp://x/", "https://a:b@x/", "javascript:1", "/x"] {
            assert!(Url::normalized(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_query_is_begun_or_continued() {
        for (url, path) in [("https://a.example", "/"), ("https://a.example/cb?k=v#x", "/cb?k=v")] {
            assert_eq!(Url::normalized(url).unwrap().path_and_query(), path);
        }
        for (url, whole) in [
            ("https://a.example/cb", "https://a.example/cb?url=http%3A%2F%2Fb%2F&c=1"),
            ("https://a.example/cb?k=v", "https://a.example/cb?k=v&url=http%3A%2F%2Fb%2F&c=1"),
        ] {
            let url = Url::normalized(url).unwrap();
            let url = url.with_query(&[("url", "http://b/"), ("c", "1")]).unwrap();
            assert_eq!(url.as_str(), whole);
        }
        let url = Url::normalized("https://a.example/").unwrap();
        assert!(url.with_query(&[("k", &"v".repeat(LONGEST))]).is_err());
    }

    #[test]
    fn tokens_are_shortened_for_the_eye() {
        let url = Url::normalized("https://a.example/f/abcdefghijklmnopqrstuvwxyz.3.rss").unwrap();
        assert_eq!(url.shortened(), "https://a.example/f/abcd….3.rss");
        assert!(url.is_capability());
        assert!(!Url::normalized("https://a.example/f/abcd.rss").unwrap().is_capability());
    }
}
