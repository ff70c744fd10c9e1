//! The whole engine on a paused clock: the real Lever client, mapping, ledger, file-export and Cezanne adapter against a pretend Lever
//! and a pretend Cezanne, whose recruiters, HR staff, faults and page shifts are drawn from a seed, while the daemon is killed, put
//! back to an earlier day, cloned, and started again at random moments.
//!
//! | module | what it holds |
//! |---|---|
//! | [`plan`] | what a seed decides before anything runs; pure |
//! | [`world`] | the pretend Lever and its recruiters |
//! | [`tenant`] | the pretend Cezanne and its HR staff |
//! | [`transport`] | the network in between |
//! | [`daemon`] | the engine and the ways in which it dies |
//! | [`story`] | one seed from its first day to its last |
//! | [`oracle`] | what must be in the file, and what must never be in it |
//! | [`records`] | the same for Cezanne |
//! | [`plain`] | an HR system that knows no key, and what must never be in it |
//! | [`amplification`] | what faults cost in requests |
//! | [`long`] | a full sweep of ten thousand hires |
//! | [`year`] | a year of cycles, and what the process holds at its end |
//! | [`dry_runs`] | dry runs over faulty worlds: nothing that could change anything is asked for |
//! | [`minimise`] | a failing seed with as few days, faults and events as it takes |
//! | [`planted`](mod@planted) | planted mistakes: how many seeds it takes to notice each |
//! | [`regressions`] | seeds that failed once |
//!
//! One seed: `HIRESYNC_SIM_SEED=17 cargo test -p scenarios simulation::on_`. More: `HIRESYNC_SIM_SEEDS=1000..3000` and
//! `HIRESYNC_SIM_DAYS=30`, with `--profile soak` and `--nocapture`; ../README.md says more.

mod amplification;
mod daemon;
pub mod dry_runs;
mod long;
mod minimise;
mod oracle;
mod plain;
mod plan;
pub mod planted;
mod records;
mod regressions;
mod story;
mod tenant;
mod transport;
mod world;
mod year;

use std::{
    collections::BTreeMap,
    ops::Range,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
    thread,
};

use minimise::Trim;
use plan::{FAULTS, LIES, LedgerKind, Plan, STAFFING, TENANT_FAULTS};
use serde_json::json;
use story::{Story, tell};
use world::Counts;

use crate::harness::number;

/// Seeds of an ordinary run on a model of the ledger, and on sled; and the days of each.
const SEEDS: Range<u64> = 0..300;
const SLED_SEEDS: Range<u64> = 0..30;
const DAYS: u64 = 10;
/// Seeds that are run twice.
const TWICE: u64 = 50;
/// How much of what happened a report shows.
const LINES: usize = 40;

/// What a run of all seeds must have met, or it proves nothing. Faults and what HR does come on top.
const SOMETIMES: [&str; 27] = [
    "crashes",
    "crashes while a delivery was under way",
    "ledger losses",
    "ledgers put back from a backup",
    "machines put back to an earlier day",
    "machines cloned",
    "steps refused by the disk",
    "guard trips",
    "pages shifted",
    "renamed while people were read",
    "clock jumps",
    "hires",
    "second hires",
    "un-hires",
    "re-hires",
    "merges",
    "splits",
    "anonymisations",
    "deletions",
    "renames",
    "offer changes",
    "idle cycles",
    "webhooks",
    "old hires archived again",
    "old hires told from new ones by a human",
    "people entered by order, beside others with their address",
    "settled as held.record_gone",
];

#[test]
fn on_a_model_of_the_ledger_nobody_is_lost_doubled_or_overwritten() {
    let counts = run("model", LedgerKind::Memory, &asked("HIRESYNC_SIM_SEEDS", SEEDS), SEEDS);
    let faults = FAULTS.iter().chain(&LIES).map(|family| format!("fault: {family}"));
    let tenant = TENANT_FAULTS.iter().map(|family| format!("Cezanne's fault: {family}"));
    let staff = STAFFING.iter().map(|(what, _)| format!("Cezanne: {what:?}"));
    let wanted = SOMETIMES.iter().map(|what| (*what).to_owned()).chain(faults).chain(tenant).chain(staff);
    let never: Vec<String> =
        wanted.filter(|what| counts.as_ref().is_some_and(|counts| !counts.0.contains_key(what))).collect();
    assert!(never.is_empty(), "some things never happened, so nothing is proven about them: {never:?}");
}

#[test]
fn on_real_sled_nobody_is_lost_doubled_or_overwritten() {
    let counts = run("sled", LedgerKind::Sled, &asked("HIRESYNC_SLED_SEEDS", SLED_SEEDS), SLED_SEEDS);
    assert!(
        counts.is_none_or(|counts| counts.0.contains_key("sled reopenings")),
        "no store was ever opened again"
    );
}

/// Runs these seeds and prints what they met. What they met, where they are as many as an ordinary run has.
#[expect(clippy::print_stdout, reason = "the figures are what a soak adds up")]
fn run(level: &str, ledger: LedgerKind, asked: &Asked, ordinary: Range<u64>) -> Option<Counts> {
    let Asked { seeds, days } = asked;
    let (asked_for, began) = (seeds.end - seeds.start, Stopwatch::start());
    let mut counts = Counts::default();
    let told = all(seeds.clone(), *days, ledger);
    let held = || told.values().flatten();
    held().for_each(|story| counts.merge(&story.counts));
    // Days of seeds that failed prove nothing.
    let many = held().count() as u64;
    let (seconds, virtual_days, violations) = (began.seconds(), many * days, asked_for - many);
    for (what, count) in &counts.0 {
        println!("  {what:<60} {count:>9}");
    }
    let of = |what: &str| counts.0.get(what).copied().unwrap_or_default();
    let faults = counts.0.iter().filter(|(what, _)| what.contains("fault: ")).map(|(_, count)| count);
    let faults: u64 = faults.sum();
    let figures = json!({
        "level": level, "seeds": many, "virtual_days": virtual_days, "violations": violations, "seconds": seconds.round(),
        "cycles": of("cycles"), "requests": of("requests") + of("requests to Cezanne"), "rows": of("rows"), "crashes": of("crashes"),
        "faults": faults, "losses": of("ledger losses"),
    });
    println!("{:.1} virtual days a second", virtual_days as f64 / seconds);
    println!("figures: {figures}");
    stories(told, *days, ledger);
    (asked_for >= ordinary.end - ordinary.start).then_some(counts)
}

