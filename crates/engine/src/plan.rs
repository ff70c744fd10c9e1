//! What is owed to one target about one contact: decided from what Lever says, what was agreed, what the target holds and
//! what it can do. Pure: the same facts give the same plan.

use std::collections::{BTreeMap, BTreeSet};

use adapter_sdk::{Capabilities, Intent, Level, RemoteState, TaskKind, TaskRequest};
use ledger::{Agreed, Debt, DigestKey, Digests, LeftOut, LinkOrigin, Standing, WhyHeld};
use mapping::Writes;
use people::{
    Candidacy, ContactId, Date, Digest, FieldKey, FieldName, Filled, Lack, OpportunityId, Person, Pii,
    TargetName, Value, Wanted, Zone,
};
use planted::Bug;

use crate::{
    aside, backfill,
    rehire::{self, Pin, Resolved},
    rules::Rules,
    settings::Policy,
};

/// What a plan is made from.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// The target's name.
    pub target: &'a TargetName,
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
    /// Hires that the target is not told about.
    pub left_out: &'a BTreeMap<OpportunityId, LeftOut>,
    /// When each field is written.
    pub writes: &'a Writes,
    /// Fields for which the configuration states a placeholder.
    pub placeholders: &'a BTreeSet<FieldKey>,
    /// Fields of a hire that depend on the day of the decision.
    pub pinned: &'a BTreeSet<FieldName>,
    /// Whether Lever lets us keep this person's data now.
    pub permitted: bool,
    /// The ledger was lost and this target can neither be searched nor listed.
    pub blind: bool,
    /// Opportunities that Lever said were deleted.
    pub deleted: &'a BTreeSet<OpportunityId>,
    /// A hire that may be an old one archived again, unless a human let it go on.
    pub doubtful: Option<&'a OpportunityId>,
    /// Hires that the target is told about later, and why.
    pub waiting: &'a BTreeMap<OpportunityId, WhyHeld>,
    /// Whom it is told about and when, and what hires after the first are.
    pub policy: &'a Policy,
    /// Fields that hold nothing but Lever's ids.
    pub ids: &'a BTreeSet<(Level, FieldName)>,
    /// A contact with an address of theirs, who was anonymised in Lever after they were delivered.
    pub former: Option<&'a ContactId>,
    /// The zone in which days are days.
    pub zone: Zone,
    /// The day it is there.
    pub today: Date,
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
    /// Tasks whose reason goes away with what is owed.
    pub moot_once_delivered: Vec<(TaskKind, String)>,
    /// Fields that HR changed since, left as HR has them.
    pub kept: Vec<FieldKey>,
    /// Hires that the target is not told about, and why: what the history is to say.
    pub left_out: Vec<(OpportunityId, LeftOut)>,
    /// Every hire that the target is not told about, and why.
    pub apart: BTreeMap<OpportunityId, LeftOut>,
    /// Hires whose values are to be forgotten: they were anonymised.
    pub forgotten: Vec<OpportunityId>,
    /// What the target held, where it was asked.
    pub seen: Option<Box<RemoteState>>,
    /// What was found out about hires, to be kept.
    pub pins: Vec<Pin>,
    /// A hire that waits while everything else is as it should be: it is held.
    pub waiting: Option<(Debt, WhyHeld)>,
    /// Some hire waits: once what is owed was sent, the person is looked at again.
    pub waits: bool,
    /// What an attempt without an answer left there, or did not: what the target holds.
    pub held: Digests,
    /// What HR's values are that were left, in [`Plan::kept`] and before.
    pub theirs: Digests,
    /// Hires to be taken back by what is owed.
    pub withdrawn: BTreeSet<OpportunityId>,
    /// What is owed is Lever's ids for a record that was there before us: a human ordered it.
    pub backfill: bool,
    /// Nothing is left of what a human ordered to be written onto the record.
    pub backfilled: bool,
}

