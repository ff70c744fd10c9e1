//! The expression engine: minijinja's expressions with our helpers and nothing else. Nothing in it reaches a file, the
//! network or a clock; fuel bounds how long an expression can run, and [`crate::facts`] how much it is given.

use std::sync::LazyLock;

use minijinja::{Environment, Error, Expression, UndefinedBehavior, Value, value::ValueKind};
use people::Lack;

use crate::{facts, helpers};

/// Steps one expression may take.
const FUEL: u64 = 20_000;
/// Longest result of one expression, in bytes.
pub(crate) const RESULT_MAX: usize = 1 << 20;
/// The name under which [`crate::facts`] hands over the zone; no expression can spell it.
pub(crate) const ZONE: &str = " zone";
/// The name under which it hands over the tables of the configuration.
pub(crate) const TABLES: &str = helpers::TABLES;

static LANGUAGE: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut language = Environment::empty();
    // Absent facts are blank, all the way down; unknown *names* are refused when the mapping is compiled.
    language.set_undefined_behavior(UndefinedBehavior::Chainable);
    language.set_fuel(Some(FUEL));
    // On by default in a debug build: the debug form of an error then shows the values it came from.
    language.set_debug(false);
    helpers::register(&mut language);
    language
});

/// Compiles one expression.
pub(crate) fn compile(source: &str) -> Result<Expression<'static, 'static>, Error> {
    LANGUAGE.compile_expression_owned(source.to_owned())
}

/// Runs an expression: a value, a blank, or what is wrong with it. Never a panic.
pub(crate) fn compute(
    expression: &Expression<'static, 'static>,
    context: &Value,
) -> Result<people::Value, Lack> {
    match expression.eval(context.clone()) {
        Ok(found) => value(&found),
        Err(error) => Err(helpers::lack(&error)),
    }
}

/// The field's value; an error for what no field can hold: a function, a table, an oversized text.
pub(crate) fn value(found: &Value) -> Result<people::Value, Lack> {
    if found.is_undefined() || found.is_none() {
        return Ok(people::Value::Blank);
    }
    match found.kind() {
        ValueKind::Bool => Ok(people::Value::Bool(found.is_true())),
        ValueKind::Number => number(found),
        ValueKind::String => match found.as_str().unwrap_or_default() {
            "" => Ok(people::Value::Blank),
            text if text.len() > RESULT_MAX => Err(Lack::TooLong),
            text => Ok(people::Value::Text(text.to_owned())),
        },
        ValueKind::Seq | ValueKind::Iterable => {
            let items = found.try_iter().map_err(|error| helpers::lack(&error))?;
            let mut length = 0;
            let values = items.map(|item| {
                let item = value(&item)?;
                length += item.to_text().len();
                if length > RESULT_MAX { Err(Lack::TooLong) } else { Ok(item) }
            });
            values.collect::<Result<Vec<_>, _>>().map(people::Value::List)
        }
        // The only facts that are none are those too long to be worked with.
        ValueKind::Invalid => Err(Lack::TooLong),
        _ => Err(Lack::NotComputable),
    }
}

fn number(found: &Value) -> Result<people::Value, Lack> {
    if let Ok(whole) = i64::try_from(found.clone()) {
        return Ok(people::Value::Integer(whole));
    }
    let number = f64::try_from(found.clone()).ok().filter(|number| number.is_finite());
    let number = number.ok_or(Lack::NotComputable)?;
    Ok(facts::whole(number).map_or(people::Value::Decimal(number), people::Value::Integer))
}

/// A value that makes whatever uses it fail.
pub(crate) fn too_long() -> Value {
    Value::from(helpers::too_long())
}
