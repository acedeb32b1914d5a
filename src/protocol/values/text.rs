//! The text of a message: from the user's bytes, and to and from the HTML of a description.

use crate::protocol::feed::html::{self, Token};
use crate::protocol::xml::is_xml_char;
use crate::protocol::{Error, Result};

/// Elements that stand on lines of their own.
const BLOCKS: [&str; 14] =
    ["blockquote", "div", "h1", "h2", "h3", "h4", "h5", "h6", "li", "ol", "p", "pre", "tr", "ul"];

/// Takes a user's bytes as the text of a message, unchanged; they may be empty.
///
/// # Errors
/// When they are not UTF-8, or hold a character that XML 1.0 lacks (PROTOCOL §1); the message
/// says where.
pub fn message(bytes: &[u8]) -> Result<String> {
    let text = std::str::from_utf8(bytes).map_err(|cause| {
        let offset = cause.valid_up_to();
        Error::malformed(format!("the text is not UTF-8: invalid at byte offset {offset}"))
    })?;
    if let Some((offset, c)) = text.char_indices().find(|(_, c)| !is_xml_char(*c)) {
        return Err(Error::malformed(format!(
            "the text has a character that XML cannot hold: U+{:04X} at byte offset {offset}",
            u32::from(c)
        )));
    }
    Ok(text.to_owned())
}

/// The HTML of a description (PROTOCOL §4): escaped, LF as `<br/>`.
pub fn to_html(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '\n' => html.push_str("<br/>"),
            c => html.push(c),
        }
    }
    html
}

/// The text of a description that another program wrote: tags removed, `<br>` as LF, blocks on
/// lines of their own, references decoded.
pub fn from_html(html: &str) -> String {
    let mut text = String::with_capacity(html.len());
    let mut block = false;
    for token in html::tokens(html) {
        match token {
            Token::Tag(tag) if BLOCKS.contains(&tag.name.as_str()) => {
                block = true;
                continue;
            }
            Token::Tag(tag) if tag.name != "br" => continue,
            _ => {}
        }
        if block && !text.is_empty() && !text.ends_with('\n') {
            text.push('\n');
        }
        block = false;
        match token {
            Token::Text(part) => text.push_str(&html::decode(part)),
            Token::Tag(_) => text.push('\n'),
        }
    }
    text
}

/// Returns whether `c` breaks lines, reorders what follows or is a C1 control character, without being seen
/// itself.
pub fn is_covert(c: char) -> bool {
    matches!(
        c,
        '\u{80}'..='\u{9f}'
            | '\u{61c}'
            | '\u{200e}'
            | '\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2066}'..='\u{2069}'
    )
}

/// `text` with control characters, and those that reorder what follows, made visible. Line feed
/// and tab stay.
pub fn visible(text: &str) -> String {
    let mut seen = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' | '\t' => seen.push(c),
            '\0'..='\x1f' => seen.extend(['^', char::from(c as u8 ^ 0x40)]),
            '\x7f' => seen.push_str("^?"),
            _ => reveal_in(&mut seen, c),
        }
    }
    seen
}

/// `text` with what is covert in it made visible, for forms that have their own way with the rest.
pub fn revealed(text: &str) -> String {
    let mut seen = String::with_capacity(text.len());
    text.chars().for_each(|c| reveal_in(&mut seen, c));
    seen
}

fn reveal_in(seen: &mut String, c: char) {
    if is_covert(c) {
        seen.push_str(&format!("<U+{:04X}>", u32::from(c)));
    } else {
        seen.push(c);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::protocol::xml::hostile_text;

    #[test]
    fn bytes_that_are_no_text_are_refused_with_the_place() {
        assert_eq!(message(b"").unwrap(), "");
        assert_eq!(message("\u{FEFF}ä\r\n\t".as_bytes()).unwrap(), "\u{FEFF}ä\r\n\t");
        let refused = |bytes: &[u8]| message(bytes).unwrap_err().to_string();
        assert_eq!(refused(b"ab\xFF"), "the text is not UTF-8: invalid at byte offset 2");
        let lacks = "the text has a character that XML cannot hold: ";
        assert_eq!(refused(b"\xC3\xA4\0"), format!("{lacks}U+0000 at byte offset 2"));
        assert_eq!(refused(b"\x1B[2J"), format!("{lacks}U+001B at byte offset 0"));
        assert_eq!(refused("x\u{FFFE}".as_bytes()), format!("{lacks}U+FFFE at byte offset 1"));
    }

    #[test]
    fn descriptions_of_others_become_text() {
        for (html, text) in [
            ("<p>one</p><p>two<br>three</p>", "one\ntwo\nthree"),
            ("<ul><li>a<li>b</ul>c", "a\nb\nc"),
            ("<b>a</b> &lt;b&gt; &amp;amp; <img src=x onerror='a>b'>c", "a <b> &amp; c"),
            ("1 < 2 &copy; &nix;", "1 < 2 © &nix;"),
            ("a<script>alert(1)</script>b", "ab"),
            ("", ""),
        ] {
            assert_eq!(from_html(html), text, "{html}");
        }
    }

    #[test]
    fn a_description_is_escaped_html() {
        assert_eq!(to_html("a <b> & \"c\"\nd"), "a &lt;b&gt; &amp; \"c\"<br/>d");
    }

    proptest! {
        #[test]
        fn our_own_descriptions_read_back(text in hostile_text()) {
            prop_assert_eq!(from_html(&to_html(&text)), text);
        }

        #[test]
        fn text_of_a_message_is_unchanged(text in hostile_text()) {
            prop_assert_eq!(message(text.as_bytes()).unwrap(), text);
        }

        #[test]
        fn no_html_makes_it_panic(html in hostile_text()) {
            from_html(&html);
        }
    }
}
