//! One test's world: a folder, a configuration, a pretend Lever, the program run on them.

use std::{
    cell::Cell,
    fs::{self, Permissions},
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
    time::Duration,
};

use chrono::TimeDelta;
use people::{Clock, Date, SystemClock, Zone};
use tempfile::TempDir;

use super::{
    Comparison, Daemon, Ended, PretendLever, Roster,
    program::{command, run},
    wait::within,
};

/// Bytes of the ledger's data file that no ledger can do with.
pub const CUT_AT: u64 = 1_024;

/// What the configuration says, where a test wants it otherwise.
#[derive(Debug, Clone)]
pub struct Setup {
    pub hired_since: Date,
    pub poll: &'static str,
    pub requests_per_second: u32,
    pub creates_per_cycle_max: usize,
    pub changes_per_cycle_max: usize,
    /// The export folder.
    pub export: PathBuf,
    pub state: PathBuf,
}

/// One test's world.
pub struct World {
    pub lever: PretendLever,
    pub setup: Setup,
    dir: Option<TempDir>,
    runs: Cell<u32>,
}

impl World {
    /// A world around an account without applicants.
    pub fn empty() -> World {
        World::around(PretendLever::empty())
    }

    /// A world around this Lever, with its configuration and key file written.
    pub fn around(lever: PretendLever) -> World {
        let dir = tempfile::Builder::new().prefix("hiresync-scenario-").tempdir().unwrap();
        let setup = Setup {
            hired_since: SystemClock.today(Zone::UTC) - TimeDelta::days(30),
            poll: "* * * * * *",
            requests_per_second: 10,
            creates_per_cycle_max: 100_000,
            changes_per_cycle_max: 100_000,
            export: dir.path().join("roster"),
            state: dir.path().join("state"),
        };
        let world = World { lever, setup, dir: Some(dir), runs: Cell::new(0) };
        world.write_key(&world.lever.account().settings().api_key);
        fs::create_dir(world.path("said")).unwrap();
        world.configured()
    }

    /// The same with another configuration.
    pub fn with(mut self, change: impl FnOnce(&mut Setup)) -> World {
        change(&mut self.setup);
        self.configured()
    }

    fn configured(self) -> World {
        self.write_config(&self.config_text());
        self
    }

    /// Everything of this test is here.
    pub fn dir(&self) -> &Path {
        self.dir.as_ref().unwrap().path()
    }

