//! A value becomes a cell, and a cell a value again.

use people::{Pii, Value};
use serde_json::value::RawValue;

use crate::config::Format;

/// One cell: the plain text for CSV (escaped only on the way into the file), canonical JSON text for JSON lines. Two cells
/// with the same text are the same cell, whatever quotes and blanks the file has around them.
pub(crate) type Cell = Pii<String>;

/// The cell for `value`.
pub(crate) fn cell(format: Format, value: &Value) -> Cell {
    Pii::new(match format {
        Format::Csv => printable(&value.to_text()),
        Format::Jsonl => json(value),
    })
}

/// The value in `cell`: a text for CSV, whose cells have no types; typed for JSON lines.
pub(crate) fn value(format: Format, cell: &Cell) -> Value {
    match format {
        Format::Csv if cell.reveal().is_empty() => Value::Blank,
        Format::Csv => Value::Text(cell.reveal().clone()),
        Format::Jsonl => from_json(cell.reveal()),
    }
}

/// JSON text as this adapter would have written it. A number keeps its digits, whatever a parser makes of them.
pub(crate) fn canonical(raw: &str) -> String {
    match serde_json::from_str::<serde_json::Value>(raw) {
        Ok(parsed) if !has_decimals(&parsed) => parsed.to_string(),
        _ => raw.to_owned(),
    }
}

/// `text` without control characters, which no cell of a table shows and some readers stop at; tab and line breaks stay.
fn printable(text: &str) -> String {
    text.chars().filter(|c| matches!(c, '\t' | '\n' | '\r') || !c.is_control()).collect()
}

fn json(value: &Value) -> String {
    let json = to_json(value);
    json.to_string()
}

fn to_json(value: &Value) -> serde_json::Value {
    match value {
        Value::Blank => serde_json::Value::Null,
        Value::Text(text) => printable(text).into(),
        Value::Integer(number) => (*number).into(),
        Value::Decimal(number) => (*number).into(),
        Value::Bool(yes) => (*yes).into(),
        Value::Day(day) => day.to_string().into(),
        Value::List(values) => values.iter().map(to_json).collect(),
    }
}

/// Numbers are read by hand: `serde_json` may be off by the last digit, and then a value would change by being read.
fn from_json(raw: &str) -> Value {
    let raw = raw.trim();
    match raw.as_bytes().first() {
        Some(b'[') => {
            let values: Vec<Box<RawValue>> = serde_json::from_str(raw).unwrap_or_default();
            Value::List(values.iter().map(|value| from_json(value.get())).collect())
        }
        Some(b'"') => serde_json::from_str(raw).map_or(Value::Blank, Value::Text),
        Some(b't' | b'f') => Value::Bool(raw == "true"),
        Some(b'-' | b'0'..=b'9') => match (raw.parse(), raw.parse()) {
            (Ok(whole), _) => Value::Integer(whole),
            (_, Ok(number)) => Value::Decimal(number),
            _ => Value::Blank,
        },
        _ => Value::Blank,
    }
}

fn has_decimals(json: &serde_json::Value) -> bool {
    match json {
        serde_json::Value::Number(number) => number.is_f64(),
        serde_json::Value::Array(values) => values.iter().any(has_decimals),
        serde_json::Value::Object(_) => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_cell_has_the_type_of_its_value_in_json_and_none_in_csv() {
        let day = Value::Day("2026-01-05".parse().unwrap());
        let list = Value::List(vec![Value::Text("a".to_owned()), Value::Text("b".to_owned())]);
        for (value, csv, json) in [
            (Value::Blank, "", "null"),
            (Value::Text(String::new()), "", "\"\""),
            (Value::Text("O'Brien \"Zo\"\u{0}".to_owned()), "O'Brien \"Zo\"", "\"O'Brien \\\"Zo\\\"\""),
            (Value::Integer(-5), "-5", "-5"),
            (Value::Decimal(0.1), "0.1", "0.1"),
            (Value::Decimal(f64::NAN), "NaN", "null"),
            (Value::Bool(true), "true", "true"),
            (day, "2026-01-05", "\"2026-01-05\""),
            (list, "a;b", "[\"a\",\"b\"]"),
        ] {
            assert_eq!(cell(Format::Csv, &value).reveal(), csv);
            assert_eq!(cell(Format::Jsonl, &value).reveal(), json);
        }
    }

    proptest! {
        #[test]
        fn json_as_written_is_canonical_already(text in any::<String>(), whole in any::<i64>(), number in any::<f64>()) {
            let values = [Value::Text(text), Value::Integer(whole), Value::Decimal(number)];
            for value in values.clone().into_iter().chain([Value::List(values.to_vec())]) {
                let written = cell(Format::Jsonl, &value);
                prop_assert_eq!(&canonical(written.reveal()), written.reveal());
            }
        }

        #[test]
        fn json_read_back_and_written_again_is_the_same(text in any::<String>(), whole in any::<i64>(), number in any::<f64>()) {
            let values = vec![Value::Text(text), Value::Integer(whole), Value::Decimal(number), Value::Blank, Value::Bool(true)];
            for original in values.clone().into_iter().chain([Value::List(values)]) {
                let written = cell(Format::Jsonl, &original);
                prop_assert_eq!(cell(Format::Jsonl, &value(Format::Jsonl, &written)), written);
            }
        }
    }
}
