//! A target in memory, with faults on order: for the tests of whoever calls an adapter, and the shortest adapter to read.
//!
//! ```
//! # use adapter_sdk::memory::{Fault, Memory};
//! let target = Memory::new("hr");
//! target.script([Fault::AnswerLost, Fault::Nothing, Fault::RateLimited { after: None }]);
//! let adapter = adapter_sdk::layers::wrap(target.adapter());
//! // … deliver, then look at target.records() and target.calls()
//! # drop(adapter);
//! ```

use std::{
    collections::{BTreeMap, VecDeque},
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use people::{ContactId, FieldKey, FieldName, Fields, OpportunityId, RemoteHireId, RemoteId, TargetName};
use tokio::time::Instant;

use crate::{
    AdapterInfo, Capabilities, CheckReport, Delivery, Effect, Employment, Error, ErrorKind, Evidence,
    FieldSchema, Found, HrisAdapter, Identity, Intent, Link, Receipt, RemoteState, Result, Step,
};

/// The step that [`Fault::Partial`] leaves undone: the hires of a person whose own record is there.
pub const STEP_HIRES: &str = "hires";

/// What goes wrong with one delivery, or with one call of another kind.
#[derive(Debug, Clone, PartialEq)]
pub enum Fault {
    /// Nothing: this one goes through.
    Nothing,
    /// The connection is refused: surely not applied.
    Unavailable,
    /// Too many calls: surely not applied.
    RateLimited {
        /// The pause the target asks for.
        after: Option<Duration>,
    },
    /// The credentials are refused.
    Unauthorized,
    /// The configuration does not fit the target.
    ConfigInvalid,
    /// The target refuses this person's data.
    Rejected,
    /// Something stands in the way over there.
    Conflict,
    /// No answer, and it was not applied. The caller cannot tell this from [`Fault::AnswerLost`].
    RequestLost,
    /// Applied; then the answer was lost.
    AnswerLost,
    /// Not applied, and the call never ends.
    Hang,
    /// Applied, and the call never ends.
    HangAfterApply,
    /// The person's record is written, the hires are not: [`STEP_HIRES`] stays unfinished.
    Partial,
    /// The adapter panics before it does anything.
    Panic,
}

/// How long a new record stays invisible to `find`, `read` and `list`, as in a target whose search lags.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Lag {
    /// Visible at once.
    #[default]
    None,
    /// Visible once `find` was called so often after the record was made.
    Finds(u32),
    /// Visible after this time (`tokio::time`, so that it can be paused).
    For(Duration),
}

/// One person's record.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// Its id here.
    pub remote: RemoteId,
    /// The contact id kept on it, where [`Capabilities::contact_id`] says there is a place for it.
    pub contact: Option<ContactId>,
    /// The person's fields.
    pub person: Fields,
    /// The hires by opportunity.
    pub hires: BTreeMap<OpportunityId, Fields>,
    /// Employments that HR made by hand: told by a target with [`Capabilities::employments`].
    pub employments: Vec<(Employment, Fields)>,
    /// Somebody changed it here since we last wrote it.
    pub edited: bool,
}

impl Record {
    fn link(&self) -> Link {
        let hires =
            self.hires.keys().map(|opportunity| (opportunity.clone(), hire_id(opportunity))).collect();
        Link { remote: self.remote.clone(), hires }
    }

    /// The fields of each hire: our own, and of HR's employments those that are linked to one.
    fn hires_of(&self, link: &Link) -> BTreeMap<OpportunityId, Fields> {
        let linked = link.hires.iter().filter_map(|(opportunity, id)| {
            let (_, fields) = self.employments.iter().find(|(employment, _)| employment.id == *id)?;
            Some((opportunity.clone(), fields.clone()))
        });
        self.hires.clone().into_iter().chain(linked).collect()
    }

    /// HR's, and ours.
    fn all_employments(&self) -> Vec<Employment> {
        let ours = self.hires.keys().map(|opportunity| Employment {
            id: hire_id(opportunity),
            opportunity: Some(opportunity.clone()),
            from: None,
            until: None,
        });
        self.employments.iter().map(|(employment, _)| employment.clone()).chain(ours).collect()
    }
}

