//! A list of records and whose they are. Lever and the target are asked first, about every row; then all that is right is
//! written in one step. A fault on the way writes nothing.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use adapter_sdk::{Evidence, Link, TaskKind};
use futures::{StreamExt as _, TryStreamExt as _, future::BoxFuture, stream};
use ledger::{Actor, Draft, Event, LinkOrigin, Outcome, Owed, Phase, Seen, Standing, WhyHeld};
use people::{ContactId, OpportunityId, Person, Pii, RemoteId};

use super::{
    FOUND_BEFORE_CREATING, FOUND_BY_ORDER, GivenId, ImportCounts, ImportRow, Imported, ImportedRow,
    LinkError, RowResult,
    judge::{Anothers, Kept, Looked, Record, There, Verdict, Who, judge},
};
use crate::{
    cycle::{CycleError, Engine, READ_BATCH},
    planning,
    settings::Target,
    source::{Reading, Whom},
};

/// Questions to the source under way at once; its own pace decides how many really start.
const IN_FLIGHT_MAX: usize = 8;
/// A contact that was merged, and merged again: followed so often.
const MERGES_MAX: usize = 4;

/// Somebody and a record.
type Pair = (ContactId, RemoteId);
/// An id and the contact it leads to.
type Meant = (GivenId, Option<ContactId>);

impl Engine {
    /// Adopts the people who are in a target already. `dry`: only says what would become of each row.
    pub(super) async fn import(
        &self,
        target: &Target,
        rows: Vec<ImportRow>,
        dry: bool,
        user: u32,
    ) -> Result<Imported, LinkError> {
        let can = target.adapter.info().capabilities;
        let looked = Box::pin(self.look_up_rows(target, rows)).await?;
        let verdicts = self.ledger.write(|draft| {
            let holders = self.holders(target)?;
            let kept =
                |person: &Person, remote: &RemoteId| self.kept(draft, target, &holders, person, remote);
            let verdicts = judge(&looked, kept)?;
            if !dry {
                for (looked, verdict) in looked.iter().zip(&verdicts) {
                    if let (Verdict::Link(link), Who::Person(person)) = (verdict, &looked.who) {
                        self.link_by_hand(draft, target, person, link.clone(), user)?;
                    }
                }
            }
            Ok(verdicts)
        })?;
        let verdicts = verdicts.into_inner();
        let rows: Vec<ImportedRow> = looked.into_iter().zip(verdicts).map(answer).collect();
        let counts = count(&rows);
        Ok(Imported { target: target.name.clone(), dry, looked: can.read, counts, rows })
    }

    /// What Lever and the target say of each row.
    async fn look_up_rows(&self, target: &Target, rows: Vec<ImportRow>) -> Result<Vec<Looked>, LinkError> {
        let people = self.people_of(&rows).await?;
        let who = |row: &ImportRow| people.get(&row.who).cloned().unwrap_or(Who::Nobody);
        let mut pairs: BTreeMap<Pair, (Arc<Person>, bool)> = BTreeMap::new();
        for row in &rows {
            if let Who::Person(person) = who(row) {
                let pair = (person.contact.clone(), row.remote.clone());
                let (_, confirmed) = pairs.entry(pair).or_insert((person, false));
                *confirmed |= row.confirmed;
            }
        }
        let in_flight = target.adapter.info().capabilities.in_flight_max.max(1);
        let mut looks: Vec<BoxFuture<'_, Result<(Pair, Record), LinkError>>> =
            Vec::with_capacity(pairs.len());
        for (pair, (person, confirmed)) in pairs {
            looks.push(Box::pin(async move {
                let record = self.record(target, &person, &pair.1, confirmed).await?;
                Ok((pair, record))
            }));
        }
        let records: BTreeMap<Pair, Record> =
            stream::iter(looks).buffer_unordered(in_flight).try_collect().await?;
        let look = |row: ImportRow| {
            let who = who(&row);
            let record = match &who {
                Who::Person(person) => records.get(&(person.contact.clone(), row.remote.clone())).cloned(),
                _ => None,
            };
            Looked { row, who, record: record.unwrap_or(Record::Unasked) }
        };
        Ok(rows.into_iter().map(look).collect())
    }

