//! Hires that are in scope and that the target is not told about now: because their day has not come, because a human decides
//! what they are, because another hire took their place, or because they are to be left out. Pure.

use std::collections::{BTreeMap, BTreeSet};

use adapter_sdk::{Intent, TaskKind};
use ledger::{Actor, Debt, DigestKey, LeftOut, Rehire, RehireKind, Standing, Treatment, WhyHeld};
use people::{FieldKey, OpportunityId, Wanted};

use crate::{
    plan::{Facts, Plan},
    rehire,
};

/// What is set aside.
#[derive(Debug, Default)]
pub(crate) struct Aside {
    waits: BTreeMap<OpportunityId, WhyHeld>,
    undecided: Vec<(OpportunityId, Rehire)>,
    ignored: BTreeMap<OpportunityId, Rehire>,
    replaced: BTreeSet<OpportunityId>,
}

impl Aside {
    pub(crate) fn of(facts: &Facts<'_>, standing: &Standing) -> Aside {
        let mut aside = Aside { waits: facts.waiting.clone(), ..Aside::default() };
        let linked = |hire: &OpportunityId| {
            standing.agreed.as_ref().is_some_and(|agreed| agreed.link.hires.contains_key(hire))
        };
        for hire in facts.wanted.hires.keys() {
            let Some(rehire) = standing.rehires.get(hire) else { continue };
            match rehire.treatment {
                Treatment::Task if !linked(hire) => aside.undecided.push((hire.clone(), rehire.clone())),
                Treatment::Ignore => {
                    aside.ignored.insert(hire.clone(), rehire.clone());
                }
                Treatment::Update => aside.replaced.extend(rehire.replaces.clone()),
                Treatment::Task | Treatment::NewEmployment => {}
            }
        }
        aside.let_the_first_go(facts, standing);
        for (hire, rehire) in &aside.undecided {
            let why = WhyHeld::Rehire { opportunity: hire.clone(), kind: rehire.kind };
            aside.waits.insert(hire.clone(), why);
        }
        aside
    }

    /// The hire before it was taken back before it was delivered: nothing is left that it could come after.
    fn let_the_first_go(&mut self, facts: &Facts<'_>, standing: &Standing) {
        let undecided: BTreeSet<&OpportunityId> = self.undecided.iter().map(|(hire, _)| hire).collect();
        let is_nothing_before = standing.agreed.is_none()
            && facts
                .wanted
                .hires
                .keys()
                .all(|hire| undecided.contains(hire) || self.ignored.contains_key(hire));
        if is_nothing_before {
            // Who was left out by a policy for coming second comes first now; what a human left out stays so.
            let by_policy =
                |rehire: &Rehire| rehire.by == Actor::Cycle && rehire.kind != RehireKind::NewContact;
            let (back, ignored): (BTreeMap<_, _>, _) =
                std::mem::take(&mut self.ignored).into_iter().partition(|(_, rehire)| by_policy(rehire));
            let known = self.undecided.iter().map(|(hire, _)| hire.clone());
            let candidates: Vec<OpportunityId> = known.chain(back.keys().cloned()).collect();
            let first = first_of(facts, &candidates);
            self.ignored = ignored;
            self.ignored.extend(back.into_iter().filter(|(hire, _)| Some(hire) != first.as_ref()));
            self.undecided.retain(|(hire, rehire)| {
                Some(hire) != first.as_ref() || rehire.kind == RehireKind::NewContact
            });
        }
    }

    /// What the target is told about now.
    pub(crate) fn without(&self, wanted: &Wanted) -> Wanted {
        let is_aside = |hire: &OpportunityId| {
            self.waits.contains_key(hire) || self.ignored.contains_key(hire) || self.replaced.contains(hire)
        };
        let is_told =
            |field: &FieldKey| !matches!(field, FieldKey::Hire { opportunity, .. } if is_aside(opportunity));
        let mut told = wanted.clone();
        told.hires.retain(|hire, _| !is_aside(hire));
        told.missing.retain(|missing| is_told(&missing.field));
        told.filled.retain(|filled| is_told(&filled.field));
        told
    }

    /// Hires that the history says are left out.
    pub(crate) fn left_out(&self) -> impl Iterator<Item = (OpportunityId, LeftOut)> + '_ {
        self.ignored.keys().map(|hire| (hire.clone(), LeftOut::Rehire))
    }

    /// What waits is held once there is nothing else to do, and a human is asked what only a human can decide.
    pub(crate) fn hold(self, facts: &Facts<'_>, standing: &Standing, key: &DigestKey, plan: &mut Plan) {
        for (hire, rehire) in &self.undecided {
            plan.tasks.push(rehire::task(facts, hire, rehire));
        }
        let asked: BTreeSet<&OpportunityId> = self.undecided.iter().map(|(hire, _)| hire).collect();
        let decided = facts.wanted.hires.keys().filter(|hire| !asked.contains(hire));
        plan.moot.extend(decided.map(|hire| (TaskKind::Rehire, rehire::cause(hire))));
        let first = self.waits.into_iter().find(|(_, why)| matches!(why, WhyHeld::Rehire { .. }));
        let first = first.or_else(|| earliest(facts.waiting));
        plan.waits = first.is_some();
        if let Some((hire, why)) = first.filter(|_| plan.decision.is_at_rest()) {
            let intent = if standing.agreed.is_some() { Intent::AddHire } else { Intent::Add };
            let changed = facts.wanted.iter().map(|(field, _)| field).filter(|field| is_of(field, &hire));
            let debt =
                Debt { intent, wanted: key.whole(&key.wanted(facts.wanted)), changed: changed.collect() };
            plan.waiting = Some((debt, why));
        }
    }
}

/// The oldest of these hires.
fn first_of(facts: &Facts<'_>, hires: &[OpportunityId]) -> Option<OpportunityId> {
    let at = |hire: &OpportunityId| facts.person.hires.get(hire).map(|hire| hire.hired_at);
    hires.iter().min_by_key(|hire| (at(hire), *hire)).cloned()
}

/// The one that goes first; one without a day comes last.
fn earliest(waiting: &BTreeMap<OpportunityId, WhyHeld>) -> Option<(OpportunityId, WhyHeld)> {
    let at = |why: &WhyHeld| match why {
        WhyHeld::NotYet { at: Some(at), .. } => (false, Some(*at)),
        _ => (true, None),
    };
    let first = waiting.iter().min_by_key(|(_, why)| at(why))?;
    Some((first.0.clone(), first.1.clone()))
}

fn is_of(field: &FieldKey, hire: &OpportunityId) -> bool {
    matches!(field, FieldKey::Hire { opportunity, .. } if opportunity == hire)
}
