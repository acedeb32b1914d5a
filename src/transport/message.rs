//! The request of a client and the answer to it: plain values, before and after the protocol.

use std::fs::File;
use std::net::IpAddr;

use crate::protocol::values::url::FORM;

/// Pairs of a form or query that are read at most; the rest is ignored.
const PAIRS: usize = 64;

/// A whole request, as it came.
#[derive(Clone, Debug)]
pub struct Request {
    /// The method, in the client's spelling: methods are case-sensitive.
    pub method: String,
    /// The path as it was sent, with its `%` escapes.
    pub path: String,
    /// The part after the `?`, as it was sent.
    pub query: Option<String>,
    /// The header fields in their order; names in lower case, octets that are not UTF-8 replaced.
    pub headers: Vec<(String, String)>,
    /// The body, whole.
    pub body: Vec<u8>,
    /// The address of the client: the socket's, or the one that a trusted proxy gives.
    pub peer: IpAddr,
}

impl Request {
    /// The first field called `name`, in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }

    /// Returns whether it says that it came through a proxy: its sender may be anybody.
    pub fn is_forwarded(&self) -> bool {
        self.header("x-forwarded-for").is_some()
    }

    /// The path without its escapes; none if that is not UTF-8 or an escape is broken.
    pub fn decoded(&self) -> Option<String> {
        decode(&self.path)
    }

    /// The pairs of the query, of which at most 64 are read.
    pub fn parameters(&self) -> Vec<(String, String)> {
        pairs(self.query.as_deref().unwrap_or_default())
    }

    /// The pairs of an `application/x-www-form-urlencoded` body, of which at most 64 are read.
    /// Pairs that are not UTF-8 are left out; a body of another type has none.
    pub fn form(&self) -> Vec<(String, String)> {
        let kind = self.header("content-type").unwrap_or(FORM);
        let kind = kind.split(';').next().unwrap_or_default().trim();
        match std::str::from_utf8(&self.body) {
            Ok(body) if kind.eq_ignore_ascii_case(FORM) => pairs(body),
            _ => Vec::new(),
        }
    }
}

fn pairs(text: &str) -> Vec<(String, String)> {
    let pair = |pair: &str| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        Some((decode(&name.replace('+', " "))?, decode(&value.replace('+', " "))?))
    };
    text.split('&').filter(|pair| !pair.is_empty()).take(PAIRS).filter_map(pair).collect()
}

/// `text` without its `%` escapes; none if an escape is broken or they do not spell UTF-8.
pub fn decode(text: &str) -> Option<String> {
    let mut octets = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(octet) = rest.next() {
        let mut digit = || char::from(rest.next()?).to_digit(16);
        octets.push(match octet {
            b'%' => u8::try_from(digit()? << 4 | digit()?).ok()?,
            other => other,
        });
    }
    String::from_utf8(octets).ok()
}

/// The body that goes out after the head.
#[derive(Debug)]
pub enum Body {
    /// These octets.
    Octets(Vec<u8>),
    /// So many octets of a file, from where it stands. They are read as the client takes them,
    /// so that a large file costs no memory; if the file ends early, the connection is cut.
    File {
        /// The file, at the first octet to send.
        file: File,
        /// How many octets are sent.
        length: u64,
    },
}

impl Body {
    /// How many octets it has.
    pub fn length(&self) -> u64 {
        match self {
            Self::Octets(octets) => octets.len() as u64,
            Self::File { length, .. } => *length,
        }
    }
}

/// An answer. `Content-Length`, `Date` and what stands on every answer are the server's to add.
#[derive(Debug)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// The header fields.
    pub headers: Vec<(String, String)>,
    /// The body; after HEAD it is measured and left out.
    pub body: Body,
}

impl Response {
    /// An answer with `body`, which is of type `kind`.
    pub fn new(status: u16, kind: &str, body: impl Into<Vec<u8>>) -> Self {
        let headers = vec![("content-type".to_owned(), kind.to_owned())];
        Self { status, headers, body: Body::Octets(body.into()) }
    }

    /// An answer that says `line`, for people.
    pub fn text(status: u16, line: &str) -> Self {
        Self::new(status, "text/plain; charset=utf-8", format!("{line}\n"))
    }

    /// An answer that is its head.
    pub fn empty(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Body::Octets(Vec::new()) }
    }

    /// Adds a header field.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use proptest::prelude::*;

    use super::*;

    fn request(kind: Option<&str>, body: &[u8]) -> Request {
        let kind = kind.map(|kind| ("content-type".to_owned(), kind.to_owned()));
        Request {
            method: "POST".to_owned(),
            path: "/a%20b".to_owned(),
            query: Some("x=1&y".to_owned()),
            headers: kind.into_iter().collect(),
            body: body.to_vec(),
            peer: Ipv4Addr::LOCALHOST.into(),
        }
    }

    fn owned(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn a_form_is_its_pairs() {
        let body = b"feed=https%3A%2F%2Fx%2F%C3%A4&&a+b=c=d&flag&bad=%zz&bad=%f";
        let pairs = owned(&[("feed", "https://x/ä"), ("a b", "c=d"), ("flag", "")]);
        for kind in [None, Some("application/X-www-form-urlencoded; charset=UTF-8")] {
            assert_eq!(request(kind, body).form(), pairs);
        }
        assert_eq!(request(Some("text/xml"), body).form(), []);
        assert_eq!(request(None, b"a=\xff").form(), []);
        assert_eq!(request(None, &b"a=%ff&".repeat(1000)).form(), []);
        assert_eq!(request(None, &b"a=1&".repeat(1000)).form().len(), PAIRS);
    }

    #[test]
    fn path_and_query_are_decoded_apart() {
        let request = request(None, b"");
        assert_eq!(request.decoded().unwrap(), "/a b");
        assert_eq!(request.parameters(), owned(&[("x", "1"), ("y", "")]));
    }

    proptest! {
        #[test]
        fn what_is_escaped_decodes_to_itself(text in ".*") {
            let escaped: String = text.bytes().map(|octet| format!("%{octet:02X}")).collect();
            prop_assert_eq!(decode(&escaped), Some(text));
        }

        #[test]
        fn nothing_makes_it_panic(text in "[%0-9a-g&=+é]*") {
            let _ = (decode(&text), pairs(&text));
        }
    }
}
