//! The fields of a target, in their short and their long form, and the tables that expressions look things up in.

use std::collections::BTreeMap;

use adapter_sdk::{
    Capabilities, FieldRule, Level, Placeholder,
    settings::{Node, Reading, Section},
};
use mapping::{DUE_FORMS, Hold, Rule, Tables};
use people::Value;

const LENGTH_MAX: i64 = 1_000_000;
const EXPRESSION: &str = "write an expression in quotes, e.g. \"name.first\"; a fixed text is \"'text'\"";

/// One field as it is written: its name, and its rule unless it is none.
pub(super) type Written = (String, Option<Rule>);

/// `[targets.NAME.person]` or `[targets.NAME.hire]`, in the order of the file.
pub(super) fn rules(reading: &Reading, target: &mut Section<'_>, level: Level) -> Vec<Written> {
    let mut fields = target.section(level.word());
    let rest = fields.rest();
    rest.into_iter()
        .map(|(field, node)| {
            let rule = match node {
                Node::Text(expression) | Node::Loose(expression) => Some(Rule::new(expression)),
                Node::Table(entries) => {
                    let section = reading.section(&fields.at(&field), Some(Node::Table(entries)));
                    if !section.has("value") {
                        let remedy = "add value = \"name.first\", or put quotes around a name with a dot";
                        fields.fault(&field, "has no value", remedy);
                    }
                    long(section)
                }
                other => {
                    fields.fault(&field, format!("is {}, not an expression", other.kind()), EXPRESSION);
                    None
                }
            };
            (field, rule)
        })
        .collect()
}

/// `field = { value = "…", … }`
fn long(mut section: Section<'_>) -> Option<Rule> {
    let value = section.text("value");
    let rule = Rule {
        value: String::new(),
        required: section.flag("required").unwrap_or(false),
        write: write(&mut section),
        never_clear: never_clear(&mut section),
        length_max: section.integer("max_length", 1..=LENGTH_MAX).and_then(|most| most.try_into().ok()),
        one_of: one_of(&mut section),
        hold: hold(&mut section),
        placeholder: placeholder(&mut section).map(Placeholder::Is),
        purpose: purpose(&mut section),
    };
    section.finish();
    Some(Rule { value: value?, ..rule })
}

/// When it is written; `None`: nobody said, and the target's own rule stands.
fn write(section: &mut Section<'_>) -> Option<FieldRule> {
    match (section.flag("only_on_create"), section.flag("only_if_empty")) {
        (Some(true), Some(true)) => {
            let problem = "stands beside only_on_create, after which the field is never looked at again";
            section.fault("only_if_empty", problem, "keep one of the two");
            None
        }
        (Some(true), _) => Some(FieldRule::OnlyOnCreate),
        (_, Some(true)) => Some(FieldRule::OnlyIfEmpty),
        (None, None) => None,
        _ => Some(FieldRule::Always),
    }
}

fn never_clear(section: &mut Section<'_>) -> bool {
    let (never, clear) = (section.flag("never_clear"), section.flag("clear"));
    if never.is_some() && never == clear {
        section.fault("clear", "says the opposite of never_clear", "keep one of the two");
    }
    never.unwrap_or(clear == Some(false))
}

fn one_of(section: &mut Section<'_>) -> Vec<String> {
    const FORM: &str = "an array of texts or numbers, e.g. [\"F\", \"M\", \"U\"]";
    let values = match section.any("one_of") {
        None => return Vec::new(),
        Some(Node::List(values)) => values,
        Some(other) => return section.wrong("one_of", &other, FORM).unwrap_or_default(),
    };
    if values.is_empty() {
        section.fault("one_of", "allows nothing at all", "write the values there may be, or remove it");
    }
    let allowed = |(at, value): (usize, &Node)| match value {
        Node::Text(_) | Node::Integer(_) | Node::Float(_) => literal(value).map(|value| value.to_text()),
        other => section.wrong(&format!("one_of[{at}]"), other, "a text or a number"),
    };
    values.iter().enumerate().filter_map(allowed).collect()
}

