//! A pretend Cezanne behind a transport, and an adapter with its mapping before it.
#![allow(dead_code, clippy::unwrap_used, reason = "helpers of tests; each test program uses some of them")]

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt, fs,
    path::PathBuf,
    sync::{
        Arc, Mutex, MutexGuard, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
};

use adapter_sdk::{
    Build, Delivery, Error, Found, Generation, HrisAdapter, Identity, Intent, Link, Next, Receipt, Step,
    conformance::Somebody,
    layers,
    settings::{Node, Reading, Secrets},
};
use async_trait::async_trait;
use http::{Failure, Method, Request, Response, Transport, Way};
use mapping::{Decisions, Mapping, Rule, Rules, Tables};
use people::{
    Candidacy, Clock, ContactId, FieldKey, FullName, Hire, OpportunityId, Person, Phone, PhoneKind, Pii,
    Posting, Timestamp, Wanted, Zone,
};
use sandbox::{
    Sending,
    cezanne::{Cezanne, Fault, Record, SERVICE_PATH, Settings, TOKEN_PATH, Variant},
};

pub const HOST: &str = "https://acme.cezanneondemand.com";
/// The day of processing of every test.
pub const TODAY: &str = "2026-05-04";

/// The kinds of `$metadata` that are met.
pub const VARIANTS: [Variant; 3] = [Variant::Description, Variant::Code, Variant::V4];
/// Ann, who has something in every field of Lever's.
pub const ANN: &str = "6f1e0c52-8a0e-4e57-9a57-1a2b3c4d5e6f";
/// Her hires.
pub const HIRES: [&str; 3] = [
    "b7d0a1c4-0001-4f6e-8d11-aaaaaaaaaaaa",
    "b7d0a1c4-0002-4f6e-8d11-bbbbbbbbbbbb",
    "b7d0a1c4-0003-4f6e-8d11-cccccccccccc",
];
/// What must be in no error, no obstacle, no task and no log line.
pub const PERSONAL: [&str; 5] = ["Ann", "O'Neil", "ann+jobs", "example.org", "900123"];

/// The pretend tenant as the way out leads to it.
pub struct Network {
    pub tenant: Mutex<Cezanne>,
    refuse: AtomicBool,
    /// The next person is made, no answer comes, and the next look at one fails.
    lose: AtomicBool,
    blind: AtomicBool,
    /// Lists are not sorted by names.
    unsorted: AtomicBool,
    /// Method and path of each request.
    pub asked: Mutex<Vec<(Method, String)>>,
}

impl fmt::Debug for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Network")
    }
}

#[async_trait]
impl Transport for Network {
    async fn send(&self, request: Request) -> Result<Response, Failure> {
        // As over a real wire, the caller is polled more than once.
        tokio::task::yield_now().await;
        if self.refuse.swap(false, Ordering::Relaxed) {
            return Err(Failure::NotSent("nobody listens".to_owned()));
        }
        let path = request.url.path().to_owned();
        self.asked.lock().unwrap().push((request.method, path.clone()));
        let is_people = path.contains("/People");
        if is_people && request.method == Method::Get && self.blind.swap(false, Ordering::Relaxed) {
            return Err(Failure::Unanswered("nothing came".to_owned()));
        }
        let sorted =
            request.url.query_pairs().any(|(name, by)| name == "$orderby" && by.contains("GIVENNAME"));
        if sorted && self.unsorted.load(Ordering::Relaxed) {
            return Ok(Response { status: 400, headers: Vec::new(), body: Default::default() });
        }
        let mut asked = sandbox::Request::new(request.method.as_str(), request.url.as_str());
        asked.headers =
            request.headers.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        asked.headers.push(("host".to_owned(), "acme.cezanneondemand.com".to_owned()));
        asked.body = request.body;
        let reply = self.tenant.lock().unwrap().handle(now_ms(), &asked);
        if is_people && request.method == Method::Post && self.lose.swap(false, Ordering::Relaxed) {
            self.blind.store(true, Ordering::Relaxed);
            return Err(Failure::Unanswered("nothing came".to_owned()));
        }
        match reply.sending {
            Sending::Whole if reply.body.len() > request.body_max => Err(Failure::TooLong),
            Sending::Whole => Ok(Response {
                status: reply.status,
                headers: reply.headers.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
                body: reply.body,
            }),
            _ => Err(Failure::Unanswered("cut".to_owned())),
        }
    }
}