    /// A path in the folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.dir().join(name)
    }

    /// The configuration file.
    pub fn config(&self) -> PathBuf {
        self.path("hiresync.toml")
    }

    /// The daemon's socket.
    pub fn socket(&self) -> PathBuf {
        self.path("run/hiresync.sock")
    }

    /// The public file.
    pub fn roster_file(&self) -> PathBuf {
        self.setup.export.join("roster.csv")
    }

    /// Writes the API key where the configuration says it is.
    pub fn write_key(&self, key: &str) {
        let path = self.path("lever-api-key");
        fs::write(&path, format!("{key}\n")).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
    }

    /// Replaces the configuration file.
    pub fn write_config(&self, text: &str) {
        fs::write(self.config(), text).unwrap();
    }

    /// What the configuration file says.
    pub fn config_text(&self) -> String {
        let export = self.setup.export.display();
        format!(
            r#"{}
[targets.roster]
adapter = "file-export"
path    = "{export}"
format  = "csv"
layout  = "roster"

[targets.roster.person]
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
"#,
            self.config_head()
        )
    }

    /// The same with other targets.
    pub fn config_text_of(&self, targets: &str) -> String {
        format!("{}\n{targets}", self.config_head())
    }

    /// Everything but the targets.
    pub fn config_head(&self) -> String {
        let Setup {
            hired_since,
            poll,
            requests_per_second,
            creates_per_cycle_max,
            changes_per_cycle_max,
            state,
            ..
        } = &self.setup;
        format!(
            r#"
[lever]
base_url    = "http://{address}/v1"
api_key     = {{ file = "lever-api-key" }}
hired_since = "{hired_since}"
poll        = "{poll}"
requests_per_second = {requests_per_second}

[state]
dir = "{state}"

[socket]
path = "run/hiresync.sock"

[guards]
creates_per_cycle_max = {creates_per_cycle_max}
changes_per_cycle_max = {changes_per_cycle_max}

"#,
            address = self.lever.address(),
            state = state.display(),
        )
    }

    /// Where the next run writes what it says.
    pub fn said(&self) -> PathBuf {
        self.runs.set(self.runs.get() + 1);
        self.path("said").join(format!("run-{:04}", self.runs.get()))
    }

    /// The program with these arguments, to its end.
    #[track_caller]
    pub fn run(&self, args: &[&str]) -> Ended {
        run(command(args), &self.said())
    }

    /// `run --once`, with more options.
    #[track_caller]
    pub fn once(&self, options: &[&str]) -> Ended {
        let config = self.config();
        let args = [&["run", "--config", config.to_str().unwrap(), "--once"], options].concat();
        self.run(&args)
    }

    /// A question or an order to the running daemon.
    #[track_caller]
    pub fn ask(&self, args: &[&str]) -> Ended {
        let socket = self.socket();
        self.run(&[args, &["--socket", socket.to_str().unwrap()]].concat())
    }

    /// Starts the daemon and does not wait for it.
    pub fn launch(&self) -> Daemon {
        self.launch_with(&[])
    }

    /// The same with more options.
    pub fn launch_with(&self, options: &[&str]) -> Daemon {
        let config = self.config();
        let args = [&["run", "--config", config.to_str().unwrap()], options].concat();
        Daemon::start(command(&args), &self.said(), &self.socket())
    }

    /// Starts the daemon and waits until its socket answers.
    #[track_caller]
    pub fn daemon(&self) -> Daemon {
        self.launch().wait_ready()
    }

    /// The roster as it is now.
    #[track_caller]
    pub fn roster(&self) -> Roster {
        Roster::read(&self.roster_file())
    }

    /// Waits until the roster is so.
    #[track_caller]
    pub fn wait_for_roster(&self, what: &str, deadline: Duration, is_so: impl Fn(&Roster) -> bool) -> Roster {
        let found = within(deadline, || Some(self.roster()).filter(|roster| is_so(roster)));
        found.unwrap_or_else(|| {
            panic!("never so in the roster: {what}\n{}\n{}", self.roster(), self.everything_said())
        })
    }

    /// The roster against Lever's truth.
    #[track_caller]
    pub fn compare(&self) -> Comparison {
        Comparison::of(&self.lever.account(), self.setup.hired_since, &self.roster())
    }

    /// Insists that the file holds exactly the hires, each once, with today's values.
    #[track_caller]
    pub fn assert_exact(&self) {
        let found = self.compare();
        assert!(found.is_exact(), "{found}\n{}", self.everything_said());
    }

    /// Which file the roster is, and when it was written: changes with every write, however equal.
    #[track_caller]
    pub fn roster_identity(&self) -> (u64, i64, i64) {
        let found = fs::metadata(self.roster_file()).unwrap();
        (found.ino(), found.mtime(), found.mtime_nsec())
    }

    /// Cuts the ledger off within what it holds. Its data file.
    pub fn cut_ledger(&self) -> PathBuf {
        let db = self.setup.state.join("store/db");
        fs::OpenOptions::new().write(true).open(&db).unwrap().set_len(CUT_AT).unwrap();
        db
    }

    /// Ledgers that were moved aside.
    pub fn lost_ledgers(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.setup.state).into_iter().flatten();
        let names = entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned());
        names.filter(|name| name.starts_with("lost-")).collect()
    }

    /// What every run wrote to standard error, for a failure message.
    pub fn everything_said(&self) -> String {
        let mut paths: Vec<_> =
            fs::read_dir(self.path("said")).unwrap().map(|entry| entry.unwrap().path()).collect();
        paths.sort();
        let said = paths.iter().filter(|path| path.extension().is_some_and(|it| it == "err")).rev().take(3);
        said.map(|path| {
            let text = String::from_utf8_lossy(&fs::read(path).unwrap()).into_owned();
            let from = text.len().saturating_sub(4_000);
            format!("--- {}\n{}\n", path.display(), text.get(from..).unwrap_or(&text))
        })
        .collect()
    }
}

impl Drop for World {
    fn drop(&mut self) {
        // Of a test that is to fail nothing is to be seen.
        if std::thread::panicking()
            && planted::arm::planted().is_none()
            && let Some(dir) = self.dir.take()
        {
            eprintln!("the world of this failed test is kept in {}", dir.keep().display());
        }
    }
}
