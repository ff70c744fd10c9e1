//! A pretend source, a clock that is set by hand, and an engine over a memory ledger and a memory target.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::{Arc, Mutex, MutexGuard},
};

use adapter_sdk::{
    Capabilities, CheckReport, Error, ErrorKind, FieldSchema, HrisAdapter,
    memory::{Memory, Record},
};
use async_trait::async_trait;
use chrono::TimeDelta;
use engine::{
    Cursor, CycleError, CycleOrder, CycleReport, Deleted, Engine, Guards, Page, PageToken, Parts, Policy,
    Reading, Settings, Sighting, Source, Sweep, SweepKind, Target, Then, Usage, Whom, WriteBack,
};
use ledger::{DigestKey, Ledger, MemoryStore, Origin, Outcome, Standing, Store};
use mapping::{Mapping, Rule, Rules, Tables};
use people::{
    Candidacy, Clock, ContactId, FieldName, FullName, Hire, OpportunityId, Person, Pii, Posting, RemoteId,
    Secret, Timestamp, Value,
};

pub const SINCE: &str = "2026-01-01";

pub fn contact(name: &str) -> ContactId {
    name.parse().unwrap()
}

pub fn opportunity(name: &str) -> OpportunityId {
    name.parse().unwrap()
}

/// A clock that is set by hand.
#[derive(Debug)]
pub struct HandClock(Mutex<Timestamp>);

impl HandClock {
    pub fn advance(&self, by: TimeDelta) {
        *self.0.lock().unwrap() += by;
    }
}

impl Clock for HandClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }
}

/// Something that happens while the source is asked.
pub type Happening = Box<dyn FnOnce(&mut People) + Send>;

/// What a test wants of the source.
#[derive(Default)]
pub struct People {
    pub persons: BTreeMap<ContactId, Person>,
    pub anonymised: BTreeSet<ContactId>,
    pub moved: BTreeMap<ContactId, ContactId>,
    pub failing: BTreeSet<ContactId>,
    /// Whose record cannot be understood.
    pub unreadable: BTreeSet<ContactId>,
    pub down: bool,
    /// The key is refused.
    pub revoked: bool,
    /// Everything ever asked of the source.
    pub asked: usize,
    /// What the source was told, and whether it lets itself be told.
    pub told: Vec<engine::News>,
    pub deaf: Option<ErrorKind>,
    /// What happens once so many people were read.
    pub then: Option<(usize, Happening)>,
    /// How many were read at once.
    pub batches: Vec<usize>,
    /// What the source says was deleted; `None`: it refuses to say.
    pub deleted: Option<BTreeSet<OpportunityId>>,
    pub read: Vec<ContactId>,
    /// No sweep shows these.
    pub unseen: BTreeSet<OpportunityId>,
    changed: BTreeSet<ContactId>,
    version: u64,
}

pub struct FakeSource(Mutex<People>);

impl fmt::Debug for FakeSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FakeSource")
    }
}

impl FakeSource {
    pub fn people(&self) -> MutexGuard<'_, People> {
        self.0.lock().unwrap()
    }

    fn asked(&self) -> adapter_sdk::Result<MutexGuard<'_, People>> {
        let mut people = self.people();
        people.asked += 1;
        match (people.down, people.revoked) {
            (true, _) => Err(outage()),
            (_, true) => Err(Error::new(ErrorKind::Unauthorized, "asking the pretend source")),
            (false, false) => Ok(people),
        }
    }
}

fn outage() -> Error {
    Error::new(ErrorKind::Unavailable, "asking the pretend source")
}

#[async_trait]
impl Source for FakeSource {
    async fn check(&self) -> adapter_sdk::Result<CheckReport> {
        Ok(CheckReport::default())
    }

