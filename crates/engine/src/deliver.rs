//! What is owed goes out: look before a create, write down before every call, and write down what came back.

use std::collections::{BTreeMap, BTreeSet};

use adapter_sdk::{
    Delivery, Effect, Error, ErrorKind, Evidence, Found, Identity, Intent, Level, Link, Next, Receipt, Step,
    TaskKind, TaskRequest,
};
use futures::{StreamExt, stream};
use ledger::{
    Digests, Draft, Durable, Event, LONGEST_WAIT, Outcome, Owed, Phase, Standing, TargetHealth, WhyHeld,
};
use people::{
    ContactId, FieldKey, Filled, OpportunityId, RemoteHireId, RemoteId, TargetName, Timestamp, Value, Wanted,
};
use planted::{Bug, Point};

use crate::{
    Activity, Delivered,
    cycle::{CycleError, Engine, Run},
    links::{FOUND_BEFORE_CREATING, which_record},
    plan::{self, Decision},
    planning::{self, Planned},
    policy::{self, Verdict},
    settings::Target,
    writing::is_new,
};

/// Why a human is asked what came of something: nobody else can know.
pub(crate) const NO_ANSWER: &str = "no answer";

/// A debt that may go out now, with the values that are kept nowhere else.
#[derive(Debug)]
pub(crate) struct Ready {
    pub contact: ContactId,
    pub identity: Identity,
    pub intent: Intent,
    /// What to deliver: where HR's value is kept, HR's value.
    pub wanted: Wanted,
    /// What will have been agreed.
    pub digests: Digests,
    /// What the target held when it was decided.
    pub seen: Option<Box<adapter_sdk::RemoteState>>,
    /// Tasks whose reason goes away with it: kind and cause.
    pub moot: Vec<(TaskKind, String)>,
    /// Hires that it takes back.
    pub withdrawn: BTreeSet<OpportunityId>,
    /// Lever's ids for a record that was there before us, and nothing else.
    pub backfill: bool,
    /// Some other hire waits: once this was delivered, the person is looked at again.
    pub waits: bool,
}

impl Ready {
    /// Whether it is what it was when it was planned: a human may have linked the person meanwhile, or taken the link away. What
    /// was planned without the link would be a second record, or would be written over a record that was never compared.
    fn is_still_owed(&self, standing: &Standing) -> bool {
        let Some(owed) = &standing.owed else { return false };
        match self.intent {
            Intent::Add => standing.agreed.is_none() || !owed.unfinished.is_empty(),
            Intent::AddHire | Intent::Update | Intent::Withdraw => standing.agreed.is_some(),
        }
    }

    /// Whether it writes the contact on a record that was another contact's: their profiles were merged.
    fn gives_it_to_another(&self, target: &Target, standing: &Standing) -> bool {
        let ids = target.adapter.info().schema.ids();
        let anew = standing.owed.iter().filter(|owed| owed.unfinished.is_empty());
        let changed = anew.flat_map(|owed| &owed.changed);
        let mut written = changed.filter_map(|field| match field {
            FieldKey::Person { field } if ids.contains(&(Level::Person, field.clone())) => {
                self.wanted.person.get(field)
            }
            _ => None,
        });
        !self.backfill && written.any(|value| value.reveal().to_text().contains(self.contact.as_str()))
    }
}

/// Hires that are to be added to a record, unless they are made already in part.
fn new_hires<'r>(wanted: &'r Wanted, standing: &'r Standing) -> impl Iterator<Item = &'r OpportunityId> {
    let anew = standing.owed.as_ref().is_some_and(|owed| owed.unfinished.is_empty());
    let link = standing.agreed.as_ref().map(|agreed| &agreed.link);
    let hires = wanted.hires.keys().filter(move |_| anew);
    hires.filter(move |hire| link.is_some_and(|link| !link.hires.contains_key(*hire)))
}

/// What HR is asked about somebody who has two records, of which `own` is linked.
pub(crate) fn two_records(contact: &ContactId, own: &RemoteId, other: &RemoteId, what: &str) -> TaskRequest {
    TaskRequest {
        kind: TaskKind::PossibleDuplicate,
        cause: format!("also {other}"),
        text: format!(
            "Contact {contact} has two records over there, {own} and {other}. Merge the two records by hand. {what}"
        ),
        fields: Vec::new(),
    }
}

/// Whether a target is asked about a person before it is told. Where a hire that is delivered moves, no other record of somebody who has
/// one stands in its way.
pub(crate) fn is_asked(target: &Target, standing: &Standing) -> bool {
    let can = target.adapter.info().capabilities;
    can.find && !(can.moves_hires && standing.agreed.is_some())
}

/// Other records of somebody who has one.
#[derive(Debug, Default)]
pub(crate) struct Beside {
    /// Nobody's, as far as this ledger knows.
    pub(crate) records: BTreeSet<RemoteId>,
    /// A hire that is to be added stands on one of them.
    pub(crate) holds: bool,
}

impl Engine {
    /// Delivers to all targets at once; each at its own pace.
    pub(crate) async fn deliver(
        &self,
        run: &mut Run,
        ready: BTreeMap<TargetName, Vec<Ready>>,
    ) -> Result<(), CycleError> {
        let of = ready.values().map(|debts| debts.len() as u64).sum();
        self.set_activity(Activity::Delivering { done: 0, of });
        let targets =
            self.targets.iter().filter_map(|target| ready.get(&target.name).map(|debts| (target, debts)));
        let outcomes: Vec<Result<Outgoing, CycleError>> =
            futures::future::join_all(targets.map(|(target, debts)| self.deliver_to(target, debts))).await;
        for outcome in outcomes {
            let outgoing = outcome?;
            run.report.delivered += outgoing.delivered;
            outgoing.adopted.iter().for_each(|contact| run.again(contact));
        }
        Ok(())
    }

