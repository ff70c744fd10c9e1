//! What a human may order, and questions answered from the ledger. Synchronous: an order is on disk when it returns, and the
//! next cycle acts on it.

use ledger::{
    Actor, LeftOut, Outcome, Owed, Phase, Rehire, Said, Standing, TargetHealth, TaskId, Treatment, WhyHeld,
};
use people::{ContactId, OpportunityId, Pii, RemoteId, TargetName, Timestamp};

use crate::{
    Activity, Delivered, Explanation, GuardTrip, PersonLine, SourceStatus, Status, Target, TargetExplanation,
    TargetStatus,
    cycle::Engine,
    plan::doubtful_cause,
    policy, rehire,
    status::{Met, state},
    sweep::cursor_moved_at,
};

/// Standings read at once.
const PAGE: usize = 500;

/// Why an order was not carried out.
#[derive(Debug, thiserror::Error)]
pub enum OrderError {
    /// No target has that name.
    #[error("there is no target {0}")]
    UnknownTarget(TargetName),
    /// Nothing is held under that cycle.
    #[error("nothing is held under cycle {0}; `hiresync guards` lists what is")]
    UnknownCycle(u64),
    /// What was sent to a target about this person is not answered yet.
    #[error(
        "an answer of {0} about this person is awaited; look at `hiresync explain`, and order it again once it is there"
    )]
    UnderWay(TargetName),
    /// The ledger could not be written.
    #[error("the ledger could not be used")]
    Ledger(#[from] ledger::Error),
}

impl Engine {
    /// The contact meant by an id, a profile link or an e-mail address; asks the source, stores nothing.
    pub async fn resolve(&self, who: &Pii<String>) -> adapter_sdk::Result<Option<ContactId>> {
        if let Ok(contact) = who.reveal().parse::<ContactId>()
            && self
                .targets
                .iter()
                .any(|target| matches!(self.ledger.standing(&target.name, &contact), Ok(Some(_))))
        {
            return Ok(Some(contact));
        }
        self.source.resolve(who).await
    }

    /// What was delivered to each target since this engine began.
    pub fn delivered(&self) -> std::collections::BTreeMap<TargetName, Delivered> {
        self.memory().delivered.clone()
    }

    /// Is it all right?
    pub fn status(&self) -> ledger::Result<Status> {
        let census = self.ledger.census();
        let usage = self.source.usage();
        let mut targets = std::collections::BTreeMap::new();
        for target in &self.targets {
            let counts = census.counts(&target.name);
            let state = self.ledger.target(&target.name)?;
            let (in_scope, unexplained) = self.completeness(&target.name, counts)?;
            let pressing = self.pressing(&target.name, counts)?;
            targets.insert(
                target.name.clone(),
                TargetStatus {
                    adapter: target.adapter.info().kind.to_owned(),
                    paused: state.paused,
                    health: state.health,
                    rebuilding: self.is_rebuilding(target)?,
                    in_scope,
                    counts,
                    unexplained,
                    past_due: pressing.past_due,
                    to_correct: pressing.to_correct,
                    started: pressing.started,
                    obstacles: pressing.obstacles,
                    certificate: self.certificate_of(&target.name),
                    unknown_records: self.unknown_records(&target.name)?,
                },
            );
        }
        let tasks_open = self.ledger.tasks()?.iter().filter(|task| task.done_at.is_none()).count();
        let marked = usize::try_from(self.ledger.marks()?).unwrap_or(usize::MAX);
        let to_repair = usize::try_from(self.ledger.repairs()?).unwrap_or(usize::MAX);
        let cursor_moved_at = cursor_moved_at(&self.ledger)?;
        let next_due_at = self.next_due();
        let activity: Activity = self.current_activity();
        let memory = self.memory();
        Ok(Status {
            cycle: memory.cycle,
            activity,
            last_good_cycle_at: memory.last_good_at,
            last_cycle: memory.last.clone(),
            last_fault: memory.fault.clone(),
            source: SourceStatus {
                requests: usage.requests,
                refused: usage.refused,
                skew_seconds: usage.skew_seconds,
                cursor_moved_at,
            },
            targets,
            tasks_open,
            marked,
            to_repair,
            next_due_at,
        })
    }

