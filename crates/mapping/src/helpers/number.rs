//! Helpers of numbers and amounts. Digits are moved as text, so that no amount changes on its way.

use minijinja::{Error, Value};

use super::call::{Call, blank};

/// Most decimals that can be asked for.
const DECIMALS_MAX: i64 = 20;
/// Most digits of a text that is a number.
const DIGITS_MAX: usize = 400;
/// ISO 4217: currencies that do not have two decimals.
const MINOR_DIGITS: [(usize, &[&str]); 3] = [
    (
        0,
        &[
            "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV",
            "XAF", "XOF", "XPF",
        ],
    ),
    (3, &["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"]),
    (4, &["CLF", "UYW"]),
];

pub(super) fn number(call: &Call<'_>) -> Result<Value, Error> {
    let decimals = call.whole_argument("decimals")?;
    let decimals = match decimals {
        Some(count) if !(0..=DECIMALS_MAX).contains(&count) => {
            return Err(call.misused(format!("decimals is not between 0 and {DECIMALS_MAX}")));
        }
        count => count.and_then(|count| usize::try_from(count).ok()),
    };
    let (point, thousands) = (call.text_argument("point")?, call.text_argument("thousands")?);
    let Some(decimal) = decimal(call)? else { return Ok(blank()) };
    if decimals.is_none() && point.is_none() && thousands.is_none() {
        return if call.value().is_number() { Ok(call.value().clone()) } else { decimal.value(call) };
    }
    let rounded = decimals.map_or_else(|| decimal.clone(), |decimals| decimal.rounded(decimals));
    let (point, thousands) = (point.unwrap_or_else(|| ".".to_owned()), thousands.unwrap_or_default());
    call.fits((point.len() + thousands.len()).saturating_mul(rounded.whole.len()))?;
    call.gives(rounded.written(&point, &thousands))
}

pub(super) fn currency(call: &Call<'_>) -> Result<Value, Error> {
    let code = call.text_argument("code")?.unwrap_or_default().to_ascii_uppercase();
    if !code.is_empty() && (code.len() != 3 || !code.bytes().all(|letter| letter.is_ascii_uppercase())) {
        return Err(call.misused("code is not the three letters of a currency"));
    }
    let Some(decimal) = decimal(call)? else { return Ok(blank()) };
    if code.is_empty() {
        return Err(call.cannot("there is no currency"));
    }
    let digits = MINOR_DIGITS
        .iter()
        .find(|(_, codes)| codes.contains(&code.as_str()))
        .map_or(2, |&(digits, _)| digits);
    call.gives(format!("{code} {}", decimal.rounded(digits).written(".", ",")))
}

fn decimal(call: &Call<'_>) -> Result<Option<Decimal>, Error> {
    let Some(text) = call.text()? else { return Ok(None) };
    Decimal::parse(text.trim()).map(Some).ok_or_else(|| call.cannot("takes a number"))
}

/// A number by its digits.
#[derive(Clone)]
struct Decimal {
    negative: bool,
    /// Without leading zeros, `0` excepted.
    whole: String,
    fraction: String,
}

impl Decimal {
    /// Reads `-64000.50` and the like: ASCII digits, a point, no grouping, no exponent.
    fn parse(text: &str) -> Option<Decimal> {
        let (negative, digits) = match text.strip_prefix('-') {
            Some(digits) => (true, digits),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
        let plain = |digits: &str| {
            (1..=DIGITS_MAX).contains(&digits.len()) && digits.bytes().all(|digit| digit.is_ascii_digit())
        };
        (plain(whole) && plain(fraction)).then(|| {
            let fraction = if digits.contains('.') { fraction } else { "" };
            Decimal::new(negative, whole, fraction)
        })
    }

    fn new(negative: bool, whole: &str, fraction: &str) -> Decimal {
        let whole = match whole.trim_start_matches('0') {
            "" => "0",
            digits => digits,
        };
        let is_zero = whole == "0" && fraction.bytes().all(|digit| digit == b'0');
        Decimal { negative: negative && !is_zero, whole: whole.to_owned(), fraction: fraction.to_owned() }
    }

    /// As a number.
    fn value(&self, call: &Call<'_>) -> Result<Value, Error> {
        let text = self.written(".", "");
        if self.fraction.bytes().all(|digit| digit == b'0') {
            let whole = text.split('.').next().and_then(|whole| whole.parse::<i64>().ok());
            return whole.map(Value::from).ok_or_else(|| call.cannot("the number is too large"));
        }
        text.parse::<f64>().map(Value::from).map_err(|_| call.cannot("takes a number"))
    }

    /// With exactly so many decimals; half a unit is rounded away from zero.
    fn rounded(&self, decimals: usize) -> Decimal {
        let up = self.fraction.as_bytes().get(decimals).is_some_and(|digit| *digit >= b'5');
        let kept = self.fraction.bytes().chain(std::iter::repeat(b'0')).take(decimals);
        let mut digits: Vec<u8> = [b'0'].into_iter().chain(self.whole.bytes()).chain(kept).collect();
        if up {
            let nines = digits.iter().rev().take_while(|digit| **digit == b'9').count();
            let first_nine = digits.len() - nines;
            digits[first_nine..].fill(b'0');
            // The leading zero is no nine.
            digits[first_nine - 1] += 1;
        }
        let digits: String = digits.into_iter().map(char::from).collect();
        let (whole, fraction) = digits.split_at(digits.len() - decimals);
        Decimal::new(self.negative, whole, fraction)
    }

    fn written(&self, point: &str, thousands: &str) -> String {
        let mut text = if self.negative { "-".to_owned() } else { String::new() };
        for (at, digit) in self.whole.chars().enumerate() {
            if at > 0 && (self.whole.len() - at).is_multiple_of(3) {
                text.push_str(thousands);
            }
            text.push(digit);
        }
        if !self.fraction.is_empty() {
            text.push_str(point);
            text.push_str(&self.fraction);
        }
        text
    }
}
