//! Children: the test binary and the fuzzer, and what is understood of what they said.

use std::{
    collections::BTreeMap,
    fs,
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Instant,
};

use serde_json::Value;

use crate::levels::{How, Level, VIRTUAL_DAYS};

/// What a level did.
#[derive(Debug, Default)]
pub struct Ended {
    pub seeds: String,
    pub amounts: BTreeMap<String, f64>,
    pub seconds: u64,
    pub violations: u64,
    pub failure: Option<Failure>,
}

/// What a level ended with, if not well.
#[derive(Debug)]
pub struct Failure {
    /// What did not hold.
    pub line: String,
    /// How to see it again.
    pub replay: String,
    /// The folder with all that was said.
    pub kept: PathBuf,
}

/// What starts children.
#[derive(Debug)]
pub struct Runner {
    tests: PathBuf,
    /// The test binary.
    binary: PathBuf,
    day: String,
    commit: String,
}

/// One child.
struct Child {
    command: Command,
    /// What somebody types for the same.
    replay: String,
}

/// What a child said, and how it ended.
struct Said {
    text: String,
    is_success: bool,
    seconds: u64,
}

impl Runner {
    /// Builds the tests, if they are needed.
    pub fn new(needs_tests: bool) -> Result<Runner, String> {
        let tests = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
        let binary = if needs_tests { built(&tests)? } else { PathBuf::new() };
        Ok(Runner { day: today(), commit: commit(&tests), tests, binary })
    }

    /// One that runs nothing.
    #[cfg(test)]
    pub fn idle() -> Runner {
        let (day, commit) = ("2026-11-22".to_owned(), "e86ad95".to_owned());
        Runner { tests: PathBuf::new(), binary: PathBuf::new(), day, commit }
    }

    pub fn day(&self) -> String {
        self.day.clone()
    }

    pub fn commit(&self) -> String {
        self.commit.clone()
    }

    /// About `amount` of what the level counts, from `seed` on; `had` is what all runs before it came to. The inner error says why it
    /// cannot be run here.
    pub fn run(
        &self,
        level: &Level,
        amount: f64,
        seed: u64,
        minutes: f64,
        had: &BTreeMap<String, f64>,
    ) -> Result<Result<Ended, String>, String> {
        let amount = amount as u64;
        match level.how {
            How::Seeds { test, seeds, days } => {
                let end = seed + (amount / days).max(1);
                let range = format!("{seed}..{end}");
                let knobs = [(seeds, range.clone()), ("HIRESYNC_SIM_DAYS", days.to_string())];
                let mut ended = self.test(level, test, &knobs)?;
                // What was asked for is what was done, where the test did not say it and did not fail.
                if ended.failure.is_none() {
                    ended.amounts.entry("seeds".to_owned()).or_insert((end - seed) as f64);
                    ended.amounts.entry(VIRTUAL_DAYS.to_owned()).or_insert(((end - seed) * days) as f64);
                }
                Ok(Ok(Ended { seeds: range, ..ended }))
            }
            How::Many { test, many, seed: of_its_own, counts } => {
                let mut knobs = vec![(many, amount.to_string())];
                knobs.extend(of_its_own.map(|name| (name, seed.to_string())));
                let mut ended = self.test(level, test, &knobs)?;
                if ended.failure.is_none() {
                    ended.amounts.entry(counts.to_owned()).or_insert(amount as f64);
                }
                let seeds = of_its_own.map_or_else(|| "–".to_owned(), |_| seed.to_string());
                Ok(Ok(Ended { seeds, ..ended }))
            }
            How::Fuzz => self.fuzz(level, amount, minutes, had),
        }
    }

    fn test(&self, level: &Level, test: &str, knobs: &[(&str, String)]) -> Result<Ended, String> {
        let mut command = Command::new(&self.binary);
        command.args([test, "--nocapture", "--test-threads=1"]).current_dir(&self.tests);
        command.envs(knobs.iter().map(|(name, value)| (name, value)));
        let set: Vec<String> = knobs.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let replay =
            format!("{} cargo test --profile soak -p scenarios {test} -- --nocapture", set.join(" "));
        let said = listen(Child { command, replay: replay.clone() })?;
        if said.text.contains("running 0 tests") {
            return Err(format!("there is no test {test}: mend the table in tests/soak/levels.rs"));
        }
        self.judged(level, said, replay)
    }

