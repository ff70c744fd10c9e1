//! Killed with SIGKILL at random moments, again and again, while recruiters go on working.
//!
//! After every kill the ledger is opened from a copy of the state folder: it must open as it is, and every row that HR can
//! read must be backed by a mark that was on disk before the row was. After all kills one undisturbed run must bring
//! exactly the hires, each once, with today's values.
//!
//! `HIRESYNC_CRASH_SEED` replays the edits and the moments of a run (the machine's scheduling is not in the seed);
//! `HIRESYNC_CRASH_KILLS` says how many.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    time::Duration,
};

use chrono::TimeDelta;
use ledger::{Origin, Standing, StateFolder};
use people::{Clock, ContactId, OpportunityId, SystemClock, Zone};
use planted::Point;
use rand::{RngExt, SeedableRng, seq::IndexedRandom};
use rand_chacha::ChaCha8Rng;
use sandbox::{Lever, NewContact, Refused, Settings};
use tokio::time::Instant;

use crate::harness::{
    Comparison, Daemon, PretendLever, World,
    lever::{hire, now_ms},
    number,
    program::{command, run},
    wait::{pause, within},
    watch::{Change, Watch},
};

/// Opportunities in the account to begin with: few, since the first cycle reads all who are hired before it delivers, at
/// ten requests a second.
const PEOPLE: usize = 12;
/// Side by side: a cycle mostly waits for its turn to ask Lever.
const WORLDS: u64 = 8;
/// The daemon has delivered long before; a moment that has not come by then is taken to be now.
const MOMENT_MAX: Duration = Duration::from_secs(8);
/// An attempt whose outcome a kill hid is looked up half a minute later, and that of somebody merged away four times in four
/// minutes; a machine under load takes longer.
const SETTLED_WITHIN: Duration = Duration::from_secs(420);

#[test]
fn killed_at_any_moment_a_crash_loses_doubles_and_spoils_nobody() {
    let seed = number("HIRESYNC_CRASH_SEED").unwrap_or_else(now_ms);
    let kills = number("HIRESYNC_CRASH_KILLS").unwrap_or(300);
    println!("crash: HIRESYNC_CRASH_SEED={seed} HIRESYNC_CRASH_KILLS={kills}");
    let began = Instant::now();
    let share = |world: u64| kills / WORLDS + u64::from(world < kills % WORLDS);
    let tally = std::thread::scope(|scope| {
        let worlds: Vec<_> = (0..WORLDS)
            .map(|world| scope.spawn(move || of_one_world(seed * WORLDS + world, share(world))))
            .collect();
        worlds.into_iter().map(|world| world.join().expect("a world held")).sum::<Tally>()
    });
    println!("crash: {tally}");
    assert!(
        kills < 100 || tally.at_writes() * 3 >= kills,
        "too few kills met a write to prove anything: {tally}"
    );
    super::figures(
        "kill",
        &[
            ("cycles", tally.kills()),
            ("late", tally.late),
            ("in_scope", tally.in_scope),
            ("seconds", began.elapsed().as_secs()),
        ],
    );
}

/// So many kills in a world of its own: whatever is found ends the test.
fn of_one_world(seed: u64, kills: u64) -> Tally {
    let mut dice = ChaCha8Rng::seed_from_u64(seed);
    let settings = Settings { rate: None, seed, ..Settings::default() };
    let world = World::around(PretendLever::start(Lever::seeded(settings, PEOPLE, now_ms())))
        .with(|setup| setup.hired_since = SystemClock.today(Zone::UTC) - TimeDelta::days(301));
    fs::create_dir_all(world.setup.export.join(".hiresync")).unwrap();

    let mut tally = Tally::default();
    while tally.kills() < kills {
        let moment = Moment::draw(&mut dice);
        let newcomer = dice.random_range(0..HIRES_OF_A_HUNDRED);
        recruiters_act(&mut world.lever.account(), now_ms(), newcomer, &mut dice);
        for _ in 0..dice.random_range(0..=2) {
            let what = dice.random_range(0..100);
            recruiters_act(&mut world.lever.account(), now_ms(), what, &mut dice);
        }
        let how = run_until(&world, &moment, &mut dice);
        tally.enter(&moment, how);
        check_after_kill(
            &world,
            &format!(
                "world {seed} of HIRESYNC_CRASH_SEED={}, after kill {} ({moment:?})",
                seed / WORLDS,
                tally.kills()
            ),
        );
    }
    let comparison = settled(&world);
    tally.in_scope = comparison.in_scope as u64;
    tally
}

