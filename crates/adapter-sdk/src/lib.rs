//! Everything the author of an HR adapter needs, and nothing else.
//!
//! | module | what it holds |
//! |---|---|
//! | [`adapter`] | [`HrisAdapter`], the contract; what an adapter says about itself |
//! | [`delivery`] | what an adapter is asked to bring about, and what it answers |
//! | [`error`] | what went wrong, for programs, for the engine and for people |
//! | [`schema`] | which fields a target takes |
//! | [`settings`] | reading `[targets.NAME]`, every fault at once |
//! | [`registration`] | how the daemon learns of an adapter |
//! | [`layers`] | what every adapter gets around it: tracing, capability check, pace, deadline |
//! | `memory` | a target in memory with faults on order, for tests (feature `conformance`) |
//! | `conformance` | what every adapter must survive (feature `conformance`) |

pub mod adapter;
#[cfg(feature = "conformance")]
pub mod conformance;
pub mod delivery;
pub mod error;
pub mod layers;
#[cfg(feature = "conformance")]
pub mod memory;
pub mod registration;
pub mod schema;
pub mod settings;

#[cfg(feature = "mock")]
pub use adapter::MockHrisAdapter;
pub use adapter::{
    AdapterInfo, Capabilities, CheckReport, Employment, Evidence, Finding, Found, HrisAdapter, Identity,
    RemoteState,
};
pub use delivery::{
    Delivery, Effect, Generation, Intent, Link, Obstacle, Receipt, Step, TaskKind, TaskRequest,
};
pub use error::{Error, ErrorKind, Next, Result};
pub use registration::{Build, Columns, Registration};
pub use schema::{FieldKind, FieldRule, FieldSchema, FieldSpec, Level, Placeholder};
