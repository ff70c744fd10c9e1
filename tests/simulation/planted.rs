//! Mistakes that are planted in the program: how many seeds it takes until the simulation notices each, and what it says then.
//!
//! What does not notice a planted mistake would not notice a real one. That the same seeds are right without one is what
//! [`super::on_a_model_of_the_ledger_nobody_is_lost_doubled_or_overwritten`] shows.
//!
//! In CI the seed that noticed a mistake the last time is tried first: that is an order and no proof, and where worlds are drawn
//! otherwise since, the seeds from 0 follow. `HIRESYNC_PLANTED_REPORT=1` counts honestly, from seed 0.
//!
//! `HIRESYNC_PLANTED=unhire-deletes HIRESYNC_SIM_SEED=19 HIRESYNC_SIM_DAYS=6 cargo test -p scenarios simulation::on_a_model` shows one
//! of them at work.

use std::{
    cell::Cell,
    collections::BTreeMap,
    rc::Rc,
    sync::{Mutex, atomic::AtomicUsize, atomic::Ordering},
    thread,
};

use planted::{Bug, Level, Point, arm};

use super::{Stopwatch, fails, minimise, plan::Plan};

/// Seeds within which each has to be noticed, and the days of each.
const SEEDS: u64 = 200;
const DAYS: u64 = 6;

/// The seed that noticed it last time, where it is not the first one.
const KNOWN: [(Bug, u64); 22] = [
    (Bug::OnlyFirstPage, 13),
    (Bug::NoOverlap, 127),
    (Bug::LocalClock, 98),
    (Bug::NoRepair, 19),
    (Bug::MarkClearedFirst, 5),
    (Bug::DoneOnError, 154),
    (Bug::OneStopsAll, 9),
    (Bug::PoisonLoop, 199),
    (Bug::AnonymisedIsRead, 15),
    (Bug::MergeCreates, 104),
    (Bug::UnhireDeletes, 19),
    (Bug::OverwritesHr, 2),
    (Bug::RecreatesDeleted, 15),
    (Bug::NoLookBeforeCreate, 68),
    (Bug::ResentUnlooked, 38),
    (Bug::OneLookIsEnough, 39),
    (Bug::MatchesByName, 12),
    (Bug::EmploymentUnlooked, 137),
    (Bug::ReplaysWrites, 2),
    (Bug::RefusalClosesTarget, 38),
    (Bug::NoBackoff, 0),
    (Bug::CountsWrong, 8),
];

/// How a mistake was noticed.
struct Noticed {
    seeds: u64,
    seed: u64,
    kind: String,
}

#[test]
fn every_planted_mistake_is_noticed_within_two_hundred_seeds() {
    let asked = Asked::read();
    let bugs: Vec<Bug> = Bug::ALL.iter().copied().filter(|bug| asked.is_meant(*bug)).collect();
    let (began, next) = (Stopwatch::start(), AtomicUsize::new(0));
    let told: Mutex<BTreeMap<Bug, Option<Noticed>>> = Mutex::default();
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                while let Some(bug) = bugs.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let noticed = search(*bug, &asked);
                    println!("{}", line(*bug, noticed.as_ref()));
                    told.lock().unwrap().insert(*bug, noticed);
                }
            });
        }
    });
    let told = told.into_inner().unwrap();
    println!("{} planted mistakes, {DAYS} days a seed, {:.0} s", told.len(), began.seconds());
    let missed: Vec<&str> =
        told.iter().filter(|(_, noticed)| noticed.is_none()).map(|(bug, _)| bug.name()).collect();
    assert!(missed.is_empty(), "these would get past the simulation: {missed:?}");
}

fn line(bug: Bug, noticed: Option<&Noticed>) -> String {
    match noticed {
        Some(Noticed { seeds, seed, kind }) => {
            format!("  {:<24} {seeds:>4} seeds (seed {seed:>3}): {kind}", bug.name())
        }
        None => format!("  {:<24} NOT NOTICED in {SEEDS} seeds", bug.name()),
    }
}

fn search(bug: Bug, asked: &Asked) -> Option<Noticed> {
    let _planted = arm::plant(bug);
    let seeds = (1..).zip(order(bug, asked));
    let mut noticed = seeds.filter_map(|(seeds, seed)| {
        let sentence = fails(&Plan::draw(seed, DAYS))?;
        Some(Noticed { seeds, seed, kind: minimise::kind(&sentence).to_owned() })
    });
    noticed.next()
}

/// The seeds, the likeliest first: the one that noticed it last time; then worlds in which Lever says everything by itself, so that
/// what was missed shows the same evening.
fn order(bug: Bug, asked: &Asked) -> Vec<u64> {
    let mut order = Vec::from_iter(0..SEEDS);
    if !asked.honestly {
        let known = |seed: u64| KNOWN.contains(&(bug, seed));
        let tells = |seed: u64| {
            let setup = Plan::draw(seed, 0).setup;
            !setup.lies && setup.page_size_max >= 100 && !setup.webhooks
        };
        order.sort_by_key(|seed| (!known(*seed), !tells(*seed)));
    }
    order
}

/// What whoever runs this wants to know.
struct Asked {
    honestly: bool,
    only: Option<Vec<Bug>>,
}

impl Asked {
    #[expect(clippy::disallowed_methods, reason = "how much is asked of whoever runs the test")]
    fn read() -> Asked {
        Asked { honestly: std::env::var("HIRESYNC_PLANTED_REPORT").is_ok(), only: only() }
    }

    /// Those that the simulation has to notice; by name any.
    fn is_meant(&self, bug: Bug) -> bool {
        match &self.only {
            Some(only) => only.contains(&bug),
            None => bug.level() == Level::Simulation,
        }
    }
}

/// What `HIRESYNC_PLANTED_ONLY` names, if anybody asks for these only.
#[expect(clippy::disallowed_methods, reason = "which to try is asked of whoever runs the test")]
pub fn only() -> Option<Vec<Bug>> {
    let names = std::env::var("HIRESYNC_PLANTED_ONLY").ok()?;
    let named = |name| {
        Bug::named(name)
            .unwrap_or_else(|| panic!("HIRESYNC_PLANTED_ONLY: `{name}` is no mistake of planted::Bug"))
    };
    Some(names.split(',').map(named).collect())
}

/// In the real adapter, one seed long.
#[test]
pub fn no_file_is_renamed_before_its_content_is_on_disk() {
    let (synced, renamed) = (Rc::new(Cell::new(0_u32)), Rc::new(Cell::new(0_u32)));
    let (counts, too_soon) = ((Rc::clone(&synced), Rc::clone(&renamed)), Rc::new(Cell::new(0_u32)));
    let early = Rc::clone(&too_soon);
    arm::watch_thread(Some(Box::new(move |point| {
        let (synced, renamed) = &counts;
        match point {
            Point::FileSynced => synced.set(synced.get() + 1),
            Point::FileRenamed => renamed.set(renamed.get() + 1),
            _ => {}
        }
        early.set(early.get() + u32::from(renamed.get() > synced.get()));
    })));
    let broken = fails(&Plan::draw(0, 1));
    arm::watch_thread(None);
    assert_eq!(broken, None);
    assert!(renamed.get() > 3, "the seed wrote too little to prove anything");
    assert_eq!(
        too_soon.get(),
        0,
        "of {} files, so many were renamed before they were on disk",
        renamed.get()
    );
}
