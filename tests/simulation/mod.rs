//! The whole engine on a paused clock: the real Lever client, mapping, ledger and file-export against a pretend Lever whose
//! recruiters, faults and page shifts are drawn from a seed, while the daemon is killed and started again at random moments.
//!
//! | module | what it holds |
//! |---|---|
//! | [`plan`] | what a seed decides before anything runs; pure |
//! | [`world`] | the pretend Lever and its recruiters |
//! | [`transport`] | the network in between |
//! | [`daemon`] | the engine and the ways in which it dies |
//! | [`story`] | one seed from its first day to its last |
//! | [`long`] | a full sweep of ten thousand hires |
//! | [`year`] | a year of cycles, and what the process holds at its end |
//! | [`dry_runs`] | dry runs over faulty worlds: nothing that could change anything is asked for |
//! | [`minimise`] | a failing seed with as few days, faults and events as it takes |
//! | [`planted`](mod@planted) | planted mistakes: how many seeds it takes to notice each |
//! | [`regressions`] | seeds that failed once |
//! | [`oracle`] | what must be in the file, and what must never be in it |
//!
//! One seed: `HIRESYNC_SIM_SEED=17 cargo test -p scenarios simulation`. A soak: `HIRESYNC_SIM_SEEDS=1000..3000` and
//! `HIRESYNC_SIM_DAYS=30`, with `--release` and `--nocapture`.

mod daemon;
pub mod dry_runs;
mod long;
mod minimise;
mod oracle;
mod plan;
pub mod planted;
mod regressions;
mod story;
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
use plan::{FAULTS, LIES, Plan};
use story::{Story, tell};
use world::Counts;

/// Seeds of an ordinary run, and the days of each.
const SEEDS: Range<u64> = 0..200;
const DAYS: u64 = 10;
/// How much of what happened a report shows.
const LINES: usize = 40;

/// What a run of all seeds must have met, or it proves nothing. The faults come on top.
const SOMETIMES: [&str; 21] = [
    "crashes",
    "crashes while a delivery was under way",
    "ledger losses",
    "ledgers put back from a backup",
    "sled reopenings",
    "guard trips",
    "pages shifted",
    "clock jumps",
    "hires",
    "second hires",
    "un-hires",
    "re-hires",
    "merges",
    "anonymisations",
    "deletions",
    "renames",
    "offer changes",
    "idle cycles",
    "webhooks",
    "old hires archived again",
    "old hires told from new ones by a human",
];

#[test]
fn the_file_holds_exactly_the_hires_each_once_with_todays_values() {
    let Asked { seeds, days } = asked();
    let (few, began) = (seeds.end - seeds.start < SEEDS.end, Stopwatch::start());
    let mut counts = Counts::default();
    for story in all(seeds.clone(), days) {
        counts.merge(&story.counts);
    }
    let (seconds, virtual_days) = (began.seconds(), (seeds.end - seeds.start) * days);
    println!(
        "{} seeds x {days} days in {seconds:.1} s: {:.0} virtual days a second",
        seeds.end - seeds.start,
        virtual_days as f64 / seconds
    );
    for (what, count) in &counts.0 {
        println!("  {what:<40} {count:>9}");
    }
    let faults = FAULTS.iter().chain(&LIES).map(|family| format!("fault: {family}"));
    let wanted = SOMETIMES.iter().map(|what| (*what).to_owned()).chain(faults);
    let never: Vec<String> = wanted.filter(|what| !counts.0.contains_key(what)).collect();
    assert!(
        few || never.is_empty(),
        "some things never happened, so nothing is proven about them: {never:?}"
    );
}

#[test]
fn the_same_seed_makes_the_same_requests_and_the_same_file() {
    // One of them keeps its ledger in sled.
    for seed in [3, 7, 1_000, 1_001] {
        assert_eq!(one(seed, 2).trace, one(seed, 2).trace, "seed {seed}");
    }
}

/// Every seed, on as many threads as there are processors. Panics with the report of the first that fails.
fn all(seeds: Range<u64>, days: u64) -> Vec<Story> {
    // Whoever asks for one seed wants to know it all.
    let lines = if seeds.end - seeds.start == 1 { usize::MAX } else { LINES };
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let next = AtomicU64::new(seeds.start);
    let trim = Trim::asked(days);
    let told: Mutex<BTreeMap<u64, Result<Story, String>>> = Mutex::default();
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= seeds.end {
                        break;
                    }
                    let story = caught(&trim.plan(seed), lines);
                    told.lock().unwrap().insert(seed, story);
                }
            });
        }
    });
    let told = told.into_inner().unwrap();
    let failed: Vec<&str> = told.values().filter_map(|story| story.as_ref().err()?.lines().next()).collect();
    let list = format!("{} seeds failed:\n{}\n{}", failed.len(), failed.join("\n"), gifts(&told, days));
    let stories: Result<Vec<Story>, String> = told.into_values().collect();
    stories.unwrap_or_else(|report| panic!("{report}{list}"))
}

fn one(seed: u64, days: u64) -> Story {
    caught(&Plan::draw(seed, days), LINES).unwrap_or_else(|report| panic!("{report}"))
}

/// Of the seeds that failed the first few, made smaller.
fn gifts(told: &BTreeMap<u64, Result<Story, String>>, days: u64) -> String {
    let failed: Vec<(u64, &String)> =
        told.iter().filter_map(|(seed, story)| Some((*seed, story.as_ref().err()?))).collect();
    // What was replayed is as small as whoever replays it wants it.
    if failed.len() > minimise::GIFTS_MAX || Trim::asked(days) != Trim::whole(days) {
        return String::new();
    }
    let gift = |(seed, report): &(u64, &String)| {
        let sentence = minimise::sentence_of(report);
        let smallest = minimise::minimise(*seed, days, &sentence, minimise::BUDGET, fails);
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
fn asked() -> Asked {
    minimise::plant_what_is_asked();
    let number = |name: &str| {
        let text = std::env::var(name).ok()?;
        Some(text.parse::<u64>().unwrap_or_else(|_| panic!("{name} is a number")))
    };
    let range = std::env::var("HIRESYNC_SIM_SEEDS").ok().map(|text| {
        let bounds = text.split_once("..").and_then(|(from, to)| Some(from.parse().ok()?..to.parse().ok()?));
        bounds.unwrap_or_else(|| panic!("HIRESYNC_SIM_SEEDS is a range like 200..400"))
    });
    let seeds = number("HIRESYNC_SIM_SEED").map(|seed| seed..seed + 1).or(range).unwrap_or(SEEDS);
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
