//! A failing seed is a gift, and this wraps it: the same failure with as few days, faults and events as it takes, and the one
//! command that brings it back.
//!
//! How to think of it: what a seed decides is a list of events, numbered in the order of their time, and a setup. Both are made
//! smaller, greedily, as long as the *same sentence* goes on failing; every attempt is a whole run, so there is a budget of them.
//! The days come first (a plan of fewer days is the beginning of one of more), then what goes wrong all the time (crashes, a wrong
//! clock), then whole families of events, then events.
//!
//! `HIRESYNC_SIM_KEEP=4,17` keeps these events of a seed and no others (empty: none); `HIRESYNC_SIM_WITHOUT=crashes,skew` leaves
//! out what goes wrong all the time.

use std::{collections::BTreeSet, fmt::Write as _, process::Command};

use planted::Bug;

use super::{
    fails,
    plan::{Plan, Setup, What},
    world::when,
};

/// Runs that one failure may cost.
pub const BUDGET: usize = 150;
/// Failures of one run of all seeds that are made smaller; where many seeds fail, one of them tells enough.
pub const GIFTS_MAX: usize = 3;

/// What goes wrong all the time, and how it is left out.
const ALL_ALONG: [(&str, LeaveOut); 9] = [
    ("cezanne", |setup| (setup.tenant, setup.roster) = (None, true)),
    ("crashes", |setup| setup.crashes_per_mille = 0),
    ("losses", |setup| setup.losses_percent = 0),
    ("shifts", |setup| setup.shifts_percent = 0),
    ("skew", |setup| setup.skew_ms = 0),
    ("webhooks", |setup| setup.webhooks = false),
    ("lies", |setup| setup.lies = false),
    ("races", |setup| setup.races = false),
    ("impatience", |setup| setup.impatient = false),
];

/// Takes something out of a setup.
type LeaveOut = fn(&mut Setup);

/// How much of what a seed decides is played.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trim {
    pub days: u64,
    /// These events, by their number; all of them where there is none.
    pub keep: Option<BTreeSet<usize>>,
    /// None of these, of [`ALL_ALONG`].
    pub without: BTreeSet<&'static str>,
}

/// The same failure, smaller.
#[derive(Debug)]
pub struct Minimised {
    pub trim: Trim,
    /// What does not hold, as the smallest run says it.
    pub sentence: String,
    /// How many events the seed had, and how many are left.
    pub events: [usize; 2],
    pub runs: usize,
}

impl Trim {
    /// Everything.
    pub fn whole(days: u64) -> Trim {
        Trim { days, keep: None, without: BTreeSet::new() }
    }

    /// What whoever runs the test asks for.
    #[expect(clippy::disallowed_methods, reason = "a replay is asked for by whoever runs the test")]
    pub fn asked(days: u64) -> Trim {
        Trim::read(days, |name| std::env::var(name).ok())
    }

    /// The same from the variables of a replay line.
    pub fn read(days: u64, asked: impl Fn(&str) -> Option<String>) -> Trim {
        let list = |name: &str| {
            let text = asked(name)?;
            Some(text.split(',').map(|one| one.trim().to_owned()).filter(|one| !one.is_empty()).collect())
        };
        let keep: Option<Vec<String>> = list("HIRESYNC_SIM_KEEP");
        let number = |text: &String| text.parse().expect("HIRESYNC_SIM_KEEP is a list of numbers");
        let without: Vec<String> = list("HIRESYNC_SIM_WITHOUT").unwrap_or_default();
        let known = |name: &String| ALL_ALONG.iter().map(|(known, _)| *known).find(|known| known == name);
        Trim {
            days,
            keep: keep.map(|numbers| numbers.iter().map(number).collect()),
            without: without
                .iter()
                .map(|name| known(name).expect("HIRESYNC_SIM_WITHOUT names what goes wrong"))
                .collect(),
        }
    }

    /// What is left of what the seed decides. That calm comes in the evening is no event: it stays.
    pub fn plan(&self, seed: u64) -> Plan {
        let mut plan = Plan::draw(seed, self.days);
        for (name, leave_out) in ALL_ALONG {
            if self.without.contains(name) {
                leave_out(&mut plan.setup);
            }
        }
        if let Some(keep) = &self.keep {
            let mut number = 0;
            plan.timeline.retain(|happening| {
                number += 1;
                matches!(happening.what, What::Calm) || keep.contains(&(number - 1))
            });
        }
        plan
    }

    /// Whose numbers are the events', with what kind of event each is.
    fn events(&self, seed: u64) -> Vec<(usize, String)> {
        let timeline = Plan::draw(seed, self.days).timeline;
        let numbered = timeline.iter().enumerate();
        let events = numbered.filter(|(_, happening)| !matches!(happening.what, What::Calm));
        let kept = events.filter(|(number, _)| self.keep.as_ref().is_none_or(|keep| keep.contains(number)));
        kept.map(|(number, happening)| (number, family(&happening.what))).collect()
    }

