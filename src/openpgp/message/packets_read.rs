//! The packets inside the encryption: at most one compression layer, then signatures and octets.

use std::io::Read;

use pgp::packet::{CompressedData, Packet, Signature};

use super::refusal::Refusal;
use crate::openpgp::cost::Cost;
use crate::openpgp::packets;
use crate::protocol::values::limits;

/// A message with its signatures, none of them verified.
pub struct Message {
    /// The literal data.
    pub octets: Vec<u8>,
    /// At most [`limits::SIGNATURES`].
    pub signatures: Vec<Signature>,
}

/// Reads the packets `plain`, which with everything decompressed are at most `limit` bytes. What is
/// decompressed is added to `cost`.
pub fn read(plain: &[u8], limit: usize, cost: &mut Cost) -> Result<Message, Refusal> {
    if plain.len() > limit {
        return Err(Refusal::TooLarge);
    }
    let mut rest = plain;
    match packets::next(&mut rest).map_err(Refusal::Malformed)? {
        Some(Packet::CompressedData(data)) => {
            let inner = decompressed(&data, limit, cost)?;
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

fn decompressed(data: &CompressedData, limit: usize, cost: &mut Cost) -> Result<Vec<u8>, Refusal> {
    let reader = data.decompress().map_err(|_| malformed("an unknown kind of compression"))?;
    let mut inner = Vec::new();
    let most = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    let read = reader.take(most).read_to_end(&mut inner);
    cost.add_bytes(inner.len());
    read.map_err(|_| malformed("the compressed data is damaged"))?;
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

#[cfg(test)]
mod tests {
    use pgp::composed::MessageBuilder;
    use pgp::packet::SignatureType;
    use pgp::types::CompressionAlgorithm;

    use super::*;
    use crate::openpgp::message::open::{open, open_file};
    use crate::openpgp::message::seal::signed_message;
    use crate::openpgp::secret_key::Profile;
    use crate::openpgp::testing::{
        OCTETS, day, encrypted_bytes, john, key, literal, mary, message, packed, packet, random,
        received, refused, sealed_bytes, signature,
    };

    #[test]
    fn nesting_is_refused() {
        let plain = signed_message(OCTETS, &john(), &[], day(1), &mut random(1)).unwrap();
        let layer = |inner: &[u8]| packet(8, &[&[0], inner].concat());
        assert_eq!(received(&layer(&plain)).unwrap().octets, OCTETS);
        let twice = layer(&layer(&plain));
        assert_eq!(refused(&twice), Refusal::Malformed("a second compression layer".to_owned()));
        let mut deep = plain;
        for _ in 0..2_000 {
            deep = layer(&deep);
        }
        assert!(matches!(refused(&deep), Refusal::Malformed(_)));
        let inner = sealed_bytes(&john(), &mary());
        assert!(matches!(refused(&inner), Refusal::Malformed(_)));
    }

    #[test]
    fn a_bomb_stops_at_the_limit() {
        let mut bomb = MessageBuilder::from_bytes("", vec![0; limits::SEALED + 1]);
        bomb.compression(CompressionAlgorithm::ZLIB);
        let bomb = bomb.to_vec(random(1)).unwrap();
        assert!(bomb.len() < 100_000);
        assert_eq!(refused(&bomb), Refusal::TooLarge);
        let mary = mary();
        let bytes = encrypted_bytes(&bomb, &mary.certificate());
        assert_eq!(open_file(&bytes, &mary, limits::SEALED), Err(Refusal::TooLarge));
        let large = message(&vec![0xFF; limits::SEALED + 1]);
        let refusal = open(&large, &mary, &john().certificate(), day(1));
        assert_eq!(refusal, Err(Refusal::TooLarge));
    }

    #[test]
    fn recipients_and_signatures_are_counted() {
        let (mary, john) = (mary(), john());
        let eve = key(Profile::Classic, "Eve");
        let good = encrypted_bytes(&literal(b"x"), &mary.certificate());
        let other = encrypted_bytes(&literal(b"x"), &eve.certificate());
        let session_key = &other[..2 + usize::from(other[1])];
        let crowd = |count: usize| message(&[session_key.repeat(count), good.clone()].concat());
        let attempt = |text: &str| open(text, &mary, &john.certificate(), day(1));
        assert_eq!(attempt(&crowd(63)), Err(Refusal::Unsigned));
        assert_eq!(attempt(&crowd(64)), Err(Refusal::TooManyRecipients));
        assert_eq!(attempt(&crowd(8_000)), Err(Refusal::TooManyRecipients));

        let one = packed(&signature(&eve, OCTETS, SignatureType::Binary, 1));
        let many = |count: usize| [one.repeat(count), literal(OCTETS)].concat();
        assert_eq!(refused(&many(8)), Refusal::UnknownSigner);
        assert_eq!(refused(&many(9)), Refusal::TooManySignatures);
    }
}
