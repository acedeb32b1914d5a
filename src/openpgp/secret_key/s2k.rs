//! How the components of a secret key are locked with a passphrase, and unlocked again.
//!
//! To stretch the passphrase takes long, by design. The components of a key that we lock share one
//! salt, so that it is done once for all of them; HKDF and a nonce of its own keep what each is
//! encrypted with apart (RFC 9580 §3.7.2.1). To try a passphrase one component is enough, so that
//! more salts would make no guess dearer.

#[cfg(test)]
pub mod tests;

use bytes::BytesMut;
use hkdf::Hkdf;
use pgp::composed::{RawSessionKey, SignedSecretKey};
use pgp::crypto::aead::AeadAlgorithm;
use pgp::crypto::hash::HashAlgorithm;
use pgp::crypto::sym::SymmetricKeyAlgorithm;
use pgp::errors::{Error, Result};
use pgp::packet::{SecretKey, SecretSubkey};
use pgp::ser::Serialize;
use pgp::types::{
    EncryptedSecretParams, KeyDetails, KeyVersion, Password, PlainSecretParams, S2kParams,
    SecretParams, StringToKey, Tag,
};
use rand::RngCore;
use sha2::Sha256;
use zeroize::{Zeroize, Zeroizing};

use super::stub;
use crate::protocol::Random;

const CIPHER: SymmetricKeyAlgorithm = SymmetricKeyAlgorithm::AES256;
const MODE: AeadAlgorithm = AeadAlgorithm::Ocb;
/// The length of its tag, in bytes.
const TAG: usize = 16;

/// Locks what is not locked in `key`, with the salt of what is: Argon2id with 3 passes, 4 lanes and
/// 64 MiB, then AES-256 in OCB mode (RFC 9580 §3.7.2).
pub fn lock(key: &mut SignedSecretKey, passphrase: &str, rng: &mut Random) -> Result<()> {
    let subkeys = key.secret_subkeys.iter().map(|subkey| subkey.key.secret_params());
    let known = std::iter::once(key.primary_key.secret_params()).chain(subkeys).find_map(salt);
    let s2k = known.cloned().unwrap_or_else(|| StringToKey::new_argon2(&mut *rng, 3, 4, 16));
    let mut stretched = Stretched::new(passphrase);
    replace(key, |secret, public| match secret {
        SecretParams::Plain(plain) => stretched.locked(plain, public, &s2k, rng).map(Some),
        SecretParams::Encrypted(_) => Ok(None),
    })
}

/// The salt and the cost that `secret` was locked with, if just as we do it.
fn salt(secret: &SecretParams) -> Option<&StringToKey> {
    let SecretParams::Encrypted(locked) = secret else { return None };
    let (s2k, _) = ours(locked)?;
    matches!(s2k, StringToKey::Argon2 { t: 3, p: 4, m_enc: 16, .. }).then_some(s2k)
}

/// The salt and the nonce of what is locked in our way, however strongly.
fn ours(locked: &EncryptedSecretParams) -> Option<(&StringToKey, &[u8])> {
    match locked.string_to_key_params() {
        S2kParams::Aead {
            sym_alg: CIPHER,
            aead_mode: MODE,
            s2k: s2k @ StringToKey::Argon2 { .. },
            nonce,
        } => Some((s2k, nonce)),
        _ => None,
    }
}

/// Locks every component of `key`, which must be unlocked, in the way that GnuPG 2.2 reads: salted
/// and iterated SHA-256 over 62 MiB, then AES-256 in CFB mode.
pub fn lock_iterated(key: &mut SignedSecretKey, passphrase: &str, rng: &mut Random) -> Result<()> {
    let password = Password::from(passphrase);
    let mut how = || {
        let mut iv = vec![0; CIPHER.block_size()];
        rng.fill_bytes(&mut iv);
        let s2k = StringToKey::new_iterated(&mut *rng, HashAlgorithm::Sha256, 255);
        S2kParams::Cfb { sym_alg: CIPHER, s2k, iv: iv.into() }
    };
    if stub::place(key.primary_key.secret_params()).is_none() {
        key.primary_key.set_password_with_s2k(&password, how())?;
    }
    let mut subkeys = key.secret_subkeys.iter_mut();
    subkeys.try_for_each(|subkey| subkey.key.set_password_with_s2k(&password, how()))
}

/// Unlocks every component of `key` that is locked.
pub fn unlock(key: &mut SignedSecretKey, passphrase: &str) -> Result<()> {
    let mut stretched = Stretched::new(passphrase);
    replace(key, |secret, public| match secret {
        SecretParams::Encrypted(locked) => stretched.unlocked(locked, public),
        SecretParams::Plain(_) => Ok(None),
    })?;
    // A component that is locked in another way has a salt of its own.
    let password = Password::from(passphrase);
    if stub::place(key.primary_key.secret_params()).is_none() {
        key.primary_key.remove_password(&password)?;
    }
    let mut subkeys = key.secret_subkeys.iter_mut();
    subkeys.try_for_each(|subkey| subkey.key.remove_password(&password))
}

