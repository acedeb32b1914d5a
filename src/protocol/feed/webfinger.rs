//! WebFinger (RFC 7033), as an address like `mary@mary.example` uses it (PROTOCOL §7).

use serde::Deserialize;
use serde_json::Value;

use crate::protocol::values::url::Url;
use crate::protocol::{Error, NAMESPACE, Result};

const RSS: &str = "application/rss+xml";

#[derive(Deserialize)]
struct Answer {
    subject: Option<String>,
    #[serde(default)]
    links: Vec<Link>,
}

#[derive(Deserialize)]
struct Link {
    rel: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
    href: Option<String>,
}

/// The card URL in the answer to the question for `asked` (`acct:mary@mary.example`).
///
/// # Errors
/// When the answer is not JSON of the right shape, speaks of someone else, or links to no usable
/// card.
pub fn parse(json: &[u8], asked: &str) -> Result<Url> {
    let answer: Answer = serde_json::from_slice(json)
        .map_err(|cause| Error::malformed(format!("not a WebFinger answer: {cause}")))?;
    if answer.subject.as_deref() != Some(asked) {
        let subject = answer.subject.as_deref().unwrap_or("nobody");
        return Err(Error::malformed(format!("it speaks of `{subject}`, not of `{asked}`")));
    }
    let card = answer
        .links
        .into_iter()
        .find(|link| link.rel.as_deref() == Some(NAMESPACE) && link.kind.as_deref() == Some(RSS));
    match card.and_then(|link| link.href) {
        Some(href) => Url::normalized(&href),
        None => Err(Error::malformed(format!("it links `{asked}` to no card"))),
    }
}

/// Whether this is a whole answer, about anybody.
pub fn is_whole(json: &[u8]) -> bool {
    serde_json::from_slice::<Answer>(json).is_ok_and(|answer| answer.subject.is_some())
}

/// The answer that names `card` as the card of `subject` (`acct:mary@mary.example`).
pub fn write(subject: &str, card: &Url) -> String {
    let subject = Value::from(subject);
    let card = Value::from(card.as_str());
    format!(
        "{{\n  \"subject\": {subject},\n  \"links\": [\n    {{\n      \"rel\": \"{NAMESPACE}\",\n      \
         \"type\": \"{RSS}\",\n      \"href\": {card}\n    }}\n  ]\n}}\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const MARY: &str = "acct:mary@mary.example";

    #[test]
    fn what_is_written_reads_back() {
        let card: Url = "https://mary.example/card.rss".parse().unwrap();
        for subject in [MARY, "acct:\"\\\n@x"] {
            let written = write(subject, &card);
            assert_eq!(parse(written.as_bytes(), subject).unwrap(), card, "{written}");
            assert!(is_whole(written.as_bytes()) && !is_whole(&written.as_bytes()[..50]));
        }
    }

    #[test]
    fn other_links_are_passed_over() {
        let json = format!(
            r#"{{"aliases":[1],"links":[{{"rel":"self"}},{{"rel":"{NAMESPACE}","type":"text/html",
            "href":"https://x.example/"}},{{"rel":"{NAMESPACE}","type":"{RSS}",
            "href":"HTTPS://mary.example"}}],"subject":"{MARY}"}}"#
        );
        assert_eq!(parse(json.as_bytes(), MARY).unwrap().as_str(), "https://mary.example/");
    }

    #[test]
    fn wrong_answers_are_refused() {
        let with = |subject: &str, href: &str| {
            format!(
                r#"{{"subject":"{subject}","links":[{{"rel":"{NAMESPACE}","type":"{RSS}","href":"{href}"}}]}}"#
            )
        };
        for bad in [
            String::new(),
            "[]".to_owned(),
            "[".repeat(100_000),
            "{}".to_owned(),
            format!(r#"{{"subject":"{MARY}"}}"#),
            with("acct:eve@mary.example", "https://mary.example/"),
            with(MARY, "file:///etc/passwd"),
            with(MARY, "/card.rss"),
        ] {
            assert!(parse(bad.as_bytes(), MARY).is_err(), "{}", bad.get(..80).unwrap_or(&bad));
        }
    }
}
