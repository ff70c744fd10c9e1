//! What is owed, raised and told is written down in the step that clears the mark.

use std::collections::{BTreeMap, BTreeSet};

use adapter_sdk::{TaskKind, TaskRequest};
use ledger::{Debt, Draft, LeftOut, Mark, Outcome, Owing, Phase, Standing, TargetHealth, WhyHeld};
use people::{ContactId, FieldKey, OpportunityId, TargetName, Timestamp};
use planted::Point;

use crate::{
    certificate,
    cycle::{CYCLE, CycleError, Engine, Run},
    deliver::Ready,
    plan::{Decision, Plan},
    planning::{self, Planned},
    rehire::Pin,
};

impl Engine {
    /// Writes down what is owed, raises what a human must do, and clears the marks, all in one step. Answers what may go out
    /// now.
    pub(crate) fn write_down(
        &self,
        run: &Run,
        planned: Vec<Planned>,
        held: bool,
    ) -> Result<BTreeMap<TargetName, Vec<Ready>>, CycleError> {
        const STEP: usize = 200;
        let mut ready: BTreeMap<TargetName, Vec<Ready>> = BTreeMap::new();
        let mut planned = planned;
        planted::point(Point::Planned);
        while !planned.is_empty() {
            let rest = planned.split_off(planned.len().min(STEP));
            let step = self.ledger.write(|draft| {
                let mut going = Vec::new();
                for one in &planned {
                    self.write_one(draft, run, one, held, &mut going)?;
                }
                if planned.iter().any(Planned::owes) {
                    draft.put_note(CYCLE, &run.report.cycle.to_string());
                }
                Ok(going)
            })?;
            for one in &planned {
                self.await_offer(
                    &one.contact,
                    one.seen.iter().filter_map(|(_, seen)| seen.awaited_until).max(),
                );
            }
            for (target, one) in step.into_inner() {
                ready.entry(target).or_default().push(one);
            }
            planned = rest;
        }
        planted::point(Point::DebtsWritten);
        for (target, debts) in &mut ready {
            let state = self.ledger.target(target)?;
            if state.paused || state.health != TargetHealth::Active || run.unusable.contains(target) {
                debts.clear();
            }
        }
        ready.retain(|_, debts| !debts.is_empty());
        Ok(ready)
    }

