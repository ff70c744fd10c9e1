//! What recruiters do in the account. Each says what it does to `updatedAt`, because that is what syncs get
//! wrong (ref §6.4).

use std::fmt;

use serde_json::{Value, json};

use super::Lever;
use super::world::{
    Application, Archived, Contact, ContactId, Offer, OfferId, OfferStatus, Opportunity, OpportunityId,
    Phone, Posting, PostingId, ReasonId, Requisition, RequisitionId, Salary, StageChange, StageId, UserId,
};
use crate::message::Millis;

/// A person to be entered.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewContact {
    /// The full name in one string.
    pub name: String,
    /// Past employers or schools.
    pub headline: String,
    /// Whereabouts.
    pub location: String,
    /// E-mail addresses.
    pub emails: Vec<String>,
    /// Telephone numbers.
    pub phones: Vec<Phone>,
}

impl NewContact {
    /// A person of whom only the name is known.
    pub fn named(name: &str) -> NewContact {
        NewContact { name: name.to_owned(), ..NewContact::default() }
    }

    /// Adds an address.
    pub fn with_email(mut self, email: &str) -> NewContact {
        self.emails.push(email.to_owned());
        self
    }

    /// Adds a number.
    pub fn with_phone(mut self, kind: &str, value: &str) -> NewContact {
        self.phones.push(Phone::new(kind, value));
        self
    }
}

/// A job to be opened; published, unless said otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewPosting {
    /// The title.
    pub title: String,
    /// `published`, `internal` (unlisted), `closed`, `draft`.
    pub state: &'static str,
    /// The team.
    pub team: Option<String>,
    /// The department.
    pub department: Option<String>,
    /// The location.
    pub location: Option<String>,
    /// Full time, part time, …
    pub commitment: Option<String>,
    /// Free words.
    pub tags: Vec<String>,
}

impl NewPosting {
    /// A published job of which only the title is known.
    pub fn titled(title: &str) -> NewPosting {
        NewPosting {
            title: title.to_owned(),
            state: "published",
            team: None,
            department: None,
            location: None,
            commitment: None,
            tags: Vec::new(),
        }
    }

    /// A job that is no job: behind its unlisted posting are questions for people who were hired (ref §9).
    pub fn unlisted(title: &str) -> NewPosting {
        NewPosting { state: "internal", ..NewPosting::titled(title) }
    }
}

/// An offer to be written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewOffer {
    /// The first day.
    pub start_date: Option<Millis>,
    /// The pay.
    pub salary: Option<Salary>,
    /// The title on the offer.
    pub job_title: Option<String>,
    /// The manager to be.
    pub direct_manager: Option<UserId>,
}

/// Lever would not let anybody do this.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    why: &'static str,
    id: String,
}

impl fmt::Display for Refused {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.why, self.id)
    }
}

impl std::error::Error for Refused {}

impl Refused {
    pub(super) fn no_contact(id: &ContactId) -> Refused {
        refused("there is no such contact", id)
    }
}

pub(super) fn refused(why: &'static str, id: impl fmt::Display) -> Refused {
    Refused { why, id: id.to_string() }
}

/// What somebody else's edit of an opportunity does to its times.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Trace {
    /// `updatedAt` and `lastInteractionAt` move.
    Touched,
    /// Nothing moves.
    None,
}

impl Lever {
    // --- people

    /// Enters a person. A contact is seen only through its opportunities.
    pub fn add_contact(&mut self, new: NewContact) -> ContactId {
        let id = ContactId::from(self.world.fresh_id().as_str());
        self.world.insert_contact(Contact {
            id: id.clone(),
            name: new.name,
            headline: new.headline,
            location: new.location,
            emails: new.emails,
            phones: new.phones,
            links: Vec::new(),
            is_anonymized: false,
            merged_into: None,
        });
        id
    }

    /// Gives the person another name. Touches all their opportunities.
    pub fn rename(&mut self, now: Millis, contact: &ContactId, name: &str) -> Result<(), Refused> {
        self.edit_contact(now, contact, |contact| contact.name = name.to_owned())
    }

    /// Replaces the person's addresses. Touches all their opportunities.
    pub fn set_emails(
        &mut self,
        now: Millis,
        contact: &ContactId,
        emails: Vec<String>,
    ) -> Result<(), Refused> {
        self.edit_contact(now, contact, |contact| contact.emails = emails)
    }

