//! Values: as they are kept, as they are sent, as they are taken.
//!
//! Kept are texts, flags and small numbers as JSON has them, large and decimal numbers as text, and any moment as
//! `2026-01-31T00:00:00`.

use serde_json::{Value, json};

use super::day;
use super::dialect::Format;
use super::schema::{Column, Edm};
use super::settings::Version;

/// A value as an answer writes it.
pub(super) fn show(format: Format, edm: Edm, value: &Value) -> Value {
    let Some(text) = value.as_str() else { return value.clone() };
    match (edm, format) {
        (Edm::DateTime, Format::Verbose { has_ticks: true }) => {
            day::read(text).map_or(Value::Null, |ms| json!(format!("/Date({ms})/")))
        }
        (Edm::DateTimeOffset, _) => json!(format!("{text}Z")),
        (Edm::Date, _) => json!(text.get(..10)),
        // Only v4 writes these as numbers.
        (Edm::Int64 | Edm::Decimal, Format::V4 { .. }) => text.parse::<f64>().map_or(Value::Null, |number| {
            if edm == Edm::Int64 { json!(number as i64) } else { json!(number) }
        }),
        _ => value.clone(),
    }
}

/// A value as it is kept, from a body; or what is wrong with it. Null is for the caller.
pub(super) fn take(version: Version, column: &Column, value: &Value) -> Result<Value, String> {
    let wrong =
        || format!("Error converting value to type '{}' for property '{}'.", column.edm.name(), column.name);
    match column.edm {
        Edm::String => text(column, value.as_str().ok_or_else(wrong)?),
        Edm::Binary => value.as_str().map(|text| json!(text)).ok_or_else(wrong),
        Edm::Boolean => value.as_bool().map(Value::Bool).ok_or_else(wrong),
        Edm::Int16 => {
            let number = value.as_i64().and_then(|number| i16::try_from(number).ok());
            number.map(|number| json!(number)).ok_or_else(wrong)
        }
        Edm::Int64 | Edm::Decimal => {
            let spelled = if version == Version::V4 {
                value.is_number().then(|| value.to_string())
            } else {
                value.as_str().map(str::to_owned)
            };
            let number = spelled.filter(|text| text.parse::<f64>().is_ok_and(f64::is_finite));
            number.map(Value::String).ok_or_else(wrong)
        }
        Edm::DateTime => value.as_str().and_then(moment).map(Value::String).ok_or_else(wrong),
        Edm::DateTimeOffset => {
            let zoned = value.as_str().filter(|text| text.len() > 10).and_then(moment_of_v4);
            zoned.map(Value::String).ok_or_else(wrong)
        }
        Edm::Date => {
            let day = value.as_str().filter(|text| text.len() == 10).and_then(moment_of_v4);
            day.map(Value::String).ok_or_else(wrong)
        }
    }
}

/// `MaxLength` counts UTF-16 units, as the database does.
fn text(column: &Column, text: &str) -> Result<Value, String> {
    if column.length.is_some_and(|length| text.encode_utf16().count() > length) {
        return Err(format!("The field {} is too long.", column.name));
    }
    Ok(json!(text))
}

/// `2026-01-31T00:00:00`, fractions dropped, or `/Date(ms)/`; a zone or a day alone is refused.
pub(super) fn moment(text: &str) -> Option<String> {
    if let Some(ms) = text.strip_prefix("/Date(").and_then(|rest| rest.strip_suffix(")/")) {
        return ms.parse::<i64>().ok().filter(|ms| ms.unsigned_abs() < 253_402_300_800_000).map(day::write);
    }
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let is_fraction = !fraction.is_empty() && fraction.bytes().all(|byte| byte.is_ascii_digit());
    day::read(whole).filter(|_| is_fraction).map(day::write)
}

/// `2026-01-31`, `2026-01-31T00:00:00Z` or with an offset of zero.
pub(super) fn moment_of_v4(text: &str) -> Option<String> {
    if text.len() == 10 {
        return moment(&format!("{text}T00:00:00"));
    }
    let local = text.strip_suffix('Z').or_else(|| text.strip_suffix("+00:00"))?;
    moment(local).filter(|_| !local.starts_with('/'))
}
