//! The envelope, and JSON that is almost JSON.

use std::{borrow::Cow, fmt::Write as _};

use serde::Deserialize;
use serde_json::{Map, Value, value::RawValue};

/// Where an answer stopped making sense: a field path, without the value that stood there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NotUnderstood {
    pub(crate) place: String,
    /// The answer as a whole is one, and a record in it is not.
    pub(crate) is_record: bool,
}

impl NotUnderstood {
    pub(crate) fn at(place: impl Into<String>) -> Self {
        NotUnderstood { place: place.into(), is_record: false }
    }

    pub(crate) fn in_record(place: impl Into<String>) -> Self {
        NotUnderstood { place: place.into(), is_record: true }
    }
}

/// A page of a list: its records, each still as text, and the token of the next page.
#[derive(Debug)]
pub(crate) struct List<'a> {
    pub(crate) records: Vec<&'a RawValue>,
    pub(crate) next: Option<String>,
}

/// Which forms of `data` a list is known to have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// An array in the envelope. Anything else is no page at all.
    Strict,
    /// Child lists and archive reasons: an array, one object, null, or a bare array without envelope (reference §4, §7).
    Loose,
}

/// Splits a page into records. Nothing nests here: however deep a record is, it is skipped over without recursion.
pub(crate) fn list(text: &str, shape: Shape) -> Result<List<'_>, NotUnderstood> {
    #[derive(Deserialize)]
    struct Envelope<'a> {
        #[serde(borrow)]
        data: Option<&'a RawValue>,
        #[serde(borrow)]
        next: Option<&'a RawValue>,
        #[serde(borrow, rename = "hasNext")]
        has_next: Option<&'a RawValue>,
    }

    if shape == Shape::Loose && text.trim_start().starts_with('[') {
        return Ok(List { records: array(text)?, next: None });
    }
    if !text.trim_start().starts_with('{') {
        return Err(NotUnderstood::at("the whole answer, which is no JSON object"));
    }
    let envelope: Envelope<'_> =
        serde_json::from_str(text).map_err(|_| NotUnderstood::at("the whole answer, which is no JSON"))?;
    let records = match (envelope.data.map(RawValue::get), shape) {
        (Some(data), _) if data.starts_with('[') => array(data)?,
        (Some(data), Shape::Loose) if data.starts_with('{') => {
            vec![serde_json::from_str(data).map_err(|_| NotUnderstood::at("data"))?]
        }
        // `null` reads as `None`. A page without the key at all is no page, whatever its shape.
        (None, Shape::Loose) if has_key(text, "data") => Vec::new(),
        _ => return Err(NotUnderstood::at("data, which is no list")),
    };
    let flag = |raw: &RawValue| matches!(raw.get(), "true" | "\"true\"");
    if !envelope.has_next.is_some_and(flag) {
        return Ok(List { records, next: None });
    }
    let next = envelope.next.and_then(|raw| serde_json::from_str::<String>(raw.get()).ok());
    match next.filter(|next| !next.is_empty()) {
        Some(next) => Ok(List { records, next: Some(next) }),
        None => Err(NotUnderstood::at("next, which is missing though hasNext is true")),
    }
}

/// The object of a single retrieval: `{"data": {…}}`.
pub(crate) fn one(text: &str) -> Result<Map<String, Value>, NotUnderstood> {
    #[derive(Deserialize)]
    struct Envelope<'a> {
        #[serde(borrow)]
        data: Option<&'a RawValue>,
    }
    if !text.trim_start().starts_with('{') {
        return Err(NotUnderstood::at("the whole answer, which is no JSON object"));
    }
    let envelope: Envelope<'_> =
        serde_json::from_str(text).map_err(|_| NotUnderstood::at("the whole answer, which is no JSON"))?;
    object(envelope.data.map_or("", RawValue::get))
}

/// The object of a single retrieval, decoded. Without an id it is nobody's record.
pub(crate) fn one_record<T>(
    text: &str,
    decode: impl Fn(&Map<String, Value>) -> T,
) -> Result<T, NotUnderstood> {
    let keys = one(text)?;
    match super::text::id(keys.get("id")) {
        Some(_) => Ok(decode(&keys)),
        None => Err(NotUnderstood::in_record("id")),
    }
}

