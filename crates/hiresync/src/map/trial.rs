//! What `map try` answers: the one page beside `plan` that shows personal values, to whoever asked for them.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
};

use adapter_sdk::Level;
use mapping::{Decisions, Fact, LeftOut, Scope, Tried};
use people::{Date, FieldKey, Hire, OpportunityId, Person, Timestamp, Value};
use serde::Serialize;

use crate::{
    config::{Config, TargetConfig},
    print::flat,
    wiring,
};

/// What each target's mapping makes of one person.
#[derive(Debug, Serialize)]
pub(super) struct Answer {
    contact: String,
    today: Date,
    storage_permitted: bool,
    targets: Vec<OfTarget>,
}

#[derive(Debug, Serialize)]
struct OfTarget {
    target: String,
    adapter: &'static str,
    when: Option<String>,
    hires: Vec<OfHire>,
    fields: Vec<OfField>,
}

#[derive(Debug, Serialize)]
struct OfHire {
    opportunity: String,
    hired_on: Date,
    scope: &'static str,
    why: String,
    facts: Vec<OfFact>,
}

#[derive(Debug, Serialize)]
struct OfField {
    level: &'static str,
    opportunity: Option<String>,
    field: String,
    outcome: What,
    value: serde_json::Value,
    why: Option<String>,
    needed_by: Option<Date>,
    expression: String,
    facts: Vec<OfFact>,
}

/// What came of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum What {
    Value,
    Placeholder,
    LeftOut,
    Held,
}

#[derive(Debug, Serialize)]
struct OfFact {
    name: String,
    value: String,
    from: Option<String>,
}

impl Answer {
    /// Every mapping of `config` tried on `person`, as if nothing was decided about any hire yet.
    pub(super) fn of(config: &Config, person: &Person, now: Timestamp) -> Answer {
        let today = now.with_timezone(&config.lever.zone).date_naive();
        Answer {
            contact: person.contact.to_string(),
            today,
            storage_permitted: person.protection.permits(now),
            targets: config.targets.iter().map(|target| of_target(config, target, person, today)).collect(),
        }
    }

    /// For people.
    pub(super) fn text(&self) -> String {
        let mut text =
            format!("Contact {}, as Lever has it now. Today is {}.\n", flat(&self.contact), self.today);
        if !self.storage_permitted {
            text.push_str(
                "Lever says that this person's data may not be stored (any more): nothing new is sent about them.\n",
            );
        }
        for target in &self.targets {
            target.write(&mut text);
        }
        text.push_str(
            "\nNothing was written. What the targets hold already was not looked at: `hiresync plan` does that.\n",
        );
        text
    }
}

fn of_target(config: &Config, target: &TargetConfig, person: &Person, today: Date) -> OfTarget {
    let since = wiring::settings(config).since();
    let zone = config.lever.zone;
    let in_question: BTreeSet<&OpportunityId> =
        person.hires.iter().filter(|(_, hire)| hire.hired_at >= since).map(|(id, _)| id).collect();
    let decided_on: Decisions = person.hires.keys().map(|id| (id.clone(), today)).collect();
    let trial = target.mapping.try_on(person, &in_question, &decided_on);
    let mut tried: BTreeMap<OpportunityId, (Scope, Vec<OfFact>)> = trial
        .hires
        .into_iter()
        .map(|(id, scope, facts)| (id, (scope, facts.into_iter().map(OfFact::of).collect())))
        .collect();
    let of_hire = |(id, hire): (&OpportunityId, &Hire)| {
        let (scope, why, facts) = match tried.remove(id) {
            Some((Scope::In, facts)) => ("in", "in scope".to_owned(), facts),
            Some((Scope::Out, facts)) => ("out", "left out by `when`".to_owned(), facts),
            Some((Scope::Unclear, facts)) => (
                "unclear",
                "held: `when` cannot be decided, because what it depends on is withheld or cannot be computed"
                    .to_owned(),
                facts,
            ),
            None => {
                let day = config.lever.hired_since;
                ("out", format!("left out: hired before `hired_since`, {day}"), Vec::new())
            }
        };
        let hired_on = hire.hired_at.with_timezone(&zone).date_naive();
        OfHire { opportunity: id.to_string(), hired_on, scope, why, facts }
    };
    OfTarget {
        target: target.name.to_string(),
        adapter: target.adapter.info().kind,
        when: target.mapping.when().map(str::to_owned),
        hires: person.hires.iter().map(of_hire).collect(),
        fields: trial.fields.into_iter().map(OfField::of).collect(),
    }
}

