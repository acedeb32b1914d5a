//! Garbage that is dear to look at: what anybody can make who knows a certificate.

use std::fs;

use cloudim::openpgp::{Certificate, Profile, SecretKey};
use cloudim::protocol::Random;
use cloudim::protocol::feed::channel::{Channel, FeedItem, KeyElement};
use cloudim::protocol::values::guid::Guid;
use cloudim::protocol::values::hash::Hash;
use jiff::Timestamp;
use pgp::armor::BlockType;
use pgp::composed::{
    Deserializable, MessageBuilder, SignedPublicKey, SignedSecretKey, SubpacketConfig,
};
use pgp::crypto::hash::HashAlgorithm;
use pgp::packet::{Subpacket, SubpacketData};
use pgp::ser::Serialize;
use pgp::types::{CompressionAlgorithm, KeyDetails, Password};
use rand::SeedableRng;

use super::raw;

/// Room for signatures beside the octets in a sealed object of the largest size.
const BESIDE: usize = 8 << 10;
/// A certificate that is of the largest size once it is armored, in bytes.
const CERTIFICATE: usize = 48 << 10;

/// Who writes garbage: a key that nobody knows.
pub struct Garbage {
    key: SignedSecretKey,
    /// By which she signs what is to be checked in vain.
    other: SignedSecretKey,
    rng: Random,
}

/// Whom a signature says that it is by.
#[derive(Clone, Copy)]
pub enum By<'a> {
    /// It does not say.
    Nobody,
    /// The primary key of this certificate, which did not make it.
    The(&'a Certificate),
}

impl Garbage {
    pub fn new(seed: u64) -> Self {
        let mut rng = Random::seed_from_u64(seed);
        let then = "2026-01-01T00:00:00Z".parse().unwrap();
        let mut key = || {
            let key = SecretKey::generate(Profile::Classic, "Eve", then, &mut rng).unwrap();
            SignedSecretKey::from_string(&key.to_armored()).unwrap().0
        };
        let (key, other) = (key(), key());
        Self { key, other, rng }
    }

    /// A sealed object for `to` of some kilobytes, which opens to the most that is read, with 8
    /// signatures.
    pub fn bloated(&mut self, to: &Certificate, by: By<'_>) -> String {
        let packets = self.bloated_packets(by);
        self.sealed(&packets, to)
    }

    /// `packets` sealed to `to`, and each time others.
    pub fn sealed(&mut self, packets: &[u8], to: &Certificate) -> String {
        raw::armored(&raw::encrypted(packets, to, 1, &mut self.rng))
    }

    /// What stands in such an object.
    pub fn bloated_packets(&mut self, by: By<'_>) -> Vec<u8> {
        let mut message = MessageBuilder::from_bytes("", vec![0; (1 << 20) - BESIDE]);
        message.compression(CompressionAlgorithm::ZLIB);
        for _ in 0..8 {
            let (key, none) = (&self.other.primary_key, Password::empty());
            message.sign_with_subpackets(key, none, HashAlgorithm::Sha512, saying(by));
        }
        message.to_vec(&mut self.rng).unwrap()
    }

    /// `octets` sealed to `to`, with a signature that says it is by `by`.
    pub fn forged(&mut self, octets: &str, by: &Certificate, to: &Certificate) -> String {
        let mut message = MessageBuilder::from_bytes("", octets.as_bytes().to_vec());
        let (key, none) = (&self.other.primary_key, Password::empty());
        message.sign_with_subpackets(key, none, HashAlgorithm::Sha512, saying(By::The(by)));
        let packets = message.to_vec(&mut self.rng).unwrap();
        self.sealed(&packets, to)
    }

    /// A small sealed object for `to` that nobody signed.
    pub fn small(&mut self, to: &Certificate) -> String {
        self.sealed(&raw::literal(b"x"), to)
    }

    /// An item around `sealed`, as new as can be.
    pub fn item(&mut self, sealed: String) -> FeedItem {
        FeedItem::sealed(Guid::new(Timestamp::now(), &mut self.rng), sealed)
    }

    /// So many bytes of items for `to`, or a bit less, made by `one`.
    pub fn items(
        &mut self,
        bytes: usize,
        mut one: impl FnMut(&mut Self) -> String,
    ) -> Vec<FeedItem> {
        let mut left = bytes;
        let mut items = Vec::new();
        loop {
            let sealed = one(self);
            // What stands around it: tags and guid.
            let Some(rest) = left.checked_sub(sealed.len() + 140) else { return items };
            left = rest;
            items.push(self.item(sealed));
        }
    }

    /// Eve's certificate with as many subkeys as it can hold that she never bound.
    pub fn key_file(&mut self) -> Vec<u8> {
        let own = self.key.to_public_key();
        let mut bytes = own.to_bytes().unwrap();
        let others: Vec<u8> = [1, 2]
            .iter()
            .flat_map(|seed| Garbage::new(*seed).key.to_public_key().public_subkeys)
            .flat_map(|subkey| subkey.to_bytes().unwrap())
            .collect();
        while bytes.len() + others.len() < CERTIFICATE - 1_000 {
            bytes.extend(&others);
        }
        bytes
    }

    /// That `file` in armor.
    pub fn armored(&self, file: &[u8]) -> String {
        raw::armored_as(BlockType::PublicKey, file)
    }

    /// A feed of Eve's at `url`, whose key stands at `key`, with `introduction`.
    pub fn feed(&self, introduction: String, url: &str, file: &[u8]) -> Channel {
        let key = KeyElement {
            fingerprint: format!("{:X}", self.key.primary_key.fingerprint()).parse().unwrap(),
            hash: Some(Hash::of(file)),
            url: url.parse().unwrap(),
        };
        Channel { key: Some(key), introduction: Some(introduction), ..Channel::default() }
    }
}

/// What a signature of now says of itself.
fn saying(by: By<'_>) -> SubpacketConfig {
    let now = SubpacketData::SignatureCreationTime(pgp::types::Timestamp::now());
    let mut hashed = vec![Subpacket::regular(now).unwrap()];
    if let By::The(certificate) = by {
        let fingerprint = inner(certificate).primary_key.fingerprint();
        hashed.push(Subpacket::regular(SubpacketData::IssuerFingerprint(fingerprint)).unwrap());
    }
    SubpacketConfig::UserDefined { hashed, unhashed: Vec::new() }
}

fn inner(certificate: &Certificate) -> SignedPublicKey {
    SignedPublicKey::from_string(&certificate.to_armored()).unwrap().0
}

/// The CPU time that the children of this process have taken which have ended, in seconds.
pub fn of_children() -> f64 {
    cpu("self", [15, 16])
}

/// The CPU time that the process `id` has taken, in seconds.
pub fn of_process(id: u32) -> f64 {
    cpu(&id.to_string(), [13, 14])
}

/// The sum of those fields of `/proc/<id>/stat` (proc(5), counted from 0), which are in hundredths.
fn cpu(id: &str, fields: [usize; 2]) -> f64 {
    let stat = fs::read_to_string(format!("/proc/{id}/stat")).unwrap();
    // The name of the program, in parentheses, may hold spaces.
    let (_, after) = stat.rsplit_once(") ").unwrap();
    let values: Vec<&str> = after.split(' ').collect();
    let ticks: u32 = fields.iter().map(|field| values[field - 2].parse::<u32>().unwrap()).sum();
    f64::from(ticks) / 100.0
}
