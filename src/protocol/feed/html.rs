//! A tolerant HTML tokenizer for pages and descriptions of strangers: linear in time, never an
//! error.

use std::borrow::Cow;

use crate::protocol::xml::is_xml_char;

/// Elements whose content is no markup, and nothing that a reader of a message wants.
const RAW: [&str; 3] = ["script", "style", "title"];
/// The longest reference that is looked for, without its ampersand and with its semicolon, in
/// characters: `&CounterClockwiseContourIntegral;`.
const REFERENCE: usize = 32;

/// A part of HTML, as far as anyone here asks.
#[derive(Clone, Debug, PartialEq)]
pub enum Token<'a> {
    /// Text, references not resolved.
    Text(&'a str),
    /// A start tag or an end tag.
    Tag(Tag<'a>),
}

/// A tag.
#[derive(Clone, Debug, PartialEq)]
pub struct Tag<'a> {
    /// The name in lower case.
    pub name: String,
    /// Whether it is an end tag.
    pub closing: bool,
    inside: &'a str,
}

impl Tag<'_> {
    /// The value of the first attribute `name` (lower case), references resolved.
    pub fn attribute(&self, name: &str) -> Option<String> {
        let mut rest = self.inside;
        while let Some((found, value, after)) = next_attribute(rest) {
            if found.eq_ignore_ascii_case(name) {
                return Some(decode(value));
            }
            rest = after;
        }
        None
    }
}

/// The tokens of `html`; comments, declarations, and what stands in script, style and title are
/// left out.
pub fn tokens(html: &str) -> impl Iterator<Item = Token<'_>> {
    let mut rest = html;
    std::iter::from_fn(move || {
        loop {
            if rest.is_empty() {
                return None;
            }
            let (token, after) = next_token(rest);
            rest = after;
            if token.is_some() {
                return token;
            }
        }
    })
}

/// Resolves character references: numeric ones, and those that HTML names (its Living Standard,
/// section 13.5) where a semicolon ends them. Others stay.
pub fn decode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        out.push_str(before);
        let end = after.char_indices().take(REFERENCE).find(|(_, c)| *c == ';');
        // From the ampersand to the semicolon, each of one byte.
        let length = end.map(|(index, _)| index.saturating_add(2));
        let from = rest.get(before.len()..).unwrap_or_default();
        let whole = length.and_then(|length| from.split_at_checked(length));
        match whole.and_then(|(reference, tail)| Some((referred(reference)?, tail))) {
            Some((text, tail)) => {
                out.push_str(&text);
                rest = tail;
            }
            None => {
                out.push('&');
                rest = after;
            }
        }
    }
    out.push_str(rest);
    out
}

/// The text that `reference` stands for, if it is one.
fn referred(reference: &str) -> Option<Cow<'_, str>> {
    let name = reference.strip_prefix('&')?.strip_suffix(';')?;
    let Some(number) = name.strip_prefix('#') else {
        let text = html_escape::decode_html_entities(reference);
        return (text != reference).then_some(text);
    };
    let code = match number.strip_prefix(['x', 'X']) {
        Some(hex) => from_digits(hex, 16)?,
        None => from_digits(number, 10)?,
    };
    let c = char::from_u32(code).filter(|c| is_xml_char(*c));
    Some(c.unwrap_or(char::REPLACEMENT_CHARACTER).to_string().into())
}

fn from_digits(digits: &str, radix: u32) -> Option<u32> {
    // `from_str_radix` alone would take a sign.
    if !digits.chars().all(|c| c.is_digit(radix)) {
        return None;
    }
    u32::from_str_radix(digits, radix).ok()
}

fn next_token(html: &str) -> (Option<Token<'_>>, &str) {
    let Some(markup) = html.strip_prefix('<') else { return text(html, 0) };
    if let Some(comment) = markup.strip_prefix("!--") {
        return (None, after(comment, "-->"));
    }
    let closing = markup.starts_with('/');
    let name = markup.strip_prefix('/').unwrap_or(markup);
    if name.starts_with(|c: char| c.is_ascii_alphabetic()) {
        return tag(name, closing);
    }
    if markup.starts_with(['!', '?', '/']) {
        return (None, after(markup, ">"));
    }
    text(html, 1)
}

/// Text up to the next `<` from byte `from` on.
fn text(html: &str, from: usize) -> (Option<Token<'_>>, &str) {
    let length = html.get(from..).and_then(|tail| tail.find('<')).map(|at| at.saturating_add(from));
    let (text, rest) = html.split_at_checked(length.unwrap_or(html.len())).unwrap_or((html, ""));
    (Some(Token::Text(text)), rest)
}

/// The text after the first `end`; nothing if there is none, as a browser has it.
fn after<'a>(html: &'a str, end: &str) -> &'a str {
    html.split_once(end).map_or("", |(_, rest)| rest)
}

fn tag(html: &str, closing: bool) -> (Option<Token<'_>>, &str) {
    let Some((whole, rest)) = to_tag_end(html) else { return (None, "") };
    let length = whole.find(|c: char| c.is_ascii_whitespace() || c == '/').unwrap_or(whole.len());
    let (name, inside) = whole.split_at_checked(length).unwrap_or((whole, ""));
    let name = name.to_ascii_lowercase();
    let rest = if !closing && RAW.contains(&name.as_str()) { skip_raw(rest, &name) } else { rest };
    (Some(Token::Tag(Tag { name, closing, inside })), rest)
}

