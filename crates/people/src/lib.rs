//! The nouns and the clock: what a person, a hire and a change *are*. No I/O, no async.
//!
//! | module | what it says |
//! |---|---|
//! | `ids` | who is meant: contact, opportunity, target, record over there |
//! | `person` | the whole truth about one contact, as Lever has it now |
//! | `name` | one free string, and the words of it that other systems keep apart |
//! | `wanted` | what one target should hold, in that target's own field names |
//! | `pii` | personal values and secrets, which no log can print by accident |
//! | `digest` | what is remembered of a value instead of the value |
//! | `clock` | the wall clock, injected |

mod clock;
mod digest;
mod ids;
mod name;
mod person;
mod pii;
mod wanted;

pub use clock::{Clock, Date, SystemClock, Timestamp, Zone};
pub use digest::Digest;
pub use ids::{ContactId, InvalidId, OpportunityId, RemoteHireId, RemoteId, TargetName};
pub use name::{FullName, is_particle};
pub use person::{
    Answer, AnswerValue, Band, Candidacy, Colleague, DataProtection, Hire, Offer, Person, Phone, PhoneKind,
    Posting, Requisition, Withheld,
};
pub use pii::{Pii, Secret};
pub use wanted::{FieldKey, FieldName, Fields, Filled, Lack, Missing, Value, Wanted};
