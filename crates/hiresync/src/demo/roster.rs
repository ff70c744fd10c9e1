//! The play with a file: who is hired, a quiet cycle, what recruiters do, and the file against Lever's own truth.

use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use engine::{CycleReport, SweepKind};
use serde_json::json;

use super::{Opening, Show, stage, truth, truth::Comparison};
use crate::{cli::Demo, exit::Exit, once, print, print::count};

/// Lines of the roster shown at the end.
const LINES_SHOWN: usize = 6;
/// What an engineer would write.
const TARGET: &str = r#"[targets.roster]
adapter = "file-export"
path    = "roster"

[targets.roster.person]                           # column = expression
employee_ref  = "contact"
first_name    = "name.first"
last_name     = "name.last"
email         = "emails | first"
mobile        = "phone('mobile')"
opportunities = "opportunities | join(';')"

[targets.roster.hire]
hire_id    = "opportunity"
hired_on   = "hired_at | date"
title      = "posting.title"
department = "posting.department"
start_date = "offer.start_date"
"#;

/// `demo --target file`
pub(super) fn run(demo: &Demo, as_json: bool) -> Result<Exit, Exit> {
    let script = stage::Script { target: TARGET.to_owned(), secrets: Vec::new() };
    let show = Show::set(demo, &script, once::clock(), as_json)?;
    let folder = show.stage.dir.join("roster");
    let play = Play { roster: folder.join("roster.csv"), folder, show };
    let told = play.play(demo)?;
    play.show.close(&told.document(&play), &told.text(&play, demo), told.comparison.is_exact())
}

struct Play {
    show: Show,
    folder: PathBuf,
    roster: PathBuf,
}

/// What happened.
struct Told {
    opening: Opening,
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

impl Play {
    fn play(&self, demo: &Demo) -> Result<Told, Exit> {
        let show = &self.show;
        let opening = show.open(demo)?;
        show.say(&format!(
            "   … and {} in the file.",
            count(opening.approved.delivered.created, "person is", "people are")
        ));
        show.say("\n2. A second cycle, in which nobody did anything …");
        let before = self.inode();
        let idle = show.cycle(SweepKind::Changes)?;
        let idle_untouched = before == self.inode();
        show.say(&format!(
            "   … costs {} and leaves the file {}.",
            count(idle.requests, "request", "requests"),
            if idle_untouched { "untouched" } else { "rewritten" }
        ));
        let acts = show.recruit()?;
        show.say(&format!("\n3. Recruiters act: {}.\n   A third cycle …", acts.in_words()));
        let last = show.cycle(SweepKind::Changes)?;
        show.say(&format!(
            "   … delivers exactly that: {} created, {} updated, and a task for what a human must decide.",
            last.delivered.created, last.delivered.updated
        ));
        let status = show.engine.status().map_err(|error| once::ledger_fault(&error))?;
        let account = show.lever.account();
        let hired = truth::in_scope(&account, show.stage.hired_since);
        let comparison = Comparison::of(&hired, &acts, &self.roster).map_err(|problem| {
            print::complain(&problem);
            Exit::CannotCreate
        })?;
        let figures = account.figures();
        Ok(Told {
            opening,
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

    fn inode(&self) -> Option<(u64, i64)> {
        fs::metadata(&self.roster).ok().map(|found| (found.ino(), found.mtime_nsec()))
    }

    fn files(&self) -> Vec<PathBuf> {
        let mut files = vec![self.roster.clone()];
        let beside = fs::read_dir(&self.folder).into_iter().flatten().flatten().map(|entry| entry.path());
        let mut others: Vec<PathBuf> = beside.filter(|path| path.is_file() && *path != self.roster).collect();
        others.sort();
        files.extend(others);
        files.push(self.show.stage.config.clone());
        files
    }
}

impl Told {
    fn document(&self, play: &Play) -> serde_json::Value {
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
            "held_by_guard_first": self.opening.held,
            "lever_requests": self.lever_requests,
            "lever_429": self.lever_429,
            "lever_requests_by_endpoint": self.by_endpoint,
            "idle_requests": self.idle.requests,
            "idle_file_untouched": self.idle_untouched,
            "cycles": [self.opening.first, self.opening.approved, self.idle, self.last],
            "files": play.files(),
        })
    }

    fn text(&self, play: &Play, demo: &Demo) -> String {
        let comparison = &self.comparison;
        let mut text = Show::verdict(
            comparison.is_exact(),
            &format!(
                "{} hired in Lever, {} in the file, {} missing, {} twice.",
                comparison.hired, comparison.delivered, comparison.missing, comparison.duplicates
            ),
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
        text.push_str(&format!("\n{}\n", play.roster.display()));
        text.push_str(&first_lines(&play.roster));
        text.push_str(&format!(
            "\nEverything is in {}. What to look at next:\n  {:52}the configuration that was used\n  {:52}checksum, rows and time, for whoever imports the file\n",
            play.show.stage.dir.display(), "hiresync.toml", "roster/roster.manifest.json"
        ));
        let (program, dir) = (super::program(), play.show.stage.dir.display());
        text.push_str(&format!(
            "\nThe daemon on the same folder, in three terminals:\n  {program} sandbox lever --listen {} --people {} --seed {}\n  {program} run --config {dir}/hiresync.toml\n  {program} status --socket {dir}/hiresync.sock\n",
            play.show.lever.address, demo.people, demo.seed
        ));
        text.push_str("\nYour own Lever: put base_url, api_key and hired_since of yours into that file; see README.md.\n");
        text
    }
}

fn first_lines(roster: &Path) -> String {
    let Ok(text) = fs::read_to_string(roster) else { return String::new() };
    text.lines().take(LINES_SHOWN).map(|line| format!("  {}\n", print::safe(line.trim_end()))).collect()
}
