//! Sweep, read, map, plan, guard, deliver. Names no vendor and no adapter.
//!
//! | module | what it holds |
//! |---|---|
//! | [`cycle`] | one cycle, as the data flows: read this first |
//! | `targets`, `rebuild` | whether a target can be used, and whom it knows already |
//! | `sweep`, `watch`, `queue` | who changed, who may have without a trace, and who is read in this cycle |
//! | `planning`, [`plan`] | from a reading to what is owed; the second decides, purely |
//! | `rules` | whose a field is once its record was made |
//! | `merge` | profiles that were merged in Lever |
//! | `writing`, `deliver` | what is written down, and what goes out |
//! | [`telling`] | what the source is told once a target agreed |
//! | `dry_run` | what would be sent, without writing |
//! | [`policy`] | what an error means next |
//! | [`source`] | where people come from |
//! | [`certificate`] | what became of everybody hired, checked after each cycle |
//! | [`forget`] | erasure and access; what grows old |
//! | [`settings`] | what the configuration says |
//! | [`orders`] | what a human may order, and questions answered from the ledger |
//! | [`story`] | every reason with its code, and what the source says now |
//! | [`status`] | what the daemon says of itself |

pub mod certificate;
pub mod cycle;
mod deliver;
mod dry_run;
pub mod forget;
mod merge;
pub mod orders;
pub mod plan;
mod planning;
pub mod policy;
mod queue;
mod rebuild;
mod rules;
pub mod settings;
pub mod source;
pub mod status;
pub mod story;
mod sweep;
mod targets;
pub mod telling;
mod watch;
mod writing;

pub use certificate::Certificate;
pub use cycle::{CycleError, CycleOrder, Engine, Parts, SweepKind};
pub use dry_run::{DryRun, FieldChange, PlannedChange};
pub use forget::{Forgotten, HeldBy, Received, Report};
pub use ledger::{RehireKind, Treatment};
pub use mapping::Needs;
pub use orders::{About, Hint, OrderError};
pub use rebuild::UnknownRecords;
pub use settings::{DeliverFrom, Guards, Policy, Settings, Target, WriteBack};
pub use source::{
    Cursor, Deleted, News, Page, PageToken, Reading, Sighting, Source, Sweep, Then, Usage, Whom,
};
pub use status::{
    Activity, CycleReport, Delivered, Explanation, Fault, GuardTrip, Met, PersonLine, SourceStatus, Status,
    TargetExplanation, TargetStatus,
};
pub use story::{Live, LiveOpportunity, Preview, Reason, ScopeLine};
