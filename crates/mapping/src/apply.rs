//! From a person to what a target should hold.

use std::{collections::BTreeSet, sync::Arc};

use adapter_sdk::{FieldKind, Placeholder};
use chrono::{Datelike, TimeDelta};
use people::{
    Date, FieldKey, FieldName, Filled, Hire, Lack, Missing, OpportunityId, Person, Pii, Value, Wanted,
};

use crate::{
    Decisions, Mapping, Scope, WHEN,
    facts::{self, Facts},
    helpers::YEARS,
    mapping::Field,
    rules::{Due, Milestone, Rule},
};

/// What came of one field.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Outcome {
    /// This value.
    Is(Value),
    /// Nobody gave a value: the placeholder.
    Filled(Value),
    /// It is not ours to write this time.
    LeftOut(LeftOut),
    /// It holds the person.
    Lacks(Lack),
}

/// Why a field is not written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LeftOut {
    /// A blank, and `never_clear`.
    NeverCleared,
    /// Lever did not show us what it is made of: that is unknown, not blank.
    Withheld,
}

/// The person's facts, and one hire's after another.
pub(crate) struct Looking<'m> {
    mapping: &'m Mapping,
    person: Arc<Facts>,
}

impl Mapping {
    /// What a target should hold about `person`, with one record for each of the hires `in_scope`.
    pub fn apply(
        &self,
        person: &Person,
        in_scope: &BTreeSet<&OpportunityId>,
        decided_on: &Decisions,
    ) -> Wanted {
        let looking = self.look_at(person);
        let hires: Vec<(&OpportunityId, &Hire)> =
            person.hires.iter().filter(|(id, _)| in_scope.contains(id)).collect();
        let mut wanted = Wanted::default();
        let seen = looking.at_person();
        let first_day = first_day(in_scope, decided_on);
        for field in &self.person {
            let key = FieldKey::Person { field: field.name.clone() };
            let due = |due: Due| hires.iter().filter_map(|(_, hire)| due.day(hire, self)).min();
            if let Some(value) = settle(key, field, field.outcome(&seen, false, first_day), due, &mut wanted)
            {
                wanted.person.insert(field.name.clone(), Pii::new(value));
            }
        }
        for (opportunity, hire) in hires {
            let today = decided_on.get(opportunity).copied();
            let seen = looking.at_hire(opportunity, hire, today);
            let mut fields = people::Fields::new();
            if let Err(lack) = self.is_meant(&seen, hire) {
                let key = FieldKey::Hire { opportunity: opportunity.clone(), field: FieldName::new(WHEN) };
                wanted.missing.push(Missing { field: key, lack, due: None });
            }
            for field in &self.hire {
                let key = FieldKey::Hire { opportunity: opportunity.clone(), field: field.name.clone() };
                let withheld = field.compiled.needs.meets(hire.withheld);
                let outcome = field.outcome(&seen, withheld, today);
                if let Some(value) = settle(key, field, outcome, |due| due.day(hire, self), &mut wanted) {
                    fields.insert(field.name.clone(), Pii::new(value));
                }
            }
            wanted.hires.insert(opportunity.clone(), fields);
        }
        wanted
    }

    /// Whether the target is told about a hire of `person`. `today` is the day on which it was first planned.
    pub fn scope(&self, person: &Person, opportunity: &OpportunityId, today: Option<Date>) -> Scope {
        let Some(hire) = person.hires.get(opportunity).filter(|_| self.when.is_some()) else {
            return Scope::In;
        };
        self.scope_of(&self.look_at(person).at_hire(opportunity, hire, today), hire)
    }

    /// The same of a hire that is looked at already.
    pub(crate) fn scope_of(&self, seen: &minijinja::Value, hire: &Hire) -> Scope {
        match self.is_meant(seen, hire) {
            Ok(true) => Scope::In,
            Ok(false) => Scope::Out,
            Err(_) => Scope::Unclear,
        }
    }

    pub(crate) fn look_at(&self, person: &Person) -> Looking<'_> {
        let [heads, _] = &self.heads;
        Looking { mapping: self, person: Arc::new(facts::of_person(person, heads, self.zone, &self.tables)) }
    }

    /// Whether `when` is met; an error when it cannot be decided.
    fn is_meant(&self, seen: &minijinja::Value, hire: &Hire) -> Result<bool, Lack> {
        let Some(when) = &self.when else { return Ok(true) };
        if when.needs.meets(hire.withheld) {
            return Err(Lack::Withheld);
        }
        match when.compute(seen)? {
            Value::Bool(met) => Ok(met),
            Value::Blank => Ok(false),
            _ => Err(Lack::NotComputable),
        }
    }
}

impl Looking<'_> {
    pub(crate) fn at_person(&self) -> minijinja::Value {
        facts::about_person(&self.person)
    }

    pub(crate) fn at_hire(
        &self,
        opportunity: &OpportunityId,
        hire: &Hire,
        today: Option<Date>,
    ) -> minijinja::Value {
        let [_, heads] = &self.mapping.heads;
        facts::about_hire(&self.person, facts::of_hire(opportunity, hire, heads, today))
    }
}

