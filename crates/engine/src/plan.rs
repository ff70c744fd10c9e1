//! What is owed to one target about one contact: decided from what Lever says, what was agreed, what the target holds and
//! what it can do. Pure: the same facts give the same plan.

use std::collections::BTreeSet;

use adapter_sdk::{Capabilities, Intent, RemoteState, TaskKind, TaskRequest};
use ledger::{Agreed, Debt, DigestKey, Digests, Standing, WhyHeld};
use people::{Candidacy, Digest, FieldKey, FieldName, OpportunityId, Person, Pii, Wanted};

/// What a plan is made from.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// The whole person, as Lever has it now.
    pub person: &'a Person,
    /// The person in the target's fields, hires in scope only.
    pub wanted: &'a Wanted,
    /// Where the contact stands with the target.
    pub standing: &'a Standing,
    /// What the target holds.
    pub remote: Remote<'a>,
    /// What the target can do.
    pub capabilities: Capabilities,
    /// Fields of a hire that depend on the day of the decision.
    pub pinned: &'a BTreeSet<FieldName>,
    /// Whether Lever lets us keep this person's data now.
    pub permitted: bool,
    /// The ledger was lost and this target can neither be searched nor listed.
    pub blind: bool,
}

/// What the target holds about the person.
#[derive(Debug, Clone, Copy)]
pub enum Remote<'a> {
    /// Not asked: [`Decision::Ask`] asks for it.
    Unasked,
    /// The record we knew is not there.
    Gone,
    /// This.
    Holds(&'a RemoteState),
}

/// What is to be done, and what a human must do.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// What is to be done.
    pub decision: Decision,
    /// Work for a human.
    pub tasks: Vec<TaskRequest>,
    /// Tasks whose reason has gone away: kind and cause.
    pub moot: Vec<(TaskKind, String)>,
    /// Fields that HR changed since, left as HR has them.
    pub kept: Vec<FieldKey>,
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq)]
pub enum Decision {
    /// Nothing: nobody was hired, or the hire is out of scope.
    NotInScope,
    /// Nothing: the target holds what it should.
    Agreed,
    /// Nothing is to be sent; these digests are what was compared.
    Compared(Digests),
    /// The target has to be asked what it holds first.
    Ask,
    /// This is owed.
    Owe {
        /// The change.
        debt: Debt,
        /// What to deliver: where HR's value is kept, HR's value.
        wanted: Wanted,
        /// What will have been agreed once it is delivered.
        digests: Digests,
    },
    /// It would be owed, but waits.
    Hold {
        /// The change.
        debt: Debt,
        /// Why it waits.
        why: WhyHeld,
    },
}

/// Decides.
pub fn plan(facts: &Facts<'_>, key: &DigestKey) -> Plan {
    let digests = key.wanted(facts.wanted);
    let mut plan =
        Plan { decision: Decision::NotInScope, tasks: Vec::new(), moot: Vec::new(), kept: Vec::new() };
    if let Some(agreed) = &facts.standing.agreed {
        review_hires(agreed, facts.person, &mut plan);
    }
    if facts.wanted.hires.is_empty() {
        return plan;
    }
    plan.decision = match &facts.standing.agreed {
        None => add(facts, digests, key),
        Some(agreed) => change(facts, agreed, digests, key, &mut plan),
    };
    plan
}

/// A delivered hire that Lever was *seen* to say is none (any more) is for a human to review. One that is merely not there is
/// not: absence is never evidence.
fn review_hires(agreed: &Agreed, person: &Person, plan: &mut Plan) {
    for opportunity in agreed.link.hires.keys() {
        match person.opportunities.get(opportunity) {
            Some(candidacy) if candidacy.is_seen_not_hired() => plan.tasks.push(TaskRequest {
                kind: TaskKind::ReviewWithdrawal,
                cause: opportunity.to_string(),
                text: format!(
                    "Lever no longer counts opportunity {opportunity} as a hire, but its record was delivered. It was left as it is: decide what to do with it."
                ),
                fields: Vec::new(),
            }),
            Some(Candidacy::Hired) => plan.moot.push((TaskKind::ReviewWithdrawal, opportunity.to_string())),
            _ => {}
        }
    }
}