/// One call that reached the target.
#[derive(Debug, Clone)]
pub enum Call {
    /// [`HrisAdapter::check`]
    Check,
    /// [`HrisAdapter::find`]
    Find(ContactId),
    /// [`HrisAdapter::read`]
    Read(RemoteId),
    /// [`HrisAdapter::list`]
    List,
    /// [`HrisAdapter::deliver`]
    Deliver(Vec<Delivery>),
}

/// A target in memory. A clone is the same target; [`Memory::adapter`] is what a daemon would hold.
#[derive(Clone)]
pub struct Memory {
    info: Arc<AdapterInfo>,
    world: Arc<Mutex<World>>,
}

#[derive(Default)]
struct World {
    records: BTreeMap<RemoteId, Entry>,
    made: u64,
    lag: Lag,
    faults: VecDeque<Fault>,
    find_faults: VecDeque<Fault>,
    check_faults: VecDeque<Fault>,
    outage: Option<Fault>,
    calls: Vec<Call>,
}

struct Entry {
    record: Record,
    finds_left: u32,
    visible_at: Option<Instant>,
}

impl Memory {
    /// An empty target that can do everything, in batches of up to 100.
    pub fn new(target: &str) -> Self {
        Memory::with(target, Memory::everything())
    }

    /// An empty target that can do what `capabilities` say. Panics when `target` is no name.
    pub fn with(target: &str, capabilities: Capabilities) -> Self {
        let target: TargetName = target.parse().expect("a test names its target with printable ASCII");
        let schema = FieldSchema { open: true, ..FieldSchema::default() };
        let info = AdapterInfo { kind: "memory", target, capabilities, schema, tasks_for: None };
        Memory { info: Arc::new(info), world: Arc::default() }
    }

    /// The same target, that says which fields it takes.
    pub fn with_schema(self, schema: FieldSchema) -> Self {
        let info = AdapterInfo { schema, ..(*self.info).clone() };
        Memory { info: Arc::new(info), ..self }
    }

    /// Every ability there is.
    pub fn everything() -> Capabilities {
        Capabilities {
            find: true,
            read: true,
            list: true,
            update: true,
            rehire: true,
            withdraw: true,
            contact_id: true,
            dedupes_by_key: true,
            moves_hires: true,
            batch_max: 100,
            in_flight_max: 8,
            ..Capabilities::default()
        }
    }

    /// The adapter to this target.
    pub fn adapter(&self) -> Arc<dyn HrisAdapter> {
        Arc::new(self.clone())
    }

    /// Orders what happens to the next deliveries, one fault each, first in first out. Afterwards all is well.
    pub fn script(&self, faults: impl IntoIterator<Item = Fault>) {
        self.world().faults.extend(faults);
    }

    /// Orders what happens to the next calls of `find`, `read` and `list`.
    pub fn script_reads(&self, faults: impl IntoIterator<Item = Fault>) {
        self.world().find_faults.extend(faults);
    }

    /// Orders what happens to the next calls of `check`.
    pub fn script_checks(&self, faults: impl IntoIterator<Item = Fault>) {
        self.world().check_faults.extend(faults);
    }

    /// Every call fails like this until the outage ends with `None`. What is scripted waits meanwhile.
    pub fn outage(&self, fault: Option<Fault>) {
        self.world().outage = fault;
    }

    /// How long records made from now on stay invisible.
    pub fn lag(&self, lag: Lag) {
        self.world().lag = lag;
    }

    /// Every record, visible or not, in order of its id.
    pub fn records(&self) -> Vec<Record> {
        self.world().records.values().map(|entry| entry.record.clone()).collect()
    }

    /// The record of `contact`, if there is exactly one.
    pub fn record_of(&self, contact: &ContactId) -> Option<Record> {
        let mut records =
            self.records().into_iter().filter(|record| record.contact.as_ref() == Some(contact));
        records.next().filter(|_| records.next().is_none())
    }

