//! The typed ledger: one way to read, one way to write.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use adapter_sdk::Obstacle;
use people::{ContactId, Date, OpportunityId, TargetName, Timestamp};
use schemars::JsonSchema;
use serde::{
    Deserialize, Serialize,
    de::{DeserializeOwned, IgnoredAny},
};
use tokio::sync::watch;

use crate::{
    DigestKey,
    records::{Event, Mark, Origin, Seen, TargetState, Task, TaskId},
    schema::{self, SCHEMA},
    sketch::Sketch,
    standing::{LinkOrigin, Phase, Standing},
    store::{Batch, Error, Result, Store, Tree},
};

/// Events kept of one contact; older ones make room.
const EVENTS_MAX: usize = 64;
/// Entries read from the store at once.
const CHUNK: usize = 1_000;
/// Between the parts of a key. No id contains it: ids are printable.
const BETWEEN: u8 = 0;

/// What is owed and what was agreed. Shared by the engine, which writes, and the socket, which mostly reads.
#[derive(Debug)]
pub struct Ledger {
    pub(crate) store: Arc<dyn Store>,
    key: DigestKey,
    lineage: String,
    origin: Origin,
    census: Mutex<Census>,
    /// One writer at a time: what a [`Draft`] read is still so when it is committed.
    writing: Mutex<u64>,
    /// Steps written by this process.
    steps: AtomicU64,
    /// The newest lines of the history.
    /// The number of the next event, for whoever follows.
    news: watch::Sender<u64>,
}

/// Proof that what led to `T` is on disk: only [`Ledger::write`] makes one. An adapter is handed nothing else to deliver.
#[derive(Debug)]
#[must_use = "a durable value that nobody uses guards nothing"]
pub struct Durable<T>(T);

impl<T> Durable<T> {
    /// What was made durable.
    pub fn get(&self) -> &T {
        &self.0
    }

    /// Gives it up.
    pub fn into_inner(self) -> T {
        self.0
    }
}

/// How many standings are in which state, and which debts fall due when. Kept in memory, rebuilt at start.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Census {
    targets: BTreeMap<TargetName, Counts>,
    due: BTreeSet<(Timestamp, ContactId, TargetName)>,
    watched: BTreeSet<(ContactId, TargetName)>,
    imported: BTreeSet<(TargetName, ContactId)>,
}

/// Standings of one target by state.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
pub struct Counts {
    /// The target holds what it should.
    pub agreed: u64,
    /// A debt goes out when its time has come.
    pub waiting: u64,
    /// A debt is under way, or what came of it is unknown.
    pub sent: u64,
    /// A debt waits for a value, a date or an approval.
    pub held: u64,
    /// A debt was refused and waits for a human.
    pub parked: u64,
}

impl Counts {
    /// Everybody in scope.
    pub fn in_scope(self) -> u64 {
        self.agreed + self.waiting + self.sent + self.held + self.parked
    }

    fn slot(&mut self, place: &Place) -> Option<&mut u64> {
        match &place.owed {
            Some(owed) => Some(match owed.phase {
                Phase::Waiting { .. } => &mut self.waiting,
                Phase::Sent { .. } => &mut self.sent,
                Phase::Held { .. } if planted::bug(planted::Bug::CountsWrong) => &mut self.agreed,
                Phase::Held { .. } => &mut self.held,
                Phase::Parked { .. } => &mut self.parked,
            }),
            None => place.agreed.as_ref().map(|_| &mut self.agreed),
        }
    }
}

impl Census {
    /// Counts of one target.
    pub fn counts(&self, target: &TargetName) -> Counts {
        self.targets.get(target).copied().unwrap_or_default()
    }

    /// Contacts with a debt that fell due by `now`, the longest due first.
    pub fn due(&self, now: Timestamp, limit: usize) -> Vec<ContactId> {
        let mut seen = BTreeSet::new();
        self.due
            .iter()
            .take_while(|(at, _, _)| *at <= now)
            .filter(|(_, contact, _)| seen.insert(contact))
            .map(|(_, contact, _)| contact.clone())
            .take(limit)
            .collect()
    }

    fn enter(&mut self, target: &TargetName, contact: &ContactId, place: &Place) {
        if let Some(slot) = self.targets.entry(target.clone()).or_default().slot(place) {
            *slot += 1;
        }
        if let Some(at) = place.due() {
            self.due.insert((at, contact.clone(), target.clone()));
        }
        if place.is_watched() {
            self.watched.insert((contact.clone(), target.clone()));
        }
        if place.origin == Some(LinkOrigin::Imported) {
            self.imported.insert((target.clone(), contact.clone()));
        }
    }

    fn leave(&mut self, target: &TargetName, contact: &ContactId, place: &Place) {
        if let Some(slot) = self.targets.entry(target.clone()).or_default().slot(place) {
            // Beneath a sketch others go on writing, and its counts do not follow.
            *slot = slot.saturating_sub(1);
        }
        if let Some(at) = place.due() {
            self.due.remove(&(at, contact.clone(), target.clone()));
        }
        if place.is_watched() {
            self.watched.remove(&(contact.clone(), target.clone()));
        }
        if place.origin == Some(LinkOrigin::Imported) {
            self.imported.remove(&(target.clone(), contact.clone()));
        }
    }
}

