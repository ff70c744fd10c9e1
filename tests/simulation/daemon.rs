//! The daemon of one seed: the engine over the real client, mapping, ledger and adapter, and the ways in which it dies.

use std::{
    fmt, fs,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    path::{Path, PathBuf},
    pin::pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    task::Poll,
    time::Duration,
};

use adapter_sdk::{
    AdapterInfo, CheckReport, Delivery, Found, HrisAdapter, Identity, Link, Receipt, RemoteState, layers,
};
use async_trait::async_trait;
use engine::{CycleError, CycleOrder, CycleReport, Engine, Parts, Source, Target};
use hiresync::config::{Config, Env, Outside};
use ledger::{Batch, DigestKey, Ledger, MemoryStore, Origin, StateFolder, Store, Tree};
use people::{Clock, RemoteId, Secret};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use sandbox::cezanne::{SERVICE_PATH, TOKEN_PATH};
use tempfile::TempDir;
use tokio::time::{sleep, timeout};

use super::{
    oracle::{HIRE, PERSON},
    plain::{PLAIN, Plain},
    plan::{LedgerKind, Plan, Setup, Stream, dice},
    records,
    tenant::COMPANY,
    transport::{Network, TENANT_HOST},
    world::{KEY, Shared, WallClock},
};

/// The names of the targets.
pub const ROSTER: &str = "roster";
pub const TENANT: &str = "cezanne-uk";
const SECRET: &str = "cezanne-secret";

/// A daemon that can be killed and started again. What outlives it is the world, the export folder and the ledger.
pub struct Daemon {
    setup: Setup,
    world: Shared,
    network: Arc<Network>,
    clock: Arc<WallClock>,
    dice: ChaCha8Rng,
    fuse: Arc<Fuse>,
    disk: Disk,
    /// Everything as it was when somebody last backed it up.
    backup: Option<Backup>,
    /// The process; nothing between a crash and the next start.
    process: Option<Process>,
    /// The process on a clone of the machine.
    twin: Option<Process>,
    pub export: PathBuf,
    /// The HR system that knows no key.
    pub plain: Option<Plain>,
    folders: TempDir,
}

struct Process {
    engine: Arc<Engine>,
    /// Held for as long as the process lives.
    _state: Option<StateFolder>,
}

/// A copy of the ledger and of the export folder, of the same moment.
struct Backup {
    store: MemoryStore,
    export: PathBuf,
}

/// Where the ledger is kept.
enum Disk {
    Memory { store: Arc<MemoryStore>, lineage: u32, origin: Origin },
    Sled { dir: PathBuf, number: u32 },
}

/// How a process dies in the middle of a cycle.
#[derive(Debug, Clone, Copy)]
pub enum Crash {
    /// When it has come so far.
    Polls(u32),
    /// When so much time has gone by.
    After(Duration),
    /// Just before or after a step is on disk.
    Commit(u32, Side),
    /// While a delivery is under way, before or after it was done.
    Delivery(Side),
    /// The disk refuses a step: nothing of it is there (it is full), or all of it is and may not stay (its `fsync` failed).
    Refused(u32, Side),
}

/// On which side of something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    Before,
    After,
}

/// How a cycle ended.
pub enum Ended {
    Done(Box<Result<CycleReport, CycleError>>),
    Crashed {
        delivering: bool,
    },
    /// The disk refused a step; whether the cycle said so.
    Refused {
        said: bool,
    },
}

impl Daemon {
    pub fn new(plan: &Plan, world: &Shared) -> Daemon {
        let folders = temporary_folder();
        let disk = match plan.setup.ledger {
            LedgerKind::Memory => Disk::Memory { store: Arc::default(), lineage: 0, origin: Origin::Fresh },
            LedgerKind::Sled => Disk::Sled { dir: folders.path().join("state-0"), number: 0 },
        };
        let tenant = world.lock().unwrap();
        if let Some(tenant) = &tenant.tenant {
            let secret = &tenant.cezanne.settings().access.client_secret;
            fs::write(folders.path().join(SECRET), secret).expect("there is room");
        }
        fs::write(folders.path().join("lever-api-key"), KEY).expect("there is room");
        drop(tenant);
        Daemon {
            setup: plan.setup.clone(),
            world: Arc::clone(world),
            network: Network::new(plan, world),
            clock: Arc::new(WallClock(Arc::clone(world))),
            dice: dice(plan.seed, Stream::Crashes),
            fuse: Arc::default(),
            disk,
            backup: None,
            process: None,
            twin: None,
            export: folders.path().join("export"),
            plain: plan.setup.plain.then(|| Plain::new(plan.seed, world)),
            folders,
        }
    }

