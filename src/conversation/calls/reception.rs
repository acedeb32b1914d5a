//! Taking a call: the form and the XML-RPC of `pleaseFollow` (PROTOCOL §8).
//!
//! Whoever calls gets the same answer, be it somebody new, known, declined or blocked: nothing is
//! looked up here, and what the caller names is followed later.

use crate::protocol::please_follow::{self, PleaseFollow};
use crate::protocol::xmlrpc::{self, Call, Value};
use crate::transport::server::{Request, Response};

const XML: &str = "text/xml; charset=utf-8";
const METHOD: &str = "cloudim.pleaseFollow";

/// Answers a call by form; one that can be followed is given to `take`.
pub fn please_follow(request: &Request, take: &mut dyn FnMut(PleaseFollow)) -> Response {
    if let Some(refusal) = only_post(request) {
        return refusal;
    }
    let (success, message) = match PleaseFollow::from_form(&request.form()) {
        Ok(call) => {
            take(call);
            (true, "Thanks for the call.".to_owned())
        }
        Err(error) => (false, error.to_string()),
    };
    let accept = request.header("accept").unwrap_or_default();
    let (kind, body) = please_follow::result(success, &message, accept);
    Response::new(200, kind, body)
}

/// Answers a call by XML-RPC, `cloudim.pleaseFollow(feed, key[, inReplyTo])`, as
/// [`please_follow()`] does: with the boolean 1, or with a fault.
pub fn rpc(request: &Request, take: &mut dyn FnMut(PleaseFollow)) -> Response {
    if let Some(refusal) = only_post(request) {
        return refusal;
    }
    let body = match called(request) {
        Ok(call) => {
            take(call);
            xmlrpc::answer(true)
        }
        Err(fault) => xmlrpc::fault(xmlrpc::FAULT, &fault),
    };
    Response::new(200, XML, body)
}

fn only_post(request: &Request) -> Option<Response> {
    (request.method != "POST").then(|| Response::text(405, "only POST").with("allow", "POST"))
}

/// The call in a request by XML-RPC, or the words of the fault.
fn called(request: &Request) -> Result<PleaseFollow, String> {
    let kind = request.header("content-type").unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    if !kind.to_ascii_lowercase().ends_with("/xml") {
        return Err("Can't read the call because its Content-Type is not text/xml.".to_owned());
    }
    let call = Call::parse(&request.body)
        .map_err(|error| format!("Can't read the call because it is malformed: {error}."))?;
    if call.method != METHOD {
        return Err(xmlrpc::not_defined(&call.method));
    }
    let (feed, key, in_reply_to) = match call.parameters.as_slice() {
        [feed, key] => (feed, key, None),
        [feed, key, in_reply_to] => (feed, key, Some(in_reply_to)),
        [] | [_] => return Err(xmlrpc::not_enough("pleaseFollow")),
        _ => return Err(xmlrpc::too_many("pleaseFollow")),
    };
    let in_reply_to = in_reply_to.map(text).transpose()?;
    PleaseFollow::new(text(feed)?, text(key)?, in_reply_to).map_err(|error| error.to_string())
}

fn text(value: &Value) -> Result<&str, String> {
    match value {
        Value::Text(text) => Ok(text.trim()),
        _ => Err("Can't call \"pleaseFollow\" because a parameter is not a string.".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;
    use crate::transport::server::Body;

    const FORM: &str = "application/x-www-form-urlencoded";
    const FEED: &str = "https://a.example/f/x.rss";
    const KEY: &str = "https://a.example/key.asc";

    fn request(method: &str, kind: &str, body: &str) -> Request {
        Request {
            method: method.to_owned(),
            path: "/".to_owned(),
            query: None,
            headers: vec![("content-type".to_owned(), kind.to_owned())],
            body: body.as_bytes().to_vec(),
            peer: Ipv4Addr::LOCALHOST.into(),
        }
    }

    fn body(response: Response) -> String {
        assert_eq!(response.status, 200);
        match response.body {
            Body::Octets(octets) => String::from_utf8(octets).unwrap(),
            Body::File { .. } => unreachable!(),
        }
    }

    /// The answer to a call by XML-RPC, and what was taken.
    fn rpc_of(kind: &str, document: &str) -> (String, Option<PleaseFollow>) {
        let mut taken = None;
        let response = rpc(&request("POST", kind, document), &mut |call| taken = Some(call));
        (body(response), taken)
    }

    fn method_call(method: &str, parameters: Vec<Value>) -> String {
        Call { method: method.to_owned(), parameters }.write()
    }

    fn texts(texts: &[&str]) -> Vec<Value> {
        texts.iter().map(|text| Value::Text((*text).to_owned())).collect()
    }

    #[test]
    fn a_form_is_taken_or_told_what_it_lacks() {
        let mut taken = None;
        let good = request("POST", FORM, &format!("feed={FEED}&key={KEY}&inReplyTo={FEED}"));
        let answer = body(please_follow(&good, &mut |call| taken = Some(call)));
        assert!(answer.contains("success=\"true\" msg=\"Thanks for the call.\""), "{answer}");
        assert_eq!(taken, PleaseFollow::new(FEED, KEY, Some(FEED)).ok());
        for bad in [format!("feed={FEED}"), format!("feed=x&key={KEY}"), String::new()] {
            let answer = body(please_follow(&request("POST", FORM, &bad), &mut |_| unreachable!()));
            assert!(answer.contains("success=\"false\""), "{answer}");
        }
    }

    #[test]
    fn xml_rpc_is_the_same_call() {
        for kind in ["text/xml", "application/xml; charset=utf-8", "Text/XML"] {
            let (answer, taken) = rpc_of(kind, &method_call(METHOD, texts(&[FEED, KEY])));
            assert_eq!(answer, xmlrpc::answer(true));
            assert_eq!(taken, PleaseFollow::new(FEED, KEY, None).ok());
        }
        let (_, taken) = rpc_of("text/xml", &method_call(METHOD, texts(&[FEED, KEY, FEED])));
        assert_eq!(taken, PleaseFollow::new(FEED, KEY, Some(FEED)).ok());
    }

    #[test]
    fn faults_say_what_is_wrong() {
        let number = || vec![Value::Integer(1), Value::Integer(2)];
        for (kind, document, words) in [
            ("text/xml", method_call(METHOD, texts(&[FEED])), "there aren't enough parameters."),
            ("text/xml", method_call(METHOD, texts(&[FEED; 4])), "there are too many parameters."),
            ("text/xml", method_call("a.b", texts(&[])), "because \"a.b\" is not defined."),
            ("text/xml", method_call(METHOD, number()), "a parameter is not a string."),
            ("text/xml", method_call(METHOD, texts(&["x", KEY])), "not a usable URL"),
            ("text/xml", "<methodCall>".to_owned(), "because it is malformed: not XML"),
            (FORM, method_call(METHOD, texts(&[FEED, KEY])), "its Content-Type is not text/xml."),
        ] {
            let (answer, taken) = rpc_of(kind, &document);
            let plain = answer.replace("&quot;", "\"");
            assert!(plain.contains(words) && plain.contains("<i4>4</i4>"), "{answer}");
            assert_eq!(taken, None);
        }
    }

    #[test]
    fn only_post_calls() {
        let get = request("GET", "text/xml", "");
        for answer in
            [please_follow(&get, &mut |_| unreachable!()), rpc(&get, &mut |_| unreachable!())]
        {
            assert_eq!(answer.status, 405);
            assert!(answer.headers.contains(&("allow".to_owned(), "POST".to_owned())));
        }
    }
}