    async fn sweep(&self, sweep: &Sweep, _page: Option<PageToken>) -> adapter_sdk::Result<Page> {
        let mut people = self.asked()?;
        let changed = std::mem::take(&mut people.changed);
        let sightings = people
            .persons
            .values()
            .filter(|person| *sweep == Sweep::Full || changed.contains(&person.contact))
            .flat_map(|person| {
                let (version, unseen) = (people.version, &people.unseen);
                let shown = person.opportunities.iter().filter(|(id, _)| !unseen.contains(*id));
                shown.map(move |(opportunity, candidacy)| Sighting {
                    opportunity: opportunity.clone(),
                    contact: person.contact.clone(),
                    candidacy: *candidacy,
                    hired_at: person.hires.get(opportunity).map(|hire| hire.hired_at),
                    content: Pii::new(format!("{version} {person:?} {}", person.name.full())),
                })
            })
            .collect();
        Ok(Page { sightings, unreadable: 0, then: Then::Done(Cursor("c".to_owned())) })
    }

    async fn read(&self, who: &[Whom]) -> adapter_sdk::Result<Vec<(ContactId, Reading)>> {
        let mut people = self.asked()?;
        let mut readings = Vec::new();
        people.batches.push(who.len());
        if people.then.as_ref().is_some_and(|(read, _)| people.read.len() >= *read)
            && let Some((_, then)) = people.then.take()
        {
            then(&mut people);
        }
        for Whom { contact, .. } in who {
            people.read.push(contact.clone());
            let reading = if people.failing.contains(contact) {
                Reading::Failed(outage())
            } else if people.unreadable.contains(contact) {
                Reading::Unreadable { place: "opportunities[0].emails".to_owned() }
            } else if people.anonymised.contains(contact) {
                Reading::Anonymised
            } else if let Some(to) = people.moved.get(contact) {
                Reading::Moved { to: to.clone() }
            } else {
                people
                    .persons
                    .get(contact)
                    .map_or(Reading::Gone, |person| Reading::Person(Box::new(person.clone())))
            };
            readings.push((contact.clone(), reading));
        }
        Ok(readings)
    }

    async fn deleted(&self, since: &Cursor) -> adapter_sdk::Result<Deleted> {
        match self.people().deleted.clone() {
            Some(opportunities) => Ok(Deleted { opportunities, cursor: since.clone() }),
            None => Err(Error::new(ErrorKind::Rejected, "asking what was deleted")),
        }
    }

    async fn tell(&self, news: &engine::News) -> adapter_sdk::Result<BTreeSet<OpportunityId>> {
        let mut people = self.people();
        people.told.push(news.clone());
        match people.deaf {
            Some(kind) => Err(Error::new(kind, "telling the pretend source")),
            None => Ok(news.hires.clone()),
        }
    }

    async fn resolve(&self, who: &Pii<String>) -> adapter_sdk::Result<Option<ContactId>> {
        let people = self.asked()?;
        let who = who.reveal().as_str();
        let merged = people.moved.get(who).cloned();
        let owner = people.persons.values().find(|person| person.opportunities.contains_key(who));
        let owner = owner.map(|person| person.contact.clone());
        Ok(merged.or(owner).or_else(|| people.persons.get(who).map(|person| person.contact.clone())))
    }

    fn usage(&self) -> Usage {
        Usage::default()
    }
}

/// Everything a test turns.
pub struct World {
    pub source: Arc<FakeSource>,
    pub target: Memory,
    pub clock: Arc<HandClock>,
    pub store: Arc<MemoryStore>,
    pub engine: Arc<Engine>,
    /// In force from the next configuration on.
    pub write_back: WriteBack,
    pub policy: Policy,
    guards: Guards,
}

impl World {
    pub fn new() -> World {
        World::with(Memory::everything())
    }

    pub fn with(capabilities: Capabilities) -> World {
        let clock = Arc::new(HandClock(Mutex::new("2026-06-01T09:00:00Z".parse().unwrap())));
        let source = Arc::new(FakeSource(Mutex::default()));
        let target = Memory::with("hr", capabilities);
        let store = Arc::new(MemoryStore::default());
        let guards = Guards::default();
        let engine = Arc::new(engine(&source, &target, &clock, &store, guards, Origin::Fresh, "first"));
        World {
            source,
            target,
            clock,
            store,
            engine,
            guards,
            write_back: WriteBack::default(),
            policy: Policy::default(),
        }
    }

