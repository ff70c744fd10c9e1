//! Dry runs over faulty worlds: Lever and Cezanne each fail in one of fourteen ways or not at all, cycles were cut off, ledgers lost,
//! records edited and taken away; whatever a dry run meets, it asks for nothing that could change anything, and leaves ledger and export
//! folder as they were. Counted at the wire and by both state machines, through the wiring of the real program.
//!
//! `HIRESYNC_DRY_RUNS=20000 cargo test -p scenarios dry_runs -- --nocapture` does as many as that, `HIRESYNC_DRY_SEED` in other worlds.
//! Where something was changed, the two variables that bring the world back are said: its runs are the last.

use std::{
    collections::BTreeMap,
    fmt, fs,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use chrono::DateTime;
use engine::{CycleOrder, Engine, SweepKind};
use hiresync::{
    config::{Config, Env, Outside},
    wiring::{Equipped, Ground},
};
use http::{Failure, Method, Request, Response, Transport, Way};
use ledger::{DigestKey, Entry, Ledger, MemoryStore, Origin, Store, Tree};
use people::{Clock, Secret, Timestamp};
use rand::{RngExt, SeedableRng, seq::IndexedRandom};
use rand_chacha::ChaCha8Rng;
use sandbox::{
    Lever, NewContact, Sending,
    cezanne::{self, Cezanne, SERVICE_PATH, TOKEN_PATH, Variant},
};
use tempfile::TempDir;
use tokio::time::{Instant, sleep, timeout};

use super::world::{Counts, KEY};
use crate::harness::{lever::hire, number};

/// Dry runs of an ordinary run.
const DRY_RUNS: u64 = 2_000;
/// Of each world.
const OF_A_WORLD: u64 = 4;
/// No run has so many worlds, so that two seeds have none in common.
const MOST_WORLDS: u64 = 1 << 32;
/// 4 May 2026, noon.
const BEGIN_MS: u64 = 1_777_896_000_000;
const SECRET: &str = "cezanne-secret";

const LEVER_FAULTS: [&str; 14] = [
    "500%100",
    "close%100",
    "429%30",
    "500%20",
    "503%60",
    "html%20",
    "half%10",
    "cut%20",
    "close%30",
    "lost%30",
    "hang%5",
    "nonext%30",
    "garbled%30",
    "403@/opportunities/:id/offers%50",
];
const CEZANNE_FAULTS: [&str; 14] = [
    "500%100",
    "401%100",
    "429%20",
    "500%30",
    "503%60",
    "after=500%20",
    "close%30",
    "lost%30",
    "stuck%5",
    "login%10",
    "html%10",
    "half%20",
    "nopatch=405",
    "nolight",
];

/// What the dry runs must have met, or they prove nothing.
const SOMETIMES: [&str; 8] = [
    "said: add",
    "said: update",
    "said: adopt",
    "said: nothing",
    "could not be made",
    "cycles cut off",
    "ledgers lost",
    "requests of cycles that changed something",
];

#[test]
pub fn no_dry_run_asks_for_anything_that_could_change_something() {
    let dry_runs = number("HIRESYNC_DRY_RUNS").unwrap_or(DRY_RUNS);
    let seed = number("HIRESYNC_DRY_SEED").unwrap_or(0);
    println!("dry runs: HIRESYNC_DRY_SEED={seed} HIRESYNC_DRY_RUNS={dry_runs}");
    let mut counts = Counts::default();
    for seed in (0..dry_runs.div_ceil(OF_A_WORLD)).map(|world| seed * MOST_WORLDS + world) {
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        runtime.block_on(Box::pin(one_world(seed, &mut counts)));
    }
    for (what, count) in &counts.0 {
        println!("  {what:<50} {count:>9}");
    }
    assert!(counts.0["dry runs"] >= dry_runs);
    let never: Vec<&&str> = SOMETIMES.iter().filter(|what| !counts.0.contains_key(**what)).collect();
    assert!(dry_runs < DRY_RUNS || never.is_empty(), "these never happened: {never:?}");
}

async fn one_world(seed: u64, counts: &mut Counts) {
    let mut place = Place::new(seed);
    for _ in 0..place.dice.random_range(0..4) {
        place.live();
        place.cycle(counts).await;
    }
    place.live();
    let changed = place.wire.changing.load(Ordering::Relaxed);
    counts.add("requests of cycles that changed something", changed);
    for _ in 0..OF_A_WORLD {
        place.fail();
        let before = place.everything();
        place.dry_run(counts).await;
        assert_eq!(place.everything(), before, "{}", replay(seed));
        counts.count("dry runs");
        sleep(Duration::from_secs(place.dice.random_range(1..4_000))).await;
    }
    counts.add("requests of dry runs", place.wire.asked.load(Ordering::Relaxed));
}

/// What brings a world back. Those before it are played as well.
fn replay(world: u64) -> String {
    let (seed, runs) = (world / MOST_WORLDS, (world % MOST_WORLDS + 1) * OF_A_WORLD);
    format!(
        "HIRESYNC_DRY_SEED={seed} HIRESYNC_DRY_RUNS={runs} cargo test -p scenarios simulation::dry_runs::"
    )
}

#[test]
fn a_world_of_dry_runs_is_replayed_as_the_last_one() {
    for (world, seed, runs) in [(0, 0, 4), (499, 0, 2_000), (3 * MOST_WORLDS + 2, 3, 12)] {
        let command = replay(world);
        let variables = format!("HIRESYNC_DRY_SEED={seed} HIRESYNC_DRY_RUNS={runs} ");
        assert!(command.starts_with(&variables), "{command}");
        assert_eq!(seed * MOST_WORLDS + (runs / OF_A_WORLD - 1), world);
    }
}

/// The network, and both vendors at its ends.
struct Wire {
    lever: Mutex<Lever>,
    cezanne: Mutex<Cezanne>,
    began: Instant,
    asked: AtomicU64,
    /// Requests that could change something, wherever they went: all but GETs and those for a token.
    changing: AtomicU64,
}

impl Wire {
    fn now_ms(&self) -> u64 {
        BEGIN_MS + u64::try_from(self.began.elapsed().as_millis()).unwrap()
    }

    fn lever<T>(&self, act: impl FnOnce(&mut Lever, u64) -> T) -> T {
        act(&mut self.lever.lock().unwrap(), self.now_ms())
    }

    fn cezanne<T>(&self, act: impl FnOnce(&mut Cezanne, u64) -> T) -> T {
        act(&mut self.cezanne.lock().unwrap(), self.now_ms())
    }
}

#[async_trait]
impl Transport for Wire {
    async fn send(&self, request: Request) -> Result<Response, Failure> {
        let is_for_token = request.url.path() == TOKEN_PATH && request.method == Method::Post;
        self.asked.fetch_add(1, Ordering::Relaxed);
        if request.method != Method::Get && !is_for_token {
            self.changing.fetch_add(1, Ordering::Relaxed);
        }
        sleep(Duration::from_millis(20)).await;
        let mut asked = sandbox::Request::new(request.method.as_str(), request.url.as_str());
        asked.headers =
            request.headers.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        asked.headers.push(("host".to_owned(), request.url.authority().to_owned()));
        asked.body = request.body;
        let reply = match request.url.port() {
            Some(1) => self.lever(|lever, now| lever.handle(now, &asked)),
            _ => self.cezanne(|cezanne, now| cezanne.handle(now, &asked)),
        };
        match reply.sending {
            Sending::Whole if reply.body.len() > request.body_max => Err(Failure::TooLong),
            Sending::Whole => Ok(Response {
                status: reply.status,
                headers: reply.headers.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
                body: reply.body,
            }),
            Sending::Hang | Sending::Slowly => {
                sleep(request.deadline).await;
                Err(Failure::Unanswered("the deadline passed".to_owned()))
            }
            Sending::Cut { .. } | Sending::Nothing => {
                Err(Failure::Unanswered("the connection was closed".to_owned()))
            }
        }
    }
}

impl fmt::Debug for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Wire")
    }
}