impl OfTarget {
    fn write(&self, text: &mut String) {
        let _ = writeln!(text, "\n{} ({})", self.target, self.adapter);
        if let Some(when) = &self.when {
            let _ = writeln!(text, "  when {}", flat(when));
        }
        for hire in &self.hires {
            let _ = writeln!(
                text,
                "  hire {} of {}: {}",
                flat(&hire.opportunity),
                hire.hired_on,
                flat(&hire.why)
            );
            hire.facts.iter().for_each(|fact| fact.write(text));
        }
        let in_scope = self.hires.iter().any(|hire| hire.scope != "out");
        let held = self.fields.iter().filter(|field| field.outcome == What::Held).count();
        let unclear = self.hires.iter().any(|hire| hire.scope == "unclear");
        let verdict = match (in_scope, held, unclear) {
            (false, ..) if self.hires.is_empty() => {
                "Nobody is hired under this contact: nothing is sent. The person, as they would be:"
            }
            (false, ..) => "No hire is in scope: nothing is sent. The person, as they would be:",
            (true, 0, false) => "Complete: this is what the target should hold.",
            (true, ..) => "Held: nothing is sent until what is held below is there.",
        };
        let _ = writeln!(text, "  {verdict}");
        let mut before = None;
        for field in &self.fields {
            let whose = (field.level, field.opportunity.as_deref());
            if before != Some(whose) {
                let _ = match whose.1 {
                    None => writeln!(text, "\n  person"),
                    Some(opportunity) => writeln!(text, "\n  hire {}", flat(opportunity)),
                };
                before = Some(whose);
            }
            field.write(text);
        }
    }
}

impl OfField {
    fn of(tried: Tried) -> OfField {
        let (outcome, why, needed_by) = match (&tried.missing, tried.left_out) {
            (Some(missing), _) => {
                let told = tried.told.as_ref().map_or_else(String::new, |told| format!(" ({told})"));
                (What::Held, Some(format!("{}{told}", missing.lack.words())), missing.due)
            }
            (None, Some(LeftOut::NeverCleared)) => {
                (What::LeftOut, Some("blank, and a blank never clears it".to_owned()), None)
            }
            (None, Some(LeftOut::Withheld)) => {
                (What::LeftOut, Some("Lever does not show us what it is made of".to_owned()), None)
            }
            (None, None) if tried.filled => {
                (What::Placeholder, Some("a placeholder: Lever has no value".to_owned()), None)
            }
            (None, None) => (What::Value, None, None),
        };
        let (level, opportunity, field) = match &tried.key {
            FieldKey::Person { field } => (Level::Person.word(), None, field.to_string()),
            FieldKey::Hire { opportunity, field } => {
                (Level::Hire.word(), Some(opportunity.to_string()), field.to_string())
            }
        };
        OfField {
            level,
            opportunity,
            field,
            outcome,
            value: tried.value.as_ref().map_or(serde_json::Value::Null, |value| json(value.reveal())),
            why,
            needed_by,
            expression: tried.expression,
            facts: tried.facts.into_iter().map(OfFact::of).collect(),
        }
    }

    fn write(&self, text: &mut String) {
        let _ = write!(text, "    {}", flat(&self.field));
        let why = self.why.as_deref().unwrap_or_default();
        let due = self.needed_by.map(|day| format!("; needed by {day}")).unwrap_or_default();
        let value = match &self.value {
            serde_json::Value::Null => " is blank".to_owned(),
            value => format!(" = {}", flat(&value.to_string())),
        };
        let _ = match self.outcome {
            What::Value => writeln!(text, "{value}"),
            What::Placeholder => writeln!(text, "{value}, {why}"),
            What::LeftOut => writeln!(text, ": not written: {why}"),
            What::Held => writeln!(text, ": held: {why}{due}"),
        };
        let _ = writeln!(text, "        {}", flat(&self.expression));
        match self.facts.as_slice() {
            // The value once more.
            [fact] if self.outcome == What::Value && fact.name == self.expression && fact.from.is_none() => {}
            facts => facts.iter().for_each(|fact| fact.write(text)),
        }
    }
}

impl OfFact {
    fn of(fact: Fact) -> OfFact {
        OfFact { name: fact.name, value: fact.value.reveal().clone(), from: fact.from }
    }

    fn write(&self, text: &mut String) {
        let value = match self.value.as_str() {
            "" => "nothing".to_owned(),
            value => flat(&serde_json::Value::from(value).to_string()),
        };
        let from = self.from.as_ref().map(|from| format!(" ({from})")).unwrap_or_default();
        let _ = writeln!(text, "          {} is {value}{}", flat(&self.name), flat(&from));
    }
}

fn json(value: &Value) -> serde_json::Value {
    match value {
        Value::Blank => serde_json::Value::Null,
        Value::Text(text) => text.as_str().into(),
        Value::Integer(number) => (*number).into(),
        Value::Decimal(number) => (*number).into(),
        Value::Bool(yes) => (*yes).into(),
        Value::Day(day) => day.to_string().into(),
        Value::List(values) => values.iter().map(json).collect(),
    }
}
