use std::fmt;

use zeroize::Zeroizing;

/// A value that belongs to a person. It has no `Display` and no `Serialize`, and `Debug` prints `«pii»`: the only way to
/// the value is [`Pii::reveal`], which a reader can search for. The two places that need it are an adapter's request
/// body and an export file.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Pii<T>(T);

impl<T> Pii<T> {
    /// Marks `value` as personal.
    pub fn new(value: T) -> Self {
        Pii(value)
    }

    /// The value itself. Whoever calls this takes care that it reaches neither a log, an error, a metric nor the ledger.
    pub fn reveal(&self) -> &T {
        &self.0
    }
}

impl<T> From<T> for Pii<T> {
    fn from(value: T) -> Self {
        Pii(value)
    }
}

impl<T> fmt::Debug for Pii<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("«pii»")
    }
}

/// A credential. Wiped from memory when dropped; `Debug` prints `«secret»`; no `Display`, no `Serialize`.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes the text of a credential file, less one trailing newline.
    pub fn new(text: String) -> Self {
        let mut text = Zeroizing::new(text);
        if text.ends_with('\n') {
            text.pop();
            if text.ends_with('\r') {
                text.pop();
            }
        }
        Secret(text)
    }

    /// The credential itself, for a request's header or body and nothing else.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if planted::bug(planted::Bug::SecretInDebug) { self.reveal() } else { "«secret»" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neither_personal_values_nor_secrets_are_in_their_debug_text() {
        let shown = format!("{:?} {:?}", Pii::new("Ada"), Secret::new("k3y".to_owned()));
        assert_eq!(shown, "«pii» «secret»");
    }

    #[test]
    fn one_trailing_newline_of_a_secret_file_is_no_part_of_the_secret() {
        for (file, secret) in [("k\n", "k"), ("k\r\n", "k"), ("k", "k"), ("k\n\n", "k\n")] {
            assert_eq!(Secret::new(file.to_owned()).reveal(), secret);
        }
    }
}