    /// Who is meant by each id. Opportunities cost one request each, contacts one for fifty.
    async fn people_of(&self, rows: &[ImportRow]) -> Result<BTreeMap<GivenId, Who>, LinkError> {
        let given: BTreeSet<&GivenId> = rows.iter().map(|row| &row.who).collect();
        let mut asked: Vec<BoxFuture<'_, Result<Meant, LinkError>>> = Vec::with_capacity(given.len());
        for given in given {
            asked.push(Box::pin(async move {
                let contact = match given {
                    GivenId::Contact(contact) => Some(contact.clone()),
                    GivenId::Opportunity(id) | GivenId::Candidate(id) => self.whose(id).await?,
                };
                Ok((given.clone(), contact))
            }));
        }
        let contacts: Vec<Meant> = stream::iter(asked).buffer_unordered(IN_FLIGHT_MAX).try_collect().await?;
        let everybody = contacts.iter().filter_map(|(_, contact)| contact.clone()).collect();
        let read = self.read_whoever(&everybody).await?;
        let who = |(given, contact): Meant| {
            let who = contact.and_then(|contact| read.get(&contact).cloned());
            (given, who.unwrap_or(Who::Nobody))
        };
        Ok(contacts.into_iter().map(who).collect())
    }

    /// The people behind these contacts, also where they were merged into others.
    pub(super) async fn read_whoever(
        &self,
        contacts: &BTreeSet<ContactId>,
    ) -> Result<BTreeMap<ContactId, Who>, LinkError> {
        let mut read: BTreeMap<ContactId, Who> = BTreeMap::new();
        let mut moved: BTreeMap<ContactId, ContactId> = BTreeMap::new();
        let mut next = contacts.clone();
        for round in 0..MERGES_MAX {
            let mut gone = Vec::new();
            for (contact, reading) in self.readings(&next).await? {
                let who = match reading {
                    Reading::Person(person) => Who::Person(Arc::from(person)),
                    Reading::Anonymised => Who::Anonymised(contact.clone()),
                    Reading::Unreadable { place } => Who::Unreadable(contact.clone(), place),
                    Reading::Failed(error) => return Err(LinkError::Source(error)),
                    Reading::Moved { to } => {
                        moved.insert(contact, to);
                        continue;
                    }
                    Reading::Gone => {
                        gone.push(contact);
                        continue;
                    }
                };
                read.insert(contact, who);
            }
            // One that was merged away may still be known by its old id.
            for contact in gone.into_iter().filter(|_| round == 0) {
                let who = Pii::new(contact.to_string());
                let found = self.asking(self.source.resolve(&who)).await?;
                if let Some(to) = found.filter(|to| *to != contact) {
                    moved.insert(contact, to);
                }
            }
            next = moved
                .values()
                .filter(|to| !read.contains_key(*to) && !moved.contains_key(*to))
                .cloned()
                .collect();
            if next.is_empty() {
                break;
            }
        }
        for contact in moved.keys() {
            let mut at = contact;
            for _ in 0..MERGES_MAX {
                at = moved.get(at).unwrap_or(at);
            }
            if let Some(who) = read.get(at).cloned() {
                read.insert(contact.clone(), who);
            }
        }
        Ok(read)
    }

    async fn readings(&self, contacts: &BTreeSet<ContactId>) -> Result<Vec<(ContactId, Reading)>, LinkError> {
        let contacts: Vec<&ContactId> = contacts.iter().collect();
        let mut readings = Vec::with_capacity(contacts.len());
        for batch in contacts.chunks(READ_BATCH) {
            let mut whom = Vec::with_capacity(batch.len());
            for contact in batch {
                let known = self.known_opportunities(contact)?.into_iter().collect();
                whom.push(Whom { contact: (*contact).clone(), known });
            }
            readings.extend(self.asking(self.source.read(&whom)).await?);
        }
        Ok(readings)
    }

    async fn whose(&self, opportunity: &OpportunityId) -> Result<Option<ContactId>, LinkError> {
        self.asking(self.source.whose(opportunity)).await
    }

    pub(super) async fn asking<T>(
        &self,
        question: impl Future<Output = adapter_sdk::Result<T>>,
    ) -> Result<T, LinkError> {
        self.unless_stopped(question).await.map_err(stopped)?.map_err(LinkError::Source)
    }

    pub(super) async fn asking_target<T>(
        &self,
        target: &Target,
        question: impl Future<Output = adapter_sdk::Result<T>>,
    ) -> Result<T, LinkError> {
        let failed = |error| LinkError::Target(target.name.clone(), error);
        self.unless_stopped(question).await.map_err(stopped)?.map_err(failed)
    }

    /// Who they are for a target, with the key that the configuration gives them.
    pub(super) fn who_at(&self, target: &Target, person: &Person) -> ledger::Result<adapter_sdk::Identity> {
        let hires = person.hires.keys().collect();
        let decided_on = self.ledger.standing(&target.name, &person.contact)?.unwrap_or_default().decided_on;
        let wanted = target.mapping.apply(person, &hires, &decided_on);
        Ok(planning::identity_for(target, &self.identity(person)?, &wanted))
    }

