//! Invitations that came by mail: the feed in a message as mail programs pass it on.

use std::borrow::Cow;

const BEGINNINGS: [&[u8]; 2] = [b"<?xml", b"<rss"];
const END: &[u8] = b"</rss>";

/// The feed in `message`: from its first tag to its last, whatever headers, greetings and
/// signatures stand around it, with quoted-printable undone (RFC 2045 §6.7). A document without a
/// feed comes back as it is, for the reader to say what is wrong with it.
pub fn feed_in(message: &[u8]) -> Cow<'_, [u8]> {
    let Some(feed) = between(message) else { return Cow::Borrowed(message) };
    if is_quoted_printable(message) { Cow::Owned(unquoted(feed)) } else { Cow::Borrowed(feed) }
}

fn between(message: &[u8]) -> Option<&[u8]> {
    let start = BEGINNINGS.iter().filter_map(|tag| position(message, tag)).min()?;
    let from_start = message.get(start..)?;
    let end = from_start.windows(END.len()).rposition(|window| window == END)?;
    from_start.get(..end.saturating_add(END.len()))
}

fn position(text: &[u8], tag: &[u8]) -> Option<usize> {
    text.windows(tag.len()).position(|window| window == tag)
}

/// Returns whether mail has quoted the equals signs, of which every attribute has one.
fn is_quoted_printable(message: &[u8]) -> bool {
    position(message, b"version=3D").is_some()
}

fn unquoted(text: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(text.len());
    let mut rest = text;
    loop {
        rest = match rest {
            [b'=', b'\r', b'\n', after @ ..] | [b'=', b'\n', after @ ..] => after,
            [b'=', high, low, after @ ..] if hex(*high).is_some() && hex(*low).is_some() => {
                plain.extend(hex(*high).zip(hex(*low)).map(|(high, low)| high << 4 | low));
                after
            }
            [byte, after @ ..] => {
                plain.push(*byte);
                after
            }
            [] => return plain,
        };
    }
}

fn hex(digit: u8) -> Option<u8> {
    let value = char::from(digit).to_digit(16)?;
    u8::try_from(value).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const FEED: &str =
        "<?xml version=\"1.0\"?>\n<rss version=\"2.0\"><channel>Zo\u{eb}=\n</channel></rss>";

    fn quoted(text: &str) -> String {
        let quote = |byte: u8| match byte {
            b'\n' => "\r\n".to_owned(),
            b'=' | 0x80.. => format!("={byte:02X}"),
            _ => char::from(byte).to_string(),
        };
        text.bytes()
            .enumerate()
            .map(
                |(i, byte)| {
                    if i % 50 == 49 { "=\r\n".to_owned() + &quote(byte) } else { quote(byte) }
                },
            )
            .collect()
    }

    #[test]
    fn the_feed_is_found_between_headers_and_signature() {
        let mail = format!("From: john\nSubject: hi\n\nHello Mary,\n\n{FEED}\n-- \nJohn\n");
        assert_eq!(&*feed_in(mail.as_bytes()), FEED.as_bytes());
        assert_eq!(&*feed_in(FEED.as_bytes()), FEED.as_bytes());
        assert_eq!(&*feed_in(b"no feed"), b"no feed");
    }

    #[test]
    fn quoted_printable_is_undone() {
        let mail =
            format!("Content-Transfer-Encoding: quoted-printable\r\n\r\n{}\r\n", quoted(FEED));
        let feed = String::from_utf8(feed_in(mail.as_bytes()).into_owned()).unwrap();
        assert_eq!(feed.replace("\r\n", "\n"), FEED);
    }

    proptest! {
        #[test]
        fn no_mail_is_too_strange(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = feed_in(&[b"<rss version=3D", &bytes[..], b"</rss>"].concat());
        }
    }
}
