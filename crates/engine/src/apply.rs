//! Carrying out a plan: the same people are planned for once more on paper, everything is compared with the plan, and only if
//! all of it is as it was is anything written down and sent. Nobody else is looked at.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use ledger::Phase;
use people::{ContactId, TargetName, Timestamp};
use planted::Point;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    CycleReport,
    cycle::{CycleError, Engine, Run, SweepKind},
    dry_run::{Days, Sheet},
    plan_file::{Entry, PlanFile, PlanKey},
    planning::Planned,
    queue::Queue,
};

/// The note under which the ledger keeps which plans were carried out, and when.
const APPLIED: &str = "applied";
/// So many of them are remembered.
const APPLIED_MAX: usize = 100;

/// Somebody, or something, that is not as it was when the plan was made.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
pub struct Moved {
    /// Who; `None`: it concerns everybody.
    pub contact: Option<ContactId>,
    /// What, in words.
    pub what: String,
}

/// What was sent and is not agreed yet, or did not go out.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
pub struct Left {
    /// Who.
    pub contact: ContactId,
    /// Where.
    pub target: TargetName,
    /// The code of where it stands.
    pub code: String,
    /// In words.
    pub what: String,
    /// What to do about it.
    pub remedy: String,
    /// Whether it waits for a human.
    pub needs_human: bool,
}

/// What came of a plan.
#[derive(Debug)]
pub enum Applied {
    /// It was carried out.
    Done {
        /// What was done.
        report: Box<CycleReport>,
        /// Of what was to be sent, what the target did not agree to yet.
        left: Vec<Left>,
    },
    /// Nothing was written: this is not as it was.
    Moved(Vec<Moved>),
    /// Nothing was written: it was carried out before.
    Before(Timestamp),
}

impl Engine {
    /// What is not as it was when `plan` was made, as far as it concerns its people. Writes nothing anywhere.
    pub async fn moved(&self, plan: &PlanFile, key: &PlanKey) -> Result<Vec<Moved>, CycleError> {
        self.confirmed(self, plan, key).await.map(|(moved, _)| moved)
    }

    /// Carries out `plan`, all of it, or nothing if anything moved. Until it is sure, only `asking` is used: an engine over the same
    /// source and targets that has no way to write.
    pub async fn apply(
        &self,
        asking: &Engine,
        plan: &PlanFile,
        key: &PlanKey,
    ) -> Result<Applied, CycleError> {
        if let Some(at) = self.applied(&plan.id)? {
            return Ok(Applied::Before(at));
        }
        let (moved, planned) = self.confirmed(asking, plan, key).await?;
        if !moved.is_empty() {
            return Ok(Applied::Moved(moved));
        }
        let mut run = self.begin_run(self.next_cycle(), true, SweepKind::Skip);
        run.queue = Queue::default();
        let outcome = self.carry_out(&mut run, plan, planned).await;
        self.set_activity(crate::Activity::Idle);
        let report = Box::new(self.end_run(run, outcome)?);
        Ok(Applied::Done { report, left: self.left(plan)? })
    }

    /// What of the plan is still owed.
    fn left(&self, plan: &PlanFile) -> ledger::Result<Vec<Left>> {
        let mut left = Vec::new();
        for Entry { contact, target, .. } in plan.entries.iter().filter(|entry| entry.sends) {
            let Some(standing) = self.ledger.standing(target, contact)? else { continue };
            let Some(owed) = standing.owed.clone() else { continue };
            let is_stuck = matches!(owed.phase, Phase::Held { .. } | Phase::Parked { .. });
            let explained = self.explain_target(target, standing)?;
            left.push(Left {
                contact: contact.clone(),
                target: target.clone(),
                code: explained.code,
                what: explained.what,
                remedy: explained.remedy,
                needs_human: is_stuck || owed.obstacle.is_some(),
            });
        }
        Ok(left)
    }

    /// When a plan of that id was carried out, if it was.
    pub fn applied(&self, id: &str) -> ledger::Result<Option<Timestamp>> {
        let notes = self.ledger.note(APPLIED)?.unwrap_or_default();
        let mut lines = notes.lines().filter_map(|line| line.split_once(' '));
        Ok(lines.find(|(known, _)| *known == id).and_then(|(_, at)| at.parse().ok()))
    }

