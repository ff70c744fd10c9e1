//! One cycle, as the data flows:
//!
//! ```text
//! sweep ──marks──▶ read ──Person──▶ map ──Wanted──▶ plan ──debts──▶ guard ──▶ deliver ──▶ agreed
//! ```
//!
//! It is a reconciler: keys trigger, state decides. A mark says *that* somebody is to be looked at, never why, so a lost,
//! doubled or reordered trigger can do no harm, and every arrow can be cut by a power failure and simply taken again: a mark
//! is cleared in the same step in which its debts are written down, and not before.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    fmt,
    future::Future,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use adapter_sdk::{CheckReport, Identity, Intent, RemoteState, TaskKind, TaskRequest};
use ledger::{
    Actor, Debt, Draft, Event, Ledger, Mark, Outcome, Owed, Owing, Phase, Seen, Standing, TargetHealth, Task,
    TaskId, WhyHeld,
};
use people::{
    Candidacy, Clock, ContactId, FieldKey, Filled, Missing, OpportunityId, Person, Pii, TargetName,
    Timestamp, Value,
};
use tokio::sync::watch;

use crate::{
    Activity, CycleReport, Fault, GuardTrip,
    deliver::Ready,
    plan::{self, Decision, Facts, Plan, Remote},
    policy,
    settings::{Settings, Target},
    source::{Cursor, Reading, Source, Sweep, Usage, Whom},
    sweep::CURSOR,
};

/// Contacts read at once.
const READ_BATCH: usize = 50;
/// Debts, with their values, that are carried between plan and delivery; more are delivered in several rounds.
const CARRY_MAX: usize = 5_000;
/// The note under which the ledger keeps the number of the last cycle that wrote something.
const CYCLE: &str = "cycle";

/// The engine: what reads, decides and drives.
pub struct Engine {
    pub(crate) source: Arc<dyn Source>,
    pub(crate) targets: Vec<Target>,
    pub(crate) ledger: Arc<Ledger>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) settings: Settings,
    activity: watch::Sender<Activity>,
    stopping: watch::Sender<bool>,
    memory: Mutex<Memory>,
}

/// What the engine is made of.
pub struct Parts {
    /// Where people come from.
    pub source: Arc<dyn Source>,
    /// Where they go.
    pub targets: Vec<Target>,
    /// What is owed and what was agreed.
    pub ledger: Arc<Ledger>,
    /// The wall clock.
    pub clock: Arc<dyn Clock>,
    /// What concerns every target.
    pub settings: Settings,
}

/// What is kept between cycles but not on disk: it only makes answers better, never decisions.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    pub cycle: u64,
    pub cursor: Option<Cursor>,
    pub last_good_at: Option<Timestamp>,
    pub last: Option<CycleReport>,
    pub fault: Option<Fault>,
    /// Everything due before this was looked at.
    pub attended_at: Option<Timestamp>,
    /// Targets that this process has looked at.
    met: BTreeSet<TargetName>,
}

/// What a cycle is asked to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CycleOrder {
    /// Who is looked for.
    pub sweep: SweepKind,
    /// A human approved what the guards would hold.
    pub approve: bool,
}

/// Who is looked for at the beginning of a cycle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SweepKind {
    /// Everybody hired and everybody known.
    Full,
    /// Whoever changed; everybody, if nothing was ever swept.
    Changes,
    /// Nobody: only who is marked, or whose debt fell due.
    Skip,
}

