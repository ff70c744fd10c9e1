//! Values: from a field of ours to what a property of that type takes, and back.
//!
//! Source: [MS-ODATA] 2.2.2 (literals) and 2.2.6.3 (JSON); OData JSON Format 4.0, 7.1. Days are calendar days: a midnight that
//! went through a time zone would be the day before.

use chrono::{DateTime, NaiveDate, TimeDelta};
use people::{Date, Value};
use serde_json::{Number, Value as Json};

use super::{Edm, Version};

/// `value` as a property of type `edm` takes it; a blank is null. `None`: it does not fit.
///
/// A text fits another type if it is written exactly as that type writes itself: `"2026-01-31"` is a day, `"007"` no number.
pub(crate) fn write(value: &Value, edm: Edm, version: Version) -> Option<Json> {
    if value.is_blank() {
        return Some(Json::Null);
    }
    match edm {
        Edm::String => Some(Json::String(value.to_text())),
        Edm::DateTime | Edm::DateTimeOffset | Edm::Date => {
            day_text(day(value)?, edm, version).map(Json::String)
        }
        Edm::Byte => whole(value, 0..=i64::from(u8::MAX)).map(Json::from),
        Edm::Int16 => whole(value, i64::from(i16::MIN)..=i64::from(i16::MAX)).map(Json::from),
        Edm::Int32 => whole(value, i64::from(i32::MIN)..=i64::from(i32::MAX)).map(Json::from),
        Edm::Int64 => {
            let number = whole(value, i64::MIN..=i64::MAX)?;
            Some(if version == Version::V4 { Json::from(number) } else { Json::String(number.to_string()) })
        }
        Edm::Decimal if version == Version::V4 => number(value),
        Edm::Decimal => number(value).map(|number| Json::String(decimal_text(&number))),
        Edm::Double => number(value),
        Edm::Boolean => flag(value).map(Json::Bool),
        Edm::Guid => guid(value).map(Json::String),
        Edm::Other => None,
    }
}

/// What a property of type `edm` holds. What is not as its type says stays as it came.
pub(crate) fn read(json: &Json, edm: Edm) -> Value {
    match json {
        Json::Null => Value::Blank,
        Json::Bool(yes) => Value::Bool(*yes),
        Json::Number(number) => match number.as_i64() {
            Some(whole) => Value::Integer(whole),
            None => Value::Decimal(number.as_f64().unwrap_or(f64::NAN)),
        },
        Json::String(text) if text.is_empty() => Value::Blank,
        Json::String(text) => read_text(text, edm),
        Json::Array(values) => Value::List(values.iter().map(|value| read(value, edm)).collect()),
        // A complex value is there, whatever it says: it must not look blank.
        Json::Object(_) => Value::Text(json.to_string()),
    }
}

fn read_text(text: &str, edm: Edm) -> Value {
    let read = match edm {
        Edm::DateTime | Edm::DateTimeOffset | Edm::Date => written_day(text).map(Value::Day),
        Edm::Byte | Edm::Int16 | Edm::Int32 | Edm::Int64 => text.parse().ok().map(Value::Integer),
        Edm::Decimal | Edm::Double => {
            text.parse().ok().filter(|number: &f64| number.is_finite()).map(Value::Decimal)
        }
        Edm::Boolean => text.parse().ok().map(Value::Bool),
        Edm::String | Edm::Guid | Edm::Other => None,
    };
    read.unwrap_or_else(|| Value::Text(text.to_owned()))
}

fn day_text(day: Date, edm: Edm, version: Version) -> Option<String> {
    use chrono::Datelike;
    if !(1..=9999).contains(&day.year()) {
        return None;
    }
    Some(match (edm, version) {
        (Edm::Date, _) => day.to_string(),
        (Edm::DateTimeOffset, _) => format!("{day}T00:00:00Z"),
        (_, Version::V2) => {
            format!("/Date({})/", day.and_time(chrono::NaiveTime::MIN).and_utc().timestamp_millis())
        }
        _ => format!("{day}T00:00:00"),
    })
}

fn day(value: &Value) -> Option<Date> {
    match value {
        Value::Day(day) => Some(*day),
        Value::Text(text) => iso_day(text).filter(|_| text.len() == ISO_DAY),
        _ => None,
    }
}

