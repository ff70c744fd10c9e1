//! What would be sent, and why: a cycle on paper. It asks the same source and the same targets as a cycle and writes down the
//! same, over a copy of the ledger that stays in memory ([`ledger::Ledger::sketch`]); where a cycle would deliver, it says so. What
//! it asks by has no way to write, if it was made so: the engine does not choose its own way out.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use adapter_sdk::{Intent, RemoteState, TaskKind};
use ledger::{Ledger, Standing, TargetHealth, WhyHeld};
use people::{
    Candidacy, ContactId, Date, FieldKey, Filled, Missing, OpportunityId, Person, Pii, RemoteId, TargetName,
    Wanted,
};

use crate::{
    Activity,
    cycle::{CycleError, Engine, READ_BATCH, Run, SweepKind},
    deliver::{Match, is_asked},
    orders,
    plan::{self, Decision, Plan},
    planning::{Planned, Planning, identity_for},
    policy,
    rehire::Pin,
    settings::{Guards, Target},
    source::{Reading, Sweep},
    writing::is_new,
};

/// What would be sent.
#[derive(Debug, Default)]
pub struct DryRun {
    /// Contact by contact, target by target.
    pub changes: Vec<PlannedChange>,
    /// Targets that would not be written to now, and why.
    pub closed: Vec<(TargetName, String)>,
    /// Whom nothing can be said about, and why.
    pub unread: Vec<Unread>,
    /// What the guards would count, beside what they let through.
    pub counted: Counted,
}

/// What would be sent to one target about one contact, and why.
#[derive(Debug)]
pub struct PlannedChange {
    /// The target.
    pub target: TargetName,
    /// The contact.
    pub contact: ContactId,
    /// A stable code: `add`, `update`, `add_hire`, `withdraw`, `adopt`, `held.…`, `parked.…`, `waiting.…`, `sent`,
    /// `out_of_scope.…`, `nothing`, …
    pub decision: String,
    /// What follows in the same go, where a record is adopted: a decision like those.
    pub then: Option<String>,
    /// Why, in words.
    pub why: String,
    /// Whether something would be sent now.
    pub sends: bool,
    /// The record over there, where it is known.
    pub record: Option<RemoteId>,
    /// Field by field, where something would be written.
    pub fields: Vec<FieldChange>,
    /// Values that nobody gave us and that would be sent all the same.
    pub filled: Vec<Filled>,
    /// Values that are required and absent, or cannot be sent.
    pub missing: Vec<Missing>,
    /// What a human would be asked to do.
    pub tasks: Vec<TaskKind>,
    /// What all of this was decided from.
    pub(crate) basis: Basis,
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

/// Somebody about whom nothing can be said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unread {
    /// Who.
    pub contact: ContactId,
    /// A stable code: `gone`, `anonymised`, `moved`, `unreadable`, `failed`.
    pub code: &'static str,
    /// In words.
    pub why: String,
}

/// What the guards would count, beside what they let through. They count what was not owed before.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counted {
    /// New people and new hires.
    pub creates: usize,
    /// Changes of people who are over there already.
    pub changes: usize,
    /// Hires taken back.
    pub withdrawals: usize,
    /// Of the changes, those that come of another mapping.
    pub reworded: usize,
    /// What they let through.
    pub guards: Guards,
}

impl Counted {
    /// Whether a cycle would hold all of it until a human approves.
    pub fn is_too_much(&self) -> bool {
        let guards = self.guards;
        self.creates > guards.creates_per_cycle_max
            || self.changes > guards.changes_per_cycle_max
            || self.withdrawals > guards.withdrawals_per_cycle_max
            || self.reworded > guards.mapping_changes_max
    }

    fn count(&mut self, intent: Intent, withdrawn: usize, reworded: bool) {
        match intent {
            Intent::Add | Intent::AddHire => self.creates += 1,
            Intent::Update => {
                self.changes += 1;
                self.reworded += usize::from(reworded);
            }
            Intent::Withdraw => self.withdrawals += withdrawn,
        }
    }
}

