//! Helpers of telephone numbers.

use std::sync::LazyLock;

use minijinja::{Error, Value};
use phonenumber::{
    Metadata, Mode, PhoneNumber,
    country::{self, Source},
    metadata::{self, Database},
};

use super::{
    call::{Call, blank},
    table::Miss,
};

/// Longest text, in characters, that is taken for a number.
const LENGTH_MAX: usize = 64;
/// Most digits of an international number.
const DIGITS_MAX: usize = 15;
/// How many regular expressions the parser keeps. By itself it keeps those of some eight regions and compiles the others'
/// again for each number, which takes milliseconds. A region needs ten, in a little less than a mebibyte.
const KEPT: usize = 500;

/// What is known of each region's numbers; read when the first number is.
static DATABASE: LazyLock<&Database> = LazyLock::new(|| {
    if let Ok(mut kept) = metadata::DATABASE.cache().lock() {
        kept.set_capacity(KEPT);
    }
    &metadata::DATABASE
});

pub(super) fn e164(call: &Call<'_>) -> Result<Value, Error> {
    let miss = call.choice("miss", &[("keep", Miss::Keep), ("blank", Miss::Blank), ("hold", Miss::Hold)])?;
    let region = match call.text_argument("region")?.unwrap_or_default() {
        none if none.is_empty() => None,
        code => Some(
            Region::named(&code)
                .ok_or_else(|| call.misused(format!("there is no region {code}, e.g. GB")))?,
        ),
    };
    let Some(text) = call.text()? else { return Ok(blank()) };
    match (international(&text, region.as_ref()), miss) {
        (Some(number), _) => call.gives(number),
        (None, Miss::Keep) => call.gives(text),
        (None, Miss::Blank) => Ok(blank()),
        (None, Miss::Hold) => Err(call.cannot("no valid telephone number")),
    }
}

/// A region that has telephone numbers. The crate panics on one of its own countries that has none.
struct Region {
    id: country::Id,
    numbers: &'static Metadata,
}

impl Region {
    fn named(code: &str) -> Option<Region> {
        let id: country::Id = code.to_ascii_uppercase().parse().ok()?;
        Some(Region { id, numbers: DATABASE.by_id(id.as_ref())? })
    }
}

/// The number of `text` as `+` and digits, if it is a valid one.
fn international(text: &str, region: Option<&Region>) -> Option<String> {
    let dialled = Dialled::read(text)?;
    let digits = dialled.digits.as_str();
    if dialled.plus {
        return abroad(digits);
    }
    let after_exit_code = |region: &Region| {
        let code = region.numbers.international_prefix()?.find(digits).filter(|code| code.start() == 0)?;
        abroad(&digits[code.end()..])
    };
    digits
        .strip_prefix("00")
        .and_then(abroad)
        .or_else(|| region.and_then(after_exit_code))
        .or_else(|| region.and_then(|region| at_home(digits, region.id)))
}

/// A number with its country code. Read without a region: else that region's rules would be applied to it. Where it belongs
/// is certain, so it need not be in a range that is assigned (`+44 7700 900123`), only be as long as a number there.
fn abroad(digits: &str) -> Option<String> {
    let text = format!("+{digits}");
    let number = phonenumber::parse(None, &text).ok()?;
    if number.is_valid() {
        return written(&number);
    }
    // The first region is the one after which the others that share its country code are named.
    let home = *DATABASE.by_code(&number.code().value())?.first()?;
    let number = phonenumber::parse(Some(home.id().parse().ok()?), &text).ok()?;
    is_alike(&number, home).then(|| written(&number)).flatten()
}

/// A number as dialled within the region, or with its country code but no sign of it. Only a valid one: what is not may be
/// of another region.
fn at_home(digits: &str, region: country::Id) -> Option<String> {
    let number = phonenumber::parse(Some(region), digits).ok()?;
    let is_home = matches!(number.code().source(), Source::Default | Source::Number);
    (is_home && number.is_valid()).then(|| written(&number)).flatten()
}

/// Whether the number begins like one of the region and is as long as one.
fn is_alike(number: &PhoneNumber, region: &Metadata) -> bool {
    let digits = number.national().to_string();
    let kinds = region.descriptors();
    kinds.general().is_match(&digits)
        && [kinds.fixed_line(), kinds.mobile()]
            .into_iter()
            .flatten()
            .any(|kind| kind.possible_length().iter().any(|length| usize::from(*length) == digits.len()))
}

