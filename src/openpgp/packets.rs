//! One packet at a time out of hostile bytes.

use pgp::errors::Error;
use pgp::packet::{Packet, PacketParser};

/// The type of the packet with a session key that a public key has encrypted (RFC 9580 §5.1).
const PUBLIC_KEY_SESSION_KEY: u8 = 1;
/// The same by a passphrase (§5.3).
const SYMMETRIC_SESSION_KEY: u8 = 3;
/// Packets that are passed over before one that means something: nobody writes more than one.
const IGNORED: usize = 64;

/// The next packet of `rest`, which is moved on; `None` at its end.
///
/// Markers, padding and packets of unknown non-critical types are passed over, as RFC 9580 §4.3
/// and §5 ask. Nothing is decompressed or decrypted.
///
/// # Errors
/// When the bytes are no packet, or one of a critical type unknown to us, or begin with 64 that mean
/// nothing.
pub(super) fn next(rest: &mut &[u8]) -> Result<Option<Packet>, String> {
    for _ in 0..IGNORED {
        if rest.is_empty() {
            return Ok(None);
        }
        match PacketParser::new(&mut *rest).next() {
            // The parser takes a header cut short for the end.
            None => return Err("a packet is cut short".to_owned()),
            Some(Ok(Packet::Marker(_) | Packet::Padding(_))) => {}
            Some(Err(cause)) if is_ignorable(&cause) => {}
            Some(Ok(packet)) => return Ok(Some(packet)),
            Some(Err(cause)) => return Err(format!("a packet is malformed: {cause}")),
        }
    }
    Err("there is nothing but packets without meaning".to_owned())
}

/// Returns whether `bytes` begin like an encrypted message: with the header of a packet that holds a
/// session key.
pub fn begins_encrypted(bytes: &[u8]) -> bool {
    let tag = match bytes.first() {
        Some(first) if first & 0xC0 == 0xC0 => first & 0x3F,
        Some(first) if first & 0x80 != 0 => (first >> 2) & 0x0F,
        _ => return false,
    };
    tag == PUBLIC_KEY_SESSION_KEY || tag == SYMMETRIC_SESSION_KEY
}

fn is_ignorable(cause: &Error) -> bool {
    match cause {
        Error::Unsupported { .. } => true,
        Error::InvalidPacketContent { source } => matches!(**source, Error::Unsupported { .. }),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_begins_with_a_session_key_and_a_page_does_not() {
        for first in [0xC1, 0xC3, 0x84, 0x85, 0x8C] {
            assert!(begins_encrypted(&[first, 0]), "{first:#x}");
        }
        for bytes in [&b""[..], b"<!DOCTYPE html>", b"-----BEGIN", b"\xEF\xBB\xBF", &LITERAL] {
            assert!(!begins_encrypted(bytes), "{bytes:?}");
        }
    }

    const LITERAL: [u8; 9] = [0xCB, 7, b'b', 0, 0, 0, 0, 0, b'x'];

    #[test]
    fn what_may_be_ignored_is() {
        let marker = [0xCA, 3, b'P', b'G', b'P'];
        let padding = [0xC0 | 21, 2, 0, 0];
        let unknown = [0xC0 | 60, 2, 0, 0];
        let bytes = [&marker[..], &padding, &unknown, &LITERAL, &padding].concat();
        let mut rest = bytes.as_slice();
        assert!(matches!(next(&mut rest), Ok(Some(Packet::LiteralData(_)))));
        assert!(matches!(next(&mut rest), Ok(None)));
    }

    #[test]
    fn a_flood_of_what_may_be_ignored_is_an_error() {
        let marker = [0xCA, 3, b'P', b'G', b'P'];
        for (count, is_read) in [(IGNORED - 1, true), (IGNORED, false), (200_000, false)] {
            let bytes = [marker.repeat(count), LITERAL.to_vec()].concat();
            let mut rest = bytes.as_slice();
            assert_eq!(next(&mut rest).is_ok(), is_read, "{count}");
            // What was looked at is bounded, however much is there.
            assert!(bytes.len() - rest.len() <= IGNORED * marker.len() + LITERAL.len());
        }
    }

    #[test]
    fn critical_and_broken_packets_are_errors() {
        for bytes in [
            &[0xC0 | 22, 2, 0, 0][..],
            &[0xCB],
            &[0xCB, 0xFF, 0],
            &[0x00],
            &LITERAL[..5],
            &[0xC0 | 21, 200, 0],
        ] {
            assert!(next(&mut &*bytes).is_err(), "{bytes:?}");
        }
    }
}
