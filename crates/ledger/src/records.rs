//! Everything the ledger keeps beside the standings.

use std::collections::BTreeMap;

use adapter_sdk::{ErrorKind, Generation, Intent, TaskKind};
use chrono::TimeDelta;
use people::{ContactId, Digest, FieldKey, FieldName, OpportunityId, TargetName, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One act of archiving is dated seconds apart in an opportunity and its application.
const SAME_ACT: TimeDelta = TimeDelta::hours(1);

/// A contact is to be read again. Cleared only if the counter did not move meanwhile.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
pub struct Mark {
    /// How often it was marked since it was last clear.
    pub count: u64,
    /// When it was first marked.
    pub since: Timestamp,
}

/// What is known of an opportunity of a hired or known contact.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
pub struct Seen {
    /// Whose it was when last read or seen. When another contact shows up here, profiles were merged.
    pub contact: ContactId,
    /// The digest of the record at the last sweep; absent until a sweep saw it.
    pub digest: Option<Digest>,
    /// When it was archived as hired, as first seen: archiving it again moves the date in Lever, and an old hire must
    /// not become a new one.
    pub first_hired_at: Option<Timestamp>,
    /// More is to be expected of its offer until then: a signature or a start date comes without a trace in the record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub awaited_until: Option<Timestamp>,
    /// What a human said of a hire whose dates disagree.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub said: Option<Said>,
    /// Lever said that it was deleted, and when we heard it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deleted_at: Option<Timestamp>,
    /// When it was archived as hired, as *last* seen; absent while it is no hire, and until it is seen again by a version that
    /// keeps this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hired_at: Option<Timestamp>,
    /// Why a target is not told about this hire, as last decided.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub left_out: BTreeMap<TargetName, LeftOut>,
    /// Why nothing could be decided about it although it was seen as a hire, and its contact was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unread: Option<Unread>,
}

/// Why reading somebody did not show a hire that was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unread {
    /// The contact is anonymised.
    Anonymised,
    /// Neither the contact nor its opportunities can be found.
    Gone,
    /// The record cannot be understood.
    Unreadable,
    /// The contact was read, and this hire is not among what was shown.
    Hidden,
}

impl Unread {
    /// Every reason, with its code.
    pub const ALL: [(&str, Unread); 4] = [
        ("anonymised", Unread::Anonymised),
        ("gone", Unread::Gone),
        ("unreadable", Unread::Unreadable),
        ("hidden", Unread::Hidden),
    ];

    /// Its stable code.
    pub fn code(self) -> &'static str {
        Unread::ALL.iter().find(|(_, unread)| *unread == self).map_or("hidden", |&(code, _)| code)
    }
}

/// Of when a hire is, as a human said: it counts as from then on, whoever's it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Said {
    /// Of before `hired_since`: it is left out.
    Old,
    /// It counts.
    New,
}

impl Seen {
    /// An opportunity of `contact` of which nothing else is known yet.
    pub fn of(contact: ContactId) -> Seen {
        Seen {
            contact,
            digest: None,
            first_hired_at: None,
            awaited_until: None,
            said: None,
            deleted_at: None,
            hired_at: None,
            left_out: BTreeMap::new(),
            unread: None,
        }
    }

    /// Whether it was last seen to be a hire of `since` or later, by its first date; or a human said that it is one.
    pub fn is_hired_since(&self, since: Timestamp) -> bool {
        let is_new = |at: Timestamp| {
            // One act of archiving is dated seconds apart in two records.
            let first = self.first_hired_at.map_or(at, |first| first.min(at));
            first >= since || at - first <= SAME_ACT || self.said == Some(Said::New)
        };
        self.deleted_at.is_none() && self.hired_at.is_some_and(|at| at >= since && is_new(at))
    }

    /// A hire of which only the date was noted, so that it cannot become new by being archived again: it is of before `since`,
    /// and nobody was marked for it.
    pub fn is_old(&self, since: Timestamp) -> bool {
        self.digest.is_none() && self.first_hired_at.is_some_and(|at| at < since)
    }
}

/// Names a task: stable for the same cause.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, JsonSchema, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TaskId(pub String);

/// What a human has to do, without personal values.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
pub struct Task {
    /// Its name.
    pub id: TaskId,
    /// What kind of work.
    pub kind: TaskKind,
    /// Where, if it concerns one target.
    pub target: Option<TargetName>,
    /// About whom.
    pub contact: ContactId,
    /// What to do, in HR's words.
    pub text: String,
    /// Fields concerned, by name.
    pub fields: Vec<FieldName>,
    /// When it arose.
    pub raised_at: Timestamp,
    /// When a human, or the facts, closed it.
    pub done_at: Option<Timestamp>,
}

/// One line of a contact's history: what HR knows as the "Log".
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
pub struct Event {
    /// When.
    pub at: Timestamp,
    /// About whom.
    pub contact: ContactId,
    /// Where, if it concerns one target.
    pub target: Option<TargetName>,
    /// By whom.
    pub actor: Actor,
    /// What happened.
    pub outcome: Outcome,
    /// Which decision it belongs to.
    pub generation: Option<Generation>,
    /// Fields concerned, by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<FieldKey>,
}