/// As much of a standing as is counted.
#[derive(Debug, Deserialize)]
struct Place {
    agreed: Option<IgnoredAny>,
    owed: Option<PlaceOwed>,
    #[serde(default)]
    origin: Option<LinkOrigin>,
}

/// As much of a [`Seen`] as tells whether more is to be expected.
#[derive(Debug, Deserialize)]
struct Awaited {
    contact: ContactId,
    #[serde(default)]
    awaited_until: Option<Timestamp>,
}

#[derive(Debug, Deserialize)]
struct PlaceOwed {
    phase: Phase,
}

/// A standing without what was agreed field by field: as much as tells where somebody stands, and about which hires something was
/// ever decided.
#[derive(Debug, Default, Deserialize)]
pub struct Glance {
    /// The records over there.
    #[serde(default)]
    pub agreed: Option<GlanceAgreed>,
    /// What is owed.
    #[serde(default)]
    pub owed: Option<GlanceOwed>,
    /// Hires about which something was decided.
    #[serde(default)]
    pub decided_on: BTreeMap<OpportunityId, Date>,
}

/// As much as is glanced at of what was agreed.
#[derive(Debug, Deserialize)]
pub struct GlanceAgreed {
    /// The records over there.
    pub link: adapter_sdk::Link,
}

/// As much as is glanced at of what is owed.
#[derive(Debug, Deserialize)]
pub struct GlanceOwed {
    /// Where it stands.
    pub phase: Phase,
    /// What stands in the way of it.
    #[serde(default)]
    pub obstacle: Option<Obstacle>,
}

impl Place {
    fn of(standing: &Standing) -> Place {
        Place {
            agreed: standing.agreed.as_ref().map(|_| IgnoredAny),
            origin: standing.origin,
            owed: standing.owed.as_ref().map(|owed| PlaceOwed { phase: owed.phase.clone() }),
        }
    }

    fn due(&self) -> Option<Timestamp> {
        self.owed.as_ref().and_then(|owed| owed.phase.due())
    }

    fn is_watched(&self) -> bool {
        self.owed
            .as_ref()
            .is_some_and(|owed| matches!(&owed.phase, Phase::Held { why, .. } if why.is_watched()))
    }
}

/// What the ledger knows of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Birth {
    pub lineage: String,
    pub origin: Origin,
    pub key_id: String,
    pub schema: u32,
    /// A digest of where the ledger lives; absent in one of before this was kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
}

/// Some of what happened.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Events {
    /// The events, in the order in which they were written.
    pub events: Vec<Event>,
    /// The number to go on from.
    pub next: u64,
    /// Nothing more is there.
    pub is_end: bool,
}

const BIRTH: &[u8] = b"birth";
const REPAIR: &str = "repair";
const NEXT_EVENT: &[u8] = b"next-event";

impl Ledger {
    /// A ledger over `store`. A store without a birth record gets one, with `origin`.
    pub fn over(store: Arc<dyn Store>, key: DigestKey, lineage: &str, origin: Origin) -> Result<Ledger> {
        let birth = match birth(store.as_ref())? {
            Some(birth) if birth.schema > SCHEMA => {
                return Err(Error::TooNew { found: birth.schema, known: SCHEMA });
            }
            Some(birth) => schema::bring_up(store.as_ref(), birth)?,
            None => {
                let (lineage, key_id) = (lineage.to_owned(), key.id());
                let birth = Birth { lineage, origin, key_id, schema: SCHEMA, place: None };
                put_birth(store.as_ref(), &birth)?;
                birth
            }
        };
        let next_event = match store.get(Tree::Meta, NEXT_EVENT)? {
            Some(bytes) => decode(Tree::Meta, &bytes)?,
            None => 0,
        };
        let ledger = Ledger {
            store,
            key,
            lineage: birth.lineage,
            origin: birth.origin,
            census: Mutex::default(),
            writing: Mutex::new(next_event),
            steps: AtomicU64::new(0),
            news: watch::Sender::new(next_event),
        };
        ledger.each_place(&[], |key, place| {
            let (target, contact) = standing_ids(key)?;
            ledger.lock_census().enter(&target, &contact, &place);
            Ok(())
        })?;
        Ok(ledger)
    }

    /// The same on paper: it reads what this one holds, and what is written to it stays in memory and goes with it.
    pub fn sketch(&self) -> Ledger {
        let next_event = *self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        Ledger {
            store: Arc::new(Sketch::over(Arc::clone(&self.store))),
            key: self.key.clone(),
            lineage: self.lineage.clone(),
            origin: self.origin.clone(),
            census: Mutex::new(self.census()),
            writing: Mutex::new(next_event),
            steps: AtomicU64::new(self.steps()),
            news: watch::Sender::new(next_event),
        }
    }

    /// The key under which values are remembered.
    pub fn key(&self) -> &DigestKey {
        &self.key
    }