    /// What brings it back.
    pub fn replay(&self, seed: u64) -> String {
        let mut line = String::new();
        if let Some(bug) = planted::arm::planted() {
            write!(line, "HIRESYNC_PLANTED={} ", bug.name()).unwrap();
        }
        write!(line, "HIRESYNC_SIM_SEED={seed} HIRESYNC_SIM_DAYS={}", self.days).unwrap();
        if let Some(keep) = &self.keep {
            let numbers: Vec<String> = keep.iter().map(usize::to_string).collect();
            write!(line, " HIRESYNC_SIM_KEEP={}", numbers.join(",")).unwrap();
        }
        if !self.without.is_empty() {
            let names = Vec::from_iter(self.without.iter().copied());
            write!(line, " HIRESYNC_SIM_WITHOUT={}", names.join(",")).unwrap();
        }
        line + " cargo test -p scenarios simulation::on_ -- --nocapture"
    }
}

/// The kind of an event: what it is, less whom and how much.
fn family(what: &What) -> String {
    let said = format!("{what:?}");
    let end = match what {
        What::Fault { .. } | What::Recruit(..) => said.find(','),
        _ => said.find(['{', '(']),
    };
    said[..end.unwrap_or(said.len())].trim().to_owned()
}

/// The kind of a sentence: what does not hold, less whom it is about.
pub fn kind(sentence: &str) -> &str {
    sentence.split(": ").next().unwrap_or(sentence)
}

/// The sentence of a seed's report: what does not hold, or how it panicked.
pub fn sentence_of(report: &str) -> String {
    let line = report.lines().next().unwrap_or_default();
    let sentence = line.split_once("this does not hold: ").map(|(_, sentence)| sentence.to_owned());
    sentence.unwrap_or_else(|| line.split_once(" panicked: ").map_or(line, |(_, said)| said).to_owned())
}

/// Makes a failure smaller. `fails` plays a plan and answers the sentence that does not hold, if one does not.
pub fn minimise(
    seed: u64,
    days: u64,
    sentence: &str,
    budget: usize,
    fails: impl Fn(&Plan) -> Option<String>,
) -> Minimised {
    let mut search = Search {
        seed,
        kind: kind(sentence).to_owned(),
        best: Trim::whole(days),
        sentence: sentence.to_owned(),
        left: budget,
        fails,
    };
    search.fewer_days();
    let all = search.best.events(seed).len();
    search.less_all_along();
    search.fewer_families();
    search.fewer_events();
    let left = search.best.events(seed).len();
    Minimised {
        runs: budget - search.left,
        trim: search.best,
        sentence: search.sentence,
        events: [all, left],
    }
}

struct Search<F> {
    seed: u64,
    kind: String,
    best: Trim,
    sentence: String,
    left: usize,
    fails: F,
}

impl<F: Fn(&Plan) -> Option<String>> Search<F> {
    /// Whether it fails in the same way with no more than this; then that is the best so far.
    fn still_fails(&mut self, trim: Trim) -> bool {
        if self.left == 0 {
            return false;
        }
        self.left -= 1;
        match (self.fails)(&trim.plan(self.seed)) {
            Some(sentence) if kind(&sentence) == self.kind => {
                (self.best, self.sentence) = (trim, sentence);
                true
            }
            _ => false,
        }
    }

    /// Whatever fails on some day fails in a plan that ends with that day.
    fn fewer_days(&mut self) {
        let mut too_few = 0;
        while self.best.days - too_few > 1 && self.left > 0 {
            let days = too_few + (self.best.days - too_few) / 2;
            if !self.still_fails(Trim::whole(days)) {
                too_few = days;
            }
        }
    }

    fn less_all_along(&mut self) {
        for (name, _) in ALL_ALONG {
            let mut trim = self.best.clone();
            trim.without.insert(name);
            self.still_fails(trim);
        }
    }

    fn fewer_families(&mut self) {
        let families: BTreeSet<String> =
            self.best.events(self.seed).into_iter().map(|(_, family)| family).collect();
        for family in families {
            let events = self.best.events(self.seed);
            let keep = events.into_iter().filter(|(_, of)| *of != family).map(|(number, _)| number);
            self.still_fails(Trim { keep: Some(keep.collect()), ..self.best.clone() });
        }
    }

