//! `cargo bench -p scenarios`: a ledger that knows 100,000 people. Prints figures, asserts nothing about time:
//!
//! * from the start of the program to its first request, the integrity check of the whole ledger included;
//! * the largest resident memory of a cycle that reads 0, 1,000, 10,000 and 100,000 of them: it should not grow with the number;
//! * steps and readings a second.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a program that prints figures and ends where it stands"
)]
#![expect(
    clippy::disallowed_methods,
    reason = "it measures real time and talks to itself through the environment"
)]

use std::{
    fmt,
    io::Read,
    net::TcpListener,
    path::Path,
    process::{Command, Stdio},
    sync::Arc,
    time::Instant,
};

use adapter_sdk::{CheckReport, FieldSchema, Link, memory::Memory};
use async_trait::async_trait;
use engine::{
    Cursor, CycleOrder, Engine, Guards, Page, PageToken, Parts, Reading, Settings, Sighting, Source, Sweep,
    SweepKind, Target, Then, Usage, Whom,
};
use ledger::{Ledger, LinkOrigin, Standing, StateFolder};
use mapping::{Decisions, Mapping, Rules, Tables};
use people::{
    Candidacy, Clock, ContactId, FullName, Hire, OpportunityId, Person, Phone, PhoneKind, Pii, Posting,
    SystemClock, TargetName,
};

const PEOPLE: usize = 100_000;
const READS: [usize; 4] = [0, 1_000, 10_000, 100_000];
const STARTS: usize = 5;

fn main() {
    if let Ok(order) = std::env::var("HIRESYNC_BENCH_READ") {
        let (count, dir) = order.split_once(' ').unwrap();
        return read(count.parse().unwrap(), Path::new(dir));
    }
    let dir = tempfile::tempdir().unwrap();
    let filled = Instant::now();
    fill(&dir.path().join("state"));
    let seconds = filled.elapsed().as_secs_f64();
    #[expect(clippy::cast_precision_loss, reason = "a figure for people")]
    let rate = PEOPLE as f64 / seconds;
    println!(
        "{PEOPLE} people agreed with one target: written in {seconds:.1} s ({rate:.0} a second), {} on disk",
        size(&dir.path().join("state"))
    );
    let mut starts: Vec<f64> = (0..STARTS).map(|_| start_to_first_request(dir.path())).collect();
    starts.sort_by(f64::total_cmp);
    println!(
        "start to first request, integrity check included: {:.0} ms (median of {STARTS}; {:.0} to {:.0})",
        starts[STARTS / 2],
        starts[0],
        starts[STARTS - 1]
    );
    for count in READS {
        let output = Command::new(std::env::current_exe().unwrap())
            .env("HIRESYNC_BENCH_READ", format!("{count} {}", dir.path().join("state").display()))
            .stderr(Stdio::inherit())
            .output()
            .unwrap();
        print!("{}", String::from_utf8_lossy(&output.stdout));
    }
}

/// Starts the real program on the ledger and waits for the first byte it sends to "Lever".
fn start_to_first_request(dir: &Path) -> f64 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let config = format!(
        "[lever]\nbase_url = \"http://{}/v1\"\napi_key = {{ file = \"key\" }}\nhired_since = \"2026-01-01\"\n\n[state]\ndir = \"state\"\n\n[socket]\npath = \"s.sock\"\n\n[targets.roster]\nadapter = \"file-export\"\npath = \"roster\"\n\n[targets.roster.person]\nref = \"contact\"\n\n[targets.roster.hire]\ntitle = \"posting.title\"\n",
        listener.local_addr().unwrap()
    );
    std::fs::write(dir.join("hiresync.toml"), config).unwrap();
    std::fs::write(dir.join("key"), "k").unwrap();
    let started = Instant::now();
    let mut child = Command::new(env!("CARGO_BIN_EXE_hiresync-under-test"))
        .args(["run", "--once", "--config"])
        .arg(dir.join("hiresync.toml"))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let (mut stream, _) = listener.accept().unwrap();
    stream.read_exact(&mut [0]).unwrap();
    let milliseconds = started.elapsed().as_secs_f64() * 1_000.0;
    child.kill().unwrap();
    child.wait().unwrap();
    milliseconds
}

/// One cycle that reads `count` people of the ledger, of whom nothing is owed.
fn read(count: usize, dir: &Path) {
    let opening = Instant::now();
    let (_folder, ledger) = open(dir);
    let opened = opening.elapsed().as_millis();
    let target = Memory::new("roster");
    let engine = Engine::new(Parts {
        source: Arc::new(Pretend { count }),
        targets: vec![Target {
            name: name(),
            adapter: target.adapter(),
            mapping: Arc::new(mapping()),
            write_back: engine::WriteBack::default(),
            policy: engine::Policy::default(),
        }],
        ledger: Arc::new(ledger),
        clock: Arc::new(SystemClock),
        settings: Settings {
            hired_since: "2026-01-01".parse().unwrap(),
            retention_days: engine::settings::RETENTION_DAYS,
            zone: chrono_tz::UTC,
            guards: Guards { creates_per_cycle_max: 10, changes_per_cycle_max: 10, ..Guards::default() },
        },
    });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let started = Instant::now();
    let order = CycleOrder { sweep: SweepKind::Changes, approve: false };
    let report = runtime.block_on(engine.cycle(order)).unwrap();
    let seconds = started.elapsed().as_secs_f64();
    assert_eq!(report.read, count as u64);
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap().trim();
    println!(
        "a cycle that reads {count} of them: {seconds:.1} s, at most {peak} resident (ledger opened and verified in {opened} ms)"
    );
}

