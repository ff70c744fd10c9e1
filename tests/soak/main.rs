//! The tests of this package for as long as somebody has patience, and one page that says what was done: `tests/FIGURES.md`.
//!
//! | module | what it holds |
//! |---|---|
//! | [`levels`] | what there is to run: names, knobs, goals |
//! | [`page`] | the page: rows in, totals out |
//! | [`run`] | children: the test binary, the fuzzer, and what they said |
//!
//! A level's row is on the page once it ended: whoever stops a soak loses the level that was under way, and nothing else.

#![allow(
    clippy::print_stdout,
    reason = "this is a command of the workshop: what it says is for whoever started it"
)]

mod levels;
mod page;
mod run;

use std::{collections::BTreeMap, path::PathBuf, process::ExitCode};

use levels::{LEVELS, Level};
use page::{Page, Row};
use run::{Ended, Runner};

const HELP: &str = "\
Runs the tests for longer, and adds what was done to tests/FIGURES.md.

    cargo run --profile soak -p scenarios --bin soak -- [--minutes N] [--level NAME]...

  --minutes N     for about so long, all in all (60), shared by the levels by their weight
  --level NAME    this level alone; may be given again";

fn main() -> ExitCode {
    match Wish::of(std::env::args().skip(1)) {
        Ok(wish) => match soak(&wish) {
            Ok(0) => ExitCode::SUCCESS,
            Ok(violations) => {
                println!("{violations} violations; tests/FIGURES.md says which");
                ExitCode::FAILURE
            }
            Err(fault) => {
                println!("{fault}");
                ExitCode::FAILURE
            }
        },
        Err(fault) => {
            let names: Vec<&str> = LEVELS.iter().map(|level| level.name).collect();
            println!("{fault}{HELP}\n\nLevels: {}", names.join(", "));
            ExitCode::from(64)
        }
    }
}

/// What somebody wants.
#[derive(Debug, PartialEq)]
struct Wish {
    minutes: f64,
    levels: Vec<&'static str>,
}

impl Wish {
    fn of(mut words: impl Iterator<Item = String>) -> Result<Wish, String> {
        let mut wish = Wish { minutes: 60.0, levels: Vec::new() };
        while let Some(word) = words.next() {
            match (word.as_str(), words.next()) {
                ("--minutes", Some(minutes)) => {
                    wish.minutes = minutes
                        .parse()
                        .ok()
                        .filter(|minutes| *minutes > 0.0)
                        .ok_or_else(|| format!("{minutes} is no number of minutes.\n\n"))?;
                }
                ("--level", Some(name)) => {
                    let level = LEVELS.iter().find(|level| level.name == name);
                    wish.levels.push(level.ok_or_else(|| format!("There is no level {name}.\n\n"))?.name);
                }
                ("-h" | "--help", _) => return Err(String::new()),
                _ => return Err(format!("{word} is not understood.\n\n")),
            }
        }
        Ok(wish)
    }

    /// Each level that is wanted, and its share of the minutes.
    fn shares(&self) -> Vec<(&'static Level, f64)> {
        let wanted = |level: &&Level| self.levels.is_empty() || self.levels.contains(&level.name);
        let weights: u32 = LEVELS.iter().filter(wanted).map(|level| level.weight).sum();
        let share = |level: &Level| self.minutes * f64::from(level.weight) / f64::from(weights);
        LEVELS.iter().filter(wanted).map(|level| (level, share(level))).collect()
    }
}

