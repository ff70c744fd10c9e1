//! What is in the account: plain records, and the one order Lever lists opportunities in.
//!
//! Every change of an opportunity or a contact goes through [`World::change`] or [`World::change_contact`]:
//! they keep the order right and throw away rendered text, so that a listing neither sorts nor renders twice.

use std::borrow::Borrow;
use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::Arc;

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::Value;

use crate::message::Millis;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Arc<str>);

        impl $name {
            /// The id as Lever writes it.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> $name {
                $name(text.into())
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(&self.0)
            }
        }
    )*};
}

ids! {
    /// Of a person, stable across the account unless two are merged (ref §5).
    ContactId
    /// Of one candidacy.
    OpportunityId
    /// Of a job.
    PostingId
    /// Of an archive reason.
    ReasonId
    /// Of a pipeline stage: a UUID or a slug (ref §6).
    StageId
    /// Of a user of the account.
    UserId
    /// Of an offer.
    OfferId
    /// Of a requisition.
    RequisitionId
}

/// A person (ref §8).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contact {
    /// The key of the person.
    pub id: ContactId,
    /// The full name in one string; may be blank.
    pub name: String,
    /// Past employers or schools.
    pub headline: String,
    /// Whereabouts, free text.
    pub location: String,
    /// In no particular order; often none.
    pub emails: Vec<String>,
    /// In no particular order.
    pub phones: Vec<Phone>,
    /// Web addresses, as somebody typed them; every opportunity of the person shows them.
    pub links: Vec<String>,
    /// All opportunities of the person are anonymised.
    pub is_anonymized: bool,
    /// The winner of a merge this contact lost; asking for the loser then answers 404.
    pub merged_into: Option<ContactId>,
}

/// A telephone number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Phone {
    /// `mobile`, `home`, `work`, `skype`, `other`, or unknown.
    pub kind: Option<String>,
    /// As somebody typed it.
    pub value: String,
}

impl Phone {
    /// A number of a kind.
    pub fn new(kind: &str, value: &str) -> Phone {
        Phone { kind: Some(kind.to_owned()), value: value.to_owned() }
    }
}

/// One candidacy of a contact (ref §6).
#[derive(Debug, Clone, PartialEq)]
pub struct Opportunity {
    /// Its id.
    pub id: OpportunityId,
    /// The person.
    pub contact: ContactId,
    /// The stage it is or was in; archiving leaves it where it was (ref §5).
    pub stage: StageId,
    /// Its way through the pipeline, oldest first.
    pub stage_changes: Vec<StageChange>,
    /// None while active.
    pub archived: Option<Archived>,
    /// Hidden from lists that do not ask for it.
    pub is_confidential: bool,
    /// Free words; posting title, team and so on appear here too.
    pub tags: Vec<String>,
    /// Where it came from.
    pub sources: Vec<String>,
    /// `applied`, `sourced`, `referred`, …
    pub origin: &'static str,
    /// Who sourced it.
    pub sourced_by: Option<UserId>,
    /// Who looks after it.
    pub owner: Option<UserId>,
    /// Who watches it.
    pub followers: Vec<UserId>,
    /// At most one; some have none.
    pub application: Option<Application>,
    /// When it came to be.
    pub created_at: Millis,
    /// None if nothing touched it since Lever introduced the property (ref §6).
    pub updated_at: Option<Millis>,
    /// Last touch of any kind.
    pub last_interaction_at: Millis,
    /// When it arrived in its stage; archiving sets it too (ref §6).
    pub last_advanced_at: Millis,
    /// Put aside until then.
    pub snoozed_until: Option<Millis>,
    /// Personal data was removed.
    pub is_anonymized: bool,
    /// Lever's `dataProtection` object, or null.
    pub data_protection: Value,
    /// The job's location chosen for this candidacy; absent without a posting.
    pub opportunity_location: Option<String>,
    /// Its offers, oldest first.
    pub offers: Vec<Offer>,
    /// Its profile forms.
    pub forms: Vec<Form>,
    /// What was noted on its profile, oldest first.
    pub notes: Vec<Note>,
    /// Who deleted it and when.
    pub deleted: Option<(UserId, Millis)>,
}