fn now_ms() -> u64 {
    u64::try_from(Noon.now().timestamp_millis()).unwrap()
}

/// It is always noon of the day of processing.
#[derive(Debug)]
pub struct Noon;

impl Clock for Noon {
    fn now(&self) -> Timestamp {
        format!("{TODAY}T12:00:00Z").parse().unwrap()
    }
}

/// A folder with the secret that the settings name.
pub fn reading() -> Reading {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    let folder = FOLDER.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap().keep();
        fs::write(folder.join("cezanne-secret"), Settings::default().access.client_secret).unwrap();
        folder
    });
    Reading::new(folder.clone(), None, Secrets::Needed)
}

/// A tenant and what the configuration says of it.
pub struct Tenant {
    pub network: Arc<Network>,
    entries: Vec<(String, Node)>,
    mapping: Mapping,
    /// Who was asked for, by contact.
    known: Mutex<BTreeMap<ContactId, Vec<OpportunityId>>>,
}

impl Drop for Tenant {
    /// Whatever a test was about: nothing was replaced, deleted or called, and nobody stands there twice.
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.assert_gentle();
        }
    }
}

impl Tenant {
    /// A tenant, and `more` TOML under `[targets.bench]`.
    pub fn new(settings: Settings, more: &str) -> Tenant {
        Tenant::told(settings, more).unwrap_or_else(|faults| panic!("{faults:?}"))
    }

    /// The same, or what is wrong with the mapping.
    pub fn told(settings: Settings, more: &str) -> Result<Tenant, Vec<String>> {
        let text = format!(
            r#"
service_root = "{HOST}{SERVICE_PATH}"
token_url = "{HOST}{TOKEN_PATH}"
client_id = "{}"
client_secret = {{ file = "cezanne-secret" }}
company_code = "{}"
calls_per_second_max = 1000
{more}
"#,
            settings.access.client_id, settings.companies[0]
        );
        Tenant::configured(settings, &text)
    }

    /// A tenant, and the whole of `[targets.bench]`.
    pub fn configured(settings: Settings, text: &str) -> Result<Tenant, Vec<String>> {
        let Node::Table(entries) = toml::from_str::<Node>(text).unwrap() else { panic!("a table") };
        let rules = |level: &str| -> Vec<(String, Rule)> {
            let table = entries.iter().find(|(name, _)| name == level).map(|(_, node)| node.clone());
            let Some(Node::Table(fields)) = table else { return Vec::new() };
            let rule = |node| match node {
                Node::Text(text) => Rule::new(text),
                other => panic!("a test maps by short forms: {other:?}"),
            };
            fields.into_iter().map(|(name, node)| (name, rule(node))).collect()
        };
        let all = Rules { person: rules("person"), hire: rules("hire"), ..Rules::default() };
        let reading = reading();
        let section = reading.section("targets.bench", Some(Node::Table(entries.clone())));
        let schema = (cezanne::REGISTRATION.schema)(&section);
        let companies =
            [("London", "ACME-UK"), ("Dublin", "ACME-IE"), ("Engineering", "ACME-IE"), ("irish", "ACME-IE")];
        let companies = companies.map(|(from, to)| (from.to_owned(), to.to_owned()));
        let tables = Tables::from([("companies".to_owned(), BTreeMap::from(companies))]);
        let mapping = Mapping::compile(&all, &tables, &schema, Zone::UTC)
            .map_err(|faults| faults.iter().map(|fault| format!("{fault:?}")).collect::<Vec<_>>())?;
        let settings = Settings { origin: settings.origin.or(Some(HOST.to_owned())), ..settings };
        let network = Network {
            tenant: Mutex::new(Cezanne::new(settings, now_ms())),
            refuse: AtomicBool::new(false),
            lose: AtomicBool::new(false),
            blind: AtomicBool::new(false),
            unsorted: AtomicBool::new(false),
            asked: Mutex::default(),
        };
        let entries = entries.into_iter().filter(|(name, _)| name != "person" && name != "hire").collect();
        Ok(Tenant { network: Arc::new(network), entries, mapping, known: Mutex::default() })
    }

    /// The same tenant under other settings, the mapping's included.
    pub fn with(&self, more: &str) -> Tenant {
        let settings = self.account().settings().clone();
        let mut tenant = Tenant::new(settings, more);
        tenant.network = Arc::clone(&self.network);
        tenant
    }