    /// Every call that reached the target, in order.
    pub fn calls(&self) -> Vec<Call> {
        self.world().calls.clone()
    }

    /// Every delivery that reached the target, in order.
    pub fn deliveries(&self) -> Vec<Delivery> {
        let calls = self.calls().into_iter();
        calls
            .filter_map(|call| if let Call::Deliver(batch) = call { Some(batch) } else { None })
            .flatten()
            .collect()
    }

    /// HR makes a record by hand.
    pub fn plant(
        &self,
        contact: Option<ContactId>,
        person: Fields,
        hires: BTreeMap<OpportunityId, Fields>,
    ) -> RemoteId {
        let mut world = self.world();
        let remote = world.new_id();
        let employments = Vec::new();
        let record = Record { remote: remote.clone(), contact, person, hires, employments, edited: true };
        world.records.insert(remote.clone(), Entry { record, finds_left: 0, visible_at: None });
        remote
    }

    /// HR changes a record by hand. Nothing happens when it is not there.
    pub fn edit(&self, remote: &RemoteId, change: impl FnOnce(&mut Record)) {
        if let Some(entry) = self.world().records.get_mut(remote) {
            change(&mut entry.record);
            entry.record.edited = true;
        }
    }

    /// HR deletes a record by hand.
    pub fn delete(&self, remote: &RemoteId) {
        self.world().records.remove(remote);
    }

    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn reading(&self, call: Call) -> Result<()> {
        let fault = {
            let mut world = self.world();
            world.calls.push(call);
            world.outage.clone().or_else(|| world.find_faults.pop_front()).unwrap_or(Fault::Nothing)
        };
        fault.pass("looking at the target in memory").await
    }

    async fn deliver_one(&self, delivery: &Delivery) -> Result<Receipt> {
        let fault = {
            let mut world = self.world();
            world.outage.clone().or_else(|| world.faults.pop_front()).unwrap_or(Fault::Nothing)
        };
        let doing = "writing to the target in memory";
        match fault {
            Fault::Nothing => self.world().apply(&self.info.capabilities, delivery, Extent::Whole),
            Fault::Partial => self.world().apply(&self.info.capabilities, delivery, Extent::PersonOnly),
            Fault::AnswerLost | Fault::HangAfterApply => {
                self.world().apply(&self.info.capabilities, delivery, Extent::Whole)?;
                Err(fault.meet(doing).await)
            }
            fault => Err(fault.meet(doing).await),
        }
    }
}

impl Fault {
    /// What becomes of a call that changes nothing.
    async fn pass(self, doing: &'static str) -> Result<()> {
        match self {
            Fault::Nothing | Fault::Partial => Ok(()),
            fault => Err(fault.meet(doing).await),
        }
    }

    /// What the caller gets to see. Never ends for a call that hangs.
    pub(crate) async fn meet(&self, doing: &'static str) -> Error {
        let kind = match *self {
            Fault::Hang | Fault::HangAfterApply => std::future::pending().await,
            Fault::Panic => panic!("a scripted panic"),
            Fault::RateLimited { after } => return Error::new(ErrorKind::RateLimited, doing).retry(after),
            Fault::Nothing | Fault::Partial | Fault::RequestLost | Fault::AnswerLost => return lost(doing),
            Fault::Unavailable => ErrorKind::Unavailable,
            Fault::Unauthorized => ErrorKind::Unauthorized,
            Fault::ConfigInvalid => ErrorKind::ConfigInvalid,
            Fault::Rejected => ErrorKind::Rejected,
            Fault::Conflict => ErrorKind::Conflict,
        };
        Error::new(kind, doing)
    }
}

fn lost(doing: &'static str) -> Error {
    Error::new(ErrorKind::Unavailable, doing).with("cause", "no answer").find_first()
}

fn hire_id(opportunity: &OpportunityId) -> RemoteHireId {
    opportunity.as_str().parse().expect("an opportunity id is printable and short")
}

/// How much of a delivery is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Extent {
    Whole,
    PersonOnly,
}

impl World {
    fn new_id(&mut self) -> RemoteId {
        self.made += 1;
        format!("record-{:06}", self.made).parse().expect("a counter is a valid id")
    }

