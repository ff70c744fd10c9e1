//! What faults cost: the same days, once in peace and once with every fifth request to Lever failing.
//!
//! A call is made up to three times, so the floor is one over what succeeds: 1.25 where a fifth fails. What comes on top is whole people
//! and lists that are read again.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use engine::{CycleOrder, SweepKind};
use sandbox::Fault;
use tokio::time::{Instant, sleep_until};

use super::{
    daemon::{Daemon, Ended},
    oracle::Columns,
    plan::{DAY, HOUR, LedgerKind, POLL, Plan, What},
    world::World,
};

const DAYS: u64 = 4;
const SEED: u64 = 7;
const POPULATION: usize = 200;
const FAILING: &str = "%20";
/// Requests with faults, for one without.
const AMPLIFICATION_MAX: f64 = 1.3;
/// Each is noticed at another place: at once, after a pause, on the way, in the middle of a body, at its end, in what it says.
const FAMILIES: [&str; 6] = ["503", "429", "close", "half", "cut", "html"];

#[test]
fn with_every_fifth_request_failing_lever_is_asked_at_most_a_third_more() {
    let peace = requests(None);
    assert!(peace > 1_000, "{peace} requests say little");
    for family in FAMILIES {
        let asked = requests(Some(family));
        let ratio = asked as f64 / peace as f64;
        println!("{family}{FAILING}: {asked} requests for {peace}: {ratio:.3} times");
        assert!(ratio > 1.1, "{family}: nothing failed");
        assert!(ratio <= AMPLIFICATION_MAX, "{family}: {ratio:.3} times the requests");
    }
}

fn requests(family: Option<&str>) -> u64 {
    let mut plan = Plan::calm(POPULATION, LedgerKind::Memory);
    plan.timeline = Plan::draw(SEED, DAYS).timeline;
    plan.timeline.retain(|happening| matches!(happening.what, What::Recruit(..)));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.expect("a runtime needs nothing").block_on(Box::pin(all_days(&plan, family)))
}

async fn all_days(plan: &Plan, family: Option<&str>) -> u64 {
    let world = Arc::new(Mutex::new(World::new(plan)));
    let mut daemon = Daemon::new(plan, &world);
    if let Some(family) = family {
        let fault = Fault::parse(&format!("{family}{FAILING}")).unwrap();
        world.lock().unwrap().lever.add_fault(fault);
    }
    let began = Instant::now();
    for at in (0..DAYS * DAY).step_by(usize::try_from(POLL).unwrap()) {
        sleep_until(began + Duration::from_millis(at)).await;
        world.lock().unwrap().catch_up();
        let sweep = if at % DAY == 2 * HOUR { SweepKind::Full } else { SweepKind::Changes };
        let ended = Box::pin(daemon.cycle(CycleOrder { sweep, approve: false }, None)).await;
        assert!(matches!(ended, Ended::Done(_)), "nobody killed it");
        world.lock().unwrap().oracle.look(&daemon.export, at).unwrap();
    }
    let world = world.lock().unwrap();
    world.oracle.is_right(Columns::Told).unwrap();
    world.lever.figures().requests
}