impl Clock for Wire {
    fn now(&self) -> Timestamp {
        DateTime::from_timestamp_millis(self.now_ms().try_into().unwrap()).unwrap()
    }
}

/// One world, and the program in it.
struct Place {
    dice: ChaCha8Rng,
    wire: Arc<Wire>,
    folder: TempDir,
    store: Arc<MemoryStore>,
    lineage: u32,
}

/// What a dry run has to leave as it is.
type Everything = (BTreeMap<Tree, Vec<Entry>>, BTreeMap<PathBuf, Vec<u8>>, u64, u64, u64);

impl Place {
    fn new(seed: u64) -> Place {
        let mut dice = ChaCha8Rng::seed_from_u64(seed);
        let settings = sandbox::Settings { api_key: KEY.to_owned(), seed, rate: None, ..Default::default() };
        let lever = Lever::seeded(settings, dice.random_range(5..40), BEGIN_MS);
        let variants = [Variant::Description, Variant::Code, Variant::V4, Variant::V2];
        let tenant = cezanne::Settings {
            variant: *variants.choose(&mut dice).unwrap(),
            seed,
            staff: dice.random_range(3..12),
            ..Default::default()
        };
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("lever-api-key"), KEY).unwrap();
        fs::write(folder.path().join(SECRET), &tenant.access.client_secret).unwrap();
        let wire = Wire {
            lever: Mutex::new(lever),
            cezanne: Mutex::new(Cezanne::new(tenant, BEGIN_MS)),
            began: Instant::now(),
            asked: AtomicU64::new(0),
            changing: AtomicU64::new(0),
        };
        let place = Place { dice, wire: Arc::new(wire), folder, store: Arc::default(), lineage: 0 };
        // A new store is given its birth by whoever opens it first.
        place.ledger();
        place
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn config(&self, way: Way) -> Config {
        let access = self.wire.cezanne(|cezanne, _| cezanne.settings().access.clone());
        let company = self.wire.cezanne(|cezanne, _| cezanne.settings().companies[0].clone());
        let text = format!(
            r#"
[lever]
base_url = "http://127.0.0.1:1/v1"
api_key = {{ file = "lever-api-key" }}
hired_since = "2026-03-01"

[state]
dir = "state"

[targets.roster]
adapter = "file-export"
path = "roster"

[targets.roster.person]
ref = "contact"
name = "name.full"
email = "emails | first"

[targets.roster.hire]
title = "posting.title"
start_date = "offer.start_date"

[targets.cezanne-uk]
adapter = "cezanne"
service_root = "http://127.0.0.1:2{SERVICE_PATH}"
token_url = "http://127.0.0.1:2{TOKEN_PATH}"
client_id = "{}"
client_secret = {{ file = "{SECRET}" }}
company_code = "{company}"
calls_per_second_max = 10
new_hire_administrator = "hr@example.com"

[targets.cezanne-uk.keep]
contact = "COMMENTS"
opportunity = "HIRINGCOMMENT"
"#,
            access.client_id
        );
        let clock = Arc::<Wire>::clone(&self.wire);
        Config::parse(&text, &self.path().join("hiresync.toml"), &Env::default(), &Outside { clock, way })
            .unwrap_or_else(|faults| panic!("{faults}"))
    }

