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
    collections::{BTreeMap, BTreeSet},
    fmt,
    future::Future,
    ops::Add,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use adapter_sdk::{CheckReport, Intent, TaskKind, TaskRequest};
use chrono::TimeDelta;
use futures::future::LocalBoxFuture;
use ledger::{Actor, Draft, Event, Ledger, Mark, Outcome, TargetHealth, Task, TaskId};
use people::{Clock, ContactId, TargetName, Timestamp};
use planted::{Bug, Point};
use tokio::sync::watch;

use crate::{
    Activity, CycleReport, Delivered, Fault, GuardTrip,
    certificate::Certified,
    deliver::Ready,
    plan::Decision,
    planning::Planned,
    policy,
    queue::{Queue, Round},
    settings::{Settings, Target},
    source::{Cursor, Source, Sweep, Usage},
    sweep::CURSOR,
    watch::Watch,
    writing::is_new,
};

/// Contacts read at once.
pub(crate) const READ_BATCH: usize = 50;
/// Debts, with their values, that are carried between plan and delivery; more are delivered in several rounds.
const CARRY_MAX: usize = 5_000;
/// What the target held so long ago is compared once more before anything is written over it.
const STALE_AFTER: TimeDelta = TimeDelta::seconds(60);
/// The note under which the ledger keeps the number of the last cycle that wrote something.
pub(crate) const CYCLE: &str = "cycle";

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
    /// The same for what was deleted.
    pub deleted: Option<Cursor>,
    pub last_good_at: Option<Timestamp>,
    pub last: Option<CycleReport>,
    pub fault: Option<Fault>,
    /// The source refused the key: it is asked again when a sweep is due, and for nothing in between.
    pub refused: Option<adapter_sdk::Error>,
    /// Everything due before this was looked at.
    pub attended_at: Option<Timestamp>,
    /// Targets that this process has looked at.
    pub met: BTreeSet<TargetName>,
    /// Who is looked at again, changed or not.
    pub watch: Watch,
    /// What cannot wait until the cycle under way ends.
    pub hurried: Option<SweepKind>,
    /// The cycle under way is to end soon.
    pub winding_up: bool,
    /// Whom an order or a hint named since the last short cycle.
    pub hinted: BTreeSet<ContactId>,
    /// The source does not let us write: it is not tried again before the next full sweep.
    pub mute: bool,
    /// How often it refused in a row.
    pub refusals: u32,
    /// What cycles without a sweep owed since the last one with a sweep.
    pub lately: Owed,
    /// What became of everybody hired, as last checked.
    pub certified: Certified,
    /// What was delivered to each target since this engine began.
    pub delivered: BTreeMap<TargetName, Delivered>,
}

/// New debts, as the guards count them.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Owed {
    /// New people and new hires.
    pub creates: usize,
    /// Changes of people who are over there already.
    pub changes: usize,
    /// Hires taken back.
    pub withdrawals: usize,
    /// Of the changes, those in a target whose mapping is another one than before.
    pub reworded: usize,
}

impl Owed {
    /// What a human ordered, name by name, is not counted.
    fn by(planned: &[Planned], reworded: &BTreeSet<TargetName>) -> Owed {
        let mut owed = Owed::default();
        for (target, standing, plan) in planned.iter().flat_map(|planned| &planned.plans) {
            if let Decision::Owe { debt, .. } = &plan.decision
                && is_new(standing, debt)
                && !plan.backfill
            {
                match debt.intent {
                    Intent::Add | Intent::AddHire => owed.creates += 1,
                    Intent::Update => {
                        owed.changes += 1;
                        owed.reworded += usize::from(reworded.contains(target));
                    }
                    Intent::Withdraw => owed.withdrawals += plan.withdrawn.len(),
                }
            }
        }
        owed
    }

    /// New debts of one cycle, whatever they are.
    fn all(self) -> usize {
        self.creates + self.changes + self.withdrawals
    }
}

impl Add for Owed {
    type Output = Owed;