    async fn deliver_to(&self, target: &Target, debts: &[Ready]) -> Result<Outgoing, CycleError> {
        let capabilities = target.adapter.info().capabilities;
        let batches =
            debts.chunks(capabilities.batch_max.max(1)).map(|batch| self.look_and_deliver(target, batch));
        let mut outcomes = stream::iter(batches).buffer_unordered(capabilities.in_flight_max.max(1));
        let mut out = Outgoing::default();
        // Every call under way is waited for, also when one of the others could not be begun.
        let mut broken = None;
        while let Some(outcome) = outcomes.next().await {
            match outcome {
                Ok(more) => {
                    *self.memory().delivered.entry(target.name.clone()).or_default() += more.delivered;
                    out += more;
                }
                Err(error) => broken = Some(error),
            }
        }
        drop(outcomes);
        broken.map_or(Ok(out), Err)
    }

    /// The look comes right before the delivery: the longer ago, the less it says.
    async fn look_and_deliver(&self, target: &Target, batch: &[Ready]) -> Result<Outgoing, CycleError> {
        let mut out = Outgoing::default();
        let mut going = Vec::new();
        for ready in batch {
            match self.look_first(target, ready).await? {
                Look::GoOn => going.push(ready),
                Look::Adopted => {
                    out.delivered.unchanged += 1;
                    out.adopted.push(ready.contact.clone());
                }
                Look::Waits => {}
                Look::Unusable => return Ok(out),
            }
        }
        if !going.is_empty() {
            out.delivered += self.deliver_batch(target, &going).await?;
        }
        Ok(out)
    }

    /// Nobody is created, no hire is added, and no record becomes another contact's, before the target was asked for exactly that person.
    async fn look_first(&self, target: &Target, ready: &Ready) -> Result<Look, CycleError> {
        let standing = self.ledger.standing(&target.name, &ready.contact)?.unwrap_or_default();
        if !ready.is_still_owed(&standing) {
            return Ok(Look::Waits);
        }
        let creates = ready.intent == Intent::Add && standing.agreed.is_none();
        let adds = ready.intent == Intent::AddHire && new_hires(&ready.wanted, &standing).next().is_some();
        if !(creates || adds || ready.gives_it_to_another(target, &standing))
            || !is_asked(target, &standing)
            || planted::bug(Bug::NoLookBeforeCreate)
            || planted::bug(Bug::ResentUnlooked)
                && standing.owed.as_ref().is_some_and(|owed| owed.sent.is_some())
        {
            return Ok(Look::GoOn);
        }
        if self.is_stopping() {
            return Err(CycleError::Stopped);
        }
        if self.ledger.target(&target.name)?.health != TargetHealth::Active {
            return Ok(Look::Unusable);
        }
        let found = target.adapter.find(&ready.identity).await;
        if self.ledger.is_buried(&ready.contact)? {
            return Ok(Look::Waits);
        }
        let found = match found {
            Ok(found) => found,
            Err(error) => {
                let unusable = self.target_failed(target, &error)?;
                if !unusable {
                    self.failed_before_sending(target, ready, &error)?;
                }
                return Ok(if unusable { Look::Unusable } else { Look::Waits });
            }
        };
        if let Some(agreed) = &standing.agreed {
            let beside = self.beside(target, &ready.contact, &ready.wanted, &standing, &found)?;
            return self.tell_of_those_beside(target, &ready.contact, &agreed.link.remote, &beside);
        }
        match self.judged(target, &ready.identity, &found, &standing)? {
            Match::Nobody => {
                planted::point(Point::LookedInVain);
                Ok(Look::GoOn)
            }
            Match::One(link) => {
                let _ = self.ledger.write(|draft| {
                    self.notice_unknown(draft, target, &standing, &found)?;
                    self.take(draft, target, &ready.contact, link)
                })?;
                Ok(Look::Adopted)
            }
            Match::Suspected(records) | Match::Unclear(records) => {
                self.hold_as_ambiguous(target, &ready.contact, &found, records)?;
                Ok(Look::Waits)
            }
        }
    }

    /// Whoever has a record may have another one that this ledger knows nothing of: it was lost, and profiles were merged since.
    pub(crate) fn beside(
        &self,
        target: &Target,
        contact: &ContactId,
        wanted: &Wanted,
        standing: &Standing,
        found: &[Found],
    ) -> Result<Beside, CycleError> {
        let own = standing.agreed.as_ref().map(|agreed| &agreed.link.remote);
        let looked_at = standing.owed.as_ref().is_some_and(|owed| owed.looked_at);
        let mut beside = Beside::default();
        for other in found.iter().filter(|found| found.evidence.is_proof() && Some(&found.link.remote) != own)
        {
            if self.is_linked_to_another(target, contact, &other.link.remote, true)? {
                continue;
            }
            let has_it = |hire: &OpportunityId| other.link.hires.contains_key(hire);
            beside.holds |= !looked_at && new_hires(wanted, standing).any(has_it);
            if beside.holds || matches!(other.evidence, Evidence::ContactId | Evidence::Key) {
                beside.records.insert(other.link.remote.clone());
            }
        }
        Ok(beside)
    }

