//! ASCII armor: written in one form, read with any white space around its lines (PROTOCOL §1).

use std::io::{self, Read};

use pgp::armor::BlockType;
use pgp::base64::Base64Decoder;
use pgp::ser::Serialize;
use zeroize::Zeroizing;

use super::message::refusal::Refusal;
use crate::protocol;

/// Why armor was not read.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// It is none, or not of the kind asked for.
    Malformed(&'static str),
    /// It holds more than the limit.
    TooLarge,
}

impl From<Fault> for Refusal {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Malformed(why) => Self::Malformed(why.to_owned()),
            Fault::TooLarge => Self::TooLarge,
        }
    }
}

impl From<Fault> for protocol::Error {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Malformed(why) => Self::malformed(why),
            Fault::TooLarge => Self::malformed("the armor holds too much"),
        }
    }
}

/// Bytes as the `pgp` crate's armor writer takes them.
struct Raw<'a>(&'a [u8]);

impl Serialize for Raw<'_> {
    fn to_writer<W: io::Write>(&self, writer: &mut W) -> pgp::errors::Result<()> {
        Ok(writer.write_all(self.0)?)
    }

    fn write_len(&self) -> usize {
        self.0.len()
    }
}

/// The canonical armor of `bytes`: no headers, 64 columns, LF, CRC-24.
pub(super) fn encode(block: BlockType, bytes: &[u8]) -> String {
    // The whole room at once, so that no copy of a secret key is left behind by growing.
    let mut armor = Vec::with_capacity(bytes.len().saturating_mul(2).saturating_add(256));
    // Writing to memory fails for none of the block types in use.
    let _ = pgp::armor::write(&Raw(bytes), block, &mut armor, None, true);
    String::from_utf8(armor).unwrap_or_default()
}

/// The bytes in the one armored `block` that `text` consists of, at most `limit` of them.
///
/// Headers and the checksum are ignored; so is white space around lines, and around the block.
pub(super) fn decode(text: &str, block: BlockType, limit: usize) -> Result<Vec<u8>, Fault> {
    // Four characters carry three bytes; the rest is room for line ends and indentation.
    if text.len() > limit.saturating_mul(3) {
        return Err(Fault::TooLarge);
    }
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    if lines.next() != Some(format!("-----BEGIN {block}-----").as_str()) {
        return Err(Fault::Malformed("it does not begin with the expected armor"));
    }
    let end = format!("-----END {block}-----");
    // It may be a secret key.
    let mut base64 = Zeroizing::new(String::with_capacity(text.len()));
    let mut checked = false;
    loop {
        match lines.next() {
            None => return Err(Fault::Malformed("the armor has no end")),
            Some(line) if line == end => break,
            Some(line) if base64.is_empty() && line.contains(':') => {}
            Some(line) if line.starts_with('=') && line.len() == 5 => checked = true,
            Some(_) if checked => return Err(Fault::Malformed("data follows the checksum")),
            Some(line) => base64.push_str(line),
        }
    }
    if lines.next().is_some() {
        return Err(Fault::Malformed("something follows the armor"));
    }
    decode_base64(&base64, limit)
}

fn decode_base64(text: &str, limit: usize) -> Result<Vec<u8>, Fault> {
    let padding = text.bytes().rev().take_while(|byte| *byte == b'=').count();
    if text.is_empty() || !text.len().is_multiple_of(4) || padding > 2 {
        return Err(Fault::Malformed("the armor is damaged"));
    }
    let expected = (text.len() / 4).saturating_mul(3).saturating_sub(padding);
    if expected > limit {
        return Err(Fault::TooLarge);
    }
    let mut bytes = Vec::with_capacity(expected);
    let read = Base64Decoder::new(text.as_bytes()).read_to_end(&mut bytes);
    // The decoder stops at a wrong character without an error.
    if read.is_err() || bytes.len() != expected {
        return Err(Fault::Malformed("the armor is damaged"));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HELLO: &str =
        "-----BEGIN PGP MESSAGE-----\n\naGVsbG8=\n=R/WP\n-----END PGP MESSAGE-----\n";

    fn read(text: &str) -> Result<Vec<u8>, Fault> {
        decode(text, BlockType::Message, 1_000)
    }

    #[test]
    fn one_form_is_written() {
        let armor = encode(BlockType::Message, &[b'x'; 49]);
        let lines: Vec<&str> = armor.lines().collect();
        assert_eq!((lines[0], lines[1]), ("-----BEGIN PGP MESSAGE-----", ""));
        assert_eq!((lines[2].len(), lines[3].len(), lines.len()), (64, 4, 6));
        assert!(lines[4].starts_with('=') && armor.ends_with("-----END PGP MESSAGE-----\n"));
        assert!(!armor.contains('\r'));
    }

    #[test]
    fn white_space_headers_and_checksums_do_not_matter() {
        let indented = HELLO.replace('\n', " \r\n\t ");
        let headers = HELLO.replace("\n\n", "\nComment: x\nVersion: 1\n\n");
        let flat = HELLO.replace("\n\n", "\n");
        let wrong = HELLO.replace("=R/WP", "=AAAA");
        let absent = HELLO.replace("=R/WP\n", "");
        for text in [HELLO, &indented, &headers, &flat, &wrong, &absent] {
            assert_eq!(read(text).unwrap(), b"hello", "{text}");
        }
    }

    #[test]
    fn what_is_not_one_block_is_refused() {
        for text in [
            "",
            &HELLO[..HELLO.len() - 5],
            &HELLO.replace("aGVs", "aG!s"),
            &HELLO.replace("aGVs", "aG=s"),
            &HELLO.replace("bG8=", "bG8"),
            &HELLO.replace("MESSAGE", "SIGNATURE"),
            &HELLO.replace("=R/WP", "=R/WP\naGVs"),
            &format!("{HELLO}{HELLO}"),
            &format!("{HELLO}x"),
            &format!("x{HELLO}"),
        ] {
            assert!(matches!(read(text), Err(Fault::Malformed(_))), "{text}");
        }
    }

    #[test]
    fn the_limit_counts_bytes() {
        let armor = encode(BlockType::Message, &[0; 300]);
        assert_eq!(decode(&armor, BlockType::Message, 300).unwrap().len(), 300);
        assert_eq!(decode(&armor, BlockType::Message, 299), Err(Fault::TooLarge));
        let spaces = " ".repeat(3_001);
        assert_eq!(read(&spaces), Err(Fault::TooLarge));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(bytes in prop::collection::vec(any::<u8>(), 1..900)) {
            prop_assert_eq!(read(&encode(BlockType::Message, &bytes)).unwrap(), bytes);
        }

        #[test]
        fn nothing_makes_it_panic(text in any::<String>()) {
            let _ = read(&HELLO.replace("aGVs", &text));
        }
    }
}
