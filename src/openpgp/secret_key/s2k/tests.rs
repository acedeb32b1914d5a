//! One salt, one stretching, and each secret in its own place.

use super::*;
use crate::openpgp::secret_key::Profile;
use crate::openpgp::testing::{key, random};

const RIGHT: &str = "swordfish";

fn john() -> SignedSecretKey {
    key(Profile::Default, "John").inner
}

/// Returns whether `key` is [`john`] again.
fn is_john(key: &SignedSecretKey) -> bool {
    key.to_bytes().unwrap() == john().to_bytes().unwrap()
}

fn locked() -> SignedSecretKey {
    let mut john = john();
    lock(&mut john, RIGHT, &mut random(1)).unwrap();
    john
}

fn parts(key: &SignedSecretKey) -> Vec<EncryptedSecretParams> {
    let subkeys = key.secret_subkeys.iter().map(|subkey| subkey.key.secret_params());
    let part = |secret: &SecretParams| match secret {
        SecretParams::Encrypted(part) => part.clone(),
        SecretParams::Plain(_) => panic!("it is not locked"),
    };
    std::iter::once(key.primary_key.secret_params()).chain(subkeys).map(part).collect()
}

/// As the `pgp` crate does it, which knows of no other component.
fn unlock_each(key: &mut SignedSecretKey) -> Result<()> {
    let password = Password::from(RIGHT);
    key.primary_key.remove_password(&password)?;
    key.secret_subkeys.iter_mut().try_for_each(|subkey| subkey.key.remove_password(&password))
}

#[test]
fn one_salt_and_a_nonce_for_each_component() {
    let (mut salts, mut nonces) = (Vec::new(), Vec::new());
    for part in parts(&locked()) {
        let S2kParams::Aead { s2k, nonce, .. } = part.string_to_key_params().clone() else {
            panic!("{part:?}")
        };
        salts.push(s2k);
        nonces.push(nonce);
    }
    nonces.sort();
    nonces.dedup();
    assert_eq!((salts.len(), nonces.len()), (3, 3));
    assert!(salts.iter().all(|s2k| *s2k == salts[0]));
}

#[test]
fn what_comes_later_is_locked_with_the_salt_that_is_there() {
    let mut later = locked();
    let whole = parts(&later);
    let public = later.primary_key.public_key().clone();
    later.primary_key = SecretKey::new(public, john().primary_key.secret_params().clone()).unwrap();
    lock(&mut later, RIGHT, &mut random(2)).unwrap();
    let salts: Vec<_> = parts(&later).iter().map(|part| ours(part).unwrap().0.clone()).collect();
    assert!(salts.iter().all(|salt| *salt == salts[0]));
    assert_eq!(parts(&later)[1..], whole[1..]);
    assert_ne!(parts(&later)[0], whole[0], "the nonce is another");
    unlock(&mut later, RIGHT).unwrap();
    assert!(is_john(&later));
}

#[test]
fn what_we_lock_others_unlock_and_what_they_lock_we_do() {
    let mut ours = locked();
    unlock(&mut ours, RIGHT).unwrap();
    assert!(is_john(&ours));
    let mut theirs = locked();
    unlock_each(&mut theirs).unwrap();
    assert!(is_john(&theirs));

    let mut salted = john();
    let argon2 = |seed| {
        let s2k = StringToKey::new_argon2(random(seed), 1, 1, 10);
        let nonce = vec![7; 15].into();
        S2kParams::Aead { sym_alg: CIPHER, aead_mode: MODE, s2k, nonce }
    };
    let password = Password::from(RIGHT);
    salted.primary_key.set_password_with_s2k(&password, argon2(1)).unwrap();
    for (seed, subkey) in salted.secret_subkeys.iter_mut().enumerate() {
        subkey.key.set_password_with_s2k(&password, argon2(seed as u64 + 2)).unwrap();
    }
    unlock(&mut salted, RIGHT).unwrap();
    assert!(is_john(&salted));
}

#[test]
fn the_way_of_old_programs_is_another() {
    let mut iterated = john();
    lock_iterated(&mut iterated, RIGHT, &mut random(1)).unwrap();
    for part in parts(&iterated) {
        let S2kParams::Cfb { s2k: StringToKey::IteratedAndSalted { count, .. }, .. } =
            part.string_to_key_params()
        else {
            panic!("{part:?}")
        };
        assert_eq!(*count, 255);
    }
    assert!(unlock(&mut iterated.clone(), "catfish").is_err());
    unlock(&mut iterated, RIGHT).unwrap();
    assert!(is_john(&iterated));
}

#[test]
fn a_secret_opens_in_its_own_place_only() {
    assert!(unlock(&mut locked(), "catfish").is_err());
    let mut moved = locked();
    let [first, second] = &mut moved.secret_subkeys[..] else { panic!("two subkeys") };
    let secret = second.key.secret_params().clone();
    first.key = SecretSubkey::new(first.key.public_key().clone(), secret).unwrap();
    assert!(unlock(&mut moved, RIGHT).is_err());
    let mut short = locked();
    let whole = parts(&short).remove(0);
    for length in [0, 1, 15, 16, whole.data().len() - 1] {
        let data = whole.data()[..length].to_vec().into();
        let cut = EncryptedSecretParams::new(data, whole.string_to_key_params().clone());
        let public = short.primary_key.public_key().clone();
        short.primary_key = SecretKey::new(public, SecretParams::Encrypted(cut)).unwrap();
        assert!(unlock(&mut short.clone(), RIGHT).is_err());
    }
}
