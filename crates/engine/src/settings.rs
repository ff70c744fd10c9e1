//! What the engine is told by the configuration.

use std::sync::Arc;

use adapter_sdk::HrisAdapter;
use mapping::Mapping;
use people::{Date, TargetName, Timestamp, Zone};
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
}

/// How much one cycle may owe before a human must approve.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Guards {
    /// New people and new hires.
    pub creates_per_cycle_max: usize,
    /// Changes of people who are over there already.
    pub changes_per_cycle_max: usize,
}

impl Default for Guards {
    fn default() -> Self {
        Guards { creates_per_cycle_max: 10, changes_per_cycle_max: 50 }
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
        let midnight = self.hired_since.and_time(chrono::NaiveTime::MIN);
        // A midnight that a change of the clocks skips or doubles: the earlier reading keeps the whole day inside.
        midnight
            .and_local_timezone(self.zone)
            .earliest()
            .map_or_else(|| midnight.and_utc() - chrono::TimeDelta::hours(14), |moment| moment.to_utc())
    }
}