/// One undisturbed daemon brings everything right.
fn settled(world: &World) -> Comparison {
    let mut daemon = world.daemon();
    // Somebody whose only hire was taken back while the outcome of its delivery was unknown is looked for four times in four
    // minutes: that is not waited for. Of somebody merged away another is owed the hire once that is over.
    let is_settled = |line: &serde_json::Value| {
        let account = world.lever.account();
        let is_it = |contact: &sandbox::ContactId| line["contact"] == contact.as_str();
        let is_in_lever =
            account.contacts().iter().any(|contact| is_it(&contact.id) && contact.merged_into.is_none());
        let is_hired = account.hired().iter().any(|hire| is_it(&hire.contact));
        line["state"] == "agreed" || is_in_lever && !is_hired
    };
    let mut unsettled = serde_json::Value::Null;
    let settled = within(SETTLED_WITHIN, || {
        pause(Duration::from_millis(500));
        unsettled = daemon.get("/v1/people").expect(200).json();
        let status = daemon.status();
        let is_quiet = status["marked"] == 0 && !status["last_good_cycle_at"].is_null();
        (is_quiet && unsettled.as_array()?.iter().all(is_settled)).then_some(())
    });
    if settled.is_none() {
        unsettled.as_array_mut().unwrap().retain(|line| !is_settled(line));
        panic!("unsettled long after the last kill: {unsettled:#}\n{}", world.compare());
    }
    assert!(daemon.ended().is_none());
    daemon.terminate().expect(0);
    world.once(&["--full"]).expect(0);
    world.assert_exact();
    assert_eq!(world.lost_ledgers(), Vec::<String>::new());
    world.compare()
}

#[test]
fn stopped_at_any_moment_it_is_gone_within_five_seconds_and_nothing_is_lost() {
    let seed = number("HIRESYNC_CRASH_SEED").unwrap_or_else(now_ms);
    let stops = number("HIRESYNC_STOPS").unwrap_or(20);
    println!("stops: HIRESYNC_CRASH_SEED={seed} HIRESYNC_STOPS={stops}");
    let mut dice = ChaCha8Rng::seed_from_u64(seed);
    let settings = Settings { rate: None, seed, ..Settings::default() };
    let world = World::around(PretendLever::start(Lever::seeded(settings, PEOPLE, now_ms())))
        .with(|setup| setup.hired_since = SystemClock.today(Zone::UTC) - TimeDelta::days(301));
    fs::create_dir_all(world.setup.export.join(".hiresync")).unwrap();
    let mut slowest = Duration::ZERO;
    for stop in 1..=stops {
        let moment = Moment::outside(&mut dice);
        recruiters_act(&mut world.lever.account(), now_ms(), 0, &mut dice);
        let (daemon, _) = until(&world, &moment, &mut dice, world.launch());
        let ended = daemon.terminate();
        // Before it listens to signals, the kernel ends it.
        let is_early = matches!(moment, Moment::Startup(_)) && ended.code.is_none();
        assert!(is_early || ended.code == Some(0), "stop {stop} ({moment:?}): {ended}");
        assert!(ended.took <= Duration::from_secs(5), "stop {stop} ({moment:?}): {ended}");
        slowest = slowest.max(ended.took);
        check_after_kill(&world, &format!("after stop {stop} ({moment:?})"));
    }
    println!("stops: {stops}, the slowest took {} ms", slowest.as_millis());
    world.once(&["--full"]).expect(0);
    world.assert_exact();
    assert_eq!(world.lost_ledgers(), Vec::<String>::new());
}

