//! From a reading to a plan for each target.

use std::collections::{BTreeMap, BTreeSet};

use adapter_sdk::{Error, ErrorKind, Identity, RemoteState};
use chrono::TimeDelta;
use ledger::{LeftOut, Mark, Outcome, Owed, Phase, Said, Seen, Standing, WhyHeld};
use mapping::Scope;
use people::{ContactId, Date, Digest, Hire, OpportunityId, Person, Pii, TargetName, Timestamp, Wanted};
use planted::Bug;

use crate::{
    cycle::{CycleError, Engine, Run},
    merge,
    plan::{self, Decision, Facts, Plan, Remote},
    rehire,
    settings::{DeliverFrom, Target},
    source::Reading,
};

/// A contact that was read, with its mark and what is planned for it.
#[derive(Debug, Clone)]
pub(crate) struct Planned {
    pub(crate) contact: ContactId,
    /// When.
    pub(crate) at: Timestamp,
    pub(crate) mark: Option<Mark>,
    pub(crate) identity: Identity,
    /// When they were last hired.
    pub(crate) hired_at: Option<Timestamp>,
    pub(crate) seen: Vec<(OpportunityId, Seen)>,
    pub(crate) plans: Vec<(TargetName, Standing, Plan)>,
    /// The mark stays: something could not be decided now.
    pub(crate) later: bool,
}

impl Planned {
    pub(crate) fn owes(&self) -> bool {
        self.plans.iter().any(|(_, _, plan)| matches!(plan.decision, Decision::Owe { .. }))
    }
}

/// What came of planning for one target.
#[derive(Debug)]
pub(crate) enum Planning {
    /// This.
    Done(Box<(Standing, Plan, Option<RemoteState>)>),
    /// Nothing: what came of an earlier attempt is not known yet, and is looked up when its time has come.
    Unsettled,
    /// Nothing: the target could not be asked what has to be known first.
    Later,
}

/// What the target said when it was asked.
enum Asked {
    Not,
    Gone,
    Holds(RemoteState),
}

impl Asked {
    fn as_facts(&self) -> Remote<'_> {
        match self {
            Asked::Not => Remote::Unasked,
            Asked::Gone => Remote::Gone,
            Asked::Holds(remote) => Remote::Holds(remote),
        }
    }
}

/// A human let it go on: nothing else makes a debt wait that would be held.
pub(crate) fn is_released(standing: &Standing) -> bool {
    standing.owed.as_ref().is_some_and(|owed| !matches!(owed.phase, Phase::Held { .. }))
}

/// Who they are for one target: with the hires it is told about, and its own key as the configuration makes it.
pub(crate) fn identity_for(target: &Target, who: &Identity, wanted: &Wanted) -> Identity {
    let mut who = who.clone();
    who.hires = who.order.iter().filter(|hire| wanted.hires.contains_key(*hire)).cloned().collect();
    let key = target.adapter.info().schema.key.as_ref().and_then(|key| wanted.person.get(key));
    who.key = key.map(|value| value.reveal().to_text()).filter(|key| !key.is_empty());
    who
}

impl Engine {
    /// Who somebody is, with all of their hires that are not old, oldest first: the same whatever target is meant.
    pub(crate) fn identity(&self, person: &Person) -> ledger::Result<Identity> {
        let mut hires = Vec::new();
        for (opportunity, hire) in &person.hires {
            if !matches!(self.age_of(opportunity, hire)?, Age::Old | Age::SaidToBeOld) {
                hires.push((hire.hired_at, opportunity.clone()));
            }
        }
        hires.sort();
        Ok(Identity {
            order: hires.into_iter().map(|(_, opportunity)| opportunity).collect(),
            name: person.name.clone(),
            emails: person.emails.clone(),
            ..Identity::new(person.contact.clone(), person.opportunities.keys().cloned().collect())
        })
    }