impl Plan {
    pub(crate) fn new(decision: Decision) -> Plan {
        Plan {
            decision,
            tasks: Vec::new(),
            moot: Vec::new(),
            moot_once_delivered: Vec::new(),
            kept: Vec::new(),
            left_out: Vec::new(),
            apart: BTreeMap::new(),
            forgotten: Vec::new(),
            seen: None,
            pins: Vec::new(),
            waiting: None,
            waits: false,
            held: Digests::default(),
            theirs: Digests::default(),
            withdrawn: BTreeSet::new(),
            backfill: false,
            backfilled: false,
        }
    }
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

impl Decision {
    /// Nothing is to be sent, and nothing waits.
    pub(crate) fn is_at_rest(&self) -> bool {
        matches!(self, Decision::NotInScope | Decision::Agreed | Decision::Compared(_))
    }
}

/// Decides: first what each hire is to the target, then what is owed.
pub fn plan(facts: &Facts<'_>, key: &DigestKey) -> Plan {
    let pins = match rehire::resolve(facts) {
        Resolved::Look => return Plan::new(Decision::Ask),
        Resolved::Pins(pins) => pins,
    };
    if matches!(facts.remote, Remote::Holds(_)) && pins.iter().any(Pin::gives_an_employment) {
        // What these employments hold was not part of what was read, or was read as another hire's.
        return Plan { pins, ..Plan::new(Decision::Ask) };
    }
    let mut standing = facts.standing.clone();
    pins.iter().for_each(|pin| pin.apply(&mut standing));
    let aside = aside::Aside::of(facts, &standing);
    let wanted = aside.without(facts.wanted);
    let mut left_out = facts.left_out.clone();
    left_out.extend(aside.left_out());
    let told = Facts { wanted: &wanted, standing: &standing, left_out: &left_out, ..*facts };
    let mut plan = decide(&told, key);
    aside.hold(facts, &standing, key, &mut plan);
    if plan.decision != Decision::Ask {
        backfill::backfill(&told, key, &mut plan);
    }
    plan.pins = pins;
    plan
}

/// What is owed about the hires that the target is told about now.
fn decide(facts: &Facts<'_>, key: &DigestKey) -> Plan {
    let digests = key.wanted(facts.wanted);
    let apart = facts.left_out.clone();
    let mut plan = Plan { left_out: left_out(facts), apart, ..Plan::new(Decision::NotInScope) };
    if let Some(agreed) = &facts.standing.agreed {
        review_hires(agreed, facts, &mut plan);
    }
    if !plan.withdrawn.is_empty() {
        plan.decision = withdrawal(&plan.withdrawn, key);
        return plan;
    }
    if facts.wanted.hires.is_empty() {
        return plan;
    }
    match facts.doubtful {
        Some(opportunity) => plan.tasks.push(doubtful_task(opportunity)),
        None => {
            let decided = facts.wanted.hires.keys().map(|hire| (TaskKind::Review, doubtful_cause(hire)));
            plan.moot.extend(decided);
        }
    }
    plan.decision = match &facts.standing.agreed {
        _ if facts.doubtful.is_some() => doubt(facts, &digests, key),
        None => add(facts, digests.clone(), key),
        Some(agreed) => change(facts, agreed, digests.clone(), key, &mut plan),
    };
    review_placeholders(facts, &digests, &mut plan);
    plan
}

/// What leaves a hire out is told; of what `hired_since` leaves out, and of what is no hire any more, only where nobody could
/// see why there is nothing at all.
fn left_out(facts: &Facts<'_>) -> Vec<(OpportunityId, LeftOut)> {
    let nothing = facts.standing.agreed.is_none() && facts.wanted.hires.is_empty();
    let is_told = |by: LeftOut| nothing || matches!(by, LeftOut::When | LeftOut::Rehire);
    let hires = facts.left_out.iter().filter(|(_, by)| is_told(**by));
    let mut left_out: Vec<_> = hires.map(|(opportunity, by)| (opportunity.clone(), *by)).collect();
    if nothing {
        let others = facts.person.opportunities.iter().filter(|(_, candidacy)| candidacy.is_seen_not_hired());
        left_out.extend(others.map(|(opportunity, _)| (opportunity.clone(), LeftOut::NotHired)));
    }
    left_out
}

/// A delivered hire that Lever was *seen* to say is none (any more) is for a human to review. One that is merely not there is
/// not: absence is never evidence. Nor is one that the target's `when` leaves out now taken back.
fn review_hires(agreed: &Agreed, facts: &Facts<'_>, plan: &mut Plan) {
    // Also one whose record could not be made yet: its person was.
    let partly = agreed.digests.iter().flat_map(|digests| digests.hires.keys());
    let delivered: BTreeSet<&OpportunityId> = agreed.link.hires.keys().chain(partly).collect();
    for opportunity in delivered {
        let left_out = (TaskKind::Review, left_out_cause(opportunity));
        match facts.person.opportunities.get(opportunity) {
            Some(candidacy) if candidacy.is_seen_not_hired() && is_taken_back(facts, agreed, opportunity) => {
                plan.withdrawn.insert(opportunity.clone());
            }
            Some(candidacy) if candidacy.is_seen_not_hired() => {
                plan.tasks.push(TaskRequest {
                    kind: TaskKind::ReviewWithdrawal,
                    cause: opportunity.to_string(),
                    text: format!(
                        "Lever no longer counts opportunity {opportunity} as a hire, but its record was delivered. It was left as it is: decide what to do with it."
                    ),
                    fields: Vec::new(),
                });
                plan.moot.push(left_out);
            }
            Some(Candidacy::Anonymised) => {
                plan.tasks.push(TaskRequest {
                    kind: TaskKind::ErasureNotice,
                    cause: opportunity.to_string(),
                    text: format!("Opportunity {opportunity} was anonymised in Lever. The record over there was left as it is: an employee's record usually has grounds of its own; check whether it may stay."),
                    fields: Vec::new(),
                });
                plan.forgotten.push(opportunity.clone());
            }
            None if facts.deleted.contains(opportunity) && is_taken_back(facts, agreed, opportunity) => {
                plan.withdrawn.insert(opportunity.clone());
            }
            None if facts.deleted.contains(opportunity) => plan.tasks.push(TaskRequest {
                kind: TaskKind::ReviewWithdrawal,
                cause: opportunity.to_string(),
                text: format!("Opportunity {opportunity} was deleted in Lever, but its record was delivered. It was left as it is: decide what to do with it."),
                fields: Vec::new(),
            }),
            Some(Candidacy::Hired) => {
                plan.moot.push((TaskKind::ReviewWithdrawal, opportunity.to_string()));
                if facts.left_out.get(opportunity) == Some(&LeftOut::When) {
                    plan.tasks.push(left_out_task(opportunity));
                } else if facts.wanted.hires.contains_key(opportunity) && !is_unclear(facts, opportunity) {
                    plan.moot.push(left_out);
                }
            }
            _ => {}
        }
    }
}

/// Whether a hire that Lever was seen to say is none any more is taken back there as well: where the target can, the admin says
/// so, and its first day is known and still to come, unless that does not matter.
fn is_taken_back(facts: &Facts<'_>, agreed: &Agreed, hire: &OpportunityId) -> bool {
    let policy = facts.policy;
    let is_told = policy.tells(&facts.person.contact);
    let is_to_come = facts.standing.starts.get(hire).is_some_and(|start| *start > facts.today);
    policy.withdraws
        && facts.capabilities.withdraw
        && is_told
        && agreed.link.hires.contains_key(hire)
        && (is_to_come || policy.withdraws_after_start)
}

/// Nothing else goes along with it: what else changed is owed once it is done.
fn withdrawal(hires: &BTreeSet<OpportunityId>, key: &DigestKey) -> Decision {
    let ids: Vec<&str> = hires.iter().map(OpportunityId::as_str).collect();
    let debt = Debt { intent: Intent::Withdraw, wanted: key.record(&ids.join(" ")), changed: Vec::new() };
    Decision::Owe { debt, wanted: Wanted::default(), digests: Digests::default() }
}

/// Whether it cannot be decided if the target is told about a hire.
fn is_unclear(facts: &Facts<'_>, hire: &OpportunityId) -> bool {
    facts.wanted.missing.iter().any(|missing| {
        matches!(&missing.field, FieldKey::Hire { opportunity, field } if opportunity == hire && field.as_str() == mapping::WHEN)
    })
}

/// Placeholders that are over there, as far as was agreed, are to be corrected: told again here, since the answer that said
/// so may have been lost. Where a real value took their place, nothing is to be done any more.
fn review_placeholders(facts: &Facts<'_>, ours: &Digests, plan: &mut Plan) {
    let agreed = facts.standing.agreed.as_ref().and_then(|agreed| agreed.digests.as_ref());
    let (there, is_owed) = match &plan.decision {
        Decision::Agreed if facts.permitted => (agreed, false),
        Decision::Compared(digests) => (Some(digests), false),
        Decision::Owe { digests, .. } => (Some(digests), true),
        _ => (None, false),
    };
    let Some(there) = there else { return };
    for field in facts.placeholders {
        if ours.of(field).is_none() || there.of(field) != ours.of(field) {
            continue;
        }
        let moot = (TaskKind::CorrectPlaceholder, field.to_string());
        match facts.wanted.filled.iter().find(|filled| filled.field == *field) {
            Some(filled) if !is_owed => plan.tasks.push(placeholder_task(facts.target, filled)),
            Some(_) => {}
            None if is_owed => plan.moot_once_delivered.push(moot),
            None => plan.moot.push(moot),
        }
    }
}

/// What may be an old hire waits for a human, and with it whatever else changed.
fn doubt(facts: &Facts<'_>, digests: &Digests, key: &DigestKey) -> Decision {
    let intent = if facts.standing.agreed.is_some() { Intent::AddHire } else { Intent::Add };
    let changed = facts.wanted.iter().map(|(field, _)| field).collect();
    let debt = Debt { intent, wanted: key.whole(digests), changed };
    match facts.doubtful {
        Some(opportunity) => {
            Decision::Hold { debt, why: WhyHeld::HireDate { opportunity: opportunity.clone() } }
        }
        None => Decision::Agreed,
    }
}

fn add(facts: &Facts<'_>, digests: Digests, key: &DigestKey) -> Decision {
    let wanted = facts.wanted.clone();
    let changed = wanted.iter().map(|(field, _)| field).collect();
    let debt = Debt { intent: Intent::Add, wanted: key.whole(&digests), changed };
    if !facts.permitted {
        return Decision::Hold { debt, why: WhyHeld::StorageNotPermitted };
    }
    if facts.standing.is_held_as_unlinked() {
        return Decision::Hold { debt, why: WhyHeld::Unlinked };
    }
    if facts.blind {
        return Decision::Hold { debt, why: WhyHeld::Recovery };
    }
    owe(debt, wanted, digests)
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
    let (ours, mut digests) = (digests.clone(), digests);
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
    let rules = Rules::new(facts, agreed);
    wanted.missing.retain(|missing| !rules.is_needless(missing));
    // Not ours to write any more: what counts as agreed stays what was agreed last.
    let mut not_ours: BTreeSet<FieldKey> =
        wanted.iter().map(|(field, _)| field).filter(|field| rules.is_over(field)).collect();
    let agreed_on = |field: &FieldKey| agreed.digests.as_ref().and_then(|base| base.of(field));
    not_ours.iter().for_each(|field| digests.set(field, agreed_on(field)));
    let sent = facts.standing.owed.as_ref().and_then(|owed| owed.sent.as_ref());
    let mut moved = match &agreed.digests {
        Some(base) => moved(base, sent, &digests),
        None if capabilities.read => wanted.iter().map(|(field, _)| field).collect(),
        // Adopted, and it cannot be read: what is there is taken to be right.
        None => of_hires(&wanted, &new_hires),
    };
    moved.retain(|field| !not_ours.contains(field));
    let unfinished = facts.standing.owed.as_ref().filter(|owed| !owed.unfinished.is_empty());
    if unfinished.is_some() && !capabilities.update {
        // What was sent is not sent again by a target that cannot change it.
        moved.retain(|field| sent.and_then(|sent| sent.of(field)) != digests.of(field));
    }
    // Partly done, and nothing new: what is left is owed still, but for what HR wrote there meanwhile.
    let resumed = unfinished.filter(|_| moved.is_empty());
    if let Some(owed) = resumed {
        let can_tell = capabilities.read && capabilities.update && !matches!(facts.remote, Remote::Gone);
        if !can_tell {
            not_ours.retain(|field| ours.of(field) != digests.of(field));
            leave_out(&mut wanted, &not_ours, facts.wanted);
            let debt =
                Debt { intent: owed.intent, wanted: key.whole(&digests), changed: owed.changed.clone() };
            return owe(debt, wanted, digests);
        }
        let is_wanted = |field: &&FieldKey| digests.of(field).is_some() && !not_ours.contains(*field);
        moved = owed.changed.iter().filter(is_wanted).cloned().collect();
    }
    let spoilt = spoilt(facts, &wanted, &rules);
    if moved.is_empty() && resumed.is_none() {
        return match (&agreed.digests, spoilt) {
            (_, Some(changed)) => hold(changed, &wanted, key.whole(&digests)),
            (Some(_), None) => Decision::Agreed,
            (None, None) => Decision::Compared(digests),
        };
    }
    if !capabilities.update && moved.iter().any(|field| !is_of(field, &new_hires)) {
        plan.tasks.push(by_hand_task(&moved, key.whole(&digests)));
        return Decision::Compared(digests);
    }
    let mut changed = moved;
    // Of an adopted record we do not know the day of the decision; the record does.
    let adopted = agreed.digests.is_none();
    // Nor does a placeholder of ours say anything against what stands there.
    let is_invented = |field: &FieldKey| facts.wanted.filled.iter().any(|filled| filled.field == *field);
    let is_settled =
        |field: &FieldKey| adopted && (facts.pinned.contains(name_of(field)) || is_invented(field));
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
                &is_settled,
                remote,
                &rules,
                key,
            ),
        };
        if let Remote::Holds(remote) = facts.remote {
            let is_known =
                |field: &&FieldKey| !compared.kept.contains(*field) && !compared.left.contains(*field);
            let in_doubt = |field: &&FieldKey| sent.is_some_and(|sent| sent.of(field).is_some());
            for field in changed.iter().filter(in_doubt).filter(is_known) {
                if let Some(theirs) = held_digest(remote, field, key) {
                    plan.held.set(field, Some(theirs));
                }
            }
        }
        if let (Remote::Holds(remote), false) = (facts.remote, joining.is_empty()) {
            // The record of a hire that comes back may hold the person as they were when it went. A field that the target
            // does not speak of is such a one: its records are not of one mind.
            let person = facts.wanted.person.keys().map(|field| FieldKey::Person { field: field.clone() });
            let ours = person.filter(|field| !rules.is_over(field) && !rules.is_only_if_empty(field));
            let unspoken: Vec<FieldKey> = ours.filter(|field| held_value(remote, field).is_none()).collect();
            // What an attempt left of the hire may be agreed on before these were written.
            let was_agreed = |field: &&FieldKey| agreed_on(field).is_some();
            unspoken.iter().filter(was_agreed).for_each(|it| plan.held.set(it, Some(Digest::IN_DOUBT)));
            compared.write.extend(unspoken);
            compared.write.sort();
            compared.write.dedup();
        }
        overlay(&mut wanted, &compared.write, facts.remote);
        not_ours.extend(compared.left.iter().cloned());
        if let Remote::Holds(remote) = facts.remote {
            for field in &not_ours {
                // What an attempt without an answer left there is agreed on as well.
                let found = held_digest(remote, field, key);
                let left = found.filter(|_| sent.and_then(|sent| sent.of(field)) == found);
                digests.set(field, left.or_else(|| agreed_on(field)));
            }
            not_ours.retain(|field| held_value(remote, field).is_none());
        }
        // A record that a human linked is HR's as it is, and nobody is asked about each of a hundred differences. In one that we
        // found by ourselves, after a lost ledger say, a change of Lever's may be among them.
        let is_theirs = agreed.digests.is_none() && facts.standing.origin == Some(LinkOrigin::Imported);
        if !(compared.kept.is_empty() || is_theirs) {
            plan.tasks.push(disagreement_task(&compared.kept, key.whole(&digests)));
        }
        tell_theirs(facts, agreed, &compared, &rules, key, plan);
        changed = compared.write;
        if changed.is_empty() {
            if let Some(owed) = unfinished {
                leave_out(&mut wanted, &not_ours, facts.wanted);
                let debt = Debt { intent: owed.intent, wanted: key.whole(&digests), changed };
                return owe(debt, wanted, digests);
            }
            return match spoilt {
                Some(changed) => hold(changed, &wanted, key.whole(&digests)),
                None => Decision::Compared(digests),
            };
        }
    }
    leave_out(&mut wanted, &not_ours, facts.wanted);
    // What was done in part may still have to make a hire: an answer that is lost is looked for, and not repeated.
    let is_there = |hire: &OpportunityId| agreed.link.hires.contains_key(hire);
    let is_half_made = unfinished.is_some() && !wanted.hires.keys().all(is_there);
    let rehired = capabilities.rehire && (is_half_made || !new_hires.is_empty());
    let intent = match resumed {
        Some(owed) => owed.intent,
        None if rehired => Intent::AddHire,
        None => Intent::Update,
    };
    owe(Debt { intent, wanted: key.whole(&digests), changed }, wanted, digests)
}