    pub fn guards(mut self, guards: Guards) -> World {
        self.guards = guards;
        self.restart();
        self
    }

    /// The process is killed and started again: everything but the store and the world is gone.
    pub fn restart(&mut self) {
        let (source, target, clock, store) = (&self.source, &self.target, &self.clock, &self.store);
        let engine = engine(source, target, clock, store, self.guards, Origin::Fresh, "unused");
        self.engine = Arc::new(engine);
    }

    /// The ledger is lost.
    pub fn lose_ledger(&mut self) {
        self.store = Arc::new(MemoryStore::default());
        let lost = Origin::Recovery { why: "a test threw it away".to_owned(), kept: None };
        let (source, target, clock, store) = (&self.source, &self.target, &self.clock, &self.store);
        self.engine = Arc::new(engine(source, target, clock, store, self.guards, lost, "second"));
    }

    /// The process is started again on a copy of its ledger.
    pub fn copy_ledger(&mut self) {
        ledger::begin_as_copy(&*self.store, "a copy", None).unwrap();
        self.restart();
    }

    pub async fn cycle(&self) -> CycleReport {
        self.try_cycle(SweepKind::Changes).await.unwrap()
    }

    pub async fn try_cycle(&self, sweep: SweepKind) -> Result<CycleReport, CycleError> {
        self.engine.cycle(CycleOrder { sweep, approve: false }).await
    }

    pub fn later(&self, by: TimeDelta) {
        self.clock.advance(by);
    }

    /// A recruiter hires somebody, now.
    pub fn hire(&self, who: &str, name: &str, what: &str) {
        let hired_at = self.clock.now();
        self.hire_at(who, name, what, hired_at);
    }

    pub fn hire_at(&self, who: &str, name: &str, what: &str, hired_at: Timestamp) {
        self.change(who, |person| {
            person.name = FullName::new(name);
            person.hires.insert(opportunity(what), hire(hired_at));
            person.opportunities.insert(opportunity(what), Candidacy::Hired);
        });
    }

    pub fn unhire(&self, who: &str, what: &str) {
        self.change(who, |person| {
            person.hires.remove(what);
            person.opportunities.insert(opportunity(what), Candidacy::Open);
        });
    }

    pub fn rename(&self, who: &str, name: &str) {
        self.change(who, |person| person.name = FullName::new(name));
    }

    /// A recruiter moves somebody to another place.
    pub fn place(&self, who: &str, place: &str) {
        self.change(who, |person| person.location = Some(Pii::new(place.to_owned())));
    }

    /// A recruiter gives the posting of a hire another title.
    pub fn promote(&self, who: &str, what: &str, title: &str) {
        self.change(who, |person| {
            let hire = person.hires.get_mut(what).expect("somebody hired");
            hire.posting = Some(Posting { title: Some(title.to_owned()), ..Posting::default() });
        });
    }

    /// Lever merges two profiles: `loser` is gone, and all there was is `winner`'s.
    pub fn merge(&self, loser: &str, winner: &str) {
        let mut people = self.source.people();
        people.persons.remove(loser);
        people.moved.insert(contact(loser), contact(winner));
    }

    /// Lever loses somebody. `change` brings back what it answers.
    pub fn lose(&self, who: &str) -> Person {
        self.source.people().persons.remove(who).expect("somebody")
    }

    /// HR edits a field of the only record.
    pub fn hr_writes(&self, field: &str, value: &str) {
        let remote = self.only_record().remote;
        self.target.edit(&remote, |record| {
            record.person.insert(FieldName::new(field), Pii::new(Value::Text(value.to_owned())));
        });
    }

    pub fn only_record(&self) -> Record {
        let mut records = self.target.records();
        assert_eq!(records.len(), 1, "there is exactly one record");
        records.remove(0)
    }