    /// Tells this ledger apart from every other, a lost predecessor included.
    pub fn lineage(&self) -> &str {
        &self.lineage
    }

    /// Where this ledger comes from.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// How many standings are in which state now.
    pub fn census(&self) -> Census {
        self.lock_census().clone()
    }

    /// Counts of one target now.
    pub fn counts(&self, target: &TargetName) -> Counts {
        self.lock_census().counts(target)
    }

    /// Contacts with a debt that fell due by `now`.
    pub fn due(&self, now: Timestamp, limit: usize) -> Vec<ContactId> {
        self.lock_census().due(now, limit)
    }

    /// Contacts held for something that may come about without a trace in Lever's record.
    pub fn watched(&self) -> BTreeSet<ContactId> {
        self.lock_census().watched.iter().map(|(contact, _)| contact.clone()).collect()
    }

    /// Contacts of whom a human said which record of a target is theirs.
    pub fn imported(&self, target: &TargetName) -> Vec<ContactId> {
        let census = self.lock_census();
        census.imported.iter().filter(|(of, _)| of == target).map(|(_, contact)| contact.clone()).collect()
    }

    /// When the next debt falls due, of those due later than `after`.
    pub fn next_due_after(&self, after: Option<Timestamp>) -> Option<Timestamp> {
        self.lock_census().due.iter().map(|(at, _, _)| *at).find(|at| after.is_none_or(|after| *at > after))
    }

    /// One standing.
    pub fn standing(&self, target: &TargetName, contact: &ContactId) -> Result<Option<Standing>> {
        self.value(Tree::Standings, &standing_key(target, contact))
    }

    /// One standing, without what was agreed field by field.
    pub fn glance(&self, target: &TargetName, contact: &ContactId) -> Result<Option<Glance>> {
        self.value(Tree::Standings, &standing_key(target, contact))
    }

    /// How many steps this process wrote: while it stays the same, so does everything here.
    pub fn steps(&self) -> u64 {
        self.steps.load(Ordering::Acquire)
    }

    /// Up to `limit` standings of a target, in order of their contacts, beginning after one.
    pub fn standings(
        &self,
        target: &TargetName,
        after: Option<&ContactId>,
        limit: usize,
    ) -> Result<Vec<(ContactId, Standing)>> {
        let prefix = joined(&[target.as_str(), ""]);
        let after = after.map(|contact| standing_key(target, contact)).unwrap_or_default();
        self.page(Tree::Standings, &prefix, &after, limit)?
            .into_iter()
            .map(|(key, standing)| Ok((id(Tree::Standings, &key[prefix.len()..])?, standing)))
            .collect()
    }

    /// Up to `limit` marked contacts, in order, beginning after one.
    pub fn marked(&self, after: Option<&ContactId>, limit: usize) -> Result<Vec<(ContactId, Mark)>> {
        let after = after.map(|contact| contact.as_str().as_bytes().to_vec()).unwrap_or_default();
        self.page(Tree::Marks, &[], &after, limit)?
            .into_iter()
            .map(|(key, mark)| Ok((id(Tree::Marks, &key)?, mark)))
            .collect()
    }

    /// How many contacts are marked.
    pub fn marks(&self) -> Result<u64> {
        let mut marks = 0;
        let mut after = None;
        loop {
            let page = self.marked(after.as_ref(), CHUNK)?;
            let Some((last, _)) = page.last() else { return Ok(marks) };
            after = Some(last.clone());
            marks += page.len() as u64;
        }
    }

    /// How many contacts a repair is still to look at.
    pub fn repairs(&self) -> Result<u64> {
        let mut repairs = 0;
        let mut after = None;
        loop {
            let page = self.to_repair(after.as_ref(), CHUNK)?;
            let Some(last) = page.last() else { return Ok(repairs) };
            after = Some(last.clone());
            repairs += page.len() as u64;
        }
    }

    /// The mark of one contact.
    pub fn mark_of(&self, contact: &ContactId) -> Result<Option<Mark>> {
        self.value(Tree::Marks, contact.as_str().as_bytes())
    }

    /// Up to `limit` contacts that a repair is still to look at, in order, beginning after one.
    pub fn to_repair(&self, after: Option<&ContactId>, limit: usize) -> Result<Vec<ContactId>> {
        let prefix = joined(&[REPAIR, ""]);
        let after = after.map(repair_key).unwrap_or_default();
        let page = self.store.scan(Tree::Meta, &prefix, &after, limit)?;
        page.into_iter().map(|(key, _)| id(Tree::Meta, &key[prefix.len()..])).collect()
    }

    /// What is known of an opportunity.
    pub fn seen(&self, opportunity: &OpportunityId) -> Result<Option<Seen>> {
        self.value(Tree::Opportunities, opportunity.as_str().as_bytes())
    }

    /// Calls `each` with every opportunity that is known, in order: there may be a hundred thousand.
    pub fn each_seen(&self, mut each: impl FnMut(OpportunityId, Seen)) -> Result<()> {
        let mut after = Vec::new();
        loop {
            let page = self.page::<Seen>(Tree::Opportunities, &[], &after, CHUNK)?;
            let Some((last, _)) = page.last() else { return Ok(()) };
            after.clone_from(last);
            for (key, seen) in page {
                each(id(Tree::Opportunities, &key)?, seen);
            }
        }
    }

