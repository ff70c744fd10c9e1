//! `tests/FIGURES.md`: read, added to, and written again. Pure but for [`Page::change`].

use std::{collections::BTreeMap, fmt::Write as _, fs, io, path::Path};

use crate::levels::{LEVELS, Level};

const RUNS: &str = "## Runs";
const FINDINGS: &str = "## What was found";

/// One level of one run.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Row {
    pub day: String,
    /// Short, and `dirty` behind it where the tree held more than the commit.
    pub commit: String,
    pub level: String,
    /// `a..b`, one seed, or `–` where there is none.
    pub seeds: String,
    /// What was counted.
    pub amounts: BTreeMap<String, f64>,
    pub seconds: u64,
    pub violations: u64,
}

/// The page.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Page {
    pub rows: Vec<Row>,
    /// What failed, each with its replay; people add what became of it.
    pub findings: String,
}

impl Page {
    /// Reads a page. One that is not there is empty.
    pub fn read(path: &Path) -> io::Result<Page> {
        match fs::read_to_string(path) {
            Ok(text) => Page::parse(&text).map_err(io::Error::other),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Page::default()),
            Err(error) => Err(error),
        }
    }

    fn parse(text: &str) -> Result<Page, String> {
        let runs = text.split_once(RUNS).map(|(_, rest)| rest).unwrap_or_default();
        let findings = text.split_once(FINDINGS).map(|(_, rest)| rest).unwrap_or_default();
        let findings = findings.split(RUNS).next().unwrap_or_default().trim();
        let findings = if findings == NOTHING { "" } else { findings };
        let lines = runs.lines().filter(|line| line.starts_with('|')).skip(2);
        let rows = lines
            .map(|line| {
                Row::parse(line).ok_or_else(|| format!("this is no row of the page of figures: {line}"))
            })
            .collect::<Result<_, _>>()?;
        Ok(Page { rows, findings: findings.to_owned() })
    }

    /// Changes the page whole, or leaves what is there. Several soaks run side by side: one of them at a time.
    pub fn change(path: &Path, change: impl FnOnce(&mut Page)) -> io::Result<()> {
        let folder = fs::File::open(path.parent().unwrap_or(Path::new(".")))?;
        folder.lock()?;
        let mut page = Page::read(path)?;
        change(&mut page);
        let made = path.with_extension("md.new");
        fs::write(&made, page.text())?;
        fs::File::open(&made)?.sync_all()?;
        fs::rename(&made, path)
    }

    /// The first seed that a level has not had.
    pub fn next_seed(&self, level: &str) -> u64 {
        let ends = self.of(level).filter_map(|row| match row.seeds.split_once("..") {
            Some((_, end)) => end.parse().ok(),
            None => row.seeds.parse::<u64>().ok().map(|seed| seed + 1),
        });
        ends.max().unwrap_or(FIRST_SEED)
    }

    /// How much of what a level counts a minute brought so far.
    pub fn a_minute(&self, level: &Level) -> Option<f64> {
        let what = level.how.counts()?;
        let (mut amount, mut seconds) = (0.0, 0);
        for row in self.of(level.name).rev().take(5) {
            amount += row.amounts.get(what).copied().unwrap_or_default();
            seconds += row.seconds;
        }
        (amount > 0.0 && seconds > 0).then(|| amount * 60.0 / seconds as f64)
    }

    fn of(&self, level: &str) -> impl DoubleEndedIterator<Item = &Row> {
        self.rows.iter().filter(move |row| row.level == level)
    }

    /// What all rows of a level come to.
    pub fn sums(&self, level: &Level) -> BTreeMap<String, f64> {
        let mut sums = BTreeMap::new();
        for (what, amount) in self.of(level.name).flat_map(|row| &row.amounts) {
            if !NOT_SUMMED.contains(&what.as_str()) {
                *sums.entry(what.clone()).or_default() += amount;
            }
        }
        sums
    }

    /// How much there is of what a level's goal counts: of the fuzzer's targets, of the one that has least.
    fn done(&self, level: &Level) -> f64 {
        let sums = self.sums(level);
        let done = match level.how.counts() {
            Some(what) => sums.get(what).copied(),
            None => sums.into_values().reduce(f64::min),
        };
        done.unwrap_or_default() / level.goal.of
    }

    /// The whole page.
    pub fn text(&self) -> String {
        let mut text = HEAD.to_owned();
        for level in &LEVELS {
            let done = self.done(level);
            let hours = self.of(level.name).map(|row| row.seconds).sum::<u64>() as f64 / 3600.0;
            let violations: u64 = self.of(level.name).map(|row| row.violations).sum();
            let (goal, unit) = (number(level.goal.many as f64), level.goal.unit);
            let is_met = if done >= level.goal.many as f64 { "met" } else { "not yet" };
            let done = number(if done < 100.0 { (done * 10.0).floor() / 10.0 } else { done.floor() });
            let _ = writeln!(
                text,
                "| {} | **{done}** {unit} | {goal} | {is_met} | {hours:.1} | {violations} |",
                level.name
            );
        }
        text.push_str("\nEverything else that was counted, summed over all runs:\n\n");
        for level in &LEVELS {
            let mut sums = self.sums(level);
            level.how.counts().map(|what| sums.remove(what));
            if !sums.is_empty() {
                let sums: Vec<String> =
                    sums.into_iter().map(|(what, sum)| format!("{what} {}", number(sum))).collect();
                let _ = writeln!(text, "* {}: {}", level.name, sums.join(", "));
            }
        }
        text.push_str("\n## What each level is\n\n");
        for level in &LEVELS {
            let about = level.about.split_whitespace().collect::<Vec<_>>().join(" ");
            let _ = writeln!(text, "* **{}** — {about} *A violation:* {}.", level.name, level.violation);
        }
        let findings = if self.findings.is_empty() { NOTHING } else { &self.findings };
        let _ = write!(text, "\n{FINDINGS}\n\n{findings}\n\n{RUNS}\n\n{COLUMNS}");
        for row in &self.rows {
            text.push_str(&row.text());
        }
        text
    }
}