    /// Replaces the person's numbers. Touches all their opportunities.
    pub fn set_phones(
        &mut self,
        now: Millis,
        contact: &ContactId,
        phones: Vec<Phone>,
    ) -> Result<(), Refused> {
        self.edit_contact(now, contact, |contact| contact.phones = phones)
    }

    /// Merges two profiles for good: the loser's opportunities get the winner's contact id and are touched.
    /// The winner keeps its data; asking for the loser answers 404 (ref §5).
    pub fn merge(&mut self, now: Millis, winner: &ContactId, loser: &ContactId) -> Result<(), Refused> {
        self.living_contact(winner)?;
        self.living_contact(loser)?;
        if winner == loser {
            return Err(refused("a contact cannot be merged with itself", winner));
        }
        for at in self.world.of_contact(loser.as_str()).to_vec() {
            self.world.change(at, |opportunity| {
                opportunity.contact = winner.clone();
                touch(opportunity, now);
            });
        }
        self.world.change_contact(loser, |contact| contact.merged_into = Some(winner.clone()));
        Ok(())
    }

    /// A contact edit touches each opportunity at its own slightly different time (ref §6.4).
    pub(super) fn edit_contact(
        &mut self,
        now: Millis,
        id: &ContactId,
        edit: impl FnOnce(&mut Contact),
    ) -> Result<(), Refused> {
        if self.living_contact(id)?.is_anonymized {
            return Err(refused("an anonymized contact cannot be changed", id));
        }
        self.world.change_contact(id, edit);
        for (nth, at) in self.world.of_contact(id.as_str()).to_vec().into_iter().enumerate() {
            self.world.change(at, |opportunity| touch(opportunity, now + 7 * nth as Millis));
        }
        self.tell_of_contact(now, "contactUpdated", id);
        Ok(())
    }

    pub(super) fn living_contact(&self, id: &ContactId) -> Result<&Contact, Refused> {
        let contact = self.contact(id).filter(|contact| contact.merged_into.is_none());
        contact.ok_or_else(|| Refused::no_contact(id))
    }

    // --- candidacies

    /// Makes a candidacy, with an application if it is for a posting. `updatedAt` is null at first.
    pub fn add_opportunity(
        &mut self,
        now: Millis,
        contact: &ContactId,
        posting: Option<&PostingId>,
    ) -> Result<OpportunityId, Refused> {
        let person = self.living_contact(contact)?;
        if person.is_anonymized {
            return Err(refused("an anonymized contact cannot apply", contact));
        }
        let (name, email) = (person.name.clone(), person.emails.first().cloned());
        let phone = person.phones.first().map(|phone| Phone { kind: None, ..phone.clone() });
        let posting = match posting {
            Some(id) => {
                Some(self.posting(id).ok_or_else(|| refused("there is no such posting", id))?.clone())
            }
            None => None,
        };
        let application = posting.as_ref().map(|posting| Application {
            id: self.world.fresh_id(),
            created_at: now,
            kind: "posting",
            posting: Some(posting.id.clone()),
            posting_owner: posting.owner.clone(),
            posting_hiring_manager: posting.hiring_manager.clone(),
            name: Some(name),
            email,
            phone,
            custom_questions: Vec::new(),
            archived: None,
            requisition_for_hire: None,
        });
        let stage = self.first_stage();
        let index = self.world.stage_position(stage.as_str()).unwrap_or(0);
        let id = OpportunityId::from(self.world.fresh_id().as_str());
        let posting = posting.as_ref();
        self.world.insert(Opportunity {
            id: id.clone(),
            contact: contact.clone(),
            stage: stage.clone(),
            stage_changes: vec![StageChange { to: stage, index, at: now, by: None }],
            archived: None,
            is_confidential: posting.is_some_and(|posting| posting.is_confidential),
            tags: posting.map(tags).unwrap_or_default(),
            sources: vec!["Job site".to_owned()],
            origin: if posting.is_some() { "applied" } else { "sourced" },
            sourced_by: None,
            owner: posting.and_then(|posting| posting.owner.clone()),
            followers: Vec::new(),
            application,
            created_at: now,
            updated_at: None,
            last_interaction_at: now,
            last_advanced_at: now,
            snoozed_until: None,
            is_anonymized: false,
            data_protection: Value::Null,
            opportunity_location: posting.and_then(|posting| posting.location.clone()),
            offers: Vec::new(),
            forms: Vec::new(),
            notes: Vec::new(),
            deleted: None,
        });
        if self.world.of_contact(contact.as_str()).len() == 1 {
            self.tell_of_contact(now, "contactCreated", contact);
        }
        self.tell_of_application(now, &id);
        Ok(id)
    }