    /// What moved; and what is to be written down, if nothing did.
    async fn confirmed(
        &self,
        asking: &Engine,
        plan: &PlanFile,
        key: &PlanKey,
    ) -> Result<(Vec<Moved>, Vec<Planned>), CycleError> {
        let mut sheet = Sheet::over(asking, Arc::clone(&self.ledger));
        let contacts = plan.contacts();
        if !contacts.is_empty() {
            sheet.fill(&contacts, &days(plan)).await?;
        }
        let now: Vec<Entry> = sheet.dry.changes.iter().map(|change| Entry::of(change, key)).collect();
        let unread: BTreeMap<&ContactId, &str> =
            sheet.dry.unread.iter().map(|unread| (&unread.contact, unread.code)).collect();
        let mut moved = compared(plan, &now, &unread);
        for (target, why) in &sheet.dry.closed {
            if plan.entries.iter().any(|entry| entry.sends && entry.target == *target) {
                moved.push(Moved { contact: None, what: format!("the target {target}: {why}") });
            }
        }
        Ok((moved, to_write_down(plan, sheet.planned)))
    }

    async fn carry_out(
        &self,
        run: &mut Run,
        plan: &PlanFile,
        planned: Vec<Planned>,
    ) -> Result<(), CycleError> {
        self.link(plan, &planned)?;
        let ready = self.write_down(run, planned, false)?;
        self.deliver(run, ready).await
    }

    /// Links the records that the plan names, and remembers that it was carried out: both in one step, before anything is sent.
    fn link(&self, plan: &PlanFile, planned: &[Planned]) -> Result<(), CycleError> {
        let before = self.ledger.note(APPLIED)?.unwrap_or_default();
        let now = self.clock.now();
        let line = format!("{} {}", plan.id, now.to_rfc3339());
        let lines: Vec<&str> =
            std::iter::once(line.as_str()).chain(before.lines()).take(APPLIED_MAX).collect();
        let _ = self.ledger.write(|draft| {
            for (one, (name, standing, _)) in
                planned.iter().flat_map(|one| one.plans.iter().map(move |plan| (one, plan)))
            {
                let Some(agreed) = &standing.agreed else { continue };
                let known = draft.standing(name, &one.contact)?.and_then(|standing| standing.agreed);
                let Some(target) = self.targets.iter().find(|target| target.name == *name) else { continue };
                if known.is_none() {
                    self.take(draft, target, &one.contact, agreed.link.clone())?;
                }
            }
            draft.put_note(APPLIED, &lines.join("\n"));
            Ok(())
        })?;
        planted::point(Point::PlanNoted);
        Ok(())
    }
}

/// What the plan's people were decided about on an earlier day stays of that day.
fn days(plan: &PlanFile) -> Days {
    let entry = |entry: &Entry| ((entry.target.clone(), entry.contact.clone()), entry.decided_on.clone());
    plan.entries.iter().map(entry).collect()
}

fn compared(plan: &PlanFile, now: &[Entry], unread: &BTreeMap<&ContactId, &str>) -> Vec<Moved> {
    let now: BTreeMap<(&ContactId, &TargetName), &Entry> =
        now.iter().map(|entry| ((&entry.contact, &entry.target), entry)).collect();
    let mut moved = Vec::new();
    let mut say = |contact: &ContactId, what: String| {
        let one = Moved { contact: Some(contact.clone()), what };
        if !moved.contains(&one) {
            moved.push(one);
        }
    };
    for entry in &plan.entries {
        match now.get(&(&entry.contact, &entry.target)) {
            Some(now) => entry.moved(now).into_iter().for_each(|what| say(&entry.contact, what)),
            None => {
                let code = unread.get(&entry.contact).copied().unwrap_or("gone");
                say(&entry.contact, format!("the person in Lever: {code}"));
            }
        }
    }
    for (contact, before) in &plan.unread {
        if unread.get(contact) != Some(&before.as_str()) {
            say(contact, format!("the person in Lever: {before} when the plan was made"));
        }
    }
    moved
}

/// Of what was planned on paper, what the plan says is to be done.
fn to_write_down(plan: &PlanFile, planned: Vec<Planned>) -> Vec<Planned> {
    let entries = plan.entries.iter().filter(|entry| entry.is_for_applying());
    let meant: BTreeSet<(&ContactId, &TargetName)> =
        entries.map(|entry| (&entry.contact, &entry.target)).collect();
    let of = |mut one: Planned| {
        one.plans.retain(|(target, ..)| meant.contains(&(&one.contact, target)));
        (!one.plans.is_empty()).then_some(one)
    };
    planned.into_iter().filter_map(of).collect()
}