    /// Whose hires more is to be expected of after `now`, and until when.
    pub fn awaited(&self, now: Timestamp) -> Result<BTreeMap<ContactId, Timestamp>> {
        let mut awaited = BTreeMap::new();
        let mut after = Vec::new();
        loop {
            let page = self.page::<Awaited>(Tree::Opportunities, &[], &after, CHUNK)?;
            let Some((last, _)) = page.last() else { return Ok(awaited) };
            after.clone_from(last);
            for (_, Awaited { contact, awaited_until }) in page {
                if let Some(until) = awaited_until.filter(|until| *until > now) {
                    let latest = awaited.entry(contact).or_insert(until);
                    *latest = until.max(*latest);
                }
            }
        }
    }

    /// Every task, open and closed.
    pub fn tasks(&self) -> Result<Vec<Task>> {
        self.all(Tree::Tasks, &[])
    }

    /// One task.
    pub fn task(&self, id: &TaskId) -> Result<Option<Task>> {
        self.value(Tree::Tasks, id.0.as_bytes())
    }

    /// A contact's history, oldest first.
    pub fn history(&self, contact: &ContactId) -> Result<Vec<Event>> {
        self.all(Tree::History, &joined(&[contact.as_str(), ""]))
    }

    /// Everybody's history since a moment, oldest first.
    pub fn history_since(&self, since: Option<Timestamp>) -> Result<Vec<Event>> {
        let (mut events, mut after) = (Vec::new(), 0);
        loop {
            let page = self.events(after, CHUNK, |at, _| since.is_none_or(|since| at >= since))?;
            events.extend(page.events);
            if page.is_end {
                break;
            }
            after = page.next;
        }
        events.sort_by_key(|event: &Event| event.at);
        Ok(events)
    }

    /// What happened, in the order in which it was written, from the event with this number on: of `limit` numbers those that are
    /// `wanted`. Events that made room are missing.
    pub fn events(
        &self,
        from: u64,
        limit: usize,
        mut wanted: impl FnMut(Timestamp, &ContactId) -> bool,
    ) -> Result<Events> {
        let after = from.checked_sub(1).map(event_number).unwrap_or_default();
        let page = self.page::<(Timestamp, ContactId)>(Tree::Journal, &[], &after, limit)?;
        let is_end = page.len() < limit;
        let (mut events, mut next) = (Vec::new(), from);
        for (key, (at, contact)) in page {
            next = number_of(&key)? + 1;
            if wanted(at, &contact) {
                let mut at = joined(&[contact.as_str(), ""]);
                at.extend_from_slice(&key);
                events.extend(self.value::<Event>(Tree::History, &at)?);
            }
        }
        Ok(Events { events, next, is_end })
    }

    /// Does something while nothing is written.
    pub(crate) fn at_rest<T>(&self, act: impl FnOnce() -> T) -> T {
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        act()
    }

    /// Holds the number that the next event will have: changes with each event that is written.
    pub fn watch_events(&self) -> watch::Receiver<u64> {
        self.news.subscribe()
    }

    /// How a target is; the default for one that was never used.
    pub fn target(&self, target: &TargetName) -> Result<TargetState> {
        Ok(self.value(Tree::Meta, &target_key(target))?.unwrap_or_default())
    }

    /// A named text, e.g. a cursor.
    pub fn note(&self, name: &str) -> Result<Option<String>> {
        self.value(Tree::Meta, &joined(&["note", name]))
    }