const HEAD: &str = "\
# What has been run

Written by `cargo run --profile soak -p scenarios --bin soak`, which adds a row for each level it ran and sums them up here. Every test is
also run by `cargo test`, with fewer seeds, but for the fuzzer: of it, `cargo test` has the bodies, over seeds and corpora. What is counted
here is what was done *beside* that. Add nothing by hand, but below each finding what became of it.

A run goes on after the last seed that a level has here. Two at once, or one after another that was interrupted, play the same seeds; power
and rot draw from the clock, and the fuzzer draws for itself. A level that ends badly may have counted nothing: then its row has no amounts.
In older rows `duplicates`, `lost`, `unopenable`, `silent`, `panics` and `hangs` are 0 because a test that meets one ends there, and
`points` is how many different ones a run met, which makes no sum: neither is counted any more. The first two rows of the fuzzer are of
before each target was counted by itself; what the run at b20810b said of each was put in.

| level | so far | goal | | hours | violations |
|---|---|---|---|---|---|
";
const NOTHING: &str = "Nothing so far.";
const COLUMNS: &str =
    "| day | commit | level | seeds | amounts | seconds | violations |\n|---|---|---|---|---|---|---|\n";
/// What older rows have and nobody adds up: [`HEAD`] says why.
const NOT_SUMMED: [&str; 10] = [
    "duplicates",
    "lost",
    "unopenable",
    "silent",
    "panics",
    "hangs",
    "points",
    "executions",
    "executions of each",
    "targets",
];
/// Below it are the seeds of `cargo test`.
const FIRST_SEED: u64 = 10_000;

impl Row {
    fn text(&self) -> String {
        let amounts: Vec<String> =
            self.amounts.iter().map(|(what, amount)| format!("{what} {}", number(*amount))).collect();
        format!(
            "| {} | {} | {} | {} | {} | {} | {} |\n",
            self.day,
            self.commit,
            self.level,
            self.seeds,
            amounts.join(", "),
            self.seconds,
            self.violations
        )
    }

    fn parse(line: &str) -> Option<Row> {
        let cells: Vec<&str> = line.trim().trim_matches('|').split('|').map(str::trim).collect();
        let &[day, commit, level, seeds, amounts, seconds, violations] = cells.as_slice() else {
            return None;
        };
        let amount = |said: &str| {
            let (what, amount) = said.trim().rsplit_once(' ')?;
            Some((what.to_owned(), amount.replace('\u{202f}', "").parse().ok()?))
        };
        Some(Row {
            day: day.to_owned(),
            commit: commit.to_owned(),
            level: level.to_owned(),
            seeds: seeds.to_owned(),
            amounts: amounts
                .split(", ")
                .filter(|said| !said.is_empty())
                .map(amount)
                .collect::<Option<_>>()?,
            seconds: seconds.parse().ok()?,
            violations: violations.parse().ok()?,
        })
    }
}