    /// The same for a target by its name.
    pub(crate) fn identity_at(&self, target: &TargetName, who: &Identity, wanted: &Wanted) -> Identity {
        let target = self.targets.iter().find(|known| known.name == *target);
        target.map_or_else(|| who.clone(), |target| identity_for(target, who, wanted))
    }

    /// Plans for one contact, target by target. `None`: it was dealt with on the spot, or stays marked.
    pub(crate) async fn plan_reading(
        &self,
        run: &mut Run,
        contact: ContactId,
        mark: Option<Mark>,
        reading: Reading,
    ) -> Result<Option<Planned>, CycleError> {
        if self.rests(&contact, &reading)? {
            self.dealt_with(&contact, mark.as_ref(), None, None)?;
            self.memory().certified.forget(&contact);
            return Ok(None);
        }
        let unread = match reading {
            Reading::Person(person) => return self.plan_person(run, contact, mark, &person).await.map(Some),
            Reading::Failed(error) => {
                run.report.failed += 1;
                tracing::warn!(%contact, error = %error.chain(), "a contact could not be read now; it stays marked");
                if planted::bug(Bug::DoneOnError) {
                    self.dealt_with(&contact, mark.as_ref(), None, None)?;
                }
                if planted::bug(Bug::PoisonLoop) {
                    run.again(&contact);
                }
                return Ok(None);
            }
            Reading::Moved { to } => {
                // The surviving contact is read instead; with it the standing moves, once nothing about it is unknown.
                run.again(&to);
                self.settle_unread(run, &contact, Some(&to)).await?;
                self.dealt_with(&contact, mark.as_ref(), Some(&to), None)?;
                return Ok(None);
            }
            Reading::Anonymised => Outcome::Anonymised,
            Reading::Gone => Outcome::Gone,
            Reading::Unreadable { place } if planted::bug(Bug::OneStopsAll) => {
                return Err(Error::new(ErrorKind::Unavailable, "reading a person")
                    .with("not_understood", place)
                    .into());
            }
            Reading::Unreadable { place } => {
                run.report.unreadable += 1;
                Outcome::Unreadable { place }
            }
        };
        self.settle_unread(run, &contact, None).await?;
        self.dealt_with(&contact, mark.as_ref(), None, Some(unread))?;
        Ok(None)
    }

    async fn plan_person(
        &self,
        run: &mut Run,
        contact: ContactId,
        mark: Option<Mark>,
        person: &Person,
    ) -> Result<Planned, CycleError> {
        let seen = self.recognise_merges(person)?;
        let identity = self.identity(person)?;
        let at = self.clock.now();
        let hired_at = person.hires.values().map(|hire| hire.hired_at).max();
        let mut planned =
            Planned { contact, at, mark, identity, hired_at, seen, plans: Vec::new(), later: false };
        for target in &self.targets {
            match self.plan_one(run, target, person).await? {
                Planning::Done(done) => planned.plans.push((target.name.clone(), done.0, done.1)),
                Planning::Unsettled => {}
                Planning::Later => planned.later = true,
            }
        }
        Ok(planned)
    }