    /// A text of the settings is another one from now on, as after the file was changed.
    pub fn set(&mut self, key: &str, text: &str) {
        self.entries.retain(|(name, _)| name != key);
        self.entries.push((key.to_owned(), Node::Text(text.to_owned())));
    }

    /// What is wrong with the settings.
    pub fn faults(&self) -> Vec<String> {
        let reading = reading();
        let section = reading.section("targets.bench", Some(Node::Table(self.entries.clone())));
        let _ = (cezanne::REGISTRATION.build)(section, self.build());
        reading.faults().iter().map(ToString::to_string).collect()
    }

    /// Plans faults, as their text form has it.
    pub fn plan(&self, faults: &str) {
        for fault in Fault::parse_list(faults).unwrap() {
            self.account().add_fault(fault);
        }
    }

    pub fn now(&self) -> u64 {
        now_ms()
    }

    /// Requests that write to a set, however they came out.
    pub fn writes_to(&self, set: &str) -> u64 {
        let account = self.account();
        ["POST", "PATCH", "MERGE"].iter().map(|method| account.figures().of(method, set)).sum()
    }

    /// Requests that write, to each of the sets in turn: people, contact details, employments.
    pub fn writes(&self) -> [u64; 3] {
        ["People", "Communications", "Employments"].map(|set| self.writes_to(set))
    }

    /// The only person there is.
    pub fn only_person(&self) -> Record {
        let mut people = self.account().people();
        assert_eq!(people.len(), 1, "one person");
        people.remove(0)
    }

    /// The only row of contact details there is.
    pub fn only_communications(&self) -> Record {
        let mut rows = self.account().communications();
        assert_eq!(rows.len(), 1, "one row of contact details");
        rows.remove(0)
    }

    /// The only employment there is.
    pub fn only_employment(&self) -> Record {
        let mut rows = self.account().employments();
        assert_eq!(rows.len(), 1, "one employment");
        rows.remove(0)
    }

    /// Ids of all employments.
    pub fn employment_ids(&self) -> Vec<String> {
        self.account().employments().iter().map(|row| row.text("EMPLOYMENTID").to_owned()).collect()
    }

    fn assert_gentle(&self) {
        let account = self.account();
        let figures = account.figures();
        assert_eq!((figures.puts, figures.deletes, figures.function_calls), (0, 0, 0), "never");
        for (code, rows) in account.rows_by_person() {
            assert!(rows.communications <= 1, "{code} has contact details once");
        }
    }

    fn build(&self) -> Build {
        Build {
            target: "bench".parse().unwrap(),
            columns: self.mapping.columns(),
            clock: Arc::new(Noon),
            way: Way::whole(Arc::<Network>::clone(&self.network)),
        }
    }

    /// An empty tenant, told how it writes an employment without an end.
    pub fn empty(settings: Settings, more: &str) -> Tenant {
        Tenant::new(Settings { staff: 0, ..settings }, &format!("open_ended = \"9999-12-31\"\n{more}"))
    }

    pub fn account(&self) -> MutexGuard<'_, Cezanne> {
        self.network.tenant.lock().unwrap()
    }

    pub fn adapter(&self) -> Arc<dyn HrisAdapter> {
        self.adapter_on(Arc::<Network>::clone(&self.network))
    }

    /// An adapter whose way out leads elsewhere.
    pub fn adapter_on(&self, transport: Arc<dyn Transport>) -> Arc<dyn HrisAdapter> {
        let reading = reading();
        let section = reading.section("targets.bench", Some(Node::Table(self.entries.clone())));
        (cezanne::REGISTRATION.build)(section, Build { way: Way::whole(transport), ..self.build() })
            .unwrap_or_else(|| panic!("{:?}", reading.faults()))
    }

    /// The fields of somebody, by the real mapping.
    pub fn wanted(&self, somebody: &Somebody) -> Wanted {
        let hires: Vec<OpportunityId> = somebody.hires.keys().cloned().collect();
        self.known.lock().unwrap().insert(somebody.contact.clone(), hires);
        self.wanted_of(&person(somebody))
    }

    pub fn wanted_of(&self, person: &Person) -> Wanted {
        let hires: BTreeSet<&OpportunityId> = person.hires.keys().collect();
        let days: Decisions = hires.iter().map(|hire| ((*hire).clone(), TODAY.parse().unwrap())).collect();
        self.mapping.apply(person, &hires, &days)
    }

    /// Which hire an employment is of, by its number.
    pub fn hire_of(&self, contact: &ContactId, employment: &str) -> OpportunityId {
        let known = self.known.lock().unwrap();
        let number = employment.strip_prefix(contact.as_str()).unwrap_or_default();
        let nth: usize = number.strip_prefix('-').map_or(1, |number| number.parse().unwrap());
        known[contact][nth - 1].clone()
    }

    pub fn refuse_once(&self) -> bool {
        self.network.refuse.store(true, Ordering::Relaxed);
        true
    }

    pub fn refuse_to_sort_by_name(&self) {
        self.network.unsorted.store(true, Ordering::Relaxed);
    }

    pub fn lose_the_next_person(&self) -> bool {
        self.network.lose.store(true, Ordering::Relaxed);
        true
    }
}

