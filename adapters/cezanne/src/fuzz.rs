//! Doors for the fuzzer: whatever the bytes are, nothing panics. No part of the adapter's interface.

use crate::odata::{self, Filter, Key, Literal, Metadata, Version, parse};

/// A description of a service. Says whether it is one.
pub fn metadata(bytes: &[u8]) -> bool {
    Metadata::parse(bytes).is_ok()
}

/// An answer to a read or to a write, and every value in it. Says whether there is a row in it.
pub fn answer(bytes: &[u8]) -> bool {
    let page = odata::page(bytes).map(|page| page.rows).unwrap_or_default();
    let rows: Vec<_> = page.into_iter().chain(odata::entity(bytes)).collect();
    for value in rows.iter().flat_map(|row| row.fields.values()) {
        for edm in odata::Edm::ALL {
            let read = odata::read(value, edm);
            for version in Version::ALL {
                let _ = odata::write(&read, edm, version);
            }
        }
    }
    !rows.is_empty()
}

/// An answer to asking for a token. Says whether it is a token or a refusal.
pub fn token(bytes: &[u8]) -> bool {
    crate::oauth::fuzz(bytes)
}

/// What an answer says went wrong. Says whether it says anything.
pub fn error_body(bytes: &[u8]) -> bool {
    let said = odata::error_text(bytes, None).or_else(|| odata::error_text(bytes, Some("text/html")));
    assert!(said.as_ref().is_none_or(|said| said.len() <= 512), "an error text is short");
    said.is_some()
}

/// A hostile value in a filter and in a key: a service reads back exactly what was meant.
pub fn filter(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    let is = Filter::eq("A", Literal::text(&*text));
    let filter = is.or(Filter::starts_with("B", &*text)).and(Filter::contains("C", &*text));
    for version in Version::ALL {
        assert_eq!(parse::filter(&filter.to_text(version), version).as_ref(), Some(&filter));
        let _ = parse::filter(&text, version);
    }
    let pairs = vec![("A".to_owned(), text.to_string()), ("B".to_owned(), text.to_string())];
    assert!(parse::key(&Key::of(pairs.clone()).to_text()) == Some(pairs), "the key is read as another");
    let _ = parse::key(&text);
    true
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_hundred_thousand_brackets_are_refused_and_not_followed() {
        let deep = "(".repeat(100_000);
        assert!(filter(deep.as_bytes()));
        assert!(!answer("[".repeat(100_000).as_bytes()));
        assert!(!metadata("<a>".repeat(100_000).as_bytes()));
    }

    proptest! {
        #[test]
        fn no_bytes_make_a_door_panic(bytes in prop::collection::vec(any::<u8>(), 0..120), text in "[<>{}\\[\\]\"':,/&;!()a-z ]{0,80}") {
            for bytes in [bytes.as_slice(), text.as_bytes()] {
                let _ = (metadata(bytes), answer(bytes), error_body(bytes), filter(bytes));
            }
        }
    }
}