    pub(crate) async fn plan_one(
        &self,
        run: &mut Run,
        target: &Target,
        person: &Person,
    ) -> Result<Planning, CycleError> {
        if run.unknown.contains(&target.name) {
            // Once it is known, everybody is looked at for it: nobody has to stay marked until then.
            return Ok(Planning::Unsettled);
        }
        let others = self.others(target, person)?;
        // A contact that was merged into this one may have a record over there that nobody has seen yet: until that is known, nobody is
        // made beside it. What HR has to tell of first is held; HR's word about this one is about the other as well.
        let open = others.values().filter(|other| other.is_open());
        let with_hr = WithHr::of(&others);
        if open.count() > with_hr.others.len() || self.let_go_on(run, target, &with_hr, &person.contact)? {
            return Ok(Planning::Later);
        }
        let usable = !run.unusable.contains(&target.name);
        let (mut in_scope, left_out, doubtful) = self.scope(target, person)?;
        in_scope.extend(with_hr.hires(person).filter(|hire| !left_out.contains_key(*hire)));
        let today = self.clock.today(self.settings.zone);
        let mut decided_on =
            self.ledger.standing(&target.name, &person.contact)?.unwrap_or_default().decided_on;
        for opportunity in &in_scope {
            decided_on.entry((*opportunity).clone()).or_insert(today);
        }
        let wanted = target.mapping.apply(person, &in_scope, &decided_on);
        let who = identity_for(target, &self.identity(person)?, &wanted);
        let was_sent = |standing: &Standing| standing.owed.as_ref().is_some_and(Owed::is_sent);
        let was_sent = self.ledger.standing(&target.name, &person.contact)?.is_some_and(|it| was_sent(&it));
        if !self.settle_unknown(target, &who, &in_scope, usable).await? {
            return Ok(Planning::Unsettled);
        }
        let mut standing = self.ledger.standing(&target.name, &person.contact)?.unwrap_or_default();
        if was_sent && standing.agreed.is_none() && !others.is_empty() {
            // Nothing came of it, so there is one record: the other contact's, which becomes this one's.
            run.again(&person.contact);
            return Ok(Planning::Later);
        }
        standing.decided_on = decided_on;
        standing.starts.extend(starts(person, &in_scope));
        standing.addresses = self.addresses(person);
        let mut waiting = self.waiting(target, person, &in_scope, &standing);
        waiting.extend(with_hr.waiting(&in_scope, &standing));
        let former = self.former(target, person, &standing)?;
        let ids = &target.adapter.info().schema.ids();
        let mapped = wanted.iter().map(|(field, _)| field);
        let placeholders = mapped.filter(|field| target.mapping.has_placeholder(field)).collect();
        let deleted = self.deleted(&standing)?;
        let capabilities = target.adapter.info().capabilities;
        let lost = matches!(self.ledger.origin(), ledger::Origin::Recovery { .. });
        let (mut remote, mut pins) = (Asked::Not, Vec::new());
        let mut plan = loop {
            let facts = Facts {
                target: &target.name,
                person,
                wanted: &wanted,
                standing: &standing,
                remote: remote.as_facts(),
                capabilities,
                left_out: &left_out,
                writes: target.mapping.writes(),
                placeholders: &placeholders,
                pinned: target.mapping.pinned(),
                permitted: person.protection.permits(self.clock.now()),
                blind: lost && !capabilities.find && !capabilities.list && !is_released(&standing),
                deleted: &deleted,
                doubtful,
                waiting: &waiting,
                policy: &target.policy,
                ids,
                former: former.as_ref(),
                zone: self.settings.zone,
                today,
            };
            let plan = plan::plan(&facts, self.ledger.key());
            if plan.decision != Decision::Ask {
                break plan;
            }
            // An employment that was recognised is read as well.
            plan.pins.iter().for_each(|pin| pin.apply(&mut standing));
            pins.extend(plan.pins);
            let Some(link) = standing.agreed.as_ref().map(|agreed| agreed.link.clone()).filter(|_| usable)
            else {
                return Ok(Planning::Later);
            };
            let held = match self.unless_stopped(target.adapter.read(&link)).await? {
                Ok(held) => held,
                Err(error) => {
                    if self.target_failed(target, &error)? {
                        run.unusable.insert(target.name.clone());
                    }
                    return Ok(Planning::Later);
                }
            };
            if held.is_none() && self.relink(target, &who).await? {
                // Not gone: it moved to this contact's record when profiles were merged. Compared at the end of this cycle.
                run.again(&person.contact);
                return Ok(Planning::Later);
            }
            if held.is_none() && planted::bug(Bug::RecreatesDeleted) {
                standing.unlink();
                let _ =
                    self.ledger.write(|draft| draft.put_standing(&target.name, &person.contact, standing))?;
                run.again(&person.contact);
                return Ok(Planning::Later);
            }
            remote = held.map_or(Asked::Gone, Asked::Holds);
        };
        let remote = if let Asked::Holds(remote) = remote { Some(remote) } else { None };
        plan.seen = remote.clone().map(Box::new);
        pins.append(&mut plan.pins);
        plan.pins = pins;
        if let (Some(agreed), Some(remote)) = (&mut standing.agreed, &remote) {
            agreed.link.hires.extend(remote.link.hires.clone());
        }
        plan.pins.iter().for_each(|pin| pin.apply(&mut standing));
        Ok(Planning::Done(Box::new((standing, plan, remote))))
    }