/// Why a cycle did not complete. What it did until then is on disk; the next one goes on.
#[derive(Debug, thiserror::Error)]
pub enum CycleError {
    /// The daemon is stopping.
    #[error("the daemon is stopping")]
    Stopped,
    /// The source could not be read.
    #[error("the people could not be read from the source")]
    Source(#[source] adapter_sdk::Error),
    /// The ledger could not be written. Nothing that was not written down was sent.
    #[error("the ledger could not be used")]
    Ledger(#[from] ledger::Error),
}

impl From<adapter_sdk::Error> for CycleError {
    fn from(error: adapter_sdk::Error) -> Self {
        CycleError::Source(error)
    }
}

/// What would be sent.
#[derive(Debug, Default)]
pub struct DryRun {
    /// Target by target, contact by contact.
    pub changes: Vec<PlannedChange>,
}

/// What would be sent to one target about one contact, and why.
#[derive(Debug)]
pub struct PlannedChange {
    /// The target.
    pub target: TargetName,
    /// The contact.
    pub contact: ContactId,
    /// A stable code: `add`, `update`, `add_hire`, `held.missing`, `nothing`, …
    pub decision: String,
    /// Why, in words.
    pub why: String,
    /// Field by field, where something would be written.
    pub fields: Vec<FieldChange>,
    /// Values that nobody gave us and that would be sent all the same.
    pub filled: Vec<Filled>,
    /// Values that are required and absent.
    pub missing: Vec<Missing>,
}

/// One field, old and new. Printed, never stored.
#[derive(Debug)]
pub struct FieldChange {
    /// Which field.
    pub key: FieldKey,
    /// What the target holds, as far as it can be read.
    pub old: Option<Pii<String>>,
    /// What it would hold.
    pub new: Pii<String>,
}

/// One cycle under way.
#[derive(Debug)]
pub(crate) struct Run {
    pub report: CycleReport,
    approve: bool,
    usage: Usage,
    /// New people and hires, and changes, over the whole cycle: what the guards count.
    creates: usize,
    changes: usize,
    /// Targets that cannot be asked or written to in this cycle. What is owed to them is written down all the same.
    unusable: BTreeSet<TargetName>,
    /// Targets whose links are not rebuilt yet: nothing is planned for them.
    unknown: BTreeSet<TargetName>,
    queue: Queue,
}

/// Who is read in this cycle: first whose debt fell due, the longest due first; then the marked, in the order of their ids;
/// at last, once more, whoever was marked again on the way. Nothing here grows with the number of marks.
#[derive(Debug, Default)]
struct Queue {
    due: VecDeque<ContactId>,
    /// Of these, who was read: marked or not, once is enough.
    read: BTreeSet<ContactId>,
    after: Option<ContactId>,
    again: BTreeSet<ContactId>,
    is_closed: bool,
}

/// A contact that was read, with its mark and what is planned for it.
#[derive(Debug)]
struct Planned {
    contact: ContactId,
    mark: Option<Mark>,
    identity: Identity,
    seen: Vec<(OpportunityId, Seen)>,
    plans: Vec<(TargetName, Standing, Plan)>,
    /// The mark stays: something could not be decided now.
    later: bool,
}

impl Run {
    /// A contact that was marked on the way is read once more at the end of this cycle.
    pub(crate) fn again(&mut self, contact: &ContactId) {
        if !self.queue.is_closed {
            self.queue.again.insert(contact.clone());
        }
    }
}

impl Planned {
    fn owes(&self) -> bool {
        self.plans.iter().any(|(_, _, plan)| matches!(plan.decision, Decision::Owe { .. }))
    }
}

/// What came of planning for one target.
#[derive(Debug)]
enum Planning {
    /// This.
    Done(Box<(Standing, Plan, Option<RemoteState>)>),
    /// Nothing: what came of an earlier attempt is not known yet, and is looked up when its time has come.
    Unsettled,
    /// Nothing: the target could not be asked what has to be known first.
    Later,
}

impl Engine {
    /// An engine that has done nothing yet.
    pub fn new(parts: Parts) -> Engine {
        let Parts { source, targets, ledger, clock, settings } = parts;
        let cycle = ledger.note(CYCLE).ok().flatten().and_then(|text| text.parse().ok()).unwrap_or(0);
        Engine {
            source,
            targets,
            ledger,
            clock,
            settings,
            activity: watch::Sender::new(Activity::Idle),
            stopping: watch::Sender::new(false),
            memory: Mutex::new(Memory { cycle, ..Memory::default() }),
        }
    }

    /// One cycle. An error leaves everything on disk as far as it came; the next cycle goes on from there.
    pub async fn cycle(&self, order: CycleOrder) -> Result<CycleReport, CycleError> {
        let cycle = {
            let mut memory = self.memory();
            memory.cycle += 1;
            memory.attended_at = Some(self.clock.now());
            memory.cycle
        };
        let mut run = self.begin_run(cycle, order.approve);
        let outcome = self.flow(&mut run, order).await;
        self.set_activity(Activity::Idle);
        self.end_run(run, outcome)
    }

    async fn flow(&self, run: &mut Run, order: CycleOrder) -> Result<(), CycleError> {
        self.prepare_targets(run).await?;
        if let Some(sweep) = self.which_sweep(order.sweep)? {
            run.report.full = sweep == Sweep::Full;
            self.sweep(run, &sweep).await?;
        }
        loop {
            let (planned, more) = self.read_and_plan(run).await?;
            let ready = self.guard(run, planned)?;
            self.deliver(run, ready).await?;
            if !more {
                return Ok(());
            }
        }
    }

    /// Stops: no new reads or deliveries. A call under way is left to end by itself.
    pub fn stop(&self) {
        self.stopping.send_replace(true);
    }

    /// What the engine is doing, as it goes.
    pub fn activity(&self) -> watch::Receiver<Activity> {
        self.activity.subscribe()
    }

    /// Reaches the source and every target and asks whether they can be used. Changes nothing anywhere.
    pub async fn check(&self) -> Vec<(String, adapter_sdk::Result<CheckReport>)> {
        let mut reports = vec![("lever".to_owned(), self.source.check().await)];
        for target in &self.targets {
            reports.push((target.name.to_string(), target.adapter.check().await));
        }
        reports
    }

    /// What a cycle would send, for these contacts, or for everybody that it would look at. Writes nothing anywhere.
    pub async fn dry_run(&self, contacts: &[ContactId]) -> Result<DryRun, CycleError> {
        let whom: Vec<ContactId> =
            if contacts.is_empty() { self.would_read().await? } else { contacts.to_vec() };
        let mut run = self.begin_run(0, false);
        let mut dry = DryRun::default();
        for batch in whom.chunks(READ_BATCH) {
            let batch: Vec<(ContactId, Option<Mark>)> =
                batch.iter().map(|contact| (contact.clone(), None)).collect();
            for (contact, reading) in self.read(&batch).await? {
                let Reading::Person(person) = reading else { continue };
                for target in &self.targets {
                    if let Planning::Done(done) = self.plan_one(&mut run, target, &person, Mode::Dry).await? {
                        let (_, plan, remote) = *done;
                        let mut change = describe(target, &contact, &person, plan, remote.as_ref());
                        if change.decision == "add" && self.would_adopt(target, &identity(&person)).await? {
                            "adopt".clone_into(&mut change.decision);
                            "A record over there is this person's: it is linked and compared, not created."
                                .clone_into(&mut change.why);
                        }
                        dry.changes.push(change);
                    }
                }
            }
        }
        Ok(dry)
    }

    // ---- the stages of `flow`, in order ----

    /// Probes targets that could not be used, and rebuilds the links of those the ledger is new to.
    async fn prepare_targets(&self, run: &mut Run) -> Result<(), CycleError> {
        for target in &self.targets {
            self.notice_other_columns(target)?;
            if !self.memory().met.contains(&target.name) {
                run.queue.due.extend(self.under_way_before(target)?);
            }
            let usable = self.is_usable(target).await?;
            if !usable {
                run.unusable.insert(target.name.clone());
            }
            if self.is_rebuilding(target)? && !(usable && self.rebuild(target).await?) {
                run.unknown.insert(target.name.clone());
            }
        }
        Ok(())
    }

    /// A mapping with other fields than before: everybody is looked at again, and what was agreed about fields that are mapped
    /// no longer is forgotten, since the target may drop them.
    fn notice_other_columns(&self, target: &Target) -> Result<(), CycleError> {
        const STEP: usize = 500;
        let columns = target.mapping.columns();
        let note = format!("columns {}", target.name);
        let now_mapped = format!("{columns:?}");
        let before = self.ledger.note(&note)?;
        if before.as_ref() == Some(&now_mapped) {
            return Ok(());
        }
        let mut after: Option<ContactId> = None;
        while let Some(page) =
            before.as_ref().map(|_| self.ledger.standings(&target.name, after.as_ref(), STEP)).transpose()?
        {
            let Some((last, _)) = page.last() else { break };
            after = Some(last.clone());
            let now = self.clock.now();
            let _ = self.ledger.write(|draft| {
                page.iter().try_for_each(|(contact, _)| {
                    let Some(mut standing) = draft.standing(&target.name, contact)? else { return Ok(()) };
                    standing.keep_fields(&columns.person, &columns.hire);
                    draft.put_standing(&target.name, contact, standing)?;
                    draft.mark(contact, now)
                })
            })?;
        }
        let _ = self.ledger.write(|draft| {
            draft.put_note(&note, &now_mapped);
            Ok(())
        })?;
        Ok(())
    }

    /// True when the target can be used: it could before, or a probe that was due succeeded. A new process is reason enough
    /// to look: somebody may have mended it, or broken it, and started us again.
    async fn is_usable(&self, target: &Target) -> Result<bool, CycleError> {
        let first = self.memory().met.insert(target.name.clone());
        let state = self.ledger.target(&target.name)?;
        let TargetHealth::Quarantined { probe_at, .. } = state.health else {
            let known = if first { self.recognises(target).await } else { return Ok(true) };
            if !matches!(known, Ok(true)) && self.ledger.target(&target.name)?.health == TargetHealth::Active
            {
                // It could not be asked: it still has to be.
                self.memory().met.remove(&target.name);
            }
            return known;
        };
        if !first && self.clock.now() < probe_at {
            return Ok(false);
        }
        match self.unless_stopped(target.adapter.check()).await? {
            Ok(_) if self.recognises(target).await? => {
                self.target_answered(target)?;
                tracing::info!(target_name = %target.name, "target can be used again");
                Ok(true)
            }
            Ok(_) => Ok(false),
            Err(error) => {
                self.target_failed(target, &error)?;
                Ok(false)
            }
        }
    }

    fn which_sweep(&self, kind: SweepKind) -> ledger::Result<Option<Sweep>> {
        Ok(match kind {
            SweepKind::Skip => None,
            SweepKind::Full => Some(Sweep::Full),
            SweepKind::Changes => {
                let kept = self.memory().cursor.clone();
                let cursor = match kept {
                    Some(cursor) => Some(cursor),
                    None => self.ledger.note(CURSOR)?.map(Cursor),
                };
                Some(cursor.map_or(Sweep::Full, Sweep::Since))
            }
        })
    }

    /// Reads who is marked or due, batch by batch, and plans. What owes nothing is written down at once; what owes something
    /// is handed on, up to [`CARRY_MAX`] debts. True when there is more to read.
    async fn read_and_plan(&self, run: &mut Run) -> Result<(Vec<Planned>, bool), CycleError> {
        let mut carried: Vec<Planned> = Vec::new();
        let mut debts = 0;
        loop {
            let batch = self.next_batch(run)?;
            if batch.is_empty() {
                return Ok((carried, false));
            }
            let marks: BTreeMap<ContactId, Option<Mark>> = batch.iter().cloned().collect();
            let mut done = Vec::new();
            for (contact, reading) in self.read(&batch).await? {
                run.report.read += 1;
                let mark = marks.get(&contact).cloned().flatten();
                if let Some(planned) = self.plan_reading(run, contact, mark, reading).await? {
                    if run.queue.is_closed {
                        // Read once more: what was planned before is out of date, and nobody is delivered twice.
                        carried.retain(|earlier| earlier.contact != planned.contact);
                    }
                    debts += planned.plans.len();
                    if planned.owes() { &mut carried } else { &mut done }.push(planned);
                }
            }
            let _ = self.write_down(run, done, false)?;
            self.set_activity(Activity::Reading {
                read: run.report.read,
                of: run.report.read + self.ledger.marked(run.queue.after.as_ref(), 1_000)?.len() as u64,
            });
            if debts >= CARRY_MAX {
                return Ok((carried, true));
            }
        }
    }

    /// The guard: more new debts in one cycle than allowed, and *all* of them are held until a human approves.
    fn guard(
        &self,
        run: &mut Run,
        planned: Vec<Planned>,
    ) -> Result<BTreeMap<TargetName, Vec<Ready>>, CycleError> {
        for (_, standing, plan) in planned.iter().flat_map(|planned| &planned.plans) {
            if let Decision::Owe { debt, .. } = &plan.decision
                && is_new(standing, debt)
            {
                match debt.intent {
                    Intent::Add | Intent::AddHire => run.creates += 1,
                    Intent::Update | Intent::Withdraw => run.changes += 1,
                }
            }
        }
        let guards = self.settings.guards;
        let too_many =
            run.creates > guards.creates_per_cycle_max || run.changes > guards.changes_per_cycle_max;
        let cycle = run.report.cycle;
        let held = too_many && !run.approve;
        let ready = self.write_down(run, planned, held)?;
        if held {
            let all = run.creates + run.changes;
            run.report.guard =
                Some(GuardTrip { cycle, creates: run.creates, changes: run.changes, held: all });
            tracing::error!(
                cycle,
                creates = run.creates,
                changes = run.changes,
                "the guard holds all of this cycle's new debts; look at `hiresync guards`, then `hiresync approve`"
            );
        }
        Ok(ready)
    }

    // ---- reading ----

    /// The next contacts to read, with their marks.
    fn next_batch(&self, run: &mut Run) -> ledger::Result<Vec<(ContactId, Option<Mark>)>> {
        let mut batch: BTreeMap<ContactId, Option<Mark>> = BTreeMap::new();
        while batch.len() < READ_BATCH
            && let Some(contact) = run.queue.due.pop_front()
        {
            if !run.queue.read.contains(&contact) && self.has_usable_debt(run, &contact)? {
                let mark = self.ledger.mark_of(&contact)?;
                run.queue.read.insert(contact.clone());
                batch.insert(contact, mark);
            }
        }
        while batch.len() < READ_BATCH {
            let page = self.ledger.marked(run.queue.after.as_ref(), READ_BATCH - batch.len())?;
            let Some((last, _)) = page.last() else { break };
            run.queue.after = Some(last.clone());
            let unread = page.into_iter().filter(|(contact, _)| !run.queue.read.contains(contact));
            batch.extend(unread.map(|(contact, mark)| (contact, Some(mark))));
        }
        if batch.is_empty() {
            run.queue.is_closed = true;
            while batch.len() < READ_BATCH
                && let Some(contact) = run.queue.again.pop_first()
            {
                if let Some(mark) = self.ledger.mark_of(&contact)? {
                    batch.insert(contact, Some(mark));
                }
            }
        }
        Ok(batch.into_iter().collect())
    }

    fn has_usable_debt(&self, run: &Run, contact: &ContactId) -> ledger::Result<bool> {
        for target in self.targets.iter().filter(|target| !run.unusable.contains(&target.name)) {
            let paused = self.ledger.target(&target.name)?.paused;
            if !paused
                && self
                    .ledger
                    .standing(&target.name, contact)?
                    .is_some_and(|standing| standing.due().is_some())
            {
                return Ok(true);
            }
        }
        Ok(false)
    }

    async fn read(
        &self,
        batch: &[(ContactId, Option<Mark>)],
    ) -> Result<Vec<(ContactId, Reading)>, CycleError> {
        let mut whom = Vec::with_capacity(batch.len());
        for (contact, _) in batch {
            let known = self.known_opportunities(contact)?.into_iter().collect();
            whom.push(Whom { contact: contact.clone(), known });
        }
        Ok(self.unless_stopped(self.source.read(&whom)).await??)
    }

    fn known_opportunities(&self, contact: &ContactId) -> ledger::Result<BTreeSet<OpportunityId>> {
        let mut known = BTreeSet::new();
        for target in &self.targets {
            if let Some(standing) = self.ledger.standing(&target.name, contact)? {
                known.extend(standing.decided_on.into_keys());
                known.extend(standing.agreed.into_iter().flat_map(|agreed| agreed.link.hires.into_keys()));
            }
        }
        Ok(known)
    }

    /// What is open about a contact that cannot be read any more is settled all the same, by the ids we know.
    async fn settle_unread(&self, run: &Run, contact: &ContactId) -> Result<(), CycleError> {
        let opportunities = self.known_opportunities(contact)?;
        let identity = Identity { contact: contact.clone(), opportunities, emails: Vec::new() };
        for target in &self.targets {
            let usable = !run.unusable.contains(&target.name) && !run.unknown.contains(&target.name);
            self.settle_unknown(target, &identity, &BTreeSet::new(), usable).await?;
        }
        Ok(())
    }

    // ---- planning ----

    /// Plans for one contact, target by target. `None`: it was dealt with on the spot, or stays marked.
    async fn plan_reading(
        &self,
        run: &mut Run,
        contact: ContactId,
        mark: Option<Mark>,
        reading: Reading,
    ) -> Result<Option<Planned>, CycleError> {
        let person = match reading {
            Reading::Person(person) => person,
            Reading::Failed(error) => {
                run.report.failed += 1;
                tracing::warn!(%contact, error = %error.chain(), "a contact could not be read now; it stays marked");
                return Ok(None);
            }
            Reading::Moved { to } => {
                // The surviving contact is read instead; with it the standing moves.
                run.again(&to);
                self.dealt_with(&contact, mark.as_ref(), Some(&to), None)?;
                return Ok(None);
            }
            Reading::Anonymised => {
                self.settle_unread(run, &contact).await?;
                self.dealt_with(&contact, mark.as_ref(), None, Some(Outcome::Anonymised))?;
                return Ok(None);
            }
            Reading::Gone => {
                self.settle_unread(run, &contact).await?;
                self.dealt_with(&contact, mark.as_ref(), None, Some(Outcome::Gone))?;
                return Ok(None);
            }
            Reading::Unreadable { place } => {
                run.report.unreadable += 1;
                self.settle_unread(run, &contact).await?;
                self.dealt_with(&contact, mark.as_ref(), None, Some(Outcome::Unreadable { place }))?;
                return Ok(None);
            }
        };
        let seen = self.recognise_merges(&person)?;
        let identity = identity(&person);
        let mut planned = Planned { contact, mark, identity, seen, plans: Vec::new(), later: false };
        for target in &self.targets {
            match self.plan_one(run, target, &person, Mode::Real).await? {
                Planning::Done(done) => planned.plans.push((target.name.clone(), done.0, done.1)),
                Planning::Unsettled => {}
                Planning::Later => planned.later = true,
            }
        }
        Ok(Some(planned))
    }

    async fn plan_one(
        &self,
        run: &mut Run,
        target: &Target,
        person: &Person,
        mode: Mode,
    ) -> Result<Planning, CycleError> {
        if run.unknown.contains(&target.name) {
            return Ok(Planning::Later);
        }
        let usable = !run.unusable.contains(&target.name);
        let mut in_scope = self.in_scope(person)?;
        in_scope.retain(|opportunity| !matches!(self.is_anothers(target, person, opportunity), Ok(true)));
        if mode == Mode::Real && !self.settle_unknown(target, &identity(person), &in_scope, usable).await? {
            return Ok(Planning::Unsettled);
        }
        let mut standing = self.ledger.standing(&target.name, &person.contact)?.unwrap_or_default();
        let today = self.clock.today(self.settings.zone);
        for opportunity in &in_scope {
            standing.decided_on.entry((*opportunity).clone()).or_insert(today);
        }
        let wanted = target.mapping.apply(person, &in_scope, &standing.decided_on);
        let capabilities = target.adapter.info().capabilities;
        let lost = matches!(self.ledger.origin(), ledger::Origin::Recovery { .. });
        let mut facts = Facts {
            person,
            wanted: &wanted,
            standing: &standing,
            remote: Remote::Unasked,
            capabilities,
            pinned: target.mapping.pinned(),
            permitted: person.protection.permits(self.clock.now()),
            blind: lost && !capabilities.find && !capabilities.list && !is_released(&standing),
        };
        let mut plan = plan::plan(&facts, self.ledger.key());
        let mut remote = None;
        if plan.decision == Decision::Ask {
            let Some(link) = standing.agreed.as_ref().map(|agreed| agreed.link.clone()).filter(|_| usable)
            else {
                return Ok(Planning::Later);
            };
            remote = match self.unless_stopped(target.adapter.read(&link.remote)).await? {
                Ok(remote) => remote,
                Err(error) => {
                    if mode == Mode::Real && self.target_failed(target, &error)? {
                        run.unusable.insert(target.name.clone());
                    }
                    return Ok(Planning::Later);
                }
            };
            if remote.is_none() && mode == Mode::Real && self.relink(target, person).await? {
                // Not gone: it moved to this contact's record when profiles were merged. Compared at the end of this cycle.
                run.again(&person.contact);
                return Ok(Planning::Later);
            }
            facts.remote = remote.as_ref().map_or(Remote::Gone, Remote::Holds);
            plan = plan::plan(&facts, self.ledger.key());
        }
        if let (Some(agreed), Some(remote)) = (&mut standing.agreed, &remote) {
            agreed.link.hires.extend(remote.link.hires.clone());
        }
        Ok(Planning::Done(Box::new((standing, plan, remote))))
    }

    /// A hire that stands on the record of a contact that could not be merged into this one: a human was asked.
    fn is_anothers(&self, target: &Target, person: &Person, hire: &OpportunityId) -> ledger::Result<bool> {
        let Some(seen) = self.ledger.seen(hire)?.filter(|seen| seen.contact != person.contact) else {
            return Ok(false);
        };
        let other = self.ledger.standing(&target.name, &seen.contact)?.and_then(|standing| standing.agreed);
        Ok(other.is_some_and(|agreed| agreed.link.hires.contains_key(hire)))
    }

    /// Hires on or after `hired_since`, by the earliest date ever seen: archiving an old hire again does not make it new.
    fn in_scope<'p>(&self, person: &'p Person) -> ledger::Result<BTreeSet<&'p OpportunityId>> {
        let since = self.settings.since();
        let mut in_scope = BTreeSet::new();
        for (opportunity, hire) in &person.hires {
            let first = self.ledger.seen(opportunity)?.and_then(|seen| seen.first_hired_at);
            if first.map_or(hire.hired_at, |first| first.min(hire.hired_at)) >= since {
                in_scope.insert(opportunity);
            }
        }
        Ok(in_scope)
    }

