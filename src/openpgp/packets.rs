//! One packet at a time out of hostile bytes.

use pgp::errors::Error;
use pgp::packet::{Packet, PacketParser};

/// The next packet of `rest`, which is moved on; `None` at its end.
///
/// Markers, padding and packets of unknown non-critical types are passed over, as RFC 9580 §4.3
/// and §5 ask. Nothing is decompressed or decrypted.
///
/// # Errors
/// When the bytes are no packet, or one of a critical type unknown to us.
pub(super) fn next(rest: &mut &[u8]) -> Result<Option<Packet>, String> {
    while !rest.is_empty() {
        match PacketParser::new(&mut *rest).next() {
            // The parser takes a header cut short for the end.
            None => return Err("a packet is cut short".to_owned()),
            Some(Ok(Packet::Marker(_) | Packet::Padding(_))) => {}
            Some(Err(cause)) if is_ignorable(&cause) => {}
            Some(Ok(packet)) => return Ok(Some(packet)),
            Some(Err(cause)) => return Err(format!("a packet is malformed: {cause}")),
        }
    }
    Ok(None)
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
