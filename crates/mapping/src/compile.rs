//! From rules to a mapping, or to everything that is wrong with them.

use std::collections::{BTreeMap, BTreeSet};

use adapter_sdk::{FieldKind, FieldSchema, FieldSpec, Level, Placeholder, settings::nearest};
use people::{FieldName, Value, Zone};

use crate::{
    Mapping, Needs, Tables,
    apply::fit,
    expression::{Compiled, Fault},
    mapping::Field,
    names::Gives,
    rules::{MappingFault, Place, Rule, Rules},
    specimen::Specimen,
};

impl Mapping {
    /// Compiles `rules` against the fields a target takes and the tables there are. Every fault is reported, none is left for
    /// the first hire.
    pub fn compile(
        rules: &Rules,
        tables: &Tables,
        schema: &FieldSchema,
        zone: Zone,
    ) -> Result<Mapping, Vec<MappingFault>> {
        let mut compiling = Compiling { schema, tables, faults: Vec::new() };
        let person = compiling.level(Level::Person, rules);
        let hire = compiling.level(Level::Hire, rules);
        let when = rules.when.as_deref().and_then(|when| compiling.when(when));
        compiling.across_levels(rules);
        let all = || person.iter().chain(&hire);
        let needs = all().map(Field::needs).chain(when.as_ref().map(|when| when.needs));
        let heads = |level: Level| -> Vec<&'static str> {
            let compiled = all().map(|field| &field.compiled).chain(&when);
            let heads: BTreeSet<_> = compiled.flat_map(|compiled| compiled.heads(level)).collect();
            heads.into_iter().collect()
        };
        let worded: Vec<_> = all().map(|field| (field.level, &field.name, &field.rule)).collect();
        let wording = format!("{zone} {:?} {worded:?} {tables:?}", rules.when);
        let mapping = Mapping {
            needs: needs.fold(Needs::default(), Needs::union),
            heads: [heads(Level::Person), heads(Level::Hire)],
            pinned: all().filter(|field| field.is_pinned()).map(|field| field.name.clone()).collect(),
            writes: all()
                .map(|field| ((field.level, field.name.clone()), field.rule.write.unwrap_or_default()))
                .collect(),
            tables: tables_value(tables),
            wording,
            person,
            hire,
            when,
            zone,
        };
        if compiling.faults.is_empty() {
            compiling.try_out(&mapping);
        }
        if compiling.faults.is_empty() { Ok(mapping) } else { Err(compiling.faults) }
    }
}

fn tables_value(tables: &Tables) -> minijinja::Value {
    let tables = tables.iter().map(|(name, table)| (name.clone(), minijinja::Value::from(table.clone())));
    tables.collect::<BTreeMap<String, minijinja::Value>>().into()
}

struct Compiling<'s> {
    schema: &'s FieldSchema,
    tables: &'s Tables,
    faults: Vec<MappingFault>,
}