/// Splits at the `>` that no quotes hide.
fn to_tag_end(html: &str) -> Option<(&str, &str)> {
    let mut quote = None;
    let mut previous = ' ';
    for (index, c) in html.char_indices() {
        match (quote, c) {
            (None, '>') => {
                let (inside, rest) = html.split_at_checked(index)?;
                return Some((inside, rest.strip_prefix('>')?));
            }
            // Elsewhere a quote is part of a sloppy name or value.
            (None, '"' | '\'') if previous == '=' => quote = Some(c),
            (Some(open), c) if open == c => quote = None,
            _ => {}
        }
        if !c.is_ascii_whitespace() {
            previous = c;
        }
    }
    None
}

/// The text from `</name` on; nothing if there is none.
fn skip_raw<'a>(html: &'a str, name: &str) -> &'a str {
    let mut rest = html;
    while let Some(at) = rest.find("</") {
        let tail = rest.get(at..).unwrap_or_default();
        let inside = tail.strip_prefix("</").unwrap_or_default();
        if inside.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name)) {
            return tail;
        }
        rest = inside;
    }
    ""
}

/// The next name and value, and what follows them.
fn next_attribute(inside: &str) -> Option<(&str, &str, &str)> {
    let separator = |c: char| c.is_ascii_whitespace() || c == '/';
    let start = inside.trim_start_matches(|c| separator(c) || c == '=');
    let length = start.find(|c| separator(c) || c == '=').unwrap_or(start.len());
    let (name, rest) = start.split_at_checked(length)?;
    if name.is_empty() {
        return None;
    }
    let Some(value) = rest.trim_ascii_start().strip_prefix('=') else {
        return Some((name, "", rest));
    };
    let value = value.trim_ascii_start();
    for quote in ['"', '\''] {
        if let Some(quoted) = value.strip_prefix(quote) {
            let (value, rest) = quoted.split_once(quote).unwrap_or((quoted, ""));
            return Some((name, value, rest));
        }
    }
    let length = value.find(|c: char| c.is_ascii_whitespace()).unwrap_or(value.len());
    let (value, rest) = value.split_at_checked(length)?;
    Some((name, value, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(html: &str) -> String {
        let one = |token| match token {
            Token::Text(text) => text.to_owned(),
            Token::Tag(tag) => format!("[{}{}]", if tag.closing { "/" } else { "" }, tag.name),
        };
        tokens(html).map(one).collect()
    }

    #[test]
    fn tags_comments_and_what_only_looks_like_them() {
        for (html, expected) in [
            ("a<B C=\"x>y\">d</b >e", "a[b]d[/b]e"),
            ("a<!-- <b> -->c<!DOCTYPE html>d<?php ?>e", "acde"),
            ("1 < 2 << 3 <3", "1 < 2 << 3 <3"),
            ("a<script>'<b>'</SCRIPT >c", "a[script][/script]c"),
            ("a<br/>b<p", "a[br]b"),
            ("a<!-- b", "a"),
            ("a<script>b", "a[script]"),
            ("<a title=it's>b</a>", "[a]b[/a]"),
            ("</>a", "a"),
        ] {
            assert_eq!(shape(html), expected, "{html}");
        }
    }

    #[test]
    fn attributes_quoted_or_not() {
        let html = "<a one = 'x y' TWO=\"a&amp;b\" three=c/d four five/ =six>";
        let Some(Token::Tag(tag)) = tokens(html).next() else { panic!("no tag") };
        for (name, value) in [
            ("one", Some("x y")),
            ("two", Some("a&b")),
            ("three", Some("c/d")),
            ("four", Some("")),
            ("five", Some("")),
            ("seven", None),
        ] {
            assert_eq!(tag.attribute(name).as_deref(), value, "{name}");
        }
    }

    #[test]
    fn references_are_decoded_once() {
        assert_eq!(decode("&amp;lt; &#65;&#x42;&#X43; &nbsp;&quot;"), "&lt; ABC \u{A0}\"");
        assert_eq!(
            decode("& &; &nix; &#; &#x; &#+5; &eacute &é; &Amp;"),
            "& &; &nix; &#; &#x; &#+5; &eacute &é; &Amp;"
        );
        assert_eq!(decode("&#0;&#xD800;&#x110000;"), "\u{FFFD}\u{FFFD}\u{FFFD}");
    }

    #[test]
    fn what_html_names_is_decoded() {
        assert_eq!(decode("caf&eacute; &ndash; 3&thinsp;&euro;&hellip;"), "café – 3\u{2009}€…");
        assert_eq!(decode("&AMP;&apos;&Eacute;&rarr;&NotEqualTilde;"), "&'É→\u{2242}\u{338}");
        assert_eq!(decode("&CounterClockwiseContourIntegral;"), "∳");
        assert_eq!(decode("&amp;eacute;"), "&eacute;");
    }

    #[test]
    fn time_is_linear() {
        for piece in
            ["<", "&", "<a ", "<a b='", "</", "<!--", "<script>", "<script></", "<a =", "'\""]
        {
            let html = piece.repeat(400_000);
            assert!(tokens(&html).count() <= 400_000);
            assert!(decode(&html).len() <= html.len());
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_it_panic(html in crate::protocol::xml::hostile_text()) {
            for token in tokens(&html) {
                if let Token::Tag(tag) = token {
                    let _ = tag.attribute("href");
                }
            }
        }
    }
}