    /// What a level's own words and its end come to.
    fn judged(&self, level: &Level, said: Said, replay: String) -> Result<Ended, String> {
        let mut amounts = figures(&said.text, level.name);
        amounts.remove("seconds");
        let counted = amounts.remove("violations").unwrap_or_default() as u64;
        let failure = match said.is_success && counted == 0 {
            true => None,
            false => Some(Failure {
                line: complaint(&said.text),
                replay: replayed(&said.text).unwrap_or(replay),
                kept: self.keep(level, &said.text)?,
            }),
        };
        let violations = counted.max(u64::from(failure.is_some()));
        Ok(Ended { seeds: String::new(), amounts, seconds: said.seconds, violations, failure })
    }

    /// Whoever lacks executions gets them; only once nobody does, everybody gets more.
    fn fuzz(
        &self,
        level: &Level,
        amount: u64,
        minutes: f64,
        had: &BTreeMap<String, f64>,
    ) -> Result<Result<Ended, String>, String> {
        let targets = match self.fuzz_command(&["list", "--fuzz-dir", "fuzz"]).output() {
            Ok(output) if output.status.success() => String::from_utf8_lossy(&output.stdout).into_owned(),
            _ => {
                let why =
                    "it needs `rustup toolchain install nightly` and `cargo install cargo-fuzz --locked`";
                return Ok(Err(why.to_owned()));
            }
        };
        let build = ["build", "--fuzz-dir", "fuzz", "--sanitizer", "none"];
        let command = self.fuzz_command(&build);
        let built = listen(Child { command, replay: format!("cargo +nightly fuzz {}", build.join(" ")) })?;
        if !built.is_success {
            return Err("the fuzz targets cannot be built".to_owned());
        }
        // Run as they were built: the source may be edited meanwhile.
        let programs = programs(&self.beside("fuzz"))?;
        let targets = targets.lines().map(str::trim).filter(|name| !name.is_empty());
        let lack =
            |target| level.goal.many.saturating_sub(had.get(target).copied().unwrap_or_default() as u64);
        let mut wanted: Vec<(&str, u64)> = targets.map(|target| (target, lack(target))).collect();
        if wanted.iter().all(|(_, lack)| *lack == 0) {
            wanted.iter_mut().for_each(|(_, lack)| *lack = amount);
        }
        wanted.retain(|(_, lack)| *lack > 0);
        let seconds = (minutes * 60.0 * 3.0 / wanted.len() as f64).max(60.0) as u64;
        let mut ended = Ended { seeds: "–".to_owned(), ..Ended::default() };
        for (target, lack) in wanted {
            let (said, replay) = self.fuzz_one(&programs, target, lack, seconds)?;
            ended.amounts.insert(target.to_owned(), executions(&said.text) as f64);
            ended.seconds += said.seconds;
            if !said.is_success {
                ended.violations += 1;
                let line = format!("{target}: {}", complaint(&said.text));
                ended.failure = Some(Failure { line, replay, kept: self.keep(level, &said.text)? });
            }
        }
        Ok(Ok(ended))
    }

    /// One target for so many executions, `seconds` at most; and what somebody types for the same.
    fn fuzz_one(
        &self,
        programs: &Path,
        target: &str,
        executions: u64,
        seconds: u64,
    ) -> Result<(Said, String), String> {
        let (artifacts, corpus) = (format!("fuzz/artifacts/{target}/"), format!("fuzz/corpus/{target}"));
        let fresh = format!("fuzz/artifacts/soak/{target}");
        for folder in [&artifacts, &fresh] {
            fs::create_dir_all(self.tests.join(folder)).map_err(|error| error.to_string())?;
        }
        let flags = [
            format!("-runs={executions}"),
            format!("-max_total_time={seconds}"),
            "-timeout=1".to_owned(),
            "-rss_limit_mb=2048".to_owned(),
            "-print_final_stats=1".to_owned(),
        ];
        let mut command = Command::new(programs.join(target));
        // What it finds goes to the first folder: the committed corpus is not touched.
        command.args([&fresh, &corpus]).arg(format!("-artifact_prefix={artifacts}")).args(&flags);
        command.current_dir(&self.tests);
        let replay = format!(
            "cd tests && cargo +nightly fuzz run --fuzz-dir fuzz --sanitizer none {target} {fresh} {corpus} -- {}",
            flags.join(" ")
        );
        Ok((listen(Child { command, replay: replay.clone() })?, replay))
    }

    fn fuzz_command(&self, words: &[&str]) -> Command {
        let mut command = Command::new("cargo");
        // Beside the daemon's: whoever builds it with another compiler does not build it twice. Cargo's own variables would choose
        // the compiler that built this program.
        command.args(["+nightly", "fuzz"]).args(words).current_dir(&self.tests);
        command
            .env_remove("CARGO")
            .env_remove("RUSTUP_TOOLCHAIN")
            .env("CARGO_TARGET_DIR", self.beside("fuzz"));
        command
    }

