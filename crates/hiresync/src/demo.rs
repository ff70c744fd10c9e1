//! `demo`: the whole thing on this machine. A pretend Lever on loopback with the real limits; configuration, ledger, HTTP,
//! mapping and file-export are the real ones. What it says at the end is computed from the file and from the pretend Lever's
//! truth, not from what we believe of ourselves.

mod stage;
mod truth;

use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    sync::Arc,
};

use engine::{CycleOrder, CycleReport, Engine, SweepKind};
use ledger::StateFolder;
use people::Clock;
use serde_json::json;
use tokio::runtime::Runtime;

use crate::{
    cli::Demo,
    config::{Config, Env, Outside},
    exit::Exit,
    once, print,
    print::count,
    progress,
    sandbox::{PretendLever, millis},
    wiring::{self, Ground},
};
use stage::Stage;
use truth::Comparison;

/// Lines of the roster shown at the end.
const LINES_SHOWN: usize = 6;

/// `demo`
pub fn run(demo: &Demo, as_json: bool) -> Result<Exit, Exit> {
    let clock = once::clock();
    let settings = ::sandbox::Settings { seed: demo.seed, ..::sandbox::Settings::default() };
    let api_key = settings.api_key.clone();
    let lever = ::sandbox::Lever::seeded(settings, demo.people as usize, millis(clock.as_ref()));
    let listen = std::net::SocketAddr::from(([127, 0, 0, 1], 0));
    let lever = PretendLever::start(listen, lever, &clock)?;
    let stage = Stage::set(demo, &lever, &api_key, clock.as_ref())?;
    let outside = Outside { clock: Arc::clone(&clock), transport: once::transport()? };
    let config = Config::load(&stage.config, &Env::default(), &outside).map_err(|faults| {
        faults.0.iter().for_each(|fault| print::say(fault));
        Exit::Bug
    })?;
    let folder = StateFolder::lock(&config.state.dir).map_err(|error| once::ledger_fault(&error))?;
    let opened = wiring::open(&folder, &config, clock.now()).map_err(|error| once::ledger_fault(&error))?;
    let Outside { transport, .. } = outside;
    let ground = Ground { ledger: Arc::new(opened.ledger), transport, clock: Arc::clone(&clock) };
    let show = Show {
        engine: ground.engine(&config),
        runtime: once::runtime()?,
        lever,
        stage,
        clock,
        quiet: as_json,
    };
    let told = show.play(demo)?;
    let exit = if told.comparison.is_exact() { Exit::Done } else { Exit::Bug };
    if as_json {
        print::json(&told.document(&show))?
    } else {
        print::answer(&told.text(&show, demo))?
    }
    Ok(exit)
}

struct Show {
    engine: Engine,
    runtime: Runtime,
    lever: PretendLever,
    stage: Stage,
    clock: Arc<dyn Clock>,
    quiet: bool,
}

/// What happened.
struct Told {
    held_first: usize,
    first: CycleReport,
    approved: CycleReport,
    idle: CycleReport,
    idle_untouched: bool,
    last: CycleReport,
    comparison: Comparison,
    held: u64,
    parked: u64,
    tasks: usize,
    lever_requests: u64,
    lever_429: u64,
    by_endpoint: BTreeMap<&'static str, u64>,
}

impl Show {
    fn play(&self, demo: &Demo) -> Result<Told, Exit> {
        let hired = truth::in_scope(&self.lever.account(), self.stage.hired_since).len();
        self.say(&format!(
            "A pretend Lever with {} opportunities answers on http://{}, 10 requests a second and not one more.",
            demo.people, self.lever.address
        ));
        self.say(&format!(
            "\n1. The first cycle reads {} since {} …",
            count(hired as u64, "hire", "hires"),
            self.stage.hired_since
        ));
        let first = self.cycle(SweepKind::Changes)?;
        let held_first = first.guard.as_ref().map_or(0, |guard| guard.held);
        let approved = if let Some(guard) = &first.guard {
            self.say(&format!(
                "   … and holds all of them: {} new people at once are more than the guard allows, so nothing was written.\n   A human \
                 looks (`hiresync plan`) and approves (`hiresync approve {}`) …",
                guard.creates, guard.cycle
            ));
            let approve = self.engine.approve(guard.cycle, rustix::process::getuid().as_raw());
            approve.map_err(|error| {
                print::complain(&error.to_string());
                Exit::Bug
            })?;
            self.cycle(SweepKind::Skip)?
        } else {
            first.clone()
        };
        self.say(&format!(
            "   … and {} in the file.",
            count(approved.delivered.created, "person is", "people are")
        ));
        self.say("\n2. A second cycle, in which nobody did anything …");
        let before = self.inode();
        let idle = self.cycle(SweepKind::Changes)?;
        let idle_untouched = before == self.inode();
        self.say(&format!(
            "   … costs {} and leaves the file {}.",
            count(idle.requests, "request", "requests"),
            if idle_untouched { "untouched" } else { "rewritten" }
        ));
        let acts = stage::recruiters_act(
            &mut self.lever.account(),
            self.stage.hired_since,
            millis(self.clock.as_ref()),
        )
        .map_err(|refused| {
            print::complain(&format!("the pretend Lever refused: {refused}"));
            Exit::Bug
        })?;
        self.say(&format!("\n3. Recruiters act: {}.\n   A third cycle …", acts.in_words()));
        let last = self.cycle(SweepKind::Changes)?;
        self.say(&format!(
            "   … delivers exactly that: {} created, {} updated, and a task for what a human must decide.",
            last.delivered.created, last.delivered.updated
        ));
        self.compare(held_first, first, approved, idle, idle_untouched, last, acts)
    }