fn add(facts: &Facts<'_>, digests: Digests, key: &DigestKey) -> Decision {
    let changed = facts.wanted.iter().map(|(field, _)| field).collect();
    let debt = Debt { intent: Intent::Add, wanted: key.whole(&digests), changed };
    if !facts.permitted {
        return Decision::Hold { debt, why: WhyHeld::StorageNotPermitted };
    }
    if facts.blind {
        return Decision::Hold { debt, why: WhyHeld::Recovery };
    }
    owe(facts, debt, facts.wanted.clone(), digests)
}

fn change(
    facts: &Facts<'_>,
    agreed: &Agreed,
    digests: Digests,
    key: &DigestKey,
    plan: &mut Plan,
) -> Decision {
    let capabilities = facts.capabilities;
    if !facts.permitted {
        return Decision::Agreed;
    }
    let mut digests = digests;
    // Hires that were not part of what was last agreed: new ones, and those that come back.
    let joining: BTreeSet<OpportunityId> = match &agreed.digests {
        Some(base) => facts.wanted.hires.keys().filter(|id| !base.hires.contains_key(*id)).cloned().collect(),
        None => {
            facts.wanted.hires.keys().filter(|id| !agreed.link.hires.contains_key(*id)).cloned().collect()
        }
    };
    let new_hires: BTreeSet<OpportunityId> =
        joining.iter().filter(|id| !agreed.link.hires.contains_key(*id)).cloned().collect();
    let mut wanted = facts.wanted.clone();
    if !capabilities.rehire {
        // One record cannot hold another hire: a human decides what a rehire means over there.
        for opportunity in &new_hires {
            plan.tasks.push(rehire_task(opportunity));
            wanted.hires.remove(opportunity);
            digests.hires.remove(opportunity);
        }
    }
    let sent = facts.standing.owed.as_ref().and_then(|owed| owed.sent.as_ref());
    let moved = match &agreed.digests {
        Some(base) => moved(base, sent, &digests),
        None if capabilities.read => wanted.iter().map(|(field, _)| field).collect(),
        // Adopted, and it cannot be read: what is there is taken to be right.
        None => of_hires(&wanted, &new_hires),
    };
    if let Some(owed) =
        facts.standing.owed.as_ref().filter(|owed| moved.is_empty() && !owed.unfinished.is_empty())
    {
        // Partly done: what is left is owed still.
        let debt = Debt { intent: owed.intent, wanted: key.whole(&digests), changed: owed.changed.clone() };
        return owe(facts, debt, wanted, digests);
    }
    if moved.is_empty() {
        return if agreed.digests.is_some() { Decision::Agreed } else { Decision::Compared(digests) };
    }
    if !capabilities.update && moved.iter().any(|field| !is_of(field, &new_hires)) {
        plan.tasks.push(by_hand_task(&moved, key.whole(&digests)));
        return Decision::Compared(digests);
    }
    let mut changed = moved;
    // Of an adopted record we do not know the day of the decision; the record does.
    let adopted = agreed.digests.is_none();
    let is_settled = |field: &FieldKey| adopted && facts.pinned.contains(name_of(field));
    if capabilities.read {
        let mut compared = match facts.remote {
            Remote::Unasked => return Decision::Ask,
            Remote::Gone => {
                let debt = Debt { intent: Intent::Update, wanted: key.whole(&digests), changed };
                return Decision::Hold { debt, why: WhyHeld::RecordGone };
            }
            Remote::Holds(remote) => three_way(
                &changed,
                [agreed.digests.as_ref(), sent],
                &digests,
                &|field| held_digest(remote, field, key),
                &is_settled,
                remote,
                key.value(&people::Value::Blank),
            ),
        };
        if let (Remote::Holds(remote), false) = (facts.remote, joining.is_empty()) {
            // The record of a hire that comes back may hold the person as they were when it went. A field that the target
            // does not speak of is such a one: its records are not of one mind.
            let person = facts.wanted.person.keys().map(|field| FieldKey::Person { field: field.clone() });
            compared.write.extend(person.filter(|field| held_value(remote, field).is_none()));
            compared.write.sort();
            compared.write.dedup();
        }
        overlay(&mut wanted, &compared.write, facts.remote);
        if !compared.kept.is_empty() {
            plan.tasks.push(disagreement_task(&compared.kept, key.whole(&digests)));
        }
        plan.kept = compared.kept;
        changed = compared.write;
        if changed.is_empty() {
            if let Some(owed) = facts.standing.owed.as_ref().filter(|owed| !owed.unfinished.is_empty()) {
                let debt = Debt { intent: owed.intent, wanted: key.whole(&digests), changed };
                return owe(facts, debt, wanted, digests);
            }
            return Decision::Compared(digests);
        }
    }
    let rehired = capabilities.rehire && !new_hires.is_empty();
    let intent = if rehired { Intent::AddHire } else { Intent::Update };
    let debt = Debt { intent, wanted: key.whole(&digests), changed };
    owe(facts, debt, wanted, digests)
}