impl Field {
    /// What comes of this field. `withheld`: Lever did not show us something it is made of. `today`: the day of the decision.
    pub(crate) fn outcome(&self, seen: &minijinja::Value, withheld: bool, today: Option<Date>) -> Outcome {
        let needed = self.rule.required || self.rule.hold.is_some() || self.rule.placeholder.is_some();
        if withheld {
            // Lever may well have it: no placeholder stands in for it.
            return if needed { Outcome::Lacks(Lack::Withheld) } else { Outcome::LeftOut(LeftOut::Withheld) };
        }
        let value = self.compiled.compute(seen).and_then(|value| fit(value, self.kind, &self.rule));
        match value {
            Err(lack) => Outcome::Lacks(lack),
            Ok(value) if !value.is_blank() => Outcome::Is(value),
            Ok(_) => match &self.rule.placeholder {
                Some(Placeholder::Is(value)) => Outcome::Filled(value.clone()),
                Some(Placeholder::Today) => {
                    today.map_or(Outcome::Lacks(Lack::Absent), |day| Outcome::Filled(Value::Day(day)))
                }
                None if needed => Outcome::Lacks(Lack::Absent),
                None if self.rule.never_clear => Outcome::LeftOut(LeftOut::NeverCleared),
                None => Outcome::Is(Value::Blank),
            },
        }
    }
}

/// The day on which the first of the hires was planned.
pub(crate) fn first_day(hires: &BTreeSet<&OpportunityId>, decided_on: &Decisions) -> Option<Date> {
    hires.iter().filter_map(|hire| decided_on.get(*hire)).min().copied()
}

impl Due {
    /// The day, as far as the hire says from when it is reckoned.
    fn day(self, hire: &Hire, mapping: &Mapping) -> Option<Date> {
        let from = match self.milestone {
            Milestone::Start => hire.offer.as_ref()?.start_date?,
            Milestone::Hire => hire.hired_at.with_timezone(&mapping.zone).date_naive(),
        };
        from.checked_add_signed(TimeDelta::days(self.days.into()))
    }
}

/// Puts what came of a field where it belongs; answers the value that is to be there.
fn settle(
    key: FieldKey,
    field: &Field,
    outcome: Outcome,
    due: impl FnOnce(Due) -> Option<Date>,
    wanted: &mut Wanted,
) -> Option<Value> {
    match outcome {
        Outcome::Is(value) => Some(value),
        Outcome::Filled(value) => {
            wanted.filled.push(Filled { field: key, why: WHY_FILLED.to_owned() });
            Some(value)
        }
        Outcome::LeftOut(_) => None,
        Outcome::Lacks(lack) => {
            let due =
                field.rule.hold.and_then(|hold| hold.due).filter(|_| lack == Lack::Absent).and_then(due);
            wanted.missing.push(Missing { field: key, lack, due });
            None
        }
    }
}

const WHY_FILLED: &str = "Lever has no value; a placeholder was sent";

/// The value in the form the field takes, if its rules allow it. A blank is always allowed here.
pub(crate) fn fit(value: Value, kind: Option<FieldKind>, rule: &Rule) -> Result<Value, Lack> {
    let value = match kind {
        Some(kind) => of_kind(value, kind).ok_or(Lack::WrongKind)?,
        None => value,
    };
    let allowed = |value: &Value| value.is_blank() || rule.one_of.contains(&value.to_text());
    let is_allowed = rule.one_of.is_empty()
        || match &value {
            Value::List(values) => values.iter().all(allowed),
            value => allowed(value),
        };
    if !is_allowed {
        return Err(Lack::NotAllowed);
    }
    match rule.length_max {
        Some(most) if value.to_text().chars().count() > most => Err(Lack::TooLong),
        _ => Ok(value),
    }
}

fn of_kind(value: Value, kind: FieldKind) -> Option<Value> {
    if value.is_blank() {
        return Some(Value::Blank);
    }
    match (kind, value) {
        (FieldKind::List, Value::List(values)) => Some(Value::List(values)),
        (FieldKind::List, value) => Some(Value::List(vec![value])),
        (_, Value::List(_)) => None,
        (FieldKind::Text, value) => Some(Value::Text(value.to_text())),
        (FieldKind::Day, Value::Text(text)) => {
            text.trim().parse().ok().filter(|day: &Date| YEARS.contains(&day.year())).map(Value::Day)
        }
        (FieldKind::Day, Value::Day(day)) => Some(Value::Day(day)),
        (FieldKind::Whole | FieldKind::Number, Value::Integer(number)) => Some(Value::Integer(number)),
        (FieldKind::Whole | FieldKind::Number, Value::Text(text)) if text.trim().parse::<i64>().is_ok() => {
            text.trim().parse().ok().map(Value::Integer)
        }
        (FieldKind::Number, Value::Decimal(number)) => Some(Value::Decimal(number)),
        (FieldKind::Number, Value::Text(text)) => {
            text.trim().parse().ok().filter(|number: &f64| number.is_finite()).map(Value::Decimal)
        }
        (FieldKind::Flag, Value::Bool(flag)) => Some(Value::Bool(flag)),
        (FieldKind::Flag, Value::Text(text)) => match text.trim().to_lowercase().as_str() {
            "yes" | "true" => Some(Value::Bool(true)),
            "no" | "false" => Some(Value::Bool(false)),
            _ => None,
        },
        (FieldKind::Day | FieldKind::Whole | FieldKind::Number | FieldKind::Flag, _) => None,
    }
}