    #[expect(clippy::too_many_arguments, reason = "each is one act of the play, used once")]
    fn compare(
        &self,
        held_first: usize,
        first: CycleReport,
        approved: CycleReport,
        idle: CycleReport,
        idle_untouched: bool,
        last: CycleReport,
        acts: stage::Acts,
    ) -> Result<Told, Exit> {
        let status = self.engine.status().map_err(|error| once::ledger_fault(&error))?;
        let account = self.lever.account();
        let hired = truth::in_scope(&account, self.stage.hired_since);
        let comparison = Comparison::of(&hired, &acts, &self.stage.roster).map_err(|problem| {
            print::complain(&problem);
            Exit::CannotCreate
        })?;
        let figures = account.figures();
        Ok(Told {
            held_first,
            first,
            approved,
            idle,
            idle_untouched,
            last,
            comparison,
            held: status.targets.values().map(|target| target.counts.held).sum(),
            parked: status.targets.values().map(|target| target.counts.parked).sum(),
            tasks: status.tasks_open,
            lever_requests: figures.requests,
            lever_429: figures.refused_by_rate,
            by_endpoint: figures.by_endpoint.clone(),
        })
    }

    fn cycle(&self, sweep: SweepKind) -> Result<CycleReport, Exit> {
        let order = CycleOrder { sweep, approve: false };
        let cycle =
            async { Box::pin(progress::beside(self.engine.activity(), self.engine.cycle(order))).await };
        self.runtime.block_on(cycle).map_err(|error| {
            print::complain(&format!("the cycle failed: {error}"));
            if let engine::CycleError::Source(error) = &error {
                print::say(&error.chain());
            }
            Exit::Unreachable
        })
    }

    fn inode(&self) -> Option<(u64, i64)> {
        fs::metadata(&self.stage.roster).ok().map(|found| (found.ino(), found.mtime_nsec()))
    }

    /// The story, as it goes; with `--json` there is only the document.
    fn say(&self, text: &str) {
        if !self.quiet {
            let _ = print::answer(text);
        }
    }

    fn files(&self) -> Vec<PathBuf> {
        let mut files = vec![self.stage.roster.clone()];
        let beside =
            fs::read_dir(&self.stage.folder).into_iter().flatten().flatten().map(|entry| entry.path());
        let mut others: Vec<PathBuf> =
            beside.filter(|path| path.is_file() && *path != self.stage.roster).collect();
        others.sort();
        files.extend(others);
        files.push(self.stage.config.clone());
        files
    }
}

impl Told {
    fn document(&self, show: &Show) -> serde_json::Value {
        let comparison = &self.comparison;
        json!({
            "hired": comparison.hired,
            "delivered": comparison.delivered,
            "duplicates": comparison.duplicates,
            "missing": comparison.missing,
            "unexpected": comparison.unexpected,
            "stale": comparison.stale,
            "taken_back": comparison.taken_back,
            "held": self.held,
            "parked": self.parked,
            "tasks": self.tasks,
            "held_by_guard_first": self.held_first,
            "lever_requests": self.lever_requests,
            "lever_429": self.lever_429,
            "lever_requests_by_endpoint": self.by_endpoint,
            "idle_requests": self.idle.requests,
            "idle_file_untouched": self.idle_untouched,
            "cycles": [self.first, self.approved, self.idle, self.last],
            "files": show.files(),
        })
    }

    fn text(&self, show: &Show, demo: &Demo) -> String {
        let comparison = &self.comparison;
        let head = if comparison.is_exact() { "It works" } else { "Something is wrong" };
        let tone = if comparison.is_exact() { print::Tone::Good } else { print::Tone::Bad };
        let mut text = format!(
            "\n{}\n",
            print::toned(
                &format!(
                    "{head}: {} hired in Lever, {} in the file, {} missing, {} twice.",
                    comparison.hired, comparison.delivered, comparison.missing, comparison.duplicates
                ),
                tone
            )
        );
        text.push_str(&format!(
            "Lever was asked {} times and refused {} times. Waiting for a human: {} held, {} parked, {}.\n",
            self.lever_requests,
            self.lever_429,
            self.held,
            self.parked,
            count(self.tasks as u64, "task", "tasks")
        ));
        text.push_str(&format!(
            "{} taken back in Lever: the row stays until HR decides; that is what the task is about.\n",
            count(comparison.taken_back, "hire was", "hires were")
        ));
        text.push_str(&format!("\n{}\n", show.stage.roster.display()));
        text.push_str(&first_lines(&show.stage.roster));
        let dir = show.stage.dir.display();
        let program = std::env::args().next().unwrap_or_else(|| "hiresync".to_owned());
        text.push_str(&format!(
            "\nEverything is in {dir}. What to look at next:\n  {:52}the configuration that was used\n  {:52}checksum, rows and time, for whoever imports the file\n",
            "hiresync.toml", "roster/roster.manifest.json"
        ));
        text.push_str(&format!(
            "\nThe daemon on the same folder, in three terminals:\n  {program} sandbox lever --listen {} --people {} --seed {}\n  {program} run --config {dir}/hiresync.toml\n  {program} status --socket {dir}/hiresync.sock\n",
            show.lever.address, demo.people, demo.seed
        ));
        text.push_str("\nYour own Lever: put base_url, api_key and hired_since of yours into that file; see README.md.\n");
        text
    }
}

fn first_lines(roster: &Path) -> String {
    let Ok(text) = fs::read_to_string(roster) else { return String::new() };
    text.lines().take(LINES_SHOWN).map(|line| format!("  {}\n", print::safe(line.trim_end()))).collect()
}
