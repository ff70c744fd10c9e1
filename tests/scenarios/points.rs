//! Killed at every named place between two steps (`planted::Point`), started again, and nobody is lost, doubled or spoilt.
//!
//! Each point belongs to a play that comes past it; a point that its play does not reach fails the test, so that none is named in
//! vain.
//!
//! A cycle into a file is killed up to four times at a point, twice of them on a later day; a cycle into Cezanne once on the first day and
//! once on a later one. Of what is done now and then (recoveries, copies, imports, upgrades, plans, a daemon's start and end) there is one
//! play and no later day. After a kill in a cycle into a file, a plan or a daemon, what `crash` checks is checked; the others check what
//! comes of the next start. In the end, everybody is there once in each.

use std::{collections::BTreeMap, fs, path::Path, process::Command, sync::Mutex, time::Duration};

use planted::Point;
use sandbox::cezanne::Settings;
use sha2::{Digest as _, Sha256};
use tokio::time::Instant;

use super::{crash::check_after_kill, ledger::copy_folder};
use crate::harness::{
    Ended, World,
    cezanne::{Company, KEEPING},
    program::{command, recorded, run},
    wait_until,
};

/// A cycle into a file is killed when it comes to the point for the n-th time, on the first day and on a later one. What is done once in
/// a cycle is not come to a third time, and need not be.
const FIRST_DAY: [u32; 2] = [1, 3];
const LATER: [u32; 2] = [1, 2];
const AT_ONCE: usize = 4;

/// What somebody does while the program is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Play {
    /// Cycles into a file.
    Roster,
    /// Cycles into Cezanne.
    Tenant,
    /// A start over a store that cannot be used.
    Recovery,
    /// A start in a copy of the folder.
    Copy,
    /// An archive replaces the ledger.
    Import,
    /// A start over a ledger of an older version.
    Upgrade,
    /// A plan is carried out.
    Apply,
    /// A daemon is started and stopped.
    Daemon,
}

fn play_of(point: Point) -> Play {
    match point {
        Point::FolderMade
        | Point::FolderLocked
        | Point::KeyWritten
        | Point::KeyNamed
        | Point::SnapshotsCleaned
        | Point::StoreMade
        | Point::StoreOpened
        | Point::StoreNamed
        | Point::StoreVerified
        | Point::LedgerBegun
        | Point::LedgerOpened
        | Point::CommitBegins
        | Point::CommitApplied
        | Point::CommitFlushed
        | Point::CommitSynced
        | Point::WitnessWritten
        | Point::CommitDone
        | Point::Configured
        | Point::PageMarked
        | Point::SweepDone
        | Point::CursorMoved
        | Point::Planned
        | Point::DebtsWritten
        | Point::LookedInVain
        | Point::SentBegins
        | Point::SentWritten
        | Point::Answered
        | Point::Settled
        | Point::Certifying
        | Point::ExportFolderMade
        | Point::ExportLocked
        | Point::ExportFileHalf
        | Point::ExportFileWritten
        | Point::FileSynced
        | Point::FileRenamed
        | Point::ExportCopied
        | Point::ExportStaged
        | Point::ExportDescribed
        | Point::ExportPrepared
        | Point::ExportPublished
        | Point::ExportPublishedDurably
        | Point::ExportManifestWritten
        | Point::ExportManifestPlaced
        | Point::ExportCopyRemoved
        | Point::ExportIndexPlaced => Play::Roster,
        Point::LookedUp
        | Point::PersonNext
        | Point::PersonMade
        | Point::PersonChanging
        | Point::PersonChanged
        | Point::ContactNext
        | Point::ContactMade
        | Point::EmploymentNext
        | Point::EmploymentMade
        | Point::DeploymentNext
        | Point::DeploymentMade => Play::Tenant,
        Point::StoreMovedAside | Point::WitnessForgotten => Play::Recovery,
        Point::CopyBegun => Play::Copy,
        Point::ImportBegun
        | Point::ImportRead
        | Point::ImportWhole
        | Point::ImportDecided
        | Point::ImportAside
        | Point::ImportPart
        | Point::ImportPlaced => Play::Import,
        Point::SchemaKeeping | Point::SchemaKept | Point::SchemaStep | Point::SchemaRaised => Play::Upgrade,
        Point::PlanNoted => Play::Apply,
        Point::SocketOpened | Point::Stopping => Play::Daemon,
    }
}