    /// Of two records HR is told. A hire that stands on the other one is not added here without a human's word.
    fn tell_of_those_beside(
        &self,
        target: &Target,
        contact: &ContactId,
        own: &RemoteId,
        beside: &Beside,
    ) -> Result<Look, CycleError> {
        if beside.records.is_empty() {
            return Ok(Look::GoOn);
        }
        let what = if beside.holds {
            format!(
                "A hire that would be added to {own} stands on the other one, so it waits: `hiresync retry {contact}` adds it all the same."
            )
        } else {
            format!("{own} is kept up to date.")
        };
        let _ = self.ledger.write(|draft| {
            for other in &beside.records {
                let task = two_records(contact, own, other, &what);
                match beside.holds {
                    true => self.raise_anew(draft, contact, target, task)?,
                    false => self.raise(draft, contact, Some(&target.name), task)?,
                };
            }
            if beside.holds {
                self.hold(draft, target, contact, WhyHeld::Ambiguous { records: beside.records.len() })?;
            }
            Ok(())
        })?;
        Ok(if beside.holds { Look::Waits } else { Look::GoOn })
    }

    fn hold(
        &self,
        draft: &mut Draft<'_>,
        target: &Target,
        contact: &ContactId,
        why: WhyHeld,
    ) -> ledger::Result<()> {
        let mut standing = draft.standing(&target.name, contact)?.unwrap_or_default();
        standing.fail(Phase::Held { why: why.clone(), due: None });
        draft.put_standing(&target.name, contact, standing)?;
        draft.tell(&self.event(contact, Some(&target.name), Outcome::Held { why }))
    }

    /// Raises what somebody waits for now: also where a human closed the same before.
    fn raise_anew(
        &self,
        draft: &mut Draft<'_>,
        contact: &ContactId,
        target: &Target,
        task: TaskRequest,
    ) -> ledger::Result<bool> {
        let id = self.task_id(task.kind, Some(&target.name), contact, &task.cause);
        let is_open = self.ledger.task(&id)?.is_some_and(|task| task.done_at.is_none());
        if !is_open {
            self.forget_reason(draft, task.kind, Some(&target.name), contact, &task.cause)?;
        }
        self.raise(draft, contact, Some(&target.name), task)
    }

    /// Held, with a task: only a human can say whether one of these records is this person's.
    fn hold_as_ambiguous(
        &self,
        target: &Target,
        contact: &ContactId,
        found: &[Found],
        records: usize,
    ) -> Result<(), CycleError> {
        let _ = self.ledger.write(|draft| {
            let if_none = format!("`hiresync retry {contact}` creates the person");
            let task = which_record(&target.name, contact, found, FOUND_BEFORE_CREATING, &if_none);
            self.raise_anew(draft, contact, target, task)?;
            self.hold(draft, target, contact, WhyHeld::Ambiguous { records })
        })?;
        Ok(())
    }

    async fn deliver_batch(&self, target: &Target, batch: &[&Ready]) -> Result<Delivered, CycleError> {
        if self.is_stopping() {
            return Err(CycleError::Stopped);
        }
        let state = self.ledger.target(&target.name)?;
        if state.paused || matches!(state.health, TargetHealth::Quarantined { .. }) {
            return Ok(Delivered::default());
        }
        let sent_at = self.clock.now();
        // Whoever was forgotten since is owed nothing. From here to the call nothing else runs on this thread.
        let mut owed = Vec::with_capacity(batch.len());
        for ready in batch {
            let standing = self.ledger.standing(&target.name, &ready.contact)?.unwrap_or_default();
            if ready.is_still_owed(&standing) {
                owed.push(*ready);
            }
        }
        if owed.is_empty() {
            return Ok(Delivered::default());
        }
        planted::point(Point::SentBegins);
        let deliveries = self.begin(target, &owed, sent_at)?;
        planted::point(Point::SentWritten);
        let answers = call(target, &deliveries).await;
        planted::point(Point::Answered);
        let delivered = self.settle(target, &owed, answers, sent_at)?;
        planted::point(Point::Settled);
        self.add_done(batch.len() as u64);
        Ok(delivered)
    }

    /// Writes down, durably, that these debts are under way. Only what this returns can be given to [`call`].
    fn begin(
        &self,
        target: &Target,
        batch: &[&Ready],
        sent_at: Timestamp,
    ) -> Result<Durable<Vec<Delivery>>, CycleError> {
        let limit = target.adapter.info().capabilities.call_timeout;
        let durable = self.ledger.write(|draft| {
            batch
                .iter()
                .map(|ready| self.begin_one(draft, target, ready, policy::ask_after(sent_at, limit), sent_at))
                .collect()
        })?;
        Ok(durable)
    }

