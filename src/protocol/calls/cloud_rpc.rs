//! rssCloud by XML-RPC: the calls that a cloud takes.

use super::cloud::PleaseNotify;
use crate::protocol::values::url::Url;
use crate::protocol::xmlrpc::{self, Call, Value};
use crate::protocol::{Error, Result};

/// The procedure that registers, unless the feed names another.
pub const PLEASE_NOTIFY: &str = "rssCloud.pleaseNotify";
const PING: &str = "rssCloud.ping";

/// A call of one of rssCloud's methods.
#[derive(Clone, Debug, PartialEq)]
pub enum Asked {
    /// `rssCloud.hello`: is there a cloud?
    Hello,
    /// `rssCloud.pleaseNotify`.
    PleaseNotify(PleaseNotify),
    /// `rssCloud.ping`: this feed has changed. A parameter that is no text names no feed, and is
    /// empty here.
    Ping(String),
}

/// Reads a call; none if its method is none of rssCloud's.
///
/// # Errors
/// With the words of the fault, when it has too few, too many or wrong parameters, or when the
/// same registration by form would be refused.
pub fn asked(call: &Call) -> Option<Result<Asked>> {
    match call.method.as_str() {
        "rssCloud.hello" => Some(Ok(Asked::Hello)),
        PLEASE_NOTIFY => Some(please_notify(&call.parameters).map(Asked::PleaseNotify)),
        PING => Some(ping(&call.parameters)),
        _ => None,
    }
}

impl PleaseNotify {
    /// The call of `procedure`, which the cloud named for it.
    pub fn to_call(&self, procedure: &str) -> Call {
        let text = |text: &str| Value::Text(text.to_owned());
        let feeds = self.feeds.iter().map(|feed| text(feed.as_str())).collect();
        let mut parameters = vec![
            text(self.protocol.procedure().unwrap_or_default()),
            Value::Integer(self.port.into()),
            text(&self.path),
            text(self.protocol.as_str()),
            Value::Array(feeds),
        ];
        parameters.extend(self.domain.as_deref().map(text));
        Call { method: procedure.to_owned(), parameters }
    }
}

/// The call that says that `feed` has changed.
pub fn ping_call(feed: &Url) -> Call {
    Call { method: PING.to_owned(), parameters: vec![Value::Text(feed.to_string())] }
}

fn ping(parameters: &[Value]) -> Result<Asked> {
    match parameters {
        [] => Err(Error::malformed(xmlrpc::not_enough("ping"))),
        // Other clouds take the call whatever it names, as long as it names one thing.
        [Value::Text(feed)] => Ok(Asked::Ping(feed.trim().to_owned())),
        [_] => Ok(Asked::Ping(String::new())),
        _ => Err(Error::malformed(xmlrpc::too_many("ping"))),
    }
}

/// `pleaseNotify(notifyProcedure, port, path, protocol, urlList[, domain])`, which is the form with
/// the names left out.
fn please_notify(parameters: &[Value]) -> Result<PleaseNotify> {
    let ([procedure, port, path, protocol, feeds], domain) = match parameters {
        [a, b, c, d, e] => ([a, b, c, d, e], None),
        [a, b, c, d, e, domain] => ([a, b, c, d, e], Some(domain)),
        [_, _, _, _, _, _, ..] => return Err(Error::malformed(xmlrpc::too_many("pleaseNotify"))),
        _ => return Err(Error::malformed(xmlrpc::not_enough("pleaseNotify"))),
    };
    let mut fields = Vec::new();
    for (name, value) in [
        ("notifyProcedure", Some(procedure)),
        ("port", Some(port)),
        ("path", Some(path)),
        ("protocol", Some(protocol)),
        ("domain", domain),
    ] {
        let Some(value) = value else { continue };
        let text = match value {
            // Callers in languages without types send it as a text.
            Value::Integer(port) if name == "port" => port.to_string(),
            value => text(name, value)?,
        };
        fields.push((name.to_owned(), text));
    }
    let Value::Array(feeds) = feeds else { return Err(wrong("urlList")) };
    for feed in feeds {
        fields.push(("url".to_owned(), text("urlList", feed)?));
    }
    PleaseNotify::from_form(&fields)
}

fn text(name: &str, value: &Value) -> Result<String> {
    match value {
        Value::Text(text) => Ok(text.trim().to_owned()),
        _ => Err(wrong(name)),
    }
}