/// Those that a cycle into a file comes past again and again.
const POINTS: [Point; 26] = [
    Point::FolderLocked,
    Point::SnapshotsCleaned,
    Point::StoreOpened,
    Point::StoreVerified,
    Point::LedgerOpened,
    Point::CommitBegins,
    Point::CommitApplied,
    Point::CommitFlushed,
    Point::CommitSynced,
    Point::WitnessWritten,
    Point::CommitDone,
    Point::PageMarked,
    Point::CursorMoved,
    Point::DebtsWritten,
    Point::LookedInVain,
    Point::SentWritten,
    Point::Answered,
    Point::Settled,
    Point::ExportFileHalf,
    Point::ExportStaged,
    Point::ExportDescribed,
    Point::ExportPrepared,
    Point::ExportPublished,
    Point::ExportManifestPlaced,
    Point::ExportCopyRemoved,
    Point::ExportIndexPlaced,
];

/// When the program is killed.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Moment {
    /// While it starts.
    Startup(Duration),
    /// Whenever.
    Anywhere(Duration),
    /// Up to a millisecond after the roster was replaced: the row is there, and the ledger was perhaps not told yet.
    Roster(Duration),
    /// The same of the manifest, up to 3 ms later.
    Manifest(Duration),
    /// At the n-th change in the export's private folder (`.hiresync`): the steps before and after these.
    Private(usize),
    /// By itself, when it comes there for the n-th time.
    Point(Point, u32),
}

impl Moment {
    /// Most of them while something is written.
    fn draw(dice: &mut ChaCha8Rng) -> Moment {
        let little = Duration::from_micros(dice.random_range(0..3_000));
        match dice.random_range(0..20) {
            0..2 => Moment::Roster(little.mul_f64(0.3)),
            2..3 => Moment::Manifest(little),
            3..4 => Moment::Private(dice.random_range(1..=12)),
            4..7 => Moment::Startup(Duration::from_millis(dice.random_range(0..60))),
            7..10 => Moment::Anywhere(Duration::from_millis(dice.random_range(60..1_200))),
            _ => Moment::Point(*POINTS.choose(dice).unwrap(), *[1, 1, 1, 2, 3].choose(dice).unwrap()),
        }
    }

    /// One at which it is not killed by itself.
    fn outside(dice: &mut ChaCha8Rng) -> Moment {
        loop {
            let moment = Moment::draw(dice);
            if !matches!(moment, Moment::Point(..)) {
                return moment;
            }
        }
    }

    fn name(&self) -> &'static str {
        match self {
            Moment::Startup(_) => "while starting",
            Moment::Anywhere(_) => "anywhere",
            Moment::Roster(_) => "at the roster",
            Moment::Manifest(_) => "at the manifest",
            Moment::Private(_) => "at a private step",
            Moment::Point(..) => "at a point",
        }
    }
}

/// What the kills met.
#[derive(Debug, Default)]
struct Tally {
    met: BTreeMap<&'static str, u64>,
    points: BTreeSet<&'static str>,
    late: u64,
    in_scope: u64,
}

/// How a run came to its end.
enum How {
    AtTheMoment,
    /// The moment did not come: nothing was to be written.
    Late,
}

impl Tally {
    fn enter(&mut self, moment: &Moment, how: How) {
        match how {
            How::AtTheMoment => {
                *self.met.entry(moment.name()).or_default() += 1;
                if let Moment::Point(point, _) = moment {
                    self.points.insert(point.name());
                }
            }
            How::Late => self.late += 1,
        }
    }

    fn kills(&self) -> u64 {
        self.met.values().sum()
    }

    /// Kills while something was being written.
    fn at_writes(&self) -> u64 {
        let names = ["at the roster", "at the manifest", "at a private step", "at a point"];
        names.iter().filter_map(|name| self.met.get(name)).sum()
    }
}

impl std::iter::Sum for Tally {
    fn sum<I: Iterator<Item = Tally>>(tallies: I) -> Tally {
        tallies.fold(Tally::default(), |mut all, one| {
            one.met.into_iter().for_each(|(name, count)| *all.met.entry(name).or_default() += count);
            all.points.extend(one.points);
            all.late += one.late;
            all.in_scope += one.in_scope;
            all
        })
    }
}

impl std::fmt::Display for Tally {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (met, points, all) = (&self.met, self.points.len(), POINTS.len());
        write!(f, "killed {met:?}, at {points} of {all} points; {} times the moment did not come", self.late)
    }
}