/// What a decision was made from, in words that are equal when it is. They may name somebody: only digests of them are kept.
#[derive(Debug, Default)]
pub(crate) struct Basis {
    /// What Lever says, as far as the target is told.
    pub person: Pii<String>,
    /// What the target was found to hold.
    pub record: Pii<String>,
    /// What the ledger knew before.
    pub standing: String,
    /// The day of each hire's decision.
    pub decided_on: BTreeMap<OpportunityId, Date>,
}

/// The day of the decision about each hire, where it was decided before: by whom the plan is for.
pub(crate) type Days = BTreeMap<(TargetName, ContactId), BTreeMap<OpportunityId, Date>>;

impl Engine {
    /// What a cycle would send, for these contacts, or for everybody that it would look at. Writes nothing anywhere.
    pub async fn dry_run(&self, contacts: &[ContactId]) -> Result<DryRun, CycleError> {
        let mut sheet = Sheet::over(self, Arc::clone(&self.ledger));
        let filled = sheet.fill(contacts, &Days::new()).await;
        self.set_activity(Activity::Idle);
        filled.map(|()| sheet.dry)
    }
}

/// A cycle on paper.
pub(crate) struct Sheet {
    paper: Engine,
    ledger: Arc<Ledger>,
    run: Run,
    pub(crate) dry: DryRun,
    /// What was planned, as a cycle would write it down.
    pub(crate) planned: Vec<Planned>,
}

impl Sheet {
    /// Asks whom `asking` asks, about what `ledger` holds.
    pub(crate) fn over(asking: &Engine, ledger: Arc<Ledger>) -> Sheet {
        let paper = asking.on_paper(&ledger);
        // What a guard holds is shown as what it is: something to be sent.
        let mut run = paper.begin_run(0, true, SweepKind::Changes);
        // A ledger that cannot be read says so when it is.
        run.reworded = paper.reworded().unwrap_or_default();
        let counted = Counted { guards: asking.settings.guards, ..Counted::default() };
        Sheet { paper, ledger, run, dry: DryRun { counted, ..DryRun::default() }, planned: Vec::new() }
    }

    /// Plans for these contacts, or for everybody that a cycle would look at.
    pub(crate) async fn fill(&mut self, contacts: &[ContactId], days: &Days) -> Result<(), CycleError> {
        self.paper.prepare_targets(&mut self.run).await?;
        self.note_closed()?;
        self.decided_before(days)?;
        let whom = match contacts {
            [] => self.paper.would_read(&self.run).await?,
            some => some.to_vec(),
        };
        let of = whom.len() as u64;
        let mut read = 0;
        for batch in whom.chunks(READ_BATCH) {
            self.paper.set_activity(Activity::Reading { read, of });
            let batch: Vec<_> = batch.iter().map(|contact| (contact.clone(), None)).collect();
            for (contact, reading) in self.paper.read(&batch).await? {
                read += 1;
                self.look_at(contact, reading).await?;
            }
        }
        Ok(())
    }

    /// Targets to which nothing would go now.
    fn note_closed(&mut self) -> Result<(), CycleError> {
        for target in &self.paper.targets {
            let state = self.paper.ledger.target(&target.name)?;
            let why = match &state.health {
                _ if state.paused => "it is paused".to_owned(),
                TargetHealth::Quarantined { why, .. } => why.clone(),
                TargetHealth::Active if self.run.unknown.contains(&target.name) => {
                    "it could not be asked whom it holds".to_owned()
                }
                TargetHealth::Active if self.run.unusable.contains(&target.name) => {
                    "it cannot be used now".to_owned()
                }
                TargetHealth::Active => continue,
            };
            self.dry.closed.push((target.name.clone(), why));
        }
        Ok(())
    }

    /// What was decided on an earlier day keeps that day.
    fn decided_before(&self, days: &Days) -> Result<(), CycleError> {
        let _ = self.paper.ledger.write(|draft| {
            for ((target, contact), days) in days.iter().filter(|(_, days)| !days.is_empty()) {
                let mut standing = draft.standing(target, contact)?.unwrap_or_default();
                for (hire, day) in days {
                    standing.decided_on.entry(hire.clone()).or_insert(*day);
                }
                draft.put_standing(target, contact, standing)?;
            }
            Ok(())
        })?;
        Ok(())
    }