fn wrong(name: &str) -> Error {
    Error::malformed(format!(
        "Can't call \"pleaseNotify\" because the parameter {name} is of the wrong type."
    ))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const FEED: &str = "https://a.example/card.rss";

    fn text(text: &str) -> Value {
        Value::Text(text.to_owned())
    }

    fn call(method: &str, parameters: &[Value]) -> Option<Result<Asked>> {
        asked(&Call { method: method.to_owned(), parameters: parameters.to_vec() })
    }

    /// The parameters of a good registration, with a domain.
    fn good() -> [Value; 6] {
        [
            text("a.b"),
            Value::Integer(5337),
            text("/cb"),
            text("xml-rpc"),
            Value::Array(vec![text(FEED)]),
            text("s.example"),
        ]
    }

    #[track_caller]
    fn registered(parameters: &[Value]) -> PleaseNotify {
        match call("rssCloud.pleaseNotify", parameters) {
            Some(Ok(Asked::PleaseNotify(asked))) => asked,
            other => panic!("{other:?}"),
        }
    }

    #[track_caller]
    fn fault(method: &str, parameters: &[Value]) -> String {
        call(method, parameters).unwrap().unwrap_err().to_string()
    }

    #[test]
    fn other_methods_are_another_s_business() {
        for method in ["cloudim.pleaseFollow", "rssCloud.Hello", "rssCloud.", "hello"] {
            assert_eq!(call(method, &[]), None);
        }
        assert_eq!(call("rssCloud.hello", &[]), Some(Ok(Asked::Hello)));
        assert_eq!(call("rssCloud.hello", &[text("x")]), Some(Ok(Asked::Hello)));
    }

    #[test]
    fn a_ping_names_one_thing() {
        let named = |value| call("rssCloud.ping", &[value]);
        assert_eq!(named(text(FEED)), Some(Ok(Asked::Ping(FEED.to_owned()))));
        for value in [text(" "), Value::Integer(1), Value::Array(vec![text(FEED)])] {
            assert_eq!(named(value), Some(Ok(Asked::Ping(String::new()))));
        }
        let few = "Can't call \"ping\" because there aren't enough parameters.";
        assert_eq!(fault("rssCloud.ping", &[]), few);
        let many = "Can't call \"ping\" because there are too many parameters.";
        assert_eq!(fault("rssCloud.ping", &[text(FEED), text(FEED)]), many);
    }

    #[test]
    fn a_registration_has_five_parameters_or_six() {
        let good = good();
        let asked = registered(&good);
        assert_eq!((asked.port, asked.path.as_str()), (5337, "/cb"));
        assert_eq!(asked.protocol.procedure(), Some("a.b"));
        assert_eq!(asked.domain.as_deref(), Some("s.example"));
        assert_eq!(asked.feeds, [FEED.parse().unwrap()]);
        assert_eq!(registered(&good[..5]).domain, None);
        let fault = |parameters: &[Value]| fault("rssCloud.pleaseNotify", parameters);
        for count in 0..5 {
            let words = "Can't call \"pleaseNotify\" because there aren't enough parameters.";
            assert_eq!(fault(&good[..count]), words);
        }
        let words = "Can't call \"pleaseNotify\" because there are too many parameters.";
        assert_eq!(fault(&[&good[..], &[text("x")]].concat()), words);
    }

    #[test]
    fn wrong_types_are_named_and_the_rest_is_said_as_to_a_form() {
        let with = |at: usize, value: Value| {
            let mut parameters = good();
            parameters[at] = value;
            parameters
        };
        assert_eq!(registered(&with(1, text("80"))).port, 80);
        assert_eq!(registered(&with(5, text(""))).domain, None);
        assert_eq!(registered(&with(3, text("http-post"))).protocol.procedure(), None);
        let list = |count| Value::Array(vec![text(FEED); count]);
        for (at, value, words) in [
            (0, Value::Integer(1), "the parameter notifyProcedure is of the wrong type."),
            (1, Value::Boolean(true), "the parameter port is of the wrong type."),
            (2, Value::Integer(1), "the parameter path is of the wrong type."),
            (3, list(1), "the parameter protocol is of the wrong type."),
            (4, text(FEED), "the parameter urlList is of the wrong type."),
            (4, Value::Array(vec![list(1)]), "the parameter urlList is of the wrong type."),
            (5, Value::Boolean(false), "the parameter domain is of the wrong type."),
            (0, text(""), "were missing from the request body: notifyProcedure."),
            (0, text("ä"), "because the notifyProcedure, <i>ä</i>, is unusable."),
            (1, Value::Integer(-80), "because the port, <i>-80</i>, is unusable."),
            (1, text("80/x"), "because the port, <i>80/x</i>, is unusable."),
            (2, text(""), "were missing from the request body: path."),
            (3, text("soap"), "because the protocol, <i>soap</i>, is unsupported."),
            (4, list(0), "No resources specified."),
            (4, list(11), "because it names more than 10 resources."),
            (4, Value::Array(vec![text("x")]), "an error reading the resource at URL x."),
            (5, text("a.example/x"), "because the domain, <i>a.example/x</i>, is unusable."),
        ] {
            let fault = fault("rssCloud.pleaseNotify", &with(at, value));
            assert!(fault.ends_with(words), "{fault}");
        }
    }

    proptest! {
        #[test]
        fn it_says_what_the_form_says(
            port in any::<i32>(), path in ".{0,12}", word in "(http|https)-post|xml-rpc|x",
            procedure in ".{0,8}", domain in "[a-z.:/]{0,8}", count in 0..12_usize,
        ) {
            let feeds: Vec<String> = (0..count).map(|n| format!("{FEED}?{n}")).collect();
            let parameters = [
                text(&procedure), Value::Integer(port), text(&path), text(&word),
                Value::Array(feeds.iter().map(|feed| text(feed)).collect()), text(&domain),
            ];
            let port = port.to_string();
            let fields = [
                ("notifyProcedure", procedure.trim()), ("port", &port), ("path", path.trim()),
                ("protocol", &word), ("domain", &domain),
            ];
            let feeds = feeds.iter().map(|feed| ("url1", feed.as_str()));
            let fields: Vec<(String, String)> = fields.into_iter().chain(feeds)
                .map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
            let by_form = PleaseNotify::from_form(&fields).map(Asked::PleaseNotify);
            prop_assert_eq!(call("rssCloud.pleaseNotify", &parameters), Some(by_form));
        }
    }
}
