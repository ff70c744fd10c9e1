//! Sweep, read, map, plan, guard, deliver.
mod source;

pub use mapping::Needs;
pub use source::{Cursor, Page, PageToken, Reading, Sighting, Source, Sweep, Then, Usage, Whom};