#[test]
fn killed_at_every_named_point_and_started_again_nobody_is_lost_or_doubled() {
    let began = Instant::now();
    let waiting = Mutex::new(Point::ALL.to_vec());
    let kills: Mutex<BTreeMap<&str, u32>> = Mutex::default();
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some(point) = next(&waiting) {
                    let met = perform(point);
                    kills.lock().unwrap().insert(point.name(), met);
                }
            });
        }
    });
    let kills = kills.into_inner().unwrap();
    let never: Vec<_> = kills.iter().filter(|(_, kills)| **kills == 0).map(|(name, _)| name).collect();
    assert!(never.is_empty(), "nobody came past these points: {never:?}");
    super::figures(
        "kill",
        &[
            ("cycles", kills.values().map(|kills| u64::from(*kills)).sum()),
            ("seconds", began.elapsed().as_secs()),
        ],
    );
}

fn next(waiting: &Mutex<Vec<Point>>) -> Option<Point> {
    waiting.lock().unwrap().pop()
}

/// Kills the program there, and answers how often it came there.
fn perform(point: Point) -> u32 {
    match play_of(point) {
        Play::Roster => in_a_roster(point),
        Play::Tenant => in_a_tenant(point),
        Play::Recovery => in_recovery(point),
        Play::Copy => in_a_copy(point),
        Play::Import => in_an_import(point),
        Play::Upgrade => in_an_upgrade(point),
        Play::Apply => in_a_plan(point),
        Play::Daemon => in_a_daemon(point),
    }
}

/// The program, killed at the n-th time. True when it came so far; otherwise it went on to its end.
fn killed_at(world: &World, point: Point, nth: u32, mut program: Command, args: &[&str]) -> bool {
    program.args(args).env("HIRESYNC_DIES_AT", format!("{}:{nth}", point.name()));
    let ended = run(program, &world.said());
    assert!(matches!(ended.code, None | Some(0 | 1)), "{}: {ended}", point.name());
    ended.code.is_none()
}

fn once_args(world: &World) -> Vec<String> {
    let config = world.config().to_str().unwrap().to_owned();
    ["run", "--config", &config, "--once"].map(str::to_owned).to_vec()
}

fn killed_once(world: &World, point: Point, nth: u32) -> bool {
    let args = once_args(world);
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    killed_at(world, point, nth, command(&[]), &args)
}

fn at(point: Point, when: &str) -> String {
    format!("killed at {}, {when}", point.name())
}

fn one_day_more(world: &World, nth: u32) {
    let somebody = world.lever.hire(&format!("Later{nth} Example"));
    world.lever.act(|lever, now| lever.rename(now, &somebody.contact, &format!("Later{nth} Renamed")));
    let first = world.lever.account().hired()[0].contact.clone();
    world.lever.act(|lever, now| lever.rename(now, &first, &format!("Ada Day{nth}")));
}

/// Ledger, engine and file, on the first day and on later ones.
fn in_a_roster(point: Point) -> u32 {
    let world = World::empty();
    for name in ["Ada Example", "Ben Example", "Cleo Example"] {
        world.lever.hire(name);
    }
    let mut kills = 0;
    for nth in FIRST_DAY {
        kills += u32::from(killed_once(&world, point, nth));
        check_after_kill(&world, &at(point, "on the first day"));
    }
    world.once(&[]).expect(0);
    world.assert_exact();
    for nth in LATER {
        one_day_more(&world, nth);
        kills += u32::from(killed_once(&world, point, nth));
        check_after_kill(&world, &at(point, "on a later day"));
    }
    world.once(&[]).expect(0);
    world.assert_exact();
    let before = world.roster_identity();
    world.once(&["--full"]).expect(0);
    assert_eq!(world.roster_identity(), before, "{}: there is nothing left to do", point.name());
    assert_eq!(world.lost_ledgers(), Vec::<String>::new());
    kills
}

const DEPLOYING: &str = r#"
[targets.cezanne-uk.hire]
"Deployments.ORGUNITCODE" = "'ENG'"
"#;