#[test]
fn the_same_seed_makes_the_same_requests_and_the_same_records() {
    let both = || {
        let of = |many, ledger| stories(all(0..many, 2, ledger), 2, ledger);
        let told = of(TWICE, LedgerKind::Memory).into_iter().chain(of(TWICE / 10, LedgerKind::Sled));
        told.map(|story| story.trace).collect::<Vec<u64>>()
    };
    assert_eq!(both(), both());
}

/// What was told of each seed.
type Told = BTreeMap<u64, Result<Story, String>>;

/// Every seed, on as many threads as there are processors.
#[expect(clippy::print_stdout, reason = "a soak is watched")]
fn all(seeds: Range<u64>, days: u64, ledger: LedgerKind) -> Told {
    // Whoever asks for one seed wants to know it all.
    let lines = if seeds.end - seeds.start == 1 { usize::MAX } else { LINES };
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let next = AtomicU64::new(seeds.start);
    let trim = Trim::asked(days);
    let told: Mutex<Told> = Mutex::default();
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= seeds.end {
                        break;
                    }
                    let mut plan = trim.plan(seed);
                    plan.setup.ledger = ledger;
                    let story = caught(&plan, lines);
                    if let Err(report) = &story {
                        // Whoever waits for an hour wants to know now.
                        println!("{}", report.lines().next().unwrap_or_default());
                    }
                    told.lock().unwrap().insert(seed, story);
                }
            });
        }
    });
    told.into_inner().unwrap()
}

/// The stories, or a panic with the report of the first seed that failed, and the first few made smaller.
fn stories(told: Told, days: u64, ledger: LedgerKind) -> Vec<Story> {
    let failed: Vec<&str> = told.values().filter_map(|story| story.as_ref().err()?.lines().next()).collect();
    let list =
        format!("{} seeds failed:\n{}\n{}", failed.len(), failed.join("\n"), gifts(&told, days, ledger));
    let stories: Result<Vec<Story>, String> = told.into_values().collect();
    stories.unwrap_or_else(|report| panic!("{report}{list}"))
}

/// Of the seeds that failed the first few, made smaller.
fn gifts(told: &Told, days: u64, ledger: LedgerKind) -> String {
    let failed: Vec<(u64, &String)> =
        told.iter().filter_map(|(seed, story)| Some((*seed, story.as_ref().err()?))).collect();
    // What was replayed is as small as whoever replays it wants it.
    if failed.len() > minimise::GIFTS_MAX || Trim::asked(days) != Trim::whole(days) {
        return String::new();
    }
    let gift = |(seed, report): &(u64, &String)| {
        let sentence = minimise::sentence_of(report);
        let smallest = minimise::minimise(*seed, days, &sentence, minimise::BUDGET, |plan| {
            let mut plan = plan.clone();
            plan.setup.ledger = ledger;
            fails(&plan)
        });
        format!("seed {seed}:\n{}", smallest.report(*seed))
    };
    failed.iter().map(gift).collect()
}

/// What does not hold in this plan, if anything does not.
fn fails(plan: &Plan) -> Option<String> {
    caught(plan, 0).err().map(|report| minimise::sentence_of(&report))
}

/// A panic of our code is a failure of its seed.
fn caught(plan: &Plan, lines: usize) -> Result<Story, String> {
    let seed = plan.seed;
    catch_unwind(AssertUnwindSafe(|| tell(plan, lines))).unwrap_or_else(|thrown| {
        let said = thrown.downcast_ref::<String>().cloned();
        let said = said.or_else(|| thrown.downcast_ref::<&str>().map(|text| (*text).to_owned()));
        Err(format!("seed {seed} panicked: {}\n", said.unwrap_or_default()))
    })
}

/// Which seeds and days are wanted.
struct Asked {
    seeds: Range<u64>,
    days: u64,
}

#[expect(
    clippy::disallowed_methods,
    reason = "which seeds to run is asked of whoever runs the test, here and nowhere else"
)]
fn asked(seeds: &str, ordinary: Range<u64>) -> Asked {
    minimise::plant_what_is_asked();
    let range = std::env::var(seeds).ok().map(|text| {
        let bounds = text.split_once("..").and_then(|(from, to)| Some(from.parse().ok()?..to.parse().ok()?));
        bounds.unwrap_or_else(|| panic!("{seeds} is a range like 200..400"))
    });
    let seeds = number("HIRESYNC_SIM_SEED").map(|seed| seed..seed + 1).or(range).unwrap_or(ordinary);
    Asked { seeds, days: number("HIRESYNC_SIM_DAYS").unwrap_or(DAYS) }
}

/// The machine's time: how long the simulation takes, which no simulated clock knows.
struct Stopwatch(std::time::Instant);

impl Stopwatch {
    #[expect(clippy::disallowed_methods, reason = "measures the simulation itself")]
    fn start() -> Stopwatch {
        Stopwatch(std::time::Instant::now())
    }

    fn seconds(&self) -> f64 {
        self.0.elapsed().as_secs_f64()
    }
}
