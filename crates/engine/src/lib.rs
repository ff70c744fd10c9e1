//! Sweep, read, map, plan, guard, deliver. Names no vendor and no adapter.
//!
//! | module | what it holds |
//! |---|---|
//! | [`cycle`] | one cycle, as the data flows: read this first |
//! | `targets`, `rebuild` | whether a target can be used, and whom it knows already |
//! | `sweep`, `watch`, `queue` | who changed, who may have without a trace, and who is read in this cycle |
//! | `planning`, [`plan`] | from a reading to what is owed; the second decides, purely |
//! | `rules` | whose a field is once its record was made |
//! | [`rehire`], `aside`, `backfill` | what another hire is; what is not told now; ids for records that were there before us |
//! | `merge` | profiles that were merged in Lever |
//! | `writing`, `deliver` | what is written down, and what goes out |
//! | [`links`] | which record over there is whose: adoption |
//! | [`telling`] | what the source is told once a target agreed |
//! | `dry_run` | what would be sent: a cycle on paper |
//! | `plan_file` | a plan as it is kept: ids, decisions, digests, a seal |
//! | `apply` | carrying out exactly that plan, or nothing |
//! | [`policy`] | what an error means next |
//! | [`source`] | where people come from |
//! | [`certificate`] | what became of everybody hired, checked after each cycle |
//! | [`forget`] | erasure and access; what grows old |
//! | [`settings`] | what the configuration says |
//! | [`orders`] | what a human may order, and questions answered from the ledger |
//! | [`story`] | every reason with its code, and what the source says now |
//! | [`status`] | what the daemon says of itself |

mod apply;
mod aside;
mod backfill;
pub mod certificate;
pub mod cycle;
mod deliver;
mod dry_run;
pub mod forget;
pub mod links;
mod merge;
pub mod orders;
pub mod plan;
mod plan_file;
mod planning;
pub mod policy;
mod queue;
mod rebuild;
pub mod rehire;
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

pub use apply::{Applied, Left, Moved};
pub use certificate::Certificate;
pub use cycle::{CycleError, CycleOrder, Engine, Parts, SweepKind};
pub use dry_run::{Counted, DryRun, FieldChange, PlannedChange, Unread};
pub use forget::{Forgotten, HeldBy, Received, Report};
pub use ledger::{RehireKind, Treatment};
pub use mapping::Needs;
pub use orders::{About, Hint, OrderError};
pub use plan_file::{Entry, EntryDigests, Head, Place, PlanFile, PlanFileError, PlanKey, TargetHead};
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
