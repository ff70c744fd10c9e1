use std::collections::{BTreeMap, BTreeSet};

use minijinja::{Environment, Error, UndefinedBehavior, Value};
use people::Lack;

use super::{HELPERS, HelperKind, TABLES, lack, misused, register};
use crate::language::ZONE;

fn language() -> Environment<'static> {
    let mut language = Environment::new();
    language.set_undefined_behavior(UndefinedBehavior::Chainable);
    register(&mut language);
    language
}

fn table<const N: usize>(entries: [(&str, Value); N]) -> Value {
    entries.into_iter().map(|(name, value)| (name.to_owned(), value)).collect::<BTreeMap<_, _>>().into()
}

fn texts<const N: usize>(texts: [&str; N]) -> Value {
    texts.into_iter().collect()
}

/// An invented person, hired in London; `x` is `value`.
fn context(value: Value) -> Value {
    let cost_centres = table([("Engineering", "4100".into()), ("People & Culture", "4200".into())]);
    let phone = Value::from_function(|_: &str| "07700 900123");
    table([
        (ZONE, "Europe/London".into()),
        (TABLES, table([("cost_centres", cost_centres)])),
        ("x", value),
        ("name", table([("full", "AMARA OKAFOR-LIND".into())])),
        ("emails", texts(["Amara@example.com", "a@example.org"])),
        ("tags", texts(["remote", "2026", "remote"])),
        ("phone", phone),
        ("location", " London, UK".into()),
        ("hired_at", "2026-03-31T23:30:00Z".into()),
        (
            "posting",
            table([
                ("title", "Senior Engineer".into()),
                ("department", "engineering ".into()),
                ("country", "gb".into()),
            ]),
        ),
        ("offer", table([("start_date", "2026-05-04".into()), ("salary_amount", 64000.0.into())])),
        ("manager", table([("name", "Anna Maria van der Berg".into())])),
    ])
}

/// What `expression` is of `x`.
fn eval(expression: &str, x: impl Into<Value>) -> Result<Value, Error> {
    language().compile_expression(expression).unwrap().eval(context(x.into()))
}

/// The same as text, lists with bars between their items, and errors as what they lack.
fn shown(expression: &str, x: impl Into<Value>) -> String {
    match eval(expression, x) {
        Ok(value) if value.is_none() || value.is_undefined() => "none".to_owned(),
        Ok(value) => match value.as_str() {
            None if value.kind() == minijinja::value::ValueKind::Seq => {
                value.try_iter().unwrap().map(|item| item.to_string()).collect::<Vec<_>>().join("|")
            }
            Some(text) => text.to_owned(),
            None => value.to_string(),
        },
        Err(error) if misused(&error) => format!("misused: {}", error.detail().unwrap()),
        Err(error) => format!("{:?}", lack(&error)),
    }
}

#[test]
fn the_table_names_every_filter_and_test_there_is_and_no_other() {
    // The keys of both are in minijinja's debug form, and nowhere else.
    let debug = format!("{:?}", language());
    let listed = |kind: &str| -> BTreeSet<String> {
        let (_, after) = debug.split_once(&format!("{kind}: [")).unwrap();
        let (keys, _) = after.split_once(']').unwrap();
        keys.split(", ").map(|key| key.trim_matches('"').to_owned()).collect()
    };
    let ours = |kind: HelperKind| -> BTreeSet<String> {
        HELPERS.iter().filter(|helper| helper.kind == kind).map(|helper| helper.name.to_owned()).collect()
    };
    assert_eq!(listed("filters"), ours(HelperKind::Filter));
    assert_eq!(listed("tests"), ours(HelperKind::Test));
}

#[test]
fn every_example_of_the_table_can_be_computed() {
    for helper in HELPERS {
        let sign = if helper.kind == HelperKind::Filter { '|' } else { 's' };
        assert!(helper.usage.contains(&format!("{sign} {}", helper.name)), "{}", helper.usage);
        eval(helper.usage, ()).unwrap_or_else(|error| panic!("{}: {error}", helper.usage));
        assert!(helper.required <= helper.keywords.len() && helper.positional <= helper.keywords.len());
    }
}