/// A step in the pipeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StageChange {
    /// Where it went.
    pub to: StageId,
    /// The place of that stage in the pipeline.
    pub index: usize,
    /// When.
    pub at: Millis,
    /// By whom.
    pub by: Option<UserId>,
}

/// Out of the pipeline, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Archived {
    /// The reason; its type says whether this is a hire.
    pub reason: ReasonId,
    /// When.
    pub at: Millis,
}

/// What ties an opportunity to a posting (ref §9).
#[derive(Debug, Clone, PartialEq)]
pub struct Application {
    /// Its id.
    pub id: String,
    /// When the person applied.
    pub created_at: Millis,
    /// `posting`, `user` or `referral`.
    pub kind: &'static str,
    /// The job.
    pub posting: Option<PostingId>,
    /// The posting's owner when the person applied.
    pub posting_owner: Option<UserId>,
    /// The posting's hiring manager when the person applied.
    pub posting_hiring_manager: Option<UserId>,
    /// The name typed then, which may differ from the contact's.
    pub name: Option<String>,
    /// The address typed then.
    pub email: Option<String>,
    /// The number typed then.
    pub phone: Option<Phone>,
    /// Answers to the posting's own questions.
    pub custom_questions: Vec<Form>,
    /// Its own archiving, which stays behind when an archived opportunity is archived again (ref §6.5).
    pub archived: Option<Archived>,
    /// The requisition it was hired against.
    pub requisition_for_hire: Option<RequisitionId>,
}

/// A form with its answers (ref §10).
#[derive(Debug, Clone, PartialEq)]
pub struct Form {
    /// Its id.
    pub id: String,
    /// The same for all copies of one form.
    pub template: String,
    /// `posting`, `form`, …
    pub kind: &'static str,
    /// The title.
    pub text: String,
    /// Questions and answers.
    pub fields: Vec<FormField>,
    /// When it came to be.
    pub created_at: Millis,
    /// When somebody filled it.
    pub completed_at: Option<Millis>,
    /// When somebody deleted it; it stays in the list.
    pub deleted_at: Option<Millis>,
}

/// A question and its answer.
#[derive(Debug, Clone, PartialEq)]
pub struct FormField {
    /// The same for all copies of one question.
    pub id: String,
    /// `text`, `date`, `dropdown`, …
    pub kind: String,
    /// The question.
    pub text: String,
    /// The answer as Lever's JSON.
    pub value: Value,
}

/// A note on a profile (Lever's documentation, "Notes").
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// Its id.
    pub id: String,
    /// The text.
    pub value: String,
    /// Only for people with access to secret notes.
    pub is_secret: bool,
    /// On whose behalf it was written.
    pub user: Option<UserId>,
    /// When.
    pub created_at: Millis,
}

/// An offer (ref §11). Changing one does not touch the opportunity's `updatedAt` (ref §6.4).
#[derive(Debug, Clone, PartialEq)]
pub struct Offer {
    /// Its id.
    pub id: OfferId,
    /// The job it is for.
    pub posting: Option<PostingId>,
    /// When it came to be.
    pub created_at: Millis,
    /// Who wrote it.
    pub creator: Option<UserId>,
    /// How far it is.
    pub status: OfferStatus,
    /// The first day; usually midnight UTC, often missing.
    pub start_date: Option<Millis>,
    /// The pay.
    pub salary: Option<Salary>,
    /// The title on the offer.
    pub job_title: Option<String>,
    /// The manager to be.
    pub direct_manager: Option<UserId>,
    /// When it was sent.
    pub sent_at: Option<Millis>,
    /// When the candidate signed.
    pub signed_at: Option<Millis>,
}

/// How far an offer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OfferStatus {
    /// Being written.
    Draft,
    /// Approved inside.
    Approved,
    /// Sent.
    Sent,
    /// Opened by the candidate.
    Opened,
    /// Refused.
    Denied,
    /// Signed by the candidate.
    Signed,
}