fn written(number: &PhoneNumber) -> Option<String> {
    let text = number.format().mode(Mode::E164).to_string();
    (text.len() <= DIGITS_MAX + 1).then_some(text)
}

/// What is left of a text when everything that is not dialled is taken away.
struct Dialled {
    plus: bool,
    digits: String,
}

impl Dialled {
    /// `None` for a text with anything else in it, such as the letters of an extension: only digits ever reach the parser.
    fn read(text: &str) -> Option<Dialled> {
        let text = text.trim();
        if text.chars().nth(LENGTH_MAX).is_some() {
            return None;
        }
        let is_uri = text.get(..4).is_some_and(|scheme| scheme.eq_ignore_ascii_case("tel:"));
        let text = if is_uri { &text[4..] } else { text };
        let mut dialled = Dialled { plus: false, digits: String::new() };
        for c in text.chars() {
            match c {
                '+' | '＋' if !dialled.plus && dialled.digits.is_empty() => dialled.plus = true,
                _ if is_punctuation(c) => {}
                _ => dialled.digits.push(digit(c)?),
            }
        }
        (!dialled.digits.is_empty()).then_some(dialled)
    }
}

/// Zero of every script whose digits people type; the other nine follow it.
const ZEROS: [char; 37] = [
    '0', '٠', '۰', '߀', '०', '০', '੦', '૦', '୦', '௦', '౦', '೦', '൦', '෦', '๐', '໐', '༠', '၀', '႐', '០', '᠐',
    '᥆', '᧐', '᪀', '᪐', '᭐', '᮰', '᱀', '᱐', '꘠', '꣐', '꤀', '꧐', '꧰', '꩐', '꯰', '０',
];

fn digit(c: char) -> Option<char> {
    ZEROS
        .iter()
        .find_map(|&zero| u32::from(c).checked_sub(u32::from(zero)).filter(|value| *value < 10))
        .and_then(|value| char::from_digit(value, 10))
}