    fn write_one(
        &self,
        draft: &mut Draft<'_>,
        run: &Run,
        one: &Planned,
        held: bool,
        going: &mut Vec<(TargetName, Ready)>,
    ) -> ledger::Result<()> {
        if draft.is_buried(&one.contact)? {
            // Forgotten since it was read.
            return Ok(());
        }
        for (opportunity, seen) in &one.seen {
            draft.put_seen(opportunity, &certificate::with_reasons(opportunity, seen, &one.plans))?;
        }
        self.note_reading(one);
        self.await_no_longer(draft, &one.contact, &one.identity.opportunities)?;
        let mut moved = false;
        for kind in [TaskKind::ReviewWithdrawal, TaskKind::Review] {
            // Read again: what was said while that was not possible has no reason any more.
            self.forget_reason(draft, kind, None, &one.contact, "")?;
        }
        for (target, planned_from, plan) in &one.plans {
            let before = draft.standing(target, &one.contact)?.unwrap_or_default();
            if remote_of(&before) != remote_of(planned_from) {
                // It moved meanwhile (profiles were merged): planned afresh when the person is read again.
                moved = true;
                continue;
            }
            let mut standing = before.clone();
            for (opportunity, day) in &planned_from.decided_on {
                standing.decided_on.entry(opportunity.clone()).or_insert(*day);
            }
            standing.starts.extend(planned_from.starts.clone());
            standing.addresses.clone_from(&planned_from.addresses);
            self.pin(draft, &one.contact, target, &plan.pins, &mut standing)?;
            let now = self.clock.now();
            let mut told = None;
            match &plan.decision {
                Decision::NotInScope | Decision::Ask => {
                    told = hold_back(&mut standing, plan, now);
                    if standing.agreed.is_none() && standing.owed.is_none() {
                        standing.forget_all_but_decisions();
                    }
                }
                Decision::Agreed => told = hold_back(&mut standing, plan, now),
                Decision::Compared(digests) => {
                    told = hold_back(&mut standing, plan, now);
                    standing.compared(digests.clone());
                    if standing.backfill && !plan.backfilled {
                        // What was ordered comes next.
                        draft.mark(&one.contact, now)?;
                    }
                    // The look may have shown a hire that an attempt without an answer left there.
                    if let (Some(agreed), Some(seen)) = (&mut standing.agreed, &planned_from.agreed) {
                        agreed.link.hires.extend(seen.link.hires.clone());
                    }
                }
                Decision::Hold { debt, why } => {
                    let phase = Phase::Held { why: why.clone(), due: why.due() };
                    if matches!(standing.owe(debt.clone(), phase, now), Owing::New | Owing::Replaced) {
                        told = Some((Outcome::Held { why: why.clone() }, Vec::new()));
                    }
                }
                Decision::Owe { debt, wanted, digests } => {
                    // What replaces a debt that a guard holds was not shown to anybody yet: it is held too.
                    let held_before = before.is_for_approval() && !run.approve;
                    let phase = if is_new(&before, debt) && (held || held_before) && !plan.backfill {
                        Phase::Held { why: WhyHeld::Guard { cycle: run.report.cycle }, due: None }
                    } else {
                        Phase::Waiting { not_before: now }
                    };
                    standing.saw(&plan.held);
                    let fields = debt.changed.clone();
                    let intent = debt.intent;
                    match (standing.owe(debt.clone(), phase.clone(), now), phase) {
                        (Owing::New | Owing::Replaced, Phase::Held { why, .. }) => {
                            told = Some((Outcome::Held { why }, fields))
                        }
                        (Owing::New | Owing::Replaced, _) => told = Some((Outcome::Owed { intent }, fields)),
                        (Owing::Same, _) if run.approve && standing.is_held_by_guard() => {
                            standing.release(now);
                        }
                        _ => {}
                    }
                    if let Some(owed) = &mut standing.owed {
                        owed.withdrawn.clone_from(&plan.withdrawn);
                    }
                    if standing.is_hired_anew(one.hired_at) && standing.is_put_off() {
                        standing.release(now);
                    }
                    if standing.is_ready(now) {
                        going.push((
                            target.clone(),
                            Ready {
                                contact: one.contact.clone(),
                                identity: self.identity_at(target, &one.identity, wanted),
                                intent,
                                wanted: wanted.clone(),
                                digests: digests.clone(),
                                seen: plan.seen.clone(),
                                moot: plan.moot_once_delivered.clone(),
                                withdrawn: plan.withdrawn.clone(),
                                backfill: plan.backfill,
                                waits: plan.waits,
                            },
                        ));
                    }
                }
            }
            plan.forgotten.iter().for_each(|hire| standing.forget_hire(hire));
            if !plan.theirs.person.is_empty() || !plan.theirs.hires.is_empty() {
                standing.kept.get_or_insert_default().extend(plan.theirs.clone());
            }
            standing.backfill &= !plan.backfilled;
            if standing != before {
                let generation = standing.generation;
                draft.put_standing(target, &one.contact, standing)?;
                if let Some((outcome, fields)) = told {
                    let mut event = self.event(&one.contact, Some(target), outcome);
                    event.generation = Some(generation);
                    event.fields = fields;
                    draft.tell(&event)?;
                }
            }
            self.write_tasks(draft, one, target, plan)?;
            self.tell_left_out(draft, &one.contact, target, &plan.left_out)?;
        }
        if !(one.later || moved) {
            one.mark.iter().try_for_each(|mark| draft.unmark(&one.contact, mark))?;
            draft.repaired(&one.contact)?;
        }
        Ok(())
    }