/// What HR changed is told once, whether Lever says something new about it or not.
fn tell_theirs(
    facts: &Facts<'_>,
    agreed: &Agreed,
    compared: &Compared,
    rules: &Rules<'_>,
    key: &DigestKey,
    plan: &mut Plan,
) {
    let Remote::Holds(remote) = facts.remote else { return };
    let base = |field: &FieldKey| agreed.digests.as_ref().and_then(|base| base.of(field));
    let is_corrected = |field: &FieldKey| {
        let theirs = held_digest(remote, field, key);
        let is_ours =
            !rules.is_over(field) && !rules.is_only_if_empty(field) && !compared.write.contains(field);
        is_ours && theirs.is_some() && base(field).is_some() && theirs != base(field)
    };
    let ours = key.wanted(facts.wanted);
    let corrected = facts.wanted.iter().map(|(field, _)| field).filter(is_corrected);
    let corrected = corrected.filter(|field| held_digest(remote, field, key) != ours.of(field));
    let mut theirs: Vec<FieldKey> = compared.kept.iter().cloned().chain(corrected).collect();
    theirs.sort();
    theirs.dedup();
    for field in theirs {
        let digest = held_digest(remote, &field, key);
        let told = facts.standing.kept.as_ref().and_then(|told| told.of(&field));
        plan.theirs.set(&field, digest);
        if told != digest {
            plan.kept.push(field);
        }
    }
}