/// The day of `2026-01-31`, `2026-01-31T00:00:00[.123][Z|+01:00]` or `/Date(1769817600000[+0060])/`, as it is written there.
fn written_day(text: &str) -> Option<Date> {
    if let Some(ticks) = text.strip_prefix("/Date(").and_then(|rest| rest.strip_suffix(")/")) {
        return ticks_day(ticks);
    }
    let after = text.get(ISO_DAY..)?;
    iso_day(text).filter(|_| after.is_empty() || after.starts_with(['T', 't', ' ']))
}

/// The length of `2026-01-31`.
const ISO_DAY: usize = 10;

/// The day that `text` begins with.
fn iso_day(text: &str) -> Option<Date> {
    let text = text.get(..ISO_DAY)?;
    let shape = |at: usize, byte: u8| if at == 4 || at == 7 { byte == b'-' } else { byte.is_ascii_digit() };
    if !text.bytes().enumerate().all(|(at, byte)| shape(at, byte)) {
        return None;
    }
    NaiveDate::from_ymd_opt(text[..4].parse().ok()?, text[5..7].parse().ok()?, text[8..].parse().ok()?)
}

/// Milliseconds since 1970, UTC, and the minutes by which the clock on the wall differed from it.
fn ticks_day(ticks: &str) -> Option<Date> {
    let sign = ticks.bytes().skip(1).position(|byte| byte == b'+' || byte == b'-').map(|at| at + 1);
    let (ms, minutes) = ticks.split_at(sign.unwrap_or(ticks.len()));
    let minutes: i16 = if minutes.is_empty() { 0 } else { minutes.parse().ok()? };
    let moment = DateTime::from_timestamp_millis(ms.parse().ok()?)?;
    moment.naive_utc().checked_add_signed(TimeDelta::minutes(minutes.into())).map(|moment| moment.date())
}

fn whole(value: &Value, range: std::ops::RangeInclusive<i64>) -> Option<i64> {
    let number = match value {
        Value::Integer(number) => *number,
        Value::Bool(yes) => i64::from(*yes),
        Value::Text(text) => text.parse().ok().filter(|number: &i64| number.to_string() == *text)?,
        _ => return None,
    };
    range.contains(&number).then_some(number)
}

fn number(value: &Value) -> Option<Json> {
    match value {
        Value::Decimal(number) => Number::from_f64(*number).map(Json::Number),
        Value::Text(text) if text.contains('.') => {
            let number = text.parse().ok().filter(|number: &f64| number.to_string() == *text)?;
            Number::from_f64(number).map(Json::Number)
        }
        other => whole(other, i64::MIN..=i64::MAX).map(Json::from),
    }
}

/// Without an exponent: `Edm.Decimal` has none.
fn decimal_text(number: &Json) -> String {
    match (number.as_i64(), number.as_f64()) {
        (None, Some(number)) => number.to_string(),
        _ => number.to_string(),
    }
}

fn flag(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(yes) => Some(*yes),
        Value::Integer(number @ (0 | 1)) => Some(*number == 1),
        Value::Text(text) => text.parse().ok(),
        _ => None,
    }
}