    fn ledger(&self) -> Arc<Ledger> {
        let store: Arc<dyn Store> = Arc::<MemoryStore>::clone(&self.store);
        let origin = match self.lineage {
            0 => Origin::Fresh,
            _ => Origin::Recovery { why: "a simulation threw it away".to_owned(), kept: None },
        };
        let key = DigestKey::new(Secret::new("key of a simulation".to_owned()));
        Arc::new(Ledger::over(store, key, &format!("lineage {}", self.lineage), origin).unwrap())
    }

    fn ground(&self, way: Way) -> Ground {
        let clock = Arc::<Wire>::clone(&self.wire);
        Ground { ledger: self.ledger(), way, clock }
    }

    /// The daemon, started anew.
    fn daemon(&self) -> Equipped {
        let way = Way::whole(Arc::<Wire>::clone(&self.wire));
        self.ground(way.clone()).equipped(&self.config(way))
    }

    /// A process that only asks: there is no way in it by which anything could be written.
    fn asking(&self) -> Engine {
        let way = Way::asking(Arc::<Wire>::clone(&self.wire));
        self.ground(way.clone()).asking(&self.config(way))
    }

    /// What recruiters and HR do in a while. What is not possible is not done.
    fn live(&mut self) {
        let dice = &mut self.dice;
        for _ in 0..dice.random_range(0..6) {
            let (what, whom) = (dice.random_range(0..8), dice.random_range(0..1_000_usize));
            let _ = self.wire.lever(|lever, now| {
                let contacts = lever.contacts();
                let contact = contacts[whom % contacts.len()].id.clone();
                let other = contacts[(whom / 7) % contacts.len()].id.clone();
                let hired = lever.hired();
                let hire_of = (!hired.is_empty()).then(|| hired[whom % hired.len()].clone());
                match (what, hire_of) {
                    (0..=2, _) => {
                        let new =
                            NewContact::named("Ada Example").with_email(&format!("a{whom}@example.com"));
                        let contact = lever.add_contact(new);
                        hire(lever, now, &contact).map(drop)
                    }
                    (3, _) => hire(lever, now, &contact).map(drop),
                    (4, Some(hire)) => lever.rename(now, &hire.contact, "Somebody Else"),
                    (5, Some(hire)) => lever.unarchive(now, &hire.opportunity),
                    (6, Some(hire)) => lever.anonymize(now, &hire.opportunity),
                    (_, _) => lever.merge(now, &contact, &other),
                }
            });
        }
        if dice.random_ratio(1, 3) {
            let codes: Vec<String> = self.wire.cezanne(|cezanne, _| {
                cezanne.people().iter().map(|row| row.text("PERSONID").to_owned()).collect()
            });
            if let Some(code) = codes.choose(dice) {
                let _ = self.wire.cezanne(|cezanne, _| cezanne.delete_person(code));
            }
        }
        let roster = self.folder.path().join("roster/roster.csv");
        if dice.random_ratio(1, 4)
            && let Ok(text) = fs::read_to_string(&roster)
        {
            fs::write(&roster, text.replace("Example", "Edited")).unwrap();
        }
        if dice.random_ratio(1, 12) {
            let _ = fs::remove_file(&roster);
        }
    }