    /// Whether and how the next cycle is cut off.
    pub fn draw_crash(&mut self) -> Option<Crash> {
        if !self.dice.random_ratio(self.setup.crashes_per_mille, 1_000) {
            return None;
        }
        let side = if self.dice.random_ratio(1, 2) { Side::Before } else { Side::After };
        let kind = self.dice.random_range(0..5);
        let in_memory = self.setup.ledger == LedgerKind::Memory;
        Some(match kind {
            0 => Crash::Polls(1 << self.dice.random_range(0..8_u32)),
            1 => Crash::After(Duration::from_millis(self.dice.random_range(0..20_000))),
            2 if in_memory => Crash::Commit(self.dice.random_range(0..12), side),
            3 if in_memory => Crash::Refused(self.dice.random_range(0..12), side),
            _ => Crash::Delivery(side),
        })
    }

    /// The engine of the process, which is started if there is none.
    pub fn engine(&mut self) -> &Arc<Engine> {
        if self.process.is_none() {
            self.process = Some(self.start());
        }
        &self.process.as_ref().expect("it was just started").engine
    }

    /// One cycle, cut off by `crash` if it comes so far.
    pub async fn cycle(&mut self, order: CycleOrder, crash: Option<Crash>) -> Ended {
        let (engine, fuse) = (Arc::clone(self.engine()), Arc::clone(&self.fuse));
        let twin = self.twin.as_ref().map(|twin| Arc::clone(&twin.engine));
        fuse.arm(crash);
        let ours = run(engine.cycle(order), &fuse, crash);
        let ended = match twin {
            Some(twin) => tokio::join!(ours, Box::pin(twin.cycle(order))).0,
            None => ours.await,
        };
        if let Some(tenant) = &mut self.world.lock().unwrap().tenant
            && tenant.told_something()
            && matches!(ended, Ended::Done(_))
            && !self.fuse.is_broken()
        {
            let name = TENANT.parse().expect("it is a name");
            let standings = engine.ledger().standings(&name, None, usize::MAX).unwrap_or_default();
            let linked = standings.into_iter().filter_map(|(_, standing)| standing.agreed);
            tenant.knows(linked.map(|agreed| agreed.link.remote.to_string()));
        }
        if self.fuse.is_broken() {
            let said =
                matches!(&ended, Ended::Done(outcome) if matches!(**outcome, Err(CycleError::Ledger(_))));
            self.die();
            return Ended::Refused { said };
        }
        self.fuse.arm(None);
        if matches!(ended, Ended::Crashed { .. }) {
            self.die();
        } else if let Some(plain) = &self.plain {
            plain.wrote();
        }
        ended
    }

    /// Where the ledger is, if it is on disk.
    pub fn state(&self) -> Option<&Path> {
        match &self.disk {
            Disk::Memory { .. } => None,
            Disk::Sled { dir, .. } => Some(dir),
        }
    }

    /// The machine is cloned, and both run; or the clone is switched off.
    pub fn clone_machine(&mut self, runs: bool) {
        let Disk::Memory { store, .. } = &self.disk else { return };
        if runs == self.twin.is_some() {
            return;
        }
        let store = Arc::new(MemoryStore::copy_of(store));
        self.twin = runs.then(|| {
            ledger::begin_as_copy(&*store, "lineage of a clone", None).expect("a model is never full");
            let ledger = Ledger::over(store, key(), "lineage of a clone", Origin::Fresh);
            let export = self.folders.path().join("export-of-a-clone");
            let engine =
                self.engine_over(ledger.expect("a model is never damaged"), &export, &Arc::default());
            Process { engine, _state: None }
        });
    }

    /// The process stops in good order.
    pub fn stop(&mut self) {
        self.process = None;
    }

