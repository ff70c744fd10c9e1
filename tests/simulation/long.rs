//! A full sweep of ten thousand hires on virtual time: how long it takes, and that whoever is hired meanwhile need not wait.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
    time::Duration,
};

use engine::{About, CycleOrder, Hint, SweepKind};
use sandbox::{Millis, NewContact};
use tokio::time::{Instant, sleep};

use super::{
    daemon::{Daemon, Ended},
    plan::{LedgerKind, Plan},
    world::World,
};

/// Opportunities in the account; about a third of them are hired.
const POPULATION: usize = 30_500;
/// Requests a second, as the daemon makes them by default.
const PACE: f64 = 9.0;

#[test]
fn a_full_sweep_of_ten_thousand_hires_takes_little_more_than_its_floor_and_starves_nobody() {
    let mut plan = Plan::calm(POPULATION, LedgerKind::Memory);
    plan.setup.hired_since = "2015-01-01".parse().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.expect("a runtime needs nothing").block_on(Box::pin(sweep(&plan)));
}

async fn sweep(plan: &Plan) {
    let world = Arc::new(Mutex::new(World::new(plan)));
    let mut daemon = Daemon::new(plan, &world);
    let floor = floor(&world.lock().unwrap());
    let engine = Arc::clone(daemon.engine());
    let began = Instant::now();
    let order = CycleOrder { sweep: SweepKind::Full, approve: false };
    let hired_meanwhile = async {
        // In the middle of it somebody is hired, and Lever says so.
        sleep(Duration::from_secs(600)).await;
        let (contact, opportunity) = {
            let mut world = world.lock().unwrap();
            let now: Millis = world.now();
            let contact = world.lever.add_contact(NewContact::named("Ada Example"));
            let opportunity = world.lever.add_opportunity(now, &contact, None).unwrap();
            world.lever.hire(now, &opportunity).unwrap();
            (contact, opportunity)
        };
        let asked = Instant::now();
        let contact = contact.as_str().parse().unwrap();
        let hint = Hint { contact: Some(contact), opportunity: None, about: About::Anybody };
        engine.hint(&hint).unwrap();
        engine.hurry(SweepKind::Skip);
        let ada = hint.contact.unwrap();
        while engine.person(&ada).unwrap().iter().all(|line| line.state != "agreed") {
            sleep(Duration::from_millis(50)).await;
        }
        (asked.elapsed(), opportunity)
    };
    let (ended, (waited, _)) = tokio::join!(Box::pin(daemon.cycle(order, None)), hired_meanwhile);
    let took = began.elapsed();
    let Ended::Done(outcome) = ended else { panic!("nobody killed it") };
    let report = outcome.unwrap();
    let world = world.lock().unwrap();
    let figures = world.lever.figures();
    #[expect(clippy::print_stdout, reason = "the figure is what this is for")]
    {
        println!(
            "a full sweep: {} people read with {} requests in {:.0} virtual s, floor {floor} requests and {:.0} s: {:.3} times; at most {} in a second, {} refused; hired meanwhile: there after {:.2} s",
            report.read,
            figures.requests,
            took.as_secs_f64(),
            floor as f64 / PACE,
            took.as_secs_f64() * PACE / floor as f64,
            figures.most_in_a_second,
            figures.refused_by_rate,
            waited.as_secs_f64()
        );
    }
    assert!(took.as_secs_f64() <= 1.2 * floor as f64 / PACE);
    assert!(figures.most_in_a_second <= 10);
    assert_eq!(figures.refused_by_rate, 0);
    assert!(waited < Duration::from_secs(5), "{waited:?}");
}

/// Pages of the listing, pages of the people, and the offers of each hire.
fn floor(world: &World) -> u64 {
    let hired = world.lever.hired();
    let hired: Vec<_> = hired.iter().filter(|hire| !hire.is_confidential && !hire.is_anonymized).collect();
    let contacts: BTreeSet<_> = hired.iter().map(|hire| &hire.contact).collect();
    assert!(hired.len() >= 10_000, "{}", hired.len());
    (hired.len().div_ceil(100) + contacts.len().div_ceil(50) + hired.len()) as u64
}
