//! OpenPGP messages as our own sealing never makes them: packets put together by hand.

use std::fs;
use std::io::Read;

use cloudim::openpgp::Certificate;
use cloudim::protocol::Random;
use pgp::armor::{self, BlockType};
use pgp::composed::{
    Deserializable, MessageBuilder, PlainSessionKey, SignedPublicKey, SignedSecretKey,
};
use pgp::crypto::hash::HashAlgorithm;
use pgp::crypto::public_key::PublicKeyAlgorithm;
use pgp::crypto::sym::SymmetricKeyAlgorithm;
use pgp::packet::{
    Packet, PacketParser, PacketTrait, PublicKeyEncryptedSessionKey, SymEncryptedProtectedData,
};
use pgp::types::{DecryptionKey, EskType, KeyDetails, Password, Seipdv1ReadMode};

use super::peer::Peer;

/// The packets `plain`, encrypted to the ECDH subkey of `to`: the session key's packet, `copies`
/// times, then the data.
pub fn encrypted(plain: &[u8], to: &Certificate, copies: usize, rng: &mut Random) -> Vec<u8> {
    let (certificate, _) = SignedPublicKey::from_string(&to.to_armored()).unwrap();
    let mut subkeys = certificate.public_subkeys.iter();
    let subkey = subkeys.find(|subkey| subkey.key.algorithm() == PublicKeyAlgorithm::ECDH).unwrap();
    let cipher = SymmetricKeyAlgorithm::AES256;
    let session_key = cipher.new_session_key(&mut *rng);
    let wrapped = PublicKeyEncryptedSessionKey::from_session_key_v3(
        &mut *rng,
        &session_key,
        cipher,
        &subkey.key,
    );
    let data = SymEncryptedProtectedData::encrypt_seipdv1(rng, cipher, session_key.as_ref(), plain);
    let mut packet = Vec::new();
    wrapped.unwrap().to_writer_with_header(&mut packet).unwrap();
    let mut message = packet.repeat(copies);
    data.unwrap().to_writer_with_header(&mut message).unwrap();
    message
}

/// `packets` as an armored message.
pub fn armored(packets: &[u8]) -> String {
    armored_as(BlockType::Message, packets)
}

/// `packets` in armor of that kind.
pub fn armored_as(block: BlockType, packets: &[u8]) -> String {
    struct Bytes<'a>(&'a [u8]);
    impl pgp::ser::Serialize for Bytes<'_> {
        fn to_writer<W: std::io::Write>(&self, writer: &mut W) -> pgp::errors::Result<()> {
            Ok(writer.write_all(self.0)?)
        }
        fn write_len(&self) -> usize {
            self.0.len()
        }
    }
    let mut text = Vec::new();
    armor::write(&Bytes(packets), block, &mut text, None, true).unwrap();
    String::from_utf8(text).unwrap()
}

/// A packet of `tag` around `body`.
pub fn packet(tag: u8, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len()).unwrap().to_be_bytes();
    [&[0xC0 | tag, 0xFF], &length[..], body].concat()
}

/// A literal packet.
pub fn literal(octets: &[u8]) -> Vec<u8> {
    packet(11, &[&[b'b', 0, 0, 0, 0, 0], octets].concat())
}

/// `octets` signed by the primary key of `writer`, whatever they are, and for nobody in particular.
pub fn signed(octets: &[u8], writer: &Peer, rng: &mut Random) -> Vec<u8> {
    let secret = fs::read_to_string(writer.home().join("secret.asc")).unwrap();
    let (secret, _) = SignedSecretKey::from_string(&secret).unwrap();
    let mut builder = MessageBuilder::from_bytes("", octets.to_vec());
    builder.sign(&secret.primary_key, Password::empty(), HashAlgorithm::Sha256);
    builder.to_vec(rng).unwrap()
}

/// A compressed packet of some hundred kilobytes that holds over 100 MB of zeros: one literal zero,
/// and then again and again "the last 258 octets once more" (RFC 1951 §3.2.6, fixed codes).
pub fn bomb() -> Vec<u8> {
    let mut bits = Bits::default();
    bits.put(0b011, 3); // the last block, fixed codes; least significant bit first
    bits.code(0b0011_0000, 8); // literal 0
    for _ in 0..400_000 {
        bits.code(0b1100_0101, 8); // length 258
        bits.code(0, 5); // distance 1
    }
    bits.code(0, 7); // the end
    packet(8, &[&[1], &bits.bytes[..]].concat())
}

#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    used: usize,
}

impl Bits {
    /// Adds `count` bits of `value`, the least significant first.
    fn put(&mut self, value: u16, count: usize) {
        for bit in 0..count {
            if self.used.is_multiple_of(8) {
                self.bytes.push(0);
            }
            let set = u8::from(value & (1 << bit) != 0);
            *self.bytes.last_mut().unwrap() |= set << (self.used % 8);
            self.used += 1;
        }
    }

    /// Adds a Huffman code, whose most significant bit comes first.
    fn code(&mut self, value: u16, count: usize) {
        (0..count).rev().for_each(|bit| self.put(value >> bit & 1, 1));
    }
}

/// The packets inside the armored message `sealed`, which a subkey of `key` opens.
pub fn plain_packets(sealed: &str, key: &SignedSecretKey) -> Vec<u8> {
    let mut bytes = Vec::new();
    armor::Dearmor::new(sealed.as_bytes()).read_to_end(&mut bytes).unwrap();
    let packets: Vec<Packet> =
        PacketParser::new(&bytes[..]).map(|packet| packet.unwrap()).collect();
    let Some(Packet::SymEncryptedProtectedData(data)) = packets.last() else { panic!("no data") };
    for packet in &packets {
        let Packet::PublicKeyEncryptedSessionKey(wrapped) = packet else { continue };
        let typ = if data.version() == 2 { EskType::V6 } else { EskType::V3_4 };
        for subkey in &key.secret_subkeys {
            let opened = subkey.key.decrypt(&Password::empty(), wrapped.values().unwrap(), typ);
            match &opened {
                Ok(Ok(PlainSessionKey::V6 { key })) => {
                    return data.decrypt(key.as_ref(), None, Seipdv1ReadMode::default()).unwrap();
                }
                Ok(Ok(PlainSessionKey::V3_4 { sym_alg, key })) => {
                    return data
                        .decrypt(key.as_ref(), Some(*sym_alg), Seipdv1ReadMode::default())
                        .unwrap();
                }
                _ => {}
            }
        }
    }
    panic!("no subkey opens it")
}
