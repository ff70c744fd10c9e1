//! Helpers of lists.

use std::{cmp::Ordering, collections::BTreeSet};

use minijinja::{Error, Value};

use super::call::{Call, blank, is_blank, plain};

pub(super) fn first(call: &Call<'_>) -> Result<Value, Error> {
    Ok(call.list()?.and_then(|items| items.into_iter().next()).unwrap_or_else(blank))
}

pub(super) fn last(call: &Call<'_>) -> Result<Value, Error> {
    Ok(call.list()?.and_then(|items| items.into_iter().last()).unwrap_or_else(blank))
}

pub(super) fn length(call: &Call<'_>) -> Result<Value, Error> {
    let length = match call.value().as_str() {
        Some(text) => text.chars().count(),
        None => call.list()?.map_or(0, |items| items.len()),
    };
    Ok(Value::from(length))
}

pub(super) fn join(call: &Call<'_>) -> Result<Value, Error> {
    let separator = call.text_argument("sep")?.unwrap_or_else(|| ";".to_owned());
    let Some(items) = call.list()? else { return Ok(blank()) };
    let texts = items.iter().filter(|item| !is_blank(item)).map(plain).collect::<Option<Vec<_>>>();
    let texts = texts.ok_or_else(|| call.cannot("an item is not a text"))?;
    if texts.is_empty() {
        return Ok(blank());
    }
    let between = separator.len().saturating_mul(texts.len() - 1);
    call.fits(texts.iter().fold(between, |bytes, text| bytes.saturating_add(text.len())))?;
    call.gives(texts.join(&separator))
}

pub(super) fn unique(call: &Call<'_>) -> Result<Value, Error> {
    let Some(items) = keyed(call)? else { return Ok(blank()) };
    let mut seen = BTreeSet::new();
    Ok(items.into_iter().filter_map(|(key, item)| seen.insert(key).then_some(item)).collect())
}

pub(super) fn sort(call: &Call<'_>) -> Result<Value, Error> {
    let Some(mut items) = keyed(call)? else { return Ok(blank()) };
    items.sort_by(|(one, _), (other, _)| one.cmp(other));
    Ok(items.into_iter().map(|(_, item)| item).collect())
}

/// Each item with what orders it.
fn keyed(call: &Call<'_>) -> Result<Option<Vec<(Key, Value)>>, Error> {
    let Some(items) = call.list()? else { return Ok(None) };
    let keyed = items.into_iter().map(|item| Some((Key::of(&item)?, item))).collect::<Option<Vec<_>>>();
    keyed.map(Some).ok_or_else(|| call.cannot("an item is not a text"))
}

/// A total order, which minijinja's own order of mixed values is not.
enum Key {
    Number(f64),
    Text(String),
}

impl Key {
    fn of(item: &Value) -> Option<Key> {
        match item {
            item if is_blank(item) => Some(Key::Text(String::new())),
            item if item.is_number() => f64::try_from(item.clone()).ok().map(Key::Number),
            item => plain(item).map(|text| Key::Text(text.into_owned())),
        }
    }
}

impl Ord for Key {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Key::Number(one), Key::Number(other)) => one.total_cmp(other),
            (Key::Text(one), Key::Text(other)) => one.cmp(other),
            (Key::Number(_), Key::Text(_)) => Ordering::Less,
            (Key::Text(_), Key::Number(_)) => Ordering::Greater,
        }
    }
}

impl PartialOrd for Key {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Key {}