    // ---- writing down ----

    /// Writes down what is owed, raises what a human must do, and clears the marks, all in one step. Answers what may go out
    /// now.
    fn write_down(
        &self,
        run: &Run,
        planned: Vec<Planned>,
        held: bool,
    ) -> Result<BTreeMap<TargetName, Vec<Ready>>, CycleError> {
        const STEP: usize = 200;
        let mut ready: BTreeMap<TargetName, Vec<Ready>> = BTreeMap::new();
        let mut planned = planned;
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
            for (target, one) in step.into_inner() {
                ready.entry(target).or_default().push(one);
            }

            planned = rest;
        }
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
        for (opportunity, seen) in &one.seen {
            draft.put_seen(opportunity, seen)?;
        }
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
            let now = self.clock.now();
            let mut told = None;
            match &plan.decision {
                Decision::NotInScope | Decision::Ask => {
                    standing.forgive();
                    if standing.agreed.is_none() && standing.owed.is_none() {
                        standing = Standing::default();
                    }
                }
                Decision::Agreed => {
                    standing.forgive();
                }
                Decision::Compared(digests) => {
                    standing.forgive();
                    standing.compared(digests.clone());
                    // The look may have shown a hire that an attempt without an answer left there.
                    if let (Some(agreed), Some(seen)) = (&mut standing.agreed, &planned_from.agreed) {
                        agreed.link.hires.extend(seen.link.hires.clone());
                    }
                }
                Decision::Hold { debt, why } => {
                    let phase = Phase::Held { why: why.clone(), due: None };
                    if matches!(standing.owe(debt.clone(), phase, now), Owing::New | Owing::Replaced) {
                        told = Some((Outcome::Held { why: why.clone() }, Vec::new()));
                    }
                }
                Decision::Owe { debt, wanted, digests } => {
                    // What replaces a debt that a guard holds was not shown to anybody yet: it is held too.
                    let held_before = before.is_for_approval() && !run.approve;
                    let phase = if is_new(&before, debt) && (held || held_before) {
                        Phase::Held { why: WhyHeld::Guard { cycle: run.report.cycle }, due: None }
                    } else {
                        Phase::Waiting { not_before: now }
                    };
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
                    if standing.is_ready(now) {
                        going.push((
                            target.clone(),
                            Ready {
                                contact: one.contact.clone(),
                                identity: one.identity.clone(),
                                intent,
                                wanted: wanted.clone(),
                                digests: digests.clone(),
                            },
                        ));
                    }
                }
            }
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
        }
        if let (Some(mark), false) = (&one.mark, one.later || moved) {
            draft.unmark(&one.contact, mark)?;
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

    /// Forgets a task whose reason went away, so that it is raised again should the reason come back.
    fn forget_reason(
        &self,
        draft: &mut Draft<'_>,
        kind: TaskKind,
        target: Option<&TargetName>,
        contact: &ContactId,
        cause: &str,
    ) -> ledger::Result<()> {
        let id = self.task_id(kind, target, contact, cause);
        if self.ledger.task(&id)?.is_some() {
            draft.forget_task(&id);
        }
        Ok(())
    }

    /// A contact about whom there is nothing to plan: what happened is told once, and the mark is cleared.
    fn dealt_with(
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
        let told = self.ledger.history(contact)?.last().map(|event| event.outcome.clone());
        let _ = self.ledger.write(|draft| {
            if let Some(instead) = instead {
                draft.mark(instead, now)?;
            }
            if let Some(outcome) = outcome.filter(|outcome| known && told.as_ref() != Some(outcome)) {
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
                    standing.forget_values();
                }
                if settled && standing.agreed.is_none() {
                    draft.remove_standing(&target.name, contact)?;
                } else if standing != before {
                    draft.put_standing(&target.name, contact, standing)?;
                }
            }
            match mark {
                Some(mark) => draft.unmark(contact, mark),
                None => Ok(()),
            }
        })?;
        Ok(())
    }

    /// What is known of a person's opportunities after this reading. Where one of them was another contact's, profiles were
    /// merged: that contact's standings become this one's.
    fn recognise_merges(&self, person: &Person) -> Result<Vec<(OpportunityId, Seen)>, CycleError> {
        let mut seen = Vec::new();
        let mut merged = BTreeSet::new();
        for (opportunity, candidacy) in &person.opportunities {
            let before = self.ledger.seen(opportunity)?;
            if let Some(before) = &before
                && before.contact != person.contact
            {
                merged.insert(before.contact.clone());
            }
            let hired_at = person.hires.get(opportunity).map(|hire| hire.hired_at);
            let first = before.as_ref().and_then(|before| before.first_hired_at);
            let first_hired_at = match (*candidacy, first, hired_at) {
                (Candidacy::Hired, Some(first), Some(now)) => Some(first.min(now)),
                (_, first, hired_at) => first.or(hired_at),
            };
            let digest = before.and_then(|before| before.digest);
            seen.push((
                opportunity.clone(),
                Seen { contact: person.contact.clone(), digest, first_hired_at },
            ));
        }
        for from in merged {
            self.merge(&from, person)?;
            // What could not be merged stays the other's, so that it is recognised the next time as well.
            let stays = self.targets.iter().try_fold(false, |stays, target| {
                Ok::<_, ledger::Error>(stays || self.ledger.standing(&target.name, &from)?.is_some())
            })?;
            if stays {
                for (opportunity, seen) in &mut seen {
                    if self.ledger.seen(opportunity)?.is_some_and(|before| before.contact == from) {
                        seen.contact = from.clone();
                    }
                }
            }
        }
        Ok(seen)
    }

    fn merge(&self, from: &ContactId, person: &Person) -> Result<(), CycleError> {
        let into = &person.contact;
        let _ = self.ledger.write(|draft| {
            for target in &self.targets {
                let Some(lost) = draft.standing(&target.name, from)? else { continue };
                let kept = draft.standing(&target.name, into)?;
                let moves_hires = target.adapter.info().capabilities.moves_hires;
                // A part of a contact went elsewhere: its record holds hires that are not this person's.
                let is_whole = lost.agreed.iter().flat_map(|agreed| agreed.link.hires.keys()).all(|hire| person.opportunities.contains_key(hire));
                // An attempt may have made a record that nobody would know of.
                let is_open = lost.agreed.is_none() && lost.owed.as_ref().is_some_and(|owed| owed.sent.is_some());
                let standing = match kept {
                    _ if !is_whole && !moves_hires => None,
                    None => Some(lost),
                    Some(kept) if lost.agreed.is_none() && !is_open => Some(kept),
                    Some(kept) if kept.agreed.is_none() && !kept.owed.as_ref().is_some_and(Owed::is_sent) => Some(lost),
                    Some(kept) if moves_hires && !is_open => Some(kept.absorb(lost)),
                    Some(_) => None,
                };
                let Some(standing) = standing else {
                    let task = TaskRequest {
                        kind: TaskKind::PossibleDuplicate,
                        cause: format!("merged {from}"),
                        text: format!("Lever merged contact {from} into {into}, and both have a record over there. Merge the two records by hand."),
                        fields: Vec::new(),
                    };
                    self.raise(draft, into, Some(&target.name), task)?;
                    continue;
                };
                draft.put_standing(&target.name, into, standing)?;
                draft.remove_standing(&target.name, from)?;
                draft.tell(&self.event(into, Some(&target.name), Outcome::MergedFrom { contact: from.clone() }))?;
            }
            Ok(())
        })?;
        Ok(())
    }

    // ---- small things ----

    /// Everybody that a cycle would look at, without marking them.
    async fn would_read(&self) -> Result<Vec<ContactId>, CycleError> {
        let mut whom: BTreeSet<ContactId> =
            self.ledger.due(self.clock.now(), usize::MAX).into_iter().collect();
        whom.extend(self.ledger.marked(None, usize::MAX)?.into_iter().map(|(contact, _)| contact));
        let Some(sweep) = self.which_sweep(SweepKind::Changes)? else { return Ok(Vec::new()) };
        let since = self.settings.since();
        let mut page = None;
        loop {
            let seen = self.unless_stopped(self.source.sweep(&sweep, page)).await??;
            for sighting in seen.sightings {
                let digest = Some(self.ledger.key().record(sighting.content.reveal()));
                let known = self.ledger.seen(&sighting.opportunity)?;
                let hired =
                    sighting.candidacy == Candidacy::Hired && sighting.hired_at.is_some_and(|at| at >= since);
                if (hired || known.is_some()) && known.is_none_or(|known| known.digest != digest) {
                    whom.insert(sighting.contact);
                }
            }
            match seen.then {
                crate::Then::More(token) => page = Some(token),
                crate::Then::Done(_) => return Ok(whom.into_iter().collect()),
            }
        }
    }

    fn begin_run(&self, cycle: u64, approve: bool) -> Run {
        let now = self.clock.now();
        let report = CycleReport { cycle, started_at: now, ended_at: now, ..CycleReport::default() };
        Run {
            report,
            approve,
            usage: self.source.usage(),
            creates: 0,
            changes: 0,
            unusable: BTreeSet::new(),
            unknown: BTreeSet::new(),
            queue: Queue { due: self.ledger.due(now, usize::MAX).into(), ..Queue::default() },
        }
    }

    fn end_run(&self, mut run: Run, outcome: Result<(), CycleError>) -> Result<CycleReport, CycleError> {
        let usage = self.source.usage();
        run.report.requests = usage.requests - run.usage.requests;
        run.report.refused = usage.refused - run.usage.refused;
        let now = self.clock.now();
        run.report.ended_at = now;
        for target in &self.targets {
            if self.ledger.target(&target.name)?.health != TargetHealth::Active {
                run.report.unusable.push(target.name.clone());
            }
        }
        let mut memory = self.memory();
        memory.last = Some(run.report.clone());
        match outcome {
            Ok(()) => {
                memory.fault = None;
                if run.report.unusable.is_empty() {
                    memory.last_good_at = Some(now);
                }
                Ok(run.report)
            }
            Err(error) => {
                if let CycleError::Source(error) = &error {
                    let (what, remedy) = policy::advice(error.kind());
                    let since = memory.fault.as_ref().map_or(now, |fault| fault.since);
                    memory.fault = Some(Fault {
                        code: error.kind().code().to_owned(),
                        what: format!("{what} {}", error.chain()),
                        remedy: remedy.to_owned(),
                        since,
                    });
                }
                Err(error)
            }
        }
    }

    pub(crate) fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn set_activity(&self, activity: Activity) {
        self.activity.send_replace(activity);
    }

    pub(crate) fn add_done(&self, more: u64) {
        self.activity.send_modify(|activity| {
            if let Activity::Delivering { done, .. } = activity {
                *done += more;
            }
        });
    }

    pub(crate) fn current_activity(&self) -> Activity {
        *self.activity.borrow()
    }

    pub(crate) fn is_stopping(&self) -> bool {
        *self.stopping.borrow()
    }

    /// Waits for `work`, but no longer than until the daemon stops. For what can be abandoned: reads, never deliveries.
    pub(crate) async fn unless_stopped<T>(&self, work: impl Future<Output = T>) -> Result<T, CycleError> {
        let mut stopping = self.stopping.subscribe();
        tokio::select! {
            biased;
            _ = stopping.wait_for(|stopping| *stopping) => Err(CycleError::Stopped),
            done = work => Ok(done),
        }
    }

    pub(crate) fn event(&self, contact: &ContactId, target: Option<&TargetName>, outcome: Outcome) -> Event {
        Event {
            at: self.clock.now(),
            contact: contact.clone(),
            target: target.cloned(),
            actor: Actor::Cycle,
            outcome,
            generation: None,
            fields: Vec::new(),
        }
    }

    /// Raises a task, once for its cause, and tells the contact's history.
    pub(crate) fn raise(
        &self,
        draft: &mut Draft<'_>,
        contact: &ContactId,
        target: Option<&TargetName>,
        task: TaskRequest,
    ) -> ledger::Result<()> {
        let id = self.task_id(task.kind, target, contact, &task.cause);
        let raised = draft.raise(&Task {
            id: id.clone(),
            kind: task.kind,
            target: target.cloned(),
            contact: contact.clone(),
            text: task.text,
            fields: task.fields,
            raised_at: self.clock.now(),
            done_at: None,
        })?;
        if raised {
            draft.tell(&self.event(contact, target, Outcome::TaskRaised { id }))?;
        }
        Ok(())
    }

    /// The same cause has the same id.
    fn task_id(
        &self,
        kind: TaskKind,
        target: Option<&TargetName>,
        contact: &ContactId,
        cause: &str,
    ) -> TaskId {
        let target = target.map_or("", |target| target.as_str());
        let digest = self.ledger.key().record(&format!("{kind:?} {target} {contact} {cause}")).to_string();
        TaskId(format!("T-{}", &digest[..10]))
    }
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine")
            .field("targets", &self.targets)
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