    /// A folder of ours in the target directory.
    fn beside(&self, name: &str) -> PathBuf {
        let program = std::env::current_exe().unwrap_or_default();
        program.parent().and_then(Path::parent).unwrap_or(&self.tests).join("soaked").join(name)
    }

    fn keep(&self, level: &Level, text: &str) -> Result<PathBuf, String> {
        let folder = self.beside("kept");
        let at = |error: std::io::Error| format!("{}: {error}", folder.display());
        fs::create_dir_all(&folder).map_err(at)?;
        let name =
            |number| folder.join(format!("{}-{}-{number}.txt", self.day, level.name.replace(' ', "-")));
        let file = (1..).map(name).find(|file| !file.exists()).unwrap_or_default();
        fs::write(&file, text).map_err(at)?;
        Ok(file)
    }
}

/// Where cargo-fuzz puts its programs: in a folder that is named after the machine.
fn programs(target_dir: &Path) -> Result<PathBuf, String> {
    let folders = fs::read_dir(target_dir).map_err(|error| format!("{}: {error}", target_dir.display()))?;
    let mut releases = folders.flatten().map(|folder| folder.path().join("release"));
    // Beside it is what is compiled for the compiler's own use, at the top.
    let found = releases.find(|release| release.is_dir());
    found.ok_or_else(|| format!("{}: there are no fuzz targets", target_dir.display()))
}

/// The test binary, built as it stands.
fn built(tests: &Path) -> Result<PathBuf, String> {
    let words =
        ["test", "--profile", "soak", "--locked", "-p", "scenarios", "--test", "scenarios", "--no-run"];
    let output = Command::new(env!("CARGO"))
        .args(words)
        .arg("--message-format=json")
        .current_dir(tests)
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| format!("cargo does not start: {error}"))?;
    let said = String::from_utf8_lossy(&output.stdout);
    let documents = said.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let executable = |document: Value| {
        let is_it = document["reason"] == "compiler-artifact" && document["target"]["kind"][0] == "test";
        is_it.then(|| document["executable"].as_str().map(PathBuf::from)).flatten()
    };
    let found = documents.filter_map(executable).next_back();
    found.filter(|_| output.status.success()).ok_or_else(|| "the tests cannot be built".to_owned())
}

/// Runs a child to its end. What it says is shown as it comes.
#[expect(clippy::disallowed_methods, reason = "how long it took on this machine is what is wanted")]
fn listen(mut child: Child) -> Result<Said, String> {
    println!("$ {}", child.replay);
    let began = Instant::now();
    let (reader, writer) = std::io::pipe().map_err(|error| error.to_string())?;
    let second = writer.try_clone().map_err(|error| error.to_string())?;
    child.command.stdin(Stdio::null()).stdout(writer).stderr(second);
    let mut running = child.command.spawn().map_err(|error| format!("{}: {error}", child.replay))?;
    // Ours are closed with it; the pipe ends when the child's do.
    drop(child.command);
    let mut text = String::new();
    let mut lines = BufReader::new(reader);
    let mut line = Vec::new();
    while lines.read_until(b'\n', &mut line).map_err(|error| error.to_string())? > 0 {
        let said = String::from_utf8_lossy(&line);
        print!("{said}");
        text.push_str(&said);
        line.clear();
    }
    let status = running.wait().map_err(|error| error.to_string())?;
    Ok(Said { text, is_success: status.success(), seconds: began.elapsed().as_secs() })
}

/// The numbers of every line of figures of a level, summed. What is no number is left out.
fn figures(said: &str, level: &str) -> BTreeMap<String, f64> {
    let mut sums = BTreeMap::new();
    let documents = said
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line.split_once("figures: ")?.1.trim()).ok());
    for document in documents.filter(|document| document["level"] == level) {
        for (what, amount) in document.as_object().into_iter().flatten() {
            if let Some(amount) = amount.as_f64() {
                *sums.entry(what.replace('_', " ")).or_default() += amount;
            }
        }
    }
    sums
}

/// How often the fuzzer ran its target.
fn executions(said: &str) -> u64 {
    let final_stats =
        said.lines().rev().find_map(|line| line.strip_prefix("stat::number_of_executed_units:"));
    let done = || said.lines().rev().find_map(|line| line.strip_prefix("Done ")?.split(' ').next());
    final_stats.or_else(done).and_then(|number| number.trim().parse().ok()).unwrap_or_default()
}

/// The first line of a report: what follows a panic's place, or what the fuzzer says.
fn complaint(said: &str) -> String {
    let mut lines = said.lines();
    let found = lines.by_ref().find(|line| line.contains("panicked at") || line.contains("ERROR: libFuzzer"));
    let found = match found {
        Some(place) if place.trim_end().ends_with(':') => lines.next(),
        place => place,
    };
    found.unwrap_or("it ended badly, and said nothing").trim().chars().take(300).collect()
}

