//! The fields of a target: both forms, every rule, and the tables.

use adapter_sdk::{Capabilities, FieldRule, Level, Placeholder, settings::Reading};
use mapping::{Field, Hold, Rule};
use people::{FieldKey, FieldName, Value};

use super::Desk;
use crate::config::{Config, fields};

/// A configuration whose `[targets.r]` says `target`, and whose fields are `person`.
fn with(target: &str, person: &str) -> String {
    format!(
        "[lever]\napi_key = {{ file = \"key\" }}\nhired_since = 2026-01-01\n[targets.r]\nadapter = \"file-export\"\n\
         path = \"r\"\n{target}\n[targets.r.person]\nref = \"contact\"\n{person}\n"
    )
}

/// The line on which `person` begins.
const PERSON: usize = 10;

fn read(text: &str) -> Config {
    Desk::new().read(text, &[]).unwrap_or_else(|faults| panic!("{faults}\n{text}"))
}

fn field(config: &Config, name: &str) -> Rule {
    let key = FieldKey::Person { field: FieldName::new(name) };
    config.targets[0].mapping.field(&key).map(|field: &Field| field.rule.clone()).expect("it is mapped")
}

#[test]
fn the_long_form_says_every_rule_of_a_field() {
    let config = read(&with(
        "",
        "a = { value = \"location\", required = true, only_on_create = true, never_clear = true, max_length = 40, purpose = \"payroll\" }\n\
         b = { value = \"location\", hold = \"3 days before start\", only_if_empty = true, clear = false }\n\
         c = { value = \"location\", placeholder = \"U\", one_of = [\"U\", 7, 2.5], clear = true }\n\
         d = { value = \"location\", hold = true, only_on_create = false }\n\
         e = { value = \"location\", hold = false, never_clear = true, clear = false }\n\
         f = \"location\"",
    ));
    let location = Rule::new("location");
    let once = Some(FieldRule::OnlyOnCreate);
    for (name, rule) in [
        (
            "a",
            Rule {
                required: true,
                write: once,
                never_clear: true,
                length_max: Some(40),
                purpose: Some("payroll".to_owned()),
                ..location.clone()
            },
        ),
        (
            "b",
            Rule {
                hold: "3 days before start".parse().ok(),
                write: Some(FieldRule::OnlyIfEmpty),
                never_clear: true,
                ..location.clone()
            },
        ),
        (
            "c",
            Rule {
                placeholder: Some(Placeholder::Is(Value::Text("U".to_owned()))),
                one_of: ["U", "7", "2.5"].map(str::to_owned).to_vec(),
                ..location.clone()
            },
        ),
        ("d", Rule { hold: Some(Hold::default()), write: Some(FieldRule::Always), ..location.clone() }),
        ("e", Rule { never_clear: true, ..location.clone() }),
        ("f", location),
    ] {
        assert_eq!(field(&config, name), rule, "{name}");
    }
}

#[test]
fn a_placeholder_is_a_literal_and_never_an_expression() {
    for (written, value) in [
        ("\"name.first\"", Value::Text("name.first".to_owned())),
        ("7", Value::Integer(7)),
        ("7.5", Value::Decimal(7.5)),
        ("false", Value::Bool(false)),
        ("1900-01-01", Value::Text("1900-01-01".to_owned())),
    ] {
        let config = read(&with("", &format!("x = {{ value = \"location\", placeholder = {written} }}")));
        assert_eq!(field(&config, "x").placeholder, Some(Placeholder::Is(value)));
    }
}