    /// The process is gone. What was on disk at this moment stays.
    fn die(&mut self) {
        self.world.lock().unwrap().tell("the daemon was killed");
        if let Some(plain) = &self.plain {
            plain.was_killed();
        }
        if let Disk::Sled { dir, number } = &mut self.disk {
            // To drop sled's handle would write what a killed process has not written: the copy is what it leaves behind.
            *number += 1;
            let copy = dir.with_file_name(format!("state-{number}"));
            copy_folder(dir, &copy);
            stays_in_place(dir, &copy);
            self.process = None;
            fs::remove_dir_all(&*dir).expect("it can be removed");
            *dir = copy;
        }
        self.process = None;
        self.fuse.arm(None);
        let lost = self.dice.random_ratio(self.setup.losses_percent, 100);
        if lost && !self.roll_back() && !self.put_backup_back() {
            self.lose_ledger();
        }
        if self.dice.random_ratio(1, 6) {
            self.back_up();
        }
        let mut world = self.world.lock().unwrap();
        if self.setup.ledger == LedgerKind::Sled {
            world.counts.count("sled reopenings");
        }
        if lost {
            world.forgot_at = Some(world.elapsed());
            if let Some(tenant) = &mut world.tenant {
                tenant.forgets();
            }
            world.counts.count("ledger losses");
            world.tell("its ledger was lost");
        }
    }

    fn back_up(&mut self) {
        let Disk::Memory { store, .. } = &self.disk else { return };
        let export = self.folders.path().join("backup-of-export");
        let _ = fs::remove_dir_all(&export);
        if self.export.is_dir() {
            copy_folder(&self.export, &export);
        }
        self.backup = Some(Backup { store: MemoryStore::copy_of(store), export });
    }

    /// The whole machine is put back to the day of the last backup, and nothing on it can tell.
    fn roll_back(&mut self) -> bool {
        let (Some(backup), Disk::Memory { store, .. }) = (&self.backup, &mut self.disk) else { return false };
        if !self.dice.random_ratio(self.setup.rollbacks_percent, 100) {
            return false;
        }
        *store = Arc::new(MemoryStore::copy_of(&backup.store));
        let _ = fs::remove_dir_all(&self.export);
        if backup.export.is_dir() {
            copy_folder(&backup.export, &self.export);
        }
        let mut world = self.world.lock().unwrap();
        world.oracle.was_put_back(&self.export);
        world.counts.count("machines put back to an earlier day");
        world.tell("the machine was put back to an earlier day");
        true
    }

    /// What was lost is restored from the last backup, which may be of days ago. It is recognised as a copy.
    fn put_backup_back(&mut self) -> bool {
        let (Some(backup), Disk::Memory { store, lineage, .. }) = (&self.backup, &mut self.disk) else {
            return false;
        };
        if self.dice.random_ratio(1, 2) {
            return false;
        }
        *store = Arc::new(MemoryStore::copy_of(&backup.store));
        *lineage += 1;
        ledger::begin_as_copy(&**store, &format!("lineage {lineage}"), None).expect("a model is never full");
        self.world.lock().unwrap().counts.count("ledgers put back from a backup");
        true
    }

    fn lose_ledger(&mut self) {
        let everything = self.dice.random_ratio(1, 2);
        match &mut self.disk {
            Disk::Memory { store, lineage, origin } => {
                *store = Arc::default();
                *lineage += 1;
                // A folder that is gone leaves no witness: the ledger is new and does not know that there was another.
                *origin = match everything {
                    true => Origin::Fresh,
                    false => Origin::Recovery { why: "a simulation threw it away".to_owned(), kept: None },
                };
            }
            Disk::Sled { dir, .. } => {
                let gone = if everything { dir.clone() } else { dir.join("store") };
                if gone.exists() {
                    fs::remove_dir_all(gone).expect("it can be removed");
                }
            }
        }
    }