    /// As many deliveries as were made since the last of `before`.
    pub fn deliveries_after(&self, before: usize) -> usize {
        self.target.deliveries().len() - before
    }

    /// Full sweeps, each half a day after what was before it.
    pub async fn full_sweeps(&self, sweeps: usize) {
        for _ in 0..sweeps {
            self.later(TimeDelta::hours(12));
            self.try_cycle(SweepKind::Full).await.unwrap();
        }
    }

    /// The process is started again, with these rules for the target.
    pub fn configure(&mut self, rules: &Rules) {
        let mapping = compile(rules);
        self.restart_with(self.target.adapter(), mapping);
    }

    /// HR enters somebody by hand.
    pub fn staff(&self, name: &str, email: &str) -> RemoteId {
        let text = |text: &str| Pii::new(Value::Text(text.to_owned()));
        let fields = [(FieldName::new("name"), text(name)), (FieldName::new("email"), text(email))];
        self.target.plant(None, fields.into(), BTreeMap::new())
    }

    /// What the history of somebody says, in order.
    pub fn history(&self, who: &str) -> Vec<Outcome> {
        let events = self.engine.ledger().history(&contact(who)).unwrap();
        events.into_iter().map(|event| event.outcome).collect()
    }

    /// What is said of somebody: code, and words.
    pub fn explained(&self, who: &str) -> (String, String) {
        let explained = self.engine.explain(&contact(who)).unwrap().targets.remove(0);
        (explained.code, explained.what)
    }

    /// One cycle and then nothing more to do: a further look at everybody writes nothing.
    pub async fn settles(&self) {
        let everything = |world: &World| {
            let ledger = world.engine.ledger();
            let target = world.target.adapter().info().target.clone();
            let standings = ledger.standings(&target, None, usize::MAX).unwrap();
            (standings, ledger.history_since(None).unwrap(), ledger.tasks().unwrap(), world.target.records())
        };
        let before = everything(self);
        self.try_cycle(SweepKind::Full).await.unwrap();
        assert_eq!(everything(self), before, "an idle cycle says and does nothing");
    }

    /// The process is started again with another adapter and mapping.
    pub fn restart_with(&mut self, adapter: Arc<dyn HrisAdapter>, mapping: Mapping) {
        let store: Arc<dyn Store> = Arc::<MemoryStore>::clone(&self.store);
        let ledger = ledger_over(store, Origin::Fresh, "unused");
        self.engine = Arc::new(assemble(
            &self.source,
            adapter,
            &self.clock,
            ledger,
            self.guards,
            mapping,
            self.write_back.clone(),
            self.policy.clone(),
        ));
    }

    pub fn change(&self, who: &str, change: impl FnOnce(&mut Person)) {
        let mut people = self.source.people();
        people.version += 1;
        people.changed.insert(contact(who));
        change(people.persons.entry(contact(who)).or_insert_with(|| nobody(who)));
    }

    pub fn standing(&self, who: &str) -> Standing {
        let target = self.target.adapter().info().target.clone();
        self.engine.ledger().standing(&target, &contact(who)).unwrap().unwrap_or_default()
    }

    pub fn state(&self, who: &str) -> Option<&'static str> {
        engine::status::state(&self.standing(who))
    }

    /// The name over there.
    pub fn name_there(&self, who: &str) -> String {
        let record = self.target.record_of(&contact(who)).expect("there is exactly one record");
        record.person.get("name").expect("it has a name").reveal().to_text()
    }

    pub fn open_tasks(&self) -> Vec<adapter_sdk::TaskKind> {
        let tasks = self.engine.ledger().tasks().unwrap();
        tasks.iter().filter(|task| task.done_at.is_none()).map(|task| task.kind).collect()
    }

    pub fn reads(&self) -> usize {
        std::mem::take(&mut self.source.people().read).len()
    }
}

