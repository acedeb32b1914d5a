//! What is inside the encryption: at most one compression layer, then signatures and octets.

use std::io::Read;

use pgp::packet::{CompressedData, Packet, Signature};

use super::packets;
use super::refusal::Refusal;
use crate::protocol::limits;

/// A message with its signatures, none of them verified.
pub(super) struct Message {
    /// The literal data.
    pub octets: Vec<u8>,
    /// At most [`limits::SIGNATURES`].
    pub signatures: Vec<Signature>,
}

/// Reads the packets `plain`, which with everything decompressed are at most `limit` bytes.
pub(super) fn read(plain: &[u8], limit: usize) -> Result<Message, Refusal> {
    if plain.len() > limit {
        return Err(Refusal::TooLarge);
    }
    let mut rest = plain;
    match packets::next(&mut rest).map_err(Refusal::Malformed)? {
        Some(Packet::CompressedData(data)) => {
            let inner = decompressed(&data, limit)?;
            match packets::next(&mut rest) {
                Ok(None) => parse(&inner),
                _ => Err(malformed("something follows the compressed data")),
            }
        }
        _ => parse(plain),
    }
}

fn malformed(why: &str) -> Refusal {
    Refusal::Malformed(why.to_owned())
}

fn decompressed(data: &CompressedData, limit: usize) -> Result<Vec<u8>, Refusal> {
    let reader = data.decompress().map_err(|_| malformed("an unknown kind of compression"))?;
    let mut inner = Vec::new();
    let most = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    reader
        .take(most)
        .read_to_end(&mut inner)
        .map_err(|_| malformed("the compressed data is damaged"))?;
    if inner.len() > limit { Err(Refusal::TooLarge) } else { Ok(inner) }
}

/// Signatures before the literal data stand for themselves; each one-pass packet announces one
/// after it (RFC 9580 §10.3).
fn parse(plain: &[u8]) -> Result<Message, Refusal> {
    let mut rest = plain;
    let mut announced = 0_usize;
    let mut signatures = Vec::new();
    let mut literal = None;
    while let Some(packet) = packets::next(&mut rest).map_err(Refusal::Malformed)? {
        match packet {
            Packet::OnePassSignature(_) if literal.is_none() => {
                announced = announced.saturating_add(1);
            }
            Packet::Signature(signature) => {
                if literal.is_some() {
                    announced = announced
                        .checked_sub(1)
                        .ok_or_else(|| malformed("a signature that was not announced"))?;
                }
                signatures.push(signature);
            }
            Packet::LiteralData(data) if literal.is_none() => literal = Some(data),
            Packet::CompressedData(_) => return Err(malformed("a second compression layer")),
            _ => return Err(malformed("a packet that does not belong in a message")),
        }
        if signatures.len().saturating_add(announced) > limits::SIGNATURES {
            return Err(Refusal::TooManySignatures);
        }
    }
    if announced > 0 {
        return Err(malformed("a signature is missing"));
    }
    let literal = literal.ok_or_else(|| malformed("there is nothing in it"))?;
    Ok(Message { octets: literal.into_bytes().into(), signatures })
}