    async fn look_at(&mut self, contact: ContactId, reading: Reading) -> Result<(), CycleError> {
        let (code, why) = match reading {
            Reading::Person(person) => return self.plan(&person).await,
            Reading::Anonymised => {
                ("anonymised", "Anonymised in Lever: nothing is read or written.".to_owned())
            }
            Reading::Gone => {
                ("gone", "Cannot be found in Lever; what was delivered is left as it is.".to_owned())
            }
            Reading::Moved { to } => ("moved", format!("Merged in Lever into {to}: plan for that contact.")),
            Reading::Unreadable { place } => {
                ("unreadable", format!("Lever's record cannot be understood at {place}."))
            }
            Reading::Failed(error) => ("failed", format!("Could not be read now: {}.", error.chain())),
        };
        self.dry.unread.push(Unread { contact, code, why });
        Ok(())
    }

    /// One person in every target.
    async fn plan(&mut self, person: &Person) -> Result<(), CycleError> {
        let contact = &person.contact;
        let before = self.standings(contact)?;
        let seen = self.paper.recognise_merges(person)?;
        let is_merging = before != self.standings(contact)?;
        let planned = Planned {
            contact: contact.clone(),
            at: self.paper.clock.now(),
            mark: None,
            identity: self.paper.identity(person)?,
            hired_at: person.hires.values().map(|hire| hire.hired_at).max(),
            seen,
            plans: Vec::new(),
            // Whatever else there is to do about them is done by a cycle.
            later: true,
        };
        let mut all = planned.clone();
        for target in self.paper.targets.clone() {
            let mut change = self.plan_at(&target, person, &planned, &mut all).await?;
            if is_merging {
                merging(&mut change);
            }
            self.dry.changes.push(change);
        }
        self.planned.push(all);
        Ok(())
    }

    fn standings(&self, contact: &ContactId) -> ledger::Result<Vec<Option<Standing>>> {
        let targets = self.paper.targets.iter();
        targets.map(|target| self.paper.ledger.standing(&target.name, contact)).collect()
    }

    /// One person in one target: planned, looked for where somebody would be created, and written down on paper.
    async fn plan_at(
        &mut self,
        target: &Target,
        person: &Person,
        planned: &Planned,
        all: &mut Planned,
    ) -> Result<PlannedChange, CycleError> {
        let mut change = self.change(target, person)?;
        let Some((standing, plan)) = self.planned_at(target, person, &mut change).await? else {
            return Ok(change);
        };
        let (mut standing, mut plan) = (standing, plan);
        let mut goes = self.write_down(target, planned, &standing, &plan)?;
        if goes
            && let Decision::Owe { debt, wanted, .. } = &plan.decision
            && matches!(debt.intent, Intent::Add | Intent::AddHire)
        {
            let wanted = wanted.clone();
            match self.look(target, planned, &standing, &wanted, &mut change).await? {
                Look::Nobody => {}
                Look::Adopted => {
                    let Some(again) = self.planned_at(target, person, &mut change).await? else {
                        return Ok(change);
                    };
                    (standing, plan) = again;
                    goes = self.write_down(target, planned, &standing, &plan)?;
                }
                Look::Held(why) => {
                    hold(&mut change, &why);
                    change.tasks.push(TaskKind::PossibleDuplicate);
                    return Ok(change);
                }
                Look::Unasked => {
                    "held.unasked".clone_into(&mut change.decision);
                    "The target could not be asked whether this person is there already."
                        .clone_into(&mut change.why);
                    return Ok(change);
                }
            }
        }
        self.describe(target, person, &standing, &plan, goes, &mut change)?;
        let before = self.ledger.standing(&target.name, &person.contact)?.and_then(|before| before.agreed);
        if before.is_none() && standing.agreed.is_some() {
            change.then = Some(std::mem::replace(&mut change.decision, "adopt".to_owned()));
            let rest = std::mem::take(&mut change.why);
            change.why =
                format!("A record over there is this person's: it is linked, not created. Then: {rest}");
        }
        all.plans.push((target.name.clone(), standing, plan));
        Ok(change)
    }

