//! How a subscriber is called: the three ways of rssCloud, and what it is sent.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::protocol::values::url::{self, Url};
use crate::protocol::xmlrpc::{Call, Value};
use crate::protocol::{Error, Result};

/// Characters of a procedure's name.
const PROCEDURE: usize = 100;

/// How a callback wants to be called.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "protocol", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum Protocol {
    /// A form over http; over https if the port is 443, as clients commonly understand it.
    HttpPost,
    /// A form over https.
    HttpsPost,
    /// A call by XML-RPC over http; over https if the port is 443.
    XmlRpc {
        /// The procedure that is called.
        notify_procedure: Procedure,
    },
}

/// The name of a procedure that a subscriber has by XML-RPC: 1 to 100 printable ASCII characters.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Procedure(String);

impl Protocol {
    /// Reads the word for it; `procedure` gives the name that goes with `xml-rpc`.
    ///
    /// # Errors
    /// For any other word, in those that clouds answer with; when `procedure` gives none.
    pub fn named(word: &str, procedure: impl FnOnce() -> Result<Procedure>) -> Result<Self> {
        match word {
            "http-post" => Ok(Self::HttpPost),
            "https-post" => Ok(Self::HttpsPost),
            "xml-rpc" => Ok(Self::XmlRpc { notify_procedure: procedure()? }),
            other => Err(Error::malformed(format!(
                "Can't accept the subscription because the protocol, <i>{other}</i>, is \
                 unsupported."
            ))),
        }
    }

    /// The word for it.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::HttpPost => "http-post",
            Self::HttpsPost => "https-post",
            Self::XmlRpc { .. } => "xml-rpc",
        }
    }

    /// The name of the procedure, where there is one.
    pub fn procedure(&self) -> Option<&str> {
        match self {
            Self::HttpPost | Self::HttpsPost => None,
            Self::XmlRpc { notify_procedure } => Some(&notify_procedure.0),
        }
    }

    /// The message that is posted to a callback when `feed` has changed: the media type and the
    /// body.
    pub fn notification(&self, feed: &Url) -> (&'static str, String) {
        match self.procedure() {
            None => (url::FORM, url::form(&[("url", feed.as_str())])),
            Some(procedure) => {
                let parameters = vec![Value::Text(feed.to_string())];
                ("text/xml", Call { method: procedure.to_owned(), parameters }.write())
            }
        }
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Procedure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Procedure {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let printable = text.bytes().all(|byte| matches!(byte, b' '..=b'~'));
        // A name of nothing but space would be no name to the reader of the call.
        if printable && text.len() <= PROCEDURE && !text.trim().is_empty() {
            Ok(Self(text.trim().to_owned()))
        } else {
            Err(unusable("notifyProcedure", text))
        }
    }
}

crate::protocol::string_conversions!(Procedure);

pub fn unusable(name: &str, value: &str) -> Error {
    Error::malformed(format!(
        "Can't accept the subscription because the {name}, <i>{value}</i>, is unusable."
    ))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn feed() -> Url {
        "https://a.example/a&b/card.rss".parse().unwrap()
    }

    fn rpc(name: &str) -> Protocol {
        Protocol::XmlRpc { notify_procedure: name.parse().unwrap() }
    }

    #[test]
    fn a_form_is_the_url_and_a_call_has_it_without_a_type() {
        let form = ("application/x-www-form-urlencoded", "url=https%3A%2F%2Fa.example%2Fa%26b%2F");
        for protocol in [Protocol::HttpPost, Protocol::HttpsPost] {
            let (kind, body) = protocol.notification(&feed());
            assert_eq!((kind, body), (form.0, format!("{}card.rss", form.1)));
        }
        let (kind, body) = rpc("river.feedUpdated").notification(&feed());
        assert_eq!(kind, "text/xml");
        assert!(body.contains("<methodName>river.feedUpdated</methodName>"), "{body}");
        let value = "<param><value>https://a.example/a&amp;b/card.rss</value></param>";
        assert!(body.contains(value), "{body}");
    }

    #[test]
    fn a_procedure_is_short_and_printable() {
        let longest = "x".repeat(PROCEDURE);
        for good in ["a", "river.feedUpdated", "a b", "<&>", longest.as_str()] {
            assert_eq!(rpc(good).procedure(), Some(good));
        }
        for bad in ["", " ", "a\n", "ä", "a\u{7f}", &format!("{longest}x")] {
            assert!(bad.parse::<Procedure>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn on_disk_the_procedure_stands_beside_the_word() {
        let text = |protocol: &Protocol| serde_json::to_string(protocol).unwrap();
        assert_eq!(text(&Protocol::HttpPost), "{\"protocol\":\"http-post\"}");
        let line = "{\"protocol\":\"xml-rpc\",\"notifyProcedure\":\"a.b\"}";
        assert_eq!(text(&rpc("a.b")), line);
        for bad in ["{\"protocol\":\"xml-rpc\"}", "{\"protocol\":\"soap\"}", "{}"] {
            assert!(serde_json::from_str::<Protocol>(bad).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn whatever_the_procedure_the_call_reads_back(name in "[!-~]{1,100}") {
            let (_, body) = rpc(&name).notification(&feed());
            let call = Call::parse(body.as_bytes()).unwrap();
            prop_assert_eq!(call.method, name.clone());
            prop_assert_eq!(call.parameters, [Value::Text(feed().to_string())]);
            let line = serde_json::to_string(&rpc(&name)).unwrap();
            prop_assert_eq!(serde_json::from_str::<Protocol>(&line).unwrap(), rpc(&name));
        }
    }
}