/// Values of somebody over there that went missing or went wrong, though nothing else moved: what is there is out of date, so
/// they are held and a human can see it. What Lever merely does not show us is no reason, nor is a field that may be HR's.
fn spoilt(facts: &Facts<'_>, wanted: &Wanted, rules: &Rules<'_>) -> Option<Vec<FieldKey>> {
    let fields = wanted.missing.iter().filter(|missing| missing.lack != Lack::Withheld);
    let fields = fields.map(|missing| missing.field.clone()).filter(|field| !rules.is_only_if_empty(field));
    Some(fields.collect::<Vec<_>>()).filter(|fields| facts.capabilities.update && !fields.is_empty())
}

fn hold(changed: Vec<FieldKey>, wanted: &Wanted, whole: Digest) -> Decision {
    let debt = Debt { intent: Intent::Update, wanted: whole, changed };
    Decision::Hold { debt, why: WhyHeld::Missing { fields: wanted.missing.clone() } }
}

fn owe(debt: Debt, wanted: Wanted, digests: Digests) -> Decision {
    if wanted.missing.is_empty() {
        Decision::Owe { debt, wanted, digests }
    } else {
        Decision::Hold { debt, why: WhyHeld::Missing { fields: wanted.missing } }
    }
}

struct Compared {
    write: Vec<FieldKey>,
    kept: Vec<FieldKey>,
    /// Ours only while they are empty over there, and they are not.
    left: Vec<FieldKey>,
}