    /// Keeps what was found out about hires, and tells it.
    fn pin(
        &self,
        draft: &mut Draft<'_>,
        contact: &ContactId,
        target: &TargetName,
        pins: &[Pin],
        standing: &mut Standing,
    ) -> ledger::Result<()> {
        for pin in pins {
            pin.apply(standing);
            if let Pin::Decided { hire, rehire } = pin {
                let outcome = Outcome::Rehire { opportunity: hire.clone(), rehire: rehire.clone() };
                draft.tell(&self.event(contact, Some(target), outcome))?;
            }
        }
        Ok(())
    }

    fn write_tasks(
        &self,
        draft: &mut Draft<'_>,
        one: &Planned,
        target: &TargetName,
        plan: &Plan,
    ) -> ledger::Result<()> {
        for task in &plan.tasks {
            self.raise(draft, &one.contact, Some(target), task.clone())?;
        }
        for (kind, cause) in &plan.moot {
            self.forget_reason(draft, *kind, Some(target), &one.contact, cause)?;
        }
        if !plan.kept.is_empty() {
            let mut event = self.event(&one.contact, Some(target), Outcome::KeptTheirs);
            event.fields = plan.kept.clone();
            draft.tell(&event)?;
        }
        Ok(())
    }

    /// Tells which hires the target is not told about, each reason once.
    fn tell_left_out(
        &self,
        draft: &mut Draft<'_>,
        contact: &ContactId,
        target: &TargetName,
        left_out: &[(OpportunityId, LeftOut)],
    ) -> ledger::Result<()> {
        let told = if left_out.is_empty() { BTreeMap::new() } else { self.told_left_out(contact, target)? };
        for (opportunity, by) in left_out {
            let before = told.get(opportunity);
            // That somebody is not hired is worth a line only where another was written before.
            if before == Some(by) || *by == LeftOut::Forgotten || before.is_none() && *by == LeftOut::NotHired
            {
                continue;
            }
            let outcome = Outcome::OutOfScope { opportunity: opportunity.clone(), by: *by };
            draft.tell(&self.event(contact, Some(target), outcome))?;
        }
        Ok(())
    }

    /// What the history says last of each hire that a target is not told about.
    pub(crate) fn told_left_out(
        &self,
        contact: &ContactId,
        target: &TargetName,
    ) -> ledger::Result<BTreeMap<OpportunityId, LeftOut>> {
        let events = self.ledger.history(contact)?.into_iter();
        let told =
            events.filter(|event| event.target.as_ref() == Some(target)).filter_map(|event| {
                match event.outcome {
                    Outcome::OutOfScope { opportunity, by } => Some((opportunity, by)),
                    _ => None,
                }
            });
        Ok(told.collect())
    }

    /// Forgets a task whose reason went away, so that it is raised again should the reason come back.
    pub(crate) fn forget_reason(
        &self,
        draft: &mut Draft<'_>,
        kind: TaskKind,
        target: Option<&TargetName>,
        contact: &ContactId,
        cause: &str,
    ) -> ledger::Result<()> {
        let id = self.task_id(kind, target, contact, cause);
        if self.ledger.knows_task(&id)? {
            draft.forget_task(&id);
        }
        Ok(())
    }