/// A record's own keys.
pub(crate) fn object(text: &str) -> Result<Map<String, Value>, NotUnderstood> {
    serde_json::from_str(text).map_err(|_| NotUnderstood::at("data, which is no object that can be read"))
}

fn array(text: &str) -> Result<Vec<&RawValue>, NotUnderstood> {
    serde_json::from_str(text).map_err(|_| NotUnderstood::at("data, which is no list"))
}

fn has_key(text: &str, key: &str) -> bool {
    serde_json::from_str::<std::collections::BTreeMap<String, serde::de::IgnoredAny>>(text)
        .is_ok_and(|keys| keys.contains_key(key))
}

/// The body as text that a JSON parser takes wherever a lenient reader would: bytes that are no UTF-8 and halves of
/// surrogate pairs become U+FFFD, raw control characters inside strings become blanks, a byte order mark goes. Text that is
/// right already is not copied.
pub(crate) fn readable(body: &[u8]) -> Cow<'_, str> {
    match String::from_utf8_lossy(body) {
        Cow::Borrowed(text) => mended(text.trim_start_matches('\u{feff}')),
        Cow::Owned(text) => Cow::Owned(mended(text.trim_start_matches('\u{feff}')).into_owned()),
    }
}

fn mended(text: &str) -> Cow<'_, str> {
    let bytes = text.as_bytes();
    let mut mended = String::new();
    let mut copied = 0;
    let mut in_string = false;
    let mut at = 0;
    let mut replace = |from: usize, to: usize, by: &str| {
        mended.push_str(&text[copied..from]);
        mended.push_str(by);
        copied = to;
    };
    while at < bytes.len() {
        match bytes[at] {
            b'"' => {
                in_string = !in_string;
                at += 1;
            }
            b'\\' if in_string => match (surrogate(bytes, at), surrogate(bytes, at + 6)) {
                (Some(Half::High), Some(Half::Low)) => at += 12,
                (Some(_), _) => {
                    replace(at, at + 6, "\\ufffd");
                    at += 6;
                }
                // Past the character after the backslash, if that is one byte; the rest of `\u0041` is plain text.
                (None, _) => at += if bytes.get(at + 1).is_some_and(u8::is_ascii) { 2 } else { 1 },
            },
            byte if in_string && byte < 0x20 => {
                replace(at, at + 1, " ");
                at += 1;
            }
            _ => at += 1,
        }
    }
    if copied == 0 {
        return Cow::Borrowed(text);
    }
    mended.push_str(&text[copied..]);
    Cow::Owned(mended)
}

enum Half {
    High,
    Low,
}

/// Which half of a surrogate pair is escaped at `at`, if any.
fn surrogate(bytes: &[u8], at: usize) -> Option<Half> {
    let escape = bytes.get(at..at + 6)?;
    if !escape.starts_with(b"\\u") || !escape[2..].iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    match (escape[2].to_ascii_lowercase(), escape[3].to_ascii_lowercase()) {
        (b'd', b'8' | b'9' | b'a' | b'b') => Some(Half::High),
        (b'd', b'c'..=b'f') => Some(Half::Low),
        _ => None,
    }
}

/// The record with its keys in order and without `volatile` keys at its top: equal content, equal text, whatever the order
/// in which the keys arrived.
pub(crate) fn canonical(record: &Map<String, Value>, volatile: &[&str]) -> String {
    let mut text = String::new();
    write_object(&mut text, record, volatile);
    text
}

fn write_value(text: &mut String, value: &Value) {
    match value {
        Value::Array(items) => {
            text.push('[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    text.push(',');
                }
                write_value(text, item);
            }
            text.push(']');
        }
        Value::Object(object) => write_object(text, object, &[]),
        scalar => write!(text, "{scalar}").expect("writing to a String cannot fail"),
    }
}

fn write_object(text: &mut String, object: &Map<String, Value>, without: &[&str]) {
    // serde_json keeps its keys in order only while nobody in the build asks it for the order of arrival.
    let mut keys: Vec<&String> = object.keys().filter(|key| !without.contains(&key.as_str())).collect();
    keys.sort();
    text.push('{');
    for (at, key) in keys.into_iter().enumerate() {
        if at > 0 {
            text.push(',');
        }
        write!(text, "{}:", Value::String(key.clone())).expect("writing to a String cannot fail");
        write_value(text, &object[key]);
    }
    text.push('}');
}
