//! A pretend Lever and a pretend [Cezanne HR](cezanne), for tests, the demo and adapter authors.
//!
//! [`Lever`] is a deterministic state machine: a [`Request`] and the time go in, a [`Reply`] comes out. It
//! has no clock, no socket and no randomness of its own, so the same seed, requests and times give the same
//! bytes. A simulation calls it directly; [`serve`] puts it behind a TCP port for the real binary and for
//! `curl`.
//!
//! What it pretends to be is Lever's data API with its quirks, `(ref)` standing for our written reference of
//! that API, `reference/lever-api.md`. Where Lever's behaviour is unknown the stricter reading is played, so
//! that a client bug shows here and not at a customer.
//!
//! The other vendor is played in the same manner in [`cezanne`].
//!
//! **Invariant:** this crate depends on nothing of ours. Two sides written from one struct would agree on
//! every mistake.
//!
//! ```
//! use sandbox::{Lever, NewContact, Request, Settings};
//!
//! let settings = Settings::default();
//! let key = settings.api_key.clone();
//! let mut lever = Lever::new(settings);
//! let contact = lever.add_contact(NewContact::named("Ada Example"));
//! let opportunity = lever.add_opportunity(1_000, &contact, None)?;
//! lever.hire(2_000, &opportunity)?;
//!
//! let reply = lever.handle(3_000, &Request::get("/v1/opportunities?archived=true").with_key(&key));
//! assert_eq!(reply.status, 200);
//! # Ok::<(), sandbox::Refused>(())
//! ```
//!
//! # The recruiter's seat
//!
//! Outside `/v1` sits a person with `curl`: no key, no rate limit, no faults, not counted in the figures. What
//! they can do is in [`DOORS`].
//!
//! An answer is `{"type": "date", "question": "Start date", "value": 1772409600000}`; without a type it is a text. A form on
//! an opportunity is one on the profile that recruiters fill in; a form of a contact is what a person answers behind an
//! unlisted posting, and makes a second opportunity of theirs. A fault's `spec` is the text form that [`Fault`] describes.

mod amounts;
mod busiest;
pub mod cezanne;
mod lever;
mod message;
mod server;

pub use lever::{
    Application, ArchiveReason, Archived, BadFault, Band, Contact, ContactId, DOORS, Delivery, Drift, Fault,
    FaultKind, Figures, Form, FormField, Hired, HiredReasons, Lever, NewContact, NewOffer, NewPosting, Note,
    Offer, OfferId, OfferStatus, Opportunity, OpportunityId, Phone, Posting, PostingId, Rate, ReasonId,
    Refused, Requisition, RequisitionId, Salary, Settings, Stage, StageChange, StageId, User, UserId,
    Webhook, is_permission,
};
pub use message::{Millis, Reply, Request, Sending, http_date};
pub use server::{Pretend, serve};
