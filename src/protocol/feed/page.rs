//! The feeds that an HTML page links to: how an address that is a page leads to a card.

use super::html::{self, Tag, Token};
use crate::protocol::values::url::Url;

/// How many feeds of a page are tried (PROTOCOL §7).
const FEEDS: usize = 3;
const RSS: &str = "application/rss+xml";

/// The first three RSS feeds that the head of a page links to, resolved against `base`.
pub fn feeds_linked_from(html: &[u8], base: &Url) -> Vec<Url> {
    let html = String::from_utf8_lossy(html);
    let mut feeds = Vec::new();
    for token in html::tokens(&html) {
        let Token::Tag(tag) = token else { continue };
        if tag.closing {
            continue;
        }
        if tag.name == "body" || feeds.len() == FEEDS {
            break;
        }
        if let Some(feed) = feed(&tag, base).filter(|feed| !feeds.contains(feed)) {
            feeds.push(feed);
        }
    }
    feeds
}

fn feed(tag: &Tag<'_>, base: &Url) -> Option<Url> {
    let relations = tag.attribute("rel")?;
    let alternate = relations.split_ascii_whitespace().any(|r| r.eq_ignore_ascii_case("alternate"));
    let kind = tag.attribute("type")?;
    let kind = kind.split(';').next().unwrap_or_default().trim();
    if tag.name != "link" || !alternate || !kind.eq_ignore_ascii_case(RSS) {
        return None;
    }
    base.join(tag.attribute("href")?.trim()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(html: &str) -> Vec<String> {
        let base = "https://mary.example/about/".parse().unwrap();
        feeds_linked_from(html.as_bytes(), &base).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn links_in_the_head_are_found_however_they_are_spelled() {
        let html = "<!doctype html><HTML><head><title><link rel=alternate></title>
            <!-- <link rel=alternate type=application/rss+xml href=/no> -->
            <LINK REL='home Alternate' TYPE=\"application/rss+xml; charset=utf-8\" HREF='../a.rss?b&amp;c'/>
            <link href=b.rss type=application/rss+xml rel=alternate>";
        assert_eq!(
            found(html),
            ["https://mary.example/a.rss?b&c", "https://mary.example/about/b.rss"]
        );
    }

    #[test]
    fn others_are_not() {
        let link =
            |href: &str| format!("<link rel=alternate type=application/rss+xml href='{href}'>");
        for html in [
            format!("<body>{}", link("/x")),
            link("file:///etc/passwd"),
            link("https://a:b@mary.example/"),
            "<link rel=alternate type=application/atom+xml href=/x>".to_owned(),
            "<link rel=stylesheet type=application/rss+xml href=/x>".to_owned(),
            "<a rel=alternate type=application/rss+xml href=/x>".to_owned(),
            "<link rel=alternate type=application/rss+xml>".to_owned(),
        ] {
            assert!(found(&html).is_empty(), "{html}");
        }
    }

    #[test]
    fn three_are_enough_and_each_counts_once() {
        let html: String = ["1", "1", "2", "3", "4"]
            .map(|n| format!("<link rel=alternate type=application/rss+xml href=/{n}>"))
            .concat();
        assert_eq!(found(&html), [1, 2, 3].map(|n| format!("https://mary.example/{n}")));
    }
}