fn hold(section: &mut Section<'_>) -> Option<Hold> {
    let text = match section.any("hold")? {
        Node::Flag(held) => return held.then(Hold::default),
        Node::Loose(text) if text == "true" => return Some(Hold::default()),
        Node::Loose(text) if text == "false" => return None,
        Node::Text(text) | Node::Loose(text) => text,
        other => return section.wrong("hold", &other, &format!("true or a due date such as {DUE_FORMS}")),
    };
    let hold = text.parse();
    if hold.is_err() {
        section.fault("hold", "is no due date", format!("write {DUE_FORMS}, or true for no day"));
    }
    hold.ok()
}

fn placeholder(section: &mut Section<'_>) -> Option<Value> {
    let found = section.any("placeholder")?;
    let value = literal(&found);
    if value.is_none() {
        return section.wrong("placeholder", &found, "a text in quotes, a number, true, false or a day");
    }
    value
}

/// Why the data goes there: of a field, or of a whole target.
pub(super) fn purpose(section: &mut Section<'_>) -> Option<String> {
    let purpose = section.text("purpose")?;
    if purpose.trim().is_empty() {
        section.fault("purpose", "is empty", "say why the data goes there, e.g. \"payroll\", or remove it");
        return None;
    }
    Some(purpose)
}

/// What stands there itself: no expression. A bare day reads as its text.
fn literal(node: &Node) -> Option<Value> {
    match node {
        Node::Text(text) | Node::Loose(text) => Some(Value::Text(text.clone())),
        Node::Integer(number) => Some(Value::Integer(*number)),
        Node::Float(number) => number.is_finite().then_some(Value::Decimal(*number)),
        Node::Flag(yes) => Some(Value::Bool(*yes)),
        Node::Table(_) | Node::List(_) => None,
    }
}

/// `[tables.*]`. One with faults is there all the same: who looks into it is not to blame.
pub(super) fn tables(reading: &Reading, mut section: Section<'_>) -> Tables {
    let mut tables = Tables::new();
    for (name, node) in section.rest() {
        let mut table = reading.section(&section.at(&name), Some(node.clone()));
        let entries = table.rest();
        if entries.is_empty() && matches!(node, Node::Table(_)) {
            section.fault(&name, "is empty", "add lines such as Engineering = \"4100\", or remove it");
        }
        let mut pairs = BTreeMap::new();
        // As `lookup` compares what no key is exactly.
        let mut alike = BTreeMap::<String, String>::new();
        for (key, node) in entries {
            if let Some(first) = alike.insert(key.trim().to_lowercase(), key.clone()) {
                let problem = format!("differs from `{first}` only in capitals or blanks");
                table.fault(&key, problem, "lookup could not tell them apart: keep one of the two");
            }
            match literal(&node) {
                Some(value) => drop(pairs.insert(key, value.to_text())),
                None => drop(table.wrong::<()>(&key, &node, "a text in quotes")),
            }
        }
        tables.insert(name, pairs);
    }
    tables
}

/// `only_if_empty` of a target that nobody can look into could never be kept.
pub(super) fn readable(
    reading: &Reading,
    target: &str,
    level: Level,
    fields: &[Written],
    capabilities: Capabilities,
) {
    let only_if_empty =
        |rule: &Option<Rule>| rule.as_ref().is_some_and(|rule| rule.write == Some(FieldRule::OnlyIfEmpty));
    for (field, _) in fields.iter().filter(|(_, rule)| !capabilities.read && only_if_empty(rule)) {
        let problem = "cannot be kept: what this target holds cannot be read";
        let path = format!("{target}.{}.{field}.only_if_empty", level.word());
        reading.fault(path, problem, "use only_on_create");
    }
}
