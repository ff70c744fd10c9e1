//! An HR system that believes whatever it is told: it knows no key, makes a record for whoever is added, and its search lags. What the
//! engine does is all that keeps people from being there twice.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
    time::Duration,
};

use adapter_sdk::{
    Capabilities, HrisAdapter,
    memory::{Fault, Lag, Memory},
};
use rand::{RngExt, seq::IndexedRandom};
use rand_chacha::ChaCha8Rng;

use super::{
    oracle::{Oracle, Violation, holds},
    plan::{Stream, dice},
    world::Shared,
};

/// The name of the target.
pub const PLAIN: &str = "plain";
/// Its search lags no longer than the engine looks for somebody: four minutes.
const LAG_MAX: Duration = Duration::from_secs(200);
/// What becomes of one delivery in [`TROUBLED`], until the evening. Nothing in part: an adapter that works in steps says so, and one that
/// finds a person's record takes the whole for done.
const FAULTS: [Fault; 6] = [
    Fault::Unavailable,
    Fault::RequestLost,
    Fault::AnswerLost,
    Fault::Hang,
    Fault::HangAfterApply,
    Fault::Rejected,
];
const TROUBLED: u32 = 5;

/// The HR system, which outlives every daemon.
#[derive(Clone)]
pub struct Plain {
    memory: Memory,
    world: Shared,
    dice: Arc<Mutex<ChaCha8Rng>>,
}

impl Plain {
    pub fn new(seed: u64, world: &Shared) -> Plain {
        let mut dice = dice(seed, Stream::Plain);
        let memory = Memory::with(PLAIN, Capabilities { dedupes_by_key: false, ..Memory::everything() });
        memory.lag(Lag::For(dice.random_range(Duration::ZERO..LAG_MAX)));
        Plain { memory, world: Arc::clone(world), dice: Arc::new(Mutex::new(dice)) }
    }

    pub fn adapter(&self) -> Arc<dyn HrisAdapter> {
        self.memory.adapter()
    }

    /// Decides what becomes of so many deliveries that are about to be made.
    pub fn draw_faults(&self, deliveries: usize) {
        let (world, mut dice) = (self.world.lock().unwrap(), self.dice.lock().unwrap());
        if world.setup.is_quiet(world.elapsed()) {
            return;
        }
        let draw = |_| match dice.random_ratio(1, TROUBLED) {
            true => FAULTS.choose(&mut *dice).expect("there are some").clone(),
            false => Fault::Nothing,
        };
        self.memory.script((0..deliveries).map(draw));
    }

    /// Nobody is there twice.
    pub fn are_once(&self) -> Result<(), Violation> {
        let (mut of, mut on) = (BTreeMap::new(), BTreeMap::new());
        for record in self.memory.records() {
            if let Some(contact) = record.contact {
                let other = of.insert(contact.clone(), record.remote.clone());
                holds!(
                    other.is_none(),
                    "nobody is made twice where nothing but we keeps them from it: {contact}"
                );
            }
            for hire in record.hires.into_keys() {
                let other = on.insert(hire.clone(), record.remote.clone());
                holds!(
                    other.is_none(),
                    "no hire is made twice where nothing but we keeps it from it: {hire}"
                );
            }
        }
        Ok(())
    }

    /// Every hire is there, but of those who wait for what they were refused.
    pub fn are_all(&self, oracle: &Oracle, waiting: &BTreeSet<String>) -> Result<(), Violation> {
        let records = self.memory.records();
        let there: BTreeSet<&str> =
            records.iter().flat_map(|record| record.hires.keys()).map(|hire| hire.as_str()).collect();
        for (opportunity, row) in oracle.hires() {
            let Some(row) = row else { continue };
            let is_there = there.contains(opportunity) || waiting.contains(row["employee_ref"].as_str());
            holds!(
                is_there,
                "every hire is there, also where nothing is looked up by key: {opportunity} is not"
            );
        }
        Ok(())
    }
}