    /// What goes wrong from now on.
    fn fail(&mut self) {
        let dice = &mut self.dice;
        let lever = if dice.random_ratio(1, 2) { LEVER_FAULTS.choose(dice) } else { None };
        let cezanne = if dice.random_ratio(1, 2) { CEZANNE_FAULTS.choose(dice) } else { None };
        self.wire.lever(|account, _| {
            account.clear_faults();
            let faults = lever.iter().flat_map(|list| sandbox::Fault::parse_list(list).unwrap());
            faults.for_each(|fault| account.add_fault(fault));
        });
        self.wire.cezanne(|account, _| {
            account.clear_faults();
            let faults = cezanne.iter().flat_map(|list| cezanne::Fault::parse_list(list).unwrap());
            faults.for_each(|fault| account.add_fault(fault));
        });
    }

    /// A cycle of the daemon, perhaps cut off; perhaps its ledger is lost after it.
    async fn cycle(&mut self, counts: &mut Counts) {
        self.fail();
        let daemon = self.daemon();
        let sweep = if self.dice.random_ratio(1, 2) { SweepKind::Full } else { SweepKind::Changes };
        let order = CycleOrder { sweep, approve: self.dice.random_ratio(3, 4) };
        let patience = if self.dice.random_ratio(1, 3) { 2 } else { 7_200 };
        let ended = timeout(Duration::from_secs(patience), daemon.engine.cycle(order)).await;
        counts.count(if ended.is_err() { "cycles cut off" } else { "cycles" });
        if self.dice.random_ratio(1, 6) {
            self.store = Arc::default();
            self.lineage += 1;
            self.ledger();
            counts.count("ledgers lost");
        }
        sleep(Duration::from_secs(self.dice.random_range(1..8_000))).await;
    }

    async fn dry_run(&mut self, counts: &mut Counts) {
        let beside = self.dice.random_ratio(1, 2);
        let engine = if beside { self.daemon().asking } else { Arc::new(self.asking()) };
        let known: Vec<_> = self.wire.lever(|lever, _| lever.contacts().to_vec());
        let some = known.iter().filter(|_| self.dice.random_ratio(1, 5));
        let some: Vec<_> = some.map(|contact| contact.id.as_str().parse().unwrap()).collect();
        let contacts = if self.dice.random_ratio(1, 3) { some } else { Vec::new() };
        if self.dice.random_ratio(1, 4) {
            engine.check().await;
        }
        match engine.dry_run(&contacts).await {
            Ok(dry) => {
                dry.changes.iter().for_each(|change| counts.count(&format!("said: {}", change.decision)));
                dry.unread.iter().for_each(|unread| counts.count(&format!("unread: {}", unread.code)));
                counts.add("targets that were closed", dry.closed.len() as u64);
            }
            Err(_) => counts.count("could not be made"),
        }
    }

    fn everything(&self) -> Everything {
        let tree = |tree| (tree, self.store.scan(tree, &[], &[], usize::MAX).unwrap());
        let mut files = BTreeMap::new();
        collect(&self.path().join("roster"), &mut files);
        let is_changing = |method: &str| !matches!(method, "GET" | "HEAD");
        let written = self.wire.cezanne(|cezanne, _| {
            let figures = &cezanne.figures().by_request;
            let writes = figures.iter().filter(|((method, at), _)| is_changing(method) && *at != "token");
            writes.map(|(_, count)| count).sum()
        });
        (
            Tree::ALL.map(tree).into(),
            files,
            self.wire.changing.load(Ordering::Relaxed),
            self.wire.lever(|lever, _| lever.figures().writes),
            written,
        )
    }
}

/// Every file and its content.
fn collect(folder: &Path, files: &mut BTreeMap<PathBuf, Vec<u8>>) {
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else {
            files.insert(path.clone(), fs::read(&path).unwrap());
        }
    }
}
