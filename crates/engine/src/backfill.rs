//! Lever's ids, written by order onto a record that was there before us ("backfill each record with the appropriate Lever
//! contact id", Lever's guide for HRIS integrations). Nothing else is written, and nothing of HR's is written over. Pure.

use std::collections::BTreeSet;

use adapter_sdk::{Intent, Level};
use ledger::{Debt, DigestKey, Digests};
use people::{FieldKey, FieldName, Value, Wanted};

use crate::plan::{Decision, Facts, Plan, Remote, held_value};

/// Once nothing else is owed, what a human ordered is.
pub(crate) fn backfill(facts: &Facts<'_>, key: &DigestKey, plan: &mut Plan) {
    if !facts.standing.backfill || facts.standing.agreed.is_none() || !plan.decision.is_at_rest() {
        return;
    }
    let remote = match facts.remote {
        _ if facts.ids.is_empty() || !facts.capabilities.update || !facts.capabilities.read => {
            plan.backfilled = true;
            return;
        }
        Remote::Unasked => {
            *plan = Plan { pins: std::mem::take(&mut plan.pins), ..Plan::new(Decision::Ask) };
            return;
        }
        // That it is gone is said when something is to be written to it.
        Remote::Gone => return,
        Remote::Holds(remote) => remote,
    };
    let lacks = |field: &FieldKey, ours: &Value| match held_value(remote, field) {
        Some(theirs) => adds(ours, theirs),
        // A hire's own, of an employment that is not there.
        None => matches!(field, FieldKey::Person { .. }),
    };
    let changed: Vec<FieldKey> = facts
        .wanted
        .iter()
        .filter(|(field, ours)| facts.ids.contains(&place_of(field)) && lacks(field, ours))
        .map(|(field, _)| field)
        .collect();
    if changed.is_empty() {
        plan.backfilled = true;
        return;
    }
    if matches!(plan.decision, Decision::Compared(_)) {
        // That is written down first; the person is looked at once more.
        return;
    }
    let wanted = only(facts.wanted, &changed);
    let digests: Digests = key.wanted(&wanted);
    let debt = Debt { intent: Intent::Update, wanted: key.whole(&digests), changed };
    plan.decision = Decision::Owe { debt, wanted, digests };
    plan.waiting = None;
    plan.backfill = true;
}

/// Whether ours says all that theirs says, and more. What HR keeps in the field is not ours to write over.
fn adds(ours: &Value, theirs: &Value) -> bool {
    let (ours, theirs) = (ours.to_text(), theirs.to_text());
    let words =
        |text: &str| text.split([' ', ',', ';']).filter(|word| !word.is_empty()).map(str::to_owned).collect();
    let (ours, theirs): (BTreeSet<String>, BTreeSet<String>) = (words(&ours), words(&theirs));
    theirs.is_subset(&ours) && theirs != ours
}

/// The field, of whichever hire.
fn place_of(field: &FieldKey) -> (Level, FieldName) {
    match field {
        FieldKey::Person { field } => (Level::Person, field.clone()),
        FieldKey::Hire { field, .. } => (Level::Hire, field.clone()),
    }
}

fn only(wanted: &Wanted, fields: &[FieldKey]) -> Wanted {
    let mut only = Wanted::default();
    for (field, value) in wanted.iter().filter(|(field, _)| fields.contains(field)) {
        let value = people::Pii::new(value.clone());
        match field {
            FieldKey::Person { field } => {
                only.person.insert(field, value);
            }
            FieldKey::Hire { opportunity, field } => {
                only.hires.entry(opportunity).or_default().insert(field, value);
            }
        }
    }
    only
}
