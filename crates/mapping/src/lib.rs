//! From a person in Lever to the fields of an HR system, by the admin's expressions. Pure: no I/O, no clock.
//!
//! | module | what it holds |
//! |---|---|
//! | `rules` | the compiled mapping of one target, and applying it |
//! | [`names`] | every name an expression may use, and which Lever object it needs |
//! | `facts` | a person and a hire under those names |
//! | `helpers` | every filter and test of an expression |
//! | `language` | the expression engine and our filters |
//! | `needs` | what has to be asked of Lever |
//! | `writes` | when a field is written, and which hires a target is told about |

mod facts;
mod helpers;
mod language;
pub mod names;
mod needs;
mod rules;
mod writes;

pub use helpers::{HELPERS, Helper, HelperKind};
pub use needs::Needs;
pub use rules::{Decisions, Mapping, MappingFault, Rules};
pub use writes::{Scope, Writes};