/// Whether a plan is for delivery or only for show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Real,
    Dry,
}

/// A debt that was not owed like this before: what the guards count.
fn is_new(standing: &Standing, debt: &Debt) -> bool {
    standing.owed.as_ref().is_none_or(|owed| owed.wanted != debt.wanted || owed.intent != debt.intent)
}

fn remote_of(standing: &Standing) -> Option<&people::RemoteId> {
    standing.agreed.as_ref().map(|agreed| &agreed.link.remote)
}

/// A human let it go on: nothing else makes a debt wait that would be held.
fn is_released(standing: &Standing) -> bool {
    standing.owed.as_ref().is_some_and(|owed| !matches!(owed.phase, Phase::Held { .. }))
}

pub(crate) fn identity(person: &Person) -> Identity {
    Identity {
        contact: person.contact.clone(),
        opportunities: person.opportunities.keys().cloned().collect(),
        emails: person.emails.clone(),
    }
}

fn task_about(outcome: &Outcome) -> Option<TaskRequest> {
    let (kind, text) = match outcome {
        Outcome::Anonymised => (
            TaskKind::ErasureNotice,
            "This person was anonymised in Lever. The record over there rests on other grounds and was left as it is: check whether it may stay.",
        ),
        Outcome::Gone => (
            TaskKind::ReviewWithdrawal,
            "This person can no longer be found in Lever. The record over there was left as it is: check whether it is right.",
        ),
        Outcome::Unreadable { .. } => (
            TaskKind::Review,
            "Lever's record of this person cannot be understood, so nothing is sent about them. The history names the field.",
        ),
        _ => return None,
    };
    Some(TaskRequest { kind, cause: String::new(), text: text.to_owned(), fields: Vec::new() })
}