    fn start(&mut self) -> Process {
        let (ledger, state) = match &self.disk {
            Disk::Memory { store, lineage, origin } => {
                let store = Arc::new(Fused { store: Arc::clone(store), fuse: Arc::clone(&self.fuse) });
                let ledger = Ledger::over(store, key(), &format!("lineage {lineage}"), origin.clone());
                (ledger.expect("a model is never damaged"), None)
            }
            Disk::Sled { dir, .. } => {
                let state = StateFolder::lock(dir).expect("the process before is gone");
                let opened = state.open(state.digest_key().expect("there is room"), self.clock.now());
                (opened.expect("a crash never makes a store that cannot be opened").ledger, Some(state))
            }
        };
        let (export, fuse) = (self.export.clone(), Arc::clone(&self.fuse));
        Process { engine: self.engine_over(ledger, &export, &fuse), _state: state }
    }

    fn engine_over(&mut self, ledger: Ledger, export: &Path, fuse: &Arc<Fuse>) -> Arc<Engine> {
        let way = http::Way::whole(Arc::<Network>::clone(&self.network));
        let config = self.config(export, way.clone());
        let needs = config.targets.iter().map(|target| target.mapping.needs().union(target.policy.needs()));
        let settings = lever::Settings {
            confidential: self.setup.confidential,
            needs: needs.fold(engine::Needs::default(), engine::Needs::union),
            ..lever::Settings::new(config.lever.base_url.clone(), config.lever.api_key.clone())
        };
        let clock = Arc::clone(&self.clock);
        let source: Arc<dyn Source> = Arc::new(lever::Lever::new(settings, way, clock, self.dice.random()));
        let targets = config.targets.iter().map(|target| {
            let slow = Slow {
                inner: Arc::clone(&target.adapter),
                fuse: Arc::clone(fuse),
                dice: Mutex::new(dice(self.dice.random(), Stream::Network)),
                // What goes over the network takes its time there.
                disk_max: if target.name.as_str() == ROSTER { self.setup.disk_max } else { Duration::ZERO },
                plain: None,
            };
            Target {
                name: target.name.clone(),
                adapter: layers::wrap(Arc::new(slow)),
                mapping: Arc::clone(&target.mapping),
                write_back: engine::WriteBack::default(),
                policy: target.policy.clone(),
            }
        });
        let mut targets: Vec<Target> = targets.collect();
        if let Some(plain) = &self.plain {
            // It gets what the roster gets.
            let roster = targets.iter().find(|target| target.name.as_str() == ROSTER);
            let slow = Slow {
                inner: plain.adapter(),
                fuse: Arc::clone(fuse),
                dice: Mutex::new(dice(self.setup.starts_at, Stream::Plain)),
                disk_max: Duration::ZERO,
                plain: Some(plain.clone()),
            };
            let plain = Target {
                name: PLAIN.parse().expect("it is a name"),
                adapter: layers::wrap(Arc::new(slow)),
                ..roster.expect("there is a roster where there is no tenant").clone()
            };
            targets.push(plain);
        }
        Arc::new(Engine::new(Parts {
            source,
            targets,
            ledger: Arc::new(ledger),
            clock: Arc::<WallClock>::clone(&self.clock),
            settings: hiresync::wiring::settings(&config),
        }))
    }

    /// The configuration as a human would write it.
    fn config(&self, export: &Path, way: http::Way) -> Config {
        let clock: Arc<dyn Clock> = Arc::<WallClock>::clone(&self.clock);
        let file = self.folders.path().join("hiresync.toml");
        Config::parse(&self.config_text(export), &file, &Env::default(), &Outside { clock, way })
            .unwrap_or_else(|faults| panic!("{faults}"))
    }

    fn config_text(&self, export: &Path) -> String {
        let setup = &self.setup;
        let mut text = format!(
            r#"
[lever]
base_url = "https://api.lever.example/v1"
api_key = {{ file = "lever-api-key" }}
hired_since = "{}"
timezone = "{}"
confidential = {}

[state]
dir = "state"

[guards]
creates_per_cycle_max = {}
changes_per_cycle_max = {}
"#,
            setup.hired_since,
            setup.zone.name(),
            setup.confidential,
            setup.guards.creates_per_cycle_max,
            setup.guards.changes_per_cycle_max
        );
        if setup.roster {
            let fields = |fields: &[(&str, &str)]| -> String {
                fields.iter().map(|(name, value)| format!("{name} = \"{value}\"\n")).collect()
            };
            text += &format!(
                "[targets.{ROSTER}]\nadapter = \"file-export\"\npath = \"{}\"\nformat = \"{}\"\n\
                 [targets.{ROSTER}.person]\n{}[targets.{ROSTER}.hire]\n{}",
                export.display(),
                setup.format,
                fields(&PERSON),
                fields(&HIRE)
            );
        }
        if setup.tenant.is_some() {
            text += &format!(
                r#"
[targets.{TENANT}]
adapter = "cezanne"
service_root = "https://{TENANT_HOST}{SERVICE_PATH}"
token_url = "https://{TENANT_HOST}{TOKEN_PATH}"
client_id = "sandbox-client"
client_secret = {{ file = "{SECRET}" }}
company_code = "{COMPANY}"
calls_per_second_max = 10
new_hire_administrator = "hr@example.com"

[targets.{TENANT}.keep]
contact = "{}"
opportunity = "{}"
"#,
                records::CONTACT,
                records::OPPORTUNITY
            );
        }
        text
    }
}

