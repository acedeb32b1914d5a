//! Capability tokens: the unguessable part of a feed's or an attachment's URL.

use std::fmt;
use std::str::FromStr;

use rand::RngCore;
use serde::{Deserialize, Serialize};

use crate::protocol::{Error, Random, Result};

const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
const LENGTH: usize = 26;

/// 26 base32 characters, 130 random bits.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Token(String);

impl Token {
    /// A new random token.
    pub fn new(rng: &mut Random) -> Self {
        let mut bytes = [0; LENGTH];
        rng.fill_bytes(&mut bytes);
        let letter = |byte: &u8| ALPHABET.get(usize::from(byte & 31)).copied().map(char::from);
        Self(bytes.iter().filter_map(letter).collect())
    }

    /// The token.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Its first four characters and an ellipsis, for messages and logs.
    pub fn shortened(&self) -> String {
        self.0.chars().take(4).chain(['…']).collect()
    }
}

impl FromStr for Token {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        if text.len() == LENGTH && text.bytes().all(|byte| ALPHABET.contains(&byte)) {
            return Ok(Self(text.to_owned()));
        }
        Err(Error::malformed(format!("`{text}` is not a token of 26 base32 characters")))
    }
}

crate::protocol::string_conversions!(Token);

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;

    #[test]
    fn new_tokens_differ_and_read_back() {
        let mut rng = Random::seed_from_u64(1);
        let (a, b) = (Token::new(&mut rng), Token::new(&mut rng));
        assert_ne!(a, b);
        assert_eq!(a.as_str().parse::<Token>().unwrap(), a);
    }

    #[test]
    fn nothing_that_could_leave_a_folder_is_a_token() {
        for bad in ["", "../../../../etc/passwd....", &"A".repeat(26), &"a".repeat(27)] {
            assert!(bad.parse::<Token>().is_err(), "{bad}");
        }
    }
}