fn engine(
    source: &Arc<FakeSource>,
    target: &Memory,
    clock: &Arc<HandClock>,
    store: &Arc<MemoryStore>,
    guards: Guards,
    origin: Origin,
    lineage: &str,
) -> Engine {
    let store: Arc<dyn Store> = Arc::<MemoryStore>::clone(store);
    engine_over(source, target.adapter(), clock, store, guards, origin, lineage)
}

pub fn engine_over(
    source: &Arc<FakeSource>,
    adapter: Arc<dyn HrisAdapter>,
    clock: &Arc<HandClock>,
    store: Arc<dyn Store>,
    guards: Guards,
    origin: Origin,
    lineage: &str,
) -> Engine {
    let mapping = mapping(PERSON, HIRE);
    let ledger = ledger_over(store, origin, lineage);
    assemble(source, adapter, clock, ledger, guards, mapping, WriteBack::default(), Policy::default())
}

/// The same over a ledger that is open already.
pub fn engine_with(world: &World, ledger: Ledger) -> Engine {
    let (write_back, policy) = (world.write_back.clone(), world.policy.clone());
    let adapter = world.target.adapter();
    let mapping = mapping(PERSON, HIRE);
    assemble(&world.source, adapter, &world.clock, ledger, world.guards, mapping, write_back, policy)
}

/// What is mapped unless a test says otherwise.
pub const PERSON: &[(&str, &str)] = &[("ref", "contact"), ("name", "name.full"), ("place", "location")];
pub const HIRE: &[(&str, &str)] = &[("title", "posting.title"), ("decided", "today")];

pub fn mapping(person: &[(&str, &str)], hire: &[(&str, &str)]) -> Mapping {
    compile(&Rules::short(person, hire))
}

/// What is mapped unless a test says otherwise, with rules for some fields: of a hire, if they are named like one of its.
pub fn rules(of: &[(&str, Rule)]) -> Rules {
    let mut rules = Rules::short(PERSON, HIRE);
    for (field, rule) in of {
        let is_of_hire = rules.hire.iter().any(|(name, _)| name == field);
        let level = if is_of_hire { &mut rules.hire } else { &mut rules.person };
        level.retain(|(name, _)| name != field);
        level.push(((*field).to_owned(), rule.clone()));
    }
    rules
}

pub fn compile(rules: &Rules) -> Mapping {
    let open = FieldSchema { open: true, ..FieldSchema::default() };
    Mapping::compile(rules, &Tables::new(), &open, chrono_tz::UTC).unwrap()
}

fn ledger_over(store: Arc<dyn Store>, origin: Origin, lineage: &str) -> Ledger {
    let key = DigestKey::new(Secret::new("key".to_owned()));
    Ledger::over(store, key, lineage, origin).unwrap()
}

#[expect(clippy::too_many_arguments, reason = "what an engine is made of, piece by piece")]
fn assemble(
    source: &Arc<FakeSource>,
    adapter: Arc<dyn HrisAdapter>,
    clock: &Arc<HandClock>,
    ledger: Ledger,
    guards: Guards,
    mapping: Mapping,
    write_back: WriteBack,
    policy: Policy,
) -> Engine {
    Engine::new(Parts {
        source: Arc::<FakeSource>::clone(source),
        targets: vec![Target {
            name: adapter.info().target.clone(),
            adapter,
            mapping: Arc::new(mapping),
            write_back,
            policy,
        }],
        ledger: Arc::new(ledger),
        clock: Arc::<HandClock>::clone(clock),
        settings: Settings {
            hired_since: SINCE.parse().unwrap(),
            zone: chrono_tz::UTC,
            guards,
            retention_days: 90,
        },
    })
}

fn nobody(who: &str) -> Person {
    Person { location: Some(Pii::new("Leeds".to_owned())), ..Person::new(contact(who)) }
}

fn hire(hired_at: Timestamp) -> Hire {
    let posting = Posting { title: Some("Engineer".to_owned()), ..Posting::default() };
    Hire { posting: Some(posting), ..Hire::new(hired_at) }
}