fn key() -> DigestKey {
    DigestKey::new(Secret::new("key of a simulation".to_owned()))
}

/// Polls a cycle until it is done or the process is dead.
async fn run(
    cycle: impl Future<Output = Result<CycleReport, CycleError>>,
    fuse: &Fuse,
    crash: Option<Crash>,
) -> Ended {
    let mut cycle = pin!(cycle);
    let mut polls = 0;
    let polled = std::future::poll_fn(|context| {
        polls += 1;
        if matches!(crash, Some(Crash::Polls(last)) if polls > last) {
            return Poll::Ready(None);
        }
        // A step on disk is where a process can be killed without anything that waits: there the fuse unwinds.
        match catch_unwind(AssertUnwindSafe(|| cycle.as_mut().poll(context))) {
            Err(thrown) if thrown.is::<PowerCut>() => Poll::Ready(None),
            Err(thrown) => resume_unwind(thrown),
            Ok(Poll::Ready(outcome)) => Poll::Ready(Some(outcome)),
            Ok(Poll::Pending) if fuse.is_blown() => Poll::Ready(None),
            Ok(Poll::Pending) => Poll::Pending,
        }
    });
    let outcome = match crash {
        Some(Crash::After(moment)) => timeout(moment, polled).await.unwrap_or(None),
        _ => polled.await,
    };
    match outcome {
        Some(outcome) => Ended::Done(Box::new(outcome)),
        None => Ended::Crashed { delivering: fuse.is_delivering() },
    }
}

// ------------------------------------------------------------------------------------------------------- fuses

/// What is thrown when the process dies between two steps.
struct PowerCut;

/// Kills the process at a planned place.
#[derive(Debug, Default)]
struct Fuse {
    crash: Mutex<Option<Crash>>,
    blown: AtomicBool,
    /// The disk refused a step: no more is written.
    broken: AtomicBool,
    delivering: AtomicBool,
}

impl Fuse {
    fn arm(&self, crash: Option<Crash>) {
        *self.crash.lock().unwrap() = crash;
        self.blown.store(false, Ordering::Relaxed);
        self.broken.store(false, Ordering::Relaxed);
        self.delivering.store(false, Ordering::Relaxed);
    }

    fn is_blown(&self) -> bool {
        self.blown.load(Ordering::Relaxed)
    }

    fn is_broken(&self) -> bool {
        self.broken.load(Ordering::Relaxed)
    }

    fn is_delivering(&self) -> bool {
        self.delivering.load(Ordering::Relaxed)
    }

    /// The process comes past a step on disk.
    fn commit(&self, side: Side) -> ledger::Result<()> {
        let mut crash = self.crash.lock().unwrap();
        match &mut *crash {
            Some(Crash::Commit(0, of)) if *of == side => {
                *crash = None;
                drop(crash);
                resume_unwind(Box::new(PowerCut));
            }
            Some(Crash::Refused(0, of)) if *of == side => self.broken.store(true, Ordering::Relaxed),
            Some(Crash::Commit(left @ 1.., _) | Crash::Refused(left @ 1.., _)) if side == Side::After => {
                *left -= 1;
            }
            _ => {}
        }
        if self.is_broken() {
            return Err(ledger::Error::Store { doing: "write", source: "no space left on device".into() });
        }
        Ok(())
    }

