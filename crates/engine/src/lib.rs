//! Sweep, read, map, plan, guard, deliver. Names no vendor and no adapter.
//!
//! | module | what it holds |
//! |---|---|
//! | [`cycle`] | one cycle, as the data flows: read this first |
//! | [`plan`] | what is owed, decided purely |
//! | [`policy`] | what an error means next |
//! | [`source`] | where people come from |
//! | [`settings`] | what the configuration says |
//! | [`orders`] | what a human may order, and questions answered from the ledger |
//! | [`status`] | what the daemon says of itself |

pub mod cycle;
mod deliver;
pub mod orders;
pub mod plan;
pub mod policy;
mod rebuild;
pub mod settings;
pub mod source;
pub mod status;
mod sweep;

pub use cycle::{CycleError, CycleOrder, DryRun, Engine, Parts, PlannedChange, SweepKind};
pub use mapping::Needs;
pub use orders::OrderError;
pub use settings::{Guards, Settings, Target};
pub use source::{Cursor, Page, PageToken, Reading, Sighting, Source, Sweep, Then, Usage, Whom};
pub use status::{
    Activity, CycleReport, Delivered, Explanation, Fault, GuardTrip, PersonLine, SourceStatus, Status,
    TargetExplanation, TargetStatus,
};
