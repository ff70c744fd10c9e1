//! Helpers of telephone numbers.

use minijinja::{Error, Value};
use phonenumber::{
    Metadata, Mode, PhoneNumber,
    country::{self, Source},
    metadata::DATABASE,
};

use super::{
    call::{Call, blank},
    table::Miss,
};

/// Longest text, in characters, that is taken for a number.
const LENGTH_MAX: usize = 64;
/// Most digits of an international number.
const DIGITS_MAX: usize = 15;

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

/// A number with its country code. Read without a region: else that region's rules would be applied to it.
fn abroad(digits: &str) -> Option<String> {
    valid(&phonenumber::parse(None, format!("+{digits}")).ok()?)
}

/// A number as dialled within the region, or with its country code but no sign of it.
fn at_home(digits: &str, region: country::Id) -> Option<String> {
    let number = phonenumber::parse(Some(region), digits).ok()?;
    valid(&number).filter(|_| matches!(number.code().source(), Source::Default | Source::Number))
}

fn valid(number: &PhoneNumber) -> Option<String> {
    number
        .is_valid()
        .then(|| number.format().mode(Mode::E164).to_string())
        .filter(|text| text.len() <= DIGITS_MAX + 1)
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