fn owe(facts: &Facts<'_>, debt: Debt, wanted: Wanted, digests: Digests) -> Decision {
    if facts.wanted.missing.is_empty() {
        Decision::Owe { debt, wanted, digests }
    } else {
        let fields = facts.wanted.missing.iter().map(|missing| missing.field.clone()).collect();
        Decision::Hold { debt, why: WhyHeld::Missing { fields } }
    }
}

struct Compared {
    write: Vec<FieldKey>,
    kept: Vec<FieldKey>,
}

/// Ours (what Lever says), theirs (what the target holds), and what we may have left there: what was agreed, or sent without
/// an answer. Field by field.
fn three_way(
    moved: &[FieldKey],
    left: [Option<&Digests>; 2],
    ours: &Digests,
    theirs: &dyn Fn(&FieldKey) -> Option<Digest>,
    is_settled: &dyn Fn(&FieldKey) -> bool,
    remote: &RemoteState,
    blank: Digest,
) -> Compared {
    let mut compared = Compared { write: Vec::new(), kept: Vec::new() };
    for field in moved {
        // A record, or a field of it, that is not there yet has no value that could be HR's.
        let Some(theirs) = theirs(field) else {
            compared.write.push(field.clone());
            continue;
        };
        if digest_of(ours, field) == Some(theirs) || is_settled(field) {
            continue;
        }
        // A field that was not ours until now (a column was added) and is empty over there.
        if left[0].is_some_and(|base| digest_of(base, field).is_none()) && theirs == blank {
            compared.write.push(field.clone());
            continue;
        }
        let ours_to_write = remote.untouched
            || left.into_iter().flatten().any(|digests| digest_of(digests, field) == Some(theirs));
        if ours_to_write { &mut compared.write } else { &mut compared.kept }.push(field.clone());
    }
    compared
}

fn held_digest(remote: &RemoteState, field: &FieldKey, key: &DigestKey) -> Option<Digest> {
    held_value(remote, field).map(|value| key.value(value))
}

/// An adapter may write whole records: what is not to be written keeps the target's value.
fn overlay(wanted: &mut Wanted, write: &[FieldKey], remote: Remote<'_>) {
    let Remote::Holds(remote) = remote else { return };
    let writes: BTreeSet<&FieldKey> = write.iter().collect();
    let fields: Vec<FieldKey> =
        wanted.iter().map(|(field, _)| field).filter(|field| !writes.contains(field)).collect();
    for field in fields {
        let Some(value) = held_value(remote, &field).cloned() else { continue };
        let record = match &field {
            FieldKey::Person { .. } => Some(&mut wanted.person),
            FieldKey::Hire { opportunity, .. } => wanted.hires.get_mut(opportunity),
        };
        if let Some(record) = record {
            record.insert(name_of(&field).clone(), Pii::new(value));
        }
    }
}

