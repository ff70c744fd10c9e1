//! How little Lever is asked.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use people::{Clock, SystemClock, Zone};
use sandbox::{Lever, Settings};

use crate::harness::{PretendLever, World, awaited, lever::now_ms, number, roster::in_scope};

/// Records on one of Lever's pages.
const PAGE: usize = 100;

#[test]
fn five_hundred_opportunities_are_read_with_few_requests_and_none_is_refused() {
    let lever = Lever::seeded(Settings::default(), 500, now_ms());
    let world = World::around(PretendLever::start(lever)).with(|setup| {
        setup.hired_since = SystemClock.today(Zone::UTC) - TimeDelta::days(301);
        setup.requests_per_second = 9;
    });

    let ended = world.once(&[]).expect(0);

    let figures = world.lever.figures();
    let floor = Floor::of(&world);
    println!(
        "500 opportunities: {} requests in {:?}, floor {} ({floor:?}), at most {} in a second, {} refused; {:?}",
        figures.requests,
        ended.took,
        floor.requests(),
        figures.most_in_a_second,
        figures.refused_by_rate,
        figures.by_endpoint
    );
    world.assert_exact();
    assert_eq!(figures.refused_by_rate, 0);
    assert_eq!(figures.writes, 0);
    assert!(figures.most_in_a_second <= 10);
    assert!(
        2 * figures.requests <= 3 * floor.requests(),
        "{} requests, floor {}",
        figures.requests,
        floor.requests()
    );

    an_idle_second_cycle_asks_at_most_three_times_and_writes_nothing(&world);
}

#[expect(clippy::print_stdout, reason = "a figure of the test that calls this")]
fn an_idle_second_cycle_asks_at_most_three_times_and_writes_nothing(world: &World) {
    let (before, identity) = (world.lever.figures().requests, world.roster_identity());
    world.once(&[]).expect(0);
    let requests = world.lever.figures().requests - before;
    let account = world.lever.account();
    let again = awaited::requests(&account, now_ms(), PAGE);
    println!("an idle second cycle: {requests} requests, of which {again} may look at recent hires again");
    assert!(requests <= 3 + again, "{requests}, {again} for recent hires");
    assert_eq!(world.roster_identity(), identity, "the same file, with the same time");
}

#[test]
fn an_idle_daemon_asks_at_most_three_times_a_cycle_and_writes_nothing() {
    let world = World::empty();
    (0..5).for_each(|nth| drop(world.lever.hire(&format!("Person{nth} Example"))));
    let daemon = world.daemon();
    let soon = std::time::Duration::from_secs(40);
    let at_work =
        daemon.wait_for_status("all five", soon, |status| status["targets"]["roster"]["agreed"] == 5);
    let from = at_work["cycle"].as_u64().unwrap() + 1;
    let start = daemon.wait_for_status("a quiet cycle", soon, |status| {
        status["last_cycle"]["cycle"].as_u64() >= Some(from)
    });
    let identity = world.roster_identity();

    let end = daemon.wait_for_status("five more", soon, |status| {
        status["last_cycle"]["cycle"].as_u64() >= Some(from + 5)
    });

    let cycles = end["cycle"].as_u64().unwrap() - start["last_cycle"]["cycle"].as_u64().unwrap();
    let requests =
        end["source"]["requests"].as_u64().unwrap() - start["source"]["requests"].as_u64().unwrap();
    println!("an idle daemon: {requests} requests in {cycles} cycles");
    assert!(requests <= 3 * cycles, "{requests} requests in {cycles} cycles");
    assert_eq!(world.roster_identity(), identity);
}

/// `HIRESYNC_IDLE_OPPORTUNITIES=30500` makes it ten thousand people and ten minutes of five-minute polls.
#[test]
fn an_idle_daemon_takes_hardly_any_memory_and_hardly_any_time() {
    let asked = number("HIRESYNC_IDLE_OPPORTUNITIES");
    let opportunities = usize::try_from(asked.unwrap_or(600)).unwrap();
    let lever = Lever::seeded(Settings::default(), opportunities, now_ms());
    let world = World::around(PretendLever::start(lever)).with(|setup| {
        setup.hired_since = "2010-01-01".parse().unwrap();
        setup.poll = if asked.is_some() { "0 */5 * * * *" } else { "*/5 * * * * *" };
    });
    // What needs no request for each of them.
    world.write_config(&world.config_text_of(&format!(
        "[targets.roster]\nadapter = \"file-export\"\npath = \"{}\"\n[targets.roster.person]\nemployee_ref = \"contact\"\nlast_name = \"name.last\"\n\n[targets.roster.hire]\nhired_on = \"hired_at | date\"\n",
        world.setup.export.display()
    )));
    let daemon = world.daemon();
    let long = std::time::Duration::from_secs(1_200);
    let there = daemon.wait_for_status("everybody is there", long, |status| {
        let target = &status["targets"]["roster"];
        status["marked"] == 0 && target["agreed"].as_u64() > Some(0) && target["agreed"] == target["in_scope"]
    });
    let (from, began) = (cpu_seconds(daemon.pid()), tokio::time::Instant::now());
    // Whoever asks costs more than the daemon: the log is read.
    let ended = || daemon.log().lines().filter(|line| line.contains("\"code\":\"cycle\"")).count();
    let before = ended();
    crate::harness::wait_until("two more cycles", long, || (ended() >= before + 2).then_some(()));
    let (spent, seconds) = (cpu_seconds(daemon.pid()) - from, began.elapsed().as_secs_f64());
    let memory = resident_kib(daemon.pid());
    println!(
        "idle with {} people: {} KiB resident, {:.3} % of a processor over {seconds:.0} s",
        there["targets"]["roster"]["agreed"],
        memory,
        100.0 * spent / seconds
    );
    assert!(memory <= 64 << 10, "{memory} KiB");
}

/// Of user and system, so far (proc_pid_stat(5), fields 14 and 15, in hundredths on Linux).
fn cpu_seconds(pid: u32) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    let ticks: f64 = fields[11..13].iter().map(|field| field.parse::<f64>().unwrap()).sum();
    ticks / 100.0
}

fn resident_kib(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    resident.trim().trim_end_matches(" kB").parse().unwrap()
}

/// The fewest requests that bring everything that is mapped.
#[derive(Debug)]
struct Floor {
    sweep_pages: usize,
    contact_batches: usize,
    offers: usize,
    postings: usize,
}

impl Floor {
    fn of(world: &World) -> Floor {
        let account = world.lever.account();
        let hired = in_scope(&account, world.setup.hired_since);
        let contacts: BTreeSet<&str> = hired.iter().map(|hire| hire.contact.as_str()).collect();
        let theirs =
            account.opportunities().iter().filter(|it| contacts.contains(it.contact.as_str())).count();
        let postings: BTreeSet<&str> =
            hired.iter().filter_map(|hire| Some(hire.posting.as_ref()?.id.as_str())).collect();
        Floor {
            sweep_pages: hired.len().div_ceil(PAGE),
            contact_batches: theirs.div_ceil(PAGE),
            offers: hired.len(),
            postings: postings.len(),
        }
    }

    fn requests(&self) -> u64 {
        (self.sweep_pages + self.contact_batches + self.offers + self.postings) as u64
    }
}