    /// Moves the candidacy to a stage. Does not unarchive it (ref §13). Touches it.
    pub fn advance(
        &mut self,
        now: Millis,
        opportunity: &OpportunityId,
        stage: &StageId,
    ) -> Result<(), Refused> {
        let index = self.world.stage_position(stage.as_str());
        let index = index.ok_or_else(|| refused("there is no such stage", stage))?;
        let from = self.edit(now, opportunity, Trace::Touched, |opportunity| {
            opportunity.last_advanced_at = now;
            opportunity.stage_changes.push(StageChange { to: stage.clone(), index, at: now, by: None });
            std::mem::replace(&mut opportunity.stage, stage.clone())
        })?;
        self.tell_of_stage(now, opportunity, &from, stage);
        Ok(())
    }

    /// Hires: archives with the account's hired reason. Whether that touches `updatedAt` is
    /// [`Settings::hires_touch_updated_at`](super::Settings::hires_touch_updated_at).
    pub fn hire(&mut self, now: Millis, opportunity: &OpportunityId) -> Result<(), Refused> {
        let reason = self.hired_reason();
        self.archive(now, opportunity, &reason)
    }

    /// Archives with a reason, of whatever type; on an archived one it changes the reason and moves
    /// `archivedAt`, while the application's own stays behind (ref §6.5). Touches it, except as
    /// [`Lever::hire`] says.
    pub fn archive(
        &mut self,
        now: Millis,
        opportunity: &OpportunityId,
        reason: &ReasonId,
    ) -> Result<(), Refused> {
        let known = self.world.reason(reason.as_str());
        let is_hire = known.ok_or_else(|| refused("there is no such archive reason", reason))?.is_hire;
        let silent = is_hire && !self.settings.hires_touch_updated_at;
        let trace = if silent { Trace::None } else { Trace::Touched };
        let before = self.edit(now, opportunity, trace, |opportunity| {
            let before = opportunity.archived.replace(Archived { reason: reason.clone(), at: now });
            opportunity.last_advanced_at = now;
            opportunity.last_interaction_at = now;
            if let Some(application) = &mut opportunity.application {
                // A moment earlier than the opportunity's, as recorded (ref §6, §9).
                let archived = Archived { reason: reason.clone(), at: now.saturating_sub(15) };
                application.archived.get_or_insert(archived);
            }
            before
        })?;
        self.tell_of_archive(now, opportunity, before.as_ref());
        Ok(())
    }

    /// Archives what is archived with the reason it has, as a second click or an integration does.
    pub fn archive_again(&mut self, now: Millis, opportunity: &OpportunityId) -> Result<(), Refused> {
        let archived = self.opportunity(opportunity).and_then(|found| found.archived.as_ref());
        let reason = archived.map(|archived| archived.reason.clone());
        self.archive(now, opportunity, &reason.ok_or_else(|| refused("it is not archived", opportunity))?)
    }

    /// Brings it back into the pipeline: an un-hire, if it was hired. Touches it.
    pub fn unarchive(&mut self, now: Millis, opportunity: &OpportunityId) -> Result<(), Refused> {
        let before = self.edit(now, opportunity, Trace::Touched, |opportunity| {
            if let Some(application) = &mut opportunity.application {
                application.archived = None;
                application.requisition_for_hire = None;
            }
            opportunity.archived.take()
        })?;
        if before.is_some() {
            self.tell_of_archive(now, opportunity, before.as_ref());
        }
        Ok(())
    }

    /// Names the requisition it was hired against. Touches it.
    pub fn hire_against(
        &mut self,
        now: Millis,
        opportunity: &OpportunityId,
        requisition: &RequisitionId,
    ) -> Result<(), Refused> {
        self.edit(now, opportunity, Trace::Touched, |opportunity| {
            if let Some(application) = &mut opportunity.application {
                application.requisition_for_hire = Some(requisition.clone());
            }
        })
    }

