//! What is true in the account, for the oracle of a test: no HTTP, no paging, no confidentiality filter.

use super::Lever;
use super::world::{
    ArchiveReason, Contact, ContactId, Offer, OfferStatus, Opportunity, OpportunityId, Phone, Posting,
    PostingId, ReasonId, Requisition, Stage, StageId, User,
};
use crate::message::Millis;

/// One opportunity that is hired now: archived with a reason of type hired, and not deleted.
#[derive(Debug, Clone, PartialEq)]
pub struct Hired {
    /// The person.
    pub contact: ContactId,
    /// The candidacy.
    pub opportunity: OpportunityId,
    /// Which of the hired reasons.
    pub reason: ReasonId,
    /// When it was archived, as the opportunity says.
    pub hired_at: Millis,
    /// As the opportunity shows it: blank once anonymised.
    pub name: String,
    /// As the opportunity shows them.
    pub emails: Vec<String>,
    /// As the opportunity shows them.
    pub phones: Vec<Phone>,
    /// The job, if the opportunity has an application with one.
    pub posting: Option<Posting>,
    /// The location chosen for this candidacy.
    pub opportunity_location: Option<String>,
    /// The newest signed offer.
    pub signed_offer: Option<Offer>,
    /// The first day on the newest signed offer.
    pub start_date: Option<Millis>,
    /// The requisition it was hired against.
    pub requisition: Option<Requisition>,
    /// Lists that do not ask for confidential records leave it out.
    pub is_confidential: bool,
    /// Personal data was removed.
    pub is_anonymized: bool,
    /// What the record says now.
    pub updated_at: Option<Millis>,
}

impl Lever {
    /// Everybody hired now, one entry per opportunity, in the order the opportunities came to be.
    pub fn hired(&self) -> Vec<Hired> {
        self.world.opportunities().iter().filter_map(|opportunity| self.hired_truth(opportunity)).collect()
    }

    fn hired_truth(&self, opportunity: &Opportunity) -> Option<Hired> {
        let hired_at = self.world.hired_at(opportunity)?;
        let contact = self.world.contact_of(opportunity);
        let person = Some(contact).filter(|_| !opportunity.is_anonymized);
        let application = opportunity.application.as_ref();
        let signed = opportunity.offers.iter().filter(|offer| offer.status == OfferStatus::Signed);
        let signed_offer = signed.max_by_key(|offer| offer.created_at).cloned();
        Some(Hired {
            contact: contact.id.clone(),
            opportunity: opportunity.id.clone(),
            reason: opportunity.archived.as_ref()?.reason.clone(),
            hired_at,
            name: person.map(|person| person.name.clone()).unwrap_or_default(),
            emails: person.map(|person| person.emails.clone()).unwrap_or_default(),
            phones: person.map(|person| person.phones.clone()).unwrap_or_default(),
            posting: application.and_then(|found| self.posting(found.posting.as_ref()?)).cloned(),
            opportunity_location: opportunity.opportunity_location.clone(),
            start_date: signed_offer.as_ref().and_then(|offer| offer.start_date),
            signed_offer,
            requisition: application
                .and_then(|found| self.world.requisition(found.requisition_for_hire.as_ref()?.as_str()))
                .cloned(),
            is_confidential: opportunity.is_confidential,
            is_anonymized: opportunity.is_anonymized,
            updated_at: opportunity.updated_at,
        })
    }

    /// Every contact there ever was, merged ones too.
    pub fn contacts(&self) -> &[Contact] {
        self.world.contacts()
    }

    /// Every opportunity there ever was, deleted ones too.
    pub fn opportunities(&self) -> &[Opportunity] {
        self.world.opportunities()
    }

    /// The contact of this id, merged or not.
    pub fn contact(&self, id: &ContactId) -> Option<&Contact> {
        self.world.contact(id.as_str())
    }

    /// The opportunity of this id, deleted or not.
    pub fn opportunity(&self, id: &OpportunityId) -> Option<&Opportunity> {
        self.world.find(id.as_str()).map(|at| &self.world.opportunities()[at])
    }

    /// The posting of this id.
    pub fn posting(&self, id: &PostingId) -> Option<&Posting> {
        self.world.posting(id.as_str())
    }

    /// All postings; the account comes with a dozen.
    pub fn postings(&self) -> &[Posting] {
        &self.world.postings
    }

    /// All users.
    pub fn users(&self) -> &[User] {
        &self.world.users
    }

    /// All requisitions.
    pub fn requisitions(&self) -> &[Requisition] {
        &self.world.requisitions
    }

    /// The pipeline in its order.
    pub fn stages(&self) -> &[Stage] {
        &self.world.stages
    }

    /// All archive reasons, retired ones too.
    pub fn archive_reasons(&self) -> &[ArchiveReason] {
        &self.world.reasons
    }

    /// The reason people choose when they hire.
    pub fn hired_reason(&self) -> ReasonId {
        let reason = self.world.reasons.iter().find(|reason| reason.is_hire && reason.is_active);
        reason.expect("every account has an active reason of type hired").id.clone()
    }

    /// A reason that is no hire.
    pub fn rejected_reason(&self) -> ReasonId {
        let reason = self.world.reasons.iter().find(|reason| !reason.is_hire && reason.is_active);
        reason.expect("every account has an active reason of type non-hired").id.clone()
    }

    /// The stage somebody who applied starts in.
    pub(super) fn first_stage(&self) -> StageId {
        StageId::from("applicant-new")
    }
}
