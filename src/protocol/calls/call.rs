//! `im:call`: a handshake call as a keyless server keeps it for the owner (PROTOCOL §8).

use jiff::Timestamp;

use super::please_follow::PleaseFollow;
use crate::protocol::sealed::padding;
use crate::protocol::values::time;
use crate::protocol::xml::{Element, Writer};
use crate::protocol::{Error, NAMESPACE, Result};

/// The octets of every call, so that their lengths tell nothing.
pub const OCTETS: usize = 1_024;

/// A call that came while the owner was away; like any call it is a hint.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// The fields of the call, as the caller named them.
    pub call: PleaseFollow,
    /// When the server took it, to the second.
    pub time: Timestamp,
}

impl Call {
    /// The octets to be sealed: [`OCTETS`] bytes, whatever the call.
    ///
    /// # Errors
    /// When the URLs are so long that it does not fit.
    pub fn write(&self) -> Result<String> {
        let PleaseFollow { feed, key, in_reply_to } = &self.call;
        let time = time::canonical(self.time);
        let mut attributes = vec![
            ("xmlns:im", NAMESPACE),
            ("version", "1"),
            ("feed", feed.as_str()),
            ("key", key.as_str()),
        ];
        attributes.extend(in_reply_to.as_ref().map(|url| ("inReplyTo", url.as_str())));
        attributes.push(("time", &time));
        let mut writer = Writer::fragment();
        writer.open("im:call", &attributes);
        let octets = padding::close_padded(writer, "im:call");
        if octets.len() > OCTETS {
            return Err(Error::malformed("the URLs of the call are too long: over 1 KiB in all"));
        }
        Ok(octets)
    }

    /// Reads the octets of a call.
    ///
    /// # Errors
    /// When they are no call, `feed` or `key` is missing, or a URL is none that could be fetched;
    /// [`Error::Critical`] for a later version.
    pub fn parse(octets: &[u8]) -> Result<Self> {
        let root = Element::parse_octets(octets, NAMESPACE, "call")?;
        root.refuse_later_version()?;
        root.refuse_unknown_critical(&[(NAMESPACE, "padding")])?;
        let call = PleaseFollow {
            feed: root.required_as("feed")?,
            key: root.required_as("key")?,
            in_reply_to: root.optional_as("inReplyTo")?,
        };
        Ok(Self { call, time: time::from_canonical(root.required("time")?)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::values::url::Url;

    fn url(path: &str) -> Url {
        Url::normalized(&format!("https://john.example/{path}")).unwrap()
    }

    fn call(feed: &str, in_reply_to: Option<Url>) -> Call {
        let call = PleaseFollow { feed: url(feed), key: url("key.asc?a=1&b='\""), in_reply_to };
        Call { call, time: "2026-11-22T19:00:00Z".parse().unwrap() }
    }

    #[test]
    fn every_call_reads_back_and_has_the_same_length() {
        for call in [call("f/x.rss", None), call(&"f/".repeat(200), Some(url("f/y.rss")))] {
            let octets = call.write().unwrap();
            assert_eq!(octets.len(), OCTETS);
            assert_eq!(Call::parse(octets.as_bytes()).unwrap(), call);
        }
    }

    #[test]
    fn one_that_does_not_fit_is_refused() {
        let error = call(&"x".repeat(1_000), None).write().unwrap_err().to_string();
        assert!(error.contains("too long"), "{error}");
    }

    #[test]
    fn what_is_no_call_and_what_no_url_may_be_is_refused() {
        let good = call("f/x.rss", None).write().unwrap();
        for (from, to) in [
            ("im:call", "im:state"),
            ("https://john.example/f/x.rss", "file:///etc/passwd"),
            ("https://john.example/f/x.rss", "HTTPS://john.example/f/x.rss"),
            (" feed=", " food="),
            (" key=", " quay="),
            (" time=", " tide="),
            ("version=\"1\"", "version=\"2\""),
            ("<im:padding>", "<x critical=\"true\"/><im:padding>"),
        ] {
            let bad = good.replace(from, to);
            assert_ne!(bad, good, "{from}");
            assert!(Call::parse(bad.as_bytes()).is_err(), "{to}");
        }
    }
}