    fn add(self, more: Owed) -> Owed {
        Owed {
            creates: self.creates + more.creates,
            changes: self.changes + more.changes,
            withdrawals: self.withdrawals + more.withdrawals,
            reworded: self.reworded + more.reworded,
        }
    }
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

/// One cycle under way.
#[derive(Debug)]
pub(crate) struct Run {
    pub report: CycleReport,
    pub(crate) approve: bool,
    pub(crate) usage: Usage,
    /// What the guards count, over the whole cycle.
    pub(crate) owed: Owed,
    /// Targets that cannot be asked or written to in this cycle. What is owed to them is written down all the same.
    pub(crate) unusable: BTreeSet<TargetName>,
    /// Targets whose mapping is another one than before, and for which not everybody was looked at since.
    pub(crate) reworded: BTreeSet<TargetName>,
    /// Targets whose links are not rebuilt yet: nothing is planned for them.
    pub(crate) unknown: BTreeSet<TargetName>,
    pub(crate) queue: Queue,
    /// It runs within a long one: what can wait is left to that.
    pub(crate) is_meanwhile: bool,
    /// Whom it read, if that matters: it runs within a long one, or the source is to be told something.
    pub(crate) met: BTreeSet<ContactId>,
    pub(crate) sweep: SweepKind,
}

impl Run {
    /// A contact that was marked on the way is read once more at the end of this cycle.
    pub(crate) fn again(&mut self, contact: &ContactId) {
        if !self.queue.is_closed || planted::bug(Bug::PoisonLoop) {
            self.queue.again.insert(contact.clone());
        }
    }
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

    /// The same on paper: what is written down stays in memory over `ledger`, and goes with it. Whatever it decides, it has decided
    /// as a cycle would.
    pub(crate) fn on_paper(&self, ledger: &Arc<Ledger>) -> Engine {
        let paper = Engine::new(Parts {
            source: Arc::clone(&self.source),
            targets: self.targets.clone(),
            ledger: if planted::bug(Bug::DryRunWrites) {
                Arc::clone(ledger)
            } else {
                Arc::new(ledger.sketch())
            },
            clock: Arc::clone(&self.clock),
            settings: self.settings.clone(),
        });
        Engine { activity: self.activity.clone(), stopping: self.stopping.clone(), ..paper }
    }

    /// One cycle. An error leaves everything on disk as far as it came; the next cycle goes on from there.
    pub async fn cycle(&self, order: CycleOrder) -> Result<CycleReport, CycleError> {
        if let (SweepKind::Skip, Some(error)) = (order.sweep, self.memory().refused.clone()) {
            return Err(CycleError::Source(error));
        }
        let mut run = self.begin_run(self.next_cycle(), order.approve, order.sweep);
        let outcome = self.flow(&mut run, order).await;
        planted::point(Point::Certifying);
        let outcome = outcome.and_then(|()| self.certify(&mut run));
        self.set_activity(Activity::Idle);
        self.end_run(run, outcome)
    }

    async fn flow(&self, run: &mut Run, order: CycleOrder) -> Result<(), CycleError> {
        self.prepare_targets(run).await?;
        if let Some(sweep) = self.which_sweep(order.sweep, run)? {
            run.report.full = sweep == Sweep::Full;
            self.sweep(run, &sweep).await?;
            if run.report.full {
                let mut memory = self.memory();
                (memory.mute, memory.refusals) = (false, 0);
            } else {
                self.watch(run.report.cycle)?;
            }
        }
        run.reworded = self.reworded()?;
        loop {
            let (planned, more) = self.read_and_plan(run).await?;
            let planned = self.without_adopted(run, planned).await?;
            let ready = self.guard(run, planned)?;
            self.deliver(run, ready).await?;
            self.tell_source(run).await?;
            if !more && !self.next_round(run)? {
                return self.reworded_no_longer(run);
            }
        }
    }

    /// What cannot wait until a long cycle ends: asked for by whoever keeps the schedule. A cycle that is sweeping everybody or
    /// repairing does it in between; the answer of [`Engine::take_hurried`] says what no cycle did.
    pub fn hurry(&self, sweep: SweepKind) {
        let mut memory = self.memory();
        memory.hurried = match (memory.hurried, sweep) {
            (Some(SweepKind::Changes), _) | (_, SweepKind::Changes | SweepKind::Full) => {
                Some(SweepKind::Changes)
            }
            _ => Some(SweepKind::Skip),
        };
    }