#[test]
fn what_a_field_may_not_say_is_refused_at_its_place_with_a_remedy() {
    for (written, fault) in [
        (
            "x = 7",
            "1: targets.r.person.x: is a whole number, not an expression; write an expression in quotes",
        ),
        ("x = []", "1: targets.r.person.x: is an array, not an expression; "),
        ("x = {}", "1: targets.r.person.x: has no value; add value = \"name.first\""),
        ("x = { value = 7 }", "7: targets.r.person.x.value: is a whole number, not a text in quotes; "),
        ("x = { value = \"\" }", "7: targets.r.person.x: is empty; "),
        ("x = { vlue = \"contact\" }", "7: targets.r.person.x.vlue: is not a known key; did you mean value?"),
        ("x.y = \"contact\"", "put quotes around a name with a dot"),
        (
            "x = { value = \"contact\", onlyoncreate = true }",
            "26: targets.r.person.x.onlyoncreate: is not a known key; did you mean only_on_create?",
        ),
        (
            "x = { value = \"contact\", required = \"yes\" }",
            "26: targets.r.person.x.required: is a text, not true or false",
        ),
        (
            "x = { value = \"contact\", only_on_create = true, only_if_empty = true }",
            "49: targets.r.person.x.only_if_empty: stands beside only_on_create",
        ),
        (
            "x = { value = \"contact\", never_clear = true, clear = true }",
            "46: targets.r.person.x.clear: says the opposite of never_clear; keep one of the two",
        ),
        (
            "x = { value = \"contact\", max_length = 0 }",
            "26: targets.r.person.x.max_length: is out of range; write a whole number from 1 to 1000000",
        ),
        (
            "x = { value = \"contact\", one_of = [] }",
            "26: targets.r.person.x.one_of: allows nothing at all; ",
        ),
        (
            "x = { value = \"contact\", one_of = \"F\" }",
            "26: targets.r.person.x.one_of: is a text, not an array",
        ),
        (
            "x = { value = \"contact\", one_of = [\"F\", true] }",
            "41: targets.r.person.x.one_of[1]: is true or false, not a text or a number",
        ),
        (
            "x = { value = \"contact\", hold = \"3 days befor start\" }",
            "26: targets.r.person.x.hold: is no due date; write \"3 days before start\"",
        ),
        (
            "x = { value = \"contact\", hold = 3 }",
            "26: targets.r.person.x.hold: is a whole number, not true or a due date",
        ),
        (
            "x = { value = \"contact\", placeholder = [\"U\"] }",
            "26: targets.r.person.x.placeholder: is an array, not a text",
        ),
        (
            "x = { value = \"contact\", placeholder = nan }",
            "26: targets.r.person.x.placeholder: is a number, not",
        ),
        ("x = { value = \"contact\", placeholder = \"\" }", "26: targets.r.person.x.placeholder: is empty"),
        (
            "x = { value = \"contact\", hold = true, placeholder = \"U\" }",
            "39: targets.r.person.x.placeholder: stands beside hold",
        ),
        ("x = { value = \"contact\", purpose = \" \" }", "26: targets.r.person.x.purpose: is empty; say why"),
        (
            "x = \"contact | uper\"",
            "16: targets.r.person.x: uses the unknown filter uper at character 11; did you mean upper?",
        ),
        (
            "x = { hold = true, value = 'contact | uper' }",
            "39: targets.r.person.x: uses the unknown filter uper at character 11",
        ),
    ] {
        let faults = Desk::new().faults(&with("", written), &[]);
        let place = format!("hiresync.toml:{PERSON}:");
        let fault_is_there = faults.iter().all(|line| line.starts_with(&place))
            && faults.iter().any(|line| line.contains(fault));
        assert!(fault_is_there, "{written}: {faults:#?}\nexpected {fault}");
    }
}

#[test]
fn a_fault_in_an_expression_points_at_the_character_or_at_the_key_of_its_value() {
    let text = with("when = \"posting.contry == 'GB'\"", "")
        + "\n[targets.r.person.x]\nhold = true\nvalue = \"\"\"\nname.frist\"\"\"\n";
    assert_eq!(
        Desk::new().faults(&text, &[]),
        [
            "hiresync.toml:7:9: targets.r.when: uses the unknown name posting.contry at character 1; did you mean posting.country?",
            "hiresync.toml:14:1: targets.r.person.x: uses the unknown name name.frist at character 1; did you mean name.first?",
        ]
    );
}

#[test]
fn the_environment_overrides_a_short_field_and_one_rule_of_a_long_one() {
    let text = with("", "x = { value = \"location\", max_length = 40 }\ny = \"location\"");
    let vars = [
        ("HIRESYNC__TARGETS__R__PERSON__X__MAX_LENGTH", "50"),
        ("HIRESYNC__TARGETS__R__PERSON__X__HOLD", "true"),
        ("HIRESYNC__TARGETS__R__PERSON__Y", "name.first"),
        ("HIRESYNC__TARGETS__R__PURPOSE", "payroll"),
        ("HIRESYNC__TABLES__FILES__FILE", "a name like any other"),
    ];
    let config = Desk::new().read(&text, &vars).unwrap();
    let expected = Rule { length_max: Some(50), hold: Some(Hold::default()), ..Rule::new("location") };
    assert_eq!(field(&config, "x"), expected);
    assert_eq!(field(&config, "y"), Rule::new("name.first"));
    assert_eq!(config.targets[0].purpose.as_deref(), Some("payroll"));
    let faults = Desk::new().faults(
        &text,
        &[
            ("HIRESYNC__TARGETS__R__PERSON__X__VALUE", "name.frist"),
            ("HIRESYNC__TARGETS__R__PERSON__Y", "locaton"),
            ("HIRESYNC__TARGETS__R__PERSON__Z__HOLD", "true"),
        ],
    );
    for (fault, start) in faults.iter().zip([
        "HIRESYNC__TARGETS__R__PERSON__Z__HOLD: targets.r.person.z: has no value",
        "HIRESYNC__TARGETS__R__PERSON__X__VALUE: targets.r.person.x: uses the unknown name name.frist at character 1;",
        "HIRESYNC__TARGETS__R__PERSON__Y: targets.r.person.y: uses the unknown name locaton at character 1;",
    ]) {
        assert!(fault.starts_with(start), "{faults:#?}");
    }
    assert_eq!(faults.len(), 3);
}