    fn begin_one(
        &self,
        draft: &mut Draft<'_>,
        target: &Target,
        ready: &Ready,
        ask_after: Timestamp,
        sent_at: Timestamp,
    ) -> ledger::Result<Delivery> {
        let mut standing = draft.standing(&target.name, &ready.contact)?.unwrap_or_default();
        let (changed, unfinished) = standing
            .owed
            .as_ref()
            .map(|owed| (owed.changed.clone(), owed.unfinished.clone()))
            .unwrap_or_default();
        let delivery = Delivery {
            target: target.name.clone(),
            contact: ready.contact.clone(),
            generation: standing.generation,
            intent: ready.intent,
            wanted: ready.wanted.clone(),
            order: ready.identity.order.clone(),
            seen: ready.seen.clone(),
            looked_at: standing.owed.as_ref().is_some_and(|owed| owed.looked_at),
            link: standing.agreed.as_ref().map(|agreed| agreed.link.clone()),
            withdrawn: ready.withdrawn.clone(),
            changed,
            unfinished,
        };
        if !planted::bug(Bug::NoSentMark) {
            standing.begin(sent_at, ask_after, ready.digests.clone());
            draft.put_standing(&target.name, &ready.contact, standing)?;
        }
        Ok(delivery)
    }

    /// Writes down what came back, one answer for each delivery.
    fn settle(
        &self,
        target: &Target,
        batch: &[&Ready],
        answers: Vec<adapter_sdk::Result<Receipt>>,
        sent_at: Timestamp,
    ) -> Result<Delivered, CycleError> {
        let now = self.clock.now();
        let mut delivered = Delivered::default();
        let mut answers = answers.into_iter();
        let mut whole_target: Option<Error> = None;
        let mut any_good = false;
        let mut outage: Option<Error> = None;
        let _ = self.ledger.write(|draft| {
            for ready in batch {
                let answer = answers.next().unwrap_or_else(|| Err(no_answer()));
                match answer {
                    Ok(receipt) => {
                        any_good = true;
                        self.settle_good(draft, target, ready, receipt, now, &mut delivered)?;
                    }
                    Err(error) => {
                        let verdict = self.settle_failed(draft, target, ready, &error, sent_at, now, &mut delivered)?;
                        if verdict == Verdict::Target {
                            whole_target = Some(error);
                        } else {
                            tracing::warn!(target_name = %target.name, contact = %ready.contact, error = %error.chain(), "a delivery failed");
                            outage = (error.kind() == ErrorKind::Unavailable).then_some(error).or(outage.take());
                        }
                    }
                }
            }
            Ok(())
        })?;
        if any_good {
            self.target_answered(target)?;
        } else if let Some(error) = whole_target.or(outage) {
            self.target_failed(target, &error)?;
        }
        Ok(delivered)
    }

    fn settle_good(
        &self,
        draft: &mut Draft<'_>,
        target: &Target,
        ready: &Ready,
        receipt: Receipt,
        now: Timestamp,
        delivered: &mut Delivered,
    ) -> ledger::Result<()> {
        let mut standing = draft.standing(&target.name, &ready.contact)?.unwrap_or_default();
        let generation = standing.generation;
        let before = standing.owed.as_ref().and_then(|owed| owed.obstacle.clone());
        let Receipt { link, effect, unfinished, obstacle, filled, tasks } = receipt;
        let is_done = unfinished.is_empty();
        let outcome = if is_done {
            match ready.intent {
                Intent::Withdraw => standing.take_back(&ready.withdrawn, !link.hires.is_empty(), now),
                _ if ready.backfill => standing.backfilled(link, ready.digests.clone(), now),
                _ => standing.settle(link, ready.digests.clone(), now),
            }
            if ready.intent == Intent::Withdraw || ready.waits {
                draft.mark(&ready.contact, now)?;
            }
            Outcome::Agreed { effect }
        } else {
            let attempts = standing.owed.as_ref().map_or(1, |owed| owed.attempts);
            let phase = Phase::Waiting { not_before: policy::next_part(attempts, now) };
            standing.settle_in_part(link, unfinished.clone(), obstacle.clone(), phase, now);
            if let Some(obstacle) = obstacle.as_ref().filter(|_| before != obstacle) {
                tracing::warn!(target_name = %target.name, contact = %ready.contact, code = obstacle.code, "{obstacle}");
            }
            Outcome::Unfinished { steps: unfinished, obstacle }
        };
        draft.put_standing(&target.name, &ready.contact, standing)?;
        match effect {
            Effect::Created => delivered.created += 1,
            Effect::Updated => delivered.updated += 1,
            Effect::Unchanged => delivered.unchanged += 1,
            Effect::Withdrawn => delivered.withdrawn += 1,
        }
        // The same obstacle once more is no news.
        let is_news = !matches!(&outcome, Outcome::Unfinished { obstacle, .. } if obstacle.is_some() && *obstacle == before);
        if is_news {
            let mut event = self.event(&ready.contact, Some(&target.name), outcome);
            event.generation = Some(generation);
            draft.tell(&event)?;
        }
        for task in tasks {
            self.raise(draft, &ready.contact, Some(&target.name), task)?;
        }
        self.ask_to_correct(draft, target, &ready.contact, &filled)?;
        for (kind, cause) in ready.moot.iter().filter(|_| is_done) {
            self.forget_reason(draft, *kind, Some(&target.name), &ready.contact, cause)?;
        }
        Ok(())
    }

