//! Which record over there is whose: what a human says about it, what is asked about it, and what is answered. Ids only: no
//! answer here holds a personal value.
//!
//! | module | what it holds |
//! |---|---|
//! | `import` | a list of records and whose they are: every row answered, all of them written in one step or none |
//! | `judge` | what becomes of each row, purely |
//! | `find` | who may be who, by what the target itself shows |
//! | `orders` | one link made or taken away, Lever's ids written onto records that were there, questions |
//!
//! **The rule:** by itself a cycle links on a kept id alone (our own key, the contact's id, an opportunity's). Everything weaker
//! is shown to a human with the evidence and decided by one command; a name alone, or one address that two people share, is never
//! even proposed for a yes.

mod find;
mod import;
mod judge;
mod orders;

use std::collections::BTreeMap;

use adapter_sdk::{Evidence, Found, TaskKind, TaskRequest};
use ledger::{LinkOrigin, Rehire, Task, Treatment};
use people::{ContactId, FieldName, OpportunityId, RemoteHireId, RemoteId, TargetName, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::orders::OrderError;

/// Why there is a task about records that may be somebody's: found by the look before a create, and found by order.
pub(crate) const FOUND_BEFORE_CREATING: &str = "found before creating";
pub(crate) const FOUND_BY_ORDER: &str = "found by order";

/// What is ordered about links. A target may be left out where there is one only.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
#[serde(tag = "order", rename_all = "snake_case", deny_unknown_fields)]
pub enum LinkOrder {
    /// Adopt the people who are in the target already.
    Import {
        /// Which target.
        #[serde(default)]
        target: Option<TargetName>,
        /// Which record is whose.
        rows: Vec<ImportRow>,
        /// Only say what would become of each row.
        #[serde(default)]
        dry: bool,
    },
    /// Ask the target who may be who.
    Find {
        /// Which target.
        #[serde(default)]
        target: Option<TargetName>,
        /// Whom to look for; everybody hired who is not linked, if nobody is named.
        #[serde(default)]
        contacts: Vec<ContactId>,
    },
    /// Say which record is somebody's.
    Set {
        /// Which target.
        #[serde(default)]
        target: Option<TargetName>,
        /// Who.
        contact: ContactId,
        /// Which record.
        remote: RemoteId,
    },
    /// Say that the record is not somebody's.
    Remove {
        /// Which target.
        #[serde(default)]
        target: Option<TargetName>,
        /// Who.
        contact: ContactId,
    },
    /// Write Lever's ids onto the records that were there before us.
    Backfill {
        /// Which target.
        #[serde(default)]
        target: Option<TargetName>,
    },
    /// Say what another hire of somebody is over there.
    Rehire {
        /// Which target.
        #[serde(default)]
        target: Option<TargetName>,
        /// Who.
        contact: ContactId,
        /// Which hire.
        opportunity: OpportunityId,
        /// What is done with it.
        treatment: Treatment,
    },
}

/// What came of an order.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
#[serde(tag = "order", rename_all = "snake_case")]
pub enum LinkAnswer {
    /// Every row, answered.
    Import(Imported),
    /// Who may be who.
    Find(FoundLinks),
    /// The same as of an import of one row.
    Set(Imported),
    /// What was taken away.
    Remove(Removed),
    /// Who is written to.
    Backfill(Backfill),
    /// Whether something waited for this decision.
    Rehire {
        /// It did.
        decided: bool,
    },
}

/// One record and whose it is.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImportRow {
    /// Where it stands in the file.
    pub line: u64,
    /// The record.
    pub remote: RemoteId,
    /// Whose it is said to be.
    pub who: GivenId,
    /// A human looked at exactly this pair and said yes: what else may be theirs was weighed already.
    #[serde(default)]
    pub confirmed: bool,
}

/// Somebody, as a list names them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GivenId {
    /// By the contact.
    Contact(ContactId),
    /// By one of their opportunities.
    Opportunity(OpportunityId),
    /// By what was called a candidate, and is one of their opportunities today.
    Candidate(OpportunityId),
}

