//! How the daemon learns of an adapter: one constant per adapter, one list in `adapters/all`. No life before `main`.

use std::sync::Arc;

use http::Way;
use people::{Clock, FieldName, TargetName};

use crate::{FieldSchema, HrisAdapter, settings::Section};

/// One adapter, as the list knows it.
#[derive(Debug, Clone, Copy)]
pub struct Registration {
    /// The kind, as in `adapter = "file-export"`.
    pub kind: &'static str,
    /// What it is, in one line.
    pub about: &'static str,
    /// What the adapter itself keeps at the target's side, personal data included and how long: words for the page of
    /// `check --data-flow`.
    pub keeps: &'static str,
    /// The settings of a target of this kind, as TOML that builds: documentation and test in one.
    pub example: &'static str,
    /// The fields that a target with these settings takes. Looks at the settings without reading them
    /// ([`Section::peek`]): what is wrong with them is said by `build`.
    pub schema: fn(settings: &Section<'_>) -> FieldSchema,
    /// Reads the settings and makes the adapter. No I/O: checking the words never touches the world. Every fault goes
    /// into the section's list; `None` when there was one.
    pub build: fn(settings: Section<'_>, build: Build) -> Option<Arc<dyn HrisAdapter>>,
}

/// What the daemon hands to [`Registration::build`] beside the settings.
#[derive(Debug, Clone)]
pub struct Build {
    /// The target's name.
    pub target: TargetName,
    /// The mapped fields in the order of the configuration.
    pub columns: Columns,
    /// The wall clock.
    pub clock: Arc<dyn Clock>,
    /// The way out. An adapter that is built with one that only asks changes nothing anywhere, not on a disk either.
    pub way: Way,
}

impl Build {
    /// The same for an adapter that only asks, at the same pace.
    pub fn asking_only(&self) -> Build {
        Build { way: self.way.asking_only(), ..self.clone() }
    }

    /// For an adapter that needs no network, or is not about to use it.
    pub fn without_network(target: TargetName, columns: Columns, clock: Arc<dyn Clock>) -> Build {
        Build { target, columns, clock, way: Way::nowhere() }
    }
}

/// The mapped fields in the order of the configuration.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Columns {
    /// `[targets.NAME.person]`
    pub person: Vec<FieldName>,
    /// `[targets.NAME.hire]`
    pub hire: Vec<FieldName>,
}