    /// Deletes it: gone from every list but that of the deleted.
    pub fn delete(&mut self, now: Millis, opportunity: &OpportunityId) -> Result<(), Refused> {
        let by = self.world.users.first().map_or_else(|| UserId::from("nobody"), |user| user.id.clone());
        self.edit(now, opportunity, Trace::None, |opportunity| {
            opportunity.deleted = Some((by.clone(), now))
        })?;
        self.tell_of_deletion(now, opportunity, &by);
        Ok(())
    }

    /// Removes the personal data from this candidacy, and from the contact once it is the last. Offers,
    /// forms, tags and the posting stay (ref §14). Touches it.
    pub fn anonymize(&mut self, now: Millis, opportunity: &OpportunityId) -> Result<(), Refused> {
        let contact = self.edit(now, opportunity, Trace::Touched, |opportunity| {
            opportunity.is_anonymized = true;
            if let Some(application) = &mut opportunity.application {
                (application.name, application.email, application.phone) = (None, None, None);
            }
            opportunity.contact.clone()
        })?;
        let opportunities = self.world.opportunities();
        let is_all = self
            .world
            .of_contact(contact.as_str())
            .iter()
            .all(|at| opportunities[*at].is_anonymized || opportunities[*at].deleted.is_some());
        if is_all {
            self.world.change_contact(&contact, |contact| {
                contact.is_anonymized = true;
                contact.name.clear();
                contact.headline.clear();
                contact.location.clear();
                contact.emails.clear();
                contact.phones.clear();
                contact.links.clear();
            });
        }
        Ok(())
    }

    /// Hides it from lists that do not ask for confidential records. Touches it.
    pub fn make_confidential(&mut self, now: Millis, opportunity: &OpportunityId) -> Result<(), Refused> {
        self.edit(now, opportunity, Trace::Touched, |opportunity| opportunity.is_confidential = true)
    }

    /// Shows it to everybody again. Touches it.
    pub fn make_open(&mut self, now: Millis, opportunity: &OpportunityId) -> Result<(), Refused> {
        self.edit(now, opportunity, Trace::Touched, |opportunity| opportunity.is_confidential = false)
    }

    /// Forbids storing the person's data, by their own consent (ref §14). Touches it.
    pub fn forbid_storing(&mut self, now: Millis, opportunity: &OpportunityId) -> Result<(), Refused> {
        self.protect(now, opportunity, false, None)
    }

    /// The person allows or forbids storing their data and being contacted, until then or without an end. Touches it;
    /// that the time runs out later does not (ref §6.4).
    pub fn protect(
        &mut self,
        now: Millis,
        opportunity: &OpportunityId,
        allowed: bool,
        expires_at: Option<Millis>,
    ) -> Result<(), Refused> {
        let consent = json!({"allowed": allowed, "expiresAt": expires_at});
        let protection = json!({"store": consent, "contact": consent});
        self.edit(now, opportunity, Trace::Touched, |opportunity| opportunity.data_protection = protection)
    }

    // --- offers: none of these touches `updatedAt`, and there is no event for them (ref §6.4)

    /// Writes an offer, as a draft. The job title is the posting's unless it has its own.
    pub fn add_offer(
        &mut self,
        now: Millis,
        opportunity: &OpportunityId,
        new: NewOffer,
    ) -> Result<OfferId, Refused> {
        let id = OfferId::from(self.world.fresh_id().as_str());
        let posting =
            self.opportunity(opportunity).and_then(|found| found.application.as_ref()?.posting.clone());
        let title =
            posting.as_ref().and_then(|posting| self.posting(posting)).map(|posting| posting.title.clone());
        let offer = Offer {
            id: id.clone(),
            posting,
            created_at: now,
            creator: self.world.users.first().map(|user| user.id.clone()),
            status: OfferStatus::Draft,
            start_date: new.start_date,
            salary: new.salary,
            job_title: new.job_title.or(title),
            direct_manager: new.direct_manager,
            sent_at: None,
            signed_at: None,
        };
        self.edit(now, opportunity, Trace::None, |opportunity| opportunity.offers.push(offer))?;
        Ok(id)
    }

    /// Sends it, the candidate refuses it, and so on; signing goes through here too.
    pub fn set_offer_status(
        &mut self,
        now: Millis,
        opportunity: &OpportunityId,
        offer: &OfferId,
        status: OfferStatus,
    ) -> Result<(), Refused> {
        self.edit_offer(now, opportunity, offer, |offer| {
            offer.status = status;
            if matches!(
                status,
                OfferStatus::Sent | OfferStatus::Opened | OfferStatus::Denied | OfferStatus::Signed
            ) {
                offer.sent_at.get_or_insert(now);
            }
            offer.signed_at = (status == OfferStatus::Signed).then_some(now);
        })
    }