    /// What is known before anything is asked of the target.
    fn change(&self, target: &Target, person: &Person) -> Result<PlannedChange, CycleError> {
        let standing = self.ledger.standing(&target.name, &person.contact)?;
        Ok(PlannedChange {
            target: target.name.clone(),
            contact: person.contact.clone(),
            decision: "nothing".to_owned(),
            then: None,
            why: String::new(),
            sends: false,
            record: None,
            fields: Vec::new(),
            filled: Vec::new(),
            missing: Vec::new(),
            tasks: Vec::new(),
            basis: Basis { standing: words_of_standing(standing.as_ref()), ..Basis::default() },
        })
    }

    /// Plans; `None`: nothing could be, and `change` says why.
    async fn planned_at(
        &mut self,
        target: &Target,
        person: &Person,
        change: &mut PlannedChange,
    ) -> Result<Option<(Standing, Plan)>, CycleError> {
        let planning = self.paper.plan_one(&mut self.run, target, person).await?;
        let (code, why) = match planning {
            Planning::Done(done) => {
                let (standing, plan, remote) = *done;
                let days = &standing.decided_on;
                let told = person.hires.keys().filter(|hire| days.contains_key(*hire)).collect();
                change.basis.person = words_of_person(&target.mapping.apply(person, &told, days));
                change.basis.decided_on.clone_from(days);
                if let Some(remote) = &remote {
                    change.basis.record = words_of_record(remote);
                }
                change.record = standing.agreed.as_ref().map(|agreed| agreed.link.remote.clone());
                return Ok(Some((standing, plan)));
            }
            Planning::Unsettled => ("sent", "What came of an earlier attempt is not known yet."),
            Planning::Later => ("held.unasked", "The target could not be asked what it holds now."),
        };
        code.clone_into(&mut change.decision);
        why.clone_into(&mut change.why);
        Ok(None)
    }

    /// Writes it down on paper. True when a cycle would send it now.
    fn write_down(
        &self,
        target: &Target,
        planned: &Planned,
        standing: &Standing,
        plan: &Plan,
    ) -> Result<bool, CycleError> {
        let plans = vec![(target.name.clone(), standing.clone(), plan.clone())];
        let one = Planned { plans, ..planned.clone() };
        let ready = self.paper.write_down(&self.run, vec![one], false)?;
        Ok(!ready.is_empty())
    }

    /// Looks for somebody who would be created, as a cycle would right before.
    async fn look(
        &mut self,
        target: &Target,
        planned: &Planned,
        standing: &Standing,
        wanted: &Wanted,
        change: &mut PlannedChange,
    ) -> Result<Look, CycleError> {
        if !is_asked(target, standing) {
            return Ok(Look::Nobody);
        }
        let who = identity_for(target, &planned.identity, wanted);
        let Ok(found) = self.paper.unless_stopped(target.adapter.find(&who)).await? else {
            return Ok(Look::Unasked);
        };
        let words: BTreeSet<String> = found.iter().map(|found| format!("{found:?}")).collect();
        if standing.agreed.is_some() {
            change.basis.record = Pii::new(format!("{} {words:?}", change.basis.record.reveal()));
            let now = self.paper.ledger.standing(&target.name, &planned.contact)?.unwrap_or_default();
            let beside = self.paper.beside(target, &planned.contact, wanted, &now, &found)?;
            let why = WhyHeld::Ambiguous { records: beside.records.len() };
            return Ok(if beside.holds { Look::Held(why) } else { Look::Nobody });
        }
        change.basis.record = Pii::new(format!("{words:?}"));
        Ok(match self.paper.judged(target, &who, &found, standing)? {
            Match::Nobody => Look::Nobody,
            Match::One(link) => {
                let paper = &self.paper;
                let _ = paper.ledger.write(|draft| paper.take(draft, target, &planned.contact, link))?;
                Look::Adopted
            }
            Match::Suspected(records) | Match::Unclear(records) => Look::Held(WhyHeld::Ambiguous { records }),
        })
    }