/// Somebody as Lever has them.
pub fn person(somebody: &Somebody) -> Person {
    let mut person = Person::new(somebody.contact.clone());
    person.name = FullName::new(format!("{} {}", somebody.first, somebody.last).trim());
    person.emails = somebody.email.iter().cloned().map(Pii::new).collect();
    let mobile = |number: &String| Phone { number: Pii::new(number.clone()), kind: Some(PhoneKind::Mobile) };
    person.phones = somebody.phone.iter().map(mobile).collect();
    for (nth, (opportunity, title)) in somebody.hires.iter().enumerate() {
        let at = Noon.now() + chrono::TimeDelta::minutes(i64::try_from(nth).unwrap());
        let mut hire = Hire::new(at);
        hire.posting = Some(Posting { title: Some(title.clone()), ..Posting::default() });
        person.hires.insert(opportunity.clone(), hire);
        person.opportunities.insert(opportunity.clone(), Candidacy::Hired);
    }
    person
}

/// Ann: every phone there is, two addresses, one hire.
pub fn ann() -> Person {
    let mut person = Person::new(ANN.parse().unwrap());
    person.name = FullName::new("Ann O'Neil");
    person.emails =
        ["ann+jobs@example.org", "ann@example.net"].map(|mail| Pii::new(mail.to_owned())).to_vec();
    let phones = [
        (PhoneKind::Mobile, "+44 7700 900123"),
        (PhoneKind::Home, "+44 20 7946 0001"),
        (PhoneKind::Work, "+44 20 7946 0002"),
        (PhoneKind::Other, "+44 20 7946 0003"),
        (PhoneKind::Skype, "ann.oneil"),
    ];
    person.phones =
        phones.map(|(kind, number)| Phone { kind: Some(kind), number: Pii::new(number.to_owned()) }).to_vec();
    hire(&mut person, 0);
    person
}

/// Adds the `nth` of [`HIRES`], each a day after the one before.
pub fn hire(person: &mut Person, nth: usize) -> &mut Hire {
    let opportunity: OpportunityId = HIRES[nth].parse().unwrap();
    person.opportunities.insert(opportunity.clone(), Candidacy::Hired);
    let at = format!("2026-04-{:02}T09:00:00Z", 20 + nth);
    let mut hired = Hire::new(at.parse().unwrap());
    hired.posting = Some(Posting { title: Some("Engineer".to_owned()), ..Posting::default() });
    person.hires.insert(opportunity.clone(), hired);
    person.hires.get_mut(&opportunity).unwrap()
}

/// One contact, and what the engine would remember of them.
pub struct Story<'t> {
    tenant: &'t Tenant,
    adapter: Arc<dyn HrisAdapter>,
    pub person: Person,
    pub link: Option<Link>,
    pub unfinished: Vec<Step>,
    intent: Option<Intent>,
    agreed: Option<Wanted>,
    generation: u64,
}

