//! Helpers of the configuration's tables.

use std::borrow::Cow;

use minijinja::{Error, Value, value::ValueKind};

use super::{
    TABLES,
    call::{Call, blank, plain},
};

#[derive(Clone, Copy)]
pub(super) enum Miss {
    Keep,
    Blank,
    Hold,
}

pub(super) fn lookup(call: &Call<'_>) -> Result<Value, Error> {
    let miss = call.choice("miss", &[("hold", Miss::Hold), ("blank", Miss::Blank), ("keep", Miss::Keep)])?;
    let default = call.text_argument("default")?;
    let texts = texts(call)?;
    let Some(text) = texts.first() else { return Ok(blank()) };
    let name = call.text_argument("table")?.unwrap_or_default();
    let table = call
        .hidden(TABLES)
        .and_then(|tables| entry(&tables, &name))
        .ok_or_else(|| call.misused(format!("there is no table {name}")))?;
    if let Some(found) = texts.iter().find_map(|text| entry(&table, text).or_else(|| nearly(&table, text))) {
        return Ok(found);
    }
    match (default, miss) {
        (Some(default), _) => call.gives(default),
        (None, Miss::Keep) => call.gives(text),
        (None, Miss::Blank) => Ok(blank()),
        (None, Miss::Hold) => Err(call.not_in_table()),
    }
}

/// The text, or the texts of a list that are not blank.
fn texts(call: &Call<'_>) -> Result<Vec<String>, Error> {
    if call.value().kind() != ValueKind::Seq {
        return Ok(call.text()?.map(Cow::into_owned).into_iter().collect());
    }
    let items = call.list()?.unwrap_or_default();
    Ok(items.iter().filter_map(plain).map(Cow::into_owned).filter(|text| !text.is_empty()).collect())
}

fn entry(table: &Value, key: &str) -> Option<Value> {
    table.get_attr(key).ok().filter(|found| !found.is_undefined())
}

/// The first entry that differs only in capitals and in white space at the ends.
fn nearly(table: &Value, text: &str) -> Option<Value> {
    let alike = |text: &str| text.trim().to_lowercase();
    let wanted = alike(text);
    let key = table.try_iter().ok()?.find(|key| key.as_str().is_some_and(|key| alike(key) == wanted))?;
    entry(table, key.as_str()?)
}