/// Runs what is wanted. Says how many violations there were.
fn soak(wish: &Wish) -> Result<u64, String> {
    let place = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("FIGURES.md");
    let at = |error| format!("{}: {error}", place.display());
    // What cannot be written is better known before an hour of work than after it.
    Page::change(&place, |_| ()).map_err(at)?;
    let shares = wish.shares();
    let runner = Runner::new(shares.iter().any(|(level, _)| !matches!(level.how, levels::How::Fuzz)))?;
    let (mut violations, mut faults) = (0, 0);
    for (level, minutes) in shares {
        // Somebody else may have added to it meanwhile.
        let before = Page::read(&place).map_err(at)?;
        let amount = (before.a_minute(level).unwrap_or(level.a_minute) * minutes).max(1.0);
        let seed = before.next_seed(level.name);
        println!("{}: for about {minutes:.0} minutes", level.name);
        let ended = match runner.run(level, amount, seed, minutes, &before.sums(level)) {
            Ok(Ok(ended)) => ended,
            Ok(Err(why)) => {
                println!("{}: LEFT OUT: {why}", level.name);
                continue;
            }
            // The others are none the worse for it.
            Err(fault) => {
                println!("{}: {fault}", level.name);
                faults += 1;
                continue;
            }
        };
        Page::change(&place, |page| note(page, level, &ended, &runner)).map_err(at)?;
        violations += ended.violations;
        println!("{}: {} s, {} violations", level.name, ended.seconds, ended.violations);
    }
    if faults > 0 { Err(format!("{faults} levels could not be run")) } else { Ok(violations) }
}

/// Puts on the page what a level did.
fn note(page: &mut Page, level: &Level, ended: &Ended, runner: &Runner) {
    let (day, commit) = (runner.day(), runner.commit());
    if let Some(failure) = &ended.failure {
        let line = failure.line.replace('|', "/");
        let kept = failure.kept.display();
        println!("{}: {line}\n  again: {}\n  all of it: {kept}", level.name, failure.replay);
        let gap = if page.findings.is_empty() { "" } else { "\n" };
        page.findings +=
            &format!("{gap}* {day}, {commit}, {}: {line}\n  Again: `{}`", level.name, failure.replay);
    }
    let amounts: BTreeMap<String, f64> = ended.amounts.clone();
    page.rows.push(Row {
        day,
        commit,
        level: level.name.to_owned(),
        seeds: ended.seeds.clone(),
        amounts,
        seconds: ended.seconds,
        violations: ended.violations,
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wish(words: &str) -> Result<Wish, String> {
        Wish::of(words.split(' ').filter(|word| !word.is_empty()).map(str::to_owned))
    }

    #[test]
    fn the_minutes_are_shared_by_weight_among_the_levels_that_are_wanted() {
        let all = wish("--minutes 28").unwrap().shares();
        assert_eq!(all.len(), LEVELS.len());
        assert!((all.iter().map(|(_, share)| share).sum::<f64>() - 28.0).abs() < 1e-9);
        let two: Vec<_> = wish("--level kill --minutes 9 --level rot").unwrap().shares();
        assert_eq!(
            two.iter().map(|(level, share)| (level.name, *share)).collect::<Vec<_>>(),
            [("kill", 6.0), ("rot", 3.0)]
        );
    }

    #[test]
    fn what_is_not_understood_is_said() {
        for words in
            ["--minutes", "--minutes none", "--minutes -3", "--level", "--level all", "kill", "--help"]
        {
            assert!(wish(words).is_err(), "{words}");
        }
    }

    #[test]
    fn a_failure_is_a_row_and_a_finding_with_its_replay() {
        let failure = run::Failure {
            line: "seed 17: Ada is in the file | twice".to_owned(),
            replay: "HIRESYNC_SIM_SEED=17 cargo test".to_owned(),
            kept: PathBuf::from("/nowhere"),
        };
        let ended = Ended { violations: 1, failure: Some(failure), ..Ended::default() };
        let mut page = Page::default();
        note(&mut page, &LEVELS[0], &ended, &Runner::idle());
        let text = page.text();
        assert!(text.contains(
            "model: seed 17: Ada is in the file / twice\n  Again: `HIRESYNC_SIM_SEED=17 cargo test`"
        ));
        assert!(text.contains("| model | **0** virtual years | 300 | not yet | 0.0 | 1 |"), "{text}");
    }
}
