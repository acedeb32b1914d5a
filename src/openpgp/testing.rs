//! Keys, times and hostile packets for the tests of this layer.

use jiff::{SignedDuration, Timestamp};
use pgp::armor::BlockType;
use pgp::composed::{KeyType, SignedSecretSubKey};
use pgp::crypto::ecc_curve::ECCCurve;
use pgp::crypto::sym::SymmetricKeyAlgorithm;
use pgp::packet::{
    KeyFlags, PacketTrait, PubKeyInner, PublicSubkey, RevocationCode, SecretSubkey, Signature,
    SignatureType, Subpacket, SubpacketData,
};
use pgp::types::{
    Duration, EncryptedSecretParams, KeyVersion, Password, S2kParams, SecretParams, StringToKey,
    Tag,
};
use rand::SeedableRng;

use super::certificate::Certificate;
use super::message::encrypt::{Targets, encrypt};
use super::message::open::{Opened, open};
use super::message::refusal::Refusal;
use super::message::seal::seal;
use super::seconds::seconds;
use super::secret_key::{Profile, SecretKey, generate};
use super::{armor, packets};
use crate::protocol::Random;
use crate::protocol::values::limits;

/// `days` after the day on which test keys are made.
pub fn day(days: i64) -> Timestamp {
    let birth: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
    birth + SignedDuration::from_hours(24 * days)
}

/// A generator that always gives the same.
pub fn random(seed: u64) -> Random {
    Random::seed_from_u64(seed)
}

/// A key made on day 0; another for another name.
pub fn key(profile: Profile, name: &str) -> SecretKey {
    let seed = name.bytes().fold(7, |seed: u64, byte| seed * 31 + u64::from(byte));
    SecretKey::generate(profile, name, day(0), &mut random(seed)).unwrap()
}

/// The octets of the tests.
pub const OCTETS: &[u8] = b"<item/>";

/// The sender of the tests.
pub fn john() -> SecretKey {
    key(Profile::Default, "John")
}

/// The reader of the tests.
pub fn mary() -> SecretKey {
    key(Profile::Classic, "Mary")
}

/// [`OCTETS`], sealed on day 1.
pub fn sealed(from: &SecretKey, to: &SecretKey) -> String {
    seal(OCTETS, from, &[&to.certificate()], day(1), &mut random(1)).unwrap()
}

/// The same, dearmored.
pub fn sealed_bytes(from: &SecretKey, to: &SecretKey) -> Vec<u8> {
    armor::decode(&sealed(from, to), BlockType::Message, limits::SEALED).unwrap()
}

/// The result when Mary opens `plain`, encrypted to her, as John's.
pub fn received(plain: &[u8]) -> Result<Opened, Refusal> {
    open(&encrypted(plain, &mary().certificate()), &mary(), &john().certificate(), day(1))
}

/// Why Mary refuses it.
pub fn refused(plain: &[u8]) -> Refusal {
    received(plain).unwrap_err()
}

fn lifetime(days: u32) -> Subpacket {
    let lifetime = Duration::from_secs(days * 86_400);
    Subpacket::critical(SubpacketData::KeyExpirationTime(lifetime)).unwrap()
}

/// `key` with a self-signature of `date` that lets it live for `days` from day 0.
pub fn expiring(key: &SecretKey, date: i64, days: u32) -> SecretKey {
    let mut inner = key.inner.clone();
    let primary = &inner.primary_key;
    let user = &inner.details.users[0];
    let old = user.signatures[0].config().unwrap();
    let mut config =
        generate::config(primary, SignatureType::CertPositive, day(date), &mut random(1)).unwrap();
    config.hashed_subpackets.extend(old.hashed_subpackets[2..].iter().cloned());
    config.hashed_subpackets.push(lifetime(days));
    let none = Password::empty();
    let signature =
        config.sign_certification(primary, primary.public_key(), &none, Tag::UserId, &user.id);
    inner.details.users[0].signatures = vec![signature.unwrap()];
    SecretKey::new(inner).unwrap()
}