    fn apply(&mut self, can: &Capabilities, delivery: &Delivery, extent: Extent) -> Result<Receipt> {
        let wanted = &delivery.wanted;
        let existing = self.record_for(can, delivery)?;
        // Without looking it cannot know of the others either: whoever adds blindly doubles.
        let looks = can.dedupes_by_key || delivery.link.is_some();
        if looks && !can.moves_hires && self.holds_elsewhere(delivery, existing.as_ref()) {
            return Err(Error::new(
                ErrorKind::Conflict,
                "writing a hire that stands on another person's record",
            ));
        }
        let created = existing.is_none();
        let remote = match existing {
            Some(remote) => remote,
            None => self.make(can, delivery),
        };
        let taken = if looks && extent == Extent::Whole && can.moves_hires {
            self.take_hires_from_others(&remote, &wanted.hires)
        } else {
            BTreeMap::new()
        };
        let entry = self.records.get_mut(&remote).expect("it was found or made just now");
        let before = entry.record.clone();
        let moved = |key: FieldKey| created || delivery.changed.is_empty() || delivery.changed.contains(&key);
        // What somebody here changed and we did not write over is theirs still.
        let kept = wanted.iter().any(|(key, _)| !moved(key));
        for (field, value) in &wanted.person {
            if moved(FieldKey::Person { field: field.clone() }) {
                entry.record.person.insert(field.clone(), value.clone());
            }
        }
        if can.contact_id {
            entry.record.contact = Some(delivery.contact.clone());
        }
        let mut withdrawn = false;
        if extent == Extent::Whole {
            for (opportunity, fields) in &wanted.hires {
                let linked = delivery.link.as_ref().and_then(|link| link.hires.get(opportunity));
                let theirs = entry.record.employments.iter_mut().find(|(hr, _)| Some(&hr.id) == linked);
                if let Some((_, held)) = theirs {
                    for (field, value) in fields {
                        if moved(FieldKey::Hire { opportunity: opportunity.clone(), field: field.clone() }) {
                            held.insert(field.clone(), value.clone());
                        }
                    }
                    continue;
                }
                let is_new = !entry.record.hires.contains_key(opportunity);
                let moved_here = || taken.get(opportunity).cloned().unwrap_or_default();
                let held = entry.record.hires.entry(opportunity.clone()).or_insert_with(moved_here);
                for (field, value) in fields {
                    let key = FieldKey::Hire { opportunity: opportunity.clone(), field: field.clone() };
                    if is_new || moved(key) {
                        held.insert(field.clone(), value.clone());
                    }
                }
            }
            if delivery.intent == Intent::Withdraw {
                let held = entry.record.hires.len();
                entry.record.hires.retain(|opportunity, _| !delivery.withdrawn.contains(opportunity));
                withdrawn = entry.record.hires.len() < held;
            }
        }
        let effect = match () {
            () if created => Effect::Created,
            () if withdrawn => Effect::Withdrawn,
            () if entry.record == before => Effect::Unchanged,
            () => Effect::Updated,
        };
        if effect != Effect::Unchanged {
            entry.record.edited &= kept;
        }
        let unfinished =
            if extent == Extent::PersonOnly { vec![Step(STEP_HIRES.to_owned())] } else { Vec::new() };
        let link = entry.record.link();
        Ok(Receipt { unfinished, filled: wanted.filled.clone(), ..Receipt::new(link, effect) })
    }

    /// Profiles were merged: their hires move here with what they hold, and a record that lost its last one so is gone.
    fn take_hires_from_others(
        &mut self,
        remote: &RemoteId,
        hires: &BTreeMap<OpportunityId, Fields>,
    ) -> BTreeMap<OpportunityId, Fields> {
        let mut taken = BTreeMap::new();
        self.records.retain(|id, entry| {
            if id == remote {
                return true;
            }
            let held = std::mem::take(&mut entry.record.hires);
            let had = held.len();
            let (moved, stay): (BTreeMap<_, _>, _) =
                held.into_iter().partition(|(opportunity, _)| hires.contains_key(opportunity));
            taken.extend(moved);
            entry.record.hires = stay;
            entry.record.hires.len() == had || !entry.record.hires.is_empty()
        });
        taken
    }

