//! Texts, numbers, moments and days, whatever type they arrived as.

use people::{AnswerValue, Date, Timestamp};
use serde_json::{Map, Value};

/// One line of text: control characters and the invisible characters that turn the direction of text around are gone,
/// line ends are blanks, nothing else is changed. `None` when nothing but blanks is left.
pub(crate) fn line(value: Option<&Value>) -> Option<String> {
    plain(value?).map(|text| cleaned(&text, Lines::One)).filter(|text| !text.trim().is_empty())
}

/// Several lines of text: as [`line`], but line ends stay.
pub(crate) fn text(value: Option<&Value>) -> Option<String> {
    plain(value?).map(|text| cleaned(&text, Lines::Several)).filter(|text| !text.trim().is_empty())
}

/// An id: a string, or the `id` of an object that was expanded. Not checked further.
pub(crate) fn id(value: Option<&Value>) -> Option<String> {
    match value? {
        Value::Object(object) => match object.get("id")? {
            Value::Object(_) => None,
            inner => id(Some(inner)),
        },
        value => plain(value).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty()),
    }
}

/// A list of texts; null and missing are the empty list, one text is a list of one.
pub(crate) fn lines(value: Option<&Value>) -> Vec<String> {
    match value {
        Some(Value::Array(items)) => items.iter().filter_map(|item| line(Some(item))).collect(),
        other => line(other).into_iter().collect(),
    }
}

/// The elements of a list; null, missing and anything that is no list are the empty list.
pub(crate) fn items(value: Option<&Value>) -> &[Value] {
    value.and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// Missing, null, false or a blank text.
pub(crate) fn is_nothing(value: Option<&Value>) -> bool {
    match value {
        None | Some(Value::Null | Value::Bool(false)) => true,
        Some(Value::String(text)) => text.trim().is_empty(),
        Some(_) => false,
    }
}

/// A number, or its digits as text. What is beyond any number is none.
pub(crate) fn number(value: Option<&Value>) -> Option<f64> {
    let number = match value? {
        Value::Number(number) => number.as_f64()?,
        Value::String(text) => text.trim().parse().ok()?,
        _ => return None,
    };
    number.is_finite().then_some(number)
}

pub(crate) fn is_true(value: Option<&Value>) -> bool {
    match value {
        Some(Value::Bool(yes)) => *yes,
        Some(Value::String(text)) => text.eq_ignore_ascii_case("true"),
        _ => false,
    }
}

/// A moment: milliseconds since the epoch, as a number or as digits.
pub(crate) fn moment(value: Option<&Value>) -> Option<Timestamp> {
    Timestamp::from_timestamp_millis(whole_number(value?)?)
}

/// The UTC calendar day of a moment, or the day itself where somebody wrote `2026-03-02`.
pub(crate) fn day(value: &Value) -> Option<Date> {
    match moment(Some(value)) {
        Some(moment) => Some(moment.date_naive()),
        None => value.as_str()?.trim().get(..10)?.parse().ok(),
    }
}

/// What somebody answered. `is_day` says that the field is a date, which a number alone does not.
pub(crate) fn answer(value: Option<&Value>, is_day: bool) -> AnswerValue {
    match value {
        None | Some(Value::Null) => AnswerValue::Blank,
        Some(value) if is_day && day(value).is_some() => {
            day(value).map_or(AnswerValue::Blank, AnswerValue::Day)
        }
        Some(Value::Bool(yes)) => AnswerValue::Text(if *yes { "yes" } else { "no" }.to_owned()),
        Some(Value::Number(number)) => match number.as_f64() {
            Some(number) if number.is_finite() => AnswerValue::Number(number),
            _ => AnswerValue::Text(number.to_string()),
        },
        Some(Value::String(text)) => match cleaned(text, Lines::Several) {
            text if text.trim().is_empty() => AnswerValue::Blank,
            text => AnswerValue::Text(text),
        },
        Some(Value::Array(items)) => match items.iter().filter_map(choice).collect::<Vec<_>>() {
            choices if choices.is_empty() => AnswerValue::Blank,
            choices => AnswerValue::Several(choices),
        },
        Some(Value::Object(object)) if is_file(object) => AnswerValue::Blank,
        Some(Value::Object(object)) => match line(object.get("name")) {
            Some(name) => AnswerValue::Text(name),
            None => AnswerValue::Text(cleaned(&Value::Object(object.clone()).to_string(), Lines::Several)),
        },
    }
}

/// Whether this is an uploaded file, by what only files say. Files are not read.
fn is_file(object: &Map<String, Value>) -> bool {
    ["ext", "uploadedAt", "downloadUrl", "fileName"].iter().any(|key| object.contains_key(*key))
}

fn choice(value: &Value) -> Option<String> {
    match value {
        Value::Object(object) if is_file(object) => None,
        Value::Object(object) => line(object.get("text").or_else(|| object.get("name"))),
        value => line(Some(value)),
    }
}

fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn whole_number(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => match number.as_i64() {
            Some(whole) => Some(whole),
            // Out of range saturates, and no calendar reaches that far.
            None => number.as_f64().map(|number| number as i64),
        },
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Lines {
    One,
    Several,
}

fn cleaned(text: &str, lines: Lines) -> String {
    let mut cleaned = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\n' | '\t' if lines == Lines::Several => cleaned.push(character),
            '\r' if lines == Lines::Several => {}
            '\t' | '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}' => cleaned.push(' '),
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {}
            control if control.is_control() => {}
            other => cleaned.push(other),
        }
    }
    cleaned
}