    /// The candidate signs.
    pub fn sign_offer(
        &mut self,
        now: Millis,
        opportunity: &OpportunityId,
        offer: &OfferId,
    ) -> Result<(), Refused> {
        self.set_offer_status(now, opportunity, offer, OfferStatus::Signed)
    }

    /// The first day moves, or is taken off the offer.
    pub fn move_start_date(
        &mut self,
        now: Millis,
        opportunity: &OpportunityId,
        offer: &OfferId,
        start_date: Option<Millis>,
    ) -> Result<(), Refused> {
        self.edit_offer(now, opportunity, offer, |offer| offer.start_date = start_date)
    }

    fn edit_offer(
        &mut self,
        now: Millis,
        opportunity: &OpportunityId,
        id: &OfferId,
        edit: impl FnOnce(&mut Offer),
    ) -> Result<(), Refused> {
        self.edit(now, opportunity, Trace::None, |opportunity| {
            opportunity.offers.iter_mut().find(|offer| offer.id == *id).map(edit)
        })?
        .ok_or_else(|| refused("there is no such offer", id))
    }

    // --- postings and requisitions: changing one touches no opportunity (ref §6.4)

    /// Opens a job.
    pub fn add_posting(&mut self, now: Millis, new: NewPosting) -> PostingId {
        let id = PostingId::from(self.world.fresh_id().as_str());
        self.world.postings.push(Posting {
            id: id.clone(),
            title: new.title,
            state: new.state,
            team: new.team,
            department: new.department,
            location: new.location,
            commitment: new.commitment,
            owner: None,
            hiring_manager: None,
            country: None,
            workplace: "unspecified",
            tags: new.tags,
            requisition_codes: Vec::new(),
            is_confidential: false,
            created_at: now,
            updated_at: now,
        });
        id
    }

    /// Changes a job's own fields.
    pub fn change_posting(
        &mut self,
        now: Millis,
        posting: &PostingId,
        change: impl FnOnce(&mut Posting),
    ) -> Result<(), Refused> {
        let found = self.world.postings.iter_mut().find(|known| known.id == *posting);
        let found = found.ok_or_else(|| refused("there is no such posting", posting))?;
        change(found);
        found.id = posting.clone();
        found.updated_at = now;
        Ok(())
    }

    /// Changes what a requisition says. The code that comes with a hire changes with it.
    pub fn change_requisition(
        &mut self,
        requisition: &RequisitionId,
        change: impl FnOnce(&mut Requisition),
    ) -> Result<(), Refused> {
        let found = self.world.requisitions.iter_mut().find(|known| known.id == *requisition);
        let found = found.ok_or_else(|| refused("there is no such requisition", requisition))?;
        change(found);
        found.id = requisition.clone();
        for opportunity in 0..self.world.opportunities().len() {
            let application = self.world.opportunities()[opportunity].application.as_ref();
            if application.is_some_and(|found| found.requisition_for_hire.as_ref() == Some(requisition)) {
                self.world.change(opportunity, |_| ());
            }
        }
        Ok(())
    }

    /// Changes an opportunity that is not deleted.
    pub(super) fn edit<T>(
        &mut self,
        now: Millis,
        id: &OpportunityId,
        trace: Trace,
        edit: impl FnOnce(&mut Opportunity) -> T,
    ) -> Result<T, Refused> {
        let found = self.world.find(id.as_str());
        let found = found.filter(|at| self.world.opportunities()[*at].deleted.is_none());
        let at = found.ok_or_else(|| refused("there is no such opportunity", id))?;
        Ok(self.world.change(at, |opportunity| {
            if trace == Trace::Touched {
                touch(opportunity, now);
            }
            edit(opportunity)
        }))
    }
}

fn touch(opportunity: &mut Opportunity, now: Millis) {
    opportunity.updated_at = Some(now);
    opportunity.last_interaction_at = now;
}

/// Posting title, team, department, location and commitment appear as tags (ref §6).
fn tags(posting: &Posting) -> Vec<String> {
    let categories = [&posting.team, &posting.department, &posting.location, &posting.commitment];
    std::iter::once(posting.title.clone()).chain(categories.into_iter().flatten().cloned()).collect()
}
