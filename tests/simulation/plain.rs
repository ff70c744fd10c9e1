//! An HR system that believes whatever it is told: it knows no key, makes a record for whoever is added, and its search lags. What the
//! engine does is all that keeps people from being there twice.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
    time::Duration,
};

use adapter_sdk::{
    Capabilities, Delivery, ErrorKind, Generation, HrisAdapter, Next, Receipt,
    memory::{Fault, Lag, Memory},
};
use chrono::TimeDelta;
use people::{ContactId, Timestamp};
use rand::{RngExt, seq::IndexedRandom};
use rand_chacha::ChaCha8Rng;
use sandbox::Millis;

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
/// How long it is left alone about somebody after as many failures in a row. Longer than that is nobody's harm.
const PAUSES: [TimeDelta; 4] =
    [TimeDelta::minutes(1), TimeDelta::minutes(5), TimeDelta::minutes(30), TimeDelta::hours(2)];
/// Whoever is hired again is tried again at once: that is how a human asks for it.
const ANEW: Millis = 3_600_000;

/// The HR system, which outlives every daemon.
#[derive(Clone)]
pub struct Plain {
    memory: Memory,
    world: Shared,
    dice: Arc<Mutex<ChaCha8Rng>>,
    heard: Arc<Mutex<Heard>>,
}

/// How it was asked.
#[derive(Default)]
struct Heard {
    /// Calls that failed for another reason than the person's data, since the daemon last called it usable.
    troubles: usize,
    /// Calls that have no answer, or none yet.
    unanswered: usize,
    /// What was decided of somebody, how often it failed for certain, and when it did last, by our clock.
    failed: BTreeMap<ContactId, (Generation, usize, Timestamp)>,
    /// Who failed in the cycle that is under way: a daemon that is killed in it may not have written that down.
    unwritten: BTreeSet<ContactId>,
    /// A call that came too soon.
    hasty: Option<String>,
}

impl Plain {
    pub fn new(seed: u64, world: &Shared) -> Plain {
        let mut dice = dice(seed, Stream::Plain);
        let memory = Memory::with(PLAIN, Capabilities { dedupes_by_key: false, ..Memory::everything() });
        memory.lag(Lag::For(dice.random_range(Duration::ZERO..LAG_MAX)));
        Plain { memory, world: Arc::clone(world), dice: Arc::new(Mutex::new(dice)), heard: Arc::default() }
    }

    pub fn adapter(&self) -> Arc<dyn HrisAdapter> {
        self.memory.adapter()
    }

    /// Decides what becomes of deliveries that are about to be made.
    pub fn draw_faults(&self, deliveries: &[Delivery]) {
        let (world, mut dice) = (self.world.lock().unwrap(), self.dice.lock().unwrap());
        if world.setup.is_quiet(world.elapsed()) {
            return;
        }
        let draw = |_| match dice.random_ratio(1, TROUBLED) {
            true => FAULTS.choose(&mut *dice).expect("there are some").clone(),
            false => Fault::Nothing,
        };
        self.memory.script(deliveries.iter().map(draw));
        let mut heard = self.heard.lock().unwrap();
        let since = world.now().saturating_sub(ANEW);
        let hired_anew = world.lever.hired().into_iter().filter(|hire| hire.hired_at >= since);
        let hired_anew = hired_anew.map(|hire| hire.contact.to_string()).collect();
        heard.meets(deliveries, &hired_anew, world.our_time());
        heard.unanswered += deliveries.len();
    }

    /// What became of deliveries, where it said so.
    pub fn answered(&self, deliveries: &[Delivery], answers: &[adapter_sdk::Result<Receipt>]) {
        let now = self.world.lock().unwrap().our_time();
        let mut heard = self.heard.lock().unwrap();
        heard.unanswered = heard.unanswered.saturating_sub(deliveries.len());
        for (delivery, answer) in deliveries.iter().zip(answers) {
            if let Err(error) = answer {
                heard.unanswered += usize::from(error.next() == Next::FindFirst);
                heard.troubles += usize::from(error.kind() != ErrorKind::Rejected);
            }
            let is_put_off = |error: &adapter_sdk::Error| {
                error.kind() == ErrorKind::Unavailable && matches!(error.next(), Next::Retry { .. })
            };
            if answer.as_ref().is_err_and(is_put_off) {
                let (generation, times, at) =
                    heard.failed.entry(delivery.contact.clone()).or_insert((delivery.generation, 0, now));
                *times = if *generation == delivery.generation { *times + 1 } else { 1 };
                (*generation, *at) = (delivery.generation, now);
                heard.unwritten.insert(delivery.contact.clone());
            } else {
                heard.failed.remove(&delivery.contact);
            }
        }
    }

    /// A cycle is over, and what was heard in it is written.
    pub fn wrote(&self) {
        self.heard.lock().unwrap().unwritten.clear();
    }

    /// The daemon was killed: of what it heard in this cycle it may know nothing.
    pub fn was_killed(&self) {
        let mut heard = self.heard.lock().unwrap();
        let unwritten = std::mem::take(&mut heard.unwritten);
        heard.failed.retain(|contact, _| !unwritten.contains(contact));
    }

    /// How many calls got no answer since this was last asked.
    pub fn take_unanswered(&self) -> usize {
        std::mem::take(&mut self.heard.lock().unwrap().unanswered)
    }

    /// Whoever cannot be sent is left alone for a while, and longer each time.
    pub fn is_patient(&self) -> Result<(), Violation> {
        let hasty = self.heard.lock().unwrap().hasty.take();
        holds!(
            hasty.is_none(),
            "who could not be sent is left alone for a while: {}",
            hasty.unwrap_or_default()
        );
        Ok(())
    }

    /// One person who is refused keeps nobody else waiting.
    pub fn is_open(&self, is_usable: bool) -> Result<(), Violation> {
        let mut heard = self.heard.lock().unwrap();
        let is_troubled = heard.troubles + heard.unanswered > 0;
        holds!(is_usable || is_troubled, "a target that refuses somebody's data is there for the others");
        if is_usable {
            heard.troubles = 0;
        }
        Ok(())
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

impl Heard {
    /// Whether these come too soon after what became of them the last time. What came after many failures in a row says nothing: then
    /// the whole target was left alone, and everybody who waited goes out once it is back.
    fn meets(&mut self, deliveries: &[Delivery], hired_anew: &BTreeSet<String>, now: Timestamp) {
        if self.troubles > PAUSES.len() {
            self.failed.clear();
        }
        for delivery in deliveries {
            let Some((generation, times, at)) = self.failed.get(&delivery.contact) else { continue };
            let pause = PAUSES[(times - 1).min(PAUSES.len() - 1)];
            // A clock that was set back says nothing.
            let is_asked_for = hired_anew.contains(delivery.contact.as_str());
            if *generation == delivery.generation && !is_asked_for && now >= *at && now - *at < pause {
                let seconds = (now - *at).num_seconds();
                self.hasty = Some(format!("{}, {seconds} s after failure {times}", delivery.contact));
            }
        }
    }
}