    /// What the target says of the record, and of other records that are proven to be this person's. What was confirmed was
    /// weighed already.
    async fn record(
        &self,
        target: &Target,
        person: &Person,
        remote: &RemoteId,
        confirmed: bool,
    ) -> Result<Record, LinkError> {
        let can = target.adapter.info().capabilities;
        let mut proven = Vec::new();
        let mut own = None;
        if can.find && !confirmed {
            let who = self.who_at(target, person)?;
            let found = self.asking_target(target, target.adapter.find(&who)).await?;
            let (this, others): (Vec<_>, Vec<_>) =
                found.into_iter().partition(|found| found.link.remote == *remote);
            let others = others.into_iter().filter(|found| found.evidence.is_proof());
            proven = others.map(|found| found.link.remote).collect();
            proven.sort();
            proven.dedup();
            own = this.into_iter().min_by_key(|found| found.evidence);
        }
        if let Some(own) = own.filter(|own| own.evidence == Evidence::ContactId) {
            return Ok(Record::There(There { link: own.link, anothers: None, proven }));
        }
        if !can.read {
            // Who is not found by what we know of them may be there all the same: nobody can look.
            let unseen = There { link: Link::to(remote.clone()), anothers: None, proven };
            return Ok(if can.find { Record::There(unseen) } else { Record::Unasked });
        }
        let link = Link::to(remote.clone());
        let Some(state) = self.asking_target(target, target.adapter.read(&link)).await? else {
            return Ok(Record::Missing);
        };
        let mut link = Link::to(state.link.remote.clone());
        let employments = state.employments.iter();
        let kept = employments.filter_map(|it| Some((it.opportunity.clone()?, it.id.clone())));
        let kept: BTreeMap<_, _> = state.link.hires.clone().into_iter().chain(kept).collect();
        let mut anothers = match &state.contact {
            Some(contact) => self.is_anothers_contact(contact, person).await?,
            None => None,
        };
        for (opportunity, hire) in kept {
            if person.opportunities.contains_key(&opportunity) {
                link.hires.insert(opportunity, hire);
            } else if anothers.is_none() && is_like_any(&opportunity, person) {
                let whose = self.whose(&opportunity).await?.filter(|whose| *whose != person.contact);
                anothers = whose.map(|whose| Anothers::Opportunity(opportunity, whose));
            }
        }
        Ok(Record::There(There { link, anothers, proven }))
    }

    /// Whether the contact kept on a record is another than this person. One that was merged into them is not, and neither is a
    /// word of HR's that happens to stand there.
    async fn is_anothers_contact(
        &self,
        kept: &ContactId,
        person: &Person,
    ) -> Result<Option<Anothers>, LinkError> {
        if *kept == person.contact || !is_like(kept.as_str(), person.contact.as_str()) {
            return Ok(None);
        }
        let today = self.asking(self.source.resolve(&Pii::new(kept.to_string()))).await?;
        let is_theirs = today.as_ref() == Some(&person.contact);
        Ok((!is_theirs).then(|| Anothers::Contact(kept.clone())))
    }

    /// Which contact each record over there is linked to.
    pub(super) fn holders(&self, target: &Target) -> ledger::Result<BTreeMap<RemoteId, ContactId>> {
        let mut holders = BTreeMap::new();
        self.each(&target.name, |contact, standing| {
            if let Some(agreed) = &standing.agreed {
                holders.insert(agreed.link.remote.clone(), contact.clone());
            }
        })?;
        Ok(holders)
    }

    fn kept(
        &self,
        draft: &Draft<'_>,
        target: &Target,
        holders: &BTreeMap<RemoteId, ContactId>,
        person: &Person,
        remote: &RemoteId,
    ) -> ledger::Result<Kept> {
        // Contacts that were merged into this one, as far as nobody noticed yet.
        let mut theirs = BTreeSet::from([person.contact.clone()]);
        for opportunity in person.opportunities.keys() {
            theirs.extend(draft.seen(opportunity)?.map(|seen| seen.contact));
        }
        let mut kept = Kept {
            holder: holders.get(remote).filter(|holder| !theirs.contains(*holder)).cloned(),
            ..Kept::default()
        };
        for contact in theirs {
            let Some(standing) = draft.standing(&target.name, &contact)? else { continue };
            kept.own_is_gone |= is_gone(&standing);
            kept.under_way |= standing.owed.as_ref().is_some_and(Owed::is_sent);
            kept.own = kept.own.or(standing.agreed.map(|agreed| agreed.link.remote));
        }
        Ok(kept)
    }

