//! What an adapter is asked to bring about, and what it answers.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use people::{
    ContactId, FieldKey, FieldName, Filled, OpportunityId, RemoteHireId, RemoteId, TargetName, Wanted,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::RemoteState;

/// How often what is owed to a (target, contact) was decided anew. A delivery of an older generation never follows a
/// newer one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, JsonSchema, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Generation(pub u64);

impl Generation {
    /// The one after this.
    pub fn next(self) -> Generation {
        Generation(self.0 + 1)
    }
}

impl fmt::Display for Generation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// What is meant by a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Intent {
    /// A person who is not over there yet, with every hire in scope.
    Add,
    /// A person who is: some fields changed.
    Update,
    /// A person who is: another hire.
    AddHire,
    /// A hire that is taken back.
    Withdraw,
}

impl fmt::Display for Intent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Intent::Add => "add",
            Intent::Update => "update",
            Intent::AddHire => "add_hire",
            Intent::Withdraw => "withdraw",
        })
    }
}

/// The records over there that belong to one contact.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
pub struct Link {
    /// The person's record.
    pub remote: RemoteId,
    /// The record of each delivered hire.
    pub hires: BTreeMap<OpportunityId, RemoteHireId>,
}

impl Link {
    /// A record without hires.
    pub fn to(remote: RemoteId) -> Link {
        Link { remote, hires: BTreeMap::new() }
    }
}

/// One person whom a target should hold as `wanted` says: the whole wanted state, plus which fields moved.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// The target.
    pub target: TargetName,
    /// The person.
    pub contact: ContactId,
    /// Which decision this is.
    pub generation: Generation,
    /// What is meant.
    pub intent: Intent,
    /// What the target should hold.
    pub wanted: Wanted,
    /// All hires since `hired_since`, those of `wanted` among them, oldest first: what numbers them.
    pub order: Vec<OpportunityId>,
    /// What the target held when this was decided, where it was read: a field that holds something else by now was changed over
    /// there meanwhile, and is not ours to write.
    pub seen: Option<Box<RemoteState>>,
    /// A human looked at the records that may be this person's, and says that none is.
    pub looked_at: bool,
    /// What is known to be over there; `None` for an [`Intent::Add`].
    pub link: Option<Link>,
    /// Hires to be taken back, for an [`Intent::Withdraw`]: these and no others.
    pub withdrawn: BTreeSet<OpportunityId>,
    /// Fields whose value moved since the target last agreed. An adapter that can write single fields writes these only.
    pub changed: Vec<FieldKey>,
    /// What an earlier, partly successful delivery left to do. Empty: everything.
    pub unfinished: Vec<Step>,
}

/// One of an adapter's own steps, by the adapter's name for it, e.g. `employment`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, JsonSchema, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Step(pub String);

impl Step {
    /// Whatever is missing: nothing is known of what an attempt came to but that a record is there.
    pub fn rest() -> Step {
        Step("rest".to_owned())
    }
}

/// What came of a delivery.
#[derive(Debug, Clone, PartialEq)]
pub struct Receipt {
    /// The records that now belong to the contact.
    pub link: Link,
    /// What was done.
    pub effect: Effect,
    /// What could not be done yet, e.g. the person exists but the employment was refused. A retry does only that.
    pub unfinished: Vec<Step>,
    /// Why not.
    pub obstacle: Option<Obstacle>,
    /// Values nobody gave us that were sent all the same.
    pub filled: Vec<Filled>,
    /// What a human must do now.
    pub tasks: Vec<TaskRequest>,
}

impl Receipt {
    /// All of it was done, and nothing was invented.
    pub fn new(link: Link, effect: Effect) -> Receipt {
        Receipt {
            link,
            effect,
            unfinished: Vec::new(),
            obstacle: None,
            filled: Vec::new(),
            tasks: Vec::new(),
        }
    }
}

/// What stands in the way, in HR's words and without personal values: for the history and for whoever mends it.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
pub struct Obstacle {
    /// A stable code: `company_code`.
    pub code: String,
    /// What happened: "employment not created: company code ACME-UK is not active".
    pub what: String,
    /// What to do, naming the setting.
    pub remedy: String,
}

impl fmt::Display for Obstacle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; {} ({})", self.what, self.remedy, self.code)
    }
}

/// What a delivery did over there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// A record was made.
    Created,
    /// A record was changed.
    Updated,
    /// It was so already.
    Unchanged,
    /// A hire was taken back.
    Withdrawn,
}

/// Work for a human: what and why, without personal values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskRequest {
    /// What kind of work.
    pub kind: TaskKind,
    /// Tells two tasks of one kind about one contact apart, e.g. an opportunity id. The same cause is raised once.
    pub cause: String,
    /// What to do, in HR's words.
    pub text: String,
    /// Fields concerned, by name.
    pub fields: Vec<FieldName>,
}

/// The kinds of work a human is asked to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaskKind {
    /// Start the New Starter Process.
    NewStarter,
    /// Replace a value that nobody gave us.
    CorrectPlaceholder,
    /// Decide whether two records are one person.
    PossibleDuplicate,
    /// A hire was taken back in Lever, or its record is gone.
    ReviewWithdrawal,
    /// The target cannot be changed by us: change it by hand.
    ChangeByHand,
    /// HR and Lever disagree about a field and both have reasons.
    Disagreement,
    /// Somebody who is there already was hired again: decide what that is over there.
    Rehire,
    /// The person was anonymised in Lever.
    ErasureNotice,
    /// A delivery was refused and will be refused again.
    Refused,
    /// Something else a person should look at.
    Review,
}