/// With narrow blanks between thousands, and at most three decimals.
pub fn number(amount: f64) -> String {
    // A sum of nothing is -0.
    let text = format!("{:.3}", amount + 0.0);
    let text = text.trim_end_matches('0').trim_end_matches('.');
    let (whole, decimals) = text.split_once('.').map_or((text, None), |(whole, rest)| (whole, Some(rest)));
    let mut grouped = String::new();
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at).is_multiple_of(3) && !grouped.ends_with('-') {
            grouped.push('\u{202f}');
        }
        grouped.push(digit);
    }
    grouped + &decimals.map(|decimals| format!(".{decimals}")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(level: &str, seeds: &str, days: f64, seconds: u64, violations: u64) -> Row {
        Row {
            day: "2026-11-22".to_owned(),
            commit: "e86ad95 dirty".to_owned(),
            level: level.to_owned(),
            seeds: seeds.to_owned(),
            amounts: [("virtual days".to_owned(), days), ("faults".to_owned(), 1_234_567.0)].into(),
            seconds,
            violations,
        }
    }

    #[test]
    fn a_page_that_is_written_is_read_as_the_same() {
        let findings = "* 2026-11-22, e86ad95, kill: it was lost.\n  Mended in 0123456.".to_owned();
        let rows = vec![row("model", "10000..12000", 60_000.5, 3600, 0), row("kill", "–", 300.0, 60, 2)];
        for page in [Page { rows, findings }, Page::default()] {
            assert_eq!(Page::parse(&page.text()), Ok(page));
        }
        assert!(
            Page::parse("## Runs\n| day |\n|---|\n| what is this |\n").is_err(),
            "no row is dropped in silence"
        );
    }

    #[test]
    fn soaks_side_by_side_lose_none_of_each_others_rows() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("FIGURES.md");
        let one_more = || Page::change(&path, |page| page.rows.push(row("kill", "–", 1.0, 1, 0))).unwrap();
        std::thread::scope(|scope| {
            (0..8).for_each(|_| drop(scope.spawn(|| (0..8).for_each(|_| one_more()))));
        });
        assert_eq!(Page::read(&path).unwrap().rows.len(), 64);
    }

    #[test]
    fn totals_are_the_sums_of_all_rows_of_a_level_in_the_unit_of_its_goal() {
        let rows = vec![
            row("model", "10000..11000", 73_050.0, 1800, 0),
            row("sled", "10000..10010", 300.0, 60, 0),
            row("model", "11000..12000", 73_050.0, 1800, 1),
        ];
        let text = Page { rows, ..Page::default() }.text();
        assert!(text.contains("| model | **400** virtual years | 300 | met | 1.0 | 1 |"), "{text}");
        assert!(text.contains("| sled | **0.8** virtual years | 30 | not yet | 0.0 | 0 |"), "{text}");
        assert!(text.contains("* model: faults 2\u{202f}469\u{202f}134"), "{text}");
    }

    #[test]
    fn what_only_older_rows_have_is_kept_and_not_summed() {
        let amounts = [("cycles", 300.0), ("points", 26.0), ("lost", 0.0), ("late", 4.0)];
        let amounts: BTreeMap<_, _> = amounts.map(|(what, amount)| (what.to_owned(), amount)).into();
        let old = Row { amounts, ..row("kill", "10000", 0.0, 60, 0) };
        let page = Page { rows: vec![old.clone(), old], ..Page::default() };
        let text = page.text();
        assert!(text.contains("\n* kill: late 8\n"), "{text}");
        assert_eq!(Page::parse(&text), Ok(page));
    }

    #[test]
    fn of_the_fuzzers_targets_the_one_that_has_least_says_how_far_it_is() {
        let fuzz = |amounts: &[(&str, f64)]| Row {
            amounts: amounts.iter().map(|(what, amount)| ((*what).to_owned(), *amount)).collect(),
            ..row("fuzz", "–", 0.0, 60, 0)
        };
        let old = fuzz(&[("executions", 9_000.0), ("executions of each", 0.0), ("targets", 30.0)]);
        let all = fuzz(&[("csv", 400_000.0), ("user", 1_200_000.0)]);
        let far = |rows: &[&Row]| {
            let rows = rows.iter().copied().cloned().collect();
            let text = Page { rows, ..Page::default() }.text();
            text.lines().find(|line| line.starts_with("| fuzz")).unwrap().to_owned()
        };
        assert!(far(&[&old]).starts_with("| fuzz | **0** "), "{}", far(&[&old]));
        let short = far(&[&old, &all]);
        assert!(short.contains("**400\u{202f}000**") && short.contains("not yet"), "{short}");
        let met = far(&[&old, &all, &fuzz(&[("csv", 600_000.0)])]);
        assert!(met.contains("**1\u{202f}000\u{202f}000**") && met.contains("| met |"), "{met}");
    }

    #[test]
    fn a_level_goes_on_after_the_last_seed_of_its_rows() {
        let rows = vec![
            row("model", "10000..12000", 1.0, 1, 0),
            row("model", "12000..12500", 1.0, 1, 0),
            row("kill", "10007", 1.0, 1, 0),
        ];
        let page = Page { rows, ..Page::default() };
        let next = ["model", "kill", "sled"].map(|level| page.next_seed(level));
        assert_eq!(next, [12_500, 10_008, FIRST_SEED]);
    }

    #[test]
    fn how_fast_a_level_is_is_taken_from_its_last_rows() {
        let page = Page { rows: vec![row("model", "0..1", 600.0, 60, 0)], ..Page::default() };
        assert_eq!(page.a_minute(&LEVELS[0]), Some(600.0));
        assert_eq!(page.a_minute(&LEVELS[1]), None);
    }

    #[test]
    fn numbers_are_grouped_and_short() {
        for (amount, text) in [
            (0.0, "0"),
            (999.0, "999"),
            (1_000.0, "1\u{202f}000"),
            (1_234_567.5, "1\u{202f}234\u{202f}567.5"),
            (0.1 + 0.2, "0.3"),
        ] {
            assert_eq!(number(amount), text);
        }
    }
}