fn describe(
    target: &Target,
    contact: &ContactId,
    person: &Person,
    plan: Plan,
    remote: Option<&RemoteState>,
) -> PlannedChange {
    let none = (Vec::new(), Vec::new(), Vec::new());
    let (decision, why, (fields, filled, missing)) = match plan.decision {
        Decision::NotInScope if person.hires.is_empty() => {
            ("nothing".to_owned(), "Nobody is hired under this contact.".to_owned(), none)
        }
        Decision::NotInScope => ("nothing".to_owned(), "Hired before `hired_since`.".to_owned(), none),
        Decision::Agreed | Decision::Compared(_) | Decision::Ask => {
            ("nothing".to_owned(), "The target holds what it should.".to_owned(), none)
        }
        Decision::Hold { why, .. } => {
            let code = crate::orders::held_code(&why);
            (code, policy::held(&why).0, none)
        }
        Decision::Owe { debt, wanted, .. } => {
            let why = match debt.intent {
                Intent::Add => "Hired, and not over there yet.",
                Intent::AddHire => "Hired again.",
                Intent::Update => "Lever changed since the target last agreed.",
                Intent::Withdraw => "The hire was taken back.",
            };
            let changed: BTreeSet<&FieldKey> = debt.changed.iter().collect();
            let fields = wanted
                .iter()
                .filter(|(key, _)| changed.contains(key))
                .map(|(key, value)| FieldChange {
                    old: remote.and_then(|remote| held(remote, &key)).map(|value| Pii::new(value.to_text())),
                    new: Pii::new(value.to_text()),
                    key,
                })
                .collect();
            (debt.intent.to_string(), why.to_owned(), (fields, wanted.filled, wanted.missing))
        }
    };
    PlannedChange {
        target: target.name.clone(),
        contact: contact.clone(),
        decision,
        why,
        fields,
        filled,
        missing,
    }
}

fn held<'r>(remote: &'r RemoteState, key: &FieldKey) -> Option<&'r Value> {
    match key {
        FieldKey::Person { field } => remote.person.get(field),
        FieldKey::Hire { opportunity, field } => remote.hires.get(opportunity)?.get(field),
    }
    .map(Pii::reveal)
}
