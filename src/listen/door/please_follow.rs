//! Taking a call: the form and the XML-RPC of `pleaseFollow` (PROTOCOL §8).
//!
//! Every caller gets the same answer, be it somebody new, known, declined or blocked: nothing is
//! looked up here, and what the caller names is followed later.

use crate::protocol::calls::please_follow::{self, Form, PleaseFollow};
use crate::protocol::xmlrpc::{self, Call, Value};
use crate::transport::server::{Request, Response};

const METHOD: &str = "cloudim.pleaseFollow";

/// Answers a POST, a call by form; one that can be followed is given to `take`.
pub fn please_follow(request: &Request, take: &mut dyn FnMut(PleaseFollow)) -> Response {
    let call = PleaseFollow::from_form(&request.form()).map_err(|error| error.to_string());
    let form = Form::accepted(request.header("accept").unwrap_or_default());
    respond(call.map(take), form)
}

/// Answers a call by XML-RPC, `cloudim.pleaseFollow(feed, key[, inReplyTo])`, as
/// [`please_follow()`] does: with the boolean 1, or with a fault. There is no other method.
pub fn rpc(call: &Call, take: &mut dyn FnMut(PleaseFollow)) -> Response {
    respond(called(call).map(take), Form::XmlRpc)
}

fn respond(outcome: Result<(), String>, form: Form) -> Response {
    let (kind, body) = please_follow::result(outcome, form);
    Response::new(200, kind, body)
}

/// The [`PleaseFollow`] that `call` makes, or the words of the fault.
fn called(call: &Call) -> Result<PleaseFollow, String> {
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

    fn request(kind: &str, body: &str) -> Request {
        Request {
            method: "POST".to_owned(),
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
    fn rpc_of(method: &str, parameters: Vec<Value>) -> (String, Option<PleaseFollow>) {
        let mut taken = None;
        let call = Call { method: method.to_owned(), parameters };
        (body(rpc(&call, &mut |call| taken = Some(call))), taken)
    }

    fn texts(texts: &[&str]) -> Vec<Value> {
        texts.iter().map(|text| Value::Text((*text).to_owned())).collect()
    }

    #[test]
    fn a_form_is_taken_or_told_what_it_lacks() {
        let mut taken = None;
        let good = request(FORM, &format!("feed={FEED}&key={KEY}&inReplyTo={FEED}"));
        let answer = body(please_follow(&good, &mut |call| taken = Some(call)));
        assert!(answer.contains("success=\"true\" msg=\"Thanks for the call.\""), "{answer}");
        assert_eq!(taken, PleaseFollow::new(FEED, KEY, Some(FEED)).ok());
        for bad in [format!("feed={FEED}"), format!("feed=x&key={KEY}"), String::new()] {
            let answer = body(please_follow(&request(FORM, &bad), &mut |_| unreachable!()));
            assert!(answer.contains("success=\"false\""), "{answer}");
        }
    }

    #[test]
    fn xml_rpc_is_the_same_call() {
        let (answer, taken) = rpc_of(METHOD, texts(&[FEED, KEY]));
        assert_eq!(answer, xmlrpc::answer(true));
        assert_eq!(taken, PleaseFollow::new(FEED, KEY, None).ok());
        let (_, taken) = rpc_of(METHOD, texts(&[FEED, KEY, FEED]));
        assert_eq!(taken, PleaseFollow::new(FEED, KEY, Some(FEED)).ok());
    }

    #[test]
    fn faults_say_what_is_wrong() {
        let number = || vec![Value::Integer(1), Value::Integer(2)];
        for (method, parameters, words) in [
            (METHOD, texts(&[FEED]), "there aren't enough parameters."),
            (METHOD, texts(&[FEED; 4]), "there are too many parameters."),
            ("a.b", texts(&[]), "because \"a.b\" is not defined."),
            (METHOD, number(), "a parameter is not a string."),
            (METHOD, texts(&["x", KEY]), "not a usable URL"),
        ] {
            let (answer, taken) = rpc_of(method, parameters);
            let plain = answer.replace("&quot;", "\"");
            assert!(plain.contains(words) && plain.contains("<i4>4</i4>"), "{answer}");
            assert_eq!(taken, None);
        }
    }
}
