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
    Build, HrisAdapter, Level,
    conformance::Somebody,
    settings::{Node, Reading, Secrets},
};
use async_trait::async_trait;
use http::{Failure, Method, Request, Response, Transport};
use mapping::{Decisions, Mapping, Rule, Rules, Tables};
use people::{
    Candidacy, Clock, ContactId, FullName, Hire, OpportunityId, Person, Phone, PhoneKind, Pii, Posting,
    SystemClock, Timestamp, Wanted, Zone,
};
use sandbox::{
    Sending,
    cezanne::{Cezanne, SERVICE_PATH, Settings, TOKEN_PATH},
};

pub const HOST: &str = "https://acme.cezanneondemand.com";
/// The day of processing of every test.
pub const TODAY: &str = "2026-05-04";

/// The pretend tenant as the way out leads to it.
pub struct Network {
    pub tenant: Mutex<Cezanne>,
    refuse: AtomicBool,
    /// The next person is made, no answer comes, and the next look at one fails.
    lose: AtomicBool,
    blind: AtomicBool,
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

impl Tenant {
    /// A tenant, and `more` TOML under `[targets.bench]`.
    pub fn new(settings: Settings, more: &str) -> Tenant {
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
        let Node::Table(entries) = toml::from_str::<Node>(&text).unwrap() else { panic!("a table") };
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
        let tables = Tables::from([(
            "companies".to_owned(),
            BTreeMap::from([
                ("London".to_owned(), "ACME-UK".to_owned()),
                ("Dublin".to_owned(), "ACME-IE".to_owned()),
            ]),
        )]);
        let mapping = Mapping::compile(&all, &tables, &schema, Zone::UTC).unwrap();
        let network = Network {
            tenant: Mutex::new(Cezanne::new(settings, now_ms())),
            refuse: AtomicBool::new(false),
            lose: AtomicBool::new(false),
            blind: AtomicBool::new(false),
            asked: Mutex::default(),
        };
        let entries = entries.into_iter().filter(|(name, _)| name != "person" && name != "hire").collect();
        Tenant { network: Arc::new(network), entries, mapping, known: Mutex::default() }
    }

    /// An empty tenant, told how it writes an employment without an end.
    pub fn empty(settings: Settings, more: &str) -> Tenant {
        Tenant::new(Settings { staff: 0, ..settings }, &format!("open_ended = \"9999-12-31\"\n{more}"))
    }

    pub fn account(&self) -> MutexGuard<'_, Cezanne> {
        self.network.tenant.lock().unwrap()
    }

    pub fn adapter(&self) -> Arc<dyn HrisAdapter> {
        let reading = reading();
        let section = reading.section("targets.bench", Some(Node::Table(self.entries.clone())));
        let build = Build {
            target: "bench".parse().unwrap(),
            columns: self.mapping.columns(),
            clock: Arc::new(Noon),
            transport: Arc::<Network>::clone(&self.network),
        };
        (cezanne::REGISTRATION.build)(section, build).unwrap_or_else(|| panic!("{:?}", reading.faults()))
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
    let _ = (Level::Person, SystemClock);
    person
}