    fn describe(
        &mut self,
        target: &Target,
        person: &Person,
        standing: &Standing,
        plan: &Plan,
        goes: bool,
        change: &mut PlannedChange,
    ) -> Result<(), CycleError> {
        for task in &plan.tasks {
            let id = self.paper.task_id(task.kind, Some(&target.name), &change.contact, &task.cause);
            if self.ledger.task(&id)?.is_none() {
                change.tasks.push(task.kind);
            }
        }
        change.sends = goes;
        match &plan.decision {
            decision if decision.is_at_rest() && plan.waiting.is_some() => {
                plan.waiting.iter().for_each(|(_, why)| hold(change, why));
            }
            Decision::NotInScope => {
                (change.decision, change.why) = out_of_scope(target, person, plan);
            }
            Decision::Agreed | Decision::Compared(_) | Decision::Ask => {
                "The target holds what it should.".clone_into(&mut change.why);
            }
            Decision::Hold { why, .. } => hold(change, why),
            Decision::Owe { debt, wanted, .. } if goes => {
                change.decision = debt.intent.to_string();
                change.why = reason(debt.intent, plan);
                change.fields = fields(&debt.changed, wanted, plan.seen.as_deref());
                change.filled.clone_from(&wanted.filled);
                change.missing.clone_from(&wanted.missing);
                change.tasks.extend(wanted.filled.iter().map(|_| TaskKind::CorrectPlaceholder));
                let before = self.ledger.standing(&target.name, &change.contact)?.unwrap_or_default();
                if is_new(&before, debt) && !plan.backfill {
                    let reworded = self.run.reworded.contains(&target.name);
                    self.dry.counted.count(debt.intent, plan.withdrawn.len(), reworded);
                }
            }
            // Owed, and it waits: what for stands on paper.
            Decision::Owe { .. } => {
                let now = self.paper.ledger.standing(&target.name, &change.contact)?;
                let explained = self.paper.explain_target(&target.name, now.unwrap_or(standing.clone()))?;
                (change.decision, change.why) = (explained.code, explained.what);
            }
        }
        Ok(())
    }
}

/// What a look before creating would come to.
enum Look {
    Nobody,
    Adopted,
    Held(WhyHeld),
    Unasked,
}

fn hold(change: &mut PlannedChange, why: &WhyHeld) {
    (change.decision, change.why) = (orders::held_code(why), policy::held(why).0);
    if let WhyHeld::Missing { fields } = why {
        change.missing.clone_from(fields);
    }
}

/// Records are joined first, by a cycle; what is then to be done is for another plan to say.
fn merging(change: &mut PlannedChange) {
    (change.decision, change.then, change.sends) = ("held.merging".to_owned(), None, false);
    "Profiles were merged in Lever: the next cycle moves what is known of them; plan again after that."
        .clone_into(&mut change.why);
    change.fields.clear();
    change.filled.clear();
}

fn out_of_scope(target: &Target, person: &Person, plan: &Plan) -> (String, String) {
    if person.hires.is_empty() {
        return ("nothing".to_owned(), "Nobody is hired under this contact.".to_owned());
    }
    // Whatever is not told about the others, what the configuration leaves out is said first.
    let told = plan.left_out.iter().filter_map(|(_, by)| orders::left_out(target, *by));
    told.map(|(code, why, _)| (code, why))
        .min_by_key(|(code, _)| !code.ends_with(".when"))
        .unwrap_or_else(|| ("nothing".to_owned(), "No hire of this contact is in scope.".to_owned()))
}