/// `key` with one more subkey, made on `date`, which encrypts, or else signs.
pub fn with_subkey(key: &SecretKey, encrypts: bool, date: i64, days: Option<u32>) -> SecretKey {
    let mut inner = key.inner.clone();
    let mut rng = random(date.unsigned_abs() + 100);
    let kind = if encrypts { KeyType::ECDH(ECCCurve::Curve25519Legacy) } else { KeyType::Ed25519 };
    let (public, secret) = kind.generate(&mut rng).unwrap();
    let created = pgp::types::Timestamp::from_secs(seconds(day(date)));
    let public = PubKeyInner::new(KeyVersion::V4, kind.to_alg(), created, None, public).unwrap();
    let public = PublicSubkey::from_inner(public).unwrap();
    let subkey = SecretSubkey::new(public.clone(), secret).unwrap();
    let primary = &inner.primary_key;
    let mut flags = KeyFlags::default();
    flags.set_encrypt_comms(encrypts);
    flags.set_sign(!encrypts);
    let mut config =
        generate::config(primary, SignatureType::SubkeyBinding, day(date), &mut rng).unwrap();
    config.hashed_subpackets.push(Subpacket::critical(SubpacketData::KeyFlags(flags)).unwrap());
    config.hashed_subpackets.extend(days.map(lifetime));
    let none = Password::empty();
    if !encrypts {
        let back = generate::config(&subkey, SignatureType::KeyBinding, day(date), &mut rng)
            .unwrap()
            .sign_primary_key_binding(&subkey, &public, &none, primary.public_key())
            .unwrap();
        let back = SubpacketData::EmbeddedSignature(Box::new(back));
        config.hashed_subpackets.push(Subpacket::regular(back).unwrap());
    }
    let binding =
        config.sign_subkey_binding(primary, primary.public_key(), &none, &public).unwrap();
    inner.secret_subkeys.push(SignedSecretSubKey::new(subkey, vec![binding]));
    SecretKey::new(inner).unwrap()
}

/// `key` without the secret of its primary key, as GnuPG writes it: on a card, or just left out.
pub fn offline(key: &SecretKey, on_card: bool) -> SecretKey {
    let mut inner = key.inner.clone();
    let told = [&[0][..], b"GNU", &[if on_card { 2 } else { 1 }]].concat();
    let s2k = StringToKey::Private { typ: 101, unknown: told.into() };
    let how =
        S2kParams::Cfb { sym_alg: SymmetricKeyAlgorithm::Plaintext, s2k, iv: Vec::new().into() };
    let stub = SecretParams::Encrypted(EncryptedSecretParams::new(Vec::new().into(), how));
    let public = inner.primary_key.public_key().clone();
    inner.primary_key = pgp::packet::SecretKey::new(public, stub).unwrap();
    SecretKey::new(inner).unwrap()
}

/// `key` with its primary key, or the subkey of that index, revoked on `date`.
pub fn revoked(
    key: &SecretKey,
    subkey: Option<usize>,
    reason: RevocationCode,
    date: i64,
) -> SecretKey {
    let mut inner = key.inner.clone();
    let primary = &inner.primary_key;
    let typ = match subkey {
        Some(_) => SignatureType::SubkeyRevocation,
        None => SignatureType::KeyRevocation,
    };
    let mut config = generate::config(primary, typ, day(date), &mut random(3)).unwrap();
    let reason = SubpacketData::RevocationReason(reason, "".into());
    config.hashed_subpackets.push(Subpacket::regular(reason).unwrap());
    let none = Password::empty();
    match subkey {
        Some(index) => {
            let subkey = &mut inner.secret_subkeys[index];
            let public = primary.public_key();
            let signature =
                config.sign_subkey_binding(primary, public, &none, subkey.key.public_key());
            subkey.signatures.push(signature.unwrap());
        }
        None => {
            let signature = config.sign_key(primary, &none, primary.public_key()).unwrap();
            inner.details.revocation_signatures.push(signature);
        }
    }
    SecretKey::new(inner).unwrap()
}

/// The packets `plain`, encrypted to `reader` alone.
pub fn encrypted_bytes(plain: &[u8], reader: &Certificate) -> Vec<u8> {
    let targets = Targets::choose(reader, &[], day(1)).unwrap();
    encrypt(plain, &targets, &mut random(4)).unwrap()
}

/// The same, armored.
pub fn encrypted(plain: &[u8], reader: &Certificate) -> String {
    message(&encrypted_bytes(plain, reader))
}

/// `packets` as an armored message.
pub fn message(packets: &[u8]) -> String {
    armor::encode(BlockType::Message, packets)
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

/// The bytes of `signature`, as a packet.
pub fn packed(signature: &Signature) -> Vec<u8> {
    let mut bytes = Vec::new();
    signature.to_writer_with_header(&mut bytes).unwrap();
    bytes
}

/// All packets of `bytes`.
pub fn unpacked(mut bytes: &[u8]) -> Vec<pgp::packet::Packet> {
    std::iter::from_fn(|| packets::next(&mut bytes).unwrap()).collect()
}

/// A signature of `typ` by `key`'s primary key over `octets`, made on `date`.
pub fn signature(key: &SecretKey, octets: &[u8], typ: SignatureType, date: i64) -> Signature {
    let primary = &key.inner.primary_key;
    let config = generate::config(primary, typ, day(date), &mut random(5)).unwrap();
    config.sign(primary, &Password::empty(), octets).unwrap()
}
