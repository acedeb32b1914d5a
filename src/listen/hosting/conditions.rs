//! Conditional requests (RFC 9110 §13).

use std::time::SystemTime;

use crate::transport::server::Request;

/// The outcome of the conditions of a request.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// The file is sent.
    Send,
    /// The client has it already.
    Unchanged,
    /// The client wants another state of it.
    Failed,
}

/// Judges `request` for a GET or HEAD of the file with this tag, last changed at `modified`.
pub(super) fn judge(request: &Request, etag: &str, modified: Option<SystemTime>) -> Outcome {
    let newer_than =
        |name| Some(modified? > httpdate::parse_http_date(request.header(name)?).ok()?);
    let failed = match names(request, "if-match", etag, false) {
        Some(named) => !named,
        None => newer_than("if-unmodified-since").unwrap_or(false),
    };
    let unchanged = match names(request, "if-none-match", etag, true) {
        Some(named) => named,
        None => !newer_than("if-modified-since").unwrap_or(true),
    };
    match (failed, unchanged) {
        (true, _) => Outcome::Failed,
        (_, true) => Outcome::Unchanged,
        _ => Outcome::Send,
    }
}

/// Returns whether the field `name` names `etag`; none if there is no such field. A comma inside a
/// tag may split that tag, but its parts are never a whole one: a tag has no quotes inside.
fn names(request: &Request, name: &str, etag: &str, weakly: bool) -> Option<bool> {
    let mut fields = request.headers.iter().filter(|(own, _)| own == name).peekable();
    fields.peek()?;
    let mut tags = fields.flat_map(|(_, value)| value.split(',')).map(str::trim);
    Some(tags.any(|tag| {
        let opaque = tag.strip_prefix("W/").filter(|_| weakly).unwrap_or(tag);
        tag == "*" || opaque == etag
    }))
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;
    use std::time::Duration;

    use super::*;

    fn verdict(fields: &[(&str, &str)]) -> Outcome {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let request = Request {
            method: "GET".to_owned(),
            path: "/".to_owned(),
            query: None,
            headers: fields.iter().map(owned).collect(),
            body: Vec::new(),
            peer: Ipv4Addr::LOCALHOST.into(),
        };
        // Sun, 06 Nov 1994 08:49:37 GMT
        let modified = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
        judge(&request, "\"abc\"", Some(modified))
    }

    #[test]
    fn conditions_are_judged_as_the_rfc_has_it() {
        use Outcome::{Failed, Send, Unchanged};
        let same = "Sun, 06 Nov 1994 08:49:37 GMT";
        let before = "Sun, 06 Nov 1994 08:49:36 GMT";
        for (fields, expected) in [
            (&[][..], Send),
            (&[("if-none-match", "\"abc\"")], Unchanged),
            (&[("if-none-match", "W/\"abc\"")], Unchanged),
            (&[("if-none-match", "\"x\", W/\"abc\"")], Unchanged),
            (&[("if-none-match", "\"x\""), ("if-none-match", "\"abc\"")], Unchanged),
            (&[("if-none-match", "*")], Unchanged),
            (&[("if-none-match", "abc")], Send),
            (&[("if-none-match", "\"ab\"")], Send),
            (&[("if-none-match", "")], Send),
            (&[("if-none-match", "\"x\""), ("if-modified-since", same)], Send),
            (&[("if-modified-since", same)], Unchanged),
            (&[("if-modified-since", before)], Send),
            (&[("if-modified-since", "Sunday, 06-Nov-94 08:49:37 GMT")], Unchanged),
            (&[("if-modified-since", "Sun Nov  6 08:49:37 1994")], Unchanged),
            (&[("if-modified-since", "yesterday")], Send),
            (&[("if-match", "\"abc\"")], Send),
            (&[("if-match", "*")], Send),
            (&[("if-match", "W/\"abc\"")], Failed),
            (&[("if-match", "\"x\""), ("if-none-match", "\"abc\"")], Failed),
            (&[("if-unmodified-since", same)], Send),
            (&[("if-unmodified-since", before)], Failed),
            (&[("if-match", "\"abc\""), ("if-unmodified-since", before)], Send),
        ] {
            assert_eq!(verdict(fields), expected, "{fields:?}");
        }
    }
}