/// Ours (what Lever says), theirs (what the target holds), and what we may have left there: what was agreed, or sent without
/// an answer. Field by field.
fn three_way(
    moved: &[FieldKey],
    left: [Option<&Digests>; 2],
    ours: &Digests,
    is_settled: &dyn Fn(&FieldKey) -> bool,
    remote: &RemoteState,
    rules: &Rules<'_>,
    key: &DigestKey,
) -> Compared {
    let blank = key.value(&Value::Blank);
    let mut compared = Compared { write: Vec::new(), kept: Vec::new(), left: Vec::new() };
    for field in moved {
        let theirs = held_digest(remote, field, key);
        if theirs.is_some() && ours.of(field) == theirs || theirs.is_some() && is_settled(field) {
            continue;
        }
        if rules.is_only_if_empty(field) {
            let is_empty = rules.is_empty_there(field, held_value(remote, field), blank);
            if is_empty { &mut compared.write } else { &mut compared.left }.push(field.clone());
            continue;
        }
        // A record, or a field of it, that is not there yet has no value that could be HR's.
        let Some(theirs) = theirs else {
            compared.write.push(field.clone());
            continue;
        };
        // A field that was not ours until now (a column was added) and is empty over there.
        if left[0].is_some_and(|base| base.of(field).is_none()) && theirs == blank {
            compared.write.push(field.clone());
            continue;
        }
        let ours_to_write = planted::bug(Bug::OverwritesHr)
            || remote.untouched
            || left.into_iter().flatten().any(|digests| digests.of(field) == Some(theirs));
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
        let uncertain = differing(sent, ours).into_iter().filter(|field| sent.of(field).is_some());
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

/// Each name once, of however many hires.
fn names_of(fields: &[FieldKey]) -> Vec<FieldName> {
    let names: BTreeSet<&FieldName> = fields.iter().map(name_of).collect();
    names.into_iter().cloned().collect()
}

pub(crate) fn name_of(field: &FieldKey) -> &FieldName {
    match field {
        FieldKey::Person { field } | FieldKey::Hire { field, .. } => field,
    }
}

/// A field that is left out is not written. No placeholder is sent for it, nor where HR's value takes the place of Lever's.
fn leave_out(wanted: &mut Wanted, fields: &BTreeSet<FieldKey>, levers: &Wanted) {
    for field in fields {
        match field {
            FieldKey::Person { field } => {
                wanted.person.remove(field);
            }
            FieldKey::Hire { opportunity, field } => {
                if let Some(record) = wanted.hires.get_mut(opportunity) {
                    record.remove(field);
                }
            }
        }
    }
    let filled = std::mem::take(&mut wanted.filled);
    let shown = |wanted: &Wanted, field: &FieldKey| wanted_value(wanted, field).map(Value::to_text);
    let is_sent = |filled: &Filled| shown(wanted, &filled.field) == shown(levers, &filled.field);
    let sent = filled.into_iter().filter(is_sent).collect();
    wanted.filled = sent;
}

fn wanted_value<'w>(wanted: &'w Wanted, field: &FieldKey) -> Option<&'w Value> {
    let value = match field {
        FieldKey::Person { field } => wanted.person.get(field),
        FieldKey::Hire { opportunity, field } => wanted.hires.get(opportunity)?.get(field),
    };
    value.map(Pii::reveal)
}

