//! Another hire of somebody who is over there already: what it is, and what was decided about it. A decision is made once and
//! kept: neither a policy changed later nor a day that passes reinterprets it.

use people::OpportunityId;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Actor;

/// What another hire of somebody is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RehireKind {
    /// An earlier employment goes on.
    WhileEmployed,
    /// Every earlier employment has ended before this one begins.
    AfterLeaving,
    /// The earlier hire was a contractor's, and this one is not.
    Conversion,
    /// Lever says that somebody of the company was hired.
    Transfer,
    /// Hired on the same day as another time.
    SameDay,
    /// The same human under a new contact: the earlier one was anonymised in Lever.
    NewContact,
    /// The target does not tell whether the earlier employment goes on.
    Unclear,
}

impl RehireKind {
    /// Every kind, with its word in the configuration.
    pub const ALL: [(&str, RehireKind); 7] = [
        ("while_employed", RehireKind::WhileEmployed),
        ("after_leaving", RehireKind::AfterLeaving),
        ("conversion", RehireKind::Conversion),
        ("transfer", RehireKind::Transfer),
        ("same_day", RehireKind::SameDay),
        ("new_contact", RehireKind::NewContact),
        ("unclear", RehireKind::Unclear),
    ];

    /// Its word in the configuration.
    pub fn word(self) -> &'static str {
        RehireKind::ALL.iter().find(|(_, kind)| *kind == self).map_or("unclear", |&(word, _)| word)
    }

    /// What it is, in HR's words.
    pub fn words(self) -> &'static str {
        match self {
            RehireKind::WhileEmployed => "hired again while an earlier employment goes on",
            RehireKind::AfterLeaving => "hired again after leaving",
            RehireKind::Conversion => "was a contractor, and was hired as an employee",
            RehireKind::Transfer => "moved within the company",
            RehireKind::SameDay => "hired twice on one day",
            RehireKind::NewContact => "may have been hired before, under a contact that was anonymised",
            RehireKind::Unclear => "hired again; whether an earlier employment goes on is not known",
        }
    }
}

/// What is done with another hire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, JsonSchema, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Treatment {
    /// It becomes an employment of its own.
    NewEmployment,
    /// It takes the place of the latest employment, whose record is changed.
    Update,
    /// A human decides; nothing is sent about it until then.
    Task,
    /// The target is not told about it.
    Ignore,
}

impl Treatment {
    /// Every treatment, with its word in the configuration.
    pub const ALL: [(&str, Treatment); 4] = [
        ("new_employment", Treatment::NewEmployment),
        ("update", Treatment::Update),
        ("task", Treatment::Task),
        ("ignore", Treatment::Ignore),
    ];

    /// Its word in the configuration.
    pub fn word(self) -> &'static str {
        Treatment::ALL.iter().find(|(_, treatment)| *treatment == self).map_or("task", |&(word, _)| word)
    }
}

impl Treatment {
    /// What is done, in HR's words.
    pub fn words(self) -> &'static str {
        match self {
            Treatment::NewEmployment => "it becomes an employment of its own",
            Treatment::Update => "it takes the place of the latest one",
            Treatment::Task => "it waits for a human to decide",
            Treatment::Ignore => "it is left out",
        }
    }
}

/// What was decided about another hire.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
pub struct Rehire {
    /// What it is.
    pub kind: RehireKind,
    /// What is done with it.
    pub treatment: Treatment,
    /// The hire whose employment it takes over, for [`Treatment::Update`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces: Option<OpportunityId>,
    /// What it was decided by: ids, days and words of Lever's own lists, no personal values.
    pub because: String,
    /// By the target's policy, or by a human.
    pub by: Actor,
}