fn fill(dir: &Path) {
    let (_folder, ledger) = open(dir);
    let mapping = mapping();
    let now = SystemClock.now();
    let numbers: Vec<usize> = (0..PEOPLE).collect();
    for step in numbers.chunks(500) {
        let _ = ledger
            .write(|draft| {
                for n in step {
                    let person = person(*n);
                    let wanted = mapping.apply(&person, &person.hires.keys().collect(), &Decisions::new());
                    let hires =
                        person.hires.keys().map(|id| (id.clone(), id.as_str().parse().unwrap())).collect();
                    let mut standing = Standing::default();
                    let link = Link { remote: person.contact.as_str().parse().unwrap(), hires };
                    standing.adopt(link, LinkOrigin::Created, now);
                    standing.compared(ledger.key().wanted(&wanted));
                    standing.decided_on =
                        person.hires.keys().map(|id| (id.clone(), now.date_naive())).collect();
                    draft.put_standing(&name(), &person.contact, standing)?;
                }
                Ok(())
            })
            .unwrap();
    }
    let _ = ledger
        .write(|draft| {
            draft.put_note("cursor", "1767225600000");
            let mut state = draft.target(&name())?;
            state.rebuilt_under = Some(ledger.lineage().to_owned());
            draft.put_target(&name(), &state)
        })
        .unwrap();
}

fn open(dir: &Path) -> (StateFolder, Ledger) {
    let folder = StateFolder::lock(dir).unwrap();
    let key = folder.digest_key().unwrap();
    let opened = folder.open(key, SystemClock.now()).unwrap();
    assert_eq!(opened.lost, None);
    (folder, opened.ledger)
}

fn name() -> TargetName {
    "roster".parse().unwrap()
}

fn mapping() -> Mapping {
    let person = [
        ("employee_ref", "contact"),
        ("first_name", "name.first"),
        ("last_name", "name.last"),
        ("email", "emails | first"),
        ("mobile", "phone('mobile')"),
        ("opportunities", "opportunities | join(';')"),
    ];
    let hire =
        [("hired_on", "hired_at | date"), ("title", "posting.title"), ("department", "posting.department")];
    let open = FieldSchema { open: true, ..FieldSchema::default() };
    Mapping::compile(&Rules::short(&person, &hire), &Tables::new(), &open, chrono_tz::UTC).unwrap()
}

fn contact(n: usize) -> ContactId {
    format!("c7a1f0de-2b34-4a56-8f90-{n:012}").parse().unwrap()
}

fn opportunity(n: usize) -> OpportunityId {
    format!("4b0d2c9e-5a77-4c1e-9d0b-{n:012}").parse().unwrap()
}

fn person(n: usize) -> Person {
    let posting = Posting { title: Some("Engineer".to_owned()), ..Posting::default() };
    let hire = Hire { posting: Some(posting), ..Hire::new("2026-02-01T09:00:00Z".parse().unwrap()) };
    Person {
        name: FullName::new(format!("Somebody Number{n}")),
        emails: vec![Pii::new(format!("somebody{n}@example.com"))],
        phones: vec![Phone { kind: Some(PhoneKind::Mobile), number: Pii::new(format!("+44 7700 {n:06}")) }],
        hires: [(opportunity(n), hire)].into(),
        opportunities: [(opportunity(n), Candidacy::Hired)].into(),
        ..Person::new(contact(n))
    }
}

/// A source of which the first `count` people changed.
struct Pretend {
    count: usize,
}

impl fmt::Debug for Pretend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pretend")
    }
}

#[async_trait]
impl Source for Pretend {
    async fn check(&self) -> adapter_sdk::Result<CheckReport> {
        Ok(CheckReport::default())
    }

    async fn sweep(&self, _sweep: &Sweep, page: Option<PageToken>) -> adapter_sdk::Result<Page> {
        let from: usize = page.map_or(0, |token| token.0.parse().unwrap());
        let to = (from + 100).min(self.count);
        let sightings = (from..to)
            .map(|n| Sighting {
                opportunity: opportunity(n),
                contact: contact(n),
                candidacy: Candidacy::Hired,
                hired_at: "2026-02-01T09:00:00Z".parse().ok(),
                content: Pii::new(format!("{n}, as changed for {}", self.count)),
            })
            .collect();
        let then = if to < self.count {
            Then::More(PageToken(to.to_string()))
        } else {
            Then::Done(Cursor("1".to_owned()))
        };
        Ok(Page { sightings, unreadable: 0, then })
    }

    async fn read(&self, who: &[Whom]) -> adapter_sdk::Result<Vec<(ContactId, Reading)>> {
        let number = |contact: &ContactId| -> usize { contact.as_str()[24..].parse().unwrap() };
        Ok(who
            .iter()
            .map(|whom| (whom.contact.clone(), Reading::Person(Box::new(person(number(&whom.contact))))))
            .collect())
    }

    async fn resolve(&self, _who: &Pii<String>) -> adapter_sdk::Result<Option<ContactId>> {
        Ok(None)
    }

    fn usage(&self) -> Usage {
        Usage::default()
    }
}

fn size(dir: &Path) -> String {
    fn bytes(path: &Path) -> u64 {
        let entries = std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path());
        entries.map(|path| if path.is_dir() { bytes(&path) } else { path.metadata().unwrap().len() }).sum()
    }
    format!("{} MB", bytes(dir) / 1_000_000)
}