    /// The one way to write: `change` reads and writes a [`Draft`]; what it wrote is committed as one step and is on disk
    /// when this returns. An error of `change` writes nothing. A draft without changes touches no disk.
    pub fn write<T>(&self, change: impl FnOnce(&mut Draft<'_>) -> Result<T>) -> Result<Durable<T>> {
        let mut next_event = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let mut draft = Draft {
            ledger: self,
            batch: Batch::default(),
            standings: BTreeMap::new(),
            next_event: *next_event,
        };
        let value = change(&mut draft)?;
        let Draft { mut batch, standings, next_event: reached, .. } = draft;
        if !batch.0.is_empty() {
            if reached != *next_event {
                batch.0.insert((Tree::Meta, NEXT_EVENT.to_vec()), Some(encode(&reached)));
            }
            self.store.commit(&batch)?;
            self.steps.fetch_add(1, Ordering::AcqRel);
            *next_event = reached;
            self.news.send_if_modified(|next| std::mem::replace(next, reached) != reached);
            let mut census = self.lock_census();
            for ((target, contact), (before, after)) in standings {
                if let Some(before) = before {
                    census.leave(&target, &contact, &Place::of(&before));
                }
                if let Some(after) = after {
                    census.enter(&target, &contact, &Place::of(&after));
                }
            }
        }
        Ok(Durable(value))
    }

    /// Counts the standings of one target themselves: what the running counts should be.
    pub fn recount(&self, target: &TargetName) -> Result<Counts> {
        let mut counts = Counts::default();
        self.each_place(&joined(&[target.as_str(), ""]), |_, place| {
            if let Some(slot) = counts.slot(&place) {
                *slot += 1;
            }
            Ok(())
        })?;
        Ok(counts)
    }

    /// How many contacts have a record with this target that we made or recognised: one that a human linked need not be under our
    /// key.
    pub fn linked(&self, target: &TargetName) -> Result<u64> {
        let mut linked = 0;
        self.each_place(&joined(&[target.as_str(), ""]), |_, place| {
            linked += u64::from(place.agreed.is_some() && place.origin != Some(LinkOrigin::Imported));
            Ok(())
        })?;
        Ok(linked)
    }

    /// Calls `each` with every standing whose key begins with `prefix`, without reading what was agreed: there may be a hundred
    /// thousand.
    fn each_place(&self, prefix: &[u8], mut each: impl FnMut(&[u8], Place) -> Result<()>) -> Result<()> {
        let mut after = Vec::new();
        loop {
            let page = self.page::<Place>(Tree::Standings, prefix, &after, CHUNK)?;
            let Some((last, _)) = page.last() else { return Ok(()) };
            after.clone_from(last);
            page.into_iter().try_for_each(|(key, place)| each(&key, place))?;
        }
    }

    /// Calls `each` with every entry whose key begins with `prefix`, in order, a thousand at a time in memory.
    pub(crate) fn each_entry(
        &self,
        tree: Tree,
        prefix: &[u8],
        mut each: impl FnMut(&[u8], &[u8]) -> Result<()>,
    ) -> Result<()> {
        let mut after = Vec::new();
        loop {
            let page = self.store.scan(tree, prefix, &after, CHUNK)?;
            let Some((last, _)) = page.last() else { return Ok(()) };
            after.clone_from(last);
            page.iter().try_for_each(|(key, bytes)| each(key, bytes))?;
        }
    }

    fn lock_census(&self) -> MutexGuard<'_, Census> {
        self.census.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn value<T: DeserializeOwned>(&self, tree: Tree, key: &[u8]) -> Result<Option<T>> {
        self.store.get(tree, key)?.map(|bytes| decode(tree, &bytes)).transpose()
    }

    fn page<T: DeserializeOwned>(
        &self,
        tree: Tree,
        prefix: &[u8],
        after: &[u8],
        limit: usize,
    ) -> Result<Vec<(Vec<u8>, T)>> {
        self.store
            .scan(tree, prefix, after, limit)?
            .into_iter()
            .map(|(key, bytes)| Ok((key, decode(tree, &bytes)?)))
            .collect()
    }

    fn all<T: DeserializeOwned>(&self, tree: Tree, prefix: &[u8]) -> Result<Vec<T>> {
        Ok(self.page(tree, prefix, &[], usize::MAX)?.into_iter().map(|(_, value)| value).collect())
    }
}

/// What a store says of itself, if it was ever a ledger's.
pub(crate) fn birth(store: &dyn Store) -> Result<Option<Birth>> {
    store.get(Tree::Meta, BIRTH)?.map(|bytes| decode(Tree::Meta, &bytes)).transpose()
}

/// The targets that somebody paused.
pub(crate) fn paused(store: &dyn Store) -> Result<Vec<TargetName>> {
    let prefix = joined(&["target", ""]);
    let mut paused = Vec::new();
    for (key, bytes) in store.scan(Tree::Meta, &prefix, &[], usize::MAX)? {
        if decode::<TargetState>(Tree::Meta, &bytes)?.paused {
            paused.push(id(Tree::Meta, &key[prefix.len()..])?);
        }
    }
    Ok(paused)
}

/// Replaces what a store says of itself.
pub(crate) fn put_birth(store: &dyn Store, birth: &Birth) -> Result<()> {
    let change = ((Tree::Meta, BIRTH.to_vec()), Some(encode(birth)));
    store.commit(&Batch([change].into()))
}

/// The ledger in `store` is a copy: it goes on under a lineage of its own. Links and decisions stay, and every target is asked
/// before anything else.
pub fn begin_as_copy(store: &dyn Store, lineage: &str, place: Option<String>) -> Result<()> {
    let Some(before) = birth(store)? else { return Ok(()) };
    let origin = Origin::Recovery { why: crate::COPIED.to_owned(), kept: None };
    put_birth(store, &Birth { lineage: lineage.to_owned(), origin, place, ..before })
}

/// A step in the making: reads see what was written to it before.
#[derive(Debug)]
pub struct Draft<'l> {
    ledger: &'l Ledger,
    pub(crate) batch: Batch,
    standings: BTreeMap<(TargetName, ContactId), (Option<Standing>, Option<Standing>)>,
    next_event: u64,
}