/// Starts a cycle, lets recruiters work beside it, and kills it at the moment.
fn run_until(world: &World, moment: &Moment, dice: &mut ChaCha8Rng) -> How {
    let config = world.config();
    let mut program = command(&["run", "--config", config.to_str().unwrap(), "--once"]);
    if let Moment::Point(point, nth) = moment {
        program.env("HIRESYNC_DIES_AT", format!("{}:{nth}", point.name()));
    }
    let (mut process, _) = until(world, moment, dice, Daemon::start(program, &world.said(), &world.socket()));
    let Some(status) = process.ended() else {
        process.kill();
        return How::AtTheMoment;
    };
    if status.code().is_none() {
        return How::AtTheMoment;
    }
    assert!(matches!(status.code(), Some(0 | 1)), "it ended by itself: {status}\n{}", process.log());
    How::Late
}

/// Lets recruiters work beside the program until the moment, or its end.
fn until(world: &World, moment: &Moment, dice: &mut ChaCha8Rng, mut program: Daemon) -> (Daemon, How) {
    let public = Watch::on(&world.setup.export);
    let private = Watch::on(&world.setup.export.join(".hiresync"));
    let mut edit_at = Some(Duration::from_millis(dice.random_range(0..2_000)));
    let began = Instant::now();
    let mut steps = 0;
    loop {
        let elapsed = began.elapsed();
        if edit_at.is_some_and(|at| elapsed >= at) {
            edit_at = None;
            let what = dice.random_range(0..100);
            recruiters_act(&mut world.lever.account(), now_ms(), what, dice);
        }
        let arrived =
            |changes: &[Change], name: &str| changes.iter().any(|it| it.is_arrival && it.name == name);
        let changes = public.changes();
        steps += private.changes().len();
        let is_now = match *moment {
            Moment::Startup(after) | Moment::Anywhere(after) => elapsed >= after,
            Moment::Roster(_) => arrived(&changes, "roster.csv"),
            Moment::Manifest(_) => arrived(&changes, "roster.manifest.json"),
            Moment::Private(nth) => steps >= nth,
            Moment::Point(..) => false,
        };
        if is_now {
            if let Moment::Roster(after) | Moment::Manifest(after) = *moment {
                pause(after);
            }
            return (program, How::AtTheMoment);
        }
        if elapsed > MOMENT_MAX || program.ended().is_some() {
            return (program, How::Late);
        }
        pause(Duration::from_micros(500));
    }
}

/// A hire younger than this is in scope.
const IN_SCOPE_MS: u64 = 300 * 24 * 3_600_000;

/// Of a hundred things that recruiters do, so many bring a new hire.
const HIRES_OF_A_HUNDRED: u32 = 40;

/// One thing a recruiter does: `what` of a hundred.
fn recruiters_act(lever: &mut Lever, now: u64, what: u32, dice: &mut ChaCha8Rng) {
    let nth = lever.contacts().len();
    let hired = lever.hired();
    let somebody = &hired[dice.random_range(0..hired.len())];
    let (contact, opportunity) = (somebody.contact.clone(), somebody.opportunity.clone());
    let somebody_hired_at = somebody.hired_at;
    let done: Result<(), Refused> = match what {
        0..HIRES_OF_A_HUNDRED => {
            let new = NewContact::named(&format!("New Person{nth}"))
                .with_email(&format!("person{nth}@example.com"))
                .with_phone("mobile", "+44 7700 900456");
            let contact = lever.add_contact(new);
            hire(lever, now, &contact).map(drop)
        }
        HIRES_OF_A_HUNDRED..62 => {
            lever.rename(now, &contact, &format!("Renamed Person{}", dice.random_range(0..10_000)))
        }
        62..72 => lever.set_emails(
            now,
            &contact,
            vec![format!("moved{}@example.com", dice.random_range(0..10_000))],
        ),
        72..84 => hire(lever, now, &contact).map(drop),
        // A hire of long ago that is made once more stays one of long ago: not one of those that are counted here.
        84..90 if now - somebody_hired_at < IN_SCOPE_MS => lever.unarchive(now, &opportunity),
        84..90 => Ok(()),
        90..95 => {
            let back = lever.opportunities().iter().find(|it| it.archived.is_none() && !it.offers.is_empty());
            match back.map(|it| it.id.clone()) {
                Some(opportunity) => lever.hire(now, &opportunity),
                None => Ok(()),
            }
        }
        _ => {
            let other = hired[dice.random_range(0..hired.len())].contact.clone();
            lever.merge(now, &contact, &other)
        }
    };
    // Somebody was anonymised or merged away meanwhile, or is the only one left: then nothing happens.
    let _ = done;
}

