//! Values are remembered as HMAC-SHA-256 under a key of this installation, never as themselves.

use hmac::{Hmac, KeyInit, Mac};
use people::{Digest, Secret, Value, Wanted};
use sha2::Sha256;

use crate::standing::Digests;

/// The key of this installation. Whoever has the ledger but not the key learns nothing about a guessable value; whoever
/// destroys the key shreds every digest.
#[derive(Debug, Clone)]
pub struct DigestKey(Secret);

impl DigestKey {
    /// Uses the text of a key file.
    pub fn new(key: Secret) -> Self {
        DigestKey(key)
    }

    /// Tells two keys apart without telling the key.
    pub fn id(&self) -> String {
        self.of(&["key id"]).to_string()
    }

    /// The digest of a record in canonical text form.
    pub fn record(&self, content: &str) -> Digest {
        self.of(&["record", content])
    }

    /// The digest of one field's value, by what a cell would show: a file gives back texts, so the day `2026-01-05` and the
    /// text `2026-01-05` are the same, and so are a blank and an empty text.
    pub fn value(&self, value: &Value) -> Digest {
        self.of(&["value", &value.to_text()])
    }

    /// The digest of every field a target should hold.
    pub fn wanted(&self, wanted: &Wanted) -> Digests {
        let fields = |fields: &people::Fields| {
            fields.iter().map(|(name, value)| (name.clone(), self.value(value.reveal()))).collect()
        };
        Digests {
            person: fields(&wanted.person),
            hires: wanted.hires.iter().map(|(id, hire)| (id.clone(), fields(hire))).collect(),
        }
    }

    /// One digest of all of them.
    pub fn whole(&self, digests: &Digests) -> Digest {
        let text = serde_json::to_string(digests).expect("maps of texts have a JSON form");
        self.of(&["whole", &text])
    }

    fn of(&self, parts: &[&str]) -> Digest {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.0.reveal().as_bytes())
            .expect("HMAC takes keys of any length");
        for part in parts {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part.as_bytes());
        }
        let bytes = mac.finalize().into_bytes();
        Digest::new(bytes[..16].try_into().expect("SHA-256 has 32 bytes"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_alike_has_the_same_digest_under_the_same_key_and_nothing_else_does() {
        let key = |text: &str| DigestKey::new(Secret::new(text.to_owned()));
        let text = |text: &str| Value::Text(text.to_owned());
        let several =
            [text("1"), text(""), text("true"), text("a;b"), Value::Integer(2), Value::Decimal(2.5)];
        let digests: std::collections::BTreeSet<_> =
            several.iter().map(|value| key("k").value(value)).collect();
        assert_eq!(digests.len(), several.len());
        assert_eq!(key("k").value(&text("1")), key("k").value(&Value::Integer(1)));
        assert_eq!(key("k").value(&text("")), key("k").value(&Value::Blank));
        assert_eq!(key("k").value(&text("1")), key("k").value(&text("1")));
        assert_ne!(key("k").value(&text("1")), key("l").value(&text("1")));
        assert_ne!(key("k").id(), key("l").id());
    }
}
