//! What `map fields` answers: everything there is to map, and what is mapped.

use std::fmt::Write as _;

use adapter_sdk::{FieldRule, FieldSpec, Level};
use mapping::{Field, HELPERS, HelperKind, KEYS, names::NAMES};
use people::FieldName;
use serde::Serialize;

use crate::{
    config::{Config, TargetConfig},
    data_flow::objects,
    print::{flat, table},
};

/// Names, helpers, rules, and each target's fields.
#[derive(Debug, Serialize)]
pub(super) struct Listing {
    names: Vec<OfName>,
    helpers: Vec<OfHelper>,
    rules: Vec<OfRule>,
    targets: Vec<OfTarget>,
}

#[derive(Debug, Serialize)]
struct OfName {
    name: &'static str,
    level: &'static str,
    gives: &'static str,
    asks_lever_for: Vec<&'static str>,
    about: &'static str,
}

#[derive(Debug, Serialize)]
struct OfHelper {
    name: &'static str,
    kind: &'static str,
    example: &'static str,
    about: &'static str,
}

#[derive(Debug, Serialize)]
struct OfRule {
    key: &'static str,
    example: &'static str,
    about: &'static str,
}

#[derive(Debug, Serialize)]
struct OfTarget {
    target: String,
    adapter: &'static str,
    /// Takes any field that the configuration names.
    open: bool,
    fields: Vec<OfField>,
}

#[derive(Debug, Serialize)]
struct OfField {
    level: &'static str,
    field: String,
    takes: Option<&'static str>,
    required: bool,
    length_max: Option<usize>,
    written: &'static str,
    default: Option<String>,
    mapped: Option<String>,
    /// What is mapped is the target's own default.
    inherited: bool,
}

impl Listing {
    pub(super) fn of(config: &Config) -> Listing {
        let name = |name: &mapping::names::Name| OfName {
            name: name.name,
            level: name.level.word(),
            gives: name.gives.words(),
            asks_lever_for: objects(name.needs),
            about: name.about,
        };
        let helper = |helper: &mapping::Helper| OfHelper {
            name: helper.name,
            kind: match helper.kind {
                HelperKind::Filter => "filter",
                HelperKind::Test => "test",
            },
            example: helper.usage,
            about: helper.about,
        };
        Listing {
            names: NAMES.iter().map(name).collect(),
            helpers: HELPERS.iter().map(helper).collect(),
            rules: KEYS.iter().map(|&(key, example, about)| OfRule { key, example, about }).collect(),
            targets: config.targets.iter().map(OfTarget::of).collect(),
        }
    }

    /// For people.
    pub(super) fn text(&self) -> String {
        let mut text = String::from("Names: those of a hire under .hire and in `when` only.\n\n");
        let row = |name: &OfName| {
            let asks = name.asks_lever_for.join(", ");
            vec![
                name.name.to_owned(),
                name.level.to_owned(),
                name.gives.to_owned(),
                asks,
                name.about.to_owned(),
            ]
        };
        let rows: Vec<Vec<String>> = self.names.iter().map(row).collect();
        text.push_str(&table(&["name", "of the", "gives", "asks Lever for", "what it is"], &rows));
        text.push_str("\nHelpers: value | filter, value is test.\n\n");
        let row = |helper: &OfHelper| {
            [helper.name, helper.kind, helper.example, helper.about].map(str::to_owned).to_vec()
        };
        let rows: Vec<Vec<String>> = self.helpers.iter().map(row).collect();
        text.push_str(&table(&["helper", "", "for example", "what it does"], &rows));
        text.push_str("\nRules of a field: field = { value = \"expression\", rule = … }.\n\n");
        let row = |rule: &OfRule| vec![format!("{} = {}", rule.key, rule.example), rule.about.to_owned()];
        let rows: Vec<Vec<String>> = self.rules.iter().map(row).collect();
        text.push_str(&table(&["rule", "what it does"], &rows));
        self.targets.iter().for_each(|target| target.write(&mut text));
        text
    }
}

impl OfTarget {
    fn of(target: &TargetConfig) -> OfTarget {
        let schema = &target.adapter.info().schema;
        let known = schema.fields.iter().map(|spec| OfField::of(spec.level, &spec.name, Some(spec), target));
        let is_known = |field: &&Field| {
            schema.fields.iter().any(|spec| spec.level == field.level && spec.name == field.name)
        };
        let further = target.mapping.fields().filter(|field| !is_known(field));
        let further = further.map(|field| OfField::of(field.level, &field.name, None, target));
        OfTarget {
            target: target.name.to_string(),
            adapter: target.adapter.info().kind,
            open: schema.open,
            fields: known.chain(further).collect(),
        }
    }

    fn write(&self, text: &mut String) {
        let _ = writeln!(
            text,
            "\nTarget {} ({}){}\n",
            self.target,
            self.adapter,
            match self.open {
                true => " takes any field: each that is mapped is one.",
                false => " takes these fields.",
            }
        );
        let row = |field: &OfField| {
            let mapped = match (&field.mapped, &field.default) {
                (Some(mapped), _) if field.inherited => format!("{} (its default)", flat(mapped)),
                (Some(mapped), _) => flat(mapped),
                (None, Some(default)) => format!("- (its default, {default}, is not inherited)"),
                (None, None) => "-".to_owned(),
            };
            vec![
                field.field.clone(),
                field.level.to_owned(),
                field.takes.unwrap_or("anything").to_owned(),
                if field.required { "yes" } else { "" }.to_owned(),
                field.length_max.map(|most| most.to_string()).unwrap_or_default(),
                field.written.to_owned(),
                mapped,
            ]
        };
        let rows: Vec<Vec<String>> = self.fields.iter().map(row).collect();
        text.push_str(&table(
            &["field", "of the", "takes", "required", "longest", "written", "mapped"],
            &rows,
        ));
    }
}

impl OfField {
    fn of(level: Level, name: &FieldName, spec: Option<&FieldSpec>, target: &TargetConfig) -> OfField {
        let field = target.mapping.fields().find(|field| field.level == level && field.name == *name);
        let rule = field.map(|field| &field.rule);
        let write = rule.and_then(|rule| rule.write).or(spec.map(|spec| spec.rule)).unwrap_or_default();
        OfField {
            level: level.word(),
            field: name.to_string(),
            takes: spec.map(|spec| spec.kind.words()),
            required: rule.map_or_else(|| spec.is_some_and(|spec| spec.required), |rule| rule.required),
            length_max: rule.and_then(|rule| rule.length_max).or(spec.and_then(|spec| spec.length_max)),
            written: written(write),
            default: spec.and_then(|spec| spec.source.as_deref().map(str::to_owned)),
            mapped: rule.map(|rule| rule.value.clone()),
            inherited: field.is_some_and(|field| field.inherited),
        }
    }
}

/// When a field is written, in a word or two.
fn written(rule: FieldRule) -> &'static str {
    match rule {
        FieldRule::Always => "always",
        FieldRule::OnlyOnCreate => "only on create",
        FieldRule::OnlyIfEmpty => "only if empty",
    }
}