    /// What is open about a contact that cannot be read any more is settled all the same, by the ids we know.
    async fn settle_unread(
        &self,
        run: &Run,
        contact: &ContactId,
        instead: Option<&ContactId>,
    ) -> Result<(), CycleError> {
        let opportunities = self.known_opportunities(contact)?;
        let identity = Identity::new(contact.clone(), opportunities);
        for target in &self.targets {
            let usable = !run.unusable.contains(&target.name) && !run.unknown.contains(&target.name);
            if self.settle_unknown(target, &identity, &BTreeSet::new(), usable).await? {
                self.let_go(target, contact, instead)?;
            }
        }
        Ok(())
    }

    /// What became of an attempt is known, and nobody can be read to repeat it or to try: what is over there stays, and nothing is
    /// owed. What was never tried goes along when profiles are merged, unless the survivor stands there by itself.
    fn let_go(
        &self,
        target: &Target,
        contact: &ContactId,
        instead: Option<&ContactId>,
    ) -> Result<(), CycleError> {
        let survives = match instead {
            Some(instead) => self.ledger.standing(&target.name, instead)?.is_some(),
            None => false,
        };
        let standing = self.ledger.standing(&target.name, contact)?;
        let goes = |standing: Standing| standing.owed.is_some() && (survives || standing.may_be_over_there());
        if !standing.is_some_and(goes) {
            return Ok(());
        }
        let _ = self.ledger.write(|draft| {
            let mut standing = draft.standing(&target.name, contact)?.unwrap_or_default();
            if let Some(instead) = instead.filter(|_| survives && merge::is_beside_another(&standing)) {
                self.raise(draft, instead, Some(&target.name), merge::beside_another_task(contact, instead))?;
            }
            if !standing.forgive() {
                return Ok(());
            }
            match standing.agreed {
                Some(_) => draft.put_standing(&target.name, contact, standing),
                None => draft.remove_standing(&target.name, contact),
            }
        })?;
        Ok(())
    }

    /// A hire that stands, or may stand, on the record of a contact that could not be merged into this one: a human was asked, or
    /// the outcome of an attempt is unknown.
    fn is_anothers(&self, target: &Target, person: &Person, hire: &OpportunityId) -> ledger::Result<bool> {
        let Some(seen) = self.ledger.seen(hire)?.filter(|seen| seen.contact != person.contact) else {
            return Ok(false);
        };
        let Some(other) = self.ledger.standing(&target.name, &seen.contact)? else { return Ok(false) };
        let sent = other.owed.as_ref().and_then(|owed| owed.sent.as_ref());
        Ok(other.agreed.is_some_and(|agreed| agreed.link.hires.contains_key(hire))
            || sent.is_some_and(|sent| sent.hires.contains_key(hire)))
    }

    /// A human let this contact go on, which waits for what is to be said of those: they go on. True if so.
    fn let_go_on(
        &self,
        run: &mut Run,
        target: &Target,
        with_hr: &WithHr<'_>,
        contact: &ContactId,
    ) -> ledger::Result<bool> {
        let own = self.ledger.standing(&target.name, contact)?.and_then(|standing| standing.owed);
        let is_said = own.is_some_and(|owed| owed.looked_at && matches!(owed.phase, Phase::Waiting { .. }));
        // One that was let go, and is held again, is still to be cleared up: this word is not about that.
        let is_news = |(_, other): &(_, &Standing)| other.owed.as_ref().is_some_and(|owed| !owed.looked_at);
        if !is_said || !with_hr.others.iter().any(is_news) {
            return Ok(false);
        }
        let now = self.clock.now();
        let _ = self.ledger.write(|draft| {
            for (other, standing) in &with_hr.others {
                let mut standing = (*standing).clone();
                standing.release(now);
                draft.put_standing(&target.name, other, standing)?;
                draft.mark(other, now)?;
                draft.tell(&self.event(other, Some(&target.name), Outcome::Released))?;
            }
            Ok(())
        })?;
        with_hr.others.iter().for_each(|(other, _)| run.again(other));
        Ok(true)
    }

