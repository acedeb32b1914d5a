//! Whether a document is a feed, without reading it as one.

/// Bytes within which the root element has to begin.
const HEAD: usize = 64 << 10;

/// Returns whether `document` looks like a feed: its root element is that of RSS (`rss`, `RDF`) or Atom
/// (`feed`), in whatever namespace and encoding. It reads the beginning alone, and each byte of that
/// once.
pub fn is_feed(document: &[u8]) -> bool {
    let head = document.get(..HEAD).unwrap_or(document);
    // What matters is ASCII, in UTF-16 as well.
    let head: Vec<u8> = head.iter().copied().filter(|b| b.is_ascii() && *b != 0).collect();
    let mut rest = head.trim_ascii_start();
    while let Some(after) = rest.strip_prefix(b"<") {
        let length = match after {
            [b'?', ..] => end(after, b"?>"),
            [b'!', b'-', b'-', ..] => end(after, b"-->"),
            [b'!', ..] => doctype_end(after),
            _ => return is_root(after),
        };
        let Some(next) = length.and_then(|length| after.get(length..)) else { return false };
        rest = next.trim_ascii_start();
    }
    false
}

/// The place behind the first `end` in `bytes`.
fn end(bytes: &[u8], end: &[u8]) -> Option<usize> {
    let at = bytes.windows(end.len()).position(|found| found == end)?;
    at.checked_add(end.len())
}

/// The place behind a document type, which may have declarations in brackets.
fn doctype_end(bytes: &[u8]) -> Option<usize> {
    let mut depth = 0_usize;
    let mut quote = None;
    for (at, byte) in bytes.iter().enumerate() {
        match (quote, byte) {
            (Some(open), byte) if open == *byte => quote = None,
            (Some(_), _) => {}
            (None, b'"' | b'\'') => quote = Some(*byte),
            (None, b'[' | b'<') => depth = depth.saturating_add(1),
            (None, b'>') if depth == 0 => return at.checked_add(1),
            (None, b']' | b'>') => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    None
}

/// Whether the name of an element, its prefix left out, is that of a feed's root.
fn is_root(name: &[u8]) -> bool {
    let ends = |b: &u8| b.is_ascii_whitespace() || matches!(b, b'>' | b'/');
    let name = name.split(ends).next().unwrap_or_default();
    let local = name.rsplit(|b| *b == b':').next().unwrap_or_default();
    [&b"rss"[..], b"RDF", b"feed"].contains(&local)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn feeds_are_told_from_other_documents() {
        let utf_16: Vec<u8> =
            "\u{feff}<rss version='2.0'/>".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let declared = "<?xml version='1.0' encoding='windows-1251'?>\n<!-- rss > -->\n";
        let doctype = "<!DOCTYPE rss [<!ENTITY nbsp '\"> &#160;'> ]>";
        for feed in [
            b"<rss version=\"2.0\">".to_vec(),
            b"\xef\xbb\xbf \n<rss>".to_vec(),
            b"<rdf:RDF xmlns='x'>".to_vec(),
            b"<feed/>".to_vec(),
            b"<a:feed>".to_vec(),
            format!("{declared}{doctype}<rss>").into_bytes(),
            utf_16,
        ] {
            assert!(is_feed(&feed), "{}", String::from_utf8_lossy(&feed));
        }
        for other in [
            "",
            "rss",
            "<",
            "<!DOCTYPE html><html><body><rss>",
            "<html><rss/></html>",
            "<!-- <rss>",
            "<?xml <rss>",
            "<rssx>",
            "<Feed>",
            "{\"version\": \"https://jsonfeed.org/version/1.1\"}",
            "<!DOCTYPE rss [<rss>",
        ] {
            assert!(!is_feed(other.as_bytes()), "{other}");
        }
        let late = " ".repeat(HEAD) + "<rss>";
        assert!(!is_feed(late.as_bytes()));
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            is_feed(&bytes);
        }
    }
}