/// The public half of a component.
struct Public<'a> {
    key: &'a dyn KeyDetails,
    /// The fields of its packet.
    fields: Vec<u8>,
    /// The type of the packet that holds its secret.
    tag: Tag,
}

/// Puts what `change` makes of it, if anything, in the place of each component's secret.
fn replace(
    key: &mut SignedSecretKey,
    mut change: impl FnMut(&SecretParams, &Public<'_>) -> Result<Option<SecretParams>>,
) -> Result<()> {
    let public = key.primary_key.public_key();
    let about = Public { key: public, fields: public.to_bytes()?, tag: Tag::SecretKey };
    if let Some(secret) = change(key.primary_key.secret_params(), &about)? {
        key.primary_key = SecretKey::new(public.clone(), secret)?;
    }
    for subkey in &mut key.secret_subkeys {
        let public = subkey.key.public_key();
        let about = Public { key: public, fields: public.to_bytes()?, tag: Tag::SecretSubkey };
        if let Some(secret) = change(subkey.key.secret_params(), &about)? {
            subkey.key = SecretSubkey::new(public.clone(), secret)?;
        }
    }
    Ok(())
}

/// A passphrase, and the key that the last salt made of it.
struct Stretched<'a> {
    passphrase: &'a str,
    last: Option<(StringToKey, RawSessionKey)>,
}

impl<'a> Stretched<'a> {
    fn new(passphrase: &'a str) -> Self {
        Self { passphrase, last: None }
    }

    /// The 256 bits that Argon2 makes of it with the salt in `s2k`.
    fn by(&mut self, s2k: &StringToKey) -> Result<&RawSessionKey> {
        let same = self.last.take().filter(|(last, _)| last == s2k);
        let stretched = match same {
            Some(same) => same,
            None => (s2k.clone(), s2k.derive_key(self.passphrase.as_bytes(), CIPHER.key_size())?),
        };
        Ok(&self.last.insert(stretched).1)
    }

    fn locked(
        &mut self,
        plain: &PlainSecretParams,
        public: &Public<'_>,
        s2k: &StringToKey,
        rng: &mut Random,
    ) -> Result<SecretParams> {
        let mut nonce = vec![0; MODE.nonce_size()];
        rng.fill_bytes(&mut nonce);
        let secret = octets(plain, public.key.version())?;
        let (key, context) = sealing(self.by(s2k)?, public)?;
        // Room for the tag as well, so that no copy is left behind by growing.
        let mut data = BytesMut::with_capacity(secret.len().saturating_add(TAG));
        data.extend_from_slice(&secret);
        MODE.encrypt_in_place(&CIPHER, key.as_ref(), &nonce, &context, &mut data)?;
        let (s2k, nonce) = (s2k.clone(), nonce.into());
        let how = S2kParams::Aead { sym_alg: CIPHER, aead_mode: MODE, s2k, nonce };
        Ok(SecretParams::Encrypted(EncryptedSecretParams::new(data.into(), how)))
    }

    /// Nothing if `locked` is not locked in our way.
    fn unlocked(
        &mut self,
        locked: &EncryptedSecretParams,
        public: &Public<'_>,
    ) -> Result<Option<SecretParams>> {
        let Some((s2k, nonce)) = ours(locked) else { return Ok(None) };
        let (key, context) = sealing(self.by(s2k)?, public)?;
        let mut data = BytesMut::from(locked.data());
        MODE.decrypt_in_place(&CIPHER, key.as_ref(), nonce, &context, &mut data)?;
        let (version, algorithm) = (public.key.version(), public.key.algorithm());
        let params = public.key.public_params();
        let plain =
            PlainSecretParams::try_from_reader_no_checksum(&data[..], version, algorithm, params);
        data.zeroize();
        Ok(Some(SecretParams::Plain(plain?)))
    }
}

/// The key that encrypts the secret of a component, and the octets that are authenticated beside it
/// (RFC 9580 §5.5.3).
fn sealing(
    stretched: &RawSessionKey,
    public: &Public<'_>,
) -> Result<(Zeroizing<[u8; 32]>, Vec<u8>)> {
    let tag = u8::from(public.tag) | 0xC0;
    let info = [tag, public.key.version().into(), CIPHER.into(), MODE.into()];
    let mut key = Zeroizing::new([0; 32]);
    let expanded = Hkdf::<Sha256>::new(None, stretched.as_ref()).expand(&info, key.as_mut());
    expanded.map_err(|cause| Error::from(cause.to_string()))?;
    Ok((key, [&[tag], public.fields.as_slice()].concat()))
}

/// The octets of a secret, without the checksum that stands after those of version 4.
fn octets(plain: &PlainSecretParams, version: KeyVersion) -> Result<Zeroizing<Vec<u8>>> {
    // The whole room at once, so that no copy is left behind by growing.
    let mut octets = Zeroizing::new(Vec::with_capacity(plain.write_len(version)));
    plain.to_writer(&mut *octets, version)?;
    if version == KeyVersion::V4 {
        let length = octets.len().saturating_sub(2);
        octets.truncate(length);
    }
    Ok(octets)
}