    /// Asks a human to correct each value that nobody gave us and that was sent all the same. Once: what was asked before,
    /// or answered, is not asked again.
    fn ask_to_correct(
        &self,
        draft: &mut Draft<'_>,
        target: &Target,
        contact: &ContactId,
        filled: &[Filled],
    ) -> ledger::Result<()> {
        let mut fields = Vec::new();
        for filled in filled {
            let task = plan::placeholder_task(&target.name, filled);
            if self.raise(draft, contact, Some(&target.name), task)? {
                fields.push(filled.field.clone());
            }
        }
        if fields.is_empty() {
            return Ok(());
        }
        draft.tell(&Event { fields, ..self.event(contact, Some(&target.name), Outcome::Filled) })
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "one row of a batch: what was sent, when, and what came back"
    )]
    fn settle_failed(
        &self,
        draft: &mut Draft<'_>,
        target: &Target,
        ready: &Ready,
        error: &Error,
        sent_at: Timestamp,
        now: Timestamp,
        delivered: &mut Delivered,
    ) -> ledger::Result<Verdict> {
        let mut standing = draft.standing(&target.name, &ready.contact)?.unwrap_or_default();
        let attempts = standing.owed.as_ref().map_or(1, |owed| owed.attempts);
        let limit = target.adapter.info().capabilities.call_timeout;
        let verdict = policy::after_failure(error, attempts, sent_at, limit, now);
        let repeatable = target.adapter.info().capabilities.dedupes_by_key
            || matches!(ready.intent, Intent::Update | Intent::Withdraw);
        let phase = match &verdict {
            // A repetition that gets no answer either is a failure like any other, and repeated as slowly.
            Verdict::Debt(Phase::Sent { at, looks, .. }) if repeatable && attempts > 1 => {
                Phase::Sent { at: *at, ask_after: policy::next_attempt(attempts, now), looks: *looks }
            }
            // Somebody is probably mending what stands in the way.
            Verdict::Debt(Phase::Waiting { not_before }) if error.stands_in_the_way().is_some() => {
                Phase::Waiting { not_before: (*not_before).min(policy::next_part(attempts, now)) }
            }
            Verdict::Debt(phase) => phase.clone(),
            // Not this person's fault: it goes out as soon as the target can be used again.
            Verdict::Target => Phase::Waiting { not_before: now },
        };
        let outcome = match &phase {
            Phase::Waiting { not_before } => match error.stands_in_the_way() {
                Some(obstacle) => {
                    delivered.parked += 1;
                    Outcome::Parked { kind: error.kind(), obstacle: Some(obstacle.clone()) }
                }
                None => {
                    delivered.retried += 1;
                    Outcome::Retry { kind: error.kind(), not_before: *not_before }
                }
            },
            Phase::Sent { ask_after, .. } => {
                delivered.unknown += 1;
                Outcome::Unknown { ask_after: *ask_after }
            }
            Phase::Parked { kind, .. } => {
                delivered.parked += 1;
                Outcome::Parked { kind: *kind, obstacle: error.stands_in_the_way().cloned() }
            }
            Phase::Held { why, .. } => Outcome::Held { why: why.clone() },
        };
        let before = standing.owed.as_ref().and_then(|owed| owed.obstacle.clone());
        let is_news = before.is_none() || before.as_ref() != error.stands_in_the_way();
        standing.fail(phase);
        standing.meet(error.stands_in_the_way().cloned());
        let generation = standing.generation;
        draft.put_standing(&target.name, &ready.contact, standing)?;
        if is_news {
            let mut event = self.event(&ready.contact, Some(&target.name), outcome);
            event.generation = Some(generation);
            draft.tell(&event)?;
        }
        Ok(verdict)
    }

    /// A look that failed: nothing was sent, so the debt waits as after a failed attempt.
    fn failed_before_sending(&self, target: &Target, ready: &Ready, error: &Error) -> Result<(), CycleError> {
        let now = self.clock.now();
        tracing::warn!(target_name = %target.name, contact = %ready.contact, error = %error.chain(), "a look before creating failed");
        let _ = self.ledger.write(|draft| {
            let mut standing = draft.standing(&target.name, &ready.contact)?.unwrap_or_default();
            let attempts = standing.owed.as_mut().map_or(1, |owed| {
                owed.attempts = owed.attempts.saturating_add(1);
                owed.attempts
            });
            if error.next() != Next::Park {
                standing.fail(Phase::Waiting { not_before: policy::next_attempt(attempts, now) });
                return draft.put_standing(&target.name, &ready.contact, standing);
            }
            // It would be refused again: a human has to know.
            let (kind, obstacle) = (error.kind(), error.stands_in_the_way().cloned());
            standing.fail(Phase::Parked { kind, hint: error.to_string() });
            standing.meet(obstacle.clone());
            draft.put_standing(&target.name, &ready.contact, standing)?;
            draft.tell(&self.event(&ready.contact, Some(&target.name), Outcome::Parked { kind, obstacle }))
        })?;
        Ok(())
    }

    /// Notes a failure. True when it makes the whole target unusable.
    pub(crate) fn target_failed(&self, target: &Target, error: &Error) -> Result<bool, CycleError> {
        let at_once = policy::concerns_target(error.kind());
        let now = self.clock.now();
        let unusable = self.ledger.write(|draft| {
            let mut state = draft.target(&target.name)?;
            // One person's refused look is not an outage.
            let is_outage = matches!(error.kind(), ErrorKind::Unavailable | ErrorKind::RateLimited);
            state.failures = state.failures.saturating_add(u32::from(is_outage));
            let unusable = at_once || policy::is_unusable(state.failures);
            if unusable {
                let (since, probes) = match &state.health {
                    TargetHealth::Quarantined { since, probes, .. } => (*since, *probes + 1),
                    TargetHealth::Active => (now, 0),
                };
                state.health = TargetHealth::Quarantined {
                    since,
                    kind: error.kind(),
                    why: error.chain(),
                    probe_at: policy::next_probe(probes, now),
                    probes,
                };
            }
            draft.put_target(&target.name, &state)?;
            Ok(unusable)
        })?;
        let unusable = unusable.into_inner();
        if unusable {
            let (what, remedy) = policy::advice(error.kind());
            tracing::error!(target_name = %target.name, error = %error.chain(), what, remedy, "target cannot be used; what is owed to it waits");
        }
        Ok(unusable)
    }

    /// A call succeeded: the target is usable.
    pub(crate) fn target_answered(&self, target: &Target) -> Result<(), CycleError> {
        let _ = self.ledger.write(|draft| {
            let mut state = draft.target(&target.name)?;
            state.failures = 0;
            state.health = TargetHealth::Active;
            draft.put_target(&target.name, &state)
        })?;
        Ok(())
    }

    /// Settles a debt whose outcome is unknown, if its time has come. True when the person can be planned for again. `wanted`
    /// are the hires that the person is owed for now.
    pub(crate) async fn settle_unknown(
        &self,
        target: &Target,
        identity: &Identity,
        wanted: &BTreeSet<&OpportunityId>,
        usable: bool,
    ) -> Result<bool, CycleError> {
        let contact = &identity.contact;
        let Some(standing) = self.ledger.standing(&target.name, contact)? else { return Ok(true) };
        let Some(owed) = &standing.owed else { return Ok(true) };
        let now = self.clock.now();
        let (at, ask_after, looks) = match owed.phase {
            // Written down under a clock that was ahead, it would be asked about when that date comes.
            Phase::Sent { at, ask_after, looks } if ask_after > now + LONGEST_WAIT => {
                (at.min(now), now, looks)
            }
            Phase::Sent { at, ask_after, looks } => (at, ask_after, looks),
            // It was to be repeated, which would have settled it, and is not wanted any more: what an earlier attempt made
            // would be nobody's.
            Phase::Waiting { .. }
                if owed.unfinished.is_empty()
                    && standing.unknown_hires().any(|hire| !wanted.contains(hire)) =>
            {
                (now, now, 0)
            }
            _ => return Ok(true),
        };
        let capabilities = target.adapter.info().capabilities;
        if owed.looked_at && !capabilities.find && !owed.is_sent() {
            // A human looked: nothing arrived.
            return Ok(true);
        }
        // Repeating settles it only if it will be repeated. A new hire taken back since then may be over there all the same,
        // and is looked for: else nobody would be told. One that was there before says nothing about this attempt.
        let repeatable = (capabilities.dedupes_by_key
            || planted::bug(Bug::ResentUnlooked)
            || matches!(owed.intent, Intent::Update | Intent::Withdraw))
            && standing.unknown_hires().all(|hire| wanted.contains(hire));
        if repeatable || !capabilities.find && now >= ask_after {
            if !repeatable {
                // It can neither be repeated nor looked up: only a human can know.
                self.ask_what_came_of_it(target, contact, "and we cannot look there")?;
                return Ok(false);
            }
            let again = policy::repeat_at(at, ask_after, now);
            self.change_phase(target, contact, Phase::Waiting { not_before: again })?;
            return Ok(true);
        }
        if now < ask_after || !usable {
            return Ok(false);
        }
        let mut found = match self.unless_stopped(target.adapter.find(identity)).await? {
            Ok(found) => found,
            Err(error) => {
                if !self.target_failed(target, &error)? && error.next() == Next::Park {
                    self.ask_what_came_of_it(
                        target,
                        contact,
                        &format!("and the look for it was refused: {error}"),
                    )?;
                }
                return Ok(false);
            }
        };
        planted::point(Point::LookedUp);
        if capabilities.employments {
            found.iter_mut().for_each(|found| disown(&mut found.link, &standing));
        }
        let own = standing.agreed.as_ref().map(|agreed| &agreed.link.remote);
        let own = found.iter().find(|found| Some(&found.link.remote) == own);
        if let Some(own) = own.filter(|own| self.holds_new_hire(&standing, &own.link)) {
            // It arrived, whatever other records there are.
            let _ = self.ledger.write(|draft| self.take_found(draft, target, contact, own.link.clone()))?;
            return Ok(true);
        }
        match self.judged(target, identity, &found, &standing)? {
            // It holds hires, and none of those that were sent: a record of a contact that was merged into this one. It is compared.
            Match::One(link)
                if owed.intent == Intent::Add
                    && !link.hires.is_empty()
                    && !self.holds_new_hire(&standing, &link) =>
            {
                self.change_phase(target, contact, Phase::Waiting { not_before: now })?;
                let _ = self.ledger.write(|draft| self.adopt(draft, target, contact, link))?;
                Ok(true)
            }
            Match::One(link) if owed.intent == Intent::Add || self.holds_new_hire(&standing, &link) => {
                let _ = self.ledger.write(|draft| self.take_found(draft, target, contact, link))?;
                Ok(true)
            }
            Match::Unclear(records) | Match::Suspected(records) => {
                self.hold_as_ambiguous(target, contact, &found, records)?;
                Ok(false)
            }
            Match::Nobody | Match::One(_) => match policy::after_look(at, looks, now) {
                Some(phase) => {
                    self.change_phase(target, contact, phase)?;
                    Ok(false)
                }
                None if self.is_looked_for_otherwise(target, owed, identity) => {
                    self.ask_what_came_of_it(
                        target,
                        contact,
                        "and the number it would be found by has changed since",
                    )?;
                    Ok(false)
                }
                None => {
                    self.change_phase(target, contact, Phase::Waiting { not_before: now })?;
                    Ok(true)
                }
            },
        }
    }

    /// Whether the record found holds a hire that nothing was agreed about before.
    fn holds_new_hire(&self, standing: &ledger::Standing, link: &Link) -> bool {
        standing.unknown_hires().all(|hire| link.hires.contains_key(hire))
    }

    /// A look found the record that an attempt without an answer made. Where one record is the whole delivery, it is settled; where
    /// it is made in steps, what is missing is still owed.
    fn take_found(
        &self,
        draft: &mut Draft<'_>,
        target: &Target,
        contact: &ContactId,
        link: Link,
    ) -> ledger::Result<()> {
        let now = self.clock.now();
        let mut standing = draft.standing(&target.name, contact)?.unwrap_or_default();
        let outcome = if target.adapter.info().capabilities.resumes {
            standing.settle_in_part(link, vec![Step::rest()], None, Phase::Waiting { not_before: now }, now);
            draft.mark(contact, now)?;
            Outcome::Adopted
        } else {
            standing.settle_found(link, now);
            Outcome::Agreed { effect: Effect::Created }
        };
        draft.put_standing(&target.name, contact, standing)?;
        draft.tell(&self.event(contact, Some(&target.name), outcome))
    }

    /// A look before creating found the person's record: one that an earlier attempt of ours made, or one that was there.
    pub(crate) fn take(
        &self,
        draft: &mut Draft<'_>,
        target: &Target,
        contact: &ContactId,
        link: Link,
    ) -> ledger::Result<()> {
        let standing = draft.standing(&target.name, contact)?.unwrap_or_default();
        let is_ours = standing.owed.as_ref().is_some_and(|owed| owed.sent.is_some());
        if is_ours && target.adapter.info().capabilities.resumes {
            self.take_found(draft, target, contact, link)
        } else {
            self.adopt(draft, target, contact, link)
        }
    }

    /// Whether the attempt may have made a record under another key of the person's own than the one that is looked for now.
    fn is_looked_for_otherwise(&self, target: &Target, owed: &Owed, who: &Identity) -> bool {
        let key = target.adapter.info().schema.key.as_ref();
        let sent = key.zip(owed.sent.as_ref()).and_then(|(key, sent)| sent.person.get(key));
        let now = self.ledger.key().value(&Value::Text(who.key.clone().unwrap_or_default()));
        owed.intent == Intent::Add && sent.is_some_and(|sent| *sent != now)
    }

    /// Held, with a task: nobody but a human can see whether it arrived. `why` completes the sentence.
    fn ask_what_came_of_it(&self, target: &Target, contact: &ContactId, why: &str) -> Result<(), CycleError> {
        let if_so = match target.adapter.info().capabilities.find {
            true => format!("`hiresync links set {contact} RECORD --target {}`", target.name),
            false => "close this task".to_owned(),
        };
        let _ = self.ledger.write(|draft| {
            let task = TaskRequest {
                kind: TaskKind::Review,
                cause: NO_ANSWER.to_owned(),
                text: format!(
                    "Something was sent to {} and no answer came, {why}: it may have arrived. Look whether this person is there. If \
                     not, `hiresync retry {contact}` sends it again; if so, {if_so}.",
                    target.name
                ),
                fields: Vec::new(),
            };
            self.raise_anew(draft, contact, target, task)?;
            self.hold(draft, target, contact, WhyHeld::Ambiguous { records: 0 })
        })?;
        Ok(())
    }

    /// A key that the configuration makes may be given twice, and a human may have said whose the record is, whatever stands on it:
    /// a record that is another contact's already is not this one's. Nor is one that only has their address, once a human looked.
    pub(crate) fn judged(
        &self,
        target: &Target,
        who: &Identity,
        found: &[Found],
        standing: &ledger::Standing,
    ) -> Result<Match, CycleError> {
        let judged = judge(found);
        let link = match &judged {
            Match::One(link) => link,
            Match::Suspected(_) if standing.owed.as_ref().is_some_and(|owed| owed.looked_at) => {
                return Ok(Match::Nobody);
            }
            _ => return Ok(judged),
        };
        let is_anothers = self.is_linked_to_another(target, &who.contact, &link.remote, who.key.is_some())?;
        Ok(if is_anothers { Match::Unclear(1) } else { judged })
    }

    /// Before the guard judges more new people than it lets through: those who are over there already are none. They are adopted,
    /// and planned for once more.
    pub(crate) async fn adopt_before_guard(
        &self,
        run: &mut Run,
        planned: Vec<Planned>,
    ) -> Result<Vec<Planned>, CycleError> {
        let mut rest = Vec::new();
        for one in planned {
            let mut adopted = false;
            for target in &self.targets {
                let plan = one.plans.iter().find(|(name, ..)| *name == target.name);
                let wanted = plan.and_then(|(_, standing, plan)| match &plan.decision {
                    Decision::Owe { debt, wanted, .. }
                        if debt.intent == Intent::Add
                            && standing.agreed.is_none()
                            && is_new(standing, debt) =>
                    {
                        Some(wanted)
                    }
                    _ => None,
                });
                let Some(wanted) = wanted else { continue };
                if run.unusable.contains(&target.name) || !target.adapter.info().capabilities.find {
                    continue;
                }
                let who = planning::identity_for(target, &one.identity, wanted);
                // What cannot be looked up now is looked up before it is sent.
                let Ok(found) = self.unless_stopped(target.adapter.find(&who)).await? else { continue };
                let standing = self.ledger.standing(&target.name, &one.contact)?.unwrap_or_default();
                if let Match::One(link) = self.judged(target, &who, &found, &standing)? {
                    let _ = self.ledger.write(|draft| {
                        self.notice_unknown(draft, target, &standing, &found)?;
                        self.take(draft, target, &one.contact, link)
                    })?;
                    adopted = true;
                }
            }
            if adopted { run.again(&one.contact) } else { rest.push(one) }
        }
        Ok(rest)
    }

    fn change_phase(&self, target: &Target, contact: &ContactId, phase: Phase) -> Result<(), CycleError> {
        let _ = self.ledger.write(|draft| {
            let mut standing = draft.standing(&target.name, contact)?.unwrap_or_default();
            standing.fail(phase);
            draft.put_standing(&target.name, contact, standing)
        })?;
        Ok(())
    }
}