/// White space, what groups digits, and what shows nothing: bidi marks, joiners, the soft hyphen.
fn is_punctuation(c: char) -> bool {
    c.is_whitespace()
        || matches!(c,
            '-' | '.' | '(' | ')' | '[' | ']' | '/' | '~' | '·' | '\u{ad}' | '\u{61c}'
            | '\u{200b}'..='\u{200f}' | '\u{2010}'..='\u{2015}' | '\u{202a}'..='\u{202e}' | '\u{2060}'
            | '\u{2066}'..='\u{2069}' | '\u{2212}' | '\u{30fc}' | '\u{feff}' | '（' | '）' | '－' | '．' | '／' | '［' | '］')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(region: &str, text: &str) -> Option<String> {
        international(text, (!region.is_empty()).then(|| Region::named(region).unwrap()).as_ref())
    }

    /// Numbers set aside for fiction and documentation where a country has such, else of a range not in use.
    #[test]
    fn a_number_as_typed_becomes_international_or_is_a_miss() {
        for (region, text, expected) in [
            // The United Kingdom. A range that is not assigned needs its country code.
            ("GB", "+44 7700 900123", "+447700900123"),
            ("GB", "07700 900123", ""),
            ("GB", "07400 123456", "+447400123456"),
            ("GB", "07400-123-456", "+447400123456"),
            ("GB", "7400 123456", "+447400123456"),
            ("GB", "447400123456", "+447400123456"),
            ("GB", "0044 7700 900123", "+447700900123"),
            ("GB", "+44 (0)20 7946 0018", "+442079460018"),
            ("GB", "+44(0)7700 900123", "+447700900123"),
            ("GB", "0044 (0)20 7946 0018", "+442079460018"),
            ("GB", "(020) 7946 0018", "+442079460018"),
            ("GB", "(+44) 20 7946 0018", "+442079460018"),
            ("GB", "020 7946 0018", "+442079460018"),
            ("GB", "01632 960001", ""),
            ("GB", "+44 1632 960001", "+441632960001"),
            ("GB", "+44 7700 9001234", ""),
            ("GB", "+44 7700 90012", ""),
            ("GB", "0808 157 0192", "+448081570192"),
            ("GB", "tel:+44-20-7946-0018", "+442079460018"),
            ("GB", "TEL:02079460018", "+442079460018"),
            ("GB", "  +44 7700 900123\n", "+447700900123"),
            // No region is needed, and a wrong one does no harm, where the country code stands.
            ("", "+44 7700 900123", "+447700900123"),
            ("", "00447700900123", "+447700900123"),
            ("", "07700 900123", ""),
            ("US", "+44 (0)20 7946 0018", "+442079460018"),
            ("DE", "+44 20 7946 0018", "+442079460018"),
            ("DE", "+39 06 1234 5678", "+390612345678"),
            ("US", "011 44 1632 960001", "+441632960001"),
            ("US", "0044 1632 960001", "+441632960001"),
            ("AU", "0011 44 1632 960001", "+441632960001"),
            ("JP", "010 44 1632 960001", "+441632960001"),
            // North America.
            ("US", "+1 202 555 0143", "+12025550143"),
            ("US", "(202) 555-0143", "+12025550143"),
            ("US", "202.555.0143", "+12025550143"),
            ("US", "1-202-555-0143", "+12025550143"),
            ("US", "+1 (202) 555-0143", "+12025550143"),
            ("CA", "613-555-0143", "+16135550143"),
            ("us", "2025550143", "+12025550143"),
            ("US", "555-0143", ""),
            ("US", "+1 355 0143", ""),
            ("US", "202 555 014", ""),
            ("US", "1 202 555 01433", ""),
            ("US", "102 555 0143", ""),
            // Germany, Austria, France, Ireland, Italy, Spain.
            ("DE", "030 23125 001", "+493023125001"),
            ("DE", "+49 (0)30/23125-001", "+493023125001"),
            ("DE", "0171 39200 01", "+491713920001"),
            ("DE", "+49 171 3920001", "+491713920001"),
            ("AT", "+43 (0) 664 1234567", "+436641234567"),
            ("FR", "01 99 00 12 34", "+33199001234"),
            ("FR", "+33 (0)6 39 98 12 34", "+33639981234"),
            ("FR", "06.39.98.12.34", ""),
            ("FR", "06.12.34.56.78", "+33612345678"),
            ("FR", "0033 6 39 98 12 34", "+33639981234"),
            ("IE", "020 915 1234", ""),
            ("IE", "085 012 3456", "+353850123456"),
            ("IE", "+353 20 915 1234", "+353209151234"),
            ("IT", "06 1234 5678", "+390612345678"),
            ("IT", "+39 312 345 6789", "+393123456789"),
            ("ES", "612 34 56 78", "+34612345678"),
            // Further away.
            ("IN", "098765 43210", "+919876543210"),
            ("IN", "+91-98765-43210", "+919876543210"),
            ("AU", "0491 570 006", "+61491570006"),
            ("AU", "(02) 5550 1234", "+61255501234"),
            ("AU", "+61 491 570 006", "+61491570006"),
            ("BR", "(11) 96123-4567", "+5511961234567"),
            ("BR", "+55 11 96123 4567", "+5511961234567"),
            ("BR", "0055 11 96123 4567", "+5511961234567"),
            ("JP", "090-1234-5678", "+819012345678"),
            ("JP", "+81 (0)90 1234 5678", "+819012345678"),
            ("IL", "050-234-5678", "+972502345678"),
            ("SG", "8123 4567", "+6581234567"),
            // Digits and marks of other scripts.
            ("GB", "\u{202a}+44 7700 900123\u{202c}", "+447700900123"),
            ("GB", "\u{200e}+44\u{a0}7700\u{a0}900123\u{200f}", "+447700900123"),
            ("GB", "\u{2066}07400\u{202f}123456\u{2069}", "+447400123456"),
            ("GB", "07400\u{200b}123456\u{feff}", "+447400123456"),
            ("GB", "+44\u{2011}7700\u{2013}900123", "+447700900123"),
            ("GB", "٠٧٤٠٠ ١٢٣٤٥٦", "+447400123456"),
            ("JP", "０９０－１２３４－５６７８", "+819012345678"),
            ("JP", "＋８１（０）９０ １２３４ ５６７８", "+819012345678"),
            ("IN", "०९८७६५ ४३२१०", "+919876543210"),
            ("IR", "۰۹۱۲ ۳۴۵ ۶۷۸۹", "+989123456789"),
            // An extension has no place in E.164, and two numbers are none.
            ("GB", "020 7946 0018 ext 12", ""),
            ("GB", "020 7946 0018 x12", ""),
            ("GB", "020 7946 0018 #12", ""),
            ("GB", "020 7946 0018,12", ""),
            ("GB", "tel:+44-20-7946-0018;ext=12", ""),
            ("GB", "07946;phone-context=+44", ""),
            ("US", "(202) 555-0143 extn. 4", ""),
            ("GB", "07400 123456 / 07400 123457", ""),
            ("GB", "07400 123456 or 020 7946 0018", ""),
            // Nothing that can be dialled.
            ("GB", "call me", ""),
            ("GB", "n/a", ""),
            ("GB", "tel:", ""),
            ("GB", "+", ""),
            ("GB", "++44 7700 900123", ""),
            ("GB", "+44 +44 7700 900123", ""),
            ("GB", "0", ""),
            ("GB", "000000000000", ""),
            ("GB", "+999 123 456", ""),
            ("GB", "+44 7700 900 1234567890123", ""),
            ("GB", "0800 FLOWERS", ""),
            ("GB", "amara@example.com", ""),
            ("GB", "+44 7700 90012\u{fffd}", ""),
            ("GB", "📞 07400 123456", ""),
            ("GB", "--", ""),
        ] {
            assert_eq!(read(region, text).unwrap_or_default(), expected, "{text:?} in {region:?}");
        }
    }

    #[test]
    fn a_text_too_long_for_a_number_is_a_miss() {
        let number = "+44 7700 900123";
        assert!(read("GB", &format!("{number}{}1", "\u{200e}".repeat(LENGTH_MAX))).is_none());
        assert!(read("GB", &"1".repeat(1 << 20)).is_none());
        // White space around it does not count.
        assert!(read("GB", &format!("{number}{}", " ".repeat(1 << 20))).is_some());
    }

    #[test]
    fn a_region_is_one_that_has_numbers() {
        for unknown in ["UK", "GBR", "", "G", "Ǆ", "44", "001"] {
            assert!(Region::named(unknown).is_none(), "{unknown}");
        }
        assert!(Region::named("gb").is_some());
    }

    /// Regions that share a country code or whose numbers begin like their trunk prefix: a miss, never another number.
    #[test]
    fn no_number_the_metadata_gives_as_an_example_becomes_another() {
        let (mut seen, mut missed) = (0, 0);
        for numbers in DATABASE.iter() {
            let kinds = numbers.descriptors();
            for example in [kinds.fixed_line(), kinds.mobile(), kinds.voip()].into_iter().flatten() {
                let Some(national) = example.example() else { continue };
                let expected = format!("+{}{national}", numbers.country_code());
                let mut found = vec![international(&expected, None)];
                if let Some(region) = Region::named(numbers.id()) {
                    let trunk = numbers.national_prefix().unwrap_or_default();
                    found.push(international(&format!("{trunk}{national}"), Some(&region)));
                    found.push(international(national, Some(&region)));
                }
                seen += found.len();
                missed += found.iter().filter(|number| number.is_none()).count();
                assert!(found.iter().flatten().all(|number| *number == expected), "{expected}: {found:?}");
            }
        }
        assert!(seen > 1400 && missed < 20, "{missed} of {seen} missed");
    }

    proptest! {
        #[test]
        fn no_text_can_make_it_panic_and_only_digits_come_out(text in "\\PC{0,80}", region in "[A-Z]{2}") {
            let region = Region::named(&region);
            let number = international(&text, region.as_ref());
            prop_assert_eq!(&number, &international(&text, region.as_ref()));
            prop_assert!(number.iter().all(|number| number.starts_with('+') && number[1..].bytes().all(|b| b.is_ascii_digit())));
        }

        #[test]
        fn no_digits_can_make_it_panic_and_the_result_stays_itself(
            text in "(\\+|00|011|tel:)?[-0-9() ./\u{200e}]{0,40}(;ext=|#|x)?[0-9]{0,4}",
            region in "[A-Z]{2}",
        ) {
            let region = Region::named(&region);
            if let Some(number) = international(&text, region.as_ref()) {
                prop_assert_eq!(international(&number, None), Some(number));
            }
        }

        #[test]
        fn anything_at_all_is_a_number_or_a_miss(text in any::<String>()) {
            let _ = international(&text, Region::named("GB").as_ref());
        }
    }
}
