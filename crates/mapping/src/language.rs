//! The expression engine: minijinja's expressions with our filters. Nothing in it reaches a file, the network or a clock,
//! and fuel bounds how long it can run.

use std::sync::LazyLock;

use chrono::NaiveDate;
use minijinja::{Environment, Error, ErrorKind, Expression, State, UndefinedBehavior, Value};
use people::{Timestamp, Zone};

/// Steps one expression may take.
const FUEL: u64 = 20_000;
/// Longest result of one expression, in bytes.
pub(crate) const RESULT_MAX: usize = 1 << 20;
/// The name under which [`crate::facts`] hands over the zone; no expression can spell it.
pub(crate) const ZONE: &str = " zone";

static LANGUAGE: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut language = Environment::new();
    // Absent facts are blank, all the way down; unknown *names* are refused when the mapping is compiled.
    language.set_undefined_behavior(UndefinedBehavior::Chainable);
    language.set_fuel(Some(FUEL));
    language.add_filter("date", date);
    // The only global functions are ours: what builds or repeats is gone.
    for builtin in ["range", "dict", "namespace", "debug", "lipsum", "cycler", "joiner"] {
        language.remove_global(builtin);
    }
    language
});

/// Compiles one expression.
pub(crate) fn compile(source: &str) -> Result<Expression<'static, 'static>, Error> {
    LANGUAGE.compile_expression_owned(source.to_owned())
}

/// `hired_at | date`: the calendar day of a moment in the configured zone; a day stays as it is; nothing stays nothing.
fn date(state: &State<'_, '_>, value: &Value) -> Result<Value, Error> {
    if value.is_undefined() || value.is_none() {
        return Ok(Value::from(()));
    }
    let wrong = || Error::new(ErrorKind::InvalidOperation, "date takes a day or a moment");
    let text = value.as_str().ok_or_else(wrong)?;
    if text.is_empty() {
        return Ok(Value::from(()));
    }
    if text.parse::<NaiveDate>().is_ok() {
        return Ok(value.clone());
    }
    let moment: Timestamp = text.parse().map_err(|_| wrong())?;
    let zone: Zone = state
        .lookup(ZONE)
        .and_then(|zone| zone.as_str().and_then(|name| name.parse().ok()))
        .ok_or_else(|| Error::new(ErrorKind::InvalidOperation, "no time zone is set"))?;
    Ok(Value::from(moment.with_timezone(&zone).date_naive().to_string()))
}
