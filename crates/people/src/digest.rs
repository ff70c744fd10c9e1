use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What is remembered of a value instead of the value: the first 128 bits of an HMAC-SHA-256 under a key of this
/// installation. Equal digests mean equal values; without the key a digest says nothing about a guessable value.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, JsonSchema, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct Digest([u8; 16]);

impl Digest {
    /// Of a value that is one of two, and nobody knows which: equal to the digest of no value.
    pub const IN_DOUBT: Digest = Digest([0; 16]);

    /// Wraps the first 16 bytes of a keyed hash. `ledger::DigestKey` is who computes them.
    pub fn new(bytes: [u8; 16]) -> Self {
        Digest(bytes)
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl From<Digest> for String {
    fn from(digest: Digest) -> String {
        hex::encode(digest.0)
    }
}

impl TryFrom<String> for Digest {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let mut bytes = [0; 16];
        hex::decode_to_slice(text, &mut bytes).map_err(|_| "a digest is 32 hexadecimal digits")?;
        Ok(Digest(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_survives_its_text_form() {
        let digest = Digest::new([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 255]);
        assert_eq!(Digest::try_from(String::from(digest)), Ok(digest));
        for wrong in ["+1".repeat(16), "zz".repeat(16), "00".repeat(15), "é".repeat(16)] {
            assert!(Digest::try_from(wrong).is_err());
        }
    }
}
