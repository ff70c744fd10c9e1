//! What the daemon says of itself. Ids, states, counts and times; never a personal value. Each answer names its evidence:
//! `agreed_at` (the target said so), `outcome_unknown_since`, `last_good_cycle_at`.

use std::collections::BTreeMap;

use adapter_sdk::Obstacle;
use ledger::{Counts, Event, Phase, Standing, TargetHealth, Task};
use people::{ContactId, Date, RemoteId, TargetName, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    certificate::{self, Certificate},
    rebuild::UnknownRecords,
};

/// `GET /v1/status`, the engine's part.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
pub struct Status {
    /// The number of the last cycle that was begun.
    pub cycle: u64,
    /// What it is doing now.
    pub activity: Activity,
    /// When a cycle last completed without a fault of the source or of a whole target.
    pub last_good_cycle_at: Option<Timestamp>,
    /// What the last completed cycle did.
    pub last_cycle: Option<CycleReport>,
    /// Why the last cycle did not complete, if it did not.
    pub last_fault: Option<Fault>,
    /// The source.
    pub source: SourceStatus,
    /// Each target.
    pub targets: BTreeMap<TargetName, TargetStatus>,
    /// Open tasks.
    pub tasks_open: usize,
    /// Contacts marked to be read.
    pub marked: usize,
    /// Contacts that the repair of the last full sweep has still to look at.
    #[serde(default)]
    pub to_repair: usize,
    /// When the next debt falls due.
    pub next_due_at: Option<Timestamp>,
}

/// What the engine is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, JsonSchema, Serialize, Deserialize)]
#[serde(tag = "doing", rename_all = "snake_case")]
pub enum Activity {
    /// Nothing.
    #[default]
    Idle,
    /// Asking who changed.
    Sweeping {
        /// Records seen so far.
        seen: u64,
    },
    /// Reading whole people and planning.
    Reading {
        /// Read so far.
        read: u64,
        /// To be read, as far as is known.
        of: u64,
    },
    /// Delivering.
    Delivering {
        /// Answered so far.
        done: u64,
        /// Owed in this cycle.
        of: u64,
    },
}

/// Why a cycle did not complete.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
pub struct Fault {
    /// The stable code.
    pub code: String,
    /// What was being done, and facts; no personal values.
    pub what: String,
    /// What to do.
    pub remedy: String,
    /// Since when it has been failing like this.
    pub since: Timestamp,
}

/// The source's part of the status.
#[derive(Debug, Clone, PartialEq, Eq, Default, JsonSchema, Serialize, Deserialize)]
pub struct SourceStatus {
    /// Requests since the daemon started.
    pub requests: u64,
    /// Of these, refused because there were too many.
    pub refused: u64,
    /// The source's clock less ours.
    pub skew_seconds: i64,
    /// When the cursor was last moved.
    pub cursor_moved_at: Option<Timestamp>,
}

/// One target's part of the status.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
pub struct TargetStatus {
    /// The adapter's kind.
    pub adapter: String,
    /// Paused by a human.
    pub paused: bool,
    /// Usable or quarantined.
    pub health: TargetHealth,
    /// True while links are being rebuilt after a lost ledger: nobody is created meanwhile.
    pub rebuilding: bool,
    /// In scope = agreed + waiting + sent + held + parked.
    pub in_scope: u64,
    /// The parts.
    #[serde(flatten)]
    pub counts: Counts,
    /// In scope less the parts: always 0, and checked.
    pub unexplained: u64,
    /// Of those held, how many wait for a value that was needed before today.
    #[serde(default)]
    pub past_due: u64,
    /// Of those held, how many wait for a human for another reason than a guard.
    #[serde(default)]
    pub to_correct: u64,
    /// Hires whose first day came without a record over there.
    #[serde(default)]
    pub started: u64,
    /// What stands in the way of what is owed, each obstacle once.
    #[serde(default)]
    pub obstacles: Vec<Met>,
    /// What became of everybody hired, as checked after the last cycle with a sweep.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<Certificate>,
    /// Records of ours that this ledger did not know.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unknown_records: Option<UnknownRecords>,
}

/// An obstacle, and for how many people.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
pub struct Met {
    /// Which.
    #[serde(flatten)]
    pub obstacle: Obstacle,
    /// In how many people's way.
    pub people: u64,
}

/// What one cycle did.
#[derive(Debug, Clone, PartialEq, Eq, Default, JsonSchema, Serialize, Deserialize)]
pub struct CycleReport {
    /// Its number: what `approve` takes.
    pub cycle: u64,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended.
    pub ended_at: Timestamp,
    /// True for a full sweep.
    pub full: bool,
    /// Records the sweep saw.
    pub seen: u64,
    /// Contacts read whole.
    pub read: u64,
    /// Contacts whose record could not be understood.
    pub unreadable: u64,
    /// Contacts that could not be read now and stay marked.
    pub failed: u64,
    /// Requests to the source.
    pub requests: u64,
    /// Of these, refused because there were too many.
    pub refused: u64,
    /// What was delivered, over all targets.
    pub delivered: Delivered,
    /// The guard, if it held this cycle's new debts.
    pub guard: Option<GuardTrip>,
    /// Whole targets that could not be used.
    pub unusable: Vec<TargetName>,
    /// What became of everybody hired, target by target: of a cycle with a sweep.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub certificate: BTreeMap<TargetName, Certificate>,
}