    /// What could not wait and was not done yet.
    pub fn take_hurried(&self) -> Option<SweepKind> {
        self.memory().hurried.take()
    }

    /// The cycle under way comes to its end as soon as it can: whom its repair has not looked at is left to a later one, perhaps of
    /// another engine.
    pub fn wind_up(&self) {
        self.memory().winding_up = true;
    }

    /// A short cycle within a long one, if something cannot wait. What it read is planned by it, and no longer by the long one.
    pub(crate) async fn meanwhile(
        &self,
        run: &mut Run,
        carried: &mut Vec<Planned>,
    ) -> Result<(), CycleError> {
        if run.is_meanwhile {
            return Ok(());
        }
        let hinted = std::mem::take(&mut self.memory().hinted);
        let (kind, only) = match run.queue.round {
            Round::Repair => (self.take_hurried(), None),
            // Whoever is marked is being read: only whom an order or a hint names goes first, and a poll comes next.
            Round::Marked => ((!hinted.is_empty()).then_some(SweepKind::Skip), Some(hinted)),
        };
        let Some(kind) = kind else { return Ok(()) };
        let kind = if self.memory().cursor.is_none() && self.ledger.note(CURSOR)?.is_none() {
            // Nobody was ever listed: what runs now is the first to do so.
            SweepKind::Skip
        } else {
            kind
        };
        let mut short = self.begin_run(self.next_cycle(), false, kind);
        short.is_meanwhile = true;
        short.queue.only = only;
        let activity = self.current_activity();
        let outcome = self.flow_within(&mut short, CycleOrder { sweep: kind, approve: false }).await;
        self.set_activity(activity);
        carried.retain(|planned| !short.met.contains(&planned.contact) || planted::bug(Bug::DoneTwice));
        match self.end_run(short, outcome) {
            // The long one will meet it as well, if it lasts.
            Ok(_) | Err(CycleError::Source(_)) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Boxed: a cycle that contains a cycle would have no size.
    fn flow_within<'a>(
        &'a self,
        run: &'a mut Run,
        order: CycleOrder,
    ) -> LocalBoxFuture<'a, Result<(), CycleError>> {
        Box::pin(self.flow(run, order))
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

    // ---- the stages of `flow`, in order ----

    pub(crate) fn which_sweep(&self, kind: SweepKind, run: &Run) -> ledger::Result<Option<Sweep>> {
        Ok(match kind {
            SweepKind::Skip => None,
            SweepKind::Full if !planted::bug(Bug::NoRepair) => Some(Sweep::Full),
            // Whom a target is told about, or what, is configured otherwise: everybody is looked at again.
            SweepKind::Changes if !run.is_meanwhile && self.has_other_rules(&run.unknown)? => {
                Some(Sweep::Full)
            }
            SweepKind::Changes | SweepKind::Full => {
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
    /// is handed on once the guard can judge it: at the end, or as soon as more is read than it lets through, or as there is too
    /// much to carry. True when there is more to read.
    async fn read_and_plan(&self, run: &mut Run) -> Result<(Vec<Planned>, bool), CycleError> {
        let mut carried: Vec<Planned> = Vec::new();
        let waiting = match run.queue.round {
            Round::Marked => self.ledger.marks()?,
            Round::Repair => self.ledger.repairs()?,
        };
        let of = run.report.read + run.queue.due.len() as u64 + waiting;
        loop {
            let batch = self.next_batch(run)?;
            if batch.is_empty() {
                return Ok((carried, false));
            }
            self.set_activity(Activity::Reading { read: run.report.read, of: of.max(run.report.read) });
            let marks: BTreeMap<ContactId, Option<Mark>> = batch.iter().cloned().collect();
            if planted::bug(Bug::MarkClearedFirst) {
                let marked = || batch.iter().filter_map(|(contact, mark)| Some((contact, mark.as_ref()?)));
                let _ = self
                    .ledger
                    .write(|draft| marked().try_for_each(|(contact, mark)| draft.unmark(contact, mark)))?;
            }
            self.memory().hinted.retain(|contact| !marks.contains_key(contact));
            let mut done = Vec::new();
            for (contact, reading) in self.read(&batch).await? {
                run.report.read += 1;
                if run.is_meanwhile || self.tells() {
                    run.met.insert(contact.clone());
                }
                let mark = marks.get(&contact).cloned().flatten();
                if let Some(planned) = self.plan_reading(run, contact, mark, reading).await? {
                    if run.queue.is_closed {
                        // Read once more: what was planned before is out of date, and nobody is delivered twice.
                        carried.retain(|earlier| earlier.contact != planned.contact);
                    }
                    if planned.owes() {
                        carried.push(planned);
                    } else {
                        done.push(planned);
                    }
                }
            }
            let _ = self.write_down(run, done, false)?;
            self.meanwhile(run, &mut carried).await?;
            if run.queue.round == Round::Repair && self.memory().winding_up {
                return Ok((carried, false));
            }
            if self.is_enough(run, &carried) {
                return Ok((carried, true));
            }
        }
    }

    /// Whether waiting for more decides nothing, or what is carried grows old.
    fn is_enough(&self, run: &Run, carried: &[Planned]) -> bool {
        let owed = run.owed + Owed::by(carried, &run.reworded);
        let debts = carried.iter().map(|planned| planned.plans.len()).sum::<usize>();
        let some = debts > 2 * READ_BATCH;
        let old = carried.first().is_some_and(|planned| self.is_stale(planned));
        debts >= CARRY_MAX || some && (run.approve || old) || !run.approve && self.is_too_much(owed)
    }

    fn is_too_much(&self, owed: Owed) -> bool {
        let guards = self.settings.guards;
        owed.creates > guards.creates_per_cycle_max
            || owed.changes > guards.changes_per_cycle_max
            || owed.withdrawals > guards.withdrawals_per_cycle_max
            || owed.reworded > guards.mapping_changes_max
    }

    /// What was compared with the target so long ago that HR may have changed it since.
    fn is_stale(&self, planned: &Planned) -> bool {
        let is_there = planned.plans.iter().any(|(_, standing, _)| standing.agreed.is_some());
        is_there && self.clock.now() - planned.at > STALE_AFTER
    }

    /// The guards count people who would be created, and nobody who is over there already.
    async fn without_adopted(
        &self,
        run: &mut Run,
        planned: Vec<Planned>,
    ) -> Result<Vec<Planned>, CycleError> {
        let creates = (run.owed + Owed::by(&planned, &run.reworded)).creates;
        if run.approve || creates <= self.settings.guards.creates_per_cycle_max {
            return Ok(planned);
        }
        self.adopt_before_guard(run, planned).await
    }

    /// The guard: more new debts in one cycle than allowed, and *all* of them are held until a human approves.
    fn guard(
        &self,
        run: &mut Run,
        planned: Vec<Planned>,
    ) -> Result<BTreeMap<TargetName, Vec<Ready>>, CycleError> {
        let held = self.is_too_much(run.owed + Owed::by(&planned, &run.reworded)) && !run.approve;
        // Once is enough: where reading is slow, it is old again by the time it was read.
        let again = |one: &Planned| !held && self.is_stale(one) && !run.queue.looked.contains(&one.contact);
        let (again, planned): (Vec<_>, Vec<_>) = planned.into_iter().partition(again);
        run.owed = run.owed + Owed::by(&planned, &run.reworded);
        if planted::bug(Bug::GuardPerBatch) {
            run.owed = Owed::default();
        }
        self.look_again(run, &again)?;
        // Whoever has a hire that waits is held for it once the rest was sent.
        let waits = |one: &&Planned| one.owes() && one.plans.iter().any(|(_, _, plan)| plan.waits);
        let waiting = planned.iter().filter(waits).map(|one| one.contact.clone());
        let waiting: Vec<ContactId> = waiting.filter(|contact| !run.queue.looked.contains(contact)).collect();
        run.queue.look_again |= !waiting.is_empty();
        run.queue.looked.extend(waiting);
        let ready = self.write_down(run, planned, held)?;
        if held {
            let (cycle, Owed { creates, changes, withdrawals, reworded }) = (run.report.cycle, run.owed);
            let trip = GuardTrip { cycle, creates, changes, withdrawals, held: run.owed.all() };
            if run.report.guard.replace(trip).is_none() {
                tracing::error!(
                    cycle,
                    creates,
                    changes,
                    withdrawals,
                    by_another_mapping = reworded,
                    "the guard holds all of this cycle's new debts; look at `hiresync guards`, then `hiresync approve`"
                );
            }
        }
        Ok(ready)
    }

    /// Has them read and compared once more in this cycle, before anything is sent.
    fn look_again(&self, run: &mut Run, planned: &[Planned]) -> ledger::Result<()> {
        let now = self.clock.now();
        let _ = self
            .ledger
            .write(|draft| planned.iter().try_for_each(|planned| draft.mark(&planned.contact, now)))?;
        run.queue.look_again |= !planned.is_empty();
        run.queue.looked.extend(planned.iter().map(|planned| planned.contact.clone()));
        Ok(())
    }

    // ---- small things ----

    pub(crate) fn next_cycle(&self) -> u64 {
        let mut memory = self.memory();
        memory.cycle += 1;
        memory.attended_at = Some(self.clock.now());
        memory.cycle
    }

    pub(crate) fn begin_run(&self, cycle: u64, approve: bool, sweep: SweepKind) -> Run {
        let now = self.clock.now();
        // Between two sweeps the guards count on: a hint for each of a hundred people is still a hundred people.
        let lately = if sweep == SweepKind::Skip { self.memory().lately } else { Owed::default() };
        let report = CycleReport { cycle, started_at: now, ended_at: now, ..CycleReport::default() };
        Run {
            report,
            approve,
            usage: self.source.usage(),
            owed: lately,
            is_meanwhile: false,
            met: BTreeSet::new(),
            sweep,
            unusable: BTreeSet::new(),
            reworded: BTreeSet::new(),
            unknown: BTreeSet::new(),
            queue: Queue { due: self.ledger.due(now, usize::MAX).into(), ..Queue::default() },
        }
    }

    pub(crate) fn end_run(
        &self,
        mut run: Run,
        outcome: Result<(), CycleError>,
    ) -> Result<CycleReport, CycleError> {
        let usage = self.source.usage();
        run.report.requests = usage.requests - run.usage.requests;
        run.report.refused = usage.refused - run.usage.refused;
        let now = self.clock.now();
        run.report.ended_at = now;
        for target in &self.targets {
            let is_active = self.ledger.target(&target.name)?.health == TargetHealth::Active;
            if !is_active || run.unusable.contains(&target.name) {
                run.report.unusable.push(target.name.clone());
            }
        }
        let mut memory = self.memory();
        memory.lately = match run.sweep {
            SweepKind::Skip => run.owed,
            SweepKind::Full | SweepKind::Changes => Owed::default(),
        };
        memory.last = Some(run.report.clone());
        match outcome {
            Ok(()) => {
                if !run.is_meanwhile {
                    (memory.fault, memory.refused) = (None, None);
                }
                if run.report.unusable.is_empty() && !run.is_meanwhile {
                    memory.last_good_at = Some(now);
                }
                run.report.log();
                Ok(run.report)
            }
            Err(error) => {
                if let CycleError::Source(error) = &error {
                    memory.refused =
                        Some(error.clone()).filter(|error| policy::concerns_target(error.kind()));
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

    /// Raises a task, once for its cause, and tells the contact's history. False when it was raised before.
    pub(crate) fn raise(
        &self,
        draft: &mut Draft<'_>,
        contact: &ContactId,
        target: Option<&TargetName>,
        task: TaskRequest,
    ) -> ledger::Result<bool> {
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
            draft.tell(&self.event(contact, target, Outcome::TaskRaised { id, kind: Some(task.kind) }))?;
        }
        Ok(raised)
    }

    /// The same cause has the same id.
    pub(crate) fn task_id(
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
