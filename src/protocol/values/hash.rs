//! SHA-256 over octets, as items, introductions and key files are named by.
//!
//! An object has two of them, which look alike and must not be mixed up: that of its octets, by
//! which people name it, and that of the bytes it is sealed in, which change with every sealing. So
//! each has a type of its own.

use std::fmt;
use std::io::{self, Read};
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::protocol::{Error, Result};

/// A SHA-256 hash; on the wire `sha256:` and 64 lower-case hex digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Hash([u8; 32]);

impl Hash {
    /// The hash of `octets`.
    pub fn of(octets: &[u8]) -> Self {
        Self(Sha256::digest(octets).into())
    }

    /// The hash of all that `reader` still has.
    ///
    /// # Errors
    /// As the reader's.
    pub fn of_reader(mut reader: impl Read) -> io::Result<Self> {
        let mut hasher = Sha256::new();
        io::copy(&mut reader, &mut hasher)?;
        Ok(Self(hasher.finalize().into()))
    }

    /// The 64 hex digits alone, for file names.
    pub fn hex(&self) -> String {
        self.0.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

impl FromStr for Hash {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let malformed = || Error::malformed(format!("`{text}` is not a sha256: hash"));
        let hex = text.strip_prefix("sha256:").ok_or_else(malformed)?;
        let lower = |c: &u8| c.is_ascii_digit() || (b'a'..=b'f').contains(c);
        if hex.len() != 64 || !hex.as_bytes().iter().all(lower) {
            return Err(malformed());
        }
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(hex.as_bytes().chunks_exact(2)) {
            let pair = std::str::from_utf8(pair).map_err(|_| malformed())?;
            *byte = u8::from_str_radix(pair, 16).map_err(|_| malformed())?;
        }
        Ok(Self(bytes))
    }
}

crate::protocol::string_conversions!(Hash);

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sha256:{}", self.hex())
    }
}

/// The hash of an object's octets: of what was signed. An item, an introduction and a state are
/// named by it, and however often they are sealed, it stays the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct OctetsHash(Hash);

/// The hash of a sealed object: of its dearmored bytes. Each sealing has another; the same bytes need
/// not be opened twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SealedHash(Hash);

/// Implements what a hash of a known thing has besides: it is made of that thing's bytes, and is
/// spelled as any other.
macro_rules! hash_of {
    ($name:ident, $what:literal) => {
        impl $name {
            #[doc = concat!("The hash of ", $what, ".")]
            pub fn of(bytes: &[u8]) -> Self {
                Self(Hash::of(bytes))
            }
        }

        impl FromStr for $name {
            type Err = Error;

            fn from_str(text: &str) -> Result<Self> {
                text.parse().map(Self)
            }
        }

        impl From<$name> for Hash {
            fn from(hash: $name) -> Self {
                hash.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}
hash_of!(OctetsHash, "octets, as they are signed");
hash_of!(SealedHash, "the dearmored bytes of a sealed object");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hash_of_nothing_is_the_one_of_fips_180_4() {
        let empty = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(Hash::of(b"").to_string(), empty);
        assert_eq!(empty.parse::<Hash>().unwrap(), Hash::of(b""));
        assert_eq!(Hash::of_reader(&b"abc"[..]).unwrap(), Hash::of(b"abc"));
    }

    #[test]
    fn what_is_hashed_does_not_show_in_the_spelling() {
        let hash = Hash::of(b"").to_string();
        assert_eq!(OctetsHash::of(b"").to_string(), hash);
        assert_eq!(SealedHash::of(b"").to_string(), hash);
        assert_eq!(hash.parse::<OctetsHash>().unwrap(), OctetsHash::of(b""));
        let json = serde_json::to_string(&SealedHash::of(b"")).unwrap();
        assert_eq!(json, format!("\"{hash}\""));
        assert_eq!(serde_json::from_str::<SealedHash>(&json).unwrap(), SealedHash::of(b""));
    }

    #[test]
    fn other_spellings_are_refused() {
        let upper = Hash::of(b"").to_string().to_uppercase();
        for bad in ["", "sha256:", "sha256:00", &upper, "md5:d41d8cd98f00b204e9800998ecf8427e"] {
            assert!(bad.parse::<Hash>().is_err(), "{bad}");
        }
    }
}
