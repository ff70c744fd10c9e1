//! From bytes to records. The rules are the reference's (§16): unknown keys are ignored, missing is null, an empty text is
//! null, arrays may be null, ids may be objects, numbers may be digit strings, words are open-ended. Only `id`, and
//! `contact` on an opportunity, is required.
//!
//! Records are picked from JSON values by hand rather than derived: a derived decoder refuses a whole record for one field
//! of an unforeseen type, and which fields those will be is exactly what nobody knows.

mod json;
mod records;
mod text;

pub(crate) use json::{NotUnderstood, Shape, canonical, list, one, one_record, readable};
pub(crate) use records::{
    Application, Archived, Contact, Form, Offer, Opportunity, Reason, Unread, hook, new_hook, note_texts,
    posting, record_id, requisition, requisition_details, user,
};
pub(crate) use text::day;

#[cfg(test)]
mod tests;