    /// Where the contacts stand that were merged into this one and have kept a record of their own over there, or may have one.
    fn others(&self, target: &Target, person: &Person) -> ledger::Result<BTreeMap<ContactId, Standing>> {
        let mut contacts = BTreeSet::new();
        if !target.adapter.info().capabilities.moves_hires {
            for opportunity in person.opportunities.keys() {
                contacts.extend(self.ledger.seen(opportunity)?.map(|seen| seen.contact));
            }
        }
        contacts.remove(&person.contact);
        let mut others = BTreeMap::new();
        for contact in contacts {
            let standing = self.ledger.standing(&target.name, &contact)?;
            others.extend(standing.filter(Standing::may_be_over_there).map(|standing| (contact, standing)));
        }
        Ok(others)
    }

    /// Of the hires that were delivered, those that the source said were deleted.
    fn deleted(&self, standing: &Standing) -> ledger::Result<BTreeSet<OpportunityId>> {
        let mut deleted = BTreeSet::new();
        for hire in standing.agreed.iter().flat_map(|agreed| agreed.link.hires.keys()) {
            if self.ledger.seen(hire)?.is_some_and(|seen| seen.deleted_at.is_some()) {
                deleted.insert(hire.clone());
            }
        }
        Ok(deleted)
    }

    /// The hires that a target is told about; what leaves the others out: its `when`, or `hired_since`; and one that may be
    /// an old hire archived again.
    pub(crate) fn scope<'p>(&self, target: &Target, person: &'p Person) -> ledger::Result<Scoped<'p>> {
        let today = self.clock.today(self.settings.zone);
        let standing = self.ledger.standing(&target.name, &person.contact)?.unwrap_or_default();
        let (mut in_scope, mut left_out, mut doubtful) = (BTreeSet::new(), BTreeMap::new(), None);
        let is_buried = self.ledger.is_buried(&person.contact)?;
        for (opportunity, hire) in &person.hires {
            let decided = standing.decided_on.get(opportunity).copied().unwrap_or(today);
            let is_there =
                standing.agreed.as_ref().is_some_and(|agreed| agreed.link.hires.contains_key(opportunity));
            let age = if is_there { Age::New } else { self.age_of(opportunity, hire)? };
            if !target.policy.tells(&person.contact) {
                left_out.insert(opportunity.clone(), LeftOut::Only);
            } else if age == Age::Old {
                left_out.insert(opportunity.clone(), LeftOut::HiredSince);
            } else if age == Age::SaidToBeOld {
                left_out.insert(opportunity.clone(), LeftOut::HireDate);
            } else if !is_there && (is_buried || self.ledger.is_buried_hire(opportunity)?) {
                left_out.insert(opportunity.clone(), LeftOut::Forgotten);
            } else if target.mapping.scope(person, opportunity, Some(decided)) == Scope::Out {
                left_out.insert(opportunity.clone(), LeftOut::When);
            } else if !self.is_anothers(target, person, opportunity)? {
                in_scope.insert(opportunity);
                doubtful = doubtful.or(Some(opportunity).filter(|_| age == Age::Doubtful));
            }
        }
        Ok((in_scope, left_out, doubtful))
    }

    /// Hires that the target is told about later. What is there already, or may be, is told on.
    fn waiting(
        &self,
        target: &Target,
        person: &Person,
        in_scope: &BTreeSet<&OpportunityId>,
        standing: &Standing,
    ) -> BTreeMap<OpportunityId, WhyHeld> {
        let DeliverFrom::Start { days } = target.policy.deliver_from else { return BTreeMap::new() };
        let today = self.clock.today(self.settings.zone);
        let sent = standing.owed.as_ref().and_then(|owed| owed.sent.as_ref());
        let is_there = |hire: &OpportunityId| {
            standing.agreed.as_ref().is_some_and(|agreed| agreed.link.hires.contains_key(hire))
                || sent.is_some_and(|sent| sent.hires.contains_key(hire))
        };
        let why = |hire: &&OpportunityId| {
            let from = rehire::start_of(person.hires.get(*hire)?);
            let from = from.and_then(|start| start.checked_add_signed(TimeDelta::days(days)));
            if is_there(hire) || from.is_some_and(|from| from <= today) {
                return None;
            }
            let at = from.map(|from| self.settings.begins(from));
            let opportunity = (*hire).clone();
            Some((opportunity.clone(), WhyHeld::NotYet { opportunity, from, at }))
        };
        in_scope.iter().filter_map(why).collect()
    }

    /// Keyed digests of the person's addresses: by them somebody who was anonymised is told from somebody new.
    fn addresses(&self, person: &Person) -> BTreeSet<Digest> {
        let one = |email: &Pii<String>| self.ledger.key().record(&email.reveal().trim().to_lowercase());
        person
            .emails
            .iter()
            .filter(|email| !email.reveal().trim().is_empty())
            .take(ADDRESSES_MAX)
            .map(one)
            .collect()
    }

    /// A contact that had one of the addresses of somebody who is not there yet, and was anonymised after they were delivered.
    fn former(
        &self,
        target: &Target,
        person: &Person,
        standing: &Standing,
    ) -> ledger::Result<Option<ContactId>> {
        if standing.agreed.is_some() {
            return Ok(None);
        }
        for address in &standing.addresses {
            let note = self.ledger.note(&former_note(&target.name, address))?;
            let former = note.and_then(|contact| contact.parse::<ContactId>().ok());
            if let Some(former) = former.filter(|former| *former != person.contact) {
                return Ok(Some(former));
            }
        }
        Ok(None)
    }

    /// How old a hire is, by its witnesses; and where they disagree, by what a human said.
    fn age_of(&self, opportunity: &OpportunityId, hire: &Hire) -> ledger::Result<Age> {
        let seen = self.ledger.seen(opportunity)?;
        let said = seen.as_ref().and_then(|seen| seen.said);
        let first = seen.and_then(|seen| seen.first_hired_at);
        Ok(match (age(hire, first, self.settings.since()), said) {
            (Age::Doubtful, Some(Said::New)) => Age::New,
            (Age::Doubtful, Some(Said::Old)) => Age::SaidToBeOld,
            (age, _) => age,
        })
    }
}

