//! Lever's API as a source of persons.
//!
//! | module | what it holds |
//! |---|---|
//! | `source` | [`Lever`]: settings, caches, and `engine::Source` in terms of the modules below |
//! | `sweep` | who changed: the two listings, the cursor, the page token |
//! | `cursor` | up to when everything was seen |
//! | `deleted` | what was deleted since a cursor |
//! | `read` | the whole person: listing by contact, missing contacts |
//! | `objects` | what belongs to hires: offers, profile forms, postings, users, requisitions |
//! | `tell`, `own` | what we write into Lever, and how it is kept out of what we read |
//! | `hooks` | webhooks of the account: list, make, remove |
//! | `resolve` | from what somebody typed to a contact |
//! | `look_up` | from many ids that somebody kept to contacts and their opportunities |
//! | `check` | key, permissions, clock; changes nothing |
//! | `person` | pure: from records to a person |
//! | `wire` | pure: from bytes to records, tolerant of everything but a missing id |
//! | `call` | one request with pace, retries, redirects; what each answer means |
//! | `pages` | a list, page by page, smaller pages where they are too long |
//! | [`webhook`] | pure: what Lever sends by itself, and whether it did |
//! | `kept` | reasons, postings, users and requisitions, kept for a while |
//!
//! How to think of it: everything Lever sends is somebody else's, so bytes become records in `wire` and nowhere else, and
//! a record that cannot be understood is one record. Whatever could not be *seen* is said so (`Failed`, `Unreadable`,
//! `Unclear`); nothing here turns an error into an empty list or a blank.
//!
//! **Invariant:** no log line and no error holds a value of a record, a query or a header. Places are field paths and ids.
//!
//! **Invariant:** nothing that grows with the number of contacts outlives a call. One page is in memory at a time, and the
//! caches are bounded.

mod call;
mod check;
mod cursor;
mod deleted;
mod hooks;
mod kept;
mod look_up;
mod objects;
mod own;
mod pages;
mod person;
mod read;
mod resolve;
mod source;
mod sweep;
mod tell;
pub mod webhook;
mod wire;

#[cfg(test)]
mod scripted;
#[cfg(test)]
mod tests;

pub use adapter_sdk::{Error, ErrorKind, Result};
pub use check::SKEW_MAX;
pub use hooks::{Hook, NewHook};
pub use look_up::{Known, Place};
pub use own::{LinkPattern, Own};
pub use source::{Lever, Settings};