    /// A contact about whom there is nothing to plan: what happened is told once, and the mark is cleared.
    pub(crate) fn dealt_with(
        &self,
        contact: &ContactId,
        mark: Option<&Mark>,
        instead: Option<&ContactId>,
        outcome: Option<Outcome>,
    ) -> Result<(), CycleError> {
        let now = self.clock.now();
        let known = self.targets.iter().try_fold(false, |known, target| {
            let standing = self.ledger.standing(&target.name, contact)?;
            Ok::<_, ledger::Error>(known || standing.is_some_and(|standing| standing.may_be_over_there()))
        })?;
        let anonymised = outcome == Some(Outcome::Anonymised);
        self.note_unread(contact, outcome.as_ref());
        self.await_offer(contact, None);
        let told = self.ledger.history(contact)?.last().map(|event| event.outcome.clone());
        let news = match outcome.filter(|outcome| told.as_ref() != Some(outcome)) {
            news if known => news,
            // Of a new hire no target knows anything: that the record cannot be used is all that anybody can hear.
            news @ Some(Outcome::Unreadable { .. }) if self.was_seen_hired(contact)? => news,
            _ => None,
        };
        let _ = self.ledger.write(|draft| {
            if let Some(instead) = instead {
                draft.mark(instead, now)?;
            }
            if let Some(outcome) = news {
                if let Some(task) = task_about(&outcome) {
                    self.raise(draft, contact, None, task)?;
                }
                draft.tell(&self.event(contact, None, outcome))?;
            }
            for target in &self.targets {
                // Nobody can be created from a record that cannot be read; what was delivered stays as it is.
                let Some(before) = draft.standing(&target.name, contact)?.filter(|_| instead.is_none())
                else {
                    continue;
                };
                let mut standing = before.clone();
                let settled = standing.forgive();
                if anonymised {
                    if before.may_be_over_there() {
                        for address in &before.addresses {
                            draft.put_note(&planning::former_note(&target.name, address), contact.as_str());
                        }
                    }
                    standing.forget_values();
                }
                if settled && standing.agreed.is_none() {
                    draft.remove_standing(&target.name, contact)?;
                } else if standing != before {
                    draft.put_standing(&target.name, contact, standing)?;
                }
            }
            self.await_no_longer(draft, contact, &BTreeSet::new())?;
            mark.into_iter().try_for_each(|mark| draft.unmark(contact, mark))?;
            draft.repaired(contact)
        })?;
        Ok(())
    }
}

/// Nothing is owed now; a hire that waits for its day or for a human is held. Answers what is new of it.
fn hold_back(standing: &mut Standing, plan: &Plan, now: Timestamp) -> Option<(Outcome, Vec<FieldKey>)> {
    let Some((debt, why)) = &plan.waiting else {
        standing.forgive();
        return None;
    };
    let phase = Phase::Held { why: why.clone(), due: None };
    let is_new = matches!(standing.owe(debt.clone(), phase, now), Owing::New | Owing::Replaced);
    is_new.then(|| (Outcome::Held { why: why.clone() }, Vec::new()))
}

/// A debt that was not owed like this before: what the guards count. One that waited for a value, its day or a decision was not
/// counted yet.
pub(crate) fn is_new(standing: &Standing, debt: &Debt) -> bool {
    standing.owed.as_ref().is_none_or(|owed| {
        let uncounted = matches!(
            owed.phase,
            Phase::Held {
                why: WhyHeld::Missing { .. } | WhyHeld::NotYet { .. } | WhyHeld::Rehire { .. },
                ..
            }
        );
        uncounted || owed.wanted != debt.wanted || owed.intent != debt.intent
    })
}

fn remote_of(standing: &Standing) -> Option<&people::RemoteId> {
    standing.agreed.as_ref().map(|agreed| &agreed.link.remote)
}

fn task_about(outcome: &Outcome) -> Option<TaskRequest> {
    let (kind, text) = match outcome {
        Outcome::Anonymised => (
            TaskKind::ErasureNotice,
            "This person was anonymised in Lever. The record over there was left as it is: an employee's record usually has grounds of its own; check whether it may stay.",
        ),
        Outcome::Gone => (
            TaskKind::ReviewWithdrawal,
            "This person can no longer be found in Lever. The record over there was left as it is: check whether it is right.",
        ),
        Outcome::Unreadable { place } => {
            let text =
                format!("Nothing is sent about this person, because Lever's record cannot be used: {place}.");
            return Some(TaskRequest {
                kind: TaskKind::Review,
                cause: String::new(),
                text,
                fields: Vec::new(),
            });
        }
        _ => return None,
    };
    Some(TaskRequest { kind, cause: String::new(), text: text.to_owned(), fields: Vec::new() })
}