impl Compiling<'_> {
    /// The fields of one level: the target's defaults that nothing replaces, then those of the configuration in its order.
    fn level(&mut self, level: Level, rules: &Rules) -> Vec<Field> {
        let written = match level {
            Level::Person => &rules.person,
            Level::Hire => &rules.hire,
        };
        let is_written = |spec: &FieldSpec| written.iter().any(|(field, _)| field == spec.name.as_str());
        let mut fields = Vec::new();
        for spec in self.schema.fields.iter().filter(|spec| spec.level == level && !is_written(spec)) {
            // A field with a placeholder has a value without any fact.
            let source = spec.source.as_deref().or(spec.placeholder.as_ref().map(|_| "''"));
            match source.filter(|_| !rules.without_defaults) {
                Some(source) => {
                    let name = spec.name.as_str();
                    fields.extend(self.field(level, name, &Rule::new(source), Some(spec), true));
                }
                None if spec.required => self.fault(
                    level,
                    spec.name.as_str(),
                    "value",
                    "is required by the target and mapped to nothing",
                    format!("add {} = \"…\" under .{}", spec.name, level.word()),
                ),
                None => {}
            }
        }
        for (name, rule) in written {
            let spec =
                self.schema.fields.iter().find(|spec| spec.level == level && spec.name.as_str() == name);
            if spec.is_none() && !self.schema.open {
                self.unknown_field(level, name);
            }
            fields.extend(self.field(level, name, rule, spec, false));
        }
        fields
    }

    fn field(
        &mut self,
        level: Level,
        name: &str,
        rule: &Rule,
        spec: Option<&FieldSpec>,
        inherited: bool,
    ) -> Option<Field> {
        let before = self.faults.len();
        let mut rule = rule.clone();
        if let Some(spec) = spec {
            if let (Some(ours), Some(theirs)) = (rule.length_max, spec.length_max)
                && ours > theirs
            {
                let problem = format!("is more than the {theirs} characters the target takes");
                self.fault(level, name, "max_length", problem, format!("write at most {theirs}"));
            }
            if rule.placeholder.is_none() && rule.hold.is_none() && !rule.required {
                rule.placeholder = spec.placeholder.clone();
            }
            // Whoever chooses the key has one for everybody: none is made up.
            rule.required |= spec.required || level == Level::Person && self.is_key(name);
            rule.length_max = rule.length_max.or(spec.length_max);
            rule.write = rule.write.or(Some(spec.rule));
        }
        self.contradictions(level, name, &rule, spec);
        let compiled = match Compiled::new(&rule.value, level, self.tables) {
            Ok(compiled) => Some(compiled),
            Err(faults) => {
                let place = || Place::Field { level, field: name.to_owned(), key: "value" };
                self.faults.extend(faults.into_iter().map(|fault| placed(place(), fault)));
                None
            }
        };
        let kind = spec.map(|spec| spec.kind);
        // What is the same for everybody is tried out later.
        let varying = compiled.as_ref().filter(|compiled| !compiled.is_constant());
        if let Some(compiled) = compiled.as_ref().filter(|_| level == Level::Person && self.is_key(name)) {
            self.impersonal(name, compiled);
        }
        let misfit = varying.zip(kind).and_then(|(compiled, kind)| compiled.misfit(kind));
        if let Some((problem, remedy)) = misfit {
            self.fault(level, name, "value", problem, remedy);
        }
        let compiled = compiled.filter(|_| self.faults.len() == before)?;
        // Its own rules allow it, as was just seen.
        rule.placeholder = match rule.placeholder.take() {
            Some(Placeholder::Is(value)) => fit(value, kind, &rule).ok().map(Placeholder::Is),
            today => today,
        };
        Some(Field {
            level,
            name: FieldName::new(name),
            kind,
            personal: spec.is_none_or(|spec| spec.personal),
            inherited,
            rule,
            compiled,
        })
    }

    fn is_key(&self, name: &str) -> bool {
        self.schema.key.as_ref().is_some_and(|key| key.as_str() == name)
    }

    /// A record's id is kept and logged.
    fn impersonal(&mut self, name: &str, compiled: &Compiled) {
        const PERSONAL: [&str; 7] = ["name", "emails", "phones", "phone", "location", "links", "profile"];
        let personal = compiled
            .uses
            .iter()
            .find(|used| PERSONAL.contains(&used.name.split('.').next().unwrap_or_default()));
        if let Some(used) = personal {
            let problem = format!(
                "is the record's own key, which is kept and logged, and would be made of {}",
                used.text
            );
            let remedy = "make it of `contact`, or of a field that holds a number of yours; without a mapping it is made of the contact id";
            self.fault(Level::Person, name, "value", problem, remedy);
        }
    }

    /// Rules that cannot hold together, and a placeholder that its own rules refuse.
    fn contradictions(&mut self, level: Level, name: &str, rule: &Rule, spec: Option<&FieldSpec>) {
        let kind = spec.map(|spec| spec.kind);
        for choice in &rule.one_of {
            if let Err(lack) = fit(Value::Text(choice.clone()), kind, rule) {
                let problem = format!("allows {choice}, which is {}", lack.words());
                let remedy = match kind {
                    Some(FieldKind::Flag) => "write true or false",
                    _ => "write each value as the field takes it",
                };
                self.fault(level, name, "one_of", problem, remedy);
            }
        }
        let Some(Placeholder::Is(placeholder)) = &rule.placeholder else { return };
        if rule.hold.is_some() {
            self.fault(
                level,
                name,
                "placeholder",
                "stands beside hold: one sends the person, the other does not",
                "keep one of the two",
            );
        }
        if placeholder.is_blank() {
            self.fault(level, name, "placeholder", "is empty", "write the value to be sent, or remove it");
        }
        if let Err(lack) = fit(placeholder.clone(), kind, rule) {
            let problem = format!("is {}", lack.words());
            self.fault(
                level,
                name,
                "placeholder",
                problem,
                "write a value that the field's other rules allow",
            );
        }
    }

    fn unknown_field(&mut self, level: Level, name: &str) {
        let other = self.schema.fields.iter().find(|spec| spec.name.as_str() == name);
        let fields =
            self.schema.fields.iter().filter(|spec| spec.level == level).map(|spec| spec.name.as_str());
        let remedy = match (other, nearest(name, fields)) {
            (Some(other), _) => format!("move it to the target's .{} table", other.level.word()),
            (None, Some(near)) => format!("did you mean {near}?"),
            (None, None) => "remove it; `hiresync map fields` lists the target's fields".to_owned(),
        };
        self.fault(level, name, "value", "is no field of this target", remedy);
    }

    fn when(&mut self, source: &str) -> Option<Compiled> {
        match Compiled::new(source, Level::Hire, self.tables) {
            Ok(when) if matches!(when.gives, Gives::Flag | Gives::Anything) => Some(when),
            Ok(when) => {
                self.faults.push(MappingFault {
                    place: Place::When,
                    at: None,
                    problem: format!("gives {}, which is neither true nor false", when.gives.words()),
                    remedy: "compare it, e.g. posting.country == 'GB'".to_owned(),
                });
                None
            }
            Err(faults) => {
                self.faults.extend(faults.into_iter().map(|fault| placed(Place::When, fault)));
                None
            }
        }
    }

    /// A column that both levels name would stand twice in a row.
    fn across_levels(&mut self, rules: &Rules) {
        for (field, _) in &rules.hire {
            if rules.person.iter().any(|(other, _)| other == field) {
                self.fault(Level::Hire, field, "value", "is mapped under .person too", "keep one of the two");
            }
        }
    }

    /// What a helper is told wrongly shows when it is tried.
    fn try_out(&mut self, mapping: &Mapping) {
        for (field, problem) in Specimen::new().try_out(mapping) {
            let place = field.map_or(Place::When, |field| Place::Field {
                level: field.level,
                field: field.name.to_string(),
                key: "value",
            });
            let remedy = "see the table of helpers: `hiresync map fields`".to_owned();
            self.faults.push(MappingFault { place, at: None, problem, remedy });
        }
    }

    fn fault(
        &mut self,
        level: Level,
        field: &str,
        key: &'static str,
        problem: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        self.faults.push(MappingFault {
            place: Place::Field { level, field: field.to_owned(), key },
            at: None,
            problem: problem.into(),
            remedy: remedy.into(),
        });
    }
}

fn placed(place: Place, fault: Fault) -> MappingFault {
    MappingFault { place, at: fault.at, problem: fault.problem, remedy: fault.remedy }
}