/// What came of an import: every row, in the order of the list.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
pub struct Imported {
    /// Into which target.
    pub target: TargetName,
    /// Nothing was written: this is what would become of it.
    pub dry: bool,
    /// False: this target cannot be asked, so nobody looked whether the records are there.
    pub looked: bool,
    /// How many rows came to what.
    pub counts: ImportCounts,
    /// Row by row.
    pub rows: Vec<ImportedRow>,
}

/// How many rows came to what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, JsonSchema, Serialize, Deserialize)]
pub struct ImportCounts {
    /// See [`RowResult::Linked`].
    pub linked: u64,
    /// See [`RowResult::AlreadyLinked`].
    pub already_linked: u64,
    /// See [`RowResult::Unknown`].
    pub unknown: u64,
    /// See [`RowResult::Ambiguous`].
    pub ambiguous: u64,
    /// See [`RowResult::Conflicting`].
    pub conflicting: u64,
}

/// What came of one row.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
pub struct ImportedRow {
    /// Where it stands in the file.
    pub line: u64,
    /// The record.
    pub remote: RemoteId,
    /// Whose it is said to be.
    pub who: GivenId,
    /// The contact that this is today, where Lever knows one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact: Option<ContactId>,
    /// What came of it.
    pub result: RowResult,
    /// A stable code: `linked`, `unknown.lever`, `conflicting.rows`, …
    pub code: String,
    /// Why, and what to do, where somebody has to.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub why: String,
}

/// What came of one row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RowResult {
    /// The record is this contact's from now on.
    Linked,
    /// It was already, or an earlier row says the same.
    AlreadyLinked,
    /// Lever does not know the id, or the target has no such record.
    Unknown,
    /// Another record over there is proven to be this person's.
    Ambiguous,
    /// The record or the contact is linked otherwise, somebody else's id is kept on the record, or two rows contradict each other.
    Conflicting,
}

impl RowResult {
    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            RowResult::Linked => "linked",
            RowResult::AlreadyLinked => "already linked",
            RowResult::Unknown => "unknown",
            RowResult::Ambiguous => "ambiguous",
            RowResult::Conflicting => "conflicting",
        }
    }
}

impl Imported {
    /// Whether some row needs a human.
    pub fn needs_human(&self) -> bool {
        self.counts.unknown + self.counts.ambiguous + self.counts.conflicting > 0
    }
}

/// Who may be who.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
pub struct FoundLinks {
    /// In which target.
    pub target: TargetName,
    /// People who were looked for.
    pub looked_for: u64,
    /// People who were not, since they are linked.
    pub already_linked: u64,
    /// People of whom nothing is over there.
    pub nobody: u64,
    /// Everybody of whom something may be over there.
    pub matches: Vec<FoundLink>,
    /// People who could not be looked for, and why.
    pub unread: Vec<Unread>,
}

/// Somebody of whom something may be over there.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
pub struct FoundLink {
    /// Who.
    pub contact: ContactId,
    /// Their opportunities.
    pub opportunities: Vec<OpportunityId>,
    /// How sure it is.
    pub strength: Strength,
    /// Side by side, the most telling first.
    pub candidates: Vec<Candidate>,
}

/// A record that may be somebody's.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
pub struct Candidate {
    /// The record.
    pub remote: RemoteId,
    /// Whether it has a kept id of theirs.
    pub proven: bool,
    /// What agrees, in words.
    pub evidence: String,
    /// Whose else it may be, or is.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub others: Vec<ContactId>,
}

/// How sure it is that a record is somebody's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Strength {
    /// One record, with an id of ours or of theirs on it. A cycle links it by itself.
    Certain,
    /// One record with their address and their name, which is nobody else's.
    Likely,
    /// Their address, and another name.
    Weak,
    /// Several records of one person, or several people of one record.
    Several,
}

impl Strength {
    /// Its word.
    pub fn word(self) -> &'static str {
        match self {
            Strength::Certain => "certain",
            Strength::Likely => "likely",
            Strength::Weak => "weak",
            Strength::Several => "several",
        }
    }

    /// Whether a human who looks at the list has probably nothing to correct.
    pub fn is_proposed(self) -> bool {
        matches!(self, Strength::Certain | Strength::Likely)
    }
}