/// What is unknown is looked up four times in four minutes (`engine::policy`): so many seconds after the kill.
const LOOKS: [u32; 5] = [70, 140, 260, 320, 400];

fn in_a_tenant(point: Point) -> u32 {
    let settings = Settings { deployments: true, ..Settings::default() };
    let company = Company::with(settings, &format!("{DEPLOYING}{KEEPING}"));
    let world = &company.world;
    world.lever.hire("Ada Example");
    let mut kills = 0;
    if point == Point::LookedUp {
        assert!(killed_once(world, Point::SentWritten, 1));
        kills += u32::from(killed_later(&company, point, LOOKS[0]));
    } else {
        kills += u32::from(killed_once(world, point, 1));
    }
    settle(&company, point);
    world.lever.hire("Ben Example");
    let ada = world.lever.account().hired()[0].contact.clone();
    world.lever.act(|lever, now| lever.rename(now, &ada, "Ada Married"));
    kills += u32::from(killed_once(world, point, 1));
    settle(&company, point);
    let writes = company.cezanne.writes();
    world.once(&["--full"]).expect(0);
    assert_eq!(company.cezanne.writes(), writes, "{}: there is nothing left to do", point.name());
    kills
}

fn killed_later(company: &Company, point: Point, seconds: u32) -> bool {
    let mut program = recorded();
    program.env("HIRESYNC_LATER", seconds.to_string());
    let args = once_args(&company.world);
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    killed_at(&company.world, point, 1, program, &args)
}

/// Runs the minutes after a kill.
fn settle(company: &Company, point: Point) {
    for seconds in LOOKS {
        let mut program = recorded();
        program.env("HIRESYNC_LATER", seconds.to_string()).args(once_args(&company.world));
        let ended = run(program, &company.world.said());
        assert_eq!(ended.code, Some(0), "{}: {seconds} s after: {ended}", point.name());
        let doubled = company.wrongs().into_iter().find(|wrong| wrong.contains("several records"));
        assert_eq!(doubled, None, "{}: {seconds} s after", point.name());
    }
    company.assert_exact();
}

fn of_three() -> World {
    let world = World::empty();
    for name in ["Ada Example", "Ben Example", "Cleo Example"] {
        world.lever.hire(name);
    }
    world.once(&[]).expect(0);
    world.assert_exact();
    world
}

/// The world goes on, and everything comes right.
fn goes_on(world: &World) {
    let before = (world.roster(), world.roster_identity());
    world.once(&[]).expect(0);
    assert_eq!((world.roster(), world.roster_identity()), before, "everybody is there already");
    one_day_more(world, 9);
    world.once(&[]).expect(0);
    world.once(&["--full"]).expect(0);
    world.assert_exact();
}

fn in_recovery(point: Point) -> u32 {
    let world = of_three();
    world.cut_ledger();
    let kills = u32::from(killed_once(&world, point, 1));
    goes_on(&world);
    assert!(!world.lost_ledgers().is_empty(), "the damaged store is kept");
    kills
}

fn in_a_copy(point: Point) -> u32 {
    let mut world = of_three();
    let clone = world.path("clone");
    copy_folder(&world.setup.state, &clone);
    world = world.with(|setup| setup.state = clone);
    let kills = u32::from(killed_once(&world, point, 1));
    goes_on(&world);
    kills
}

/// `state WHAT --config … REST`
fn state_args<'w>(config: &'w str, what: &'w str, rest: &[&'w str]) -> Vec<&'w str> {
    [&["state", what, "--config", config], rest].concat()
}

fn export(world: &World, to: &Path) {
    let config = world.config();
    let args = state_args(config.to_str().unwrap(), "export", &[to.to_str().unwrap()]);
    world.run(&args).expect(0);
}

fn import(world: &World, archive: &Path) -> Ended {
    let config = world.config();
    world.run(&state_args(config.to_str().unwrap(), "import", &["--replace", archive.to_str().unwrap()]))
}

fn killed_importing(world: &World, archive: &Path, point: Point, nth: u32) -> bool {
    let config = world.config();
    let args = state_args(config.to_str().unwrap(), "import", &["--replace", archive.to_str().unwrap()]);
    killed_at(world, point, nth, command(&[]), &args)
}

