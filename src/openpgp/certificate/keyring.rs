//! Several certificates at once, as `gpg --export` writes them: whose they are.

use pgp::armor::BlockType;
use pgp::packet::Packet;
use pgp::types::KeyDetails;

use crate::openpgp::{armor, certificate, packets};
use crate::protocol::values::fingerprint::Fingerprint;
use crate::protocol::{Error, Result};

/// A certificate among several, by what it says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// The fingerprint of its primary key.
    pub fingerprint: Fingerprint,
    /// Its first User ID, which nothing here vouches for.
    pub user_id: Option<String>,
}

/// The certificates in `bytes`, by the fingerprints of their primary keys: certificates one after the other, binary or in
/// armored blocks with any text around them. Nothing else in them is looked at.
///
/// # Errors
/// When there is none, when something is no packet, or for a secret key.
pub fn certificates(bytes: &[u8]) -> Result<Vec<Listed>> {
    let mut found: Vec<Listed> = Vec::new();
    let mut is_known = false;
    for block in blocks(bytes)? {
        let mut rest = block.as_slice();
        while let Some(packet) = packets::next(&mut rest).map_err(Error::Malformed)? {
            match packet {
                // Keys of former versions have fingerprints that nobody compares.
                Packet::PublicKey(key) => {
                    let fingerprint = certificate::fingerprint(&key.fingerprint()).ok();
                    is_known = fingerprint.is_some();
                    found.extend(
                        fingerprint.map(|fingerprint| Listed { fingerprint, user_id: None }),
                    );
                }
                Packet::UserId(id) if is_known => {
                    let name = String::from_utf8_lossy(id.id()).into_owned();
                    if let Some(last) = found.last_mut() {
                        last.user_id.get_or_insert(name);
                    }
                }
                Packet::SecretKey(_) => {
                    return Err(Error::malformed("a secret key where a certificate belongs"));
                }
                _ => {}
            }
        }
    }
    if found.is_empty() { Err(Error::malformed("no certificate")) } else { Ok(found) }
}

/// The binary form of what is armored, block by block, or of what is not.
fn blocks(bytes: &[u8]) -> Result<Vec<Vec<u8>>> {
    if bytes.first().is_some_and(|first| first & 0x80 != 0) {
        return Ok(vec![bytes.to_vec()]);
    }
    let text = std::str::from_utf8(bytes).map_err(|_| Error::malformed("neither key nor text"))?;
    let (begin, end) =
        ("-----BEGIN PGP PUBLIC KEY BLOCK-----", "-----END PGP PUBLIC KEY BLOCK-----");
    let mut blocks = Vec::new();
    let mut rest = text;
    while let Some((_, block)) = rest.split_once(begin) {
        let (inside, after) = block.split_once(end).unwrap_or((block, ""));
        let whole = format!("{begin}{inside}{end}");
        blocks.push(armor::decode(&whole, BlockType::PublicKey, bytes.len())?);
        rest = after;
    }
    Ok(blocks)
}

#[cfg(test)]
mod tests {
    use pgp::ser::Serialize;
    use proptest::prelude::*;

    use super::*;
    use crate::openpgp::secret_key::Profile;
    use crate::openpgp::testing::{key, packet};

    fn fingerprints(bytes: &[u8]) -> Result<Vec<Fingerprint>> {
        Ok(certificates(bytes)?.into_iter().map(|listed| listed.fingerprint).collect())
    }

    #[test]
    fn each_is_listed_with_what_it_calls_itself() {
        let keys = [key(Profile::Classic, "John"), key(Profile::Default, "Mary")];
        let binary = keys.each_ref().map(|key| key.certificate().inner.to_bytes().unwrap());
        let listed = certificates(&binary.concat()).unwrap();
        let names: Vec<_> = listed.iter().map(|listed| listed.user_id.as_deref()).collect();
        assert_eq!(names, [Some("John"), Some("Mary")]);
    }

    #[test]
    fn each_certificate_is_found_however_they_are_put_together() {
        let keys = [key(Profile::Classic, "John"), key(Profile::Default, "Mary")];
        let both = keys.each_ref().map(|key| key.fingerprint());
        let binary = keys.each_ref().map(|key| key.certificate().inner.to_bytes().unwrap());
        let armored = keys.each_ref().map(|key| key.certificate().to_armored());
        assert_eq!(fingerprints(&binary.concat()).unwrap(), both);
        assert_eq!(fingerprints(armored.concat().as_bytes()).unwrap(), both);
        let mail = format!("Dear John,\n{}\n> two:\n{}bye\n", armored[0], armored[1]);
        assert_eq!(fingerprints(mail.as_bytes()).unwrap(), both);
        let one_block = armor::encode(BlockType::PublicKey, &binary.concat());
        assert_eq!(fingerprints(one_block.as_bytes()).unwrap(), both);
        assert_eq!(fingerprints(&binary[1]).unwrap(), both[1..]);
    }

    #[test]
    fn what_holds_none_is_refused() {
        let john = key(Profile::Classic, "John");
        let certificate = john.certificate().inner.to_bytes().unwrap();
        let cut = john.certificate().to_armored().replace("-----END", "");
        for bad in [
            &b""[..],
            b"hello",
            &[0xff],
            &certificate[..certificate.len() - 3],
            &packet(13, b"John"),
            &john.inner.to_bytes().unwrap(),
            john.to_armored().as_bytes(),
            cut.as_bytes(),
        ] {
            assert!(fingerprints(bad).is_err());
        }
    }

    proptest! {
        #[test]
        fn nothing_makes_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = fingerprints(&bytes);
        }
    }
}
