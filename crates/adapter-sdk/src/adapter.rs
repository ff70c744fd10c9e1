//! The contract between the engine and one HR system.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    time::Duration,
};

use async_trait::async_trait;
use people::{ContactId, Date, Fields, FullName, OpportunityId, Pii, RemoteHireId, RemoteId, TargetName};

use crate::{Delivery, FieldSchema, Link, Receipt, Result};

/// One configured HR system.
///
/// The engine promises: the same contact is never in two calls at once; a delivery was durably written down before
/// [`deliver`](HrisAdapter::deliver) is called; nothing undeclared in [`Capabilities`] is asked for. There is no retry
/// here: an adapter makes one attempt and says truthfully what came of it.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait HrisAdapter: fmt::Debug + Send + Sync + 'static {
    /// Who this is, what it can do, which fields it takes. Constant; no I/O.
    fn info(&self) -> &AdapterInfo;

    /// Reaches the target and proves credentials and configuration. Changes nothing over there.
    ///
    /// An `Err` is a target that cannot be used now; findings are what works but should be known.
    async fn check(&self) -> Result<CheckReport>;

    /// Records that may be this person: by the contact id or an opportunity id kept over there, by our own key, and, as
    /// evidence only, by e-mail. Requires [`Capabilities::find`].
    async fn find(&self, who: &Identity) -> Result<Vec<Found>>;

    /// What the target holds now in the fields it was given, of the person and of the hires of `link`; `None` when the person's
    /// record is not there. Requires
    /// [`Capabilities::read`].
    async fn read(&self, link: &Link) -> Result<Option<RemoteState>>;

    /// Everybody the target holds under our key, in order of their ids, beginning after `after`; an empty page ends it.
    /// Requires [`Capabilities::list`].
    async fn list(&self, after: Option<RemoteId>) -> Result<Vec<Found>>;

    /// Makes the target agree, for up to [`Capabilities::batch_max`] people at once; one answer each, in order.
    ///
    /// Must tolerate being called again with the same delivery, also after a call that was cut off. Returns only once
    /// the target has it durably. `Err` with [`Next::Retry`](crate::Next) or [`Next::Park`](crate::Next) promises that
    /// nothing was applied; whoever cannot promise it answers [`Next::FindFirst`](crate::Next).
    async fn deliver(&self, deliveries: &[Delivery]) -> Vec<Result<Receipt>>;
}

/// What an adapter says about itself.
#[derive(Debug, Clone)]
pub struct AdapterInfo {
    /// The kind, as in `adapter = "file-export"`.
    pub kind: &'static str,
    /// The configured target this instance speaks to.
    pub target: TargetName,
    /// What it can do.
    pub capabilities: Capabilities,
    /// Which fields it takes.
    pub schema: FieldSchema,
    /// Who does what a human must do there, as the configuration names them.
    pub tasks_for: Option<String>,
}

/// What an adapter can do. Everything is off by default; what is not declared is refused before the adapter is asked.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Capabilities {
    /// [`HrisAdapter::find`] works: a create can be preceded by a look.
    pub find: bool,
    /// [`HrisAdapter::read`] works: an update can be compared with what HR changed since.
    pub read: bool,
    /// [`HrisAdapter::list`] works: a lost ledger can be rebuilt.
    pub list: bool,
    /// A delivered person can be changed. Without it a change becomes a task.
    pub update: bool,
    /// One person's record holds several hires. Without it a second hire becomes a task.
    pub rehire: bool,
    /// A hire can be taken back.
    pub withdraw: bool,
    /// There is a place to keep the contact id over there.
    pub contact_id: bool,
    /// Delivering the same add twice makes one record: an unknown outcome may simply be sent again.
    pub dedupes_by_key: bool,
    /// A delivery is made in steps: one whose outcome is unknown is delivered once more with the record that a look found, and
    /// does only what is missing.
    pub resumes: bool,
    /// [`CheckReport::landmarks`] tell one tenant from another.
    pub landmarks: bool,
    /// [`HrisAdapter::read`] tells every employment on a record, whoever made it: a person who is linked by hand has some, and
    /// whether somebody left before they were hired again shows in them.
    pub employments: bool,
    /// A hire delivered under another contact moves there (profiles merged in Lever). Without it a merge is a task.
    pub moves_hires: bool,
    /// People in one call of [`HrisAdapter::deliver`]; at least 1.
    pub batch_max: usize,
    /// Calls under way at once; at least 1.
    pub in_flight_max: usize,
    /// Calls a second, evenly spaced; `None`: as fast as it answers.
    pub calls_per_second_max: Option<f64>,
    /// Deadline of one call. A delivery that exceeds it has an unknown outcome.
    pub call_timeout: Duration,
}

impl Default for Capabilities {
    fn default() -> Self {
        Capabilities {
            find: false,
            read: false,
            list: false,
            update: false,
            rehire: false,
            withdraw: false,
            contact_id: false,
            dedupes_by_key: false,
            resumes: false,
            landmarks: false,
            employments: false,
            moves_hires: false,
            batch_max: 1,
            in_flight_max: 1,
            calls_per_second_max: None,
            call_timeout: Duration::from_secs(30),
        }
    }
}