    /// Writes down that the record is this person's, because a human said so. What was to be decided about it is decided.
    fn link_by_hand(
        &self,
        draft: &mut Draft<'_>,
        target: &Target,
        person: &Person,
        link: Link,
        user: u32,
    ) -> ledger::Result<()> {
        let (now, contact) = (self.clock.now(), &person.contact);
        let mut standing = draft.standing(&target.name, contact)?.unwrap_or_default();
        if is_gone(&standing) {
            standing.unlink();
        }
        standing.adopt(link, LinkOrigin::Imported, now);
        if matches!(phase(&standing), Some(Phase::Held { why: WhyHeld::Ambiguous { .. }, .. })) {
            standing.release(now);
        }
        draft.put_standing(&target.name, contact, standing)?;
        for (opportunity, hired) in person.opportunities.keys().map(|id| (id, person.hires.get(id))) {
            let seen = draft.seen(opportunity)?.unwrap_or_else(|| Seen::of(contact.clone()));
            self.clear_up(draft, target, &seen.contact)?;
            // Of a hire that is old and of nobody we know only the date is kept, and a merge would pass unnoticed.
            let digest = seen.digest.or_else(|| Some(self.ledger.key().record("linked by hand")));
            let first_hired_at = seen.first_hired_at.or(hired.map(|hire| hire.hired_at));
            draft.put_seen(opportunity, &Seen { digest, first_hired_at, ..seen })?;
        }
        self.forget_what_was_asked(draft, target, contact)?;
        draft.mark(contact, now)?;
        draft.tell(&self.said_by(user, contact, target, Outcome::Linked))
    }

    /// What came of an attempt at a profile that was merged into this one, only a human could say, and did.
    fn clear_up(&self, draft: &mut Draft<'_>, target: &Target, merged: &ContactId) -> ledger::Result<()> {
        let standing = draft.standing(&target.name, merged)?;
        if !standing.as_ref().is_some_and(Standing::is_with_hr) {
            return Ok(());
        }
        draft.remove_standing(&target.name, merged)?;
        self.forget_what_was_asked(draft, target, merged)
    }

    fn forget_what_was_asked(
        &self,
        draft: &mut Draft<'_>,
        target: &Target,
        contact: &ContactId,
    ) -> ledger::Result<()> {
        for cause in [FOUND_BEFORE_CREATING, FOUND_BY_ORDER] {
            self.forget_reason(draft, TaskKind::PossibleDuplicate, Some(&target.name), contact, cause)?;
        }
        self.forget_reason(draft, TaskKind::Review, Some(&target.name), contact, crate::deliver::NO_ANSWER)
    }

    /// A line of the history about what a human said.
    pub(super) fn said_by(&self, user: u32, contact: &ContactId, target: &Target, outcome: Outcome) -> Event {
        Event { actor: Actor::User(user), ..self.event(contact, Some(&target.name), outcome) }
    }
}

fn stopped(_: CycleError) -> LinkError {
    LinkError::Stopped
}

fn phase(standing: &Standing) -> Option<&Phase> {
    standing.owed.as_ref().map(|owed| &owed.phase)
}

fn is_gone(standing: &Standing) -> bool {
    matches!(phase(standing), Some(Phase::Held { why: WhyHeld::RecordGone, .. }))
}

/// Whether two ids are built alike. The field that holds one is HR's as well, and a word of theirs in it is nobody's id.
fn is_like(one: &str, other: &str) -> bool {
    let is_alike = |(one, other): (char, char)| one.is_ascii_alphanumeric() == other.is_ascii_alphanumeric();
    one.len() == other.len() && one.chars().zip(other.chars()).all(is_alike)
}

fn is_like_any(opportunity: &OpportunityId, person: &Person) -> bool {
    person.opportunities.keys().any(|own| is_like(opportunity.as_str(), own.as_str()))
}

fn answer((looked, verdict): (Looked, Verdict)) -> ImportedRow {
    let contact = looked.contact().cloned();
    let why = verdict.why(&looked.row.who, contact.as_ref());
    let ImportRow { line, remote, who, .. } = looked.row;
    ImportedRow { line, remote, who, contact, result: verdict.result(), code: verdict.code().to_owned(), why }
}

fn count(rows: &[ImportedRow]) -> ImportCounts {
    let of = |result: RowResult| rows.iter().filter(|row| row.result == result).count() as u64;
    ImportCounts {
        linked: of(RowResult::Linked),
        already_linked: of(RowResult::AlreadyLinked),
        unknown: of(RowResult::Unknown),
        ambiguous: of(RowResult::Ambiguous),
        conflicting: of(RowResult::Conflicting),
    }
}