impl CycleReport {
    /// One line for each cycle that completed.
    pub(crate) fn log(&self) {
        let done = &self.delivered;
        let elapsed_ms = (self.ended_at - self.started_at).num_milliseconds();
        tracing::info!(
            code = "cycle",
            cycle = self.cycle,
            full = self.full,
            seen = self.seen,
            read = self.read,
            unreadable = self.unreadable,
            failed = self.failed,
            requests = self.requests,
            refused = self.refused,
            created = done.created,
            updated = done.updated,
            unchanged = done.unchanged,
            withdrawn = done.withdrawn,
            retried = done.retried,
            unknown = done.unknown,
            parked = done.parked,
            held_by_guard = self.guard.as_ref().map_or(0, |guard| guard.held),
            unusable = self.unusable.len(),
            elapsed_ms,
            "cycle {}: {} seen, {} read, {} created, {} updated, {} requests{}",
            self.cycle,
            self.seen,
            self.read,
            done.created,
            done.updated,
            self.requests,
            certificate::in_one_line(&self.certificate),
        );
    }
}

/// What was delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, JsonSchema, Serialize, Deserialize)]
pub struct Delivered {
    /// Records made.
    pub created: u64,
    /// Records changed.
    pub updated: u64,
    /// Records that were right already, those adopted included.
    pub unchanged: u64,
    /// Hires taken back.
    pub withdrawn: u64,
    /// Attempts that failed and are tried again.
    pub retried: u64,
    /// Attempts whose outcome is unknown.
    pub unknown: u64,
    /// Deliveries that were refused: a human has to mend something.
    pub parked: u64,
}

impl Delivered {
    /// True when something was attempted and no target took any of it: none could be reached.
    pub fn only_failed(&self) -> bool {
        let answered =
            self.created + self.updated + self.unchanged + self.withdrawn + self.unknown + self.parked;
        self.retried > 0 && answered == 0
    }
}

/// A cycle that owed more than the guards allow: all of its new debts are held.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
pub struct GuardTrip {
    /// The cycle, for `approve`.
    pub cycle: u64,
    /// New people and new hires it would have created.
    pub creates: usize,
    /// Changes it would have made.
    pub changes: usize,
    /// Hires it would have taken back.
    #[serde(default)]
    pub withdrawals: usize,
    /// Debts still held under it.
    pub held: usize,
}

/// `GET /v1/people`: one line per (target, contact).
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
pub struct PersonLine {
    /// The contact.
    pub contact: ContactId,
    /// The target.
    pub target: TargetName,
    /// `agreed`, `waiting`, `sent`, `held` or `parked`.
    pub state: String,
    /// The record over there.
    pub remote: Option<RemoteId>,
    /// When the target last agreed.
    pub agreed_at: Option<Timestamp>,
    /// Since when an outcome has been unknown.
    pub outcome_unknown_since: Option<Timestamp>,
    /// When something is done about it by itself.
    pub next_at: Option<Timestamp>,
    /// By when what it waits for is needed.
    #[serde(default)]
    pub needed_by: Option<Date>,
}

/// `GET /v1/people/{contact}/explain`: why somebody is, or is not, over there.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
pub struct Explanation {
    /// The contact.
    pub contact: ContactId,
    /// Marked to be read at the next cycle.
    pub marked: bool,
    /// Target by target.
    pub targets: Vec<TargetExplanation>,
    /// Open tasks about this contact.
    pub tasks: Vec<Task>,
    /// What happened, oldest first.
    pub history: Vec<Event>,
    /// The contact that this one was merged into in Lever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merged_into: Option<ContactId>,
    /// A human ordered that this person be forgotten.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub forgotten: bool,
}

/// Where one contact stands with one target, in words.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
pub struct TargetExplanation {
    /// The target.
    pub target: TargetName,
    /// A stable code: the state, and the reason where there is one, e.g. `held.missing`.
    pub code: String,
    /// What is so, in HR's words.
    pub what: String,
    /// What to do about it; empty when nothing is.
    pub remedy: String,
    /// The standing behind it.
    pub standing: Standing,
}

/// The one-word state of a standing; `None` when nothing was ever agreed or owed.
pub fn state(standing: &Standing) -> Option<&'static str> {
    match &standing.owed {
        Some(owed) => Some(match owed.phase {
            Phase::Waiting { .. } => "waiting",
            Phase::Sent { .. } => "sent",
            Phase::Held { .. } => "held",
            Phase::Parked { .. } => "parked",
        }),
        None => standing.agreed.as_ref().map(|_| "agreed"),
    }
}
