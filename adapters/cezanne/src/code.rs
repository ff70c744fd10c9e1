//! Person codes: made of the contact id and nothing else, so that a lost ledger, another machine or another version makes the
//! same one; and employment ids, made of the person code.

use people::ContactId;
use sha2::{Digest, Sha256};

/// No two that look alike when HR reads them aloud: neither I nor L, neither O nor U.
const LETTERS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Letters of a code after its prefix: 60 bits.
const LENGTH: usize = 12;
/// More for each code that turned out to be somebody else's.
const MORE: usize = 4;
/// Codes that are tried before a human is asked.
pub(crate) const CANDIDATES: usize = 3;
/// What a code must not be longer than, whatever the tenant allows.
const LENGTH_MAX: usize = 50;

/// The codes of a contact, in the order in which they are taken: the next one only where the one before is somebody else's.
/// `length_max` is what the tenant's `$metadata` allows. Where longer ones do not fit, other letters are taken.
pub(crate) fn person_codes(prefix: &str, contact: &ContactId, length_max: Option<usize>) -> Vec<String> {
    let letters = letters(contact);
    let room = length_max.unwrap_or(LENGTH_MAX).min(LENGTH_MAX).saturating_sub(prefix.len());
    (0..CANDIDATES)
        .map(|nth| {
            let length = LENGTH + MORE * nth;
            let from = if length <= room { 0 } else { nth * room.min(LENGTH) };
            let code: String = letters.chars().skip(from).take(length.min(room)).collect();
            format!("{prefix}{code}")
        })
        .collect()
}

fn letters(contact: &ContactId) -> String {
    let digest = Sha256::digest(contact.as_str().as_bytes());
    let bit = |at: usize| (digest[at / 8] >> (7 - at % 8)) & 1;
    let letter = |at: usize| (0..5).fold(0_usize, |value, more| value << 1 | usize::from(bit(at * 5 + more)));
    (0..digest.len() * 8 / 5).map(|at| char::from(LETTERS[letter(at)])).collect()
}

/// The id of a person's `nth` employment of ours, counted from 1: the person code itself, then `CODE-2`, `CODE-3`.
pub(crate) fn employment_id(code: &str, nth: usize) -> String {
    if nth <= 1 { code.to_owned() } else { format!("{code}-{nth}") }
}

/// Which employment of ours `id` is, if it is one.
pub(crate) fn nth_employment(code: &str, id: &str) -> Option<usize> {
    let rest = id.strip_prefix(code)?;
    if rest.is_empty() {
        return Some(1);
    }
    let nth = rest.strip_prefix('-')?;
    nth.parse().ok().filter(|number: &usize| *number >= 2 && number.to_string() == nth)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn codes(contact: &str, length_max: Option<usize>) -> Vec<String> {
        person_codes("LV-", &contact.parse().unwrap(), length_max)
    }

    #[test]
    fn a_code_is_the_same_in_every_run_and_each_next_one_is_longer() {
        let codes = codes("5f0a4e6c-0c5e-4d1f-9d2b-6f6f6f6f6f6f", None);
        assert_eq!(codes, ["LV-0T1GFSKSHP3K", "LV-0T1GFSKSHP3K58B1", "LV-0T1GFSKSHP3K58B1S55W"]);
    }

    #[test]
    fn a_code_fits_whatever_the_tenant_allows_and_the_next_one_differs() {
        for length in [8, 15, 16, 20, 50] {
            let codes = codes("ada", Some(length));
            assert!(codes.iter().all(|code| code.len() <= length), "{codes:?}");
            assert_eq!(codes.iter().collect::<BTreeSet<_>>().len(), CANDIDATES, "{codes:?}");
        }
    }

    #[test]
    fn no_two_of_many_contacts_have_the_same_code() {
        let codes: BTreeSet<String> =
            (0..10_000).map(|n| codes(&format!("contact-{n}"), None).remove(0)).collect();
        assert_eq!(codes.len(), 10_000);
    }

    #[test]
    fn an_employment_id_says_which_one_it_is() {
        for nth in 1..=12 {
            assert_eq!(nth_employment("LV-1", &employment_id("LV-1", nth)), Some(nth));
        }
        for other in ["LV-10", "LV-1-", "LV-1-1", "LV-1-02", "LV-1-x", "LV-2", "", "LV-1-2-3"] {
            assert_eq!(nth_employment("LV-1", other), None, "{other}");
        }
    }
}