fn in_an_import(point: Point) -> u32 {
    let world = of_three();
    let archive = world.path("then.state");
    export(&world, &archive);
    world.lever.hire("Dora Example");
    world.once(&[]).expect(0);
    let mut kills = 0;
    for nth in 1..=3 {
        kills += u32::from(killed_importing(&world, &archive, point, nth));
        goes_on_after_an_import(&world);
    }
    import(&world, &archive).expect(0);
    goes_on_after_an_import(&world);
    kills
}

fn goes_on_after_an_import(world: &World) {
    let before = (world.roster(), world.roster_identity());
    world.once(&[]).expect(0);
    assert_eq!((world.roster(), world.roster_identity()), before, "everybody is there already");
    world.assert_exact();
}

/// An archive, as version 0.1 would have made it of this ledger.
fn as_of_schema_1(archive: &Path) {
    let text = fs::read_to_string(archive).unwrap();
    let mut lines: Vec<serde_json::Value> =
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    lines.pop();
    lines.retain(|line| line["tree"] != "journal");
    lines[0]["schema"] = 1.into();
    for line in lines.iter_mut().filter(|line| line["value"]["schema"] == 2) {
        line["value"]["schema"] = 1.into();
    }
    let records = lines.len() - 1;
    let mut text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    let sha256 = hex::encode(Sha256::digest(text.as_bytes()));
    text += &format!("{}\n", serde_json::json!({ "records": records, "sha256": sha256 }));
    fs::write(archive, text).unwrap();
}

/// An import that is killed once it has read the archive of an older version leaves a store of that version: it stands for the
/// folder of one.
fn in_an_upgrade(point: Point) -> u32 {
    let world = of_three();
    let archive = world.path("old.state");
    export(&world, &archive);
    as_of_schema_1(&archive);
    assert!(killed_importing(&world, &archive, Point::ImportRead, 1));
    let state = &world.setup.state;
    fs::remove_dir_all(state.join("store")).unwrap();
    for name in ["store", "witness"] {
        fs::rename(state.join("importing").join(name), state.join(name)).unwrap();
    }
    fs::remove_dir_all(state.join("importing")).unwrap();
    let mut kills = 0;
    for _ in 0..2 {
        kills += u32::from(killed_once(&world, point, 1));
    }
    goes_on(&world);
    assert_eq!(world.lost_ledgers(), Vec::<String>::new());
    let kept = state.join("schema-1.state");
    let config = world.config();
    world.run(&state_args(config.to_str().unwrap(), "verify", &[kept.to_str().unwrap()])).expect(0);
    kills
}

fn in_a_plan(point: Point) -> u32 {
    let world = of_three();
    one_day_more(&world, 1);
    let (config, plan) = (world.config(), world.path("the.plan"));
    let (config, plan) = (config.to_str().unwrap(), plan.to_str().unwrap());
    world.run(&["plan", "--config", config, "--out", plan]).expect(0);
    let kills = killed_at(&world, point, 1, command(&[]), &["apply", "--config", config, plan]);
    check_after_kill(&world, &at(point, "in a plan"));
    world.run(&["apply", "--config", config, plan]).expect(1).says(&["already applied"]);
    world.once(&[]).expect(0);
    world.assert_exact();
    u32::from(kills)
}

fn in_a_daemon(point: Point) -> u32 {
    let world = of_three();
    one_day_more(&world, 1);
    let config = world.config();
    let mut program = command(&["run", "--config", config.to_str().unwrap()]);
    program.env("HIRESYNC_DIES_AT", point.name());
    let mut daemon = crate::harness::Daemon::start(program, &world.said(), &world.socket());
    if point == Point::Stopping {
        daemon = daemon.wait_ready();
        daemon.signal(rustix::process::Signal::TERM);
    }
    let ended = wait_until("the daemon is gone", Duration::from_secs(30), || daemon.ended());
    check_after_kill(&world, &at(point, "in a daemon"));
    world.daemon().terminate().expect(0);
    world.once(&[]).expect(0);
    world.assert_exact();
    u32::from(ended.code().is_none())
}
