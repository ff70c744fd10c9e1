//! What is so now. No I/O, and no word of any system's: who gathers it knows those.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use people::{ContactId, Date, TargetName, Timestamp, Zone};

/// Everything that letters are made of.
#[derive(Debug, Clone, PartialEq)]
pub struct Facts {
    /// Who is told, and what.
    pub recipients: Vec<Recipient>,
    /// Targets whose tasks somebody of their own does.
    pub assigned: BTreeSet<TargetName>,
    /// Tasks that are open.
    pub tasks: Vec<Task>,
    /// What is wrong.
    pub alarms: Vec<Alarm>,
    /// More may follow at once: a cycle is under way.
    pub is_busy: bool,
    /// The last moment at which a digest was due, by the schedule.
    pub digest_due: Option<Timestamp>,
    /// What a digest says, where one is to be made or sent: see [`digest_since`](crate::digest_since).
    pub digest: Option<Digest>,
    /// The zone of the times in texts.
    pub zone: Zone,
}

/// Somebody, or a channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recipient {
    /// Stands for the address, and does not tell it.
    pub key: String,
    /// Which tasks.
    pub tasks: Scope,
    /// The daily digest.
    pub digest: bool,
    /// Alarms.
    pub alarms: bool,
}

/// Which tasks somebody is told of.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Scope {
    /// Those of these targets.
    pub of: BTreeSet<TargetName>,
    /// Those that nobody else does.
    pub others: bool,
}

/// What a human has to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Task {
    /// Its name.
    pub id: String,
    /// Where, if it concerns one target.
    pub target: Option<TargetName>,
    /// About whom.
    pub contact: ContactId,
    /// Whether it is part of what every new starter needs.
    pub is_for_starter: bool,
    /// What to do, in HR's words.
    pub to_do: String,
    /// When it arose.
    pub raised_at: Timestamp,
}

/// Something that is wrong, as long as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alarm {
    /// The same as long as it is the same thing.
    pub key: String,
    /// What is wrong, in a few words.
    pub title: String,
    /// What is so, with facts; no personal values.
    pub what: String,
    /// What to do.
    pub remedy: String,
    /// Since when, where that is known.
    pub since: Option<Timestamp>,
    /// It is none before it has lasted for so long.
    pub grace: TimeDelta,
    /// It happened and does not last: said once.
    pub is_event: bool,
}

/// What HR reads in the morning.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Digest {
    /// Target by target.
    pub targets: Vec<OfTarget>,
    /// What the daemon says of itself in one sentence.
    pub summary: String,
}

/// One target's part of a digest.
#[derive(Debug, Clone, PartialEq)]
pub struct OfTarget {
    /// The target.
    pub target: TargetName,
    /// Whose record was made or recognised since the last digest.
    pub arrived: Vec<Arrived>,
    /// Who waits for something.
    pub held: Vec<Stopped>,
    /// Who was refused.
    pub parked: Vec<Stopped>,
    /// Hires whose first day came without a record.
    pub started: u64,
}

/// Somebody whose record is there now.
#[derive(Debug, Clone, PartialEq)]
pub struct Arrived {
    /// Who.
    pub contact: ContactId,
    /// Since when.
    pub at: Timestamp,
}

/// Somebody whose change does not go out.
#[derive(Debug, Clone, PartialEq)]
pub struct Stopped {
    /// Who.
    pub contact: ContactId,
    /// The stable code of the reason.
    pub code: String,
    /// What is so.
    pub what: String,
    /// What to do.
    pub remedy: String,
    /// By when what they wait for is needed.
    pub needed_by: Option<Date>,
}

impl Facts {
    /// The open tasks that `recipient` is told of.
    pub fn tasks_for<'f>(&'f self, recipient: &'f Recipient) -> impl Iterator<Item = &'f Task> {
        self.tasks.iter().filter(|task| match &task.target {
            Some(target) if self.assigned.contains(target) => recipient.tasks.of.contains(target),
            _ => recipient.tasks.others,
        })
    }
}