impl OfferStatus {
    /// Each of them, as far as it goes.
    pub(super) const ALL: [OfferStatus; 6] = [
        OfferStatus::Draft,
        OfferStatus::Approved,
        OfferStatus::Sent,
        OfferStatus::Opened,
        OfferStatus::Denied,
        OfferStatus::Signed,
    ];

    /// The word Lever uses.
    pub fn as_str(self) -> &'static str {
        match self {
            OfferStatus::Draft => "draft",
            OfferStatus::Approved => "approved",
            OfferStatus::Sent => "sent",
            OfferStatus::Opened => "opened",
            OfferStatus::Denied => "denied",
            OfferStatus::Signed => "signed",
        }
    }
}

/// Pay in whole units of a currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Salary {
    /// The amount.
    pub amount: u64,
    /// ISO 4217.
    pub currency: &'static str,
    /// `per-year-salary` or `per-month-salary`.
    pub interval: &'static str,
}

/// A job (ref §12).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posting {
    /// Its id.
    pub id: PostingId,
    /// The title.
    pub title: String,
    /// `published`, `internal` (unlisted), `closed`, `draft`, …
    pub state: &'static str,
    /// The team.
    pub team: Option<String>,
    /// The department.
    pub department: Option<String>,
    /// The location.
    pub location: Option<String>,
    /// Full time, part time, …
    pub commitment: Option<String>,
    /// Who owns it.
    pub owner: Option<UserId>,
    /// Who hires.
    pub hiring_manager: Option<UserId>,
    /// ISO code.
    pub country: Option<&'static str>,
    /// `onsite`, `remote`, `hybrid`, `unspecified`.
    pub workplace: &'static str,
    /// Free words; they are not the opportunity's.
    pub tags: Vec<String>,
    /// Codes of its requisitions.
    pub requisition_codes: Vec<String>,
    /// Hidden from lists that do not ask for it.
    pub is_confidential: bool,
    /// When it came to be.
    pub created_at: Millis,
    /// When it last changed.
    pub updated_at: Millis,
}

/// A planned headcount (ref §12).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Requisition {
    /// Its id.
    pub id: RequisitionId,
    /// What people call it.
    pub code: String,
    /// Its name.
    pub name: String,
    /// Who hires.
    pub hiring_manager: Option<UserId>,
    /// The team.
    pub team: Option<String>,
    /// The department.
    pub department: Option<String>,
    /// The location.
    pub location: Option<String>,
    /// In the account's own words.
    pub employment_status: Option<String>,
    /// The pay that was approved.
    pub band: Option<Band>,
    /// Lever's `customFields`: a map of text, number, time in ms, or one object of such.
    pub custom_fields: Value,
    /// None for an unlimited headcount.
    pub headcount: Option<u32>,
    /// When it came to be.
    pub created_at: Millis,
}

/// Between what and what somebody may be paid, in whole units of a currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Band {
    /// The least.
    pub min: u64,
    /// The most.
    pub max: u64,
    /// ISO 4217.
    pub currency: &'static str,
    /// `per-year-salary` or `per-month-salary`.
    pub interval: &'static str,
}

/// A user of the account (ref §12).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Their id.
    pub id: UserId,
    /// Their name.
    pub name: String,
    /// Their address.
    pub email: String,
    /// Their employee id in the HR system, where the customer fills it.
    pub external_directory_id: Option<String>,
    /// Their job.
    pub job_title: Option<String>,
    /// Their manager.
    pub manager: Option<UserId>,
    /// When they left.
    pub deactivated_at: Option<Millis>,
}

/// Why an opportunity left the pipeline (ref §7).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArchiveReason {
    /// Its id.
    pub id: ReasonId,
    /// What people see.
    pub text: String,
    /// Whether it can still be chosen.
    pub is_active: bool,
    /// Whether it means a hire.
    pub is_hire: bool,
}