/// Who did something.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Actor {
    /// The daemon, in its own course.
    Cycle,
    /// A human with this user id, by an order over the socket.
    User(u32),
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum Outcome {
    /// A change was decided and written down.
    Owed {
        /// What is meant.
        intent: Intent,
    },
    /// The target agreed.
    Agreed {
        /// What it did: `created`, `updated`, `unchanged`, `withdrawn`.
        effect: adapter_sdk::Effect,
    },
    /// The target agreed in part.
    Unfinished {
        /// What is left to do.
        steps: Vec<adapter_sdk::Step>,
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        obstacle: Option<adapter_sdk::Obstacle>,
    },
    /// A record that was there already was taken for this person's.
    Adopted,
    /// A human said which record is this person's.
    Linked,
    /// A human said that the record is not this person's.
    Unlinked,
    /// It was decided what another hire of somebody is, and what is done with it.
    Rehire {
        /// Which hire.
        opportunity: OpportunityId,
        /// What.
        #[serde(flatten)]
        rehire: crate::Rehire,
    },
    /// It failed and is tried again.
    Retry {
        /// What kind of failure.
        kind: ErrorKind,
        /// When.
        not_before: Timestamp,
    },
    /// What came of it is unknown; it is looked up before anything else is sent.
    Unknown {
        /// When the look is due.
        ask_after: Timestamp,
    },
    /// It was refused and waits for a human.
    Parked {
        /// What kind of failure.
        kind: ErrorKind,
        /// What stands in the way, where the target's adapter knows.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        obstacle: Option<adapter_sdk::Obstacle>,
    },
    /// It waits for a value, a date or an approval.
    Held {
        /// Why.
        why: crate::standing::WhyHeld,
    },
    /// A human let it go on.
    Released,
    /// A task was raised.
    TaskRaised {
        /// Which.
        id: TaskId,
        /// What kind of work.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        kind: Option<TaskKind>,
    },
    /// A task was closed.
    TaskDone {
        /// Which.
        id: TaskId,
    },
    /// Fields that HR changed since were left as HR has them.
    KeptTheirs,
    /// Values that nobody gave us were sent, because the target demands some: a task asks for each to be corrected.
    Filled,
    /// A hire that the target is not told about.
    OutOfScope {
        /// Which.
        opportunity: OpportunityId,
        /// What leaves it out.
        by: LeftOut,
    },
    /// Lever was told that the target holds these hires.
    WrittenBack {
        /// Which.
        hires: Vec<OpportunityId>,
    },
    /// Profiles were merged in Lever: the standing came from this contact.
    MergedFrom {
        /// Who it was.
        contact: ContactId,
    },
    /// The contact is anonymised in Lever: nothing further is read or written.
    Anonymised,
    /// Neither contact nor opportunities can be found in Lever. The target is left as it is.
    Gone,
    /// Lever's record cannot be understood.
    Unreadable {
        /// Where, without values.
        place: String,
    },
}

/// What leaves a hire out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LeftOut {
    /// The target's `when`.
    When,
    /// It was made before `hired_since`.
    HiredSince,
    /// It was left out once, and is no hire any more.
    NotHired,
    /// Lever has dates of before and of after `hired_since` for it, and a human said that it is old.
    HireDate,
    /// The target is tried with others first: `only`.
    Only,
    /// Hired again, and the target's `rehire`, or a human, leaves it out.
    Rehire,
    /// A human ordered that the person be forgotten.
    Forgotten,
}

impl LeftOut {
    /// Every reason, with its code.
    pub const ALL: [(&str, LeftOut); 7] = [
        ("when", LeftOut::When),
        ("hired_since", LeftOut::HiredSince),
        ("not_hired", LeftOut::NotHired),
        ("hire_date", LeftOut::HireDate),
        ("only", LeftOut::Only),
        ("rehire", LeftOut::Rehire),
        ("forgotten", LeftOut::Forgotten),
    ];

    /// Its stable code.
    pub fn code(self) -> &'static str {
        LeftOut::ALL.iter().find(|(_, by)| *by == self).map_or("not_hired", |&(code, _)| code)
    }
}

impl Outcome {
    /// HR's two kinds of line: an *Error* needs a human, everything else is *Information*.
    pub fn is_error(&self) -> bool {
        matches!(self, Outcome::Parked { .. } | Outcome::Unreadable { .. } | Outcome::Unfinished { .. })
    }
}

/// How a target is.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct TargetState {
    /// Paused by a human.
    #[serde(default)]
    pub paused: bool,
    /// Usable, or not at all at the moment.
    #[serde(default)]
    pub health: TargetHealth,
    /// The lineage of the ledger under which links were last rebuilt from what the target holds.
    #[serde(default)]
    pub rebuilt_under: Option<String>,
    /// Failures of whole calls in a row.
    #[serde(default)]
    pub failures: u32,
}

/// Whether a target can be used.
#[derive(Debug, Clone, PartialEq, Eq, Default, JsonSchema, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum TargetHealth {
    /// It can.
    #[default]
    Active,
    /// It cannot: its debts wait, and it is probed more and more slowly.
    Quarantined {
        /// Since when.
        since: Timestamp,
        /// What kind of failure.
        kind: ErrorKind,
        /// What was being done, and facts, without personal values.
        why: String,
        /// When it is probed next.
        probe_at: Timestamp,
        /// How often it was probed.
        probes: u32,
    },
}

/// Where this ledger comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "origin", rename_all = "snake_case")]
pub enum Origin {
    /// There was none before it.
    Fresh,
    /// An earlier one was lost: nobody is created before the target was asked for exactly that person.
    Recovery {
        /// What was wrong with the earlier one.
        why: String,
        /// Where it was moved to, if anything was left of it.
        kept: Option<String>,
    },
}