/// The command that a report names itself.
fn replayed(said: &str) -> Option<String> {
    let line = said.lines().find(|line| line.contains("HIRESYNC_") && line.contains("cargo test"))?;
    Some(line[line.find("HIRESYNC_")?..].trim().trim_end_matches('`').to_owned())
}

#[expect(clippy::disallowed_methods, reason = "the day on the page is the machine's")]
fn today() -> String {
    chrono::Utc::now().format("%Y-%m-%d").to_string()
}

/// The commit, short, and whether there is more than it in the tree. The page itself does not count.
fn commit(tests: &Path) -> String {
    let git = |words: &[&str]| {
        let output = Command::new("git").args(words).current_dir(tests).output().ok()?;
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    let Some(commit) = git(&["rev-parse", "--short", "HEAD"]) else { return "unknown".to_owned() };
    let is_dirty = git(&["status", "--porcelain", "--", ":/", ":(exclude)FIGURES.md"])
        .is_none_or(|changed| !changed.is_empty());
    if is_dirty { format!("{commit} dirty") } else { commit }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::levels::LEVELS;

    #[test]
    fn numbers_of_every_line_of_figures_are_summed_and_words_left_out() {
        let said = "test scenarios::crash ... figures: {\"level\":\"kill\",\"cycles\":300,\"ledger_losses\":2,\"seconds\":71.5}\n\
                    figures: {\"level\":\"kill\",\"cycles\":20,\"how\":\"SIGTERM\"}\nfigures: {\"level\":\"rot\",\"cycles\":9}\nfigures: {";
        let sums = figures(said, "kill");
        let wanted = [("cycles", 320.0), ("ledger losses", 2.0), ("seconds", 71.5)];
        assert_eq!(sums, wanted.map(|(what, sum)| (what.to_owned(), sum)).into());
    }

    fn a_level(script: &str) -> Ended {
        let runner = Runner::idle();
        let mut command = Command::new("/bin/sh");
        command.args(["-c", script]);
        let said = listen(Child { command, replay: "sh".to_owned() }).unwrap();
        runner.judged(&LEVELS[2], said, "sh".to_owned()).unwrap()
    }

    #[test]
    fn what_a_child_says_on_both_streams_and_how_it_ends_decide() {
        let good = a_level(r#"echo 'figures: {"level":"kill","cycles":3,"violations":0,"seconds":1}' >&2"#);
        assert_eq!(
            (good.violations, good.amounts.get("cycles"), good.failure.is_none()),
            (0, Some(&3.0), true)
        );
        let ended_badly = a_level("echo 'thread x panicked at a.rs:1:'; echo 'somebody is lost'; exit 101");
        let failure = ended_badly.failure.unwrap();
        assert_eq!((ended_badly.violations, failure.line.as_str()), (1, "somebody is lost"));
        assert!(fs::read_to_string(&failure.kept).unwrap().contains("a.rs:1"), "all of it is kept");
        fs::remove_file(failure.kept).unwrap();
        let counted = a_level(r#"echo 'figures: {"level":"kill","violations":2}'"#);
        assert_eq!((counted.violations, counted.failure.is_some()), (2, true));
        assert!(a_level("kill -9 $$").failure.is_some(), "a test that is killed did not pass");
    }

    #[test]
    fn the_first_line_of_a_report_and_its_replay_are_found() {
        let said = "running 1 test\nthread 'x' panicked at tests/simulation/mod.rs:131:9:\nseed 17: Ada is in the file twice\n\
                    day 3\n  again: HIRESYNC_SIM_SEED=17 HIRESYNC_SIM_DAYS=3 cargo test -p scenarios simulation\ntest x ... FAILED\n";
        assert_eq!(complaint(said), "seed 17: Ada is in the file twice");
        assert_eq!(
            replayed(said).as_deref(),
            Some("HIRESYNC_SIM_SEED=17 HIRESYNC_SIM_DAYS=3 cargo test -p scenarios simulation")
        );
        assert_eq!(
            complaint("==12== ERROR: libFuzzer: timeout after 1 seconds\n"),
            "==12== ERROR: libFuzzer: timeout after 1 seconds"
        );
        assert_eq!((complaint(""), replayed("")), ("it ended badly, and said nothing".to_owned(), None));
    }

    #[test]
    fn executions_are_read_as_the_fuzzer_says_them() {
        assert_eq!(executions("Done 1000000 runs in 12 second(s)\n"), 1_000_000);
        assert_eq!(executions("stat::number_of_executed_units: 4711\nstat::peak_rss_mb: 60\n"), 4711);
        assert_eq!(executions("nothing of the kind"), 0);
    }
}