/// The one place from which a target is written to.
async fn call(target: &Target, deliveries: &Durable<Vec<Delivery>>) -> Vec<adapter_sdk::Result<Receipt>> {
    target.adapter.deliver(deliveries.get()).await
}

fn no_answer() -> Error {
    Error::new(ErrorKind::Unexpected, "delivering: the adapter gave fewer answers than it was given people")
        .find_first()
}

impl Engine {
    /// Links the one record over there that is proven to be this person's, where the one we knew is not there any more.
    pub(crate) async fn relink(&self, target: &Target, identity: &Identity) -> Result<bool, CycleError> {
        if !target.adapter.info().capabilities.find {
            return Ok(false);
        }
        let Ok(found) = self.unless_stopped(target.adapter.find(identity)).await? else { return Ok(false) };
        let Match::One(link) = judge(&found) else { return Ok(false) };
        let contact = &identity.contact;
        let known = self.ledger.standing(&target.name, contact)?.and_then(|standing| standing.agreed);
        if known.is_some_and(|agreed| agreed.link.remote == link.remote) {
            return Ok(false);
        }
        // Found by what we keep on this person's own record: it got another id. By an opportunity: it may be another record.
        let same = found.iter().any(|found| {
            found.link.remote == link.remote && matches!(found.evidence, Evidence::ContactId | Evidence::Key)
        });
        let _ = self.ledger.write(|draft| {
            if !same {
                return self.adopt(draft, target, contact, link);
            }
            let mut standing = draft.standing(&target.name, contact)?.unwrap_or_default();
            standing.moved_to(link);
            draft.put_standing(&target.name, contact, standing)?;
            draft.mark(contact, self.clock.now())?;
            draft.tell(&self.event(contact, Some(&target.name), Outcome::Adopted))
        })?;
        Ok(true)
    }
}