/// A step of the pipeline (ref §7).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stage {
    /// Its id.
    pub id: StageId,
    /// What people see.
    pub text: String,
}

/// Where a record stands in a list: pipeline position of its stage, then `lastAdvancedAt` downwards, then id
/// (ref §4). Lists without stages use the same key with what orders them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) position: usize,
    pub(super) advanced: Reverse<Millis>,
    pub(super) id: Arc<str>,
}

impl Place {
    pub(super) fn new(position: usize, advanced: Millis, id: &str) -> Place {
        Place { position, advanced: Reverse(advanced), id: id.into() }
    }
}

/// Everything in the account.
#[derive(Debug)]
pub(super) struct World {
    pub(super) stages: Vec<Stage>,
    pub(super) reasons: Vec<ArchiveReason>,
    pub(super) postings: Vec<Posting>,
    pub(super) requisitions: Vec<Requisition>,
    pub(super) users: Vec<User>,
    opportunities: Vec<Opportunity>,
    opportunity_index: HashMap<OpportunityId, usize>,
    contacts: Vec<Contact>,
    contact_index: HashMap<ContactId, usize>,
    of_contact: HashMap<ContactId, Vec<usize>>,
    /// The opportunities that are not deleted, in the order of the list.
    order: BTreeMap<Place, usize>,
    /// Text of opportunities already rendered, by what was expanded. Same index as `opportunities`.
    rendered: Vec<Vec<(u16, String)>>,
    ids: ChaCha8Rng,
    form_ids: ChaCha8Rng,
}

impl World {
    pub(super) fn empty(seed: u64) -> World {
        World {
            stages: Vec::new(),
            reasons: Vec::new(),
            postings: Vec::new(),
            requisitions: Vec::new(),
            users: Vec::new(),
            opportunities: Vec::new(),
            opportunity_index: HashMap::new(),
            contacts: Vec::new(),
            contact_index: HashMap::new(),
            of_contact: HashMap::new(),
            order: BTreeMap::new(),
            rendered: Vec::new(),
            ids: ChaCha8Rng::seed_from_u64(seed),
            form_ids: {
                let mut form_ids = ChaCha8Rng::seed_from_u64(seed);
                form_ids.set_stream(3);
                form_ids
            },
        }
    }

    /// A fresh UUID, the next of the seed.
    pub(super) fn fresh_id(&mut self) -> String {
        uuid(&mut self.ids)
    }

    /// The same for a profile form: with or without forms, everybody else in the account has the same ids.
    pub(super) fn fresh_form_id(&mut self) -> String {
        uuid(&mut self.form_ids)
    }

    // --- reading

    pub(super) fn opportunities(&self) -> &[Opportunity] {
        &self.opportunities
    }

    pub(super) fn contacts(&self) -> &[Contact] {
        &self.contacts
    }

    /// The opportunity's index, deleted or not.
    pub(super) fn find(&self, id: &str) -> Option<usize> {
        self.opportunity_index.get(id).copied()
    }

    pub(super) fn contact(&self, id: &str) -> Option<&Contact> {
        self.contact_index.get(id).map(|at| &self.contacts[*at])
    }

    pub(super) fn contact_of(&self, opportunity: &Opportunity) -> &Contact {
        self.contact(opportunity.contact.as_str())
            .expect("an opportunity is only made for a contact that is there")
    }

    pub(super) fn of_contact(&self, id: &str) -> &[usize] {
        self.of_contact.get(id).map_or(&[], Vec::as_slice)
    }

    pub(super) fn user(&self, id: &str) -> Option<&User> {
        self.users.iter().find(|user| user.id.as_str() == id)
    }

    pub(super) fn posting(&self, id: &str) -> Option<&Posting> {
        self.postings.iter().find(|posting| posting.id.as_str() == id)
    }

    pub(super) fn requisition(&self, id: &str) -> Option<&Requisition> {
        self.requisitions.iter().find(|requisition| requisition.id.as_str() == id)
    }