    fn make(&mut self, can: &Capabilities, delivery: &Delivery) -> RemoteId {
        let remote = self.new_id();
        let contact = can.contact_id.then(|| delivery.contact.clone());
        let record = Record {
            remote: remote.clone(),
            contact,
            person: Fields::new(),
            hires: BTreeMap::new(),
            employments: Vec::new(),
            edited: false,
        };
        let (finds_left, visible_at) = match self.lag {
            Lag::None => (0, None),
            Lag::Finds(finds) => (finds, None),
            Lag::For(time) => (0, Some(Instant::now() + time)),
        };
        self.records.insert(remote.clone(), Entry { record, finds_left, visible_at });
        remote
    }

    /// The one record this delivery is about. Without [`Capabilities::dedupes_by_key`] an add never looks: it is the
    /// caller who must have looked.
    fn record_for(&self, can: &Capabilities, delivery: &Delivery) -> Result<Option<RemoteId>> {
        if let Some(link) = &delivery.link {
            if self.records.contains_key(&link.remote) {
                return Ok(Some(link.remote.clone()));
            }
            return Err(Error::new(ErrorKind::Conflict, "writing to a record that is not there any more")
                .with("record", &link.remote));
        }
        if !can.dedupes_by_key {
            return Ok(None);
        }
        let hires = &delivery.wanted.hires;
        let mut matches = self.records.values().filter(|entry| {
            entry.record.contact.as_ref() == Some(&delivery.contact)
                || entry.record.hires.keys().any(|opportunity| hires.contains_key(opportunity))
        });
        let first = matches.next();
        if matches.next().is_some() {
            return Err(Error::new(
                ErrorKind::Conflict,
                "looking for the person's record: there are several",
            ));
        }
        Ok(first.map(|entry| entry.record.remote.clone()))
    }

    fn holds_elsewhere(&self, delivery: &Delivery, own: Option<&RemoteId>) -> bool {
        self.records.iter().filter(|(id, _)| Some(*id) != own).any(|(_, entry)| {
            entry.record.hires.keys().any(|opportunity| delivery.wanted.hires.contains_key(opportunity))
        })
    }

    fn visible(&self) -> impl Iterator<Item = &Record> {
        let now = Instant::now();
        self.records
            .values()
            .filter(move |entry| entry.finds_left == 0 && entry.visible_at.is_none_or(|at| at <= now))
            .map(|entry| &entry.record)
    }
}

#[async_trait]
impl HrisAdapter for Memory {
    fn info(&self) -> &AdapterInfo {
        &self.info
    }

    async fn check(&self) -> Result<CheckReport> {
        let fault = {
            let mut world = self.world();
            world.calls.push(Call::Check);
            world.outage.clone().or_else(|| world.check_faults.pop_front()).unwrap_or(Fault::Nothing)
        };
        fault.pass("checking the target in memory").await?;
        let mut report = CheckReport::default();
        report.good("the target in memory is there");
        Ok(report)
    }

    async fn find(&self, who: &Identity) -> Result<Vec<Found>> {
        self.reading(Call::Find(who.contact.clone())).await?;
        let mut world = self.world();
        let found = world
            .visible()
            .filter_map(|record| {
                let evidence = evidence(record, who)?;
                Some(Found { link: record.link(), contact: record.contact.clone(), evidence })
            })
            .collect();
        for entry in world.records.values_mut() {
            entry.finds_left = entry.finds_left.saturating_sub(1);
        }
        Ok(found)
    }

    async fn read(&self, link: &Link) -> Result<Option<RemoteState>> {
        self.reading(Call::Read(link.remote.clone())).await?;
        let world = self.world();
        Ok(world.visible().find(|record| record.remote == link.remote).map(|record| RemoteState {
            person: record.person.clone(),
            hires: record.hires_of(link),
            contact: record.contact.clone(),
            employments: if self.info.capabilities.employments {
                record.all_employments()
            } else {
                Vec::new()
            },
            untouched: !record.edited,
            ..RemoteState::new(record.link())
        }))
    }