impl Draft<'_> {
    /// The ledger as it is without this step.
    pub fn ledger(&self) -> &Ledger {
        self.ledger
    }

    /// One standing.
    pub fn standing(&self, target: &TargetName, contact: &ContactId) -> Result<Option<Standing>> {
        self.value(Tree::Standings, &standing_key(target, contact))
    }

    /// Keeps a standing; one that says nothing is removed.
    pub fn put_standing(
        &mut self,
        target: &TargetName,
        contact: &ContactId,
        standing: Standing,
    ) -> Result<()> {
        let standing = if self.is_buried(contact)? { Standing::default() } else { standing };
        let key = standing_key(target, contact);
        let before = match self.standings.remove(&(target.clone(), contact.clone())) {
            Some((before, _)) => before,
            None => self.ledger.value(Tree::Standings, &key)?,
        };
        let after = (standing != Standing::default()).then_some(standing);
        self.batch.0.insert((Tree::Standings, key), after.as_ref().map(encode));
        self.standings.insert((target.clone(), contact.clone()), (before, after));
        Ok(())
    }

    /// Removes a standing.
    pub fn remove_standing(&mut self, target: &TargetName, contact: &ContactId) -> Result<()> {
        self.put_standing(target, contact, Standing::default())
    }

    /// Marks a contact to be read again.
    pub fn mark(&mut self, contact: &ContactId, now: Timestamp) -> Result<()> {
        if self.is_buried(contact)? {
            return Ok(());
        }
        let key = contact.as_str().as_bytes();
        let mark = match self.value::<Mark>(Tree::Marks, key)? {
            Some(mark) => Mark { count: mark.count + 1, since: mark.since },
            None => Mark { count: 1, since: now },
        };
        self.put(Tree::Marks, key, &mark);
        Ok(())
    }

    /// Clears a mark, unless the contact was marked again since it was `seen`.
    pub fn unmark(&mut self, contact: &ContactId, seen: &Mark) -> Result<()> {
        let key = contact.as_str().as_bytes();
        if self.value::<Mark>(Tree::Marks, key)?.as_ref() == Some(seen) {
            self.batch.0.insert((Tree::Marks, key.to_vec()), None);
        }
        Ok(())
    }

    /// A repair is to look at a contact, changed or not, once everything else was done.
    pub fn repair(&mut self, contact: &ContactId) {
        self.put(Tree::Meta, &repair_key(contact), &());
    }

    /// A contact was looked at.
    pub fn repaired(&mut self, contact: &ContactId) -> Result<()> {
        let key = repair_key(contact);
        if self.value::<()>(Tree::Meta, &key)?.is_some() {
            self.batch.0.insert((Tree::Meta, key), None);
        }
        Ok(())
    }

    /// What is known of an opportunity.
    pub fn seen(&self, opportunity: &OpportunityId) -> Result<Option<Seen>> {
        self.value(Tree::Opportunities, opportunity.as_str().as_bytes())
    }

    /// Remembers what is known of an opportunity; the same again writes nothing.
    pub fn put_seen(&mut self, opportunity: &OpportunityId, seen: &Seen) -> Result<()> {
        if self.is_buried_hire(opportunity)? || self.is_buried(&seen.contact)? {
            return Ok(());
        }
        if self.seen(opportunity)?.as_ref() != Some(seen) {
            self.put(Tree::Opportunities, opportunity.as_str().as_bytes(), seen);
        }
        Ok(())
    }

    /// Raises a task. False when the same is open, or was closed: a cause is raised once.
    pub fn raise(&mut self, task: &Task) -> Result<bool> {
        let is_known = self.value::<Task>(Tree::Tasks, task.id.0.as_bytes())?.is_some();
        if is_known || self.was_retired(&task.id)? || self.is_buried(&task.contact)? {
            return Ok(false);
        }
        self.put(Tree::Tasks, task.id.0.as_bytes(), task);
        Ok(true)
    }

    /// Closes a task. False when there is no such open task.
    pub fn close(&mut self, id: &TaskId, at: Timestamp) -> Result<bool> {
        match self.value::<Task>(Tree::Tasks, id.0.as_bytes())? {
            Some(task) if task.done_at.is_none() => {
                self.put(Tree::Tasks, id.0.as_bytes(), &Task { done_at: Some(at), ..task });
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    /// Forgets a closed task, so that the same cause may be raised again: the fact behind it went away and came back.
    pub fn forget_task(&mut self, id: &TaskId) {
        self.batch.0.insert((Tree::Tasks, id.0.as_bytes().to_vec()), None);
        self.unretire(id);
    }

    /// Appends to a contact's history; the oldest lines make room.
    pub fn tell(&mut self, event: &Event) -> Result<()> {
        if self.is_buried(&event.contact)? {
            return Ok(());
        }
        let prefix = joined(&[event.contact.as_str(), ""]);
        let mut keys: BTreeSet<Vec<u8>> = self
            .ledger
            .store
            .scan(Tree::History, &prefix, &[], usize::MAX)?
            .into_iter()
            .map(|(key, _)| key)
            .collect();
        for ((tree, key), value) in &self.batch.0 {
            if *tree == Tree::History && key.starts_with(&prefix) {
                if value.is_some() {
                    keys.insert(key.clone())
                } else {
                    keys.remove(key)
                };
            }
        }
        let surplus = (keys.len() + 1).saturating_sub(EVENTS_MAX);
        for old in keys.into_iter().take(surplus) {
            self.remove_event(&old);
        }
        let mut key = prefix;
        key.extend_from_slice(&event_number(self.next_event));
        self.next_event += 1;
        self.put(Tree::Journal, journal_key(&key), &(event.at, &event.contact));
        self.put(Tree::History, &key, event);
        Ok(())
    }

    /// Keeps how a target is; the same again writes nothing.
    pub fn put_target(&mut self, target: &TargetName, state: &TargetState) -> Result<()> {
        let key = target_key(target);
        if self.value::<TargetState>(Tree::Meta, &key)?.unwrap_or_default() != *state {
            self.put(Tree::Meta, &key, state);
        }
        Ok(())
    }

    /// How a target is.
    pub fn target(&self, target: &TargetName) -> Result<TargetState> {
        Ok(self.value(Tree::Meta, &target_key(target))?.unwrap_or_default())
    }

    /// Forgets a named text.
    pub fn drop_note(&mut self, name: &str) {
        self.batch.0.insert((Tree::Meta, joined(&["note", name])), None);
    }

    /// Keeps a named text, e.g. a cursor.
    pub fn put_note(&mut self, name: &str, text: &str) {
        self.put(Tree::Meta, &joined(&["note", name]), &text);
    }

    pub(crate) fn put<T: Serialize + ?Sized>(&mut self, tree: Tree, key: &[u8], value: &T) {
        self.batch.0.insert((tree, key.to_vec()), Some(encode(value)));
    }

    pub(crate) fn value<T: DeserializeOwned>(&self, tree: Tree, key: &[u8]) -> Result<Option<T>> {
        match self.batch.0.get(&(tree, key.to_vec())) {
            Some(written) => written.as_ref().map(|bytes| decode(tree, bytes)).transpose(),
            None => self.ledger.value(tree, key),
        }
    }
}

pub(crate) fn encode<T: Serialize + ?Sized>(value: &T) -> Vec<u8> {
    serde_json::to_vec(value).expect("every record of the ledger has a JSON form")
}

pub(crate) fn decode<'b, T: Deserialize<'b>>(tree: Tree, bytes: &'b [u8]) -> Result<T> {
    serde_json::from_slice(bytes).map_err(|_| Error::Damaged { tree: tree.name() })
}

pub(crate) fn joined(parts: &[&str]) -> Vec<u8> {
    parts.iter().map(|part| part.as_bytes()).collect::<Vec<_>>().join(&BETWEEN)
}

/// The last part of an event's key, and the whole of the journal's.
pub(crate) fn event_number(number: u64) -> Vec<u8> {
    format!("{number:016x}").into_bytes()
}

/// Where the journal tells of the event that a history keeps under `key`.
pub(crate) fn journal_key(key: &[u8]) -> &[u8] {
    let at = key.iter().rposition(|byte| *byte == BETWEEN).map_or(0, |at| at + 1);
    &key[at..]
}

fn number_of(key: &[u8]) -> Result<u64> {
    let number = std::str::from_utf8(key).ok().and_then(|text| u64::from_str_radix(text, 16).ok());
    number.ok_or(Error::Damaged { tree: Tree::Journal.name() })
}

fn standing_key(target: &TargetName, contact: &ContactId) -> Vec<u8> {
    joined(&[target.as_str(), contact.as_str()])
}

pub(crate) fn repair_key(contact: &ContactId) -> Vec<u8> {
    joined(&[REPAIR, contact.as_str()])
}

fn target_key(target: &TargetName) -> Vec<u8> {
    joined(&["target", target.as_str()])
}

pub(crate) fn standing_ids(key: &[u8]) -> Result<(TargetName, ContactId)> {
    let at = key.iter().position(|byte| *byte == BETWEEN).ok_or(Error::Damaged { tree: "standings" })?;
    Ok((id(Tree::Standings, &key[..at])?, id(Tree::Standings, &key[at + 1..])?))
}

fn id<T: std::str::FromStr>(tree: Tree, bytes: &[u8]) -> Result<T> {
    std::str::from_utf8(bytes)
        .ok()
        .and_then(|text| text.parse().ok())
        .ok_or(Error::Damaged { tree: tree.name() })
}

#[cfg(test)]
mod tests {
    use adapter_sdk::{Intent, TaskKind};
    use people::{Digest, Secret};

    use super::*;
    use crate::{
        MemoryStore,
        records::{Actor, Outcome},
        standing::Debt,
    };

    fn at(seconds: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + chrono::TimeDelta::seconds(seconds)
    }

    fn ledger(store: &Arc<MemoryStore>) -> Ledger {
        let store: Arc<dyn Store> = Arc::<MemoryStore>::clone(store);
        Ledger::over(store, DigestKey::new(Secret::new("k".to_owned())), "l1", Origin::Fresh).unwrap()
    }

    fn names() -> (TargetName, ContactId) {
        ("roster".parse().unwrap(), "c1".parse().unwrap())
    }

    fn owing(not_before: i64) -> Standing {
        let mut standing = Standing::default();
        let debt = Debt { intent: Intent::Add, wanted: Digest::new([1; 16]), changed: vec![] };
        standing.owe(debt, Phase::Waiting { not_before: at(not_before) }, at(0));
        standing
    }

    #[test]
    fn a_mark_set_again_while_it_was_worked_on_is_not_cleared() {
        let store = Arc::new(MemoryStore::default());
        let ledger = ledger(&store);
        let (_, contact) = names();
        let _ = ledger.write(|draft| draft.mark(&contact, at(0))).unwrap();
        let seen = ledger.marked(None, 9).unwrap().remove(0).1;
        let _ = ledger.write(|draft| draft.mark(&contact, at(1))).unwrap();
        let _ = ledger.write(|draft| draft.unmark(&contact, &seen)).unwrap();
        let again = ledger.marked(None, 9).unwrap();
        assert_eq!(again.len(), 1);
        let _ = ledger.write(|draft| draft.unmark(&contact, &again[0].1)).unwrap();
        assert_eq!(ledger.marked(None, 9).unwrap(), []);
    }

    #[test]
    fn counts_and_due_dates_follow_every_step_and_survive_a_restart() {
        let store = Arc::new(MemoryStore::default());
        let ledger_1 = ledger(&store);
        let (target, contact) = names();
        let _ = ledger_1.write(|draft| draft.put_standing(&target, &contact, owing(60))).unwrap();
        assert_eq!((ledger_1.counts(&target).waiting, ledger_1.next_due_after(None)), (1, Some(at(60))));
        assert_eq!(ledger_1.due(at(59), 9), []);
        assert_eq!(ledger_1.due(at(60), 9), std::slice::from_ref(&contact));
        let census = ledger_1.census();
        assert_eq!(ledger(&store).census(), census);
        let _ = ledger_1.write(|draft| draft.remove_standing(&target, &contact)).unwrap();
        assert_eq!((ledger_1.counts(&target).in_scope(), ledger_1.next_due_after(None)), (0, None));
    }

    #[test]
    fn a_step_that_fails_halfway_writes_nothing() {
        let store = Arc::new(MemoryStore::default());
        let ledger = ledger(&store);
        let (target, contact) = names();
        let failed = ledger.write(|draft| {
            draft.put_standing(&target, &contact, owing(0))?;
            Err::<(), _>(Error::Damaged { tree: "a planted one" })
        });
        assert!(failed.is_err());
        assert_eq!(ledger.standing(&target, &contact).unwrap(), None);
        assert_eq!(ledger.counts(&target).waiting, 0);
    }

    #[test]
    fn standings_are_paged_by_target() {
        let store = Arc::new(MemoryStore::default());
        let ledger = ledger(&store);
        for (target, contact) in [("a", "c1"), ("a", "c2"), ("a", "c3"), ("ab", "c4")] {
            let _ = ledger
                .write(|draft| {
                    draft.put_standing(&target.parse().unwrap(), &contact.parse().unwrap(), owing(0))
                })
                .unwrap();
        }
        let target: TargetName = "a".parse().unwrap();
        let first = ledger.standings(&target, None, 2).unwrap();
        let rest = ledger.standings(&target, Some(&first[1].0), 9).unwrap();
        let contacts: Vec<&str> = first.iter().chain(&rest).map(|(contact, _)| contact.as_str()).collect();
        assert_eq!(contacts, ["c1", "c2", "c3"]);
    }

    #[test]
    fn a_history_is_bounded_and_in_order() {
        let store = Arc::new(MemoryStore::default());
        let ledger = ledger(&store);
        let (target, contact) = names();
        let event = |second| Event {
            at: at(second),
            contact: contact.clone(),
            target: Some(target.clone()),
            actor: Actor::Cycle,
            outcome: Outcome::Adopted,
            generation: None,
            fields: vec![],
        };
        for second in 0..100 {
            let _ = ledger
                .write(|draft| {
                    draft.tell(&event(2 * second))?;
                    draft.tell(&event(2 * second + 1))
                })
                .unwrap();
        }
        let seconds: Vec<i64> =
            ledger.history(&contact).unwrap().iter().map(|event| event.at.timestamp()).collect();
        assert_eq!(seconds, (136..200).collect::<Vec<i64>>());
    }

    #[test]
    fn a_cause_raises_one_task() {
        let store = Arc::new(MemoryStore::default());
        let ledger = ledger(&store);
        let (_, contact) = names();
        let task = Task {
            id: TaskId("T-1".to_owned()),
            kind: TaskKind::Review,
            target: None,
            contact,
            text: "look".to_owned(),
            fields: vec![],
            raised_at: at(0),
            done_at: None,
        };
        assert!(ledger.write(|draft| draft.raise(&task)).unwrap().into_inner());
        assert!(ledger.write(|draft| draft.close(&task.id, at(1))).unwrap().into_inner());
        assert!(!ledger.write(|draft| draft.raise(&task)).unwrap().into_inner());
        assert!(!ledger.write(|draft| draft.close(&task.id, at(2))).unwrap().into_inner());
    }
}