    /// The process comes past one side of a delivery.
    async fn delivery(&self, side: Side) {
        let dies = matches!(*self.crash.lock().unwrap(), Some(Crash::Delivery(of)) if of == side);
        if dies {
            self.blown.store(true, Ordering::Relaxed);
            std::future::pending::<()>().await;
        }
    }
}

/// The model of a store, with a fuse at each of its steps.
#[derive(Debug)]
struct Fused {
    store: Arc<MemoryStore>,
    fuse: Arc<Fuse>,
}

impl Store for Fused {
    fn get(&self, tree: Tree, key: &[u8]) -> ledger::Result<Option<Vec<u8>>> {
        self.store.get(tree, key)
    }

    fn scan(
        &self,
        tree: Tree,
        prefix: &[u8],
        after: &[u8],
        limit: usize,
    ) -> ledger::Result<Vec<(Vec<u8>, Vec<u8>)>> {
        self.store.scan(tree, prefix, after, limit)
    }

    fn commit(&self, batch: &Batch) -> ledger::Result<()> {
        self.fuse.commit(Side::Before)?;
        self.store.commit(batch)?;
        self.fuse.commit(Side::After)
    }
}

/// The adapter behind some milliseconds of disk, so that a process can die on either side of a write.
struct Slow {
    inner: Arc<dyn HrisAdapter>,
    fuse: Arc<Fuse>,
    dice: Mutex<ChaCha8Rng>,
    disk_max: Duration,
    plain: Option<Plain>,
}

impl Slow {
    async fn wait(&self) {
        let takes = self.dice.lock().unwrap().random_range(Duration::ZERO..=self.disk_max);
        sleep(takes).await;
    }
}

#[async_trait]
impl HrisAdapter for Slow {
    fn info(&self) -> &AdapterInfo {
        self.inner.info()
    }

    async fn check(&self) -> adapter_sdk::Result<CheckReport> {
        self.wait().await;
        self.inner.check().await
    }

    async fn find(&self, who: &Identity) -> adapter_sdk::Result<Vec<Found>> {
        self.wait().await;
        self.inner.find(who).await
    }

    async fn read(&self, link: &Link) -> adapter_sdk::Result<Option<RemoteState>> {
        self.wait().await;
        self.inner.read(link).await
    }

    async fn list(&self, after: Option<RemoteId>) -> adapter_sdk::Result<Vec<Found>> {
        self.wait().await;
        self.inner.list(after).await
    }

    async fn deliver(&self, deliveries: &[Delivery]) -> Vec<adapter_sdk::Result<Receipt>> {
        self.fuse.delivering.store(true, Ordering::Relaxed);
        self.wait().await;
        self.fuse.delivery(Side::Before).await;
        if let Some(plain) = &self.plain {
            plain.draw_faults(deliveries);
        }
        let answers = self.inner.deliver(deliveries).await;
        self.wait().await;
        self.fuse.delivery(Side::After).await;
        if let Some(plain) = &self.plain {
            plain.answered(deliveries, &answers);
        }
        self.fuse.delivering.store(false, Ordering::Relaxed);
        answers
    }
}

impl fmt::Debug for Slow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Slow").field("inner", &self.inner).finish_non_exhaustive()
    }
}

// ----------------------------------------------------------------------------------------------------- folders

/// In memory where that is possible: what is tested here is what a killed process leaves behind, not a power failure.
fn temporary_folder() -> TempDir {
    let memory = Path::new("/dev/shm");
    let made = if memory.is_dir() { TempDir::new_in(memory) } else { TempDir::new() };
    made.expect("a temporary folder can be made")
}

/// The copy stands for the folder itself: its ledger is to find itself where it was.
fn stays_in_place(from: &Path, to: &Path) {
    fs::remove_file(to.join("place")).expect("it can be removed");
    fs::hard_link(from.join("place"), to.join("place")).expect("it is one disk");
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir(to).expect("it can be made");
    for entry in fs::read_dir(from).expect("it is there") {
        let path = entry.expect("it can be read").path();
        let copy = to.join(path.file_name().expect("an entry has a name"));
        if path.is_dir() {
            copy_folder(&path, &copy);
        } else {
            fs::copy(&path, &copy).expect("there is room");
        }
    }
}