    pub(super) fn reason(&self, id: &str) -> Option<&ArchiveReason> {
        self.reasons.iter().find(|reason| reason.id.as_str() == id)
    }

    pub(super) fn stage_position(&self, id: &str) -> Option<usize> {
        self.stages.iter().position(|stage| stage.id.as_str() == id)
    }

    /// Archived with a reason of type hired, and still there.
    pub(super) fn hired_at(&self, opportunity: &Opportunity) -> Option<Millis> {
        let archived = opportunity.archived.as_ref().filter(|_| opportunity.deleted.is_none())?;
        self.reason(archived.reason.as_str()).filter(|reason| reason.is_hire).map(|_| archived.at)
    }

    /// The list from a place on, that place included.
    pub(super) fn listed_from(&self, start: Option<&Place>) -> impl Iterator<Item = (&Place, usize)> {
        let from = start.map_or(std::ops::Bound::Unbounded, std::ops::Bound::Included);
        self.order.range::<Place, _>((from, std::ops::Bound::Unbounded)).map(|(place, at)| (place, *at))
    }

    pub(super) fn place_of(&self, opportunity: &Opportunity) -> Place {
        let position = self.stage_position(opportunity.stage.as_str()).unwrap_or(self.stages.len());
        Place { position, advanced: Reverse(opportunity.last_advanced_at), id: Arc::clone(&opportunity.id.0) }
    }

    /// The text of a record, rendered once per change and expansion.
    pub(super) fn rendered(
        &mut self,
        at: usize,
        expanded: u16,
        render: impl Fn(&World, &Opportunity) -> Value,
    ) -> &str {
        let known = self.rendered[at].iter().position(|(key, _)| *key == expanded);
        let found = known.unwrap_or_else(|| {
            let text = render(self, &self.opportunities[at]).to_string();
            self.rendered[at].push((expanded, text));
            self.rendered[at].len() - 1
        });
        &self.rendered[at][found].1
    }

    // --- changing

    pub(super) fn insert_contact(&mut self, contact: Contact) {
        self.contact_index.insert(contact.id.clone(), self.contacts.len());
        self.contacts.push(contact);
    }

    pub(super) fn insert(&mut self, opportunity: Opportunity) -> usize {
        let at = self.opportunities.len();
        self.order.insert(self.place_of(&opportunity), at);
        self.opportunity_index.insert(opportunity.id.clone(), at);
        self.of_contact.entry(opportunity.contact.clone()).or_default().push(at);
        self.opportunities.push(opportunity);
        self.rendered.push(Vec::new());
        at
    }

    pub(super) fn change<T>(&mut self, at: usize, change: impl FnOnce(&mut Opportunity) -> T) -> T {
        let before = self.opportunities[at].contact.clone();
        self.order.remove(&self.place_of(&self.opportunities[at]));
        let result = change(&mut self.opportunities[at]);
        let changed = &self.opportunities[at];
        if changed.deleted.is_none() {
            self.order.insert(self.place_of(changed), at);
        }
        if changed.contact != before {
            let after = changed.contact.clone();
            self.of_contact.entry(before).or_default().retain(|other| *other != at);
            self.of_contact.entry(after).or_default().push(at);
        }
        self.rendered[at].clear();
        result
    }

    /// Changes a contact; its opportunities show the change.
    pub(super) fn change_contact(&mut self, id: &ContactId, change: impl FnOnce(&mut Contact)) {
        if let Some(at) = self.contact_index.get(id).copied() {
            change(&mut self.contacts[at]);
            for opportunity in self.of_contact.get(id).into_iter().flatten() {
                self.rendered[*opportunity].clear();
            }
        }
    }
}

fn uuid(dice: &mut ChaCha8Rng) -> String {
    let mut bytes = [0_u8; 16];
    dice.fill_bytes(&mut bytes);
    let number = u128::from_be_bytes(bytes) & !(0xf << 76) & !(0x3 << 62) | 0x4 << 76 | 0x2 << 62;
    let hex = format!("{number:032x}");
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}