    /// By halves, by quarters, one by one.
    fn fewer_events(&mut self) {
        let mut size = self.best.events(self.seed).len().div_ceil(2);
        while size > 0 && self.left > 0 {
            let numbers: Vec<usize> =
                self.best.events(self.seed).into_iter().map(|(number, _)| number).collect();
            let mut dropped = false;
            for chunk in numbers.chunks(size) {
                let now = self.best.events(self.seed).into_iter().map(|(number, _)| number);
                let keep: BTreeSet<usize> = now.filter(|number| !chunk.contains(number)).collect();
                dropped |= self.still_fails(Trim { keep: Some(keep), ..self.best.clone() });
            }
            // One by one for as long as that helps: what one event needed another may not.
            size = if size == 1 { usize::from(dropped) } else { size / 2 };
        }
    }
}

impl Minimised {
    /// For whoever has to find out why.
    pub fn report(&self, seed: u64) -> String {
        let Minimised { trim, sentence, events: [all, left], runs } = self;
        let mut text = format!(
            "  smallest after {runs} runs: {} days, {left} of {all} events, commit {}\n  {sentence}\n",
            trim.days,
            commit()
        );
        let drawn = Plan::draw(seed, trim.days).timeline;
        for (number, happening) in drawn.iter().enumerate() {
            let kept = trim.keep.as_ref().is_none_or(|keep| keep.contains(&number));
            if kept && !matches!(happening.what, What::Calm) {
                writeln!(text, "    {number:>4} {} {:?}", when(happening.at), happening.what).unwrap();
            }
        }
        text + &format!("  replay: {}\n", trim.replay(seed))
    }
}

/// Which commit this is, where git can say.
pub fn commit() -> String {
    let asked = Command::new("git").args(["describe", "--always", "--dirty"]).output();
    let said = asked.ok().filter(|answer| answer.status.success());
    said.map_or_else(
        || "unknown".to_owned(),
        |answer| String::from_utf8_lossy(&answer.stdout).trim().to_owned(),
    )
}

/// Plants what the environment names, so that what a planted mistake did can be replayed.
#[expect(clippy::disallowed_methods, reason = "a replay is asked for by whoever runs the test")]
pub fn plant_what_is_asked() {
    if let Ok(name) = std::env::var("HIRESYNC_PLANTED") {
        planted::arm::plant_in_process(Bug::named(&name).expect("HIRESYNC_PLANTED names a mistake"));
    }
}

#[test]
fn a_sentence_is_of_the_same_kind_whomever_it_is_about() {
    let report = "seed 3, day 2 22:15: this does not hold: a row stays: that of o-17 is gone\n  Setup\n";
    assert_eq!(sentence_of(report), "a row stays: that of o-17 is gone");
    assert_eq!(kind(&sentence_of(report)), "a row stays");
    assert_eq!(
        kind(&sentence_of("seed 3 panicked: called `Result::unwrap()` on an `Err` value: Full\n")),
        "called `Result::unwrap()` on an `Err` value"
    );
}

#[test]
fn fewer_days_of_a_seed_are_the_beginning_of_more() {
    for seed in 0..20 {
        let (few, many) = (Plan::draw(seed, 2), Plan::draw(seed, 5));
        // The last evening of a plan is always a quiet one.
        let said = |plan: &Plan| {
            let happens = plan.timeline.iter().filter(|one| !matches!(one.what, What::Calm));
            happens.map(|one| format!("{one:?}")).collect::<Vec<_>>()
        };
        assert!(said(&many).starts_with(&said(&few)), "seed {seed}");
    }
}

#[test]
fn a_failure_is_made_smaller_and_its_replay_fails_in_the_same_way() {
    let _planted = planted::arm::plant(Bug::UnhireDeletes);
    let days = 3;
    let sentence = |seed| fails(&Plan::draw(seed, days));
    let (seed, sentence) =
        (0..200).find_map(|seed| Some((seed, sentence(seed)?))).expect("the mistake is noticed");

    let smallest = minimise(seed, days, &sentence, BUDGET / 2, fails);

    println!("{}", smallest.report(seed));
    let [all, left] = smallest.events;
    assert!(0 < left && left < all, "{left} of {all} events");
    let command = smallest.trim.replay(seed);
    let asked = |name: &str| {
        let mut said = command.split(' ').filter_map(|word| word.split_once('='));
        said.find(|(variable, _)| *variable == name).map(|(_, value)| value.to_owned())
    };
    assert_eq!(asked("HIRESYNC_PLANTED").as_deref(), Some(Bug::UnhireDeletes.name()));
    assert_eq!(asked("HIRESYNC_SIM_SEED"), Some(seed.to_string()));
    let replayed = Trim::read(asked("HIRESYNC_SIM_DAYS").unwrap().parse().unwrap(), asked);
    assert_eq!(replayed, smallest.trim);
    let again = fails(&replayed.plan(seed)).expect("the smallest plan fails");
    assert_eq!(again, smallest.sentence);
    assert_eq!(kind(&again), kind(&sentence));
}