/// The ledger opens as it is, and knows of every row.
pub fn check_after_kill(world: &World, at: &str) {
    let lost = world.lost_ledgers();
    assert!(lost.is_empty(), "{at}: a ledger was given up: {lost:?}\n{}", world.everything_said());
    let copy = tempfile::tempdir().unwrap();
    if world.setup.state.exists() {
        super::ledger::copy_folder(&world.setup.state, copy.path());
        // It stands for the folder itself.
        let place = |state: &std::path::Path| state.join("place");
        if place(&world.setup.state).exists() {
            std::fs::remove_file(place(copy.path())).unwrap();
            std::fs::hard_link(place(&world.setup.state), place(copy.path())).unwrap();
        }
    }
    let folder = StateFolder::lock(copy.path()).unwrap();
    let key = folder.digest_key().unwrap();
    let opened = folder
        .open(key, SystemClock.now())
        .unwrap_or_else(|error| panic!("{at}: the ledger does not open: {error}"));
    assert_eq!(opened.lost, None, "{at}: the ledger that was left behind cannot be used");
    assert_eq!(*opened.ledger.origin(), Origin::Fresh, "{at}: the ledger is one that replaced another");
    let standings = opened.ledger.standings(&"roster".parse().unwrap(), None, usize::MAX);
    let standings: BTreeMap<ContactId, Standing> = standings
        .unwrap_or_else(|error| panic!("{at}: the ledger cannot be read: {error}"))
        .into_iter()
        .collect();
    let backed: BTreeSet<OpportunityId> = standings.values().flat_map(hires_that_may_be_over_there).collect();
    let account = world.lever.account();
    for row in world.roster().rows {
        let hire: OpportunityId = row["hire_id"].parse().unwrap();
        let opportunity = account.opportunities().iter().find(|it| it.id.as_str() == hire.as_str());
        // Profiles merged since the row was written: the ledger may have gone over to the survivor, who is owed the hire.
        let is_moving = opportunity.is_some_and(|it| it.contact.as_str() != row["employee_ref"]);
        assert!(
            is_moving || backed.contains(&hire),
            "{at}: HR can read a row of {hire}, and the ledger has neither a `Sent` mark nor an agreement for it: the row was \
             written before the mark\n{row:#?}\n{opportunity:#?}\n{:#?}",
            standings.get(row["employee_ref"].as_str())
        );
    }
    drop(account);
    let doubled = world.compare().duplicates;
    assert!(doubled.is_empty(), "{at}: twice in the roster: {doubled:?}");
}

/// The hires that the target agreed to, or that an attempt may have written.
pub fn hires_that_may_be_over_there(standing: &Standing) -> Vec<OpportunityId> {
    let agreed = standing.agreed.iter().flat_map(|agreed| agreed.link.hires.keys().cloned());
    let sent =
        standing.owed.iter().flat_map(|owed| owed.sent.iter()).flat_map(|sent| sent.hires.keys().cloned());
    agreed.chain(sent).collect()
}

#[test]
pub(super) fn killed_right_after_the_file_was_replaced_the_mark_of_each_row_is_there() {
    let world = World::empty();
    world.lever.hire("Ada Example");
    let config = world.config();
    let mut command = command(&["run", "--config", config.to_str().unwrap(), "--once"]);
    command.env("HIRESYNC_DIES_AT", planted::Point::FileRenamed.name());

    let ended = run(command, &world.said());

    assert_eq!(ended.code, None, "it was killed: {ended}");
    assert_eq!(world.roster().rows.len(), 1, "once the row was to be read");
    check_after_kill(&world, "killed right after the roster was replaced");
    world.once(&[]).expect(0);
    world.assert_exact();
}