fn guid(value: &Value) -> Option<String> {
    let Value::Text(text) = value else { return None };
    let is_guid = text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        });
    is_guid.then(|| text.clone())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn ymd(year: i32, month: u32, day: u32) -> Date {
        NaiveDate::from_ymd_opt(year, month, day).expect("a day")
    }

    fn text(text: &str) -> Value {
        Value::Text(text.to_owned())
    }

    #[test]
    fn each_type_is_written_as_its_version_writes_it() {
        let day = || Value::Day(ymd(2026, 1, 31));
        for (value, edm, v2, v3, v4) in [
            (text("O'Neil"), Edm::String, json!("O'Neil"), json!("O'Neil"), json!("O'Neil")),
            (day(), Edm::String, json!("2026-01-31"), json!("2026-01-31"), json!("2026-01-31")),
            (Value::Bool(true), Edm::String, json!("true"), json!("true"), json!("true")),
            (
                day(),
                Edm::DateTime,
                json!("/Date(1769817600000)/"),
                json!("2026-01-31T00:00:00"),
                json!("2026-01-31T00:00:00"),
            ),
            (
                day(),
                Edm::DateTimeOffset,
                json!("2026-01-31T00:00:00Z"),
                json!("2026-01-31T00:00:00Z"),
                json!("2026-01-31T00:00:00Z"),
            ),
            (day(), Edm::Date, json!("2026-01-31"), json!("2026-01-31"), json!("2026-01-31")),
            (
                text("9999-12-31"),
                Edm::DateTime,
                json!("/Date(253402214400000)/"),
                json!("9999-12-31T00:00:00"),
                json!("9999-12-31T00:00:00"),
            ),
            (Value::Integer(7), Edm::Int16, json!(7), json!(7), json!(7)),
            (Value::Bool(true), Edm::Int32, json!(1), json!(1), json!(1)),
            (text("-7"), Edm::Int32, json!(-7), json!(-7), json!(-7)),
            (Value::Integer(7), Edm::Int64, json!("7"), json!("7"), json!(7)),
            (Value::Integer(255), Edm::Byte, json!(255), json!(255), json!(255)),
            (Value::Decimal(12.5), Edm::Decimal, json!("12.5"), json!("12.5"), json!(12.5)),
            (
                Value::Decimal(1e21),
                Edm::Decimal,
                json!("1000000000000000000000"),
                json!("1000000000000000000000"),
                json!(1e21),
            ),
            (Value::Integer(3), Edm::Decimal, json!("3"), json!("3"), json!(3)),
            (text("12.5"), Edm::Double, json!(12.5), json!(12.5), json!(12.5)),
            (Value::Integer(1), Edm::Boolean, json!(true), json!(true), json!(true)),
            (text("false"), Edm::Boolean, json!(false), json!(false), json!(false)),
            (
                text("01234567-89ab-cdef-0123-456789ABCDEF"),
                Edm::Guid,
                json!("01234567-89ab-cdef-0123-456789ABCDEF"),
                json!("01234567-89ab-cdef-0123-456789ABCDEF"),
                json!("01234567-89ab-cdef-0123-456789ABCDEF"),
            ),
        ] {
            for (version, wanted) in [(Version::V2, v2), (Version::V3, v3), (Version::V4, v4)] {
                assert_eq!(write(&value, edm, version), Some(wanted), "{value:?} as {edm:?} in {version:?}");
            }
        }
    }

    #[test]
    fn what_does_not_fit_its_type_is_not_written() {
        for (value, edm) in [
            (text("Jan 31"), Edm::DateTime),
            (text("2026-02-30"), Edm::Date),
            (text("2026-01-31T00:00:00"), Edm::DateTime),
            (text("+026-01-31"), Edm::Date),
            (Value::Day(ymd(10_000, 1, 1)), Edm::DateTime),
            (Value::Day(ymd(0, 1, 1)), Edm::Date),
            (Value::Integer(1), Edm::DateTime),
            (Value::Integer(256), Edm::Byte),
            (Value::Integer(-1), Edm::Byte),
            (Value::Integer(40_000), Edm::Int16),
            (Value::Integer(1 << 40), Edm::Int32),
            (Value::Decimal(1.0), Edm::Int32),
            (text("007"), Edm::Int32),
            (text("1e3"), Edm::Double),
            (text("12.50"), Edm::Decimal),
            (Value::Decimal(f64::NAN), Edm::Double),
            (Value::Decimal(f64::INFINITY), Edm::Decimal),
            (Value::Integer(2), Edm::Boolean),
            (text("yes"), Edm::Boolean),
            (text("LV-1"), Edm::Guid),
            (text("x"), Edm::Other),
            (Value::List(vec![Value::Integer(1)]), Edm::Int32),
        ] {
            assert_eq!(write(&value, edm, Version::V3), None, "{value:?} as {edm:?}");
        }
    }

    #[test]
    fn a_blank_is_null_in_every_type_and_null_is_a_blank() {
        for edm in Edm::ALL {
            for blank in [Value::Blank, text(""), Value::List(Vec::new())] {
                assert_eq!(write(&blank, edm, Version::V3), Some(Json::Null));
            }
            assert_eq!(read(&Json::Null, edm), Value::Blank);
            assert_eq!(read(&json!(""), edm), Value::Blank);
        }
    }

    #[test]
    fn a_day_is_read_as_it_is_written_and_never_through_a_zone() {
        for (written, day) in [
            ("2026-01-31", Some(ymd(2026, 1, 31))),
            ("2026-01-31T00:00:00", Some(ymd(2026, 1, 31))),
            ("2026-01-31T23:59:59.9999999", Some(ymd(2026, 1, 31))),
            ("2026-01-31T23:00:00-05:00", Some(ymd(2026, 1, 31))),
            ("2026-01-31T00:00:00+14:00", Some(ymd(2026, 1, 31))),
            ("2026-01-31 00:00:00Z", Some(ymd(2026, 1, 31))),
            ("9999-12-31T23:59:59.9999999", Some(ymd(9999, 12, 31))),
            ("/Date(1769817600000)/", Some(ymd(2026, 1, 31))),
            ("/Date(1769814000000+0060)/", Some(ymd(2026, 1, 31))),
            ("/Date(1769817600000-0060)/", Some(ymd(2026, 1, 30))),
            ("/Date(-62135596800000)/", Some(ymd(1, 1, 1))),
            ("/Date(-86400000+0060)/", Some(ymd(1969, 12, 31))),
            ("/Date(253402300799999)/", Some(ymd(9999, 12, 31))),
            ("/Date(99999999999999999999)/", None),
            ("/Date(9223372036854775807+0060)/", None),
            ("/Date()/", None),
            ("/Date(1+)/", None),
            ("2026-01-311", None),
            ("2026-13-01", None),
            ("31/01/2026", None),
            ("2026-01-3é", None),
            ("é", None),
        ] {
            for edm in [Edm::DateTime, Edm::DateTimeOffset, Edm::Date] {
                let expected = day.map_or_else(|| text(written), Value::Day);
                assert_eq!(read(&json!(written), edm), expected, "{written}");
            }
        }
    }

    #[test]
    fn numbers_flags_and_texts_are_read_as_what_they_are() {
        for (written, edm, value) in [
            (json!("37"), Edm::Int64, Value::Integer(37)),
            (json!(37), Edm::Int64, Value::Integer(37)),
            (json!("12.50"), Edm::Decimal, Value::Decimal(12.5)),
            (json!(12.5), Edm::Double, Value::Decimal(12.5)),
            (json!("NaN"), Edm::Double, text("NaN")),
            (json!(true), Edm::Boolean, Value::Bool(true)),
            (json!("true"), Edm::Boolean, Value::Bool(true)),
            (json!(1), Edm::Boolean, Value::Integer(1)),
            (json!("37"), Edm::String, text("37")),
            (json!("2026-01-31"), Edm::String, text("2026-01-31")),
            (json!([1, null]), Edm::Other, Value::List(vec![Value::Integer(1), Value::Blank])),
            (json!({"a": 1}), Edm::Other, text(r#"{"a":1}"#)),
        ] {
            assert_eq!(read(&written, edm), value, "{written} as {edm:?}");
        }
    }

    fn any_value() -> impl Strategy<Value = Value> {
        prop_oneof![
            any::<String>().prop_map(Value::Text),
            any::<i64>().prop_map(Value::Integer),
            (-1e300..1e300_f64).prop_map(Value::Decimal),
            any::<bool>().prop_map(Value::Bool),
            (-800_000..3_000_000_i32).prop_filter_map("a day", |days| {
                NaiveDate::from_num_days_from_ce_opt(days).map(Value::Day)
            }),
        ]
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_as_the_same(value in any_value()) {
            let own = match &value {
                Value::Text(_) => vec![Edm::String],
                Value::Integer(_) => vec![Edm::Int16, Edm::Int32, Edm::Int64, Edm::Byte, Edm::Double],
                Value::Decimal(_) => vec![Edm::Decimal, Edm::Double],
                Value::Bool(_) => vec![Edm::Boolean],
                Value::Day(_) => vec![Edm::DateTime, Edm::DateTimeOffset, Edm::Date],
                _ => Vec::new(),
            };
            for edm in own {
                for version in [Version::V2, Version::V3, Version::V4] {
                    let Some(written) = write(&value, edm, version) else { continue };
                    let back = read(&written, edm);
                    prop_assert!(back == value || value.is_blank() && back == Value::Blank, "{back:?} of {written}");
                }
            }
        }

        #[test]
        fn no_text_makes_a_reader_of_values_panic(text in any::<String>(), date in "/Date\\([-+0-9]{0,25}\\)/", iso in "[-0-9T:Zé+]{0,24}") {
            for edm in Edm::ALL {
                for text in [&text, &date, &iso] {
                    let value = read(&json!(text), edm);
                    let _ = write(&value, edm, Version::V2);
                }
            }
        }
    }
}
