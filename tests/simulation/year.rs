//! A year of five-minute cycles in a process of its own, on a real store: what it holds in memory, open and on disk, month by month.
//!
//! `HIRESYNC_YEAR_DAYS=360` runs the whole year, and holds memory to at most 1 MiB a month; without it, a few days, which tell of
//! descriptors only.

use std::{
    fs,
    path::Path,
    process::Command,
    sync::{Arc, Mutex},
    time::Duration,
};

use engine::{CycleOrder, SweepKind};
use sandbox::NewContact;
use tokio::time::{Instant, sleep_until};

use super::{
    daemon::{Daemon, Ended},
    plan::{DAY, HOUR, LedgerKind, MINUTE, Plan},
    world::World,
};

/// Names the child, and how many days it is to live through.
const CHILD: &str = "HIRESYNC_YEAR_CHILD";
const MONTHS: u64 = 12;
const DAYS: u64 = 12;
/// So many days tell how memory grows.
const TELLING_DAYS: u64 = 180;
const POLL: u64 = 5 * MINUTE;
const POPULATION: usize = 600;

/// What the process holds, at the end of each twelfth of its days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Held {
    memory_kib: u64,
    descriptors: u64,
    disk_kib: u64,
}

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "a process of its own is told through its environment what it is to do"
)]
fn a_year_of_five_minute_cycles_holds_no_more_at_its_end_than_at_its_beginning() {
    if let Ok(days) = std::env::var(CHILD) {
        return live(days.parse().unwrap());
    }
    let days: u64 = std::env::var("HIRESYNC_YEAR_DAYS").map_or(DAYS, |days| days.parse().unwrap());
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "--nocapture", "--test-threads=1"])
        .arg("simulation::year::a_year_of_five_minute_cycles_holds_no_more_at_its_end_than_at_its_beginning")
        .env(CHILD, days.to_string())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&child.stdout);
    println!("{said}");
    assert!(child.status.success(), "{said}\n{}", String::from_utf8_lossy(&child.stderr));
    let months: Vec<Held> = said.lines().filter_map(read).collect();
    assert_eq!(months.len() as u64, MONTHS, "{said}");
    // The first month warms up.
    let (first, last) = (months[1], months[months.len() - 1]);
    let between = (MONTHS - 2) * (days / MONTHS);
    let slope = 30 * last.memory_kib.saturating_sub(first.memory_kib) / between;
    println!("{slope} KiB more each 30 days");
    assert!(days < TELLING_DAYS || slope <= 1024, "{slope} KiB a month: {months:?}");
    assert!(months.iter().all(|month| month.descriptors == first.descriptors), "{months:?}");
}

/// Lives through so many days and says at the end of each month what it holds.
fn live(days: u64) {
    let plan = Plan::calm(POPULATION, LedgerKind::Sled);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.expect("a runtime needs nothing").block_on(Box::pin(all_days(&plan, days)));
}

async fn all_days(plan: &Plan, days: u64) {
    let world = Arc::new(Mutex::new(World::new(plan)));
    let mut daemon = Daemon::new(plan, &world);
    let began = Instant::now();
    let (mut cycles, mut delivered) = (0_u64, 0);
    for at in (0..days * DAY).step_by(usize::try_from(POLL).unwrap()) {
        sleep_until(began + Duration::from_millis(at)).await;
        let (day, time) = (at / DAY, at % DAY);
        if time == 10 * HOUR {
            work(&mut world.lock().unwrap(), day);
        }
        let sweep = if time == 2 * HOUR { SweepKind::Full } else { SweepKind::Changes };
        let ended = Box::pin(daemon.cycle(CycleOrder { sweep, approve: false }, None)).await;
        let Ended::Done(outcome) = ended else { panic!("nobody killed it") };
        let report = outcome.unwrap();
        cycles += 1;
        delivered += report.delivered.created + report.delivered.updated;
        let month = days / MONTHS;
        if at + POLL == (day + 1) * DAY && (day + 1) % month == 0 {
            let Held { memory_kib, descriptors, disk_kib } = Held::now(daemon.state().unwrap());
            #[expect(clippy::print_stdout, reason = "the parent reads it")]
            {
                println!(
                    "month {}: {memory_kib} KiB, {descriptors} descriptors, {disk_kib} KiB on disk; {cycles} cycles, {delivered} delivered",
                    (day + 1) / month
                );
            }
        }
    }
}

/// What recruiters do in a day: somebody is hired, and three people get another name.
fn work(world: &mut World, day: u64) {
    let now = world.now();
    let ada = world.lever.add_contact(NewContact::named(&format!("Person{day} Example")));
    let opportunity = world.lever.add_opportunity(now, &ada, None).unwrap();
    world.lever.hire(now, &opportunity).unwrap();
    let hired = world.lever.hired();
    for nth in 0..3 {
        let somebody = hired[(day as usize * 3 + nth) % hired.len()].contact.clone();
        // Who was anonymised has no name any more.
        let _ = world.lever.rename(now, &somebody, &format!("Renamed{day} Example{nth}"));
    }
}

impl Held {
    fn now(state: &Path) -> Held {
        let status = fs::read_to_string("/proc/self/status").unwrap();
        let memory = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        Held {
            memory_kib: memory.trim().trim_end_matches(" kB").parse().unwrap(),
            descriptors: fs::read_dir("/proc/self/fd").unwrap().count() as u64,
            disk_kib: size(state) / 1024,
        }
    }
}

fn read(line: &str) -> Option<Held> {
    // The test's own name stands before the first.
    let (_, figures) = line.split_once("month ")?;
    let numbers: Vec<u64> =
        figures.split(|letter: char| !letter.is_ascii_digit()).filter_map(|word| word.parse().ok()).collect();
    let [_, memory_kib, descriptors, disk_kib, ..] = numbers[..] else { return None };
    Some(Held { memory_kib, descriptors, disk_kib })
}

fn size(path: &Path) -> u64 {
    let found = fs::symlink_metadata(path).unwrap();
    if !found.is_dir() {
        return found.len();
    }
    fs::read_dir(path).unwrap().map(|entry| size(&entry.unwrap().path())).sum()
}