/// What came of delivering to one target, and whose records were found there instead.
#[derive(Debug, Default)]
struct Outgoing {
    delivered: Delivered,
    adopted: Vec<ContactId>,
}

enum Look {
    GoOn,
    Adopted,
    Waits,
    Unusable,
}

/// What a look found.
#[derive(Debug)]
pub(crate) enum Match {
    Nobody,
    One(Link),
    /// So many that have nothing of ours, but an address of theirs.
    Suspected(usize),
    /// So many that are proven.
    Unclear(usize),
}

/// What this ledger knows as one hire's is not another's: where employments are told apart by numbers, they shift once a hire no
/// longer counts.
fn disown(link: &mut Link, standing: &Standing) {
    let Some(agreed) = standing.agreed.as_ref().filter(|agreed| agreed.link.remote == link.remote) else {
        return;
    };
    let is_anothers = |hire: &OpportunityId, remote: &RemoteHireId| {
        agreed.link.hires.iter().any(|(other, known)| other != hire && known == remote)
    };
    link.hires.retain(|hire, remote| !is_anothers(hire, remote));
}

/// One record, proven by something we put there: it is this person's. Anything weaker, or more than one, is for a human.
fn judge(found: &[Found]) -> Match {
    let mut proven: BTreeMap<&people::RemoteId, &Found> = BTreeMap::new();
    let is_proven = |record: &&Found| record.evidence.is_proof() || planted::bug(Bug::MatchesByName);
    for record in found.iter().filter(is_proven) {
        proven.entry(&record.link.remote).or_insert(record);
    }
    let suspected = found.iter().filter(|record| !record.evidence.is_proof()).count();
    match (proven.len(), suspected) {
        (n, _) if n == 1 || n > 1 && planted::bug(Bug::AdoptsOneOfMany) => {
            Match::One(proven.into_values().next().expect("there is one").link.clone())
        }
        (0, 0) => Match::Nobody,
        (0, records) => Match::Suspected(records),
        (records, _) => Match::Unclear(records),
    }
}

impl std::ops::AddAssign for Outgoing {
    fn add_assign(&mut self, other: Outgoing) {
        self.delivered += other.delivered;
        self.adopted.extend(other.adopted);
    }
}

impl std::ops::AddAssign for Delivered {
    fn add_assign(&mut self, other: Delivered) {
        self.created += other.created;
        self.updated += other.updated;
        self.unchanged += other.unchanged;
        self.withdrawn += other.withdrawn;
        self.retried += other.retried;
        self.unknown += other.unknown;
        self.parked += other.parked;
    }
}