#[test]
fn a_target_says_for_whom_and_why_it_is_told_and_whether_its_own_defaults_stay() {
    let config = read(&with(
        "when = \"posting.country == 'GB'\"\ninherit = false\npurpose = \"keeping the staff list\"",
        "",
    ));
    let target = &config.targets[0];
    assert_eq!(target.mapping.when(), Some("posting.country == 'GB'"));
    assert_eq!(target.purpose.as_deref(), Some("keeping the staff list"));
    assert_eq!(
        target
            .destination
            .as_deref()
            .map(|folder| folder.starts_with("the folder /") && folder.ends_with("/r")),
        Some(true)
    );
    let faults = Desk::new().faults(&with("when = true\ninherit = 1\npurpose = \"\"\nwen = \"x\"", ""), &[]);
    for (fault, start) in faults.iter().zip([
        "hiresync.toml:7:1: targets.r.when: is true or false, not a text in quotes",
        "hiresync.toml:8:1: targets.r.inherit: is a whole number, not true or false",
        "hiresync.toml:9:1: targets.r.purpose: is empty",
        "hiresync.toml:10:1: targets.r.wen: is not a known key; did you mean when?",
    ]) {
        assert!(fault.starts_with(start), "{faults:#?}");
    }
    assert_eq!(faults.len(), 4);
}

#[test]
fn a_table_keeps_its_keys_as_they_are_written() {
    let keys = ["R&D / Labs", "Sales.EMEA", "a[0]", "Müller & Söhne", "  two  blanks ", "ENGINEERING", ""];
    let lines: String = keys.iter().enumerate().map(|(at, key)| format!("{key:?} = \"K{at}\"\n")).collect();
    let expressions: String = keys
        .iter()
        .enumerate()
        .map(|(at, key)| format!("k{at} = \"'{key}' | lookup('Cost Centres')\"\n"))
        .collect();
    let text = format!("[tables.\"Cost Centres\"]\n{lines}{}", with("", &expressions));
    let config = read(&text);
    let person = people::Person::new("c1".parse().unwrap());
    let wanted = config.targets[0].mapping.apply(&person, &Default::default(), &Default::default());
    for (at, key) in keys.iter().enumerate().filter(|(_, key)| !key.is_empty()) {
        let value = wanted.person.get(format!("k{at}").as_str()).map(|value| value.reveal().to_text());
        assert_eq!(value, Some(format!("K{at}")), "{key:?}");
    }
    assert!(wanted.missing.is_empty());
}

#[test]
fn keys_of_a_table_that_lookup_could_not_tell_apart_are_both_named() {
    let table =
        "[tables.sex]\nmale = \"M\"\nfemale = \"F\"\n\"Male \" = \"m\"\n[tables.other]\nMALE = \"x\"\n";
    let faults = Desk::new().faults(&format!("{table}{}", with("", "")), &[]);
    assert_eq!(
        faults,
        [
            "hiresync.toml:4:1: tables.sex.Male : differs from `male` only in capitals or blanks; lookup could not tell them apart: keep one of the two"
        ]
    );
}

#[test]
fn a_table_is_text_to_text_and_not_empty() {
    let tables = "[tables.unused]\na = 4100\nb = true\nc = 1.5\nd = \"x\"\n";
    read(&format!("{tables}{}", with("", "")));
    let faulty = "[tables.none]\n[tables.odd]\na = [1]\nb = { c = 1 }\n[tables]\nplain = \"x\"\n";
    let faults =
        Desk::new().faults(&format!("{faulty}{}", with("", "x = \"contact | lookup('odds')\"")), &[]);
    for (fault, start) in faults.iter().zip([
        "hiresync.toml:1:9: tables.none: is empty; add lines such as Engineering = \"4100\", or remove it",
        "hiresync.toml:3:1: tables.odd.a: is an array, not a text in quotes",
        "hiresync.toml:4:1: tables.odd.b: is a table, not a text in quotes",
        "hiresync.toml:6:1: tables.plain: is a text, not a table; write [tables.plain]",
        "hiresync.toml:16:16: targets.r.person.x: looks into the unknown table odds at character 11; did you mean 'odd'?",
    ]) {
        assert!(fault.starts_with(start), "{start}\n{faults:#?}");
    }
    assert_eq!(faults.len(), 5);
}

#[test]
fn only_if_empty_is_refused_where_the_target_cannot_be_read() {
    let rule = Rule { write: Some(FieldRule::OnlyIfEmpty), ..Rule::new("contact") };
    let fields = [("x".to_owned(), Some(rule)), ("y".to_owned(), Some(Rule::new("contact")))];
    let faults = |read| -> Vec<String> {
        let reading = Reading::default();
        let capabilities = Capabilities { read, ..Capabilities::default() };
        fields::readable(&reading, "targets.r", Level::Hire, &fields, capabilities);
        reading.faults().iter().map(ToString::to_string).collect()
    };
    assert!(faults(true).is_empty());
    assert_eq!(
        faults(false),
        [
            "targets.r.hire.x.only_if_empty: cannot be kept: what this target holds cannot be read; use only_on_create"
        ]
    );
}
