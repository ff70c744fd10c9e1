//! A mapping tried on one person: every field with its value and the facts it came from. Printed, never stored.

use std::collections::BTreeSet;

use people::{Date, FieldKey, Hire, Missing, OpportunityId, Person, Pii, Value, Wanted};

use crate::{
    Decisions, Mapping, Scope,
    apply::{LeftOut, Outcome, first_day},
    expression::{Compiled, Use},
    helpers, language,
    mapping::Field,
};

/// What a mapping makes of one person.
#[derive(Debug)]
pub struct Trial {
    /// The hires that were looked at, each with whether the target is told about it, and the facts that decided.
    pub hires: Vec<(OpportunityId, Scope, Vec<Fact>)>,
    /// Every field of the person, then of each hire in scope, in the order of the configuration.
    pub fields: Vec<Tried>,
}

/// One field.
#[derive(Debug)]
pub struct Tried {
    /// Which.
    pub key: FieldKey,
    /// Its expression.
    pub expression: String,
    /// What the target would hold.
    pub value: Option<Pii<Value>>,
    /// The value is a placeholder.
    pub filled: bool,
    /// Why it is not written, without holding anybody.
    pub left_out: Option<LeftOut>,
    /// Why it holds the person.
    pub missing: Option<Missing>,
    /// What the helper says that could not do its work; no value is in it.
    pub told: Option<String>,
    /// What it was made of.
    pub facts: Vec<Fact>,
}

/// One fact as the expression names it.
#[derive(Debug)]
pub struct Fact {
    /// As written: `name.first`.
    pub name: String,
    /// What Lever says, as text; empty when it says nothing.
    pub value: Pii<String>,
    /// For an answer: on which opportunity, and when.
    pub from: Option<String>,
}

impl Mapping {
    /// Tries the mapping on `person` and those of their hires that are in question.
    pub fn try_on(&self, person: &Person, hires: &BTreeSet<&OpportunityId>, decided_on: &Decisions) -> Trial {
        let looking = self.look_at(person);
        let today = |opportunity| decided_on.get(opportunity).copied();
        let mut trial = Trial { hires: Vec::new(), fields: Vec::new() };
        let mut in_scope = BTreeSet::new();
        for (opportunity, hire) in person.hires.iter().filter(|(id, _)| hires.contains(id)) {
            let seen = looking.at_hire(opportunity, hire, today(opportunity));
            let scope = self.scope_of(&seen, hire);
            if scope != Scope::Out {
                in_scope.insert(opportunity);
            }
            let facts = self.when.iter().flat_map(|when| facts(when, &seen, person, Some(hire))).collect();
            trial.hires.push((opportunity.clone(), scope, facts));
        }
        let wanted = self.apply(person, &in_scope, decided_on);
        let seen = looking.at_person();
        let first_day = first_day(&in_scope, decided_on);
        for field in &self.person {
            let key = FieldKey::Person { field: field.name.clone() };
            trial.fields.push(tried(key, field, &seen, person, None, first_day, &wanted));
        }
        for (opportunity, hire) in person.hires.iter().filter(|(id, _)| in_scope.contains(id)) {
            let seen = looking.at_hire(opportunity, hire, today(opportunity));
            for field in &self.hire {
                let key = FieldKey::Hire { opportunity: opportunity.clone(), field: field.name.clone() };
                trial.fields.push(tried(key, field, &seen, person, Some(hire), today(opportunity), &wanted));
            }
        }
        trial
    }
}

fn tried(
    key: FieldKey,
    field: &Field,
    seen: &minijinja::Value,
    person: &Person,
    hire: Option<&Hire>,
    today: Option<Date>,
    wanted: &Wanted,
) -> Tried {
    let compiled = &field.compiled;
    let outcome = field.outcome(seen, hire.is_some_and(|hire| compiled.needs.meets(hire.withheld)), today);
    let filled = matches!(outcome, Outcome::Filled(_));
    let (value, left_out) = match outcome {
        Outcome::Is(value) | Outcome::Filled(value) => (Some(Pii::new(value)), None),
        Outcome::LeftOut(why) => (None, Some(why)),
        Outcome::Lacks(_) => (None, None),
    };
    let missing = wanted.missing.iter().find(|missing| missing.field == key).cloned();
    let failed = missing.as_ref().and_then(|_| compiled.expression.eval(seen.clone()).err());
    Tried {
        key,
        expression: compiled.source.clone(),
        value,
        filled,
        left_out,
        missing,
        told: failed.as_ref().and_then(helpers::told),
        facts: facts(compiled, seen, person, hire),
    }
}

fn facts(compiled: &Compiled, seen: &minijinja::Value, person: &Person, hire: Option<&Hire>) -> Vec<Fact> {
    compiled.uses.iter().map(|used| fact(used, seen, person, hire)).collect()
}

fn fact(used: &Use, seen: &minijinja::Value, person: &Person, hire: Option<&Hire>) -> Fact {
    // A fact as written is an expression, too.
    let value = language::compile(&used.text)
        .map_err(drop)
        .and_then(|expression| language::compute(&expression, seen).map_err(drop))
        .map_or_else(|()| String::new(), |value| value.to_text());
    let asked = match used.name {
        "answer" => Some(person.answers.as_slice()),
        "form" => hire.map(|hire| hire.forms.as_slice()),
        _ => None,
    };
    let answer = used.query.as_ref().zip(asked).and_then(|(query, answers)| query.newest(answers));
    let from = answer.map(|answer| {
        let at =
            answer.at.map_or_else(|| "at an unknown time".to_owned(), |at| format!("on {}", at.date_naive()));
        format!("opportunity {}, answered {at}", answer.opportunity)
    });
    Fact { name: used.text.clone(), value: Pii::new(value), from }
}