    async fn list(&self, after: Option<RemoteId>) -> Result<Vec<Found>> {
        const PAGE: usize = 100;
        self.reading(Call::List).await?;
        let world = self.world();
        let page = world
            .visible()
            .filter(|record| record.contact.is_some())
            .filter(|record| after.as_ref().is_none_or(|after| record.remote > *after))
            .take(PAGE)
            .map(|record| Found {
                link: record.link(),
                contact: record.contact.clone(),
                evidence: Evidence::ContactId,
            });
        Ok(page.collect())
    }

    async fn deliver(&self, deliveries: &[Delivery]) -> Vec<Result<Receipt>> {
        self.world().calls.push(Call::Deliver(deliveries.to_vec()));
        let mut answers = Vec::with_capacity(deliveries.len());
        for delivery in deliveries {
            answers.push(self.deliver_one(delivery).await);
        }
        answers
    }
}

fn evidence(record: &Record, who: &Identity) -> Option<Evidence> {
    let holds = |field: &str, is_theirs: &dyn Fn(&str) -> bool| {
        let held = record.person.get(&FieldName::new(field)).map(|value| value.reveal().to_text());
        held.is_some_and(|held| is_theirs(&held))
    };
    let email = holds("email", &|held| who.emails.iter().any(|email| *email.reveal() == held));
    match () {
        () if record.contact.as_ref() == Some(&who.contact) => Some(Evidence::ContactId),
        () if record.hires.keys().any(|opportunity| who.opportunities.contains(opportunity)) => {
            Some(Evidence::OpportunityId)
        }
        () if email && holds("name", &|held| held == who.name.full()) => Some(Evidence::EmailAndName),
        () if email => Some(Evidence::Email),
        () => None,
    }
}

impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Memory").field("target", &self.info.target).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::{marker::PhantomData, time::Duration};

    use people::{Pii, Value, Wanted};

    use super::*;
    use crate::conformance::{Bench, Seen, Somebody, Trouble};

    /// What a target of the kit's run can do.
    trait Kind: Send + Sync + 'static {
        fn capabilities() -> Capabilities;
    }

    struct Everything;

    impl Kind for Everything {
        fn capabilities() -> Capabilities {
            Memory::everything()
        }
    }

    /// Makes a record for each add: whoever asks must look first.
    struct Naive;

    impl Kind for Naive {
        fn capabilities() -> Capabilities {
            Capabilities { dedupes_by_key: false, ..Memory::everything() }
        }
    }

    /// Takes adds and nothing else.
    struct Least;

    impl Kind for Least {
        fn capabilities() -> Capabilities {
            Capabilities { contact_id: true, dedupes_by_key: true, ..Capabilities::default() }
        }
    }

    struct MemoryBench<K>(Memory, PhantomData<K>);

    #[async_trait]
    impl<K: Kind> Bench for MemoryBench<K> {
        async fn start() -> Self {
            let can = Capabilities { call_timeout: Duration::from_millis(50), ..K::capabilities() };
            MemoryBench(Memory::with("memory", can), PhantomData)
        }

        fn adapter(&self) -> Arc<dyn HrisAdapter> {
            self.0.adapter()
        }

        fn wanted(&self, somebody: &Somebody) -> Wanted {
            let person = [
                ("first", Some(&somebody.first)),
                ("last", Some(&somebody.last)),
                ("email", somebody.email.as_ref()),
                ("phone", somebody.phone.as_ref()),
            ];
            let text = |text: Option<&String>| Pii::new(text.cloned().map_or(Value::Blank, Value::Text));
            let person = person.map(|(name, value)| (FieldName::new(name), text(value)));
            let hires = somebody.hires.iter().map(|(opportunity, title)| {
                (opportunity.clone(), Fields::from([(FieldName::new("title"), text(Some(title)))]))
            });
            Wanted { person: person.into(), hires: hires.collect(), ..Wanted::default() }
        }

        async fn records(&self) -> Vec<Seen> {
            let seen = |record: Record| {
                Some(Seen { contact: record.contact?, hires: record.hires.into_keys().collect() })
            };
            self.0.records().into_iter().filter_map(seen).collect()
        }

        fn trouble(&self, trouble: Trouble) -> bool {
            self.0.script([match trouble {
                Trouble::Refused => Fault::Unavailable,
                Trouble::RateLimited(pause) => Fault::RateLimited { after: Some(pause) },
                Trouble::Unauthorized => Fault::Unauthorized,
                Trouble::Garbage => Fault::RequestLost,
                Trouble::AnswerLost => Fault::AnswerLost,
                Trouble::Slow => Fault::HangAfterApply,
                Trouble::Partial => Fault::Partial,
            }]);
            true
        }

        async fn plant(&self, somebody: &Somebody) -> bool {
            let wanted = self.wanted(somebody);
            self.0.plant(Some(somebody.contact.clone()), wanted.person, wanted.hires);
            true
        }
    }

    mod everything {
        crate::conformance!(super::MemoryBench<super::Everything>);
    }

    mod naive {
        crate::conformance!(super::MemoryBench<super::Naive>);
    }

    mod least {
        crate::conformance!(super::MemoryBench<super::Least>);
    }

    fn ada() -> (Memory, Delivery, Identity) {
        let contact: ContactId = "ada".parse().unwrap();
        let hire: OpportunityId = "ada-1".parse().unwrap();
        let wanted = Wanted { hires: BTreeMap::from([(hire.clone(), Fields::new())]), ..Wanted::default() };
        let who = Identity::new(contact.clone(), [hire].into());
        let delivery = Delivery {
            target: "hr".parse().unwrap(),
            contact,
            generation: crate::Generation(1),
            intent: Intent::Add,
            wanted,
            order: Vec::new(),
            looked_at: false,
            seen: None,
            link: None,
            changed: Vec::new(),
            withdrawn: Default::default(),
            unfinished: Vec::new(),
        };
        (Memory::new("hr"), delivery, who)
    }

    #[tokio::test(start_paused = true)]
    async fn a_new_record_is_not_found_until_the_lag_is_over() {
        for lag in [Lag::Finds(2), Lag::For(Duration::from_secs(60))] {
            // given
            let (target, delivery, who) = ada();
            target.lag(lag);
            target.deliver(&[delivery]).await.remove(0).unwrap();
            // when
            let mut found = Vec::new();
            for _ in 0..3 {
                found.push(target.find(&who).await.unwrap().len());
                tokio::time::advance(Duration::from_secs(30)).await;
            }
            // then
            assert_eq!(found, [0, 0, 1], "{lag:?}");
            assert_eq!(target.records().len(), 1);
        }
    }

    #[tokio::test]
    async fn a_target_that_does_not_dedupe_doubles_whoever_is_added_blindly() {
        // given
        let (_, delivery, who) = ada();
        let target = Memory::with("hr", Capabilities { dedupes_by_key: false, ..Memory::everything() });
        target.script([Fault::AnswerLost, Fault::RequestLost]);
        // when
        for _ in 0..3 {
            drop(target.deliver(std::slice::from_ref(&delivery)).await);
        }
        // then
        assert_eq!((target.deliveries().len(), target.records().len()), (3, 2));
        assert_eq!(target.find(&who).await.unwrap().len(), 2);
    }

    #[tokio::test]
    async fn an_outage_lasts_until_it_ends_and_leaves_the_script_alone() {
        let (target, delivery, who) = ada();
        target.script([Fault::Rejected]);
        target.outage(Some(Fault::Unavailable));
        assert_eq!(target.check().await.unwrap_err().kind(), ErrorKind::Unavailable);
        assert_eq!(target.find(&who).await.unwrap_err().kind(), ErrorKind::Unavailable);
        target.outage(None);
        let answer = target.deliver(&[delivery]).await.remove(0);
        assert_eq!(answer.unwrap_err().kind(), ErrorKind::Rejected);
    }
}