/// Whom to look for.
#[derive(Debug, Clone)]
pub struct Identity {
    /// The contact.
    pub contact: ContactId,
    /// All of the contact's opportunities.
    pub opportunities: BTreeSet<OpportunityId>,
    /// The hires that the target is told about, oldest first.
    pub hires: Vec<OpportunityId>,
    /// All hires since `hired_since`, also those that this target is not told about, oldest first: what numbers them.
    pub order: Vec<OpportunityId>,
    /// What the configuration maps to the record's own key ([`FieldSchema::key`]), if it does.
    pub key: Option<String>,
    /// The name, as evidence only.
    pub name: FullName,
    /// Addresses, as evidence only.
    pub emails: Vec<Pii<String>>,
}

impl Identity {
    /// Somebody of whom only the ids are known.
    pub fn new(contact: ContactId, opportunities: BTreeSet<OpportunityId>) -> Identity {
        Identity {
            contact,
            opportunities,
            hires: Vec::new(),
            order: Vec::new(),
            key: None,
            name: FullName::default(),
            emails: Vec::new(),
        }
    }
}

/// A record that may be somebody's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The record over there, and its hires.
    pub link: Link,
    /// The contact id kept over there, if any.
    pub contact: Option<ContactId>,
    /// Why it was found.
    pub evidence: Evidence,
}

/// Why a record is taken for somebody's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Evidence {
    /// Our own key, deterministic from the contact id, stands on it.
    Key,
    /// The contact id is kept on it.
    ContactId,
    /// One of the opportunity ids is kept on it.
    OpportunityId,
    /// It has one of the person's addresses and their name. Never enough by itself: a human looks.
    EmailAndName,
    /// It has one of the person's addresses. Never enough by itself: addresses are shared and recycled.
    Email,
}

impl Evidence {
    /// Whether this alone may link a record to a person.
    pub fn is_proof(self) -> bool {
        !matches!(self, Evidence::EmailAndName | Evidence::Email)
    }

    /// What agrees, in words.
    pub fn words(self) -> &'static str {
        match self {
            Evidence::Key => "our own key stands on it",
            Evidence::ContactId => "the contact id is kept on it",
            Evidence::OpportunityId => "an opportunity id is kept on it",
            Evidence::EmailAndName => "e-mail address and name agree",
            Evidence::Email => "an e-mail address agrees, the name does not",
        }
    }
}

/// What a target holds about one person.
#[derive(Debug, Clone, PartialEq)]
pub struct RemoteState {
    /// The record and its hires.
    pub link: Link,
    /// The person's fields, as far as the adapter was given them.
    pub person: Fields,
    /// Each hire's fields.
    pub hires: BTreeMap<OpportunityId, Fields>,
    /// The contact id kept over there, if any.
    pub contact: Option<ContactId>,
    /// Every employment on the record, whoever made it. Requires [`Capabilities::employments`].
    pub employments: Vec<Employment>,
    /// The target can prove that these are the values it was last given by us: nobody over there changed them.
    pub untouched: bool,
}

impl RemoteState {
    /// A record of which nothing else is known.
    pub fn new(link: Link) -> RemoteState {
        RemoteState {
            link,
            person: Fields::new(),
            hires: BTreeMap::new(),
            contact: None,
            employments: Vec::new(),
            untouched: false,
        }
    }
}

/// An employment that stands on somebody's record over there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Employment {
    /// Its id.
    pub id: RemoteHireId,
    /// The opportunity id kept on it, if any.
    pub opportunity: Option<OpportunityId>,
    /// Its first day, if the target says one.
    pub from: Option<Date>,
    /// Its last day; `None`: it goes on.
    pub until: Option<Date>,
}

/// What [`HrisAdapter::check`] found out, line by line. An unusable target is an error instead.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CheckReport {
    /// The lines, in the order they were learnt.
    pub findings: Vec<Finding>,
    /// Records that stand over there, whosever they are, by ids that stay: a later check that finds none of them has met
    /// another tenant. Kept as keyed digests. Requires [`Capabilities::landmarks`].
    pub landmarks: Vec<String>,
}

impl CheckReport {
    /// Adds a line: this is as it should be.
    pub fn good(&mut self, what: impl Into<String>) {
        self.findings.push(Finding::Good { what: what.into() });
    }

    /// Adds a line: it works, but somebody should know.
    pub fn warn(&mut self, what: impl Into<String>, remedy: impl Into<String>) {
        self.findings.push(Finding::Warning { what: what.into(), remedy: remedy.into() });
    }
}

/// One line of a check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// This is as it should be.
    Good {
        /// What was looked at and found right.
        what: String,
    },
    /// It works, but somebody should know.
    Warning {
        /// What was found.
        what: String,
        /// What to do about it, naming the setting.
        remedy: String,
    },
}