impl<'t> Story<'t> {
    pub fn of(tenant: &'t Tenant, person: Person) -> Story<'t> {
        Story {
            tenant,
            adapter: layers::wrap(tenant.adapter()),
            person,
            link: None,
            unfinished: Vec::new(),
            intent: None,
            agreed: None,
            generation: 0,
        }
    }

    /// The daemon starts anew: the adapter remembers nothing.
    pub fn restart(&mut self) {
        self.adapter = layers::wrap(self.tenant.adapter());
    }

    /// The ledger is lost as well.
    pub fn forget(&mut self) {
        *self = Story::of(self.tenant, self.person.clone());
    }

    pub fn adapter(&self) -> &dyn HrisAdapter {
        &*self.adapter
    }

    /// Whom the engine would look for.
    pub fn identity(&self) -> Identity {
        let person = &self.person;
        let wanted = self.tenant.wanted_of(person);
        let mut hires: Vec<&OpportunityId> = person.hires.keys().collect();
        hires.sort_by_key(|hire| person.hires[*hire].hired_at);
        let key = self.adapter.info().schema.key.as_ref().and_then(|key| wanted.person.get(key));
        Identity {
            hires: hires.iter().map(|hire| (*hire).clone()).collect(),
            order: hires.into_iter().cloned().collect(),
            key: key.map(|value| value.reveal().to_text()).filter(|key| !key.is_empty()),
            name: person.name.clone(),
            emails: person.emails.clone(),
            ..Identity::new(person.contact.clone(), person.opportunities.keys().cloned().collect())
        }
    }

    /// What is owed now.
    pub fn delivery(&mut self) -> Delivery {
        self.generation += 1;
        let wanted = self.tenant.wanted_of(&self.person);
        let is_new = |link: &Link| wanted.hires.keys().any(|hire| !link.hires.contains_key(hire));
        let intent = match &self.link {
            _ if !self.unfinished.is_empty() && self.intent.is_some() => self.intent.unwrap(),
            None => Intent::Add,
            Some(link) if is_new(link) => Intent::AddHire,
            Some(_) => Intent::Update,
        };
        self.intent = Some(intent);
        Delivery {
            target: "bench".parse().unwrap(),
            contact: self.person.contact.clone(),
            generation: Generation(self.generation),
            intent,
            changed: self.changed(&wanted),
            order: self.identity().hires,
            looked_at: false,
            seen: None,
            wanted,
            link: self.link.clone(),
            withdrawn: Default::default(),
            unfinished: self.unfinished.clone(),
        }
    }

    fn changed(&self, wanted: &Wanted) -> Vec<FieldKey> {
        let agreed: BTreeMap<FieldKey, _> = self.agreed.iter().flat_map(Wanted::iter).collect();
        let moved = wanted.iter().filter(|(key, value)| agreed.get(key) != Some(value));
        moved.map(|(key, _)| key).collect()
    }

    /// One attempt, and what is remembered of it.
    pub async fn attempt(&mut self) -> Result<Receipt, Error> {
        let delivery = self.delivery();
        assert!(
            delivery.wanted.missing.is_empty(),
            "nothing holds this person: {:?}",
            delivery.wanted.missing
        );
        let receipt = self.adapter.deliver(std::slice::from_ref(&delivery)).await.remove(0)?;
        self.link = Some(receipt.link.clone());
        self.unfinished = receipt.unfinished.clone();
        if self.unfinished.is_empty() {
            self.agreed = Some(delivery.wanted);
        }
        Ok(receipt)
    }

    /// An attempt that is to leave nothing undone.
    pub async fn done(&mut self) -> Receipt {
        let receipt = self.attempt().await.unwrap_or_else(|error| panic!("delivering: {}", error.chain()));
        assert_eq!((&receipt.unfinished[..], &receipt.obstacle), (&[][..], &None));
        receipt
    }

    /// A look before anything is sent again: a proven record is this person's, and the rest is still owed.
    pub async fn look(&mut self) -> Vec<Found> {
        let found =
            self.adapter.find(&self.identity()).await.unwrap_or_else(|error| panic!("{}", error.chain()));
        let mut proven = found.iter().filter(|found| found.evidence.is_proof());
        if let (Some(one), None) = (proven.next(), proven.next()) {
            self.link = Some(one.link.clone());
            self.unfinished = vec![Step::rest()];
        }
        found
    }

    /// Goes on as the engine does until nothing is left to do. Says how many attempts it took.
    pub async fn go_on(&mut self) -> u32 {
        for attempts in 1..=6 {
            match self.attempt().await {
                Ok(receipt) if receipt.unfinished.is_empty() => return attempts,
                Ok(_) => {}
                Err(error) if error.next() == Next::FindFirst => drop(self.look().await),
                Err(error) => assert!(matches!(error.next(), Next::Retry { .. }), "{}", error.chain()),
            }
        }
        panic!("it never ends")
    }
}

/// Everything that an error says to anybody.
pub fn said(error: &Error) -> String {
    let obstacle = error.stands_in_the_way().map(ToString::to_string).unwrap_or_default();
    format!("{} {error:?} {obstacle}", error.chain())
}

/// What nobody may read.
pub fn assert_impersonal(text: &str) {
    for value in PERSONAL {
        assert!(!text.contains(value), "{value} is in: {text}");
    }
}