/// Somebody who could not be looked for.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
pub struct Unread {
    /// Who.
    pub contact: ContactId,
    /// Why.
    pub why: String,
}

/// A link that was taken away.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
pub struct Removed {
    /// In which target.
    pub target: TargetName,
    /// Whose.
    pub contact: ContactId,
    /// To which record. It is there still.
    pub remote: RemoteId,
}

/// Whose records get Lever's ids.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
pub struct Backfill {
    /// In which target.
    pub target: TargetName,
    /// How many people.
    pub people: u64,
    /// Into which fields: only where they are empty, or where a list of opportunities lacks one.
    pub fields: Vec<FieldName>,
}

/// A link, as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
pub struct LinkLine {
    /// In which target.
    pub target: TargetName,
    /// Whose.
    pub contact: ContactId,
    /// To which record.
    pub remote: RemoteId,
    /// How it came about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<LinkOrigin>,
    /// The record of each hire.
    pub hires: BTreeMap<OpportunityId, RemoteHireId>,
    /// When the target last agreed to something, or the link was made.
    pub at: Timestamp,
    /// Where they stand there: `agreed`, `held`, …
    pub state: String,
    /// Lever's ids are still to be written onto it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub backfill: bool,
}

/// All that is known of one contact's links.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
pub struct LinksOf {
    /// Who.
    pub contact: ContactId,
    /// Target by target.
    pub links: Vec<LinkLine>,
    /// What was decided about hires after the first, target by target.
    pub rehires: BTreeMap<TargetName, BTreeMap<OpportunityId, Rehire>>,
    /// What is to be decided about them.
    pub tasks: Vec<Task>,
}

/// Why an order about links was not carried out. Nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// It cannot be, whoever asks.
    #[error(transparent)]
    Order(#[from] OrderError),
    /// There are several targets, and none was named.
    #[error("there are several targets; say which with --target: {}", .0.join(", "))]
    WhichTarget(Vec<String>),
    /// The target cannot be asked whom it holds.
    #[error("{0} cannot be asked whom it holds; give the records yourself with `hiresync links import`")]
    CannotLook(TargetName),
    /// Nothing is linked.
    #[error("contact {1} has no link in {0}; `hiresync links show {1}` says what is known")]
    NotLinked(TargetName, ContactId),
    /// Something about them is under way.
    #[error(
        "a change about contact {1} is under way to {0}, and what came of it is not known yet; try again when it is"
    )]
    UnderWay(TargetName, ContactId),
    /// Lever could not be read.
    #[error("Lever could not be read, so nothing was linked")]
    Source(#[source] adapter_sdk::Error),
    /// The target could not be asked.
    #[error("{0} could not be asked, so nothing was linked")]
    Target(TargetName, #[source] adapter_sdk::Error),
    /// The daemon is stopping.
    #[error("the daemon is stopping")]
    Stopped,
}

impl From<ledger::Error> for LinkError {
    fn from(error: ledger::Error) -> LinkError {
        LinkError::Order(OrderError::Ledger(error))
    }
}

/// The records that may be somebody's, with what speaks for each, and the commands that decide it.
pub(crate) fn which_record(
    target: &TargetName,
    contact: &ContactId,
    found: &[Found],
    cause: &str,
    if_none: &str,
) -> TaskRequest {
    let mut records: BTreeMap<&RemoteId, Evidence> = BTreeMap::new();
    for record in found {
        let best = records.entry(&record.link.remote).or_insert(record.evidence);
        *best = record.evidence.min(*best);
    }
    let said: Vec<String> =
        records.iter().map(|(remote, evidence)| format!("{remote} ({})", evidence.words())).collect();
    let first = records.keys().next().map_or("RECORD", |remote| remote.as_str());
    let record = if records.len() > 1 { "RECORD" } else { first };
    TaskRequest {
        kind: TaskKind::PossibleDuplicate,
        cause: cause.to_owned(),
        text: format!(
            "May be this person already: {}. Nobody was created or changed: look whether one of them is. If so, `hiresync links \
             set {contact} {record} --target {target}`. Only if none is, {if_none}.",
            said.join(", ")
        ),
        fields: Vec::new(),
    }
}