/// What the target holds in a field.
pub(crate) fn held_value<'r>(remote: &'r RemoteState, field: &FieldKey) -> Option<&'r Value> {
    let value = match field {
        FieldKey::Person { field } => remote.person.get(field),
        FieldKey::Hire { opportunity, field } => remote.hires.get(opportunity)?.get(field),
    };
    value.map(Pii::reveal)
}

/// Why a hire's task was raised: the target's `when` leaves it out.
fn left_out_cause(opportunity: &OpportunityId) -> String {
    format!("when {opportunity}")
}

fn left_out_task(opportunity: &OpportunityId) -> TaskRequest {
    TaskRequest {
        kind: TaskKind::Review,
        cause: left_out_cause(opportunity),
        text: format!(
            "This hire (opportunity {opportunity}) was delivered, and the target's `when` leaves it out now. Its record was left as it is: decide what to do with it."
        ),
        fields: Vec::new(),
    }
}

/// The cause of the task about a hire whose dates disagree: closing it says that the hire is old.
pub(crate) fn doubtful_cause(opportunity: &OpportunityId) -> String {
    format!("hire date {opportunity}")
}

fn doubtful_task(opportunity: &OpportunityId) -> TaskRequest {
    TaskRequest {
        kind: TaskKind::Review,
        cause: doubtful_cause(opportunity),
        text: format!(
            "Lever has dates of before and of after `hired_since` for opportunity {opportunity}: it may be an old hire that was archived again. If it is new, `hiresync retry CONTACT` sends it; if it is old, close this task, and it is left out."
        ),
        fields: Vec::new(),
    }
}

/// What a human is asked once a placeholder was sent.
pub(crate) fn placeholder_task(target: &TargetName, filled: &Filled) -> TaskRequest {
    let Filled { field, why } = filled;
    TaskRequest {
        kind: TaskKind::CorrectPlaceholder,
        cause: field.to_string(),
        text: format!(
            "The field {field} holds a placeholder in {target} ({}). Correct it over there, or give the value in Lever.",
            why.trim_end_matches('.')
        ),
        fields: vec![name_of(field).clone()],
    }
}

fn by_hand_task(moved: &[FieldKey], wanted: Digest) -> TaskRequest {
    TaskRequest {
        kind: TaskKind::ChangeByHand,
        cause: format!("change {wanted}"),
        text: "Lever changed the named fields, and this target cannot be changed by us: enter them by hand."
            .to_owned(),
        fields: names_of(moved),
    }
}

fn disagreement_task(kept: &[FieldKey], wanted: Digest) -> TaskRequest {
    TaskRequest {
        kind: TaskKind::Disagreement,
        cause: format!("fields {wanted}"),
        text: "Somebody changed the named fields over there, and Lever says otherwise. They were left as they are: decide which is right.".to_owned(),
        fields: names_of(kept),
    }
}
