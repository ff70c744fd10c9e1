//! What is owed and what was agreed, on disk, through any crash. The only crate that names sled; its public face does not.
//!
//! | module | what it holds |
//! |---|---|
//! | [`standing`] | one value per (target, contact) and its transitions, pure |
//! | [`rehire`] | what another hire of somebody who is there already is, and what was decided about it |
//! | [`ledger`] | the typed ledger: one way to read, one way to write |
//! | [`records`] | marks, tasks, history, target states: everything else that is kept |
//! | [`erasure`] | forgetting somebody, and what grows old |
//! | [`archive`] | a ledger as one file |
//! | [`audit`] | looks whether everything in a ledger is as it should be |
//! | [`digest_key`] | the key under which values are remembered |
//! | `schema` | how a ledger of an older version becomes one of this version |
//! | [`store`] | the seam: ordered keys and bytes, atomic and durable |
//! | `disk` | sled behind that seam, with the rules it needs |
//! | [`memory`] | a model of the same, for tests and simulations |
//! | `sketch` | a store over another one, for plans: it stays in memory, and the one below stays as it is |
//! | [`fuzz`] | doors for the fuzzer |
//! | [`folder`] | the state folder: lock, key, store, witness; opening and recovery |
//!
//! **Invariant: no personal data.** Ids, keyed digests, times, codes and field names only. sled does not erase: 1,000
//! records inserted, removed and flushed left 3,212 copies of their text on disk.

pub mod archive;
pub mod audit;
pub mod digest_key;
mod disk;
pub mod erasure;
pub mod folder;
pub mod fuzz;
pub mod ledger;
pub mod memory;
pub mod records;
pub mod rehire;
mod schema;
mod sketch;
pub mod standing;
pub mod store;
mod witness;

pub use archive::{ArchiveError, Manifest};
pub use audit::Audit;
pub use digest_key::DigestKey;
pub use erasure::Holding;
pub use folder::{COPIED, Imported, Opened, StateFolder};
pub use ledger::{Census, Counts, Draft, Durable, Events, Glance, Ledger, begin_as_copy};
pub use memory::MemoryStore;
pub use records::{
    Actor, Event, LeftOut, Mark, Origin, Outcome, Said, Seen, TargetHealth, TargetState, Task, TaskId, Unread,
};
pub use rehire::{Rehire, RehireKind, Treatment};
pub use standing::{Agreed, Debt, Digests, LONGEST_WAIT, LinkOrigin, Owed, Owing, Phase, Standing, WhyHeld};
#[cfg(feature = "mock")]
pub use store::MockStore;
pub use store::{Batch, Entry, Error, Result, Store, Tree};
