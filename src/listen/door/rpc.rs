//! The door of XML-RPC, `/RPC2`: who answers which call.

use crate::cloud_server::own_cloud::OwnCloud;
use crate::protocol::xmlrpc::{self, Call};
use crate::transport::server::{Answer, Request, Response};

/// Answers a POST: a call of one of rssCloud's methods by `cloud`, if there is one, and each other
/// by `otherwise`. A request that is no call is answered with a fault.
pub fn answer(
    request: &Request,
    cloud: Option<&OwnCloud>,
    otherwise: impl FnOnce(&Call) -> Answer,
) -> Answer {
    let call = match read(request) {
        Ok(call) => call,
        Err(words) => {
            let fault = xmlrpc::fault(xmlrpc::FAULT, &words);
            return Response::new(200, xmlrpc::KIND, fault).into();
        }
    };
    let by_cloud = cloud.and_then(|cloud| cloud.rpc(request, &call));
    by_cloud.unwrap_or_else(|| otherwise(&call))
}

/// The call in a request, or the words of the fault.
fn read(request: &Request) -> Result<Call, String> {
    let kind = request.header("content-type").unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    if !kind.to_ascii_lowercase().ends_with("/xml") {
        return Err("Can't read the call because its Content-Type is not text/xml.".to_owned());
    }
    Call::parse(&request.body)
        .map_err(|error| format!("Can't read the call because it is malformed: {error}."))
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;
    use crate::transport::server::Body;

    const HELLO: &str = "<methodCall><methodName>rssCloud.hello</methodName></methodCall>";

    /// The answer where there is no cloud, and the method that somebody else was to answer.
    fn answered(kind: &str, body: &str) -> (Response, Option<String>) {
        let request = Request {
            method: "POST".to_owned(),
            path: "/RPC2".to_owned(),
            query: None,
            headers: vec![("content-type".to_owned(), kind.to_owned())],
            body: body.as_bytes().to_vec(),
            peer: Ipv4Addr::LOCALHOST.into(),
        };
        let mut called = None;
        let answer = answer(&request, None, |call| {
            called = Some(call.method.clone());
            Response::empty(200).into()
        });
        match answer {
            Answer::Now(response) => (response, called),
            Answer::Later(_) => unreachable!(),
        }
    }

    #[test]
    fn without_a_cloud_somebody_else_answers_all_calls() {
        for kind in ["text/xml", "application/xml; charset=utf-8", "Text/XML"] {
            assert_eq!(answered(kind, HELLO).1.as_deref(), Some("rssCloud.hello"));
        }
    }

    #[test]
    fn what_is_no_call_is_nobody_s() {
        for (kind, body, words) in [
            ("text/plain", HELLO, "its Content-Type is not text/xml."),
            ("", HELLO, "its Content-Type is not text/xml."),
            ("text/xml", "<methodCall>", "because it is malformed: not XML"),
        ] {
            let (response, called) = answered(kind, body);
            assert_eq!((response.status, called), (200, None));
            let Body::Octets(octets) = response.body else { unreachable!() };
            let fault = String::from_utf8(octets).unwrap();
            assert!(fault.contains(words) && fault.contains("<i4>4</i4>"), "{fault}");
        }
    }
}