/// Contacts that were merged into one, of whom only HR can say what came of an attempt.
struct WithHr<'o> {
    others: Vec<(&'o ContactId, &'o Standing)>,
}

impl<'o> WithHr<'o> {
    fn of(others: &'o BTreeMap<ContactId, Standing>) -> WithHr<'o> {
        WithHr { others: others.iter().filter(|(_, standing)| standing.is_with_hr()).collect() }
    }

    /// Hires of this person that may be on their records.
    fn hires<'p>(&self, person: &'p Person) -> impl Iterator<Item = &'p OpportunityId> {
        let sent: BTreeSet<&OpportunityId> =
            self.others.iter().flat_map(|(_, standing)| standing.unknown_hires()).collect();
        person.hires.keys().filter(move |hire| sent.contains(hire))
    }

    /// What waits until HR has said: those hires; all of them where there is no other record to put them on.
    fn waiting(
        &self,
        in_scope: &BTreeSet<&OpportunityId>,
        own: &Standing,
    ) -> BTreeMap<OpportunityId, WhyHeld> {
        let phase =
            |(_, standing): &(&ContactId, &'o Standing)| standing.owed.as_ref().map(|owed| &owed.phase);
        let Some(Phase::Held { why, .. }) = self.others.first().and_then(phase) else {
            return BTreeMap::new();
        };
        let sent = |hire: &OpportunityId| {
            self.others.iter().any(|(_, other)| other.unknown_hires().any(|sent| sent == hire))
        };
        let is_there = |hire: &OpportunityId| {
            own.agreed.as_ref().is_some_and(|agreed| agreed.link.hires.contains_key(hire))
        };
        let waits = in_scope.iter().filter(|hire| own.agreed.is_none() || sent(hire) && !is_there(hire));
        waits.map(|hire| ((*hire).clone(), why.clone())).collect()
    }
}