/// Fields in which what was agreed differs from what Lever says, and those that an attempt may have written otherwise.
fn moved(base: &Digests, sent: Option<&Digests>, ours: &Digests) -> Vec<FieldKey> {
    let mut moved = differing(base, ours);
    if let Some(sent) = sent {
        let uncertain = differing(sent, ours).into_iter().filter(|field| digest_of(sent, field).is_some());
        moved.extend(uncertain);
        moved.sort();
        moved.dedup();
    }
    moved
}

fn differing(base: &Digests, ours: &Digests) -> Vec<FieldKey> {
    let person = ours
        .person
        .iter()
        .filter(|(name, digest)| base.person.get(*name) != Some(digest))
        .map(|(field, _)| FieldKey::Person { field: field.clone() });
    let hires = ours.hires.iter().flat_map(|(opportunity, fields)| {
        let base = base.hires.get(opportunity);
        fields
            .iter()
            .filter(move |(name, digest)| base.and_then(|base| base.get(*name)) != Some(digest))
            .map(|(field, _)| FieldKey::Hire { opportunity: opportunity.clone(), field: field.clone() })
    });
    person.chain(hires).collect()
}

fn of_hires(wanted: &Wanted, hires: &BTreeSet<OpportunityId>) -> Vec<FieldKey> {
    wanted.iter().map(|(field, _)| field).filter(|field| is_of(field, hires)).collect()
}

fn is_of(field: &FieldKey, hires: &BTreeSet<OpportunityId>) -> bool {
    matches!(field, FieldKey::Hire { opportunity, .. } if hires.contains(opportunity))
}

fn name_of(field: &FieldKey) -> &FieldName {
    match field {
        FieldKey::Person { field } | FieldKey::Hire { field, .. } => field,
    }
}

fn digest_of(digests: &Digests, field: &FieldKey) -> Option<Digest> {
    match field {
        FieldKey::Person { field } => digests.person.get(field).copied(),
        FieldKey::Hire { opportunity, field } => digests.hires.get(opportunity)?.get(field).copied(),
    }
}

fn held_value<'r>(remote: &'r RemoteState, field: &FieldKey) -> Option<&'r people::Value> {
    let value = match field {
        FieldKey::Person { field } => remote.person.get(field),
        FieldKey::Hire { opportunity, field } => remote.hires.get(opportunity)?.get(field),
    };
    value.map(Pii::reveal)
}

fn rehire_task(opportunity: &OpportunityId) -> TaskRequest {
    TaskRequest {
        kind: TaskKind::ChangeByHand,
        cause: format!("rehire {opportunity}"),
        text: format!(
            "Hired again (opportunity {opportunity}), and this target holds one hire per person: enter the rehire by hand."
        ),
        fields: Vec::new(),
    }
}

fn by_hand_task(moved: &[FieldKey], wanted: Digest) -> TaskRequest {
    TaskRequest {
        kind: TaskKind::ChangeByHand,
        cause: format!("change {wanted}"),
        text: "Lever changed the named fields, and this target cannot be changed by us: enter them by hand."
            .to_owned(),
        fields: moved.iter().map(|field| name_of(field).clone()).collect(),
    }
}

fn disagreement_task(kept: &[FieldKey], wanted: Digest) -> TaskRequest {
    TaskRequest {
        kind: TaskKind::Disagreement,
        cause: format!("fields {wanted}"),
        text: "Somebody changed the named fields over there, and Lever says otherwise. They were left as they are: decide which is right.".to_owned(),
        fields: kept.iter().map(|field| name_of(field).clone()).collect(),
    }
}
