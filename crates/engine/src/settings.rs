//! What the engine is told by the configuration.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use adapter_sdk::{Capabilities, HrisAdapter};
use ledger::{RehireKind, Treatment};
use mapping::{Mapping, Needs};
use people::{ContactId, Date, TargetName, Timestamp, Zone};
use serde::{Deserialize, Serialize};

/// What concerns every target.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Nobody hired before this day, in `zone`, is ever created.
    pub hired_since: Date,
    /// The zone in which days are days.
    pub zone: Zone,
    /// The brakes.
    pub guards: Guards,
    /// How long what is of no use any more is kept.
    pub retention_days: u32,
}

/// How long that is unless the configuration says otherwise.
pub const RETENTION_DAYS: u32 = 90;

/// How much one cycle may owe before a human must approve.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Guards {
    /// New people and new hires.
    pub creates_per_cycle_max: usize,
    /// Changes of people who are over there already.
    pub changes_per_cycle_max: usize,
    /// Hires taken back.
    pub withdrawals_per_cycle_max: usize,
    /// Changes that come of another mapping, and not of Lever: in one cycle, of everybody in one target.
    pub mapping_changes_max: usize,
}

impl Default for Guards {
    fn default() -> Self {
        Guards {
            creates_per_cycle_max: 10,
            changes_per_cycle_max: 50,
            withdrawals_per_cycle_max: 3,
            mapping_changes_max: 5,
        }
    }
}

/// One configured HR system: its adapter, wrapped in its layers, and its mapping.
#[derive(Debug, Clone)]
pub struct Target {
    /// Its name in the configuration.
    pub name: TargetName,
    /// The adapter.
    pub adapter: Arc<dyn HrisAdapter>,
    /// From a person to this target's fields.
    pub mapping: Arc<Mapping>,
    /// What the source is told once the target agreed.
    pub write_back: WriteBack,
    /// Whom it is told about and when, and what hires after the first are.
    pub policy: Policy,
}

/// What one target is told, beyond its mapping.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Policy {
    /// What is done with another hire of somebody, by its kind; [`Policy::treatment`] for a kind that is not named.
    pub rehire: BTreeMap<RehireKind, Treatment>,
    /// Commitments of postings, in lower case, that make a hire a contractor's.
    pub contractor: BTreeSet<String>,
    /// Whether hires taken back in Lever are taken back there, where the target can; else they are a task.
    pub withdraws: bool,
    /// Whether that is also done once the first day is over.
    pub withdraws_after_start: bool,
    /// From when on it is told about a hire.
    pub deliver_from: DeliverFrom,
    /// Nobody else, where it is tried with a few people first.
    pub only: Option<BTreeSet<ContactId>>,
}

/// From when on a target is told about a hire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DeliverFrom {
    /// As soon as somebody is hired.
    #[default]
    Hired,
    /// So many days after the first day; before it, if negative.
    Start {
        /// How many.
        days: i64,
    },
}

impl Policy {
    /// Whether the target is told about this contact at all.
    pub fn tells(&self, contact: &ContactId) -> bool {
        self.only.as_ref().is_none_or(|only| only.contains(contact))
    }

    /// What is done with another hire of that kind. Unless the configuration says otherwise it becomes an employment of its own;
    /// who may be there already is a task, but where each hire stands for itself and nobody can be doubled.
    pub fn treatment(&self, kind: RehireKind, can: Capabilities) -> Treatment {
        let is_doubtful = kind == RehireKind::NewContact && !can.moves_hires;
        let usual = if is_doubtful { Treatment::Task } else { Treatment::NewEmployment };
        self.rehire.get(&kind).copied().unwrap_or(usual)
    }

    /// What has to be read of a hire for it. What makes somebody a contractor is asked for only where that makes a difference.
    pub fn needs(&self) -> Needs {
        let tells_conversions = self.rehire.contains_key(&RehireKind::Conversion);
        Needs {
            offers: self.deliver_from != DeliverFrom::Hired,
            postings: tells_conversions && !self.contractor.is_empty(),
            ..Needs::default()
        }
    }

    /// What decides, in words: another wording is another policy.
    pub fn wording(&self) -> String {
        format!("{self:?}")
    }
}

/// `[targets.NAME.write_back]`: what the source is told about a hire that the target holds. Nothing by default. In `link` and
/// `note`, `{record}` stands for the record's id over there.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct WriteBack {
    /// A tag.
    pub tag: Option<String>,
    /// A link to the record.
    pub link: Option<String>,
    /// A note.
    pub note: Option<String>,
}

impl WriteBack {
    /// Whether there is anything to tell.
    pub fn is_on(&self) -> bool {
        self.tag.is_some() || self.link.is_some() || self.note.is_some()
    }
}

impl Settings {
    /// The first moment of `hired_since`.
    pub fn since(&self) -> Timestamp {
        self.begins(self.hired_since)
    }

    /// The first moment of a day.
    pub fn begins(&self, day: Date) -> Timestamp {
        let midnight = day.and_time(chrono::NaiveTime::MIN);
        // A midnight that a change of the clocks skips or doubles: the earlier reading keeps the whole day inside.
        midnight
            .and_local_timezone(self.zone)
            .earliest()
            .map_or_else(|| midnight.and_utc() - chrono::TimeDelta::hours(14), |moment| moment.to_utc())
    }
}
