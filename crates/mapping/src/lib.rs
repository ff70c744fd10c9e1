#![doc = include_str!("../README.md")]
//!
//! # For whoever reads the code
//!
//! | module | what it holds |
//! |---|---|
//! | [`names`] | every name an expression may use, and which Lever object it needs |
//! | `helpers` | every filter and test |
//! | `rules` | what the configuration says about a target's fields |
//! | `compile` | rules become a mapping, or every fault of them |
//! | `expression` | one expression read through: what it uses, what it gives, what is wrong with it |
//! | `mapping` | the compiled mapping of one target |
//! | `apply` | a person becomes what a target should hold |
//! | `trial` | the same, field by field, with the facts behind it |
//! | `facts` | a person and a hire under the names |
//! | `language` | the expression engine |
//! | `needs` | what has to be asked of Lever |
//! | `specimen` | the nobody a mapping is tried on when it is compiled |
//! | `writes` | when a field is written, and which hires a target is told about |

mod apply;
mod compile;
mod expression;
mod facts;
mod helpers;
mod language;
mod mapping;
pub mod names;
mod needs;
mod rules;
mod specimen;
mod trial;
mod writes;

pub use apply::LeftOut;
pub use expression::Use;
pub use helpers::{HELPERS, Helper, HelperKind};
pub use mapping::{Field, Mapping};
pub use needs::Needs;
pub use rules::{
    DUE_FORMS, Decisions, Due, Hold, KEYS, Key, MappingFault, Milestone, Place, Rule, Rules, Tables,
};
pub use trial::{Fact, Trial, Tried};
pub use writes::{Scope, Writes};