fn reason(intent: Intent, plan: &Plan) -> String {
    let decided = plan.pins.iter().find_map(|pin| match pin {
        Pin::Decided { hire, rehire } => {
            Some(format!("Opportunity {hire}: {} ({}).", rehire.kind.words(), rehire.because))
        }
        Pin::There { .. } => None,
    });
    match intent {
        Intent::Add => "Hired, and not over there yet.".to_owned(),
        Intent::AddHire => decided.unwrap_or_else(|| "Hired again.".to_owned()),
        Intent::Update if plan.backfill => "Lever's ids, by order, where they are missing.".to_owned(),
        Intent::Update => "What is wanted is not what the target last agreed to.".to_owned(),
        Intent::Withdraw => {
            let hires: Vec<&str> = plan.withdrawn.iter().map(|hire| hire.as_str()).collect();
            format!("Taken back in Lever: opportunity {}.", hires.join(", "))
        }
    }
}

fn fields(changed: &[FieldKey], wanted: &Wanted, remote: Option<&RemoteState>) -> Vec<FieldChange> {
    let changed: BTreeSet<&FieldKey> = changed.iter().collect();
    let old = |key: &FieldKey| {
        remote.and_then(|remote| plan::held_value(remote, key)).map(|value| Pii::new(value.to_text()))
    };
    wanted
        .iter()
        .filter(|(key, _)| changed.contains(key))
        .map(|(key, value)| FieldChange { old: old(&key), new: Pii::new(value.to_text()), key })
        .collect()
}

fn words_of_standing(standing: Option<&Standing>) -> String {
    standing.and_then(|standing| serde_json::to_string(standing).ok()).unwrap_or_default()
}

fn words_of_person(wanted: &Wanted) -> Pii<String> {
    let fields: Vec<String> =
        wanted.iter().map(|(key, value)| format!("{key}={:?}", value.to_text())).collect();
    Pii::new(format!("{fields:?} {:?} {:?}", wanted.filled, wanted.missing))
}

fn words_of_record(remote: &RemoteState) -> Pii<String> {
    let person = remote.person.iter().map(|(name, value)| format!("{name}={:?}", value.reveal().to_text()));
    let hires = remote.hires.iter().flat_map(|(hire, fields)| {
        fields.iter().map(move |(name, value)| format!("{hire}.{name}={:?}", value.reveal().to_text()))
    });
    let fields: Vec<String> = person.chain(hires).collect();
    let RemoteState { link, contact, employments, untouched, .. } = remote;
    Pii::new(format!("{link:?} {contact:?} {employments:?} {untouched} {fields:?}"))
}

impl Engine {
    /// Everybody that a cycle would look at, without marking them, and everybody to whom something is owed already, whatever it
    /// waits for: what a human is to approve has to be seen.
    pub(crate) async fn would_read(&self, run: &Run) -> Result<Vec<ContactId>, CycleError> {
        let mut whom: BTreeSet<ContactId> =
            self.ledger.due(self.clock.now(), usize::MAX).into_iter().collect();
        whom.extend(self.ledger.marked(None, usize::MAX)?.into_iter().map(|(contact, _)| contact));
        whom.extend(self.ledger.to_repair(None, usize::MAX)?);
        for target in &self.targets {
            whom.extend(self.owed_to(target)?);
        }
        let Some(sweep) = self.which_sweep(SweepKind::Changes, run)? else { return Ok(Vec::new()) };
        let since = self.settings.since();
        let everybody = sweep == Sweep::Full;
        let mut page = None;
        loop {
            let seen = self.unless_stopped(self.source.sweep(&sweep, page)).await??;
            for sighting in seen.sightings {
                let digest = Some(self.ledger.key().record(sighting.content.reveal()));
                let known = self.ledger.seen(&sighting.opportunity)?.filter(|seen| !seen.is_old(since));
                let hired =
                    sighting.candidacy == Candidacy::Hired && sighting.hired_at.is_some_and(|at| at >= since);
                let is_new = known.as_ref().is_none_or(|known| known.digest != digest);
                if (hired || known.is_some()) && (everybody || is_new) {
                    whom.insert(sighting.contact);
                }
            }
            match seen.then {
                crate::Then::More(token) => page = Some(token),
                crate::Then::Done(_) => return Ok(whom.into_iter().collect()),
            }
        }
    }
}
