//! What is counted since the daemon started.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use engine::{CycleError, CycleReport};

/// How a cycle ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ended {
    /// Everything could be read and every target used.
    Good,
    /// It completed, and some target could not be used.
    TargetUnusable,
    /// Lever could not be read.
    Source,
    /// The ledger could not be used.
    Ledger,
    /// The daemon was stopped in it.
    Stopped,
}

impl Ended {
    /// Every way.
    pub const ALL: [Ended; 5] =
        [Ended::Good, Ended::TargetUnusable, Ended::Source, Ended::Ledger, Ended::Stopped];

    /// How this cycle ended.
    pub fn of(outcome: &Result<CycleReport, CycleError>) -> Ended {
        match outcome {
            Ok(report) if report.unusable.is_empty() => Ended::Good,
            Ok(_) => Ended::TargetUnusable,
            Err(CycleError::Source(_)) => Ended::Source,
            Err(CycleError::Ledger(_)) => Ended::Ledger,
            Err(CycleError::Stopped) => Ended::Stopped,
        }
    }

    /// The label's value.
    pub fn code(self) -> &'static str {
        match self {
            Ended::Good => "good",
            Ended::TargetUnusable => "target_unusable",
            Ended::Source => "source",
            Ended::Ledger => "ledger",
            Ended::Stopped => "stopped",
        }
    }
}

/// The cycles since the daemon started.
#[derive(Debug, Default)]
pub struct Cycles(Mutex<Counted>);

/// The same at one moment.
#[derive(Debug, Clone, Default)]
pub(super) struct Counted {
    pub ended: BTreeMap<Ended, u64>,
    /// How long they took together.
    pub took: Duration,
    /// How long the last one took.
    pub last: Option<Duration>,
}

impl Cycles {
    /// One more ended, after so long.
    pub fn count(&self, ended: Ended, took: Duration) {
        let mut counted = self.lock();
        *counted.ended.entry(ended).or_default() += 1;
        counted.took += took;
        counted.last = Some(took);
    }

    pub(super) fn counted(&self) -> Counted {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Counted> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