/// Addresses of a person that are remembered.
const ADDRESSES_MAX: usize = 5;

/// Under which an address of somebody who was anonymised is remembered.
pub(crate) fn former_note(target: &TargetName, address: &Digest) -> String {
    format!("former {target} {address}")
}

/// The first days of these hires, as far as Lever's offers say.
fn starts(person: &Person, hires: &BTreeSet<&OpportunityId>) -> BTreeMap<OpportunityId, Date> {
    let start = |hire: &&OpportunityId| Some(((*hire).clone(), rehire::start_of(person.hires.get(*hire)?)?));
    hires.iter().filter_map(start).collect()
}

/// What a target is told about, what it is not, and what a human must decide first.
pub(crate) type Scoped<'p> =
    (BTreeSet<&'p OpportunityId>, BTreeMap<OpportunityId, LeftOut>, Option<&'p OpportunityId>);

/// One act of archiving is seconds apart in an opportunity and its application.
const SAME_ACT: TimeDelta = TimeDelta::hours(1);

/// Whether a hire is of before `hired_since`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Age {
    Old,
    /// The witnesses disagree, and a human said that it is.
    SaidToBeOld,
    New,
    /// The witnesses disagree.
    Doubtful,
}

/// Archiving an old hire again moves its date. Two witnesses stay behind: the date that was seen first, and the application's
/// own. What both call old is old, whatever Lever says today.
fn age(hire: &Hire, first_seen: Option<Timestamp>, since: Timestamp) -> Age {
    if hire.hired_at < since {
        return Age::Old;
    }
    let witnesses = [Some(first_seen.unwrap_or(hire.hired_at)), hire.applied_hired_at];
    let is_old = |at: Timestamp| at < since && hire.hired_at - at > SAME_ACT;
    let old = witnesses.iter().flatten().filter(|at| is_old(**at)).count();
    match (old, witnesses.iter().flatten().count()) {
        (0, _) => Age::New,
        (old, all) if old == all => Age::Old,
        _ => Age::Doubtful,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on(day: &str) -> Timestamp {
        format!("{day}T12:00:00Z").parse().unwrap()
    }

    #[test]
    fn a_hire_is_as_old_as_its_witnesses_say_and_doubtful_where_they_disagree() {
        let since = on("2026-01-01");
        let (old, new) = (Some(on("2019-05-05")), Some(on("2026-02-02")));
        for (hired_at, first_seen, applied, is) in [
            (old, None, None, Age::Old),
            (old, new, new, Age::Old),
            (new, None, None, Age::New),
            (new, new, None, Age::New),
            (new, new, new, Age::New),
            (new, old, None, Age::Old),
            (new, old, old, Age::Old),
            (new, None, old, Age::Doubtful),
            (new, new, old, Age::Doubtful),
            (new, old, new, Age::Doubtful),
            (Some(since), None, Some(since - TimeDelta::seconds(15)), Age::New),
        ] {
            let mut hire = Hire::new(hired_at.unwrap());
            hire.applied_hired_at = applied;
            assert_eq!(age(&hire, first_seen, since), is, "{hired_at:?} {first_seen:?} {applied:?}");
        }
    }
}
