//! New secret keys, and the signatures that a primary key makes over its own parts.

use jiff::Timestamp;
use pgp::composed::{KeyType, SignedKeyDetails, SignedSecretKey, SignedSecretSubKey};
use pgp::crypto::aead::AeadAlgorithm;
use pgp::crypto::ecc_curve::ECCCurve;
use pgp::crypto::hash::HashAlgorithm;
use pgp::crypto::sym::SymmetricKeyAlgorithm;
use pgp::errors::Result;
use pgp::packet::{
    Features, KeyFlags, PubKeyInner, PublicKey, PublicSubkey, RevocationCode, SecretKey,
    SecretSubkey, Signature, SignatureConfig, SignatureType, Subpacket, SubpacketData, UserId,
};
use pgp::types::{
    CompressionAlgorithm, Duration, KeyDetails, KeyVersion, Password, SigningKey, Tag,
};
use smallvec::smallvec;

use super::profile::Profile;
use crate::openpgp::seconds::seconds;
use crate::protocol::Random;

/// A new unlocked key: Ed25519 primary, ECDH subkey and, unless `Classic`, an ML-KEM-768+X25519
/// one, in the version 4 forms that GnuPG 2.2 reads. Every date in it is `now`.
pub fn key(
    profile: Profile,
    name: &str,
    now: Timestamp,
    rng: &mut Random,
) -> Result<SignedSecretKey> {
    let inner = component(&KeyType::Ed25519Legacy, KeyVersion::V4, now, rng)?;
    let primary = SecretKey::new(PublicKey::from_inner(inner.0)?, inner.1)?;
    let user = UserId::from_str(Default::default(), name)?;
    let mut config = config(&primary, SignatureType::CertPositive, now, rng)?;
    config.hashed_subpackets.extend(preferences(profile)?);
    let certification = config.sign_certification(
        &primary,
        primary.public_key(),
        &Password::empty(),
        Tag::UserId,
        &user,
    )?;
    let users = vec![user.into_signed(certification)];
    let details = SignedKeyDetails::new(Vec::new(), Vec::new(), users, Vec::new());
    let kinds: &[KeyType] = match profile {
        Profile::Default => &[KeyType::ECDH(ECCCurve::Curve25519Legacy), KeyType::MlKem768X25519],
        Profile::Classic => &[KeyType::ECDH(ECCCurve::Curve25519Legacy)],
    };
    let subkeys: Result<_> =
        kinds.iter().map(|kind| encryption_subkey(&primary, kind, None, now, rng)).collect();
    Ok(SignedSecretKey::new(primary, details, Vec::new(), subkeys?))
}

type Parts = (PubKeyInner, pgp::types::SecretParams);

fn component(
    kind: &KeyType,
    version: KeyVersion,
    now: Timestamp,
    rng: &mut Random,
) -> Result<Parts> {
    let (public, secret) = kind.generate(rng)?;
    let created = pgp::types::Timestamp::from_secs(seconds(now));
    let inner = PubKeyInner::new(version, kind.to_alg(), created, None, public)?;
    Ok((inner, secret))
}

/// A new unlocked encryption subkey of `primary`, which expires `lifetime` after `now`, or never.
pub fn encryption_subkey(
    primary: &SecretKey,
    kind: &KeyType,
    lifetime: Option<Duration>,
    now: Timestamp,
    rng: &mut Random,
) -> Result<SignedSecretSubKey> {
    let (inner, secret) = component(kind, primary.version(), now, rng)?;
    let public = PublicSubkey::from_inner(inner)?;
    let mut flags = KeyFlags::default();
    flags.set_encrypt_comms(true);
    flags.set_encrypt_storage(true);
    let binding = binding(primary, &public, flags, lifetime, now, rng)?;
    Ok(SignedSecretSubKey::new(SecretSubkey::new(public, secret)?, vec![binding]))
}

/// Binds `subkey`, which encrypts, to `primary`: for `lifetime` from its creation, or for ever.
pub fn binding(
    primary: &SecretKey,
    subkey: &PublicSubkey,
    flags: KeyFlags,
    lifetime: Option<Duration>,
    now: Timestamp,
    rng: &mut Random,
) -> Result<Signature> {
    let mut config = config(primary, SignatureType::SubkeyBinding, now, rng)?;
    config.hashed_subpackets.push(Subpacket::critical(SubpacketData::KeyFlags(flags))?);
    if let Some(lifetime) = lifetime {
        let lifetime = SubpacketData::KeyExpirationTime(lifetime);
        config.hashed_subpackets.push(Subpacket::critical(lifetime)?);
    }
    config.sign_subkey_binding(primary, primary.public_key(), &Password::empty(), subkey)
}

/// The statements of the self-signature on the primary key's uses and the holder's programs.
fn preferences(profile: Profile) -> Result<Vec<Subpacket>> {
    let mut flags = KeyFlags::default();
    flags.set_certify(true);
    flags.set_sign(true);
    let mut features = Features::new();
    features.set_seipd_v1(true);
    features.set_seipd_v2(matches!(profile, Profile::Default));
    let ciphers = smallvec![SymmetricKeyAlgorithm::AES256, SymmetricKeyAlgorithm::AES128];
    let hashes = smallvec![HashAlgorithm::Sha512, HashAlgorithm::Sha256];
    let mut all = vec![
        Subpacket::critical(SubpacketData::KeyFlags(flags))?,
        Subpacket::regular(SubpacketData::IsPrimary(true))?,
        Subpacket::regular(SubpacketData::Features(features))?,
        Subpacket::regular(SubpacketData::PreferredSymmetricAlgorithms(ciphers))?,
        Subpacket::regular(SubpacketData::PreferredHashAlgorithms(hashes))?,
        Subpacket::regular(SubpacketData::PreferredCompressionAlgorithms(smallvec![
            CompressionAlgorithm::Uncompressed
        ]))?,
    ];
    if matches!(profile, Profile::Default) {
        let aead = smallvec![(SymmetricKeyAlgorithm::AES256, AeadAlgorithm::Ocb)];
        all.push(Subpacket::regular(SubpacketData::PreferredAeadAlgorithms(aead))?);
    }
    Ok(all)
}

/// The statements in every signature of ours: its date and its maker.
pub fn config(
    key: &impl SigningKey,
    typ: SignatureType,
    now: Timestamp,
    rng: &mut Random,
) -> Result<SignatureConfig> {
    let mut config = SignatureConfig::from_key(rng, key, typ)?;
    let created = pgp::types::Timestamp::from_secs(seconds(now));
    config.hashed_subpackets = vec![
        Subpacket::critical(SubpacketData::SignatureCreationTime(created))?,
        Subpacket::regular(SubpacketData::IssuerFingerprint(key.fingerprint()))?,
    ];
    if key.version() == KeyVersion::V4 {
        let id = SubpacketData::IssuerKeyId(key.legacy_key_id());
        config.unhashed_subpackets = vec![Subpacket::regular(id)?];
    }
    Ok(config)
}

/// A revocation of `primary`.
pub fn revocation(
    primary: &SecretKey,
    code: RevocationCode,
    now: Timestamp,
    rng: &mut Random,
) -> Result<Signature> {
    let mut config = config(primary, SignatureType::KeyRevocation, now, rng)?;
    let reason = SubpacketData::RevocationReason(code, "".into());
    config.hashed_subpackets.push(Subpacket::regular(reason)?);
    config.sign_key(primary, &Password::empty(), primary.public_key())
}