    /// Counts the standings themselves and compares with the running counts: in scope less the parts must be 0.
    fn completeness(&self, target: &TargetName, counts: ledger::Counts) -> ledger::Result<(u64, u64)> {
        let in_scope = self.ledger.recount(target)?.in_scope();
        Ok((in_scope, in_scope.abs_diff(counts.in_scope())))
    }

    /// Everybody we know, target by target.
    pub fn people(&self) -> ledger::Result<Vec<PersonLine>> {
        let mut lines = Vec::new();
        for target in &self.targets {
            self.each(&target.name, |contact, standing| lines.extend(line(&target.name, contact, standing)))?;
        }
        Ok(lines)
    }

    /// One contact, target by target.
    pub fn person(&self, contact: &ContactId) -> ledger::Result<Vec<PersonLine>> {
        let mut lines = Vec::new();
        for target in &self.targets {
            if let Some(standing) = self.ledger.standing(&target.name, contact)? {
                lines.extend(line(&target.name, contact, &standing));
            }
        }
        Ok(lines)
    }

    /// Why somebody is, or is not, over there.
    pub fn explain(&self, contact: &ContactId) -> ledger::Result<Explanation> {
        let mut targets = Vec::new();
        for target in &self.targets {
            let standing = self.ledger.standing(&target.name, contact)?.unwrap_or_default();
            let is_nothing = standing.agreed.is_none() && standing.owed.is_none();
            let mut explained = self.explain_target(&target.name, standing)?;
            let why = if is_nothing { self.why_left_out(target, contact)? } else { None };
            if let Some((code, what, remedy)) = why {
                (explained.code, explained.what, explained.remedy) = (code, what, remedy);
            }
            targets.push(explained);
        }
        let mut tasks = self.ledger.tasks()?;
        tasks.retain(|task| task.contact == *contact && task.done_at.is_none());
        let history = self.ledger.history(contact)?;
        let marked = self.ledger.mark_of(contact)?.is_some();
        let forgotten = self.ledger.is_buried(contact)?;
        let is_nobody = !marked && history.is_empty() && tasks.is_empty() && !self.is_known(contact)?;
        let merged_into = if is_nobody && !forgotten { self.merged_into(contact)? } else { None };
        Ok(Explanation { contact: contact.clone(), marked, targets, tasks, history, merged_into, forgotten })
    }

    /// Everybody who waits for a human after a refusal, of all of a change or of a part.
    pub fn parked(&self) -> ledger::Result<Vec<(ContactId, TargetExplanation)>> {
        let mut parked = Vec::new();
        for target in &self.targets {
            let mut found = Vec::new();
            self.each(&target.name, |contact, standing| {
                if is_refused(standing) {
                    found.push((contact.clone(), standing.clone()));
                }
            })?;
            for (contact, standing) in found {
                parked.push((contact, self.explain_target(&target.name, standing)?));
            }
        }
        Ok(parked)
    }

    /// Cycles whose debts are held by a guard.
    pub fn guards(&self) -> ledger::Result<Vec<GuardTrip>> {
        let mut trips = std::collections::BTreeMap::<u64, GuardTrip>::new();
        for target in self.targets.iter().filter(|target| self.ledger.counts(&target.name).held > 0) {
            self.each(&target.name, |_, standing| {
                let Some((cycle, owed)) = guard_of(standing) else { return };
                let trip = trips.entry(cycle).or_insert(GuardTrip {
                    cycle,
                    creates: 0,
                    changes: 0,
                    withdrawals: 0,
                    held: 0,
                });
                trip.held += 1;
                match owed.intent {
                    adapter_sdk::Intent::Add | adapter_sdk::Intent::AddHire => trip.creates += 1,
                    adapter_sdk::Intent::Update => trip.changes += 1,
                    adapter_sdk::Intent::Withdraw => trip.withdrawals += owed.withdrawn.len(),
                }
            })?;
        }
        Ok(trips.into_values().collect())
    }

