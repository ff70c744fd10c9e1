//! Where people come from. The engine names no vendor; `lever` is the one implementation.

use std::{collections::BTreeSet, fmt};

use adapter_sdk::{CheckReport, Error, ErrorKind, Result};
use async_trait::async_trait;
use people::{Candidacy, ContactId, OpportunityId, Person, Pii, Timestamp};

/// A recruiting system, asked *who* changed and then for the *whole person*.
///
/// Every implementation paces and retries its own requests; an error means that the attempt is over for this cycle.
#[async_trait]
pub trait Source: fmt::Debug + Send + Sync + 'static {
    /// Reaches the system and proves credentials and permissions. Changes nothing.
    async fn check(&self) -> Result<CheckReport>;

    /// One page of a sweep. The first page is asked for with `page: None`, each further one with the token of the page
    /// before. A page that cannot be parsed is an error, never an empty page.
    async fn sweep(&self, sweep: &Sweep, page: Option<PageToken>) -> Result<Page>;

    /// Opportunities deleted since a cursor of an earlier sweep, or of an earlier answer. That one is deleted was *said*: it is
    /// no absence. The default knows of none.
    async fn deleted(&self, since: &Cursor) -> Result<Deleted> {
        Ok(Deleted { opportunities: BTreeSet::new(), cursor: since.clone() })
    }

    /// The whole truth about each of these contacts now, one answer each, in any order. An error of one contact is that
    /// contact's [`Reading::Failed`]; `Err` only when nothing could be read at all.
    async fn read(&self, who: &[Whom]) -> Result<Vec<(ContactId, Reading)>>;

    /// The contact that `who` means: a contact id, an opportunity id, a profile link or an e-mail address.
    async fn resolve(&self, who: &Pii<String>) -> Result<Option<ContactId>>;

    /// Whose an opportunity is, by one question about it alone; `None` when it is not there or not for us. The default resolves
    /// it like anything else.
    async fn whose(&self, opportunity: &OpportunityId) -> Result<Option<ContactId>> {
        self.resolve(&Pii::new(opportunity.to_string())).await
    }

    /// Tells the source that a target holds somebody, and answers which hires carry what was to be told now. Looks before it
    /// writes, so that it can be called again; what it wrote is never part of a person read later. The default cannot.
    async fn tell(&self, _news: &News) -> Result<BTreeSet<OpportunityId>> {
        Err(Error::new(ErrorKind::Unsupported, "writing back to the source"))
    }

    /// Whether the source told us already that being archived for this reason is no hire. Asks nobody: what is not known is
    /// not denied.
    fn is_no_hire(&self, _reason: &str) -> bool {
        false
    }

    /// Requests so far.
    fn usage(&self) -> Usage;
}

/// Which sweep.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sweep {
    /// Everybody hired, whenever.
    Full,
    /// What changed since the cursor of an earlier sweep.
    Since(Cursor),
}

/// Up to where everything was seen, in the source's own words. Kept in the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor(pub String);

/// Where a sweep goes on. Good within one sweep only, never kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageToken(pub String);

/// One page of a sweep.
#[derive(Debug)]
pub struct Page {
    /// What was seen.
    pub sightings: Vec<Sighting>,
    /// Records on this page that could not be understood. They are counted and shown, and cost nobody else anything.
    pub unreadable: u32,
    /// What follows.
    pub then: Then,
}

/// What follows a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Then {
    /// Another page.
    More(PageToken),
    /// Nothing: the whole window was read, and the next sweep begins at this cursor: the *source's* time at the start of
    /// this sweep, less an overlap.
    Done(Cursor),
}

/// An opportunity as a sweep sees it.
#[derive(Debug, Clone)]
pub struct Sighting {
    /// The opportunity.
    pub opportunity: OpportunityId,
    /// Whose it is now.
    pub contact: ContactId,
    /// What it is now.
    pub candidacy: Candidacy,
    /// When it was archived, if it is a hire.
    pub hired_at: Option<Timestamp>,
    /// The record in a canonical form: equal content, equal text. Only a digest of it is kept.
    pub content: Pii<String>,
}

/// What was deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deleted {
    /// Which, of whomever.
    pub opportunities: BTreeSet<OpportunityId>,
    /// Where to begin the next time.
    pub cursor: Cursor,
}

/// That a target holds somebody, for the people who look at the source. Without personal values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct News {
    /// Who.
    pub contact: ContactId,
    /// Hires that the target holds; of these, what the source says is a hire now is told.
    pub hires: BTreeSet<OpportunityId>,
    /// A tag each of them is to carry.
    pub tag: Option<String>,
    /// The address of the record over there.
    pub link: Option<String>,
    /// A note each of them is to carry, once.
    pub note: Option<String>,
}

/// Whom to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Whom {
    /// The contact.
    pub contact: ContactId,
    /// Opportunities known to be this contact's: by them a contact that was merged away is found again.
    pub known: Vec<OpportunityId>,
}

/// What came of reading one contact.
#[derive(Debug)]
pub enum Reading {
    /// The whole person.
    Person(Box<Person>),
    /// Every opportunity of the contact is anonymised. Nothing further was read.
    Anonymised,
    /// The contact's known opportunities belong to another contact now: profiles were merged.
    Moved {
        /// The surviving contact.
        to: ContactId,
    },
    /// Neither the contact nor any of its known opportunities is there. Not evidence of anything but that.
    Gone,
    /// The record is there and cannot be understood; says where, without values.
    Unreadable {
        /// Which record and which field.
        place: String,
    },
    /// This contact could not be read now; it stays marked.
    Failed(Error),
}

/// Requests to the source since the process started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Usage {
    /// All requests, repeated ones included.
    pub requests: u64,
    /// Those refused because there were too many.
    pub refused: u64,
    /// The source's clock less ours, in seconds, as last seen.
    pub skew_seconds: i64,
}
