//! The mistakes: each is one that somebody has made in a program like this, in the place where they would make it here.
//!
//! Left out, because there is no place here to make it:
//!
//! | mistake | why not |
//! |---|---|
//! | the intent is written down after the call | the one function that calls `deliver` takes a `Durable`, and only a write makes one: it does not compile. What is left of it is [`Bug::NoSentMark`] |
//! | a webhook starts a second worker | a hint only marks, and one thread drives the engine. What is left of it is [`Bug::DoneTwice`]: the short cycle within a long one |
//! | a withdrawal by mistake in Lever terminates an employment | no adapter can end or delete one; what is left of it is [`Bug::UnhireDeletes`] |

/// What notices a mistake.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// The simulation, within two hundred seeds.
    Simulation,
    /// A test of the whole program: no simulation sees it.
    Test,
    /// A test of the engine alone, which says what happens between two steps of a cycle.
    EngineTest,
}

macro_rules! bugs {
    ($($(#[$doc:meta])* $bug:ident = $name:literal by $level:expr;)*) => {
        /// A mistake that somebody has made in a program like this one.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Bug { $($(#[$doc])* $bug,)* }

        impl Bug {
            /// All of them.
            pub const ALL: &[Bug] = &[$(Bug::$bug,)*];

            /// What it is called.
            pub const fn name(self) -> &'static str {
                match self { $(Bug::$bug => $name,)* }
            }

            /// What notices it.
            pub const fn level(self) -> Level {
                match self { $(Bug::$bug => $level,)* }
            }
        }
    };
}

bugs! {
    // --- who changed

    /// Of a list, only the first page is read.
    OnlyFirstPage = "only-first-page" by Level::Simulation;
    /// The next sweep begins where this one did: what reaches Lever's index late is behind the cursor for good.
    NoOverlap = "no-overlap" by Level::Simulation;
    /// The cursor is our clock's time, and not Lever's.
    LocalClock = "local-clock" by Level::Simulation;
    /// The daily full sweep asks only who changed: what a page shift hid, or left no trace, is never looked at again.
    NoRepair = "no-repair" by Level::Simulation;
    /// A mark is cleared when its person is read, and not when what came of it is on disk.
    MarkClearedFirst = "mark-cleared-first" by Level::Simulation;
    /// A contact that could not be read counts as done.
    DoneOnError = "done-on-error" by Level::Simulation;
    /// A person is known by the id of a candidacy, as in Lever's first API.
    KeyedByOpportunity = "keyed-by-opportunity" by Level::Simulation;
    /// One record that cannot be read ends the cycle for everybody.
    OneStopsAll = "one-stops-all" by Level::Simulation;
    /// Who could not be read is tried again at once, for as long as it takes.
    PoisonLoop = "poison-loop" by Level::Simulation;
    /// Requests go out as fast as they come up.
    NoPace = "no-pace" by Level::Simulation;

    // --- what is owed

    /// An anonymised record is a record like any other, and its blanks are values.
    AnonymisedIsRead = "anonymised-is-read" by Level::Simulation;
    /// Profiles that were merged are two people.
    MergeCreates = "merge-creates" by Level::Simulation;
    /// The rows of hires that are not there any more are taken out of the file.
    UnhireDeletes = "unhire-deletes" by Level::Simulation;
    /// Whatever Lever says is written, also over what HR changed.
    OverwritesHr = "overwrites-hr" by Level::Simulation;
    /// A record that HR deleted is made again.
    RecreatesDeleted = "recreates-deleted" by Level::Simulation;
    /// The guard counts each batch by itself, and not the whole poll.
    GuardPerBatch = "guard-per-batch" by Level::Test;

    // --- what is sent

    /// Nobody looks whether somebody is there before they are made.
    NoLookBeforeCreate = "no-look-before-create" by Level::Simulation;
    /// What got no answer is sent again at once.
    ResentUnlooked = "resent-unlooked" by Level::Simulation;
    /// One look that finds nothing is enough, though a search may lag behind.
    OneLookIsEnough = "one-look-is-enough" by Level::Simulation;
    /// Of several records that may be somebody's, the first is taken. The look before a hire is added asks HR about the others, and so
    /// the simulation sees nothing wrong in most worlds.
    AdoptsOneOfMany = "adopts-one-of-many" by Level::EngineTest;
    /// Somebody with the same name or address is the same person.
    MatchesByName = "matches-by-name" by Level::Simulation;
    /// An employment is made without a look at those that are there.
    EmploymentUnlooked = "employment-unlooked" by Level::Simulation;
    /// A write that failed on the other side is simply sent once more.
    ReplaysWrites = "replays-writes" by Level::Simulation;
    /// One person who is refused makes the whole target unusable.
    RefusalClosesTarget = "refusal-closes-target" by Level::Simulation;
    /// A debt that failed is due again at once.
    NoBackoff = "no-backoff" by Level::Simulation;
    /// What a short cycle did within a long one, the long one does once more.
    DoneTwice = "done-twice" by Level::EngineTest;
    /// Everybody asks for a token of their own.
    TokenForEach = "token-for-each" by Level::Test;
    /// A pause that the other side asks for has no end.
    EndlessPause = "endless-pause" by Level::Test;
    /// Every poll that was missed while the clock jumped is made up for.
    CatchesUp = "catches-up" by Level::Test;
    /// A dry run writes down what it plans.
    DryRunWrites = "dry-run-writes" by Level::Test;

    // --- what is kept

    /// The store acknowledges a step that it has not flushed.
    NoFlush = "no-flush" by Level::Test;
    /// A delivery goes out before its mark is on disk.
    NoSentMark = "no-sent-mark" by Level::Test;
    /// The store's data file is not synced after sled has flushed.
    NoDataSync = "no-data-sync" by Level::Test;
    /// A file of the export is renamed to its name before its content is on disk.
    RenameWithoutFsync = "rename-without-fsync" by Level::Test;
    /// A ledger that is older than its witness is taken for the newest.
    RollbackUnnoticed = "rollback-unnoticed" by Level::Test;
    /// A state folder that was copied is taken for the original.
    CopyUnnoticed = "copy-unnoticed" by Level::Test;
    /// A lock that somebody holds is taken for one that was left behind.
    LockIgnored = "lock-ignored" by Level::Test;
    /// What a write prepared stays in the folder.
    LeavesTempFile = "leaves-temp-file" by Level::Test;
    /// A cell with a comma in it is written as it is.
    CsvUnquoted = "csv-unquoted" by Level::Test;

    // --- who asks, and what is said

    /// The whole body of a webhook is believed: whoever it names is read.
    WebhookTrusted = "webhook-trusted" by Level::Test;
    /// A webhook that was taken before is taken again.
    ReplayTaken = "replay-taken" by Level::Test;
    /// A request to the socket may be as long as it likes.
    SocketUnbounded = "socket-unbounded" by Level::Test;
    /// A state is counted for another one.
    CountsWrong = "counts-wrong" by Level::Simulation;
    /// An error says the value that it is about.
    PiiInError = "pii-in-error" by Level::Test;
    /// A secret is shown by `Debug`.
    SecretInDebug = "secret-in-debug" by Level::Test;
}

impl Bug {
    /// The mistake of that name.
    pub fn named(name: &str) -> Option<Bug> {
        Bug::ALL.iter().copied().find(|bug| bug.name() == name)
    }
}
