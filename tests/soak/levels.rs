//! What there is to run: the one table of names, knobs and goals. A level here is a test of which more can be played; README.md has two
//! other things of that name.

/// One kind of proof, and how more of it is asked for.
#[derive(Debug)]
pub struct Level {
    /// The word on the command line, on the page, and in the line of figures.
    pub name: &'static str,
    /// What it does, for whoever reads the page.
    pub about: &'static str,
    /// What counts as a violation.
    pub violation: &'static str,
    /// The test, and how it is told how much to do.
    pub how: How,
    /// Its share of the minutes.
    pub weight: u32,
    /// How much of that is wanted before a release, and what to divide by to say it in the goal's own unit.
    pub goal: Goal,
    /// How much of it a minute brought where it was first measured: only for a first run, afterwards the page knows.
    pub a_minute: f64,
}

/// How a level is run.
#[derive(Debug, Clone, Copy)]
pub enum How {
    /// One test that is told a range of seeds by a variable of its own, and how many days each has. The goal counts days.
    Seeds { test: &'static str, seeds: &'static str, days: u64 },
    /// One test that is told how many, by a variable of its own; and the seed that everything is drawn from, if it takes one. The
    /// goal counts a key of its line of figures.
    Many { test: &'static str, many: &'static str, seed: Option<&'static str>, counts: &'static str },
    /// Every fuzz target for so many executions. The goal is each target's.
    Fuzz,
}

impl How {
    /// What the goal counts, where it is one number.
    pub fn counts(self) -> Option<&'static str> {
        match self {
            How::Seeds { .. } => Some(VIRTUAL_DAYS),
            How::Many { counts, .. } => Some(counts),
            How::Fuzz => None,
        }
    }
}

/// What a line of figures calls them.
pub const VIRTUAL_DAYS: &str = "virtual days";

/// A goal in words that people use.
#[derive(Debug, Clone, Copy)]
pub struct Goal {
    /// How many.
    pub many: u64,
    /// Of what.
    pub unit: &'static str,
    /// How many of what is counted make one.
    pub of: f64,
}

const DAYS_OF_A_YEAR: f64 = 365.25;

/// Every level, in the order in which they run. Names of tests stand here and nowhere else.
pub const LEVELS: [Level; 7] = [
    Level {
        name: "model",
        about: "The whole daemon (engine, Lever client, mapping, adapters, ledger in memory) on a paused clock, against state machines of \
                Lever, of HR systems and of the people who use them; edits, faults, crashes and restores are drawn from a seed. One seed \
                is ten virtual days: a day costs more the longer its world is, and a new world shows more than an older one. Three worlds \
                of four have few people, so that much happens to each.",
        violation: "a seed in which an invariant did not hold (tests/README.md has the table): somebody twice, somebody lost, a value of \
                    HR's overwritten, a write to Cezanne without a look before it, or a file that is not right by the midnight of a \
                    quiet evening",
        how: How::Seeds {
            test: "simulation::on_a_model_of_the_ledger",
            seeds: "HIRESYNC_SIM_SEEDS",
            days: 10,
        },
        weight: 6,
        goal: Goal { many: 300, unit: "virtual years", of: DAYS_OF_A_YEAR },
        a_minute: 600.0,
    },
    Level {
        name: "sled",
        about: "The same, with the ledger in real sled, in a folder in /dev/shm where there is one: every crash closes nothing and opens a \
                copy of what the kernel has. What needs the model is left out: nobody is killed at a commit, no step is refused by the \
                disk, no machine is cloned or put back to an earlier day, and no backup is restored. Ledgers are lost here, too.",
        violation: "as above, and a ledger that does not open",
        how: How::Seeds { test: "simulation::on_real_sled", seeds: "HIRESYNC_SLED_SEEDS", days: 10 },
        weight: 5,
        goal: Goal { many: 30, unit: "virtual years", of: DAYS_OF_A_YEAR },
        a_minute: 120.0,
    },
    Level {
        name: "kill",
        about: "The real program as a process, killed with SIGKILL while it starts, at any moment, at writes to the export folder and at 26 \
                of the 73 named points of its work, while recruiters go on.",
        violation: "a row without a mark that was on disk before it (but of somebody whose profile was merged), a ledger that does not \
                    open, somebody twice, lost or wrong at the end",
        how: How::Many {
            test: "scenarios::crash::killed_at_any_moment",
            many: "HIRESYNC_CRASH_KILLS",
            seed: Some("HIRESYNC_CRASH_SEED"),
            counts: "cycles",
        },
        weight: 6,
        goal: Goal { many: 5_000, unit: "kills", of: 1.0 },
        a_minute: 60.0,
    },
    Level {
        name: "power",
        about: "Disks as a power failure may leave them: from a recorded trace of the program's writes, those that were not synced are \
                dropped, torn or reordered, and names are there up to some moment in each folder. Each disk is opened as the daemon opens \
                it, and its rows are compared with its ledger; over one in twenty of those of random moments the program runs, and what \
                it comes to is compared with Lever.",
        violation: "a ledger that does not open or says that it lost something, a step lost that was acknowledged, a row that the ledger \
                    knows nothing of, somebody twice, lost or wrong after the program ran",
        how: How::Many {
            test: "scenarios::power::",
            many: "HIRESYNC_POWER_IMAGES",
            seed: None,
            counts: "images",
        },
        weight: 3,
        goal: Goal { many: 2_000, unit: "images", of: 1.0 },
        a_minute: 100.0,
    },
    Level {
        name: "rot",
        about: "A file of the state folder is cut off, zeroed, emptied, removed, swapped, or has a bit flipped or a page of another place; \
                then it is opened as the daemon opens it. One in eight is done once more to another copy, for a cycle of the program.",
        violation: "damage that is neither said nor harmless, a panic, more than five seconds to open it, somebody twice, lost or wrong \
                    after the cycle",
        how: How::Many { test: "scenarios::rot::", many: "HIRESYNC_ROTS", seed: None, counts: "rots" },
        weight: 3,
        goal: Goal { many: 2_000, unit: "corruptions", of: 1.0 },
        a_minute: 100.0,
    },
    Level {
        name: "dry runs",
        about: "Dry runs in worlds in which Lever and Cezanne each fail in one of fourteen ways or not at all, counted at the wire and at \
                both state machines.",
        violation: "a request that could change anything, or a byte of ledger or export folder that did",
        how: How::Many {
            test: "simulation::dry_runs::",
            many: "HIRESYNC_DRY_RUNS",
            seed: Some("HIRESYNC_DRY_SEED"),
            counts: "runs",
        },
        weight: 1,
        goal: Goal { many: 20_000, unit: "dry runs", of: 1.0 },
        a_minute: 2_000.0,
    },
    Level {
        name: "fuzz",
        about: "Every fuzz target, one for each door by which bytes come in from outside, under a coverage-guided fuzzer that begins with \
                the committed corpora.",
        violation: "a panic, more than 2 GiB of memory, or an input that takes longer than a second",
        how: How::Fuzz,
        weight: 4,
        goal: Goal { many: 1_000_000, unit: "executions of each target", of: 1.0 },
        a_minute: 20_000.0,
    },
];