    /// Whether somebody has to do something: exit code 1 of `run --once`.
    pub fn needs_human(&self) -> ledger::Result<bool> {
        if self.has_lost() {
            return Ok(true);
        }
        for target in &self.targets {
            let counts = self.ledger.counts(&target.name);
            if counts.parked > 0 || self.ledger.target(&target.name)?.health != TargetHealth::Active {
                return Ok(true);
            }
            if self.pressing(&target.name, counts)?.any {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// What is held and does not wait by itself.
    fn pressing(&self, target: &TargetName, counts: ledger::Counts) -> ledger::Result<Pressing> {
        let mut pressing = Pressing::default();
        if counts.held + counts.waiting + counts.parked == 0 {
            return Ok(pressing);
        }
        let today = self.clock.today(self.settings.zone);
        self.each(target, |_, standing| {
            if let Some(obstacle) = standing.owed.as_ref().and_then(|owed| owed.obstacle.as_ref()) {
                let met = pressing.obstacles.iter_mut().find(|met| met.obstacle == *obstacle);
                match met {
                    Some(met) => met.people += 1,
                    None => pressing.obstacles.push(Met { obstacle: obstacle.clone(), people: 1 }),
                }
            }
            pressing.any |= is_refused(standing);
            let started = overdue(standing, today);
            pressing.started += started;
            pressing.any |= started > 0;
            let Some(Phase::Held { why, .. }) = standing.owed.as_ref().map(|owed| &owed.phase) else {
                return;
            };
            if policy::waits_by_itself(why, today) {
                return;
            }
            pressing.any = true;
            match why {
                WhyHeld::Guard { .. } => {}
                why if policy::is_past_due(why, today) => pressing.past_due += 1,
                _ => pressing.to_correct += 1,
            }
        })?;
        Ok(pressing)
    }

    fn can_look(&self, name: &TargetName) -> bool {
        let target = self.targets.iter().find(|target| target.name == *name);
        target.is_none_or(|target| {
            let can = target.adapter.info().capabilities;
            can.find || can.dedupes_by_key
        })
    }

    /// Whether a record over there is linked to somebody else: because a human said so, or in any way.
    pub(crate) fn is_linked_to_another(
        &self,
        target: &Target,
        contact: &ContactId,
        remote: &RemoteId,
        in_any_way: bool,
    ) -> ledger::Result<bool> {
        let has = |standing: &Standing| {
            standing.agreed.as_ref().is_some_and(|agreed| agreed.link.remote == *remote)
        };
        let mut another = false;
        if in_any_way {
            self.each(&target.name, |whose, standing| another |= whose != contact && has(standing))?;
            return Ok(another);
        }
        for whose in self.ledger.imported(&target.name).iter().filter(|whose| *whose != contact) {
            another |= self.ledger.standing(&target.name, whose)?.is_some_and(|standing| has(&standing));
        }
        Ok(another)
    }

    /// To whom something is owed.
    pub(crate) fn owed_to(&self, target: &Target) -> ledger::Result<Vec<ContactId>> {
        let mut owed = Vec::new();
        self.each(&target.name, |contact, standing| {
            if standing.owed.is_some() {
                owed.push(contact.clone());
            }
        })?;
        Ok(owed)
    }

    /// Why nothing was ever owed about a contact who is hired: code, words, and what to do. `None` where the history does not
    /// say that a hire of theirs is left out.
    fn why_left_out(
        &self,
        target: &Target,
        contact: &ContactId,
    ) -> ledger::Result<Option<(String, String, String)>> {
        if self.ledger.is_buried(contact)? {
            return Ok(left_out(target, LeftOut::Forgotten));
        }
        let told = self.told_left_out(contact, &target.name)?;
        let by = [
            LeftOut::Forgotten,
            LeftOut::Only,
            LeftOut::When,
            LeftOut::Rehire,
            LeftOut::HireDate,
            LeftOut::HiredSince,
        ]
        .into_iter()
        .find(|by| told.values().any(|told| told == by));
        Ok(by.and_then(|by| left_out(target, by)))
    }

    /// When something is to be done before the next poll, if anything is: the next debt that was not looked at yet, or the
    /// next probe of a target.
    pub fn next_due(&self) -> Option<Timestamp> {
        let attended = self.memory().attended_at;
        let debt = self.ledger.next_due_after(attended);
        let probe = self.targets.iter().filter_map(|target| match self.ledger.target(&target.name) {
            Ok(ledger::TargetState { health: TargetHealth::Quarantined { probe_at, .. }, .. }) => {
                Some(probe_at)
            }
            _ => None,
        });
        debt.into_iter().chain(probe).min()
    }

    /// The ledger, for questions this page has no word for.
    pub fn ledger(&self) -> &ledger::Ledger {
        &self.ledger
    }

    /// Orders that these contacts be read again.
    pub fn sync(&self, contacts: &[ContactId]) -> Result<(), OrderError> {
        let now = self.clock.now();
        let _ =
            self.ledger.write(|draft| contacts.iter().try_for_each(|contact| draft.mark(contact, now)))?;
        self.memory().hinted.extend(contacts.iter().cloned());
        Ok(())
    }

    /// Whether the source told us already that being archived for this reason is no hire.
    pub fn is_no_hire(&self, reason: &str) -> bool {
        self.source.is_no_hire(reason)
    }

    /// Marks whom a hint from outside is about, and answers who that is once the mark is on disk. Nobody, where only somebody
    /// known is meant and this one is not, or where an opportunity alone is named that we do not know.
    pub fn hint(&self, hint: &Hint) -> Result<Option<ContactId>, OrderError> {
        let seen = hint.opportunity.as_ref().map(|id| self.ledger.seen(id)).transpose()?.flatten();
        let seen = seen.map(|seen| seen.contact);
        let now = self.clock.now();
        let Some(contact) = hint.contact.clone().or(seen.clone()) else { return Ok(None) };
        if hint.about == About::Known
            && !planted::bug(planted::Bug::WebhookTrusted)
            && seen.is_none()
            && !self.is_known(&contact)?
        {
            return Ok(None);
        }
        let _ = self.ledger.write(|draft| {
            // Under a merge both are looked at.
            seen.iter().chain([&contact]).try_for_each(|contact| draft.mark(contact, now))
        })?;
        self.memory().hinted.insert(contact.clone());
        Ok(Some(contact))
    }

    /// Lets a contact's held and parked debts go on. Answers how many there were. What a guard holds is for `approve`.
    pub fn retry(&self, contact: &ContactId, user: u32) -> Result<usize, OrderError> {
        self.release(
            user,
            |_, standing| !standing.is_held_by_guard() && !waits_for_its_own(standing),
            Some(contact),
        )
    }

    /// Lets what the guard of `cycle` holds go on: the debts it was shown, no others. Their people are read again.
    pub fn approve(&self, cycle: u64, user: u32) -> Result<usize, OrderError> {
        let released = self.release(
            user,
            |_, standing| guard_of(standing).is_some_and(|(held, _)| held == cycle),
            None,
        )?;
        if released == 0 { Err(OrderError::UnknownCycle(cycle)) } else { Ok(released) }
    }

    /// Stops deliveries to a target; what is owed waits.
    pub fn pause(&self, target: &TargetName) -> Result<(), OrderError> {
        self.set_paused(target, Order::Pause)
    }

    /// Lets deliveries to a target go on.
    pub fn resume(&self, target: &TargetName) -> Result<(), OrderError> {
        self.set_paused(target, Order::Resume)
    }

    /// Decides what another hire of somebody is to a target. False when that hire waits for no decision there.
    pub fn decide_rehire(
        &self,
        target: &TargetName,
        contact: &ContactId,
        hire: &OpportunityId,
        treatment: Treatment,
        user: u32,
    ) -> Result<bool, OrderError> {
        if !self.targets.iter().any(|known| known.name == *target) {
            return Err(OrderError::UnknownTarget(target.clone()));
        }
        let decided =
            self.ledger.write(|draft| self.decide_one(draft, target, contact, hire, treatment, user))?;
        Ok(decided.into_inner())
    }

    fn decide_one(
        &self,
        draft: &mut ledger::Draft<'_>,
        target: &TargetName,
        contact: &ContactId,
        hire: &OpportunityId,
        treatment: Treatment,
        user: u32,
    ) -> ledger::Result<bool> {
        let now = self.clock.now();
        let Some(mut standing) = draft.standing(target, contact)? else { return Ok(false) };
        if standing.agreed.as_ref().is_some_and(|agreed| agreed.link.hires.contains_key(hire)) {
            return Ok(false);
        }
        // One that was left out may be decided otherwise: nothing was sent about it.
        let is_open = |rehire: &&Rehire| {
            matches!(rehire.treatment, Treatment::Task | Treatment::Ignore) && rehire.treatment != treatment
        };
        let Some(before) = standing.rehires.get(hire).filter(is_open) else {
            return Ok(false);
        };
        // Whose place it takes is the latest hire that is there.
        let linked = standing.agreed.iter().flat_map(|agreed| agreed.link.hires.keys());
        let latest = linked.max_by_key(|linked| {
            (draft.seen(linked).ok().flatten().and_then(|seen| seen.first_hired_at), *linked)
        });
        let replaces = latest.filter(|_| treatment == Treatment::Update).cloned();
        if treatment == Treatment::Update && replaces.is_none() {
            return Ok(false);
        }
        let rehire = Rehire { treatment, replaces, by: Actor::User(user), ..before.clone() };
        standing.decide(hire, rehire.clone());
        draft.put_standing(target, contact, standing)?;
        draft.mark(contact, now)?;
        let mut event =
            self.event(contact, Some(target), Outcome::Rehire { opportunity: hire.clone(), rehire });
        event.actor = Actor::User(user);
        draft.tell(&event)?;
        self.forget_reason(
            draft,
            adapter_sdk::TaskKind::Rehire,
            Some(target),
            contact,
            &rehire::cause(hire),
        )?;
        Ok(true)
    }

    /// Closes a task. False when there is no such open task.
    pub fn task_done(&self, id: &TaskId, user: u32) -> Result<bool, OrderError> {
        let now = self.clock.now();
        let done = self.ledger.write(|draft| {
            let Some(task) = self.ledger.task(id)? else { return Ok(false) };
            let done = draft.close(id, now)?;
            if done {
                let mut event =
                    self.event(&task.contact, task.target.as_ref(), Outcome::TaskDone { id: id.clone() });
                event.actor = Actor::User(user);
                draft.tell(&event)?;
                // The answer may be what the contact waited for.
                draft.mark(&task.contact, now)?;
                for target in self.targets.iter().filter(|target| task.target.as_ref() == Some(&target.name))
                {
                    let standing = draft.standing(&target.name, &task.contact)?.unwrap_or_default();
                    for hire in undecided(&standing) {
                        let asked =
                            self.task_id(task.kind, Some(&target.name), &task.contact, &rehire::cause(&hire));
                        if task.kind == adapter_sdk::TaskKind::Rehire && task.id == asked {
                            // Done by hand: it is left out from now on.
                            let ignore = Treatment::Ignore;
                            self.decide_one(draft, &target.name, &task.contact, &hire, ignore, user)?;
                        }
                    }
                    // Of several that are in doubt, one is held for at a time, and each has its task.
                    for hire in standing.decided_on.keys().chain(doubted(&standing)) {
                        let cause = doubtful_cause(hire);
                        let asked = self.task_id(task.kind, Some(&target.name), &task.contact, &cause);
                        if task.id == asked {
                            say(draft, hire, Said::Old)?;
                        }
                    }
                }
            }
            Ok(done)
        })?;
        Ok(done.into_inner())
    }

    fn set_paused(&self, name: &TargetName, order: Order) -> Result<(), OrderError> {
        let known = self.targets.iter().any(|target| target.name == *name);
        if !known {
            return Err(OrderError::UnknownTarget(name.clone()));
        }
        let _ = self.ledger.write(|draft| {
            let mut state = draft.target(name)?;
            state.paused = order == Order::Pause;
            if let (Order::Resume, TargetHealth::Quarantined { probe_at, .. }) = (order, &mut state.health) {
                // Whoever says so has mended it.
                *probe_at = self.clock.now();
            }
            draft.put_target(name, &state)
        })?;
        // What waited meanwhile is due now.
        self.memory().attended_at = None;
        Ok(())
    }

    fn release(
        &self,
        user: u32,
        which: impl Fn(&ContactId, &Standing) -> bool,
        only: Option<&ContactId>,
    ) -> Result<usize, OrderError> {
        let now = self.clock.now();
        let mut released = 0;
        for target in &self.targets {
            let mut chosen = Vec::new();
            match only {
                Some(contact) => chosen.push(contact.clone()),
                None => self.each(&target.name, |contact, standing| {
                    if which(contact, standing) {
                        chosen.push(contact.clone());
                    }
                })?,
            }
            for step in chosen.chunks(PAGE) {
                let count = self.ledger.write(|draft| {
                    let mut count = 0;
                    for contact in step {
                        let Some(mut standing) = draft.standing(&target.name, contact)? else { continue };
                        let doubted = doubted(&standing).cloned();
                        if !which(contact, &standing) || !standing.release(now) {
                            continue;
                        }
                        count += 1;
                        doubted.iter().try_for_each(|hire| say(draft, hire, Said::New))?;
                        draft.put_standing(&target.name, contact, standing)?;
                        draft.mark(contact, now)?;
                        let mut event = self.event(contact, Some(&target.name), Outcome::Released);
                        event.actor = Actor::User(user);
                        draft.tell(&event)?;
                    }
                    Ok(count)
                })?;
                released += count.into_inner();
            }
        }
        Ok(released)
    }

    /// Whoever was under way to a target when an earlier process ended, where repeating is harmless: no reason to wait.
    pub(crate) fn under_way_before(&self, target: &Target) -> ledger::Result<Vec<ContactId>> {
        let mut under_way = Vec::new();
        let repeatable = target.adapter.info().capabilities.dedupes_by_key;
        if repeatable && self.ledger.counts(&target.name).sent > 0 {
            self.each(&target.name, |contact, standing| {
                if state(standing) == Some("sent") {
                    under_way.push(contact.clone());
                }
            })?;
        }
        Ok(under_way)
    }

    pub(crate) fn explain_target(
        &self,
        target: &TargetName,
        standing: Standing,
    ) -> ledger::Result<TargetExplanation> {
        let state = self.ledger.target(target)?;
        let (code, what, remedy) = match (&standing.owed, &standing.agreed) {
            (Some(owed), _) => match &owed.phase {
                Phase::Waiting { .. } if state.paused => {
                    ("waiting.paused".to_owned(), "A change waits, because the target is paused.".to_owned(), format!("`hiresync resume {target}`."))
                }
                Phase::Waiting { not_before } => match &state.health {
                    TargetHealth::Active if owed.obstacle.is_some() => {
                        obstructed("waiting", owed, &format!(" It is tried again at {}.", moment(*not_before)))
                    }
                    TargetHealth::Quarantined { kind, since, .. } => {
                        let (what, remedy) = policy::advice(*kind);
                        (format!("waiting.{}", kind.code()), format!("A change waits: the target cannot be used since {}. {what}", moment(*since)), remedy.to_owned())
                    }
                    TargetHealth::Active if owed.attempts > 0 => {
                        (format!("waiting.retry_{}", owed.attempts), format!("A change failed {} time(s) and is tried again at {}.", owed.attempts, moment(*not_before)), String::new())
                    }
                    TargetHealth::Active => ("waiting".to_owned(), "A change is about to be sent.".to_owned(), String::new()),
                },
                Phase::Sent { at, ask_after, .. } => (
                    "sent".to_owned(),
                    if self.can_look(target) {
                        format!("A change was sent at {}, and what came of it is unknown. The target is asked at {}, before anything is sent again.", moment(*at), moment(*ask_after))
                    } else {
                        format!("A change was sent at {}, no answer came, and nothing can be looked up there: from {} on it waits for a human who looks.", moment(*at), moment(*ask_after))
                    },
                    String::new(),
                ),
                Phase::Held { why, .. } => {
                    let (what, remedy) = policy::held(why);
                    (held_code(why), what, remedy)
                }
                Phase::Parked { .. } if owed.obstacle.is_some() => obstructed("parked", owed, ""),
                Phase::Parked { kind, hint } => {
                    let (what, remedy) = policy::advice(*kind);
                    (format!("parked.{}", kind.code()), format!("{what} ({hint})"), remedy.to_owned())
                }
            },
            (None, Some(agreed)) => ("agreed".to_owned(), format!("The target holds what it should; it said so at {}.", moment(agreed.at)), String::new()),
            (None, None) => (
                "unknown".to_owned(),
                "Nothing was ever owed here: not hired in Lever, hired before `hired_since`, or not seen yet.".to_owned(),
                "If the person was hired since, `hiresync sync CONTACT` reads them now.".to_owned(),
            ),
        };
        Ok(TargetExplanation { target: target.clone(), code, what, remedy, standing })
    }

    /// Does something about everybody who has a standing with a target, some hundreds in one step.
    pub(crate) fn about_everybody(
        &self,
        target: &Target,
        mut act: impl FnMut(&mut ledger::Draft<'_>, &ContactId) -> ledger::Result<()>,
    ) -> ledger::Result<()> {
        let mut after: Option<ContactId> = None;
        loop {
            let page = self.ledger.standings(&target.name, after.as_ref(), PAGE)?;
            let Some((last, _)) = page.last() else { return Ok(()) };
            after = Some(last.clone());
            let _ =
                self.ledger.write(|draft| page.iter().try_for_each(|(contact, _)| act(draft, contact)))?;
        }
    }

    pub(crate) fn each(
        &self,
        target: &TargetName,
        mut each: impl FnMut(&ContactId, &Standing),
    ) -> ledger::Result<()> {
        let mut after: Option<ContactId> = None;
        loop {
            let page = self.ledger.standings(target, after.as_ref(), PAGE)?;
            let Some((last, _)) = page.last() else { return Ok(()) };
            after = Some(last.clone());
            page.iter().for_each(|(contact, standing)| each(contact, standing));
        }
    }
}

/// A moment as people read it.
fn moment(at: Timestamp) -> String {
    at.format("%Y-%m-%d %H:%M:%SZ").to_string()
}

/// A code, what happened and what to do, as the adapter said it.
fn obstructed(state: &str, owed: &Owed, then: &str) -> (String, String, String) {
    let Some(obstacle) = &owed.obstacle else { return Default::default() };
    (format!("{state}.{}", obstacle.code), format!("{}.{then}", obstacle.what), obstacle.remedy.clone())
}

/// Hires whose first day came and whose record is not over there, as far as is known.
fn overdue(standing: &Standing, today: people::Date) -> u64 {
    if standing.owed.is_none() {
        return 0;
    }
    let is_there = |hire: &OpportunityId| {
        standing.agreed.as_ref().is_some_and(|agreed| agreed.link.hires.contains_key(hire))
    };
    standing.starts.iter().filter(|(hire, start)| **start <= today && !is_there(hire)).count() as u64
}

/// Whether a human has to mend something: all of it was refused, or a part.
fn is_refused(standing: &Standing) -> bool {
    standing.owed.as_ref().is_some_and(|owed| owed.obstacle.is_some()) || state(standing) == Some("parked")
}

/// Why a hire is left out: a stable code, in words, and what to do. `None` for what is no hire, and for a `when` that is not
/// there any more.
pub(crate) fn left_out(target: &Target, by: LeftOut) -> Option<(String, String, String)> {
    const REMEDY: &str = "Nothing, if that is meant; else correct";
    match by {
        LeftOut::When => target.mapping.when().map(|when| {
            (
                "out_of_scope.when".to_owned(),
                format!("Hired, and left out by this target's `when`: {when}."),
                format!("{REMEDY} `when` and run `hiresync sync CONTACT`."),
            )
        }),
        LeftOut::HiredSince => Some((
            "out_of_scope.hired_since".to_owned(),
            "Hired, and left out because it was before `hired_since`.".to_owned(),
            format!("{REMEDY} `hired_since` and run `hiresync sync CONTACT`."),
        )),
        LeftOut::HireDate => Some((
            "out_of_scope.hire_date".to_owned(),
            "Hired, and left out because a human said that it is an old hire that was archived again."
                .to_owned(),
            "Nothing, if that is so; else enter the hire by hand.".to_owned(),
        )),
        LeftOut::Only => Some((
            "out_of_scope.only".to_owned(),
            "Hired, and left out for now: this target is tried with the people of `only` first.".to_owned(),
            "Add the contact to `only`, or remove `only` once the trial is over.".to_owned(),
        )),
        LeftOut::Rehire => Some((
            "out_of_scope.rehire".to_owned(),
            "Hired again, and left out: by this target's `rehire`, or because a human decided so.".to_owned(),
            "Nothing, if that is meant; else `hiresync links rehire CONTACT OPPORTUNITY new_employment`."
                .to_owned(),
        )),
        LeftOut::Forgotten => Some((
            "out_of_scope.forgotten".to_owned(),
            "Nothing is read or sent: a human ordered that this person be forgotten.".to_owned(),
            "Nothing. Whoever is to be in the HR system is entered there by hand.".to_owned(),
        )),
        LeftOut::NotHired => None,
    }
}

/// What is held in a target and does not wait by itself.
#[derive(Debug, Clone, Default)]
struct Pressing {
    any: bool,
    past_due: u64,
    to_correct: u64,
    started: u64,
    obstacles: Vec<Met>,
}

/// That somebody may have changed, from a source that is not to be trusted with more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hint {
    /// Who, if it says so.
    pub contact: Option<ContactId>,
    /// Which opportunity, if it says so.
    pub opportunity: Option<OpportunityId>,
    /// Whom it may be about.
    pub about: About,
}

/// Whom a hint may be about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum About {
    /// Anybody: it says that somebody was hired.
    Anybody,
    /// Only somebody who is hired or known: whoever is still in the pipeline is never read.
    Known,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Order {
    Pause,
    Resume,
}

/// The stable code of a reason to hold.
pub(crate) fn held_code(why: &WhyHeld) -> String {
    let reason = match why {
        WhyHeld::Guard { .. } => "guard",
        WhyHeld::Missing { .. } => "missing",
        WhyHeld::StorageNotPermitted => "storage_not_permitted",
        WhyHeld::Ambiguous { .. } => "ambiguous",
        WhyHeld::RecordGone => "record_gone",
        WhyHeld::Unlinked => "unlinked",
        WhyHeld::Recovery => "recovery",
        WhyHeld::HireDate { .. } => "hire_date",
        WhyHeld::Rehire { .. } => "rehire",
        WhyHeld::NotYet { from: Some(_), .. } => "not_yet",
        WhyHeld::NotYet { from: None, .. } => "no_start_date",
    };
    format!("held.{reason}")
}

/// The hire whose dates disagree, if that is what the debt waits for.
fn doubted(standing: &Standing) -> Option<&OpportunityId> {
    match &standing.owed.as_ref()?.phase {
        Phase::Held { why: WhyHeld::HireDate { opportunity }, .. } => Some(opportunity),
        _ => None,
    }
}

/// Hires that wait for a human to say what they are.
fn undecided(standing: &Standing) -> Vec<OpportunityId> {
    let waits = standing.rehires.iter().filter(|(_, rehire)| rehire.treatment == Treatment::Task);
    waits.map(|(hire, _)| hire.clone()).collect()
}

/// Remembers what a human said of a hire.
fn say(draft: &mut ledger::Draft<'_>, hire: &OpportunityId, said: Said) -> ledger::Result<()> {
    match draft.seen(hire)? {
        Some(seen) => draft.put_seen(hire, &ledger::Seen { said: Some(said), ..seen }),
        None => Ok(()),
    }
}

/// What no order lets go: a day to come, and a decision that has a command of its own.
fn waits_for_its_own(standing: &Standing) -> bool {
    let phase = standing.owed.as_ref().map(|owed| &owed.phase);
    matches!(phase, Some(Phase::Held { why: WhyHeld::NotYet { .. } | WhyHeld::Rehire { .. }, .. }))
}

fn guard_of(standing: &Standing) -> Option<(u64, &ledger::Owed)> {
    let owed = standing.owed.as_ref()?;
    match owed.phase {
        Phase::Held { why: WhyHeld::Guard { cycle }, .. } => Some((cycle, owed)),
        _ => None,
    }
}

fn line(target: &TargetName, contact: &ContactId, standing: &Standing) -> Option<PersonLine> {
    let unknown_since = match standing.owed.as_ref().map(|owed| &owed.phase) {
        Some(Phase::Sent { at, .. }) => Some(*at),
        _ => None,
    };
    Some(PersonLine {
        contact: contact.clone(),
        target: target.clone(),
        state: state(standing)?.to_owned(),
        remote: standing.agreed.as_ref().map(|agreed| agreed.link.remote.clone()),
        agreed_at: standing.agreed.as_ref().map(|agreed| agreed.at),
        outcome_unknown_since: unknown_since,
        next_at: standing.due(),
        needed_by: match standing.owed.as_ref().map(|owed| &owed.phase) {
            Some(Phase::Held { due, .. }) => *due,
            _ => None,
        },
    })
}
